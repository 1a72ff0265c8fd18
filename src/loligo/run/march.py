"""What the references share: segment by segment from edge to edge, and where V crossed.

SciPy integrates each segment by itself, so that no edge is ever stepped over or smoothed.
"""

# SciPy and SymPy ship no types: what comes out of them is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from loligo.engine.kernel import RE_ARM
from loligo.lanes import Floats

Solution = Any  # of scipy.integrate.solve_ivp, with its dense output


def march(
    edges: Floats, grid: Floats, start: Floats, segment: Callable[[float, float, Floats], Solution],
    seen: Callable[[Solution], None], advance: Callable[[float], None],
    enter: Callable[[float, Floats], Floats] | None = None,
) -> Floats:  # fmt: skip
    """Integrate from edge to edge: the states at the times of ``grid``, (states, times).

    Parameters
    ----------
    segment
        (from, to, states) -> the solution between two edges.
    seen
        Called with every solution.
    advance
        Called with the fraction done.
    enter
        (edge before the end, states) -> what the states become there; as they are if None.
    """
    end, states = float(edges[-1]), np.empty((start.size, grid.size))
    now = start
    for a, b in pairwise(edges.tolist()):
        solution = segment(a, b, now)
        inside = (grid >= a) & (grid < b) if b < end else grid >= a
        if inside.any():
            states[:, inside] = solution.sol(np.minimum(grid[inside], b))
            states[:, inside & (grid == a)] = now[:, None]
        seen(solution)
        now = solution.y[:, -1]
        if enter is not None and b < end:
            now = enter(b, now)
        advance(b / end)
    return states


class Crossings:
    """Upward crossings of a threshold by some rows of the states, on the continuous solution.

    Parameters
    ----------
    rows
        Which of the states are voltages.
    start
        They, at the beginning.
    parts
        Into which each step of the solver is cut: DOP853's are long beside a spike.

    Attributes
    ----------
    times, which
        When, and which of the rows.
    """

    def __init__(self, rows: slice, start: Floats, threshold: float, parts: int) -> None:
        self.rows, self.threshold, self.parts = rows, threshold, parts
        self.armed = start < threshold
        self.times: list[float] = []
        self.which: list[int] = []

    def look(self, solution: Solution) -> None:
        """At the steps of one segment."""
        from scipy.optimize import brentq

        level = self.threshold
        for a, b in pairwise(solution.t):
            inside = np.linspace(a, b, self.parts + 1)
            v = solution.sol(inside)[self.rows]
            for i, (low, high) in enumerate(pairwise(v.T)):
                crossed = self.armed & (low < level) & (level <= high)
                for k in np.flatnonzero(crossed):
                    time: Any = brentq(
                        lambda t, k=k: solution.sol(t)[self.rows][k] - level,
                        inside[i], inside[i + 1], xtol=1e-12,
                    )  # fmt: skip
                    self.times.append(float(time))
                    self.which.append(int(k))
                self._arm(high, crossed)

    def jumped(self, t: float, after: Floats) -> None:
        """The rows have become something else at a time."""
        crossed = self.armed & (after >= self.threshold)
        self.times += [t] * int(crossed.sum())
        self.which += np.flatnonzero(crossed).tolist()
        self._arm(after, crossed)

    def _arm(self, now: Floats, crossed: Any) -> None:
        self.armed = (now < self.threshold - RE_ARM) | (self.armed & ~crossed)
