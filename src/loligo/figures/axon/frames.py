"""The frames of an axon's animation: lines that move along it, its colours, traces that grow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from loligo.figures.axon.drawing import Drawn, stage
from loligo.figures.axon.layout import Content
from loligo.figures.axon.moving import Row, Tube
from loligo.figures.axon.strip import tip
from loligo.figures.content import labels
from loligo.figures.content.labels import Label
from loligo.figures.film import reveal
from loligo.figures.film.frames import Box, Frame, Inked, blend, bounds, dot, inside, union
from loligo.figures.film.glyphs import Typesetters
from loligo.figures.film.palette import LEVELS, Blender, Palette, codes, image_codes, levels
from loligo.figures.page.drawing import Drawing, line_of
from loligo.figures.page.size import Size
from loligo.figures.style import LABEL, LINE_WIDTH, Theme, rgb


@dataclass(frozen=True, eq=False)
class _Mark:
    """Something small that appears at a place: its coverage and where it stands."""

    cover: np.ndarray
    left: int
    top: int
    colour: tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Film(Inked):
    """Everything that the frames are made of."""

    palette: Palette
    still: np.ndarray
    rows: tuple[Row, ...]
    tubes: tuple[Tube, ...]
    tube_index: np.ndarray
    changes: reveal.Changes | None
    marks: tuple[tuple[_Mark, ...], ...]  # frame by frame
    dots: tuple[tuple[tuple[float, float, str], ...], ...]
    cursor: tuple[tuple[float, int, int], ...]

    def __len__(self) -> int:
        return len(self.marks)


def film(what: Content, theme: Theme, size: Size, times: np.ndarray) -> Film:
    """Draw what stands still once, and find out what every frame at ``times`` adds to it."""
    drawn = stage(what, theme, size)
    renderer = drawn.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    lines = _trace_lines(drawn)
    for line in lines:
        line.set_visible(False)
    renderer.clear()
    drawn.figure.draw(renderer)
    picture = np.array(renderer.buffer_rgba())
    still = image_codes(picture)
    for line in lines:
        line.set_visible(True)
    rows = tuple(Row(drawn, rank, picture, times) for rank in range(len(drawn.rows)))
    tubes = tuple(Tube(drawn, rank, times) for rank in range(len(drawn.strips)))
    changes = _traces(drawn, lines, still, times, renderer)
    palette = _palette(drawn, theme, rows, still, changes)
    setters = Typesetters(size.dpi)
    unit = LINE_WIDTH * drawn.stack.scale * size.dpi / 72
    return Film(
        size=size,
        palette=palette,
        blender=Blender(palette),
        theme=theme,
        unit=unit,
        still=palette.coded(still),
        rows=rows,
        tubes=tubes,
        tube_index=palette.index(drawn.scale.table),
        changes=None if changes is None else changes.indexed(palette),
        marks=tuple(_marks(drawn, theme, times, setters)),
        dots=tuple(_dots(drawn, times)),
        cursor=tuple(_cursor(drawn, times)),
    )


def _trace_lines(drawn: Drawn) -> list[Any]:
    if drawn.traces is None or drawn.what.traces is None or drawn.stack.traces is None:
        return []
    traces = drawn.what.traces.panels[0].traces
    return [line_of(drawn.traces, trace, drawn.stack.traces) for trace in traces]


def _traces(
    drawn: Drawn, lines: list[Any], still: np.ndarray, times: np.ndarray, renderer: Any
) -> reveal.Changes | None:
    """What the traces in time add, frame by frame."""
    picture, layout = drawn.what.traces, drawn.stack.traces
    if picture is None or layout is None:
        return None
    drawing = Drawing(drawn.figure, picture, layout, (tuple(lines),), (), (), ((layout, 1),))
    layers = reveal.layers(drawing, picture, times, renderer)
    return reveal.changes(layers, still, len(times))


def _palette(
    drawn: Drawn, theme: Theme, rows: tuple[Row, ...], still: np.ndarray,
    changes: reveal.Changes | None,
) -> Palette:  # fmt: skip
    """Colours for all frames, from what stands still and a few frames of the rows."""
    named = (theme.background, theme.band, theme.text, theme.muted, theme.rule, theme.stimulus)
    inks = {curve.colour for row in rows for curve in row.curves}
    if drawn.what.traces is not None:
        inks |= {trace.colour for trace in drawn.what.traces.panels[0].traces}
    exact = [rgb(colour) for colour in (*named, *sorted(inks))]
    exact += [(int(r), int(g), int(b)) for r, g, b in drawn.scale.table]
    seen = [still.ravel()]
    if changes is not None:
        seen.append(changes.colours)
    for row in rows:
        count = len(row.curves[0].y)
        whole = (0, row.pixels.shape[1])
        for k in np.linspace(0, count - 1, 6).astype(int):
            seen.append(image_codes(row.draw(int(k), whole)).ravel())
    ground = np.array(rgb(theme.background), np.float32)
    amount = np.linspace(0, 1, 9, dtype=np.float32)[:, None]
    ramps = [
        ground + amount * (np.array(rgb(c), np.float32) - ground)
        for c in (*sorted(inks), theme.text, theme.muted, theme.stimulus)
    ]
    seen.append(np.repeat(codes(np.rint(np.concatenate(ramps))), 50))
    return Palette(exact, np.concatenate(seen))


# ------------------------------------------------------------------------ marks


def _marks(
    drawn: Drawn, theme: Theme, times: np.ndarray, setters: Typesetters
) -> Iterator[tuple[_Mark, ...]]:
    """The clock, and the electrodes that are on."""
    size, stack = drawn.stack.size, drawn.stack
    setter = setters[1.15 * LABEL * stack.scale]
    step = float(times[1] - times[0])
    decimals = min(3, max(0, -math.floor(math.log10(step) + 1e-9)))
    numbers = [labels.number(float(t), decimals) for t in times]
    cells = max(map(len, numbers))
    after = np.concatenate((setter.gap(0.45), setter.label(Label("ms"))), axis=1)
    x, y = stack.clock
    base = size.height - round(y * size.dpi)
    tips = [
        (electrode.on, _tip_mark(drawn, electrode.place, low + tall, theme))
        for axon, (low, tall) in zip(drawn.what.axons, stack.strips, strict=False)
        for electrode in axon.electrodes
    ]
    for t, number in zip(times, numbers, strict=True):
        cover = np.concatenate((setter.number(number, cells), after), axis=1)
        left = round(x * size.dpi) - cover.shape[1]
        clock = _Mark(cover, left, base - setter.ascent, rgb(theme.text))
        lit = [mark for on, mark in tips if any(a <= t < b for a, b in on)]
        yield (clock, *lit)


def _tip_mark(drawn: Drawn, place: float, top: float, theme: Theme) -> _Mark:
    """An electrode's tip as coverage."""
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.path import Path
    from matplotlib.transforms import IdentityTransform

    size, stack = drawn.stack.size, drawn.stack
    corners = np.array(tip(stack, place, top, 1.0)) * size.dpi
    left, bottom = np.floor(corners.min(axis=0)).astype(int) - 1
    right, upper = np.ceil(corners.max(axis=0)).astype(int) + 1
    renderer = RendererAgg(int(right - left), int(upper - bottom), size.dpi)
    context = renderer.new_gc()
    context.set_linewidth(0.0)
    path = Path([*(corners - (left, bottom)), (0.0, 0.0)], closed=True)
    renderer.draw_path(context, path, IdentityTransform(), (0.0, 0.0, 0.0))
    alpha = np.asarray(renderer.buffer_rgba())[..., 3]
    cover = levels(alpha / np.float32(255))
    return _Mark(cover, int(left), int(size.height - upper), rgb(theme.stimulus))


def _dots(drawn: Drawn, times: np.ndarray) -> Iterator[tuple[tuple[float, float, str], ...]]:
    """Where V is followed: on V along the axon, and at the heads of the traces."""
    picture, layout = drawn.what.traces, drawn.stack.traces
    if picture is None or layout is None:
        yield from ((),) * len(times)
        return
    what, size, places = drawn.what, drawn.stack.size, drawn.stack.rows
    row = next(
        (slot for slot, row in zip(places.slots, drawn.what.rows, strict=True) if row.smooth), None
    )
    traces = picture.panels[0].traces
    followed = [(what.axons[of], place) for of, place in what.followed]
    V = [axon.at(axon.V[[place]], times)[0] for axon, place in followed]
    covered = [axon.covers(times) for axon, _ in followed]
    slot = layout.slots[0]
    for k, t in enumerate(times):
        x = float(layout.x(t)) * size.dpi
        dots = []
        for rank, (trace, (axon, place)) in enumerate(zip(traces, followed, strict=True)):
            value = float(V[rank][k])
            if not covered[rank][k]:
                continue
            dots.append((x, size.height - float(slot.y(value)) * size.dpi, trace.colour))
            if row is not None and row.axis.limits[0] <= value <= row.axis.limits[1]:
                at = float(places.x(axon.place[place])) * size.dpi
                dots.append((at, size.height - float(row.y(value)) * size.dpi, trace.colour))
        yield tuple(dots)


def _cursor(drawn: Drawn, times: np.ndarray) -> Iterator[tuple[float, int, int]]:
    """The line that runs along the traces: x, top and bottom."""
    layout, size = drawn.stack.traces, drawn.stack.size
    if layout is None:
        return
    slot = layout.slots[0]
    top = size.height - round((slot.bottom + slot.height) * size.dpi)
    bottom = size.height - round(slot.bottom * size.dpi)
    for t in times:
        yield float(layout.x(t)) * size.dpi, top, bottom


# ------------------------------------------------------------------------ frame by frame


def frames(made: Film) -> Iterator[Frame]:
    """Every frame in turn. Its image is reused: copy what shall last."""
    image = made.still.copy()
    width, height = made.size.width, made.size.height
    kept: list[tuple[Box, np.ndarray]] = []
    for k in range(len(made)):
        changed: Box | None = (0, 0, width, height) if k == 0 else None
        for box, pixels in reversed(kept):  # take away the marks of the frame before
            image[box[1] : box[3], box[0] : box[2]] = pixels
            changed = union(box, changed)
        for box in (*_rows(made, k, image), *_axon(made, k, image), *_grown(made, k, image)):
            changed = union(box, changed)
        kept = [_kept(image, box) for box in _marked(made, k)]
        for box, _ in kept:
            changed = union(box, changed)
        _ink(made, k, image)
        yield Frame(image, changed or (0, 0, 1, 1))


def _rows(made: Film, k: int, image: np.ndarray) -> Iterator[Box]:
    for row in made.rows:
        columns = row.moved(k)
        if columns is None:
            continue
        left = row.box[0]
        box = (left + columns[0], row.box[1], left + columns[1], row.box[3])
        drawn = image_codes(row.draw(k, columns))
        image[box[1] : box[3], box[0] : box[2]] = made.palette.coded(drawn)
        yield box


def _axon(made: Film, k: int, image: np.ndarray) -> Iterator[Box]:
    for tube in made.tubes:
        columns = tube.moved(k)
        if columns is None:
            continue
        left, top, _, bottom = tube.box
        low, high = columns
        area = image[top:bottom, left + low : left + high]
        colour = made.tube_index[tube.steps[k, low:high]]
        np.copyto(area, colour[None], where=tube.inside[:, low:high])
        yield left + low, top, left + high, bottom


def _grown(made: Film, k: int, image: np.ndarray) -> Iterator[Box]:
    if made.changes is None:
        return
    pixels, index = made.changes.at(k)
    image.reshape(-1)[pixels] = index
    box = bounds(pixels, made.size.width)
    if box is not None:
        yield box


def _kept(image: np.ndarray, box: Box) -> tuple[Box, np.ndarray]:
    return box, image[box[1] : box[3], box[0] : box[2]].copy()


def _marked(made: Film, k: int) -> Iterator[Box]:
    """The boxes of all that `_ink` sets."""
    reach = math.ceil(5 * made.unit) + 2
    places: list[tuple[int, int, tuple[int, int]]] = [
        (mark.left, mark.top, mark.cover.shape[:2]) for mark in made.marks[k]
    ]
    for x, y, _ in made.dots[k]:
        side = 2 * reach + 1
        places.append((math.floor(x) - reach, math.floor(y) - reach, (side, side)))
    if made.cursor:
        x, top, bottom = made.cursor[k]
        places.append((math.floor(x) - 4, top, (bottom - top, 9)))
    for left, top, shape in places:
        box = inside(made.size, left, top, shape)
        if box is not None:
            yield box


def _ink(made: Film, k: int, image: np.ndarray) -> None:
    """Set the cursor, the clock, the lit electrodes and the dots."""
    if made.cursor:
        x, top, bottom = made.cursor[k]
        thick = max(1, round(0.25 * made.unit))
        strip = np.full((bottom - top, thick), round(0.45 * LEVELS), dtype=np.uint8)
        blend(made, image, strip, round(x - thick / 2), top, rgb(made.theme.muted))
    for mark in made.marks[k]:
        blend(made, image, mark.cover, mark.left, mark.top, mark.colour)
    for x, y, colour in made.dots[k]:
        dot(made, image, x, y, rgb(colour))
