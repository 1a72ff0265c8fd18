"""A clamp's command and current: what it asked V to be, and how far its current's axis reaches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loligo.figures.content import injected, origin
from loligo.figures.content.picture import Trace, padded
from loligo.figures.content.signals import Lane, Signals

Line = tuple[np.ndarray, np.ndarray]

ASKED = (3.0, 2.0)  # the dashes of a command that V does not follow exactly
_TRANSIENT, _PART = 0.5, 0.1  # ms after an edge, and of the time to the next one, at most
_FURTHER = 0.5  # of the range without transients: what does not go further beyond is no such
_SAMPLES = 2000  # of a command that is not straight


def is_ideal(recorded: Signals) -> bool:
    """Whether V is the command wherever it is clamped: then it jumps, and its charge is known."""
    return "Q_clamp" in recorded.recording.variables


def command(recorded: Signals, lane: Lane) -> Line | None:
    """What V was asked to be in a lane, with gaps while no clamp is on; None where V is just that,
    or nothing is told."""
    if is_ideal(recorded) or not recorded.names("clamp"):
        return None
    done = injected.done_to(recorded, lane)
    clamps = [shape for shape in getattr(done, "shapes", ()) if shape.kind == "clamp"]
    first, last = float(recorded.time[0]), float(recorded.time[-1])
    pieces: list[Line] = []
    for clamp in sorted(clamps, key=lambda one: one.start):
        start, end = max(clamp.start, first), min(clamp.start + clamp.duration, last)
        if start >= end:
            continue
        straight = clamp.still or clamp.to is not None
        time = np.linspace(start, end, 2 if straight else _SAMPLES)
        just = np.minimum(time, np.nextafter(end, start))  # at its end a clamp is off already
        asked = np.asarray(clamp.put("amplifier.V", just), dtype=float)
        pieces.append((time, asked - origin.origin(recorded.recording.attrs)))
    if not pieces:
        return None
    gap = np.array([np.nan])
    joined: list[Line] = []
    for k, (time, values) in enumerate(pieces):
        if k and time[0] > pieces[k - 1][0][-1]:
            joined.append((time[:1], gap))
        joined.append((time, values))
    time, values = (np.concatenate(parts) for parts in zip(*joined, strict=True))
    return time, values


def reach(recorded: Signals, traces: Sequence[Trace]) -> tuple[tuple[float, float], bool]:
    """The limits of an axis that shows a clamp's current, and whether what charges the membrane
    just after an edge lies beyond them: it would flatten all the rest."""
    low, high = _ends([trace.values for trace in traces])
    if is_ideal(recorded):
        return padded(low, high), False
    lanes = recorded.lanes[: len(traces)]
    edges = np.unique(np.concatenate([injected.edges(recorded, lane) for lane in lanes]))
    step = float(np.median(np.diff(recorded.time)))  # a line leads up to a jump from one sample
    left = [trace.values[~_close(trace.time, edges, step)] for trace in traces]
    if not edges.size or not any(np.isfinite(rows).any() for rows in left):
        return padded(low, high), False
    inner = _ends(left)
    further = _FURTHER * (inner[1] - inner[0])
    if low >= inner[0] - further and high <= inner[1] + further:
        return padded(low, high), False
    return padded(*inner), True


def _close(time: np.ndarray, edges: np.ndarray, step: float) -> np.ndarray:
    """Which times are just after an edge, at it, or less than a step before it."""
    if not edges.size:
        return np.zeros(time.size, dtype=bool)
    k = np.searchsorted(edges, time, side="right") - 1
    begun = edges[np.maximum(k, 0)]
    ends = np.append(edges[1:], np.inf)[np.maximum(k, 0)]
    after = (k >= 0) & (time - begun <= np.minimum(_TRANSIENT, _PART * (ends - begun)))
    following = np.append(edges, np.inf)[k + 1]
    return after | (following - time < 1.001 * step)


def _ends(rows: Sequence[np.ndarray]) -> tuple[float, float]:
    values = np.concatenate(rows)
    values = values[np.isfinite(values)]
    return float(values.min()), float(values.max())
