"""All equilibria of a membrane as one number is varied: curves, and the special points on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from loligo.lanes import Floats
from loligo.run.equilibria import equilibria
from loligo.run.equilibrium import swept
from loligo.system.outline import STIMULUS
from loligo.theory.continuation import Curve, Point
from loligo.theory.field import Field, lyapunov

FOLD, HOPF = "fold", "Hopf"
_COARSE = np.arange(-300.0, 301.0, 1.0)  # mV that are held
_FINE = np.linspace(-5.0, 5.0, 201)  # where models without units live
_STARTS = 17  # values of p at which equilibria are looked for that no curve has met
_SHARE = 0.75  # of all that a call may do: then no further curve is begun
_SAME = 1e-6  # of scaled states: nearer ones are one equilibrium
_TURNS = 1e-9  # beside the fastest eigenvalue: a slower turn is none


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
    whole
        Whether all was looked at: no work was left else for curves that may be there besides.
    """

    field: Field
    low: float
    high: float
    curves: list[list[Point]]
    special: list[Special]
    whole: bool = True


def diagram(
    of: Field, low: float, high: float, advance: Callable[[float], None] | None = None
) -> Diagram:
    """All of them that are met from equilibria at some values of p."""
    curve = Curve(of, low, high)
    curves: list[list[Point]] = []
    whole = True
    starts = list(_starts(of, np.linspace(low, high, _STARTS)))
    for k, (x, p) in enumerate(starts):
        if advance is not None:
            advance(k / len(starts))
        if of.work.share_over(_SHARE) and curves:
            whole = False
            break
        at = curve.nearest(x, p)  # where a state jumps with V held, there may be none
        if at is not None and not any(_passes(curve, each, at, p) for each in curves):
            curves.append(_both_ways(curve, at, p))
    curves = [each for each in curves if len(each) > 1]
    found: list[Special] = []
    for k, points in enumerate(curves):
        places = list(_special(curve, k, points))
        for after, special in reversed(places):
            points.insert(after + 1, special.point)
        found += [special for _, special in places]
    return Diagram(of, low, high, curves, sorted(found, key=lambda s: s.point.p), whole)


def _starts(of: Field, values: Floats) -> Iterator[tuple[Floats, float]]:
    """Equilibria at some values of p, or near them: of the ends first."""
    found = _under_currents(of, values) if of.varied == STIMULUS else _anywhere(of, values)
    for lane in (0, values.size - 1, *range(1, values.size - 1)):
        for states in found[lane]:
            yield states, float(values[lane])


def _anywhere(of: Field, values: Floats) -> list[list[Floats]]:
    """At each value, those that a search finds."""
    numbers = {name: np.full(values.size, row[0]) for name, row in of.patch.numbers.items()}
    numbers[of.varied] = values
    found = equilibria(of.patch.kernel, numbers, np.zeros(values.size))
    return [list(found.states[:, found.lane == lane].T) for lane in range(values.size)]


def _under_currents(of: Field, values: Floats) -> list[list[Floats]]:
    """At each current, those near which it is the one that V held would take."""
    V = np.concatenate([_COARSE[np.abs(_COARSE) > _FINE.max()], _FINE])
    V.sort()
    numbers = {name: np.full(V.size, row[0]) for name, row in of.patch.numbers.items()}
    states = swept(of.patch.kernel, {**numbers, STIMULUS: np.zeros(V.size)}, V).T
    rates, _, column = of.linear(states, np.zeros(V.size))
    with np.errstate(all="ignore"):
        current = -rates[:, 0] / column[:, 0]
    found: list[list[Floats]] = []
    for value in values:
        over = current - value
        # where nothing flows at any V there is nothing between two of them to choose from
        places = np.flatnonzero((over[:-1] * over[1:] < 0) | ((over[:-1] == 0) & (over[1:] != 0)))
        part = over[places] / (over[places] - over[places + 1])
        found.append([states[k] + q * (states[k + 1] - states[k])
                      for k, q in zip(places, part, strict=True)])  # fmt: skip
    return found


def _both_ways(curve: Curve, x: Floats, p: float) -> list[Point]:
    """The curve through a point, from one end to the other."""
    inside = curve.low < p < curve.high
    on = curve.from_equilibrium(x, p, -1.0 if p == curve.high else 1.0)
    if not inside or not on:
        return on
    back = curve.from_equilibrium(x, p, -1.0)
    return [*back[:0:-1], *on]


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
    for k, (last, following) in enumerate(pairwise(points)):
        between: list[Special] = []
        if last.tangent[-1] * following.tangent[-1] < 0:
            at = curve.between(last, following, _along)
            if at is not None:
                between.append(Special(FOLD, at, number))
        if pairs(last) * pairs(following) < 0:
            at = curve.between(last, following, pairs)
            turns = None if at is None else _turning(at)
            if at is not None and turns is not None:
                size = lyapunov(curve.field, at.x, at.p, at.matrix, turns)
                between.append(Special(HOPF, at, number, turns / (2.0 * np.pi), size))
        for special in sorted(between, key=lambda each: curve.apart(last, each.point)):
            yield k, special


def _along(at: Point) -> float:
    """How p changes along the curve."""
    return float(at.tangent[-1])


def pairs(at: Point) -> float:
    """The product of the sums of all pairs of eigenvalues, each beside the fastest: 0 where a pair
    is on the imaginary axis, or two real ones are opposite."""
    values = at.eigenvalues / np.abs(at.eigenvalues).max()
    return float(np.prod([a + b for a, b in combinations(values, 2)]).real)


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
