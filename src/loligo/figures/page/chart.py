"""A chart as plain data: panels, their axes, and layers of lines, points, areas and images.

Nothing here draws: `charting.draw_chart` does. A colour is the theme's name for it (``"voltage"``,
``"text"``, ``"muted"``, ``"Na"``, ``"K"``, ``"1"``, ``"2"``, ...), ``#rrggbb``, or a number, which
is a value on the panel's `Scale` (without one, from 0 to 1). Units are as recordings have them.

>>> voltage = [-60, -40, -20, 0, 20]
>>> peak = Line(voltage, [0, -80, -310, -220, -60], label="peak")
>>> steady = Line(voltage, [1, 20, 90, 210, 380], label="steady", colour="K", dashes=(4, 2))
>>> panel = Axes((peak, steady, Rule(0)), Axis("Voltage", "mV"), Axis("Current", "uA/cm2"))
>>> chart = Chart((panel,), title="Sodium current")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from loligo.figures.content.labels import Label

Values = Any  # a row of numbers
Colour = str | float


@dataclass(frozen=True, eq=False)
class Line:
    """A line through points; it is interrupted where a value is not a number.

    ``colour`` may be a row of numbers, one for each point, on the panel's scale.
    """

    x: Values
    y: Values
    colour: Colour | Sequence[float] = "voltage"
    label: str = ""
    dashes: tuple[float, ...] = ()
    width: float = 1.0


@dataclass(frozen=True, eq=False)
class Points:
    """Marks: ``"dot"``, ``"ring"``, ``"cross"``, ``"square"`` or ``"triangle"``; ``size`` and
    ``stroke`` in line widths.

    ``colour`` may be a row of numbers, one for each point, on the panel's scale.
    """

    x: Values
    y: Values
    colour: Colour | Sequence[float] = "voltage"
    label: str = ""
    mark: str = "dot"
    size: float = 3.6
    stroke: float = 0.6


@dataclass(frozen=True, eq=False)
class Area:
    """What lies between two curves; ``alpha`` is how much it hides."""

    x: Values
    low: Values
    high: Values
    colour: Colour = "voltage"
    label: str = ""
    alpha: float = 0.25


@dataclass(frozen=True)
class Band:
    """An interval of the axis across, tinted over the panel's height; ``over``: a bar above it."""

    start: float
    end: float
    colour: str = "band"
    over: bool = False


@dataclass(frozen=True, eq=False)
class Image:
    """Values (up, across) by colour on the panel's scale, between edges of cells."""

    x: Values
    y: Values
    values: Values


@dataclass(frozen=True, eq=False)
class Arrows:
    """Directions at points, all equally long, as they run on the page: a vector field."""

    x: Values
    y: Values
    dx: Values
    dy: Values
    colour: Colour = "rule"


@dataclass(frozen=True)
class Rule:
    """A dashed line through a value of the upward axis, or of the axis across; one across may have
    words at its upper end."""

    at: float
    across: bool = False
    label: str = ""


@dataclass(frozen=True)
class Note:
    """Words over a point."""

    x: float
    y: float
    words: str
    colour: Colour = "muted"


Layer = Line | Points | Area | Band | Image | Arrows | Rule | Note


@dataclass(frozen=True, eq=False)
class Axis:
    """What is measured along one side of a panel.

    Attributes
    ----------
    name : str or Label
        A label is set in its own type, apart from the unit.
    unit : str
        As recordings have it: ``"uA/cm2"``.
    log : bool
    limits : (float, float), optional
        What lies beyond is cut off. By default all layers are shown.
    ticks : sequence of (float, str), optional
        Every one, or every second, ..., as there is room. By default round numbers.
    colour : Colour
        Of its name: that of its lines, where a panel has a second axis.
    """

    name: str | Label = ""
    unit: str = "1"
    log: bool = False
    limits: tuple[float, float] | None = None
    ticks: Sequence[tuple[float, str]] | None = None
    colour: Colour = "text"


_MOST_STEPS = 12


@dataclass(frozen=True)
class Scale:
    """What colours stand for, with a bar beside the panel unless another panel has it; ``whole``
    if the values are counts, each of which has its colour, or so many of them together; ``log`` if
    colours go by their logarithm."""

    name: str
    low: float
    high: float
    whole: bool = False
    log: bool = False
    bar: bool = True

    @property
    def together(self) -> int:
        """How many counts have one colour.

        >>> Scale("spikes", 0, 11, whole=True).together, Scale("spikes", 0, 60, whole=True).together
        (1, 10)
        """
        sizes = (m * 10**k for k in range(15) for m in (1, 2, 5))
        return next(size for size in sizes if (self.high - self.low) // size + 1 <= _MOST_STEPS)

    @property
    def steps(self) -> int:
        """How many colours counts have; 0 of what is no count."""
        return int((self.high - self.low) // self.together) + 1 if self.whole else 0

    @property
    def limits(self) -> tuple[float, float]:
        """Where the first colour begins and the last ends."""
        if not self.whole:
            return self.low, self.high
        return self.low - 0.5, self.low - 0.5 + self.steps * self.together


@dataclass(frozen=True, eq=False)
class Twin:
    """A second upward axis, at the right, and what belongs to it."""

    axis: Axis
    layers: tuple[Layer, ...]


@dataclass(frozen=True, eq=False)
class Axes:
    """Layers on axes, the first at the bottom.

    Attributes
    ----------
    layers, x, y, twin, scale
    key : str
        What the labels of lines are values of: over them.
    aside : str
        Words in the middle of the heading's line.
    weight : float
        The panel's share of the height.
    """

    layers: tuple[Layer, ...]
    x: Axis = field(default_factory=Axis)
    y: Axis = field(default_factory=Axis)
    twin: Twin | None = None
    scale: Scale | None = None
    key: str | Label = ""
    aside: str | Label = ""
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class Chart:
    """Panels, one above the other. With ``shared``, they have the last one's axis across.

    ``caption`` is set below them, in as many lines as it takes; where there is no room for all of
    it beside legible panels, it is left out; and so are the last panels, as many as are ``spare``.
    """

    panels: tuple[Axes, ...]
    title: str = ""
    subtitle: str = ""
    shared: bool = False
    caption: str = ""
    spare: int = 0


def shared(panels: Sequence[Axes]) -> bool:
    """Whether all panels have one axis across, which then stands below the last alone."""
    ends = {(panel.x.name, panel.x.log, panel.x.limits, str(panel.x.ticks)) for panel in panels}
    return len(panels) > 1 and len(ends) == 1


# ------------------------------------------------------------------------ kinds of layers


def histogram(
    edges: Values, counts: Values, colour: Colour = "voltage", label: str = ""
) -> tuple[Layer, ...]:  # fmt: skip
    """Counts between edges, as bars without gaps.

    >>> area, outline = histogram([0, 1, 2], [3, 5])
    >>> outline.y.tolist()
    [0.0, 3.0, 3.0, 5.0, 5.0, 0.0]
    """
    import numpy as np

    x, tall = np.repeat(np.asarray(edges, float), 2), np.repeat(np.asarray(counts, float), 2)
    tall = np.concatenate(([0.0], tall, [0.0]))
    area = Area(x, np.zeros(x.size), tall, colour, label, alpha=0.45)
    return area, Line(x, tall, colour, width=0.6)


def raster(
    rows: Sequence[Values], colour: Colour = "voltage", first: float = 1.0, width: float = 0.8
) -> Line:
    """The events of every row as strokes, the first row at ``first``, the next at one more.

    >>> raster([[5.0], [6.0]]).y.tolist()
    [0.6, 1.4, nan, 1.6, 2.4, nan]
    """
    import numpy as np

    times = [np.asarray(row, float)[np.isfinite(np.asarray(row, float))] for row in rows]
    where = np.repeat(first + np.arange(len(times)), [row.size for row in times])
    x = np.repeat(np.concatenate([*times, []]), 3)
    y = np.column_stack((where - 0.4, where + 0.4, np.full(where.size, np.nan))).ravel()
    return Line(x, y, colour, width=width)


def branch(
    x: Values, y: Values, stable: Values, colour: Colour = "voltage", label: str = ""
) -> tuple[Line, Line]:
    """A branch of a bifurcation diagram: solid where it is stable, dashed elsewhere.

    >>> solid, dashed = branch([0, 1, 2], [0, 1, 2], [True, True, False])
    >>> solid.y.tolist(), dashed.y.tolist()
    ([0.0, 1.0, nan], [nan, 1.0, 2.0])
    """
    import numpy as np

    place, value = np.asarray(x, float), np.asarray(y, float)
    steady = np.asarray(stable, bool)
    beside = ~steady  # the dashed part begins where the solid one ends
    beside[:-1] |= ~steady[1:]
    beside[1:] |= ~steady[:-1]
    solid = Line(place, np.where(steady, value, np.nan), colour, label)
    return solid, Line(place, np.where(beside, value, np.nan), colour, dashes=(3.0, 1.8))
