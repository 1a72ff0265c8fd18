"""An axon in loligo, NEURON and Arbor: ns per compartment and step, and cost at equal error.

    python benchmarks/axon.py

The squid axon (10 cm, 476 um, 35.4 ohm cm, 18.5 degC) in 1,001 compartments, 50 uA for 1 ms at
its left end, 10 ms, one core. First dt = 0.01 ms for one axon and for 64, the solve included;
then, for one axon, what each takes until the velocity is right to 1e-3; then Rallpack 3, until
each of its spikes is within 0.01 ms of a converged solution's. The programs take turns,
so that all see the same machine; only ratios mean something. NEURON (pip install neuron) and
Arbor (pip install arbor) are skipped, by name, where they are not installed. Both integrate V
and gates as they do by default, but NEURON's step is of second order (secondorder = 2).
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from typing import Any

os.environ["LOLIGO_THREADS"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import numpy as np

import loligo as lo

LENGTH, DIAMETER, RESISTIVITY, CELSIUS = 100e3, 476.0, 35.4, 18.5  # um, um, ohm cm, degC
START, FOR, AMPLITUDE = 1.0, 1.0, 50e3  # ms, ms, nA
COMPARTMENTS, DURATION = 1001, 10.0
CONVERGED = 18.7317  # m/s, of the equations; see tests/science/test_axon.py
WANTED = 1e-3  # of the velocity
STEPS = (0.04, 0.02, 0.01, 0.005, 0.0025, 0.00125)
ROUNDS = 3
# where the velocity is taken: the middles of two compartments
FROM, TO = (round(part * COMPARTMENTS) for part in (0.4, 0.7))

# seconds of the steps, and the velocity in m/s
Run = Callable[[], tuple[float, float]]


def _velocity(first: float, last: float) -> float:
    return 1e-3 * (TO - FROM) * LENGTH / COMPARTMENTS / (last - first)


def _crossing(time_: Any, v: Any) -> float:
    """When V rises through 0 mV, by the cubic through the four samples around."""
    i = int(np.argmax((v[:-1] < 0) & (v[1:] >= 0)))
    from scipy.interpolate import CubicSpline
    from scipy.optimize import brentq

    near = slice(i - 1, i + 3)
    return float(brentq(CubicSpline(time_[near], v[near]), time_[i], time_[i + 1]))


def loligo(axons: int, dt: float) -> Run:
    squid = lo.load("hodgkin-huxley-1952").replace(celsius=CELSIUS)
    many = np.full(axons, AMPLITUDE) if axons > 1 else AMPLITUDE
    axon = lo.Axon(squid, LENGTH, DIAMETER, RESISTIVITY, compartments=COMPARTMENTS)
    stimulus = lo.at(0, lo.Pulse(START, FOR, many))

    def run() -> tuple[float, float]:
        timings: dict[str, float] = {}
        rec = lo.simulate(
            axon, stimulus, DURATION, solver=lo.Exponential(dt), record=["spikes"],
            sample_interval=DURATION, timings=timings, progress=False,
        )  # fmt: skip
        spikes = lo.spike_times(rec).values.reshape(-1, COMPARTMENTS)[0]
        return timings["steps"], _velocity(spikes[FROM], spikes[TO])

    return run


def neuron(axons: int, dt: float) -> Run | None:
    try:
        from neuron import h
    except ImportError:
        return None
    h.load_file("stdrun.hoc")

    def run() -> tuple[float, float]:
        # every section of a process is integrated: they are made anew, and gone after
        cells = [_cell(h) for _ in range(axons)]
        section = cells[0][0]
        places = [section((k + 0.5) / COMPARTMENTS) for k in (FROM, TO)]
        traces = [h.Vector().record(place._ref_v) for place in places]
        times = h.Vector().record(h._ref_t)
        h.celsius, h.secondorder, h.usetable_hh, h.dt = CELSIUS, 2, 0, dt
        h.steps_per_ms = 1 / dt
        h.finitialize(-65)
        began = time.perf_counter()
        h.continuerun(DURATION)
        took = time.perf_counter() - began
        first, last = (_crossing(times.as_numpy(), v.as_numpy()) for v in traces)
        return took, _velocity(first, last)

    return run


def _cell(
    h: Any, length: float = LENGTH, diameter: float = DIAMETER, resistivity: float = RESISTIVITY,
    compartments: int = COMPARTMENTS, current: tuple[float, ...] = (START, FOR, AMPLITUDE),
) -> tuple[Any, Any]:  # fmt: skip
    section = h.Section()
    section.nseg, section.L, section.diam = compartments, length, diameter
    section.Ra, section.cm = resistivity, 1.0
    section.insert("hh")
    for segment in section:
        segment.ena, segment.ek, segment.hh.el = 50.0, -77.0, -54.387
    clamp = h.IClamp(section(0.0))
    clamp.delay, clamp.dur, clamp.amp = current
    return section, clamp


def arbor(axons: int, dt: float) -> Run | None:
    try:
        import arbor as arb
    except ImportError:
        return None
    from arbor import units as u

    recipe = _recipe(arb, u, axons)
    context = arb.context(threads=1)
    hint = arb.partition_hint(prefer_gpu=False, cpu_group_size=axons)
    plan = arb.partition_load_balance(recipe, context, {arb.cell_kind.cable: hint})
    simulation = arb.simulation(recipe, context, plan)
    schedule = arb.regular_schedule(0 * u.ms, dt * u.ms, DURATION * u.ms)
    handles = [simulation.sample((0, tag), schedule) for tag in ("from", "to")]

    def run() -> tuple[float, float]:
        simulation.reset()
        began = time.perf_counter()
        simulation.run(DURATION * u.ms, dt * u.ms)
        took = time.perf_counter() - began
        found = [simulation.samples(handle)[0][0] for handle in handles]
        return took, _velocity(*(_crossing(rows[:, 0], rows[:, 1]) for rows in found))

    return run


def _recipe(arb: Any, u: Any, axons: int) -> Any:
    tree = arb.segment_tree()
    radius = DIAMETER / 2
    tree.append(arb.mnpos, arb.mpoint(0, 0, 0, radius), arb.mpoint(LENGTH, 0, 0, radius), tag=1)
    properties = arb.neuron_cable_properties()
    properties.set_property(
        Vm=-65 * u.mV, cm=1 * u.uF / u.cm2, rL=RESISTIVITY * u.Ohm * u.cm,
        tempK=(CELSIUS + 273.15) * u.Kelvin,
    )  # fmt: skip
    properties.set_ion("na", rev_pot=50 * u.mV)
    properties.set_ion("k", rev_pot=-77 * u.mV)
    properties.catalogue = arb.default_catalogue()
    decor = (
        arb.decor()
        .paint("(all)", arb.density("hh", {"el": -54.387}))
        .place("(location 0 0)", arb.i_clamp(START * u.ms, FOR * u.ms, AMPLITUDE * u.nA))
    )
    cell = arb.cable_cell(
        tree, decor, arb.label_dict(), arb.cv_policy_fixed_per_branch(COMPARTMENTS)
    )
    places = {
        tag: f"(location 0 {(k + 0.5) / COMPARTMENTS!r})" for tag, k in (("from", FROM), ("to", TO))
    }

    class Axons(arb.recipe):
        def num_cells(self) -> int:
            return axons

        def cell_kind(self, gid: int) -> Any:
            return arb.cell_kind.cable

        def cell_description(self, gid: int) -> Any:
            return cell

        def global_properties(self, kind: Any) -> Any:
            return properties

        def probes(self, gid: int) -> Any:
            return [arb.cable_probe_membrane_voltage(where, tag) for tag, where in places.items()]

    return Axons()


def rallpack_loligo(dt: float) -> tuple[float, Any]:
    """Seconds of the steps, and the spike times at both ends."""
    squid = lo.load("hodgkin-huxley-1952").replace(g_L=0.025, E_L=-65)
    axon = lo.Axon(squid, 1000, 1, 100, compartments=1000)
    timings: dict[str, float] = {}
    rec = lo.simulate(
        axon, lo.at(0, lo.Step(0, 0.1)), 250, solver=lo.Exponential(dt), record=["spikes"],
        positions=[0, 1000], initial=-65, timings=timings, progress=False,
    )  # fmt: skip
    return timings["steps"], [v[np.isfinite(v)] for v in lo.spike_times(rec).values]


def rallpack_neuron(dt: float) -> tuple[float, Any]:
    """The same."""
    from neuron import h

    section, _ = cell = _cell(h, 1000.0, 1.0, 100.0, 1000, (0.0, 1e9, 0.1))
    for segment in section:
        segment.hh.gl, segment.hh.el = 2.5e-5, -65.0
    traces = [h.Vector().record(section(x)._ref_v) for x in (0.5 / 1000, 1 - 0.5 / 1000)]
    times = h.Vector().record(h._ref_t)
    h.celsius, h.secondorder, h.usetable_hh, h.dt, h.steps_per_ms = 6.3, 2, 0, dt, 1 / dt
    h.finitialize(-65)
    began = time.perf_counter()
    h.continuerun(250)
    took = time.perf_counter() - began
    del cell
    return took, [_crossings(times.as_numpy(), v.as_numpy()) for v in traces]


def _crossings(time_: Any, v: Any) -> Any:
    found = np.flatnonzero((v[:-1] < 0) & (v[1:] >= 0))
    near = [slice(max(0, i - 2), i + 3) for i in found]
    return np.array([_crossing(time_[part], v[part]) for part in near])


PROGRAMS = {"loligo": loligo, "NEURON": neuron, "Arbor": arbor}


def main() -> None:
    print(f"{platform.processor() or platform.machine()}, {COMPARTMENTS} compartments, one core")
    names = [name for name in PROGRAMS if _there(name)]
    for axons in (1, 64):
        _speed(names, axons)
    _cost(names)
    _rallpack(names)


def _rallpack(names: list[str]) -> None:
    _, coarse = rallpack_loligo(0.005)
    _, fine = rallpack_loligo(0.0025)
    # of second order in the step: Richardson's extrapolation
    converged = [b + (b - a) / 3 for a, b in zip(coarse, fine, strict=True)]
    programs = {"loligo": rallpack_loligo, "NEURON": rallpack_neuron}
    for name in (name for name in names if name in programs):
        for dt in (0.02, 0.01, 0.005):
            took, spikes = programs[name](dt)
            alike = all(a.size == b.size for a, b in zip(spikes, converged, strict=True))
            far = (
                max(np.abs(a - b).max() for a, b in zip(spikes, converged, strict=True))
                if alike
                else np.inf
            )
            print(f"Rallpack 3: {name:7s} dt {dt:g}: {[s.size for s in spikes]} spikes, "
                  f"{far:.4f} ms off at most, {took:.3f} s")  # fmt: skip
            if far < 0.01:
                break


def _there(name: str) -> bool:
    if PROGRAMS[name](1, 0.01) is None:
        print(f"{name} is not installed: skipped")
        return False
    return True


def _speed(names: list[str], axons: int) -> None:
    best: dict[str, float] = {}
    for _ in range(ROUNDS if axons > 1 else 4 * ROUNDS):
        for name in names:
            took, _ = PROGRAMS[name](axons, 0.01)()  # type: ignore[misc]
            best[name] = min(best.get(name, np.inf), took)
    steps = axons * COMPARTMENTS * DURATION / 0.01
    for name in names:
        ns = 1e9 * best[name] / steps
        print(f"{axons:3d} axons, dt 0.01: {name:7s} {ns:7.1f} ns per compartment and step")


def _cost(names: list[str]) -> None:
    """Seconds until the velocity is right to WANTED, between the steps tried (as a power law)."""
    found: dict[str, float] = {}
    for name in names:
        rows: list[tuple[float, float]] = []
        for dt in STEPS:
            runs = [PROGRAMS[name](1, dt)() for _ in range(ROUNDS)]  # type: ignore[misc]
            took, error = min(t for t, _ in runs), abs(runs[0][1] / CONVERGED - 1)
            rows.append((took, error))
            print(f"{name:7s} dt {dt:7g}: velocity {runs[0][1]:8.4f} m/s, error {error:.1e}, "
                  f"{took:.4f} s")  # fmt: skip
            if error < WANTED:
                break
        found[name] = _between(rows)
    for name, seconds in found.items():
        ratio = seconds / found["loligo"]
        print(f"velocity to {WANTED:g}: {name:7s} {seconds:8.4f} s, {ratio:6.1f} times loligo's")


def _between(rows: list[tuple[float, float]]) -> float:
    """The cost at the error wanted, along the line between the last two in logarithms."""
    if rows[-1][1] >= WANTED:
        return np.inf
    if len(rows) == 1:
        return rows[0][0]
    (t0, e0), (t1, e1) = rows[-2:]
    part = np.log(WANTED / e0) / np.log(e1 / e0)
    return float(t0 * (t1 / t0) ** part)


if __name__ == "__main__":
    main()
