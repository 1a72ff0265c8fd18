"""Polynomials of a step, lane by lane: their values, their slopes, and how far they may move."""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from loligo.engine.llvm.formats import SINGLE
from loligo.engine.llvm.functions import Emitter

Value = Any  # an ir.Value; llvmlite has no types


def horner(e: Emitter, coefficients: Sequence[Value], s: Value) -> Value:
    """c_0 + c_1 s + c_2 s^2 + …, the last of them in float32 if they are."""
    *lower, total = coefficients
    single = e.narrow()
    if total.type == single.real and e.form is not SINGLE:
        narrow = e.builder.fptrunc(s, single.real)
        while lower and lower[-1].type == single.real:
            total = single.fma(total, narrow, lower.pop())
        total = e.builder.fpext(total, e.real)
    for coefficient in reversed(lower):
        total = e.fma(total, s, coefficient)
    return total


def widened(e: Emitter, coefficients: Sequence[Value]) -> list[Value]:
    """All of them in float64."""
    return [c if c.type == e.real else e.builder.fpext(c, e.real) for c in coefficients]


def tangent(e: Emitter, coefficients: Sequence[Value], s: Value) -> tuple[Value, Value]:
    """The polynomial and its slope."""
    total, slope = coefficients[-1], e.const(0.0)
    for coefficient in reversed(coefficients[:-1]):
        slope = e.fma(slope, s, total)
        total = e.fma(total, s, coefficient)
    return total, slope


def slope(e: Emitter, coefficients: Sequence[Value], s: Value) -> Value:
    """The polynomial's slope; its values on the way are those of :func:`horner`."""
    *lower, total = coefficients
    steep = None
    single = e.narrow()
    if total.type == single.real and e.form is not SINGLE:
        narrow = e.builder.fptrunc(s, single.real)
        while lower and lower[-1].type == single.real:
            steep = total if steep is None else single.fma(steep, narrow, total)
            total = single.fma(total, narrow, lower.pop())
        total = e.builder.fpext(total, e.real)
        steep = None if steep is None else e.builder.fpext(steep, e.real)
    for coefficient in reversed(lower):
        steep = total if steep is None else e.fma(steep, s, total)
        total = e.fma(total, s, coefficient)
    return e.const(0.0) if steep is None else steep


def bend(e: Emitter, coefficients: Sequence[Value], s: Value) -> tuple[Value, Value, Value]:
    """The polynomial, its slope and the slope's slope."""
    total, slope, half = coefficients[-1], e.const(0.0), e.const(0.0)
    for coefficient in reversed(coefficients[:-1]):
        half = e.fma(half, s, slope)
        slope = e.fma(slope, s, total)
        total = e.fma(total, s, coefficient)
    return total, slope, e.builder.fmul(e.const(2.0), half)


def sizes(e: Emitter, coefficients: Sequence[Value], s: Value) -> Value:
    """|c_1| s + |c_2| s^2 + …, of coefficients from c_1: what it moves is no more."""
    return e.builder.fmul(horner(e, [_size(e, c) for c in coefficients], s), s)


def _size(e: Emitter, c: Value) -> Value:
    return (e if c.type == e.real else e.narrow()).intrinsic("fabs", c)
