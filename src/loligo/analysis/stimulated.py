"""When a recorded cell was stimulated, and by how much: for each lane, from what was done to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis.curve import Array
from loligo.analysis.spikes import Lanes
from loligo.errors import LoligoError, UsageError
from loligo.lanes import Grid, Labelled, Value, grid
from loligo.stimulus import Pulse, Step, VoltageClamp
from loligo.stimulus.applied import Applied
from loligo.stimulus.base import Stimulus
from loligo.stimulus.document import current_or_clamp
from loligo.stimulus.place import Placed

if TYPE_CHECKING:
    import xarray

_BACKGROUND = 1e-9  # of the recording, by which what goes on all the time may miss its ends


@dataclass(frozen=True, eq=False)
class Stimulated:
    """The stimulus of a recording, lane by lane; NaN where it is not known, or there is none.

    Parameters
    ----------
    start, end : ndarray, shape (cells,)
        ms.
    current : ndarray, shape (cells,)
        By how much it differs from what is injected all the time; where it is one current from
        start to end.
    unit : str
        Of the current: uA/cm2 or nA.
    clamped : bool
        Whether V was clamped.
    """

    start: Array
    end: Array
    current: Array
    unit: str = "uA/cm2"
    clamped: bool = False

    @classmethod
    def of(cls, rec: xarray.Dataset, lanes: Lanes, given: Any, times: tuple[float, float]):
        """What was done to the cells of a recording: as it says itself, or as is ``given``."""
        nothing = np.full(lanes.size, np.nan)
        if not lanes.size:
            return cls(nothing, nothing, nothing)
        done = _told(rec) if given is None else _given(given)
        clamped = any(isinstance(shape, VoltageClamp) for shape in done)
        shapes = [_in_lanes(shape, k, rec, lanes, done) for k, shape in enumerate(done)]
        known = [each for each in shapes if each is not None]
        if not known or len(known) < len(shapes):
            return cls(nothing, nothing, nothing, clamped=clamped)
        meant = _foreground([each for each in known if not isinstance(each, VoltageClamp)], times)
        if not meant:
            return cls(nothing, nothing, nothing, clamped=clamped)
        spans = [_span(shape, lanes) for shape in meant]
        start = np.minimum.reduce([first for first, _ in spans])
        end = np.minimum(np.maximum.reduce([last for _, last in spans]), times[1])
        outside = (start >= times[1]) | (end <= times[0])
        start, end = (np.where(outside, np.nan, each) for each in (start, end))
        flat = [shape for shape in meant if isinstance(shape, Pulse | Step)]
        current = nothing
        if len(flat) == len(meant) and all(
            np.array_equal(one[0], spans[0][0]) and np.array_equal(one[1], spans[0][1])
            for one in spans
        ):
            current = sum((_spread(shape.amplitude, lanes) for shape in flat), np.zeros(lanes.size))
        return cls(start, end, current, getattr(meant[0], "unit", "") or "uA/cm2", clamped)

    def within(self, rows: Array, last: float) -> Stimulated:
        """Of some cells, whose recording ends at ``last`` (ms)."""
        start, end, current = (each[rows] for each in (self.start, self.end, self.current))
        over = start >= last
        start, end = np.where(over, np.nan, start), np.where(over, np.nan, np.minimum(end, last))
        return replace(self, start=start, end=end, current=current)


def _given(stimulus: Any) -> list[Applied]:
    if not isinstance(stimulus, Stimulus | Placed):
        raise UsageError(
            f"stimulus={stimulus!r:.60} is no stimulus; give what was done, such as "
            "stimulus=lo.Pulse(500, 1000, '-50 pA')"
        )
    return list(_shapes(stimulus))


def _shapes(stimulus: Any) -> Iterator[Applied]:
    if isinstance(stimulus, Placed):
        for point in stimulus.points:
            yield from _shapes(point.stimulus)
    else:
        yield from getattr(stimulus, "shapes", (stimulus,)) or (stimulus,)


def _told(rec: xarray.Dataset) -> list[Applied]:
    """What the recording says was done, shape by shape; nothing where it says nothing."""
    try:
        document = json.loads(rec.attrs["provenance"])["stimulus"]
        if document is None:
            return []
        if document.get("kind") == "placed":
            return list(_shapes(Placed.from_dict(document)))
        return list(_shapes(current_or_clamp(document)))
    except (LoligoError, AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return []


def _in_lanes(
    shape: Applied, number: int, rec: xarray.Dataset, lanes: Lanes, among: Iterable[Applied]
) -> Applied | None:
    """A shape with its numbers as the lanes of the recording have them; None if they are lost."""
    found: dict[str, Value] = {}
    for name in shape.parameters:
        value = getattr(shape, name)
        if isinstance(value, Labelled):
            own = _coordinate(name, number, rec, lanes)
            if own is None:
                own = value if _fits(value, lanes) else None
            if own is None:
                return None
            found[name] = own
    return replace(shape, **found) if found else shape  # type: ignore[type-var]


def _coordinate(name: str, number: int, rec: xarray.Dataset, lanes: Lanes) -> Value | None:
    """A number of the stimulus as a coordinate of the recording: so it was selected, or sorted,
    with the lanes."""
    for called in (f"{name}_{number + 1}", name, f"{name}_value"):
        if called in rec.coords and set(rec[called].dims) <= set(lanes.dims):
            coordinate = rec[called]
            values = np.asarray(coordinate.values, dtype=float)
            dims = tuple(map(str, coordinate.dims))
            return Labelled(dims, values) if dims else float(values)
    return None


def _fits(value: Labelled, lanes: Lanes) -> bool:
    sizes = dict(zip(lanes.dims, lanes.shape, strict=True))
    return all(sizes.get(dim) == n for dim, n in zip(value.dims, value.shape, strict=True))


def _foreground(shapes: list[Applied], times: tuple[float, float]) -> list[Applied]:
    """Without what goes on all the time, such as a holding current or noise, if there is more."""
    most = _BACKGROUND * (times[1] - times[0])

    def always(shape: Applied) -> bool:
        first, last = _ends(shape)
        return bool((first <= times[0] + most).all() and (last >= times[1] - most).all())

    meant = [shape for shape in shapes if not (shape.noisy or always(shape))]
    return meant or shapes


def _ends(shape: Applied) -> tuple[Array, Array]:
    start, length = shape.window()
    both = grid({"start": start, "length": length})
    return both.flat("start"), both.flat("start") + both.flat("length")


def _span(shape: Applied, lanes: Lanes) -> tuple[Array, Array]:
    start, length = shape.window()
    first = _spread(start, lanes)
    return first, first + _spread(length, lanes)


def _spread(value: Value, lanes: Lanes) -> Array:
    """A number in each of the lanes."""
    own: Mapping[str, Value] = {"": value}
    return Grid(lanes.dims, lanes.shape, {}, own).flat("")
