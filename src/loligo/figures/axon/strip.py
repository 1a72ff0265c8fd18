"""The axon itself in a figure: its outline and colours, electrodes, what is followed, names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.figures.axon import tube
from loligo.figures.axon.content import AxonRecord
from loligo.figures.axon.layout import Content, Stack
from loligo.figures.axon.sites import Stretch
from loligo.figures.content.labels import Label, typeset
from loligo.figures.page.frame import axes_at, text
from loligo.figures.page.ruler import Ruler
from loligo.figures.style import HEADING, TICK, Theme
from loligo.words import reworded

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_OVER = 0.2  # inches: over an axon, its electrodes and the names of its parts


def plain(figure: Any, stack: Stack, box: tuple[float, float]) -> Axes:
    """Axes without anything, from the left to the right of the rows."""
    rows = stack.rows
    return axes_at(
        figure, stack.page, rows.left, rows.right, *box, frameon=False, xticks=[], yticks=[]
    )


def strip(
    figure: Any, what: Content, stack: Stack, rank: int, shape: tube.Tube, theme: Theme
) -> Axes:
    """An axon's outline, what is injected where, where V is followed, and what has a name."""
    axon, box, layout = what.axons[rank], stack.strips[rank], stack.rows
    axes = plain(figure, stack, box)
    axes.set_xlim(0.0, what.length)
    axes.set_ylim(-1.06, 1.06)
    tube.draw(axes, shape, theme, stack.scale)
    top = box[0] + box[1]
    for stretch in axon.stretches:
        _stretch(figure, stack, stretch, top, theme)
    for electrode in axon.electrodes:
        colour = theme.rule if what.moving else theme.stimulus  # it lights up when it is on
        _tip(figure, stack, electrode.place, top, 1.0, colour)
    if what.traces is not None:
        for (of, k), trace in zip(what.followed, what.traces.panels[0].traces, strict=True):
            if of == rank:
                _tip(figure, stack, float(axon.place[k]), box[0], -1.0, trace.colour)
    if what.said:
        words, colour = what.said[rank]
        ruler = Ruler(figure.canvas.get_renderer(), stack.size.dpi)
        room, size = stack.page.right - layout.left, HEADING * stack.scale
        fitted = ruler.fitted(words, size, room, least=stack.size.smallest)
        y = top + _OVER * stack.scale
        text(figure, stack.page, layout.left, y, typeset(fitted.text), fitted.size, color=colour,
             va="baseline")  # fmt: skip
    return axes


def _stretch(figure: Any, stack: Stack, one: Stretch, top: float, theme: Theme) -> None:
    """A bracket over a part of the axon that has a name, and the name."""
    from matplotlib.lines import Line2D

    scale = stack.scale
    left, right = (float(stack.rows.x(end)) for end in (one.start, one.end))
    y = top + 0.03 * scale
    look = {"color": theme.muted, "linewidth": 0.9 * scale, "transform": figure.dpi_scale_trans}
    low = y - 0.03 * scale
    figure.add_artist(Line2D([left, left, right, right], [low, y, y, low], **look))
    text(
        figure, stack.page, (left + right) / 2, y + 0.025 * scale, Label(reworded(one.name)),
        TICK * scale, color=theme.text, ha="center", va="baseline",
    )  # fmt: skip


def tip(stack: Stack, place: float, y: float, side: float) -> list[tuple[float, float]]:
    """A tip that touches the axon, from above (1) or below (-1): its corners in inches."""
    x = float(stack.rows.x(place))
    y += 0.012 * side * stack.scale
    wide, high = 0.055 * stack.scale, 0.11 * side * stack.scale
    return [(x, y), (x - wide, y + high), (x + wide, y + high)]


def _tip(figure: Any, stack: Stack, place: float, y: float, side: float, colour: str) -> None:
    from matplotlib.patches import Polygon

    figure.add_artist(
        Polygon(
            tip(stack, place, y, side), closed=True, facecolor=colour, edgecolor="none",
            transform=figure.dpi_scale_trans,
        )
    )  # fmt: skip


def coloured(
    axes: Axes, shape: tube.Tube, scale: tube.Scale, axon: AxonRecord, V: np.ndarray
) -> None:
    """Fill the axon with the colours of V."""
    from matplotlib.patches import Polygon

    columns = np.linspace(0.0, axon.length, 4001)
    middle = 0.5 * (columns[1:] + columns[:-1])
    colours = scale.coloured(np.interp(middle, axon.place, V))
    image = axes.imshow(
        colours[None], aspect="auto", extent=(0.0, axon.length, -1.0, 1.0),
        interpolation="nearest", zorder=3,
    )  # fmt: skip
    clip = Polygon(tube.outline(shape), closed=True, transform=axes.transData)
    image.set_clip_path(clip)
    axes.set_xlim(0.0, axon.length)
    axes.set_ylim(-1.06, 1.06)
