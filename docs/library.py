"""Writes the library's catalogue, and the table of docs/library.md, by running every model:
``python docs/library.py``.

What is known of a cell beside its equations stands in `CELLS`; the rest is found.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

import loligo as lo
from loligo.model.catalogue import CATALOGUE, LIBRARY, Entry, catalogue

PAGE = Path(__file__).with_suffix(".md")
_BEGIN, _END = "<!-- the table, by docs/library.py -->\n", "<!-- end of the table -->"


class Cell(NamedTuple):
    """Of which animal and which cell; a current (uA/cm2) that shows what it does, and how long it
    lasts (ms); where its spikes are counted (mV)."""

    animal: str
    cell: str
    step: float
    lasts: float
    threshold: float = 0.0


CELLS: Mapping[str, Cell] = {
    "beeler-reuter-1977": Cell("mammals", "ventricle of the heart", 2.5, 400),
    "bertram-2000": Cell("mouse", "beta cell of the pancreas", 0.02, 20_000, -25),
    "butera-rinzel-smith-1999": Cell("rat", "pacemaker of breathing", 0.02, 10_000, -10),
    "chay-keizer-1983": Cell("mouse", "beta cell of the pancreas", 0.05, 40_000, -35),
    "connor-stevens-1977": Cell("crab", "axon of a leg", 10, 200),
    "destexhe-1996": Cell("ferret", "thalamic relay neuron", 5, 3_000, -20),
    "fitzhugh-1961": Cell("", "in two variables", 0.4, 100),
    "frankenhaeuser-huxley-1964": Cell("clawed frog", "node of Ranvier", 800, 30),
    "golomb-2007": Cell("rodents", "fast-spiking interneuron, cortex", 3.35, 1_000),
    "hindmarsh-rose-1984": Cell("", "in three variables", 2, 2_000),
    "hodgkin-huxley-1952": Cell("squid", "giant axon", 10, 100),
    "khaliq-2003": Cell("mouse", "Purkinje cell of the cerebellum", 2, 300),
    "luo-rudy-1991": Cell("guinea pig", "ventricle of the heart", 2.5, 400),
    "morris-lecar-1981": Cell("barnacle", "muscle fibre", 300, 400),
    "noble-1962": Cell("mammals", "Purkinje fibre of the heart", 1, 3_000),
    "pinsky-rinzel-1994": Cell("guinea pig", "pyramidal cell of CA3", 1.5, 3_000, -30),
    "plant-1981": Cell("sea hare", "bursting neuron R15", 0.02, 40_000),
    "pospischil-2008-fs": Cell("mammals", "fast-spiking interneuron, cortex", 3.6, 400),
    "pospischil-2008-ib": Cell("mammals", "intrinsically bursting neuron, cortex", 0.52, 2_000),
    "pospischil-2008-lts": Cell("mammals", "low-threshold spiking neuron, cortex", 0.52, 400),
    "pospischil-2008-rs": Cell("mammals", "regular-spiking neuron, cortex", 2.6, 400),
    "prinz-2003": Cell("lobster", "neuron of the stomatogastric ganglion", 1, 4_000),
    "rinzel-ermentrout-1998": Cell("", "the Morris-Lecar neuron of textbooks", 100, 500),
    "rothman-manis-2003-ic": Cell("guinea pig", "stellate cell of the cochlear nucleus", 4.2, 200),
    "rothman-manis-2003-ii": Cell("guinea pig", "bushy cell of the cochlear nucleus", 25, 200),
    "traub-miles-1991": Cell("guinea pig", "pyramidal cell of the hippocampus", 3, 200),
    "wang-buzsaki-1996": Cell("rat", "interneuron of the hippocampus", 1, 300),
}  # fmt: skip


# ---------------------------------------------------------------------------- what a cell does


def runs(name: str) -> tuple[str, str]:
    """What a model does without a stimulus, and under its step."""
    model, cell = lo.load(LIBRARY / f"{name}.toml"), CELLS[name]
    before = cell.lasts / 10
    until = before + cell.lasts
    pulse = lo.Pulse(before, cell.lasts, [0.0, cell.step])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what swings without being counted
        rec = lo.simulate(model, pulse, until, threshold=cell.threshold, record=["V"],
                          sample_interval=until, progress=False)  # fmt: skip
    alone, stepped = (
        times[(times >= before) & np.isfinite(times)] for times in lo.spike_times(rec).values
    )
    without = behaviour(alone, before, until)
    named = {"tonic": "pacemaking", "adapting": "pacemaking"}
    return named.get(without, without), behaviour(stepped, before, until)


def behaviour(times: np.ndarray, start: float, end: float) -> str:
    """What spikes at these times (ms) between two times are called.

    Bursting: time and again an interval is much longer than the one that follows it. Phasic: the
    spikes cease in the first half. Adapting: the last interval is half as long again as the first.
    """
    if times.size < 2:
        return ("silent", "single spike")[times.size]
    intervals = np.diff(times)
    if np.count_nonzero(intervals[:-1] > 2.5 * intervals[1:]) > 1:
        return "bursting"
    if end - times[-1] > max((end - start) / 2, 3 * intervals[-1]):
        return "phasic"
    return "adapting" if intervals[-1] > 1.5 * intervals[0] else "tonic"


# ---------------------------------------------------------------------------- the files


def entry(name: str) -> Entry:
    """What the catalogue says of a model."""
    model, cell = lo.load(LIBRARY / f"{name}.toml"), CELLS[name]
    alone, stepped = runs(name)
    year = re.search(r"-(\d{4})", name)
    assert year, name
    return Entry(
        title=model.title, animal=cell.animal, cell=cell.cell, year=int(year[1]),
        channels=tuple(each.name for each in model.channels), ions=ions(model),
        states=states(model), alone=alone, step=cell.step, lasts=cell.lasts,
        threshold=cell.threshold, under_step=stepped,
    )  # fmt: skip


def ions(model: lo.Membrane) -> tuple[str, ...]:
    """Which ions its channels let through, by their symbols."""
    return tuple(sorted({each.ion for each in model.channels if each.ion}))


def states(model: lo.Membrane) -> int:
    """How many differential equations it has."""
    moving = sum(not gate.instantaneous for gate in model.gates)
    kept = sum(len(scheme.kept) for scheme in model.schemes)
    return 1 + moving + kept + len(model.states)


def table() -> str:
    """The library as a table of Markdown."""
    lines = [
        "| model | animal | cell | channels | states | alone | under a step of |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, each in catalogue().items():
        step = f"{each.under_step} ({each.step:g} µA/cm²)"
        lines.append(
            f"| `{name}` | {each.animal} | {each.cell} | {', '.join(each.channels)} | "
            f"{each.states} | {each.alone} | {step} |"
        )
    without = ", ".join(f"`{name}`" for name in catalogue() if not of_its_paper(name))
    lines += [
        "",
        f"No number of its own paper could be had for {without}: the notes of each say what it was "
        "tested by instead.",
    ]
    return "\n".join(lines) + "\n"


def of_its_paper(name: str) -> bool:
    """Whether a number of its own paper is among a model's tests, by its notes."""
    notes = lo.load(LIBRARY / f"{name}.toml").notes
    return not any("no number of its own paper" in note for note in notes)


def page(text: str) -> str:
    """The page with its table as it is now."""
    before, rest = text.split(_BEGIN)
    _, after = rest.split(_END)
    return before + _BEGIN + "\n" + table() + "\n" + _END + after


def main() -> None:
    """Run every model, and write what was found."""
    names = sorted(path.stem for path in LIBRARY.glob("*.toml"))
    found = {name: entry(name).to_dict() for name in names}
    CATALOGUE.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    catalogue.cache_clear()
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
