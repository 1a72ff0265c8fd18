"""Frames of animations, and what must be true of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from docs.gallery.check import CONTRAST, contrast, faults, overlap, seen

from loligo.figures import style
from loligo.figures.axon import frames as along
from loligo.figures.axon import several
from loligo.figures.axon.content import TRACES, is_axon, read, rows
from loligo.figures.axon.drawing import stage
from loligo.figures.axon.layout import content
from loligo.figures.content import signals
from loligo.figures.content.origin import counted
from loligo.figures.content.recorded import picture
from loligo.figures.film import frames
from loligo.figures.page.drawing import draw
from loligo.figures.page.size import Size, sized
from loligo.figures.style import Theme
from loligo.words import speaking

_COUNT = 12  # frames
_USUAL = (1600, 1200)

Box = tuple[int, int, int, int]


def filmed(shown: Any, look: Mapping[str, Any], slide: bool) -> tuple[np.ndarray, list[str]]:
    """A frame in the middle, (height, width, 3), and what is wrong with any.

    Parameters
    ----------
    shown
        A recording, or several in a tuple.
    look
        What `loligo.animate` is told besides.
    slide : bool
        Whether it is for the last row of a lecture hall.
    """
    theme = style.theme(look.get("theme", "light"))
    size = sized(look.get("size"), None, _USUAL)
    given = shown if isinstance(shown, tuple) else (shown,)
    recs = tuple(counted(one, bool(look.get("from_rest"))) for one in given)
    with speaking(look.get("language")):
        if is_axon(recs[0]):
            return _along(recs, look, theme, size, slide)
        return _in_time(recs[0], look, theme, size)


def _along(
    recs: Sequence[Any], look: Mapping[str, Any], theme: Theme, size: Size, slide: bool
) -> tuple[np.ndarray, list[str]]:
    """Of axons: a frame while the waves travel; what stands still is as of a figure."""
    panels = look.get("panels")
    if len(recs) > 1:
        what = several.together(recs, look.get("labels"), panels, theme, None)
    else:
        axon = read(recs[0])
        what = content(axon, *rows(axon, panels, TRACES, theme), theme, None, True, bool(panels))
    times = np.linspace(0.0, float(what.axon.time[-1]), _COUNT)
    with style.house_style():
        made = along.film(what, theme, size, times)
        still = stage(what, theme, size)
    image = next(f.image.copy() for k, f in enumerate(along.frames(made)) if k == _COUNT // 4)
    return made.palette.colours[image], faults(still.figure, slide)


def _in_time(
    rec: Any, look: Mapping[str, Any], theme: Theme, size: Size
) -> tuple[np.ndarray, list[str]]:
    """Of a patch of membrane."""
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
