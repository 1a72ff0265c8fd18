"""The power series of derivatives of states, beside that of the states: ds/dt = J s + b.

J and b are series in time that the states' own expansion yields (``variation``); what they drive
is the same for everything that all is differentiated by, so it is written once. The states'
series has far more digits than a derivative is asked for, and their step is chosen for it: a
derivative's series ends some orders before, and more of its coefficients are float32.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from loligo.program.arithmetic import Block
from loligo.program.program import coefficient
from loligo.program.scheme import push_on, slope_in, tangent_of
from loligo.program.series.control import logs_of, step_of
from loligo.program.series.digits import TwoKinds, wide_orders

LOOSER = 128.0  # the tolerance of derivatives, beside that of states
_FEWER = 2  # orders: each is e^2 times smaller than the one before, so that they are worth e^4
_ROUNDER = 32.0  # the tolerance by which the digits of their coefficients are chosen, likewise
_LEAST = 4
_NONE = 1e-30  # the size of a derivative where nothing depends on it yet; float32 holds it
_BEGINS = 0.01  # ms
_SMALLEST = 2.0**-40  # of a derivative beside the largest, of which digits are asked


def follow_orders(order: int, wide: int) -> tuple[int, int]:
    """Of a series of that order with so many float64 coefficients, the order of the derivatives'
    series beside it, and how many of its coefficients are float64.

    >>> follow_orders(15, 9), follow_orders(11, 12)
    ((13, 7), (9, 10))
    """
    fewer = max(_LEAST, order - _FEWER)
    if wide > order:
        return fewer, fewer + 1
    least = math.exp(2.0 - 2.0 * order)  # the tolerance of that order
    return fewer, min(wide, wide_orders(min(_ROUNDER * least, 0.1), fewer))


def follow_block(
    leaders: tuple[str, ...], given: frozenset[str], scales: Mapping[str, float], order: int,
    wide: int,
) -> Block:  # fmt: skip
    """The coefficients of the derivatives by one thing, ``~V[0]`` …, and ``.step``.

    Parameters
    ----------
    given
        The coefficients of slopes and pushes that are not 0.
    scales
        State -> what its errors are relative to; 1 where there is none.
    """
    b = TwoKinds()
    found = {leader: [b.input(tangent_of(leader))] for leader in leaders}
    for k in range(order):
        b.narrow = k + 1 >= wide
        rates = [_rate(b, given, found, leader, k) for leader in leaders]
        for leader, rate in zip(leaders, rates, strict=True):
            found[leader].append(b.mul(rate, b.const(1.0 / (k + 1))))
    size, weights = _sizes(b, found, scales)
    logs = logs_of(b, found, weights, order, size)
    outputs = {
        coefficient(tangent_of(s), k): i for s, each in found.items() for k, i in enumerate(each)
    }
    return b.block({**outputs, ".step": step_of(b, logs, order)})


def _rate(
    b: TwoKinds, given: frozenset[str], found: Mapping[str, list[int]], leader: str, k: int
) -> int:
    """Its coefficient of order k, of products with what is known longest first."""
    push = coefficient(push_on(tangent_of(leader)), k)
    total = b.input(push) if push in given else None
    pairs = [
        (b.input(slope), column[k - j])
        for other, column in found.items()
        for j in range(k + 1)
        if (slope := coefficient(slope_in(leader, other), j)) in given
    ]
    for x, y in sorted(pairs, key=lambda pair: pair[1]):
        total = b.mul(x, y) if total is None else b.apply("fma", x, y, total)
    return b.const(0.0) if total is None else total


def _sizes(
    b: TwoKinds, found: Mapping[str, list[int]], scales: Mapping[str, float]
) -> tuple[int, dict[str, int]]:
    """Of derivatives by one thing the bound of the largest now, or as it grows from 0; and by what
    the others' errors are multiplied, as each is bounded beside its own state's."""
    sizes: dict[str, int] = {}
    for state, column in found.items():
        grown = b.mul(b.apply("abs", column[1]), b.const(_BEGINS))
        own = b.apply("max", b.apply("abs", column[0]), grown)
        sizes[state] = b.mul(own, b.const(1.0 / scales.get(state, 1.0)))
    size = b.extreme("max", [b.const(_NONE), *sizes.values()])
    least = b.mul(size, b.const(_SMALLEST))
    weights = {
        state: b.mul(b.div(size, b.apply("max", own, least)), b.const(1.0 / scales.get(state, 1.0)))
        for state, own in sizes.items()
    }
    return b.mul(b.const(LOOSER), size), weights
