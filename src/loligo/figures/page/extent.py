"""How far the axes of a chart reach, and what their ticks say."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from loligo.figures.content import labels, picture
from loligo.figures.content.labels import Label
from loligo.figures.page import chart, ticks
from loligo.figures.page.ruler import Ruler
from loligo.figures.page.ticks import Tick
from loligo.figures.style import TICK

_ACROSS, _BESIDE = 9, 6  # ticks at most


@dataclass(frozen=True, eq=False)
class Side:
    """An axis of a chart with its limits. ``power`` of ten is taken out of its numbers."""

    axis: chart.Axis
    limits: tuple[float, float]
    power: int

    @property
    def cut(self) -> bool:
        """Whether something may lie beyond."""
        return self.axis.limits is not None

    @property
    def label(self) -> Label:
        """The name, with its unit unless that is set apart."""
        name = self.axis.name
        if isinstance(name, Label):
            return name
        return labels.typeset(f"{name} ({self._unit})" if self._unit else name)

    @property
    def unit(self) -> str:
        """The unit where it is set apart from a label of its own type."""
        return self._unit if isinstance(self.axis.name, Label) else ""

    @property
    def _unit(self) -> str:
        return labels.scaled(labels.unit(self.axis.unit), self.power)


def side(axis: chart.Axis, limits: tuple[float, float]) -> Side:
    """An axis between limits."""
    plain = axis.log or axis.ticks is not None
    return Side(axis, limits, 0 if plain else labels.exponent(max(map(abs, limits))))


def of_map(layers: Iterable[chart.Layer]) -> bool:
    """Whether there is an image, which fills its axes."""
    return any(isinstance(layer, chart.Image) for layer in layers)


# ------------------------------------------------------------------------ limits


def across(panels: Sequence[chart.Axes], axis: chart.Axis) -> tuple[float, float]:
    """From the first to the last of what is shown; a little beyond where there are points."""
    if axis.limits is not None:
        return axis.limits
    layers = [layer for panel in panels for layer in _all(panel)]
    low, high = _ends((v for layer in layers for v in _places(layer)), axis.log)
    pointed = any(isinstance(layer, chart.Points) for layer in layers) and not of_map(layers)
    if axis.log:
        edge = (high / low) ** 0.03
        return low / edge, high * edge
    edge = 0.03 * (high - low) if pointed else 0.0
    return low - edge, high + edge


def upwards(layers: Sequence[chart.Layer], axis: chart.Axis) -> tuple[float, float]:
    """From 0 where nothing is below it, else a little beyond what is shown."""
    if axis.limits is not None:
        return axis.limits
    low, high = _ends((v for layer in layers for v in _heights(layer)), axis.log)
    if of_map(layers):
        return low, high
    span = high - low
    if axis.log:
        return low / (high / low) ** 0.05, high * (high / low) ** 0.05
    if low >= 0 and low < 0.6 * high:
        return 0.0, high + 0.06 * span
    return low - 0.06 * span, high + 0.06 * span


def _all(panel: chart.Axes) -> tuple[chart.Layer, ...]:
    return panel.layers + (panel.twin.layers if panel.twin else ())


def _ends(values: Iterable[object], log: bool) -> tuple[float, float]:
    """The lowest and highest that is a number; apart, if all are the same."""
    parts = [np.ravel(np.asarray(v, dtype=float)) for v in values]
    table = np.concatenate([*parts, np.empty(0)])
    table = table[np.isfinite(table) & ((table > 0) | (not log))]
    if not table.size:
        return (1.0, 10.0) if log else (0.0, 1.0)
    low, high = float(table.min()), float(table.max())
    if high > low:
        return low, high
    if log:
        return low / 2, high * 2
    room = 0.5 * abs(high) or 0.5
    return low - room, high + room


def _places(layer: chart.Layer) -> tuple[object, ...]:
    """What a layer shows across."""
    if isinstance(layer, chart.Band):
        return ()
    if isinstance(layer, chart.Rule):
        return (layer.at,) if layer.across else ()
    return (layer.x,)


def _heights(layer: chart.Layer) -> tuple[object, ...]:
    """What a layer shows upwards."""
    if isinstance(layer, chart.Band):
        return ()
    if isinstance(layer, chart.Rule):
        return () if layer.across else (layer.at,)
    return (layer.low, layer.high) if isinstance(layer, chart.Area) else (layer.y,)


# ------------------------------------------------------------------------ ticks


def marks_up(one: Side, tall: float, scale: float) -> tuple[Tick, ...]:
    """Ticks of an upward axis, ``tall`` inches high."""
    line = TICK * scale / 72

    def fits(marks: Sequence[Tick]) -> bool:
        return 1.3 * line * len(marks) <= tall

    if one.axis.ticks is not None or one.axis.log:
        return _within(_stated_or_decades(one, fits), fits)
    low, high = one.limits
    return ticks.upright(picture.Axis("", "", (low, high), 1.0, one.power), tall, scale)


def marks_across(one: Side, wide: float, ruler: Ruler, scale: float) -> tuple[Tick, ...]:
    """Ticks of an axis across, ``wide`` inches long."""

    def fits(marks: Sequence[Tick]) -> bool:
        return 1.6 * sum(ruler.width(mark.text, TICK * scale) for mark in marks) <= wide

    if one.axis.ticks is not None or one.axis.log:
        return _within(_stated_or_decades(one, fits), fits)
    marks: tuple[Tick, ...] = ()
    for most in range(_ACROSS, 1, -1):
        marks = ticks.even(*one.limits, most, 10.0**one.power)
        if fits(marks):
            break
    return marks


def _stated_or_decades(one: Side, fits: Callable[[Sequence[Tick]], bool]) -> tuple[Tick, ...]:
    if one.axis.ticks is None:
        return ticks.decades(*one.limits, fits)
    low, high = one.limits
    slack = 1e-9 * (high - low)
    stated = (Tick(float(value), words) for value, words in one.axis.ticks)
    return tuple(mark for mark in stated if low - slack <= mark.value <= high + slack)


def _within(
    marks: tuple[Tick, ...], fits: Callable[[Sequence[Tick]], bool]
) -> tuple[Tick, ...]:  # fmt: skip
    """Every one, every second, ...: as many as fit."""
    while len(marks) > 2 and not fits(marks):
        marks = marks[::2]
    return marks


def bar_marks(scale: chart.Scale, tall: float, size: float) -> tuple[Tick, ...]:
    """Ticks beside the colours, ``tall`` inches high, of type ``size`` times the usual; of counts,
    in the middle of each colour."""
    low, high = scale.low, scale.high
    most = min(_BESIDE, max(2, int(tall / (1.5 * TICK * size / 72))))
    if scale.log:
        return ticks.decades(low, high, lambda marks: len(marks) <= most)
    if not scale.whole:
        return ticks.even(low, high, most, 1.0)
    many = scale.together
    firsts = [round(low) + k * many for k in range(scale.steps)]
    marks = tuple(
        Tick(first + (many - 1) / 2, str(first) if many == 1 else f"{first}–{first + many - 1}")
        for first in firsts
    )
    return _within(marks, lambda some: 1.3 * TICK * size / 72 * len(some) <= tall)


def last_seen(line: chart.Layer, up: Side) -> tuple[float, float] | None:
    """Where a labelled layer ends within the panel: x and y of its last point."""
    if not isinstance(line, chart.Line | chart.Points):
        return None
    x, y = np.asarray(line.x, dtype=float), np.asarray(line.y, dtype=float)
    low, high = up.limits
    seen = np.isfinite(y) & (((y >= low) & (y <= high)) | (not up.cut))
    if not seen.any():
        return None
    k = int(np.flatnonzero(seen)[-1])
    return (float(x[k]) if up.cut else float(x[-1])), float(y[k])


def part(value: float, limits: tuple[float, float], log: bool) -> float:
    """How far along an axis a value lies, 0 to 1."""
    low, high = limits
    if log:
        return math.log(value / low) / math.log(high / low) if value > 0 else 0.0
    return (value - low) / (high - low)
