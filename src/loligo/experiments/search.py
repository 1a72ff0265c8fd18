"""Searches for thresholds: all lanes at once, each bracket cut into many parts in every call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from loligo.experiments.runs import part

Array = np.ndarray
# (which rows, sizes, ms) -> whether each size fires within that time, all (tries,)
Fires = Callable[[Array, Array, float], Array]

EARLY = 30.0  # ms in which most spikes come that come at all
_LANES = 320  # in a call, about: it costs as much as what so many compute
_FEWEST, _MOST = 8, 64  # parts of a bracket
_CALLS = 30
_SOLVER = 5e-8  # of a threshold
RELATIVE = 1e-7  # width of a bracket, beside its size


@dataclass(frozen=True)
class Threshold:
    """The least that fires.

    Attributes
    ----------
    value : (rows,)
        The least size known to fire; NaN where none does.
    below : (rows,)
        The largest size below it known not to.
    """

    value: Array
    below: Array

    @classmethod
    def none(cls, rows: int) -> Threshold:
        """Of rows in which nothing is sought."""
        return cls(np.full(rows, np.nan), np.full(rows, np.nan))

    @property
    def precision(self) -> float:
        """How far the least sure may be off; NaN where nothing was found.

        The width of the bracket, and besides what the solver's tolerance, made a thousand times
        smaller, moves thresholds of the library's models by at most.
        """
        width = np.abs(self.value - self.below) + _SOLVER * np.abs(self.value)
        return float(np.nanmax(width)) if np.isfinite(width).any() else float("nan")

    def row(self, rows: slice) -> Threshold:
        """Some of the rows."""
        return Threshold(self.value[rows], self.below[rows])

    def where(self, known: Array) -> Threshold:
        """NaN elsewhere."""
        return Threshold(np.where(known, self.value, np.nan), np.where(known, self.below, np.nan))


def least(
    fires: Fires, smallest: float, largest: Array, lasts: float, sign: float = 1.0,
    relative: float = RELATIVE, early: float = EARLY,
) -> Threshold:  # fmt: skip
    """The least size that fires, of each row, between two sizes.

    Where firing comes and goes as the size grows, it is the first rise that counts, as far as
    sizes a factor of 2 apart can tell. Spikes mostly come early: so runs are short, and at the end
    a long one of what has not fired shows whether they were long enough; where they were not, the
    search goes on with long ones.

    Parameters
    ----------
    smallest, largest
        Above 0, the largest (rows,) of each row; what is asked is ``sign`` times as much.
    lasts
        ms that count.
    relative
        How narrow the bracket becomes, beside its size.
    early
        ms to begin with.
    """
    largest = np.asarray(largest, dtype=float)
    rows = np.arange(largest.size)
    early = min(early, lasts)
    with part(0, 3):
        lowest, highest = _octaves(fires, rows, smallest, largest, sign, early, lasts)
    with part(1, 3):
        low, high = _narrowed(fires, rows, lowest, highest, relative, sign, early)
    if early < lasts:
        with part(2, 3):
            late = np.flatnonzero(np.isfinite(high) & (low > lowest))
            late = late[fires(late, sign * low[late], lasts)] if late.size else late
            low[late], high[late] = _narrowed(
                fires, late, lowest[late], low[late], relative, sign, lasts
            )
    return Threshold(sign * high, sign * np.where(np.isfinite(high), low, np.nan))


def _octaves(
    fires: Fires, rows: Array, smallest: float, largest: Array, sign: float, early: float,
    lasts: float,
) -> tuple[Array, Array]:  # fmt: skip
    """Brackets a factor of 2 wide; the upper end is NaN where nothing fires."""
    steps = max(1, int(np.ceil(np.log2(largest.max() / smallest))))
    sizes = np.minimum(smallest * 2.0 ** np.arange(steps + 1), largest[:, None])
    which = np.broadcast_to(rows[:, None], sizes.shape)
    with part(0, 2):
        hit = fires(which.ravel(), sign * sizes.ravel(), early).reshape(sizes.shape)
    left = np.cumsum(hit, axis=1) == 0  # below the first that fires early
    if early < lasts and left.any():
        with part(1, 2):
            hit[left] = fires(which[left], sign * sizes[left], lasts)
    first = hit.argmax(axis=1)
    high = np.where(hit.any(axis=1), sizes[rows, first], np.nan)
    return np.where(first > 0, sizes[rows, np.maximum(first - 1, 0)], 0.0), high


def _narrowed(
    fires: Fires, rows: Array, low: Array, high: Array, relative: float, sign: float, lasts: float
) -> tuple[Array, Array]:  # fmt: skip
    """Brackets of some rows, narrow beside their sizes."""

    def hit(which: Array, sizes: Array) -> Array:
        return fires(rows[which], sign * sizes, lasts)

    return narrowed(hit, low, high, lambda above: relative * above)


def narrowed(
    hit: Callable[[Array, Array], Array], low: Array, high: Array, width: Callable[[Array], Any],
    most: int = _MOST,
) -> tuple[Array, Array]:  # fmt: skip
    """Brackets between what is no hit and what is one, made narrow; those that are NaN stay so.

    Each is cut into as many parts in a call as cost no more than it.

    Parameters
    ----------
    hit
        (which, sizes) -> whether each size is one, of the bracket of that number.
    low, high
        The upper end is a hit; it may be the smaller.
    width
        How wide a bracket with such an upper end may be.
    most
        Parts of a bracket in a call: few where each costs as much as the call.
    """
    low, high = low.copy(), high.copy()
    for call in range(_CALLS):
        allowed = np.broadcast_to(width(high), high.shape)
        with np.errstate(invalid="ignore"):
            wide = np.flatnonzero(np.abs(high - low) > allowed)
        if not wide.size:
            break
        parts = int(np.clip(_LANES // wide.size, _FEWEST, most))
        size = np.abs(high - low)[wide] / allowed[wide]
        left = int(np.ceil(np.log(size.max()) / np.log(parts)))
        a, b = low[wide, None], high[wide, None]
        tries = a + np.arange(1, parts) / parts * (b - a)
        with part(call, call + max(1, left)):
            hits = hit(np.repeat(wide, parts - 1), tries.ravel()).reshape(tries.shape)
        turn = np.column_stack([hits, np.ones(wide.size, bool)]).argmax(axis=1)[:, None]
        bounds = np.concatenate([a, tries, b], axis=1)
        low[wide] = np.take_along_axis(bounds, turn, axis=1)[:, 0]
        high[wide] = np.take_along_axis(bounds, turn + 1, axis=1)[:, 0]
    return low, high
