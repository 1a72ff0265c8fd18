"""What changes from frame to frame, as the smallest box of pixels that tells it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from loligo.figures.film.frames import Frame
from loligo.figures.film.palette import TRANSPARENT


@dataclass(frozen=True, eq=False)
class Patch:
    """Pixels to set at a corner (left, top); `TRANSPARENT` where they stay as they were."""

    pixels: np.ndarray
    corner: tuple[int, int]
    whole: bool = False


def patches(frames: Iterable[Frame], even: bool = False) -> Iterator[Patch]:
    """The first frame whole, then what each adds. ``even`` puts corners on even pixels."""
    shown: np.ndarray | None = None
    for frame in frames:
        if shown is None:
            shown = frame.image.copy()
            yield Patch(shown, (0, 0), whole=True)
        else:
            yield _changed(frame, shown, even)


def _changed(frame: Frame, shown: np.ndarray, even: bool) -> Patch:
    """What differs from ``shown``, which follows."""
    left, top, right, bottom = frame.box
    if even:
        left, top = left & ~1, top & ~1
    new, old = frame.image[top:bottom, left:right], shown[top:bottom, left:right]
    same = new == old
    if same.all():  # a frame must have a pixel
        return Patch(np.full((1, 1), TRANSPARENT, dtype=np.uint8), (0, 0))
    pixels = np.negative(same.view(np.uint8)) | new  # 255, transparent, where nothing changed
    old[...] = new
    return Patch(pixels, (left, top))
