"""What is where along an axon: electrodes, and stretches that have a name of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from loligo.figures.content import injected

if TYPE_CHECKING:
    import xarray

_MOST_STRETCHES = 4


@dataclass(frozen=True, eq=False)
class Electrode:
    """Where current is injected, and when."""

    place: float
    on: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Stretch:
    """A part of an axon that is called something else than most of it."""

    start: float
    end: float
    name: str


def electrodes(rec: xarray.Dataset, time: np.ndarray, per_um: float) -> tuple[Electrode, ...]:
    shortest = (time[-1] - time[0]) / 400
    return tuple(
        Electrode(
            place * per_um,
            tuple(injected.stretches(_on(time, np.asarray(row, dtype=float)), shortest)),
        )
        for place, row in _injected(rec, time)
    )


def _injected(rec: xarray.Dataset, time: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """(place in um, current) of every electrode: as recorded, or else as the provenance has it."""
    clamps = _recorded(rec, "I_clamp", "clamp_place")
    if "I_stim" in rec and "time" in rec["I_stim"].dims:
        return _recorded(rec, "I_stim", "place") + clamps
    return clamps + injected.at_places(rec, time)


def _recorded(rec: xarray.Dataset, name: str, dim: str) -> list[tuple[float, np.ndarray]]:
    if name not in rec or "time" not in rec[name].dims:
        return []
    current = rec[name]
    if dim in current.dims:
        rows = current.transpose(dim, "time").values
        return list(zip(map(float, rec[dim].values), rows, strict=True))
    if "place_um" not in current.attrs:
        return []
    return [(float(current.attrs["place_um"]), current.values)]


def _on(time: np.ndarray, current: np.ndarray) -> list[tuple[float, float]]:
    """When a sampled current is on: from its first sample to the first where it is off again."""
    edges = np.flatnonzero(np.diff(np.r_[0.0, (current != 0).astype(float), 0.0]))
    starts, stops = edges[::2], np.minimum(edges[1::2], time.size - 1)
    return [(float(time[a]), float(time[b])) for a, b in zip(starts, stops, strict=True)]


def stretches(rec: xarray.Dataset, edges: np.ndarray) -> tuple[Stretch, ...]:
    """What is to be named: a few parts of a bare axon that differ from the longest."""
    if "region" not in rec.coords or rec["region"].dims != ("position",) or rec["myelin"].any():
        return ()
    names = [str(name) for name in rec["region"].values]
    starts = [k for k in range(len(names)) if k == 0 or names[k] != names[k - 1]]
    found = [
        Stretch(float(edges[a]), float(edges[b]), names[a])
        for a, b in zip(starts, [*starts[1:], len(names)], strict=True)
    ]
    usual = max({s.name for s in found}, key=lambda name: sum(
        s.end - s.start for s in found if s.name == name
    ))  # fmt: skip
    other = tuple(s for s in found if s.name != usual)
    return other if len(other) <= _MOST_STRETCHES else ()
