"""A box of a run's grid: some of its lanes as a run of their own, in which each has its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar, cast

import numpy as np

from loligo.lanes import Grid, Labelled, Value
from loligo.run.cells import Initial
from loligo.run.problem import Problem, Uncut

Box = Mapping[str, slice]
"""Dimension -> from where to where, of some or all."""

Asked = TypeVar("Asked", bound=Problem | Uncut)


def boxed(asked: Asked, box: Box) -> Asked:
    """What was asked, of the lanes in a box alone."""
    lanes, initial = _grid(asked.lanes, box), _initial(asked.initial, box)
    if isinstance(asked, Uncut):
        values = {name: part_of(value, box) for name, value in asked.values.items()}
        return cast(Any, replace(asked, lanes=lanes, initial=initial, values=values))
    whole: Problem = asked
    cells = tuple(replace(each, lanes=lanes, initial=initial) for each in whole.cells)
    return cast(Any, replace(whole, lanes=lanes, initial=initial, cells=cells))


def part_of(value: Value, box: Box) -> Value:
    """A number, or the part of an array that lies in a box."""
    if not isinstance(value, Labelled):
        return value
    cut = tuple(box.get(dim, slice(None)) for dim in value.dims)
    coords = {dim: labels[box.get(dim, slice(None))] for dim, labels in value.coords.items()}
    return Labelled(value.dims, value.values[cut], coords)


def _grid(lanes: Grid, box: Box) -> Grid:
    """A dimension without labels gets the places in the whole, by which a lane is called."""
    cut = {dim: box.get(dim, slice(None)) for dim in lanes.dims}
    sizes = dict(zip(lanes.dims, lanes.shape, strict=True))
    coords = {
        dim: lanes.coords[dim][part] if dim in lanes.coords else np.arange(sizes[dim])[part]
        for dim, part in cut.items()
    }
    shape = tuple(len(range(*cut[dim].indices(sizes[dim]))) for dim in lanes.dims)
    values = {name: part_of(value, box) for name, value in lanes.values.items()}
    return Grid(lanes.dims, shape, coords, values)


def _initial(initial: Initial, box: Box) -> Initial:
    voltage = None if initial.voltage is None else part_of(initial.voltage, box)
    return Initial(voltage, {name: part_of(v, box) for name, v in initial.states.items()})
