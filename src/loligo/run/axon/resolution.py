"""How fast an axon's impulse rises: what its compartments and its step must resolve.

At its steepest an impulse charges C with the current that its fastest gate, rising at rate k,
lets through the conductance g; dimensions leave (g/C)^a k^(1-a), and a = 1/3 fits what was
measured: the error in velocity on the squid axon at 6.3 and 18.5 degC, and on myelinated fibres
with ten times the conductance, by step and by compartment (see ``tests/science/test_axon.py``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from loligo.engine.kernel import Floats, Kernel
from loligo.lanes import Grid, Value
from loligo.model import Axon, Membrane
from loligo.run.compiled import find_kernel, for_equilibria
from loligo.run.equilibrium import guess
from loligo.run.problem import Problem, recordable

_AT_ONCE = 1.5  # fits the error in velocity of the Wang-Buzsaki membrane, whose m is instantaneous
SLOWEST = 5.0  # per ms: a cable without gates is taken to be so fast


def kernel_of(cells: Problem, engine: str) -> Kernel:
    """Of a membrane that is part of an axon."""
    from loligo.engine.llvm.rows import LANES

    def make() -> Any:
        from loligo.program.coupled import cable
        from loligo.system.equations import build

        return cable(build(cells.membrane), cells.records)

    return find_kernel(cells, engine, {"solver": "cable"}, make, width=LANES)[0]


def own_records(membrane: Membrane, records: tuple[str, ...]) -> tuple[str, ...]:
    """What of the records is a membrane's: the current comes from outside."""
    known = recordable(membrane)
    return tuple(name for name in records if name in known and name != "I_stim")


def rise(
    axon: Axon, lanes: Grid, named: Mapping[str, Value], blank: Problem, records: tuple[str, ...]
) -> float:
    """The rate (per ms) of the fastest membrane, over all regions and lanes.

    Parameters
    ----------
    named
        The values in ``lanes``, ``region0.C_m``, ….
    blank
        A problem of which all but the membrane, the lanes and the records is kept.
    """
    fastest, known = SLOWEST, set[str]()
    for i, region in enumerate(axon.regions):
        prefix = f"region{i}."
        own = {n.removeprefix(prefix): v for n, v in named.items() if n.startswith(prefix)}
        mark = json.dumps(region.membrane.structure()) + repr(own)
        if mark not in known:
            known.add(mark)
            grid = Grid(lanes.dims, lanes.shape, lanes.coords, own)
            mine = own_records(region.membrane, records)  # the kernel that the run will use
            cells = replace(blank, membrane=region.membrane, lanes=grid, records=mine)
            fastest = max(fastest, float(np.max(_rise(cells))))
    return fastest


def _rise(cells: Problem) -> Floats:
    charging = conductance(cells.membrane, cells.lanes) / cells.lanes.flat("C_m")
    gates = _gates(cells, kernel_of(cells, "llvm"))
    if any(gate.instantaneous for gate in cells.membrane.gates):
        # it opens as fast as V rises, and V as fast as the capacitance charges
        gates = np.maximum(gates, _AT_ONCE * charging)
    return charging ** (1 / 3) * gates ** (2 / 3)


def conductance(membrane: Membrane, lanes: Grid, prefix: str = "") -> Floats:
    """With every channel open, mS/cm2."""
    every = [f"{prefix}g_{c.name}" for c in membrane.channels if c.g is not None]
    return sum((lanes.flat(name) for name in every), np.zeros(lanes.size))


def _gates(cells: Problem, kernel: Kernel) -> Floats:
    """The rate of the fastest gate at 0 mV, per ms: how much less x' is at x = 1 than at 0."""
    membrane = cells.membrane
    names = [gate.name for gate in membrane.gates if not gate.instantaneous]
    numbers, none = for_equilibria(cells), np.zeros(cells.lanes.size)
    pools = {s.name: numbers.get(guess(s.name), none + 0.5) for s in membrane.states}

    def rates(x: float) -> dict[str, Floats]:
        gates = dict.fromkeys(names, none + x)
        return kernel.map("derivative", {**numbers, **pools, **gates, "V": none, "I_stim": none})

    closed, opened = rates(0.0), rates(1.0)
    found = np.array([closed[name] - opened[name] for name in names] or [none])
    return np.max(found, axis=0, where=np.isfinite(found), initial=0.0)
