"""Where everything goes in a figure of an axon: rows, axon, map and traces, one above the other."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from loligo.errors import UsageError
from loligo.figures.axon import tube
from loligo.figures.axon.content import MAP, STRIP, TRACES, AxonRecord, Row
from loligo.figures.content import origin
from loligo.figures.content.labels import Label
from loligo.figures.content.picture import LIMITS, Axis, Panel, Picture, Trace
from loligo.figures.page import ticks
from loligo.figures.page.frame import GAP, SEEN, TICK_ROOM, Page, largest, paged
from loligo.figures.page.layout import Across, Layout, Slot
from loligo.figures.page.ruler import Ruler
from loligo.figures.page.size import Size
from loligo.figures.page.ticks import Tick
from loligo.figures.style import HEADING, LABEL, TICK, Theme
from loligo.words import say

# inches: the thickest axon, the marks of electrodes above it and of what is followed below it
_STRIP, _ELECTRODE, _MARK = 0.42, 0.2, 0.13
_WEIGHTS = {MAP: 3.6, TRACES: 2.3}
BAR = 0.1  # inches: the width of the colour bar
_AT_PLACES = {
    1: "{potential} at one place", 2: "{potential} at two places",
    3: "{potential} at three places",
}  # fmt: skip
_LEAST_ROW = 3.2  # lines of ticks
_THINNER, _THINNEST = 0.4, 0.45  # of its thickness: with each further axon, and at most
_OVER_PEAKS = 1.15 * TICK + 3.2  # points
_PADDED = 0.06 / 1.12  # of an axis: what lies beyond what is shown
_SAID = 1.3  # of a heading's height: what is said over each of several axons


@dataclass(frozen=True, eq=False)
class Stack:
    """The whole figure in inches.

    Attributes
    ----------
    rows
        The rows along the axon: their slots share one axis of places.
    strips
        (bottom, height) of every axon, where they are shown.
    map
        (bottom, height) of the map, where it is shown.
    map_ticks
        Times beside the map.
    traces
        The panel of V in time, where it is shown, on its own axis.
    axis
        The height at which the axis of places lies.
    """

    rows: Layout
    strips: tuple[tuple[float, float], ...]
    map: tuple[float, float] | None
    map_ticks: tuple[Tick, ...]
    traces: Layout | None
    axis: float

    @property
    def page(self) -> Page:
        return self.rows.page

    @property
    def size(self) -> Size:
        return self.rows.size

    @property
    def scale(self) -> float:
        return self.rows.scale

    @property
    def clock(self) -> tuple[float, float]:
        """Where an animation's running time ends: at the right of the first heading."""
        return self.rows.right, self.rows.slots[0].heading_y


@dataclass(frozen=True, eq=False)
class Content:
    """What is to be placed: rows along the axon, and V at a few places in time.

    Attributes
    ----------
    axons
        One; or, in a film, several.
    followed
        Rank of the axon and index of the place of each trace in time.
    said
        Over each of several axons: words, and their colour.
    chosen
        Whether somebody named what is shown, which all has to stay then.
    """

    axons: tuple[AxonRecord, ...]
    rows: tuple[Row, ...]
    extras: tuple[str, ...]
    traces: Picture | None
    followed: tuple[tuple[int, int], ...]
    title: str
    subtitle: str
    moving: bool
    said: tuple[tuple[str, str], ...] = ()
    chosen: bool = False

    @property
    def axon(self) -> AxonRecord:
        """The one, or the first."""
        return self.axons[0]

    @property
    def length(self) -> float:
        """Of the longest axon."""
        return max(axon.length for axon in self.axons)

    @property
    def sparer(self) -> Content | None:
        """The same with less of what nobody chose: without what makes V, then without what happens
        in time, then of several axons V along them alone; None where all has to stay."""
        if self.chosen:
            return None
        if len(self.rows) > 1:
            return replace(self, rows=self.rows[:1])
        if {MAP, TRACES} & set(self.extras):
            return replace(self, extras=(STRIP,), traces=None, followed=())
        if self.said and self.extras:
            rows = tuple(replace(row, labels=row.beside) for row in self.rows)
            return replace(self, extras=(), rows=rows)
        return None


def content(
    axon: AxonRecord, rows: tuple[Row, ...], extras: tuple[str, ...], theme: Theme,
    title: str | None, moving: bool, chosen: bool,
) -> Content:  # fmt: skip
    """All that a figure of an axon shows, under its own title or another."""
    if title is not None and not isinstance(title, str):
        raise UsageError(f"title={title!r} is not text; give a string, or leave it out.")
    traces = _traces(axon, theme) if TRACES in extras else None
    words = axon.title if title is None else title
    below = axon.subtitle if words else ""
    followed = tuple((0, k) for k in axon.followed())
    return Content((axon,), rows, extras, traces, followed, words, below, moving, chosen=chosen)


def _traces(axon: AxonRecord, theme: Theme) -> Picture:
    places = axon.followed()
    traces = tuple(
        Trace(axon.named(k), Label(axon.named(k)), *axon.trace(axon.V[k]), colour)
        for k, colour in zip(places, theme.places, strict=False)
    )
    rows = np.concatenate([trace.values for trace in traces])
    low, high = float(np.min(rows)), float(np.max(rows))
    heading = origin.heading(axon.recorded.recording.attrs)
    axis = Axis(
        say(_AT_PLACES[len(traces)], potential=heading), "mV",
        LIMITS["voltage"](low, high), 2.0, zero=low < 0 < high,
    )  # fmt: skip
    on = tuple(interval for e in axon.electrodes for interval in e.on)
    return Picture(float(axon.time[0]), float(axon.time[-1]), (Panel(axis, traces),), on)


def arrange(what: Content, size: Size, ruler: Ruler) -> tuple[Content, Stack]:
    """Place everything at the largest scale that fits; without what nobody chose, where there is
    no room for it.

    Raises
    ------
    UsageError
        If it does not fit at a legible size.
    """
    for large in (replace(size, seen=SEEN), size):
        less: Content | None = what
        while less is not None:
            stack = largest(large, 6, lambda scale, w=less, s=large: _arranged(w, s, ruler, scale))
            if stack is not None:
                return less, stack
            less = less.sparer
    raise UsageError(
        f"the figure does not fit in {size.width} × {size.height} pixels at {size.dpi:g} dots "
        "per inch; give a larger size or fewer panels."
    )


def _arranged(what: Content, size: Size, ruler: Ruler, scale: float) -> Stack | None:
    page = paged(size, scale, what.title, what.subtitle, ruler, below=0.5)
    blocks = _stacked(what, page)
    if blocks is None:
        return None
    left = page.pad + _widest_tick(what, blocks, ruler, scale) + TICK_ROOM * scale
    right = page.width - page.pad - max(GAP * scale + _beyond(what, ruler, scale), 0.12 * scale)
    if right - left < 0.4 * page.width:
        return None
    slots = [
        _slot(_free_above(what, row, tall, scale), bottom, tall, scale)
        for row, (bottom, tall) in zip(what.rows, blocks.rows, strict=True)
    ]
    places = Across(
        0.0, what.length,
        ticks.across(0.0, what.length, right - left, ruler, scale),
        f"{say('Position along the axon')} ({what.axon.unit})",
    )  # fmt: skip
    rows = Layout(page, left, right, tuple(slots), places)
    traces = None
    if what.traces is not None and blocks.traces is not None:
        start, end = what.traces.start, what.traces.end
        times = Across(
            start, end, ticks.across(start, end, right - left, ruler, scale),
            f"{say('Time')} (ms)",
        )  # fmt: skip
        slot = _slot(what.traces.panels[0].axis, *blocks.traces, scale)
        traces = Layout(page, left, right, (slot,), times)
    marks = _map_ticks(what, blocks, scale)
    return Stack(rows, blocks.strips, blocks.map, marks, traces, blocks.axis)


@dataclass(frozen=True)
class _Blocks:
    """(bottom, height) of everything, in inches."""

    rows: list[tuple[float, float]]
    strips: tuple[tuple[float, float], ...]
    map: tuple[float, float] | None
    traces: tuple[float, float] | None
    axis: float


def _stacked(what: Content, page: Page) -> _Blocks | None:
    """Everything from the top down, the room that is left shared out by weight."""
    weights = [row.axis.weight for row in what.rows]
    weights += [_WEIGHTS[extra] for extra in (MAP, TRACES) if extra in what.extras]
    _, end = _placed(what, page, 0.0)
    per = (end - page.pad) / sum(weights)
    if per * min(weights) < _LEAST_ROW * TICK * page.point:
        return None
    return _placed(what, page, per)[0]


def _placed(what: Content, page: Page, per: float) -> tuple[_Blocks, float]:
    """The blocks if a weight of 1 is ``per`` inches high, and where the last one's axis ends."""
    scale, line, top = page.scale, page.point, page.top
    heading, space = 1.55 * HEADING * line, 0.1 * scale
    axis_room = (1.2 * HEADING + 1.3 * TICK) * line + TICK_ROOM * scale
    rows: list[tuple[float, float]] = []
    strips: list[tuple[float, float]] = []
    extras: dict[str, tuple[float, float]] = {}
    for row in what.rows:
        top -= heading + (space if rows else 0.0)
        rows.append((top - per * row.axis.weight, per * row.axis.weight))
        top -= per * row.axis.weight
    thick = _STRIP * scale * max(_THINNEST, 1 / (1 + _THINNER * (len(what.axons) - 1)))
    for _ in what.axons if STRIP in what.extras else ():
        top -= thick + _ELECTRODE * scale + (_SAID * HEADING * line if what.said else 0.0)
        strips.append((top, thick))
        top -= (0.06 + (_MARK if TRACES in what.extras else 0.0)) * scale
    if MAP in what.extras:
        top -= heading + (space if STRIP in what.extras else 0.0)
        extras[MAP] = (top - per * _WEIGHTS[MAP], per * _WEIGHTS[MAP])
        top -= per * _WEIGHTS[MAP]
    axis = top
    top -= axis_room
    if TRACES in what.extras:
        top -= heading + space
        extras[TRACES] = (top - per * _WEIGHTS[TRACES], per * _WEIGHTS[TRACES])
        top -= per * _WEIGHTS[TRACES] + axis_room
    return _Blocks(rows, tuple(strips), extras.get(MAP), extras.get(TRACES), axis), top


def _free_above(what: Content, row: Row, tall: float, scale: float) -> Axis:
    """The axis of a row; of V at several instants, with room for their times over the peaks."""
    if what.moving or "V" not in row.names:
        return row.axis
    room = min(_OVER_PEAKS * scale / 72 / tall, 0.4)
    low, high = row.axis.limits
    peak = high - _PADDED * (high - low)
    return replace(row.axis, limits=(low, max(high, low + (peak - low) / (1 - room))))


def _slot(axis: Axis, bottom: float, tall: float, scale: float) -> Slot:
    y = bottom + tall + 0.42 * HEADING * scale / 72
    marks = ticks.upright(axis, tall, scale)
    return Slot(axis, bottom, tall, axis.words, y, marks, LABEL * scale)


def _widest_tick(what: Content, blocks: _Blocks, ruler: Ruler, scale: float) -> float:
    boxes = [(row.axis, tall) for row, (_, tall) in zip(what.rows, blocks.rows, strict=True)]
    if what.traces is not None and blocks.traces is not None:
        boxes.append((what.traces.panels[0].axis, blocks.traces[1]))
    marks = [mark for axis, tall in boxes for mark in ticks.upright(axis, tall, scale)]
    marks += _map_ticks(what, blocks, scale)
    return ruler.widest((mark.text for mark in marks), TICK * scale)


def _map_ticks(what: Content, blocks: _Blocks, scale: float) -> tuple[Tick, ...]:
    if blocks.map is None:
        return ()
    time = what.axon.time
    most = min(6, math.ceil(blocks.map[1] / (1.9 * TICK * scale / 72)))
    return ticks.even(float(time[0]), float(time[-1]), most)


def _beyond(what: Content, ruler: Ruler, scale: float) -> float:
    """Room to the right of the axes: for names of lines, and the colour bar."""
    names = [label for row in what.rows for label in row.labels if label.text]
    if what.traces is not None:
        names += [trace.label for trace in what.traces.panels[0].traces]
    low, high = tube.range_of(what.axons)
    marks = (mark.text for mark in bar_ticks(low, high, 1.0))
    bar = BAR * scale + TICK_ROOM * scale + ruler.widest(marks, TICK * scale)
    return max(bar, ruler.widest(names, LABEL * scale))


def bar_ticks(low: float, high: float, tall: float) -> tuple[Tick, ...]:
    """Numbers beside the colours of V, on a bar as ``tall`` as that (inches, at scale 1)."""
    return ticks.even(low, high, min(5, int(tall / 0.24))) if tall > 0.3 else ()
