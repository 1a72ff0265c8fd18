"""Many lanes at once: the voltage of a row of cells, or the spike count of a grid of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UsageError
from loligo.figures.content import injected, labels, signals
from loligo.figures.content.captions import conditions
from loligo.figures.content.labels import Label
from loligo.figures.page.layout import Ruler, Size, key_width
from loligo.figures.style import HEADING, SUBTITLE, TICK, TITLE, Theme

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

    from loligo.figures.page.notebook import ShownFigure

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
    from loligo.figures.page.notebook import ShownFigure

    figure = ShownFigure(figsize=size.inches, dpi=size.dpi, facecolor=theme.background)
    ruler = Ruler(figure.canvas.get_renderer(), size.dpi)  # type: ignore[attr-defined]
    place = _Place(
        figure, ruler, min(1.0, min(size.inches[0] / 8, size.inches[1] / 5) ** 0.5), theme
    )
    low, high = _range(shown)
    marks = labels.ticks(low, high, 6)
    if shown.whole:
        marks = [mark for mark in marks if mark == round(mark)]
    texts = [labels.number(m, labels.tick_decimals(marks)) for m in marks]
    box = _box(shown, place, size, texts, bool(title) + bool(subtitle))
    _titles(place, box, title, subtitle)
    _headings(shown, place, box)
    axes, beside = place.axes(box.left, box.right, box), place.axes(box.bar, box.bar_end, box)
    image = axes.pcolorfast(
        shown.across.edges, shown.up.edges, shown.values, cmap=theme.colormap, vmin=low, vmax=high
    )
    axes.set_yticks(shown.up.ticks, shown.up.texts)
    axes.set_xticks(*_fitting(shown.across, box.right - box.left, ruler, place.scale))
    axes.set_xlim(shown.across.edges[0], shown.across.edges[-1])
    axes.set_ylim(shown.up.edges[0], shown.up.edges[-1])
    figure.colorbar(image, cax=beside, ticks=marks).outline.set_visible(False)  # type: ignore[operator]
    beside.set_yticks(marks, texts)
    for one in (axes, beside):
        place.quiet(one)
    thick = 0.05 * place.scale / (box.top - box.bottom)
    look = {"clip_on": False, "facecolor": theme.stimulus, "edgecolor": "none"}
    for start, end in shown.on:
        axes.axvspan(start, end, 1 + 0.4 * thick, 1 + 1.4 * thick, **look)
    return figure


@dataclass(frozen=True)
class _Box:
    """Where the map, its colour bar and the page's edges are, in inches."""

    left: float
    right: float
    bar: float
    bar_end: float
    page: float
    bottom: float
    top: float
    page_top: float


def _box(shown: _Map, place: _Place, size: Size, texts: list[str], lines: int) -> _Box:
    scale, (width, height) = place.scale, size.inches
    line, pad, ticks = scale / 72, _PAD * scale, TICK * scale
    page = width - pad
    bar_end = page - max(place.ruler.width(t, ticks) for t in texts) - 0.12 * scale
    bar = bar_end - _BAR * scale
    return _Box(
        left=pad + max(place.ruler.width(t, ticks) for t in shown.up.texts) + 0.12 * scale,
        right=bar - _GAP * scale,
        bar=bar,
        bar_end=bar_end,
        page=page,
        bottom=pad + (1.45 * HEADING + 1.3 * TICK) * line + 0.11 * scale,
        top=height - pad - (lines * 1.2 * TITLE + 2.5 * HEADING) * line,
        page_top=height - pad,
    )


def _titles(place: _Place, box: _Box, title: str, subtitle: str) -> None:
    y = box.page_top
    for words, points, weight, colour in (
        (title, TITLE, "bold", place.theme.text),
        (subtitle, SUBTITLE, "normal", place.theme.muted),
    ):
        if words:
            y -= 1.2 * points * place.scale / 72
            line = place.ruler.fitted(words, points * place.scale, box.page - box.left, weight)
            place.text(line.text, box.left, y, fontsize=line.size, weight=weight, color=colour)


def _headings(shown: _Map, place: _Place, box: _Box) -> None:
    """The lanes' symbol over their axis, the colour's meaning over its bar, the axis below."""
    size = HEADING * place.scale
    y = box.top + 0.85 * size / 72
    start = box.page - place.ruler.width(shown.heading, size)
    place.name(shown.up, box.left, y)
    if box.left + key_width(shown.up.symbol, shown.up.unit, place.ruler, size) + 0.2 < start:
        place.text(shown.heading, start, y)
    wide = key_width(shown.across.symbol, shown.across.unit, place.ruler, size)
    below = _PAD * place.scale + 0.25 * size / 72
    place.name(shown.across, (box.left + box.right - wide) / 2, below)


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

    def text(self, words: Label | str, x: float, y: float, **look: Any) -> None:
        """Text with its baseline at a place in inches."""
        label = Label(words) if isinstance(words, str) else words
        usual = {"fontsize": HEADING * self.scale, "color": self.theme.text}
        self.figure.text(
            x / self.figure.get_figwidth(),
            y / self.figure.get_figheight(),
            label.text,
            fontstyle="italic" if label.italic else "normal",
            parse_math=label.math,
            **{**usual, **look},
        )

    def axes(self, left: float, right: float, box: _Box) -> Any:
        """Axes from ``left`` to ``right``, as high as the map."""
        width, height = self.figure.get_figwidth(), self.figure.get_figheight()
        high = (box.top - box.bottom) / height
        return self.figure.add_axes(
            (left / width, box.bottom / height, (right - left) / width, high)
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
