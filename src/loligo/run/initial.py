"""Where a run begins, and what of its numbers stands still: from the kernel's own arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loligo.engine.engines import ENGINES
from loligo.engine.kernel import Kernel
from loligo.errors import RunError
from loligo.lanes import Floats, Labelled
from loligo.run.cells import Cells, guess, numbers_of
from loligo.run.equilibrium import held, refuse, rest, rested
from loligo.run.recipes import plain
from loligo.run.status import Status
from loligo.system.outline import outline_of


@dataclass(frozen=True)
class Initials:
    """Where the lanes of a System begin.

    Attributes
    ----------
    states : (states, lanes)
        At time 0; in a lost lane some that are finite.
    status : (lanes,) or None
        A :class:`Status` of each lane; None where all are fine.
    notes
        For the person.
    why
        For each status of a lost lane, what is the matter and what helps.
    """

    states: Floats
    status: NDArray[np.int8] | None = None
    notes: list[str] = field(default_factory=list[str])
    why: Mapping[Status, str] = field(default_factory=dict[Status, str])

    def refuse(self) -> None:
        """Raise a RunError if any lane is lost."""
        refuse(self.status, self.why)


def initial_states(kernel: Kernel, cells: Cells) -> Initials:
    """Where each lane begins.

    Raises
    ------
    RunError
        If a single run has nowhere to begin; of a sweep's lanes, each tells by its status.
    """
    parameters = for_equilibria(cells)
    given = {name: cells.lanes.flat(f"initial.{name}") for name in cells.initial.states}
    if cells.initial.voltage is not None and len(given) == len(kernel.program.states) - 1:
        states = {**given, "V": cells.lanes.flat("initial.V")}
        return Initials(np.stack([states[name] for name in kernel.program.states]))
    if cells.initial.voltage is None:
        found = rested(kernel, parameters, given)
    else:
        found = held(kernel, parameters, cells.lanes.flat("initial.V"), given)
    if not cells.lanes.dims:
        found.refuse()
    status = found.status if found.lost.any() else None
    return Initials(np.ascontiguousarray(found.states), status, found.notes, found.why)


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


def begun(membrane: Any, numbers: Mapping[str, Floats]) -> dict[str, Floats]:
    """Numbers of a membrane in every lane, the initial values of its states with them: where those
    are arrays, the first."""
    size = len(next(iter(numbers.values())))
    own = numbers_of(outline_of(membrane))
    first = {n: float(v.values.flat[0]) if isinstance(v, Labelled) else v for n, v in own.items()}
    return {**{name: np.full(size, value) for name, value in first.items()}, **numbers}


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
    return rest(plain_kernel(membrane), begun(membrane, numbers))
