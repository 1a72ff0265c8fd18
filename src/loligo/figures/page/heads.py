"""What stands over a panel of a chart: its names, and a key of its lines."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from loligo.figures.content import labels
from loligo.figures.content.labels import Label
from loligo.figures.page import chart
from loligo.figures.page.extent import Side
from loligo.figures.page.frame import Page
from loligo.figures.page.ruler import Ruler
from loligo.figures.style import HEADING, LABEL

HEADED = 1.55  # of its type's size: a line of names over a panel
_SAMPLE = 0.28  # of a line, in a key
_AIR = 0.2  # between words in one line


Look = tuple[object, ...]


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

    @property
    def look(self) -> Look:
        """What it says, and of what."""
        return look_of(self.layer)


@dataclass(frozen=True, eq=False)
class Head:
    """What stands over a panel: lines of names from the top down, then rows of a key."""

    lines: tuple[tuple[Words, ...], ...]
    entries: tuple[Entry, ...]
    lift: float  # for bars over the panel, or the topmost number beside its colours

    def height(self, page: Page) -> float:
        """Of it all."""
        rows = 1 + max((entry.row for entry in self.entries), default=-1)
        names = HEADED + 1.3 * (len(self.lines) - 1) if self.lines else 0.5
        return (names * HEADING + 1.5 * LABEL * rows) * page.point + self.lift


def look_of(layer: chart.Line | chart.Points | chart.Area) -> Look:
    """A layer's name and what it is known by: the same in another panel is named once."""
    colour = layer.colour if isinstance(layer.colour, str | float | int) else id(layer)
    return type(layer), layer.label, colour, getattr(layer, "dashes", ())


def labelled(axes: chart.Axes) -> list[chart.Line | chart.Points | chart.Area]:
    layers = axes.layers + (axes.twin.layers if axes.twin else ())
    return [
        layer
        for layer in layers
        if isinstance(layer, chart.Line | chart.Points | chart.Area) and layer.label
    ]


def head_of(
    axes: chart.Axes, sides: tuple[Side, Side, Side | None],
    beside: tuple[chart.Line | chart.Points, ...], page: Page, ruler: Ruler, left: float,
    right: float, said_above: frozenset[Look],
) -> Head:  # fmt: skip
    """The names over a panel and a key of what is named neither ``beside`` it nor in a key of a
    panel above."""
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
    lift = (0.5 * bars or 0.3 * barred) * HEADING * page.point
    keyed = [] if beside else [one for one in labelled(axes) if look_of(one) not in said_above]
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
        wide = (_SAMPLE + 0.08) * page.scale + words
        if x > left and x + wide > end:
            x, row = left, row + 1
        entries.append(Entry(layer, layer.label, x, row))
        x += wide + 1.2 * _AIR * page.scale
    return entries


def sample(x: float, page: Page) -> np.ndarray:
    """Where a key's sample begins, is in its middle, and ends."""
    wide = _SAMPLE * page.scale
    return np.array([x, x + wide / 2, x + wide])
