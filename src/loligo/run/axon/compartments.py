"""An axon cut into compartments: where they are, their areas, what joins them.

Finite volumes: V stands for the mean of a compartment, the axial current between neighbours is
that between their centres (exact for a cone without membrane), so the scheme is of second order
and conserves charge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from loligo.engine.kernel import Floats, Integers
from loligo.errors import ModelError
from loligo.lanes import Grid
from loligo.model import Axon, Region
from loligo.run.axon.resolution import conductance

NA = 1e-5  # nA in 1 um2 of 1 uA/cm2; uS in 1 um2 of 1 mS/cm2
_US = 100.0  # uS in 1 um of 1/(ohm cm)

# The relative error of an impulse's velocity is about _ERROR (dx/lambda)^2, lambda the length
# constant with all channels open and the capacitance charging at _STEEP times the rate of the
# impulse's rise, see `run.axon.resolution`; half of what is asked for may come from dx.
_ERROR = 0.003
_STEEP = 4.0
_MOST = 10_000_000
_MOST_TAPER = 100_000


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


def values(axon: Axon) -> dict[str, object]:
    """Every number of an axon's shape that may vary over lanes, by its name in a grid."""
    found: dict[str, object] = {"axial_resistivity": axon.axial_resistivity}
    for i, region in enumerate(axon.regions):
        found[f"region{i}.diameter"] = region.diameter
        if region.diameter_end is not None:
            found[f"region{i}.diameter_end"] = region.diameter_end
    return found


def counts_of(axon: Axon, lanes: Grid, rate: float) -> list[int]:
    """How many compartments each region is cut into, as it or the axon's accuracy asks.

    Parameters
    ----------
    lanes
        Holds :func:`values` and the parameters of the membranes, ``region0.C_m``, ….
    rate
        Of the impulse's rise, per ms.

    Raises
    ------
    ModelError
        If there would be too many.
    """
    counts = [_count(axon, i, region, lanes, rate) for i, region in enumerate(axon.regions)]
    if sum(counts) > _MOST:
        raise ModelError(
            f"the axon would have {sum(counts):,} compartments, more than {_MOST:,}; ask for less "
            f"accuracy than {axon.accuracy:g}, or say how many: compartments=..."
        )
    return counts


def cut(axon: Axon, lanes: Grid, counts: list[int]) -> Compartments:
    """Cut the regions of an axon into so many equal pieces each."""
    begins = np.cumsum([0.0, *(region.length for region in axon.regions)])
    edges: list[Floats] = []
    wide: list[Floats] = []  # diameters at the edges of compartments, (axons, count + 1)
    for i, (region, count) in enumerate(zip(axon.regions, counts, strict=True)):
        parts = np.linspace(0.0, 1.0, count + 1)
        edges.append(begins[i] + region.length * parts)
        left = lanes.flat(f"region{i}.diameter")
        name = f"region{i}.diameter_end"
        right = lanes.flat(name) if name in lanes.values else left
        wide.append(left[:, None] + (right - left)[:, None] * parts)
    length = np.concatenate([np.diff(e) for e in edges])
    a = np.concatenate([d[:, :-1] for d in wide], axis=1)
    z = np.concatenate([d[:, 1:] for d in wide], axis=1)
    middle = 0.5 * (a + z)
    # a cone of length h between radii r and s: pi (r + s) sqrt(h^2 + (s - r)^2) of membrane,
    # and h/(pi r s) of axial resistance for each ohm um
    area = np.pi * middle * np.hypot(length, 0.5 * (z - a))
    resistivity = lanes.flat("axial_resistivity")[:, None]
    left_half, right_half = (resistivity * 2 * length / (np.pi * d * middle) for d in (a, z))
    return Compartments(
        position=np.concatenate([0.5 * (e[1:] + e[:-1]) for e in edges]),
        length=length,
        region=np.repeat(np.arange(len(counts)), counts),
        diameter=middle,
        slope=(z - a) / length,
        resistivity=resistivity[:, 0],
        area=area,
        link=_US / (right_half[:, :-1] + left_half[:, 1:]),
        ends=_US / np.stack([left_half[:, 0], right_half[:, -1]], axis=1),
    )


def length_constant(axon: Axon, index: int, lanes: Grid, rate: float) -> float:
    """The shortest over the lanes, um, of a region with its channels open and V rising."""
    region, prefix = axon.regions[index], f"region{index}."
    charging = _STEEP * rate * lanes.flat(f"{prefix}C_m")
    slope = conductance(region.membrane, lanes, prefix) + charging  # mS/cm2
    thin = lanes.flat(f"{prefix}diameter")
    if region.diameter_end is not None:
        thin = np.minimum(thin, lanes.flat(f"{prefix}diameter_end"))
    # sqrt(d/(4 R G)): um, ohm cm, mS/cm2 -> um
    squared = thin * 1e7 / (4.0 * lanes.flat("axial_resistivity") * slope)
    return float(np.sqrt(np.min(squared)))


def _count(axon: Axon, index: int, region: Region, lanes: Grid, rate: float) -> int:
    if region.compartments is not None:
        return region.compartments
    widest = math.sqrt(0.5 * axon.accuracy / _ERROR) * length_constant(axon, index, lanes, rate)
    count = max(1, math.ceil(region.length / widest))
    if region.diameter_end is not None and count > _MOST_TAPER:
        raise ModelError(
            f"region {index + 1} ({region!r}) would have {count:,} compartments, all as short as "
            "its thin end needs; cut the taper into several regions, or say how many: "
            "lo.Region(..., compartments=...)"
        )
    return count


def shares(parts: Compartments, place: float) -> dict[int, Floats]:
    """Which compartments a current injected at ``place`` (um) goes into, and how much of it.

    To the two centres around it, in proportion to how near they are in axial resistance, as the
    current itself would: second order, also where the diameter changes. Beyond the outermost
    centres all goes to the one.

    Returns
    -------
    dict
        Compartment -> (axons,), adding up to 1.
    """
    inside, other, resistance = around(parts, place)
    whole = np.ones(parts.area.shape[0])
    if other is None:
        return {inside: whole}
    part = resistance * parts.link[:, min(inside, other)]
    return {inside: whole - part, other: part}


def around(parts: Compartments, place: float) -> tuple[int, int | None, Floats]:
    """The compartment that ``place`` (um) is in, the neighbour on its side of the centre (None
    at the centre itself and beyond the outermost ones), and the axial resistance from the place
    to the centre of its compartment, Mohm, over the axons."""
    edges = parts.position + 0.5 * parts.length
    inside = min(int(np.searchsorted(edges, place)), parts.count - 1)
    away = place - float(parts.position[inside])
    other = inside + (1 if away > 0 else -1)
    middle = parts.diameter[:, inside]
    there = middle + parts.slope[:, inside] * away
    resistance = 4.0 * parts.resistivity * abs(away) / (np.pi * middle * there) / _US
    alone = away == 0 or not 0 <= other < parts.count
    return inside, None if alone else other, resistance
