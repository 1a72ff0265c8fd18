"""The cycles that are born at the Hopf points of a diagram, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from loligo.theory import diagram
from loligo.theory.cycles import BORN, Cycle, Cycles
from loligo.theory.diagram import HOPF, Diagram, Special
from loligo.theory.flow import Flow
from loligo.theory.shooting import turned_again
from loligo.theory.trail import DIED, ENDLESS, Trail, followed

FOLD, DOUBLING = "fold of cycles", "period doubling"
HOMOCLINIC, ON_CYCLE = "homoclinic", "saddle-node on a cycle"
_CLOSE = 0.05  # to a multiplier
_SAME_HOPF = 1e-3  # of the range: a curve that ends there ends at that Hopf point


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
        How far off it is on another mesh, or as the periods say; NaN where that is not known.
    """

    kind: str
    p: float
    cycle: Cycle
    curve: int
    precision: float


@dataclass(frozen=True)
class Orbits:
    """Curves of cycles.

    Attributes
    ----------
    trails
        Each in its order, from the Hopf point on.
    turns
        By what is varied.
    """

    trails: list[Trail]
    turns: list[Turn]


def orbits(found: Diagram, flow: Flow, advance: Callable[[float], None] | None = None) -> Orbits:
    """Of all Hopf points of a diagram.

    Parameters
    ----------
    flow
        By which their changes are found a second time.
    """
    cycles = Cycles(found.field, found.low, found.high)
    born = [each for each in found.special if each.kind == HOPF]
    trails: list[Trail] = []
    for k, each in enumerate(born):
        if any(_ends_at(trail, each, found) for trail in trails):
            continue

        def part(done: float, k: int = k) -> None:
            if advance is not None:
                advance((k + done) / len(born))

        trail = followed(cycles, each, part)
        if trail is not None and len(trail.cycles) > 1:
            trails.append(trail)
    turns = [turn for k, trail in enumerate(trails)
             for turn in _turns(cycles, flow, k, trail.cycles)]  # fmt: skip
    turns += [_end(k, each.cycles, found) for k, each in enumerate(trails) if each.ended == ENDLESS]
    return Orbits(trails, sorted(turns, key=lambda turn: turn.p))


def _ends_at(trail: Trail, hopf: Special, found: Diagram) -> bool:
    last = trail.cycles[-1]
    near = abs(last.p - hopf.point.p) < _SAME_HOPF * (found.high - found.low)
    away = np.abs(last.states - hopf.point.x).max(axis=(0, 1)) / found.field.scales
    return trail.ended == DIED and near and bool(away.max() < 5.0 * BORN)


def _turns(cycles: Cycles, flow: Flow, number: int, curve: list[Cycle]) -> Iterator[Turn]:
    for last, following in pairwise(curve):
        for kind, value in ((FOLD, _along), (DOUBLING, _doubling)):
            if value(last) * value(following) < 0:
                at = cycles.between(last, following, value)
                if at is not None and _is_one(kind, at):
                    wide = cycles.high - cycles.low
                    again = turned_again(flow, cycles.field, at, wide, kind == DOUBLING)
                    yield Turn(kind, at.p, at, number, abs(again - at.p))


def _is_one(kind: str, at: Cycle) -> bool:
    """Whether the multipliers are those of such a point: two at 1, or one at -1. Where cycles come
    near to a homoclinic orbit p hardly moves, and the least rounding turns it."""
    if kind == DOUBLING:
        return bool(np.abs(at.multipliers + 1.0).min() < _CLOSE)
    return bool(np.sort(np.abs(at.multipliers - 1.0))[1] < _CLOSE)


def _end(number: int, curve: list[Cycle], found: Diagram) -> Turn:
    """Where a period grows without end. Near a fold of equilibria that lies on the cycle it does so
    as 1/sqrt(p - p0): if so, p0 is the fold's; else the cycle ends at a saddle."""
    last, before = curve[-1], curve[-2]
    one, other = last.period**-2.0, before.period**-2.0
    p0 = last.p - one * (last.p - before.p) / (one - other)
    for fold in (each for each in found.special if each.kind == diagram.FOLD):
        gap = abs(last.p - fold.point.p)
        if abs(p0 - fold.point.p) < 0.2 * gap and gap < 0.1 * (found.high - found.low):
            return Turn(ON_CYCLE, fold.point.p, last, number, abs(p0 - fold.point.p))
    return Turn(HOMOCLINIC, last.p, last, number, abs(last.p - before.p))


def _along(at: Cycle) -> float:
    """How p changes along the curve."""
    return float(at.ahead[-1])


def _doubling(at: Cycle) -> float:
    """The product of all multipliers and 1, each by its size: 0 where one is -1."""
    values = at.multipliers
    return float(np.prod((values + 1.0) / (1.0 + np.abs(values))).real)
