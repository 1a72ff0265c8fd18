"""Searches for thresholds: all lanes at once, each bracket cut into many parts in every call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
Fires = Callable[[Array], Array]  # sizes (rows, tries) -> whether each fires

_PARTS = 16  # into which a bracket is cut: a call costs more than what it computes
_CALLS = 20


@dataclass(frozen=True)
class Threshold:
    """The least that fires.

    Attributes
    ----------
    value : (rows,)
        The least size known to fire; NaN where none does.
    below : (rows,)
        The largest size below it known not to.
    always : (rows,)
        Whether even the smallest fires.
    """

    value: Array
    below: Array
    always: Array

    @property
    def precision(self) -> float:
        """The width of the widest bracket."""
        width = np.abs(self.value - self.below)
        return float(np.nanmax(width)) if np.isfinite(width).any() else float("nan")


def least(
    fires: Fires, rows: int, smallest: float, largest: float | Array, relative: float,
    sign: float = 1.0,
) -> Threshold:  # fmt: skip
    """The least size that fires, of each row, between two sizes.

    Where firing comes and goes as the size grows, it is the first rise that counts, as far as
    sizes a factor of 2 apart can tell.

    Parameters
    ----------
    fires
        Called with (rows, tries) sizes.
    smallest, largest
        Above 0, the largest of all rows or of each; what is asked is ``sign`` times as much.
    relative
        How narrow the bracket becomes, beside its size.
    """
    most = np.broadcast_to(np.asarray(largest, dtype=float), (rows,))[:, None]
    octaves = max(1, int(np.ceil(np.log2(most.max() / smallest))))
    sizes = np.minimum(smallest * 2.0 ** np.arange(octaves + 1), most)
    hit = fires(sign * sizes)
    some, first = hit.any(axis=1), hit.argmax(axis=1)
    every = np.arange(rows)
    high = sizes[every, first]
    low = np.where(first > 0, sizes[every, np.maximum(first - 1, 0)], 0.0)
    always = some & (first == 0)
    if always.any():  # or it is only that the smallest is not small
        always &= fires(np.zeros((rows, 1)))[:, 0]
    open_ = some & ~always
    inner = np.arange(1, _PARTS) / _PARTS
    for _ in range(_CALLS):
        if not (open_ & (high - low > relative * high)).any():
            break
        tries = low[:, None] + inner * (high - low)[:, None]
        hit = fires(sign * tries)
        bounds = np.concatenate([low[:, None], tries, high[:, None]], axis=1)
        turn = np.concatenate([hit, np.ones((rows, 1), bool)], axis=1).argmax(axis=1)[:, None]
        low = np.take_along_axis(bounds, turn, axis=1)[:, 0]
        high = np.take_along_axis(bounds, turn + 1, axis=1)[:, 0]
    value = np.where(some & ~always, sign * high, np.nan)
    return Threshold(value, np.where(some & ~always, sign * low, np.nan), always)
