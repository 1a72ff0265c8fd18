"""Runs with a fixed step: independent lanes go through a kernel, chunk by chunk."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock
from typing import Any

import numpy as np

from loligo.engine.kernel import GRAIN, Kernel, Progress, Schedule, Streams, padded
from loligo.engine.swings import Batch, Swings
from loligo.errors import UsageError
from loligo.lanes import Floats, Integers
from loligo.run.charges import ledgers
from loligo.run.cuts import Cuts
from loligo.run.divergence import Loss, Losses, diverged, smaller_step
from loligo.run.drive import Drive
from loligo.run.initial import prepare
from loligo.run.jumps import Begun, begin
from loligo.run.outcome import empty_rows, recorded_rows
from loligo.run.pace import Pace
from loligo.run.problem import Problem
from loligo.run.status import Status
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
        self.schedule, self.lanes = schedule_for(problem, solver), problem.lanes.size

    @property
    def fraction(self) -> float:
        return self.done / self.schedule.steps

    @property
    def over(self) -> bool:
        return self.done >= self.schedule.steps

    def taken(self) -> Integers:
        """All lanes take their samples together; that of now may be taken again after an edge."""
        samples = (self.done - 1) // self.schedule.steps_per_sample + 1
        return np.full(self.lanes, samples, dtype=np.int64)

    def leave(self, lanes: Integers) -> None:
        """All lanes go on together."""


class FixedCourse(Stepped):
    """See :class:`loligo.run.loop.Course`. The first step has constants of its own, and so have
    those about an edge at which states jump.

    A lane that is lost goes on as a copy of one that is not, so that its block can go on.
    """

    facing: Floats | None = None

    def __init__(
        self, problem: Problem, solver: Any, kernel: Kernel, states: Floats, losses: Losses,
        pace: Pace,
    ) -> None:  # fmt: skip
        super().__init__(problem, solver)
        self.problem, self.kernel, self.losses = problem, kernel, losses
        self.settings: Mapping[str, Any] = {"dt": self.schedule.dt}
        self.source: Integers | None = None  # whose numbers each lane has, if not all their own
        self.constants = self.used = self._constants(self.schedule.dt)
        self.opens, self.cuts = True, self._cuts()
        edges = np.empty((0, 0)) if self.cuts is None else self.cuts.edges.times
        begun = begin(
            problem, kernel, self.constants, states, edges, self.schedule.depth,
            self.schedule.grain,
        )  # fmt: skip
        self.progress = _progress(problem, kernel, begun)
        self.before, self.known = self.progress.copy(), 0
        self.sampled = _Sampled(problem, kernel, self.schedule, pace.stream)
        self.streams = Streams()
        if losses.lost.any():
            self._stand_in(np.flatnonzero(losses.lost))
            self.progress.take(self.before)
        if self.cuts is None:  # which is taken over its edges at home
            kernel.hold(self.progress)
        self.parts = pace.parts(len(self.progress.step))
        self.amount = pace.opening(_MOST_STEPS, _FIRST, problem.lanes.size)

    @property
    def over(self) -> bool:
        return super().over or self.losses.fine is None

    @property
    def spikes(self) -> list[Batch]:
        return self.progress.home().spikes

    @property
    def swings(self) -> Swings:
        return self.progress.home().swings

    def call(self) -> Callable[[range], None]:
        chunk = 1 if self.opens else min(self.amount, self.sampled.most_steps)
        self.stop = min(self.done + chunk, self.schedule.steps)
        opening = self.opens and self.cuts is None
        self.used = self._constants(0.5 * self.schedule.dt) if opening else self.constants
        self.streams = self.sampled.between(self.done, self.stop)
        self._remember()
        self.known = len(self.progress.spikes)
        return partial(self._run, self.progress, stop=self.stop)

    def _remember(self) -> None:
        """What the call about to be made begins with."""
        if self.progress.away is None:
            self.before.take(self.progress)
        else:
            self.progress.away.keep(self.before)

    def _run(self, progress: Progress, part: range, stop: int) -> None:
        """Advance blocks up to a step."""
        if self.cuts is not None:
            return self.cuts.go(progress, self.used, self.streams, part, stop)
        self.kernel.run(self.schedule, self.used, progress, self.streams, part, stop=stop)

    def _constants(self, stride: float) -> Floats:
        problem, kernel = self.problem, self.kernel
        settings = {".dt": self.schedule.dt, ".stride": stride}
        made = prepare(kernel, problem.parameter, problem.lanes.size, settings)
        made = padded(made, kernel.width)
        return made if self.source is None else np.ascontiguousarray(made[:, self.source])

    # -- lanes whose states jump --------------------------------------------------------------

    def _cuts(self) -> Cuts | None:
        if "edge" not in self.kernel.program.blocks:
            return None
        self.parameters = {n: self.problem.parameter(n) for n in self.kernel.program.parameters}
        return Cuts(
            self.problem, self.kernel, self.schedule, self._opening, self._own,
            lambda lanes, a, b: self.sampled.over(self._whose(lanes), a, b),
        )  # fmt: skip

    def _whose(self, lanes: Integers) -> Integers:
        """Whose numbers lanes have; what fills the last vector is a copy of the last lane."""
        if self.source is not None:
            return self.source[lanes]
        return np.minimum(lanes, self.problem.lanes.size - 1)

    def _own(self, lanes: Integers) -> dict[str, Floats]:
        """The program's parameters in some lanes."""
        whose = self._whose(lanes)
        return {name: row[whose] for name, row in self.parameters.items()}

    def _opening(self, lanes: Integers, stride: Floats) -> Floats:
        """Of a step before which states of these lanes are not half a step apart."""
        own, settings = self._own(lanes), {".dt": self.schedule.dt, ".stride": stride}
        return prepare(self.kernel, own.__getitem__, lanes.size, settings)

    def arrived(self) -> bool:
        away = self.progress.away
        if away is not None and self.progress.diverged.any():
            away.recall(self.before)
        while self.progress.diverged.any():
            self._lose(np.flatnonzero(self.progress.home().diverged))
            if self.losses.fine is None:
                return False
            self._again()
        opened, self.done, self.opens = self.opens, self.stop, False
        return not opened

    def values(self) -> dict[str, Floats]:
        return recorded_rows(self.problem, self.progress.out)

    def voltage(self) -> Floats:
        v: Floats = self.progress.home().states[0]
        if self.cuts is None:
            return v
        before = self.cuts.final  # a jump at the very end
        return np.where(np.isnan(before), v, before)

    def noted(self) -> Floats:
        which, lanes = ledgers(self.kernel.program.states), self.problem.lanes.size
        progress = self.progress.home()
        rows: Floats = progress.states - progress.carries
        return rows[which, :lanes]

    def clamped(self) -> None:
        """No electrode clamps a lane of its own yet."""

    # -- lanes that are lost ------------------------------------------------------------------

    def _lose(self, lanes: Integers) -> None:
        for lane in lanes.tolist():
            step = int(self.progress.step[lane // self.kernel.width])
            self.losses.add(lane, Status.DIVERGED, self._loss, step * self.schedule.dt)
        self._stand_in(lanes)

    def _stand_in(self, lost: Integers) -> None:
        """Let lanes be copies of one that is not lost, from where the call under way began."""
        fine = self.losses.fine
        if fine is None:
            return
        if self.source is None:
            every = np.arange(self.progress.lead.size)
            # what fills the last vector is a copy of the last lane
            self.source = np.minimum(every, self.problem.lanes.size - 1)
        lanes = np.flatnonzero(np.isin(self.source, lost))
        self.source[lanes] = fine
        before = self.before
        every_lane = [
            self.constants, self.used, before.states, before.carries, before.detector, before.lead,
            self.streams.charges, self.streams.currents, *self.sampled.by_lane,
            *([] if self.cuts is None else self.cuts.by_lane),
        ]  # fmt: skip
        for rows in every_lane:
            if rows.size:
                rows[..., lanes[lanes < rows.shape[-1]]] = rows[..., fine, None]
        before.swings.table[lanes] = before.swings.table[fine]
        if self.cuts is not None:
            self.cuts.edges.plan()

    def _again(self) -> None:
        """The blocks in which a lane was lost, once more from where the call began."""
        progress, width = self.progress, self.kernel.width
        broken = progress.diverged.reshape(-1, width).any(axis=1)
        blocks = np.flatnonzero(broken | (progress.step < self.stop))
        progress.go_back(self.before, blocks, self.known)
        if progress.away is not None:
            progress.away.changed()
        for run in np.split(blocks, np.flatnonzero(np.diff(blocks) != 1) + 1):
            part = range(int(run[0]), int(run[-1]) + 1)
            self._run(progress, part, self.stop)

    def _loss(self, lane: int) -> Loss:
        """Which variable of a lane ceased to be finite, when, and what it was before.

        From where the call began the lane is gone along again, up to the step in question.
        """
        from loligo.engine.numpy.kernel import FINITE, evaluate

        block, then = lane // self.kernel.width, self.before.copy()
        step = int(self.progress.step[block])
        part = range(block, block + 1)
        self._run(then, part, step)
        program, dt = self.kernel.program, self.schedule.dt
        after = evaluate(program.blocks["step"], self._inputs(then, lane, step))
        limit = FINITE[program.precision]
        broken = [s for s in program.states if not np.abs(after[s]) < limit] or ["V"]
        last = then.states[program.states.index(broken[0]), lane]
        wider = " in float64, whose range is larger" if program.precision == "float32" else ""
        what = f"{broken[0]} is no longer finite; its last value was {last:.6g}"
        where = self.problem.where(lane)
        error = diverged(step * dt, what, smaller_step(dt) + wider, where)
        return Loss(lane, Status.DIVERGED, error, where, step * dt)

    def _inputs(self, then: Progress, lane: int, step: int) -> dict[str, Any]:
        """Of the block ``step``, in one lane."""
        from loligo.engine.numpy.kernel import evaluate
        from loligo.program.arithmetic import CARRY

        program, dt, constants = self.kernel.program, self.schedule.dt, self.used[:, lane]
        if self.cuts is not None:
            every = np.array([lane])
            constants = self._opening(every, then.lead[every] + 0.5 * dt)[:, 0]
        inputs: dict[str, Any] = dict(zip(program.constants, constants, strict=False))
        inputs |= {".dt": dt, ".t0": step * dt, ".t1": (step + 1) * dt}
        for i, name in enumerate(program.streams):
            inputs[name] = self.streams.charges[i, step - self.streams.first_step, lane]
        inputs |= evaluate(program.blocks["drive"], inputs)
        inputs |= dict(zip(program.states, then.states[:, lane], strict=True))
        return inputs | {CARRY + s: then.carries[i, lane] for i, s in enumerate(program.states)}


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
        sampled = {each.name("stream"): each for each in problem.driven if each.shape.sampled}
        # in the program's order: in portable mode it is not that in which they were given
        driven = [sampled[name] for name in kernel.program.streams]
        self.paths = [self.drive.unit_paths(each) for each in driven]
        self.names, self.one_at_a_time = kernel.program.streams, Lock()
        size = 8 * (problem.lanes.size + kernel.width) * max(1, len(driven))
        self.most_steps = max(16, stream // size) if driven else 2**62
        asked = kernel.program.blocks["sample"].inputs
        self.currents = self._currents() if set(asked) & set(kernel.program.inputs) else None

    @property
    def by_lane(self) -> list[Any]:
        """What it knows of each lane."""
        whose: list[Any] = [which for _, which in self.paths]
        return whose if self.currents is None else [*whose, self.currents]

    def over(self, lanes: Integers, start: Floats, end: Floats) -> dict[str, Floats]:
        """What each gives between two times of each lane's own, by its stream's name."""
        if not self.paths:
            return {}
        with self.one_at_a_time:  # a path may keep where it has come to
            return {
                name: np.array(
                    [
                        float(np.diff(paths[which[lane]].cumulative(np.array([a, b])))[0])
                        for lane, a, b in zip(lanes.tolist(), start, end, strict=True)
                    ]
                )
                for name, (paths, which) in zip(self.names, self.paths, strict=True)
            }

    def _spread(self, rows: list[tuple[list[Floats], Integers]]) -> Floats:
        """(streams, times, lanes) from the distinct paths of each stream."""
        full = [np.stack(paths, axis=1)[:, which] for paths, which in rows]
        return padded(np.stack(full), self.width)

    def _currents(self) -> Floats | None:
        if not self.paths:
            return None
        rows = [
            ([self.drive.streamed(path) for path in paths], which) for paths, which in self.paths
        ]
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
