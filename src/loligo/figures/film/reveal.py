"""Which pixels of the finished lines appear in which frame.

Every line is drawn twice, whole: once as it is, for its coverage (antialiased edges and all);
once without antialiasing and a little wider, every stretch between two frames in a colour that is
the frame's number, earlier stretches on top. A pixel appears when the line first reaches it, with
the coverage that it has in the finished picture: no seams, no edges that change afterwards, and
no work in a frame but to copy its new pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from loligo.figures.content.picture import Picture, Trace
from loligo.figures.film.palette import Palette, codes, decoded
from loligo.figures.page.drawing import Drawing
from loligo.figures.page.layout import Layout, Slot
from loligo.figures.page.size import Size
from loligo.figures.style import rgb

if TYPE_CHECKING:
    from matplotlib.backends.backend_agg import RendererAgg


@dataclass(frozen=True, eq=False)
class Layer:
    """At most one line of every panel, over the whole picture.

    ``pixels`` are the flat places that the lines cover, ``coverage`` how much (0 to 1), ``frame``
    when they appear, and ``colour`` (k, 3) what covers them.
    """

    pixels: np.ndarray
    coverage: np.ndarray
    frame: np.ndarray
    colour: np.ndarray


@dataclass(frozen=True, eq=False)
class Changes:
    """Pixels and their new colours (as codes, later as indices), frame by frame."""

    pixels: np.ndarray
    colours: np.ndarray
    starts: np.ndarray

    def at(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """What changes in ``frame``."""
        part = slice(self.starts[frame], self.starts[frame + 1])
        return self.pixels[part], self.colours[part]

    def indexed(self, palette: Palette) -> Changes:
        """The same in a palette's indices."""
        return replace(self, colours=palette.coded(self.colours))


def layers(
    drawing: Drawing, picture: Picture, times: np.ndarray, renderer: RendererAgg
) -> list[Layer]:
    """The lines of ``drawing``, the first of every panel in the first layer, and so on."""
    count = max(len(lines) for lines in drawing.lines)
    return [_layer(drawing, picture, times, renderer, rank) for rank in range(count)]


def _layer(
    drawing: Drawing, picture: Picture, times: np.ndarray, renderer: RendererAgg, rank: int
) -> Layer:
    chosen = [
        (slot, panel.traces[rank], lines[rank])
        for slot, panel, lines in zip(
            drawing.layout.slots, picture.panels, drawing.lines, strict=True
        )
        if rank < len(lines)
    ]
    renderer.clear()
    for _, _, line in chosen:
        line.draw(renderer)
    alpha = np.asarray(renderer.buffer_rgba())[..., 3].ravel()
    pixels = np.flatnonzero(alpha)
    coverage = alpha[pixels].astype(np.float32) / 255
    renderer.clear()
    for slot, trace, line in chosen:
        wide = line.get_linewidth()
        _number(renderer, drawing.layout, slot, trace, wide, times)
    painted = np.asarray(renderer.buffer_rgba()).reshape(-1, 4)[pixels].astype(np.int32)
    frame = (painted[:, 0] | painted[:, 1] << 8 | painted[:, 2] << 16) - 1
    size = drawing.layout.size
    row, column = np.divmod(pixels, size.width)
    missed = painted[:, 3] == 0
    frame[missed] = _by_column(column[missed], drawing.layout, len(times))
    return Layer(pixels, coverage, np.clip(frame, 0, len(times) - 1), _colours(row, chosen, size))


def _colours(
    row: np.ndarray, chosen: Sequence[tuple[Slot, Trace, object]], size: Size
) -> np.ndarray:
    """The colour of each pixel's line; half-way between two panels the lower one begins."""
    which = np.zeros(len(row), dtype=int)
    for (above, _, _), (below, _, _) in pairwise(chosen):
        border = (above.bottom + below.bottom + below.height) / 2 * size.dpi
        which += row > size.height - border
    table = np.array([rgb(trace.colour) for _, trace, _ in chosen], dtype=np.float32)
    return table[which]


def _by_column(column: np.ndarray, layout: Layout, count: int) -> np.ndarray:
    part = (column / layout.size.dpi - layout.left) / (layout.right - layout.left)
    return np.ceil(part * (count - 1)).astype(np.int32)


def _number(
    renderer: RendererAgg,
    layout: Layout,
    slot: Slot,
    trace: Trace,
    width: float,
    times: np.ndarray,
) -> None:
    """Draw ``trace`` in the colours that number its frames, the last one first.

    Every piece between two vertices is a line of its own: where a wide line turns sharply, the
    joins of Agg reach far beyond it.
    """
    from matplotlib.path import Path
    from matplotlib.transforms import IdentityTransform

    context = renderer.new_gc()
    context.set_antialiased(False)
    context.set_linewidth(width + 4 * 72 / layout.size.dpi)
    context.set_capstyle("round")
    context.set_snap(False)
    nowhere = IdentityTransform()
    codes = np.tile(np.array((Path.MOVETO, Path.LINETO)), trace.time.size + 1)
    for frame, points in reversed(list(_stretches(trace, times))):
        place = np.repeat(points, 2, axis=0)[1:-1]
        place[:, 0] = layout.x(place[:, 0]) * layout.size.dpi
        place[:, 1] = slot.y(place[:, 1]) * layout.size.dpi
        pieces = Path(place, codes[: len(place)])
        pieces.should_simplify = False
        code = frame + 1
        context.set_foreground(
            ((code & 255) / 255, (code >> 8 & 255) / 255, (code >> 16) / 255, 1.0), isRGBA=True
        )
        renderer.draw_path(context, pieces, nowhere)


def _stretches(trace: Trace, times: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """The line's points between one frame's time and the next, both ends included."""
    ends = np.searchsorted(trace.time, times, side="right")
    heads = trace.at(times)
    for k in range(1, len(times)):
        inside = slice(ends[k - 1], ends[k])
        points = np.empty((ends[k] - ends[k - 1] + 2, 2))
        points[0] = times[k - 1], heads[k - 1]
        points[1:-1, 0] = trace.time[inside]
        points[1:-1, 1] = trace.values[inside]
        points[-1] = times[k], heads[k]
        yield k, points[np.isfinite(points[:, 1])]


def changes(layers: list[Layer], background: np.ndarray, count: int) -> Changes:
    """Every pixel that changes and the code of its new colour, for each of ``count`` frames.

    ``background`` are the codes of what is under the lines. Later layers lie on earlier ones.
    """
    pixels = np.concatenate([layer.pixels for layer in layers])
    frame = np.concatenate([layer.frame for layer in layers])
    order = np.argsort(frame, kind="stable")
    pixels, frame = pixels[order], frame[order]
    colour = decoded(background.ravel()[pixels]).astype(np.float32)
    for layer in layers:
        covered(layer, pixels, frame, colour, background.size)
    starts = np.searchsorted(frame, np.arange(count + 1))
    return Changes(pixels, codes(np.rint(colour)), starts)


def covered(
    layer: Layer, pixels: np.ndarray, frame: np.ndarray, colour: np.ndarray, size: int
) -> None:
    """Blend into ``colour`` what ``layer`` shows at ``pixels`` in ``frame``."""
    place = np.full(size, -1, dtype=np.int32)
    place[layer.pixels] = np.arange(len(layer.pixels))
    at = place[pixels]
    under = at >= 0
    under[under] = layer.frame[at[under]] <= frame[under]
    at = at[under]
    amount = layer.coverage[at][:, None]
    colour[under] += amount * (layer.colour[at] - colour[under])
