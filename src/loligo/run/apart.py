"""How far two runs of the same lanes are apart, and what that says of the finer one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loligo.lanes import Floats, Integers
from loligo.run.outcome import Outcome

_CHUNK = 1 << 18  # numbers compared at once
# Of 960 lanes with rates that jump at one or more voltages, the error that three differences say
# was exceeded in 16, by up to 2.7 times, and twice it in one (what two say in 39, by up to 3.6).
_ROUGH = 2.0


@dataclass
class Measure:
    """Of each lane, in one unit: how far half its step brought it, and what that says.

    Attributes
    ----------
    within
        What is good.
    older, last, error : (lanes,)
        The last two differences; and how far off the finer run may be.
    """

    within: float
    older: Floats
    last: Floats
    error: Floats

    @classmethod
    def unknown(cls, within: float, lanes: int) -> Measure:
        """Of lanes of which nothing is known yet."""
        return cls(within, *(np.full(lanes, np.inf) for _ in range(3)))

    def note(self, lanes: Integers, difference: Floats, smooth: bool) -> None:
        """What h and h/2 are apart is the error of h/2 where a scheme shows its first order, and
        three times that where it shows its second.

        Where equations are not smooth the order is the first, and the difference comes and goes
        with where the steps lie about the switches. Of one switch it is as large as the error of
        the finer run may be; those of several may cancel each other, by chance, once and twice:
        so there it takes three, and as much again.
        """
        older, before = self.older[lanes], self.last[lanes]
        if smooth:
            error = np.where(np.isinf(before), difference, np.maximum(difference, 0.5 * before))
            second = np.isfinite(before) & (difference <= 0.3 * before)
            error = np.where(second, difference / 3.0, error)
        else:
            error = _ROUGH * np.maximum(difference, np.maximum(0.5 * before, 0.25 * older))
        self.older[lanes] = before
        self.last[lanes], self.error[lanes] = difference, error


def voltages_apart(
    coarse: Outcome, lanes: Integers, fine: Outcome, last: Integers | None = None
) -> Floats:
    """The largest difference in V over the samples, mV, of each of ``fine``'s lanes.

    Parameters
    ----------
    lanes
        Which of ``coarse``'s they are.
    last
        Up to which sample each is compared; up to the last if not given.
    """
    apart = np.zeros(lanes.size)
    if "V" not in fine.values:
        return apart
    one, other = coarse.values["V"], fine.values["V"]
    at_once = max(1, _CHUNK // one.shape[1])
    for first in range(0, lanes.size, at_once):
        here = slice(first, first + at_once)
        with np.errstate(invalid="ignore"):
            each = np.abs(one[lanes[here]] - other[here])
        if last is not None:
            each[np.arange(each.shape[1]) > last[here, None]] = 0.0
        difference = each.max(axis=1)
        apart[here] = np.where(np.isnan(difference), np.inf, difference)
    return apart


def spikes_apart(
    coarse: Outcome, lanes: Integers, fine: Outcome, end: Floats | None = None
) -> Floats:
    """The largest difference in the time of a spike, ms; infinite where their numbers differ.

    Parameters
    ----------
    end
        Up to when each lane is compared, ms; up to the end of the run if not given.
    """
    where = np.full(int(max(lanes.max(initial=0), coarse.spike_lane.max(initial=0))) + 1, -1)
    where[lanes] = np.arange(lanes.size)
    own = where[coarse.spike_lane]
    times, own = coarse.spike_time[own >= 0], own[own >= 0]
    finer, finer_own = fine.spike_time, fine.spike_lane
    if end is not None:
        before = times <= end[own], finer <= end[finer_own]
        times, own = times[before[0]], own[before[0]]
        finer, finer_own = finer[before[1]], finer_own[before[1]]
    counts = [np.bincount(each, minlength=lanes.size) for each in (own, finer_own)]
    same = counts[0] == counts[1]
    apart = np.where(same, 0.0, np.inf)
    pairs = times[same[own]], finer[same[finer_own]]
    np.maximum.at(apart, own[same[own]], np.abs(pairs[0] - pairs[1]))
    return apart
