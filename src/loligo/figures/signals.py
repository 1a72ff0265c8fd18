"""What a figure needs from a recording: time, lanes, variables by role, the stimulus's edges."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UsageError
from loligo.figures import labels

if TYPE_CHECKING:
    import xarray

# Units by role, where a recording says nothing.
_UNITS = {
    "voltage": "mV",
    "gate": "1",
    "conductance": "mS/cm2",
    "current": "uA/cm2",
    "stimulus": "uA/cm2",
}


@dataclass(frozen=True, eq=False)
class Lane:
    """One cell of a recording: where it is in it, and what to call it."""

    where: Mapping[str, int]
    label: str


@dataclass(frozen=True, eq=False)
class Signals:
    """A recording, checked and ready to be drawn."""

    recording: xarray.Dataset
    time: np.ndarray
    dims: tuple[str, ...]

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """Every lane, in C order."""
        sizes = [self.recording.sizes[dim] for dim in self.dims]
        return tuple(
            Lane(where, ", ".join(coordinate(self.recording, dim, k) for dim, k in where.items()))
            for where in (dict(zip(self.dims, at, strict=True)) for at in np.ndindex(*sizes))
        )

    def names(self, role: str) -> tuple[str, ...]:
        """Recorded variables that play ``role``, in the recording's order."""
        return tuple(
            str(name)
            for name, variable in self.recording.data_vars.items()
            if variable.attrs.get("role") == role and "time" in variable.dims
        )

    def series(self) -> tuple[str, ...]:
        """Everything recorded over time."""
        return tuple(str(n) for n, v in self.recording.data_vars.items() if "time" in v.dims)

    def attribute(self, name: str, key: str, default: Any = None) -> Any:
        """An attribute of a variable."""
        return self.recording[name].attrs.get(key, default)

    def unit(self, name: str) -> str:
        """A variable's unit as the recording has it."""
        return str(self.attribute(name, "units", _UNITS.get(str(self.role(name)), "1")))

    def role(self, name: str) -> str | None:
        """What a variable is: voltage, gate, current, ..."""
        return self.attribute(name, "role")

    def values(self, name: str, lane: Lane) -> np.ndarray:
        """A variable over time in one lane."""
        variable = self.recording[name]
        picked = variable.isel({d: k for d, k in lane.where.items() if d in variable.dims})
        return np.asarray(picked.values, dtype=float)


def read(recording: xarray.Dataset) -> Signals:
    """Check that ``recording`` can be drawn.

    Raises
    ------
    UsageError
        If it is not a recording, holds no time, or has fewer than two samples.
    """
    if not all(hasattr(recording, name) for name in ("data_vars", "sizes", "attrs")):
        raise UsageError(
            f"a {type(recording).__name__} cannot be drawn; "
            "give the recording that lo.simulate(...) returned, whole."
        )
    sampled = [v for v in recording.data_vars.values() if "time" in v.dims]
    if "time" not in recording.coords or not sampled:
        raise UsageError(
            "the recording holds no variable over time (only spikes?); "
            'simulate with record=None or record=["V"] to draw it.'
        )
    time = np.asarray(recording["time"].values, dtype=float)
    if time.size < 2:
        raise UsageError(
            f"the recording holds {time.size} sample{'s' * (time.size != 1)} over time, "
            "and a line needs two; simulate for longer or with a smaller sample_interval."
        )
    if not np.all(np.isfinite(time)) or not np.all(np.diff(time) > 0):
        raise UsageError("the recording's times must be finite and increasing; sort it by time.")
    dims = tuple(dict.fromkeys(str(d) for v in sampled for d in v.dims if d != "time"))
    empty = [dim for dim in dims if recording.sizes[dim] == 0]
    if empty:
        raise UsageError(f"the recording holds no lane along {empty[0]!r}; select some.")
    return Signals(recording, time, dims)


def coordinate(recording: xarray.Dataset, dim: str, index: int) -> str:
    """The value of a lane's coordinate, as text."""
    if dim not in recording.coords:
        return str(index)
    value = recording[dim].values[index]
    if not isinstance(value, float | int | np.number):
        return str(value)
    return f"{float(value):.4g}".replace("-", "−")


def dimension(recording: xarray.Dataset, dim: str) -> tuple[labels.Label, str]:
    """A lane dimension's symbol and printed unit."""
    units = str(recording[dim].attrs.get("units", "")) if dim in recording.coords else ""
    return labels.symbol(dim), labels.unit(units)


# ------------------------------------------------------------------ the injected current


def stimulus(signals: Signals, name: str, lane: Lane) -> tuple[np.ndarray, np.ndarray]:
    """The injected current as a line whose jumps are vertical.

    The recording's own stimulus gives the exact times of its edges where the recording names it
    (`provenance`); otherwise a jump is where the samples leave no slope to believe in, and lies at
    the later sample, since a sample at an edge holds the value just after it.

    Returns
    -------
    time, current : ndarray
        Vertices of the line; a jump is two vertices at one time.
    """
    current = signals.values(name, lane)
    exact = _from_provenance(signals, current) if not signals.dims else None
    return exact if exact is not None else _from_samples(signals.time, current)


def _from_samples(time: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rise = np.diff(current)
    before = np.concatenate(([0.0], rise[:-1]))
    after = np.concatenate((rise[1:], [0.0]))
    span = np.ptp(current[np.isfinite(current)]) if np.isfinite(current).any() else 0.0
    goes_on = [
        (rise * other > 0) & (np.abs(rise) <= 4 * np.abs(other)) for other in (before, after)
    ]
    jump = np.flatnonzero((np.abs(rise) > 0.02 * span) & ~goes_on[0] & ~goes_on[1])
    return np.insert(time, jump + 1, time[jump + 1]), np.insert(current, jump + 1, current[jump])


def _from_provenance(signals: Signals, current: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    try:
        described = json.loads(signals.recording.attrs["provenance"])
        from loligo import stimulus as stimuli

        given = stimuli.from_dict(described["stimulus"])
        time, duration = signals.time, float(described["duration"])
        edges = np.asarray(given.breakpoints(duration), dtype=float)
        sampled = np.asarray(given.value(time), dtype=float)
    except Exception:  # an old, foreign or edited recording: its samples are all there is
        return None
    if sampled.shape != current.shape or edges.size > 4 * time.size:
        return None
    factor = _factor(sampled, current)
    edges = edges[(edges > time[0]) & (edges < time[-1])]
    if factor is None or edges.size == 0:
        return None
    return _with_edges(time, current, edges, lambda at: factor * np.asarray(given.value(at)))


def _factor(sampled: np.ndarray, current: np.ndarray) -> float | None:
    """What turns the stimulus into the recorded current (1, or a total current per area)."""
    largest = float(np.max(np.abs(sampled), initial=0.0))
    if largest == 0:
        return None
    factor = float(np.dot(sampled, current) / np.dot(sampled, sampled))
    off = np.max(np.abs(factor * sampled - current))
    return factor if off <= 1e-6 * abs(factor) * largest else None


def _with_edges(time: np.ndarray, current: np.ndarray, edges: np.ndarray, value: Any) -> Any:
    """Add the value just before and just after every edge."""
    gap = 1e-9 * max(1.0, float(np.max(np.abs(edges))))
    before, after = value(edges - gap), value(edges)
    keep = ~np.isin(time, edges)
    times = np.concatenate((time[keep], edges, edges))
    values = np.concatenate((current[keep], before, after))
    rank = np.concatenate((np.zeros(keep.sum()), np.zeros(edges.size), np.ones(edges.size)))
    order = np.lexsort((rank, times))
    return times[order], values[order]


def intervals(time: np.ndarray, current: np.ndarray) -> list[tuple[float, float]]:
    """Where the injected current is on.

    A current that only passes through 0 (a sine) is on; gaps of less than a hundredth of the
    time shown are a pulse train's rhythm only if the current rests at 0 in them.

    >>> intervals(np.array([0, 5, 5, 45, 45, 50]), np.array([0, 0, 10, 10, 0, 0.0]))
    [(5.0, 45.0)]
    """
    on = (np.abs(current[:-1]) > 0) | (np.abs(current[1:]) > 0)
    on &= (np.diff(time) > 0) & np.isfinite(current[:-1]) & np.isfinite(current[1:])
    found: list[tuple[float, float]] = []
    for k in np.flatnonzero(on):
        start, end = float(time[k]), float(time[k + 1])
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def stretches(found: list[tuple[float, float]], shortest: float) -> list[tuple[float, float]]:
    """Intervals long enough to be seen, and closer gaps than that closed.

    >>> stretches([(0.0, 0.01), (5.0, 6.0), (6.05, 7.0)], 0.1)
    [(0.0, 0.1), (5.0, 7.0)]
    """
    merged: list[tuple[float, float]] = []
    for start, end in found:
        end = max(end, start + shortest)
        if merged and start - merged[-1][1] < shortest:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def thinned(time: np.ndarray, values: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """A line of at most about ``4 * bins`` vertices that looks the same on ``bins`` columns.

    Of every column the first, lowest, highest and last vertex are kept, so no spike is lost.
    """
    if time.size <= 4 * bins:
        return time, values
    span = (time[-1] - time[0]) or 1.0
    column = np.minimum(((time - time[0]) * (bins / span)).astype(int), bins - 1)
    first = np.flatnonzero(np.diff(column, prepend=-1))
    edges = [*first.tolist(), time.size]
    kept: set[int] = set()
    filled = np.where(np.isfinite(values), values, 0.0)
    for a, b in pairwise(edges):
        part = filled[a:b]
        kept.update((a, a + int(part.argmin()), a + int(part.argmax()), b - 1))
        bad = np.flatnonzero(~np.isfinite(values[a:b]))
        kept.update((a + bad[:1]).tolist())
    chosen = np.array(sorted(kept))
    return time[chosen], values[chosen]
