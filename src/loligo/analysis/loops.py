"""What each spike looks like, in plain loops over its samples, compiled (engine.llvm.plain).

A spike's samples go from the trough of the spike before (``base``) to before the next rises through
the threshold (``stop``); ``index`` counts within a cell, whose samples begin at ``row``.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan

from loligo.analysis.between import at, derive, fit, passing
from loligo.engine.arrays import array
from loligo.engine.compiled import compiled
from loligo.lanes import Floats, Integers

RECOVERY = 1.0  # mV that V rises above its lowest before that counts as the trough
_GRID = 5  # places in an interval at which the slope is looked at
# in which row of what comes out is what, and what it is called
PEAK_TIME, PEAK, BEGIN_TIME, BEGIN, HALF_WIDTH, OTHER_WIDTH, RISE, FALL, TROUGH, AFTER = range(10)
ROWS = (
    "peak_time", "peak_voltage", "AP_begin_time", "AP_begin_voltage", "AP_duration_half_width",
    "spike_half_width", "AP_peak_upstroke", "AP_peak_downstroke", "AHP_depth_abs",
    "AHP_time_from_peak",
)  # fmt: skip


def kernel() -> Callable[..., None]:
    """:func:`describe`, compiled."""
    return compiled(describe)


def describe(
    first: int, last: int, spikes: int, samples: int, whole: int, interval: float, rate: float,
    time: Floats, values: Floats, lane: Integers, moment: Floats, out: Floats,
) -> None:  # fmt: skip
    """The features of some spikes, each feature of all spikes a row of ``out``.

    Parameters
    ----------
    first, last, spikes
        From which spike to before which, of how many: lane by lane, each lane's in time; all of
        a lane.
    samples, interval
        Of each cell; between all of them, ms, or 0 where they are not even.
    whole
        Whether the second width and the steepest fall are asked for (1) or not (0).
    rate
        From which slope of V on a spike begins, mV/ms.
    time, values
        Of the samples; of all cells, one after the other.
    lane, moment
        Whose spike, and when it rose through the threshold, ms.
    """
    base = 0
    for k in range(first, last):
        row = lane[k] * samples
        for i in range(10):
            out[spikes * i + k] = nan
        if k == first or lane[k - 1] != lane[k]:
            base = 0
        start = _first_at(time, samples, moment[k])
        stop = samples
        if k + 1 < last and lane[k + 1] == lane[k]:
            stop = _first_at(time, samples, moment[k + 1])
        peak = _highest(values, row, samples, start, stop)
        trough = _lowest(values, row, samples, start, peak, stop)
        # two spikes between two samples leave the first of them without a sample of its own
        if peak < samples - 1 and stop > start:
            fell = trough < samples - 1 and trough > peak
            _spike(
                samples, whole, interval, rate, time, values, row, base, peak, trough, stop, fell,
                k, spikes, out,
            )  # fmt: skip
        base = trough


def _first_at(time: Floats, samples: int, moment: float) -> int:
    """The first sample at or after a time."""
    low, high = 0, samples
    while low < high:
        middle = (low + high) // 2
        if time[middle] < moment:
            low = middle + 1
        else:
            high = middle
    return low


def _turns(values: Floats, row: int, samples: int, start: int, i: int) -> bool:
    """Whether V turns there, or a cell or the spike begins or ends: between such places it only
    rises, or only falls."""
    if i == start or i == 0 or i == samples - 1:
        return True
    now = values[row + i]
    return (values[row + i + 1] > now) != (now > values[row + i - 1])


def _highest(values: Floats, row: int, samples: int, start: int, stop: int) -> int:
    """The last of the highest samples of a spike; where it has none, the turn before it."""
    best, found = -inf, -1
    for i in range(start, stop):
        if values[row + i] >= best and _turns(values, row, samples, start, i):
            best, found = values[row + i], i
    if found < 0:
        found = max(start - 1, 0)
        while not _turns(values, row, samples, start, found):
            found = found - 1
    return found


def _lowest(values: Floats, row: int, samples: int, start: int, peak: int, stop: int) -> int:
    """The last of the lowest samples from the peak on, until V has risen from there."""
    least, found = values[row + peak], peak
    for i in range(peak + 1, stop):
        now = values[row + i]
        if now - least > RECOVERY:
            break
        if now <= least and _turns(values, row, samples, start, i):
            least, found = now, i
    return found


def _spike(
    samples: int, whole: int, interval: float, rate: float, time: Floats, values: Floats,
    row: int, base: int, peak: int, trough: int, stop: int, fell: bool, k: int, spikes: int,
    out: Floats,
) -> None:  # fmt: skip
    """One that has a peak."""
    peak_time, top = _extremum(time, values, row, samples, interval, peak, 1.0)
    out[spikes * PEAK_TIME + k] = peak_time
    out[spikes * PEAK + k] = top
    bottom = nan
    if fell:
        trough_time, bottom = _extremum(time, values, row, samples, interval, trough, -1.0)
        out[spikes * TROUGH + k] = bottom
        out[spikes * AFTER + k] = trough_time - peak_time
    up = _steepest_chord(time, values, row, interval, base, peak, 1.0)
    begin_time, begin = _onset(time, values, row, samples, interval, base, up, rate)
    out[spikes * BEGIN_TIME + k] = begin_time
    out[spikes * BEGIN + k] = begin
    out[spikes * RISE + k] = _steepest(time, values, row, samples, interval, base, up, 1.0)
    level = (top + begin) / 2.0
    out[spikes * HALF_WIDTH + k] = _width(
        time, values, row, samples, interval, base, peak, stop, level
    )
    if whole == 1 and fell:
        level = (top + bottom) / 2.0
        out[spikes * OTHER_WIDTH + k] = _width(
            time, values, row, samples, interval, base, peak, stop, level
        )
        down = _steepest_chord(time, values, row, interval, peak, trough, -1.0)
        out[spikes * FALL + k] = -_steepest(time, values, row, samples, interval, peak, down, -1.0)


def _extremum(
    time: Floats, values: Floats, row: int, samples: int, interval: float, index: int, sign: float
) -> tuple[float, float]:
    """Time and value of the highest (``sign`` 1) or lowest (-1) V beside a sample."""
    c, slope = array(6), array(6)
    best_time, best = time[index], values[row + index]
    side = index
    if index > 0 and sign * values[row + index - 1] > sign * values[row + index + 1]:
        side = index - 1  # mostly there, and otherwise on the other side
    for turn in range(2):
        beside = side if turn == 0 else 2 * index - 1 - side
        beside = min(max(beside, 0), samples - 2)
        fit(time, values, row, samples, interval, beside, c)
        derive(c, slope)
        left, right = time[beside], time[beside + 1]
        when = passing(slope, left, right - left, 0.0, left, right)
        value = at(c, (when - left) / (right - left))
        if sign * value > sign * best:
            best_time, best = when, value
        if left < when and when < right:
            break
    return best_time, best


def _chord(time: Floats, values: Floats, row: int, interval: float, index: int) -> float:
    """The mean slope from a sample to the next, mV/ms."""
    wide = interval if interval > 0.0 else time[index + 1] - time[index]
    return (values[row + index + 1] - values[row + index]) / wide


def _steepest_chord(
    time: Floats, values: Floats, row: int, interval: float, begin: int, end: int, sign: float
) -> int:
    """From which sample on V rises (``sign`` 1) or falls (-1) most to the next; of several the
    nearest to the peak; -1 where there is none."""
    most, found = -inf, -1
    for i in range(begin, end):
        rise = sign * (values[row + i + 1] - values[row + i])
        if interval == 0.0:
            rise = rise / (time[i + 1] - time[i])
        if rise > most or (rise == most and sign > 0.0):
            most, found = rise, i
    return found


def _steepest(
    time: Floats, values: Floats, row: int, samples: int, interval: float, base: int, chord: int,
    sign: float,
) -> float:  # fmt: skip
    """The largest slope beside a chord, not before ``base``, mV/ms; of a fall its size."""
    c, slope, bend = array(6), array(6), array(6)
    here = max(chord, base)
    before = sign * _chord(time, values, row, interval, max(here - 1, base))
    after = before
    if here + 2 < samples:
        after = sign * _chord(time, values, row, interval, here + 1)
    best = -inf
    for turn in range(2):
        beside = here
        if turn == 1:
            beside = here - 1 if before > after else here + 1
        beside = min(max(beside, base), samples - 2)
        fit(time, values, row, samples, interval, beside, c)
        derive(c, slope)
        derive(slope, bend)
        left, right = time[beside], time[beside + 1]
        wide = right - left
        when = passing(bend, left, wide, 0.0, left, right)
        last = slope[4]
        for i in range(4):
            last = last + slope[3 - i]
        inside = at(slope, (when - left) / wide) / wide
        best = max(best, sign * (slope[0] / wide), sign * (last / wide), sign * inside)
        if left < when and when < right:
            break
    return best


def _onset(
    time: Floats, values: Floats, row: int, samples: int, interval: float, base: int, steep: int,
    rate: float,
) -> tuple[float, float]:  # fmt: skip
    """Time and V from which the slope stays above ``rate`` until the steepest rise."""
    if steep < base:
        return nan, nan
    if not _chord(time, values, row, interval, steep) > rate:
        return nan, nan
    index = steep
    while index >= base and _chord(time, values, row, interval, index) > rate:
        index = index - 1
    if index < base:  # it was rising when the recording began
        return time[base], values[row + base]
    return _last_rise(time, values, row, samples, interval, min(index, max(samples - 3, 0)), rate)


def _last_rise(
    time: Floats, values: Floats, row: int, samples: int, interval: float, index: int, rate: float
) -> tuple[float, float]:
    """Where the slope last exceeds ``rate`` for good, between a sample and the next but one.

    The chord after it is flatter than that and the next one steeper. The slope may pass ``rate``
    within either interval, or jump at the sample between them, where a pulse begins.
    """
    c, slope = array(6), array(6)
    low, last = 0.0, -1
    for turn in range(2):  # backwards: the last place at which it is flatter
        which = min(index + 1 - turn, samples - 2)
        fit(time, values, row, samples, interval, which, c)
        derive(c, slope)
        left, right = time[which], time[which + 1]
        wide = right - left
        high = right
        for i in range(_GRID):
            place = _GRID - 1 - i
            low = left + wide * (float(place) / float(_GRID - 1))
            if at(slope, (low - left) / wide) / wide <= rate:
                last = place + _GRID * (1 - turn)
                break
            high = low
        if last >= 0:
            break
    if last == _GRID - 1:  # the end of one is the beginning of the other
        return time[index + 1], values[row + index + 1]
    if last < 0:
        which = min(index + 1, samples - 2)
        return time[which + 1], values[row + which + 1]
    when = passing(slope, left, wide, rate * wide, low, high)
    return when, at(c, (when - left) / wide)


def _width(
    time: Floats, values: Floats, row: int, samples: int, interval: float, base: int, peak: int,
    stop: int, level: float,
) -> float:  # fmt: skip
    """How long V stays above ``level`` around a peak, ms."""
    if not abs(level) < inf:
        return nan
    rise = peak - 1
    while rise >= base and values[row + rise] >= level:
        rise = rise - 1
    fall = peak
    while fall < stop and values[row + fall] >= level:
        fall = fall + 1
    if not (rise >= base and fall < stop and fall > 0):
        return nan
    ends = _crossing(time, values, row, samples, interval, fall - 1, level)
    return ends - _crossing(time, values, row, samples, interval, rise, level)


def _crossing(
    time: Floats, values: Floats, row: int, samples: int, interval: float, index: int, level: float
) -> float:
    """When V passes ``level`` between a sample and the next, ms."""
    c = array(6)
    fit(time, values, row, samples, interval, index, c)
    left, right = time[index], time[index + 1]
    return passing(c, left, right - left, level, left, right)
