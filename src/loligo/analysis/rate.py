"""How fast cells fire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis.spikes import Lanes, spike_times
from loligo.recording.door import welcome
from loligo.recording.spikes import COUNT, SPIKE

if TYPE_CHECKING:
    import xarray


def firing_rate(rec: xarray.Dataset, threshold: Any = None) -> xarray.Dataset:
    """The firing rate of every cell: its mean, and from spike to spike.

    Both come from the intervals between spikes and not from a count over the duration: how long a
    recording goes on before the first spike or after the last one changes nothing. The mean is the
    number of intervals over the time from the first spike to the last (which is 1 over the mean
    interval); of a part of a recording, ``rec.sel(time=slice(100, 500))``, it is that of its own
    spikes.

    Parameters
    ----------
    rec : xarray.Dataset
        A recording.
    threshold : voltage, optional
        What a spike is, as for :func:`loligo.spike_times`.

    Returns
    -------
    xarray.Dataset
        ``rate`` (Hz) over the lanes: 0 of a cell that does not fire, NaN of one that fires once, so
        that no interval is known, and of one that was lost; ``spike_count`` tells these apart.
        ``instantaneous`` (Hz) over (lanes…, ``spike``): 1 over the interval that ends with the
        spike, NaN at the first. ``spike_time`` (ms), over the same.

    Raises
    ------
    UsageError
        What :func:`loligo.spike_times` raises.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> rec = lo.simulate(squid, lo.Step(5, [0, 5, 10]), 200)
    >>> found = lo.firing_rate(rec)
    >>> found.rate.values.round(1).tolist()
    [0.0, nan, 68.2]
    >>> found.instantaneous.sel(amplitude=10).values[:4].round(1).tolist()
    [nan, 67.0, 68.3, 68.3]
    """
    import xarray as xr

    rec = welcome(rec)
    lanes = Lanes.of(rec)
    times = spike_times(rec, threshold)
    when = times.values
    count = np.isfinite(when).sum(axis=-1)
    between = np.diff(when, axis=-1)
    fast = np.full(when.shape, np.nan)
    fast[..., 1:] = 1e3 / between
    first = when[..., 0] if when.shape[-1] else np.full(count.shape, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        last = np.where(count > 0, np.fmax.reduce(when, axis=-1, initial=-np.inf), np.nan)
        rate = np.where(count == 0, 0.0, np.where(count > 1, 1e3 * (count - 1) / (last - first),
                                                  np.nan))  # fmt: skip
    lost = np.zeros(count.shape, dtype=bool)
    if COUNT in rec and set(rec[COUNT].dims) == set(lanes.dims):
        lost = rec[COUNT].transpose(*lanes.dims).values < 0
    rate, count = np.where(lost, np.nan, rate), np.where(lost, -1, count)
    level = {"threshold": times.attrs["threshold"]}
    hertz = {"units": "Hz"}
    return xr.Dataset(
        {
            "rate": (lanes.dims, rate, {**hertz, "long_name": "mean firing rate", **level}),
            "instantaneous": ((*lanes.dims, SPIKE), fast, {
                **hertz, "long_name": "instantaneous firing rate", **level}),
            "spike_time": times,
            COUNT: (lanes.dims, count, {"units": "1", "long_name": "number of spikes", **level}),
        },
        {**lanes.coords, SPIKE: times[SPIKE]},
    )  # fmt: skip
