"""Runs with adaptive steps: independent lanes go through a kernel, some rounds at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from loligo.engine import switches
from loligo.engine.kernel import (
    CHATTERS,
    COUNTERS,
    SLIDES,
    STIFF,
    Journey,
    Kernel,
    Route,
    padded,
)
from loligo.engine.swings import Batch, Swings
from loligo.errors import RunError
from loligo.lanes import Floats, Integers
from loligo.run.charges import ends_at_sample, ledgers
from loligo.run.divergence import Loss, Losses, at_switch, diverged
from loligo.run.drive import Drive
from loligo.run.initial import prepare
from loligo.run.jumps import Begun, at_end, begin
from loligo.run.outcome import empty_rows, recorded_rows
from loligo.run.pace import Pace
from loligo.run.problem import Problem
from loligo.run.status import Status
from loligo.run.strips import Along
from loligo.solvers import Taylor
from loligo.system.outline import V_SCALE

_FIRST = 1 << 17  # lanes x rounds in the first call: some 30 ms
_MOST_ROUNDS = 8  # of them, if there are few lanes


class AdaptiveCourse:
    """See :class:`loligo.run.loop.Course`."""

    facing: Floats | None = None

    def __init__(
        self, problem: Problem, solver: Taylor, kernel: Kernel, states: Floats, losses: Losses,
        pace: Pace,
    ) -> None:  # fmt: skip
        self.problem, self.kernel, self.solver, self.losses = problem, kernel, solver, losses
        times, lanes = problem.times, problem.lanes.size
        settings = {".tolerance": solver.tolerance}
        prepared = prepare(kernel, problem.parameter, lanes, settings)
        self.constants = padded(prepared, kernel.width)
        self.along = Along(problem, kernel, pace) if kernel.program.streams else None
        # knots come with their paths
        edges = Drive(problem).edges(sampled=self.along is None)
        grain = solver.tolerance * V_SCALE
        self.route = Route(
            times.duration, times.sample_interval, times.samples, times.threshold,
            problem.depth(grain), padded(edges, kernel.width),
        )  # fmt: skip
        begun = begin(problem, kernel, self.constants, states, edges, self.route.depth, grain)
        self.journey = _journey(problem, kernel, begun)
        if self.along is not None:
            self.journey.places = self.along.places
        self._leave(np.flatnonzero(losses.lost))
        kernel.hold(self.journey)
        self.parts, self.waiting = pace.parts(len(self.journey.finished)), list[range]()
        if self.along is not None:
            self.parts, self.waiting = self.along.parts(self.parts)
        self.amount = pace.opening(_MOST_ROUNDS, _FIRST, lanes)

    @property
    def fraction(self) -> float:
        return min(1.0, float(self.journey.clock[0].mean()) / self.route.end)

    @property
    def over(self) -> bool:
        return bool(self.journey.finished.all())

    @property
    def spikes(self) -> list[Batch]:
        return self.journey.home().spikes

    @property
    def swings(self) -> Swings:
        return self.journey.home().swings

    @property
    def settings(self) -> Mapping[str, Any]:
        steps = self.journey.home().counters[COUNTERS.index("steps"), : self.problem.lanes.size]
        return {
            "tolerance": self.solver.tolerance,
            "accuracy": "local error of a step below tolerance x 100 mV in V, x 1 in gates",
            "order": self.solver.order,
            "steps": int(steps.sum()),
        }

    def call(self) -> Callable[[range], None]:
        if self.along is not None:
            return partial(self._along_lines, self.along, rounds=self.amount)
        return partial(
            self.kernel.adapt, self.route, self.constants, self.journey, rounds=self.amount
        )

    def _along_lines(self, along: Along, part: range, rounds: int) -> None:
        """A part goes on; what waits for another table has not finished."""
        route = replace(self.route, lines=along.strips(part, self.journey))
        self.kernel.adapt(route, self.constants, self.journey, part, rounds)
        self._note_finished(part)

    def _note_finished(self, part: range) -> None:
        journey, width = self.journey, self.kernel.width
        there = journey.clock[0, part.start * width : part.stop * width] >= self.route.end
        journey.finished[part.start : part.stop] = there.reshape(-1, width).all(axis=1)

    def arrived(self) -> bool:
        lost = np.flatnonzero(self.journey.status)
        if lost.size:
            self.journey.home()
            for lane in lost.tolist():
                when = float(self.journey.clock[0, lane])
                self.losses.add(lane, self._kind(lane), self._loss, when)
            self._leave(lost)
        self._go_on()
        return True

    def _go_on(self) -> None:
        """With the parts that have not come to their end, and others that waited for that."""
        finished = self.journey.finished
        going = [p for p in self.parts if not finished[p.start : p.stop].all()]
        if self.along is not None:
            for part in self.parts:
                if part not in going:
                    self.along.forget(part)
            left = [p for p in self.waiting if not finished[p.start : p.stop].all()]
            free = max(0, len(self.parts) - len(going))
            going, self.waiting = going + left[:free], left[free:]
        self.parts = going

    def _leave(self, lanes: Integers) -> None:
        """Lost lanes have come to their end, and the others of their blocks go on: nothing that a
        lane does depends on its neighbours."""
        if not lanes.size:
            return
        journey = self.journey.home()
        if lanes[-1] == self.problem.lanes.size - 1:  # with its copies that fill the last vector
            filled = np.arange(self.problem.lanes.size, journey.status.size)
            lanes = np.concatenate([lanes, filled])
        journey.clock[:, lanes] = 0.0
        journey.clock[0, lanes] = self.route.end
        journey.counters[COUNTERS.index("sample"), lanes] = self.route.samples
        journey.status[:] = 0
        self._note_finished(range(len(journey.finished)))
        if journey.away is not None:
            journey.away.changed()

    def taken(self) -> Integers:
        times, clock = self.problem.times, self.journey.clock[0, : self.problem.lanes.size]
        return np.searchsorted(times.grid, clock, side="left").astype(np.int64)

    def leave(self, lanes: Integers) -> None:
        self._leave(lanes)
        self._go_on()

    def values(self) -> dict[str, Floats]:
        return recorded_rows(self.problem, self.journey.home().out)

    def voltage(self) -> Floats:
        return self.journey.home().states[0]

    def noted(self) -> Floats:
        which, lanes = ledgers(self.kernel.program.states), self.problem.lanes.size
        states = self.journey.home().states
        if not which or not ends_at_sample(self.problem):
            return states[which, :lanes]
        # the last sample shows what jumps at the very end, the states that run on do not
        return at_end(self.problem, self.kernel, self.constants, states)[which]

    def clamped(self) -> None:
        """No electrode clamps a lane of its own yet."""

    def _values(self, lane: int) -> dict[str, float]:
        """Of the states, not of what follows them."""
        program = self.kernel.program
        pairs = zip(program.states, self.journey.states[:, lane].tolist(), strict=True)
        return {name: value for name, value in pairs if name in program.own}

    def _far(self, lane: int) -> list[str]:
        """Which states run away."""
        scales, values = self.problem.cells[0].outline.scales, self._values(lane)
        return [n for n, scale in scales.items() if not abs(values[n]) <= 100 * scale]

    def _kind(self, lane: int) -> Status:
        if self.journey.status[lane] in (SLIDES, CHATTERS):
            return Status.SWITCHING
        # steps also shrink where a state runs away to infinity in finite time
        stiff = self.journey.status[lane] == STIFF and not self._far(lane)
        return Status.STIFF if stiff else Status.DIVERGED

    def _loss(self, lane: int) -> Loss:
        t, where = float(self.journey.clock[0, lane]), self.problem.where(lane)
        if self._kind(lane) == Status.SWITCHING:
            which = switches.at_switch(self.kernel.program, self.journey.clock[:, lane])
            fast = self.journey.status[lane] == CHATTERS
            error = at_switch(t, which, bool(fast), self._values(lane), where)
            return Loss(lane, Status.SWITCHING, error, where, t)
        last = ", ".join(f"{n} = {v:.6g}" for n, v in self._values(lane).items())
        if self._kind(lane) == Status.STIFF:
            error = RunError(
                f"the model is too stiff for lo.Taylor: at t = {t:.6g} ms{where} its steps stay "
                f"under 1 us ({last}); use solver=lo.Exponential(dt=0.01), or make a gate that "
                "fast instantaneous=True"
            )
            return Loss(lane, Status.STIFF, error, where, t)
        far = " and ".join(self._far(lane)) or "a state"
        what = f"{far} is no longer finite; the last values were {last}"
        error = diverged(t, what, "use solver=lo.Exponential(dt=0.001)", where)
        return Loss(lane, Status.DIVERGED, error, where, t)


def _journey(problem: Problem, kernel: Kernel, begun: Begun) -> Journey:
    filled = padded(begun.states, kernel.width).copy()
    lanes = int(filled.shape[1])
    clock = switches.begin(kernel.program, lanes)
    clock[1] = padded(begun.armed, kernel.width)
    return Journey(
        states=filled,
        clock=clock,
        swings=begun.swings.padded(kernel.width),
        counters=np.zeros((len(COUNTERS), lanes), dtype=np.int64),
        status=np.zeros(lanes, dtype=np.int64),
        finished=np.zeros(lanes // kernel.width, dtype=np.int64),
        out=empty_rows(problem, kernel),
        spikes=begun.spikes,
    )
