"""A line between its samples: as many vertices as its bends need, and none across an edge.

Between two edges of the stimulus the line is the local polynomial of :mod:`analysis.curve`; where
an edge lies between two samples, the polynomials of both sides are continued to it. Vertices are
added until no chord is further than a tolerance from the curve, and those are left out whose
absence is not seen: so the line stays the curve at any zoom, and short where nothing happens.
"""

from __future__ import annotations

import numpy as np

from loligo.analysis.curve import Trace

Line = tuple[np.ndarray, np.ndarray]

_TOLERANCE = 3e-5  # of the range of values: 3 uV of an action potential
_MOST = 64  # vertices between two samples
_CONTINUED = 3.0  # times the last step: further than that an edge is not where a side leads
_PASSES = 12
_PARTS = np.array([0.25, 0.5, 0.75, 1.0])[:, None]
_MOST_SAMPLES = 400_000  # of a line; more are drawn as they are


def curved(time: np.ndarray, values: np.ndarray, edges: np.ndarray) -> Line:
    """The line through samples.

    Parameters
    ----------
    time, values : (samples,)
    edges
        Where the curve bends, sorted.
    """
    finite = values[np.isfinite(values)]
    tolerance = _TOLERANCE * float(np.ptp(finite)) if finite.size else 0.0
    if tolerance == 0.0 or not 4 <= time.size <= _MOST_SAMPLES:
        return time, values
    inside = edges[(edges > time[0]) & (edges < time[-1])]
    if inside.size < time.size / 2:  # otherwise it is held, or sampled itself: nothing is known
        time, values = _with_vertices(time, values, inside, tolerance)
    return _without_needless(time, values, tolerance)


def at(time: np.ndarray, rows: np.ndarray, edges: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Lines at other times.

    Parameters
    ----------
    rows : (lines, samples)

    Returns
    -------
    (lines, times)
    """
    k = np.clip(np.searchsorted(time, times, side="right") - 1, 0, time.size - 2)
    times = np.clip(times, time[0], time[-1])
    part = (times - time[k]) / (time[k + 1] - time[k])
    straight = rows[:, k] * (1 - part) + rows[:, k + 1] * part
    inside = edges[(edges > time[0]) & (edges < time[-1])]
    if time.size < 4 or inside.size >= time.size / 2:
        return straight
    span, broken = spans(time, inside)
    smooth = np.flatnonzero(~broken[k] & (span[1] - span[0] >= 2)[k])
    line, which = np.divmod(np.arange(len(rows) * smooth.size), max(1, smooth.size))
    there = k[smooth][which]
    pieces = Trace(time, rows).pieces(line, there, span=(span[0][there], span[1][there]))
    curve = pieces.value(times[smooth][which]).reshape(len(rows), smooth.size)
    straight[:, smooth] = np.where(np.isfinite(curve), curve, straight[:, smooth])
    return straight


def _with_vertices(
    time: np.ndarray, values: np.ndarray, edges: np.ndarray, tolerance: float
) -> Line:
    span, broken = spans(time, edges)
    bend = np.zeros(time.size - 1)
    step = np.diff(values) / np.diff(time)
    turn = np.abs(np.diff(step)) * np.minimum(np.diff(time)[1:], np.diff(time)[:-1]) / 8
    bend[1:], bend[:-1] = turn, np.maximum(bend[:-1], turn)
    known = np.isfinite(values[1:] + values[:-1])
    # a bend that the samples do not show is looked for wherever they show a fourth of it
    at = np.flatnonzero((bend > tolerance / 4) & known & ~broken & (span[1] - span[0] >= 2))
    pieces = Trace(time, values[None]).pieces(
        np.zeros(at.size, dtype=int), at, span=(span[0][at], span[1][at])
    )
    wide = np.diff(time)[at]
    three = pieces.left + wide * np.array([0.0, 0.5, 1.0])[:, None]
    most = np.abs(pieces.curvature(three)).max(axis=0)
    count = np.clip(np.ceil(wide * np.sqrt(most / (8 * tolerance))), 1, _MOST).astype(int)
    rank = np.repeat(np.arange(at.size), count - 1)
    part = np.arange(rank.size) - np.repeat(np.cumsum(count - 1) - (count - 1), count - 1) + 1
    there = pieces.left[rank] + wide[rank] * part / count[rank]
    found = [(there, pieces.chosen(rank).value(there))]
    if (broken & known).any():
        with_edge = np.flatnonzero(broken & known)
        found.append(_across(time, values, edges, with_edge, span, tolerance))
    times = np.concatenate([time, *(each[0] for each in found)])
    order = np.argsort(times, kind="stable")
    return times[order], np.concatenate([values, *(each[1] for each in found)])[order]


def spans(time: np.ndarray, edges: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """For each interval the first and last sample between the same edges, and which intervals
    have an edge inside."""
    near = 1e-9 * max(1.0, abs(float(time[-1])))
    after = np.searchsorted(time, edges - near)  # the first sample at or after each edge
    on = np.abs(time[np.minimum(after, time.size - 1)] - edges) <= near
    broken = np.zeros(time.size - 1, dtype=bool)
    broken[after[~on] - 1] = True
    begins = np.unique(np.concatenate([[0], after]))
    ends = np.unique(np.concatenate([np.where(on, after, after - 1), [time.size - 1]]))
    k = np.arange(time.size - 1)
    first = begins[np.searchsorted(begins, k, side="right") - 1]
    last = ends[np.searchsorted(ends, k + 1)]
    return (first, last), broken


def _across(
    time: np.ndarray, values: np.ndarray, edges: np.ndarray, k: np.ndarray,
    span: tuple[np.ndarray, np.ndarray], tolerance: float,
) -> Line:  # fmt: skip
    """Vertices of intervals with edges inside: both sides continued to the nearest edge, where
    they meet if there is one edge only."""
    first = edges[np.searchsorted(edges, time[k], side="right")]
    last = edges[np.searchsorted(edges, time[k + 1]) - 1]
    leads, before, low = _continued(time, values, k - 1, k, first, span, tolerance)
    comes, after, high = _continued(time, values, k + 1, k + 1, last, span, tolerance)
    one = first == last
    off = np.where(one, 0.5 * (high[-1] - low[-1]), 0.0)
    low, high = low + off * _PARTS, high - off * _PARTS
    kept = np.repeat((leads & comes)[None], _PARTS.size, axis=0)
    twice = kept.copy()
    twice[-1, one] = False  # the edge itself
    return (
        np.concatenate([before[kept], after[twice]]),
        np.concatenate([low[kept], high[twice]]),
    )


def _continued(
    time: np.ndarray, values: np.ndarray, at: np.ndarray, end: np.ndarray, edge: np.ndarray,
    span: tuple[np.ndarray, np.ndarray], tolerance: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """The curves of intervals ``at`` from their ``end`` on to an edge: whether they lead there,
    times and values, (parts, intervals)."""
    inside = (at >= 0) & (at < time.size - 1)
    at = np.clip(at, 0, time.size - 2)
    own = span[0][at], span[1][at]
    piece = Trace(time, values[None]).pieces(np.zeros(at.size, dtype=int), at, 3, own)
    there = time[end] + (edge - time[end]) * _PARTS
    line = piece.value(there)
    last = np.abs(values[at + 1] - values[at])
    off = np.abs(line - values[end]).max(axis=0, initial=0.0)
    return inside & (own[1] - own[0] >= 2) & (off <= _CONTINUED * last + tolerance), there, line


def _without_needless(time: np.ndarray, values: np.ndarray, tolerance: float) -> Line:
    """Without the vertices that lie on the chord of their neighbours."""
    for k in range(_PASSES):
        if time.size < 5:
            break
        wide = time[2:] - time[:-2]
        part = np.where(wide > 0, (time[1:-1] - time[:-2]) / np.where(wide > 0, wide, 1.0), 0.0)
        chord = values[:-2] + part * (values[2:] - values[:-2])
        straight = (np.abs(values[1:-1] - chord) <= tolerance * 0.5 ** (k + 1)) & (wide > 0)
        straight[1 - k % 2 :: 2] = False  # never two neighbours at once
        if k > 1 and straight.sum() < 0.02 * time.size:
            break
        kept = np.concatenate([[True], ~straight, [True]])
        time, values = time[kept], values[kept]
    return time, values
