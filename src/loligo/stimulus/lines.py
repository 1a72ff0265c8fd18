"""Sampled paths as straight lines from knot to knot, for solvers whose steps end at knots.

The pieces of a path are numbered: 0 is what lies before the first knot, and each of the others
begins at a knot. So one table serves all lanes that share a path, in which each has its place.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from loligo.lanes import Floats
from loligo.stimulus.path import Path

TIME, LEVEL, SLOPE = range(3)  # the columns of a table of pieces
_ROUNDED = 2.0**-50  # of a time: two knots that are no further apart are one


class Lines(Protocol):
    """One path, of amplitude 1."""

    def number(self, t: float) -> int:
        """Which piece there is just after a time, ms."""
        ...

    def rows(self, first: int, stop: int) -> Floats:
        """When each of some pieces begins, ms, its level there, and its slope, each ms; beyond the
        last they begin at infinity."""
        ...


class Listed:
    """Pieces that are all known.

    Parameters
    ----------
    time, level, slope
        Of those that begin at knots; times do not decrease, and of several at one time the last
        counts.
    before
        The level before the first knot.
    """

    def __init__(self, time: Floats, level: Floats, slope: Floats, before: float = 0.0) -> None:
        last = np.append(np.diff(time) > np.abs(time[1:]) * _ROUNDED, True)
        table = np.stack([time, level, slope], axis=1)[last]
        self._table = np.concatenate([[[table[0, TIME], before, 0.0]], table])

    def number(self, t: float) -> int:
        return int(np.searchsorted(self._table[1:, TIME], _later(t), side="right"))

    def rows(self, first: int, stop: int) -> Floats:
        return _filled(self._table[first:stop], stop - first)


class Gridded:
    """A path of noise, which is made piece by piece as it is asked for.

    Parameters
    ----------
    start, duration
        When it is on, ms.
    """

    def __init__(self, path: Path, start: float, duration: float) -> None:
        self.path, self.start, self.end = path, start, start + duration
        # grid points before the end, but for one that misses it by rounding
        count = int(np.ceil(duration / path.interval))
        while count > 1 and start + (count - 1) * path.interval >= _earlier(self.end):
            count -= 1
        self.count = count

    def number(self, t: float) -> int:
        late = _later(t)
        if late < self.start:
            return 0
        if late >= self.end:
            return self.count + 1
        k = int(np.floor((late - self.start) / self.path.interval))
        k += late >= self.start + (k + 1) * self.path.interval
        k -= late < self.start + k * self.path.interval
        return 1 + min(max(k, 0), self.count - 1)

    def rows(self, first: int, stop: int) -> Floats:
        table = np.zeros((stop - first, 3))
        table[:, TIME] = np.inf
        a, z = max(first - 1, 0), min(stop - 1, self.count)  # grid points
        if a < z:
            values, inside = self.path.between(a, z + 1), slice(a + 1 - first, z + 1 - first)
            table[inside, TIME] = self.start + np.arange(a, z) * self.path.interval
            table[inside, LEVEL] = values[:-1]
            if self.path.tau is not None:
                table[inside, SLOPE] = np.diff(values) / self.path.interval
        for piece, time in ((0, self.start), (self.count + 1, self.end)):
            if first <= piece < stop:
                table[piece - first] = (time, 0.0, 0.0)
        return table


class Scaled:
    """``mean + amplitude path``, of a path that is on throughout."""

    def __init__(self, inner: Lines, amplitude: float, mean: float) -> None:
        self.number, self._rows = inner.number, inner.rows
        self.amplitude, self.mean = amplitude, mean

    def rows(self, first: int, stop: int) -> Floats:
        table = self._rows(first, stop) * (1.0, self.amplitude, self.amplitude)
        table[:, LEVEL] += self.mean
        return table


class Windowed:
    """What a path plays from a start on, for a duration; 0 before and after.

    Parameters
    ----------
    inner
        The path; its times count from the start.
    lasts
        Whether it goes on where it ends.
    """

    def __init__(self, inner: Lines, start: float, duration: float, lasts: bool) -> None:
        self.inner, self.start, self.end, self.lasts = inner, start, start + duration, lasts
        self.opening = inner.number(0.0)
        self.last = 1 + max(inner.number(_earlier(_earlier(duration))) - self.opening, 0)

    def number(self, t: float) -> int:
        late = _later(t)
        if late < self.start:
            return 0
        if late >= self.end and not self.lasts:
            return self.last + 1
        return min(1 + max(self.inner.number(t - self.start) - self.opening, 0), self.last)

    def rows(self, first: int, stop: int) -> Floats:
        known = np.arange(first, stop)
        table = np.zeros((stop - first, 3))
        if stop > 1:
            inner = self.inner.rows(max(first - 1, 0) + self.opening, stop - 1 + self.opening)
            table[known >= 1] = inner
        opens = known == 1
        table[opens, LEVEL] -= table[opens, SLOPE] * table[opens, TIME]
        table[opens, TIME] = 0.0
        table[:, TIME] += self.start
        table[known > self.last] = (np.inf, 0.0, 0.0)
        table[known == 0] = (self.start, 0.0, 0.0)
        if not self.lasts:
            table[known == self.last + 1] = (self.end, 0.0, 0.0)
        return table


def _filled(table: Floats, rows: int) -> Floats:
    missing = rows - len(table)
    if not missing:
        return table
    beyond: Any = np.zeros((missing, 3))
    beyond[:, TIME] = np.inf
    return np.concatenate([table, beyond])


def _later(t: float) -> float:
    return t + abs(t) * _ROUNDED


def _earlier(t: float) -> float:
    return t - abs(t) * _ROUNDED
