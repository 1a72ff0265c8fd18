"""Spikes of an adaptive step: where V's polynomial rises through the threshold, and turns."""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from loligo.engine.kernel import PRECISION, SPIKE_PARTS
from loligo.engine.llvm.driver import I64
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.polynomial import bend, horner, slope, tangent, widened
from loligo.engine.llvm.swings import append_spikes, reach
from loligo.program import Program

Value = Any  # an ir.Value; llvmlite has no types

_NEWTON = 8  # times: by then a root is found, or the curve only touches; then by halves


@dataclass(frozen=True)
class Step:
    """One step of a block of lanes.

    Attributes
    ----------
    t, length
        When it begins, and how long it is.
    moving
        The lanes that make it.
    curve
        V's polynomial.
    after
        V at its end.
    marked
        Emits the polynomials of what is looked at when there is a spike.
    """

    t: Value
    length: Value
    moving: Value
    curve: Sequence[Value]
    after: Value
    marked: Callable[[], Sequence[Sequence[Value]]]


@dataclass(frozen=True)
class Turn:
    """Where V turns in a step: in some lanes, once. (A step is a seventh of the way up to which
    its series converges: there V has no time to turn twice by anything that counts.)

    Attributes
    ----------
    when, there
        Since the step began, and V; anything in the other lanes.
    summit, valley
        The lanes in which it turns down, and up.
    """

    when: Value
    there: Value
    summit: Value
    valley: Value


class Lookout:
    """Emits the search for spikes, and for where V turns, in the steps of a block of lanes.

    Parameters
    ----------
    lane
        The block's first.
    armed, rising
        Where it is kept whether a spike can be seen, and whether V rises.
    """

    def __init__(
        self, e: Emitter, search: Search, arguments: dict[str, Value], lane: Value, armed: Value,
        rising: Value,
    ) -> None:  # fmt: skip
        self.e, self.search, self.a, self.lane = e, search, arguments, lane
        self.armed, self.rising = armed, rising
        b = e.builder
        self.threshold = e.spread(arguments["threshold"])
        self.re_arm = b.fsub(self.threshold, e.spread(arguments["depth"]))

    def look(self, step: Step) -> None:
        """Note the rise through the threshold in a step, and where V turned. A lane for which
        there is nothing to note is not changed by what there is in another."""
        e, b, none = self.e, self.e.builder, self.e.const(0.0)
        armed, rising = (b.load(slot, typ=e.mask) for slot in (self.armed, self.rising))
        above = b.fcmp_ordered(">=", step.after, self.threshold)
        changes = b.select(armed, above, e.less(step.after, self.re_arm))
        steep = slope(e, step.curve, step.length)
        begins, ends = e.less(none, step.curve[1]), e.less(none, steep)
        # V may turn between two steps too: at an edge of what is done, or within rounding
        came, turned = b.xor(rising, begins), b.xor(begins, ends)
        noted = b.and_(step.moving, b.or_(changes, b.or_(came, turned)))
        with b.if_then(e.any(noted), likely=False):
            self._reach(b.and_(step.moving, came), step.curve[0])
            turned = b.and_(step.moving, turned)
            self._turn(step, steep, turned)
            slots = (self.search.when, self.search.there)
            turn = Turn(
                *(b.load(slot, typ=e.double) for slot in slots),
                summit=b.and_(turned, begins), valley=b.and_(turned, ends),
            )  # fmt: skip
            self._note(step, turn, armed, above)
            b.store(b.select(step.moving, ends, rising), self.rising)

    def _note(self, step: Step, turn: Turn, armed: Value, above: Value) -> None:
        """What there is to note of a step, in the order of time."""
        e, b = self.e, self.e.builder
        low = b.and_(turn.valley, e.less(turn.there, self.re_arm))
        armed_now = b.or_(armed, low)
        beyond = b.and_(turn.summit, b.fcmp_ordered(">=", turn.there, self.threshold))
        crossed = b.and_(step.moving, b.and_(armed_now, b.or_(above, beyond)))
        some = e.any(crossed)
        with b.if_then(some, likely=False):
            self._reach(turn.valley, turn.there)
            bounds, missing = self._around(step, turn)
            root = self.search.rise.find(step.curve, bounds, missing, self.threshold, crossed)
            times = b.fadd(step.t, root)
            moved = self._moved(step, root)
            append_spikes(e, self.a, self.lane, crossed, times, self.threshold, moved)
        # a valley comes before a spike, a summit after it; without a spike once for both
        either = b.or_(turn.summit, turn.valley)
        self._reach(b.select(some, turn.summit, either), turn.there)
        still = b.and_(armed_now, b.not_(b.or_(above, crossed)))
        after = b.or_(e.less(step.after, self.re_arm), still)
        b.store(b.select(step.moving, after, armed), self.armed)

    def _moved(self, step: Step, root: Value) -> list[Value]:
        """How far a spike moves: what V has gained is made good by its slope."""
        e, b = self.e, self.e.builder
        marked = step.marked()
        if not marked:
            return []
        steep = tangent(e, widened(e, step.curve), root)[1]
        gained = [tangent(e, widened(e, curve), root)[0] for curve in marked]
        return [b.fneg(b.fdiv(each, steep)) for each in gained]

    def _around(self, step: Step, turn: Turn) -> tuple[tuple[Value, ...], ...]:
        """Times between which V rises through the threshold, and by how much it is above it at
        them: the first part of the step at whose end V is above; or where it turned instead of
        an end at which it is on the other side."""
        e, b, threshold = self.e, self.e.builder, self.threshold
        low, before = e.const(0.0), step.curve[0]
        first = [low, before, turn.when, turn.there]
        missed = ir.Constant(e.mask, [1] * e.width if e.width > 1 else 1)
        for part in range(1, SPIKE_PARTS + 1):
            high = b.fmul(step.length, e.const(part / SPIKE_PARTS))
            v = horner(e, step.curve, high)
            below = e.less(before, threshold)
            begun = b.or_(below, e.less(turn.when, high))
            here = b.and_(b.and_(missed, begun), b.fcmp_ordered(">=", v, threshold))
            own = (b.select(below, low, turn.when), b.select(below, before, turn.there), high, v)
            first = [b.select(here, *each) for each in zip(own, first, strict=True)]
            missed = b.and_(missed, b.not_(here))
            low, before = high, v
        return (first[0], first[2]), (b.fsub(first[1], threshold), b.fsub(first[3], threshold))

    def _turn(self, step: Step, steep: Value, turned: Value) -> None:
        """Put where V turned into its slots.

        First where the parabola is 0 that has the slope and the bend with which the step begins,
        and the slope with which it ends; from there one step of Newton's method. What is missing
        from the extreme is of the third order in what was missing from the time.
        """
        e, b, slots = self.e, self.e.builder, self.search
        with b.if_then(e.any(turned), likely=False):
            curve, end = widened(e, step.curve), step.length
            first, linear = curve[1], b.fmul(e.const(2.0), curve[2])
            # times the square of the step
            square = b.fsub(b.fsub(steep, first), b.fmul(linear, end))
            part = b.fmul(linear, end)
            root = e.intrinsic(
                "sqrt",
                b.fsub(b.fmul(part, part), b.fmul(e.const(4.0), b.fmul(square, first))),
            )
            root = b.fsub(e.intrinsic("copysign", root, first), part)
            time = b.fmul(end, b.fdiv(b.fmul(e.const(2.0), first), root))
            time = self._within(step, time)
            v, slope_there, bent = bend(e, curve, time)
            missing = b.fdiv(slope_there, bent)
            b.store(self._within(step, b.fsub(time, missing)), slots.when)
            correction = b.fmul(b.fmul(e.const(0.5), slope_there), missing)
            b.store(b.fsub(v, correction), slots.there)

    def _within(self, step: Step, time: Value) -> Value:
        """A time, or the nearest in the step; the end where it is no number."""
        e = self.e
        return e.larger(e.const(0.0), e.lesser(step.length, time))

    def jump(
        self, jumping: Value, when: Value, before: Value, after: Value, marked: int = 0
    ) -> None:
        """Note the rises of V through the threshold by a jump at some time; how far it moves is
        not known here, of so much that is ``marked``."""
        e, b = self.e, self.e.builder
        armed = b.load(self.armed, typ=e.mask)
        above = b.fcmp_ordered(">=", after, self.threshold)
        crossed = b.and_(jumping, b.and_(above, armed))
        self._reach(jumping, before)
        with b.if_then(e.any(crossed), likely=False):
            unknown = [e.const(math.nan)] * marked
            append_spikes(e, self.a, self.lane, crossed, when, after, unknown)
        self._reach(jumping, after)
        now = b.or_(e.less(after, self.re_arm), b.and_(armed, b.not_(above)))
        b.store(b.select(jumping, now, armed), self.armed)

    def _reach(self, where: Value, v: Value) -> None:
        reach(self.e, self.a, self.lane, where, v)


def most_spikes(program: Program) -> int:
    """Of one lane in one round: one in a step, one in a jump at its end."""
    return 1 + ("edge" in program.blocks)


class Search:
    """Where a search keeps what it finds: the rise through the threshold, and where V turned."""

    def __init__(self, e: Emitter) -> None:
        self.rise = Rise(e)
        self.when, self.there = (e.builder.alloca(e.double) for _ in range(2))


class Rise:
    """Where a polynomial, below a threshold at one time, rises through it before another.

    Newton's method between two bounds that close in. A lane that has arrived stands still,
    whatever its neighbours do.
    """

    def __init__(self, e: Emitter) -> None:
        self.e = e
        self.low, self.high, self.root = (e.builder.alloca(e.double) for _ in range(3))
        self.searching, self.tries = e.builder.alloca(e.mask), e.builder.alloca(I64)

    def find(
        self,
        curve: Sequence[Value],
        bounds: tuple[Value, Value],
        missing: tuple[Value, Value],
        threshold: Value,
        wanted: Value,
    ) -> Value:
        """The times, of the lanes where one is ``wanted``, between two ``bounds`` at which the
        curve is below and above the threshold by ``missing``."""
        e, b = self.e, self.e.builder
        head, body, done = (b.append_basic_block(n) for n in ("search", "nearer", "found"))
        low, high = bounds
        chord = b.fdiv(b.fsub(high, low), b.fsub(missing[1], missing[0]))
        first = b.fsub(high, b.fmul(chord, missing[1]))
        for value, slot in ((low, self.low), (high, self.high), (first, self.root)):
            b.store(value, slot)
        b.store(wanted, self.searching)
        b.store(I64(0), self.tries)
        b.branch(head)
        b.position_at_end(head)
        b.cbranch(e.any(b.load(self.searching, typ=e.mask)), body, done)
        b.position_at_end(body)
        self._nearer(curve, high, threshold)
        b.branch(head)
        b.position_at_end(done)
        return b.load(self.root, typ=e.double)

    def _nearer(self, curve: Sequence[Value], step: Value, threshold: Value) -> None:
        e, b = self.e, self.e.builder
        x = b.load(self.root, typ=e.double)
        value, slope = tangent(e, widened(e, curve), x)
        missing = b.fsub(value, threshold)
        below = e.less(missing, e.const(0.0))
        low = b.select(below, x, b.load(self.low, typ=e.double))
        high = b.select(below, b.load(self.high, typ=e.double), x)
        guess, halved = b.fsub(x, b.fdiv(missing, slope)), b.fmul(e.const(0.5), b.fadd(low, high))
        inside = b.and_(e.less(low, guess), e.less(guess, high))
        tries = b.load(self.tries, typ=I64)
        b.store(b.add(tries, I64(1)), self.tries)
        soon = b.icmp_signed("<", tries, I64(_NEWTON))
        newton = b.select(soon, inside, ir.Constant(e.mask, None))
        guess = b.select(newton, guess, halved)
        searching = b.load(self.searching, typ=e.mask)
        moved = e.intrinsic("fabs", b.fsub(guess, x))
        for after, slot in ((low, self.low), (high, self.high), (guess, self.root)):
            b.store(b.select(searching, after, b.load(slot, typ=e.double)), slot)
        # what Newton's step is still off by is of the order of its square
        enough = b.select(newton, e.const(math.sqrt(PRECISION) / 100), e.const(PRECISION))
        b.store(b.and_(searching, e.less(b.fmul(enough, step), moved)), self.searching)
