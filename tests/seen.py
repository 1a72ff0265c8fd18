"""What is seen in a picture: its words with their boxes, its frames, the pixels of a colour."""

from __future__ import annotations

import itertools
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageSequence

from loligo.figures import style


def words_of(figure) -> list[tuple[str, object]]:
    """Every text that is drawn, with its box; also those within axes."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    found = []
    for one in figure.findobj(matplotlib.text.Text):
        box = one.get_window_extent(renderer)
        if one.get_visible() and one.get_text().strip() and box.width > 0:
            ticks = one.axes is not None and one not in one.axes.texts
            if ticks and one not in shown_ticks(one.axes):
                continue
            found.append((one.get_text(), box))
    return found


def shown_ticks(axes) -> list[object]:
    ticks = [*axes.xaxis.get_major_ticks(), *axes.yaxis.get_major_ticks()]
    return [label for t in ticks for label in (t.label1, t.label2) if label.get_visible()]


def assert_legible(figure, size) -> None:
    """No text overlaps another or leaves the picture."""
    assert_apart(words_of(figure), size)


def assert_apart(found, size) -> None:
    """The same of texts with their boxes."""
    for (a, one), (b, two) in itertools.combinations(found, 2):
        wide = min(one.x1, two.x1) - max(one.x0, two.x0)
        high = min(one.y1, two.y1) - max(one.y0, two.y0)
        apart = wide <= 1 or high <= 0.25 * min(one.height, two.height)  # boxes hold descenders
        assert apart, f"{a!r} and {b!r}"
    for text, box in found:
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= size[0] and box.y1 <= size[1]
        assert inside, text


def images(path: Path) -> list[np.ndarray]:
    """The frames of an animation."""
    with Image.open(path) as film:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]


def coloured(image: np.ndarray, colour: str, slack: int = 0) -> int:
    """How many pixels have a colour, but for ``slack`` in each channel."""
    away = np.abs(image.astype(int) - style.rgb(colour)).max(axis=-1)
    return int((away <= slack).sum())
