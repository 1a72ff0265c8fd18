"""What a run of an axon is asked to do, read and checked."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from loligo import units
from loligo.engine.kernel import Floats, Integers
from loligo.errors import RunError, StimulusError, UsageError
from loligo.lanes import Grid, Labelled, Value, grid
from loligo.memory import available, spell
from loligo.model import Axon, Membrane
from loligo.run.axon.compartments import Compartments, counts_of, cut, values
from loligo.run.axon.resolution import own_records, rise
from loligo.run.equilibrium import guess
from loligo.run.problem import (
    Initial,
    Problem,
    check_dimensions,
    read_initial,
    read_records,
    read_times,
    recordable,
)
from loligo.stimulus import Clamp, Placed, Point, Shape, Stimulus, check

POSITION = "position"
I_CLAMP = "I_clamp"
_OTHER = ("place", "clamp_place", "region", "myelin", POSITION)  # what else a recording holds


@dataclass(frozen=True)
class Patch:
    """The compartments of one membrane structure, as a problem of a membrane's.

    Attributes
    ----------
    place
        Which compartments, increasing.
    cells
        Every compartment of every axon is a lane.
    once
        Every axon is a lane, if all its compartments are alike in this patch; else ``cells``.
    uniform
        Whether they are: no parameter and no initial value varies along the axon.
    """

    place: Integers
    cells: Problem
    once: Problem
    uniform: bool

    def along(self, rows: Floats) -> Floats:
        """What was found of :attr:`once`, (rows, axons, compartments), or 1 compartment."""
        axons = self.cells.lanes.size // self.place.size
        return rows.reshape(len(rows), axons, 1 if self.uniform else self.place.size)


@dataclass(frozen=True)
class AxonProblem:
    """A run of axons, ready for a solver.

    Attributes
    ----------
    points
        What is injected where; its numbers are called ``stimulus0.0.start``, … in ``lanes``.
    clamps
        Where V is clamped; the numbers are called ``clamp0.start``, ….
    lanes
        Every number of the run over the axons.
    recorded
        Which compartments are recorded, increasing.
    rate
        Of an impulse's rise, per ms.
    """

    axon: Axon
    points: tuple[Point, ...]
    clamps: tuple[Point, ...]
    lanes: Grid
    parts: Compartments
    patches: tuple[Patch, ...]
    recorded: Integers
    duration: float
    sample_interval: float
    threshold: float
    records: tuple[str, ...]
    initial: Initial
    rate: float

    @property
    def axons(self) -> int:
        return self.lanes.size

    @property
    def times(self) -> Floats:
        return self.patches[0].cells.times

    @property
    def samples(self) -> int:
        return self.patches[0].cells.samples

    def shapes(self, point: int) -> tuple[Shape, ...]:
        return self.points[point].shapes

    @cached_property
    def grid(self) -> Grid:
        """The recording's: the lanes and the recorded positions."""
        where = self.parts.position[self.recorded]
        return along(self.lanes, where, dict(self.lanes.values))

    @property
    def settings(self) -> dict[str, Any]:
        """How the axon was cut, for the recording's attributes."""
        return {
            "compartments": self.parts.count,
            "dx_um": float(self.parts.length.max()),
            "accuracy": self.axon.accuracy,
        }

    def in_axon(self, index: int, compartment: int) -> str:
        """`` at 1050 um in the lane diameter = 10``, for messages."""
        label = ", ".join(f"{dim} = {value:.6g}" if isinstance(value, float) else f"{dim} = {value}"
                          for dim, value in self.lanes.label(index).items())  # fmt: skip
        lane = f" in the lane {label}" if label else ""
        return f" at {self.parts.position[compartment]:.6g} um{lane}"


def along(lanes: Grid, position: Floats, named: dict[str, Value]) -> Grid:
    """A grid with the dimension ``position`` after its others."""
    return Grid(
        (*lanes.dims, POSITION),
        (*lanes.shape, position.size),
        {**lanes.coords, POSITION: position},
        named,
    )


def pose(
    axon: Axon, stimulus: Any, duration: Any, *, record: Any, sample_interval: Any,
    initial: Any, threshold: Any, positions: Any,
) -> AxonProblem:  # fmt: skip
    """Read the arguments of :func:`loligo.simulate` for an axon.

    Raises
    ------
    LoligoError
        Naming the argument, what is wrong with it and what to write instead.
    """
    length, interval, level = read_times(duration, sample_interval, threshold)
    placed = _points(stimulus, axon, length)
    points = tuple(p for p in placed if not isinstance(p.stimulus, Clamp))
    clamps = tuple(p for p in placed if isinstance(p.stimulus, Clamp))
    membranes = [region.membrane for region in axon.regions]
    if hasattr(initial, "data_vars") and len(_structures(membranes)) > 1:
        initial = initial.fillna(0.0)  # a gate where no membrane has it: not read
    begin = read_initial(initial, _widest(membranes))
    named = _values(axon, points, clamps, begin)
    _refuse_position(named)
    lanes = grid({name: _without_position(value) for name, value in named.items()})
    if lanes.size == 0:
        empty = next(dim for dim, n in zip(lanes.dims, lanes.shape, strict=True) if n == 0)
        raise UsageError(f"the array along {empty!r} is empty: there is nothing to simulate")
    known = tuple(dict.fromkeys(name for m in membranes for name in recordable(m)))
    known += (I_CLAMP,) if clamps else ()
    check_dimensions(lanes, (*known, *_OTHER))
    records = read_records(record, known, lanes.size)
    if record is None and clamps and I_CLAMP not in records:
        records += (I_CLAMP,)
    rate = _rate(axon, lanes, named, records, (length, interval, level))
    counts = counts_of(axon, lanes, rate)
    sampled = int(length / interval) + 1
    _check_memory(lanes.size, sum(counts), positions, sampled, len(records))
    parts = cut(axon, lanes, counts)
    recorded = _recorded(positions, parts, axon.length)
    patches = tuple(
        _patch(axon, which, lanes, parts, begin, named, records, (length, interval, level))
        for which in _structures(membranes)
    )
    return AxonProblem(
        axon,
        points,
        clamps,
        lanes,
        parts,
        patches,
        recorded,
        length,
        interval,
        level,
        records,
        begin,
        rate,
    )


def _rate(
    axon: Axon, lanes: Grid, named: dict[str, Value], records: tuple[str, ...],
    times: tuple[float, float, float],
) -> float:  # fmt: skip
    """How fast an impulse rises in the fastest region, per ms."""
    blank = Problem(axon.regions[0].membrane, (), lanes, *times, (), Initial())
    return rise(axon, lanes, named, blank, records)


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


def _widest(membranes: list[Membrane]) -> Membrane:
    """The membrane that initial values are read for: the one with most states."""
    return max(membranes, key=lambda m: len(m.gates) + len(m.states))


def _values(
    axon: Axon, points: tuple[Point, ...], clamps: tuple[Point, ...], initial: Initial
) -> dict[str, Value]:
    """Every number of the run by its name in :attr:`AxonProblem.lanes`."""
    named: dict[str, Any] = dict(values(axon))
    for i, region in enumerate(axon.regions):
        membrane = region.membrane
        named |= {f"region{i}.{n}": p.value for n, p in membrane.parameters.items()}
        named |= {f"region{i}.{guess(s.name)}": s.initial
                  for s in membrane.states if s.initial is not None}  # fmt: skip
    for i, point in enumerate(points):
        for k, shape in enumerate(point.shapes):
            named |= {f"stimulus{i}.{k}.{p}": getattr(shape, p) for p in shape.parameters}
    for i, point in enumerate(clamps):
        named |= {f"clamp{i}.{p}": getattr(point.stimulus, p) for p in Clamp.parameters}
    if initial.voltage is not None:
        named["initial.V"] = initial.voltage
    return named | {f"initial.{name}": value for name, value in initial.states.items()}


def _refuse_position(named: dict[str, Value]) -> None:
    for name, value in named.items():
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


def _structures(membranes: list[Membrane]) -> list[list[int]]:
    """Regions grouped by the structure of their membranes."""
    groups: dict[str, list[int]] = {}
    for i, membrane in enumerate(membranes):
        groups.setdefault(json.dumps(membrane.structure(), sort_keys=True), []).append(i)
    return list(groups.values())


def _patch(
    axon: Axon, regions: list[int], lanes: Grid, parts: Compartments, initial: Initial,
    named: dict[str, Value], records: tuple[str, ...], times: tuple[float, float, float],
) -> Patch:  # fmt: skip
    place = np.flatnonzero(np.isin(parts.region, regions))
    membrane = axon.regions[regions[0]].membrane
    own: dict[str, Value] = {}
    names = [*membrane.parameters, *(guess(s.name) for s in membrane.states)]
    for name in names:
        per_region = {
            i: named[f"region{i}.{name}"] for i in regions if f"region{i}.{name}" in named
        }
        if per_region:
            own[name] = _along(name, per_region, lanes, parts.region[place])
    states = {g.name for g in membrane.gates} | {s.name for s in membrane.states}
    begin = Initial(
        initial.voltage, {name: v for name, v in initial.states.items() if name in states}
    )
    for name in ("V", *begin.states):
        if f"initial.{name}" in named:
            own[f"initial.{name}"] = _here(named[f"initial.{name}"], parts, place)
    mine = own_records(membrane, records)
    cells = Problem(
        membrane, (), along(lanes, parts.position[place], own), *times, mine, begin
    )  # fmt: skip
    uniform = not any(isinstance(v, Labelled) and POSITION in v.dims for v in own.values())
    once = replace(cells, lanes=Grid(lanes.dims, lanes.shape, lanes.coords, own))
    return Patch(place, cells, once if uniform else cells, uniform)


def _along(name: str, per_region: dict[int, Value], lanes: Grid, region: Integers) -> Value:
    """A parameter over lanes and, if it differs between regions, over positions."""
    every = list(per_region.values())
    if all(value == every[0] for value in every[1:]):
        return every[0]
    rows = {i: lanes.array(f"region{i}.{name}") for i in per_region}
    table = np.stack([rows[i] for i in per_region], axis=-1)
    column = np.searchsorted(np.array(list(per_region)), region)
    return Labelled((*lanes.dims, POSITION), table[..., column])


def _here(value: Value, parts: Compartments, place: Integers) -> Value:
    """An initial value at a patch's compartments."""
    if not isinstance(value, Labelled) or POSITION not in value.dims:
        return value
    axis, count = value.dims.index(POSITION), parts.count
    if value.shape[axis] != count:
        raise UsageError(
            f"initial: it has {value.shape[axis]} positions, but the axon has {count} "
            "compartments; continue from a run of the same axon that recorded all of them"
        )
    where = value.coords.get(POSITION, parts.position)
    if not np.allclose(where, parts.position, rtol=1e-9, atol=0.0):
        k = int(np.argmax(~np.isclose(where, parts.position, rtol=1e-9, atol=0.0)))
        raise UsageError(
            f"initial: its position {k} is {where[k]:.10g} um, but the axon's compartment there is "
            f"at {parts.position[k]:.10g} um; continue from a run of the same axon that recorded "
            "all of them, in their order"
        )
    coords = {d: c for d, c in value.coords.items() if d != POSITION}
    return Labelled(value.dims, np.take(value.values, place, axis=axis), coords)


def _recorded(positions: Any, parts: Compartments, length: float) -> Integers:
    """The compartments nearest to the places asked for."""
    if positions is None:
        return np.arange(parts.count)
    given = positions if np.ndim(positions) else [positions]
    where = [units.read(each, "um", "positions", at_least=0.0) for each in given]
    if not where:
        raise UsageError("positions is empty; give places in um, or None for every compartment")
    if any(isinstance(each, Labelled) for each in where):
        raise UsageError("positions is nested; give one list of places, as in [0, '1 cm']")
    far = [each for each in where if isinstance(each, Labelled) or each > length * (1 + 1e-12)]
    if far:
        raise UsageError(
            f"positions: {_shown(far[0])} um is off the axon, which ends at {length:.10g} um"
        )
    edges = 0.5 * (parts.position[1:] + parts.position[:-1])
    return np.unique(np.searchsorted(edges, np.array(where, dtype=np.float64)))


def _shown(value: Value) -> str:
    return f"{value:.10g}" if isinstance(value, float) else repr(value)


def _check_memory(
    axons: int, compartments: int, positions: Any, samples: int, records: int
) -> None:
    """Say how much a run needs before it takes any, if there is not so much."""
    places = compartments if positions is None else min(compartments, int(np.size(positions)))
    # what is recorded is put in order by making it anew; and some 60 numbers a compartment
    needed = 8 * (2 * axons * places * records * samples + 64 * axons * compartments)
    there = available()
    if there is not None and needed > there:
        raise RunError(
            f"this run needs {spell(needed)} of memory ({axons:,} axons × {compartments:,} "
            f"compartments; {places:,} positions × {samples:,} samples × {records} recorded), but "
            f"{spell(there)} is free; record fewer places, positions=[0, '1 cm'], or fewer names, "
            "record=['V'], or take a longer sample_interval; record=['spikes'] keeps the spikes "
            "alone"
        )
