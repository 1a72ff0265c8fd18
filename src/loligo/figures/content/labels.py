"""Names as they are printed, numbers as they are read, and labels that never overlap."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loligo.figures.style import ion
from loligo.words import decimal, reworded

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# What is printed for what recordings have in their units.
_PRINTED = [
    (re.compile(pattern), printed)
    for pattern, printed in (
        (r"\bu(?=[A-Zms])", "µ"), (r"\b([a-zµ]*m)2\b", r"\1²"), (r"ohm\b", "Ω"), (r"\*", "·"),
        (r"\bdegC\b", "°C"), (r"\bdeg\b", "°"),
    )
]  # fmt: skip


@dataclass(frozen=True)
class Label:
    """A piece of text: ``math`` says that it is matplotlib's mathtext."""

    text: str
    italic: bool = False
    math: bool = False


def symbol(name: str) -> Label:
    """A variable's name as mathematics is printed: italic, what follows ``_`` below the line.

    >>> symbol("m").italic, symbol("m_Na").text
    (True, '$m_{\\\\mathrm{Na}}$')
    """
    parts = re.fullmatch(r"([A-Za-z]+)_([A-Za-z0-9]+)", name)
    if parts is None:
        return Label(name, italic=len(name) <= 2)
    base, below = parts.groups()
    base = base if len(base) == 1 else rf"\mathrm{{{base}}}"
    return Label(rf"${base}_{{\mathrm{{{below}}}}}$", math=True)


def channel(name: str) -> Label:
    """A channel's name: ``Na``, ``K``, ``leak``."""
    return Label(reworded(ion(name)))


def unit(text: str) -> str:
    """A unit as it is printed.

    >>> unit("uA/cm2"), unit("mV"), unit("1"), unit("kohm*cm2"), unit("uA/cm2/ms")
    ('µA/cm²', 'mV', '', 'kΩ·cm²', 'µA/cm²/ms')
    """
    if text == "1":
        return ""
    for written, printed in _PRINTED:
        text = written.sub(printed, text)
    return text


_LENGTHS = ((2e4, "cm", 1e4), (2e3, "mm", 1e3), (0.0, "µm", 1.0))


def length_unit(longest: float) -> tuple[str, float]:
    """The unit that suits lengths up to one (um), as it is printed, and how many um it is.

    >>> length_unit(1e5), length_unit(800.0)
    (('cm', 10000.0), ('µm', 1.0))
    """
    _, unit, um = next(step for step in _LENGTHS if longest >= step[0])
    return unit, um


def number(value: float, decimals: int) -> str:
    """A number with a true minus sign; never ``-0``.

    >>> number(-64.96, 1), number(-0.04, 1)
    ('−65.0', '0.0')
    """
    if not math.isfinite(value):
        return "–"
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return decimal(text).replace("-", "−")


def exponent(largest: float) -> int:
    """The power of ten (a multiple of 3) taken out of an axis, 0 for ordinary sizes.

    >>> exponent(120.0), exponent(2.5e6), exponent(4e-5)
    (0, 6, -6)
    """
    if not 0 < largest < math.inf or 1e-2 <= largest < 1e4:
        return 0
    return 3 * math.floor(math.log10(largest) / 3)


def power_of_ten(power: int) -> str:
    """``10⁶`` for 6.

    >>> power_of_ten(-6)
    '10⁻⁶'
    """
    return "10" + str(power).translate(_SUPERSCRIPT)


def decimals(span: float) -> int:
    """Decimals that show a range of values in two to four figures.

    >>> decimals(130.0), decimals(12.0), decimals(1.0), decimals(5000.0)
    (1, 1, 2, 0)
    """
    if not 0 < span < math.inf:
        return 1
    power = math.floor(math.log10(span) + 1e-9)
    return min(6, 2 - power) if power <= 1 else int(power == 2)


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most ``most`` round numbers from ``low`` to ``high``, evenly spaced.

    >>> ticks(0, 50, 6), ticks(0, 1, 3)
    ([0.0, 10.0, 20.0, 30.0, 40.0, 50.0], [0.0, 0.5, 1.0])
    """
    span = high - low
    step = 10.0 ** math.floor(math.log10(span / max(most, 1)))
    for factor in (1, 2, 2.5, 5, 10, 20, 25, 50):
        first = math.ceil(low / (step * factor) - 1e-9)
        last = math.floor(high / (step * factor) + 1e-9)
        if last - first + 1 <= most:
            return [round(k * step * factor, 12) for k in range(first, last + 1)]
    return [low]


def tick_decimals(places: Sequence[float]) -> int:
    """The decimals that tell ``places`` apart.

    >>> tick_decimals([0.0, 0.25, 0.5]), tick_decimals([0.0, 20.0])
    (2, 0)
    """
    for count in range(7):
        if all(abs(round(p, count) - p) < 1e-9 * max(1.0, abs(p)) for p in places):
            return count
    return 6


def spread(centres: Sequence[float], height: float, low: float, high: float) -> np.ndarray:
    """Move labels apart as little as possible.

    The positions nearest to ``centres`` (least squares) that keep their order, lie at least
    ``height`` apart and stay within ``low`` and ``high`` (centres). This is isotonic regression
    of the centres less the spacing, by pooling adjacent violators (Ayer et al. 1955,
    *Ann. Math. Statist.* 26:641); the bounds are then met by clipping.

    >>> spread([0.0, 0.1, 5.0], 1.0, -10, 10).tolist()
    [-0.45, 0.55, 5.0]
    """
    wanted = np.asarray(centres, dtype=float)
    if wanted.size == 1:
        return np.clip(wanted, low, max(low, high))
    order = np.argsort(wanted, kind="stable")
    offset = height * np.arange(len(wanted))
    pools: list[tuple[float, int]] = []
    for value in wanted[order] - offset:
        mean, count = float(value), 1
        while pools and pools[-1][0] > mean:
            before, many = pools.pop()
            mean = (mean * count + before * many) / (count + many)
            count += many
        pools.append((mean, count))
    level = np.repeat([mean for mean, _ in pools], [count for _, count in pools])
    room = max(low, high - height * max(len(wanted) - 1, 0))
    placed = np.empty_like(wanted)
    placed[order] = np.clip(level, low, room) + offset
    return placed
