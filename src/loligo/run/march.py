"""What the references share: segment by segment from edge to edge, and where V crossed.

SciPy integrates each segment by itself, so that no edge is ever stepped over or smoothed.
"""

# SciPy and SymPy ship no types: what comes out of them is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from loligo.engine.swings import Batch, Swings
from loligo.lanes import Floats, Integers
from loligo.system.outline import V_SCALE

Solution = Any  # of scipy.integrate.solve_ivp, with its dense output
_AT_ONCE = 1024  # times at which all states are asked for
# times its tolerance: by so much V trembles at rest, where steps are at their limit of stability
TREMBLES = 1000.0 * V_SCALE


def march(
    edges: Floats, grid: Floats, start: Floats, segment: Callable[[float, float, Floats], Solution],
    seen: Callable[[Solution], None], advance: Callable[[float], None],
    enter: Callable[[float, Floats], Floats] | None = None,
    over: Callable[[int, Floats], bool] | None = None,
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
    over
        Asked after each segment whether no more is wanted: (samples so far, states at them). The
        samples that were not come to are not numbers.
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
        if over is not None and b < end:
            known = int(np.searchsorted(grid, b))
            if over(known, states[:, :known]):
                states[:, known:] = np.nan
                break
    return states


_LOOKS = 10.0  # ms of the run


def looks(edges: Floats, interval: float) -> Floats:
    """Edges, and times between them at which it is asked whether a run is to end before its
    time: so often that little is run in vain, and at samples."""
    every = interval * max(1.0, math.ceil(_LOOKS / interval))
    more: Floats = every * np.arange(1, int(edges[-1] / every) + 1, dtype=np.float64)
    beside = np.abs(more[:, None] - edges[None]).min(axis=1) > 1e-6 * every
    return np.unique(np.concatenate([edges, more[beside & (more < edges[-1])]]))


class Crossings:
    """Upward crossings of a threshold by some rows of the states, on the continuous solution, and
    where they turn.

    Parameters
    ----------
    rows
        Which of the states are voltages.
    start
        They, at the beginning.
    threshold, depth, grain
        See :class:`loligo.engine.kernel.Schedule`.
    parts
        Into which each step of the solver is cut: DOP853's are long beside a spike.
    moved
        (time, states) -> how far a spike moves with what they are differentiated by; None where
        they are not.

    Attributes
    ----------
    swings
        Of the rows.
    spikes
        Batches of one.
    end
        V where the last segment ended.
    """

    def __init__(
        self, rows: Integers, start: Floats, threshold: float, depth: float, grain: float,
        parts: int, moved: Callable[[float, Floats], Floats] | None = None,
    ) -> None:  # fmt: skip
        self.rows, self.parts, self.moved = rows, parts, moved
        self.threshold, self.depth, self.grain = threshold, depth, grain
        self.armed = start < threshold - grain
        self.swings, self.end = Swings.begin(start), start
        self.spikes: list[Batch] = []

    def look(self, solution: Solution) -> None:
        """At one segment: from where V turns to where it turns again."""
        steps = solution.t
        times = np.interp(
            np.arange((steps.size - 1) * self.parts + 1) / self.parts, np.arange(steps.size), steps
        )
        pieces = [times[k : k + _AT_ONCE] for k in range(0, times.size, _AT_ONCE)]
        v = np.concatenate([solution.sol(piece)[self.rows] for piece in pieces], axis=1)
        for row, own in enumerate(v):
            self._follow(row, _Curve(solution, self.rows, row), times, own)
        self.end = v[:, -1]

    def _follow(self, row: int, curve: _Curve, times: Floats, v: Floats) -> None:
        here, last = np.array([row]), (float(times[0]), float(v[0]))
        self.swings.reach(here, v[:1])
        for time, there in [*curve.turns(times, v, self.grain), (float(times[-1]), float(v[-1]))]:
            crossed = bool(self.armed[row]) and last[1] < self.threshold <= there
            if crossed:
                low, high = self._part(times, v, last[0], time)
                when = np.array([curve.crossing(low, high, self.threshold)])
                batch = self.swings.spike(when, here, self.threshold)
                if self.moved is not None:
                    moved = self.moved(float(when[0]), curve.solution.sol(float(when[0])))
                    batch = batch._replace(moved=moved[None])
                self.spikes.append(batch)
            self.swings.reach(here, np.array([there]))
            low = there < self.threshold - self.depth
            self.armed[row] = low or (bool(self.armed[row]) and not crossed)
            last = time, there

    def _part(self, times: Floats, v: Floats, low: float, high: float) -> tuple[float, float]:
        """The part of a rise in which V comes to the threshold."""
        above = (times > low) & (times < high) & (v >= self.threshold)
        first = int(np.argmax(above)) if above.any() else int(np.searchsorted(times, high))
        return max(low, float(times[first - 1])), min(high, float(times[first]))

    def jumped(self, t: float, before: Floats, after: Floats) -> None:
        """The rows have become something else at a time."""
        every = np.arange(before.size)
        self.armed, batch = self.swings.leap(
            self.armed, every, np.full(before.size, t), (before, after), self.threshold, self.depth
        )
        self.spikes.append(batch)


@dataclass(frozen=True)
class _Curve:
    """One row of a solution."""

    solution: Solution
    rows: Integers
    row: int

    def at(self, t: float) -> float:
        return float(self.solution.sol(t)[self.rows][self.row])

    def crossing(self, low: float, high: float, level: float) -> float:
        from scipy.optimize import brentq

        time: Any = brentq(lambda t: self.at(t) - level, low, high, xtol=1e-12)
        return float(time)

    def turns(self, times: Floats, v: Floats, grain: float) -> list[tuple[float, float]]:
        """Where it turns, and what it is there; not where it trembles by less than ``grain``."""
        rises = np.diff(v) > 0
        found: list[int] = []
        for k in (np.flatnonzero(rises[1:] != rises[:-1]) + 1).tolist():
            before = v[found[-1]] if found else v[0]
            if abs(v[k] - before) > grain:
                found.append(k)
            elif found:  # it has not turned there for good
                found.pop()
        return [self._extreme(times[k - 1], times[k + 1], bool(rises[k - 1])) for k in found]

    def _extreme(self, low: float, high: float, summit: bool) -> tuple[float, float]:
        from scipy.optimize import minimize_scalar

        sign = -1.0 if summit else 1.0
        found: Any = minimize_scalar(
            lambda t: sign * self.at(t), bounds=(low, high), method="bounded",
            options={"xatol": 1e-9 * (high - low) + 1e-12},
        )  # fmt: skip
        return float(found.x), sign * float(found.fun)


def together(
    watched: Sequence[Crossings], places: Integers, size: int
) -> tuple[list[Batch], Swings, Floats]:
    """The spikes of several, their swings and their V at the end.

    Parameters
    ----------
    places
        Where the rows of each lie among ``size`` places; of the others nothing is known.
    """
    spikes: list[Batch] = []
    end = np.full(len(watched) * size, np.nan)
    swings = Swings.begin(end)
    for k, each in enumerate(watched):
        spikes += [b._replace(lane=places[b.lane] + k * size) for b in each.spikes]
        swings.table[places + k * size] = each.swings.table
        end[places + k * size] = each.end
    return spikes, swings, end
