"""Colours, line styles and type sizes: one place for how every figure looks.

The hues are those of Okabe & Ito's colour-blind-safe set (Color Universal Design,
https://jfly.uni-koeln.de/color/), darkened or lightened until they read as text on their
background.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from loligo.errors import UsageError, nearest

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

# Typeset sizes in points, for a figure 8 inches wide; small figures scale them down.
TITLE, SUBTITLE, HEADING, TICK, LABEL = 13.0, 10.0, 10.0, 9.0, 10.5
LINE_WIDTH = 1.5
FONT = "DejaVu Sans"  # comes with matplotlib: the same picture on every machine
# Steps of a gate of one channel: m solid, h dashed, any further ones dotted and dash-dotted.
DASHES: tuple[tuple[float, ...], ...] = ((), (4.0, 1.6), (1.2, 1.4), (5.0, 1.5, 1.2, 1.5))


@dataclass(frozen=True)
class Theme:
    """The colours of a figure, as ``#rrggbb``."""

    name: str
    background: str
    text: str
    muted: str
    rule: str
    band: str
    voltage: str
    stimulus: str
    channels: Mapping[str, str]
    others: tuple[str, ...]
    graded: tuple[str, ...]  # lines in the order of a value, from the lowest to the highest
    colormap: str  # of maps
    voltage_map: str  # V by colour, along an axon
    voltage_range: tuple[float, float]
    sheath: str  # myelin
    places: tuple[str, ...]  # along an axon, in order
    recordings: tuple[str, ...]  # drawn over one another, in order


_LIGHT = Theme(
    name="light",
    background="#ffffff",
    text="#22262b",
    muted="#636b74",
    rule="#b4bac1",
    band="#fdf3de",
    voltage="#22262b",
    stimulus="#9a6400",
    channels={"Na": "#c24401", "K": "#0068b0", "leak": "#007e58", "Ca": "#ab4d86"},
    others=(
        "#8a3ffc",
        "#7a1010",
        "#434e59",
        "#706633",
        "#a30099",
        "#da133b",
        "#4a1260",
        "#3c19a6",
    ),
    graded=("#110044", "#4b0ba9", "#2129d8", "#15696c", "#3b6d49", "#8b6432", "#b24e0e"),
    colormap="viridis",
    voltage_map="viridis",
    voltage_range=(0.0, 1.0),
    sheath="#dfe3e8",
    places=("#8847e9", "#6a24cf", "#4a1a96"),
    recordings=(
        "#22262b",
        "#c2410c",
        "#0068b0",
        "#007e58",
        "#8a3ffc",
        "#ab4d86",
        "#7a1010",
        "#5b6b00",
    ),
)

_DARK = Theme(
    name="dark",
    background="#14181f",
    text="#eceff3",
    muted="#a0a9b4",
    rule="#4d5661",
    band="#2a2820",
    voltage="#f4f6f8",
    stimulus="#f2bd4b",
    channels={"Na": "#ff8548", "K": "#58b4f4", "leak": "#3fcf9f", "Ca": "#e590c2"},
    others=(
        "#b7f58c",
        "#c3c9ff",
        "#f2d924",
        "#33a31f",
        "#e05cc2",
        "#ff5266",
        "#9a8cff",
        "#26ffae",
    ),
    graded=("#b86fff", "#7ea2e4", "#5bbaba", "#98bc6c", "#abc112", "#ffda48", "#ffffed"),
    colormap="viridis",
    voltage_map="viridis",
    voltage_range=(0.0, 1.0),
    sheath="#3a434d",
    places=("#e6d6ff", "#b58cff", "#9070f4"),
    recordings=(
        "#f4f6f8",
        "#ff8548",
        "#58b4f4",
        "#3fcf9f",
        "#b58cff",
        "#e590c2",
        "#f2d924",
        "#b7f58c",
    ),
)

THEMES: Mapping[str, Theme] = {"light": _LIGHT, "dark": _DARK}

_ALIASES = {
    "l": "leak",
    "leak": "leak",
    "leakage": "leak",
    "pas": "leak",
    "passive": "leak",
    "na": "Na",
    "k": "K",
    "kdr": "K",
    "ca": "Ca",
}


def theme(name: str) -> Theme:
    """The theme called ``name``; a `UsageError` names the ones there are."""
    if not isinstance(name, str) or name not in THEMES:
        raise UsageError(
            f"theme={name!r} is not a theme{nearest(str(name), THEMES)}; "
            f"use one of {', '.join(map(repr, THEMES))}."
        )
    return THEMES[name]


def ion(channel: str) -> str:
    """The common name of a channel: ``Na``, ``K``, ``leak``, ``Ca``, or its own name.

    >>> ion("L"), ion("K"), ion("KA")
    ('leak', 'K', 'KA')
    """
    return _ALIASES.get(channel.lower(), channel)


def channel_colours(
    channels: Iterable[str], theme: Theme, ions: Mapping[str, str] | None = None
) -> dict[str, str]:
    """A colour for each channel: see :func:`channel_inks`."""
    return {channel: ink(name, theme) for channel, name in channel_inks(channels, ions).items()}


def channel_inks(
    channels: Iterable[str], ions: Mapping[str, str] | None = None
) -> dict[str, str]:  # fmt: skip
    """The name of a colour for each channel: Na, K, leak and Ca always the same, the rest in a
    fixed order.

    ``ions``: channel -> the ion that it says it carries. The first that carries one, or is called
    as one, has its colour.

    >>> channel_inks(["A", "L", "h", "Na"])
    {'A': '1', 'L': 'leak', 'h': '2', 'Na': 'Na'}
    """
    order = list(dict.fromkeys(channels))
    fixed: dict[str, str] = {}
    for called in (str, (ions or {}).get):  # by its own name, and then by its ion
        for channel in order:
            name = ion(called(channel) or "")
            if name in _LIGHT.channels and channel not in fixed and name not in fixed.values():
                fixed[channel] = name
    rest = count(1)
    return {channel: fixed.get(channel) or str(next(rest)) for channel in order}


def ink(name: str, theme: Theme) -> str:
    """A colour by its name in the theme: ``"text"``, ``"voltage"``, ``"Na"``, ``"1"`` for the first
    of those that stand for nothing else; ``#rrggbb`` is itself.

    >>> ink("K", THEMES["light"]), ink("#123456", THEMES["dark"])
    ('#0068b0', '#123456')
    """
    if name.startswith("#"):
        return name
    if name.isdecimal():
        return theme.others[(int(name) - 1) % len(theme.others)]
    return theme.channels.get(name) or str(getattr(theme, name))


def gradient(theme: Theme) -> Colormap:
    """The colours of lines in the order of a value, of which each reads as text on the page."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(f"loligo {theme.name}", theme.graded)


def in_order(count: int, theme: Theme) -> list[str]:
    """So many colours in order, the lowest first.

    >>> in_order(2, THEMES["light"])
    ['#110044', '#b24e0e']
    """
    from matplotlib.colors import to_hex

    parts = (k / max(count - 1, 1) for k in range(count))
    return [to_hex(gradient(theme)(part)) for part in parts]


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255, of ``#rrggbb``.

    >>> rgb("#ff8000")
    (255, 128, 0)
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


_OURS = {
    "font.family": [FONT],
    "mathtext.fontset": "dejavusans",
    "text.usetex": False,
    "axes.unicode_minus": True,
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}
_GROUPS = ("axes.", "lines.", "text.", "font.", "mathtext.", "xtick.", "ytick.", "path.", "patch.")


@contextmanager
def house_style() -> Iterator[None]:
    """matplotlib's own defaults with ours on top, whatever the person has set; put back after."""
    import matplotlib

    defaults = matplotlib.rcParamsDefault
    ours = {key: defaults[key] for key in defaults if key.startswith(_GROUPS)}
    with matplotlib.rc_context({**ours, **_OURS}):  # type: ignore[arg-type]
        yield
