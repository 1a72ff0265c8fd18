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
from loligo.program.series import Series, affine_steps

_ULPS = 3 * 2.0**-53  # rounding of the first coefficient
_PART = 0.02  # of the tolerance, which the loss of digits may take
_LEAST = 1.25  # below it, steps hardly find a place to end


def reach(order: int) -> float:
    """By how many times its distance from the zero V may move in a step of that order, which is
    that of a tolerance of e^(2 - 2 order); 0 where there is no such step."""
    tolerance = math.exp(2.0 - 2.0 * order)
    times = (_PART * tolerance / _ULPS) ** (1.0 / order)
    return times if times >= _LEAST else 0.0


def expose(block: Block, states: tuple[str, ...]) -> Block:
    """The same results, with exp(z) written out beside every exprel(z) and bernoulli(z) whose z
    is affine in V."""
    b = Builder()
    new: list[int] = []
    varies = varying(block, (*states, ".t"))
    for a in block.assignments:
        if a.op in ("exprel", "bernoulli") and _of_voltage(block, varies, a.args[0]):
            z = new[a.args[0]]
            new.append(b.apply(f"{a.op}_by", z, b.apply("exp", z)))
        else:
            new.append(b.copy(a, new))
    return b.block({name: new[index] for name, index in block.outputs})


def _of_voltage(block: Block, varies: list[bool], index: int) -> bool:
    for _, moving in affine_steps(block, varies, index):
        index = moving
    return block.assignments[index].name == "V"


def room(series: Series, times: float, voltage: int) -> int | None:
    """How far V may move (mV): ``times`` the distance to the nearest zero; None if there is
    none. ``series`` is one that begins at V = 0, so that the zeros are constants."""
    b = series.b
    distances: list[int] = []
    for z in series.singular:
        _, scale = series.root(z)
        below = series.values[z][0]
        zero = b.apply("neg", below if scale is None else b.div(below, scale))
        distances.append(b.apply("abs", b.sub(voltage, zero)))
    if not distances:
        return None
    least = distances[0]
    for distance in distances[1:]:
        least = b.apply("min", least, distance)
    return b.mul(b.const(times), least)
