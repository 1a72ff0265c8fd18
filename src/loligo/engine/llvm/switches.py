"""Switches of an adaptive step in machine code: :mod:`loligo.engine.switches` says how."""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from loligo.engine.kernel import SHORTEST
from loligo.engine.llvm.driver import I64
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.polynomial import horner, tangent, widened
from loligo.engine.switches import (
    ALL_AT_ONCE,
    BLURRED,
    CLOCK,
    COUNTS,
    LEAST,
    LOOSE,
    ROUNDED,
    SHARE,
    SHORTEST_WALK,
    SWITCHED,
    WALK,
    most_changes,
    rows,
)
from loligo.program import Program
from loligo.program.program import coefficient
from loligo.program.switches import gap, side, size

Value = Any  # an ir.Value; llvmlite has no types


@dataclass(frozen=True)
class Gap:
    """A condition's gap in a step of a block of lanes.

    Attributes
    ----------
    curve
        Its polynomial.
    size
        Of what it is a difference of.
    """

    curve: list[Value]
    size: Value


@dataclass(frozen=True)
class Landing:
    """Where the switches end a step.

    Attributes
    ----------
    length
        Of the step.
    shortened
        The lanes whose steps end before they would have.
    sides
        What they become after the step.
    landed
        The lanes that come to a switch.
    """

    length: Value
    shortened: Value
    sides: list[Value]
    landed: Value


class Switches:
    """Emits what the switches ask of the steps of a block of lanes; where it keeps their sides.

    Attributes
    ----------
    rows
        The slots, by their rows of a journey's clock.
    """

    def __init__(self, e: Emitter, program: Program) -> None:
        self.e, self.count = e, len(program.conditions)
        self.orders = program.scheme.orders
        slots = [e.builder.alloca(e.double) for _ in range(rows(program))]
        self.rows: dict[int, Value] = dict(enumerate(slots, CLOCK))
        self.sides = slots[: self.count]
        if self.count:
            self.changes, self.short = slots[self.count :]
            self.walk = _Walk(e)

    def held(self) -> dict[str, Value]:
        """The sides, as a block reads them."""
        return {side(k): value for k, value in enumerate(self._held())}

    def _held(self) -> list[Value]:
        return [self.e.builder.load(slot, typ=self.e.double) for slot in self.sides]

    def there(self) -> Value:
        """The lanes that are at a switch."""
        e, b = self.e, self.e.builder
        some = ir.Constant(e.mask, None)
        for held in self._held():
            some = b.or_(some, b.fcmp_ordered(">", self._abs(held), e.const(1.5)))
        return some

    def gaps(self, name: str, results: Mapping[str, Value]) -> list[Gap]:
        """Of the series that a block has yielded."""
        orders = range(self.orders[name] + 1)
        found: list[Gap] = []
        for k in range(self.count):
            curve = [results[coefficient(gap(k), n)] for n in orders]
            found.append(Gap(widened(self.e, curve), results[size(k)]))
        return found

    # ---- before a step ----------------------------------------------------------------------

    def settled(self, gaps: list[Gap], reach: Value, active: Value) -> Value:
        """The ``active`` lanes whose sides are right; the others take the right one, and wait.

        Parameters
        ----------
        reach
            How far the series may be followed.
        """
        e, b = self.e, self.e.builder
        none, changes = e.const(0.0), b.load(self.changes, typ=e.double)
        some = b.and_(active, e.less(none, reach))
        wrong_somewhere = ir.Constant(e.mask, None)
        for k, (each, slot) in enumerate(zip(gaps, self.sides, strict=True)):
            held = b.load(slot, typ=e.double)
            wanted, zero = self._asked(Switches._wanted, each, held, reach)
            wrong = b.and_(some, b.fcmp_ordered("!=", wanted, self._sign(held)))
            now = self._turn(changes, k)
            kept = b.select(b.and_(wrong, b.not_(now)), self._sign(held), wanted)
            right = b.select(zero, b.fmul(e.const(2.0), kept), kept)
            b.store(b.select(some, right, held), slot)
            wrong_somewhere = b.or_(wrong_somewhere, wrong)
        after = b.fadd(changes, b.select(wrong_somewhere, e.const(1.0), none))
        b.store(after, self.changes)
        return b.and_(active, b.not_(wrong_somewhere))

    def _asked(
        self, question: Callable[..., tuple[Value, Value]], each: Gap, *more: Value
    ) -> tuple[Value, Value]:
        """What there is to say of a gap: two values, by a function of its own where code is to be
        small and there are several gaps."""
        e, b = self.e, self.e.builder
        if not e.brief or self.count == 1:
            return question(self, each, *more)
        values = [*each.curve, each.size, *more]
        name = f"loligo{question.__name__}_{len(each.curve)}"
        function = e.module.globals.get(name)
        if function is None:
            gives = ir.LiteralStructType([e.double, e.mask])
            function = e.called(name, gives, [value.type for value in values])
            inside, orders = copy(self), len(each.curve)
            inside.e = e.beginning(function)
            inside.walk = _Walk(inside.e)
            *curve, size_there = function.args[: orders + 1]
            found = question(inside, Gap(curve, size_there), *function.args[orders + 1 :])
            own = inside.e.builder
            pair = ir.Constant(gives, ir.Undefined)
            for k, value in enumerate(found):
                pair = own.insert_value(pair, value, k)
            own.ret(pair)
        pair = b.call(function, values)
        return b.extract_value(pair, 0), b.extract_value(pair, 1)

    def _turn(self, changes: Value, condition: int) -> Value:
        """Whether it is a condition's turn to change its side: at first that of all."""
        e, b = self.e, self.e.builder
        count = e.const(float(self.count))
        rest = b.fsub(changes, b.fmul(count, e.intrinsic("floor", b.fdiv(changes, count))))
        mine = b.fcmp_ordered("==", rest, e.const(float(condition)))
        return b.or_(mine, e.less(changes, e.const(float(ALL_AT_ONCE))))

    def _wanted(self, each: Gap, held: Value, reach: Value) -> tuple[Value, Value]:
        """The side on which a gap is from now on, and whether it is 0 now."""
        e, b, none = self.e, self.e.builder, self.e.const(0.0)
        first, sign = each.curve[0], self._sign(held)
        terms, moves = self._terms(each, reach)
        blur = self._blur(each, moves)
        near = b.fcmp_ordered("<=", self._abs(first), blur)
        astray = e.less(b.fmul(sign, first), none)
        at = b.fcmp_ordered(">", self._abs(held), e.const(1.5))
        little = e.less(self._abs(first), b.fmul(e.const(LOOSE), moves))
        zero = b.or_(near, b.and_(at, b.and_(astray, little)))
        counts = e.larger(b.fmul(e.const(COUNTS), blur), b.fmul(e.const(SHARE), moves))
        # where none counts, it stands still where it is: on the side that is written first
        leads = b.select(b.fcmp_ordered("==", sign, none), e.const(-1.0), sign)
        for k in range(len(terms), 0, -1):
            term = terms[-1] if k == len(terms) else self._soon(each.curve, k, reach)
            leads = b.select(e.less(counts, self._abs(term)), self._sign(term), leads)
        wanted = b.select(zero, leads, self._sign(first))
        extent = b.fadd(self._abs(first), moves)
        wanted = b.select(b.fcmp_ordered("==", extent, none), none, wanted)
        # of what is no number there is nothing to say
        known = e.less(extent, e.const(math.inf))
        return b.select(known, wanted, sign), b.and_(known, zero)

    def _terms(self, each: Gap, reach: Value) -> tuple[list[Value], Value]:
        """What each derivative moves a gap by, from the first, and all of them together."""
        e, b = self.e, self.e.builder
        power, total, terms = reach, e.const(0.0), list[Value]()
        for value in each.curve[1:]:
            terms.append(b.fmul(value, power))
            total = b.fadd(total, self._abs(terms[-1]))
            power = b.fmul(power, reach)
        return terms, total

    def _soon(self, curve: list[Value], k: int, reach: Value) -> Value:
        """What a derivative moves a gap by, until the next has its say."""
        e, b = self.e, self.e.builder
        following = b.fmul(e.const(k + 1.0), self._abs(curve[k + 1]))
        time = b.fdiv(self._abs(curve[k]), e.larger(e.const(LEAST), following))
        time, moved = e.lesser(reach, time), curve[k]
        for _ in range(k):
            moved = b.fmul(moved, time)
        return moved

    def _blur(self, each: Gap, moves: Value) -> Value:
        """What of a gap is rounding."""
        e = self.e
        moved = e.fma(e.const(BLURRED), moves, e.const(LEAST))
        return e.fma(e.const(ROUNDED), each.size, moved)

    def _abs(self, value: Value) -> Value:
        return self.e.intrinsic("fabs", value)

    def _sign(self, value: Value) -> Value:
        e, b, none = self.e, self.e.builder, self.e.const(0.0)
        below = b.select(e.less(value, none), e.const(-1.0), none)
        return b.select(e.less(none, value), e.const(1.0), below)

    # ---- a step -----------------------------------------------------------------------------

    def landing(self, gaps: list[Gap], moving: Value, whole: Value) -> Landing:
        """How far the ``moving`` lanes go, of the ``whole`` of their steps."""
        e, b = self.e, self.e.builder
        held = self._held()
        length, ends = whole, list[tuple[Value, Value]]()
        for each, now in zip(gaps, held, strict=True):
            when, found = self._asked(Switches._first, each, now, moving, whole)
            ends.append((when, found))
            length = e.lesser(length, when)
        landed_somewhere = ir.Constant(e.mask, None)
        sides = list[Value]()
        for now, (when, found) in zip(held, ends, strict=True):
            landed = b.and_(found, b.fcmp_ordered("<=", when, length))
            sign = self._sign(now)
            sides.append(b.select(landed, b.fmul(e.const(-2.0), sign), sign))
            landed_somewhere = b.or_(landed_somewhere, landed)
        return Landing(length, e.less(length, whole), sides, landed_somewhere)

    def _first(self, each: Gap, held: Value, moving: Value, whole: Value) -> tuple[Value, Value]:
        """When a gap first changes its sign, the end of the step where it does not; and whether
        it does."""
        e, b, none = self.e, self.e.builder, self.e.const(0.0)
        sign = self._sign(held)
        _, moves = self._terms(each, whole)
        blur = self._blur(each, moves)
        curve = [b.fmul(sign, value) for value in each.curve]
        at = b.fcmp_ordered(">", self._abs(held), e.const(1.5))
        divided = [*curve[1:], none]
        watched = [b.select(at, d, c) for d, c in zip(divided, curve, strict=True)]
        blur = b.select(at, b.fdiv(blur, whole), blur)
        # what is a little below 0 as it begins is so by what did not count
        sunk = b.select(at, b.fneg(e.lesser(none, watched[0])), none)
        watched[0] = b.fadd(b.fadd(watched[0], sunk), blur)
        far = b.select(at, b.fdiv(moves, whole), moves)
        may = b.fcmp_unordered("<=", watched[0], far)
        walks = b.and_(b.and_(moving, e.less(none, whole)), may)
        return self.walk.first(watched, whole, b.fmul(e.const(0.5), blur), walks)

    def take(self, landing: Landing, moving: Value) -> None:
        """What the lanes keep once they have moved."""
        e, b = self.e, self.e.builder
        for value, slot in zip(landing.sides, self.sides, strict=True):
            b.store(b.select(moving, value, b.load(slot, typ=e.double)), slot)
        none, count = e.const(0.0), b.load(self.short, typ=e.double)
        short = e.less(landing.length, e.const(SHORTEST))
        more = b.fadd(count, b.select(landing.landed, e.const(1.0), none))
        count = b.select(moving, b.select(short, more, none), count)
        b.store(count, self.short)
        b.store(b.select(moving, none, b.load(self.changes, typ=e.double)), self.changes)

    def stuck(self) -> tuple[Value, Value]:
        """The lanes that slide along a switch, and those whose switches come ever faster."""
        e, b = self.e, self.e.builder
        most = e.const(float(most_changes(self.count)))
        slides = e.less(most, b.load(self.changes, typ=e.double))
        often = b.load(self.short, typ=e.double)
        return slides, b.fcmp_ordered(">=", often, e.const(float(SWITCHED)))


class _Walk:
    """From 0 to where a polynomial that is above 0 there comes down to it, never beyond.

    A lane that has arrived stands still, whatever its neighbours do.
    """

    def __init__(self, e: Emitter) -> None:
        self.e = e
        self.time = e.builder.alloca(e.double)
        self.walking, self.found = e.builder.alloca(e.mask), e.builder.alloca(e.mask)
        self.tries = e.builder.alloca(I64)

    def first(
        self, curve: list[Value], end: Value, enough: Value, walks: Value
    ) -> tuple[Value, Value]:
        """When it is down to ``enough``, and whether it comes so far before the ``end``; of the
        lanes that walk. Where a walk is too long for that, how far it came."""
        e, b = self.e, self.e.builder
        b.store(b.select(walks, e.const(0.0), end), self.time)
        b.store(walks, self.walking)
        b.store(ir.Constant(e.mask, None), self.found)
        with b.if_then(e.any(walks), likely=False):
            bend = self._bend(curve, end)
            b.store(I64(0), self.tries)
            head, body, done = (b.append_basic_block(n) for n in ("walk", "further", "walked"))
            b.branch(head)
            b.position_at_end(head)
            tries = b.load(self.tries, typ=I64)
            going = e.any(b.load(self.walking, typ=e.mask))
            b.cbranch(b.and_(going, b.icmp_signed("<", tries, I64(WALK))), body, done)
            b.position_at_end(body)
            b.store(b.add(tries, I64(1)), self.tries)
            self._further(curve, bend, end, enough)
            b.branch(head)
            b.position_at_end(done)
        return b.load(self.time, typ=e.double), b.load(self.found, typ=e.mask)

    def _bend(self, curve: list[Value], end: Value) -> Value:
        """The most that the slope may change, per time, up to the end."""
        e, b = self.e, self.e.builder
        sizes = [
            b.fmul(e.const(float(k * (k - 1))), e.intrinsic("fabs", value))
            for k, value in enumerate(curve)
        ]
        return b.fadd(horner(e, sizes[2:], end), e.const(LEAST))

    def _further(self, curve: list[Value], bend: Value, end: Value, enough: Value) -> None:
        """On to where a parabola that bends down as much as may be would be 0."""
        e, b = self.e, self.e.builder
        time, walking = b.load(self.time, typ=e.double), b.load(self.walking, typ=e.mask)
        value, slope = tangent(e, curve, time)
        down = b.and_(walking, b.fcmp_ordered("<=", value, enough))
        b.store(b.or_(b.load(self.found, typ=e.mask), down), self.found)
        bent = b.fmul(b.fmul(e.const(2.0), bend), e.larger(e.const(0.0), value))
        root = e.intrinsic("sqrt", e.fma(slope, slope, bent))
        # (slope + root)/bend, without cancelling
        falls = e.less(slope, e.const(0.0))
        above = b.select(falls, b.fmul(e.const(2.0), value), b.fadd(slope, root))
        below = b.select(falls, b.fsub(root, slope), bend)
        least = b.fmul(e.const(SHORTEST_WALK), end)
        after = b.fadd(time, e.larger(least, b.fdiv(above, below)))
        going = b.and_(walking, b.not_(down))
        beyond = b.fcmp_unordered(">=", after, end)
        after = b.select(beyond, end, after)
        b.store(b.select(going, after, time), self.time)
        b.store(b.and_(going, b.not_(beyond)), self.walking)
