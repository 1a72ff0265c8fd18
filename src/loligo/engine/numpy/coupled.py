"""The cable for reading and checking: the same blocks by NumPy, the solve by LAPACK.

It shares neither the arithmetic nor the elimination of the compiled engine: the diagonal is
formed as such, and each axon is one banded system.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from loligo.engine.coupled import Line, Patch, Points, start_armed
from loligo.engine.kernel import Schedule
from loligo.engine.numpy.kernel import evaluate
from loligo.engine.swings import Batch, Swings
from loligo.lanes import Floats, Integers
from loligo.program.spikes import extreme, locate

Array = Any  # float64 or bool


class NumpyCourse:
    """See :class:`loligo.engine.coupled.Course`."""

    def __init__(
        self, line: Line, patches: Sequence[Patch], points: Points, schedule: Schedule,
        voltage: Floats,
    ) -> None:  # fmt: skip
        self.line, self.patches, self.points, self.schedule = line, patches, points, schedule
        self.spikes: list[Batch] = []
        self.now, self.before = voltage.copy(), np.full(voltage.shape, np.nan)
        self.armed = start_armed(voltage, schedule)
        self.rising = np.ones(voltage.shape, dtype=bool)
        self.watched = Swings.begin(voltage.ravel())
        self.moved = [patch.states.copy() for patch in patches]
        self.step = np.zeros(line.axons, dtype=np.int64)
        self.k, self.opened = 0, None
        self.broken = np.zeros(line.axons, dtype=bool)
        self.out = [
            np.empty((len(p.kernel.program.records), schedule.samples, line.axons, p.sampled.size))
            for p in patches
        ]
        self.locate, self.extreme = locate(), extreme()

    def advance(
        self, axons: range, injected: Floats, damped: Integers, first: int, stop: int,
        opened: Floats | None = None,
    ) -> None:  # fmt: skip
        self.opened = None if opened is None else (opened, first)
        here = slice(axons.start, axons.stop)
        k = int(self.step[here][0])
        while True:
            if self.schedule.samples_at(k):
                self._sample(k, here)
            if k >= stop:
                break
            self._advance(k, here, injected[k - first, here], damped[k - first, here])
            k += 1
            if self.broken[here].any():
                self.step[here] = k
                for axon in axons:  # the others go on
                    if not self.broken[axon]:
                        mine = range(axon, axon + 1)
                        self.advance(mine, injected, damped, first, stop, opened)
                return
        self.step[here] = k

    def _inputs(self, index: int, here: slice, lead: float) -> dict[str, Array]:
        patch, program = self.patches[index], self.patches[index].kernel.program
        inputs: dict[str, Array] = {
            name: row[here] for name, row in zip(program.constants, patch.constants, strict=True)
        }
        inputs |= {
            n: row[here] for n, row in zip(program.states[1:], self.moved[index], strict=True)
        }
        inputs["V"] = self.now[here][:, patch.place]
        return inputs | {".dt": self.schedule.dt, ".lead": lead}

    def _move(self, index: int, here: slice, results: dict[str, Array]) -> None:
        names = self.patches[index].kernel.program.states[1:]
        for row, name in zip(self.moved[index], names, strict=True):
            if name in results:
                row[here] = results[name]

    def _advance(self, k: int, here: slice, injected: Floats, damped: Integers) -> None:
        dt, self.k = self.schedule.dt, k
        current, slope = np.empty_like(self.now[here]), np.empty_like(self.now[here])
        for i, patch in enumerate(self.patches):
            inputs = self._inputs(i, here, 0.5 * dt if k == 0 else dt)
            results = evaluate(patch.kernel.program.blocks["offer"], inputs)
            self._move(i, here, results)
            current[:, patch.place], slope[:, patch.place] = results[".I"], results[".G"]
        before, now = self.before[here].copy(), self.now[here].copy()
        for axon in range(*here.indices(self.line.axons)):
            j = axon - here.start
            factor = 2.0
            if damped[j]:
                u = self._solve(axon, current[j], slope[j], injected[j])
                self.now[axon] += u
                current[j] += slope[j] * u
                factor = 1.0
            self.now[axon] += factor * self._solve(axon, current[j], slope[j], injected[j])
            self.broken[axon] = not np.abs(self.now[axon]).sum() <= 1e300
        self.before[here] = now
        self._watch(k, here, before, now)
        for i, patch in enumerate(self.patches):
            if "settle" in patch.kernel.program.blocks:
                inputs = self._inputs(i, here, dt)
                self._move(i, here, evaluate(patch.kernel.program.blocks["settle"], inputs))

    def _solve(self, axon: int, current: Floats, slope: Floats, injected: Floats) -> Floats:
        """Half the change of V in a step."""
        line, points, v = self.line, self.points, self.now[axon]
        area, held, place = line.area[axon], points.conductance[axon], points.place
        right = line.inflow(axon, v, onto=-area * current)
        right[place] += injected + held * (points.potential[axon] - v[place])
        if self.opened is not None:
            table, first = self.opened
            g = table[self.k - first, axon]
            right[place] -= g * v[place]
            points = replace(points, conductance=points.conductance.copy())
            points.conductance[axon] += g
        diagonal = 2.0 / self.schedule.dt * line.capacity[axon] + area * slope
        return line.solved(axon, diagonal, right, points)

    def _watch(self, k: int, here: slice, before: Floats, now: Floats) -> None:
        schedule, seen = self.schedule, {"before": before, "now": now, "after": self.now[here]}
        after, armed, rising = seen["after"], self.armed[here].copy(), self.rising[here]
        turned = np.where(rising, now - after, after - now) >= schedule.grain
        self.rising[here] = rising ^ turned
        picked, where = self._picked(seen, turned, here)
        self.watched.reach(where, evaluate(self.extreme, picked)["V"])
        above = after >= schedule.threshold
        crossed = above & armed
        self.armed[here] = (after < schedule.threshold - schedule.depth) | (armed & ~above)
        if crossed.any():
            picked, where = self._picked(seen, crossed, here)
            theta = evaluate(self.locate, picked | {"threshold": schedule.threshold})["theta"]
            times = (k + theta) * schedule.dt
            self.spikes.append(self.watched.spike(times, where, schedule.threshold))

    def _picked(
        self, seen: dict[str, Floats], mask: Array, here: slice
    ) -> tuple[dict[str, Array], Integers]:
        """What was seen where a mask holds, and which compartments those are."""
        axon, place = np.nonzero(mask)
        where = (axon + here.start) * self.line.compartments + place
        return {name: v[axon, place] for name, v in seen.items()}, where

    def _sample(self, k: int, here: slice) -> None:
        for i, patch in enumerate(self.patches):
            if not patch.sampled.size:
                continue
            inputs = self._inputs(i, here, 0.0 if k == 0 else 0.5 * self.schedule.dt)
            results = evaluate(patch.kernel.program.blocks["sample"], inputs)
            shape = inputs["V"].shape
            for out, value in zip(self.out[i], results.values(), strict=True):
                whole = np.broadcast_to(value, shape)
                out[k // self.schedule.steps_per_sample, here] = whole[:, patch.sampled]

    def hold(self, points: Points, link: Floats) -> None:
        self.points, self.line = points, replace(self.line, link=link)

    def displace(self, change: Floats) -> None:
        self.now += change
        self.before[change != 0] = np.nan  # nothing is located by what V was before

    def put(self, patch: int, states: Floats) -> None:
        self.moved[patch][:] = states

    def lost(self) -> Integers:
        return np.flatnonzero(self.broken)

    def _place(self) -> list[Any]:
        swings = self.watched.table.reshape(self.line.axons, -1)
        known = [self.now, self.before, self.armed, self.rising, swings]
        moved = [states.swapaxes(0, 1) for states in self.moved]  # axons first
        return [*known, self.step, self.broken, *moved]

    def save(self) -> Any:
        return [each.copy() for each in self._place()]

    def restore(self, saved: Any, axons: Any = ...) -> None:
        for each, then in zip(self._place(), saved, strict=True):
            each[axons] = then[axons]

    def swings(self) -> Swings:
        return self.watched

    def voltage(self) -> Floats:
        return self.now

    def states(self, patch: int) -> Floats:
        return self.moved[patch]

    def values(self, patch: int, record: int) -> Floats:
        return self.out[patch][record]
