"""Where a run begins, and what of its numbers stands still: from the kernel's own arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from loligo.engine.engines import ENGINES
from loligo.engine.kernel import Kernel
from loligo.errors import RunError
from loligo.lanes import Floats
from loligo.run.cells import Cells, guess
from loligo.run.equilibrium import hold, rest
from loligo.run.recipes import plain
from loligo.system.outline import outline_of


def initial_states(kernel: Kernel, cells: Cells) -> tuple[Floats, list[str]]:
    """(states, lanes) at time 0, and notes for the person."""
    parameters = for_equilibria(cells)
    notes: list[str] = []
    given = {name: cells.lanes.flat(f"initial.{name}") for name in cells.initial.states}
    if cells.initial.voltage is not None and len(given) == len(kernel.program.states) - 1:
        given["V"] = cells.lanes.flat("initial.V")
        return np.stack([given[name] for name in kernel.program.states]), notes
    if cells.initial.voltage is None:
        states, notes = rest(kernel, parameters)
    else:
        states = hold(kernel, parameters, cells.lanes.flat("initial.V"))
    for row, name in enumerate(kernel.program.states):
        if name in given:
            states[row] = given[name]
    return np.ascontiguousarray(states), notes


def for_equilibria(cells: Cells) -> dict[str, Floats]:
    """The System's numbers in every lane, and where to begin the search for its states'."""
    outline = cells.outline
    guesses = [name for name in map(guess, outline.states) if name in cells.lanes.values]
    return {name: cells.lanes.flat(name) for name in (*outline.parameters, *guesses)}


def resting_potential(kernel: Kernel, cells: Cells, states: Floats) -> Floats | None:
    """(lanes,) where the run began at rest; for one lane whose V is recorded also where it did
    not, if there is a rest: a figure draws it."""
    if cells.initial.rests:
        return states[0]
    if cells.lanes.size > 1 or "V" not in cells.records:
        return None
    try:
        settled, _ = rest(kernel, for_equilibria(cells))
    except RunError:
        return None
    return settled[0]


def prepare(
    kernel: Kernel, read: Callable[[str], Floats], lanes: int,
    settings: Mapping[str, float | Floats],
) -> Floats:  # fmt: skip
    """The program's constants, (constants, lanes).

    Parameters
    ----------
    read
        A parameter's name -> its value in every lane.
    settings
        The solver's numbers that the program reads: ``.dt`` or ``.tolerance``, ``.stride``.
    """
    inputs = {name: read(name) for name in kernel.program.parameters}
    inputs |= {name: np.full(lanes, value) for name, value in settings.items()}
    prepared = kernel.map("prepare", inputs)
    rows = [prepared[name] for name in kernel.program.constants]
    return np.stack(rows) if rows else np.zeros((1, lanes))


def plain_kernel(membrane: Any) -> Kernel:
    """A membrane's equations by NumPy, for what is asked once and needs no machine code."""
    return ENGINES["numpy"].kernel(plain(outline_of(membrane)), 1)[0]


def rest_of(membrane: Any, numbers: Mapping[str, Floats]) -> tuple[Floats, list[str]]:
    """A membrane's stable equilibrium without stimulus: (states, lanes), and notes.

    Parameters
    ----------
    numbers
        Each of its parameters in every lane.

    Raises
    ------
    RunError
        If there is none.
    """
    return rest(plain_kernel(membrane), numbers)
