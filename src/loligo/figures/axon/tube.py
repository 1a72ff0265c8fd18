"""The axon itself: how thick it is drawn, where it is wrapped, what colour it has where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.figures.axon.content import AxonRecord
from loligo.figures.style import Theme, rgb

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OUTLINE = 0.7  # points
_WRAPPED = 0.56  # of the height: a myelinated axon inside its sheath
_THINNEST = 0.14
_GAP = 0.003  # of the length: half of what is at least seen of a node
_BEYOND = 0.08  # of the range of an axon's own V
_SEEN = 1e-3  # of a map: what covers less of it is not explained
FEW_COLOURS = 96  # of an animation: room for others in a GIF's palette


@dataclass(frozen=True, eq=False)
class Tube:
    """Half heights along the axon, as parts of the strip's half height.

    Attributes
    ----------
    place, half : (vertices,)
        The axon's outline.
    sheaths
        (from, to, inner half, outer half) of every myelinated stretch.
    """

    place: np.ndarray
    half: np.ndarray
    sheaths: tuple[tuple[float, float, float, float], ...]

    def at(self, place: np.ndarray) -> np.ndarray:
        """Half the height at places."""
        return np.interp(place, self.place, self.half)


def tube(axon: AxonRecord) -> Tube:
    """The axon of a recording."""
    wide = np.ones(axon.place.size) if axon.diameter is None else axon.diameter
    most = _WRAPPED if axon.myelin.any() else 1.0
    half = most * np.maximum(wide / wide.max(), _THINNEST)
    place = np.concatenate(([0.0], axon.place, [axon.length]))
    half = np.concatenate((half[:1], half, half[-1:]))
    return Tube(place, half, tuple(_sheaths(axon, place, half)))


def _sheaths(
    axon: AxonRecord, place: np.ndarray, half: np.ndarray
) -> Iterator[tuple[float, float, float, float]]:
    """Where sheaths are drawn: nodes are made wide enough to be seen."""
    edges = np.flatnonzero(np.diff(np.r_[0, axon.myelin.astype(int), 0]))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        low, high = float(axon.edges[first]), float(axon.edges[last])
        gap = min(_GAP * axon.length, 0.1 * (high - low))
        inner = float(np.interp((low + high) / 2, place, half))
        left, right = low + gap * (low > 0), high - gap * (last < axon.place.size)
        yield left, right, inner, min(1.0, inner / _WRAPPED)


@dataclass(frozen=True, eq=False)
class Scale:
    """Colours of V: ``table`` (steps, 3) from ``low`` to ``high`` mV; behind them the colour of
    what lies well beyond, as V at an electrode does: it is nothing that the axon does."""

    low: float
    high: float
    table: np.ndarray

    @property
    def shades(self) -> np.ndarray:
        """The colours between ``low`` and ``high``."""
        return self.table[:-1]

    def steps(self, V: np.ndarray) -> np.ndarray:
        """Which row of the table each voltage has."""
        last = len(self.table) - 2
        part = (V - self.low) / (self.high - self.low)
        inside = np.clip(np.rint(part * last), 0, last).astype(int)
        return np.where((part > 1 + _BEYOND) | (part < -_BEYOND), last + 1, inside)

    def exceeded(self, V: np.ndarray) -> bool:
        """Whether the colour of what lies beyond is there to be seen."""
        return bool((self.steps(V) == len(self.table) - 1).mean() > _SEEN)

    @property
    def colormap(self) -> Any:
        """The same for matplotlib."""
        from matplotlib.colors import ListedColormap

        return ListedColormap(self.table / 255)

    def coloured(self, V: np.ndarray) -> np.ndarray:
        """The colour of each voltage, (..., 3) of 0 to 255."""
        return self.table[self.steps(V)]


def range_of(axons: Sequence[AxonRecord]) -> tuple[float, float]:
    """From which V to which colours go, mV."""
    low, high = min(axon.ends[0] for axon in axons), max(axon.ends[1] for axon in axons)
    return (low, high) if high - low >= 1.0 else (low - 0.5, high + 0.5)


def scale(axons: Sequence[AxonRecord], theme: Theme, steps: int) -> Scale:
    """The colours of everything that shows V by colour."""
    import matplotlib

    low, high = range_of(axons)
    colormap = matplotlib.colormaps[theme.voltage_map]
    parts = np.linspace(*theme.voltage_range, steps)
    shades = [*np.rint(255 * colormap(parts)[:, :3]), rgb(theme.rule)]
    return Scale(low, high, np.array(shades).astype(np.uint8))


def draw(axes: Axes, shape: Tube, theme: Theme, unit: float) -> None:
    """The sheaths and the outline, on axes of places across and -1 to 1 up."""
    from matplotlib.patches import Polygon, Rectangle

    for low, high, inner, outer in shape.sheaths:
        for side in (1, -1):
            y = inner if side > 0 else -outer
            axes.add_patch(
                Rectangle(
                    (low, y), high - low, outer - inner, facecolor=theme.sheath,
                    edgecolor=theme.background, linewidth=0.5 * unit, zorder=1,
                )
            )  # fmt: skip
    axes.add_patch(
        Polygon(
            outline(shape), closed=True, facecolor="none", edgecolor=theme.muted,
            linewidth=OUTLINE * unit, snap=False, joinstyle="round", zorder=4, clip_on=False,
        )
    )  # fmt: skip


def outline(shape: Tube) -> np.ndarray:
    """The axon's closed outline, (vertices, 2)."""
    upper = np.column_stack((shape.place, shape.half))
    return np.concatenate((upper, (upper * (1, -1))[::-1]))
