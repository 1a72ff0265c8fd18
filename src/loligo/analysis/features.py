"""Searches along many traces at once, and their answers between the samples.

The samples of all lanes lie end to end in one row, so that a search is one pass over it
and no loop over spikes. ``index`` counts in that row, ``at`` within a lane.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from loligo.analysis.curve import Array, Trace, root

_GRID = np.linspace(0.0, 1.0, 5)
_AT_ONCE = 1 << 17  # samples that stay close to the processor
_REACH = 32  # samples looked at first


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


def first_at(mask: Array, index: Array) -> Array:
    """The first index at or after ``index`` where ``mask`` holds; the row's size if none."""
    where = np.append(np.flatnonzero(mask), mask.size)
    return where[np.searchsorted(where, index)]


def last_before(mask: Array, index: Array) -> Array:
    """The last index before ``index`` where ``mask`` holds; -1 if none."""
    where = np.append(np.flatnonzero(mask), mask.size)
    found = np.searchsorted(where, index) - 1
    return np.where(found >= 0, where[found], -1)


def turns(values: Array) -> Array:
    """Where rows of samples turn, as a mask of all of them end to end; with the ends of the rows.

    Between two of these they only rise, or only fall: the highest and lowest of any stretch are
    among them.
    """
    rows, samples = values.shape
    found = np.ones((rows, samples), dtype=bool)
    if samples > 2:
        step = max(1, _AT_ONCE // samples)
        for i in range(0, rows, step):
            rising = values[i : i + step, 1:] > values[i : i + step, :-1]
            np.not_equal(rising[:, 1:], rising[:, :-1], out=found[i : i + step, 1:-1])
    return found.ravel()


def nearest_below(
    row: Callable[[Array], Array], start: Array, limit: Array, level: Array, way: int
) -> Array:
    """The first index from ``start`` on, forwards (1) or backwards (-1), at which ``row`` is below
    (backwards: or at) ``level``; -1 where it is not up to ``limit`` (included)."""
    found = np.full(start.size, -1)
    left, reach = np.arange(start.size), np.arange(_REACH)
    while left.size:
        index = start[left, None] + way * reach
        inside = way * (limit[left, None] - index) >= 0
        index = np.where(inside, index, limit[left, None])
        hit = inside & (row(index) < level[left, None])
        first = np.argmax(hit, axis=1)
        seen = hit[np.arange(left.size), first]
        found[left[seen]] = index[seen, first[seen]]
        left = left[~seen & inside[:, -1]]
        start = start + way * reach.size
        reach = np.arange(2 * reach.size)
    return found


def crossing(v: Trace, lane: Array, at: Array, level: Array) -> Array:
    """When V passes ``level`` between the samples ``at`` and ``at + 1``, ms."""
    pieces = v.smooth(lane, at)
    return root(lambda t: pieces.value(t) - level, pieces.left, pieces.right)


def extremum(v: Trace, lane: Array, at: Array, sign: int) -> tuple[Array, Array]:
    """Time and value of the highest (``sign`` 1) or lowest (-1) V beside the sample ``at``."""
    best_time, best = v.time[at], v.values[lane, at]
    for left in (at - 1, at):
        pieces = v.smooth(lane, np.clip(left, 0, v.time.size - 2))
        time = root(pieces.slope, pieces.left, pieces.right)
        value = pieces.value(time)
        better = sign * value > sign * best
        best_time, best = np.where(better, time, best_time), np.where(better, value, best)
    return best_time, best


def chord(v: Trace, index: Array) -> Array:
    """The mean slope from each sample to the next, mV/ms."""
    flat, samples = v.values.ravel(), v.time.size
    rise = flat.take(index + 1, mode="clip") - flat.take(index, mode="clip")
    if v.interval is not None:
        return rise / v.interval
    at = index % samples
    return rise / (v.time.take(at + 1, mode="clip") - v.time[at])


def steepest_chord(v: Trace, base: Array, peak: Array, sign: int) -> Array:
    """From which sample the rise (``sign`` 1) or fall to the next is steepest, from ``base`` to
    before ``peak``, the last of several; below ``base`` where there is none between them."""
    found = base - 1
    some = np.flatnonzero(peak > base)
    rows, samples = v.values.shape
    spans = np.diff(v.time) if v.interval is None else None
    step = max(1, _AT_ONCE // samples)
    lane = base[some] // samples
    edges = np.searchsorted(lane, np.arange(0, rows + step, step))
    for block, (i, j) in enumerate(pairwise(edges.tolist())):
        if i == j:
            continue
        values, mine = v.values[block * step : (block + 1) * step], some[i:j]
        slopes = np.full(values.shape, -np.inf)
        np.subtract(values[:, 1:], values[:, :-1], out=slopes[:, :-1])
        slopes[:, :-1] *= sign if spans is None else sign / spans
        begin, end = base[mine] - block * step * samples, peak[mine] - block * step * samples
        row = slopes.ravel()
        bounds = np.stack([begin, end], axis=1).ravel()
        most = np.maximum.reduceat(row, np.minimum(bounds, row.size - 1))[::2]
        # it is mostly close to the peak
        window = np.maximum(end[:, None] - np.arange(1, _REACH + 1), begin[:, None])
        place = np.argmax(row[window], axis=1)
        at = window[np.arange(mine.size), place]
        for k in np.flatnonzero(row[at] != most):
            own = row[begin[k] : end[k]]
            at[k] = end[k] - 1 - np.argmax(own[::-1])
        found[mine] = at + block * step * samples
    return found


def steepest(v: Trace, lane: Array, base: Array, at: Array, sign: int) -> Array:
    """The largest slope beside the chord from ``at``, all indices, mV/ms: of a fall negative."""
    first = lane * v.time.size
    here = np.maximum(at, base)
    best = np.full(lane.shape, -np.inf)
    before, after = (sign * chord(v, np.maximum(here + k, base)) for k in (-1, 1))
    for beside in (here, np.where(before > after, here - 1, here + 1)):
        left = np.clip(beside - first, base - first, v.time.size - 2)
        pieces = v.smooth(lane, left)
        turn = root(pieces.curvature, pieces.left, pieces.right)
        for time in (pieces.left, turn, pieces.right):
            best = np.maximum(best, sign * pieces.slope(time))
    return sign * best


def onset(v: Trace, lane: Array, base: Array, steep: Array, rate: float) -> tuple[Array, Array]:
    """Time and V from which the slope stays above ``rate`` until the steepest rise."""
    begins = lane * v.time.size
    flat = v.values.ravel()
    known = (steep >= base) & (chord(v, np.maximum(steep, 0)) > rate)
    level = np.full(lane.size, np.nextafter(rate, np.inf))
    at = nearest_below(lambda index: chord(v, index), np.maximum(steep, base), base, level, -1)
    from_base = at < base  # it was rising when the recording began
    at = np.maximum(at, base) - begins
    time, value = _last_rise(v, lane, np.clip(at, 0, max(v.time.size - 3, 0)), rate)
    time = np.where(from_base, v.time[base - begins], time)
    value = np.where(from_base, flat[base], value)
    return np.where(known, time, np.nan), np.where(known, value, np.nan)


def _last_rise(v: Trace, lane: Array, at: Array, rate: float) -> tuple[Array, Array]:
    """Where the slope last exceeds ``rate`` for good, between ``at`` and ``at + 2``.

    The chord after ``at`` is flatter than that and the next one steeper. The slope may
    pass ``rate`` within either interval, or jump at the sample between them, where a pulse
    begins.
    """
    pieces = [v.smooth(lane, at), v.smooth(lane, np.minimum(at + 1, v.time.size - 2))]
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
