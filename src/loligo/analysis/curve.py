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
from itertools import pairwise

import numpy as np

Array = np.ndarray

DEGREE = 5

# Prefer the centred neighbour unless the other side is this much smoother: on a smooth
# curve centred polynomials are the accurate ones, and across a corner the difference is
# far larger than this.
_PREFERENCE = 0.25

_EVEN = 1e-9  # of an interval, by which even samples may lie beside their places
_CORNER = 1e-3  # mV, of a fourth or fifth difference: below it a corner does not matter
_HALVINGS = 60


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

    def smooth(self, rows: Array, at: Array) -> Pieces:
        """As :meth:`pieces`, for many places at once: where the samples are even and the curve
        through them smooth, the polynomial through three on either side."""
        samples, h = self.time.size, self.interval
        if h is None or samples <= DEGREE:
            return self.pieces(rows, at)
        inside = (at >= 2) & (at <= samples - 4)
        first = rows * samples + np.clip(at, 2, samples - 4)
        flat = self.values.ravel()
        differences = [[flat.take(first + k) for k in range(-2, 4)]]
        for _ in range(DEGREE):
            lower = differences[-1]
            differences.append([b - a for a, b in pairwise(lower)])
        # in the order in which the nodes are taken: at, after, before, ...
        value, one, two = differences[0][2], differences[1][2], differences[2][1]
        three, four, five = differences[3][1], differences[4][0], differences[5][0]
        size = np.maximum(np.abs(two), np.abs(three))
        rough = np.maximum(np.abs(four), np.abs(five)) > np.maximum(0.5 * size, _CORNER)
        left = self.time[at]
        nodes = np.stack([left, left + h, left - h, left + 2 * h, left - 2 * h])
        scaled = [two / 2, three / 6, four / 24, five / 120]
        coefficients = np.stack([value, one / h, *(d / h**k for k, d in enumerate(scaled, 2))])
        found = Pieces(left, self.time[at + 1], nodes, coefficients)
        apart = np.flatnonzero(rough | ~inside)
        if apart.size:
            careful = self.pieces(rows[apart], at[apart])
            nodes[:, apart], coefficients[:, apart] = careful.nodes, careful.coefficients
        return found

    def pieces(
        self, rows: Array, at: Array, degree: int = DEGREE, span: tuple[Array, Array] | None = None
    ) -> Pieces:
        """The curve of cells ``rows`` between the samples ``at`` and ``at + 1``, made from the
        samples of ``span`` alone: for each interval the first and the last one."""
        degree = min(degree, self.time.size - 1)
        reach = np.arange(-degree + 1, degree + 1)
        columns = at[:, None] + reach
        first, last = (0, self.time.size - 1) if span is None else (each[:, None] for each in span)
        outside = (columns < first) | (columns > last)
        columns = np.clip(columns, 0, self.time.size - 1)
        time = self.time[columns]
        values = np.where(outside, np.nan, self.values[rows[:, None], columns])
        return _newton(time, values, degree)


@dataclass(frozen=True, eq=False)
class Pieces:
    """Polynomials in Newton's form, one for each of many intervals.

    Parameters
    ----------
    left, right : ndarray, shape (n,)
        The ends of the intervals, ms.
    nodes : ndarray, shape (degree, n)
        Where the factors (t - node) vanish.
    coefficients : ndarray, shape (degree + 1, n)
        The divided differences.
    """

    left: Array
    right: Array
    nodes: Array
    coefficients: Array

    def chosen(self, which: Array) -> Pieces:
        """Some of them, any of them several times."""
        return Pieces(*(each[..., which] for each in (
            self.left, self.right, self.nodes, self.coefficients
        )))  # fmt: skip

    def value(self, t: Array) -> Array:
        """The curve at the times ``t``, shape (n,) or (n, any)."""
        return self._derivatives(t, 0)[0]

    def slope(self, t: Array) -> Array:
        """Its slope, mV/ms."""
        return self._derivatives(t, 1)[1]

    def curvature(self, t: Array) -> Array:
        """Its second derivative, mV/ms²."""
        return self._derivatives(t, 2)[2]

    def _derivatives(self, t: Array, order: int) -> list[Array]:
        """Horner's rule on Newton's form, for the value and its derivatives together."""
        extra = (slice(None),) + (None,) * (t.ndim - 1)
        degree = self.nodes.shape[0]
        result = [np.zeros(t.shape) for _ in range(order + 1)]
        result[0] = result[0] + self.coefficients[degree][extra]
        for j in range(degree - 1, -1, -1):
            step = t - self.nodes[j][extra]
            for k in range(order, 0, -1):
                result[k] *= step
                result[k] += result[k - 1] if k == 1 else k * result[k - 1]
            result[0] *= step
            result[0] += self.coefficients[j][extra]
        return result


def _newton(time: Array, values: Array, degree: int) -> Pieces:
    """Choose the nodes one by one on the smoother side, and divide differences."""
    n = len(values)
    differences = [values]
    for j in range(1, degree + 1):
        span = time[:, j:] - time[:, :-j]
        with np.errstate(divide="ignore", invalid="ignore"):
            differences.append(np.diff(differences[-1], axis=1) / span)
    every, first = np.arange(n), np.full(n, degree - 1)
    left, right = time[:, degree - 1], time[:, degree]
    nodes, coefficients = [left, right], [values[:, degree - 1], differences[1][every, first]]
    for j in range(2, degree + 1):
        below = _size(differences[j], first - 1)
        above = _size(differences[j], first)
        centred_below = j % 2 == 0
        go_below = np.where(
            centred_below, below * _PREFERENCE <= above, below < above * _PREFERENCE
        )
        first = first - go_below
        there = np.where(np.isinf(below) & np.isinf(above), 0.0, differences[j][every, first])
        coefficients.append(there)  # of a lower degree, where there are no more samples
        nodes.append(time[every, np.where(go_below, first, first + j)])
    return Pieces(left, right, np.stack(nodes[:degree]), np.stack(coefficients))


def _size(differences: Array, column: Array) -> Array:
    """How rough the curve is with these nodes; endlessly, where there are no samples."""
    width = differences.shape[1]
    size = np.abs(differences[np.arange(len(column)), np.clip(column, 0, width - 1)])
    return np.where(np.isnan(size) | (column < 0) | (column >= width), np.inf, size)


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
    for _ in range(_HALVINGS):
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
