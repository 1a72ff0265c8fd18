"""Runs of axons with a fixed step: membranes and the solve that joins them, chunk by chunk."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from loligo.engine import coupled as engine
from loligo.engine.kernel import Floats, Integers, Schedule
from loligo.run.axon.clamps import Clamping
from loligo.run.axon.compartments import NA
from loligo.run.axon.currents import Injected, points_of
from loligo.run.axon.divergence import Watch
from loligo.run.axon.problem import AxonProblem, Patch
from loligo.run.axon.resolution import kernel_of
from loligo.run.axon.rest import balance
from loligo.run.compiled import Outcome, crew, everywhere, initial_states, paced, prepare, threads
from loligo.run.compiled import shares as split
from loligo.run.fixed import schedule_for
from loligo.solvers import Exponential

# The relative error of an impulse's velocity is about _ERROR (rate dt)^2, see
# `run.axon.resolution`; half of what is asked for may come from dt.
_ERROR = 0.0105
_CAUTIOUS = 1 << 21  # compartment-steps in the first call: some 30 ms


def integrate(
    problem: AxonProblem, solver: Exponential, advance: Callable[[float], None]
) -> Outcome:
    """Run axons with the exponential scheme and implicit midpoint for V.

    Raises
    ------
    RunError
        If V or a state ceases to be finite, or there is no resting potential to start from.
    """
    started = time.perf_counter()
    course = start(problem, solver)
    settled = time.perf_counter()
    _run(problem, course, advance)
    arrived = time.perf_counter()
    outcome = _collect(problem, course)
    outcome.notes += course.notes
    outcome.settings = {"dt": course.schedule.dt, **problem.settings}
    outcome.timings = {
        "kernel": course.compiled,
        "initial state": settled - started - course.compiled,
        "steps": arrived - settled,
        "rest and spikes": time.perf_counter() - arrived,
    }
    return outcome


@dataclass(frozen=True)
class Started:
    """A run about to begin.

    Attributes
    ----------
    steps
        The engine's course, which takes the steps.
    table
        What is injected, step by step.
    resting : (axons, compartments) or None
        V, where the run begins at rest.
    compiled
        How long that took, s.
    clamps
        Where there are any.
    """

    steps: engine.Course
    line: engine.Line
    patches: Sequence[engine.Patch]
    table: Injected
    schedule: Schedule
    resting: Floats | None
    notes: list[str]
    compiled: float
    clamps: Clamping | None


def start(problem: AxonProblem, solver: Exponential) -> Started:
    """Kernels, initial states and constants, laid out for the engine."""
    began = time.perf_counter()
    schedule = schedule_for(problem.patches[0].cells, solver.dt)
    kernels = [kernel_of(patch.cells, solver.engine) for patch in problem.patches]
    compiled = time.perf_counter() - began
    line, points = line_of(problem), points_of(problem)
    voltage, states, notes, resting = begin(problem, kernels, line, points)
    patches = [
        engine.Patch(
            kernel,
            patch.place,
            mine,
            _constants(patch, kernel, schedule),
            np.flatnonzero(np.isin(patch.place, problem.recorded)),
        )
        for patch, kernel, mine in zip(problem.patches, kernels, states, strict=True)
    ]
    steps = _course(solver.engine)(line, patches, points, schedule, voltage)
    table = Injected(problem, schedule)
    clamps = (
        Clamping(problem, table, points, line, patches, schedule, steps) if problem.clamps else None
    )
    return Started(steps, line, patches, table, schedule, resting, notes, compiled, clamps)


def step_for(problem: AxonProblem) -> float:
    """The step (ms) that the axon's accuracy asks for."""
    return math.sqrt(0.5 * problem.axon.accuracy / _ERROR) / problem.rate


def _course(name: str) -> Any:
    if name == "numpy":
        from loligo.engine.numpy.coupled import NumpyCourse

        return NumpyCourse
    from loligo.engine.llvm.course import CompiledCourse

    return CompiledCourse


def line_of(problem: AxonProblem) -> engine.Line:
    """Areas, capacities and axial conductances."""
    parts = problem.parts
    area = NA * parts.area
    capacity = np.empty_like(area)
    for patch in problem.patches:
        density = patch.along(patch.once.lanes.flat("C_m")[None])[0]
        capacity[:, patch.place] = density * area[:, patch.place]
    return engine.Line(area, capacity, parts.link)


def begin(
    problem: AxonProblem, kernels: Sequence[Any], line: engine.Line, points: engine.Points
) -> tuple[Floats, list[Floats], list[str], Floats | None]:
    """V of all compartments, the other states of each patch, notes, and the resting V."""
    voltage = np.empty(line.area.shape)
    states: list[Floats] = []
    notes: list[str] = []
    for patch, kernel in zip(problem.patches, kernels, strict=True):
        found, told = initial_states(kernel, patch.once)
        shape = (len(found), problem.axons, patch.place.size)
        shaped = np.broadcast_to(patch.along(found), shape)
        voltage[:, patch.place] = shaped[0]
        states.append(shaped[1:])
        notes += told
    if problem.initial.voltage is not None or problem.initial.states:
        return voltage, states, notes, None
    alone = len(problem.patches) == 1 and problem.patches[0].uniform
    if not alone or points.conductance.any():
        voltage, states = balance(problem, kernels, line, points, voltage)
    return voltage, states, list(dict.fromkeys(notes)), voltage


def _constants(patch: Patch, kernel: Any, schedule: Schedule) -> Floats:
    """(constants, axons, compartments), or 1 compartment where all are alike."""
    found = prepare(kernel, patch.once, {".dt": schedule.dt})
    return patch.along(found[: len(kernel.program.constants)])


def _run(problem: AxonProblem, course: Started, advance: Callable[[float], None]) -> None:
    """Call the kernel on all cores, for a short time each, until the last step."""
    schedule, table, clamps = course.schedule, course.table, course.clamps
    parts = split(problem.axons, threads())
    cells = problem.axons * problem.parts.count
    done, chunk = 0, max(1, min(64, _CAUTIOUS // cells))
    watch = Watch(problem, course.steps, course.patches, table, schedule)
    with crew(parts) as pool:
        while done < schedule.steps:
            asked = stop = min(done + min(chunk, table.most_steps), schedule.steps)
            if clamps is not None:
                stop = clamps.begin(done, asked)
            work = partial(course.steps.advance, **table.given(done, stop), first=done, stop=stop)
            took = everywhere(pool, parts, work)
            done = stop
            if clamps is not None:
                clamps.end(done)
            watch.look(done)
            advance(done / schedule.steps)
            if stop == asked:  # a clamp's stop says nothing of the pace
                chunk = paced(chunk, took)


def _collect(problem: AxonProblem, course: Started) -> Outcome:
    records = [patch.kernel.program.records for patch in course.patches]
    values = [
        map(partial(course.steps.values, i), range(len(names))) for i, names in enumerate(records)
    ]
    outcome = collect_values(problem, records, values, course.steps.spikes, course.resting)
    if course.clamps is not None:
        outcome.clamped = course.clamps.currents()
    return outcome


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
    return Outcome({name: found[name].T for name in order}, times, where, rest)


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
