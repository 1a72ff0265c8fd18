"""Where the derivatives of a run's states begin, and what of them is not known.

What is given changes with itself alone. What was made steady obeys f(x, p) = 0, so that its
derivative s obeys J s = -∂f/∂p (the implicit function theorem), with J and ∂f/∂p from the kernel's
own arithmetic. Where something is conserved, its total is asked for instead of an equation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from loligo.engine.kernel import Kernel
from loligo.lanes import Floats
from loligo.program.term import EDGE_TOLERANCE
from loligo.run.bounds import bounded
from loligo.run.cells import Cells
from loligo.run.conserved import balanced
from loligo.run.outcome import Outcome
from loligo.run.problem import Problem
from loligo.run.steady import Kept, Truths
from loligo.system.tangent import INITIAL, per

_SINGULAR = 1e-9  # of an equation that is the sum of others, beside the largest
_STEP = 1e-6  # of a parameter, for how shares of what is conserved change with it


@dataclass(frozen=True)
class Beginnings:
    """Derivatives of the states at time 0.

    Attributes
    ----------
    rows
        Of each thing that is differentiated by, (states, lanes).
    unknown : (things, lanes)
        Where there are none: a small change of it moves the rest by more than in proportion, or
        takes it away.
    """

    rows: list[Floats]
    unknown: Truths


def beginnings(
    kernel: Kernel, plain: Kernel, cells: Cells, states: Floats, numbers: Mapping[str, Floats]
) -> Beginnings:
    """Of the states of a System with derivatives.

    Parameters
    ----------
    kernel, plain
        With the derivatives among its program's states, and without.
    states
        Of the System itself, (states, lanes).
    numbers
        Of its search for equilibria.
    """
    search = _Search(kernel, plain, cells, states, numbers)
    found = [search.by(name) for name in cells.outline.tangents]
    return Beginnings([rows for rows, _ in found], np.stack([lost for _, lost in found]))


def moved_with_jumps(problem: Problem, outcome: Outcome) -> None:
    """How spikes move that V makes as it jumps: as far as what makes it jump."""
    if outcome.spike_moved is None:
        return
    unknown = np.isnan(outcome.spike_moved)
    for column, by in enumerate(problem.by):
        jumps = np.zeros(outcome.spike_time.size, dtype=bool)
        for number, _ in by.moves:
            start = problem.lanes.flat(f"{number.rpartition('.')[0]}.start")[outcome.spike_lane]
            moves = number.endswith(".start")
            jumps |= moves & (np.abs(outcome.spike_time - start) <= EDGE_TOLERANCE)
        here = unknown[:, column]
        outcome.spike_moved[here, column] = jumps[here].astype(np.float64)


def forget(problem: Problem, outcome: Outcome, unknown: Truths) -> None:
    """Leave out what hangs on derivatives that have no beginning, and say so."""
    about = problem.cells[0].outline.about
    for by, lanes in zip(problem.by, unknown, strict=True):
        if not lanes.any():
            continue
        for name, rows in outcome.values.items():
            if about[name].get("by") == by.label:
                rows[lanes] = np.nan
        if outcome.spike_moved is not None:
            column = problem.by.index(by)
            outcome.spike_moved[lanes[outcome.spike_lane], column] = np.nan
        where = f" in {lanes.sum():,} of {lanes.size:,} lanes" if lanes.size > 1 else ""
        outcome.notes.append(
            f"derivatives by {by.label} are not known{where} (NaN): the run begins where rest is "
            "about to vanish (a fold), and moves there by more than in proportion; give "
            "initial=..., or another parameter"
        )


class _Search:
    def __init__(
        self, kernel: Kernel, plain: Kernel, cells: Cells, states: Floats,
        numbers: Mapping[str, Floats],
    ) -> None:  # fmt: skip
        self.kernel, self.plain, self.cells, self.states = kernel, plain, cells, states
        self.numbers = dict(numbers)
        self.names = plain.program.states
        self.lanes: int = states.shape[1]
        self.given = {n: cells.lanes.flat(f"{INITIAL}{n}") for n in cells.initial.states}
        self.held = cells.initial.voltage is not None
        free = len(self.names) - len(self.given) - self.held
        self.slopes = self._slopes() if free else None

    def by(self, name: str) -> tuple[Floats, Truths]:
        """(states, lanes), and where it is not known."""
        wanted = np.zeros(self.states.shape)
        if name.startswith(INITIAL):
            wanted[self.names.index(name.removeprefix(INITIAL))] = 1.0
        if self.slopes is None:
            return wanted, np.zeros(self.lanes, dtype=bool)
        right = -self._rates(name, {})
        matrix = self.slopes.copy()
        kept = self._kept(self.numbers)
        nothing = np.zeros(self.states.shape)
        kept.ask(matrix, nothing, self.states)
        for row, (weights, _) in kept.totals.items():
            here = weights[row] != 0.0
            right[row, here] = self._of_total(name, row)[here]
        held = [*kept.given, *([0] if self.held else [])]
        for row in held:
            matrix[:, row] = 0.0
            matrix[:, row, row] = 1.0
            right[row] = wanted[row]
        return self._solved(matrix, right)

    def _solved(self, matrix: Floats, right: Floats) -> tuple[Floats, Truths]:
        even, rows, columns = balanced(matrix)
        sizes: Any = np.linalg.svd(even, compute_uv=False)
        lost: Truths = ~(sizes[:, -1] > _SINGULAR * sizes[:, 0])
        even[lost] = np.eye(len(self.names))
        found: Floats = np.linalg.solve(even, (right.T / rows)[:, :, None])[:, :, 0] / columns
        lost |= ~np.isfinite(found).all(axis=1)
        begun: Floats = np.where(lost, 0.0, found.T)
        return begun, lost

    def _kept(self, numbers: Mapping[str, Floats]) -> Kept:
        search = bounded(self.plain, numbers, self.given, clamped=self.held)
        return Kept.of(self.names, search.parameters)

    def _of_total(self, name: str, row: int) -> Floats:
        """What a change of shares adds to what adds up, as it is in the model, less what it adds
        to the states."""
        if name not in self.numbers:
            return np.zeros(self.lanes)
        step = _STEP * np.maximum(np.abs(self.numbers[name]), 1e-3)
        missing: list[Floats] = []
        for sign in (1.0, -1.0):
            moved = {**self.numbers, name: self.numbers[name] + sign * step}
            weights, amount = self._kept(moved).totals[row]
            missing.append(amount - (weights * self.states).sum(axis=0))
        return (missing[0] - missing[1]) / (2.0 * step)

    def _slopes(self) -> Floats:
        """J, (lanes, states, states)."""
        first = self.cells.outline.tangents[0]
        still = self._rates(first, {})
        found = np.empty((self.lanes, len(self.names), len(self.names)))
        for column, name in enumerate(self.names):
            moved = self._rates(first, {per(name, first): np.ones(self.lanes)})
            found[:, :, column] = (moved - still).T
        return found

    def _rates(self, name: str, followers: Mapping[str, Floats]) -> Floats:
        """The rates of the derivatives by one thing, (states, lanes); those that are not among
        ``followers`` are 0, and so is what comes from outside."""
        program = self.kernel.program
        nothing: Floats = np.zeros(self.lanes)
        rows = dict.fromkeys((*program.states, *program.inputs), nothing)
        rows.update(zip(self.names, self.states, strict=True))
        rows.update(self.numbers)
        rows.update(followers)
        rates = self.kernel.map("derivative", rows)
        return np.stack([rates[per(state, name)] for state in self.names])
