"""How steep the rates are, and how far the states may therefore move in one step.

Along a step in which z moves by d the terms of the series of exp(z) are d^n/n!: they grow before
they fall, and a far sigmoid, whose terms are all small, tells nothing of its rise. With d below
the order P of the series the terms beyond the last are together of the last one's size at most
(they fall by d/(P + 2) at least), so that a step chosen by the last terms holds.
"""

from __future__ import annotations

from loligo.program.arithmetic import Builder
from loligo.program.series.affine import of_voltage
from loligo.program.series.expansion import Series

# e-folds, for each order of the series, that an exponential may go through in a step
FOLDS = 0.75
# operation -> by how many e-folds its result may change where its argument changes by one
_FOLDS = {"exp": 1.0, "expm1": 1.0, "exprel": 1.0, "exprel2": 1.0, "bernoulli": 1.0, "tanh": 2.0}


def fold(series: Series) -> int | None:
    """The mV of V in which the steepest value grows e-fold, as far as it depends on V through
    exponentials of multiples of V; None if none does. ``series`` is of first order.

    The slopes of factors add up, as in a gate's power; of a sum or a quotient the larger counts.
    """
    b, block = series.b, series.f
    slopes: list[int | None] = []
    for a in block.assignments:
        below = [s for i in a.args if (s := slopes[i]) is not None]
        if a.op in _FOLDS and of_voltage(block, series.varies, a.args[0]):
            scale = series.root(a.args[0])[1]
            size = b.apply("abs", b.const(1.0) if scale is None else scale)
            slopes.append(b.mul(b.const(_FOLDS[a.op]), size))
        elif a.op == "mul" and len(below) == 2:
            slopes.append(b.add(*below))
        else:
            slopes.append(_largest(b, below))
    steepest = _largest(b, [s for s in slopes if s is not None])
    return None if steepest is None else b.div(b.const(1.0), steepest)


def _largest(b: Builder, values: list[int]) -> int | None:
    return b.extreme("max", values) if values else None


def movers(series: Series) -> list[list[int]]:
    """The coefficients, from the first on, of every argument of an exponential that is not a
    multiple of V: how far it moves is told by its own series."""
    found: dict[int, list[int]] = {}
    for a in series.f.assignments:
        z = a.args[0] if a.op in _FOLDS else -1
        if z >= 0 and series.varies[z] and not of_voltage(series.f, series.varies, z):
            found[z] = series.values[z][1:]
    return list(found.values())
