"""The injected current of a recording: its line with vertical edges, and when it is on.

A recording holds samples; the stimulus itself, edges and all, is in its provenance, which is
evaluated here and nowhere else in figures. A pulse too short for the samples is drawn like any
other.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.figures.content.signals import Lane, Signals
from loligo.run.drive import onto

if TYPE_CHECKING:
    import xarray

    from loligo.stimulus.base import Stimulus

Line = tuple[np.ndarray, np.ndarray]  # times and currents; a jump is two vertices at one time


def current(signals: Signals, name: str, lane: Lane) -> Line:
    """The injected current as a line whose jumps are vertical.

    The recording's own stimulus gives the exact edges where its provenance tells; otherwise a
    jump is where the samples leave no slope to believe in, and lies at the later sample, since a
    sample at an edge holds the value just after it.
    """
    sampled = signals.values(name, lane)
    exact = None if signals.dims else _exact(signals, sampled)
    return exact or _from_samples(signals.time, sampled)


def when_on(signals: Signals, lanes: tuple[Lane, ...]) -> list[tuple[float, float]]:
    """The intervals in which current is injected, in any of ``lanes``."""
    recorded = signals.names("stimulus")[:1]
    if not recorded:
        stimulus = _stimulus(signals.recording)
        return [] if stimulus is None else _known_on(signals, stimulus)
    return sorted(on for lane in lanes for on in intervals(*current(signals, recorded[0], lane)))


def at_places(rec: xarray.Dataset, time: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """(place in um, current at times) of what is injected along an axon; none if the provenance
    does not tell, or tells of many lanes."""
    from loligo.errors import LoligoError
    from loligo.stimulus.base import Stimulus
    from loligo.stimulus.place import Placed

    try:
        points = Placed.from_dict(_described(rec)).points
        currents = [(p.place, p.stimulus) for p in points if isinstance(p.stimulus, Stimulus)]
        return [(place, _sampled(stimulus, time)) for place, stimulus in currents]
    except (LoligoError, KeyError, TypeError, ValueError):
        return []


def edges(signals: Signals, lane: Lane) -> np.ndarray:
    """When what is done to one lane changes its course, sorted; none if that is not told."""
    from loligo.errors import LoligoError

    try:
        described = _of_lane(signals, lane)
        if described is None:
            return np.empty(0)
        return _changes(json.dumps(described), float(signals.time[-1]))
    except (LoligoError, ValueError, KeyError, TypeError, AttributeError):
        return np.empty(0)


def done_to(signals: Signals, lane: Lane) -> Stimulus | None:
    """What is done to one lane, in numbers of its own; None if that is not told."""
    from loligo.errors import LoligoError

    try:
        described = _of_lane(signals, lane)
        return None if described is None else _made(described)
    except (LoligoError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _of_lane(signals: Signals, lane: Lane) -> Any:
    """What is done to one lane, as plain data.

    Raises
    ------
    KeyError, ValueError
        If the recording does not say which lane it is.
    """
    from loligo.recording.picked import reduced

    one = signals.recording.isel({d: k for d, k in lane.where.items() if d != "position"})
    return reduced(_described(signals.recording), one)


# ------------------------------------------------------------------ from the provenance


@lru_cache(maxsize=8)  # a figure asks for each of its lines
def _changes(described: str, end: float) -> np.ndarray:
    """When a described stimulus changes its course before ``end``."""
    from loligo.stimulus.place import Placed

    document = json.loads(described)
    placed = document["kind"] == "placed"
    made = (
        [point.stimulus for point in Placed.from_dict(document).points]
        if placed
        else [_made(document)]
    )
    return np.unique(np.concatenate([each.breakpoints(end) for each in made]))


def _described(rec: xarray.Dataset) -> Any:
    """What was done, as plain data; None if nothing was."""
    return json.loads(rec.attrs["provenance"])["stimulus"]


def _made(described: Any) -> Stimulus:
    from loligo.stimulus.document import from_dict

    return from_dict(described)


def _stimulus(rec: xarray.Dataset) -> Stimulus | None:
    """The stimulus that the provenance describes, if it does."""
    from loligo.errors import LoligoError

    try:
        described = _described(rec)
        return None if described is None else _made(described)
    except (LoligoError, ValueError, KeyError, TypeError):
        return None  # an older or another program's recording: its samples are all there is


def _exact(signals: Signals, sampled: np.ndarray) -> Line | None:
    stimulus = _stimulus(signals.recording)
    if stimulus is None:
        return None
    try:
        factor = _density(signals, stimulus)
        expected = factor * _sampled(stimulus, signals.time)
        edges = _edges(signals, stimulus)
    except (ValueError, TypeError):  # a stimulus of lanes, of which one was picked out
        return None
    largest = max(np.abs(expected).max(), np.abs(sampled).max())
    if edges.size == 0 or not np.abs(expected - sampled).max() <= 1e-6 * largest:
        return None
    return _with_edges(
        signals.time, sampled, edges, lambda at: factor * np.asarray(stimulus.value(at))
    )


def _sampled(stimulus: Stimulus, time: np.ndarray) -> np.ndarray:
    """A stimulus at sample times, as a run samples it: at an edge just after it, be the time of
    the sample an ulp before."""
    edges = stimulus.breakpoints(float(time[-1]))
    return np.asarray(stimulus.value(onto(edges, time)), dtype=float)


def _density(signals: Signals, stimulus: Stimulus) -> float:
    """What turns the stimulus's unit into µA/cm²: 1 nA into 1 µm² is 1e5 µA/cm²."""
    if stimulus.unit != "nA":
        return 1.0
    return 1e5 / float(json.loads(signals.recording.attrs["provenance"])["model"]["area"])


def _edges(signals: Signals, stimulus: Stimulus) -> np.ndarray:
    edges = np.asarray(stimulus.breakpoints(float(signals.time[-1])), dtype=float)
    inside = edges[(edges > signals.time[0]) & (edges < signals.time[-1])]
    return inside if inside.size <= 4 * signals.time.size else inside[:0]


def _with_edges(time: np.ndarray, sampled: np.ndarray, edges: np.ndarray, value: Any) -> Line:
    """Add the value just before and just after every edge."""
    gap = 1e-9 * max(1.0, float(np.max(np.abs(edges))))
    keep = ~np.isin(onto(edges, time), edges)
    times = np.concatenate((time[keep], edges, edges))
    values = np.concatenate((sampled[keep], value(edges - gap), value(edges)))
    rank = np.concatenate((np.zeros(keep.sum()), np.zeros(edges.size), np.ones(edges.size)))
    order = np.lexsort((rank, times))
    return times[order], values[order]


def _known_on(signals: Signals, stimulus: Stimulus) -> list[tuple[float, float]]:
    """Of a sweep without recorded current: when it is on, if that is the same in every lane."""
    spans: list[tuple[float, float]] = []
    for shape in (each for each in stimulus.shapes if each.unit):  # what is a current
        try:
            one = shape if isinstance(shape.amplitude, float) else shape.at(amplitude=1.0)
            values = _sampled(one, signals.time)
            edges = _edges(signals, one)
            if edges.size:
                line = _with_edges(signals.time, values, edges, one.value)
                spans += intervals(*line)
            else:
                spans += intervals(signals.time, values)
        except (ValueError, TypeError):  # start or duration differ between lanes
            continue
    return sorted(spans)


# ------------------------------------------------------------------ from the samples


def _from_samples(time: np.ndarray, current: np.ndarray) -> Line:
    rise = np.diff(current)
    before = np.concatenate(([0.0], rise[:-1]))
    after = np.concatenate((rise[1:], [0.0]))
    span = np.ptp(current[np.isfinite(current)]) if np.isfinite(current).any() else 0.0
    goes_on = [
        (rise * other > 0) & (np.abs(rise) <= 4 * np.abs(other)) for other in (before, after)
    ]
    jump = np.flatnonzero((np.abs(rise) > 0.02 * span) & ~goes_on[0] & ~goes_on[1])
    return np.insert(time, jump + 1, time[jump + 1]), np.insert(current, jump + 1, current[jump])


def intervals(time: np.ndarray, current: np.ndarray) -> list[tuple[float, float]]:
    """Where the injected current is on.

    A current that only passes through 0 (a sine) is on; gaps of less than a hundredth of the
    time shown are a pulse train's rhythm only if the current rests at 0 in them.

    >>> intervals(np.array([0, 5, 5, 45, 45, 50]), np.array([0, 0, 10, 10, 0, 0.0]))
    [(5.0, 45.0)]
    """
    on = (np.abs(current[:-1]) > 0) | (np.abs(current[1:]) > 0)
    on &= (np.diff(time) > 0) & np.isfinite(current[:-1]) & np.isfinite(current[1:])
    spans: list[tuple[float, float]] = []
    for k in np.flatnonzero(on):
        start, end = float(time[k]), float(time[k + 1])
        if spans and spans[-1][1] == start:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def stretches(spans: list[tuple[float, float]], shortest: float) -> list[tuple[float, float]]:
    """Intervals long enough to be seen, and closer gaps than that closed.

    >>> stretches([(0.0, 0.01), (5.0, 6.0), (6.05, 7.0)], 0.1)
    [(0.0, 0.1), (5.0, 7.0)]
    """
    merged: list[tuple[float, float]] = []
    for start, end in spans:
        end = max(end, start + shortest)
        if merged and start - merged[-1][1] < shortest:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
