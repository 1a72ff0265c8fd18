"""The cycles that are born at the Hopf points of a diagram, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from loligo.theory import diagram
from loligo.theory.cycles import Cycle, Cycles
from loligo.theory.diagram import HOPF, Diagram, Special

FOLD, DOUBLING = "fold of cycles", "period doubling"
HOMOCLINIC, ON_CYCLE = "homoclinic", "saddle-node on a cycle"
_COARSE, _FINE, _FINER = 40, 72, 96  # intervals of meshes
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
    curves
        Each in its order, from the Hopf point on.
    turns
        By what is varied.
    """

    curves: list[list[Cycle]]
    turns: list[Turn]


def orbits(found: Diagram, advance: Callable[[float], None] | None = None) -> Orbits:
    """Of all Hopf points of a diagram."""
    cycles = Cycles(found.field, found.low, found.high, _COARSE)
    born = [each for each in found.special if each.kind == HOPF]
    curves: list[list[Cycle]] = []
    for k, each in enumerate(born):
        if advance is not None:
            advance(k / len(born))
        if any(_ends_at(curve, each, found) for curve in curves):
            continue
        omega = 2.0 * np.pi * each.frequency
        at = each.point
        curve = cycles.from_hopf(at.x, at.p, at.matrix, omega)
        if len(curve) > 1:
            curves.append(curve)
    turns = [turn for k, curve in enumerate(curves) for turn in _turns(cycles, k, curve)]
    for k, curve in enumerate(curves):
        if cycles.endless(curve):
            turns.append(_end(k, curve, found))
    return Orbits(curves, sorted(turns, key=lambda turn: turn.p))


def _ends_at(curve: list[Cycle], hopf: Special, found: Diagram) -> bool:
    last = curve[-1]
    low, high = last.extremes()
    near = abs(last.p - hopf.point.p) < _SAME_HOPF * (found.high - found.low)
    return near and low - 1.0 < hopf.point.x[0] < high + 1.0 and high - low < 5.0


def _turns(cycles: Cycles, number: int, curve: list[Cycle]) -> Iterator[Turn]:
    for last, following in pairwise(curve):
        for kind, value in ((FOLD, _along), (DOUBLING, _doubling)):
            if value(last) * value(following) < 0:
                fine = cycles.between(last, following, value, _FINE)
                if fine is not None:
                    finer = cycles.between(last, following, value, _FINER)
                    off = float("nan") if finer is None else abs(finer.p - fine.p)
                    best = fine if finer is None else finer
                    yield Turn(kind, best.p, best, number, off)


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
