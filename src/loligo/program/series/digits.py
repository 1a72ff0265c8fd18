"""Digits where they count: coefficients of high order in float32, twice as many lanes at a time.

The term of order k of a step's series is smaller than its state's scale by about
tolerance^(k/P), P the order of the series. So much less exactly must it be known: from a certain
order on, the 24 bits of a float32 are more than the tolerance asks for, and nine tenths of the
work of a step is in those orders.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from loligo.program import exact
from loligo.program.arithmetic import FREE, MASKS, Assignment, Builder, narrow_result

_ROUNDING = 2.0**-24  # of a float32, relative
_PART = 0.02  # of the tolerance, which the rounding may take
_SMALL = 1e-3  # the scale of a state of which float32 still holds eighth powers and their series


def wide_orders(tolerance: float, order: int, scales: Iterable[float] = ()) -> int:
    """How many coefficients of each state are float64: those of the orders below; all, if states
    of such scales do not fit."""
    if not fits(scales):
        return order + 1
    room = exact.log(_PART * tolerance / _ROUNDING) / exact.log(tolerance)
    return min(order + 1, max(2, math.ceil(order * room)))


def fits(scales: Iterable[float]) -> bool:
    """Whether powers of such states, and the coefficients of their series, are in the range of
    float32. (A number too large becomes infinite, and is noticed; one too small is 0.)"""
    return all(_SMALL <= scale <= 1 / _SMALL for scale in scales)


class TwoKinds(Builder):
    """Writes assignments in float32 while ``narrow`` is set, in float64 otherwise; values of the
    other kind are converted, each once.

    >>> b = TwoKinds()
    >>> x = b.input("x")
    >>> b.narrow = True
    >>> print(b.block({"y": b.mul(x, x)}))
    %0 = x
    %1 = narrow %0
    %2 = mul %1 %1
    y := %2
    """

    def __init__(self, shared: bool = True) -> None:
        super().__init__(shared)
        self.narrow = False
        self._kinds: list[bool] = []

    def _put(self, assignment: Assignment) -> int:
        index = super()._put(assignment)
        if index == len(self._kinds):
            self._kinds.append(narrow_result(assignment, self.assignments, self._kinds))
        return index

    def apply(self, op: str, *args: int) -> int:
        # what is decided is decided on all digits
        narrow = self.narrow and op not in MASKS
        return super().apply(op, *(self.convert(i, narrow) for i in args))

    def convert(self, index: int, narrow: bool) -> int:
        """The value, in float32 or float64."""
        if self.assignments[index].op in FREE or self._kinds[index] == narrow:
            return index
        return super().apply("narrow" if narrow else "widen", index)
