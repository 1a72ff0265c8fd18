"""Draws the layers of a chart, each with one of matplotlib's artists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.figures.page import chart
from loligo.figures.page.extent import Side
from loligo.figures.page.frame import Page
from loligo.figures.style import LINE_WIDTH, TICK, Theme, gradient, ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKS = {"dot": "o", "ring": "o", "cross": "x", "square": "s", "triangle": "^"}
_HOLLOW = ("ring", "square", "triangle")
_RULED = "rule"  # of words at the upper ends of rules


# ------------------------------------------------------------------------ colours


@dataclass(frozen=True, eq=False)
class Inks:
    """The colours of one panel: by name, and of values on its scale, of lines or of a map."""

    theme: Theme
    scale: chart.Scale | None
    lines: bool

    def of(self, colour: Any) -> Any:
        """A colour for matplotlib; a list of them for a row of values."""
        if isinstance(colour, str):
            return ink(colour, self.theme)
        low, high = (0.0, 1.0) if self.scale is None else self.scale.limits
        value = np.asarray(colour, dtype=float)
        if self.scale is not None and self.scale.log:
            low, high, value = np.log(low), np.log(high), np.log(value)
        return self.colormap((value - low) / (high - low))

    @property
    def colormap(self) -> Any:
        """For matplotlib: from the scale's low end to its high one, in steps for counts."""
        import matplotlib

        whole = gradient(self.theme) if self.lines else matplotlib.colormaps[self.theme.colormap]
        steps = 0 if self.scale is None else self.scale.steps
        return whole.resampled(steps) if steps else whole


def inks_of(axes: chart.Axes, theme: Theme) -> Inks:
    """Lines and points must be told from the ground: they have colours of their own."""
    image = any(isinstance(layer, chart.Image) for layer in axes.layers)
    return Inks(theme, axes.scale, not image)


# ------------------------------------------------------------------------ layers


@dataclass(frozen=True, eq=False)
class _Brush:
    """What layers are drawn with; ``look`` is how each is ordered and cut."""

    page: Page
    inks: Inks
    look: dict[str, Any]

    @property
    def wide(self) -> float:
        """A line's width in points."""
        return LINE_WIDTH * self.page.scale


def draw_layers(
    axes: Axes, layers: tuple[chart.Layer, ...], up: Side, page: Page, inks: Inks
) -> None:  # fmt: skip
    for k, layer in enumerate(layers):
        look = {"zorder": 3 + 0.01 * k, "clip_on": up.cut}
        _DRAWN[type(layer)](axes, layer, _Brush(page, inks, look))
    _clear_of_lines(axes, 4 * page.scale)


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


def mark(layer: chart.Points, colour: Any, wide: float, theme: Theme) -> dict[str, Any]:
    """How one mark looks."""
    return {
        "marker": _MARKS[layer.mark],
        "markersize": layer.size * wide,
        "markerfacecolor": theme.background if layer.mark in _HOLLOW else colour,
        "markeredgecolor": theme.background if layer.mark == "dot" else colour,
        "markeredgewidth": layer.stroke * wide,
    }


def _points(axes: Axes, layer: chart.Points, brush: _Brush) -> None:
    """Marks are drawn whole, also where they reach beyond the axes, or not at all."""
    x, y, colour = np.asarray(layer.x), np.asarray(layer.y), layer.colour
    within = _between(x, axes.get_xlim()) & _between(y, axes.get_ylim())
    x, y, placed = x[within], y[within], {**brush.look, "clip_on": False}
    if isinstance(colour, str | float | int):
        look = mark(layer, brush.inks.of(colour), brush.wide, brush.inks.theme)
        axes.plot(x, y, linewidth=0, **look, **placed)
        return
    edge = brush.inks.theme.background if layer.mark == "dot" else None
    axes.scatter(
        x, y, s=(layer.size * brush.wide) ** 2,
        c=brush.inks.of(np.asarray(colour)[within]), marker=_MARKS[layer.mark],
        linewidths=layer.stroke * brush.wide, edgecolors=edge, **placed,
    )  # fmt: skip


def _between(values: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """Which lie between two limits, what a solver is off left aside."""
    slack = 1e-9 * (limits[1] - limits[0])
    return (values >= limits[0] - slack) & (values <= limits[1] + slack)


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
    low, high = (None, None) if scale is None else scale.limits
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
    if layer.label and layer.across:
        scale = brush.page.scale
        below = sum(written.get_gid() == _RULED for written in axes.texts)
        words = axes.annotate(
            layer.label, (layer.at, 1.0), (4 * scale, -1.4 * below * TICK * scale),
            xycoords=("data", "axes fraction"), gid=_RULED, **_written(brush, "muted", va="top"),
        )  # fmt: skip
        _kept_inside(axes, words, 8 * scale)


def _clear_of_lines(axes: Axes, beside: float) -> None:
    """The words of rules stand where no line goes through them: on the other side, or below."""
    curves = [
        line.get_path().transformed(line.get_transform()).cleaned(remove_nans=True)
        for line in axes.lines
        if np.size(line.get_xdata()) > 2
    ]
    ruled: list[Any] = [words for words in axes.texts if words.get_gid() == _RULED]
    for words in ruled:
        others = [other.get_window_extent() for other in ruled if other is not words]
        wide = words.get_window_extent().width * 72 / axes.figure.dpi
        was = words.xy, words.xyann, words.get_va()
        places = [was, *(
            ((words.xy[0], foot), (across, 0.0), va)
            for foot, va in ((1.0, "top"), (0.0, "bottom"))
            for across in (beside, -beside - wide)
        )]  # fmt: skip
        for place in [*places, was]:
            words.xy, words.xyann = place[:2]
            words.set_va(place[2])
            box = words.get_window_extent()
            inside = axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1
            crossed = any(curve.intersects_bbox(box, filled=False) for curve in curves)
            if inside and not crossed and not any(map(box.overlaps, others)):
                break


def _note(axes: Axes, layer: chart.Note, brush: _Brush) -> None:
    words = axes.annotate(
        layer.words, (layer.x, layer.y), (0, 5 * brush.page.scale),
        **_written(brush, layer.colour, ha="center", va="bottom"),
    )  # fmt: skip
    if words.get_window_extent().y1 > axes.bbox.y1 + 0.2 * TICK * axes.figure.dpi / 72:
        # the panel is too low: beside the point, not over what stands above
        words.set(ha="left", va="top")
        words.xyann = (7 * brush.page.scale, 3 * brush.page.scale)
    _kept_inside(axes, words, 0.0)


def _written(brush: _Brush, colour: chart.Colour, **where: str) -> dict[str, Any]:
    """How words among the lines look: on a ground of their own."""
    scale = brush.page.scale
    ground = {"facecolor": brush.inks.theme.background, "edgecolor": "none", "pad": scale}
    return {
        "textcoords": "offset points", "fontsize": TICK * scale, "color": brush.inks.of(colour),
        "annotation_clip": False, "zorder": 5, "bbox": ground, **where,
    }  # fmt: skip


def _kept_inside(axes: Axes, words: Any, over: float) -> None:
    """Words that would reach beyond their axes are moved back; those beside a line, over it by as
    much more, to its other side."""
    box, frame = words.get_window_extent(), axes.bbox
    points = 72 / axes.figure.dpi
    beyond, room = max(box.x1 - frame.x1, 0.0), max(box.x0 - frame.x0, 0.0)
    if beyond:
        across = box.width + over / points if over else beyond
        beyond = across if across <= room else min(beyond, room)
    beyond = beyond or min(box.x0 - frame.x0, 0.0)
    x, y = words.xyann
    words.xyann = (x - beyond * points, y)


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
