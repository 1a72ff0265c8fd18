"""Text as levels of coverage, drawn once by matplotlib and then copied into every frame."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from loligo.figures.content.labels import Label
from loligo.figures.film.palette import levels
from loligo.figures.page.letters import font, legible

_DIGITS = "0123456789"
_STEP = 3  # of 15 levels: five greys make text as smooth to the eye, and a smaller file


class Typesetter:
    """Sets one size of type. A line of its text is ``height`` rows, its baseline ``ascent`` down.

    Digits are equally wide, so that a changing number stands still.
    """

    def __init__(self, points: float, dpi: float) -> None:
        self._points = points
        self._dpi = dpi
        self._cells: dict[object, np.ndarray] = {}
        _, tall, descent = self._extent(Label("Åg_"))
        self.ascent = int(np.ceil(tall - descent)) + 2
        self.height = self.ascent + int(np.ceil(descent)) + 3
        self.em = max(self._advance(digit) for digit in _DIGITS)

    def number(self, text: str, cells: int) -> np.ndarray:
        """A number, to the right of a field ``cells`` digits wide."""
        parts = [self._glyph(char) for char in text]
        used = sum(part.shape[1] for part in parts)
        line = np.zeros((self.height, max(round(cells * self.em), used)), dtype=np.uint8)
        at = line.shape[1] - used
        for part in parts:
            line[:, at : at + part.shape[1]] = part
            at += part.shape[1]
        return line

    def label(self, label: Label) -> np.ndarray:
        """A whole label."""
        if label not in self._cells:
            wide, _, _ = self._extent(label)
            self._cells[label] = self._drawn(label, int(np.ceil(wide)) + 2)
        return self._cells[label]

    def gap(self, ems: float) -> np.ndarray:
        """Empty space."""
        return np.zeros((self.height, round(ems * self.em)), dtype=np.uint8)

    def _glyph(self, char: str) -> np.ndarray:
        if char not in self._cells:
            wide = self.em if char in _DIGITS else self._advance(char)
            self._cells[char] = self._drawn(Label(char), round(wide))
        return self._cells[char]

    def _advance(self, char: str) -> float:
        between = self._extent(Label(f"0{char}0"))[0] - self._extent(Label("00"))[0]
        return float(between)

    @cached_property
    def _measure(self) -> Callable[..., tuple[float, float, float]]:
        from matplotlib.backends.backend_agg import RendererAgg

        return RendererAgg(16, 16, self._dpi).get_text_width_height_descent

    def _extent(self, label: Label) -> tuple[float, float, float]:
        return self._measure(_drawn(label), font(label, self._points), label.math)

    def _drawn(self, label: Label, width: int) -> np.ndarray:
        from matplotlib.backends.backend_agg import RendererAgg

        renderer = RendererAgg(max(width, 1), self.height, self._dpi)
        context = renderer.new_gc()
        context.set_foreground("#000000")
        set_in = font(label, self._points)
        draw = renderer.draw_mathtext if label.math else renderer.draw_text
        draw(context, 0, self.ascent, _drawn(label), set_in, 0)
        alpha = np.asarray(renderer.buffer_rgba())[..., 3]
        return levels(alpha / np.float32(255), _STEP)


def _drawn(label: Label) -> str:
    return label.text if label.math else legible(label.text)[0]


class Typesetters(dict[float, Typesetter]):
    """A typesetter for each size of type, made when first asked for."""

    def __init__(self, dpi: float) -> None:
        super().__init__()
        self._dpi = dpi

    def __missing__(self, points: float) -> Typesetter:
        self[points] = Typesetter(points, self._dpi)
        return self[points]
