"""Where the cells of axons lie: compartments, and which membrane each has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from loligo.lanes import Floats, Grid, Integers, Value
from loligo.model import Axon
from loligo.run.cells import Cells

POSITION = "position"


@dataclass(frozen=True, eq=False)
class Compartments:
    """The compartments of all axons of a run.

    Attributes
    ----------
    position, length : (compartments,)
        Their centres, um from the left end, and their lengths, um.
    region : (compartments,)
        Which of the axon's regions each belongs to.
    diameter, slope : (axons, compartments)
        At the centre, um; how it changes, um in 1 um.
    resistivity : (axons,)
        Axial, ohm cm.
    area : (axons, compartments)
        Of membrane, um2.
    link : (axons, compartments - 1)
        Axial conductance between the centres of neighbours, uS.
    ends : (axons, 2)
        Axial conductance between the outermost centres and the ends, uS.
    """

    position: Floats
    length: Floats
    region: Integers
    diameter: Floats
    slope: Floats
    resistivity: Floats
    area: Floats
    link: Floats
    ends: Floats

    @property
    def count(self) -> int:
        return self.position.size


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
    places
        Where the recording is of, if not of these compartments: it is read from them.
    dt
        The step that the axon's accuracy asks for, ms.
    """

    axon: Axon
    parts: Compartments
    patches: tuple[Patch, ...]
    recorded: Integers
    places: Sequence[Any] | None
    dt: float

    @property
    def positions(self) -> Floats:
        """Of the recording, um."""
        if self.places is None:
            return self.parts.position[self.recorded]
        return np.array([place.position for place in self.places])

    @property
    def regions(self) -> Integers:
        """Of the axon's regions, the one that each recorded position lies in."""
        inside = self.recorded if self.places is None else [each.inside for each in self.places]
        return self.parts.region[inside]

    @property
    def diameters(self) -> Floats:
        """(axons, positions), um."""
        if self.places is None:
            return self.parts.diameter[:, self.recorded]
        return np.stack([place.diameter for place in self.places], axis=1)

    @property
    def settings(self) -> dict[str, Any]:
        """How the axon was cut, for the recording's attributes."""
        return {
            "compartments": self.parts.count,
            "dx_um": float(self.parts.length.max()),
            "accuracy": self.axon.accuracy,
        }


def along(lanes: Grid, position: Floats, named: Mapping[str, Value]) -> Grid:
    """A grid with the dimension ``position`` after its others."""
    return Grid(
        (*lanes.dims, POSITION),
        (*lanes.shape, position.size),
        {**lanes.coords, POSITION: position},
        named,
    )
