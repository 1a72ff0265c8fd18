"""Shocks at places along axons: charges that come at once.

A charge at a point of a cable is an infinite density, of which a compartment shows its share:
Q/C of each of the two around the place. In a run of fixed steps it comes between two steps. Of one
that was due inside the step before, some time h ago, what comes is what has become of it since:
one backward Euler step of the cable, linear as it is then,

    (C/h + G - D) dV = Q/h,

so that it is of second order wherever it is due, and no sample shows it early.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from loligo.engine.coupled import Line, Patch, Points
from loligo.engine.kernel import Schedule
from loligo.engine.numpy.kernel import evaluate
from loligo.lanes import Floats, Integers
from loligo.run.axon.compartments import shares
from loligo.run.axon.electrodes import snapped
from loligo.run.drive import Drive
from loligo.run.problem import Problem
from loligo.stimulus import Shock


def charges(problem: Problem) -> list[tuple[Floats, Mapping[int, Floats]]]:
    """Of each shock: when it comes, (axons,), and what each compartment gets, pC."""
    found: list[tuple[Floats, Mapping[int, Floats]]] = []
    drive = Drive(problem)
    for each in problem.driven:
        if isinstance(each.shape, Shock) and each.place is not None:
            paths, which = drive.paths(each)
            start, size = (
                np.array([getattr(path, name) for path in paths])[which]
                for name in ("start", "amplitude")
            )
            weights = shares(problem.along.parts, each.place)
            pico = 1e3 * size  # of nC
            found.append((start, {k: weight * pico for k, weight in weights.items()}))
    return found


@dataclass(frozen=True, eq=False)
class _Due:
    """A shock of one axon before a step: how long ago it was due (ms), and its charges (pC)."""

    axon: int
    since: float
    charge: Mapping[int, float]


class Shocks:
    """The shocks of a run with a fixed step.

    Parameters
    ----------
    line, points
        What joins the compartments, and what is joined to them while all clamps are off.
    steps
        The engine's course.
    """

    def __init__(
        self, problem: Problem, line: Line, points: Points, patches: Sequence[Patch],
        schedule: Schedule, steps: Any,
    ) -> None:  # fmt: skip
        self.line, self.points, self.patches = line, points, patches
        self.dt, self.steps = schedule.dt, steps
        self.due: dict[int, list[_Due]] = {}
        for start, given in charges(problem):
            when = snapped(start / schedule.dt)
            for axon in np.flatnonzero((when >= 0) & (when < schedule.steps)):
                step = math.ceil(when[axon])
                since = (step - float(when[axon])) * schedule.dt
                charge = {k: float(each[axon]) for k, each in given.items()}
                self.due.setdefault(step, []).append(_Due(int(axon), since, charge))
        self.stops: Integers = np.array(sorted(self.due), dtype=np.int64)

    def following(self, done: int, stop: int) -> int:
        """The next step before which the run has to stop."""
        later = int(np.searchsorted(self.stops, done, side="right"))
        return min(stop, int(self.stops[later])) if later < self.stops.size else stop

    def come(self, done: int) -> bool:
        """Let those come that are due before a step; whether there are any."""
        for due in self.due.get(done, []):
            before = self.steps.voltage()[due.axon].copy()
            change = self._change(due, before)
            every = np.zeros_like(self.steps.voltage())
            every[due.axon] = change
            self.steps.displace(every)
            if done > 0:
                self._regate(due, before, before + change)
        return done in self.due

    def _change(self, due: _Due, voltage: Floats) -> Floats:
        """How far V is displaced now, (compartments,)."""
        charge = np.zeros_like(voltage)
        for k, each in due.charge.items():
            charge[k] = each
        capacity, area = self.line.capacity[due.axon], self.line.area[due.axon]
        if not due.since:
            return charge / capacity
        slope = np.empty_like(voltage)
        for i, patch in enumerate(self.patches):
            offered = self._offered(i, due.axon, voltage, self.steps.states(i)[:, due.axon], 0.0)
            slope[patch.place] = offered[".G"]
        diagonal = capacity / due.since + area * slope
        return self.line.solved(due.axon, diagonal, charge / due.since, self.points)

    def _offered(
        self, i: int, axon: int, voltage: Floats, states: Sequence[Any], lead: float
    ) -> dict[str, Any]:
        """What a patch offers once its gates have gone so far."""
        patch = self.patches[i]
        program = patch.kernel.program
        constants = (np.ascontiguousarray(row[axon]) for row in patch.constants)
        inputs: dict[str, Any] = dict(zip(program.constants, constants, strict=True))
        inputs |= dict(zip(program.states[1:], states, strict=True))
        inputs |= {"V": voltage[patch.place], ".dt": self.dt, ".lead": lead}
        return evaluate(program.blocks["offer"], inputs)

    def _regate(self, due: _Due, before: Floats, after: Floats) -> None:
        """The gates, which stand half a step behind V, go to when the shock was due with V before
        it, and back with V after it, so that the step that follows takes them on from there.

        What moves in half steps before and after V's move stands beside V, and has missed what
        has been since.
        """
        lead = 0.5 * self.dt - due.since
        share = due.since / (0.5 * self.dt)
        for i, patch in enumerate(self.patches):
            program = patch.kernel.program
            settled = program.blocks["settle"].names if "settle" in program.blocks else ()
            states = self.steps.states(i).copy()
            now = [row.copy() for row in states[:, due.axon]]
            both: list[dict[str, Any]] = []
            for voltage, length in ((before, lead), (after, -lead)):
                both.append(self._offered(i, due.axon, voltage, now, length))
                for k, name in enumerate(program.states[1:]):
                    now[k] = now[k] if name in settled else both[-1][name]
            for k, name in enumerate(program.states[1:]):
                missed = both[1][name] - both[0][name] if name in settled else 0.0
                states[k, due.axon] = now[k] + share * missed
            self.steps.put(i, states)
