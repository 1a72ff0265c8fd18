"""Panels side by side: on a slide of which the type may not get smaller, where one below the other
they would get too low."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, pairwise

from loligo.figures.content.picture import Panel, Picture
from loligo.figures.page.frame import largest
from loligo.figures.page.layout import Layout, Readout, arrange, arranged
from loligo.figures.page.ruler import Ruler
from loligo.figures.page.size import Size

Columns = tuple[tuple[Layout, tuple[Panel, ...]], ...]

_FEW = 3  # panels, which have one column
_MOST = 4  # columns
_HEADING = 0.7  # of a panel, as a part of the weight of its axis


def columns(picture: Picture, size: Size, ruler: Ruler, readout: Readout | None = None) -> Columns:
    """Every column's layout and panels, from the left; ``readout`` as `arrange` has it.

    Raises
    ------
    UsageError
        If the panels do not fit at a legible size.
    """
    if size.type and size.width >= 1.5 * size.height:
        for less, many in _tried(picture):
            if len(less.panels) <= _FEW:
                break
            parts = _parts(less.panels, many)
            made = largest(size, 6, lambda scale, less=less, parts=parts: _side_by_side(
                less, parts, size, ruler, readout, scale))  # fmt: skip
            if made is not None:
                return made
    picture, one = arrange(picture, size, ruler, readout)
    return ((one, picture.panels),)


def _tried(picture: Picture) -> Iterator[tuple[Picture, int]]:
    """Pictures and how many columns they might have: two, if need be without the panels that nobody
    chose; more only where all have to stay."""
    less: Picture | None = picture
    while less is not None:
        yield less, 2
        picture, less = less, less.sparer
    yield from ((picture, many) for many in range(3, _MOST + 1))


def _parts(panels: tuple[Panel, ...], many: int) -> tuple[tuple[Panel, ...], ...]:
    """Panels in columns, of which the fullest is as empty as can be."""
    weights = [panel.axis.weight + _HEADING for panel in panels]
    count = len(panels)
    cuts = min(
        combinations(range(1, count), many - 1),
        key=lambda cut: max(sum(weights[a:b]) for a, b in pairwise((0, *cut, count))),
    )
    return tuple(panels[a:b] for a, b in pairwise((0, *cuts, count)))


def _side_by_side(
    picture: Picture, parts: tuple[tuple[Panel, ...], ...], size: Size, ruler: Ruler,
    readout: Readout | None, scale: float,
) -> Columns | None:  # fmt: skip
    made = []
    for k, panels in enumerate(parts):
        span = k / len(parts), (k + 1) / len(parts)
        one = arranged(replace(picture, panels=panels), size, ruler, readout, scale, span)
        if one is None:
            return None
        made.append((one, panels))
    return tuple(made)
