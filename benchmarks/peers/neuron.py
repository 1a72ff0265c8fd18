"""NEURON: fixed steps (second order) and CVODE, with and without tables of its rates."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks import squid
from benchmarks.peers import Family, Peer, Run, every
from benchmarks.squid import Result, Work

SIDE = 10.0  # um; a cylinder as long as wide: its area is pi * SIDE**2


def make(
    work: Work,
    dt: float = 0.0,
    tolerance: float = 0.0,
    tables: bool = False,
    order: int = 2,
) -> Run:
    """A tolerance selects CVODE, absolute and relative; ``order`` is NEURON's ``secondorder``."""
    from neuron import h

    parallel = h.ParallelContext()
    solver = h.CVode()

    def run() -> Result:
        # every section of a process is integrated: they are made anew, and gone after
        cells = [_Cell(h, float(current), work) for current in work.current]
        parallel.nthread(work.cores)
        h.celsius = squid.CELSIUS
        h.usetable_hh = int(tables)
        h.secondorder = 0 if tolerance else order
        solver.active(int(bool(tolerance)))
        if tolerance:
            solver.use_local_dt(int(len(cells) > 1))
            solver.atol(tolerance)
            solver.rtol(tolerance)
        else:
            h.dt = dt
        parallel.set_maxstep(10)
        h.finitialize(squid.rest()[0])
        beyond = squid.EVERY if work.keep else 0.0  # so that the last sample is taken
        started = time.perf_counter()
        parallel.psolve(work.duration + beyond)
        seconds = time.perf_counter() - started
        V = None
        if work.keep:
            V = np.stack([cell.V.as_numpy()[: work.samples] for cell in cells], axis=1)
        return Result(seconds, V)

    return run


class _Cell:
    """One patch of membrane, as a section of one segment."""

    def __init__(self, h: Any, current: float, work: Work) -> None:
        self.section = h.Section()
        self.section.nseg, self.section.L, self.section.diam = 1, SIDE, SIDE
        self.section.cm = squid.C_M
        self.section.insert("hh")
        middle = self.section(0.5)
        middle.ena, middle.ek, middle.hh.el = squid.E_NA, squid.E_K, squid.E_L
        self.clamp = h.IClamp(middle)
        self.clamp.delay, self.clamp.dur = 0.0, 2.0 * work.duration
        self.clamp.amp = current * middle.area() * 1e-5  # nA of uA/cm2 over um2
        if work.keep:
            self.grid = h.Vector(work.grid)
            self.V = h.Vector().record(self.clamp, middle._ref_v, self.grid)


STEPS = (0.05, 0.025, 0.01, 0.005)  # ms
TOLERANCES = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)


def _families() -> Iterator[Family]:
    for words, tables in {"": False, ", rate tables": True}.items():
        told = {"tables": tables}
        steps, tolerances = (STEPS[:3], TOLERANCES[:4]) if tables else (STEPS, TOLERANCES)
        yield Family(f"NEURON, fixed step{words}", "dt", every(steps), told, judged=4, share=0.05)
        yield Family(
            f"NEURON, CVODE{words}", "tolerance", every(tolerances), told, judged=4, stride=20
        )


PEER = Peer(
    title="NEURON",
    package="neuron",
    differs=(
        "Made for branched cells: it solves a (here trivial) tree at every step, cell by cell. "
        "Fixed steps are second order (secondorder = 2); by default its rates come from tables "
        "at every mV, which no step can mend. CVODE gives every cell of an ensemble steps of its "
        "own, with the same number for the absolute and the relative tolerance. No spikes are "
        "located."
    ),
    families=tuple(_families()),
    make=make,
    first={"dt": 0.025},
)
