"""Searches along many traces at once, and their answers between the samples.

The samples of all lanes lie end to end in one row, so that a search is one pass over it
and no loop over spikes. ``index`` counts in that row, ``at`` within a lane.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loligo.analysis.curve import Array, Trace, root

_GRID = np.linspace(0.0, 1.0, 17)


def running(choose: np.ufunc, row: Array, starts: Array) -> Array:
    """The highest (``np.maximum``) or lowest value so far, afresh from each of ``starts``."""
    sign = 1.0 if choose is np.maximum else -1.0
    marks = np.zeros(row.size, dtype=np.int64)
    marks[starts] = 1
    # Lift every section above the one before it; then one pass over all of them will do.
    # Rounding the lift off again could spoil the last bit, so look the value up instead.
    lift = np.cumsum(marks) * (np.ptp(row) + 1.0) * sign
    best = choose.accumulate(row + lift)
    new = np.append(True, best[1:] != best[:-1])
    return row[np.maximum.accumulate(np.where(new, np.arange(row.size), 0))]


def spread(values: Array, starts: Array, size: int) -> Array:
    """A row of ``size``, with each value from its start to the next; before the first, NaN."""
    return np.repeat(np.append(np.nan, values), np.diff([0, *starts, size]))


def first_at(mask: Array, index: Array) -> Array:
    """The first index at or after ``index`` where ``mask`` holds; the row's size if none."""
    where = np.append(np.flatnonzero(mask), mask.size)
    return where[np.searchsorted(where, index)]


def last_before(mask: Array, index: Array) -> Array:
    """The last index before ``index`` where ``mask`` holds; -1 if none."""
    where = np.append(np.flatnonzero(mask), mask.size)
    found = np.searchsorted(where, index) - 1
    return np.where(found >= 0, where[found], -1)


def crossing(v: Trace, lane: Array, at: Array, level: Array) -> Array:
    """When V passes ``level`` between the samples ``at`` and ``at + 1``, ms."""
    pieces = v.pieces(lane, at)
    return root(lambda t: pieces.value(t) - level, pieces.left, pieces.right)


def extremum(v: Trace, lane: Array, at: Array, sign: int) -> tuple[Array, Array]:
    """Time and value of the highest (``sign`` 1) or lowest (-1) V beside the sample ``at``."""
    best_time, best = v.time[at], v.values[lane, at]
    for left in (at - 1, at):
        pieces = v.pieces(lane, np.clip(left, 0, v.time.size - 2))
        time = root(pieces.slope, pieces.left, pieces.right)
        value = pieces.value(time)
        better = sign * value > sign * best
        best_time, best = np.where(better, time, best_time), np.where(better, value, best)
    return best_time, best


@dataclass(frozen=True, eq=False)
class Upstroke:
    """The way up to each peak: between which samples it is steepest, and where it starts."""

    chords: Array  # mV/ms from each sample to the next, shape (lanes, samples)
    base: Array  # index
    steepest: Array  # index of the sample before the steepest rise; below base if V only fell

    @classmethod
    def of(cls, v: Trace, lane: Array, base: Array, peak: Array) -> Upstroke:
        """From the samples ``base`` to ``peak``, of which there are as many as ``lane``."""
        chords = np.full(v.values.shape, -np.inf)
        chords[:, :-1] = np.diff(v.values, axis=1) / np.diff(v.time)
        row = chords.ravel()
        finite = np.where(np.isfinite(row), row, 0.0)
        highest = running(np.maximum, finite, base)
        return cls(chords, base, last_before((row >= highest) & np.isfinite(row), peak))


def steepest(v: Trace, lane: Array, up: Upstroke) -> Array:
    """The largest slope on the way up, mV/ms."""
    at = np.maximum(up.steepest - lane * v.time.size, 0)
    best = np.full(lane.shape, -np.inf)
    first = up.base - lane * v.time.size
    for beside in (at - 1, at, at + 1):
        pieces = v.pieces(lane, np.clip(beside, first, v.time.size - 2))
        turn = root(pieces.curvature, pieces.left, pieces.right)
        for time in (pieces.left, turn, pieces.right):
            best = np.maximum(best, pieces.slope(time))
    return best


def onset(v: Trace, lane: Array, up: Upstroke, rate: float) -> tuple[Array, Array]:
    """Time and V from which the slope stays above ``rate`` until the steepest rise."""
    row = up.chords.ravel()
    begins = lane * v.time.size
    steep = row[np.maximum(up.steepest, 0)] > rate
    at = last_before(row <= rate, up.steepest)
    from_base = at < up.base  # it was rising when the recording began
    at = np.maximum(at, up.base) - begins
    time, value = _last_rise(v, lane, np.clip(at, 0, max(v.time.size - 3, 0)), rate)
    first = up.base - begins
    time = np.where(from_base, v.time[first], time)
    value = np.where(from_base, v.values[lane, first], value)
    known = steep & (up.steepest >= up.base)
    return np.where(known, time, np.nan), np.where(known, value, np.nan)


def _last_rise(v: Trace, lane: Array, at: Array, rate: float) -> tuple[Array, Array]:
    """Where the slope last exceeds ``rate`` for good, between ``at`` and ``at + 2``.

    The chord after ``at`` is flatter than that and the next one steeper. The slope may
    pass ``rate`` within either interval, or jump at the sample between them, where a pulse
    begins.
    """
    pieces = [v.pieces(lane, at), v.pieces(lane, np.minimum(at + 1, v.time.size - 2))]
    times = [p.left[:, None] + (p.right - p.left)[:, None] * _GRID for p in pieces]
    flat = np.concatenate([p.slope(t) <= rate for p, t in zip(pieces, times, strict=True)], 1)
    last = flat.shape[1] - 1 - np.argmax(flat[:, ::-1], axis=1)
    grid = np.concatenate(times, 1)
    every = np.arange(lane.size)
    low = grid[every, last]
    high = grid[every, np.minimum(last + 1, grid.shape[1] - 1)]
    result_time, result = v.time[at + 1], v.values[lane, at + 1]
    for p, mine in zip(pieces, (last < _GRID.size - 1, last >= _GRID.size), strict=True):
        time = root(lambda t, p=p: p.slope(t) - rate, low, high)
        result_time = np.where(mine, time, result_time)
        result = np.where(mine, p.value(time), result)
    return result_time, result
