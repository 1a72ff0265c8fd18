"""The adaptive loop of the engine for reading and checking: all lanes of a call at once."""

# A lane array is Any here, and what NumPy makes of it is unknown to the checker, not wrong.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from loligo.engine.kernel import (
    DIVERGED,
    NEXT_REACH,
    RE_ARM,
    ROUNDING,
    SHORTER,
    SHORTEST,
    SPIKE_PARTS,
    STIFF,
    STIFF_STEPS,
    Course,
    Journey,
)
from loligo.lanes import Floats
from loligo.program import Block, Program
from loligo.program.drive import EDGE_TOLERANCE

Array = Any  # float64 or bool lanes
_BISECTIONS = 44  # of a piece of a step: to 1e-14 of the step
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
        self.t, self.armed, self.doubted = journey.clock[:, here]
        self.edge, self.sample, self.small, self.steps = journey.counters[:, here]
        self.lanes: Array = np.arange(here.start, here.stop)

    def round(self) -> bool:
        """Careful steps of the lanes that want them, or one of every lane; whether there is more
        to do."""
        active = self.t < self.course.end
        if not active.any():
            return False
        if self.doubted.any():
            doubted = self.doubted != 0
            self.doubted[:] = 0.0
            self.expand("careful")
            return self.advance(doubted, self.step(doubted))
        self.expand("series")
        step = self.step(active)
        if "careful" in self.program.blocks:
            active = self.trusted(active, step)
        if "room" in self.program.blocks:
            active, step = self.within_room(active, step)
        return self.advance(active, step)

    def expand(self, name: str) -> None:
        """The series of every lane, and how far it may step."""
        block = self.program.blocks[name]
        self.limit = self.course.edges[self.edge, self.lanes]
        self.middle = 0.5 * (self.t + self.limit)
        inputs = {**self.fixed, **self.states, ".t": self.t.copy(), ".middle": self.middle}
        found = self.evaluate(block, inputs)
        shape = self.t.shape
        order = max(int(n[2:-1]) for n in block.names if n[:2] == "V[")
        self.series = {
            s: [np.broadcast_to(found[f"{s}[{k}]"], shape) for k in range(order + 1)]
            for s in self.states
        }
        self.h = np.broadcast_to(found[".step"], shape)
        self.kind = name

    def step(self, moving: Array) -> Array:
        """The step of every lane that moves, to its next edge at most; 0 for the others."""
        left = self.limit - self.t
        self.arrives = moving & (self.h >= left)
        step = np.where(moving, np.where(self.arrives, left, self.h), 0.0)
        self.reach = sum(np.abs(c) * step**k for k, c in enumerate(self.series["V"]) if k)
        if "most" not in self.program.blocks:
            return step
        most = self.evaluate(self.program.blocks["most"], self.fixed)[self.kind]
        far = most < self.reach
        with np.errstate(all="ignore"):
            step = np.where(far, step * (most / self.reach), step)
        self.arrives = self.arrives & ~far
        self.h = np.where(far, step, self.h)
        self.reach = np.where(far, most, self.reach)
        return step

    def after(self, step: Array) -> dict[str, Array]:
        return {s: self.horner(s, step) for s in self.states}

    def broken(self, after: dict[str, Array]) -> Array:
        """Lanes in which a state, or the step, is not finite."""
        total = sum(np.asarray(v) for v in after.values())
        return ~(np.abs(total) <= 1e300) | np.isnan(self.h)

    def trusted(self, moving: Array, step: Array) -> Array:
        """Without the lanes whose numbers were too large for float32, or too near a zero: they
        wait for a careful step."""
        broken = moving & self.broken(self.after(step))
        self.doubted[:] = broken
        return moving & ~broken

    def within_room(self, moving: Array, step: Array) -> tuple[Array, Array]:
        """Lanes whose V moves no further than its series holds; the others wait for a careful
        step. The steps, ending where there is room for another that reaches further."""
        reach = self.reach
        held = reach + ROUNDING <= self.room(self.states["V"])
        self.doubted[:] = (self.doubted != 0) | (moving & ~held)
        moving = moving & held
        step = np.where(moving, step, 0.0)
        wanted = NEXT_REACH * reach + ROUNDING
        tight = moving & ~self.arrives & (self.room(self.horner("V", step)) < wanted)
        whole = step
        for part in SHORTER:
            fits = self.room(self.horner("V", part * whole)) >= wanted
            step = np.where(tight & fits, part * whole, step)
            tight = tight & ~fits
        return moving, step

    def room(self, v: Array) -> Array:
        return self.evaluate(self.program.blocks["room"], {**self.fixed, "V": v})[".room"]

    def advance(self, moving: Array, step: Array) -> bool:
        after = self.after(step)
        if self.failed(moving, after):
            return False
        reached = np.where(self.arrives, self.limit, self.t + step)
        reached = np.where(moving, reached, self.t)
        self.take_samples(moving, reached)
        self.find_spikes(moving, step)
        for s, row in self.states.items():
            row[:] = np.where(moving, after[s], row)
        self.t[:] = reached
        self.steps += moving
        self.edge += self.arrives & moving & (self.limit < self.course.end)
        return True

    def horner(self, state: str, s: Array) -> Array:
        total = self.series[state][-1]
        with np.errstate(all="ignore"):
            for coefficient in reversed(self.series[state][:-1]):
                total = total * s + coefficient
        return total

    def failed(self, moving: Array, after: dict[str, Array]) -> bool:
        h = self.h
        broken = moving & self.broken(after)
        short = moving & (h < SHORTEST)
        # a step that an edge cuts short says nothing
        small = short & ~self.arrives
        after_step = np.where(small, self.small + 1, np.where(short, self.small, 0))
        self.small[:] = np.where(moving, after_step, self.small)
        stiff = self.small >= STIFF_STEPS
        self.journey.status[self.here] = np.where(broken, DIVERGED, np.where(stiff, STIFF, 0))
        return bool(broken.any() or stiff.any())

    def take_samples(self, moving: Array, reached: Array) -> None:
        """Every sample before ``reached``, and at the end the last."""
        limit = np.where(reached >= self.course.end, np.inf, reached - EDGE_TOLERANCE)
        while True:
            when = self.sample * self.course.sample_interval
            due = moving & (when < limit) & (self.sample < self.course.samples)
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
                self.journey.out[i, self.lanes[due], self.sample[due]] = values[due]
            self.sample += due

    def find_spikes(self, moving: Array, step: Array) -> None:
        threshold = self.course.threshold
        for part in range(1, SPIKE_PARTS + 1):
            low, high = step * ((part - 1) / SPIKE_PARTS), step * (part / SPIKE_PARTS)
            v = self.horner("V", high)
            above = v >= threshold
            crossed = moving & above & (self.armed != 0)
            if crossed.any():
                times = self.t + self.crossing(low, high)
                self.journey.spikes.append((times[crossed], self.lanes[crossed]))
            armed = (v < threshold - RE_ARM) | ((self.armed != 0) & ~above)
            self.armed[:] = np.where(moving, armed, self.armed)

    def crossing(self, low: Array, high: Array) -> Array:
        """Where V rises through the threshold between two times of the step, by bisection."""
        for _ in range(_BISECTIONS):
            middle = 0.5 * (low + high)
            below = self.horner("V", middle) < self.course.threshold
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return high
