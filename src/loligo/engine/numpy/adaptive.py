"""The adaptive loop of the engine for reading and checking: all lanes of a call at once."""

# A lane array is Any here, and what NumPy makes of it is unknown to the checker, not wrong.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from loligo.engine.kernel import (
    CHATTERS,
    DIVERGED,
    NEXT_REACH,
    ROUNDING,
    SHORTER,
    SHORTEST,
    SLIDES,
    STIFF,
    STIFF_STEPS,
    Journey,
    Route,
)
from loligo.engine.numpy.lines import Lines
from loligo.engine.numpy.switches import Gap, Switches
from loligo.engine.switches import CLOCK, straight
from loligo.lanes import Floats
from loligo.program import Block, Program
from loligo.program.program import FOLLOW, coefficient
from loligo.program.scheme import push_on, tangent_of
from loligo.program.switches import side, was
from loligo.program.term import EDGE_TOLERANCE, ROUNDED, TINY

Array = Any  # float64 or bool lanes
_BISECTIONS = 46  # of a step: to 1e-14 of it
Evaluate = Callable[[Block, Mapping[str, Array]], dict[str, Array]]


def adapt(
    program: Program, evaluate: Evaluate, route: Route, constants: Floats, journey: Journey,
    blocks: range, rounds: int,
) -> None:  # fmt: skip
    """See :class:`loligo.engine.kernel.Kernel`; ``evaluate`` applies a block to arrays."""
    walk = _Walk(program, evaluate, route, constants, journey, slice(blocks.start, blocks.stop))
    for _ in range(rounds):
        if not walk.round():
            journey.finished[walk.here] = 1
            return


@dataclass(frozen=True)
class _Expansion:
    """The series of every lane from where it is: see :mod:`loligo.engine.llvm.moves`."""

    name: str
    limit: Array
    middle: Array
    series: dict[str, list[Array]]
    h: Array
    held: dict[str, Array]
    gaps: list[Gap]

    def at(self, state: str, s: Array) -> Array:
        """A state so long after the step began."""
        total = self.series[state][-1]
        with np.errstate(all="ignore"):
            for each in reversed(self.series[state][:-1]):
                total = total * s + each
        return total

    def slope(self, state: str, s: Array) -> Array:
        """How a state changes then."""
        total = np.zeros_like(s)
        with np.errstate(all="ignore"):
            for k, each in reversed(list(enumerate(self.series[state]))[1:]):
                total = total * s + k * each
        return total

    def after(self, s: Array) -> dict[str, Array]:
        return {state: self.at(state, s) for state in self.series}


@dataclass(frozen=True)
class _Move:
    """A step of the lanes that move, likewise."""

    moving: Array
    length: Array
    arrives: Array
    reach: Array
    h: Array

    def broken(self, after: dict[str, Array]) -> Array:
        """Lanes in which a state, or the step, is not finite."""
        total = sum(np.asarray(v) for v in after.values())
        return ~(np.abs(total) <= 1e300) | np.isnan(self.h)


def straightened(curve: list[Array], there: Array) -> list[Array]:
    """Without what bends it, in some lanes."""
    return [c if k < 2 else np.where(there, 0.0, c) for k, c in enumerate(curve)]


class _Walk:
    def __init__(
        self, program: Program, evaluate: Evaluate, route: Route, constants: Floats,
        journey: Journey, here: slice,
    ) -> None:  # fmt: skip
        self.program, self.evaluate, self.route, self.here = program, evaluate, route, here
        self.journey = journey
        self.fixed = {n: row[here] for n, row in zip(program.constants, constants, strict=True)}
        self.states = {n: r[here] for n, r in zip(program.states, journey.states, strict=True)}
        self.t, self.armed, self.doubted, self.rising = journey.clock[:CLOCK, here]
        self.switches = Switches(len(program.conditions), journey.clock[CLOCK:, here])
        self.edge, self.sample, self.small, self.steps = journey.counters[:, here]
        self.lines = Lines(program.streams, route.lines, journey.places[:, here], here)
        self.lanes: Array = np.arange(here.start, here.stop)

    def round(self) -> bool:
        """Careful steps of the lanes that want them, or one of every lane; whether there is more
        to do."""
        active = self.t < min(self.route.end, self.lines.until)
        if not active.any():
            return False
        if self.doubted.any():
            doubted = self.doubted != 0
            self.doubted[:] = 0.0
            x = self.expand("careful")
            return self.advance(x, self.whole_step(x, self.settled(x, doubted)))
        x = self.expand("series")
        move = self.whole_step(x, self.settled(x, active))
        if "careful" in self.program.blocks:
            move = self.trusted(x, move)
        if "room" in self.program.blocks:
            move = self.within_room(x, move)
        return self.advance(x, move)

    def own_edge(self) -> Array:
        return self.route.edges[self.edge, self.lanes]

    def next_edge(self) -> Array:
        return self.lines.before(self.own_edge(), self.route.end)

    def expand(self, name: str) -> _Expansion:
        """The series of every lane, and how far it may step."""
        limit = self.next_edge()
        middle = 0.5 * (self.t + limit)
        held = self.switches.held()
        lines = self.lines.at(self.t)
        own = {state: self.states[state] for state in self.program.own}
        inputs = {**self.fixed, **own, **held, **lines, ".t": self.t.copy(), ".middle": middle}
        results = self.evaluate(self.program.blocks[name], inputs)
        shape = self.t.shape
        orders = range(self.program.scheme.orders[name] + 1)
        series = {
            s: [np.broadcast_to(results[coefficient(s, k)], shape) for k in orders]
            for s in self.program.own
        }
        h = np.broadcast_to(results[".step"], shape)
        for states in self.program.tangents:
            found = self.follow(name, results, states)
            series |= {s: [np.broadcast_to(c, shape) for c in found[s]] for s in states}
            h = np.where(found[".step"][0] < h, found[".step"][0], h)
        gaps = self.switches.gaps(results, self.program.scheme.orders[name], shape[0])
        if self.program.rooted:
            # a short way straight on from a switch, where there may be a slope but no series
            there = self.switches.there()
            series = {s: straightened(curve, there) for s, curve in series.items()}
            gaps = [Gap(np.stack(straightened(list(g.curve), there)), g.size) for g in gaps]
            h = np.where(there, straight(self.program.scheme.orders["series"]), h)
        return _Expansion(name, limit, middle, series, h, held | lines, gaps)

    def follow(
        self, name: str, results: Mapping[str, Array], states: tuple[str, ...]
    ) -> dict[str, list[Array]]:
        """The series of the derivatives by one thing, and their step."""
        follow = FOLLOW[name]
        orders = range(self.program.scheme.orders[follow] + 1)
        alike = {tangent_of(s): f for s, f in zip(self.program.leaders, states, strict=True)}
        given = {**self.fixed, **results}
        given |= {name: self.states[follower] for name, follower in alike.items()}
        none = np.zeros_like(self.t)
        for name, follower in alike.items():
            for k in orders:
                push = results.get(coefficient(push_on(follower), k), none)
                given[coefficient(push_on(name), k)] = push
        found = self.evaluate(self.program.blocks[follow], given)
        series = {f: [found[coefficient(name, k)] for k in orders] for name, f in alike.items()}
        return {**series, ".step": [found[".step"]]}

    def settled(self, x: _Expansion, active: Array) -> Array:
        """The lanes whose conditions are held on the right sides; the others wait."""
        if not self.program.conditions:
            return active
        return self.switches.settled(x.gaps, np.minimum(x.limit - self.t, x.h), active)

    def whole_step(self, x: _Expansion, moving: Array) -> _Move:
        """The step of every lane that moves, to its next edge at most; 0 for the others."""
        left = x.limit - self.t
        arrives = moving & (x.h >= left)
        step = np.where(moving, np.where(arrives, left, x.h), 0.0)
        reach = sum(np.abs(c) * step**k for k, c in enumerate(x.series["V"]) if k)
        if "most" not in self.program.blocks:
            return _Move(moving, step, arrives, reach, x.h)
        most = self.evaluate(self.program.blocks["most"], {**self.fixed, **x.held})[x.name]
        far = most < reach
        with np.errstate(all="ignore"):
            step = np.where(far, step * (most / reach), step)
        h = np.where(far, step, x.h)
        return _Move(moving, step, arrives & ~far, np.where(far, most, reach), h)

    def trusted(self, x: _Expansion, move: _Move) -> _Move:
        """Without the lanes whose numbers were too large for float32, or too near a zero: they
        wait for a careful step."""
        broken = move.moving & move.broken(x.after(move.length))
        self.doubted[:] = broken
        return replace(move, moving=move.moving & ~broken)

    def within_room(self, x: _Expansion, move: _Move) -> _Move:
        """Of lanes whose V moves no further than its series holds; the others wait for a careful
        step. It ends where there is room for another that reaches further."""
        held = move.reach + ROUNDING <= self.room(x, self.states["V"])
        self.doubted[:] = (self.doubted != 0) | (move.moving & ~held)
        moving = move.moving & held
        whole = step = np.where(moving, move.length, 0.0)
        wanted = NEXT_REACH * move.reach + ROUNDING
        tight = moving & ~move.arrives & (self.room(x, x.at("V", step)) < wanted)
        for part in SHORTER:
            fits = self.room(x, x.at("V", part * whole)) >= wanted
            step = np.where(tight & fits, part * whole, step)
            tight = tight & ~fits
        return replace(move, moving=moving, length=step)

    def room(self, x: _Expansion, v: Array) -> Array:
        inputs = {**self.fixed, **x.held, "V": v}
        return self.evaluate(self.program.blocks["room"], inputs)[".room"]

    def advance(self, x: _Expansion, move: _Move) -> bool:
        landing = None
        if self.program.conditions:
            landing = self.switches.landing(x.gaps, move.moving, move.length)
            arrives = move.arrives & (landing.length >= move.length)
            move = replace(move, length=landing.length, arrives=arrives)
        moving, after = move.moving, x.after(move.length)
        if self.failed(move, after):
            return False
        if landing is not None:
            self.switches.take(landing, moving)
        reached = np.where(move.arrives, x.limit, self.t + move.length)
        reached = np.where(moving, reached, self.t)
        self.take_samples(x, move, reached)
        self.find_spikes(x, move)
        for s, row in self.states.items():
            row[:] = np.where(moving, after[s], row)
        if landing is not None and "turn" in self.program.blocks and landing.landed.any():
            self.turn(x, landing.sides, moving & landing.landed, reached)
        self.t[:] = reached
        self.steps += moving
        inside = move.arrives & moving & (x.limit < self.route.end)
        self.edge += inside & (self.own_edge() <= x.limit)
        self.lines.pass_on(inside, x.limit)
        if "edge" in self.program.blocks and inside.any():
            self.jump(inside, x.limit)
        return True

    def turn(self, x: _Expansion, sides: list[Array], where: Array, t: Array) -> None:
        """What the states become where conditions have changed."""
        were = {was(k): x.held[side(k)] for k in range(len(sides))}
        held = {side(k): row for k, row in enumerate(sides)}
        told = {".t": t, ".middle": x.middle, **were, **held}
        after = self.evaluate(self.program.blocks["turn"], {**self.fixed, **self.states, **told})
        for s, row in self.states.items():
            row[:] = np.where(where, after[s], row)

    def jump(self, inside: Array, edge: Array) -> None:
        """What the states become at an edge, of the lanes that have arrived at one. V that rises
        through the threshold there makes a spike."""
        after = self.at_edge(self.states, edge, 0.5 * (edge + self.next_edge()))
        route, v = self.route, (self.states["V"][inside], after["V"][inside])
        armed, batch = self.journey.swings.leap(
            self.armed[inside] != 0, self.lanes[inside], edge[inside], v, route.threshold,
            route.depth,
        )  # fmt: skip
        self.armed[inside] = armed
        self.journey.spikes.append(batch)
        for s, row in self.states.items():
            row[:] = np.where(inside, after[s], row)

    def at_edge(
        self, states: Mapping[str, Array], t: Array, middle: Array,
        lines: Mapping[str, Array] | None = None,
    ) -> dict[str, Array]:  # fmt: skip
        lines = self.lines.at(t) if lines is None else lines
        inputs = {**self.fixed, **states, **lines, ".t": t, ".middle": middle}
        return self.evaluate(self.program.blocks["edge"], inputs)

    def failed(self, move: _Move, after: dict[str, Array]) -> bool:
        moving = move.moving
        broken = moving & move.broken(after)
        short = moving & (move.h < SHORTEST)
        # a step that an edge cuts short says nothing
        small = short & ~move.arrives
        after_step = np.where(small, self.small + 1, np.where(short, self.small, 0))
        small = np.where(moving, after_step, self.small)
        stiff = small >= STIFF_STEPS
        status = np.where(stiff, STIFF, 0)
        if self.program.conditions:
            slides, chatters = self.switches.stuck()
            status = np.where(chatters, CHATTERS, np.where(slides, SLIDES, status))
        self.journey.status[self.here] = np.where(broken, DIVERGED, status)
        if self.journey.status[self.here].any():
            return True
        self.small[:] = small  # a step that is refused is made again
        return False

    def take_samples(self, x: _Expansion, move: _Move, reached: Array) -> None:
        """Every sample before ``reached``, and at the end the last; a sample at an edge is left to
        the segment that begins there, however short."""
        moving, early = move.moving, EDGE_TOLERANCE
        if self.program.conditions:  # what lies before a switch is not left to what follows
            early = np.where(move.arrives, early, 0.0)
        limit = np.maximum(reached - early, self.t + self.t * ROUNDED + TINY)
        limit = np.where(reached >= self.route.end, np.inf, limit)
        while True:
            when = self.sample * self.route.sample_interval
            due = moving & (when < limit) & (self.sample < self.route.samples)
            if not due.any():
                return
            # at an edge that is the end of the run no segment begins: what would be on just after
            beyond = when + EDGE_TOLERANCE
            last = beyond >= self.route.end
            middle = np.where(last, beyond, x.middle)
            states, lines = x.after(when - self.t), self.lines.at(when, last)
            if "edge" in self.program.blocks:
                end = np.full(when.shape, self.route.end)
                after = self.at_edge(states, end, middle, lines)
                states = {s: np.where(last, after[s], v) for s, v in states.items()}
            inputs = {**self.fixed, ".t": when, ".middle": middle, **lines, **states}
            results = self.evaluate(self.program.blocks["sample"], inputs)
            for i, value in enumerate(results.values()):
                values = np.broadcast_to(value, when.shape)
                self.journey.out[i, self.lanes[due], self.sample[due]] = values[due]
            self.sample += due

    def find_spikes(self, x: _Expansion, move: _Move) -> None:
        """Where V turned in a step, and where it rises through the threshold."""
        route, moving, armed = self.route, move.moving, self.armed != 0
        start, end = np.zeros_like(move.length), move.length
        begins, ends = (x.slope("V", s) > 0 for s in (start, end))
        self.reach(moving & ((self.rising != 0) != begins), x.at("V", start))
        turn = self.root(lambda s: x.slope("V", s), start, end)
        v, there = x.at("V", end), x.at("V", turn)
        summit, valley = moving & begins & ~ends, moving & ~begins & ends
        self.reach(valley, there)
        re_armed = armed | (valley & (there < route.threshold - route.depth))
        above = v >= route.threshold
        crossed = moving & re_armed & (above | (summit & (there >= route.threshold)))
        if crossed.any():
            # bounds on whose other sides V is: the step's own, or where it turned
            low = np.where(x.at("V", start) < route.threshold, start, turn)
            root = self.root(
                lambda s: x.at("V", s) - route.threshold, low, np.where(above, end, turn)
            )
            batch = self.journey.swings.spike(
                (self.t + root)[crossed], self.lanes[crossed], route.threshold
            )
            if self.program.marked:
                steep = x.slope("V", root)
                moved = [-x.at(state, root) / steep for state in self.program.marked]
                batch = batch._replace(moved=np.stack(moved, axis=-1)[crossed])
            self.journey.spikes.append(batch)
        self.reach(summit, there)
        after = (v < route.threshold - route.depth) | (re_armed & ~(above | crossed))
        self.armed[:] = np.where(moving, after, armed)
        self.rising[:] = np.where(moving, ends, self.rising)

    def reach(self, where: Array, v: Array) -> None:
        """V was there in some lanes."""
        if where.any():
            self.journey.swings.reach(self.lanes[where], v[where])

    def root(self, value: Callable[[Array], Array], low: Array, high: Array) -> Array:
        """Where something changes its sign between two times of the step, by bisection."""
        begun = value(low) < 0
        for _ in range(_BISECTIONS):
            middle = 0.5 * (low + high)
            same = (value(middle) < 0) == begun
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        return high
