"""Quotients that are 0/0 at one V: quick away from it, and how far away that is.

A rate such as z/(exp(z) - 1) is smooth at z = 0, but the recurrence of the quotient divides by
exp(z) - 1 and loses digits there: coefficient k is off by some (dV/d)^k ulp, dV what V moves in
the step and d its distance from the zero. Composing the rate's derivatives with V's series is
exact everywhere and costs several times as much. So the quotient's recurrence is used as long
as V stays within ``room`` of where the step began, and steps are made to end where there is room
for the next.
"""

from __future__ import annotations

import math

from loligo.program.arithmetic import Block, Builder, varying
from loligo.program.series.affine import of_voltage
from loligo.program.series.expansion import Series

_ULPS = 3 * 2.0**-53  # rounding of the first coefficient
_PART = 0.04  # of the tolerance, which the loss of digits may take
_FACTOR = _PART / _ULPS
_LEAST = 1.25  # below it, steps hardly find a place to end


def worthwhile(order: int) -> bool:
    """Whether there are such steps, of the least tolerance that has this order, e^(2 - 2 order)."""
    return (_FACTOR * math.exp(2.0 - 2.0 * order)) ** (1.0 / order) >= _LEAST


def reach(b: Builder, order: int) -> int:
    """By how many times its distance from the zero V may move in a step."""
    return b.apply("pow", b.mul(b.const(_FACTOR), b.input(".tolerance")), b.const(1.0 / order))


def _exprel(b: Builder, z: int) -> int:
    return b.apply("ratio", b.apply("less_one", b.apply("exp", z), z), z)


def _bernoulli(b: Builder, z: int) -> int:
    return b.apply("ratio", z, b.apply("less_one", b.apply("exp", z), z))


def _exprel2(b: Builder, z: int) -> int:
    return b.apply("ratio", b.sub(_exprel(b, z), b.const(1.0)), z)


_WRITTEN_OUT = {"exprel": _exprel, "bernoulli": _bernoulli, "exprel2": _exprel2}


def expose(block: Block, states: tuple[str, ...]) -> Block:
    """The same results, with exprel(z) and its kin written out as the ratios that they are, where z
    is affine in V."""
    b = Builder()
    new: list[int] = []
    varies = varying(block, (*states, ".t"))
    for a in block.assignments:
        if a.op in _WRITTEN_OUT and of_voltage(block, varies, a.args[0]):
            new.append(_WRITTEN_OUT[a.op](b, new[a.args[0]]))
        else:
            new.append(b.copy(a, new))
    return b.block({name: new[index] for name, index in block.outputs})


def room(series: Series, order: int, voltage: int) -> int | None:
    """How far V may move (mV) in a step of that order; None if it may anywhere. ``series`` is one
    that begins at V = 0, so that the zeros are constants."""
    b = series.b
    distances: list[int] = []
    for ends in series.ratios:
        z = _argument(series, ends)
        scale = series.root(z)[1]
        zero = series.values[z][0]
        zero = b.apply("neg", zero if scale is None else b.div(zero, scale))
        distances.append(b.apply("abs", b.sub(voltage, zero)))
    if not distances:
        return None
    return b.mul(reach(b, order), b.extreme("min", distances))


def _argument(series: Series, ends: tuple[int, ...]) -> int:
    """The z of a quotient of z and exp(z) - 1, or of their inverse.

    One end is affine in V: z, or z with a factor. Where that is the share of a step in which V is
    free of a clamp, it is 0 at times; then z is taken from the exponential, where it stands alone.
    """
    (z,) = (i for i in ends if of_voltage(series.f, series.varies, i))
    if not varying(series.f, (".t", ".middle"))[z]:
        return z
    (power,) = (i for i in ends if i != z)
    return series.f.assignments[power].args[1]
