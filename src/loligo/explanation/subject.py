"""What is asked about: a name in a membrane, with the numbers at which it is tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from loligo.engine.numpy.kernel import evaluate
from loligo.errors import RunError, UsageError, nearest
from loligo.lanes import Floats, Labelled
from loligo.model import Axon, Membrane
from loligo.model.equations import called
from loligo.model.table import show_unit
from loligo.program.lower import lowered
from loligo.program.sources import Source
from loligo.run.equilibrium import hold
from loligo.run.initial import begun, plain_kernel, rest_of
from loligo.run.pose import pose
from loligo.run.recipes import sources
from loligo.stimulus import Step
from loligo.stimulus.base import Stimulus
from loligo.system.equations import System, formulas
from loligo.system.outline import STIMULUS, Outline

LIFT = 20.0  # mV above rest: where an example is taken, as at rest nothing moves
_HELD = -65.0  # mV: where there is no rest


@dataclass(frozen=True)
class Point:
    """Numbers of parameters and states, and in words where that is."""

    numbers: Mapping[str, Any]
    where: str


@dataclass(frozen=True, eq=False)
class Subject:
    """A membrane and what is done to it.

    Attributes
    ----------
    membrane
        Every parameter one number.
    stimulus
        The shapes that its programs are written for.
    """

    membrane: Membrane
    outline: Outline
    stimulus: tuple[Source, ...]

    @cached_property
    def system(self) -> System:
        """The membrane's equations."""
        return self.outline.build()

    @property
    def title(self) -> str:
        """What the membrane is called."""
        return self.membrane.name or self.membrane.title or "a membrane of your own"

    @property
    def names(self) -> tuple[str, ...]:
        """All that can be explained."""
        return tuple(name for name in self.outline.records if name != STIMULUS)

    @cached_property
    def known(self) -> dict[str, Any]:
        """Everything that has a name -> its expression in states and parameters."""
        written = {called(each.name): each.smooth for each in formulas(self.membrane)}
        own = {n: e for n, e in written.items() if n not in self.system.derivatives}
        return {**own, **self.system.observables}

    def units(self, name: str) -> str:
        """Of a state or an observable; "" if it has none."""
        units = str(self.outline.about.get(name, {}).get("units", "1"))
        return "" if units == "1" else f" {show_unit(units)}"

    @cached_property
    def rest(self) -> Point | None:
        """Where nothing moves; None where no such place is found."""
        numbers = {n: np.array([p.value]) for n, p in self.membrane.parameters.items()}
        searched = begun(self.membrane, numbers)
        try:
            states, where = rest_of(self.membrane, numbers)[0], "at rest"
        except RunError:
            try:
                kernel, held = plain_kernel(self.membrane), np.array([_HELD])
                states, where = hold(kernel, searched, held), f"with V held at {_HELD:g} mV"
            except RunError:
                return None
        found = dict(zip(self.outline.states, (float(row[0]) for row in states), strict=True))
        settled = {n: float(row[0]) for n, row in numbers.items()} | found
        where += f" (V = {found['V']:.4g} mV)" if where == "at rest" else ""
        return Point({**settled, STIMULUS: 0.0}, where)

    @cached_property
    def lifted(self) -> Point | None:
        """The same with V a little higher."""
        if self.rest is None:
            return None
        voltage = self.rest.numbers["V"] + LIFT
        place = "at rest" if "rest" in self.rest.where else "there"
        where = f"with V lifted to {voltage:.4g} mV and all else as {place}"
        return Point({**self.rest.numbers, "V": voltage}, where)

    def values(self, expressions: Mapping[str, Any], numbers: Mapping[str, Any]) -> dict[str, Any]:
        """Of some of SymPy's expressions, by the arithmetic that programs are made of."""
        return evaluate(lowered(expressions), numbers)

    def points(self, count: int, seed: int = 1952) -> dict[str, Floats]:
        """Inputs of every program of this membrane, each at so many places, drawn at random: two
        values are the same if they agree at all of them."""
        draw = np.random.default_rng(seed)
        drawn = {".dt": (0.01, 0.1), ".stride": (0.01, 0.1), ".lead": (0.01, 0.1),
                 ".tolerance": (1e-9, 1e-7), ".t": (1.0, 2.0), ".t0": (1.0, 2.0),
                 ".t1": (2.0, 3.0), ".middle": (2.0, 3.0), STIMULUS: (1.0, 9.0)}  # fmt: skip
        drawn |= {s: (0.1 * size, 0.9 * size) for s, size in self.outline.scales.items()}
        drawn |= {f".carry.{state}": (1e-9, 1e-8) for state in self.outline.states}
        drawn["V"] = (-80.0, 40.0)
        inputs = {name: draw.uniform(*ends, count) for name, ends in drawn.items()}
        for name, parameter in self.membrane.parameters.items():
            inputs[name] = np.asarray(parameter.value) * draw.uniform(0.9, 1.1, count)
        for each in self.stimulus:
            inputs |= {name: np.zeros(count) for name in each.names}
        inputs["stimulus0.amplitude"] = inputs[STIMULUS]
        return inputs


def subject(model: Any, stimulus: Stimulus | None = None) -> Subject:
    """What can be explained of a model.

    Raises
    ------
    UsageError
        If it is an axon, or no model.
    """
    if isinstance(model, Axon):
        several = [f"axon.regions[{i}].membrane" for i, region in enumerate(model.regions)
                   if hasattr(region, "membrane")]  # fmt: skip
        raise UsageError(
            "what is explained is a membrane; an axon has one in each of its regions: give "
            f"{' or '.join(several[:3])}"
        )
    if not isinstance(model, Membrane):
        hint = f'; lo.load("{model}") gives it' if isinstance(model, str) else ""
        raise UsageError(f"model must be a Membrane, not {model!r:.80}{hint}")
    first = {name: float(p.value.values.flat[0]) for name, p in model.parameters.items()
             if isinstance(p.value, Labelled)}  # fmt: skip
    membrane = model.replace(**first) if first else model
    if membrane.courses:  # it is explained as it is at the start
        membrane = membrane.changed(courses=None)
    problem = pose(
        membrane, Step(0, 1) if stimulus is None else stimulus, 50.0, record=["spikes"],
        sample_interval=0.05, initial="rest", threshold=0.0,
    )  # fmt: skip
    return Subject(membrane, problem.cells[0].outline, sources(problem.driven))


def meant(asked: Subject, name: object) -> str:
    """The state or the observable that a name stands for; a channel's is its current.

    Raises
    ------
    UsageError
        If there is none; the nearest are offered.
    """
    channels = [channel.name for channel in asked.membrane.channels]
    if not isinstance(name, str):
        raise UsageError(f"name must be a text such as 'V', not {name!r:.60}")
    if name in asked.names:
        return name
    if name in channels:
        return f"I_{name}"
    listed = f"{asked.title} has {', '.join(asked.names)}"
    if name == STIMULUS:
        raise UsageError(f"{STIMULUS} is what is injected, and has no equation; {listed}")
    if name in asked.membrane.parameters:
        value = asked.membrane.parameters[name].value
        raise UsageError(f"{name} is a parameter, {value:g}, and has no equation; {listed}")
    close = nearest(name[:80], [*asked.names, *channels])
    raise UsageError(f"there is no {name[:80]!r}{close} to explain; {listed}")
