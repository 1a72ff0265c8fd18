"""Where everything goes in a figure in time: measured text first, what is left to the panels.

Nothing is placed by guess: margins come from the widest tick and label, so that no text is cut
or overlaps another at any size, model or duration. All in inches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from loligo.errors import UsageError
from loligo.figures.content import labels
from loligo.figures.content.picture import Axis, Panel, Picture
from loligo.figures.page import ticks
from loligo.figures.page.frame import BESIDE, GAP, SEEN, TICK_ROOM, Page, largest, paged
from loligo.figures.page.ruler import Ruler
from loligo.figures.page.size import Size
from loligo.figures.page.ticks import Tick
from loligo.figures.style import HEADING, LABEL, TICK
from loligo.words import say

KEY_LINE = 1.35  # of a heading's height: from one line over a panel to the next
_MOST_LINES = 3  # of a heading
_HEADED = 0.8  # of a column's width, which also has numbers: room for a heading and a key in a line

Readout = Callable[[Panel, float], float]  # a panel's widest running value, at a size in points


@dataclass(frozen=True, eq=False)
class Slot:
    """One axis's place: its rectangle from the lower left, its heading, ticks and label size;
    ``heading_y`` is where the heading's first line stands."""

    axis: Axis
    bottom: float
    height: float
    heading: str
    heading_y: float
    ticks: tuple[Tick, ...]
    label_size: float
    key_below: bool = False  # what lanes are values of stands in a line below the heading
    heading_part: float = 1.0  # of a heading's usual size
    heading_more: tuple[str, ...] = ()  # lines of the heading below its first

    def y(self, value: Any) -> Any:
        """Height above the figure's lower edge, in inches, of values on this axis."""
        low, high = self.axis.limits
        return self.bottom + self.height * (value - low) / (high - low)

    def spread(self, heights: Sequence[float], order: Sequence[int] | None = None) -> np.ndarray:
        """Heights of labels moved apart within the panel; from the bottom up in an ``order``, if
        one is given."""
        step = line_height(self.label_size)
        low, high = self.bottom + step / 2, self.bottom + self.height - step / 2
        return labels.spread(heights, step, low, max(low, high), order)


@dataclass(frozen=True, eq=False)
class Across:
    """What all panels share: an axis of times or of places."""

    start: float
    end: float
    ticks: tuple[Tick, ...]
    name: str


@dataclass(frozen=True, eq=False)
class Layout:
    """Panels, one above the other, from ``left`` to ``right`` of a page."""

    page: Page
    left: float
    right: float
    slots: tuple[Slot, ...]
    across: Across

    @property
    def size(self) -> Size:
        return self.page.size

    @property
    def scale(self) -> float:
        return self.page.scale

    def x(self, value: Any) -> Any:
        """Distance from the figure's left edge, in inches, of values on the axis across."""
        start, end = self.across.start, self.across.end
        return self.left + (self.right - self.left) * (value - start) / (end - start)


def arrange(
    picture: Picture, size: Size, ruler: Ruler, readout: Readout | None
) -> tuple[Picture, Layout]:
    """Place everything; without the panels that nobody chose, where there is no room for them.

    ``readout`` measures a panel's widest running value, for animations.

    Raises
    ------
    UsageError
        If the panels do not fit at a legible size.
    """
    sparest = picture
    for large in (replace(size, seen=SEEN), size):
        less: Picture | None = picture
        while less is not None:
            made = largest(
                large, 6, lambda scale, p=less, s=large: arranged(p, s, ruler, readout, scale)
            )
            if made is not None:
                return less, made
            sparest, less = less, less.sparer
    count = len(sparest.panels)
    raise UsageError(
        f"{f'{count} panels do' if count > 1 else 'the panel does'} not fit in {size.width} × "
        f"{size.height} pixels at {size.dpi:g} dots per inch; give a larger size"
        f"{' or fewer panels' * (count > 1)}."
    )


def arranged(
    picture: Picture, size: Size, ruler: Ruler, readout: Readout | None, scale: float,
    span: tuple[float, float] = (0.0, 1.0),
) -> Layout | None:  # fmt: skip
    """Everything at a scale, between two parts of the page's width; None if it does not fit."""
    page = replace(paged(size, scale, picture.title, picture.subtitle, ruler), span=span)
    point = page.point
    clock = clock_room(page) if readout else 0.0
    bottom = page.pad + (1.45 * HEADING + 1.3 * TICK) * point + TICK_ROOM * scale
    apart = [_apart(panel, page, ruler) for panel in picture.panels]
    said = [_heading(*pair, page, ruler) for pair in zip(picture.panels, apart, strict=True)]
    more = [len(words) - 1 + own for (words, _), own in zip(said, apart, strict=True)]
    places = _stack(picture, page, bottom, clock, more)
    if places is None:
        return None
    slots = tuple(
        Slot(
            panel.axis,
            low,
            high - low,
            said[at][0][0],
            high + (0.42 + KEY_LINE * more[at]) * HEADING * point + (0.0 if at else clock),
            ticks.upright(panel.axis, high - low, scale),
            _label_size(panel, high - low, page),
            apart[at],
            said[at][1] / (HEADING * scale),
            said[at][0][1:],
        )
        for at, (panel, (low, high)) in enumerate(zip(picture.panels, places, strict=True))
    )
    left = page.left + ruler.widest((t.text for s in slots for t in s.ticks), TICK * scale)
    left += TICK_ROOM * scale
    pairs = list(zip(picture.panels, slots, strict=True))
    beyond = max(_beyond(panel, slot, ruler, readout, scale) for panel, slot in pairs)
    right = page.right - max(GAP * scale + beyond if beyond else 0.0, 0.12 * scale)
    if right - left < 0.4 * (page.right - page.left):
        return None
    unit, factor = time_unit(picture)
    times = ticks.across(picture.start, picture.end, right - left, ruler, scale, factor)
    right = min(right, page.right - ruler.width(times[-1].text, TICK * scale) / 2)
    name = say("Time")
    across = Across(picture.start, picture.end, times, f"{name} ({unit})" if unit else name)
    return Layout(page, left, right, slots, across)


def _heading(
    panel: Panel, own: bool, page: Page, ruler: Ruler
) -> tuple[tuple[str, ...], float]:  # fmt: skip
    """A panel's heading in as many lines as it takes, and its type's size; ``own`` if the key
    stands in a line below it."""
    size, words = HEADING * page.scale, panel.axis.words
    room = page.right - page.left - BESIDE * page.scale - (0 if own else _key(panel, ruler, page))
    lines = ruler.lines(words, size, room, "normal", page.size.smallest, _MOST_LINES)
    return (tuple(line.text for line in lines), lines[0].size) if lines else (("",), size)


def clock_room(page: Page) -> float:
    """Height of the line over the first panel in which an animation shows the running time."""
    return 1.35 * LABEL * page.point


def _stack(
    picture: Picture, page: Page, bottom: float, clock: float, more: Sequence[int]
) -> list[tuple[float, float]] | None:
    """Lower and upper edge of every panel, from the top down, with so many ``more`` lines than one
    over each; None if they get too low."""
    scale, top = page.scale, page.top
    space = 0.09 * scale
    heads = [
        _head_room(panel, page) + KEY_LINE * HEADING * page.point * lines
        for panel, lines in zip(picture.panels, more, strict=True)
    ]
    count = len(picture.panels)
    room = top - bottom - clock - sum(heads) - (count - 1) * space
    heights = shared(
        room,
        [panel.axis.weight for panel in picture.panels],
        [_lowest(panel, page) for panel in picture.panels],
    )
    if heights is None:
        return None
    places = []
    for tall, heading in zip(heights, heads, strict=True):
        top -= heading + (0.0 if places else clock)
        places.append((top - tall, top))
        top -= tall + space
    return places


def shared(
    room: float, weights: Sequence[float], least: Sequence[float]
) -> list[float] | None:  # fmt: skip
    """Heights that share ``room`` by weight, none lower than its least; None if that is too much.

    >>> shared(10.0, [3.0, 1.0, 1.0], [1.0, 1.0, 3.0])
    [5.25, 1.75, 3.0]
    """
    low: set[int] = set()
    while True:
        free = room - sum(least[k] for k in low)
        total = sum(weight for k, weight in enumerate(weights) if k not in low)
        if free < 0 or not total:
            return None if sum(least) > room * (1 + 1e-12) else list(least)
        per = free / total
        more = {k for k, weight in enumerate(weights) if k not in low and per * weight < least[k]}
        if not more:
            return [least[k] if k in low else per * weight for k, weight in enumerate(weights)]
        low |= more


def _head_room(panel: Panel, page: Page) -> float:
    """Over a panel: for what stands there, or for half a number of each of two axes."""
    said = panel.axis.words or panel.key is not None
    return (1.55 * HEADING if said else 0.5 * TICK) * page.point


def _labels(panel: Panel) -> int:
    """How many names stand beside a panel; at least one."""
    return max(1, sum(bool(trace.label.text) for trace in panel.traces))


def _lowest(panel: Panel, page: Page) -> float:
    """How low a panel may get: room for two ticks, and for the labels of its lines."""
    labelled = max(0.62 * LABEL * page.point, 1.18 * page.size.smallest / 72)
    return max(2.3 * TICK * page.point, labelled * _labels(panel))


def _label_size(panel: Panel, height: float, page: Page) -> float:
    """Points at which all of a panel's labels fit beside it."""
    usual = LABEL * page.scale
    fits = height / (line_height(usual) * _labels(panel))
    return max(usual * min(1.0, max(fits, 0.5)), page.size.smallest)


def line_height(size: float) -> float:
    """From one label of ``size`` points to the next, in inches."""
    return 1.18 * size / 72


def _beyond(panel: Panel, slot: Slot, ruler: Ruler, readout: Readout | None, scale: float) -> float:
    """Room that a panel's labels need to the right of its axis."""
    widths = [ruler.width(t.label, slot.label_size) for t in panel.traces if t.label.text]
    if readout is not None:
        widths.append(readout(panel, slot.label_size) + 0.06 * scale)
    return max(widths, default=0.0)


def _apart(panel: Panel, page: Page, ruler: Ruler) -> bool:
    """Whether what lanes are values of stands in a line of its own, below the heading."""
    if panel.key is None:
        return False
    size = HEADING * page.scale
    both = ruler.width(panel.axis.words, size) + _key(panel, ruler, page)
    return both > _HEADED * (page.right - page.left)


def _key(panel: Panel, ruler: Ruler, page: Page) -> float:
    """Room in the heading's line for what lanes are values of, which ends at the right edge."""
    return 0.0 if panel.key is None else ruler.name(*panel.key, HEADING * page.scale)


def clock_y(layout: Layout) -> float:
    """The baseline of the running time, over the first panel."""
    slot = layout.slots[0]
    return slot.bottom + slot.height + 0.45 * LABEL * layout.page.point


def time_unit(picture: Picture) -> tuple[str, float]:
    """Seconds from 5 s on."""
    long = picture.end - picture.start >= 5000 and picture.time_unit == "ms"
    return ("s", 1000.0) if long else (picture.time_unit, 1.0)
