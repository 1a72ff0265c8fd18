"""What moves along an axon: the lines of a row, column by column, and the axon's own colours.

A frame redraws only those columns of a row in which some line moved: along most of an axon
nothing happens most of the time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from loligo.figures.axon.drawing import Drawn
from loligo.figures.axon.tube import OUTLINE
from loligo.figures.page.layout import Slot
from loligo.figures.style import LINE_WIDTH

_STILL = 0.02  # pixels: a line that moves less has not moved
_MOST_VERTICES = 6000
_MARGIN = 3  # pixels around what is redrawn, beside the line's own width


@dataclass(frozen=True, eq=False)
class Curve:
    """One line of a row: its vertices in pixels of the row's box, y upwards."""

    x: np.ndarray
    y: np.ndarray  # (frames, vertices)
    colour: str
    dashes: tuple[float, ...]


class Row:
    """A row along the axon, drawn by Agg on a renderer of its own size."""

    def __init__(self, drawn: Drawn, rank: int, still: np.ndarray, times: np.ndarray) -> None:
        from matplotlib.backends.backend_agg import RendererAgg

        size, slot = drawn.stack.size, drawn.stack.rows.slots[rank]
        self.unit = LINE_WIDTH * drawn.stack.scale  # points
        self.margin = math.ceil(self.unit * size.dpi / 72) + _MARGIN
        layout = drawn.stack.rows
        left, right = layout.left * size.dpi, layout.right * size.dpi
        bottom = slot.bottom * size.dpi
        self.box = (
            math.floor(left) - self.margin,
            size.height - math.ceil(bottom + slot.height * size.dpi),
            math.ceil(right) + self.margin,
            size.height - math.floor(bottom),
        )
        self.origin = (self.box[0], size.height - self.box[3])
        self.bare = still[self.box[1] : self.box[3], self.box[0] : self.box[2]]
        self.renderer = RendererAgg(self.box[2] - self.box[0], self.box[3] - self.box[1], size.dpi)
        self.pixels = np.asarray(self.renderer.buffer_rgba())
        self.pixels[...] = self.bare
        self.curves = [
            self._curve(drawn, rank, k, slot, times)
            for k in range(len(drawn.what.rows[rank].names))
        ]

    def _curve(self, drawn: Drawn, rank: int, k: int, slot: Slot, times: np.ndarray) -> Curve:
        row = drawn.what.rows[rank]
        axon = drawn.what.axons[row.of[k]]
        values = axon.at(axon.values(row.names[k]), times)
        values[:, ~axon.covers(times)] = np.nan
        place, values = axon.line(values, row.smooth)
        step = max(1, place.size // _MOST_VERTICES)
        layout, dpi = drawn.stack.rows, drawn.stack.size.dpi
        x = np.asarray(layout.x(place[::step])) * dpi - self.origin[0]
        y = slot.y(values[::step]).T * dpi - self.origin[1]
        return Curve(x, y, row.colours[k], row.dashes[k])

    def moved(self, k: int) -> tuple[int, int] | None:
        """The columns in which frame ``k`` differs from the one before."""
        width = self.pixels.shape[1]
        if k == 0:
            return 0, width
        ends = []
        for curve in self.curves:
            now, before = curve.y[k], curve.y[k - 1]
            over = np.isnan(now) != np.isnan(before)
            moved = np.flatnonzero((np.abs(now - before) > _STILL) | over)
            if moved.size:
                first, last = max(moved[0] - 1, 0), min(moved[-1] + 1, curve.x.size - 1)
                ends += [curve.x[first], curve.x[last]]
        if not ends:
            return None
        low, high = math.floor(min(ends)) - self.margin, math.ceil(max(ends)) + self.margin
        if any(curve.dashes for curve in self.curves):
            low, high = 0, width  # dashes are counted from the line's beginning
        return max(low, 0), min(high, width)

    def draw(self, k: int, columns: tuple[int, int]) -> np.ndarray:
        """The row in frame ``k`` within ``columns``, as RGBA."""
        from matplotlib.path import Path
        from matplotlib.transforms import Bbox, IdentityTransform

        low, high = columns
        self.pixels[:, low:high] = self.bare[:, low:high]
        height = self.pixels.shape[0]
        for curve in self.curves:
            context = self.renderer.new_gc()
            context.set_linewidth(self.unit)
            context.set_foreground(curve.colour)
            context.set_capstyle("butt" if curve.dashes else "round")
            context.set_joinstyle("round")
            context.set_snap(False)
            context.set_clip_rectangle(Bbox.from_extents(low, 0, high, height))
            if curve.dashes:
                context.set_dashes(0.0, np.array(curve.dashes) * self.unit)
            first = max(int(np.searchsorted(curve.x, low - 40)) - 1, 0)
            last = int(np.searchsorted(curve.x, high + 40)) + 1
            if curve.dashes:
                first, last = 0, curve.x.size
            points = np.column_stack((curve.x[first:last], curve.y[k, first:last]))
            self.renderer.draw_path(context, Path(points), IdentityTransform())
        return self.pixels[:, low:high]


class Tube:
    """The axon's inside: which pixels, and which colour every column has."""

    def __init__(self, drawn: Drawn, rank: int, times: np.ndarray) -> None:
        stack, axon, size = drawn.stack, drawn.what.axons[rank], drawn.stack.size
        low, tall = stack.strips[rank]
        left, right = stack.rows.left * size.dpi, float(stack.rows.x(axon.length)) * size.dpi
        edge = OUTLINE * stack.scale * size.dpi / 72  # the outline's width
        first, last = round(left + 0.4 * edge), round(right - 0.4 * edge)
        columns = np.arange(first, last) + 0.5
        place = (columns - left) / (right - left) * axon.length
        middle = size.height - (low + tall / 2) * size.dpi
        half = drawn.shapes[rank].at(place) / 1.06 * tall / 2 * size.dpi
        half = half - 0.4 * edge
        top, bottom = math.floor(middle - half.max()), math.ceil(middle + half.max())
        rows = np.arange(top, bottom)[:, None] + 0.5
        self.box = (first, top, last, bottom)
        self.inside = np.abs(rows - middle) <= half
        values = np.array([np.interp(place, axon.place, v) for v in axon.at(axon.V, times).T])
        self.steps = drawn.scale.steps(values).astype(np.uint8)
        self.steps[~axon.covers(times)] = len(drawn.scale.table) - 1  # of what nothing is known
        self.table = drawn.scale.table

    def moved(self, k: int) -> tuple[int, int] | None:
        """The columns whose colour changes in frame ``k``."""
        if k == 0:
            return 0, self.steps.shape[1]
        moved = np.flatnonzero(self.steps[k] != self.steps[k - 1])
        return (int(moved[0]), int(moved[-1]) + 1) if moved.size else None
