"""Where everything goes in a figure of an axon: rows, axon, map and traces, one above the other."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from loligo.errors import UsageError
from loligo.figures.axon.content import MAP, STRIP, TRACES, Along, Row
from loligo.figures.content import labels, panels
from loligo.figures.content.labels import Label
from loligo.figures.content.panels import Panel, Picture, Trace
from loligo.figures.page.layout import (
    GAP,
    PAD,
    TICK_ROOM,
    Layout,
    Line,
    Ruler,
    Size,
    Slot,
    Tick,
    ticks_of,
    time_ticks_of,
)
from loligo.figures.style import HEADING, LABEL, SUBTITLE, TICK, TITLE, Theme

_SMALLEST_SCALE = 0.45
# inches: the thickest axon, the marks of electrodes above it and of what is followed below it
_STRIP, _ELECTRODE, _MARK = 0.42, 0.2, 0.13
_WEIGHTS = {MAP: 3.6, TRACES: 2.3}
BAR = 0.1  # inches: the width of the colour bar
_COUNTED = {1: "one place", 2: "two places", 3: "three places"}
_LEAST_ROW = 3.2  # lines of ticks


@dataclass(frozen=True, eq=False)
class Stack:
    """The whole figure in inches.

    Attributes
    ----------
    along
        The rows along the axon: their slots share one axis of places.
    strip, map
        (bottom, height) of the axon and of the map, where they are shown.
    map_ticks
        Times beside the map.
    traces
        The panel of V in time, where it is shown, on its own axis.
    axis
        The height at which the axis of places lies.
    """

    along: Layout
    strip: tuple[float, float] | None
    map: tuple[float, float] | None
    map_ticks: tuple[Tick, ...]
    traces: Layout | None
    axis: float
    clock: tuple[float, float]

    @property
    def size(self) -> Size:
        return self.along.size

    @property
    def scale(self) -> float:
        return self.along.scale

    @property
    def layouts(self) -> tuple[Layout, ...]:
        """Every layout that is there."""
        return (self.along,) if self.traces is None else (self.along, self.traces)


@dataclass(frozen=True, eq=False)
class Content:
    """What is to be placed: pictures of the rows (first frame) and of the traces."""

    shown: Along
    rows: tuple[Row, ...]
    extras: tuple[str, ...]
    along: Picture
    traces: Picture | None
    title: str
    subtitle: str
    moving: bool


def content(
    shown: Along, rows: tuple[Row, ...], extras: tuple[str, ...], theme: Theme,
    title: str | None, moving: bool,
) -> Content:  # fmt: skip
    """Rows as panels along the axon, and V at a few places as a panel in time."""
    if title is not None and not isinstance(title, str):
        raise UsageError(f"title={title!r} is not text; give a string, or leave it out.")
    made = tuple(_row_panel(shown, row) for row in rows)
    traces = _traces(shown, theme) if TRACES in extras else None
    named = shown.title if title is None else title
    said = shown.subtitle if named else ""
    return Content(
        shown, rows, extras, Picture("", "", 0.0, shown.length, made, ()), traces, named, said,
        moving,
    )  # fmt: skip


def _row_panel(shown: Along, row: Row) -> Panel:
    nothing = np.zeros(2)
    ends = np.array([0.0, shown.length])
    traces = tuple(
        Trace(name, label, ends, nothing, colour, dashes)
        for name, label, colour, dashes in zip(
            row.names, row.labels, row.colours, row.dashes, strict=True
        )
    )
    return Panel(
        row.heading, row.unit, traces, row.limits, row.weight,
        scale=labels.exponent(max(abs(end) for end in row.limits)), rest=row.rest, zero=row.zero,
    )  # fmt: skip


def _traces(shown: Along, theme: Theme) -> Picture:
    places = shown.followed()
    traces = tuple(
        Trace(
            shown.named(k), Label(shown.named(k)), shown.time, shown.V[k], colour,
        )
        for k, colour in zip(places, theme.places, strict=False)
    )  # fmt: skip
    rows = [trace.values for trace in traces]
    low, high = float(np.min(rows)), float(np.max(rows))
    panel = Panel(
        f"Membrane potential at {_COUNTED[len(traces)]}", "mV", traces,
        panels.LIMITS["voltage"](low, high), 2.0, zero=low < 0 < high,
    )  # fmt: skip
    on = tuple(interval for e in shown.electrodes for interval in e.on)
    return Picture("", "", float(shown.time[0]), float(shown.time[-1]), (panel,), on)


def arrange(what: Content, size: Size, ruler: Ruler) -> Stack:
    """Place everything at the largest scale that fits.

    Raises
    ------
    UsageError
        If it does not fit at a legible size.
    """
    width, height = size.inches
    scale = min(1.0, math.sqrt(min(width / 8, height / 6)))
    while scale >= _SMALLEST_SCALE:
        found = _arranged(what, size, ruler, scale)
        if found is not None:
            return found
        scale *= 0.92
    raise UsageError(
        f"the figure does not fit in {size.width} × {size.height} pixels at {size.dpi:g} dots per "
        "inch; give a larger size or fewer panels."
    )


def _arranged(what: Content, size: Size, ruler: Ruler, scale: float) -> Stack | None:
    width, height = size.inches
    line = scale / 72
    pad = PAD * scale
    top = height - pad
    title_y = top - 1.05 * TITLE * line
    top = title_y - 0.15 * TITLE * line if what.title else top
    subtitle_y = top - 1.25 * SUBTITLE * line
    top = subtitle_y - 0.1 * SUBTITLE * line if what.subtitle else top
    top -= 0.5 * HEADING * line if what.title or what.subtitle else 0.0
    blocks = _stacked(what, top, pad, scale)
    if blocks is None:
        return None
    left = pad + _widest_tick(what, blocks, ruler, scale) + TICK_ROOM * scale
    beyond = _beyond(what, ruler, scale)
    right = width - pad - max(GAP * scale + beyond, 0.12 * scale)
    if right - left < 0.4 * width:
        return None
    slots = [
        _slot(panel, bottom, tall, scale)
        for panel, (bottom, tall) in zip(what.along.panels, blocks.rows, strict=True)
    ]
    titles = (
        ruler.fitted(what.title, TITLE * scale, width - pad - left, "bold"), title_y,
        ruler.fitted(what.subtitle, SUBTITLE * scale, width - pad - left), subtitle_y,
    )  # fmt: skip
    along = Layout(
        size, scale, left, right, tuple(slots), *titles, 0.0,
        time_ticks_of(what.along, right - left, ruler, scale, 1.0),
        f"Position along the axon ({what.shown.unit})",
    )  # fmt: skip
    traces = None
    if what.traces is not None and blocks.traces is not None:
        slot = _slot(what.traces.panels[0], *blocks.traces, scale)
        traces = replace(
            along,
            slots=(slot,),
            title=Line("", 1.0),
            subtitle=Line("", 1.0),
            time_ticks=time_ticks_of(what.traces, right - left, ruler, scale, 1.0),
            time_label="Time (ms)",
        )
    clock = (right, slots[0].heading_y)
    return Stack(
        along, blocks.strip, blocks.map, _map_ticks(what, blocks, scale), traces, blocks.axis, clock
    )


@dataclass(frozen=True)
class _Blocks:
    """(bottom, height) of everything, in inches."""

    rows: list[tuple[float, float]]
    strip: tuple[float, float] | None
    map: tuple[float, float] | None
    traces: tuple[float, float] | None
    axis: float


def _stacked(what: Content, top: float, pad: float, scale: float) -> _Blocks | None:
    """Everything from the top down, the room that is left shared out by weight."""
    weights = [panel.weight for panel in what.along.panels]
    weights += [_WEIGHTS[extra] for extra in (MAP, TRACES) if extra in what.extras]
    _, end = _placed(what, top, scale, 0.0)
    per = (end - pad) / sum(weights)
    if per * min(weights) < _LEAST_ROW * TICK * scale / 72:
        return None
    return _placed(what, top, scale, per)[0]


def _placed(what: Content, top: float, scale: float, per: float) -> tuple[_Blocks, float]:
    """The blocks if a weight of 1 is ``per`` inches high, and where the last one's axis ends."""
    line = scale / 72
    heading, space = 1.55 * HEADING * line, 0.1 * scale
    axis_room = (1.2 * HEADING + 1.3 * TICK) * line + TICK_ROOM * scale
    rows: list[tuple[float, float]] = []
    found: dict[str, tuple[float, float]] = {}
    for panel in what.along.panels:
        top -= heading + (space if rows else 0.0)
        rows.append((top - per * panel.weight, per * panel.weight))
        top -= per * panel.weight
    if STRIP in what.extras:
        top -= (_STRIP + _ELECTRODE) * scale
        found[STRIP] = (top, _STRIP * scale)
        top -= (0.06 + (_MARK if TRACES in what.extras else 0.0)) * scale
    if MAP in what.extras:
        top -= heading + (space if STRIP in what.extras else 0.0)
        found[MAP] = (top - per * _WEIGHTS[MAP], per * _WEIGHTS[MAP])
        top -= per * _WEIGHTS[MAP]
    axis = top
    top -= axis_room
    if TRACES in what.extras:
        top -= heading + space
        found[TRACES] = (top - per * _WEIGHTS[TRACES], per * _WEIGHTS[TRACES])
        top -= per * _WEIGHTS[TRACES] + axis_room
    return _Blocks(rows, found.get(STRIP), found.get(MAP), found.get(TRACES), axis), top


def _slot(panel: Panel, bottom: float, tall: float, scale: float) -> Slot:
    heading = f"{panel.heading} ({_unit(panel)})" if _unit(panel) else panel.heading
    y = bottom + tall + 0.42 * HEADING * scale / 72
    return Slot(panel, bottom, tall, heading, y, ticks_of(panel, tall, scale), LABEL * scale)


def _unit(panel: Panel) -> str:
    factor = labels.power_of_ten(panel.scale) if panel.scale else ""
    return " ".join(part for part in (factor, panel.unit) if part)


def _widest_tick(what: Content, blocks: _Blocks, ruler: Ruler, scale: float) -> float:
    texts = [
        tick.text
        for panel, (_, tall) in zip(what.along.panels, blocks.rows, strict=True)
        for tick in ticks_of(panel, tall, scale)
    ]
    texts += [tick.text for tick in _map_ticks(what, blocks, scale)]
    if what.traces is not None and blocks.traces is not None:
        texts += [t.text for t in ticks_of(what.traces.panels[0], blocks.traces[1], scale)]
    return max(ruler.width(text, TICK * scale) for text in texts)


def _map_ticks(what: Content, blocks: _Blocks, scale: float) -> tuple[Tick, ...]:
    if blocks.map is None:
        return ()
    time = what.shown.time
    most = max(2, math.ceil(blocks.map[1] / (1.9 * TICK * scale / 72)))
    places = labels.ticks(float(time[0]), float(time[-1]), min(6, most))
    shown = labels.tick_decimals(places)
    return tuple(Tick(place, labels.number(place, shown)) for place in places)


def _beyond(what: Content, ruler: Ruler, scale: float) -> float:
    """Room to the right of the axes: for names of lines, and the colour bar."""
    names = [t.label for panel in what.along.panels for t in panel.traces if t.label.text]
    if what.traces is not None:
        names += [t.label for t in what.traces.panels[0].traces]
    return max([BAR * scale, *(ruler.width(name, LABEL * scale) for name in names)])
