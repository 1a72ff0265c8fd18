"""Runs of axons with a fixed step: membranes and the solve that joins them, chunk by chunk."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from loligo.cable.compartments import NA, shares
from loligo.cable.problem import AxonProblem, Patch
from loligo.cable.rest import balance
from loligo.engine import cable as engine
from loligo.engine.kernel import Floats, Integers, Schedule
from loligo.equilibrium import guess
from loligo.errors import RunError
from loligo.lanes import distinct
from loligo.problem import onto
from loligo.runs import (
    Outcome,
    everywhere,
    find_kernel,
    for_equilibria,
    initial_states,
    paced,
    prepare,
    threads,
)
from loligo.runs import shares as split
from loligo.solvers import Exponential
from loligo.stepping import schedule_for

# The relative error of an impulse's velocity is about _ERROR rate^(4/3) dt^2, rate that of the
# fastest gate at 0 mV (measured on the squid axon, at 6.3 and 18.5 degC); half of what is asked
# for may come from dt.
_ERROR = 0.3
_SLOWEST = 1.0  # per ms: so fast at least is a cable without gates taken to be
# Where a current jumps, the midpoint rule would ring along fine compartments; this many steps
# from there on are two backward Euler halves each, which damp it and leave the order at 2
# (Rannacher 1984, doi:10.1007/BF01390130; Giles & Carter 2006: four halves suffice).
_DAMPED = 2
_CAUTIOUS = 1 << 21  # compartment-steps in the first call: some 30 ms
_TABLE = 1 << 25  # bytes of injected currents handed over at once


def integrate(
    problem: AxonProblem, solver: Exponential, advance: Callable[[float], None]
) -> Outcome:
    """Run axons with the exponential scheme and implicit midpoint for V.

    Raises
    ------
    RunError
        If V ceases to be finite, or there is no resting potential to start from.
    """
    started = time.perf_counter()
    schedule = schedule_for(problem.patches[0].cells, solver.dt)
    kernels = [_kernel(patch, solver.engine) for patch in problem.patches]
    compiled = time.perf_counter()
    line, points, table = line_of(problem), points_of(problem), _Injected(problem, schedule)
    voltage, states, notes, resting = begin(problem, kernels, line, points)
    patches = [
        engine.Patch(
            kernel,
            patch.place,
            mine,
            _constants(patch, kernel, schedule, problem.axons),
            np.flatnonzero(np.isin(patch.place, problem.recorded)),
        )
        for patch, kernel, mine in zip(problem.patches, kernels, states, strict=True)
    ]
    course = _course(solver.engine)(line, patches, points, schedule, voltage)
    settled = time.perf_counter()
    _run(problem, course, table, schedule, advance)
    arrived = time.perf_counter()
    outcome = _collect(problem, course, patches, resting)
    outcome.notes += notes
    outcome.settings = {"dt": schedule.dt, **problem.settings}
    outcome.timings = {
        "kernel": compiled - started,
        "initial state": settled - compiled,
        "steps": arrived - settled,
        "rest and spikes": time.perf_counter() - arrived,
    }
    return outcome


def step_for(problem: AxonProblem) -> float:
    """The step (ms) that the axon's accuracy asks for."""
    fastest = max(_rate(patch, _kernel(patch, "llvm")) for patch in problem.patches)
    return math.sqrt(0.5 * problem.axon.accuracy / _ERROR) / max(fastest, _SLOWEST) ** (2 / 3)


def _rate(patch: Patch, kernel: Any) -> float:
    """Of the fastest gate at 0 mV, per ms: how much less x' is at x = 1 than at 0."""
    membrane = patch.cells.membrane
    gates = [gate.name for gate in membrane.gates if not gate.instantaneous]
    named = for_equilibria(patch.cells)
    none = np.zeros(patch.cells.lanes.size)
    pools = {s.name: named.get(guess(s.name), none + 0.5) for s in membrane.states}
    closed, opened = (
        kernel.map("derivative", {**named, **pools, **dict.fromkeys(gates, none + x), "V": none,
                                  "I_stim": none})
        for x in (0.0, 1.0)
    )  # fmt: skip
    rates = np.array([closed[name] - opened[name] for name in gates])
    return float(np.max(rates, where=np.isfinite(rates), initial=0.0))


def _kernel(patch: Patch, name: str) -> Any:
    from loligo.engine.llvm.patch import LANES

    def make() -> Any:
        from loligo.program.cable import cable
        from loligo.system import build

        return cable(build(patch.cells.membrane), patch.cells.records)

    return find_kernel(patch.cells, name, {"solver": "cable"}, make, width=LANES)[0]


def _course(name: str) -> Any:
    if name == "numpy":
        from loligo.engine.numpy_cable import NumpyCourse

        return NumpyCourse
    from loligo.engine.llvm.course import CompiledCourse

    return CompiledCourse


def line_of(problem: AxonProblem) -> engine.Line:
    """Areas, capacities and axial conductances."""
    parts = problem.parts
    area = NA * parts.area
    capacity = np.empty_like(area)
    for patch in problem.patches:
        density = patch.cells.lanes.flat("C_m").reshape(problem.axons, -1)
        capacity[:, patch.place] = density * area[:, patch.place]
    return engine.Line(area, capacity, parts.link)


def points_of(problem: AxonProblem) -> engine.Points:
    """Where currents are injected and where ends are held."""
    parts, held = problem.parts, problem.axon.ends
    places = {k for p in problem.points for k in shares(parts, p.place)}
    outer = (0, parts.count - 1)
    places |= {k for k, end in zip(outer, held, strict=True) if end.voltage is not None}
    place = np.array(sorted(places), dtype=np.int64)
    conductance = np.zeros((problem.axons, place.size))
    driven = np.zeros((problem.axons, place.size))
    for side, (k, end) in enumerate(zip(outer, held, strict=True)):
        if end.voltage is not None:
            column = int(np.searchsorted(place, k))
            conductance[:, column] += parts.ends[:, side]
            driven[:, column] += parts.ends[:, side] * end.voltage
    potential = np.divide(driven, conductance, out=np.zeros_like(driven), where=conductance > 0)
    return engine.Points(place, conductance, potential)


class _Injected:
    """The currents into the points of :func:`points_of`, averaged over steps."""

    def __init__(self, problem: AxonProblem, schedule: Schedule) -> None:
        self.problem, self.schedule = problem, schedule
        self.place = points_of(problem).place
        self.paths = [
            (point, [paths_of(problem, i, k) for k in range(len(problem.shapes(i)))])
            for i, point in enumerate(problem.points)
        ]
        self.jumps = self._jumps()
        row = 8 * problem.axons * (self.place.size + 1)
        self.most_steps = max(16, _TABLE // row)

    def _jumps(self) -> list[tuple[Integers, Integers]]:
        """The steps in which a current jumps or bends, in order, and the axons with just these;
        none of a sampled current."""
        groups: dict[tuple[int, ...], list[int]] = {}
        smooth = [(p, which) for _, shapes in self.paths for p, which in shapes if not p[0].sampled]
        found = [[p.breakpoints(self.problem.duration) for p in paths] for paths, _ in smooth]
        for axon in range(self.problem.axons):
            mine = [f[which[axon]] for f, (_, which) in zip(found, smooth, strict=True)]
            times = np.concatenate([np.empty(0), *mine])
            steps = np.unique(np.floor(times / self.schedule.dt + 1e-9).astype(np.int64))
            groups.setdefault(tuple(steps.tolist()), []).append(axon)
        return [(np.array(k, dtype=np.int64), np.array(v)) for k, v in groups.items()]

    def between(self, first: int, stop: int) -> Floats:
        """(steps, axons, points), nA."""
        edges = np.arange(first, stop + 1) * self.schedule.dt
        table = np.zeros((stop - first, self.problem.axons, self.place.size))
        for point, shapes in self.paths:
            total = np.zeros(table.shape[:2])
            for paths, which in shapes:
                charge = np.stack([path.integral(edges[:-1], edges[1:]) for path in paths], axis=1)
                total += charge[:, which] / self.schedule.dt
            for place, weight in shares(self.problem.parts, point.place).items():
                table[:, :, np.searchsorted(self.place, place)] += weight * total
        return table

    def edges(self, first: int, stop: int) -> Integers:
        """(steps, axons): 1 where a current has just changed its course, or the run begins."""
        steps = np.zeros((stop - first, self.problem.axons), dtype=np.int64)
        steps[: max(0, _DAMPED - first)] = 1
        for found, axons in self.jumps:
            low, high = np.searchsorted(found, [first - _DAMPED, stop])
            for k in range(_DAMPED):
                here = found[low:high] + k - first
                here = here[(here >= 0) & (here < stop - first)]
                steps[np.ix_(here, axons)] = 1
        return steps


def paths_of(problem: AxonProblem, point: int, shape: int) -> tuple[list[Any], Integers]:
    """The different currents of one shape over the axons, and which one each has."""
    own = problem.shapes(point)[shape]
    names = own.parameters
    table = np.stack([problem.lanes.flat(f"stimulus{point}.{shape}.{p}") for p in names])
    first, which = distinct(table)
    columns = table[:, first].T.tolist()
    return [own.at(**dict(zip(names, column, strict=True))) for column in columns], which


def injected(problem: AxonProblem) -> list[Floats]:
    """What each point injects at the sample times: (axons, samples) in nA."""
    found: list[Floats] = []
    for i in range(len(problem.points)):
        total = np.zeros((problem.axons, problem.samples))
        for k in range(len(problem.shapes(i))):
            paths, which = paths_of(problem, i, k)
            values = [p.value(onto(p.breakpoints(problem.duration), problem.times)) for p in paths]
            total += np.stack(values)[which]
        found.append(total)
    return found


def begin(
    problem: AxonProblem, kernels: Sequence[Any], line: engine.Line, points: engine.Points
) -> tuple[Floats, list[Floats], list[str], Floats | None]:
    """V of all compartments, the other states of each patch, notes, and the resting V."""
    voltage = np.empty(line.area.shape)
    states: list[Floats] = []
    notes: list[str] = []
    for patch, kernel in zip(problem.patches, kernels, strict=True):
        found, told = initial_states(kernel, patch.cells)
        shaped = found.reshape(len(found), problem.axons, -1)
        voltage[:, patch.place] = shaped[0]
        states.append(shaped[1:])
        notes += told
    if problem.initial.voltage is not None or problem.initial.states:
        return voltage, states, notes, None
    alone = len(problem.patches) == 1 and problem.patches[0].uniform
    if not alone or points.conductance.any():
        voltage, states = balance(problem, kernels, line, points, voltage)
    return voltage, states, list(dict.fromkeys(notes)), voltage


def _constants(patch: Patch, kernel: Any, schedule: Schedule, axons: int) -> Floats:
    """(constants, axons, compartments), or 1 compartment where all are alike."""
    found = prepare(kernel, patch.cells, {".dt": schedule.dt})
    shaped = found[: len(kernel.program.constants)].reshape(-1, axons, patch.place.size)
    return shaped[:, :, :1] if patch.uniform else shaped


def _run(
    problem: AxonProblem, course: engine.Course, table: _Injected, schedule: Schedule,
    advance: Callable[[float], None],
) -> None:  # fmt: skip
    """Call the kernel on all cores, for a short time each, until the last step."""
    parts = split(problem.axons, threads())
    cells = problem.axons * problem.parts.count
    done, chunk = 0, max(1, min(64, _CAUTIOUS // cells))
    with ThreadPoolExecutor(len(parts)) as pool:
        while done < schedule.steps:
            stop = min(done + min(chunk, table.most_steps), schedule.steps)
            currents = table.between(done, stop)
            damped = table.edges(done, stop)
            work = partial(course.advance, injected=currents, damped=damped, first=done, stop=stop)
            took = everywhere(pool, parts, work)
            if lost := course.lost():
                raise _divergence(problem, schedule, *lost)
            done = stop
            advance(done / schedule.steps)
            chunk = paced(chunk, took)


def _divergence(
    problem: AxonProblem, schedule: Schedule, axon: int, step: int, before: Floats
) -> RunError:
    """When and where V ceased to be finite: where it was largest before."""
    place = int(np.argmax(np.abs(before)))
    return RunError(
        f"the run diverged at t = {step * schedule.dt:.6g} ms: V is no longer finite. Just before, "
        f"it was {before[place]:.6g} mV{problem.in_axon(axon, place)}. Check the parameters and "
        f"the stimulus, or take a smaller step: solver=lo.Exponential(dt={schedule.dt / 4:.3g})"
    )


def _collect(
    problem: AxonProblem, course: engine.Course, patches: Sequence[engine.Patch],
    resting: Floats | None,
) -> Outcome:  # fmt: skip
    records = [patch.kernel.program.records for patch in patches]
    values = [map(partial(course.values, i), range(len(names))) for i, names in enumerate(records)]
    return collect_values(problem, records, values, course.spikes, resting)


def collect_values(
    problem: AxonProblem, records: Sequence[Sequence[str]], values: Sequence[Iterable[Floats]],
    spikes: list[tuple[Floats, Integers]], resting: Floats | None,
) -> Outcome:  # fmt: skip
    """The recorded rows, (samples, axons x recorded positions), and the spikes there.

    Parameters
    ----------
    records, values
        For each patch, the names and what they are: (samples, axons, its recorded positions).
    """
    shape = (problem.samples, problem.axons, problem.recorded.size)
    found: dict[str, Floats] = {}
    for patch, names, rows in zip(problem.patches, records, values, strict=True):
        place = patch.place[np.isin(patch.place, problem.recorded)]
        column = np.searchsorted(problem.recorded, place)
        for name, mine in zip(names, rows, strict=True):
            if column.size == problem.recorded.size:
                found[name] = mine.reshape(problem.samples, -1)
                continue
            # NaN where the membrane has no such thing
            whole = found.setdefault(name, np.full((shape[0], shape[1] * shape[2]), np.nan))
            whole.reshape(shape)[:, :, column] = mine
    order = [name for name in problem.records if name in found]
    times, where = _spikes(problem, spikes)
    rest = None if resting is None else resting[:, problem.recorded].ravel()
    return Outcome({name: found[name] for name in order}, times, where, rest)


def _spikes(
    problem: AxonProblem, batches: list[tuple[Floats, Integers]]
) -> tuple[Floats, Integers]:
    """By axon, then by position, then by time; the recorded positions alone."""
    times = np.concatenate([t for t, _ in batches]) if batches else np.empty(0)
    where = np.concatenate([w for _, w in batches]) if batches else np.empty(0, dtype=np.int64)
    axon, compartment = np.divmod(where, problem.parts.count)
    column = np.searchsorted(problem.recorded, compartment)
    column = np.minimum(column, problem.recorded.size - 1)
    kept = (where >= 0) & (times <= problem.duration) & (problem.recorded[column] == compartment)
    times, flat = times[kept], (axon * problem.recorded.size + column)[kept]
    order = np.lexsort((times, flat))
    return times[order], flat[order]
