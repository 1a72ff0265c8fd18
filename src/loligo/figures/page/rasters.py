"""Spikes alone: when each lane's were, a row for each lane, and how many there were."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from loligo.errors import UsageError
from loligo.figures.content import injected, signals
from loligo.figures.content.labels import Label
from loligo.figures.page import chart
from loligo.figures.page.maps import along, ends, headed, in_order, told
from loligo.words import say

if TYPE_CHECKING:
    import xarray

_MOST = 300_000  # strokes; of more a part is drawn
_MARKED = 40  # lanes whose counts are marked one by one
_BINS = 50  # of time, in which spikes are counted over trials
_LEAST_TRIALS = 5


def is_spikes(rec: xarray.Dataset) -> bool:
    """Whether only spikes are recorded, of one lane or of lanes along one dimension."""
    count = rec.data_vars.get("spike_count")
    return count is not None and count.ndim < 2


def spikes_chart(rec: xarray.Dataset, title: str | None) -> chart.Chart:
    """When the spikes were, and below it their number in each lane; over trials that differ by
    chance alone, how often there were any at each time.

    Raises
    ------
    UsageError
        If nothing tells of more than one number.
    """
    count = rec["spike_count"]
    timed = "spike_time" in rec and rec["spike_time"].dims[-1:] == ("spike",)
    if not count.ndim:
        if not timed:
            raise UsageError(
                f"the recording holds one number, {int(count)} spikes: nothing to draw; simulate "
                "with record=None"
            )
        return headed(rec, (_raster(rec),), title)
    rec = in_order(rec)
    if not timed:
        return headed(rec, (_curve(rec),), title)
    if _by_chance(rec):
        return headed(rec, (_raster(rec), _rate(rec)), title, shared=True)
    return headed(rec, (_raster(rec), _curve(rec)), title)


def _by_chance(rec: xarray.Dataset) -> bool:
    """Whether lanes are trials: they differ by the seed of a noise."""
    (dim,) = rec["spike_count"].dims
    of = signals.along(rec, str(dim))
    name = str(dim) if of is None else str(of.name)
    return name.startswith("seed") and rec.sizes[dim] >= _LEAST_TRIALS


# ------------------------------------------------------------------------ in time


def _raster(rec: xarray.Dataset) -> chart.Axes:
    """A row of strokes for each lane, at its value where the lanes are numbered in order."""
    dims = [str(dim) for dim in rec["spike_count"].dims]
    times = rec["spike_time"].transpose(*dims, "spike").values.astype(float)
    times = times.reshape(-1, times.shape[-1])
    edges, up = along(rec, dims[0]) if dims else (np.array([0.0, 1.0]), chart.Axis(ticks=()))
    row, column = np.nonzero(np.isfinite(times))
    some = slice(None, None, max(1, -(-row.size // _MOST)))
    row, when = row[some], times[row, column][some]
    low, high = edges[row], edges[row + 1]
    beside = 0.1 * (high - low)
    x = np.repeat(when, 3)
    y = np.column_stack((low + beside, high - beside, np.full(row.size, np.nan))).ravel()
    start, end = _span(rec, when)
    strokes = chart.Line(x, y, "voltage", width=_width(times.shape[0]))
    heading = up if dims else chart.Axis(say("Spikes"), limits=(0.0, 1.0), ticks=())
    return chart.Axes(
        (*_bands(rec, start, end), strokes), _time(rec, start, end), heading, weight=1.6
    )


def _width(lanes: int) -> float:
    """Of strokes, in line widths: thinner where they are many."""
    return 1.2 if lanes <= 30 else 0.8 if lanes <= 300 else 0.5


def _time(rec: xarray.Dataset, start: float, end: float) -> chart.Axis:
    return chart.Axis(Label(say("Time")), "ms", limits=(start, end), ticks=told(start, end, 11))


def _span(rec: xarray.Dataset, when: np.ndarray) -> tuple[float, float]:
    """From when to when the run was, as far as that is told."""
    try:
        end = float(json.loads(rec.attrs["provenance"])["duration"])
    except (KeyError, TypeError, ValueError):
        end = float(rec["spike_time"].attrs.get("end", 0.0)) or 1.02 * float(when.max(initial=0.0))
    return 0.0, end or 1.0


def _bands(rec: xarray.Dataset, start: float, end: float) -> tuple[chart.Band, ...]:
    """When current was injected, if that is the same in every lane."""
    time = np.linspace(start, end, 2001)
    dims = tuple(str(dim) for dim in rec["spike_count"].dims)
    on = injected.when_on(signals.Signals(rec, time, dims), ())
    return tuple(
        chart.Band(a, b, "stimulus", over=True)
        for a, b in injected.stretches(on, (end - start) / 400)
    )


# ------------------------------------------------------------------------ how many


def _curve(rec: xarray.Dataset) -> chart.Axes:
    """The number of spikes in each lane."""
    (dim,) = (str(d) for d in rec["spike_count"].dims)
    edges, axis = along(rec, dim)
    counts = counted(rec)
    of = signals.along(rec, dim)
    numbers = of.values if of is not None and of.dtype.kind in "fiu" else None
    in_order = numbers is not None
    x = (edges[1:] + edges[:-1]) / 2 if numbers is None else np.asarray(numbers, dtype=float)
    order = np.argsort(x, kind="stable")
    x, y = x[order], counts[order]
    high = float(np.nanmax(y, initial=1.0))
    up = chart.Axis(say("Number of spikes"), limits=(-0.04 * high, 1.08 * high), ticks=_whole(high))
    across = chart.Axis(axis.name, axis.unit, limits=None if in_order else ends(edges),
                        ticks=None if in_order else axis.ticks)  # fmt: skip
    if x.size > _MARKED:
        return chart.Axes((chart.Line(x, y, "voltage"),), across, up)
    line = chart.Line(x, y, "voltage", width=0.8)
    return chart.Axes((line, chart.Points(x, y, "voltage")), across, up)


def counted(rec: xarray.Dataset) -> np.ndarray:
    """The number of spikes; of a lane that was lost, not a number."""
    values = np.asarray(rec["spike_count"].values, dtype=float)
    return np.where(values < 0, np.nan, values)


def _whole(high: float) -> list[tuple[float, str]]:
    """Whole numbers up to one."""
    return [mark for mark in told(0.0, max(high, 1.0), 6) if mark[0] == round(mark[0])]


def _rate(rec: xarray.Dataset) -> chart.Axes:
    """How often lanes fired at each time."""
    times = rec["spike_time"].values.astype(float)
    when = times[np.isfinite(times)]
    start, end = _span(rec, when)
    bins = np.linspace(start, end, _BINS + 1)
    per = np.histogram(when, bins)[0] / ((bins[1] - bins[0]) * 1e-3 * rec["spike_count"].size)
    area, outline = chart.histogram(bins, per)
    return chart.Axes((area, outline), _time(rec, start, end), chart.Axis(say("Firing rate"), "Hz"))
