"""How large a figure is: in pixels, in inches, or as large as its purpose asks for."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loligo.errors import UsageError, nearest
from loligo.figures.style import TICK

SMALLEST, LARGEST = 200, 16_000  # pixels, either way
_INCHES = (0.5, 60.0)  # either way
_USUAL_DPI = 200.0
_LOWEST_DPI = 72.0
_LEAST_TYPE = 0.45  # of its usual size
_LAST_ROW = 1 / 40  # of a slide's height: what is read from the last row of a lecture hall
_TEXT = re.compile(
    r"\s*(\d{1,6}(?:\.\d{1,4})?)\s*[x×,]\s*(\d{1,6}(?:\.\d{1,4})?)\s*(px|pixels|in|inches|cm|mm)?\s*"
)
_PER_INCH = {"in": 1.0, "inches": 1.0, "cm": 2.54, "mm": 25.4}


@dataclass(frozen=True)
class Size:
    """A figure's size.

    Attributes
    ----------
    width, height : int
        Pixels.
    dpi : float
        Pixels per inch.
    unit : float
        How many inches of the figure are one inch of its design, which is 8 inches wide.
    type : float or None
        The largest scale of its type; None where that follows from the size of its design.
    least : float
        The smallest.
    seen : float
        Pixels below which no type is set.
    """

    width: int
    height: int
    dpi: float
    unit: float = 1.0
    type: float | None = None
    least: float = _LEAST_TYPE
    seen: float = 0.0

    @property
    def inches(self) -> tuple[float, float]:
        """Width and height in inches."""
        return self.width / self.dpi, self.height / self.dpi

    def scales(self, usual_height: float) -> list[float]:
        """Those that are tried, from the largest; a figure of 8 inches by ``usual_height`` has
        scale 1, larger ones are not scaled up."""
        wide, tall = (side / self.unit for side in self.inches)
        largest = self.type or min(1.0, math.sqrt(min(wide / 8, tall / usual_height)))
        scales = [largest]
        while scales[-1] * 0.92 >= self.least:
            scales.append(scales[-1] * 0.92)
        if self.type is not None:
            scales.append(self.least)
        least = max(self.least, self.seen * 72 / (TICK * self.dpi * self.unit))
        return [self.unit * scale for scale in scales if scale >= least]

    @property
    def smallest(self) -> float:
        """Points below which no type is set, where that is said."""
        said = 0.0 if self.type is None else self.least * TICK * self.unit
        return max(said, self.seen * 72 / self.dpi)


@dataclass(frozen=True)
class Purpose:
    """What a figure is for: inches, of which the height may follow from what is shown; its dots
    per inch; how large its type is, and how small it may get, in parts of the usual."""

    width: float
    height: float | None
    dpi: float
    type: float | None
    least: float


_SLIDE = 7.5  # inches high, as slide programs have it
PURPOSES: Mapping[str, Purpose] = {
    "slide": Purpose(_SLIDE * 16 / 9, _SLIDE, 144.0, 1.9, _LAST_ROW * 72 * _SLIDE / TICK),
    "16:9": Purpose(9.6, 5.4, 200.0, None, _LEAST_TYPE),
    "paper": Purpose(7.0, None, 300.0, 0.85, 0.7),
    "column": Purpose(3.4, None, 300.0, 0.72, 0.6),
}


def sized(size: object, dpi: object, usual: tuple[int, int]) -> Size:
    """A checked size.

    Parameters
    ----------
    size
        A purpose; (width, height) in pixels or in inches; text with a unit; None for ``usual``.
    dpi
        Pixels per inch. Of a size in pixels it says how large a pixel is, and changes none.
    usual : (int, int)
        In pixels, of 200 to the inch: what is taken where nothing is said.

    Raises
    ------
    UsageError
        If it is no size; it says what is.

    Examples
    --------
    >>> sized((1600, 1200), None, (1600, 1200)).inches
    (8.0, 6.0)
    >>> one = sized("slide", None, (1600, 1200))
    >>> one.width, one.height, round(one.smallest, 3) == 7.5 * 72 / 40
    (1920, 1080, True)
    """
    density = None if dpi is None else _density(dpi)
    if isinstance(size, str) and size.strip().lower() in PURPOSES:
        return _for(PURPOSES[size.strip().lower()], density, usual)
    sides, pixels = _sides(size) if size is not None else (_inches(usual), False)
    if not pixels:
        return _checked(sides, density or _USUAL_DPI, size)
    width, height = (int(side) for side in sides)
    design = max(_LOWEST_DPI, min(width / 8, max(height / 6, width / 10)))
    return Size(width, height, density or design, design / (density or design))


def _for(purpose: Purpose, density: float | None, usual: tuple[int, int]) -> Size:
    type_ = purpose.type or 1.0
    tall = purpose.height or _inches(usual)[1] * type_
    sides = (purpose.width, tall)
    return _checked(sides, density or purpose.dpi, sides, type=purpose.type, least=purpose.least)


def _inches(usual: tuple[int, int]) -> tuple[float, float]:
    return usual[0] / _USUAL_DPI, usual[1] / _USUAL_DPI


def _checked(sides: tuple[float, float], dpi: float, said: object, **kind: Any) -> Size:
    """A size in inches, if it has a sensible number of pixels."""
    width, height = (round(side * dpi) for side in sides)
    if not all(SMALLEST <= side <= LARGEST for side in (width, height)):
        raise UsageError(
            f"size={said!r} at {dpi:g} dots per inch is {width} × {height} pixels; a figure has "
            f"from {SMALLEST} to {LARGEST} either way."
        )
    return Size(width, height, dpi, **kind)


def _sides(size: object) -> tuple[tuple[float, float], bool]:
    """Width and height, and whether they are pixels."""
    said, unit = size, ""
    if isinstance(size, str):
        found = _TEXT.fullmatch(size)
        if found is None:
            raise _no_size(size)
        said, unit = (found[1], found[2]), found[3] or ""
    try:
        width, height = (float(side) for side in said)  # type: ignore[union-attr]
    except (TypeError, ValueError, OverflowError):
        raise _no_size(size) from None
    per_inch = _PER_INCH.get(unit)
    if per_inch is None and all(_is_count(side) for side in (width, height)):
        return (width, height), True
    width, height = (side / (per_inch or 1.0) for side in (width, height))
    if unit in ("", *_PER_INCH) and all(_INCHES[0] <= s <= _INCHES[1] for s in (width, height)):
        return (width, height), False
    raise _no_size(size)


def _is_count(side: float) -> bool:
    """Whether it can be a number of pixels."""
    return SMALLEST <= side <= LARGEST and side == int(side)


def _no_size(size: object) -> UsageError:
    close = nearest(size, PURPOSES) if isinstance(size, str) else ""
    return UsageError(
        f"size={size!r:.60} is not a size{close}; give (width, height) in pixels, each from "
        f"{SMALLEST} to {LARGEST}, such as (1600, 1200), or in inches, such as (8, 6), or what "
        f"it is for: {', '.join(map(repr, PURPOSES))}."
    )


def _density(dpi: object) -> float:
    if isinstance(dpi, bool) or not isinstance(dpi, int | float) or not 10 <= dpi <= 2400:
        raise UsageError(f"dpi={dpi!r} is not a resolution; give dots per inch from 10 to 2400.")
    return float(dpi)
