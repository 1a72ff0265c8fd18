"""Names as they are printed, numbers as they are read, and labels that never overlap."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loligo.figures.style import ion
from loligo.model import latex
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
    r"""A variable's name as in its equations: a single letter italic, words upright, greek letters
    as such, what follows ``_`` below the line.

    >>> symbol("m").italic, symbol("mT").italic, symbol("m_Na").text, symbol("tau_Ca").text
    (True, False, '$m_{\\mathrm{Na}}$', '$\\tau_{\\mathrm{Ca}}$')
    """
    plain = not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII)
    set_ = "" if plain else latex.symbol(name)
    if plain or set_ in (name, rf"\mathrm{{{name}}}"):
        return Label(name, italic=len(name) == 1)
    return Label(f"${set_}$", math=True)


def quoted(name: str) -> str:
    """A name within a text that :func:`typeset` will set as mathematics.

    >>> quoted("m"), quoted("Ca_i")
    ('`m`', '`Ca_i`')
    """
    return f"`{name}`"


# what is quoted, and what no word of a text looks like: I_Na, E_K
_NAMES = re.compile(r"`([^`]+)`|(?<![\w`])([A-Za-z]_[A-Za-z]\w*)(?![\w`])")


def typeset(text: str, bold: bool = False) -> Label:
    """A text with the names in it as mathematics.

    >>> typeset("Gate `m`").text, typeset("Peak of I_Na").text, typeset("no name").math
    ('Gate $m$', 'Peak of $I_{\\\\mathrm{Na}}$', False)
    """
    if _NAMES.search(text) is None:
        return Label(text)
    parts: list[str | Label] = []
    end = 0
    for found in _NAMES.finditer(text):
        parts += [text[end : found.start()], symbol(found[1] or found[2])]
        end = found.end()
    laid = words([part for part in [*parts, text[end:]] if part != ""])
    if not (bold and laid.math):
        return laid
    return Label(re.sub(r"\$([^$]+)\$", _bold, laid.text), math=True)


def _bold(found: re.Match[str]) -> str:
    inner = found[1].replace(r"\mathrm", r"\mathbf")
    return "$" + re.sub(r"^([A-Za-z])(?=_|$)", r"\\mathbf{\1}", inner) + "$"


def words(parts: Sequence[str | Label]) -> Label:
    """Several texts and names in one line, each in its own type.

    >>> words(["initial ", symbol("m")]).text
    'initial $m$'
    """
    laid = [Label(part) if isinstance(part, str) else part for part in parts]
    plain = all(not each.math and each.italic == laid[0].italic for each in laid)
    if plain:
        return Label("".join(each.text for each in laid), italic=laid[0].italic)
    return Label("".join(map(_in_a_line, laid)), math=True)


def _in_a_line(each: Label) -> str:
    """A piece of a line that is mathtext."""
    if each.math:
        return each.text
    plain = each.text.replace("$", r"\$")
    return f"${plain}$" if each.italic else plain


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


_PREFIXES = ("p", "n", "µ", "m", "", "k", "M", "G")  # from 10⁻¹² up
_PREFIXED = re.compile(r"([pnµmkMG]?)([AVSCFΩ])(?![A-Za-z])(.*)")


def scaled(printed: str, power: int) -> str:
    """A printed unit with a power of ten: another prefix where there is one.

    >>> scaled("nA", 6), scaled("µA/cm²", 3), scaled("mV", 9), scaled("1/ms", 3), scaled("", -3)
    ('mA', 'mA/cm²', 'MV', '10³ 1/ms', '10⁻³')
    """
    fitting = _PREFIXED.fullmatch(printed)
    place = _PREFIXES.index(fitting[1]) + power // 3 if fitting and power % 3 == 0 else -1
    if fitting and 0 <= place < len(_PREFIXES):
        return f"{_PREFIXES[place]}{fitting[2]}{fitting[3]}"
    return " ".join(filter(None, (power_of_ten(power) if power else "", printed)))


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


def written(value: float, digits: int = 4) -> str:
    """A number in as many digits as it takes, at most so many.

    >>> written(-0.25), written(-1e6), written(2.5e-7)
    ('−0.25', '−10⁶', '2.5·10⁻⁷')
    """
    mantissa, _, power = f"{value:.{digits}g}".replace("-", "−").partition("e")
    if not power:
        return mantissa
    raised = power_of_ten(int(power.replace("−", "-")))
    return mantissa[:-1] + raised if mantissa in ("1", "−1") else f"{mantissa}·{raised}"


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


def spread(
    centres: Sequence[float], height: float, low: float, high: float,
    order: Sequence[int] | None = None,
) -> np.ndarray:  # fmt: skip
    """Move labels apart as little as possible.

    The positions nearest to ``centres`` (least squares) that keep their order, or have the
    ``order`` that is given, from the lowest up; that lie at least ``height`` apart and stay within
    ``low`` and ``high`` (centres). This is isotonic regression
    of the centres less the spacing, by pooling adjacent violators (Ayer et al. 1955,
    *Ann. Math. Statist.* 26:641); the bounds are then met by clipping.

    >>> spread([0.0, 0.1, 5.0], 1.0, -10, 10).tolist()
    [-0.45, 0.55, 5.0]
    """
    wanted = np.asarray(centres, dtype=float)
    if wanted.size == 1:
        return np.clip(wanted, low, max(low, high))
    from_below = np.argsort(wanted, kind="stable") if order is None else np.asarray(order)
    offset = height * np.arange(len(wanted))
    pools: list[tuple[float, int]] = []
    for value in wanted[from_below] - offset:
        mean, count = float(value), 1
        while pools and pools[-1][0] > mean:
            before, many = pools.pop()
            mean = (mean * count + before * many) / (count + many)
            count += many
        pools.append((mean, count))
    level = np.repeat([mean for mean, _ in pools], [count for _, count in pools])
    room = max(low, high - height * max(len(wanted) - 1, 0))
    placed = np.empty_like(wanted)
    placed[from_below] = np.clip(level, low, room) + offset
    return placed
