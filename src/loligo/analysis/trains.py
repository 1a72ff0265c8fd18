"""Trains of spikes, one for each cell: their rate, how regular they are, how they slow down.

All spikes lie in one row, lane by lane, each lane's in time; sums over the spikes of a lane are
taken in that order, so that they depend on no other lane.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from loligo.analysis.curve import Array

_SKIPPED, _MOST_SKIPPED, _LEAST = 0.1, 2, 4  # spikes, of the adaptation index (eFEL's defaults)


@dataclass(frozen=True, eq=False)
class Train:
    """Events of many lanes in one row.

    Parameters
    ----------
    lane, time : ndarray, shape (events,)
        Whose, increasing; and when, ms, increasing within a lane.
    lanes : int
        How many lanes there are.
    """

    lane: Array
    time: Array
    lanes: int

    @cached_property
    def count(self) -> Array:
        """Of each lane."""
        return np.bincount(self.lane, minlength=self.lanes)

    @cached_property
    def place(self) -> Array:
        """Which of its lane each event is, from 0."""
        return np.arange(self.lane.size) - (np.cumsum(self.count) - self.count)[self.lane]

    def chosen(self, which: Array) -> Train:
        """Some of the events, as a mask."""
        return Train(self.lane[which], self.time[which], self.lanes)

    def mean(self, values: Array) -> Array:
        """Of one value for each event, over those of each lane that are known."""
        known = np.isfinite(values)
        if known.all():
            return ratio(np.bincount(self.lane, values, minlength=self.lanes), self.count)
        number = np.bincount(self.lane[known], minlength=self.lanes)
        total = np.bincount(self.lane[known], values[known], minlength=self.lanes)
        return ratio(total, number)

    def nth(self, values: Array, which: int) -> Array:
        """Of one value for each event, that of the first (0), second (1) or last (-1) of a lane."""
        found = np.full(self.lanes, np.nan)
        there = self.place == (which if which >= 0 else self.count[self.lane] + which)
        found[self.lane[there]] = values[there]
        return found

    def intervals(self) -> Train:
        """The intervals between events that follow one another in a lane."""
        same = self.lane[1:] == self.lane[:-1]
        return Train(self.lane[1:][same], np.diff(self.time)[same], self.lanes)


def ratio(above: Array, below: Array) -> Array:
    """Their quotient; NaN where it is divided by 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below != 0, above / np.where(below != 0, below, 1.0), np.nan)


def rhythm(train: Train, start: Array, end: Array) -> dict[str, Array]:
    """What the times of spikes say; ``start`` and ``end`` of the stimulus may be unknown (NaN)."""
    after = train.chosen(~(train.time < start[train.lane]))
    during = after.chosen(~(after.time > end[after.lane]))
    known = np.isfinite(start)
    within = np.where(known, during.count, np.nan)
    last = during.nth(during.time, -1)
    between = train.intervals()
    later = between.chosen(between.place > 0)
    first = train.nth(train.time, 0)
    silent = train.count == 0
    rate = 1e3 * ratio(train.count - 1, train.nth(train.time, -1) - first)
    return {
        "spike_count": train.count.astype(float),
        "spike_count_stimint": within,
        "rate": np.where(silent, 0.0, rate),
        "mean_frequency": np.where(within == 0, 0.0, 1e3 * ratio(within, last - start)),
        "time_to_first_spike": after.nth(after.time, 0) - start,
        "time_to_last_spike": after.nth(after.time, -1) - start,
        "all_ISI_values": between.mean(between.time),
        "doublet_ISI": between.nth(between.time, 0),
        "inv_first_ISI": 1e3 / between.nth(between.time, 0),
        "inv_last_ISI": 1e3 / between.nth(between.time, -1),
        "ISI_CV": _variation(later),
        "ISI_log_slope": _log_slope(later),
        "irregularity_index": _steps(later),
        "adaptation_index": adaptation(during, _skipped(during)),
        "adaptation_index2": adaptation(during, np.ones(during.lanes), _LEAST),
    }


def _variation(intervals: Train) -> Array:
    mean, number = intervals.mean(intervals.time), intervals.count
    off = intervals.time - mean[intervals.lane]
    squares = np.bincount(intervals.lane, off * off, minlength=intervals.lanes)
    return ratio(np.sqrt(ratio(squares, np.where(number > 1, number - 1, 0))), mean)


def _log_slope(intervals: Train) -> Array:
    """Of the straight line through log(interval) over log(its number), from 1."""
    x, y = np.log(intervals.place + 1.0), np.log(intervals.time)
    x = x - intervals.mean(x)[intervals.lane]
    y = y - intervals.mean(y)[intervals.lane]
    both, squares = (
        np.bincount(intervals.lane, x * each, minlength=intervals.lanes) for each in (y, x)
    )
    return np.where(intervals.count > 1, ratio(both, squares), np.nan)


def _steps(intervals: Train) -> Array:
    """The mean size of the difference between an interval and the next."""
    differences = intervals.intervals()
    return differences.mean(np.abs(differences.time))


def _skipped(train: Train) -> Array:
    """How many of the first spikes the adaptation index leaves out."""
    return np.minimum(np.floor(_SKIPPED * train.count + 0.5), _MOST_SKIPPED)


def adaptation(train: Train, skipped: Array, least: int | None = None) -> Array:
    """The mean of the differences of neighbouring intervals over their sums."""
    enough = train.count >= (least if least is not None else skipped + _LEAST)
    intervals = train.chosen(train.place >= skipped[train.lane]).intervals()
    differences = intervals.intervals()
    sums = intervals.time[1:] + intervals.time[:-1]
    sums = sums[intervals.lane[1:] == intervals.lane[:-1]]
    return np.where(enough, differences.mean(ratio(differences.time, sums)), np.nan)
