"""How far the lanes of a block step, each by its own series."""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from llvmlite import ir

from loligo.engine.kernel import COUNTERS, NEXT_REACH, ROUNDING, SHORTER
from loligo.engine.llvm.driver import I64
from loligo.engine.llvm.followers import Followers
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.lines import Lines
from loligo.engine.llvm.polynomial import horner, sizes
from loligo.engine.llvm.printer import emit
from loligo.engine.llvm.spikes import Search
from loligo.engine.llvm.switches import Gap, Landing, Switches
from loligo.engine.switches import straight
from loligo.program import Program
from loligo.program.program import coefficient

Value = Any  # an ir.Value; llvmlite has no types


class Slots:
    """What lasts from round to round lies in stack slots; LLVM moves them to registers."""

    def __init__(self, e: Emitter, program: Program) -> None:
        b = e.builder
        self.followers = Followers(e, program)
        # those that are derivatives of others lie elsewhere
        self.own = {s: b.alloca(e.double) for s in program.own}
        every = {**self.own, **self.followers.slots}
        self.states = {s: every[s] for s in program.states}
        self.t = b.alloca(e.double)
        # whether a spike can be seen, whether the next step is a careful one, whether V rises
        self.armed, self.doubted, self.rising = (b.alloca(e.mask) for _ in range(3))
        self.flags = {1: self.armed, 2: self.doubted, 3: self.rising}  # by their rows of `clock`
        self.edge = b.alloca(e.double)  # the next edge of the stimulus, or the end
        self.counters = {name: b.alloca(e.int) for name in COUNTERS}
        self.step, self.way = b.alloca(e.double), b.alloca(e.double)
        self.ends = {s: b.alloca(e.double) for s in program.own}  # the states after a step
        self.round = b.alloca(I64)
        self.search = Search(e)
        self.switches = Switches(e, program)
        self.lines = Lines(e, program)


@dataclass(frozen=True)
class Expansion:
    """The series of every lane from where it is.

    Attributes
    ----------
    name
        The block that it comes from.
    t, limit, middle
        The time; the next edge; between the two edges around.
    now, series
        The states, and the coefficients of their series.
    h
        How far that may be followed.
    held, gaps
        The sides of the program's conditions, with what sampled stimuli are where the step begins;
        and the series of their gaps.
    """

    name: str
    t: Value
    limit: Value
    middle: Value
    now: dict[str, Value]
    series: dict[str, list[Value]]
    h: Value
    held: dict[str, Value]
    gaps: list[Gap]


@dataclass(frozen=True)
class Move:
    """A step of the lanes that move.

    Attributes
    ----------
    moving
        Which they are.
    length, after
        Of the step, 0 for the others; the states after it.
    arrives
        Where it ends at the next edge.
    reach
        How far V may move in it.
    h
        How far it might have gone, but for an edge.
    followed
        The sum of the derivatives after it.
    """

    moving: Value
    length: Value
    after: dict[str, Value]
    arrives: Value
    reach: Value
    h: Value
    followed: Value


class Moves:
    """Emits the choice of a block's steps.

    Parameters
    ----------
    fixed
        The constants of every lane.
    """

    def __init__(self, e: Emitter, program: Program, slots: Slots, fixed: dict[str, Value]) -> None:
        self.e, self.program, self.slots, self.fixed = e, program, slots, fixed

    def expand(self, name: str, t: Value) -> Expansion:
        """The series of every lane, and how far it may step."""
        e, b, program = self.e, self.e.builder, self.program
        limit = b.load(self.slots.edge, typ=e.double)
        middle = b.fmul(e.const(0.5), b.fadd(t, limit))
        now = {s: b.load(slot, typ=e.double) for s, slot in self.slots.own.items()}
        held = self.slots.switches.held()
        lines = self.slots.lines.at(t)
        inputs = {**self.fixed, **now, **held, **lines, ".t": t, ".middle": middle}
        results = emit(e, program.blocks[name], inputs)
        orders = range(program.scheme.orders[name] + 1)
        series = {s: [results[coefficient(s, k)] for k in orders] for s in program.own}
        gaps, h = self.slots.switches.gaps(name, results), results[".step"]
        if self.slots.followers:
            h = self.slots.followers.expand(name, results, self.fixed, h)
        if program.rooted:
            series, gaps, h = self._straight(name, series, gaps, h)
        held |= lines  # what stands still while a step is chosen
        return Expansion(name, t, limit, middle, now, series, h, held, gaps)

    def _straight(
        self, name: str, series: dict[str, list[Value]], gaps: list[Gap], h: Value
    ) -> tuple[dict[str, list[Value]], list[Gap], Value]:
        """A short way straight on from a switch, where there may be a slope but no series."""
        e, b = self.e, self.e.builder
        there = self.slots.switches.there()

        def straightened(curve: list[Value]) -> list[Value]:
            bends = (b.select(there, ir.Constant(c.type, None), c) for c in curve[2:])
            return [*curve[:2], *bends]

        if self.slots.followers:
            self.slots.followers.straighten(name, there)
        lines = {state: straightened(curve) for state, curve in series.items()}
        crossed = [Gap(straightened(each.curve), each.size) for each in gaps]
        way = e.const(straight(self.program.scheme.orders["series"]))
        return lines, crossed, b.select(there, way, h)

    def settled(self, x: Expansion, active: Value) -> Value:
        """The lanes whose conditions are held on the right sides; the others wait."""
        if not self.program.conditions:
            return active
        left = self.e.builder.fsub(x.limit, x.t)
        return self.slots.switches.settled(x.gaps, self.e.lesser(left, x.h), active)

    def whole_step(self, x: Expansion, moving: Value) -> Move:
        """The step of every lane that moves, to its next edge at most."""
        e, b = self.e, self.e.builder
        left = b.fsub(x.limit, x.t)
        arrives = b.and_(moving, b.fcmp_ordered(">=", x.h, left))
        step = b.select(moving, b.select(arrives, left, x.h), e.const(0.0))
        reach = sizes(e, x.series["V"][1:], step)
        move = Move(moving, step, {}, arrives, reach, x.h, e.const(0.0))
        if "most" in self.program.blocks:
            move = self._foreseen(x, move)
        return self._taken(x, move)

    def _taken(self, x: Expansion, move: Move) -> Move:
        """With where it leads."""
        followed = move.followed
        if self.slots.followers:
            followed = self.slots.followers.go(x.name, move.length)
        return replace(move, after=self._own_after(x, move.length), followed=followed)

    def _foreseen(self, x: Expansion, move: Move) -> Move:
        """The step, shortened where V would move through more than the series can tell of."""
        e, b, slots = self.e, self.e.builder, self.slots
        most = emit(e, self.program.blocks["most"], {**self.fixed, **x.held})[x.name]
        far = e.less(most, move.reach)
        b.store(move.length, slots.step)
        b.store(move.reach, slots.way)
        with b.if_then(e.any(far), likely=False):
            # what V moves grows faster than the step
            shorter = b.fmul(move.length, b.fdiv(most, move.reach))
            b.store(b.select(far, shorter, move.length), slots.step)
            b.store(b.select(far, most, move.reach), slots.way)
        arrives = b.and_(move.arrives, b.not_(far))
        h = b.select(far, b.load(slots.step, typ=e.double), move.h)
        reach = b.load(slots.way, typ=e.double)
        length = b.load(slots.step, typ=e.double)
        return replace(move, length=length, arrives=arrives, reach=reach, h=h)

    def after(self, x: Expansion, step: Value) -> dict[str, Value]:
        """All states so long after the step began."""
        own = self._own_after(x, step)
        if not self.slots.followers:
            return own
        return {**own, **self.slots.followers.after(x.name, step)}

    def _own_after(self, x: Expansion, step: Value) -> dict[str, Value]:
        return {s: horner(self.e, x.series[s], step) for s in self.program.own}

    def marked(self, x: Expansion) -> list[list[Value]]:
        """The polynomials of what is looked at when there is a spike."""
        return self.slots.followers.curves(x.name) if self.slots.followers else []

    def _room(self, x: Expansion, v: Value) -> Value:
        inputs = {**self.fixed, **x.now, **x.held, "V": v}
        return emit(self.e, self.program.blocks["room"], inputs)[".room"]

    def broken(self, move: Move) -> Value:
        """Lanes in which a state, or the step, is not finite."""
        e, b = self.e, self.e.builder
        total = move.after["V"]
        for s in self.program.own[1:]:
            total = b.fadd(total, move.after[s])
        if self.slots.followers:
            total = b.fadd(total, move.followed)
        # the sum of all states is not finite if one of them is not; true for NaN as well
        broken = b.fcmp_unordered(">", e.intrinsic("fabs", total), e.const(1e300))
        return b.or_(broken, b.fcmp_unordered("uno", move.h, move.h))

    def trusted(self, move: Move) -> Move:
        """Without the lanes whose numbers were too large for float32, or too near a zero: they
        wait for a careful step."""
        b = self.e.builder
        broken = b.and_(move.moving, self.broken(move))
        b.store(broken, self.slots.doubted)
        return replace(move, moving=b.and_(move.moving, b.not_(broken)))

    def within_room(self, x: Expansion, move: Move) -> Move:
        """Of lanes whose V moves no further than its series holds; the others wait for a careful
        step. It ends where there is room for another that reaches further."""
        e, b, slots = self.e, self.e.builder, self.slots
        held = b.fcmp_ordered("<=", self.far(move, 1.0), self._room(x, x.now["V"]))
        doubted = b.and_(move.moving, b.not_(held))
        b.store(b.or_(doubted, b.load(slots.doubted, typ=e.mask)), slots.doubted)
        moving = b.and_(move.moving, held)
        step = b.select(moving, move.length, e.const(0.0))
        wanted = self.far(move, NEXT_REACH)
        free = b.and_(moving, b.not_(move.arrives))
        tight = b.and_(free, e.less(self._room(x, move.after["V"]), wanted))
        b.store(step, slots.step)
        for s, slot in slots.ends.items():
            b.store(move.after[s], slot)
        with b.if_then(e.any(tight), likely=False):
            for part in SHORTER:
                shorter = b.fmul(step, e.const(part))
                end = horner(e, x.series["V"], shorter)
                fits = b.fcmp_ordered(">=", self._room(x, end), wanted)
                take = b.and_(tight, fits)
                b.store(b.select(take, shorter, b.load(slots.step, typ=e.double)), slots.step)
                tight = b.and_(tight, b.not_(fits))
            end = self._taken(x, replace(move, length=b.load(slots.step, typ=e.double)))
            for s, slot in slots.ends.items():
                b.store(end.after[s], slot)
        after = {s: b.load(slot, typ=e.double) for s, slot in slots.ends.items()}
        return replace(move, moving=moving, length=b.load(slots.step, typ=e.double), after=after)

    def to_switch(self, x: Expansion, move: Move) -> tuple[Move, Landing]:
        """The step, ended at the first switch in it."""
        e, b, slots = self.e, self.e.builder, self.slots
        landing = slots.switches.landing(x.gaps, move.moving, move.length)
        for s, slot in slots.ends.items():
            b.store(move.after[s], slot)
        with b.if_then(e.any(landing.shortened), likely=False):
            end = self._taken(x, replace(move, length=landing.length))
            for s, slot in slots.ends.items():
                b.store(b.select(landing.shortened, end.after[s], move.after[s]), slot)
        after = {s: b.load(slot, typ=e.double) for s, slot in slots.ends.items()}
        arrives = b.and_(move.arrives, b.not_(landing.shortened))
        return replace(move, length=landing.length, after=after, arrives=arrives), landing

    def far(self, move: Move, times: float) -> Value:
        """So many times what V may move in this step, and what it may be off by rounding."""
        return self.e.fma(move.reach, self.e.const(times), self.e.const(ROUNDING))
