"""Pages that are made, not written: one of each model, one of each experiment, the reference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from typing import Any

import loligo as lo
from loligo.experiments.experiment import Experiment
from loligo.experiments.table import experiments

# How an experiment is called where its model alone does not say enough.
_CALLS: Mapping[str, str] = {
    "adaptation": 'lo.experiments.adaptation(lo.load("hodgkin-huxley-1952"), 10)',
    "collision": "lo.experiments.collision()",
    "direction": "lo.experiments.direction()",
    "membrane_and_propagated": "lo.experiments.membrane_and_propagated()",
    "obstacle": 'lo.experiments.obstacle(kind="ttx", values=[0, 0.2, 0.5, 1])',
    "passive": "lo.experiments.passive()",
    "saltatory": "lo.experiments.saltatory()",
    "velocity": "lo.experiments.velocity(diameter=[30, 119, 476])",
}

# The reference's pages: what a reader looks for, and the public names that serve it.
REFERENCE: Mapping[str, tuple[str, ...]] = {
    "Models": (
        "load", "models", "library", "cite", "Membrane", "Channel", "Gate", "State", "Scheme",
        "Course", "Drug", "TTX", "TEA",
    ),
    "Axons": (
        "Axon", "Region", "Myelin", "at", "conduction_velocity", "travelling_wave",
        "length_constant", "input_resistance",
    ),
    "Stimuli": (*lo.stimulus.__all__, "Amplifier"),
    "Runs": ("simulate", "rerun", "Spikes", "Taylor", "Exponential", "Reference", "explain"),
    "Many cells": ("sweep", "sweep_status", "design", "rows", "features"),
    "Recordings": ("save", "open"),
    "Analysis": (
        "spike_times", "spike_shape", "firing_rate", "crossings", "rest", "steady_state",
        "leak_subtracted", "narrate",
    ),
    "Figures": ("plot", "animate", "language"),
    "The lab": ("lab", "from_link"),
    "Errors": ("LoligoError",),
}  # fmt: skip


def pages() -> Iterator[tuple[str, str]]:
    """Where each page lies, without its suffix, and its Markdown."""
    for name in lo.models():
        yield f"models/{name}", _model(name)
    yield "experiments/index", _experiments()
    for each in experiments():
        yield f"experiments/{each.name}", _experiment(each)
    titles = [title.lower().replace(" ", "-") for title in REFERENCE]
    yield "reference/index", _contents("Reference", _REFERENCE, titles)
    for title, (theme, members) in zip(titles, REFERENCE.items(), strict=True):
        yield f"reference/{title}", _reference(theme, members)


_EXPERIMENTS = """Each is one call, one command and one figure; what they found stands on their
pages as it came out when this site was built. [How they work](../experiments.md)."""
_REFERENCE = "Everything that `import loligo as lo` gives, by what it is for."


def _contents(title: str, about: str, names: Iterable[str]) -> str:
    listed = "\n".join(names)
    return f"# {title}\n\n{about}\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"


def library(page: str) -> str:
    """The page of the library, whose table leads to the pages of its models."""
    for name in lo.models():
        page = page.replace(f"| `{name}` |", f"| [{name}](models/{name}.md) |")
    return page + hidden(f"models/{name}" for name in lo.models())


def hidden(names: Iterable[str]) -> str:
    """Pages that belong below this one and are not listed in it."""
    listed = "\n".join(names)
    return f"\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n"


def _experiments() -> str:
    """All of them, by what they are about, each with a line on what it finds."""
    themes: dict[str, list[Experiment]] = {}
    for each in experiments():
        themes.setdefault(each.theme, []).append(each)
    text = f"# The experiments\n\n{_EXPERIMENTS}\n"
    for theme, members in themes.items():
        rows = "\n".join(
            f"| [{title(each)}]({each.name}.md) | {each.summary} |" for each in members
        )
        head = f"## {theme[0].upper()}{theme[1:]}\n\n| experiment | what it finds |\n|---|---|"
        text += f"\n{head}\n{rows}\n"
    return text + hidden(each.name for each in experiments())


# where a name's words are not how one says it
_SAID: Mapping[str, str] = {
    "fi_curve": "f–I curve",
    "iv_curve": "I–V curve",
    "strength_duration": "Strength and duration",
    "membrane_and_propagated": "Membrane and propagated action potential",
    "passive": "Passive cable",
    "direction": "Backwards and forwards",
    "saltatory": "Saltatory conduction",
    "velocity": "Conduction velocity",
}


def title(each: Experiment) -> str:
    """What an experiment is called."""
    plain = each.name.replace("_", " ")
    return _SAID.get(each.name, plain[0].upper() + plain[1:])


def _model(name: str) -> str:
    model, told = lo.load(name), lo.library().loc[name]
    alone, step, lasts = f"It is {told.alone} by itself", told.step, told.lasts
    file = resources.files("loligo.model") / "library" / f"{name}.toml"
    return f"""# {model.title}

All of this page is made from the document at its end.

## Equations, numbers and where they are from

```python
import loligo as lo

cell = lo.load("{name}")
cell
```

## What it does

{alone}; under a step of {step:g} µA/cm² it is {told.under_step}:

```python
step = lo.Pulse(start={lasts / 10:g}, duration={lasts:g}, amplitude={step:g})
rec = lo.simulate(cell, step, duration={1.2 * lasts:g}, threshold={told.threshold:g})
lo.plot(rec)
```

{_gates(model)}{_firing(name, told)}## The document

`loligo show {name} --toml` prints it too.

```toml
{file.read_text(encoding="utf-8")}```
"""


def _gates(model: lo.Membrane) -> str:
    if not model.gates:
        return ""
    return """## Gates

Steady states and time constants of its gates over the membrane potential:

```python
lo.plot(cell)
```

"""


# currents of a cell whose rate takes long to compute, where 81 are not needed to see it
_CURRENTS: Mapping[str, str] = {"khaliq-2003": ", amplitude=list(range(12))"}


def _firing(name: str, told: Any) -> str:
    """Of a cell that goes on firing."""
    if told.under_step not in ("tonic", "adapting"):
        return ""
    return f"""## Firing

Its rate of firing against the injected current, from rest and from firing:

```python
firing = lo.experiments.fi_curve(cell, threshold={told.threshold:g}{_CURRENTS.get(name, "")})
print(firing.summary)
lo.plot(firing)
```

"""


def _experiment(each: Experiment) -> str:
    call = _CALLS.get(each.name, f'lo.experiments.{each.name}(lo.load("hodgkin-huxley-1952"))')
    words = "print(found.summary)\n" if _says_what_it_found(each) else ""
    return f"""# {title(each)}

{each.summary}

```python
import loligo as lo

found = {call}
{words}lo.plot(found)
```

On the command line: `loligo experiment {each.name.replace("_", "-")}`.

```{{eval-rst}}
.. autofunction:: loligo.experiments.{each.name}
```
"""


def _says_what_it_found(each: Experiment) -> bool:
    return each.model == "membrane" and each.chart is not None and each.theme != "axons"


def _reference(title: str, names: tuple[str, ...]) -> str:
    parts = []
    for name in names:
        kind = "autoclass" if isinstance(getattr(lo, name), type) else "autofunction"
        members = "   :members:\n" if kind == "autoclass" else ""
        parts.append(f"```{{eval-rst}}\n.. {kind}:: loligo.{name}\n{members}```\n")
    return f"# {title}\n\n" + "\n".join(parts)
