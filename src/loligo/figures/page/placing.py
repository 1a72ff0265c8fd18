"""Where the panels of a chart go, with their names, keys and labels; all in inches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from loligo.errors import UsageError
from loligo.figures.content import labels
from loligo.figures.content.labels import Label
from loligo.figures.page import chart, extent
from loligo.figures.page.extent import Side
from loligo.figures.page.frame import GAP, TICK_ROOM, Page, largest, paged
from loligo.figures.page.layout import line_height
from loligo.figures.page.ruler import Ruler
from loligo.figures.page.size import Size
from loligo.figures.page.ticks import Tick
from loligo.figures.style import HEADING, LABEL, SUBTITLE, TICK

BAR = 0.16  # the width of a colour bar
SAMPLE = 0.28  # of a line, in a key
_AIR = 0.2  # between words in one line
_LOWEST, _CAPTIONED = 4.0, 9.0  # lines of ticks; on a slide with a caption
CAPTION, _LEADING = SUBTITLE, 1.35  # points; of a line, in its type's size
_MOST_CAPTION, _SMALLER = 0.3, 0.8  # of the page's height; of its scale without a caption


@dataclass(frozen=True, eq=False)
class Words:
    """A name in a line over a panel; ``side`` is where it ends or begins."""

    label: Label
    unit: str
    side: str  # "left", "middle" or "right"
    colour: chart.Colour
    width: float


@dataclass(frozen=True, eq=False)
class Entry:
    """A label of a key, beside a sample of what it names, from ``x`` on in a row."""

    layer: chart.Line | chart.Points | chart.Area
    label: str
    x: float
    row: int


@dataclass(frozen=True, eq=False)
class Head:
    """What stands over a panel: lines of names from the top down, then rows of a key."""

    lines: tuple[tuple[Words, ...], ...]
    entries: tuple[Entry, ...]
    lift: float  # for bars over the panel, or the topmost number beside its colours

    def height(self, page: Page) -> float:
        """Of it all."""
        rows = 1 + max((entry.row for entry in self.entries), default=-1)
        names = 1.55 + 1.3 * (len(self.lines) - 1) if self.lines else 0.5
        return (names * HEADING + 1.5 * LABEL * rows) * page.point + self.lift


@dataclass(frozen=True, eq=False)
class Box:
    """One panel: its place, its sides and ticks, what stands over it and beside it."""

    axes: chart.Axes
    bottom: float
    top: float
    across: Side
    up: Side
    twin: Side | None
    up_marks: tuple[Tick, ...]
    twin_marks: tuple[Tick, ...]
    across_marks: tuple[Tick, ...]  # none where another panel's serve
    head: Head
    beside: tuple[chart.Line | chart.Points, ...]  # named at their right ends

    def y(self, value: float, side: Side) -> float:
        """The height of a value."""
        part = extent.part(value, side.limits, side.axis.log)
        return self.bottom + (self.top - self.bottom) * part


@dataclass(frozen=True, eq=False)
class Placed:
    """A chart's panels on a page, between ``left`` and ``right``."""

    page: Page
    left: float
    right: float
    boxes: tuple[Box, ...]
    caption: tuple[str, ...]

    def caption_y(self, k: int) -> float:
        """The baseline of a line of the caption."""
        below = len(self.caption) - 1 - k
        return self.page.pad + (0.3 + _LEADING * below) * CAPTION * self.page.point


def place(what: chart.Chart, size: Size, ruler: Ruler) -> Placed:
    """Place everything at the largest scale that fits.

    Raises
    ------
    UsageError
        If it does not fit at a legible size.
    """
    sides = _sides(what)
    placed = largest(size, 5, lambda scale: _placed(what, sides, size, ruler, scale))
    if what.caption and placed is not None and size.type and _low(placed):
        return place(replace(what, caption=""), size, ruler)
    if what.caption and (placed is None or placed.page.scale < 1):
        without = place(replace(what, caption=""), size, ruler)
        if placed is None or placed.page.scale < _SMALLER * without.page.scale:
            return without
    if what.spare and (placed is None or placed.page.scale < 1):
        fewer = what.panels[:-1]
        kept = replace(what, panels=fewer, shared=chart.shared(fewer), spare=what.spare - 1)
        without = place(kept, size, ruler)
        if placed is None or placed.page.scale < _SMALLER * without.page.scale:
            return without
    if placed is None:
        raise UsageError(
            f"the figure does not fit in {size.width} × {size.height} pixels at {size.dpi:g} dots "
            "per inch; give a larger size."
        )
    return placed


def _low(placed: Placed) -> bool:
    """Whether a panel has become too low beside a caption in large type."""
    least = _CAPTIONED * TICK * placed.page.point
    return any(box.top - box.bottom < least for box in placed.boxes)


_Sides = list[tuple[Side, Side, Side | None]]


def _sides(what: chart.Chart) -> _Sides:
    """Across, upwards and at the right, of every panel."""
    sides: _Sides = []
    for axes in what.panels:
        group = what.panels if what.shared else (axes,)
        x = what.panels[-1].x if what.shared else axes.x
        twin = axes.twin
        sides.append(
            (
                extent.side(x, extent.across(group, x)),
                extent.side(axes.y, extent.upwards(axes.layers, axes.y)),
                extent.side(twin.axis, extent.upwards(twin.layers, twin.axis)) if twin else None,
            )
        )
    return sides


def _placed(
    what: chart.Chart, sides: _Sides, size: Size, ruler: Ruler, scale: float
) -> Placed | None:
    page = paged(size, scale, what.title, what.subtitle, ruler)
    most = page.height / (len(what.panels) + 0.8) / line_height(LABEL * scale)
    beside = [_beside(axes, across, up, most) for axes, (across, up, _) in
              zip(what.panels, sides, strict=True)]  # fmt: skip
    left, right = _margins(what, sides, beside, page, ruler)
    if right - left < 0.4 * page.width:
        return None
    caption = ruler.wrapped(what.caption, CAPTION * scale, page.width - page.pad - left)
    foot = page.pad + (_LEADING * len(caption) + 0.9) * CAPTION * page.point * bool(caption)
    if foot > _MOST_CAPTION * page.height:
        return None
    heads = [
        _head(axes, one, named, page, ruler, left, right)
        for axes, one, named in zip(what.panels, sides, beside, strict=True)
    ]
    spans = _stack(what, heads, page, foot)
    if spans is None:
        return None
    boxes = []
    for axes, (across, up, twin), head, named, (bottom, top) in zip(
        what.panels, sides, heads, beside, spans, strict=True
    ):
        alone = not what.shared or axes is what.panels[-1]
        boxes.append(
            Box(
                axes, bottom, top, across, up, twin,
                extent.marks_up(up, top - bottom, scale),
                extent.marks_up(twin, top - bottom, scale) if twin else (),
                extent.marks_across(across, right - left, ruler, scale) if alone else (),
                head, named,
            )
        )  # fmt: skip
    return Placed(page, left, right, tuple(boxes), caption)


def axis_room(page: Page) -> float:
    """Below a panel: ticks, their numbers, the axis's name."""
    return (1.2 * HEADING + 1.3 * TICK) * page.point + TICK_ROOM * page.scale


def _stack(
    what: chart.Chart, heads: list[Head], page: Page, foot: float
) -> list[tuple[float, float]] | None:
    """Lower and upper edge of every panel, from the top down to the foot of the page; None if they
    get too low."""
    count, room = len(what.panels), axis_room(page)
    axes_below = 1 if what.shared else count
    gap = 0.1 * page.scale if what.shared else 0.8 * HEADING * page.point
    free = page.top - foot - axes_below * room - (count - 1) * gap
    free -= sum(head.height(page) for head in heads)
    weight = sum(axes.weight for axes in what.panels)
    top, spans = page.top, []
    for k, (axes, head) in enumerate(zip(what.panels, heads, strict=True)):
        tall = free * axes.weight / weight
        if tall < _LOWEST * TICK * page.point:
            return None
        top -= head.height(page)
        last = k == count - 1
        spans.append((foot + room if last else top - tall, top))
        top -= tall + gap + (0.0 if what.shared else room)
    return spans


def _margins(
    what: chart.Chart, sides: _Sides, beside: list[tuple[chart.Line | chart.Points, ...]],
    page: Page, ruler: Ruler,
) -> tuple[float, float]:  # fmt: skip
    """Left and right end of all panels: beyond are the widest tick, label or colour bar."""
    scale, rough = page.scale, page.height / (len(what.panels) + 0.5)
    left, right = 0.0, 0.18 * scale
    for axes, (_, up, twin), named in zip(what.panels, sides, beside, strict=True):
        left = max(left, _widest(extent.marks_up(up, rough, scale), ruler, scale))
        if twin is not None:
            wide = _widest(extent.marks_up(twin, rough, scale), ruler, scale)
            right = max(right, wide + TICK_ROOM * scale)
        if axes.scale is not None and axes.scale.bar:
            wide = _widest(extent.bar_marks(axes.scale, rough, scale), ruler, scale)
            right = max(right, (GAP + BAR + 0.12) * scale + wide)
        if named:
            words = ruler.widest((layer.label for layer in named), LABEL * scale)
            right = max(right, GAP * scale + words)
    left, end = page.pad + left + TICK_ROOM * scale, page.width - page.pad
    halves = [0.0]  # of numbers that stand at the right end of an axis across
    for across, _, _ in sides:
        marks = extent.marks_across(across, end - right - left, ruler, scale)
        halves += [ruler.width(mark.text, TICK * scale) / 2 for mark in marks[-1:]]
    return left, min(end - right, end - max(halves))


def _widest(marks: tuple[Tick, ...], ruler: Ruler, scale: float) -> float:
    return ruler.widest((mark.text for mark in marks), TICK * scale)


# ------------------------------------------------------------------------ names of lines


def _labelled(axes: chart.Axes) -> list[chart.Line | chart.Points | chart.Area]:
    layers = axes.layers + (axes.twin.layers if axes.twin else ())
    return [
        layer
        for layer in layers
        if isinstance(layer, chart.Line | chart.Points | chart.Area) and layer.label
    ]


def _beside(
    axes: chart.Axes, across: Side, up: Side, most: float
) -> tuple[chart.Line | chart.Points, ...]:
    """The lines that are named at their right ends: if all that have names end there, no more than
    there is room for, and nothing else stands there."""
    if axes.twin is not None or axes.scale is not None or len(_labelled(axes)) > most:
        return ()
    named = []
    for layer in _labelled(axes):
        end = extent.last_seen(layer, up)
        if end is None or extent.part(end[0], across.limits, across.axis.log) < 0.93:
            return ()
        if isinstance(layer, chart.Line | chart.Points):
            named.append(layer)
    return tuple(named)


def ends(box: Box, page: Page) -> list[float]:
    """Heights of the names of lines at their right ends, moved apart."""
    step = line_height(LABEL * page.scale)
    wanted = []
    for layer in box.beside:
        end = extent.last_seen(layer, box.up)
        wanted.append(box.y(end[1], box.up) if end else box.bottom)
    high = max(box.top, box.bottom + step)
    return [float(y) for y in labels.spread(wanted, step, box.bottom + step / 2, high)]


# ------------------------------------------------------------------------ over a panel


def _head(
    axes: chart.Axes, sides: tuple[Side, Side, Side | None],
    beside: tuple[chart.Line | chart.Points, ...], page: Page, ruler: Ruler, left: float,
    right: float,
) -> Head:  # fmt: skip
    _, up, twin = sides
    size = HEADING * page.scale
    said = [Words(up.label, up.unit, "left", up.axis.colour, 0.0)]
    if axes.aside:
        said.append(Words(_label(axes.aside), "", "middle", "text", 0.0))
    if axes.key:
        said.append(Words(_label(axes.key), "", "right", "text", 0.0))
    if twin is not None:
        said.append(Words(twin.label, twin.unit, "right", twin.axis.colour, 0.0))
    barred = axes.scale is not None and axes.scale.bar
    if axes.scale is not None and axes.scale.bar:
        said.append(Words(labels.typeset(axes.scale.name), "", "right", "text", 0.0))
    end = page.width - page.pad
    measured = [
        Words(w.label, w.unit, w.side, w.colour, ruler.name(w.label, w.unit, size))
        for w in said
        if w.label.text
    ]
    lines = _lines(measured, left, right, end, _AIR * page.scale)
    bars = any(isinstance(layer, chart.Band) and layer.over for layer in axes.layers)
    lift = 0.3 * HEADING * page.point if bars or barred else 0.0
    keyed = [] if beside else _labelled(axes)
    return Head(lines, tuple(_entries(keyed, left, end, page, ruler)), lift)


def _label(words: str | Label) -> Label:
    return labels.typeset(words) if isinstance(words, str) else words


def _lines(
    words: list[Words], left: float, right: float, end: float, air: float
) -> tuple[tuple[Words, ...], ...]:
    """All names in one line if they fit, else in as many as there are kinds of them."""
    for groups in (
        (("left", "middle", "right"),), (("right",), ("left", "middle")),
        (("right",), ("middle",), ("left",)),
    ):  # fmt: skip
        lines = [tuple(w for w in words if w.side in group) for group in groups]
        lines = [line for line in lines if line]
        if all(_apart(line, left, right, end, air) for line in lines):
            break
    return tuple(lines)


def _apart(
    line: tuple[Words, ...], left: float, right: float, end: float, air: float
) -> bool:  # fmt: skip
    spans = sorted(starts(line, left, right, end))
    return all(a[1] + air <= b[0] for a, b in pairwise(spans))


def starts(
    line: tuple[Words, ...], left: float, right: float, end: float
) -> list[tuple[float, float]]:
    """Where each name of a line begins and ends."""
    spans = []
    for words in line:
        begin = {
            "left": left,
            "middle": (left + right) / 2 - words.width / 2,
            "right": end - words.width,
        }[words.side]
        spans.append((begin, begin + words.width))
    return spans


def _entries(
    keyed: list[chart.Line | chart.Points | chart.Area], left: float, end: float, page: Page,
    ruler: Ruler,
) -> list[Entry]:  # fmt: skip
    """A key's labels, row after row."""
    x, row, entries = left, 0, []
    for layer in keyed:
        words = ruler.width(layer.label, LABEL * page.scale)
        wide = (SAMPLE + 0.08) * page.scale + words
        if x > left and x + wide > end:
            x, row = left, row + 1
        entries.append(Entry(layer, layer.label, x, row))
        x += wide + 1.2 * _AIR * page.scale
    return entries


def sample(x: float, page: Page) -> np.ndarray:
    """Where a key's sample begins, is in its middle, and ends."""
    wide = SAMPLE * page.scale
    return np.array([x, x + wide / 2, x + wide])
