"""What must be true of every picture, found by drawing it: where the ink of each text is, and what
lies behind it."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

CONTRAST = 4.5  # of text, at least (https://www.w3.org/TR/WCAG22/#contrast-minimum)
LINE_CONTRAST = 3.0  # of a line (https://www.w3.org/TR/WCAG22/#non-text-contrast)
SMALLEST = 1 / 40  # type on a slide, in parts of its height
AIR = 0.12  # between two texts that are read apart, in parts of their type's size
_LISTED = 1.25  # from one text of a list to the next, at most, in the same parts
_MARGIN = 60  # pixels around the frame in which ink is still seen
_INKED = 0.5  # coverage from which a pixel is the letter's


@dataclass(frozen=True, eq=False)
class Word:
    """A drawn line of text.

    Attributes
    ----------
    box : (left, top, right, bottom)
        Of its ink, in pixels from the frame's upper left corner.
    ink : (rows, columns) of bool
        Which pixels of the box are a letter's.
    colour : (3,)
        From 0 to 1.
    size : float
        Of its type, in pixels.
    """

    text: str
    box: tuple[int, int, int, int]
    ink: np.ndarray
    colour: np.ndarray
    size: float
    artist: Text | None


@dataclass(frozen=True, eq=False)
class Seen:
    """A drawn figure: its texts, and the image without them."""

    figure: Figure
    words: tuple[Word, ...]
    ground: np.ndarray  # (height, width, 3), from 0 to 1


class _Reader(RendererAgg):
    """Draws everything but texts, which it keeps."""

    def __init__(self, width: int, height: int, dpi: float) -> None:
        super().__init__(width, height, dpi)
        self._scratch = RendererAgg(width + 2 * _MARGIN, height + 2 * _MARGIN, dpi)
        self.words: list[Word] = []

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None) -> None:
        alone = self._scratch.new_gc()
        alone.set_foreground(gc.get_rgb(), isRGBA=True)
        self._scratch.clear()
        self._scratch.draw_text(alone, x + _MARGIN, y + _MARGIN, s, prop, angle, ismath, mtext)
        cover = np.asarray(self._scratch.buffer_rgba())[..., 3] / 255
        rows, columns = (np.flatnonzero((cover > _INKED).any(axis=side)) for side in (1, 0))
        if not rows.size:
            return
        top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
        box = tuple(int(end) - _MARGIN for end in (left, top, right, bottom))
        size = prop.get_size_in_points() * self.dpi / 72
        ink = cover[top:bottom, left:right] > _INKED
        colour = np.array(gc.get_rgb()[:3])
        self.words.append(Word(s, box, ink, colour, size, mtext))  # type: ignore[arg-type]


def seen(figure: Figure) -> Seen:
    """Draw ``figure`` without its texts, and find them."""
    width, height = (round(side * figure.dpi) for side in figure.get_size_inches())
    reader = _Reader(width, height, figure.dpi)
    figure.draw(reader)
    ground = np.asarray(reader.buffer_rgba())[..., :3] / 255
    return Seen(figure, tuple(reader.words), ground)


def faults(figure: Figure, slide: bool = False) -> list[str]:
    """What is wrong with a figure, each in a line; nothing if it may be shown.

    Parameters
    ----------
    slide : bool
        Whether it is for the last row of a lecture hall.
    """
    drawn = seen(figure)
    found = [*_overlapping(drawn), *_outside(drawn), *_repeated(drawn), *_pale(drawn)]
    found += [*_covered(drawn), *_crowded(drawn), *_far_names(drawn)]
    found += [*_astray(drawn), *_pale_lines(drawn), *_cut(drawn), *_halved(drawn)]
    return found + (_small(drawn) if slide else [])


# ------------------------------------------------------------------------ texts


def _overlapping(drawn: Seen) -> list[str]:
    return [
        f"{one.text!r} and {other.text!r} overlap"
        for one, other in itertools.combinations(drawn.words, 2)
        if overlap(one.box, other.box)
    ]


def overlap(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two boxes have a pixel in common."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return wide > 0 and high > 0


def _outside(drawn: Seen) -> list[str]:
    height, width = drawn.ground.shape[:2]
    return [
        f"{word.text!r} leaves the frame: {word.box} of {width} × {height}"
        for word in drawn.words
        if word.box[0] < 0 or word.box[1] < 0 or word.box[2] > width or word.box[3] > height
    ]


def _cut(drawn: Seen) -> list[str]:
    """Texts that lost words; a list between whose ends others are left out says so within."""
    return [f"{word.text!r} is cut" for word in drawn.words if word.text.rstrip().endswith("…")]


def _covered(drawn: Seen) -> list[str]:
    """Texts over which the ground of another lies."""
    found = []
    for word in drawn.words:
        patch = None if word.artist is None else word.artist.get_bbox_patch()
        if patch is None:
            continue
        height, box = drawn.ground.shape[0], patch.get_window_extent()
        left, bottom, right, top = (round(float(end)) for end in np.ravel(box.extents))
        ground = (left, height - top, right, height - bottom)
        found += [
            f"the ground of {word.text!r} covers {other.text!r}"
            for other in drawn.words
            if other is not word and overlap(ground, other.box)
        ]
    return found


def _crowded(drawn: Seen) -> list[str]:
    """Numbers of an upward axis between which there is no air."""
    by_artist = {id(word.artist): word for word in drawn.words}
    found = []
    for axes in drawn.figure.axes:
        ticks = [by_artist.get(id(tick.label1)) for tick in axes.yaxis.get_major_ticks()]
        marks = sorted((word for word in ticks if word), key=lambda word: word.box[1])
        found += [
            f"ticks {above.text!r} and {below.text!r} touch"
            for above, below in itertools.pairwise(marks)
            if below.box[1] - above.box[3] < AIR * above.size
        ]
    return found


def _far_names(drawn: Seen) -> list[str]:
    """Names of lines, right of their panels, that are one list with those of another panel."""
    height = drawn.ground.shape[0]
    panels = [axes.bbox.extents for axes in drawn.figure.axes if axes.lines]
    columns: dict[int, list[Word]] = {}
    for word in drawn.words:
        if word.artist in drawn.figure.texts and word.artist.get_horizontalalignment() == "left":
            columns.setdefault(round(word.artist.get_window_extent().x0), []).append(word)
    found = []
    for left, words in columns.items():
        ends = [p[2] for p in panels if p[2] <= left]
        spans = [(height - p[3], height - p[1]) for p in panels if p[2] in (ends and [max(ends)])]
        for listed in _lists(words):
            middles = [(word.box[1] + word.box[3]) / 2 for word in listed]
            beside = {span for span in spans for y in middles if span[0] <= y <= span[1]}
            if len(beside) > 1:
                named = ", ".join(word.text for word in listed)
                found.append(f"{named} are one list beside {len(beside)} panels")
    return found


def _lists(words: list[Word]) -> list[list[Word]]:
    """Texts that follow one another line by line."""
    listed: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word.box[1]):
        near = listed and word.box[3] - listed[-1][-1].box[3] < _LISTED * word.size
        listed = [*listed[:-1], [*listed[-1], word]] if near else [*listed, [word]]
    return listed


def _repeated(drawn: Seen) -> list[str]:
    """Tick labels that an axis has twice; also of axes that are drawn of single texts."""
    alone = {id(word.artist): word for word in drawn.words}
    found = []
    for axes in drawn.figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            marks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            labels = [alone.pop(id(each), None) for m in marks for each in (m.label1, m.label2)]
            found += _twice([label.text for label in labels if label])
    rows: dict[int, list[str]] = {}
    for word in alone.values():
        if word.artist is None or word.artist.get_horizontalalignment() != "center":
            continue  # the name of a line, not of a place on an axis
        if word.artist in drawn.figure.texts and _is_number(word.text):
            rows.setdefault(word.box[3], []).append(word.text)
    return found + [fault for texts in rows.values() for fault in _twice(texts)]


def _twice(texts: list[str]) -> list[str]:
    return [f"tick {text!r} repeats" for text, times in Counter(texts).items() if times > 1]


def _is_number(text: str) -> bool:
    return text.strip("−-").replace(".", "", 1).replace(",", "", 1).isdigit()


def _pale(drawn: Seen) -> list[str]:
    """Texts that cannot be read against what lies behind, or over, them."""
    found = []
    for word in drawn.words:
        left, top, right, bottom = word.box
        behind = drawn.ground[max(top, 0) : bottom, max(left, 0) : right]
        ink = word.ink[max(-top, 0) :, max(-left, 0) :][: behind.shape[0], : behind.shape[1]]
        least = contrast(word.colour, behind[ink]).min(initial=21.0)
        if least < CONTRAST:
            found.append(f"{word.text!r} has a contrast of {least:.2f}")
    return found


def _small(drawn: Seen) -> list[str]:
    least = SMALLEST * drawn.ground.shape[0]
    small = [word for word in drawn.words if word.size < 0.999 * least]
    if not small:
        return []
    size = min(word.size for word in small)
    told = ", ".join(repr(word.text) for word in small[:4]) + ", …" * (len(small) > 4)
    return [f"{told} of {size:.1f} pixels and more, below {least:.1f}"]


# ------------------------------------------------------------------------ lines


def _lines(drawn: Seen) -> list[tuple[Any, Any]]:
    """Every visible line of data with its axes; not those that only mark a value."""
    return [
        (axes, line)
        for axes in drawn.figure.axes
        for line in axes.lines
        if line.get_visible() and line.get_linewidth() > 0 and line.get_linestyle() != "None"
        if line.get_transform() == axes.transData
    ]


def _astray(drawn: Seen) -> list[str]:
    """Lines and axes that leave the frame, and lines that leave their axes or are not in them."""
    height, width = drawn.ground.shape[:2]
    found = []
    for axes in drawn.figure.axes:
        box = axes.bbox
        if box.x0 < 0 or box.y0 < 0 or box.x1 > width + 1e-6 or box.y1 > height + 1e-6:
            found.append(f"axes leave the frame: {box.extents.round(1).tolist()}")
    for axes, line in _lines(drawn):
        points = line.get_transform().transform(np.asarray(line.get_xydata(), dtype=float))
        points = points[np.isfinite(points).all(axis=1)]
        if not points.size:
            continue
        box, slack = axes.bbox, line.get_linewidth() * drawn.figure.dpi / 72
        beyond = (points < box.min - slack) | (points > box.max + slack)
        if not line.get_clip_on() and beyond.any():
            found.append(f"a line leaves its axes at {points[beyond.any(axis=1)][0].round(1)}")
        if beyond.any(axis=1).all() and not _crosses(points, box):
            found.append(f"a line is not in its axes: {line.get_label()!r}")
    return found


def _halved(drawn: Seen) -> list[str]:
    """Marks at the edge of their axes that are cut off there."""
    found = []
    for axes in drawn.figure.axes:
        for line in axes.lines:
            if line.get_marker() in ("None", "", None) or not line.get_clip_on():
                continue
            points = line.get_transform().transform(np.asarray(line.get_xydata(), dtype=float))
            half = line.get_markersize() / 2 * drawn.figure.dpi / 72
            inside = ((points >= axes.bbox.min - 1e-6) & (points <= axes.bbox.max + 1e-6)).all(1)
            apart = np.minimum(points - axes.bbox.min, axes.bbox.max - points).min(axis=1)
            if (inside & (apart < 0.5 * half)).any():
                found.append(f"a mark is cut by its axes: {line.get_label()!r}")
    return found


def _crosses(points: np.ndarray, box: Any) -> bool:
    """Whether a line with all its points outside a box still may pass through it."""
    low, high = points.min(axis=0), points.max(axis=0)
    return bool((low <= box.max).all() and (high >= box.min).all())


def _pale_lines(drawn: Seen) -> list[str]:
    """Lines of data, of at least some width, that cannot be told from the background."""
    ground = np.array(to_rgb(drawn.figure.get_facecolor()))
    widest = max((line.get_linewidth() for _, line in _lines(drawn)), default=0.0)
    found = []
    for _, line in _lines(drawn):
        colour = np.array(to_rgb(line.get_color()))
        alpha = 1.0 if line.get_alpha() is None else float(line.get_alpha())
        shown = ground + alpha * (colour - ground)
        least = float(contrast(shown, ground[None])[0])
        if line.get_linewidth() > 0.6 * widest and least < LINE_CONTRAST:
            found.append(f"a line of {to_hex(line.get_color())} has a contrast of {least:.2f}")
    return sorted(set(found))


# ------------------------------------------------------------------------ contrast


def contrast(colour: np.ndarray, grounds: np.ndarray) -> np.ndarray:
    """The contrast ratio of a colour with others, as the W3C defines it.

    >>> contrast(np.zeros(3), np.ones((1, 3))).tolist()
    [21.0]
    """
    one, others = _luminance(colour), _luminance(grounds)
    return (np.maximum(one, others) + 0.05) / (np.minimum(one, others) + 0.05)


def _luminance(colour: np.ndarray) -> np.ndarray:
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])
