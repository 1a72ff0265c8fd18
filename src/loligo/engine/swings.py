"""How V swings, lane by lane: how high and how deep a spike was, and what no spike tells of.

V rises and falls. Of where it turned, of both sides of a jump, and of where a run begins and ends,
nothing is kept but what the row of numbers :data:`KEPT` says of them. So each turn is told at once
and forgotten, in whatever order lanes come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from loligo.lanes import Floats, Integers

SWING = 10.0  # mV: a rise and a fall by less is no swing

# Of each lane, mV but for the flags (0 or 1) and the count.
KEPT = (
    "high", "low",  # the highest and the lowest V since the last spike; NaN before the first
    "pivot",  # V where it turned, or whatever lies further on: the highest as long as it rises
    "bottom",  # the pivot from which it rises, or rose
    "rising",  # whether V is SWING above the last bottom and has not yet fallen as far again
    "told",  # whether there was a spike since the last bottom
    "count", "lowest", "highest",  # of swings without a spike, and between what values they were
)  # fmt: skip


class Batch(NamedTuple):
    """Spikes in the order in which they were found, each lane's in that of time.

    Attributes
    ----------
    time, lane
        When, and where.
    peak, trough
        Of the spike *before* it in the same lane: what follows a spike is known at the next.
    moved : (spikes, marked), or None
        How far it moves with what states are derivatives by
        (:attr:`loligo.program.scheme.Adaptive.marked`); NaN where V jumps. None where there are
        no such states.
    """

    time: Floats
    lane: Integers
    peak: Floats
    trough: Floats
    moved: Floats | None = None

    def without(self, lanes: Integers) -> Batch:
        """Those of other lanes."""
        kept = ~np.isin(self.lane, lanes)
        moved = None if self.moved is None else self.moved[kept]
        return Batch(self.time[kept], self.lane[kept], self.peak[kept], self.trough[kept], moved)


@dataclass
class Swings:
    """What is known of the swings of some lanes.

    Attributes
    ----------
    table : (lanes, KEPT)
        What is known of a lane lies together: it is asked for lane by lane.
    """

    table: Floats

    @classmethod
    def begin(cls, voltage: Floats) -> Swings:
        """Of runs that begin at some V."""
        known: dict[str, Any] = {
            "high": np.nan, "low": np.nan, "pivot": voltage, "bottom": voltage,
            "lowest": np.inf, "highest": -np.inf,
        }  # fmt: skip
        columns = [np.broadcast_to(known.get(n, 0.0), voltage.shape) for n in KEPT]
        return cls(np.stack(columns, axis=-1))

    def of(self, name: str) -> Floats:
        """One of :data:`KEPT`, of every lane."""
        return self.table[:, KEPT.index(name)]

    def copy(self) -> Swings:
        """Of all that a later call depends on."""
        return Swings(self.table.copy())

    def padded(self, width: int) -> Swings:
        """Filled up to whole vectors with copies of the last lane."""
        missing = -len(self.table) % width
        return Swings(np.concatenate([self.table, np.repeat(self.table[-1:], missing, axis=0)]))

    def reach(self, lanes: Any, v: Any) -> None:
        """V was there in some lanes: where it turned, or anywhere on its way."""
        columns: list[Any] = list(self.table[lanes].T)
        high, low, pivot, bottom, rising, told, count, lowest, highest = columns
        up = rising != 0
        fell, rose = up & (v < pivot - SWING), ~up & (v > pivot + SWING)
        further: Any = (up & (v > pivot)) | (~up & (v < pivot))
        untold = fell & (told == 0)
        after: list[Any] = [
            np.where(v > high, v, high),
            np.where(v < low, v, low),
            np.where(fell | rose | further, v, pivot),
            np.where(rose, pivot, bottom),
            np.where(rose, 1.0, np.where(fell, 0.0, rising)),
            np.where(fell | (~up & further), 0.0, told),
            count + untold,
            np.where(untold & (bottom < lowest), bottom, lowest),
            np.where(untold & (pivot > highest), pivot, highest),
        ]
        self.table[lanes] = np.stack(after, axis=-1)

    def spike(self, times: Floats, lanes: Integers, v: Any) -> Batch:
        """There is a spike in some lanes, and V is there."""
        high, low, told = (self.of(name) for name in ("high", "low", "told"))
        batch = Batch(times, lanes, high[lanes], low[lanes])
        high[lanes] = low[lanes] = v
        told[lanes] = 1.0
        return batch

    def leap(
        self, armed: Any, lanes: Integers, times: Floats, v: tuple[Floats, Floats],
        threshold: float, depth: float,
    ) -> tuple[Any, Batch]:  # fmt: skip
        """V jumps in some lanes: whether a spike can be seen then, and those that the jumps make.

        Parameters
        ----------
        armed
            Whether one could be seen before.
        v
            Before and after.
        """
        before, after = v
        self.reach(lanes, before)
        above = after >= threshold
        crossed = above & armed
        batch = self.spike(times[crossed], lanes[crossed], after[crossed])
        self.reach(lanes, after)
        return (after < threshold - depth) | (armed & ~above), batch

    def last(self, voltage: Floats, threshold: float) -> tuple[Floats, Floats]:
        """The peak and the trough of each lane's last spike, where runs end at some V.

        The trough is NaN where V has not fallen below the threshold again, and the peak too
        where it has not turned since.
        """
        high, low = self.of("high"), self.of("low")
        turned = (low < threshold) | (voltage < threshold) | (voltage < high)
        peak = np.where(turned, np.fmax(high, voltage), np.nan)
        trough = np.fmin(low, voltage)
        return peak, np.where(trough < threshold, trough, np.nan)
