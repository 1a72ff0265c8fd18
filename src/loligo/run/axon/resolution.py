"""How finely an axon is cut and stepped: what its impulse's rise asks for.

At its steepest an impulse charges C with the current that its fastest gate, rising at rate k,
lets through the conductance g; dimensions leave (g/C)^a k^(1-a), and a = 1/3 fits what was
measured: the error in velocity on the squid axon at 6.3 and 18.5 degC, and on myelinated fibres
with ten times the conductance, by step and by compartment (see ``tests/science/test_axon.py``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from loligo.engine.kernel import Kernel
from loligo.errors import ModelError
from loligo.lanes import Floats, Grid, Value
from loligo.model import Axon, Region
from loligo.run.cells import Cells, Initial, guess
from loligo.run.initial import for_equilibria
from loligo.system.outline import Outline

# The relative error of an impulse's velocity is about OFF_DX (dx/lambda)^2, lambda the length
# constant with all channels open and the capacitance charging at STEEP times the rate of the
# impulse's rise, and OFF_DT (rate dt)^2; half of what is asked for may come from each.
OFF_DX = 0.003
STEEP = 4.0
OFF_DT = 0.0105
_AT_ONCE = 1.5  # fits the error in velocity of the Wang-Buzsaki membrane, whose m is instantaneous
SLOWEST = 5.0  # per ms: a cable without gates is taken to be so fast
_MOST = 10_000_000
_MOST_TAPER = 100_000


def different(
    lanes: Grid, outlines: Sequence[Outline], kernels: Sequence[Kernel]
) -> list[tuple[Cells, Kernel]]:
    """The different membranes of an axon, over its lanes; internodes are many and alike.

    Parameters
    ----------
    lanes
        Holds the numbers of the membranes, ``region0.C_m``, ….
    outlines, kernels
        Of each region's membrane.
    """
    membranes: dict[tuple[int, frozenset[tuple[str, Value]]], tuple[Cells, Kernel]] = {}
    for i, (outline, kernel) in enumerate(zip(outlines, kernels, strict=True)):
        own = _own(lanes.values, f"region{i}.")
        mark = (id(outline), frozenset(own.items()))
        if mark not in membranes:
            cells = Cells(outline, Grid(lanes.dims, lanes.shape, lanes.coords, own), Initial(), ())
            membranes[mark] = cells, kernel
    return list(membranes.values())


def rise(membranes: Sequence[tuple[Cells, Kernel]]) -> float:
    """The rate (per ms) of the fastest membrane, over all lanes."""
    return max(SLOWEST, *(float(np.max(_rise(cells, kernel))) for cells, kernel in membranes))


def _own(values: Mapping[str, Value], prefix: str) -> dict[str, Value]:
    return {n.removeprefix(prefix): v for n, v in values.items() if n.startswith(prefix)}


def _rise(cells: Cells, kernel: Kernel) -> Floats:
    charging = conductance(cells.outline, cells.lanes) / cells.lanes.flat("C_m")
    gates = _gates(cells, kernel)
    if cells.outline.instantaneous:
        # it opens as fast as V rises, and V as fast as the capacitance charges
        gates = np.maximum(gates, _AT_ONCE * charging)
    return charging ** (1 / 3) * gates ** (2 / 3)


def conductance(outline: Outline, lanes: Grid, prefix: str = "") -> Floats:
    """With every channel open, mS/cm2."""
    every = [f"{prefix}{name}" for name in outline.conductances]
    return sum((lanes.flat(name) for name in every), np.zeros(lanes.size))


def _gates(cells: Cells, kernel: Kernel) -> Floats:
    """The rate of the fastest gate at 0 mV, per ms: how much less x' is at x = 1 than at 0."""
    outline = cells.outline
    numbers, none, pools = for_equilibria(cells), np.zeros(cells.lanes.size), pools_of(cells)

    def rates(x: float, names: tuple[str, ...]) -> dict[str, Floats]:
        moved = pools | dict.fromkeys(outline.gates, none) | dict.fromkeys(names, none + x)
        return kernel.map("derivative", {**numbers, **moved, "V": none, "I_stim": none})

    # a gate's rate depends on itself alone, an occupancy's on those beside it
    slopes = [none]
    for names in (outline.gates, *((name,) for name in outline.occupancies)):
        closed, opened = rates(0.0, names), rates(1.0, names)
        slopes += [closed[name] - opened[name] for name in names]
    return np.max(slopes, axis=0, where=np.isfinite(slopes), initial=0.0)


def pools_of(cells: Cells) -> dict[str, Floats]:
    """What stands for the states that are no gates."""
    outline, half = cells.outline, np.full(cells.lanes.size, 0.5)
    pools = [name for name in outline.states[1:] if name not in outline.gates]
    known = cells.lanes.values
    return {n: cells.lanes.flat(guess(n)) if guess(n) in known else half for n in pools}


def step_for(accuracy: float, rate: float) -> float:
    """The step (ms) that an accuracy asks for."""
    return math.sqrt(0.5 * accuracy / OFF_DT) / rate


def counts_of(
    axon: Axon, outlines: Sequence[Outline], lanes: Grid, rate: float, accuracy: float
) -> list[int]:
    """How many compartments each region is cut into, as it or the accuracy asks.

    Parameters
    ----------
    outlines
        Of each region's membrane.
    lanes
        Holds the numbers of the axon's shape and of the membranes, ``region0.C_m``, ….
    rate
        Of the impulse's rise, per ms.
    accuracy
        The axon's, or less where its impulse needs it.

    Raises
    ------
    ModelError
        If there would be too many.
    """
    counts = [
        _count(axon, i, outline, lanes, rate, accuracy)
        if region.compartments is None
        else region.compartments
        for i, (region, outline) in enumerate(zip(axon.regions, outlines, strict=True))
    ]
    if sum(counts) > _MOST:
        raise ModelError(
            f"the axon would have {sum(counts):,} compartments, more than {_MOST:,}; ask for less "
            f"accuracy than {axon.accuracy:g}, or say how many: compartments=..."
        )
    return counts


def _count(
    axon: Axon, index: int, outline: Outline, lanes: Grid, rate: float, accuracy: float
) -> int:
    region = axon.regions[index]
    shortest = length_constant(region, index, outline, lanes, rate)
    widest = math.sqrt(0.5 * accuracy / OFF_DX) * shortest
    count = max(1, math.ceil(region.length / widest))
    if region.diameter_end is not None and count > _MOST_TAPER:
        raise ModelError(
            f"region {index + 1} ({region!r}) would have {count:,} compartments, all as short as "
            "its thin end needs; cut the taper into several regions, or say how many: "
            "lo.Region(..., compartments=...)"
        )
    return count


def length_constant(
    region: Region, index: int, outline: Outline, lanes: Grid, rate: float
) -> float:
    """The shortest over the lanes, um, of a region with its channels open and V rising."""
    prefix = f"region{index}."
    charging = STEEP * rate * lanes.flat(f"{prefix}C_m")
    slope = conductance(outline, lanes, prefix) + charging  # mS/cm2
    thin = lanes.flat(f"{prefix}diameter")
    if region.diameter_end is not None:
        thin = np.minimum(thin, lanes.flat(f"{prefix}diameter_end"))
    # sqrt(d/(4 R G)): um, ohm cm, mS/cm2 -> um
    squared = thin * 1e7 / (4.0 * lanes.flat("axial_resistivity") * slope)
    return float(np.sqrt(np.min(squared)))
