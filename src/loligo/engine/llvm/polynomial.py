"""Polynomials of a step, lane by lane: their values, their slopes, and where they rise through a
number."""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from loligo.engine.kernel import PRECISION
from loligo.engine.llvm.driver import I64, any_lane
from loligo.engine.llvm.functions import Emitter

Value = Any  # an ir.Value; llvmlite has no types

_NEWTON = 8  # times: by then a root is found, or the curve only touches; then by halves


def horner(e: Emitter, coefficients: Sequence[Value], s: Value) -> Value:
    """c_0 + c_1 s + c_2 s^2 + …"""
    total = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = e.fma(total, s, coefficient)
    return total


def tangent(e: Emitter, coefficients: Sequence[Value], s: Value) -> tuple[Value, Value]:
    """The polynomial and its slope."""
    total, slope = coefficients[-1], e.const(0.0)
    for coefficient in reversed(coefficients[:-1]):
        slope = e.fma(slope, s, total)
        total = e.fma(total, s, coefficient)
    return total, slope


def sizes(e: Emitter, coefficients: Sequence[Value], s: Value) -> Value:
    """|c_1| s + |c_2| s^2 + …, of coefficients from c_1: what it moves is no more."""
    return e.builder.fmul(horner(e, [e.intrinsic("fabs", c) for c in coefficients], s), s)


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
        b.cbranch(any_lane(e, b.load(self.searching, typ=e.mask)), body, done)
        b.position_at_end(body)
        self._nearer(curve, high, threshold)
        b.branch(head)
        b.position_at_end(done)
        return b.load(self.root, typ=e.double)

    def _nearer(self, curve: Sequence[Value], step: Value, threshold: Value) -> None:
        e, b = self.e, self.e.builder
        x = b.load(self.root, typ=e.double)
        value, slope = tangent(e, curve, x)
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
