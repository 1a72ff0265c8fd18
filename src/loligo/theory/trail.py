"""A curve of cycles from where they are born to where they end, and why it ends there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from loligo.theory.cycles import BORN, Cycle, Cycles
from loligo.theory.diagram import Special

RANGE, DIED, ENDLESS = "range", "Hopf", "endless"
LOST, WORK = "lost", "work"

_FIRST, _LONGEST, _SHORTEST = 0.01, 0.3, 1e-6  # of a step along the curve
_NEARER = 0.4  # of a cycle's breadth: no step is longer
_MOST = 300  # cycles
_WORK = 1_200_000  # numbers that go through Newton's method, for all cycles of a trail
_LONG = 100.0  # times the shortest period: such cycles come near to a homoclinic orbit
_STILL = 1e-6  # of the range: so little p moves by there while the period doubles


@dataclass(frozen=True)
class Trail:
    """Cycles along a curve.

    Attributes
    ----------
    ended
        Why: ``"range"`` (it leaves the range), ``"Hopf"`` (they die at a Hopf point),
        ``"endless"`` (the period grows without end), ``"lost"`` (no further cycle was found),
        ``"work"`` (they take more than is given to them).
    """

    cycles: list[Cycle]
    ended: str


def followed(
    cycles: Cycles, hopf: Special, advance: Callable[[float], None] | None = None
) -> Trail | None:
    """The cycles that are born at a Hopf point, as far as they go; None where none is found."""
    at = hopf.point
    first = cycles.small(at.x, at.p, at.matrix, 2.0 * np.pi * hopf.frequency)
    return None if first is None else _from(cycles, first, advance)


def _from(cycles: Cycles, first: Cycle, advance: Callable[[float], None] | None) -> Trail:
    found, step, most = [first], _FIRST, cycles.work + _WORK
    while len(found) < _MOST and cycles.work < most:
        if advance is not None:
            advance(1.0 - max(most - cycles.work, 0) / _WORK)
        last = cycles.adapted(found[-1])
        # towards another Hopf point ever more slowly: beyond it the same cycles come again
        made = _next(cycles, last, min(step, _NEARER * cycles.breadth(last)))
        if made is None:
            return Trail(found, LOST)
        following, step = made
        if not cycles.low <= following.p <= cycles.high:
            end = cycles.low if following.p < cycles.low else cycles.high
            ended = cycles.at_value(following, end)
            return Trail(found if ended is None else [*found, ended], RANGE)
        found.append(following)
        if endless(cycles, found):
            return Trail(found, ENDLESS)
        if cycles.breadth(following) < 0.5 * BORN:
            return Trail(found, DIED)
    return Trail(found, WORK)


def _next(cycles: Cycles, last: Cycle, step: float) -> tuple[Cycle, float] | None:
    while step >= _SHORTEST:
        found = cycles.corrected(last, last.ahead, step)
        if found is not None:
            easy = found[1] <= 4
            return found[0], min(_LONGEST, 1.5 * step) if easy else step
        step /= 2.0
    return None


def endless(cycles: Cycles, found: list[Cycle]) -> bool:
    """Whether the last of a curve's cycles comes near to a homoclinic orbit: its period is long,
    and grows while what is varied stays."""
    periods = np.array([each.period for each in found])
    if periods[-1] > _LONG * periods.min():
        return True
    since = np.flatnonzero(periods < 0.5 * periods[-1])
    if not since.size or periods[-1] < 3.0 * periods.min():
        return False
    places = np.array([each.p for each in found[since[-1] :]])
    return bool(np.ptp(places) < _STILL * (cycles.high - cycles.low))
