"""Runs with a fixed step: independent lanes go through a kernel, chunk by chunk."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from loligo.engine.kernel import GRAIN, Kernel, Progress, Schedule, Streams, padded
from loligo.engine.swings import Batch, Swings
from loligo.errors import RunError, UsageError
from loligo.lanes import Floats, Integers
from loligo.run.divergence import diverged, smaller_step
from loligo.run.drive import Drive
from loligo.run.initial import prepare
from loligo.run.jumps import Begun, Jumps, begin
from loligo.run.outcome import empty_rows, recorded_rows
from loligo.run.pace import Pace, portions, threads
from loligo.run.problem import Problem
from loligo.solvers import Exponential

_FIRST = 1 << 21  # lanes x steps in the first call: some 30 ms
_MOST_STEPS = 64  # of them, if there are few lanes


class Stepped:
    """How far a run of equal steps has come.

    Attributes
    ----------
    done
        Steps.
    stop
        Where the call under way ends.
    """

    done: int = 0
    stop: int = 0

    def __init__(self, problem: Problem, solver: Exponential) -> None:
        self.schedule = schedule_for(problem, solver)

    @property
    def fraction(self) -> float:
        return self.done / self.schedule.steps

    @property
    def over(self) -> bool:
        return self.done >= self.schedule.steps


class FixedCourse(Stepped):
    """See :class:`loligo.run.loop.Course`. The first step has constants of its own, and so have
    those about an edge at which states jump."""

    def __init__(
        self, problem: Problem, solver: Any, kernel: Kernel, states: Floats, pace: Pace
    ) -> None:
        super().__init__(problem, solver)
        self.problem, self.kernel = problem, kernel
        self.settings: Mapping[str, Any] = {"dt": self.schedule.dt}
        self.constants = self.used = self._constants(self.schedule.dt)
        depth, grain = self.schedule.depth, self.schedule.grain
        self.jumps, self.opens = Jumps(problem, kernel, self.schedule.dt, depth), True
        edges = self.jumps.edges
        begun = begin(problem, kernel, self.constants, states, edges, depth, grain)
        self.progress = _progress(problem, kernel, begun)
        self.before = self.progress.copy()
        self.final = self.progress.states[0]
        self.sampled = _Sampled(problem, kernel, self.schedule, pace.stream)
        self.parts = portions(len(self.progress.step), threads())
        self.amount = pace.opening(_MOST_STEPS, _FIRST, problem.lanes.size)
        self.streams = Streams()

    @property
    def spikes(self) -> list[Batch]:
        return self.progress.spikes

    @property
    def swings(self) -> Swings:
        return self.progress.swings

    def call(self) -> Callable[[range], None]:
        chunk = 1 if self.opens else min(self.amount, self.sampled.most_steps)
        self.stop = min(self.done + chunk, self.jumps.following(self.done, self.schedule.steps))
        self.used = self._opening() if self.opens else self.constants
        self.streams = self.sampled.between(self.done, self.stop)
        self.before.take(self.progress)
        return partial(
            self.kernel.run, self.schedule, self.used, self.progress, self.streams,
            stop=self.stop,
        )  # fmt: skip

    def _constants(self, stride: float | Floats) -> Floats:
        problem, kernel = self.problem, self.kernel
        settings = {".dt": self.schedule.dt, ".stride": stride}
        made = prepare(kernel, problem.parameter, problem.lanes.size, settings)
        return padded(made, kernel.width)

    def _opening(self) -> Floats:
        """Of a step at whose beginning or end some lanes' states are not half a step apart."""
        stride = self.jumps.stride(self.done, self.progress.lead)
        return self._constants(stride[: self.problem.lanes.size])

    def arrived(self) -> bool:
        if self.progress.diverged.any():
            raise self._divergence()
        opened, self.done = self.opens, self.stop
        if self.over:
            self.final = self.progress.states[0].copy()  # before a jump at the very end
        jumped = self.jumps.happen(self.done, self.constants, self.progress)
        self.opens = jumped or self.jumps.interrupt(self.done)
        if jumped and self.over:  # no step follows that would take the last sample again
            self.call()(range(len(self.progress.step)))
        return not opened

    def values(self) -> dict[str, Floats]:
        return recorded_rows(self.problem, self.progress.out)

    def voltage(self) -> Floats:
        return self.final

    def clamped(self) -> None:
        """No electrode clamps a lane of its own yet."""

    def _divergence(self) -> RunError:
        """Which variable of which lane ceased to be finite, when, and what it was before.

        ``before`` is where the call began: up to the step in question, it is made again.
        """
        from loligo.engine.numpy.kernel import FINITE, evaluate

        lane = int(np.flatnonzero(self.progress.diverged)[0])
        step = self._step_again(lane)
        program, before, dt = self.kernel.program, self.before, self.schedule.dt
        after = evaluate(program.blocks["step"], self._inputs(lane, step))
        limit = FINITE[program.precision]
        broken = [s for s in program.states if not np.abs(after[s]) < limit] or ["V"]
        last = before.states[program.states.index(broken[0]), lane]
        wider = " in float64, whose range is larger" if program.precision == "float32" else ""
        return diverged(
            step * dt,
            f"{broken[0]} is no longer finite; its last value was {last:.6g}",
            smaller_step(dt) + wider,
            self.problem.where(lane),
        )

    def _step_again(self, lane: int) -> int:
        """Go from where the call began to the step after which the lane was lost."""
        block = lane // self.kernel.width
        step = int(self.progress.step[block])
        part = range(block, block + 1)
        self.kernel.run(self.schedule, self.used, self.before, self.streams, part, stop=step)
        return step

    def _inputs(self, lane: int, step: int) -> dict[str, Any]:
        """Of the block ``step``, in one lane."""
        from loligo.engine.numpy.kernel import evaluate
        from loligo.program.arithmetic import CARRY

        program, dt, constants = self.kernel.program, self.schedule.dt, self.used
        inputs: dict[str, Any] = dict(zip(program.constants, constants[:, lane], strict=False))
        inputs |= {".dt": dt, ".t0": step * dt, ".t1": (step + 1) * dt}
        for i, name in enumerate(program.streams):
            inputs[name] = self.streams.charges[i, step - self.streams.first_step, lane]
        inputs |= evaluate(program.blocks["drive"], inputs)
        inputs |= dict(zip(program.states, self.before.states[:, lane], strict=True))
        return inputs | {
            CARRY + s: self.before.carries[i, lane] for i, s in enumerate(program.states)
        }


def schedule_for(problem: Problem, solver: Exponential) -> Schedule:
    """Whole steps to a sample interval; the last one ends at or after the run's end."""
    times, grain = problem.times, GRAIN[solver.precision]
    per_sample = max(1, math.ceil(times.sample_interval / solver.dt * (1 - 1e-12)))
    step = times.sample_interval / per_sample
    steps = math.ceil(times.duration / step * (1 - 1e-12))
    steps = max(steps, (times.samples - 1) * per_sample)
    if steps > 2**53:
        raise UsageError(f"a run of {steps:.3g} steps would never end; use a longer dt")
    depth = problem.depth(grain)
    return Schedule(step, steps, per_sample, times.samples, times.threshold, depth, grain)


def _progress(problem: Problem, kernel: Kernel, begun: Begun) -> Progress:
    filled = padded(begun.states, kernel.width).copy()
    lanes = int(filled.shape[1])
    armed = padded(begun.armed[None], kernel.width)
    return Progress(
        states=filled,
        carries=filled.astype(kernel.program.precision) - filled,
        detector=np.concatenate([np.full((1, lanes), np.nan), armed, np.full((1, lanes), -1.0)]),
        swings=begun.swings.padded(kernel.width),
        lead=np.zeros(lanes),
        step=np.zeros(lanes // kernel.width, dtype=np.int64),
        diverged=np.zeros(lanes, dtype=np.int64),
        out=empty_rows(problem, kernel),
        spikes=begun.spikes,
    )


class _Sampled:
    """The sampled stimuli of a run, as the kernel wants them."""

    def __init__(self, problem: Problem, kernel: Kernel, schedule: Schedule, stream: int) -> None:
        self.schedule, self.width = schedule, kernel.width
        self.drive = Drive(problem)
        driven = [each for each in problem.driven if each.shape.sampled]
        self.paths = [self.drive.unit_paths(each) for each in driven]
        size = 8 * (problem.lanes.size + kernel.width) * max(1, len(driven))
        self.most_steps = max(16, stream // size) if driven else 2**62
        asked = kernel.program.blocks["sample"].inputs
        self.currents = self._currents() if set(asked) & set(kernel.program.inputs) else None

    def _spread(self, rows: list[tuple[list[Floats], Integers]]) -> Floats:
        """(streams, times, lanes) from the distinct paths of each stream."""
        full = [np.stack(paths, axis=1)[:, which] for paths, which in rows]
        return padded(np.stack(full), self.width)

    def _currents(self) -> Floats | None:
        if not self.paths:
            return None
        rows = [([self.drive.values(path) for path in paths], which) for paths, which in self.paths]
        return self._spread(rows)

    def between(self, first: int, stop: int) -> Streams:
        if not self.paths:
            return Streams()
        edges = np.arange(first, stop + 1) * self.schedule.dt
        rows = [
            ([np.diff(path.cumulative(edges)) for path in paths], which)
            for paths, which in self.paths
        ]
        streams = Streams(first, self._spread(rows))
        return streams if self.currents is None else Streams(first, streams.charges, self.currents)
