"""A curve of cycles from where they are born to where they end, and why it ends there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from loligo.lanes import Floats
from loligo.theory.cycles import BORN, Cycle, Cycles
from loligo.theory.diagram import Special

RANGE, DIED, ENDLESS = "range", "Hopf", "endless"
LOST, WORK = "lost", "work"

_FIRST, _LONGEST, _SHORTEST = 0.01, 0.2, 1e-6  # of a step along the curve
# rad that the curve may turn by in a step that is not short; of a cycle's breadth, which no step
# is longer than
_TURNS, _NEARER = 0.3, 0.4
_OUTSIDE = 0.01  # of the range: so far beyond it cycles are followed that may come back
_SMALL, _STATES = 5.0, 0.1  # times those that are born; of a step: more is the states' own
_STEEP = 1e-3  # of a step along the curve: by so much p moves where it may be about to turn
_LONGER, _LONG = 5.0, 1000.0  # times the shortest period: looked at more closely; endless
# of the way to a fold: so well a period obeys its law; of the range: so little p moves by there
# while the period doubles
_LAW, _STILL = 0.03, 1e-8
# of a cycle's breadth: at the speed at which it is slowest it goes so far in a period, where it
# waits at a saddle; where p stays for another reason (a canard) it goes round
_WAITS = 0.05


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

    @property
    def stable(self) -> list[bool]:
        """Whether each is; near a homoclinic end, where no multiplier can be told from rounding,
        they are as those before them."""
        said: list[bool] = []
        for each in self.cycles:
            said.append(each.stable if each.told or not said else said[-1])
        return said


def followed(
    cycles: Cycles, hopf: Special, folds: Floats, advance: Callable[[float], None] | None = None
) -> Trail | None:
    """The cycles that are born at a Hopf point, as far as they go; None where none is found.

    Parameters
    ----------
    folds
        Of equilibria: what is varied there, where a period may grow without end.
    """
    at = hopf.point
    first = cycles.small(at.x, at.p, at.matrix, 2.0 * np.pi * hopf.frequency)
    return None if first is None else _from(cycles, first, folds, advance)


def _from(
    cycles: Cycles, first: Cycle, folds: Floats, advance: Callable[[float], None] | None
) -> Trail:
    found, step, work = [first], _FIRST, cycles.field.work
    least = min(BORN, cycles.breadth(first))
    left: tuple[int, Cycle] | None = None  # how many were found before it left the range
    while not work.over:
        if advance is not None:
            advance(work.part)
        last = cycles.adapted(found[-1])
        made = _next(cycles, last, min(step, _nearer(cycles, last)))
        if made is None:
            return Trail(found, LOST) if left is None else _ended(cycles, found, *left)
        following, step = made
        outside = max(cycles.low - following.p, following.p - cycles.high)
        if outside <= 0.0:
            left = None
        elif left is None:
            left = len(found), following
        if left is not None and not _turns_back(cycles, following, outside):
            return _ended(cycles, found, *left)
        found.append(following)
        if _endless(cycles, found, folds):
            return Trail(found, ENDLESS)
        if cycles.breadth(following) < 0.5 * least and cycles.round(following):
            return Trail(found, DIED)
    return Trail(found, WORK) if left is None else _ended(cycles, found, *left)


def _nearer(cycles: Cycles, last: Cycle) -> float:
    """How far a step may go: towards another Hopf point ever less, for beyond it the same cycles
    come again. Where it is the period that moves, cycles may be small for long."""
    breadth, moves = cycles.breadth(last), cycles.moves(last)
    slow = breadth < _SMALL * BORN and moves < _STATES
    return _NEARER * breadth / (max(moves, 1e-6) if slow else 1.0)


def _turns_back(cycles: Cycles, at: Cycle, outside: float) -> bool:
    """Whether a cycle outside of the range is on its way back, or is likely to be soon: where the
    curve is steep, what is varied may turn nearby."""
    wide = cycles.high - cycles.low
    inwards = at.ahead[-1] > 0 if at.p < cycles.low else at.ahead[-1] < 0
    return outside < _OUTSIDE * wide and (bool(inwards) or abs(at.ahead[-1]) < _STEEP)


def _ended(cycles: Cycles, found: list[Cycle], inside: int, following: Cycle) -> Trail:
    """Cycles up to the end of the range, the first that was beyond it and how many were before."""
    end = cycles.low if following.p < cycles.low else cycles.high
    ended = cycles.at_value(following, end)
    return Trail([*found[:inside], *([] if ended is None else [ended])], RANGE)


def _next(cycles: Cycles, last: Cycle, step: float) -> tuple[Cycle, float] | None:
    while step >= _SHORTEST:
        found = cycles.corrected(last, last.ahead, step)
        turned = 0.0 if found is None else cycles.turned(last, found[0])
        if found is not None and (turned <= _TURNS or step < _FIRST):
            easy = found[1] <= 4 and turned <= 0.5 * _TURNS
            return found[0], min(_LONGEST, 1.5 * step) if easy else step
        step /= 2.0
    return None


def _endless(cycles: Cycles, found: list[Cycle], folds: Floats) -> bool:
    """Whether a period grows without end: towards a fold of equilibria that lies on the cycle, or
    while what is varied stays, towards a homoclinic orbit."""
    periods = np.array([each.period for each in found])
    if periods[-1] < _LONGER * periods.min() or periods[-1] <= periods[-2]:
        return False
    if fold_ahead(found, folds) is not None or periods[-1] > _LONG * periods.min():
        return True
    since = np.flatnonzero(periods < 0.5 * periods[-1])
    if not since.size:
        return False
    places = np.array([each.p for each in found[since[-1] :]])
    still = bool(np.ptp(places) < _STILL * (cycles.high - cycles.low))
    return still and cycles.waits(found[-1]) < _WAITS


def fold_ahead(found: list[Cycle], folds: Floats) -> tuple[float, float] | None:
    """The fold of equilibria towards which a period grows as 1/sqrt(p - p0), if the last two cycles
    obey that law, and how far off p0 is by it."""
    last, before = found[-1], found[-2]
    one, other = last.period**-2.0, before.period**-2.0
    p0 = last.p - one * (last.p - before.p) / (one - other)
    for fold in folds:
        gap = abs(last.p - fold)
        if gap < abs(before.p - fold) and abs(p0 - fold) < _LAW * gap:
            return float(fold), abs(p0 - float(fold))
    return None
