"""What makes fixed steps quick: powers of two, the decay of gates, code for the usual case alone.

A fixed step is short, so that its exponentials have arguments near 0 or, of a voltage, far from
where they overflow. Code that takes this for granted is quicker; where a lane's numbers
are others, its block is computed by code for all cases. Both give a lane the same bits.
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from llvmlite import ir

from loligo.engine.llvm.functions import Emitter, unless_above

Value = Any  # an ir.Value; llvmlite has no types
_NEAR = 0.25  # a gate's decay is near where it is this far, at most, from minus this


@dataclass
class Guess:
    """What code for the usual case takes for granted: each of these numbers below its limit.

    Attributes
    ----------
    otherwise
        Where to go if it is not so; None if the code serves all cases, and only asks.
    conditions
        (number, limit), in every lane.
    """

    otherwise: Any
    conditions: list[tuple[Value, float]] = field(default_factory=list[tuple[Value, float]])

    def wrong(self, e: Emitter) -> Value:
        """Whether what was guessed is wrong in any lane."""
        grouped: dict[float, list[Value]] = {}
        for x, limit in self.conditions:
            grouped.setdefault(limit, []).append(x)
        found = (e.any_above(reduce(e.larger, xs), limit) for limit, xs in grouped.items())
        return reduce(e.builder.or_, found, ir.IntType(1)(0))

    def leave_if_wrong(self, e: Emitter) -> None:
        """Go elsewhere if what was guessed so far is wrong in any lane."""
        if self.conditions:
            on = e.builder.append_basic_block("usual")
            branch = e.builder.cbranch(self.wrong(e), self.otherwise, on)
            branch.set_weights([1, 99])
            e.builder.position_at_end(on)
            self.conditions.clear()


def _split2(e: Emitter, x: Value) -> tuple[Value, Value, Value]:
    """x = k + r, both exact: (r, (2**r - 1)/r, 2**k).

    For k from -bias, where 2**k becomes 0, to bias + 1, where it becomes infinite.
    """
    b, form = e.builder, e.form
    # k + bias in the low bits: the exponent of 2**k, already where a shift puts it in its field
    shift = e.const(form.shift + form.bias)
    shifted = b.fadd(x, shift)
    r = b.fsub(x, b.fsub(shifted, shift))
    scale = b.bitcast(b.shl(b.bitcast(shifted, e.int), e.whole(form.mantissa)), e.real)
    return r, e.polynomial(form.exp2, r), scale


def exp2(e: Emitter, x: Value) -> Value:
    """2**x, with the limits of `exp`."""
    return _exp2_within(e, e.at_least(-e.form.bias, e.at_most(e.form.bias + 1.0, x)))


def _exp2_within(e: Emitter, x: Value) -> Value:
    r, slope, scale = _split2(e, x)
    return e.builder.fmul(e.fma(r, slope, e.const(1.0)), scale)


def bernoulli2(e: Emitter, x: Value) -> Value:
    """x/(2**x - 1) without a comparison: what is beyond the range of 2**x is moved to its end."""
    x = _apart(e, e.at_most(e.form.bias, x))
    return _quotient(e, x, e.at_least(-e.form.bias, x))


def _bernoulli2_within(e: Emitter, x: Value) -> Value:
    x = _apart(e, x)
    return _quotient(e, x, x)


def _apart(e: Emitter, x: Value) -> Value:
    """``tiny`` for what is nearer to 0, with its sign: the quotient is the same."""
    return e.intrinsic("copysign", e.at_least(e.form.tiny, e.intrinsic("fabs", x)), x)


def _quotient(e: Emitter, x: Value, exponent: Value) -> Value:
    b = e.builder
    r, slope, scale = _split2(e, exponent)
    return b.fdiv(x, e.fma(b.fmul(r, slope), scale, b.fsub(scale, e.const(1.0))))


def decays(e: Emitter, arguments: Sequence[Value], guess: Guess | None = None) -> list[Value]:
    """(exp(z) - 1)/z of several z at once, with one branch for all of them: a short polynomial
    where a gate's fixed step has its arguments, the quotient itself beyond."""
    b, limit = e.builder, e.const(_NEAR)
    distances = [e.intrinsic("fabs", b.fadd(z, limit)) for z in arguments]
    farthest = reduce(e.larger, distances)  # NaN may be lost: it is NaN on either way
    if guess is not None:
        guess.conditions.append((farthest, _NEAR))
        if guess.otherwise is not None:
            guess.leave_if_wrong(e)
            return [e.polynomial(e.form.decay, z) for z in arguments]
    direct = [e.polynomial(e.form.decay, z) for z in arguments]

    def exact() -> list[Value]:
        near = [b.fcmp_ordered("<=", distance, limit) for distance in distances]
        beyond = [b.fdiv(e.call("expm1", z), z) for z in arguments]
        return [b.select(*each) for each in zip(near, direct, beyond, strict=True)]

    return unless_above(e, farthest, _NEAR, direct, exact)


QUICK: dict[str, Callable[[Emitter, Value], Value]] = {
    "decay": lambda e, z: decays(e, [z])[0],
    "exp2": exp2,
    "bernoulli2": bernoulli2,
}
# of arguments that are known to be in the range of exponents
WITHIN: dict[str, Callable[[Emitter, Value], Value]] = {
    "exp2": _exp2_within,
    "bernoulli2": _bernoulli2_within,
}
