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

import numpy as np

Array = np.ndarray

DEGREE = 5

# Prefer the centred neighbour unless the other side is this much smoother: on a smooth
# curve centred polynomials are the accurate ones, and across a corner the difference is
# far larger than this.
_PREFERENCE = 0.25


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
    nodes : ndarray, shape (n, degree)
        Where the factors (t - node) vanish.
    coefficients : ndarray, shape (n, degree + 1)
        The divided differences.
    """

    left: Array
    right: Array
    nodes: Array
    coefficients: Array

    def chosen(self, which: Array) -> Pieces:
        """Some of them, any of them several times."""
        return Pieces(*(each[which] for each in (
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
        degree = self.nodes.shape[1]
        result = [np.zeros(t.shape) for _ in range(order + 1)]
        result[0] = result[0] + self.coefficients[:, degree][extra]
        for j in range(degree - 1, -1, -1):
            step = t - self.nodes[:, j][extra]
            for k in range(order, 0, -1):
                result[k] = result[k] * step + k * result[k - 1]
            result[0] = result[0] * step + self.coefficients[:, j][extra]
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
    return Pieces(left, right, np.stack(nodes[:degree], 1), np.stack(coefficients, 1))


def _size(differences: Array, column: Array) -> Array:
    """How rough the curve is with these nodes; endlessly, where there are no samples."""
    width = differences.shape[1]
    size = np.abs(differences[np.arange(len(column)), np.clip(column, 0, width - 1)])
    return np.where(np.isnan(size) | (column < 0) | (column >= width), np.inf, size)


def root(function: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Where ``function`` changes sign between ``low`` and ``high``, for many at once.

    Bisection: the ends close in on a root whatever the function does between them. Where
    the signs at the ends are equal the answer is one of the ends.
    """
    low, high = low.copy(), high.copy()
    rises = function(high) >= function(low)
    for _ in range(52):
        middle = 0.5 * (low + high)
        beyond = (function(middle) >= 0) == rises
        high = np.where(beyond, middle, high)
        low = np.where(beyond, low, middle)
    return 0.5 * (low + high)
