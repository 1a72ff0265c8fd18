"""All equilibria of a membrane as one number is varied: curves, and the special points on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from loligo.lanes import Floats
from loligo.theory.continuation import LOST, MANY, Curve, Point
from loligo.theory.field import Field, lyapunov
from loligo.theory.starts import Starts

FOLD, HOPF = "fold", "Hopf"
_STARTS = 17  # values of p at which equilibria are looked for that no curve has met
_SAME = 1e-6  # of scaled states: nearer ones are one equilibrium
_TURNS, _SMALLEST = 1e-9, 1e-290  # beside the fastest eigenvalue: a slower turn; told products
_LIFT = 8.0  # roughly what a sum of two eigenvalues falls short of the fastest
_OUTSIDE = 1e-9  # of the range: so near to its ends a point belongs to it


@dataclass(frozen=True)
class Special:
    """A point at which the equilibria change.

    Attributes
    ----------
    kind
        ``"fold"`` or ``"Hopf"``.
    curve
        On which of the curves.
    frequency
        Of the cycles that are born at a Hopf point, kHz; else NaN.
    lyapunov
        There the first Lyapunov coefficient, in the states' scales.
    """

    kind: str
    point: Point
    curve: int
    frequency: float = float("nan")
    lyapunov: float = float("nan")


@dataclass(frozen=True)
class Diagram:
    """Equilibria between two values of what is varied.

    Attributes
    ----------
    curves
        Each in its order, the special points among them.
    special
        By what is varied.
    cut
        Ends of curves that are none: beyond them no further point was found, or there were too
        many.
    unsought
        What is varied where further curves may be, for which no work was left.
    """

    field: Field
    low: float
    high: float
    curves: list[list[Point]]
    special: list[Special]
    cut: tuple[Point, ...] = ()
    unsought: tuple[float, ...] = ()


def diagram(
    of: Starts, low: float, high: float, advance: Callable[[float], None] | None = None
) -> Diagram:
    """All of them that are met from equilibria at some values of p."""
    curve = Curve(of.of, low, high)
    curves: list[list[Point]] = []
    cut: list[Point] = []
    unsought: tuple[float, ...] = ()
    starts = list(of.at(np.linspace(low, high, _STARTS)))
    for k, (x, p) in enumerate(starts):
        if advance is not None:
            advance(k / len(starts))
        if of.of.work.over and curves:
            unsought = tuple(sorted({at for _, at in starts[k:]}))
            break
        at = curve.nearest(x, p)  # where a state jumps with V held, there may be none
        if at is not None and not any(_passes(curve, each, at, p) for each in curves):
            points, ends = _both_ways(curve, at, p)
            curves.append(points)
            cut += ends
    curves = [each for each in curves if len(each) > 1]
    found: list[Special] = []
    for k, points in enumerate(curves):
        places = list(_special(curve, k, points))
        for after, special in reversed(places):
            points.insert(after + 1, special.point)
        found += [special for _, special in places]
    in_order = sorted(found, key=lambda s: s.point.p)
    return Diagram(of.of, low, high, curves, in_order, tuple(cut), unsought)


def _both_ways(curve: Curve, x: Floats, p: float) -> tuple[list[Point], list[Point]]:
    """The curve through a point, from one end to the other, and those of its ends that are none."""
    inside = curve.low < p < curve.high
    on, why = curve.from_equilibrium(x, p, -1.0 if p == curve.high else 1.0)
    cut = on[-1:] if why in (LOST, MANY) else []
    if not inside or not on:
        return on, cut
    back, why = curve.from_equilibrium(x, p, -1.0)
    return [*back[:0:-1], *on], [*cut, *(back[-1:] if why in (LOST, MANY) else [])]


def _passes(curve: Curve, points: list[Point], x: Floats, p: float) -> bool:
    """Whether a curve has been where an equilibrium is."""
    scales = curve.field.scales
    for last, following in pairwise(points):
        low, high = sorted((last.p, following.p))
        if not low <= p <= high:
            continue
        part = (p - last.p) / (following.p - last.p) if high > low else 0.5
        between = last.x + part * (following.x - last.x)
        at = curve.nearest(between, p)
        if at is not None and (np.abs(at - x) / scales <= _SAME).all():
            return True
    return False


def _special(curve: Curve, number: int, points: list[Point]) -> Iterator[tuple[int, Special]]:
    """Each, and after which point it comes."""
    room = _OUTSIDE * (curve.high - curve.low)
    for k, (last, following) in enumerate(pairwise(points)):
        between = _between(curve, number, last, following)
        for special in sorted(between, key=lambda each: curve.apart(last, each.point)):
            if curve.low - room <= special.point.p <= curve.high + room:
                yield k, special


def _between(
    curve: Curve, number: int, last: Point, following: Point, halvings: int = 8
) -> list[Special]:
    """Those between two points; where they are more than two changes of sign tell, the stretch is
    halved."""
    found: list[Special] = []
    if last.tangent[-1] * following.tangent[-1] < 0:
        at = curve.between(last, following, _along)
        if at is not None:
            found.append(Special(FOLD, at, number))
    if (pairs(last) < 0) != (pairs(following) < 0):
        at = curve.between(last, following, pairs)
        turns = None if at is None else _turning(at)
        if at is not None and turns is not None:
            size = lyapunov(curve.field, at.x, at.p, at.matrix, turns)
            found.append(Special(HOPF, at, number, turns / (2.0 * np.pi), size))
    told = sum(2 if each.kind == HOPF else 1 for each in found)
    change = abs(_growing(following) - _growing(last))
    if halvings and (change > told or (change - told) % 2):
        middle = curve.halfway(last, following)
        if middle is not None:
            return [*_between(curve, number, last, middle, halvings - 1),
                    *_between(curve, number, middle, following, halvings - 1)]  # fmt: skip
    return found


def _growing(at: Point) -> int:
    """How many of the eigenvalues grow."""
    return int((at.eigenvalues.real > 0.0).sum())


def _along(at: Point) -> float:
    """How p changes along the curve."""
    return float(at.tangent[-1])


def pairs(at: Point) -> float:
    """The product of the sums of all pairs of eigenvalues, each beside the fastest: 0 where a pair
    is on the imaginary axis, or two real ones are opposite. (Of two dozen states it is too small to
    be told: then each is beside its own two.)"""
    values = _LIFT * at.eigenvalues / np.abs(at.eigenvalues).max()
    product = float(np.prod([a + b for a, b in combinations(values, 2)]).real)
    if _SMALLEST < abs(product) < 1.0 / _SMALLEST:
        return product
    beside = [(a + b) / (abs(a) + abs(b)) for a, b in combinations(values, 2) if a or b]
    return float(np.prod(beside).real)


def _turning(at: Point) -> float | None:
    """The angular frequency of the pair on the imaginary axis, per ms; None where the pair that
    sums to 0 is real (a neutral saddle)."""
    values = at.eigenvalues
    sums = {(i, j): abs(values[i] + values[j]) for i, j in combinations(range(values.size), 2)}
    i, _ = min(sums, key=lambda pair: sums[pair])
    turns = abs(float(values[i].imag))
    return turns if turns > _TURNS * np.abs(values).max() else None


def told_apart(special: Iterable[Special], kind: str) -> list[Special]:
    """Those of a kind."""
    return [each for each in special if each.kind == kind]
