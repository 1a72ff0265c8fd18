"""A grid of lanes cut into boxes of equal size, which are numbered as lanes are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from loligo.run.boxes import Box


@dataclass(frozen=True)
class Boxes:
    """How a grid is cut.

    Attributes
    ----------
    dims, shape
        Of the grid.
    box
        How many lanes a box has along each; at the end of a dimension it may be fewer.

    Examples
    --------
    >>> cut = Boxes.of(("g_Na", "amplitude"), (3, 100), 150)
    >>> cut.box, cut.count, cut.lanes(2), cut.where(2)
    ((1, 100), 3, 100, {'g_Na': slice(2, 3, None), 'amplitude': slice(0, 100, None)})
    """

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    box: tuple[int, ...]

    @classmethod
    def of(cls, dims: tuple[str, ...], shape: tuple[int, ...], most: int) -> Boxes:
        """Boxes of at most so many lanes: whole rows of the last dimensions, and all as nearly of
        one size as can be."""
        box: list[int] = []
        for size in reversed(shape):
            along = max(1, min(size, most))
            box.append(math.ceil(size / math.ceil(size / along)))
            most //= box[-1]
        return cls(dims, shape, tuple(reversed(box)))

    @property
    def across(self) -> tuple[int, ...]:
        """How many boxes there are along each dimension."""
        return tuple(-(-n // b) for n, b in zip(self.shape, self.box, strict=True))

    @property
    def count(self) -> int:
        return math.prod(self.across)

    @property
    def size(self) -> int:
        """How many lanes there are in all."""
        return math.prod(self.shape)

    @property
    def most(self) -> int:
        """How many lanes a box has."""
        return math.prod(self.box)

    def place(self, number: int) -> tuple[int, ...]:
        """Which box it is along each dimension."""
        place: list[int] = []
        for n in reversed(self.across):
            number, along = divmod(number, n)
            place.append(along)
        return tuple(reversed(place))

    def where(self, number: int) -> Box:
        """From where to where a box reaches."""
        return {
            dim: slice(k * b, min((k + 1) * b, n))
            for dim, k, b, n in zip(
                self.dims, self.place(number), self.box, self.shape, strict=True
            )
        }

    def sizes(self, number: int) -> dict[str, int]:
        """How many lanes a box has along each dimension."""
        return {dim: part.stop - part.start for dim, part in self.where(number).items()}

    def lanes(self, number: int) -> int:
        """How many lanes a box has."""
        return math.prod(self.sizes(number).values())

    def label(self, number: int, labels: Mapping[str, object]) -> str:
        """``block 3 (g_Na 60 … 90, amplitude 0 … 20)``, for people.

        Parameters
        ----------
        labels
            Those of dimensions that have any.
        """
        return f"block {number + 1} of {self.count}{_told(self.where(number), labels)}"


def _told(box: Box, labels: Mapping[str, object]) -> str:
    each = ", ".join(_along(dim, part, labels) for dim, part in box.items())
    return f" ({each})" if each else ""


def _along(dim: str, part: slice, labels: Mapping[str, object]) -> str:
    names: object = labels.get(dim)
    first, last = part.start, part.stop - 1
    ends = [names[k] if names is not None else k for k in (first, last)]  # type: ignore[index]
    told = [f"{end:.6g}" if isinstance(end, float) else str(end) for end in ends]
    return f"{dim} {told[0]}" if first == last else f"{dim} {told[0]} … {told[1]}"


def keys(place: tuple[int, ...], sizes: tuple[int, ...], chunks: tuple[int, ...]) -> Iterator[str]:
    """The names of the chunks that a region has: at one place along the lanes, all there are
    along what follows."""
    rest = [range(-(-n // c)) for n, c in zip(sizes, chunks, strict=True)]
    for others in product(*rest):
        yield "/".join(["c", *map(str, (*place, *others))])
