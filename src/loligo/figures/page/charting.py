"""Draws a chart: each layer with one of matplotlib's artists, in the house's style."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.figures.content.labels import typeset
from loligo.figures.page import chart
from loligo.figures.page.extent import Side, bar_marks
from loligo.figures.page.frame import (
    GAP,
    Page,
    axes_at,
    blank,
    named,
    ruled,
    text,
    ticked,
    titles,
)
from loligo.figures.page.heads import sample, starts
from loligo.figures.page.layers import Inks, draw_layers, inks_of, mark
from loligo.figures.page.placing import (
    BAR,
    CAPTION,
    Box,
    Placed,
    axis_room,
    ends,
    place,
)
from loligo.figures.page.ruler import Ruler
from loligo.figures.page.size import Size
from loligo.figures.style import HEADING, LABEL, LINE_WIDTH, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from loligo.figures.page.notebook import ShownFigure


def draw_chart(what: chart.Chart, size: Size, theme: Theme) -> ShownFigure:
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
    for k, line in enumerate(placed.caption):
        y = placed.caption_y(k)
        text(figure, placed.page, placed.left, y, typeset(line), CAPTION * placed.page.scale,
             color=theme.text, va="baseline")  # fmt: skip
    return figure


# ------------------------------------------------------------------------ panels


def _panel(figure: Any, placed: Placed, box: Box, ruler: Ruler, theme: Theme) -> None:
    page, inks = placed.page, inks_of(box.axes, theme)
    axes = _axes(figure, placed, box, box.up, theme)
    _left_and_below(figure, placed, box, axes, ruler, theme)
    draw_layers(axes, box.axes.layers, box.up, page, inks)
    if box.axes.twin is not None and box.twin is not None:
        right = _axes(figure, placed, box, box.twin, theme)
        _right(right, box, page, inks)
        draw_layers(right, box.axes.twin.layers, box.twin, page, inks)
    if box.axes.scale is not None and box.axes.scale.bar:
        _bar(figure, placed, box, inks)
    for layer, y in zip(box.beside, ends(box, page), strict=True):
        look = {"color": inks.of(layer.colour), "va": "center_baseline"}
        x = placed.right + GAP * page.scale
        text(figure, page, x, y, typeset(layer.label), LABEL * page.scale, **look)
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


def _right(axes: Axes, box: Box, page: Page, inks: Inks) -> None:
    """The second upward axis."""
    ruled(axes, page, inks.theme, "right")
    axes.yaxis.tick_right()
    axes.set_yticks([m.value for m in box.twin_marks], [m.text for m in box.twin_marks])


def _bar(figure: Any, placed: Placed, box: Box, inks: Inks) -> None:
    """What the colours stand for."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm, Normalize

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
    norm = LogNorm if scale.log else Normalize
    shades = ScalarMappable(norm(*scale.limits), inks.colormap)
    figure.colorbar(shades, cax=axes).outline.set_visible(False)
    marks = bar_marks(scale, box.top - box.bottom, page.scale)
    axes.minorticks_off()
    axes.set_yticks([m.value for m in marks], [m.text for m in marks])
    ruled(axes, page, inks.theme)
    ticked(axes, page, inks.theme)


def _head(figure: Any, placed: Placed, box: Box, ruler: Ruler, inks: Inks) -> None:
    """Names over the panel, and the key."""
    page, head = placed.page, box.head
    rows = 1 + max((entry.row for entry in head.entries), default=-1)
    base = box.top + head.lift + 0.55 * HEADING * page.point
    for entry in head.entries:
        y = base + (rows - 1 - entry.row) * 1.5 * LABEL * page.point
        _sample(figure, page, entry.layer, sample(entry.x, page), y, inks)
        x = entry.x + sample(0.0, page)[2] + 0.08 * page.scale
        look = {"color": inks.theme.text, "va": "baseline"}
        text(figure, page, x, y, typeset(entry.label), LABEL * page.scale, **look)
    base += rows * 1.5 * LABEL * page.point
    end = page.width - page.pad
    for k, line in enumerate(reversed(head.lines)):
        y = base + k * 1.3 * HEADING * page.point
        spans = starts(line, placed.left, placed.right, end)
        for words, (x, _) in zip(line, spans, strict=True):
            named(figure, page, ruler, x, y, words.label, words.unit, inks.of(words.colour))


def _sample(
    figure: Any, page: Page, layer: Any, xs: np.ndarray, y: float, inks: Inks
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
        look = mark(layer, colour, wide, inks.theme)
        figure.add_artist(Line2D([xs[1]], [middle], linewidth=0, **look, **where))
    else:
        line = Line2D([xs[0], xs[2]], [middle] * 2, color=colour, linewidth=wide * layer.width,
                      solid_capstyle="round", **where)  # fmt: skip
        if layer.dashes:
            line.set_dashes(layer.dashes)
        figure.add_artist(line)
