"""Draws a chart: each layer with one of matplotlib's artists, in the house's style."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.figures.content.labels import Label
from loligo.figures.page import chart
from loligo.figures.page.extent import Side, bar_marks
from loligo.figures.page.frame import (
    GAP,
    Page,
    Size,
    axes_at,
    blank,
    named,
    ruled,
    text,
    ticked,
    titles,
)
from loligo.figures.page.placing import BAR, Box, Placed, axis_room, ends, place, sample, starts
from loligo.figures.page.ruler import Ruler
from loligo.figures.style import HEADING, LABEL, LINE_WIDTH, TICK, Theme, ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKS = {"dot": "o", "ring": "o", "cross": "x"}


def draw_chart(what: chart.Chart, size: Size, theme: Theme) -> Figure:
    """Lay out and draw a chart.

    Raises
    ------
    UsageError
        If it does not fit at a legible size.
    """
    figure, ruler = blank(size, theme)
    placed = place(what, size, ruler)
    for box in placed.boxes:
        _panel(figure, placed, box, ruler, theme)
    titles(figure, placed.page, ruler, placed.left, theme)
    return figure


# ------------------------------------------------------------------------ colours


@dataclass(frozen=True, eq=False)
class _Inks:
    """The colours of one panel: by name, and of values on its scale, from a part of a colour map
    to another."""

    theme: Theme
    scale: chart.Scale | None
    range: tuple[float, float]

    def of(self, colour: Any) -> Any:
        """A colour for matplotlib; a list of them for a row of values."""
        if isinstance(colour, str):
            return ink(colour, self.theme)
        low, high = (0.0, 1.0) if self.scale is None else (self.scale.low, self.scale.high)
        parts = (np.asarray(colour, dtype=float) - low) / (high - low)
        first, last = self.range
        return self._map(first + parts * (last - first))

    @property
    def _map(self) -> Any:
        import matplotlib

        return matplotlib.colormaps[self.theme.colormap]

    @property
    def colormap(self) -> Any:
        """For matplotlib: from the scale's low end to its high one."""
        from matplotlib.colors import ListedColormap

        whole = self.range == (0.0, 1.0)
        return self._map if whole else ListedColormap(self._map(np.linspace(*self.range, 256)))


def _inks(axes: chart.Axes, theme: Theme) -> _Inks:
    """Lines and points must be told from the ground: they have a part of the colours."""
    image = any(isinstance(layer, chart.Image) for layer in axes.layers)
    return _Inks(theme, axes.scale, (0.0, 1.0) if image else theme.colormap_range)


# ------------------------------------------------------------------------ panels


def _panel(figure: Any, placed: Placed, box: Box, ruler: Ruler, theme: Theme) -> None:
    page, inks = placed.page, _inks(box.axes, theme)
    axes = _axes(figure, placed, box, box.up, theme)
    _left_and_below(figure, placed, box, axes, ruler, theme)
    _layers(axes, box.axes.layers, box.up, page, inks)
    if box.axes.twin is not None and box.twin is not None:
        right = _axes(figure, placed, box, box.twin, theme)
        _right(right, box, page, inks)
        _layers(right, box.axes.twin.layers, box.twin, page, inks)
    if box.axes.scale is not None:
        _bar(figure, placed, box, inks)
    for layer, y in zip(box.beside, ends(box, page), strict=True):
        look = {"color": inks.of(layer.colour), "va": "center_baseline"}
        x = placed.right + GAP * page.scale
        text(figure, page, x, y, Label(layer.label), LABEL * page.scale, **look)
    _head(figure, placed, box, ruler, inks)


def _axes(figure: Any, placed: Placed, box: Box, up: Side, theme: Theme) -> Axes:
    """Empty axes between their limits."""
    axes = axes_at(
        figure, placed.page, placed.left, placed.right, box.bottom, box.top - box.bottom,
        facecolor="none",
    )  # fmt: skip
    if box.across.axis.log:
        axes.set_xscale("log")
    if up.axis.log:
        axes.set_yscale("log")
    axes.set_xlim(*box.across.limits)
    axes.set_ylim(*up.limits)
    axes.minorticks_off()
    axes.set_xticks([])
    axes.set_yticks([])
    ruled(axes, placed.page, theme)
    ticked(axes, placed.page, theme)
    return axes


def _left_and_below(
    figure: Any, placed: Placed, box: Box, axes: Axes, ruler: Ruler, theme: Theme
) -> None:
    page, filled = placed.page, any(isinstance(x, chart.Image) for x in box.axes.layers)
    if not filled:
        ruled(axes, page, theme, "left", *(("bottom",) if box.across_marks else ()))
    axes.set_yticks([m.value for m in box.up_marks], [m.text for m in box.up_marks])
    if not box.across_marks:
        return
    axes.set_xticks([m.value for m in box.across_marks], [m.text for m in box.across_marks])
    label, unit, size = box.across.label, box.across.unit, HEADING * page.scale
    y = box.bottom - axis_room(page) + 0.25 * HEADING * page.point
    middle = (placed.left + placed.right) / 2
    if not unit:
        look = {"color": theme.text, "ha": "center", "va": "baseline"}
        text(figure, page, middle, y, label, size, **look)
        return
    named(figure, page, ruler, middle - ruler.name(label, unit, size) / 2, y, label, unit,
          theme.text)  # fmt: skip


def _right(axes: Axes, box: Box, page: Page, inks: _Inks) -> None:
    """The second upward axis."""
    ruled(axes, page, inks.theme, "right")
    axes.yaxis.tick_right()
    axes.set_yticks([m.value for m in box.twin_marks], [m.text for m in box.twin_marks])


def _bar(figure: Any, placed: Placed, box: Box, inks: _Inks) -> None:
    """What the colours stand for."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    page, scale = placed.page, box.axes.scale
    assert scale is not None
    left = placed.right + GAP * page.scale
    axes = axes_at(
        figure,
        page,
        left,
        left + BAR * page.scale,
        box.bottom,
        box.top - box.bottom,
        label="colours",
    )
    shades = ScalarMappable(Normalize(scale.low, scale.high), inks.colormap)
    figure.colorbar(shades, cax=axes).outline.set_visible(False)
    marks = bar_marks(scale)
    axes.minorticks_off()
    axes.set_yticks([m.value for m in marks], [m.text for m in marks])
    ruled(axes, page, inks.theme)
    ticked(axes, page, inks.theme)


def _head(figure: Any, placed: Placed, box: Box, ruler: Ruler, inks: _Inks) -> None:
    """Names over the panel, and the key."""
    page, head = placed.page, box.head
    rows = 1 + max((entry.row for entry in head.entries), default=-1)
    base = box.top + head.lift + 0.55 * HEADING * page.point
    for entry in head.entries:
        y = base + (rows - 1 - entry.row) * 1.5 * LABEL * page.point
        _sample(figure, page, entry.layer, sample(entry.x, page), y, inks)
        x = entry.x + sample(0.0, page)[2] + 0.08 * page.scale
        look = {"color": inks.theme.text, "va": "baseline"}
        text(figure, page, x, y, Label(entry.label), LABEL * page.scale, **look)
    base += rows * 1.5 * LABEL * page.point
    end = page.width - page.pad
    for k, line in enumerate(reversed(head.lines)):
        y = base + k * 1.3 * HEADING * page.point
        spans = starts(line, placed.left, placed.right, end)
        for words, (x, _) in zip(line, spans, strict=True):
            named(figure, page, ruler, x, y, words.label, words.unit, inks.of(words.colour))


def _sample(
    figure: Any, page: Page, layer: Any, xs: np.ndarray, y: float, inks: _Inks
) -> None:  # fmt: skip
    """What a layer looks like, beside its name in the key."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    wide, middle = LINE_WIDTH * page.scale, y + 0.35 * LABEL * page.point
    colour = inks.of(layer.colour if isinstance(layer.colour, str) else np.mean(layer.colour))
    where = {"transform": figure.dpi_scale_trans}
    if isinstance(layer, chart.Area):
        tall = 0.7 * LABEL * page.point
        box = ((xs[0], middle - tall / 2), xs[2] - xs[0], tall)
        figure.add_artist(
            Rectangle(*box, facecolor=colour, alpha=layer.alpha, edgecolor="none", **where)
        )
    elif isinstance(layer, chart.Points):
        look = _mark(layer, colour, wide, inks.theme)
        figure.add_artist(Line2D([xs[1]], [middle], linewidth=0, **look, **where))
    else:
        line = Line2D([xs[0], xs[2]], [middle] * 2, color=colour, linewidth=wide * layer.width,
                      solid_capstyle="round", **where)  # fmt: skip
        if layer.dashes:
            line.set_dashes(layer.dashes)
        figure.add_artist(line)


# ------------------------------------------------------------------------ layers


@dataclass(frozen=True, eq=False)
class _Brush:
    """What layers are drawn with; ``look`` is how each is ordered and cut."""

    page: Page
    inks: _Inks
    look: dict[str, Any]

    @property
    def wide(self) -> float:
        """A line's width in points."""
        return LINE_WIDTH * self.page.scale


def _layers(
    axes: Axes, layers: tuple[chart.Layer, ...], up: Side, page: Page, inks: _Inks
) -> None:  # fmt: skip
    for k, layer in enumerate(layers):
        look = {"zorder": 3 + 0.01 * k, "clip_on": up.cut}
        _DRAWN[type(layer)](axes, layer, _Brush(page, inks, look))


def _line(axes: Axes, layer: chart.Line, brush: _Brush) -> None:
    if not isinstance(layer.colour, str | float | int):
        _shaded(axes, layer, brush)
        return
    (line,) = axes.plot(
        layer.x, layer.y, color=brush.inks.of(layer.colour), linewidth=brush.wide * layer.width,
        solid_capstyle="round", solid_joinstyle="round", **brush.look,
    )  # fmt: skip
    if layer.dashes:
        line.set(dashes=layer.dashes, clip_on=True)


def _shaded(axes: Axes, layer: chart.Line, brush: _Brush) -> None:
    """A line that changes its colour from point to point."""
    from matplotlib.collections import LineCollection

    points = np.column_stack((layer.x, layer.y)).astype(float)
    value = np.asarray(layer.colour, dtype=float)
    pieces = np.stack((points[:-1], points[1:]), axis=1)
    colours = brush.inks.of((value[:-1] + value[1:]) / 2)
    axes.add_collection(
        LineCollection(
            list(pieces), colors=colours, linewidths=brush.wide * layer.width, capstyle="round",
            **brush.look,
        ),
        autolim=False,
    )  # fmt: skip


def _mark(layer: chart.Points, colour: Any, wide: float, theme: Theme) -> dict[str, Any]:
    """How one mark looks."""
    edges = {"dot": theme.background, "ring": colour, "cross": colour}
    return {
        "marker": _MARKS[layer.mark],
        "markersize": layer.size * wide,
        "markerfacecolor": theme.background if layer.mark == "ring" else colour,
        "markeredgecolor": edges[layer.mark],
        "markeredgewidth": layer.stroke * wide,
    }


def _points(axes: Axes, layer: chart.Points, brush: _Brush) -> None:
    colour = layer.colour
    if isinstance(colour, str | float | int):
        look = _mark(layer, brush.inks.of(colour), brush.wide, brush.inks.theme)
        axes.plot(layer.x, layer.y, linewidth=0, **look, **brush.look)
        return
    edge = brush.inks.theme.background if layer.mark == "dot" else None
    axes.scatter(
        layer.x, layer.y, s=(layer.size * brush.wide) ** 2, c=brush.inks.of(colour),
        marker=_MARKS[layer.mark], linewidths=layer.stroke * brush.wide, edgecolors=edge,
        **brush.look,
    )  # fmt: skip


def _area(axes: Axes, layer: chart.Area, brush: _Brush) -> None:
    axes.fill_between(
        layer.x, layer.low, layer.high, facecolor=brush.inks.of(layer.colour), alpha=layer.alpha,
        edgecolor="none", linewidth=0.0, **brush.look,
    )  # fmt: skip


def _band(axes: Axes, layer: chart.Band, brush: _Brush) -> None:
    look = {"facecolor": brush.inks.of(layer.colour), "edgecolor": "none"}
    if not layer.over:
        axes.axvspan(layer.start, layer.end, zorder=0, **look)
        return
    tall = axes.get_position().height * brush.page.height
    thick = 0.05 * brush.page.scale / tall
    axes.axvspan(layer.start, layer.end, 1 + 0.4 * thick, 1 + 1.4 * thick, clip_on=False, **look)


def _image(axes: Axes, layer: chart.Image, brush: _Brush) -> None:
    scale = brush.inks.scale
    low, high = (None, None) if scale is None else (scale.low, scale.high)
    limits = axes.get_xlim(), axes.get_ylim()
    x, y, values = (np.asarray(part, dtype=float) for part in (layer.x, layer.y, layer.values))
    look = {"cmap": brush.inks.colormap, "vmin": low, "vmax": high}
    if "log" in (axes.get_xscale(), axes.get_yscale()):  # an image knows linear axes alone
        axes.pcolormesh(x, y, values, shading="flat", rasterized=True, **look)
    else:
        axes.pcolorfast(x, y, values, **look)
    axes.set(xlim=limits[0], ylim=limits[1])


def _arrows(axes: Axes, layer: chart.Arrows, brush: _Brush) -> None:
    """Each as long as the others, at the slope that a path through it has on the page."""
    x, y = np.ravel(layer.x), np.ravel(layer.y)
    to_pixels = axes.transData
    start = to_pixels.transform(np.column_stack((x, y)))
    small = 1e-6 * np.ptp(axes.get_xlim()), 1e-6 * np.ptp(axes.get_ylim())
    speed = np.hypot(np.ravel(layer.dx) / small[0], np.ravel(layer.dy) / small[1])
    speed = np.where(speed > 0, speed, 1.0)
    moved = np.column_stack((x + np.ravel(layer.dx) / speed, y + np.ravel(layer.dy) / speed))
    run = to_pixels.transform(moved) - start
    length = np.maximum(np.hypot(*run.T), 1e-300)
    axes.quiver(
        x, y, run[:, 0] / length, run[:, 1] / length, color=brush.inks.of(layer.colour),
        angles="uv", pivot="mid", units="inches", scale_units="inches",
        scale=1 / (0.13 * brush.page.scale), width=0.009 * brush.page.scale,
        headwidth=4.2, headlength=4.5, headaxislength=4.0, **brush.look,
    )  # fmt: skip


def _rule(axes: Axes, layer: chart.Rule, brush: _Brush) -> None:
    look = {"color": brush.inks.theme.rule, "linewidth": 0.8 * brush.page.scale, "zorder": 1}
    straight: Callable[..., Any] = axes.axvline if layer.across else axes.axhline
    straight(layer.at, dashes=(5, 4), **look)


def _note(axes: Axes, layer: chart.Note, brush: _Brush) -> None:
    scale = brush.page.scale
    ground = {"facecolor": brush.inks.theme.background, "edgecolor": "none", "pad": scale}
    axes.annotate(
        layer.words, (layer.x, layer.y), (0, 5 * scale), textcoords="offset points", ha="center",
        va="bottom", fontsize=TICK * scale, color=brush.inks.of(layer.colour),
        annotation_clip=False, zorder=5, bbox=ground,
    )  # fmt: skip


_DRAWN: dict[type, Callable[[Axes, Any, _Brush], None]] = {
    chart.Line: _line,
    chart.Points: _points,
    chart.Area: _area,
    chart.Band: _band,
    chart.Image: _image,
    chart.Arrows: _arrows,
    chart.Rule: _rule,
    chart.Note: _note,
}
