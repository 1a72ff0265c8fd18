"""Curves of equilibria followed through their folds: pseudo-arclength continuation (Keller 1977;
Allgower & Georg 2003, *Introduction to Numerical Continuation Methods*,
doi:10.1137/1.9780898719154).

On a curve f(x, p) = 0 the next point is looked for on a plane across the tangent, a step ahead, by
Newton's method with the exact derivatives. States are measured by their scales, p by its range.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loligo.lanes import Floats
from loligo.theory.field import Field

Complex = NDArray[np.complex128]

_FIRST, _LONGEST, _SHORTEST = 0.004, 0.03, 1e-7  # of a step along the curve
_TURNS = 0.12  # rad that the curve may turn by in a step
_NEWTON = 8  # times at most
_EXACT = 1e-13  # of the last of Newton's steps
_ENOUGH = 1e-10  # where the rounding of stiff rates leaves no more
_MOST = 1000  # points
_SHORT, _PATIENCE = 1e-4, 50  # steps so short, one after the other, lead nowhere
_NEUTRAL = 1e-11  # beside the fastest eigenvalue
FARTHEST = 3.0  # of V, in its scale, from 0

# why a curve ends: p leaves its range, V what is looked at; it comes back to where it began; no
# further point is found; it has too many
RANGE, FAR, CLOSED, LOST, MANY = "range", "far", "closed", "lost", "many"


@dataclass(frozen=True)
class Point:
    """On a curve.

    Attributes
    ----------
    x, p
        States and the number that is varied.
    tangent
        Along the curve, in scaled units, p last.
    matrix
        df/dx.
    eigenvalues
        Of it, per ms.
    """

    x: Floats
    p: float
    tangent: Floats
    matrix: Floats
    eigenvalues: Complex

    @property
    def stable(self) -> bool:
        """Whether what is near comes nearer; not at a special point, where rounding would say."""
        return bool(self.eigenvalues.real.max() < -_NEUTRAL * np.abs(self.eigenvalues).max())


class Curve:
    """The equilibria of a field, between two values of what is varied.

    Parameters
    ----------
    low, high
        Of p.
    """

    def __init__(self, of: Field, low: float, high: float) -> None:
        self.field, self.low, self.high = of, low, high
        self.scale = np.append(of.scales, high - low)

    def _scaled(self, x: Floats, p: float) -> Floats:
        return np.append(x, p - self.low) / self.scale

    def _plain(self, u: Floats) -> tuple[Floats, float]:
        whole = u * self.scale
        return whole[:-1], float(whole[-1] + self.low)

    def _linear(self, u: Floats) -> tuple[Floats, Floats, Floats]:
        """The rates and their slopes, (states, states + 1), both scaled; df/dx, plain."""
        x, p = self._plain(u)
        rates, matrix, column = self.field.linear(x[None], np.array([p]))
        whole = np.column_stack([matrix[0], column[0]])
        scales = self.field.scales
        return rates[0] / scales, whole * self.scale / scales[:, None], matrix[0]

    def corrected(self, u: Floats, across: Floats, ahead: float) -> tuple[Floats, int] | None:
        """The point of the curve on the plane across a direction, so far ahead, and how many steps
        it took; None where Newton's method finds none."""
        for step in range(_NEWTON):
            rates, slopes, _ = self._linear(u)
            right = np.append(rates, across @ u - ahead)
            matrix = np.vstack([slopes, across])
            try:
                change = np.linalg.solve(matrix, right)
            except np.linalg.LinAlgError:
                return None
            if not np.isfinite(change).all():
                return None
            u = u - change
            if np.abs(change).max() < _EXACT:
                return u, step + 1
        return (u, _NEWTON) if np.abs(change).max() < _ENOUGH else None

    def point(self, u: Floats, near: Floats) -> Point:
        """All that is told of a point; its tangent points the way that another does."""
        x, p = self._plain(u)
        _, slopes, matrix = self._linear(u)
        own = np.linalg.svd(slopes)[2][-1]
        tangent = own if own @ near > 0 else -own
        return Point(x, p, tangent, matrix, np.linalg.eigvals(matrix).astype(complex))

    def apart(self, one: Point, other: Point) -> float:
        """How far two points are apart, in straight line."""
        away = np.append(one.x - other.x, one.p - other.p)
        return float(np.linalg.norm(away / self.scale))

    def nearest(self, x: Floats, p: float) -> Floats | None:
        """The equilibrium near some states; None where there is none."""
        u = self._scaled(x, p)
        across = np.zeros(self.scale.size)
        across[-1] = 1.0
        found = self.corrected(u, across, float(u[-1]))
        return None if found is None else self._plain(found[0])[0]

    def from_equilibrium(self, x: Floats, p: float, way: float) -> tuple[list[Point], str]:
        """The curve from a point on it as far as it goes, at first with p rising (way 1) or
        falling (-1), and why it ends there."""
        start = np.zeros(self.scale.size)
        start[-1] = way
        u = self._scaled(x, p)
        found = self.corrected(u, start, u[-1] * way)
        if found is None:
            return [], LOST
        points = [self.point(found[0], start)]
        step, short = _FIRST, 0
        while len(points) < _MOST:
            last = points[-1]
            made = self._next(last, step)
            if made is None:
                return points, LOST
            following, step = made
            short = short + 1 if step < _SHORT else 0
            ended = self._ended(last, following)
            points.append(following if ended is None else ended)
            why = {RANGE: ended is not None, LOST: short > _PATIENCE, FAR: self._far(following),
                   CLOSED: self._round(points)}  # fmt: skip
            if any(why.values()):
                return points, next(each for each, so in why.items() if so)
        return points, MANY

    def _next(self, last: Point, step: float) -> tuple[Point, float] | None:
        """The next point, and how far to go from there; None where the curve is lost."""
        while step >= _SHORTEST:
            found = self.ahead(last, step)
            if found is not None:
                following, steps = found
                turned = np.arccos(np.clip(last.tangent @ following.tangent, -1.0, 1.0))
                if turned <= _TURNS:
                    easy = steps <= 4 and turned <= _TURNS / 2
                    return following, min(_LONGEST, 1.4 * step) if easy else step
            step /= 2.0
        return None

    def ahead(self, last: Point, step: float) -> tuple[Point, int] | None:
        """The point of the curve a step from another, and the steps of Newton's method."""
        begun = self._scaled(last.x, last.p)
        u = begun + step * last.tangent
        found = self.corrected(u, last.tangent, float(last.tangent @ u))
        if found is None:
            return None
        return self.point(found[0], last.tangent), found[1]

    def halfway(self, last: Point, following: Point) -> Point | None:
        """A point of the curve between two."""
        begun, ended = (self._scaled(each.x, each.p) for each in (last, following))
        found = self.ahead(last, 0.5 * float(last.tangent @ (ended - begun)))
        return None if found is None else found[0]

    def _ended(self, last: Point, following: Point) -> Point | None:
        """Where p leaves its range, exactly at the end of it."""
        if self.low <= following.p <= self.high:
            return None
        end = self.low if following.p < self.low else self.high
        part = (end - last.p) / (following.p - last.p)
        u = self._scaled(last.x + part * (following.x - last.x), end)
        across = np.zeros(self.scale.size)
        across[-1] = 1.0
        found = self.corrected(u, across, float(u[-1]))
        return last if found is None else self.point(found[0], following.tangent)

    def _far(self, at: Point) -> bool:
        return bool(abs(at.x[0] / self.field.scales[0]) > FARTHEST)

    def _round(self, points: list[Point]) -> bool:
        """Whether a closed curve has come back to where it began."""
        if len(points) < 10:
            return False
        first, last = (self._scaled(each.x, each.p) for each in (points[0], points[-1]))
        near = np.linalg.norm(last - first) < _LONGEST
        return bool(near and points[0].tangent @ points[-1].tangent > 0.9)

    def between(
        self, last: Point, following: Point, value: Callable[[Point], float]
    ) -> Point | None:
        """Where something changes its sign between two points of the curve, by Brent's method on
        the steps from the first."""
        from scipy.optimize import brentq

        begun, ended = (self._scaled(each.x, each.p) for each in (last, following))
        whole = float(last.tangent @ (ended - begun))

        def at(step: float) -> float:
            if step == 0.0:
                return value(last)
            found = self.ahead(last, step)
            return float("nan") if found is None else value(found[0])

        try:
            step: Any = brentq(at, 0.0, whole, xtol=1e-15, rtol=np.float64(1e-14), maxiter=60)
        except (ValueError, RuntimeError):
            return None
        found = self.ahead(last, float(step))
        return None if found is None else found[0]
