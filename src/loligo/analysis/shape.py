"""What the spikes looked like."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis.curve import Array, Trace
from loligo.analysis.searching import (
    below_between,
    crossing,
    extremum,
    highest_between,
    lowest_until_risen,
    nearest_below,
    on_all_cores,
    onset,
    steepest,
    steepest_chords,
    turns,
)
from loligo.analysis.spikes import Lanes, Spikes, find, trace
from loligo.errors import UsageError, callers_level
from loligo.recording.door import welcome
from loligo.recording.spikes import SPIKE
from loligo.units import read

if TYPE_CHECKING:
    import xarray

_MISSED = 1.0  # mV, of a peak
RECOVERY = 1.0  # mV that V rises above its lowest before that counts as the trough

# Samples, and about how many spikes, looked at together: few enough for the processor's cache.
_BLOCK, _SPIKES = 4_000_000, 8_000

# name (eFEL's, wherever eFEL has the feature) -> unit, what it is
FEATURES = {
    "spike_time": ("ms", "time of rising through the threshold"),
    "peak_time": ("ms", "time of the peak"),
    "peak_voltage": ("mV", "voltage of the peak"),
    "AP_begin_time": ("ms", "time of the onset"),
    "AP_begin_voltage": ("mV", "voltage at the onset"),
    "AP_amplitude": ("mV", "height of the peak above the onset"),
    "AP_duration_half_width": ("ms", "width halfway between onset and peak"),
    "spike_half_width": ("ms", "width halfway between peak and after-hyperpolarisation"),
    "AP_peak_upstroke": ("mV/ms", "maximum rate of rise"),
    "AP_peak_downstroke": ("mV/ms", "maximum rate of fall (negative)"),
    "AHP_depth_abs": ("mV", "lowest voltage of the after-hyperpolarisation"),
    "AHP_time_from_peak": ("ms", "time from the peak to the after-hyperpolarisation"),
}


def spike_shape(
    rec: xarray.Dataset, threshold: Any = None, *, derivative_threshold: float = 10.0
) -> xarray.Dataset:
    """Peak, width, after-hyperpolarisation and rates of rise and fall of every spike.

    The names are those of eFEL (Blue Brain's Electrophys Feature Extraction Library,
    https://efel.readthedocs.io, "eFeature descriptions") and so are the definitions, read
    on the smooth curve through the samples rather than at the samples: a recording sampled
    every 0.05 ms gives what one sampled every 0.001 ms gives to about 0.01 mV and 0.005 ms.

    - ``peak_voltage``, ``peak_time``: the highest V before the next spike.
    - ``AP_begin_voltage``, ``AP_begin_time``: the onset, from which dV/dt stays above
      ``derivative_threshold`` until the steepest rise. A strong shock exceeds it itself:
      then the onset is where the shock begins, and ``AP_begin_voltage`` the resting one.
    - ``AP_amplitude``: peak minus onset.
    - ``AP_duration_half_width``: the width at half of that amplitude. This is the usual
      half-width: 1.48 ms for the squid axon at 6.3 °C after 20 µA/cm² for 1 ms from rest.
    - ``spike_half_width``: the width halfway between the peak and the trough that follows
      it; 1.63 ms for the same spike.
    - ``AP_peak_upstroke``, ``AP_peak_downstroke``: the steepest rise before the peak and
      the steepest fall between peak and trough. (eFEL's ``AP_rise_rate`` is the mean.)
    - ``AHP_depth_abs``: V at the trough, the lowest V after the peak until V has risen
      1 mV from there; ``AHP_time_from_peak``: when that is.

    Parameters
    ----------
    rec : xarray.Dataset
        A recording with V.
    threshold : voltage, optional
        What a spike is, as for :func:`loligo.spike_times`.
    derivative_threshold : float
        mV/ms (equal to V/s). 10 is eFEL's default.

    Returns
    -------
    xarray.Dataset
        One variable for each feature, dimensions (lanes..., ``spike``). NaN where a lane
        has fewer spikes, and where the recording ends, or began, before the feature.

    Raises
    ------
    UsageError
        ``rec`` has no V, V is not a number somewhere, or what
        :func:`loligo.spike_times` raises.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> rec = lo.simulate(squid, lo.Pulse(5, 1, 20), 20)
    >>> shape = lo.spike_shape(rec)
    >>> shape.peak_voltage.values.round(1).tolist(), shape.AHP_depth_abs.values.round(1).tolist()
    ([40.5], [-76.2])
    >>> shape.AP_duration_half_width.values.round(2).tolist()
    [1.48]
    """
    import xarray as xr

    rate = read_rate(derivative_threshold)
    rec = welcome(rec)
    lanes = Lanes.of(rec)
    v = trace(rec, lanes)
    spikes = find(rec, lanes, threshold)
    found = shapes(v, spikes, rate)
    variables = {
        name: (
            (*lanes.dims, SPIKE),
            spikes.padded(found[name], lanes.shape),
            {"units": unit, "long_name": meaning},
        )
        for name, (unit, meaning) in FEATURES.items()
    }
    _warn_of_few_samples(rec, lanes, variables["peak_voltage"][1], spikes.threshold)
    attrs = {"threshold": spikes.threshold, "derivative_threshold": rate}
    numbers = {SPIKE: np.arange(variables["spike_time"][1].shape[-1])}
    return xr.Dataset(variables, {**lanes.coords, **numbers}, attrs)


def read_rate(derivative_threshold: Any) -> float:
    """The slope of V from which a spike begins, mV/ms."""
    rate = read(derivative_threshold, "mV/ms", "derivative_threshold", above=0)
    if not isinstance(rate, float):
        raise UsageError("derivative_threshold must be one slope for all spikes")
    return rate


def _warn_of_few_samples(rec: xarray.Dataset, lanes: Lanes, peaks: Array, threshold: float) -> None:
    """Say so where the peaks that the samples show are not those that the run found."""
    known = rec.get("spike_peak")
    if known is None or known.attrs.get("threshold", threshold) != threshold:
        return
    if set(known.dims) != {*lanes.dims, SPIKE}:
        return
    true = known.transpose(*lanes.dims, SPIKE).values
    if true.shape != peaks.shape:
        return
    missed = np.nanmax(np.abs(true - peaks), initial=0.0)
    if missed > _MISSED:
        warnings.warn(
            f"the samples are too few for the shape of spikes: between them V peaks {missed:.2g} "
            "mV higher; simulate with a shorter sample_interval (rec.spike_peak is right)",
            stacklevel=callers_level(),
        )


def shapes(
    v: Trace, spikes: Spikes, rate: float, without: Collection[str] = ()
) -> dict[str, Array]:
    """The features of all spikes, a bounded number at a time, whole cells; cells that did not
    fire are not looked at.

    Parameters
    ----------
    rate
        mV/ms, from which a spike begins.
    without
        Features that are not asked for: those of one kind take as long as all others of another.
    """
    names = [name for name in FEATURES if name not in without]
    fired, lane = np.unique(spikes.lane, return_inverse=True)
    spikes_before = np.searchsorted(lane, np.arange(fired.size + 1))
    parts = [
        (rows, slice(spikes_before[rows.start], spikes_before[rows.stop]))
        for rows in _cells_at_once(spikes_before, max(1, _BLOCK // v.time.size))
    ]

    def look(part: tuple[slice, slice]) -> dict[str, Array]:
        cells, own = part
        rows = fired[cells]
        together = rows[-1] - rows[0] == rows.size - 1
        values = v.values[rows[0] : rows[-1] + 1] if together else v.values[rows]
        trace = Trace(v.time, values)
        return _features(trace, lane[own] - cells.start, spikes.time[own], rate, names)

    found = [{name: np.zeros(0) for name in names}, *on_all_cores(look, parts)]
    return {name: np.concatenate([part[name] for part in found]) for name in names}


def _cells_at_once(spikes_before: Array, most: int) -> Iterator[slice]:
    """Cells that are looked at together: no more than so many, and not many spikes."""
    start, cells = 0, spikes_before.size - 1
    while start < cells:
        enough = int(np.searchsorted(spikes_before, spikes_before[start] + _SPIKES))
        stop = max(start + 1, min(start + most, enough, cells))
        yield slice(start, stop)
        start = stop


def _features(
    v: Trace, lane: Array, time: Array, rate: float, names: Sequence[str]
) -> dict[str, Array]:
    """Features of these spikes; NaN for spikes outside the recorded times."""
    inside = (time >= v.time[0]) & (time <= v.time[-1])
    result = {name: np.full(lane.size, np.nan) for name in names}
    result["spike_time"] = time
    if inside.any():
        sections = Sections.of(v, lane[inside], time[inside])
        for name, values in _measure(sections, rate, names).items():
            result[name][inside] = values
    return result


@dataclass(frozen=True, eq=False)
class Sections:
    """Where each spike lies in the samples of all lanes, put end to end.

    ``start`` is the first sample above the threshold, ``stop`` that of the next spike or
    the end of the lane, ``peak`` the highest sample between them, ``trough`` the lowest one
    after the peak until V has recovered, and ``base`` the trough of the spike before or the
    beginning of the lane. ``rose`` and ``fell`` say whether peak and trough are inside.
    ``places`` are the samples at which V turns, with all of these and the ends of the lanes, and
    ``turning`` is V there; ``top`` is where the peaks are among them.
    """

    v: Trace
    lane: Array
    start: Array
    stop: Array
    peak: Array
    trough: Array
    base: Array
    rose: Array
    fell: Array
    places: Array
    turning: Array
    top: Array

    @classmethod
    def of(cls, v: Trace, lane: Array, time: Array) -> Sections:
        flat, samples = v.values.ravel(), v.time.size
        begins, ends = lane * samples, (lane + 1) * samples
        start = begins + np.searchsorted(v.time, time)
        same = np.append(lane[1:] == lane[:-1], False)
        stop = np.where(same, np.append(start[1:], 0), ends)
        # between turns there is nothing to be found: from here on, places among those
        kept = turns(v.values)
        kept[np.minimum(start, ends - 1)] = True
        places = np.flatnonzero(kept)
        row = flat[places]
        from_, to = (np.searchsorted(places, each) for each in (start, stop))
        top = highest_between(row, from_, to)
        top = np.where(top < 0, np.maximum(from_ - 1, 0), top)
        bottom = lowest_until_risen(row, top, to, RECOVERY)
        peak, trough = places[top], places[bottom]
        # two spikes between two samples leave the first of them without a sample of its own
        rose = (peak < ends - 1) & (stop > start)
        fell = rose & (trough < ends - 1) & (trough > peak)
        base = np.where(np.insert(same[:-1], 0, False), np.insert(trough[:-1], 0, 0), begins)
        return cls(v, lane, start, stop, peak, trough, base, rose, fell, places, row, top)

    def sample(self, index: Array) -> Array:
        """The sample number within its lane."""
        return index - self.lane * self.v.time.size

    def below(self, which: Array, level: Array, way: int) -> Array:
        """The samples nearest to some of the peaks, before (-1) or after (1) them, at which V is
        below ``level``; -1 where there is none."""
        row, top = self.v.values.ravel(), self.top[which]
        limit = self.base[which] if way < 0 else self.stop[which] - 1
        within = np.searchsorted(self.places, limit)
        place = nearest_below(self.turning.take, top + min(way, 0), within, level, way, reach=2)
        found = np.flatnonzero(place >= 0)
        low = self.places[place[found]]
        # from one place to the next V only rises, or only falls
        high = np.where(place[found] == top[found], low - way, self.places[place[found] - way])
        place[found] = below_between(row, low, high, level[found])
        return np.where(way * (limit - place) >= 0, place, -1)


def _measure(s: Sections, rate: float, names: Sequence[str]) -> dict[str, Array]:
    v, lane = s.v, s.lane
    found: dict[str, Array] = {}
    peak_time, peak = extremum(v, lane, s.sample(s.peak), +1)
    peak_time, peak = np.where(s.rose, peak_time, np.nan), np.where(s.rose, peak, np.nan)
    trough_time, trough = extremum(v, lane, s.sample(s.trough), -1)
    trough_time = np.where(s.fell, trough_time, np.nan)
    trough = np.where(s.fell, trough, np.nan)
    falls = "AP_peak_downstroke" in names
    up, down = steepest_chords(v, s.base, s.peak, s.trough if falls else None)
    begin_time, begin = onset(v, lane, s.base, up, rate)
    begin_time, begin = np.where(s.rose, begin_time, np.nan), np.where(s.rose, begin, np.nan)
    rise = steepest(v, lane, s.base, up, +1)
    if falls:
        fall = steepest(v, lane, s.peak, down, -1)
        found["AP_peak_downstroke"] = np.where(s.fell, fall, np.nan)
    if "spike_half_width" in names:
        found["spike_half_width"] = _width(s, (peak + trough) / 2)
    return found | {
        "peak_time": peak_time,
        "peak_voltage": peak,
        "AP_begin_time": begin_time,
        "AP_begin_voltage": begin,
        "AP_amplitude": peak - begin,
        "AP_duration_half_width": _width(s, (peak + begin) / 2),
        "AP_peak_upstroke": np.where(s.rose, rise, np.nan),
        "AHP_depth_abs": trough,
        "AHP_time_from_peak": trough_time - peak_time,
    }


def _width(s: Sections, level: Array) -> Array:
    """How long V stays above ``level`` around each peak, ms."""
    known = np.flatnonzero(np.isfinite(level))
    width = np.full(level.shape, np.nan)
    rise, fall = s.below(known, level[known], -1), s.below(known, level[known], +1)
    both = (rise >= 0) & (fall >= 0)
    known, begins = known[both], s.lane[known[both]] * s.v.time.size
    rise, fall, lane, level = rise[both] - begins, fall[both] - begins, s.lane[known], level[known]
    width[known] = crossing(s.v, lane, fall - 1, level) - crossing(s.v, lane, rise, level)
    return width
