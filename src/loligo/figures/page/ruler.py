"""Text measured in inches, as it will be drawn, and made to fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loligo.figures.content.labels import Label
from loligo.figures.page.letters import font, legible

if TYPE_CHECKING:
    from matplotlib.backends.backend_agg import RendererAgg


_LONGEST = 600  # letters of a title: more are cut


@dataclass(frozen=True)
class Fitted:
    """A text as far as there is room for it, and the points to set it in."""

    text: str
    size: float


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
            measure = self._renderer.get_text_width_height_descent
            set_in = font(label, size, weight)
            drawn = label.text if label.math else legible(label.text)[0]
            wide, _, _ = measure(drawn, set_in, label.math)  # type: ignore[arg-type]
            self._known[key] = wide / self._dpi
        return self._known[key]

    def widest(self, texts: Any, size: float) -> float:
        """Width of the widest of several texts; 0 of none."""
        return max((self.width(text, size) for text in texts), default=0.0)

    def name(self, label: Label | str, unit: str, size: float) -> float:
        """Width of a name and its unit in brackets."""
        return self.width(label, size) + (self.width(f" ({unit})", size) if unit else 0.0)

    def wrapped(
        self, text: str, size: float, room: float, weight: str = "normal"
    ) -> tuple[str, ...]:
        """``text`` in lines between its blanks, each as long as there is room for; a word that is
        longer goes on in the next."""
        lines: list[str] = []
        for word in text.split():
            longer = f"{lines[-1]} {word}" if lines else ""
            if longer and self.width(longer, size, weight) <= room:
                lines[-1] = longer
                continue
            rest = word
            while rest:
                part = self._begun(rest, size, room, weight)
                lines.append(part)
                rest = rest[len(part) :]
        return tuple(lines)

    def lines(
        self, text: str, size: float, room: float, weight: str, least: float, most: int
    ) -> tuple[Fitted, ...]:
        """``text`` in one line if it fits when made smaller; else in a few, all of one size; of
        more than ``most`` the last is cut."""
        text = text.strip() if len(text) <= _LONGEST else f"{text[:_LONGEST].strip()}…"
        one = self.fitted(text, size, room, weight, least)
        if one.text == text or most == 1:
            return (one,) if one.text else ()
        smallest = max(0.7 * size, min(least, size))
        least_lines = int(self.width(text, smallest, weight) / room) + 1
        for many in range(max(2, least_lines), most + 1):
            tried = size
            while True:
                made = self.wrapped(text, tried, room, weight)
                whole = max(self.width(word, tried, weight) for word in text.split()) <= room
                if len(made) <= many and (whole or many == most):
                    return tuple(Fitted(line, tried) for line in made)
                if tried <= smallest:
                    break
                tried = max(smallest, 0.96 * tried)
        made = self.wrapped(text, smallest, room, weight)
        last = self.cut(" ".join(made[most - 1 :]), smallest, room, weight)
        return tuple(Fitted(line, smallest) for line in (*made[: most - 1], last))

    def fitted(
        self, text: str, size: float, room: float, weight: str = "normal", least: float = 0.0
    ) -> Fitted:
        """``text`` made smaller to fit, to seven tenths of its size or to ``least``; then cut."""
        smallest = max(0.7 * size, min(least, size))
        while text and size > smallest and self.width(text, size, weight) > room:
            size = max(smallest, 0.96 * size)
        return Fitted(self.cut(text, size, room, weight) if text else "", size)

    def cut(self, text: str, size: float, room: float, weight: str = "normal") -> str:
        """``text``, or as much of it as there is room for and an ellipsis."""
        if self.width(text, size, weight) <= room:
            return text
        part = self._begun(text, size, room, weight, "…")
        return part.rstrip() + "…" if part else ""

    def _begun(self, text: str, size: float, room: float, weight: str, after: str = "") -> str:
        """As much of ``text`` as there is room for, with what comes ``after``; without that at
        least a letter."""
        low, high = int(not after), len(text)
        while low < high:
            middle = (low + high + 1) // 2
            fits = self.width(text[:middle].rstrip() + after, size, weight) <= room
            low, high = (middle, high) if fits else (low, middle - 1)
        return text[:low]
