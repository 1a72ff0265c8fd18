"""Letters that the usual font lacks: another font that is installed has them, or boxes stand for
them, and that is said once."""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING

from loligo.figures.content.labels import Label

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

_USUAL = "\u0250"  # letters before it every font has
_BOX = "□"
# Of scripts that the usual font does not have; those that are installed are asked in this order.
_OTHERS = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans CJK KR", "Source Han Sans", "Hiragino Sans",
    "PingFang SC", "Apple SD Gothic Neo", "Yu Gothic", "Meiryo", "Microsoft YaHei", "Malgun Gothic",
    "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "IPAGothic", "Arial Unicode MS", "Noto Sans",
    "Noto Sans Devanagari", "Noto Sans Thai", "Nirmala UI", "Leelawadee UI", "Noto Emoji",
    "Segoe UI Symbol", "Segoe UI Emoji", "Symbola",
)  # fmt: skip


def legible(text: str) -> tuple[str, tuple[str, ...]]:
    """``text`` as it can be drawn in one line, and the fonts to draw it with, beside the usual.

    >>> legible("Gate m")
    ('Gate m', ())
    >>> legible("two\\nlines")
    ('two lines', ())
    """
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return (text, ()) if max(text, default="") < _USUAL else _looked_up(text)


def font(label: Label, size: float, weight: str = "normal") -> FontProperties:
    """What a label is set in."""
    from matplotlib.font_manager import FontProperties

    style = "italic" if label.italic else "normal"
    return FontProperties(family=_families(label), size=size, weight=weight, style=style)


def look(label: Label) -> dict[str, list[str]]:
    """What matplotlib is told of a label's fonts; nothing where the usual one has all."""
    families = _families(label)
    return {} if families is None else {"fontfamily": families}


def _families(label: Label) -> list[str] | None:
    others = () if label.math else legible(label.text)[1]
    return ["DejaVu Sans", *others] if others else None


@cache
def _looked_up(text: str) -> tuple[str, tuple[str, ...]]:
    missing = set(text) - _letters("DejaVu Sans")
    fonts: list[str] = []
    for name in _installed() if missing else ():
        more = missing & _letters(name)
        if more:
            fonts.append(name)
            missing -= more
    if missing:
        lacking = "".join(letter for letter in dict.fromkeys(text) if letter in missing)
        warnings.warn(
            f"no installed font has {lacking[:20]!r}, and boxes stand for them in the figure; "
            "install a font that has, such as Noto Sans CJK",
            stacklevel=2,
        )
        text = "".join(_BOX if letter in missing else letter for letter in text)
    return text, tuple(fonts)


@cache
def _installed() -> tuple[str, ...]:
    from matplotlib.font_manager import fontManager

    there = {entry.name for entry in fontManager.ttflist}
    return tuple(name for name in _OTHERS if name in there)


@cache
def _letters(name: str) -> frozenset[str]:
    """The letters of a font."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(map(chr, get_font(findfont(FontProperties(family=[name]))).get_charmap()))
