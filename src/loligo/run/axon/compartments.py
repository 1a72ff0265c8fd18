"""An axon cut into compartments: where they are, their areas, what joins them.

Finite volumes: V stands for the mean of a compartment, the axial current between neighbours is
that between their centres (exact for a cone without membrane), so the scheme is of second order
and conserves charge.
"""

from __future__ import annotations

import numpy as np

from loligo.lanes import Floats, Grid, Value
from loligo.model import Axon
from loligo.run.geometry import Compartments

NA = 1e-5  # nA in 1 um2 of 1 uA/cm2; uS in 1 um2 of 1 mS/cm2
_US = 100.0  # uS in 1 um of 1/(ohm cm)


def shape_values(axon: Axon) -> dict[str, Value]:
    """Every number of an axon's shape that may vary over lanes, by its name in a grid."""
    values: dict[str, Value] = {"axial_resistivity": axon.axial_resistivity}
    for i, region in enumerate(axon.regions):
        values[f"region{i}.diameter"] = region.diameter
        if region.diameter_end is not None:
            values[f"region{i}.diameter_end"] = region.diameter_end
    return values


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
