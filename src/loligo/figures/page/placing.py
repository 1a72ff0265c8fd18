"""Where the panels of a chart go, with their labels; all in inches."""

from __future__ import annotations

from dataclasses import dataclass, replace

from loligo.errors import UsageError
from loligo.figures.content import labels
from loligo.figures.page import chart, extent
from loligo.figures.page.extent import Side
from loligo.figures.page.frame import GAP, TICK_ROOM, Page, largest, paged
from loligo.figures.page.heads import HEADED, Head, head_of, labelled
from loligo.figures.page.layout import line_height
from loligo.figures.page.ruler import Ruler
from loligo.figures.page.size import Size
from loligo.figures.page.ticks import Tick
from loligo.figures.style import HEADING, LABEL, SUBTITLE, TICK

BAR = 0.16  # the width of a colour bar
_LOWEST, _CAPTIONED = 4.0, 9.0  # lines of ticks; on a slide with a caption
CAPTION, _LEADING = SUBTITLE, 1.35  # points; of a line, in its type's size
_MOST_CAPTION, _SMALLER = 0.3, 0.8  # of the page's height; of its scale without a caption


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


@dataclass(frozen=True, eq=False)
class _Stacked:
    """What every panel has over it and beside it, and its lower and upper edge."""

    left: float
    right: float
    caption: tuple[str, ...]
    beside: list[tuple[chart.Line | chart.Points, ...]]
    heads: list[Head]
    spans: list[tuple[float, float]]


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
    stacked = _within_reach(what, sides, page, ruler)
    if stacked is None:
        return None
    left, right = stacked.left, stacked.right
    boxes = []
    for axes, (across, up, twin), head, named, (bottom, top) in zip(
        what.panels, sides, stacked.heads, stacked.beside, stacked.spans, strict=True
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
    return Placed(page, left, right, tuple(boxes), stacked.caption)


def _within_reach(what: chart.Chart, sides: _Sides, page: Page, ruler: Ruler) -> _Stacked | None:
    """Everything placed with names beside the panels; in keys over all of them where the names
    would reach beyond the height of one of them."""
    most = page.height / (len(what.panels) + 0.8) / line_height(LABEL * page.scale)
    step = line_height(LABEL * page.scale)
    for room in (most, 0.0):
        stacked = _stacked(what, sides, page, ruler, room)
        if stacked is None:
            continue
        named = zip(stacked.beside, stacked.spans, strict=True)
        over = HEADED * HEADING * page.point  # beside a heading nothing stands
        if all(len(own) * step <= top - low + over for own, (low, top) in named):
            return stacked
    return None


def _stacked(
    what: chart.Chart, sides: _Sides, page: Page, ruler: Ruler, most: float
) -> _Stacked | None:
    """Margins, heads and panels with up to ``most`` names beside a panel; None if they do not
    fit."""
    beside = [_beside(axes, across, up, most) for axes, (across, up, _) in
              zip(what.panels, sides, strict=True)]  # fmt: skip
    left, right = _margins(what, sides, beside, page, ruler)
    if right - left < 0.4 * page.width:
        return None
    caption = ruler.wrapped(what.caption, CAPTION * page.scale, page.width - page.pad - left)
    foot = page.pad + (_LEADING * len(caption) + 0.9) * CAPTION * page.point * bool(caption)
    if foot > _MOST_CAPTION * page.height:
        return None
    heads: list[Head] = []
    for axes, one, named in zip(what.panels, sides, beside, strict=True):
        said = frozenset(entry.look for head in heads for entry in head.entries)
        heads.append(head_of(axes, one, named, page, ruler, left, right, said))
    spans = _stack(what, heads, page, foot)
    return None if spans is None else _Stacked(left, right, caption, beside, heads, spans)


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


def _beside(
    axes: chart.Axes, across: Side, up: Side, most: float
) -> tuple[chart.Line | chart.Points, ...]:
    """The lines that are named at their right ends: if all that have names end there, no more than
    there is room for, and nothing else stands there."""
    if axes.twin is not None or axes.scale is not None or len(labelled(axes)) > most:
        return ()
    named = []
    for layer in labelled(axes):
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
