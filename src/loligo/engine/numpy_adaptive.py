"""The adaptive loop of the engine for reading and checking: all lanes of a call at once."""

# A lane array is Any here, and what NumPy makes of it is unknown to the checker, not wrong.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from loligo.engine.kernel import (
    BISECTIONS,
    DIVERGED,
    RE_ARM,
    SHORTEST,
    SPIKE_PARTS,
    STIFF,
    STIFF_STEPS,
    Course,
    Floats,
    Journey,
)
from loligo.program import Block, Program
from loligo.program.drive import EDGE_TOLERANCE

Array = Any  # float64 or bool lanes
Evaluate = Callable[[Block, Mapping[str, Array]], dict[str, Array]]


def adapt(
    program: Program, evaluate: Evaluate, course: Course, constants: Floats, journey: Journey,
    blocks: range, rounds: int,
) -> None:  # fmt: skip
    """See :class:`loligo.engine.kernel.Kernel`; ``evaluate`` applies a block to arrays."""
    walk = _Walk(program, evaluate, course, constants, journey, slice(blocks.start, blocks.stop))
    for _ in range(rounds):
        if not walk.round():
            journey.finished[walk.here] = 1
            return


class _Walk:
    def __init__(
        self, program: Program, evaluate: Evaluate, course: Course, constants: Floats,
        journey: Journey, here: slice,
    ) -> None:  # fmt: skip
        self.program, self.evaluate, self.course, self.here = program, evaluate, course, here
        self.journey = journey
        self.fixed = {n: row[here] for n, row in zip(program.constants, constants, strict=True)}
        self.states = {n: r[here] for n, r in zip(program.states, journey.states, strict=True)}
        self.t, self.armed = journey.clock[0, here], journey.clock[1, here]
        self.edge, self.sample, self.small, self.steps = journey.counters[:, here]
        self.order = max(int(n[2:-1]) for n in program.blocks["series"].names if n[:2] == "V[")
        self.lanes: Array = np.arange(here.start, here.stop)

    def round(self) -> bool:
        """One step of every lane; whether there is more to do."""
        active = self.t < self.course.end
        if not active.any():
            return False
        edge = self.course.edges[self.edge, self.lanes]
        self.middle = 0.5 * (self.t + edge)
        inputs = {**self.fixed, **self.states, ".t": self.t.copy(), ".middle": self.middle}
        series = self.evaluate(self.program.blocks["series"], inputs)
        shape = self.t.shape
        self.series = {
            s: [np.broadcast_to(series[f"{s}[{k}]"], shape) for k in range(self.order + 1)]
            for s in self.states
        }
        h = np.broadcast_to(series[".step"], shape)
        arrives = h >= edge - self.t
        step = np.where(active, np.where(arrives, edge - self.t, h), 0.0)
        after = {s: self.horner(s, step) for s in self.states}
        if self.failed(h, arrives, active, after):
            return False
        reached = np.where(active, np.where(arrives, edge, self.t + step), self.t)
        self.take_samples(active, reached)
        self.find_spikes(step)
        for s, row in self.states.items():
            row[:] = after[s]
        self.t[:] = reached
        self.steps += active
        self.edge += arrives & active & (edge < self.course.end)
        return True

    def horner(self, state: str, s: Array) -> Array:
        total = self.series[state][-1]
        with np.errstate(all="ignore"):
            for coefficient in reversed(self.series[state][:-1]):
                total = total * s + coefficient
        return total

    def failed(self, h: Array, arrives: Array, active: Array, after: dict[str, Array]) -> bool:
        total = sum(np.asarray(v) for v in after.values())
        broken = active & (~(np.abs(total) <= 1e300) | np.isnan(h))
        short = active & (h < SHORTEST)
        # a step that an edge cuts short says nothing
        small = short & ~arrives
        self.small[:] = np.where(small, self.small + 1, np.where(short, self.small, 0))
        stiff = self.small >= STIFF_STEPS
        self.journey.status[self.here] = np.where(broken, DIVERGED, np.where(stiff, STIFF, 0))
        return bool(broken.any() or stiff.any())

    def take_samples(self, active: Array, reached: Array) -> None:
        """Every sample before ``reached``, and at the end the last."""
        limit = np.where(reached >= self.course.end, np.inf, reached - EDGE_TOLERANCE)
        while True:
            when = self.sample * self.course.sample_interval
            due = active & (when < limit) & (self.sample < self.course.samples)
            if not due.any():
                return
            # at an edge that is the end of the run no segment begins: what would be on just after
            after = when + EDGE_TOLERANCE
            middle = np.where(after >= self.course.end, after, self.middle)
            inputs = {**self.fixed, ".t": when, ".middle": middle}
            inputs |= {s: self.horner(s, when - self.t) for s in self.states}
            results = self.evaluate(self.program.blocks["sample"], inputs)
            for i, value in enumerate(results.values()):
                values = np.broadcast_to(value, when.shape)
                self.journey.out[i, self.sample[due], self.lanes[due]] = values[due]
            self.sample += due

    def find_spikes(self, step: Array) -> None:
        threshold = self.course.threshold
        for part in range(1, SPIKE_PARTS + 1):
            low, high = step * ((part - 1) / SPIKE_PARTS), step * (part / SPIKE_PARTS)
            v = self.horner("V", high)
            above = v >= threshold
            crossed = above & (self.armed != 0)
            if crossed.any():
                times = self.t + self.crossing(low, high)
                self.journey.spikes.append((times[crossed], self.lanes[crossed]))
            self.armed[:] = (v < threshold - RE_ARM) | ((self.armed != 0) & ~above)

    def crossing(self, low: Array, high: Array) -> Array:
        """Where V rises through the threshold between two times of the step, by bisection."""
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            below = self.horner("V", middle) < self.course.threshold
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return high
