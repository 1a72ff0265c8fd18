"""The cycles that are born at the Hopf points of a diagram, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from loligo.lanes import Floats
from loligo.theory import diagram
from loligo.theory.cycles import BORN, Cycle, Cycles
from loligo.theory.diagram import HOPF, Diagram, Special
from loligo.theory.flow import Flow
from loligo.theory.loop import closed_again
from loligo.theory.shooting import as_long_again, turned_again
from loligo.theory.trail import DIED, ENDLESS, Trail, fold_ahead, followed

FOLD, DOUBLING = "fold of cycles", "period doubling"
HOMOCLINIC, ON_CYCLE = "homoclinic", "saddle-node on a cycle"
_TRAILS, _LEAST = 0.5, 1.0  # of the work that is left; s that each change may take at least
_LOOP = 0.25  # of what an end may take: for a run from the saddle, which comes first
_WELL = 1e-10  # of the range: so far two ways may be apart, or the first is found again
_PERIODS = (0.7, 0.85, 1.0)  # of the longest, of which the law is told by which p ends
_SLOW, _ROUNDED = 0.9, 1e-11  # of a step to that before; of the range: no law is told there
_CLOSE, _SAME_HOPF = 0.05, 1e-3  # to a multiplier; of the range, to the Hopf point where it ends


@dataclass(frozen=True)
class Turn:
    """Where cycles change.

    Attributes
    ----------
    kind
        ``"fold of cycles"``, ``"period doubling"``, ``"homoclinic"`` or ``"saddle-node on a
        cycle"``: at the last two the period grows without end.
    p
        There, what is varied.
    precision
        How far off the second way is; at a saddle-node on a cycle how far off the law of the
        period; NaN where that is not known.
    """

    kind: str
    p: float
    cycle: Cycle
    curve: int
    precision: float

    @property
    def endless(self) -> bool:
        """Whether the period grows without end."""
        return self.kind in (HOMOCLINIC, ON_CYCLE)


@dataclass(frozen=True)
class Orbits:
    """Curves of cycles.

    Attributes
    ----------
    trails
        Each in its order, from the Hopf point on.
    turns
        By what is varied.
    unfollowed
        What is varied at Hopf points whose cycles were not followed: no work was left.
    unborn
        The same at Hopf points near which no cycle was found.
    unsought
        So many changes along cycles were seen and not found more closely, for the same reason.
    """

    trails: list[Trail]
    turns: list[Turn]
    unfollowed: tuple[float, ...] = ()
    unborn: tuple[float, ...] = ()
    unsought: int = 0


def orbits(found: Diagram, flow: Flow, advance: Callable[[float], None] | None = None) -> Orbits:
    """Of all Hopf points of a diagram.

    Parameters
    ----------
    flow
        By which their changes are found a second time.
    """
    told = advance or (lambda _: None)
    cycles = Cycles(found.field, found.low, found.high)
    folds = np.array([each.point.p for each in found.special if each.kind == diagram.FOLD])
    with found.field.work.share(_TRAILS):
        trails, unfollowed, unborn = _trails(cycles, found, folds, told)
    changing = [list(_changing(trail.cycles)) for trail in trails]
    left = sum(map(len, changing)) + sum(trail.ended == ENDLESS for trail in trails)
    whole, turns, unsought = max(left, 1), list[Turn](), 0
    for k, trail in enumerate(trails):
        places: list[tuple[int, Turn]] = []
        for change in changing[k]:
            told(1.0 - 0.5 * left / whole)
            if cycles.field.work.over:
                unsought += 1
                continue
            with cycles.field.work.share(1.0 / left, _LEAST):
                places += _turn(cycles, flow, k, trail.cycles, change)
            left -= 1
        if trail.ended == ENDLESS:
            with cycles.field.work.share(1.0 / max(left, 1), _LEAST):
                turns.append(_end(cycles, flow, k, trail.cycles, folds))
            left -= 1
        along = tuple(trail.cycles)
        places.sort(key=lambda each: (each[0], cycles.apart(along[each[0]], each[1].cycle)))
        for after, turn in reversed(places):
            trail.cycles.insert(after + 1, turn.cycle)
        turns += [turn for _, turn in places]
    in_order = sorted(turns, key=lambda turn: turn.p)
    return Orbits(trails, in_order, tuple(unfollowed), tuple(unborn), unsought)


def _trails(
    cycles: Cycles, found: Diagram, folds: Floats, told: Callable[[float], None]
) -> tuple[list[Trail], list[float], list[float]]:
    """The curves of cycles from Hopf points, and where what is varied is at those of which none was
    followed: no work was left, or none was found."""
    born = [each for each in found.special if each.kind == HOPF]
    trails: list[Trail] = []
    unfollowed: list[float] = []
    unborn: list[Special] = []
    for k, each in enumerate(born):
        if any(_ends_at(trail, each, found) for trail in trails):
            continue
        if cycles.field.work.over:
            unfollowed.append(each.point.p)
            continue
        with cycles.field.work.share(1.0 / (len(born) - k)):
            trail = followed(
                cycles, each, folds, lambda part, k=k: told(0.5 * (k + part) / len(born))
            )
        if trail is not None and len(trail.cycles) > 1:
            trails.append(trail)
        else:
            unborn.append(each)
    lost = [each.point.p for each in unborn if not any(_ends_at(t, each, found) for t in trails)]
    return trails, unfollowed, lost


def _ends_at(trail: Trail, hopf: Special, found: Diagram) -> bool:
    last = trail.cycles[-1]
    near = abs(last.p - hopf.point.p) < _SAME_HOPF * (found.high - found.low)
    away = np.abs(last.states - hopf.point.x).max(axis=(0, 1)) / found.field.scales
    return trail.ended == DIED and near and bool(away.max() < 5.0 * BORN)


def _changing(curve: list[Cycle]) -> Iterator[tuple[int, str]]:
    """After which cycles something changes its sign, and of what kind it is: where multipliers can
    be told from rounding, as the one that is always 1 shows."""
    for k, (last, following) in enumerate(pairwise(curve)):
        if not (last.told or following.told):
            continue
        for kind, value in _VALUES.items():
            if value(last) * value(following) < 0:
                yield k, kind


def _turn(
    cycles: Cycles, flow: Flow, number: int, curve: list[Cycle], change: tuple[int, str]
) -> list[tuple[int, Turn]]:
    """It, and after which cycle it comes; nothing if there is none."""
    after, kind = change
    at = cycles.between(curve[after], curve[after + 1], _VALUES[kind])
    if at is None or not _is_one(kind, at):
        return []
    wide = cycles.high - cycles.low
    again = turned_again(flow, cycles.field, at, wide, kind == DOUBLING)
    if not abs(again - at.p) < _WELL * wide:  # the mesh may be too coarse
        finer = cycles.sharpened(at, _VALUES[kind], exact=True)
        if finer is not None and _is_one(kind, finer):
            at = finer
            if not np.isfinite(again):
                again = turned_again(flow, cycles.field, at, wide, kind == DOUBLING)
    return [(after, Turn(kind, at.p, at, number, abs(again - at.p)))]


def _is_one(kind: str, at: Cycle) -> bool:
    """Whether the multipliers are those of such a point: two at 1, or one at -1. Where cycles come
    near to a homoclinic orbit p hardly moves, and the least rounding turns it."""
    if kind == DOUBLING:
        return bool(np.abs(at.multipliers + 1.0).min() < _CLOSE)
    return bool(np.sort(np.abs(at.multipliers - 1.0))[1] < _CLOSE)


def _end(cycles: Cycles, flow: Flow, number: int, curve: list[Cycle], folds: Floats) -> Turn:
    """Where a period grows without end."""
    last = curve[-1]
    on_cycle = fold_ahead(curve, folds)
    if on_cycle is not None:
        return Turn(ON_CYCLE, on_cycle[0], last, number, on_cycle[1])
    wide = cycles.high - cycles.low
    longer = list(_longer(cycles, curve))
    if not longer:
        return Turn(HOMOCLINIC, last.p, last, number, float("nan"))
    p = _limit([each.p for each in longer], wide)
    with cycles.field.work.share(_LOOP):
        again = closed_again(flow, cycles.field, longer[-1], wide)
    if not np.isfinite(again):
        places = [as_long_again(flow, cycles.field, each, wide) for each in longer]
        again = _limit(places, wide)
    return Turn(HOMOCLINIC, p, longer[-1], number, abs(again - p))


def _longer(cycles: Cycles, curve: list[Cycle]) -> Iterator[Cycle]:
    """The last of a curve, and those of some shorter periods before it, all known as well as can
    be."""
    last = curve[-1]
    for part in _PERIODS:
        near = min(curve[len(curve) // 2 :], key=lambda each: abs(each.period - part * last.period))
        made = cycles.of_period(near, part * last.period)
        if made is not None:
            yield made


def _limit(places: list[float], wide: float) -> float:
    """Where p ends, that comes nearer by the same part with each of equal steps of the period."""
    if len(places) < 3:
        return places[-1]
    before, last = np.diff(places)
    part = last / before if before else 0.0
    if not 0.0 < part < _SLOW or abs(last) < _ROUNDED * wide:
        return places[-1]
    return float(places[-1] + last * part / (1.0 - part))


def _along(at: Cycle) -> float:
    """How p changes along the curve."""
    return float(at.ahead[-1])


def _doubling(at: Cycle) -> float:
    """The product of all multipliers and 1, each by its size: 0 where one is -1."""
    values = at.multipliers[np.isfinite(at.multipliers)]
    return float(np.prod((values + 1.0) / (1.0 + np.abs(values))).real)


_VALUES = {FOLD: _along, DOUBLING: _doubling}  # what is 0 there
