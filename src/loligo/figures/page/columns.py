"""Panels side by side: on a slide of which the type may not get smaller, where one below the other
they would get too low."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, pairwise

from loligo.figures.content.picture import Panel, Picture
from loligo.figures.page.frame import largest
from loligo.figures.page.layout import Layout, arrange, arranged
from loligo.figures.page.ruler import Ruler
from loligo.figures.page.size import Size

Columns = tuple[tuple[Layout, tuple[Panel, ...]], ...]

_FEW = 3  # panels, which have one column
_MOST = 4  # columns
_HEADING = 0.7  # of a panel, as a part of the weight of its axis


def columns(picture: Picture, size: Size, ruler: Ruler) -> Columns:
    """Every column's layout and panels, from the left.

    Raises
    ------
    UsageError
        If the panels do not fit at a legible size.
    """
    if not size.type or size.width < 1.5 * size.height or len(picture.panels) <= _FEW:
        return _one(picture, size, ruler)
    for parts in _parts(picture.panels):
        made = largest(size, 6, lambda scale, parts=parts: _side_by_side(
            picture, parts, size, ruler, scale))  # fmt: skip
        if made is not None:
            return made
    return _one(picture, size, ruler)


def _one(picture: Picture, size: Size, ruler: Ruler) -> Columns:
    picture, layout = arrange(picture, size, ruler, None)
    return ((layout, picture.panels),)


def _parts(panels: tuple[Panel, ...]) -> Iterator[tuple[tuple[Panel, ...], ...]]:
    """Panels in columns, of which the fullest is as empty as can be: two, three, ..."""
    weights = [panel.axis.weight + _HEADING for panel in panels]
    count = len(panels)
    for many in range(2, min(_MOST, count) + 1):
        cuts = min(
            combinations(range(1, count), many - 1),
            key=lambda cut: max(sum(weights[a:b]) for a, b in pairwise((0, *cut, count))),
        )
        yield tuple(panels[a:b] for a, b in pairwise((0, *cuts, count)))


def _side_by_side(
    picture: Picture, parts: tuple[tuple[Panel, ...], ...], size: Size, ruler: Ruler, scale: float
) -> Columns | None:
    made = []
    for k, panels in enumerate(parts):
        span = k / len(parts), (k + 1) / len(parts)
        one = arranged(replace(picture, panels=panels), size, ruler, None, scale, span)
        if one is None:
            return None
        made.append((one, panels))
    return tuple(made)
