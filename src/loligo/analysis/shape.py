"""What the spikes looked like."""

from __future__ import annotations

import warnings
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis.curve import Array, Trace
from loligo.analysis.loops import ROWS, kernel
from loligo.analysis.spikes import Lanes, Spikes, find, trace
from loligo.crew import on_all_cores
from loligo.errors import UsageError, callers_level
from loligo.recording.door import welcome
from loligo.recording.spikes import SPIKE
from loligo.units import read

if TYPE_CHECKING:
    import xarray

_MISSED = 1.0  # mV, of a peak
_CELLS = 16  # looked at together

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


def shapes(v: Trace, spikes: Spikes, rate: float, *, whole: bool = True) -> dict[str, Array]:
    """The features of all spikes; NaN for spikes outside the recorded times.

    Parameters
    ----------
    rate
        mV/ms, from which a spike begins.
    whole
        Whether the second width and the steepest fall are asked for too.
    """
    inside = (spikes.time >= v.time[0]) & (spikes.time <= v.time[-1])
    if inside.all():
        table = _described(v, spikes, rate, whole)
    else:
        table = np.full((len(ROWS), spikes.lane.size), np.nan)
        seen = replace(spikes, lane=spikes.lane[inside], time=spikes.time[inside])
        table[:, inside] = _described(v, seen, rate, whole)
    found: dict[str, Array] = dict(zip(ROWS, table, strict=True))
    found["spike_time"] = spikes.time
    found["AP_amplitude"] = found["peak_voltage"] - found["AP_begin_voltage"]
    return found


def _described(v: Trace, spikes: Spikes, rate: float, whole: bool) -> Array:
    """What the loops say of each spike, some cells at a time."""
    table = np.empty((len(ROWS), spikes.lane.size))
    values, lanes = np.ascontiguousarray(v.values), np.ascontiguousarray(spikes.lane, np.int64)
    moments = np.ascontiguousarray(spikes.time)
    cells = np.arange(0, len(values) + _CELLS, _CELLS)
    edges = np.unique(np.searchsorted(lanes, cells)).tolist()
    work = kernel()

    def look(part: tuple[int, int]) -> None:
        work(
            *part, spikes.lane.size, v.time.size, int(whole), v.interval or 0.0, rate, v.time,
            values, lanes, moments, table,
        )  # fmt: skip

    on_all_cores(look, list(pairwise(edges)))
    return table
