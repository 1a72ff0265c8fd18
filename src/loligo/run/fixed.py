"""Runs with a fixed step: a problem goes through a kernel, chunk by chunk."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from loligo.engine.kernel import Floats, Integers, Kernel, Progress, Schedule, Streams, padded
from loligo.errors import RunError, UsageError
from loligo.lanes import distinct
from loligo.run.compiled import (
    Outcome,
    Travelled,
    compute,
    crew,
    empty_rows,
    everywhere,
    paced,
    prepare,
    shares,
    sources,
    threads,
)
from loligo.run.problem import Problem, onto
from loligo.solvers import Exponential

# of a block of many lanes: one step is a long chain of operations that wait for each other, and
# what four registers do meanwhile costs little more than what two do
REGISTERS = 4
_CAUTIOUS = 1 << 21  # lanes x steps in the first call: some 30 ms
_STREAM = 1 << 25  # bytes of sampled stimulus handed to a kernel at once


def integrate(problem: Problem, solver: Exponential, advance: Callable[[float], None]) -> Outcome:
    """Run a problem with a fixed-step solver.

    Parameters
    ----------
    advance
        Called with the fraction done.

    Raises
    ------
    RunError
        If a state ceases to be finite, or there is no resting potential to start from.
    """
    schedule = schedule_for(problem, solver.dt)

    dt = schedule.dt

    def loop(kernel: Kernel, constants: Floats, states: Floats) -> Travelled:
        first = prepare(kernel, problem, {".dt": dt, ".stride": 0.5 * dt})
        progress = _progress(problem, kernel, schedule, states)
        both = padded(first, kernel.width), constants
        _run(problem, kernel, schedule, both, progress, advance)
        return Travelled(progress.out, progress.spikes, {"dt": schedule.dt})

    return compute(
        problem,
        solver.engine,
        {"solver": solver.name, "precision": solver.precision},
        lambda system: solver.program(system, sources(problem), problem.records),
        {".dt": dt, ".stride": dt},
        loop,
        registers=REGISTERS,
    )


def schedule_for(problem: Problem, dt: float) -> Schedule:
    """Whole steps to a sample interval; the last one ends at or after the run's end."""
    per_sample = max(1, math.ceil(problem.sample_interval / dt * (1 - 1e-12)))
    step = problem.sample_interval / per_sample
    steps = math.ceil(problem.duration / step * (1 - 1e-12))
    steps = max(steps, (problem.samples - 1) * per_sample)
    if steps > 2**53:
        raise UsageError(f"a run of {steps:.3g} steps would never end; use a longer dt")
    return Schedule(step, steps, per_sample, problem.samples, problem.threshold)


def _progress(problem: Problem, kernel: Kernel, schedule: Schedule, states: Floats) -> Progress:
    filled = padded(states, kernel.width).copy()
    lanes = filled.shape[1]
    armed = (filled[0] < schedule.threshold).astype(np.float64)
    return Progress(
        states=filled,
        carries=filled.astype(kernel.program.precision) - filled,
        detector=np.stack([np.full(lanes, np.nan), armed]),
        step=np.zeros(lanes // kernel.width, dtype=np.int64),
        diverged=np.zeros(lanes, dtype=np.int64),
        out=empty_rows(problem, kernel),
    )


def _run(
    problem: Problem, kernel: Kernel, schedule: Schedule, both: tuple[Floats, Floats],
    progress: Progress, advance: Callable[[float], None],
) -> None:  # fmt: skip
    """Call the kernel on all cores, for a short time each, until the last step; the first step
    has constants of its own."""
    parts = shares(len(progress.step), threads())
    sampled = _Sampled(problem, kernel, schedule)
    before = progress.copy()
    # the first call is a guess; no call of many lanes may take long
    done, chunk = 0, max(1, min(64, _CAUTIOUS // problem.lanes.size))
    with crew(parts) as pool:
        while done < schedule.steps:
            constants = both[done > 0]
            stop = min(done + min(chunk, sampled.most_steps), schedule.steps) if done else 1
            streams = sampled.between(done, stop)
            before.take(progress)
            work = partial(kernel.run, schedule, constants, progress, streams, stop=stop)
            took = everywhere(pool, parts, work)
            if progress.diverged.any():
                raise _divergence(problem, kernel, schedule, constants, progress, before, streams)
            done = stop
            advance(done / schedule.steps)
            chunk = paced(chunk, took) if done > 1 else chunk


class _Sampled:
    """The sampled stimuli of a run, as the kernel wants them."""

    def __init__(self, problem: Problem, kernel: Kernel, schedule: Schedule) -> None:
        self.problem, self.schedule, self.width = problem, schedule, kernel.width
        self.lanes = problem.lanes.size
        self.which = [i for i, s in enumerate(problem.shapes) if s.sampled]
        # lanes with equal numbers share a path
        self.paths = [_distinct(problem, i) for i in self.which]
        size = 8 * (self.lanes + kernel.width) * max(1, len(self.which))
        self.most_steps = max(16, _STREAM // size) if self.which else 2**62
        self.currents = self._currents() if "I_stim" in problem.records else None

    def _spread(self, rows: list[tuple[list[Floats], Integers]]) -> Floats:
        """(streams, times, lanes) from the distinct paths of each stream."""
        full = [np.stack(paths, axis=1)[:, inverse] for paths, inverse in rows]
        return padded(np.stack(full), self.width)

    def _currents(self) -> Floats | None:
        if not self.which:
            return None
        rows = [([self._values(shape) for shape in shapes], w) for shapes, w in self.paths]
        return self._spread(rows)

    def _values(self, path: Any) -> Floats:
        return path.value(onto(path.breakpoints(self.problem.duration), self.problem.times))

    def between(self, first: int, stop: int) -> Streams:
        if not self.which:
            return Streams()
        edges = np.arange(first, stop + 1) * self.schedule.dt
        rows = [
            ([np.diff(shape.cumulative(edges)) for shape in shapes], inverse)
            for shapes, inverse in self.paths
        ]
        streams = Streams(first, self._spread(rows))
        return streams if self.currents is None else Streams(first, streams.charges, self.currents)


def _distinct(problem: Problem, index: int) -> tuple[list[Any], Integers]:
    """The different paths of a sampled shape, of unit amplitude and no mean, over the lanes, and
    which one each lane has."""
    shape, prefix = problem.shapes[index], problem.prefix(index)
    unit = {n: v for n, v in (("amplitude", 1.0), ("mean", 0.0)) if n in shape.parameters}
    names = [p for p in shape.parameters if p not in unit]
    table = np.stack([problem.lanes.flat(f"{prefix}.{p}") for p in names])
    first, which = distinct(table)
    shapes = [
        shape.at(**unit, **dict(zip(names, column.tolist(), strict=True)))
        for column in table[:, first].T
    ]
    return shapes, which


def _divergence(
    problem: Problem, kernel: Kernel, schedule: Schedule, constants: Floats, progress: Progress,
    before: Progress, streams: Streams,
) -> RunError:  # fmt: skip
    """Which variable of which lane ceased to be finite, when, and what it was before.

    ``before`` is where the call began: up to the step in question, it is made again.
    """
    from loligo.engine.numpy.kernel import FINITE, evaluate
    from loligo.program.arithmetic import CARRY

    lane = int(np.flatnonzero(progress.diverged)[0])
    block = lane // kernel.width
    step = int(progress.step[block])
    kernel.run(schedule, constants, before, streams, range(block, block + 1), stop=step)
    program, dt = kernel.program, schedule.dt
    inputs: dict[str, Any] = dict(zip(program.constants, constants[:, lane], strict=False))
    inputs |= {".dt": dt, ".t0": step * dt, ".t1": (step + 1) * dt}
    for i, name in enumerate(program.streams):
        inputs[name] = streams.charges[i, step - streams.first_step, lane]
    inputs |= evaluate(program.blocks["drive"], inputs)
    inputs |= dict(zip(program.states, before.states[:, lane], strict=True))
    inputs |= {CARRY + s: before.carries[i, lane] for i, s in enumerate(program.states)}
    after = evaluate(program.blocks["step"], inputs)
    limit = FINITE[program.precision]
    broken = [s for s in program.states if not np.abs(after[s]) < limit] or ["V"]
    last = before.states[program.states.index(broken[0]), lane]
    where = problem.in_lane(lane)
    return RunError(
        f"the run diverged at t = {step * schedule.dt:.6g} ms{where}: {broken[0]} is no longer "
        f"finite; its last value was {last:.6g}. Check the parameters and the stimulus, or take "
        f"a smaller step: solver=lo.Exponential(dt={schedule.dt / 4:.3g})"
        + (" in float64, whose range is larger" if program.precision == "float32" else "")
    )
