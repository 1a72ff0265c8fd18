"""Where a run begins, and what of its numbers stands still: from the kernel's own arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from loligo.crew import on_all_cores, stretches
from loligo.engine.engines import ENGINES
from loligo.engine.kernel import Kernel, Search
from loligo.engine.resting import Equations
from loligo.errors import RunError
from loligo.lanes import Floats, Labelled
from loligo.run.bounds import listed, spoken
from loligo.run.cells import SHARE_ERROR, Cells, guess, numbers_of
from loligo.run.charges import ledgers
from loligo.run.conserved import combinations
from loligo.run.equilibrium import Steady, held, refuse, rest, rested
from loligo.run.recipes import plain
from loligo.run.status import Status
from loligo.run.steady import Truths
from loligo.run.tangents import beginnings
from loligo.system.outline import outline_of
from loligo.system.tangent import follows, per


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
    unknown : (things, lanes) or None
        Where derivatives by these things have no beginning.
    """

    states: Floats
    status: NDArray[np.int8] | None = None
    notes: list[str] = field(default_factory=list[str])
    why: Mapping[Status, str] = field(default_factory=dict[Status, str])
    unknown: Truths | None = None

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
    whole_kernel, kernel = kernel, unnoted(kernel)
    found = _sought(kernel, cells)
    for whole, parts in cells.outline.wholes.items():
        found = _within(found, cells, whole, parts)
    if not cells.lanes.dims:
        found.refuse()
    status = found.status if found.lost.any() else None
    nothing = np.zeros((len(whole_kernel.program.states) - len(found.states), cells.lanes.size))
    states = np.vstack([found.states, nothing])
    for name in cells.outline.follow:
        if name in whole_kernel.program.states:
            states[whole_kernel.program.states.index(name)] = states[0]
    if not cells.outline.tangents:
        return Initials(states, status, found.notes, found.why)
    begun = beginnings(whole_kernel, kernel, cells, found.states, for_equilibria(cells))
    for by, rows in zip(cells.outline.tangents, begun.rows, strict=True):
        for state, row in zip(kernel.program.states, rows, strict=True):
            states[whole_kernel.program.states.index(per(state, by))] = row
    return Initials(states, status, found.notes, found.why, begun.unknown)


class _Unnoted:
    """A kernel as the search of equilibria wants it: without the states, after all others, that
    only note what happens, or are derivatives of others."""

    def __init__(self, kernel: Kernel, noted: list[int]) -> None:
        self.kernel, self.width, self.program = kernel, kernel.width, copy(kernel.program)
        self.portable = kernel.portable
        self.noted = kernel.program.states[noted[0] :]
        object.__setattr__(self.program, "states", kernel.program.states[: noted[0]])

    def map(self, block: str, inputs: Mapping[str, Floats]) -> dict[str, Floats]:
        lanes = len(next(iter(inputs.values())))
        nothing = dict.fromkeys(self.noted, np.zeros(lanes))
        after = self.kernel.map(block, {**inputs, **nothing})
        return {name: row for name, row in after.items() if name not in nothing}

    def search(self, equations: Equations, lanes: int) -> Search | None:
        return self.kernel.search(equations, lanes)


def unnoted(kernel: Kernel) -> Kernel:
    """Without states that are none of the System's own."""
    states = kernel.program.states
    noted = [*ledgers(states), *(k for k, state in enumerate(states) if follows(state))]
    return cast(Kernel, _Unnoted(kernel, noted)) if noted else kernel


def _sought(kernel: Kernel, cells: Cells) -> Steady:
    """What was given of the beginning, and what goes with it."""
    given = {name: cells.lanes.flat(f"initial.{name}") for name in cells.initial.states}
    if cells.initial.voltage is None:
        return rested(kernel, for_equilibria(cells), given)
    voltage = cells.lanes.flat("initial.V")
    if len(given) < len(kernel.program.states) - 1:
        return held(kernel, for_equilibria(cells), voltage, given)
    every = {**given, "V": voltage}
    states = np.stack([every[name] for name in kernel.program.states])
    return Steady(states, np.zeros(voltage.shape, dtype=np.int8))


def _within(found: Steady, cells: Cells, whole: str, parts: tuple[str, ...]) -> Steady:
    """Without the lanes in which the given parts of a whole leave less than nothing for one of the
    others."""
    given = [name for name in parts if name in cells.initial.states]
    if not given:
        return found
    rows = found.states[[cells.outline.states.index(name) for name in parts]]
    shares = np.vstack([rows, 1.0 - rows.sum(axis=0)])
    others = [name for name in parts if name not in given]
    below = shares.min(axis=0) < -(_ROUNDED if others else SHARE_ERROR)
    below &= ~found.lost
    if not below.any():
        return found
    first = shares[:, below.argmax()]
    named = (*parts, whole)[int(first.argmin())]
    more = f"give {listed(others)} too" if others else "give less"
    return found.losing(
        below,
        f"initial: with the given {listed(given)} there would be {first.min():.4g} of {named}, "
        f"since the occupancies {' + '.join((*parts, whole))} are 1; {more}",
    )


_ROUNDED = 1e-9


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
        settled, _ = rest(unnoted(kernel), for_equilibria(cells))
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
    inputs |= {name: np.broadcast_to(value, lanes) for name, value in settings.items()}
    constants = np.zeros((max(1, len(kernel.program.constants)), lanes))

    def fill(some: slice) -> None:
        made = kernel.map("prepare", {name: row[some] for name, row in inputs.items()})
        for row, name in zip(constants, kernel.program.constants, strict=False):
            row[some] = made[name]

    on_all_cores(fill, stretches(lanes))
    return constants


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


def for_conserved(kernel: Kernel, numbers: Mapping[str, Floats]) -> str | None:
    """A combination of states that the equations keep constant, in words; None where there is
    none."""
    names = kernel.program.states
    weights = combinations(kernel.program, numbers, (*names[1:], names[0]))
    if weights is None:
        return None
    row = int(np.abs(weights[0]).sum(axis=1).argmax())
    return spoken(names, weights[0, row]) if weights[0, row].any() else None
