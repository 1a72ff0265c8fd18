"""Searches along many traces at once, and their answers between the samples.

The samples of all lanes lie end to end in one row, so that a search is one pass over it
and no loop over spikes. ``index`` counts in that row, ``at`` within a lane.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

import numpy as np

from loligo.analysis.curve import Array, Pieces, Trace
from loligo.run.pace import threads

_Part = TypeVar("_Part")
_Made = TypeVar("_Made")

_GRID = np.linspace(0.0, 1.0, 5)[:, None]
_AT_ONCE = 1 << 18  # samples that stay close to the processor
_REACH = 8  # samples looked at first
_FEW = 4  # turns from a peak to its trough, mostly


def on_all_cores(work: Callable[[_Part], _Made], parts: Sequence[_Part]) -> list[_Made]:
    """What is made of each part, by as many threads as there are cores; each part is looked at as
    if it were alone."""
    if len(parts) < 2 or threads() < 2:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(min(threads(), len(parts))) as pool:
        return list(pool.map(work, parts))


def highest_between(row: Array, start: Array, stop: Array) -> Array:
    """Where ``row`` is highest from each of ``start`` up to before ``stop``, the last such place;
    -1 where there is nothing between them."""
    some = stop > start
    bounds = np.stack([np.minimum(start, row.size - 1), np.minimum(stop, row.size)], axis=1)
    bounds = bounds[some].ravel()
    whole = bounds.size and bounds[-1] == row.size  # where the last section ends as the row does
    most = np.maximum.reduceat(row, bounds[:-1] if whole else bounds)[::2] if bounds.size else row
    found = np.full(start.size, -1)
    found[some] = nearest_below(
        lambda at: -row.take(at), stop[some] - 1, start[some], np.nextafter(-most, np.inf), -1
    )
    return found


def lowest_until_risen(row: Array, start: Array, stop: Array, rise: float) -> Array:
    """Where ``row`` is lowest from each of ``start`` until it is more than ``rise`` above its
    lowest so far, or up to before ``stop``; the last such place."""
    found, least = start.copy(), row.take(start)
    left, reach = np.arange(start.size), _FEW
    begin = start
    while left.size:
        index = begin[:, None] + np.arange(reach)
        inside = index < stop[left, None]
        values = np.where(inside, row.take(index, mode="clip"), np.inf)
        lowest = np.minimum.accumulate(np.minimum(values, least[left, None]), axis=1)
        over = ~inside | (values - lowest > rise)
        first = np.where(over.any(axis=1), np.argmax(over, axis=1), reach)
        mine = (values <= lowest) & (np.arange(reach) < first[:, None])
        last = reach - 1 - np.argmax(mine[:, ::-1], axis=1)
        some = mine.any(axis=1)
        found[left[some]] = index[some, last[some]]
        least[left] = np.minimum(
            least[left], lowest[np.arange(left.size), np.maximum(first - 1, 0)]
        )
        more = first == reach
        left, begin, reach = left[more], begin[more] + reach, 2 * reach
    return found


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
    row: Callable[[Array], Array],
    start: Array,
    limit: Array,
    level: Array,
    way: int,
    reach: int = _REACH,
) -> Array:
    """The first index from ``start`` on, forwards (1) or backwards (-1), at which ``row`` is below
    ``level``; -1 where it is not up to ``limit`` (included). The first ``reach`` are looked at
    together, then twice as many."""
    found = np.full(start.size, -1)
    within = np.minimum if way > 0 else np.maximum
    left = np.flatnonzero(way * (limit - start) >= 0)
    start = start[left]
    while left.size:
        index = start[:, None] + way * np.arange(reach)
        within(index, limit[left, None], out=index)
        hit = row(index) < level[left, None]
        first = np.argmax(hit, axis=1)
        every = np.arange(left.size)
        seen = hit[every, first]
        found[left[seen]] = index[every, first][seen]
        more = ~seen & (index[:, -1] != limit[left])
        left, start = left[more], start[more] + way * reach
        reach *= 2
    return found


def below_between(row: Array, low: Array, high: Array, level: Array) -> Array:
    """The index next to ``high``, at the side of ``low``, at which ``row`` is below ``level``, as
    it is at ``low``; it rises, or falls, all the way from there to ``high``."""
    while (apart := np.abs(high - low) > 1).any():
        middle = (low + high) // 2
        below = row.take(middle) < level
        low, high = np.where(apart & below, middle, low), np.where(apart & ~below, middle, high)
    return low


def crossing(v: Trace, lane: Array, at: Array, level: Array) -> Array:
    """When V passes ``level`` between the samples ``at`` and ``at + 1``, ms."""
    pieces = v.smooth(lane, at)
    return pieces.passing(0, level)


def extremum(v: Trace, lane: Array, at: Array, sign: int) -> tuple[Array, Array]:
    """Time and value of the highest (``sign`` 1) or lowest (-1) V beside the sample ``at``."""
    last = v.time.size - 1
    flat, here = v.values.ravel(), lane * v.time.size + at
    before, after = (sign * flat.take(here + k, mode="clip") for k in (-1, 1))
    side = np.where(before > after, at - 1, at)  # mostly there, and otherwise on the other side
    best_time, best = v.time[at], flat.take(here)
    left = np.arange(at.size)
    for beside in (side, 2 * at - 1 - side):
        pieces = v.smooth(lane[left], np.clip(beside[left], 0, last - 1))
        time = pieces.passing(1)
        value = pieces.value(time)
        better = sign * value > sign * best[left]
        best_time[left[better]], best[left[better]] = time[better], value[better]
        left = left[(time <= pieces.left) | (time >= pieces.right)]
    return best_time, best


def chord(v: Trace, index: Array) -> Array:
    """The mean slope from each sample to the next, mV/ms."""
    flat, samples = v.values.ravel(), v.time.size
    rise = flat.take(index + 1, mode="clip") - flat.take(index, mode="clip")
    if v.interval is not None:
        return rise / v.interval
    at = index % samples
    return rise / (v.time.take(at + 1, mode="clip") - v.time[at])


def steepest_chords(
    v: Trace, base: Array, peak: Array, trough: Array | None
) -> tuple[Array, Array]:
    """From which samples the rise from ``base`` to ``peak`` and the fall from there to ``trough``
    (if that is given) are steepest to the next, of several the nearest to the peak; -1 where there
    is none."""
    rows, samples = v.values.shape
    step = max(1, _AT_ONCE // samples)
    edges = np.searchsorted(peak, np.arange(0, rows + step, step) * samples)
    up, down = np.full(peak.size, -1), np.full(peak.size, -1)
    slopes = np.zeros((step, samples))  # the last of each row are none
    for block, mine in enumerate(slice(i, j) for i, j in pairwise(edges.tolist())):
        values = v.values[block * step : (block + 1) * step]
        rise = np.subtract(values[:, 1:], values[:, :-1], out=slopes[: len(values), :-1])
        if v.interval is None:
            rise /= np.diff(v.time)
        row, before = slopes[: len(values)].ravel(), block * step * samples
        begin, top = base[mine] - before, peak[mine] - before
        most = _over(np.maximum, row, begin, top)
        over = np.nextafter(-most, np.inf)
        at = nearest_below(lambda at, row=row: -row.take(at), top - 1, begin, over, -1)
        up[mine] = np.where(at >= 0, at + before, -1)
        if trough is not None:
            end = trough[mine] - before
            least = np.nextafter(_over(np.minimum, row, top, end), np.inf)
            at = nearest_below(row.take, top, end - 1, least, 1)
            down[mine] = np.where(at >= 0, at + before, -1)
    return up, down


def _over(choose: np.ufunc, row: Array, start: Array, stop: Array) -> Array:
    """The highest or lowest of each stretch of a row, none of which begins before another ends."""
    bounds = np.minimum(np.stack([start, stop]), row.size - 1)
    return choose.reduceat(row, bounds.T.ravel())[::2]


def steepest(v: Trace, lane: Array, base: Array, at: Array, sign: int) -> Array:
    """The largest slope beside the chord from ``at``, all indices, mV/ms: of a fall negative."""
    first = lane * v.time.size
    here = np.maximum(at, base)
    best = np.full(lane.shape, -np.inf)
    before, after = (sign * chord(v, np.maximum(here + k, base)) for k in (-1, 1))
    left = np.arange(lane.size)
    for beside in (here, np.where(before > after, here - 1, here + 1)):
        at = np.clip(beside - first, base - first, v.time.size - 2)[left]
        pieces = v.smooth(lane[left], at)
        turn = pieces.passing(2)
        most = np.maximum.reduce(
            [sign * each for each in (*pieces.end_slopes(), pieces.slope(turn))]
        )
        best[left] = np.maximum(best[left], most)
        left = left[(turn <= pieces.left) | (turn >= pieces.right)]
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
    both = [v.smooth(lane, at), v.smooth(lane, np.minimum(at + 1, v.time.size - 2))]
    times = [p.left + (p.right - p.left) * _GRID for p in both]
    flat = np.concatenate([p.slope(t) <= rate for p, t in zip(both, times, strict=True)])
    last = len(flat) - 1 - np.argmax(flat[::-1], axis=0)
    grid, every = np.concatenate(times), np.arange(lane.size)
    low, high = grid[last, every], grid[np.minimum(last + 1, len(grid) - 1), every]
    mine = Pieces(*(
        np.where(last < len(_GRID), *each)
        for each in zip(*((p.left, p.right, p.coefficients) for p in both), strict=True)
    ))  # fmt: skip
    time = mine.passing(1, rate, (low, high))
    corner = last == len(_GRID) - 1  # the end of one is the beginning of the other
    return (
        np.where(corner, v.time[at + 1], time),
        np.where(corner, v.values[lane, at + 1], mine.value(time)),
    )
