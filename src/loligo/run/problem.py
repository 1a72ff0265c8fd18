"""What a run is asked to do, as plain values: the common ground of all solvers and geometries.

A membrane's problem has one group of :class:`Cells`, whose lanes are the run's. An axon's has one
for each structure of membrane along it, whose lanes are the compartments of all axons, and a
:class:`Geometry` that says where they lie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from loligo.lanes import Floats, Grid, Integers, Value
from loligo.model import Axon, Membrane
from loligo.run.axon.compartments import Compartments
from loligo.stimulus.base import Shape
from loligo.stimulus.place import Point
from loligo.system.outline import Outline

POSITION = "position"
I_CLAMP = "I_clamp"
_NA_PER_UM2 = 1e5  # 1 nA/um2 in uA/cm2


def guess(state: str) -> str:
    """The name of a state's guessed steady value among the numbers of its lanes."""
    return f"guess.{state}"


@dataclass(frozen=True)
class Times:
    """How long a run is and when it is looked at.

    Attributes
    ----------
    duration, sample_interval, threshold
        ms, ms, mV.
    """

    duration: float
    sample_interval: float
    threshold: float

    @cached_property
    def samples(self) -> int:
        """Samples at 0, 1, 2, … sample intervals, none after the end."""
        return int(np.floor(self.duration / self.sample_interval * (1 + 1e-12) + 1e-9)) + 1

    @cached_property
    def grid(self) -> Floats:
        """Of the samples, ms."""
        return np.arange(self.samples, dtype=np.float64) * self.sample_interval


@dataclass(frozen=True)
class Initial:
    """Where a run begins.

    Attributes
    ----------
    voltage
        A holding potential, or None for rest.
    states
        States given one by one, after the others took their steady values.
    """

    voltage: Value | None = None
    states: Mapping[str, Value] = field(default_factory=dict[str, Value])

    @property
    def rests(self) -> bool:
        return self.voltage is None and not self.states


@dataclass(frozen=True)
class Cells:
    """Lanes of one System: what they are, their numbers, where they begin, what is recorded.

    Attributes
    ----------
    lanes
        Every number of theirs: parameters, ``initial.V``, ``guess.Ca``, ….
    records
        Names to record along time, in order.
    """

    outline: Outline
    lanes: Grid
    initial: Initial
    records: tuple[str, ...]


@dataclass(frozen=True)
class Driven:
    """One shape of what is done to a model.

    Attributes
    ----------
    prefix
        Its numbers are called ``stimulus0.start``, … in the problem's lanes.
    place
        um from the left end of an axon.
    """

    prefix: str
    shape: Shape
    place: float | None = None

    def name(self, parameter: str) -> str:
        return f"{self.prefix}.{parameter}"


@dataclass(frozen=True)
class Patch:
    """The compartments of one membrane structure along axons.

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
    cells: Cells
    once: Cells
    uniform: bool

    def along(self, rows: Floats) -> Floats:
        """What was found of :attr:`once`, (rows, axons, compartments), or 1 compartment."""
        axons = self.cells.lanes.size // self.place.size
        return rows.reshape(len(rows), axons, 1 if self.uniform else self.place.size)


@dataclass(frozen=True)
class Geometry:
    """Where the cells of axons lie.

    Attributes
    ----------
    axon
        As it was given.
    recorded
        Which compartments are recorded, increasing.
    rate
        Of an impulse's rise, per ms.
    """

    axon: Axon
    parts: Compartments
    patches: tuple[Patch, ...]
    recorded: Integers
    rate: float

    @property
    def settings(self) -> dict[str, Any]:
        """How the axon was cut, for the recording's attributes."""
        return {
            "compartments": self.parts.count,
            "dx_um": float(self.parts.length.max()),
            "accuracy": self.axon.accuracy,
        }


@dataclass(frozen=True)
class Problem:
    """A run, ready for a solver.

    Attributes
    ----------
    model
        As it was given.
    driven
        The currents, shape by shape.
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

    @property
    def along(self) -> Geometry:
        """The geometry of an axon's problem."""
        if self.geometry is None:
            raise TypeError("a membrane has no geometry")
        return self.geometry

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The stimulus, shape by shape."""
        return tuple(each.shape for each in self.driven)

    @cached_property
    def obstacle(self) -> str | None:
        """Why this problem has no power series between the edges of its stimulus, or None."""
        for shape in self.shapes:
            if shape.sampled:
                return f"{type(shape).__name__} is a sampled stimulus"
        return next((c.outline.obstacle for c in self.cells if c.outline.obstacle), None)

    @cached_property
    def recorded(self) -> Grid:
        """The recording's grid: the lanes and, of axons, the recorded positions."""
        if self.geometry is None:
            return self.lanes
        where = self.geometry.parts.position[self.geometry.recorded]
        return along(self.lanes, where, dict(self.lanes.values))

    def parameter(self, name: str) -> Floats:
        """One of the program's parameters in every lane, a total current made a density."""
        return self._density(name, self.lanes.flat)

    def shape_in_lane(self, index: int, lane: int) -> Shape:
        """A shape with the numbers of one lane, as a density."""
        each, where = self.driven[index], np.unravel_index(lane, self.lanes.shape)

        def read(name: str) -> Any:
            # not from a row of all lanes: this is asked for lane after lane
            return self.lanes.array(name)[where]

        numbers = {p: float(self._density(each.name(p), read)) for p in each.shape.parameters}
        return each.shape.at(**numbers)

    def _density(self, name: str, read: Callable[[str], Any]) -> Any:
        values = read(name)
        owner, _, which = name.rpartition(".")
        if owner and which in ("amplitude", "mean"):
            shape = next(each.shape for each in self.driven if each.prefix == owner)
            if shape.unit == "nA" and self.geometry is None:
                values = values * (_NA_PER_UM2 / read("area"))
        return values

    def where(self, lane: int, compartment: int | None = None) -> str:
        """`` at 1050 um in the lane g_Na = 60, amplitude = 10``, for messages; of one membrane
        nothing.

        A lane that only fills a vector is a copy of the last.
        """
        told = self.lanes.label(min(lane, self.lanes.size - 1))
        label = ", ".join(f"{dim} = {value:.6g}" if isinstance(value, float) else f"{dim} = {value}"
                          for dim, value in told.items())  # fmt: skip
        place = ""
        if compartment is not None:
            place = f" at {self.along.parts.position[compartment]:.6g} um"
        return f"{place} in the lane {label}" if label else place


def along(lanes: Grid, position: Floats, named: Mapping[str, Value]) -> Grid:
    """A grid with the dimension ``position`` after its others."""
    return Grid(
        (*lanes.dims, POSITION),
        (*lanes.shape, position.size),
        {**lanes.coords, POSITION: position},
        named,
    )
