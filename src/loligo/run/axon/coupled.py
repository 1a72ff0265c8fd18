"""Runs of axons with a fixed step: membranes and the solve that joins them, chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from loligo.engine import coupled as engine
from loligo.engine.engines import ENGINES
from loligo.engine.kernel import Kernel, Schedule
from loligo.engine.swings import Batch, Swings
from loligo.lanes import Floats, Integers
from loligo.run.axon.clamps import Clamps
from loligo.run.axon.currents import Injected
from loligo.run.axon.divergence import Watch
from loligo.run.axon.rest import Beginning
from loligo.run.axon.shocks import Shocks
from loligo.run.divergence import Losses
from loligo.run.fixed import Stepped
from loligo.run.geometry import Patch
from loligo.run.initial import prepare
from loligo.run.pace import Pace, without
from loligo.run.problem import Problem
from loligo.solvers import Exponential

_FIRST = 1 << 21  # compartment-steps in the first call: some 30 ms
_MOST_STEPS = 64  # of them, if there are few compartments


class CoupledCourse(Stepped):
    """See :class:`loligo.run.loop.Course`: exponential steps of the gates, implicit midpoint for
    V."""

    def __init__(
        self, problem: Problem, solver: Exponential, kernels: Sequence[Kernel],
        beginning: Beginning, pace: Pace,
    ) -> None:  # fmt: skip
        super().__init__(problem, solver)
        self.problem = problem
        self.settings: Mapping[str, Any] = {"dt": self.schedule.dt, **problem.along.settings}
        self.line, self.points = beginning.line, beginning.points
        self.patches = [
            _patch(patch, kernel, states, self.schedule, problem.along.recorded)
            for patch, kernel, states in zip(
                problem.along.patches, kernels, beginning.states, strict=True
            )
        ]
        self.steps = ENGINES[solver.engine].course(
            self.line, self.patches, self.points, self.schedule, beginning.voltage
        )
        self.table = Injected(problem, self.schedule, pace.stream)
        self.clamps = self._clamps() if problem.clamps else None
        self.shocks = self._shocks() if self.table.shocked else None
        self.facing = self._nothing_seen() if self.table.openings else None
        self.watch = Watch(problem, self.steps, self.patches, self.table, self.schedule)
        self.losses = Losses(problem, beginning.status, beginning.why)
        self.parts = without(pace.parts(problem.lanes.size), ~self.losses.lost)
        cells = problem.lanes.size * problem.along.parts.count
        self.amount = pace.opening(_MOST_STEPS, _FIRST, cells)
        self.asked = 0

    def _clamps(self) -> Clamps:
        return Clamps(
            self.problem, self.table, self.points, self.line, self.patches, self.schedule,
            self.steps,
        )  # fmt: skip

    def _shocks(self) -> Shocks:
        return Shocks(self.problem, self.line, self.points, self.patches, self.schedule, self.steps)

    def _nothing_seen(self) -> Floats:
        shape = (self.problem.lanes.size, len(self.table.openings), self.schedule.samples)
        return np.full(shape, np.nan)

    @property
    def over(self) -> bool:
        return super().over or not self.parts

    @property
    def spikes(self) -> list[Batch]:
        return self.steps.spikes

    @property
    def swings(self) -> Swings:
        return self.steps.swings()

    def voltage(self) -> Floats:
        return self.steps.voltage().ravel()

    def call(self) -> Callable[[range], None]:
        chunk = min(self.amount, self.table.most_steps)
        self.asked = self.stop = min(self.done + chunk, self.schedule.steps)
        if self.shocks is not None:
            if self.shocks.come(self.done):
                self.watch.mark(self.done)
            self.stop = self.shocks.following(self.done, self.asked)
        if self.facing is not None:
            self._face()
            per = self.schedule.steps_per_sample
            self.stop = min(self.stop, (self.done // per + 1) * per)
        self.asked = self.stop
        if self.clamps is not None:
            self.stop = self.clamps.begin(self.done, self.asked)
        currents = self.table.given(self.done, self.stop)
        return partial(self.steps.advance, **currents, first=self.done, stop=self.stop)

    def arrived(self) -> bool:
        self.done = self.stop
        if self.clamps is not None:
            self.clamps.end(self.done)
        self._face()
        if self.watch.look(self.done, self.losses):
            self.parts = without(self.parts, ~self.losses.lost)
        return self.stop == self.asked  # a clamp's stop says nothing of the pace

    def _face(self) -> None:
        """V where conductances are, for their currents at the samples."""
        if self.facing is not None and self.schedule.samples_at(self.done):
            for i, each in enumerate(self.table.openings):
                self.facing[:, i, self.done // self.schedule.steps_per_sample] = each.facing(
                    self.steps.voltage()
                )

    def values(self) -> dict[str, Floats]:
        records = [patch.kernel.program.records for patch in self.patches]
        rows = [
            map(partial(self.steps.values, i), range(len(names))) for i, names in enumerate(records)
        ]
        return joined(self.problem, records, rows)

    def noted(self) -> Floats:
        return np.empty((0, self.problem.lanes.size))

    def clamped(self) -> Floats | None:
        return None if self.clamps is None else self.clamps.currents()


def _patch(
    patch: Patch, kernel: Kernel, states: Floats, schedule: Schedule, recorded: Integers
) -> engine.Patch:
    """Laid out for the engine; the constants of all compartments, or of 1 where all are alike."""
    lanes = patch.once.lanes
    prepared = prepare(kernel, lanes.flat, lanes.size, {".dt": schedule.dt})
    constants = patch.along(prepared[: len(kernel.program.constants)])
    sampled = np.flatnonzero(np.isin(patch.place, recorded))
    return engine.Patch(kernel, patch.place, states, constants, sampled)


def joined(
    problem: Problem, records: Sequence[Sequence[str]], values: Sequence[Iterable[Floats]]
) -> dict[str, Floats]:
    """What was recorded of all patches: name -> (axons x recorded positions, samples), NaN where
    a membrane has no such thing.

    Parameters
    ----------
    records, values
        For each patch, the names and what they are: (samples, axons, its recorded positions).
    """
    recorded, samples, axons = problem.along.recorded, problem.times.samples, problem.lanes.size
    whole: dict[str, Floats] = {}
    for patch, names, rows in zip(problem.along.patches, records, values, strict=True):
        column = np.searchsorted(recorded, patch.place[np.isin(patch.place, recorded)])
        for name, row in zip(names, rows, strict=True):
            if column.size == recorded.size:
                whole[name] = row.reshape(samples, -1)
                continue
            table = whole.setdefault(name, np.full((samples, axons * recorded.size), np.nan))
            table.reshape(samples, axons, recorded.size)[:, :, column] = row
    return {name: whole[name].T for name in problem.records if name in whole}
