"""Shocks at places along axons: charges that come at once.

A charge at a point of a cable is an infinite density, of which a compartment shows its share:
Q/C of each of the two around the place. In a run of fixed steps it comes between two steps; one
that is due inside a step comes in two parts, before and after it, as near as it is to either; or,
where a sample is taken before that step, whole after it: no sample shows it early.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from loligo.engine.coupled import Patch
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


class Shocks:
    """The shocks of a run with a fixed step.

    Parameters
    ----------
    capacity : (axons, compartments)
        pC/mV.
    steps
        The engine's course.
    """

    def __init__(
        self, problem: Problem, capacity: Floats, patches: Sequence[Patch], schedule: Schedule,
        steps: Any,
    ) -> None:  # fmt: skip
        self.patches, self.schedule, self.steps = patches, schedule, steps
        # step -> how far V is displaced before it, (axons, compartments)
        self.due: dict[int, Floats] = {}
        for start, given in charges(problem):
            when = snapped(start / schedule.dt)
            for axon in np.flatnonzero((when >= 0) & (when < schedule.steps)):
                whole = int(when[axon])
                late = float(when[axon]) - whole
                late = 1.0 if late and schedule.samples_at(whole) else late
                for step, part in ((whole, 1.0 - late), (whole + 1, late)):
                    if part:
                        change = self.due.setdefault(step, np.zeros_like(capacity))
                        for k, charge in given.items():
                            change[axon, k] += part * charge[axon] / capacity[axon, k]
        self.stops: Integers = np.array(sorted(self.due), dtype=np.int64)

    def following(self, done: int, stop: int) -> int:
        """The next step before which the run has to stop."""
        later = int(np.searchsorted(self.stops, done, side="right"))
        return min(stop, int(self.stops[later])) if later < self.stops.size else stop

    def come(self, done: int) -> bool:
        """Let those come that are due before a step; whether there are any."""
        change = self.due.get(done)
        if change is None:
            return False
        before = self.steps.voltage().copy()
        self.steps.displace(change)
        if done > 0:
            self._regate(before, before + change, np.flatnonzero(change.any(axis=1)))
        return True

    def _regate(self, before: Floats, after: Floats, axons: Integers) -> None:
        """The gates stand half a step behind V: they come to the shock with V before it, and go
        back with V after it, so that the step that follows takes them on from there.

        What moves in half steps before and after V's move is there already.
        """
        half = 0.5 * self.schedule.dt
        for i, patch in enumerate(self.patches):
            program = patch.kernel.program
            names = program.states[1:]
            settled = program.blocks["settle"].names if "settle" in program.blocks else ()
            states = self.steps.states(i).copy()
            for axon in axons:
                constants = (np.ascontiguousarray(row[axon]) for row in patch.constants)
                fixed = dict(zip(program.constants, constants, strict=True))
                now = dict(zip(names, states[:, axon], strict=True))
                for voltage, length in ((before, half), (after, -half)):
                    here = {"V": voltage[axon, patch.place], ".dt": 2 * half, ".lead": length}
                    moved = evaluate(program.blocks["offer"], {**fixed, **now, **here})
                    now |= {n: moved[n] for n in names if n not in settled}
                for k, name in enumerate(names):
                    states[k, axon] = now[name]
            self.steps.put(i, states)
