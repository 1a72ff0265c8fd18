"""The frames of an animation as index images: still parts, revealed lines, a moving head."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from loligo.figures.content import labels
from loligo.figures.content.labels import Label
from loligo.figures.content.picture import Panel, Picture
from loligo.figures.film import reveal
from loligo.figures.film.glyphs import Typesetter, Typesetters
from loligo.figures.film.palette import LEVELS, Blender, Palette, codes, image_codes, levels
from loligo.figures.page.drawing import Drawing, draw, placed
from loligo.figures.page.frame import GAP
from loligo.figures.page.layout import Layout, Readout, Slot, clock_y, time_unit
from loligo.figures.page.ruler import Ruler
from loligo.figures.page.size import Size
from loligo.figures.style import LABEL, LINE_WIDTH, Theme, rgb

_DOT = 2.6  # the head's radius in line widths
_HALO = 1.2  # the clear ring around it, in line widths
_PARTS = 4  # the head stands on quarters of a pixel

Box = tuple[int, int, int, int]  # left, top, right, bottom, in pixels


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame: the whole index image, valid until the next one, and the box that changed."""

    image: np.ndarray
    box: Box


@dataclass(frozen=True, eq=False)
class _Head:
    """What moves in one panel: for every frame the heights of its dots and the running values."""

    x: np.ndarray  # (frames,), pixels from the left: those of its column
    y: np.ndarray  # (frames, traces), pixels from the top; not a number where a line has none
    label_y: np.ndarray
    text: list[list[np.ndarray]]  # levels of coverage, frame by frame, trace by trace


@dataclass(frozen=True, eq=False)
class Inked:
    """What text and dots are set on: a picture's size, its colours, its line width in pixels."""

    size: Size
    blender: Blender
    unit: float
    theme: Theme


@dataclass(frozen=True, eq=False)
class Scene(Inked):
    """Everything that the frames are made of."""

    palette: Palette
    still: np.ndarray
    bare: np.ndarray  # the still parts without rules: what running values are set on
    changes: reveal.Changes
    x: np.ndarray  # of the first column
    heads: tuple[_Head, ...]
    colours: tuple[tuple[tuple[int, int, int], ...], ...]
    clock: tuple[np.ndarray, ...]
    clock_top: int
    cursor: tuple[tuple[int, int], ...]  # its top and bottom in every panel
    gap: int

    def __len__(self) -> int:
        return len(self.x)


# ------------------------------------------------------------------------ running values


def readout(picture: Picture) -> Callable[[Ruler], Readout]:
    """How wide a panel's widest running value gets, for `layout.arrange`."""

    def ruled(ruler: Ruler) -> Readout:
        def widest(panel: Panel, size: float) -> float:
            name = max(ruler.width(trace.label, size) for trace in panel.traces)
            digits = _field(panel) + (0.75 if name else 0.0)  # the gap between them
            return name + digits * ruler.width("0", size) * 1.02

        return widest

    return ruled


def _number(panel: Panel, rank: int, value: float) -> str:
    return labels.number(value / 10.0**panel.axis.scale, _decimals(panel, rank))


def _decimals(panel: Panel, rank: int) -> int:
    """As the axis asks for; one more of a small trace, which would show nothing but zeros."""
    factor, (low, high) = 10.0**panel.axis.scale, panel.axis.limits
    usual = labels.decimals((high - low) / factor)
    values = panel.traces[rank].values
    peak = float(np.nanmax(np.abs(values), initial=0.0)) / factor
    return usual + int(peak > 0 and usual < 1 - math.floor(math.log10(peak)))


def _field(panel: Panel) -> int:
    """Digits that the widest running value takes; lanes show which they are instead."""
    if panel.lanes:
        return 0
    return max(
        len(_number(panel, rank, float(end)))
        for rank, trace in enumerate(panel.traces)
        for end in (np.nanmin(trace.values), np.nanmax(trace.values))
    )


# ------------------------------------------------------------------------ making a scene


def scene(picture: Picture, size: Size, theme: Theme, times: np.ndarray) -> Scene:
    """Draw ``picture`` once, and find out what every frame at ``times`` adds to it."""
    drawing = draw(picture, size, theme, readout(picture))
    picture = drawing.picture
    renderer = drawing.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    bare, still = (image_codes(image) for image in _still(drawing, renderer))
    lines = [
        layer for column in drawing.columns()
        for layer in reveal.layers(column, column.picture, times, renderer)
    ]  # fmt: skip
    layout = drawing.layout
    places = [(own, slot) for own, _ in drawing.spans for slot in own.slots]
    changes = reveal.changes(lines, still, len(times))
    seen = np.concatenate([still.ravel(), changes.colours, blends(picture, theme)])
    palette = Palette(exact(picture, theme), seen)
    still_index = palette.coded(still)
    bare_index = still_index.copy()
    ruled = bare != still
    bare_index[ruled] = palette.coded(bare[ruled])
    x = layout.x(times) * size.dpi
    setters = Typesetters(size.dpi)
    clock = setters[LABEL * layout.scale]
    unit = LINE_WIDTH * layout.scale * size.dpi / 72
    baseline = size.height - round(clock_y(layout) * size.dpi)
    return Scene(
        size=size,
        palette=palette,
        blender=Blender(palette),
        still=still_index,
        bare=bare_index,
        changes=changes.indexed(palette),
        x=x,
        heads=tuple(
            _head(panel, slot, own, times, setters[slot.label_size])
            for panel, (own, slot) in zip(picture.panels, places, strict=True)
        ),
        colours=tuple(tuple(rgb(t.colour) for t in panel.traces) for panel in picture.panels),
        clock=tuple(clock_of(clock, picture, times)),
        clock_top=baseline - clock.ascent,
        cursor=tuple(
            (
                size.height - round((slot.bottom + slot.height) * size.dpi),
                size.height - round(slot.bottom * size.dpi),
            )
            for _, slot in places
        ),
        unit=unit,
        gap=round(GAP * layout.scale * size.dpi),
        theme=theme,
    )


def _still(drawing: Drawing, renderer: Any) -> tuple[np.ndarray, np.ndarray]:
    """The figure without its lines: also without its rules, and with them."""
    moving = [line for lines in drawing.lines for line in lines] + list(drawing.ends)
    for artist in (*moving, *drawing.rules):
        artist.set_visible(False)
    renderer.clear()
    drawing.figure.draw(renderer)
    bare = np.array(renderer.buffer_rgba())
    for artist in drawing.rules:
        artist.set_visible(True)
        artist.draw(renderer)
    still = np.array(renderer.buffer_rgba())
    for artist in moving:
        artist.set_visible(True)
    return bare, still


def exact(picture: Picture, theme: Theme) -> list[tuple[int, int, int]]:
    named = [theme.background, theme.band, theme.text, theme.muted, theme.rule]
    return [rgb(c) for c in (*named, *(t.colour for p in picture.panels for t in p.traces))]


def blends(picture: Picture, theme: Theme) -> np.ndarray:
    """Codes of what text and heads make of the two grounds, as if each were 50 pixels."""
    grounds = [np.array(rgb(c), np.float32) for c in (theme.background, theme.band)]
    inks = {t.colour for p in picture.panels for t in p.traces} | {theme.text, theme.muted}
    amount = np.linspace(0, 1, 9, dtype=np.float32)[:, None]
    ramps = [g + amount * (np.array(rgb(c), np.float32) - g) for g in grounds for c in inks]
    return np.repeat(codes(np.rint(np.concatenate(ramps))), 50)


def _head(panel: Panel, slot: Slot, layout: Layout, times: np.ndarray, setter: Typesetter) -> _Head:
    dpi, height = layout.size.dpi, layout.size.height
    values = np.stack([trace.at(times) for trace in panel.traces], axis=1)
    running = np.stack([trace.covers(times) & (not trace.aside) for trace in panel.traces], axis=1)
    if slot.axis.cut:
        low, high = slot.axis.limits
        running &= (values >= low) & (values <= high)
    y = np.where(running, height - slot.y(values) * dpi, np.nan)
    label_y = height - _beside(panel, slot, values) * dpi
    return _Head(
        layout.x(times) * dpi, y, label_y - setter.ascent * 0.63, _texts(panel, values, setter)
    )


def _beside(panel: Panel, slot: Slot, values: np.ndarray) -> np.ndarray:
    """Heights of the running texts, (frames, traces); where some traces have names, the others
    need no room."""
    named = np.array([bool(trace.label.text) for trace in panel.traces])
    taking = named if named.any() else np.ones_like(named)
    heights = np.full(values.shape, slot.bottom)
    heights[:, taking] = [placed(slot, row) for row in values[:, taking]]
    return heights


def _texts(panel: Panel, values: np.ndarray, setter: Typesetter) -> list[list[np.ndarray]]:
    """The running values as coverage; a text that stays is made once."""
    cells = _field(panel)
    made: dict[tuple[int, str], np.ndarray] = {}
    names = [setter.label(t.label) if t.label.text else setter.gap(0) for t in panel.traces]
    widest = max(name.shape[1] for name in names)
    names = [np.pad(name, ((0, 0), (0, widest - name.shape[1]))) for name in names]

    def text(rank: int, value: float) -> np.ndarray:
        shown = _number(panel, rank, value) if cells else ""
        if (rank, shown) not in made:
            space = setter.gap(0.4 if panel.traces[rank].label.text and cells else 0.0)
            parts = [names[rank], space, setter.number(shown, cells)]
            made[rank, shown] = np.concatenate(parts, axis=1)
        return made[rank, shown]

    return [[text(rank, float(v)) for rank, v in enumerate(row)] for row in values]


def clock_of(setter: Typesetter, picture: Picture, times: np.ndarray) -> Iterator[np.ndarray]:
    unit, factor = time_unit(picture)
    step = float(times[1] - times[0]) / factor
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    decimals = min(decimals + 1, labels.tick_decimals([step]))
    shown = [labels.number(float(t) / factor, decimals) for t in times]
    cells = max(map(len, shown))
    after = [setter.gap(0.45), setter.label(Label(unit))] if unit else []
    for text in shown:
        yield np.concatenate((setter.number(text, cells), *after), axis=1)


# ------------------------------------------------------------------------ frame by frame


def frames(scene: Scene) -> Iterator[Frame]:
    """Every frame in turn. Its image is reused: copy what shall last."""
    image = scene.still.copy()
    width, height = scene.size.width, scene.size.height
    before: Box = (0, 0, width, height)
    for k in range(len(scene)):
        pixels, index = scene.changes.at(k)
        image.reshape(-1)[pixels] = index
        box = _moving_box(scene, k)
        kept = image[box[1] : box[3], box[0] : box[2]].copy()
        _moving(scene, k, image)
        yield Frame(image, union(union(before, box), bounds(pixels, width)))
        image[box[1] : box[3], box[0] : box[2]] = kept
        before = box


def _moving(scene: Scene, k: int, image: np.ndarray) -> None:
    """Set the cursor, the dots, the running values and the clock."""
    lines = [
        (
            head.text[k][rank],
            (round(float(head.x[k])) + scene.gap, round(float(head.label_y[k, rank]))),
            colour,
        )
        for head, colours in zip(scene.heads, scene.colours, strict=True)
        for rank, colour in enumerate(colours)
    ]
    for cover, place, _ in lines:
        _clear(scene, image, cover, *place)
    for cover, place, colour in lines:
        blend(scene, image, cover, *place, colour)
    thick = max(1, round(0.25 * scene.unit))
    for head, (top, bottom) in zip(scene.heads, scene.cursor, strict=True):
        x = float(head.x[k])
        strip = np.full((bottom - top, thick), round(0.45 * LEVELS), dtype=np.uint8)
        blend(scene, image, strip, round(x - thick / 2), top, rgb(scene.theme.muted))
    for head, colours in zip(scene.heads, scene.colours, strict=True):
        for y, colour in zip(head.y[k], colours, strict=True):
            if math.isfinite(y):
                dot(scene, image, float(head.x[k]), float(y), colour)
    clock = clock_left(scene, k)
    blend(scene, image, scene.clock[k], clock, scene.clock_top, rgb(scene.theme.text))


def clock_left(scene: Scene, k: int) -> int:
    """Where the running time begins: over the head, within the frame."""
    wide = scene.clock[k].shape[1]
    return max(
        0, min(round(float(scene.x[k]) - wide / 2), scene.size.width - wide - scene.gap // 2)
    )


def dot(scene: Inked, image: np.ndarray, x: float, y: float, colour: tuple) -> None:
    at = round(x * _PARTS), round(y * _PARTS)
    left, top = (place // _PARTS for place in at)
    inks = (rgb(scene.theme.background), colour)
    for cover, ink in zip(_disc(scene.unit, at[0] % _PARTS, at[1] % _PARTS), inks, strict=True):
        reach = cover.shape[0] // 2
        blend(scene, image, cover, left - reach, top - reach, ink)


@cache
def _disc(unit: float, right: int, down: int) -> tuple[np.ndarray, np.ndarray]:
    """Coverage of the head's halo and of the head, moved by parts of a pixel."""
    reach = math.ceil((_DOT + _HALO) * unit) + 1
    place = np.arange(-reach, reach + 1) + 0.5
    far = np.hypot(place[None, :] - right / _PARTS, place[:, None] - down / _PARTS)
    radius = _DOT * unit
    rings = (radius + _HALO * unit, radius)
    halo, dot = (levels(np.clip(ring + 0.5 - far, 0, 1)) for ring in rings)
    return halo, dot


def _clear(scene: Scene, image: np.ndarray, cover: np.ndarray, left: int, top: int) -> None:
    """Bare ground for text: rules and lines do not run through it."""
    box = inside(scene.size, left, top, cover.shape)
    if box is not None:
        area = np.s_[box[1] : box[3], box[0] : box[2]]
        image[area] = scene.bare[area]


def blend(
    scene: Inked, image: np.ndarray, cover: np.ndarray, left: int, top: int, colour: tuple
) -> None:
    """Blend ``colour`` over ``image`` by coverage; what lies outside is left out."""
    box = inside(scene.size, left, top, cover.shape)
    if box is None:
        return
    part = cover[box[1] - top : box[3] - top, box[0] - left : box[2] - left]
    area = np.s_[box[1] : box[3], box[0] : box[2]]
    image[area] = scene.blender.blended(image[area], part, colour)


def inside(size: Size, left: int, top: int, shape: tuple[int, ...]) -> Box | None:
    box = (
        max(left, 0),
        max(top, 0),
        min(left + shape[1], size.width),
        min(top + shape[0], size.height),
    )
    return box if box[0] < box[2] and box[1] < box[3] else None


def _moving_box(scene: Scene, k: int) -> Box:
    """The box around all that `_moving` sets."""
    reach = math.ceil((_DOT + _HALO) * scene.unit) + 2
    clock = clock_left(scene, k)
    left = min(clock, *(math.floor(head.x[k]) - reach for head in scene.heads))
    right = max(clock + scene.clock[k].shape[1], *(
        max(round(float(head.x[k])) + scene.gap + text.shape[1], math.ceil(head.x[k]) + reach)
        for head in scene.heads for text in head.text[k]
    ))  # fmt: skip
    low = [float(np.nanmax(head.y[k], initial=0)) + reach for head in scene.heads]
    text = [float(head.label_y[k].max()) + head.text[k][0].shape[0] for head in scene.heads]
    bottom = math.ceil(max(*low, *text, *(below for _, below in scene.cursor))) + 1
    width, height = scene.size.width, scene.size.height
    top = min(scene.clock_top, *(above for above, _ in scene.cursor))  # of all columns
    return max(left, 0), max(top, 0), min(right, width), min(bottom, height)


def bounds(pixels: np.ndarray, width: int) -> Box | None:
    if pixels.size == 0:
        return None
    row, column = np.divmod(pixels, width)
    return int(column.min()), int(row.min()), int(column.max()) + 1, int(row.max()) + 1


def union(a: Box, b: Box | None) -> Box:
    if b is None:
        return a
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
