"""Many lanes at once: the voltage of a row of cells, or the spike count of a grid of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UsageError
from loligo.figures import injected, labels, signals
from loligo.figures.labels import Label
from loligo.figures.layout import Ruler, Size, key_width
from loligo.figures.style import HEADING, SUBTITLE, TICK, TITLE, Theme
from loligo.figures.words import conditions

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

    from loligo.figures.notebook import ShownFigure

_COLUMNS = 2400  # of a voltage map; finer would not be seen
_BAR, _GAP, _PAD = 0.16, 0.14, 0.16  # inches


@dataclass(frozen=True, eq=False)
class _Axis:
    """Edges of the cells along one axis, and where its ticks are."""

    edges: np.ndarray
    ticks: list[float]
    texts: list[str]
    symbol: Label
    unit: str


@dataclass(frozen=True, eq=False)
class _Map:
    """A coloured field: ``values`` are rows from the bottom up."""

    values: np.ndarray
    across: _Axis
    up: _Axis
    heading: str
    on: tuple[tuple[float, float], ...] = ()
    whole: bool = False  # the values are counts


def is_grid(rec: xarray.Dataset) -> bool:
    """Whether ``rec`` is a two-dimensional sweep, of which only a spike count can be shown."""
    count = getattr(rec, "data_vars", {}).get("spike_count")
    return count is not None and count.ndim == 2 and count.size > 1


def draw_map(rec: xarray.Dataset, theme: Theme, size: Size, title: str | None) -> Figure:
    """One dimension of lanes: V over time and lanes; two: the spike count over both.

    Raises
    ------
    UsageError
        For more dimensions, and where V or the spike count is not recorded.
    """
    shown = _count_map(rec) if is_grid(rec) else _voltage_map(signals.read(rec))
    heading = str(rec.attrs.get("title") or rec.attrs.get("model") or "")
    words = heading if title is None else title
    below = conditions(rec.attrs, signals.chosen(rec)) if words else ""
    return _drawn(shown, theme, size, words, below)


def _voltage_map(found: signals.Signals) -> _Map:
    rec = found.recording
    if len(found.dims) != 1:
        dim = found.dims[0]
        raise UsageError(
            f"{len(found.lanes)} lanes along {len(found.dims)} dimensions cannot be shown at once; "
            f"select some, as in rec.isel({dim}=0)."
        )
    names = found.names("voltage")
    if not names:
        raise UsageError(
            "the recording holds no V; simulate with record=None or "
            f'with "V" in record, or name a panel: panels={found.series()!r}.'
        )
    dim = found.dims[0]
    values = np.asarray(rec[names[0]].transpose(dim, "time").values, dtype=float)
    time, values = _condensed(found.time, values)
    ticks = labels.ticks(float(time[0]), float(time[-1]), 11)
    shown = labels.tick_decimals(ticks)
    texts = [labels.number(t, shown) for t in ticks]
    across = _Axis(time, ticks, texts, Label("Time"), "ms")
    some = found.lanes[:: max(1, len(found.lanes) // 16)]
    on = injected.stretches(injected.when_on(found, some), (time[-1] - time[0]) / 400)
    return _Map(values, across, _axis(rec, dim), "Membrane potential (mV)", tuple(on))


def _condensed(time: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Column edges, and the highest value of every column: no spike is lost."""
    columns = min(_COLUMNS, time.size - 1)
    cut = np.linspace(0, time.size - 1, columns + 1).round().astype(int)
    if columns == time.size - 1:
        return time, values[:, :-1]
    return time[cut], np.maximum.reduceat(values[:, :-1], cut[:-1], axis=1)


def _count_map(rec: xarray.Dataset) -> _Map:
    count = rec["spike_count"]
    down, along = (str(dim) for dim in count.dims)
    values = np.asarray(count.values, dtype=float)
    return _Map(values, _axis(rec, along), _axis(rec, down), "Number of spikes", whole=True)


def _axis(rec: xarray.Dataset, dim: str) -> _Axis:
    symbol, unit = signals.dimension(rec, dim)
    count = rec.sizes[dim]
    places = np.asarray(rec[dim].values) if dim in rec.coords else np.arange(count)
    if places.dtype.kind in "fiu" and count > 1 and np.all(np.diff(places) > 0):
        middle = (places[1:] + places[:-1]) / 2
        first, last = 2 * places[0] - middle[0], 2 * places[-1] - middle[-1]
        edges = np.concatenate(([first], middle, [last])).astype(float)
        ticks = labels.ticks(float(places[0]), float(places[-1]), 7)
        shown = labels.tick_decimals(ticks)
        return _Axis(edges, ticks, [labels.number(t, shown) for t in ticks], symbol, unit)
    chosen = np.unique(np.linspace(0, count - 1, min(count, 7)).round().astype(int))
    texts = [signals.coordinate(rec, dim, int(k)) for k in chosen]
    return _Axis(np.arange(count + 1) - 0.5, chosen.tolist(), texts, symbol, unit)


# ------------------------------------------------------------------------ drawing


def _drawn(shown: _Map, theme: Theme, size: Size, title: str, subtitle: str) -> Figure:
    from loligo.figures.notebook import ShownFigure

    figure = ShownFigure(figsize=size.inches, dpi=size.dpi, facecolor=theme.background)
    ruler = Ruler(figure.canvas.get_renderer(), size.dpi)  # type: ignore[attr-defined]
    width, height = size.inches
    scale = min(1.0, min(width / 8, height / 5) ** 0.5)
    line = scale / 72
    low, high = _range(shown)
    marks = labels.ticks(low, high, 6)
    if shown.whole:
        marks = [mark for mark in marks if mark == round(mark)]
    texts = [labels.number(m, labels.tick_decimals(marks)) for m in marks]
    pad = _PAD * scale
    left = pad + max(ruler.width(t, TICK * scale) for t in shown.up.texts) + 0.12 * scale
    bar = width - pad - max(ruler.width(t, TICK * scale) for t in texts) - 0.12 * scale
    bar -= _BAR * scale
    right = bar - _GAP * scale
    bottom = pad + (1.45 * HEADING + 1.3 * TICK) * line + 0.11 * scale
    top = height - pad
    for words, points, weight, colour in (
        (title, TITLE, "bold", theme.text),
        (subtitle, SUBTITLE, "normal", theme.muted),
    ):
        if words:
            top -= 1.2 * points * line
            fits = ruler.cut(words, points * scale, width - pad - left, weight)
            look = {"color": colour, "weight": weight, "fontsize": points * scale}
            figure.text(left / width, top / height, fits, parse_math=False, **look)
    top -= 2.5 * HEADING * line
    place = _Place(figure, ruler, scale, theme)
    place.name(shown.up, left, top + 0.85 * HEADING * line)
    words = ruler.width(shown.heading, HEADING * scale)
    y = top + 0.85 * HEADING * line
    room = key_width(shown.up.symbol, shown.up.unit, ruler, HEADING * scale)
    if left + room + 0.2 < width - pad - words:
        place.text(shown.heading, width - pad - words, y)
    axes = figure.add_axes(
        (left / width, bottom / height, (right - left) / width, (top - bottom) / height)
    )
    image = axes.pcolorfast(
        shown.across.edges, shown.up.edges, shown.values, cmap=theme.colormap, vmin=low, vmax=high
    )
    axes.set_yticks(shown.up.ticks, shown.up.texts)
    axes.set_xticks(*_fitting(shown.across, right - left, ruler, scale))
    axes.set_xlim(shown.across.edges[0], shown.across.edges[-1])
    axes.set_ylim(shown.up.edges[0], shown.up.edges[-1])
    beside = figure.add_axes(
        (bar / width, bottom / height, _BAR * scale / width, (top - bottom) / height)
    )
    figure.colorbar(image, cax=beside, ticks=marks).outline.set_visible(False)  # type: ignore[operator]
    beside.set_yticks(marks, texts)
    for one in (axes, beside):
        place.quiet(one)
    for start, end in shown.on:
        thick = 0.05 * scale / (top - bottom)
        axes.axvspan(
            start, end, 1 + 0.4 * thick, 1 + 1.4 * thick, clip_on=False,
            facecolor=theme.stimulus, edgecolor="none",
        )  # fmt: skip
    wide = key_width(shown.across.symbol, shown.across.unit, ruler, HEADING * scale)
    place.name(shown.across, (left + right - wide) / 2, pad + 0.25 * HEADING * line)
    return figure


def _range(shown: _Map) -> tuple[float, float]:
    finite = shown.values[np.isfinite(shown.values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if shown.whole:
        return min(low, 0.0), max(high, 1.0)
    return (low, high) if high - low > 1.0 else (low - 1.0, high + 1.0)


def _fitting(axis: _Axis, room: float, ruler: Ruler, scale: float) -> tuple[list[float], list[str]]:
    """As many ticks as there is room for."""
    ticks, texts = axis.ticks, axis.texts
    while len(texts) > 2 and 1.6 * sum(ruler.width(t, TICK * scale) for t in texts) > room:
        ticks, texts = ticks[::2], texts[::2]
    return ticks, texts


@dataclass(frozen=True, eq=False)
class _Place:
    """Sets text and quiet axes on a map."""

    figure: ShownFigure
    ruler: Ruler
    scale: float
    theme: Theme

    def text(self, words: Label | str, x: float, y: float) -> None:
        """Text with its baseline at a place in inches."""
        label = Label(words) if isinstance(words, str) else words
        self.figure.text(
            x / self.figure.get_figwidth(),
            y / self.figure.get_figheight(),
            label.text,
            fontsize=HEADING * self.scale,
            fontstyle="italic" if label.italic else "normal",
            parse_math=label.math,
            color=self.theme.text,
        )

    def name(self, axis: _Axis, x: float, y: float) -> None:
        """An axis's symbol and unit."""
        self.text(axis.symbol, x, y)
        if axis.unit:
            after = x + self.ruler.width(axis.symbol, HEADING * self.scale)
            self.text(f" ({axis.unit})", after, y)

    def quiet(self, axes: Any) -> None:
        """No frame; small ticks."""
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.tick_params(
            color=self.theme.rule,
            labelcolor=self.theme.text,
            labelsize=TICK * self.scale,
            length=0.045 * 72 * self.scale,
            pad=0.05 * 72 * self.scale,
            width=0.7 * self.scale,
        )
