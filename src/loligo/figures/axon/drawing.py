"""Draws an axon: the wave and what drives it, the axon below, the map of place and time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import LoligoError, UsageError
from loligo.figures.axon import strip, tube
from loligo.figures.axon.content import AxonRecord, Row, read, rows
from loligo.figures.axon.layout import BAR, Content, Stack, arrange, bar_ticks, content
from loligo.figures.content.between import curved
from loligo.figures.content.labels import Label
from loligo.figures.content.picture import Trace
from loligo.figures.content.signals import thinned
from loligo.figures.page.drawing import axes_of, line_of, rules_of
from loligo.figures.page.frame import (
    GAP,
    TICK_LENGTH,
    axes_at,
    blank,
    text,
    ticked,
    titles,
)
from loligo.figures.page.layout import Layout, Slot, line_height
from loligo.figures.page.ruler import Ruler
from loligo.figures.page.size import Size
from loligo.figures.style import HEADING, TICK, Theme
from loligo.units import read as quantity
from loligo.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray
    from matplotlib.axes import Axes

    from loligo.figures.page.notebook import ShownFigure

_VERTICES = 1500  # columns that a line along the axon is thinned to


@dataclass(frozen=True, eq=False)
class Drawn:
    """A drawn figure without its lines, and what an animation adds to."""

    figure: ShownFigure
    what: Content
    stack: Stack
    scale: tube.Scale
    shapes: tuple[tube.Tube, ...]
    rows: tuple[Axes, ...]
    strips: tuple[Axes, ...]
    map: Axes | None
    traces: Axes | None
    rules: tuple[Any, ...]


def draw_axon(
    rec: xarray.Dataset,
    chosen: Sequence[object] | str | None,
    theme: Theme,
    size: Size,
    title: str | None,
    at: Any = None,
) -> ShownFigure:
    """The wave at a few instants, one of them in full, and the whole run as a map."""
    axon = read(rec)
    chosen_rows, extras = rows(axon, chosen, "map", theme)
    times, main = _instants(axon, at)
    what = content(axon, chosen_rows, extras, theme, title, False, chosen is not None)
    drawn = stage(what, theme, size)
    for row, axes in zip(drawn.what.rows, drawn.rows, strict=True):
        if row.names == ("V",):
            _snapshots(drawn, axes, times, main, theme)
        else:
            for k, name in enumerate(row.names):
                now = axon.at(axon.values(name), np.array([main]))[:, 0]
                _draw_line(drawn, axes, now, row.colours[k], row.dashes[k], smooth=row.smooth)
            _say_when(drawn, row, main, theme)
    for axes, shape in zip(drawn.strips, drawn.shapes, strict=False):
        V = axon.at(axon.V, np.array([main]))[:, 0]
        strip.coloured(axes, shape, drawn.scale, axon, V)
    if drawn.map is not None:
        _map(drawn, drawn.map, main, theme)
    if drawn.traces is not None:
        assert drawn.what.traces is not None
        assert drawn.stack.traces is not None
        for trace in drawn.what.traces.panels[0].traces:
            line_of(drawn.traces, trace, drawn.stack.traces)
    return drawn.figure


def _instants(axon: AxonRecord, at: Any) -> tuple[np.ndarray, float]:
    """The instants drawn, and the one of them drawn in full: the middle one."""
    if at is None:
        times = axon.instants()
    else:
        try:
            several = at if isinstance(at, list | tuple) else np.atleast_1d(at).ravel().tolist()
            times = np.sort([float(quantity(each, "ms", "at")) for each in several])  # type: ignore[arg-type]
        except (TypeError, LoligoError):
            raise UsageError(
                f'at={at!r:.60} is not a time; give ms, such as at=3.5 or at="3.5 ms"'
            ) from None
        first, last = float(axon.time[0]), float(axon.time[-1])
        if not times.size or not np.all((times >= first) & (times <= last)):
            raise UsageError(
                f"at={at!r:.60} is not within the recording, which lasts from {first:g} to "
                f"{last:g} ms"
            )
    return times, float(times[times.size // 2])


# ------------------------------------------------------------------------ what stands still


def stage(what: Content, theme: Theme, size: Size) -> Drawn:
    """Everything but the lines: axes, ticks, names, the axon's outline, the colour bar."""
    figure, ruler = blank(size, theme)
    what, stack = arrange(what, size, ruler)
    made, rules = [], []
    for slot in stack.rows.slots:
        axes = axes_of(figure, stack.rows, slot, (), theme)
        rules += rules_of(axes, slot, stack.rows, theme)
        made.append(axes)
    shapes = tuple(map(tube.tube, what.axons))
    scale = tube.scale(what.axons, theme, tube.FEW_COLOURS if what.moving else 256)
    outlines = tuple(
        strip.strip(figure, what, stack, rank, shapes[rank], theme)
        for rank in range(len(stack.strips))
    )
    field = None if stack.map is None else strip.plain(figure, stack, stack.map)
    traces = None
    if stack.traces is not None and what.traces is not None:
        slot = stack.traces.slots[0]
        traces = axes_of(figure, stack.traces, slot, what.traces.on, theme)
        rules += rules_of(traces, slot, stack.traces, theme)
        _axis(figure, stack.traces, slot.bottom, theme)
        _names(figure, stack.traces, slot, _trace_names(what.traces.panels[0].traces, slot))
    _axis(figure, stack.rows, stack.axis, theme)
    for slot, row in zip(stack.rows.slots, what.rows, strict=True):
        _names(figure, stack.rows, slot, _row_names(what, row, slot))
    titles(figure, stack.page, ruler, stack.rows.left, theme)
    drawn = Drawn(
        figure, what, stack, scale, shapes, tuple(made), outlines, field, traces, tuple(rules)
    )
    _bar(drawn, theme)
    return drawn


def _axis(figure: Any, layout: Layout, y: float, theme: Theme) -> None:
    """An axis with its ticks and its name, at a height in inches."""
    from matplotlib.lines import Line2D

    page, scale, line = layout.page, layout.scale, layout.page.point
    look = {"color": theme.rule, "linewidth": 0.7 * scale, "transform": figure.dpi_scale_trans}
    figure.add_artist(Line2D([layout.left, layout.right], [y, y], **look))
    tick = TICK_LENGTH * scale
    for mark in layout.across.ticks:
        x = float(layout.x(mark.value))
        figure.add_artist(Line2D([x, x], [y - tick, y], **look))
        place = y - tick - 0.05 * scale - 0.78 * TICK * line
        text(
            figure, page, x, place, Label(mark.text), TICK * scale, color=theme.text,
            ha="center", va="baseline",
        )  # fmt: skip
    text(
        figure, page, (layout.left + layout.right) / 2,
        y - 0.105 * scale - (1.3 * TICK + 0.95 * HEADING) * line,
        Label(layout.across.name), HEADING * scale, color=theme.text, ha="center", va="baseline",
    )  # fmt: skip


def _row_names(what: Content, row: Row, slot: Slot) -> list[tuple[Label, str, float]]:
    """The names of a row's lines, each where its line is furthest from zero."""
    named = []
    for name, label, colour, of in zip(row.names, row.labels, row.colours, row.of, strict=True):
        axon = what.axons[of]
        low, high = axon.spread(axon.values(name))
        named.append((label, colour, float(slot.y(0.6 * (high if high > -low else low)))))
    return named


def _trace_names(traces: tuple[Trace, ...], slot: Slot) -> list[tuple[Label, str, float]]:
    """The names of traces, from the top down."""
    step = line_height(slot.label_size)
    top = slot.bottom + slot.height - step / 2
    return [(trace.label, trace.colour, top - k * step) for k, trace in enumerate(traces)]


def _names(figure: Any, layout: Layout, slot: Slot, names: list[tuple[Label, str, float]]) -> None:
    """The names of lines, in their colours, to the right of the axes, near a height."""
    named = [one for one in names if one[0].text]
    if not named:
        return
    x = layout.right + GAP * layout.scale
    for (label, colour, _), y in zip(named, slot.spread([y for *_, y in named]), strict=True):
        look = {"color": colour, "va": "center_baseline"}
        text(figure, layout.page, x, float(y), label, slot.label_size, **look)


def _bar(drawn: Drawn, theme: Theme) -> None:
    """The colours of V beside its own axis; or, without that, beside the map with ticks."""
    if not drawn.strips and drawn.map is None:
        return
    stack, scale = drawn.stack, drawn.scale
    slot = next(
        (s for s, row in zip(stack.rows.slots, drawn.what.rows, strict=True)
         if row.smooth), None,
    )  # fmt: skip
    if slot is None:
        return
    low, high = float(slot.y(scale.low)), float(slot.y(scale.high))
    left = stack.rows.right + 0.5 * GAP * stack.scale
    axes = axes_at(
        drawn.figure, stack.page, left, left + BAR * stack.scale, low, high - low,
        frameon=False, xticks=[], yticks=[],
    )  # fmt: skip
    axes.imshow(
        scale.shades[::-1, None], aspect="auto", interpolation="nearest",
        extent=(0, 1, scale.low, scale.high),
    )  # fmt: skip
    marks = bar_ticks(scale.low, scale.high, (high - low) / stack.scale)
    axes.yaxis.tick_right()
    axes.set_yticks([mark.value for mark in marks], [mark.text for mark in marks])
    ticked(axes, stack.page, theme)


# ------------------------------------------------------------------------ what moves


def _draw_line(
    drawn: Drawn, axes: Axes, values: np.ndarray, colour: str, dashes: tuple[float, ...] = (),
    zorder: float = 3.0, smooth: bool = True,
) -> Any:  # fmt: skip
    axon = drawn.what.axon
    place, values = axon.line(values, smooth)
    if smooth:  # V bends where a current goes in, and where another membrane begins
        changes = axon.edges[1:-1][axon.myelin[1:] != axon.myelin[:-1]]
        bends = np.unique(np.concatenate([changes, [e.place for e in axon.electrodes]]))
        place, values = curved(place, values, bends)
    place, values = thinned(place, values, _VERTICES)
    line = line_of(axes, Trace("", Label(""), place, values, colour, dashes), drawn.stack.rows)
    line.set(zorder=zorder, clip_on=True)
    return line


def _snapshots(drawn: Drawn, axes: Axes, times: np.ndarray, main: float, theme: Theme) -> None:
    """V at each instant, the main one on top, each with its time over its peak."""
    axon, layout = drawn.what.axon, drawn.stack.rows
    taken: list[float] = []
    wide = 0.09 * axon.length
    quiet, top = axon.quiet(), axes.get_ylim()[1]
    # half of the widest name
    room = 2.4 * TICK * layout.page.point / (layout.right - layout.left) * axon.length
    for t in sorted(times, key=lambda t: t != main):
        values = axon.at(axon.V, np.array([t]))[:, 0]
        first = t == main
        line = _draw_line(
            drawn, axes, values, theme.voltage if first else theme.muted, (), 3.5 if first else 2.5
        )
        if first and axon.nodes.size:  # between them V is what myelin lets through
            at = axon.place[axon.nodes]
            line.axes.plot(
                at, np.interp(at, axon.place, values), linestyle="none", marker="o",
                markersize=2.6 * layout.scale, color=theme.voltage, zorder=3.6, clip_on=False,
            )  # fmt: skip
        if not first:
            line.set(alpha=0.75, linewidth=0.75 * line.get_linewidth())
        seen = np.where((quiet | axon.free(t)) & (values < top), values, -np.inf)
        x, peak = float(axon.place[seen.argmax()]), float(seen.max())
        if not np.isfinite(peak) or any(abs(x - other) < wide for other in taken):
            continue
        taken.append(x)
        x = min(max(x, room), axon.length - room)
        axes.annotate(
            axon.clock(t), (x, peak), (0, 3.2 * layout.scale),
            textcoords="offset points", ha="center", va="bottom",
            fontsize=TICK * layout.scale, color=theme.text if first else theme.muted,
            weight="bold" if first else "normal", annotation_clip=False,
        )  # fmt: skip


def _say_when(drawn: Drawn, row: Row, main: float, theme: Theme) -> None:
    """At the right of a heading: of which instant the lines are."""
    layout = drawn.stack.rows
    slot = layout.slots[drawn.what.rows.index(row)]
    text(
        drawn.figure, layout.page, layout.right, slot.heading_y,
        Label(say("at {time}", time=drawn.what.axon.clock(main))), HEADING * layout.scale,
        color=theme.muted, ha="right", va="baseline",
    )  # fmt: skip


def _hops(drawn: Drawn, axes: Axes) -> None:
    """When each node of a myelinated axon fired: from one to the next the impulse jumps."""
    axon = drawn.what.axon
    times = axon.arrivals()
    if times is not None:
        axes.plot(
            axon.place[axon.nodes], times[axon.nodes], linestyle="none", marker="o",
            markersize=2.6 * drawn.stack.scale, color="#ffffff", markeredgewidth=0.0, zorder=4,
            clip_on=False,
        )  # fmt: skip


def _map(drawn: Drawn, axes: Axes, main: float, theme: Theme) -> None:
    """V over places and times, the time upwards."""
    from matplotlib.patches import Rectangle

    axon, stack = drawn.what.axon, drawn.stack
    assert stack.map is not None
    start, end = float(axon.time[0]), float(axon.time[-1])
    half = 0.5 * np.diff(axon.time)
    times = np.concatenate(([start], axon.time[:-1] + half, [end]))
    steps = drawn.scale.steps(axon.V.T)
    axes.pcolorfast(
        axon.edges, times, steps, cmap=drawn.scale.colormap, vmin=-0.5,
        vmax=len(drawn.scale.table) - 0.5,
    )  # fmt: skip
    axes.set(xlim=(0.0, axon.length), ylim=(start, end))
    axes.set_yticks([t.value for t in stack.map_ticks], [t.text for t in stack.map_ticks])
    ticked(axes, stack.page, theme)
    axes.axhline(main, color="#ffffff", linewidth=0.8 * stack.scale, alpha=0.8, dashes=(5, 4))
    _hops(drawn, axes)
    layout = stack.rows
    ruler = Ruler(drawn.figure.canvas.get_renderer(), stack.size.dpi)  # type: ignore[attr-defined]
    size, room = HEADING * stack.scale, stack.page.right - layout.left
    words = say("Time (ms), membrane potential by colour")
    more = say("Time (ms), membrane potential by colour; grey: beyond it, at the electrode")
    if drawn.scale.exceeded(axon.V) and ruler.width(more, size) <= room:
        words = more
    fitted = ruler.fitted(words, size, room, least=stack.size.smallest)
    text(
        drawn.figure, stack.page, layout.left,
        stack.map[0] + stack.map[1] + 0.42 * HEADING * stack.scale / 72,
        Label(fitted.text), fitted.size, color=theme.text, va="baseline",
    )  # fmt: skip
    wide = 0.05 * stack.scale / (layout.right - layout.left) * axon.length
    for electrode in axon.electrodes:
        left = min(max(electrode.place - wide / 2, 0.0), axon.length - wide)
        for on, off in electrode.on:
            axes.add_patch(
                Rectangle((left, on), wide, off - on, facecolor=theme.stimulus, edgecolor="none")
            )
