"""Draws a picture with matplotlib's artists, each at the place that the layout gives it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.figures.content.labels import typeset
from loligo.figures.content.picture import Panel, Picture, Trace
from loligo.figures.page.columns import columns
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
from loligo.figures.page.layout import KEY_LINE, Layout, Readout, Slot, line_height
from loligo.figures.page.ruler import Ruler
from loligo.figures.page.size import Size
from loligo.figures.style import HEADING, LINE_WIDTH, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from loligo.figures.page.notebook import ShownFigure


@dataclass(frozen=True, eq=False)
class Drawing:
    """A drawn figure, with the parts of it that an animation treats apart."""

    figure: ShownFigure
    picture: Picture  # of what there was room for
    layout: Layout  # of the first column
    lines: tuple[tuple[Line2D, ...], ...]  # of every panel, in the order of its traces
    rules: tuple[Line2D, ...]  # rest and 0 mV
    ends: tuple[Any, ...]  # the labels at the lines' ends, and what leads to them
    spans: tuple[tuple[Layout, int], ...]  # every column's, and how many panels it has

    def columns(self) -> Iterator[Drawing]:
        """Each column as if it were all."""
        first = 0
        for layout, count in self.spans:
            own = slice(first, first + count)
            yield replace(
                self, picture=replace(self.picture, panels=self.picture.panels[own]),
                layout=layout, lines=self.lines[own], spans=((layout, count),),
            )  # fmt: skip
            first += count


def draw(
    picture: Picture,
    size: Size,
    theme: Theme,
    readout: Callable[[Ruler], Readout] | None = None,
) -> Drawing:
    """Lay out and draw ``picture``. ``readout`` makes room for running values (animations)."""
    figure, ruler = blank(size, theme)
    parts = columns(picture, size, ruler, readout(ruler) if readout else None)
    picture = replace(picture, panels=tuple(panel for _, own in parts for panel in own))
    lines, rules, ends = [], [], []
    for layout, panels in parts:
        for slot, panel in zip(layout.slots, panels, strict=True):
            axes = axes_of(figure, layout, slot, picture.on, theme)
            rules += rules_of(axes, slot, layout, theme)
            cut = slot.axis.cut
            lines.append(tuple(line_of(axes, trace, layout, cut) for trace in panel.traces))
            ends += _end_labels(figure, panel, slot, layout)
            _key(figure, panel, slot, layout, ruler, theme)
        _axis_across(figure.axes[-1], figure, layout, theme)
    first = parts[0][0]
    titles(figure, first.page, ruler, first.left, theme)
    spans = tuple((layout, len(panels)) for layout, panels in parts)
    return Drawing(figure, picture, first, tuple(lines), tuple(rules), tuple(ends), spans)


def axes_of(
    figure: Any, layout: Layout, slot: Slot, on: tuple[tuple[float, float], ...], theme: Theme
) -> Axes:
    """The axes of a slot with their ticks and heading, tinted while current is injected."""
    page = layout.page
    axes = axes_at(
        figure, page, layout.left, layout.right, slot.bottom, slot.height, facecolor="none"
    )
    axes.set_xlim(layout.across.start, layout.across.end)
    axes.set_ylim(*slot.axis.limits)
    ruled(axes, page, theme, "left")
    ticked(axes, page, theme)
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.set_xticks([])
    axes.set_yticks([t.value for t in slot.ticks], [t.text for t in slot.ticks])
    for mark, tick in zip(slot.ticks, axes.yaxis.get_major_ticks(), strict=True):
        if mark.rest:
            tick.label1.set_color(theme.muted)
    for start, end in on:
        axes.axvspan(start, end, facecolor=theme.band, edgecolor="none", zorder=0)
    look = {"color": theme.text, "va": "baseline"}
    size = HEADING * page.scale * slot.heading_part
    for k, line in enumerate((slot.heading, *slot.heading_more)):
        y = slot.heading_y - KEY_LINE * HEADING * page.point * k
        text(figure, page, layout.left, y, typeset(line), size, **look)
    return axes


def rules_of(axes: Axes, slot: Slot, layout: Layout, theme: Theme) -> list[Line2D]:
    """The rules of an axis: 0 and the resting potential."""
    heights = [0.0] if slot.axis.zero else []
    heights += [slot.axis.rest] if slot.axis.rest is not None else []
    look = {"color": theme.rule, "linewidth": 0.8 * layout.scale, "zorder": 1}
    return [axes.axhline(y, dashes=(5, 4), **look) for y in heights]


def line_of(axes: Axes, trace: Trace, layout: Layout, cut: bool = False) -> Line2D:
    """A trace as a line; ``cut``: where it leaves its axes."""
    (line,) = axes.plot(
        trace.time,
        trace.values,
        color=trace.colour,
        linewidth=line_width(trace, layout),
        solid_capstyle="round",
        solid_joinstyle="round",
        dash_capstyle="butt",
        clip_on=cut,
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
    middle = slot.bottom + slot.height / 2
    return slot.spread([slot.y(v) if math.isfinite(v) else middle for v in values])


def _end_labels(figure: Any, panel: Panel, slot: Slot, layout: Layout) -> list[Any]:
    labelled = [trace for trace in panel.traces if trace.label.text]
    if not labelled:
        return []
    last = np.array([_last(trace.values) for trace in labelled])
    heights, told = _ends(slot, last, panel.ordered)
    made: list[Any] = []
    x = layout.right + GAP * layout.scale
    for trace, value, y in zip(labelled, last, heights, strict=True):
        look = {"color": trace.colour, "va": "center_baseline"}
        made.append(text(figure, layout.page, x, float(y), trace.label, slot.label_size, **look))
        end = slot.y(value) if math.isfinite(value) else y
        short = trace.time[-1] < layout.across.end  # there is nothing for a leader to lead to
        if told and not short and abs(y - end) > 0.25 * line_height(slot.label_size):
            made.append(_leader(figure, layout, end, float(y), trace.colour))
    return made


def _ends(slot: Slot, last: np.ndarray, ordered: bool) -> tuple[np.ndarray, bool]:
    """Heights of labels at the ends of lines, and whether leaders would lead to these without
    crossing.

    Labels in an order have it from the bottom up; or from the top down, if so each stands just at
    its own line.
    """
    if not ordered:
        return placed(slot, last), True
    middle = slot.bottom + slot.height / 2
    wanted = np.array([slot.y(v) if math.isfinite(v) else middle for v in last])
    up = list(range(last.size))
    step = line_height(slot.label_size)
    for order in (up, up[::-1]):
        heights = slot.spread(list(wanted), order)
        if np.abs(heights - wanted).max() <= 0.5 * step:
            return heights, True
    told = bool((np.diff(wanted) >= -0.1 * step).all())
    return slot.spread(list(wanted), up), told


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


def _key(figure: Any, panel: Panel, slot: Slot, layout: Layout, ruler: Ruler, theme: Theme) -> None:
    """At the right edge, over the labels of several lanes: what they are values of."""
    if panel.key is None:
        return
    page = layout.page
    x = page.right - ruler.name(*panel.key, HEADING * page.scale)
    below = len(slot.heading_more) + 1 if slot.key_below else 0
    y = slot.heading_y - KEY_LINE * HEADING * page.point * below
    named(figure, page, ruler, x, y, *panel.key, theme.text)


def _axis_across(axes: Axes, figure: Any, layout: Layout, theme: Theme) -> None:
    page, marks = layout.page, layout.across.ticks
    ruled(axes, page, theme, "left", "bottom")
    ticked(axes, page, theme, axis="x", labelbottom=True)
    axes.set_xticks([t.value for t in marks], [t.text for t in marks])
    _below(figure, page, (layout.left + layout.right) / 2, layout.across.name, theme)


def _below(figure: Any, page: Page, middle: float, name: str, theme: Theme) -> None:
    """The name of an axis across, in the page's last line."""
    y = page.pad + 0.25 * HEADING * page.scale / 72
    look = {"color": theme.text, "ha": "center", "va": "baseline"}
    text(figure, page, middle, y, typeset(name), HEADING * page.scale, **look)
