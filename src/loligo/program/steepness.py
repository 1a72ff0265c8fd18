"""How steep the rates are: the mV over which the steepest exponential of V grows e-fold.

Along a step in which z moves by d the terms of the series of exp(z) are d^n/n!: they grow before
they fall, and a far sigmoid, whose terms are all small, tells nothing of its rise. With d below
the order P of the series the terms beyond the last are together of the last one's size at most
(they fall by d/(P + 2) at least), so that a step chosen by the last terms holds.
"""

from __future__ import annotations

from loligo.program.arithmetic import Block
from loligo.program.series import Series, affine_steps

# operation -> by how many e-folds its result may change where its argument changes by one
_FOLDS = {"exp": 1.0, "expm1": 1.0, "exprel": 1.0, "exprel2": 1.0, "bernoulli": 1.0, "tanh": 2.0}


def fold(series: Series) -> int | None:
    """mV; None if no exponential is of V alone. ``series`` is expanded to first order."""
    b, block = series.b, series.f
    steepest: int | None = None
    for a in block.assignments:
        if a.op in _FOLDS and of_voltage(block, series.varies, a.args[0]):
            scale = series.root(a.args[0])[1]
            scale = b.const(1.0) if scale is None else scale
            slope = b.mul(b.const(_FOLDS[a.op]), b.apply("abs", scale))
            steepest = slope if steepest is None else b.apply("max", slope, steepest)
    return None if steepest is None else b.div(b.const(1.0), steepest)


def of_voltage(block: Block, varies: list[bool], index: int) -> bool:
    """Whether an assignment is affine in V, and moves."""
    for _, moving in affine_steps(block, varies, index):
        index = moving
    return block.assignments[index].name == "V"
