"""Draws a picture with matplotlib's artists, each at the place that the layout gives it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.figures.content import labels
from loligo.figures.content.labels import Label
from loligo.figures.content.panels import Panel, Picture, Trace
from loligo.figures.page.layout import (
    GAP,
    Layout,
    Ruler,
    Size,
    Slot,
    arrange,
    key_width,
    line_height,
)
from loligo.figures.style import HEADING, LINE_WIDTH, TICK, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from loligo.figures.page.notebook import ShownFigure


@dataclass(frozen=True, eq=False)
class Drawing:
    """A drawn figure, with the parts of it that an animation treats apart."""

    figure: ShownFigure
    layout: Layout
    lines: tuple[tuple[Line2D, ...], ...]  # of every panel, in the order of its traces
    rules: tuple[Line2D, ...]  # rest and 0 mV
    ends: tuple[Any, ...]  # the labels at the lines' ends, and what leads to them


def draw(
    picture: Picture,
    size: Size,
    theme: Theme,
    readout: Callable[[Ruler], Callable[[Panel, float], float]] | None = None,
) -> Drawing:
    """Lay out and draw ``picture``. ``readout`` makes room for running values (animations)."""
    from loligo.figures.page.notebook import ShownFigure

    figure = ShownFigure(figsize=size.inches, dpi=size.dpi, facecolor=theme.background)
    ruler = Ruler(figure.canvas.get_renderer(), size.dpi)  # type: ignore[attr-defined]
    layout = arrange(picture, size, ruler, readout(ruler) if readout else None)
    lines, rules, ends = [], [], []
    for slot in layout.slots:
        axes = axes_of(figure, layout, slot, picture, theme)
        rules += rules_of(axes, slot, layout, theme)
        lines.append(tuple(line_of(axes, trace, layout) for trace in slot.panel.traces))
        ends += _end_labels(figure, slot, layout)
        _key(figure, slot, layout, ruler, theme)
    time_axis(figure.axes[-1], figure, layout, theme)
    titles(figure, layout, theme)
    return Drawing(figure, layout, tuple(lines), tuple(rules), tuple(ends))


def text(figure: Any, layout: Layout, x: float, y: float, label: Label, size: float, **look: Any):
    """Text at a place in inches."""
    return figure.text(
        x / layout.size.inches[0],
        y / layout.size.inches[1],
        label.text,
        fontsize=size,
        fontstyle="italic" if label.italic else "normal",
        parse_math=label.math,
        **look,
    )


def axes_of(figure: Any, layout: Layout, slot: Slot, picture: Picture, theme: Theme) -> Axes:
    width, height = layout.size.inches
    axes = figure.add_axes(
        (
            layout.left / width,
            slot.bottom / height,
            (layout.right - layout.left) / width,
            slot.height / height,
        ),
        facecolor="none",
    )
    axes.set_xlim(picture.start, picture.end)
    axes.set_ylim(*slot.panel.limits)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    line = 0.7 * layout.scale
    axes.spines["left"].set(color=theme.rule, linewidth=line)
    axes.tick_params(
        axis="both",
        color=theme.rule,
        labelcolor=theme.text,
        labelsize=TICK * layout.scale,
        length=0.045 * 72 * layout.scale,
        pad=0.05 * 72 * layout.scale,
        width=line,
    )
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.set_xticks([])
    axes.set_yticks([t.value for t in slot.ticks], [t.text for t in slot.ticks])
    for mark, tick in zip(slot.ticks, axes.yaxis.get_major_ticks(), strict=True):
        if mark.rest:
            tick.label1.set_color(theme.muted)
    for start, end in picture.on:
        axes.axvspan(start, end, facecolor=theme.band, edgecolor="none", zorder=0)
    text(
        figure,
        layout,
        layout.left,
        slot.heading_y,
        Label(slot.heading),
        HEADING * layout.scale,
        color=theme.text,
        va="baseline",
    )
    return axes


def rules_of(axes: Axes, slot: Slot, layout: Layout, theme: Theme) -> list[Line2D]:
    heights = [0.0] if slot.panel.zero else []
    heights += [slot.panel.rest] if slot.panel.rest is not None else []
    look = {"color": theme.rule, "linewidth": 0.8 * layout.scale, "zorder": 1}
    return [axes.axhline(y, dashes=(5, 4), **look) for y in heights]


def line_of(axes: Axes, trace: Trace, layout: Layout) -> Line2D:
    (line,) = axes.plot(
        trace.time,
        trace.values,
        color=trace.colour,
        linewidth=line_width(trace, layout),
        solid_capstyle="round",
        solid_joinstyle="round",
        dash_capstyle="butt",
        clip_on=False,
        zorder=3,
    )
    if trace.dashes:
        line.set_dashes(trace.dashes)
    return line


def line_width(trace: Trace, layout: Layout) -> float:
    """Thinner where strokes crowd, down to two fifths at 40 an inch."""
    values = trace.values[np.isfinite(trace.values)]
    over = values > (values.min() + values.max()) / 2
    strokes = np.count_nonzero(over[1:] != over[:-1]) / (layout.right - layout.left)
    return LINE_WIDTH * layout.scale * min(1.0, max(0.4, 1.15 - strokes * 0.75 / 40))


def placed(slot: Slot, values: np.ndarray) -> np.ndarray:
    """Heights, in inches, of labels that belong to ``values``, moved apart within the panel."""
    wanted = [slot.y(v) if math.isfinite(v) else slot.bottom + slot.height / 2 for v in values]
    step = line_height(slot.label_size)
    low, high = slot.bottom + step / 2, slot.bottom + slot.height - step / 2
    return labels.spread(wanted, step, low, max(low, high))


def _end_labels(figure: Any, slot: Slot, layout: Layout) -> list[Any]:
    named = [trace for trace in slot.panel.traces if trace.label.text]
    if not named:
        return []
    last = np.array([_last(trace.values) for trace in named])
    made: list[Any] = []
    gap = GAP * layout.scale
    for trace, value, y in zip(named, last, placed(slot, last), strict=True):
        made.append(
            text(
                figure,
                layout,
                layout.right + gap,
                float(y),
                trace.label,
                slot.label_size,
                color=trace.colour,
                va="center_baseline",
            )
        )
        end = slot.y(value) if math.isfinite(value) else y
        if abs(y - end) > 0.25 * line_height(slot.label_size):
            made.append(_leader(figure, layout, end, float(y), trace.colour))
    return made


def _leader(figure: Any, layout: Layout, start: float, end: float, colour: str) -> Any:
    from matplotlib.lines import Line2D

    gap = GAP * layout.scale
    xs = [layout.right + 0.2 * gap, layout.right + 0.75 * gap]
    leader = Line2D(
        xs,
        [start, end],
        transform=figure.dpi_scale_trans,
        color=colour,
        linewidth=0.6 * layout.scale,
        alpha=0.7,
    )
    figure.add_artist(leader)
    return leader


def _last(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite[-1]) if finite.size else math.nan


def _key(figure: Any, slot: Slot, layout: Layout, ruler: Ruler, theme: Theme) -> None:
    """At the right edge, over the labels of several lanes: what they are values of."""
    if slot.panel.key is None:
        return
    symbol, unit = slot.panel.key
    size = HEADING * layout.scale
    x = layout.size.inches[0] - 0.16 * layout.scale - key_width(symbol, unit, ruler, size)
    y = slot.heading_y
    text(figure, layout, x, y, symbol, size, color=theme.text, va="baseline")
    if unit:
        x += ruler.width(symbol, size)
        text(figure, layout, x, y, Label(f" ({unit})"), size, color=theme.text, va="baseline")


def time_axis(axes: Axes, figure: Any, layout: Layout, theme: Theme) -> None:
    axes.spines["bottom"].set(visible=True, color=theme.rule, linewidth=0.7 * layout.scale)
    axes.tick_params(axis="x", length=0.045 * 72 * layout.scale, labelbottom=True)
    axes.set_xticks([t.value for t in layout.time_ticks], [t.text for t in layout.time_ticks])
    text(
        figure,
        layout,
        (layout.left + layout.right) / 2,
        0.16 * layout.scale + 0.25 * HEADING * layout.scale / 72,
        Label(layout.time_label),
        HEADING * layout.scale,
        color=theme.text,
        ha="center",
        va="baseline",
    )


def titles(figure: Any, layout: Layout, theme: Theme) -> None:
    lines = (
        (layout.title, layout.title_y, "bold", theme.text),
        (layout.subtitle, layout.subtitle_y, "normal", theme.muted),
    )
    for line, y, weight, colour in lines:
        if line.text:
            look = {"color": colour, "weight": weight, "va": "baseline"}
            text(figure, layout, layout.left, y, Label(line.text), line.size, **look)
