"""At most 255 colours for a whole animation, and the nearest of them for any colour."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

TRANSPARENT = 255  # the index that means: as in the frame before
_BITS = 6
_DROP = 8 - _BITS


class Palette:
    """Colours and a table from every colour, in 6 bits a channel, to the nearest of them.

    The table fills as colours are met; the theme's own colours are exact.
    """

    def __init__(self, exact: Iterable[tuple[int, int, int]], seen: np.ndarray) -> None:
        """Choose colours: all of ``exact``, then of ``seen`` (codes) those least well shown."""
        self._table = np.full(1 << (3 * _BITS), -1, dtype=np.int16)
        first = np.array(list(dict.fromkeys(exact)), dtype=np.uint8)[:TRANSPARENT]
        self.colours = _chosen(first, *_counted(seen), most=TRANSPARENT)
        self._table[codes(first)] = np.arange(len(first))

    def index(self, colours: np.ndarray) -> np.ndarray:
        """The index of the nearest colour to each of ``colours`` (..., 3), 0 to 255."""
        return self.coded(codes(colours))

    def coded(self, codes: np.ndarray) -> np.ndarray:
        """The same for colours given as codes."""
        index = self._table.take(codes)
        if index.min(initial=0) < 0:
            new = np.unique(codes[index < 0])
            self._table[new] = _nearest(decoded(new), self.colours)
            index = self._table.take(codes)
        return index.astype(np.uint8)

    def rgb(self, index: np.ndarray) -> np.ndarray:
        """The colours (..., 3) of an index image."""
        return self.colours[np.minimum(index, len(self.colours) - 1)]


def codes(colours: np.ndarray) -> np.ndarray:
    """Colours (..., 3), 0 to 255, as whole numbers of 6 bits a channel."""
    high = (np.asarray(colours, dtype=np.uint8) >> _DROP).astype(np.int32)
    return (high[..., 0] << (2 * _BITS)) | (high[..., 1] << _BITS) | high[..., 2]


def image_codes(rgba: np.ndarray) -> np.ndarray:
    """The codes of a whole picture (height, width, 4) of bytes, which is quicker at once."""
    packed = np.ascontiguousarray(rgba).view("<u4")[..., 0].astype(np.int32)
    mask = (1 << _BITS) - 1
    code = packed >> _DROP & mask
    for channel in (8, 16):
        code <<= _BITS
        code |= packed >> channel + _DROP & mask
    return code


def decoded(codes: np.ndarray) -> np.ndarray:
    """The colours (..., 3) that codes stand for."""
    mask = (1 << _BITS) - 1
    parts = np.stack((codes >> (2 * _BITS), (codes >> _BITS) & mask, codes & mask), axis=-1)
    return (parts << _DROP) | (parts >> (_BITS - _DROP))


def _counted(seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The colours met, and how often."""
    count = np.bincount(seen, minlength=1 << (3 * _BITS))
    met = np.flatnonzero(count)
    return decoded(met).astype(np.int32), count[met].astype(float)


def _chosen(first: np.ndarray, met: np.ndarray, count: np.ndarray, most: int) -> np.ndarray:
    """Add, one by one, the colour whose pixels are furthest from what there is.

    Furthest counts the distance squared, weighted by the fourth root of the number of pixels:
    edges between colours are few but are what the eye sees.
    """
    chosen = list(first.astype(np.int32))
    far = np.full(len(met), np.inf)
    for colour in chosen:
        far = np.minimum(far, ((met - colour) ** 2).sum(axis=1))
    weight = count**0.25
    while len(chosen) < most and far.max(initial=0) > 3 * (1 << _DROP) ** 2 / 4:
        worst = int(np.argmax(far * weight))
        if far[worst] == 0:
            break
        chosen.append(met[worst])
        far = np.minimum(far, ((met - met[worst]) ** 2).sum(axis=1))
    return np.array(chosen, dtype=np.uint8)


def _nearest(wanted: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """|w − c|² without |w|², which is the same for every c."""
    c = colours.astype(np.float32)
    return ((c**2).sum(axis=1) - 2 * wanted.astype(np.float32) @ c.T).argmin(axis=1)


LEVELS = 15  # steps of coverage when one colour is laid on another, in index space


class Blender:
    """Lays a colour over an index image by coverage, with one look-up a pixel."""

    def __init__(self, palette: Palette) -> None:
        self._palette = palette
        self._tables: dict[tuple[int, int, int], np.ndarray] = {}

    def blended(
        self, area: np.ndarray, levels: np.ndarray, colour: tuple[int, int, int]
    ) -> np.ndarray:
        """``area`` with ``colour`` on it; ``levels`` are 0 (none of it) to `LEVELS` (all of it)."""
        if colour not in self._tables:
            self._tables[colour] = self._table(colour)
        at = area.astype(np.intp)
        at *= LEVELS + 1
        at += levels
        return self._tables[colour].take(at)

    def _table(self, colour: tuple[int, int, int]) -> np.ndarray:
        under = self._palette.colours.astype(np.float32)[:, None]
        amount = (np.arange(LEVELS + 1, dtype=np.float32) / LEVELS)[:, None]
        table = self._palette.index(
            np.rint(under + amount * (np.array(colour, np.float32) - under))
        )
        table[:, 0] = np.arange(len(table))
        return table.ravel()


def levels(coverage: np.ndarray, step: int = 1) -> np.ndarray:
    """Coverage, 0 to 1, as whole levels; coarser ones make a smaller file."""
    return (np.rint(coverage * (LEVELS / step)) * step).astype(np.uint8)
