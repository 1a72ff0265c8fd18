"""Spikes of an adaptive step: where V's polynomial rises through the threshold."""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from loligo.engine.kernel import PRECISION, RE_ARM, SPIKE_PARTS
from loligo.engine.llvm.driver import I64, append_spikes
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.polynomial import horner, tangent, widened
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
    reach
        How far V moves at most.
    """

    t: Value
    length: Value
    moving: Value
    curve: Sequence[Value]
    reach: Value


def look_for_spikes(
    e: Emitter, rise: Rise, arguments: dict[str, Value], lane: Value, armed_slot: Value, step: Step
) -> None:
    """Put the rises through the threshold into the buffer; looked for where there can be one.

    ``armed_slot`` holds, and keeps, whether a spike can be seen.
    """
    b = e.builder
    v0 = step.curve[0]
    threshold = e.spread(arguments["threshold"])
    re_arm = b.fsub(threshold, e.const(RE_ARM))
    armed = b.load(armed_slot, typ=e.mask)
    # false for NaN, so that what cannot be told is looked at
    below = e.less(b.fadd(v0, step.reach), threshold)
    above = e.less(re_arm, b.fsub(v0, step.reach))
    may_turn = b.and_(step.moving, b.not_(b.select(armed, below, above)))
    with b.if_then(e.any(may_turn), likely=False):
        low, before = e.const(0.0), v0
        for part in range(1, SPIKE_PARTS + 1):
            high = b.fmul(step.length, e.const(part / SPIKE_PARTS))
            v = horner(e, step.curve, high)
            above = b.fcmp_ordered(">=", v, threshold)
            armed = b.load(armed_slot, typ=e.mask)
            crossed = b.and_(step.moving, b.and_(above, armed))
            with b.if_then(e.any(crossed), likely=False):
                missing = b.fsub(before, threshold), b.fsub(v, threshold)
                root = rise.find(step.curve, (low, high), missing, threshold, crossed)
                append_spikes(e, arguments, lane, crossed, b.fadd(step.t, root))
            after = b.or_(e.less(v, re_arm), b.and_(armed, b.not_(above)))
            b.store(b.select(step.moving, after, armed), armed_slot)
            low, before = high, v


def note_jump(
    e: Emitter, arguments: dict[str, Value], lane: Value, armed_slot: Value, jumping: Value,
    when: Value, v: Value,
) -> None:  # fmt: skip
    """Put the rises of V through the threshold by a jump at some time into the buffer."""
    b = e.builder
    threshold = e.spread(arguments["threshold"])
    armed = b.load(armed_slot, typ=e.mask)
    above = b.fcmp_ordered(">=", v, threshold)
    crossed = b.and_(jumping, b.and_(above, armed))
    with b.if_then(e.any(crossed), likely=False):
        append_spikes(e, arguments, lane, crossed, when)
    low = e.less(v, b.fsub(threshold, e.const(RE_ARM)))
    after = b.or_(low, b.and_(armed, b.not_(above)))
    b.store(b.select(jumping, after, armed), armed_slot)


def most_spikes(program: Program) -> int:
    """Of one lane in one round: one in each part of a step, one in a jump at its end."""
    return SPIKE_PARTS + ("edge" in program.blocks)


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
