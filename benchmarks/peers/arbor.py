"""Arbor: fixed steps, many cells in one group so that its vectors are full."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from benchmarks import squid
from benchmarks.peers import CELL, ENSEMBLE, Family, Peer, Run
from benchmarks.squid import Result, Work

SIDE = 10.0  # um; a cylinder as long as wide: its area is pi * SIDE**2


def make(work: Work, dt: float, group: int = 1) -> Run:
    """``group`` cells are advanced together."""
    import arbor
    from arbor import units

    context = arbor.context(threads=work.cores)
    recipe = _recipe(work)
    most = math.ceil(len(work.current) / work.cores)  # so that every core has a group
    hint = arbor.partition_hint(prefer_gpu=False, cpu_group_size=min(group, most))
    plan = arbor.partition_load_balance(recipe, context, {arbor.cell_kind.cable: hint})
    simulation = arbor.simulation(recipe, context, plan)
    handles = []
    if work.keep:
        first = work.duration - work.keep
        # half a sample beyond the end, so that the last one is taken
        when = arbor.regular_schedule(
            first * units.ms, squid.EVERY * units.ms, (work.duration + squid.EVERY / 2) * units.ms
        )
        handles = [simulation.sample(lane, "V", when) for lane in range(len(work.current))]

    def run() -> Result:
        simulation.reset()
        beyond = squid.EVERY if work.keep else 0.0
        started = time.perf_counter()
        simulation.run((work.duration + beyond) * units.ms, dt * units.ms)
        seconds = time.perf_counter() - started
        V = [simulation.samples(handle)[0][0][: work.samples, 1] for handle in handles]
        return Result(seconds, np.stack(V, axis=1) if V else None)

    return run


def _recipe(work: Work) -> Any:
    import arbor
    from arbor import units

    tree = arbor.segment_tree()
    half = SIDE / 2
    tree.append(arbor.mnpos, arbor.mpoint(-half, 0, 0, half), arbor.mpoint(half, 0, 0, half), tag=1)
    area = math.pi * SIDE * SIDE  # um2
    properties = arbor.neuron_cable_properties()
    properties.set_property(
        Vm=squid.rest()[0] * units.mV, cm=squid.C_M * units.uF / units.cm2,
        tempK=(squid.CELSIUS + 273.15) * units.Kelvin,
    )  # fmt: skip
    properties.set_ion("na", rev_pot=squid.E_NA * units.mV)
    properties.set_ion("k", rev_pot=squid.E_K * units.mV)
    properties.catalogue = arbor.default_catalogue()

    class Recipe(arbor.recipe):
        def num_cells(self) -> int:
            return len(work.current)

        def cell_kind(self, gid: int) -> Any:
            return arbor.cell_kind.cable

        def cell_description(self, gid: int) -> Any:
            amplitude = float(work.current[gid]) * area * 1e-5  # nA of uA/cm2 over um2
            decor = arbor.decor()
            decor.paint("(all)", arbor.density("hh", {"el": squid.E_L}))
            decor.place("(location 0 0.5)", arbor.i_clamp(amplitude * units.nA))
            return arbor.cable_cell(tree, decor, None, arbor.cv_policy_single())

        def probes(self, gid: int) -> Any:
            return (
                [arbor.cable_probe_membrane_voltage("(location 0 0.5)", "V")] if work.keep else []
            )

        def global_properties(self, kind: Any) -> Any:
            return properties

    return Recipe()


STEPS = (0.05, 0.025, 0.01, 0.005, 0.0025)  # ms

PEER = Peer(
    title="Arbor",
    package="arbor",
    differs=(
        "Made for branched cells: it solves a (here trivial) tree at every step. Its wheel is "
        "built for AVX2, loligo compiles for the processor at hand. No spikes are located."
    ),
    families=(
        Family(
            "Arbor", "dt", {CELL: STEPS, ENSEMBLE: STEPS[:4]},
            axes={"group": (1, 8, 64, 250, 1000)}, share=0.1,
        ),
    ),
    make=make,
    first={"dt": 0.025},
)  # fmt: skip
