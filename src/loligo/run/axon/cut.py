"""Axons cut into compartments: an axon's run becomes a problem like any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from loligo import units
from loligo.engine.kernel import Kernel
from loligo.errors import UsageError
from loligo.lanes import Grid, Integers, Labelled, Value
from loligo.memory import refuse_too_large
from loligo.run.axon.beginnings import labels_of, of_region
from loligo.run.axon.compartments import cut
from loligo.run.axon.pilot import finer
from loligo.run.axon.places import Ladder, Place, needed
from loligo.run.axon.resolution import counts_of, different, rise, step_for
from loligo.run.cells import Cells, guess
from loligo.run.geometry import POSITION, Compartments, Geometry, Patch, along
from loligo.run.problem import Fineness, Group, Problem, Uncut


def fineness_of(uncut: Uncut, kernels: Sequence[Kernel], engine: str) -> Fineness:
    """How finely the axons must be cut, as they or their accuracy ask.

    Parameters
    ----------
    kernels
        Of each group of its membranes; they tell how fast an impulse rises.
    engine
        That runs a pilot, where one is needed.

    Raises
    ------
    ModelError
        If there would be too many compartments.
    """
    axon, lanes = uncut.axon, uncut.lanes
    which = [uncut.group_of(i) for i in range(len(axon.regions))]
    outlines = [uncut.groups[k].outline for k in which]
    membranes = different(lanes, outlines, [kernels[k] for k in which])
    rate = rise(membranes)
    accuracy = axon.accuracy / finer(axon.accuracy, membranes, rate, engine) ** 2
    counts = counts_of(axon, outlines, lanes, rate, accuracy)
    apart = {
        (group.regions[0], name)
        for group in uncut.groups
        for name, row in _by_region(uncut, group).items()
        if any(value != next(iter(row.values())) for value in row.values())
    }
    return Fineness(tuple(counts), step_for(accuracy, rate), frozenset(apart))


def cut_to_pieces(uncut: Uncut, kernels: Sequence[Kernel], engine: str) -> Problem:
    """The problem of an axon cut as finely as it, or its accuracy, asks (:func:`fineness_of`).

    Raises
    ------
    ModelError
        If there would be too many compartments.
    RunError
        If there is not enough memory for them.
    UsageError
        If a position is off the axon, or an initial state is of another axon.
    """
    axon, lanes = uncut.axon, uncut.lanes
    fineness = uncut.fineness or fineness_of(uncut, kernels, engine)
    _check_memory(uncut, sum(fineness.counts))
    parts = cut(axon, lanes, list(fineness.counts))
    places, recorded = _recorded(uncut, parts)
    patches = tuple(_patch(uncut, group, parts, fineness.apart) for group in uncut.groups)
    return Problem(
        axon, uncut.driven, uncut.clamps, lanes, uncut.times, uncut.records, uncut.initial,
        tuple(patch.cells for patch in patches),
        Geometry(axon, parts, patches, recorded, places, fineness.dt),
        uncut.until,
    )  # fmt: skip


def _by_region(uncut: Uncut, group: Group) -> dict[str, dict[int, Value]]:
    """The numbers of a group's membranes, region by region."""
    outline, values = group.outline, uncut.values
    each: dict[str, dict[int, Value]] = {}
    begun = (f"initial.{state}" for state in outline.states)
    for name in (*outline.parameters, *map(guess, outline.states), *begun):
        full = {i: f"region{i}.{name}" for i in group.regions}
        each[name] = {i: values[own] for i, own in full.items() if own in values}
    return {name: row for name, row in each.items() if row}


def _patch(
    uncut: Uncut, group: Group, parts: Compartments, apart: frozenset[tuple[int, str]]
) -> Patch:
    outline, lanes, values = group.outline, uncut.lanes, uncut.values
    place = np.flatnonzero(np.isin(parts.region, group.regions))
    own: dict[str, Value] = {}
    for name, row in _by_region(uncut, group).items():
        own[name] = next(iter(row.values()))
        if (group.regions[0], name) in apart:
            own[name] = _over_regions(name, tuple(row), lanes, parts.region[place])
    begin = of_region(uncut.initial, labels_of(uncut.axon)[group.regions[0]], outline)
    for name in ("V", *begin.states):
        if f"initial.{name}" in values:
            own[f"initial.{name}"] = _at_places(values[f"initial.{name}"], parts, place)
    cells = Cells(outline, along(lanes, parts.position[place], own), begin, group.records)
    uniform = not any(isinstance(v, Labelled) and POSITION in v.dims for v in own.values())
    once = replace(cells, lanes=Grid(lanes.dims, lanes.shape, lanes.coords, own))
    return Patch(place, cells, once if uniform else cells, uniform)


def _over_regions(name: str, regions: tuple[int, ...], lanes: Grid, region: Integers) -> Value:
    """A parameter that differs between regions, over lanes and positions."""
    table = np.stack([lanes.array(f"region{i}.{name}") for i in regions], axis=-1)
    column = np.searchsorted(np.array(regions), region)
    return Labelled((*lanes.dims, POSITION), table[..., column])


def _at_places(value: Value, parts: Compartments, place: Integers) -> Value:
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


def _recorded(uncut: Uncut, parts: Compartments) -> tuple[list[Place] | None, Integers]:
    """The places to record, and the compartments that they are read from."""
    positions, length = uncut.positions, uncut.axon.length
    if positions is None:
        return None, np.arange(parts.count)
    asked = positions if np.ndim(positions) else [positions]
    where = [units.read(each, "um", "positions", at_least=0.0) for each in asked]
    if not where:
        raise UsageError("positions is empty; give places in um, or None for every compartment")
    if any(isinstance(each, Labelled) for each in where):
        raise UsageError("positions is nested; give one list of places, as in [0, '1 cm']")
    places = np.array(where, dtype=np.float64)
    far = places[places > length * (1 + 1e-12)]
    if far.size:
        raise UsageError(
            f"positions: {far[0]:.10g} um is off the axon, which ends at {length:.10g} um"
        )
    ladder = Ladder(uncut.axon, parts, [point.place for point in uncut.clamps])
    read = [ladder.read(float(place)) for place in np.unique(np.minimum(places, length))]
    return read, needed(read, ladder)


def _check_memory(uncut: Uncut, compartments: int) -> None:
    axons, positions, records = uncut.lanes.size, uncut.positions, len(uncut.records)
    samples = int(uncut.times.duration / uncut.times.sample_interval) + 1
    places = compartments if positions is None else min(compartments, int(np.size(positions)))
    # what is recorded is put in order by making it anew; places are read from four compartments
    kept = 2 * (compartments if positions is None else min(compartments, 4 * places))
    # and some 90 numbers a compartment, those of its spikes among them
    needed = 8 * (axons * kept * records * samples + 96 * axons * compartments)
    refuse_too_large(
        needed,
        f"{axons:,} axons × {compartments:,} compartments; {places:,} positions × {samples:,} "
        f"samples × {records} recorded",
        "record fewer places, positions=[0, '1 cm'], or fewer names, record=['V'], or take a "
        "longer sample_interval; record=['spikes'] keeps the spikes alone",
    )
