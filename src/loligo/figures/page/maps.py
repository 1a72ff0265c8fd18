"""Many lanes at once: the voltage of a row of cells, or the spike count of a grid of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from loligo.errors import UsageError
from loligo.figures.content import injected, labels, signals
from loligo.figures.content.captions import conditions
from loligo.figures.content.labels import Label
from loligo.figures.page import chart
from loligo.words import reworded, say

if TYPE_CHECKING:
    import xarray

_COLUMNS = 2400  # of a voltage map; finer would not be seen


def is_grid(rec: xarray.Dataset) -> bool:
    """Whether ``rec`` is a two-dimensional sweep, of which only a spike count can be shown."""
    count = getattr(rec, "data_vars", {}).get("spike_count")
    return count is not None and count.ndim == 2 and count.size > 1


def map_chart(rec: xarray.Dataset, title: str | None) -> chart.Chart:
    """One dimension of lanes: V over time and lanes; two: the spike count over both.

    Raises
    ------
    UsageError
        For more dimensions, and where V or the spike count is not recorded.
    """
    panel = _counts(rec) if is_grid(rec) else _voltages(signals.read(rec))
    heading = reworded(str(rec.attrs.get("title") or rec.attrs.get("model") or ""))
    words = heading if title is None else title
    below = conditions(rec.attrs, signals.chosen(rec)) if words else ""
    return chart.Chart((panel,), words, below)


def _voltages(recorded: signals.Signals) -> chart.Axes:
    rec = recorded.recording
    if len(recorded.dims) != 1:
        dim = recorded.dims[0]
        raise UsageError(
            f"{len(recorded.lanes)} lanes along {len(recorded.dims)} dimensions cannot be shown at "
            f"once; select some, as in rec.isel({dim}=0)."
        )
    names = recorded.names("voltage")
    if not names:
        raise UsageError(
            "the recording holds no V; simulate with record=None or "
            f'with "V" in record, or name a panel: panels={recorded.series()!r}.'
        )
    dim = recorded.dims[0]
    values = np.asarray(rec[names[0]].transpose(dim, "time").values, dtype=float)
    time, values = _condensed(recorded.time, values)
    some = recorded.lanes[:: max(1, len(recorded.lanes) // 16)]
    on = injected.stretches(injected.when_on(recorded, some), (time[-1] - time[0]) / 400)
    edges, axis = _axis(rec, dim)
    bars = tuple(chart.Band(start, end, "stimulus", over=True) for start, end in on)
    return chart.Axes(
        (chart.Image(time, edges, values), *bars),
        chart.Axis(
            Label(say("Time")), "ms", limits=_ends(time), ticks=_told(time[0], time[-1], 11)
        ),
        axis,
        scale=_scale(f"{say('Membrane potential')} (mV)", values),
    )


def _scale(name: str, values: np.ndarray) -> chart.Scale:
    """Colours from the lowest to the highest value, at least 1 mV to both sides."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return chart.Scale(name, low, high) if high - low > 1 else chart.Scale(name, low - 1, high + 1)


def _told(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Round numbers between two, and their texts."""
    places = labels.ticks(float(low), float(high), most)
    decimals = labels.tick_decimals(places)
    return [(place, labels.number(place, decimals)) for place in places]


def _ends(edges: np.ndarray) -> tuple[float, float]:
    return float(edges[0]), float(edges[-1])


def _condensed(time: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Column edges, and the highest value of every column: no spike is lost."""
    columns = min(_COLUMNS, time.size - 1)
    cut = np.linspace(0, time.size - 1, columns + 1).round().astype(int)
    if columns == time.size - 1:
        return time, values[:, :-1]
    return time[cut], np.maximum.reduceat(values[:, :-1], cut[:-1], axis=1)


def _counts(rec: xarray.Dataset) -> chart.Axes:
    count = rec["spike_count"]
    down, right = (str(dim) for dim in count.dims)
    values = np.where(count.values < 0, np.nan, count.values)  # of a lane that was lost, -1
    finite = values[np.isfinite(values)]
    low, high = min(finite.min(initial=0.0), 0.0), max(finite.max(initial=1.0), 1.0)
    (x, across), (y, up) = _axis(rec, right), _axis(rec, down)
    scale = chart.Scale(say("Number of spikes"), float(low), float(high), whole=True)
    return chart.Axes((chart.Image(x, y, values),), across, up, scale=scale)


def _axis(rec: xarray.Dataset, dim: str) -> tuple[np.ndarray, chart.Axis]:
    """Edges of the cells along a dimension of lanes, and their axis: numbers where the lanes are
    numbered in order, else the lanes one beside the other."""
    symbol, _ = signals.dimension(rec, dim)
    unit = str(rec[dim].attrs.get("units", "1")) if dim in rec.coords else "1"
    count = rec.sizes[dim]
    places = np.asarray(rec[dim].values) if dim in rec.coords else np.arange(count)
    if places.dtype.kind in "fiu" and count > 1 and np.all(np.diff(places) > 0):
        middle = (places[1:] + places[:-1]) / 2
        first, last = 2 * places[0] - middle[0], 2 * places[-1] - middle[-1]
        edges = np.concatenate(([first], middle, [last])).astype(float)
        told = _told(places[0], places[-1], 7)
    else:
        edges = np.arange(count + 1) - 0.5
        chosen = np.unique(np.linspace(0, count - 1, min(count, 7)).round().astype(int))
        told = [(float(k), signals.coordinate(rec, dim, int(k))) for k in chosen]
    return edges, chart.Axis(symbol, unit, limits=_ends(edges), ticks=told)
