"""Where a run of axons ceased to be finite: which variable, when, at which compartment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from loligo.engine import coupled as engine
from loligo.engine.kernel import Schedule
from loligo.lanes import Floats, Integers
from loligo.run.axon.currents import Injected
from loligo.run.divergence import Loss, Losses, diverged, smaller_step
from loligo.run.problem import Problem
from loligo.run.status import Status

# Every step costs about as much for each state as to keep it and look at it: once in so many.
_SELDOM = 64
_PARTS = 64  # into which the steps are cut that are taken again
_MOST = 1e300  # of the sum of |V|, as the compiled engine counts


class Watch:
    """Looks at a run from time to time, and keeps where it last was finite.

    The engine itself stops where V is lost; a state that V does not depend on is seen here.
    """

    def __init__(
        self, problem: Problem, steps: engine.Course, patches: Sequence[engine.Patch],
        table: Injected, schedule: Schedule,
    ) -> None:  # fmt: skip
        self.problem, self.steps, self.patches = problem, steps, patches
        self.table, self.schedule = table, schedule
        self.good, self.saved = 0, steps.save()

    def mark(self, done: int) -> None:
        """V has been displaced: what is lost from here on is lost after that."""
        self.good, self.saved = done, self.steps.save()

    def look(self, done: int, losses: Losses) -> bool:
        """After step ``done``: whether axons have been lost since the run was last looked at.

        They are told to ``losses``, and stay where they last were finite.
        """
        due = done - self.good >= _SELDOM or done >= self.schedule.steps
        if not due and not self.steps.lost().size:
            return False
        broken = self._broken()
        broken = broken[~losses.lost[broken]]
        if broken.size:
            now = self.steps.save()
            for axon in broken.tolist():
                losses.add(axon, Status.DIVERGED, lambda axon: self._traced(axon, done))
            self.steps.restore(now)
            self.steps.restore(self.saved, broken)
        self.good, self.saved = done, self.steps.save()
        return bool(broken.size)

    def _broken(self) -> Integers:
        """The axons in which something is not finite."""
        with np.errstate(all="ignore"):
            sound = np.abs(self.steps.voltage()).sum(axis=1) <= _MOST
        for i in range(len(self.patches)):
            sound &= np.isfinite(self.steps.states(i)).all(axis=(0, 2))
        sound[self.steps.lost()] = False
        return np.flatnonzero(~sound)

    def _advance(self, axon: int, first: int, stop: int) -> None:
        while first < stop:
            end = min(stop, first + self.table.most_steps)
            given = self.table.given(first, end)
            self.steps.advance(range(axon, axon + 1), **given, first=first, stop=end)
            first = end

    def _traced(self, axon: int, bad: int) -> Loss:
        """Go again from where all was finite, in ever smaller parts, to the step that broke it."""
        good, saved = self.good, self.saved
        self.steps.restore(saved)
        while (width := max(1, -(-(bad - good) // _PARTS))) and good < bad:
            stop = min(good + width, bad)
            self._advance(axon, good, stop)
            if axon in self._broken():
                self.steps.restore(saved)
                if width == 1:
                    break
                bad = stop
            else:
                good, saved = stop, self.steps.save()
        return self._told(axon, good, *self._culprit(axon, good))

    def _culprit(self, axon: int, step: int) -> tuple[str, int, float]:
        """What is lost first within a step, where, and what it was before."""
        voltage = self.steps.voltage()[axon].copy()
        before = [self.steps.states(i)[:, axon].copy() for i in range(len(self.patches))]
        for patch, states in zip(self.patches, before, strict=True):
            names = patch.kernel.program.states[1:]
            found = self._offered(patch, axon, voltage[patch.place], states, step)
            for name, state in zip(names, states, strict=True):
                if (place := _first(found.get(name, state), state)) is not None:
                    return name, int(patch.place[place]), float(state[place])
            for name in (".I", ".G"):
                if (place := _first(found[name], voltage[patch.place])) is not None:
                    whole = int(patch.place[place])
                    return "V", whole, float(voltage[whole])
        self._advance(axon, step, step + 1)
        if np.isfinite(self.steps.voltage()[axon]).all():
            for i, (patch, states) in enumerate(zip(self.patches, before, strict=True)):
                names = patch.kernel.program.states[1:]
                after = self.steps.states(i)[:, axon]
                for name, state, now in zip(names, states, after, strict=True):
                    if (place := _first(now, state)) is not None:
                        return name, int(patch.place[place]), float(state[place])
        place = int(np.argmax(np.abs(voltage)))
        return "V", place, float(voltage[place])

    def _offered(
        self, patch: engine.Patch, axon: int, voltage: Floats, states: Floats, step: int
    ) -> dict[str, Any]:
        """The first stage of a step, by NumPy: the states moved, ``.I`` and ``.G``."""
        from loligo.engine.numpy.kernel import evaluate

        program, dt = patch.kernel.program, self.schedule.dt
        constants = (row[axon] for row in patch.constants)
        inputs: dict[str, Any] = dict(zip(program.constants, constants, strict=True))
        inputs |= dict(zip(program.states[1:], states, strict=True))
        inputs |= {"V": voltage, ".dt": dt, ".lead": 0.5 * dt if step == 0 else dt}
        return evaluate(program.blocks["offer"], inputs)

    def _told(self, axon: int, step: int, name: str, place: int, last: float) -> Loss:
        dt = self.schedule.dt
        error = diverged(
            step * dt,
            f"{name} is no longer finite. Just before, it was {last:.6g}"
            f"{' mV' if name == 'V' else ''}{self.problem.where(axon, place)}",
            smaller_step(dt),
        )
        return Loss(axon, Status.DIVERGED, error, self.problem.where(axon), step * dt)


def _first(after: Any, before: Floats) -> int | None:
    """Where something is not finite; of several places where it was largest."""
    lost = ~np.isfinite(np.broadcast_to(after, before.shape))
    return int(np.argmax(np.where(lost, np.abs(before), -1.0))) if lost.any() else None
