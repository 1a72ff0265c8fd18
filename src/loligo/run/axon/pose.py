"""What a person asked of an axon, read and checked. Nothing is compiled here.

How finely the axon must be cut is not known yet: that follows from how fast its membranes are,
which a kernel tells (:mod:`loligo.run.axon.cut`).
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from loligo.errors import StimulusError, UsageError
from loligo.lanes import Labelled, Value
from loligo.model import Axon
from loligo.run.axon.beginnings import apart, beginning_values, read_beginning
from loligo.run.axon.compartments import shape_values
from loligo.run.cells import Driven, guess
from loligo.run.doing import warn_of_clamps_in_volts
from loligo.run.geometry import POSITION
from loligo.run.pose import (
    check_dimensions,
    grid_of,
    read_records,
    read_times,
)
from loligo.run.problem import I_CLAMP, Group, Uncut
from loligo.run.until import read_until
from loligo.stimulus import Clamp
from loligo.stimulus.base import Stimulus
from loligo.stimulus.clamp import SERIES
from loligo.stimulus.place import Placed, Point
from loligo.stimulus.window import check
from loligo.system.outline import STIMULUS, Outline, outline_of

_OTHER = ("place", "clamp_place", "region", "myelin", POSITION)  # what else a recording holds


def pose(
    axon: Axon, stimulus: Any, duration: Any, *, record: Any, sample_interval: Any,
    initial: Any, threshold: Any, positions: Any, until: Any = None,
) -> Uncut:  # fmt: skip
    """Read the arguments of :func:`loligo.simulate` for an axon.

    Raises
    ------
    LoligoError
        Naming the argument, what is wrong with it and what to write instead.
    """
    times = read_times(duration, sample_interval, threshold)
    points = _points(stimulus, axon, times.duration)
    clamps = tuple(p for p in points if isinstance(p.stimulus, Clamp))
    warn_of_clamps_in_volts([p.stimulus for p in clamps])
    driven = _driven(tuple(p for p in points if not isinstance(p.stimulus, Clamp)))
    alike = _structures(axon)
    by_region = [
        outline_of(axon.regions[_first(alike, i)].membrane) for i in range(len(axon.regions))
    ]
    begin = read_beginning(initial, axon, by_region)
    alike = apart(alike, begin, axon, by_region)
    outlines = [by_region[regions[0]] for regions in alike]
    values = _values(axon, driven, clamps)
    values |= beginning_values(begin, axon, by_region)
    _refuse_position(values)
    lanes = grid_of({name: _without_position(value) for name, value in values.items()})
    known = tuple(dict.fromkeys(name for outline in outlines for name in outline.records))
    known += (I_CLAMP,) if clamps else ()
    check_dimensions(lanes, (*known, *_OTHER))
    records = read_records(record, known, lanes.size)
    if record is None and clamps and I_CLAMP not in records:
        records += (I_CLAMP,)
    groups = tuple(
        Group(regions, outline, _own_records(outline, records))
        for regions, outline in zip(alike, outlines, strict=True)
    )
    about = {n: what for outline in outlines for n, what in outline.about.items()}
    of_points = [name for name in records if name in (STIMULUS, I_CLAMP)]
    along = tuple(name for name in records if name not in of_points)
    stops = read_until(until, along, lambda name: str(about[name]["units"]))
    return Uncut(
        axon, driven, clamps, values, lanes, groups, times, records, begin, positions, stops
    )  # fmt: skip


def _points(stimulus: Any, axon: Axon, duration: float) -> tuple[Point, ...]:
    if stimulus is None:
        return ()
    if isinstance(stimulus, Clamp):
        raise StimulusError(f"an axon is clamped at a place: lo.at(0, {stimulus!r})")
    if isinstance(stimulus, Stimulus):
        raise StimulusError(
            f"an axon is stimulated at a place: lo.at(0, {stimulus!r}) injects it at the left "
            "end, as a total current in nA"
        )
    if not isinstance(stimulus, Placed):
        raise UsageError(
            "stimulus must be placed along the axon, as in lo.at(0, lo.Pulse(1, 1, 50e3)), or "
            f"None, not {stimulus!r:.80}"
        )
    for point in stimulus.points:
        if point.place > axon.length * (1 + 1e-12):
            raise StimulusError(
                f"{point!r} is off the axon: the place {point.place:.10g} um lies beyond its "
                f"right end at {axon.length:.10g} um"
            )
        check(point.stimulus, duration)
    return stimulus.points


def _driven(points: tuple[Point, ...]) -> tuple[Driven, ...]:
    return tuple(
        Driven(f"stimulus{i}.{k}", shape, point.place)
        for i, point in enumerate(points)
        for k, shape in enumerate(point.shapes)
    )


def _structures(axon: Axon) -> list[tuple[int, ...]]:
    """Regions grouped by the structure of their membranes."""
    groups: dict[str, list[int]] = {}
    for i, region in enumerate(axon.regions):
        structure = json.dumps(region.membrane.structure(), sort_keys=True)
        groups.setdefault(structure, []).append(i)
    return [tuple(regions) for regions in groups.values()]


def _first(alike: list[tuple[int, ...]], region: int) -> int:
    """The first region of the same structure."""
    return next(regions[0] for regions in alike if region in regions)


def _own_records(outline: Outline, records: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in records if name in outline.records and name != STIMULUS)


def _values(axon: Axon, driven: tuple[Driven, ...], clamps: tuple[Point, ...]) -> dict[str, Value]:
    """Every number of the run by its name in :attr:`Problem.lanes`."""
    values = shape_values(axon)
    for i, region in enumerate(axon.regions):
        membrane = region.membrane
        values |= {f"region{i}.{n}": p.value for n, p in membrane.parameters.items()}
        values |= {f"region{i}.{guess(state)}": value
                   for state, value in membrane.beginnings.items()}  # fmt: skip
    for each in driven:
        values |= {each.name(p): getattr(each.shape, p) for p in each.shape.parameters}
    for i, point in enumerate(clamps):
        clamp: Any = point.stimulus
        numbers = {"series_resistance": SERIES, **{p: getattr(clamp, p) for p in clamp.parameters}}
        values |= {f"clamp{i}.{p}": value for p, value in numbers.items()}
    return values


def _refuse_position(values: dict[str, Value]) -> None:
    for name, value in values.items():
        along_it = isinstance(value, Labelled) and POSITION in value.dims
        if along_it and not name.startswith("initial."):
            owner, _, plain = name.rpartition(".")
            what = (
                "a current is injected at places: lo.at(0, a) + lo.at('5 cm', b)"
                if owner.startswith("stimulus")
                else "what differs along an axon is given by its regions: "
                "lo.Axon(regions=[lo.Region(...), ...])"
            )
            raise UsageError(
                f"{plain} varies along 'position', but {what}; for several axons call the "
                "dimension something else"
            )


def _without_position(value: Value) -> Value:
    """What of a value varies over the axons."""
    if not isinstance(value, Labelled) or POSITION not in value.dims:
        return value
    axis = value.dims.index(POSITION)
    dims = tuple(dim for dim in value.dims if dim != POSITION)
    taken = np.take(value.values, 0, axis=axis)
    return Labelled(dims, taken, {d: value.coords[d] for d in dims if d in value.coords})
