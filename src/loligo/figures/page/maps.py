"""Many lanes at once: the voltage of a row of cells, or the spike counts of a grid of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from loligo.analysis.dimensionless import is_dimensionless
from loligo.errors import UsageError
from loligo.figures.content import injected, labels, origin, signals
from loligo.figures.content.labels import Label
from loligo.figures.content.subtitle import subtitle
from loligo.figures.page import chart
from loligo.words import reworded, say

if TYPE_CHECKING:
    import xarray

_COLUMNS = 2400  # of a voltage map; finer would not be seen
_MOST_MAPS = 4
_EACH = 6  # lanes that each have a number beside them


def is_grid(rec: xarray.Dataset) -> bool:
    """Whether ``rec`` is a sweep over two parameters or three, of which a spike count is shown."""
    count = getattr(rec, "data_vars", {}).get("spike_count")
    return count is not None and count.ndim in (2, 3) and "position" not in count.dims


def map_chart(rec: xarray.Dataset, title: str | None) -> chart.Chart:
    """One dimension of lanes: V over time and lanes; two: the spike count over both; three: the
    same for each value of the shortest.

    Raises
    ------
    UsageError
        For more dimensions, and where V or the spike count is not recorded.
    """
    rec = in_order(rec)
    panels = _counts(rec) if is_grid(rec) else (_in_time(signals.read(rec)),)
    return headed(rec, panels, title, shared=len(panels) > 1)


def headed(
    rec: xarray.Dataset, panels: tuple[chart.Axes, ...], title: str | None, shared: bool = False
) -> chart.Chart:
    """Panels under the recording's title, or under another, and what was done."""
    heading = reworded(str(rec.attrs.get("title") or rec.attrs.get("model") or ""))
    words = heading if title is None else title
    units = not is_dimensionless(rec, ("V",) if "V" in rec else ())
    return chart.Chart(panels, words, subtitle(rec, units) if words else "", shared)


def _in_time(recorded: signals.Signals) -> chart.Axes:
    """V, or a clamp's current, over time and lanes."""
    rec = recorded.recording
    if len(recorded.dims) != 1:
        dim = recorded.dims[0]
        raise UsageError(
            f"{len(recorded.lanes)} lanes along {len(recorded.dims)} dimensions cannot be shown at "
            f"once; select some, as in rec.isel({dim}=0)."
        )
    names = recorded.names("clamp")[-1:] or recorded.names("voltage")
    if not names:
        raise UsageError(
            "the recording holds no V; simulate with record=None or "
            f'with "V" in record, or name a panel: panels={recorded.series()!r}.'
        )
    dim = recorded.dims[0]
    values = np.asarray(rec[names[0]].transpose(dim, "time").values, dtype=float)
    values = recorded.counted(names[0], values)
    time, values = _condensed(recorded.time, values)
    some = recorded.lanes[:: max(1, len(recorded.lanes) // 16)]
    on = injected.stretches(injected.when_on(recorded, some), (time[-1] - time[0]) / 400)
    edges, axis = along(rec, dim)
    axis = replace(axis, unit="1") if recorded.dimensionless else axis
    bars = tuple(chart.Band(start, end, "stimulus", over=True) for start, end in on)
    return chart.Axes(
        (chart.Image(time, edges, values), *bars),
        chart.Axis(
            Label(say("Time")),
            "1" if recorded.dimensionless else "ms",
            limits=ends(time),
            ticks=told(time[0], time[-1], 11),
        ),
        axis,
        scale=_scale(*_unit(recorded, names[0]), values),
    )


def _unit(recorded: signals.Signals, name: str) -> tuple[str, float]:
    """What colours stand for, and by how much values differ at least."""
    unit = labels.unit(recorded.unit(name))
    if recorded.role(name) == "clamp":
        words = reworded(str(recorded.attribute(name, "long_name", name)))
        return f"{words[:1].upper()}{words[1:]} ({unit})", 0.0
    return (
        (origin.unitless_heading(recorded.recording.attrs), 0.1)
        if recorded.dimensionless
        else (f"{origin.heading(recorded.recording.attrs)} ({unit})", 1.0)
    )


def _scale(name: str, least: float, values: np.ndarray) -> chart.Scale:
    """Colours from the lowest to the highest value, or so much to both sides."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    room = 0.0 if high - low > least else least or 1.0
    return chart.Scale(name, low - room, high + room)


def told(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Round numbers between two, and their texts."""
    places = labels.ticks(float(low), float(high), most)
    decimals = labels.tick_decimals(places)
    return [(place, labels.number(place, decimals)) for place in places]


def ends(edges: np.ndarray) -> tuple[float, float]:
    return float(edges[0]), float(edges[-1])


def _condensed(time: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Column edges, and the highest value of every column: no spike is lost."""
    columns = min(_COLUMNS, time.size - 1)
    cut = np.linspace(0, time.size - 1, columns + 1).round().astype(int)
    if columns == time.size - 1:
        return time, values[:, :-1]
    return time[cut], np.maximum.reduceat(values[:, :-1], cut[:-1], axis=1)


def _counts(rec: xarray.Dataset) -> tuple[chart.Axes, ...]:
    """Over two dimensions one map; over three one for each value of the shortest."""
    count = rec["spike_count"]
    values = np.where(count.values < 0, np.nan, count.values)  # of a lane that was lost, -1
    low, high = min(np.nanmin(values, initial=0.0), 0.0), max(np.nanmax(values, initial=1.0), 1.0)
    scale = chart.Scale(say("Number of spikes"), float(low), float(high), whole=True)
    if count.ndim == 2:
        down, right = map(str, count.dims)
        return (_count_map(rec, values, down, right, scale),)
    apart = str(min(count.dims, key=lambda dim: count.sizes[dim]))
    size = count.sizes[apart]
    if size > _MOST_MAPS:
        raise UsageError(
            f"a sweep over three parameters is drawn as maps, up to {_MOST_MAPS} of them, and "
            f"{apart!r}, the shortest, has {size} values; select some, as in "
            f"rec.isel({apart}=slice(None, None, {-(-size // _MOST_MAPS)}))."
        )
    down, right = (str(dim) for dim in count.dims if dim != apart)
    rows = np.moveaxis(values, count.dims.index(apart), 0)
    made = []
    for k in sorted(range(size), key=lambda k: -int(signals.ranks(rec, apart)[k])):
        shown = scale if not made else replace(scale, bar=False)
        made.append(_count_map(rec, rows[k], down, right, shown, _value(rec, apart, k)))
    return tuple(made)


def _count_map(
    rec: xarray.Dataset, values: np.ndarray, down: str, right: str, scale: chart.Scale,
    aside: str | Label = "",
) -> chart.Axes:  # fmt: skip
    (x, across), (y, up) = along(rec, right), along(rec, down)
    return chart.Axes((chart.Image(x, y, values),), across, up, scale=scale, aside=aside)


def _value(rec: xarray.Dataset, dim: str, k: int) -> Label:
    """``g_K = 36 mS/cm²``."""
    name, unit = signals.dimension(rec, dim)
    value = signals.coordinate(rec, dim, k)
    return labels.words([name, f" = {value}{unit and f' {unit}'}"])


def in_order(rec: xarray.Dataset) -> xarray.Dataset:
    """The lanes in the order of their numbers."""
    dims = [str(dim) for dim in rec["spike_count"].dims] if "spike_count" in rec else []
    return rec.isel({dim: np.argsort(signals.ranks(rec, dim)) for dim in dims})


def along(rec: xarray.Dataset, dim: str) -> tuple[np.ndarray, chart.Axis]:
    """Edges of the cells along a dimension of lanes, and their axis: numbers where the lanes are
    numbered in order, else the lanes one beside the other."""
    symbol, unit = signals.dimension(rec, dim)
    of, count = signals.along(rec, dim), rec.sizes[dim]
    places = np.arange(count) if of is None else np.asarray(of.values)
    if places.dtype.kind in "fiu" and count > 1 and np.all(np.diff(places) > 0):
        middle = (places[1:] + places[:-1]) / 2
        first, last = 2 * places[0] - middle[0], 2 * places[-1] - middle[-1]
        edges = np.concatenate(([first], middle, [last])).astype(float)
        each = [(float(p), signals.coordinate(rec, dim, k)) for k, p in enumerate(places[:_EACH])]
        marks = each if count <= _EACH else told(places[0], places[-1], 7)
    else:
        edges = np.arange(count + 1) - 0.5
        chosen = np.unique(np.linspace(0, count - 1, min(count, 7)).round().astype(int))
        marks = [(float(k), signals.coordinate(rec, dim, int(k))) for k in chosen]
    return edges, chart.Axis(symbol, unit or "1", limits=ends(edges), ticks=marks)
