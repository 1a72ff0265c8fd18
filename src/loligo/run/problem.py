"""What a run is asked to do, as plain values: the common ground of all solvers and geometries.

A membrane's problem has one group of :class:`Cells`, whose lanes are the run's. An axon's has one
for each structure of membrane along it, whose lanes are the compartments of all axons, and a
:class:`Geometry` that says where they lie.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from loligo.engine.kernel import RE_ARM
from loligo.lanes import Floats, Grid, Integers, Value
from loligo.model import Axon, Membrane
from loligo.program.term import EDGE_TOLERANCE
from loligo.run.cells import Cells, Driven, Initial, Times
from loligo.run.geometry import Geometry, along
from loligo.run.sensitivities import share
from loligo.run.until import Until
from loligo.stimulus.applied import Applied
from loligo.stimulus.clamp import VoltageClamp
from loligo.stimulus.place import Point
from loligo.system.driven import ON
from loligo.system.outline import Outline
from loligo.system.tangent import PER, By

I_CLAMP, Q_CLAMP = "I_clamp", "Q_clamp"
# Knots in each ms up to which power series cost less than fixed steps that are as good as 1e-2 mV,
# in cells that fire: where there are twice as many, the squid's axon takes as long by either, and
# other models of the library half as long (benchmarks/lines.py). It is a number, and not measured
# in the run, so that the choice is the same on every machine.
DENSEST = 500.0
EDGE, EDGE_TIME = "edge", "edge_time"  # along what Q_clamp lies, and when


@dataclass(frozen=True)
class Problem:
    """A run, ready for a solver.

    Attributes
    ----------
    model
        As it was given.
    driven
        What drives the equations, shape by shape.
    clamps
        Where V is clamped; the numbers are called ``clamp0.start``, … in ``lanes``.
    lanes
        Every number of the run over its lanes: cells, or axons.
    records
        Names to record along time, in order.
    cells
        One group for each System.
    geometry
        Of axons.
    until
        What ends it before its time, lane by lane; None if nothing does.
    by
        What it is differentiated by.
    part_of
        The problem that has these lanes among others, and which of them they are.
    """

    model: Membrane | Axon
    driven: tuple[Driven, ...]
    clamps: tuple[Point, ...]
    lanes: Grid
    times: Times
    records: tuple[str, ...]
    initial: Initial
    cells: tuple[Cells, ...]
    geometry: Geometry | None = None
    until: Until | None = None
    by: tuple[By, ...] = ()
    part_of: tuple[Problem, Integers] | None = None

    @property
    def along(self) -> Geometry:
        """The geometry of an axon's problem."""
        if self.geometry is None:
            raise TypeError("a membrane has no geometry")
        return self.geometry

    @property
    def shapes(self) -> tuple[Applied, ...]:
        """The stimulus, shape by shape."""
        return tuple(each.shape for each in self.driven)

    @cached_property
    def knots(self) -> float:
        """How many knots of sampled stimuli there are in each ms, at most: the same in all lanes,
        and in every part of them."""
        if self.part_of is not None:  # which may be run for less long
            return self.part_of[0].knots
        return sum(s.most_knots(self.times.duration) for s in self.shapes) / self.times.duration

    @property
    def dense(self) -> bool:
        """Whether steps that end at every knot may cost more than fixed steps of the same accuracy
        (:data:`DENSEST`)."""
        return self.knots > DENSEST

    @property
    def clamped(self) -> bool:
        """Whether V is held ideally, in any lane at any time."""
        return any(ON in each.shape.inputs for each in self.driven)

    @cached_property
    def noisy(self) -> bool:
        """Whether noise is part of what is done, be it of amplitude 0: then V crosses a threshold
        many times as it passes, and that is one spike."""
        return any(shape.noisy for shape in self.shapes)

    def depth(self, grain: float) -> float:
        """How far below the threshold V must have been for its rise to be a spike, mV.

        Parameters
        ----------
        grain
            What the solver cannot tell from standing still.
        """
        return RE_ARM if self.noisy else grain

    @cached_property
    def recorded(self) -> Grid:
        """The recording's grid: the lanes and, of axons, the recorded positions."""
        if self.geometry is None:
            return self.lanes
        return along(self.lanes, self.geometry.positions, dict(self.lanes.values))

    def parameter(self, name: str) -> Floats:
        """One of the program's parameters in every lane, a total current made a density."""
        if PER in name:
            return self._share(*name.split(PER))
        owner, _, which = name.rpartition(".")
        if which == "off":
            each = next(each for each in self.driven if each.prefix == owner)
            return np.where(self.lasts(each), np.inf, each.span(self.lanes)[1])
        return self._density(name, self.lanes.flat)

    def _share(self, number: str, by: str) -> Floats:
        """How one of the program's parameters changes with something, in every lane."""
        owner, _, which = number.rpartition(".")
        each = next(each for each in self.driven if each.prefix == owner)
        return share(each, which, by, self.lanes)

    def lasts(self, each: Driven) -> Any:
        """In which lanes V is held as the run ends, by a clamp that ends there: then it is on in
        the last sample too, unless another goes on."""
        last, lanes = self.times.duration, self.lanes
        start, end = each.span(lanes)
        lasts = (start < last - EDGE_TOLERANCE) & (np.abs(end - last) <= EDGE_TOLERANCE)
        for other in self.driven:
            if isinstance(other.shape, VoltageClamp):
                lasts &= np.abs(other.span(lanes)[0] - last) > EDGE_TOLERANCE
        return lasts

    def shape_in_lane(self, index: int, lane: int) -> Applied:
        """A shape with the numbers of one lane, as a density."""
        each, where = self.driven[index], np.unravel_index(lane, self.lanes.shape)

        def read(name: str) -> Any:
            # not from a row of all lanes: this is asked for lane after lane
            return self.lanes.array(name)[where]

        numbers = {p: float(self._density(each.name(p), read)) for p in each.shape.parameters}
        shape = each.shape.at(**numbers)
        held = isinstance(shape, VoltageClamp) and bool(self.lasts(each)[lane])
        return shape.lasting() if held else shape

    def _density(self, name: str, read: Callable[[str], Any]) -> Any:
        values = read(name)
        owner, _, which = name.rpartition(".")
        shape = next((each.shape for each in self.driven if each.prefix == owner), None)
        return values if shape is None else shape.in_equations(which, values, read)

    def where(self, lane: int, compartment: int | None = None) -> str:
        """`` at 1050 um in the lane g_Na = 60, amplitude = 10``, for messages; of one membrane
        nothing.

        A lane that only fills a vector is a copy of the last.
        """
        if self.part_of is not None:
            whole, lanes = self.part_of
            return whole.where(int(lanes[min(lane, lanes.size - 1)]), compartment)
        told = self.lanes.label(min(lane, self.lanes.size - 1))
        label = ", ".join(f"{dim} = {value:.6g}" if isinstance(value, float) else f"{dim} = {value}"
                          for dim, value in told.items())  # fmt: skip
        place = ""
        if compartment is not None:
            place = f" at {self.along.parts.position[compartment]:.6g} um"
        return f"{place} in the lane {label}" if label else place


@dataclass(frozen=True)
class Group:
    """Regions whose membranes have one structure.

    Attributes
    ----------
    regions
        Which they are, increasing.
    records
        What of the run's records is theirs: the current comes from outside.
    """

    regions: tuple[int, ...]
    outline: Outline
    records: tuple[str, ...]


@dataclass(frozen=True)
class Fineness:
    """How finely axons are cut and, if nothing else was asked for, stepped; and what of them is
    one number all along.

    Attributes
    ----------
    counts
        Compartments of each region.
    dt
        ms.
    apart
        Numbers that differ between regions of one structure, in some axon: the first of these
        regions, and the name.
    """

    counts: tuple[int, ...]
    dt: float
    apart: frozenset[tuple[int, str]]


@dataclass(frozen=True)
class Uncut:
    """A run of axons before they are cut.

    Attributes
    ----------
    values
        Every number of the run, those along the axon included; ``lanes`` has what varies over
        the axons.
    positions
        Where to record, as it was given.
    fineness
        As it was found for all axons of which these are some; None where these are all.
    """

    axon: Axon
    driven: tuple[Driven, ...]
    clamps: tuple[Point, ...]
    values: dict[str, Value]
    lanes: Grid
    groups: tuple[Group, ...]
    times: Times
    records: tuple[str, ...]
    initial: Initial
    positions: Any
    until: Until | None = None
    fineness: Fineness | None = None

    def group_of(self, region: int) -> int:
        """Which group a region is in."""
        return next(k for k, group in enumerate(self.groups) if region in group.regions)
