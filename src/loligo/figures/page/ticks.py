"""Where the ticks of an axis stand, and what they say: as many as there is room for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loligo.figures.content import labels
from loligo.figures.content.picture import Axis
from loligo.figures.page.ruler import Ruler
from loligo.figures.style import TICK
from loligo.words import decimal, say

_APART = 1.05  # of a line's height: from one number to the next
_MANTISSAS = ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))  # of a decade, from many to few


@dataclass(frozen=True)
class Tick:
    """A mark on an axis; ``rest`` marks the resting potential."""

    value: float
    text: str
    rest: bool = False


def upright(axis: Axis, height: float, scale: float) -> tuple[Tick, ...]:
    """Of an axis of values, ``height`` inches high; the resting potential has one of its own."""
    line = TICK * scale / 72
    low, high = axis.limits
    factor = 10.0**axis.scale
    airy, tight = math.ceil(height / (1.9 * line)), int(height / (1.2 * line)) + 1
    places = labels.ticks(low / factor, high / factor, min(7, max(2, airy)))
    if len(places) < 2:
        places = labels.ticks(low / factor, high / factor, max(2, tight))
        if len(places) > 2:
            step = (places[1] - places[0]) * factor / (high - low) * height
            places = places if step >= _APART * line else [places[0], places[-1]]
    marks = _told(places, factor)
    if axis.rest is None:
        return marks
    apart = 1.25 * line / height * (high - low)
    away = [mark for mark in marks if abs(mark.value - axis.rest) >= apart]
    value = "" if axis.scale else f" {labels.number(axis.rest, int(axis.rest != 0))}"
    return (*away, Tick(axis.rest, f"{say('rest')}{value}", rest=True))


def across(
    start: float, end: float, width: float, ruler: Ruler, scale: float, factor: float = 1.0
) -> tuple[Tick, ...]:
    """Of an axis of times or places, ``width`` inches wide, told in parts of ``factor``."""
    marks: tuple[Tick, ...] = ()
    for most in range(11, 1, -1):
        marks = _told(labels.ticks(start / factor, end / factor, most), factor)
        if ruler.widest((m.text for m in marks), TICK * scale) * 1.8 * len(marks) <= width:
            break
    return marks


def even(low: float, high: float, most: int, factor: float = 1.0) -> tuple[Tick, ...]:
    """At most ``most`` round numbers between two, told in parts of ``factor``."""
    return _told(labels.ticks(low / factor, high / factor, max(2, most)), factor)


def _told(places: Sequence[float], factor: float) -> tuple[Tick, ...]:
    decimals = labels.tick_decimals(places)
    return tuple(Tick(place * factor, labels.number(place, decimals)) for place in places)


def decades(low: float, high: float, fits: Callable[[Sequence[Tick]], bool]) -> tuple[Tick, ...]:
    """Of a logarithmic axis: 1, 2 and 5 of every decade, or fewer until they fit; round numbers
    where the axis is too short for two of those."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    marks: tuple[Tick, ...] = ()
    for mantissas in _MANTISSAS:
        places = [m * 10.0**p for p in powers for m in mantissas if low <= m * 10.0**p <= high]
        if len(places) < 2:
            return marks or _round(low, high, fits)
        marks = tuple(Tick(place, _power(place)) for place in places)
        if fits(marks):
            return marks
    return marks


def _round(low: float, high: float, fits: Callable[[Sequence[Tick]], bool]) -> tuple[Tick, ...]:
    marks = even(low, high, 6)
    while len(marks) > 2 and not fits(marks):
        marks = marks[::2]
    return marks


def _power(place: float) -> str:
    """A round number of a logarithmic axis: ``0.02``, ``500``, ``10⁻⁶``, ``2·10⁵``."""
    power = math.floor(math.log10(place) + 1e-9)
    if -4 <= power < 5:
        return decimal(f"{place:.6g}")
    mantissa = round(place / 10.0**power)
    return (
        labels.power_of_ten(power) if mantissa == 1 else f"{mantissa}·{labels.power_of_ten(power)}"
    )
