"""Where everything goes: measured text first, what is left to the panels; all in inches.

Nothing is placed by guess: margins come from the widest tick and label, so that no text is cut
or overlaps another at any size, model or duration.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from loligo.errors import UsageError
from loligo.figures.content import labels
from loligo.figures.content.labels import Label
from loligo.figures.content.panels import Panel, Picture
from loligo.figures.style import HEADING, LABEL, SUBTITLE, TICK, TITLE

if TYPE_CHECKING:
    from matplotlib.backends.backend_agg import RendererAgg

PAD = 0.16  # the figure's outer margin
_TICK_LENGTH = 0.045
_TICK_GAP = 0.06
TICK_ROOM = _TICK_LENGTH + _TICK_GAP
GAP = 0.14  # from the end of a line to its label
_SMALLEST_SCALE = 0.45


@dataclass(frozen=True)
class Size:
    """A figure's size: pixels, and the dots per inch that its text is sized by."""

    width: int
    height: int
    dpi: float

    @property
    def inches(self) -> tuple[float, float]:
        """Width and height in inches."""
        return self.width / self.dpi, self.height / self.dpi


@dataclass(frozen=True)
class Tick:
    """A mark on an axis; ``rest`` marks the resting potential."""

    value: float
    text: str
    rest: bool = False


@dataclass(frozen=True)
class Line:
    """A line of text and the points to set it in."""

    text: str
    size: float


@dataclass(frozen=True, eq=False)
class Slot:
    """One panel's place: its rectangle from the lower left, its heading, ticks and label size."""

    panel: Panel
    bottom: float
    height: float
    heading: str
    heading_y: float
    ticks: tuple[Tick, ...]
    label_size: float

    def y(self, value: Any) -> Any:
        """Height above the figure's lower edge, in inches, of values on this panel's axis."""
        low, high = self.panel.limits
        return self.bottom + self.height * (value - low) / (high - low)


@dataclass(frozen=True, eq=False)
class Layout:
    """The whole figure in inches; ``scale`` multiplies every type size and gap."""

    size: Size
    scale: float
    left: float
    right: float
    slots: tuple[Slot, ...]
    title: Line
    title_y: float
    subtitle: Line
    subtitle_y: float
    clock_y: float
    time_ticks: tuple[Tick, ...]
    time_label: str

    def x(self, time: Any, start: float, end: float) -> Any:
        """Distance from the figure's left edge, in inches, of times."""
        return self.left + (self.right - self.left) * (time - start) / (end - start)


class Ruler:
    """Measures text in inches, as it will be drawn."""

    def __init__(self, renderer: RendererAgg, dpi: float) -> None:
        self._renderer = renderer
        self._dpi = dpi
        self._known: dict[tuple[object, ...], float] = {}

    def width(self, label: Label | str, size: float, weight: str = "normal") -> float:
        """Width of a text in points ``size``."""
        label = Label(label) if isinstance(label, str) else label
        key = (label, size, weight)
        if key not in self._known:
            from matplotlib.font_manager import FontProperties

            style = "italic" if label.italic else "normal"
            font = FontProperties(size=size, weight=weight, style=style)
            measure = self._renderer.get_text_width_height_descent
            wide, _, _ = measure(label.text, font, label.math)  # type: ignore[arg-type]
            self._known[key] = wide / self._dpi
        return self._known[key]

    def fitted(self, text: str, size: float, room: float, weight: str = "normal") -> Line:
        """``text`` made smaller to fit, to seven tenths of its size; then cut."""
        smallest = 0.7 * size
        while text and size > smallest and self.width(text, size, weight) > room:
            size = max(smallest, 0.96 * size)
        return Line(self.cut(text, size, room, weight) if text else "", size)

    def cut(self, text: str, size: float, room: float, weight: str = "normal") -> str:
        """``text``, or as much of it as there is room for and an ellipsis."""
        if self.width(text, size, weight) <= room:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            fits = self.width(text[:middle].rstrip() + "…", size, weight) <= room
            low, high = (middle, high) if fits else (low, middle - 1)
        return text[:low].rstrip() + "…" if low else ""


def arrange(
    picture: Picture, size: Size, ruler: Ruler, readout: Callable[[Panel, float], float] | None
) -> Layout:
    """Place everything. ``readout`` measures a panel's widest running value, for animations.

    Raises
    ------
    UsageError
        If the panels do not fit at a legible size.
    """
    scale = min(1.0, math.sqrt(min(size.inches[0] / 8, size.inches[1] / 6)))
    while scale >= _SMALLEST_SCALE:
        found = _arranged(picture, size, ruler, readout, scale)
        if found is not None:
            return found
        scale *= 0.92
    raise UsageError(
        f"{len(picture.panels)} panels do not fit in {size.width} × {size.height} pixels "
        f"at {size.dpi:g} dots per inch; give a larger size or fewer panels."
    )


def _arranged(
    picture: Picture,
    size: Size,
    ruler: Ruler,
    readout: Callable[[Panel, float], float] | None,
    scale: float,
) -> Layout | None:
    width, height = size.inches
    line = scale / 72
    pad = PAD * scale
    top = height - pad
    title_y = top - 1.05 * TITLE * line
    top = title_y - 0.15 * TITLE * line if picture.title else top
    subtitle_y = top - 1.25 * SUBTITLE * line
    top = subtitle_y - 0.1 * SUBTITLE * line if picture.subtitle else top
    top -= 0.6 * HEADING * line if picture.title or picture.subtitle else 0.0
    clock = 1.35 * LABEL * line if readout else 0.0
    bottom = pad + (1.45 * HEADING + 1.3 * TICK) * line + TICK_ROOM * scale
    places = _stack(picture, top, bottom, scale, clock)
    if places is None:
        return None
    time_unit, time_factor = _time_unit(picture)
    slots = tuple(
        Slot(
            panel,
            low,
            high - low,
            _heading(panel),
            high + 0.42 * HEADING * line + (0.0 if at else clock),
            ticks_of(panel, high - low, scale),
            _label_size(panel, high - low, scale),
        )
        for at, (panel, (low, high)) in enumerate(zip(picture.panels, places, strict=True))
    )
    gap = GAP * scale
    left = pad + max(ruler.width(t.text, TICK * scale) for s in slots for t in s.ticks)
    left += TICK_ROOM * scale
    beyond = max(_beyond(slot, ruler, readout, scale) for slot in slots)
    right = width - pad - max(gap + beyond if beyond else 0.0, 0.12 * scale)
    if right - left < 0.4 * width:
        return None
    time_ticks = time_ticks_of(picture, right - left, ruler, scale, time_factor)
    right = min(right, width - pad - ruler.width(time_ticks[-1].text, TICK * scale) / 2)
    headed = tuple(
        replace(
            s, heading=ruler.cut(s.heading, HEADING * scale, right - left - _key(s, ruler, scale))
        )
        for s in slots
    )
    return Layout(
        size, scale, left, right, headed,
        ruler.fitted(picture.title, TITLE * scale, width - pad - left, "bold"), title_y,
        ruler.fitted(picture.subtitle, SUBTITLE * scale, width - pad - left), subtitle_y,
        places[0][1] + 0.45 * LABEL * line, time_ticks, f"Time ({time_unit})",
    )  # fmt: skip


def _stack(
    picture: Picture, top: float, bottom: float, scale: float, clock: float
) -> list[tuple[float, float]] | None:
    """Lower and upper edge of every panel, from the top down; None if they get too low.

    ``clock`` is the height of the line over the first panel that shows the running time.
    """
    line = scale / 72
    heading, space = 1.55 * HEADING * line, 0.09 * scale
    count = len(picture.panels)
    room = top - bottom - clock - count * heading - (count - 1) * space
    total = sum(panel.weight for panel in picture.panels)
    places = []
    for panel in picture.panels:
        tall = room * panel.weight / total
        if tall < 2.3 * TICK * line or tall < 0.62 * len(panel.traces) * LABEL * line:
            return None
        top -= heading + (0.0 if places else clock)
        places.append((top - tall, top))
        top -= tall + space
    return places


def _label_size(panel: Panel, height: float, scale: float) -> float:
    """Points at which all of a panel's labels fit beside it."""
    fits = height / (line_height(LABEL * scale) * len(panel.traces))
    return LABEL * scale * min(1.0, max(fits, 0.5))


def line_height(size: float) -> float:
    """From one label of ``size`` points to the next, in inches."""
    return 1.18 * size / 72


def _heading(panel: Panel) -> str:
    factor = labels.power_of_ten(panel.scale) if panel.scale else ""
    inside = " ".join(part for part in (factor, panel.unit) if part)
    return f"{panel.heading} ({inside})" if inside else panel.heading


def _beyond(
    slot: Slot, ruler: Ruler, readout: Callable[[Panel, float], float] | None, scale: float
) -> float:
    """Room that a panel's labels need to the right of its axis."""
    panel = slot.panel
    widths = [ruler.width(t.label, slot.label_size) for t in panel.traces if t.label.text]
    if readout is not None:
        widths.append(readout(panel, slot.label_size) + 0.06 * scale)
    return max(widths, default=0.0)


def _key(slot: Slot, ruler: Ruler, scale: float) -> float:
    """Room in the heading's line for what lanes are values of, which ends at the right edge."""
    if slot.panel.key is None:
        return 0.0
    return key_width(*slot.panel.key, ruler, HEADING * scale)


def key_width(symbol: Label, unit: str, ruler: Ruler, size: float) -> float:
    """Width of the heading over lane labels: a symbol and its unit."""
    return ruler.width(symbol, size) + (ruler.width(f" ({unit})", size) if unit else 0.0)


# ------------------------------------------------------------------------ ticks


def ticks_of(panel: Panel, height: float, scale: float) -> tuple[Tick, ...]:
    line = TICK * scale / 72
    low, high = panel.limits
    factor = 10.0**panel.scale
    airy, tight = math.ceil(height / (1.9 * line)), int(height / (1.2 * line)) + 1
    places = labels.ticks(low / factor, high / factor, min(7, max(2, airy)))
    if len(places) < 2:
        places = labels.ticks(low / factor, high / factor, max(2, tight))
    shown = labels.tick_decimals(places)
    marks = [Tick(place * factor, labels.number(place, shown)) for place in places]
    if panel.rest is None:
        return tuple(marks)
    apart = 1.25 * line / height * (high - low)
    marks = [mark for mark in marks if abs(mark.value - panel.rest) >= apart]
    value = "" if panel.scale else f" {labels.number(panel.rest, 1)}"
    return (*marks, Tick(panel.rest, f"rest{value}", rest=True))


def _time_unit(picture: Picture) -> tuple[str, float]:
    """Seconds from 5 s on."""
    return ("s", 1000.0) if picture.end - picture.start >= 5000 else ("ms", 1.0)


def time_ticks_of(
    picture: Picture, width: float, ruler: Ruler, scale: float, factor: float
) -> tuple[Tick, ...]:
    start, end = picture.start / factor, picture.end / factor
    for most in range(11, 1, -1):
        places = labels.ticks(start, end, most)
        shown = labels.tick_decimals(places)
        texts = [labels.number(place, shown) for place in places]
        widest = max(ruler.width(text, TICK * scale) for text in texts)
        if widest * 1.8 * len(texts) <= width:
            break
    return tuple(Tick(p * factor, text) for p, text in zip(places, texts, strict=True))
