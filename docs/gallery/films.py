"""Frames of animations, and what must be true of each."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
from docs.gallery.check import CONTRAST, contrast, overlap, seen

from loligo.figures import style
from loligo.figures.content import signals
from loligo.figures.content.recorded import picture
from loligo.figures.film import frames
from loligo.figures.page.drawing import draw
from loligo.figures.page.size import sized

_COUNT = 12  # frames
_USUAL = (1600, 1200)

Box = tuple[int, int, int, int]


def filmed(rec: Any, look: Mapping[str, Any]) -> tuple[np.ndarray, list[str]]:
    """A frame in the middle, (height, width, 3), and what is wrong with any.

    Parameters
    ----------
    rec
        A recording of a patch of membrane.
    look
        What `loligo.animate` is told besides.
    """
    theme = style.theme(look.get("theme", "light"))
    size = sized(look.get("size"), None, _USUAL)
    with style.house_style():
        stacked = bool(look.get("stacked"))
        shown = picture(signals.read(rec), look.get("panels"), theme, stacked)
        times = np.linspace(shown.start, shown.end, _COUNT)
        scene = frames.scene(shown, size, theme, times)
        drawing = draw(shown, size, theme, frames.readout(shown))
    for artist in drawing.ends:  # names at the ends of lines: in a film they run with the head
        artist.set_visible(False)
    still = [(word.text, word.box) for word in seen(drawing.figure).words]
    found: dict[str, None] = {}
    for k in range(_COUNT):
        found |= dict.fromkeys(_wrong(scene, k, still))
    for line in {trace.colour for panel in shown.panels for trace in panel.traces}:
        ground = np.array([style.rgb(theme.background), style.rgb(theme.band)]) / 255
        least = contrast(np.array(style.rgb(line)) / 255, ground).min()
        if least < CONTRAST:
            found[f"running values in {line} have a contrast of {least:.2f}"] = None
    image = next(f.image.copy() for k, f in enumerate(frames.frames(scene)) if k == _COUNT // 2)
    return scene.palette.colours[image], list(found)


def _wrong(scene: frames.Scene, k: int, still: list[tuple[str, Box]]) -> list[str]:
    """What runs over something else in a frame, or leaves it."""
    running = dict(_running(scene, k))
    told = [f"{one} and {other} overlap" for (one, a), (other, b) in
            combinations(running.items(), 2) if overlap(a, b)]  # fmt: skip
    told += [f"{name} and {text!r} overlap" for name, box in running.items()
             for text, other in still if overlap(box, other)]  # fmt: skip
    wide, tall = scene.size.width, scene.size.height
    told += [f"{name} leaves the frame" for name, box in running.items()
             if box[0] < 0 or box[1] < 0 or box[2] > wide or box[3] > tall]  # fmt: skip
    return told


def _running(scene: frames.Scene, k: int) -> list[tuple[str, Box]]:
    """Boxes of the ink of all that runs with the head."""
    texts = [
        (
            f"value {rank + 1} of panel {row + 1}",
            cover,
            round(float(head.x[k])) + scene.gap,
            round(float(head.label_y[k, rank])),
        )
        for row, head in enumerate(scene.heads)
        for rank, cover in enumerate(head.text[k])
    ]
    clock = frames.clock_left(scene, k)
    return [
        (name, (x + c[0], y + r[0], x + c[-1] + 1, y + r[-1] + 1))
        for name, cover, x, y in [*texts, ("the clock", scene.clock[k], clock, scene.clock_top)]
        for r, c in [_inked(cover)]
        if r.size
    ]


def _inked(cover: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns with ink."""
    ink = cover > frames.LEVELS / 2
    return np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
