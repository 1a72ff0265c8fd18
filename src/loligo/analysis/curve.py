"""Polynomials through neighbouring samples: V between the samples, and its slopes.

Between two samples the curve is the polynomial through them and a few neighbours, chosen
one by one on the smoother side (Harten, Engquist, Osher & Chakravarthy 1987, "Uniformly
high order accurate essentially non-oscillatory schemes III", *J. Comput. Phys.* 71:231).
So it never reaches across a corner of V, where a pulse begins or ends, and a slope next
to a corner is that of its own side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

Array = np.ndarray

DEGREE = 5

# Prefer the centred neighbour unless the other side is this much smoother: on a smooth
# curve centred polynomials are the accurate ones, and across a corner the difference is
# far larger than this.
PREFERENCE = 0.25

_EVEN = 1e-9  # of an interval, by which even samples may lie beside their places
STEPS = 8  # of Newton's method, whose last
CLOSE = 1e-10  # is this short, of an interval: the next would be within rounding
HALVINGS = 60


@dataclass(frozen=True, eq=False)
class Trace:
    """Samples of V, one row for each cell.

    Parameters
    ----------
    time : ndarray, shape (samples,)
        ms, increasing.
    values : ndarray, shape (cells, samples)
        mV.
    """

    time: Array
    values: Array

    @cached_property
    def interval(self) -> float | None:
        """Between all neighbouring samples, ms; None where it differs."""
        step = float(self.time[-1] - self.time[0]) / (self.time.size - 1)
        return step if np.abs(np.diff(self.time) - step).max() <= _EVEN * step else None

    def pieces(
        self, rows: Array, at: Array, degree: int = DEGREE, span: tuple[Array, Array] | None = None
    ) -> Pieces:
        """The curve of cells ``rows`` between the samples ``at`` and ``at + 1``, made from the
        samples of ``span`` alone: for each interval the first and the last one."""
        last = self.time.size - 1
        degree = min(degree, last)
        columns = at + np.arange(-degree + 1, degree + 1)[:, None]
        first, final = (0, last) if span is None else span
        outside = (columns < first) | (columns > final)
        columns = np.clip(columns, 0, last)
        values = self.values.ravel().take(rows * self.time.size + columns)
        values[outside] = np.nan
        return _newton(self.time.take(columns), values, degree)


@dataclass(frozen=True, eq=False)
class Pieces:
    """Polynomials, one for each of many intervals.

    Parameters
    ----------
    left, right : ndarray, shape (n,)
        The ends of the intervals, ms.
    coefficients : ndarray, shape (degree + 1, n)
        Of the powers of the time since ``left``, counted in intervals.
    """

    left: Array
    right: Array
    coefficients: Array

    def chosen(self, which: Array) -> Pieces:
        """Some of them, any of them several times."""
        taken = (each.take(which, -1) for each in (self.left, self.right, self.coefficients))
        return Pieces(*taken)

    def value(self, t: Array) -> Array:
        """The curve at the times ``t``, shape (n,) or (any, n)."""
        return self._at(0, t)

    def slope(self, t: Array) -> Array:
        """Its slope, mV/ms."""
        return self._at(1, t)

    def curvature(self, t: Array) -> Array:
        """Its second derivative, mV/ms²."""
        return self._at(2, t)

    def passing(
        self, order: int, level: Array | float = 0.0, ends: tuple[Array, Array] | None = None
    ) -> Array:
        """When the curve (``order`` 0), its slope (1) or its curvature (2) passes ``level``, ms.

        Looked for between ``ends`` (those of the intervals). Where there is nothing to be found,
        the end at which it is nearer to that.
        """
        low, high = (self.left, self.right) if ends is None else ends
        wide = self.right - self.left
        polynomial = self._derived[order]
        constant = polynomial[0] - level * wide**order
        parts = (low - self.left) / wide, (high - self.left) / wide
        at_low, at_high = (_horner(polynomial, part, constant) for part in parts)
        time = np.where((at_low >= 0) == (at_high >= at_low), low, high)
        found = np.flatnonzero((at_low >= 0) != (at_high >= 0))
        if found.size == time.size:  # mostly, and then there is nothing to choose
            between, given = polynomial.copy(), (*parts, at_low, at_high)
            between[0] = constant
        else:
            between, given = (
                polynomial[:, found],
                tuple(each[found] for each in (*parts, at_low, at_high)),
            )
            between[0] = constant[found]
        part = _zero(between, *given)
        time[found] = np.clip(self.left[found] + part * wide[found], low[found], high[found])
        return time

    def _at(self, order: int, t: Array) -> Array:
        wide = self.right - self.left
        return _horner(self._derived[order], (t - self.left) / wide) / wide**order

    @cached_property
    def _derived(self) -> tuple[Array, Array, Array]:
        """The polynomials, their first and their second derivatives."""
        first = _derivative(self.coefficients)
        return self.coefficients, first, _derivative(first)


def _derivative(coefficients: Array) -> Array:
    """The coefficients of the derivatives of polynomials."""
    if len(coefficients) < 2:
        return 0 * coefficients
    return coefficients[1:] * np.arange(1.0, len(coefficients))[:, None]


def _horner(coefficients: Array, part: Array, constant: Array | None = None) -> Array:
    """Polynomials at ``part``, with another ``constant`` term if one is given."""
    first = coefficients[0] if constant is None else constant
    if len(coefficients) < 2:
        return first + np.zeros(part.shape)
    result = part * coefficients[-1]
    for each in coefficients[-2:0:-1]:
        result += each
        result *= part
    result += first
    return result


def _zero(polynomial: Array, low: Array, high: Array, at_low: Array, at_high: Array) -> Array:
    """Where polynomials whose signs at ``low`` and ``high`` differ are zero.

    By Newton's method from the chord; what that does not find is looked for by :func:`root`.
    """
    slope = _derivative(polynomial)
    part = low + (high - low) * (at_low / (at_low - at_high))
    found = np.zeros(part.shape, dtype=bool)
    for _ in range(STEPS):
        with np.errstate(all="ignore"):
            step = _horner(polynomial, part) / _horner(slope, part)
        there = part - step
        inside = (there >= low) & (there <= high)
        # each stops by itself: it must not matter which others are looked for
        np.copyto(part, there, where=inside & ~found)
        found |= inside & (np.abs(step) <= CLOSE)
        if found.all():
            return part
    left = np.flatnonzero(~found)
    polynomial = polynomial[:, left]
    part[left] = root(lambda at: _horner(polynomial, at), low[left], high[left])
    return part


def _newton(time: Array, values: Array, degree: int) -> Pieces:
    """Choose the nodes one by one on the smoother side, and divide differences."""
    n = values.shape[1]
    left, right = time[degree - 1], time[degree]
    places = (time - left) / (right - left)
    differences = [values]
    for j in range(1, degree + 1):
        with np.errstate(divide="ignore", invalid="ignore"):
            differences.append(np.diff(differences[-1], axis=0) / (places[j:] - places[:-j]))
    every, first = np.arange(n), np.full(n, degree - 1)
    nodes, divided = (
        [places[degree - 1], places[degree]],
        [values[degree - 1], differences[1][degree - 1]],
    )
    whole = bool(np.isfinite(values).all())
    for j in range(2, degree + 1):
        below = _size(differences[j], first - 1, whole)
        above = _size(differences[j], first, whole)
        centred_below = j % 2 == 0
        go_below = np.where(centred_below, below * PREFERENCE <= above, below < above * PREFERENCE)
        first = first - go_below
        there = differences[j].ravel().take(first * n + every)
        if not whole:
            there = np.where(np.isinf(below) & np.isinf(above), 0.0, there)
        divided.append(there)  # of a lower degree, where there are no more samples
        nodes.append(places[np.where(go_below, first, first + j), every])
    return Pieces(left, right, _powers(divided, nodes))


def _powers(divided: list[Array], nodes: list[Array]) -> Array:
    """The coefficients of the powers, of polynomials in Newton's form."""
    found = np.zeros((len(divided), divided[0].size))
    found[0] = divided[-1]
    for j in range(1, len(divided)):  # times (t - node), plus the coefficient before
        k = len(divided) - 1 - j
        found[1 : j + 1] = found[:j] - nodes[k] * found[1 : j + 1]
        found[0] = divided[k] - nodes[k] * found[0]
    return found


def _size(differences: Array, row: Array, whole: bool) -> Array:
    """How rough the curve is with these nodes; endlessly, where there are no samples. ``whole``:
    there are samples everywhere."""
    rows, n = differences.shape
    if whole:
        return np.abs(differences.ravel().take(row * n + np.arange(n)))
    size = np.abs(differences.ravel().take(np.clip(row, 0, rows - 1) * n + np.arange(n)))
    return np.where(np.isnan(size) | (row < 0) | (row >= rows), np.inf, size)


def root(function: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Where ``function`` changes sign between ``low`` and ``high``, for many at once.

    Ridders' method: the ends close in on a root whatever the function does between them, by half
    each time at least, and much faster where it is smooth (Ridders 1979, "A new algorithm for
    computing a single root of a real continuous function", *IEEE Trans. Circuits Syst.* 26:979).
    Where the signs at the ends are equal the answer is the end at which it is nearer to changing.
    """
    at_low, at_high = function(low), function(high)
    going = (at_low >= 0) != (at_high >= 0)
    best = np.where((at_low >= 0) == (at_high >= at_low), low, high)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        there = function(middle)
        with np.errstate(all="ignore"):
            part = np.sign(at_low - at_high) * there / np.sqrt(there * there - at_low * at_high)
        guess = middle + (middle - low) * np.where(np.isfinite(part), part, 0.0)
        guess = np.clip(guess, low, high)
        value = function(guess)
        moved = np.abs(guess - best)
        best = np.where(going, guess, best)
        # each stops by itself: it must not matter which others are looked for
        going &= (moved > 4 * np.spacing(np.abs(guess))) & (value != 0)
        if not going.any():
            break
        low, at_low, high, at_high = _closer(low, at_low, high, at_high, middle, there)
        low, at_low, high, at_high = _closer(low, at_low, high, at_high, guess, value)
    return best


def _closer(
    low: Array, at_low: Array, high: Array, at_high: Array, t: Array, value: Array
) -> tuple[Array, Array, Array, Array]:
    """The ends, one of them moved to a time between them, so that the sign still changes."""
    inside = (low < t) & (t < high)
    left = inside & ((value >= 0) == (at_low >= 0))
    right = inside & ~left
    return (
        np.where(left, t, low), np.where(left, value, at_low),
        np.where(right, t, high), np.where(right, value, at_high),
    )  # fmt: skip


def highest(time: Array, curves: Array) -> tuple[Array, Array, Array]:
    """The highest value of curves (lanes, time), when, and how sure: by how much polynomials of
    degree 4 would have said something else. Between the samples a curve is the polynomial of
    degree 5 through neighbouring ones."""
    rows, top = np.arange(len(curves)), curves.argmax(axis=1)
    best, when = curves[rows, top].copy(), time[top].copy()
    other = best.copy()
    trace = Trace(time, curves)
    for before in (top - 1, top):
        inside = (before >= 0) & (before + 1 < time.size)
        here, at = rows[inside], before[inside]
        if not here.size:
            continue
        for degree, kept in ((5, best), (4, other)):
            pieces = trace.pieces(here, at, degree)
            where = root(pieces.slope, pieces.left, pieces.right)
            found = pieces.value(where)
            higher = found > kept[here]
            if kept is best:
                when[here] = np.where(higher, where, when[here])
            kept[here] = np.where(higher, found, kept[here])
    return best, when, np.abs(best - other)
