"""A plane of two states: the field, the curves on which one of them stands still, fixed points."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loligo.analysis.curve import root
from loligo.errors import UsageError
from loligo.experiments.found import numbers, told
from loligo.experiments.reduced import Reduced, Rest
from loligo.run.steady import derivative
from loligo.system.outline import STIMULUS
from loligo.theory.patch import Patch

Array = np.ndarray
Complex = NDArray[np.complex128]
Function = Callable[[Array, Array], Array]

_BEYOND = 10.0  # mV beyond the outermost reversal potentials
_NEAR = np.geomspace(1e-3, 200.0, 300)  # mV from rest, where there are no reversal potentials
_ROOM = 0.35  # around what is known of a state without bounds
_NEWTON = 40  # steps at most
_SAME = 1e-7  # of the plane's size: what is closer is one point
_TURNS = 1e-9  # beside the other part of an eigenvalue: less is none


@dataclass(frozen=True, eq=False)
class Plane:
    """How two states of a membrane move each other.

    Attributes
    ----------
    current
        uA/cm2 that is injected all the time.
    """

    reduced: Reduced
    x: str
    y: str
    current: float

    @cached_property
    def patch(self) -> Patch:
        """Its equations."""
        return Patch.of(self.reduced.membrane, "rest")

    def unit(self, side: int) -> str:
        """Of the state across (0) or upwards (1)."""
        return str(self.patch.outline.about[(self.x, self.y)[side]]["units"])

    def told(self, side: int, more: str = "", **about: Any) -> dict[str, Any]:
        """Attributes of values of a state."""
        name = (self.x, self.y)[side]
        meaning = str(self.patch.outline.about[name]["long_name"])
        words = f"state {name}" if meaning == name else f"{meaning}, {name}"
        return told(self.unit(side), f"{words}, {more}" if more else words, **about)

    @cached_property
    def _rows(self) -> list[int]:
        names = self.patch.outline.states
        return [names.index(self.x), names.index(self.y)]

    def _states(self, x: Array, y: Array) -> Array:
        held = np.full(x.size, self.reduced.voltage or 0.0)
        known = {"V": held, self.x: x.ravel(), self.y: y.ravel()}
        return np.stack([known[name] for name in self.patch.outline.states])

    def rates(self, x: Array, y: Array) -> tuple[Array, Array]:
        """How fast the two states move, per ms."""
        states = self._states(x, y)
        numbers = {n: np.full(x.size, row[0]) for n, row in self.patch.numbers.items()}
        numbers[STIMULUS] = np.full(x.size, self.current)
        rates = derivative(self.patch.kernel, numbers, states)[self._rows]
        return rates[0].reshape(x.shape), rates[1].reshape(x.shape)

    def slopes(self, x: Array, y: Array) -> Array:
        """(points, 2, 2): how they change the rates."""
        lane = np.zeros(x.size, dtype=int)
        whole = self.patch.jacobian(self._states(x, y), lane)
        return whole[:, self._rows][:, :, self._rows]

    def fixed(self, curve: Array) -> tuple[Array, Complex]:
        """Where both stand still, (points, 2), and the eigenvalues there, (points, 2).

        Parameters
        ----------
        curve : (points, 2)
            On which x stands still: where the rate of y changes its sign along it, Newton's
            method begins.
        """
        rate = self.rates(curve[:, 0], curve[:, 1])[1]
        turns = np.flatnonzero(np.sign(rate[:-1]) * np.sign(rate[1:]) <= 0)
        part = (rate[turns] / (rate[turns] - rate[turns + 1]))[:, None]
        at = curve[turns] + np.where(np.isfinite(part), part, 0.0) * (
            curve[turns + 1] - curve[turns]
        )
        size = np.nanmax(curve, axis=0, initial=0.0) - np.nanmin(curve, axis=0, initial=0.0)
        for _ in range(_NEWTON):
            with np.errstate(all="ignore"):
                right = np.stack(self.rates(at[:, 0], at[:, 1]), axis=1)
                slopes = self.slopes(at[:, 0], at[:, 1])
                (a, b), (c, d) = slopes[:, 0].T, slopes[:, 1].T
                step = np.stack([d * right[:, 0] - b * right[:, 1],
                                 a * right[:, 1] - c * right[:, 0]], 1)  # fmt: skip
                step /= (a * d - b * c)[:, None]
            fine = np.isfinite(step).all(axis=1)
            at = np.where(fine[:, None], at - step, at)
            if (np.abs(step[fine]) <= 1e-14 * np.abs(at[fine])).all():
                break
        at = at[np.argsort(at[:, 0], kind="stable")]
        new = np.ones(len(at), dtype=bool)
        new[1:] = (np.abs(np.diff(at, axis=0)) > _SAME * np.where(size, size, 1.0)).any(axis=1)
        at = at[new]
        return at, np.linalg.eigvals(self.slopes(at[:, 0], at[:, 1])).astype(complex)


def kind_of(values: Complex) -> str:
    """What paths do around a fixed point, by its two eigenvalues.

    >>> kind_of(np.array([-1.0, -2.0])), kind_of(np.array([0.1 + 1j, 0.1 - 1j]))
    ('stable node', 'unstable focus')
    """
    real, size = values.real, np.abs(values).max()
    if np.abs(values.imag).max() > _TURNS * size:
        if abs(real[0]) <= _TURNS * size:
            return "centre"
        return "stable focus" if real[0] < 0 else "unstable focus"
    if np.abs(real).min() <= _TURNS * size:
        return "degenerate"
    if real.min() < 0 < real.max():
        return "saddle"
    return "stable node" if real.max() < 0 else "unstable node"


# ------------------------------------------------------------------------ how large it is


@dataclass(frozen=True)
class Box:
    """From where to where the plane is drawn, and which sides somebody asked for."""

    sides: tuple[tuple[float, float], tuple[float, float]]
    given: tuple[bool, bool]
    bounded: tuple[bool, bool]

    @classmethod
    def around(cls, plane: Plane, still: Rest, x_range: Any, y_range: Any) -> Box:
        asked = [
            _pair(value, plane.unit(k), name)
            for k, (value, name) in enumerate(((x_range, "x_range"), (y_range, "y_range")))
        ]
        sides = [
            side or _suggested(plane, still, k) for k, side in enumerate(asked)
        ]  # fmt: skip
        gates = tuple(name in plane.patch.outline.gates for name in (plane.x, plane.y))
        return cls(tuple(sides), tuple(side is not None for side in asked), gates)  # type: ignore[arg-type]

    def with_room_for(self, values: Array) -> Box:
        """Larger, where nobody asked for so much and no more, and paths, (2, ...), leave it."""
        sides = []
        for k, (low, high) in enumerate(self.sides):
            row = values[k][np.isfinite(values[k])]
            if not (self.given[k] or self.bounded[k]) and row.size:
                room = 0.04 * np.ptp(row)
                low, high = min(low, float(row.min()) - room), max(high, float(row.max()) + room)
            sides.append((low, high))
        return replace(self, sides=tuple(sides))


def _pair(given: Any, unit: str, name: str) -> tuple[float, float] | None:
    if given is None:
        return None
    row = numbers(given, unit, name)
    if row.size != 2 or not row[0] < row[1]:
        raise UsageError(f"{name} is a pair of numbers, the lower first, such as (-90, 60)")
    return float(row[0]), float(row[1])


def _suggested(plane: Plane, still: Rest, side: int) -> tuple[float, float]:
    """Of a gate all; of V what lies between reversal potentials; else from where to where its own
    rate changes its sign with the other state at rest, and some room."""
    name = (plane.x, plane.y)[side]
    outline = plane.patch.outline
    if name in outline.gates:
        return 0.0, 1.0
    potentials = [p.value for key, p in outline.parameters.items() if key.startswith("E_")]
    if name == "V" and len(potentials) > 1:
        known = np.array(potentials, dtype=float)
        return float(known.min()) - _BEYOND, float(known.max()) + _BEYOND
    centre = [np.nan_to_num(still.states[each]) for each in (plane.x, plane.y)]
    row = centre[side] + np.concatenate([-_NEAR[::-1], [0.0], _NEAR]) * outline.scales[name] / (
        100.0 if name == "V" else 1.0
    )
    other = np.full(row.size, centre[1 - side])
    rate = plane.rates(*((row, other) if side == 0 else (other, row)))[side]
    turns = np.flatnonzero(np.sign(rate[:-1]) != np.sign(rate[1:]))
    ends = row[turns] if turns.size else row[:0]
    low, high = min([centre[side], *ends]), max([centre[side], *ends])
    room = _ROOM * (high - low) if high - low > 1e-2 * outline.scales[name] else 0.5
    return float(low - room), float(high + room)


# ------------------------------------------------------------------------ where a rate is 0


def contour(rate: Function, x: Array, y: Array) -> Array:
    """Where a function of two numbers is 0: curves through a box, (points, 2), with NaN between.

    Their points lie on the lines of a grid, exactly: between neighbours where the sign changes,
    the root is sought. Within a cell the pieces are joined.
    """
    positive = rate(*np.meshgrid(x, y, indexing="ij")) >= 0
    along_x = np.argwhere(positive[:-1] != positive[1:])
    along_y = np.argwhere(positive[:, :-1] != positive[:, 1:])
    edges = [*(("x", i, j) for i, j in along_x), *(("y", i, j) for i, j in along_y)]
    if not edges:
        return np.full((1, 2), np.nan)
    begins = np.array([(x[i], y[j]) for _, i, j in edges])
    ends = np.array([(x[i + (e == "x")], y[j + (e == "y")]) for e, i, j in edges])

    def there(part: Array) -> Array:
        return begins + part[:, None] * (ends - begins)

    part = root(lambda part: rate(*there(part).T), np.zeros(len(edges)), np.ones(len(edges)))
    points = there(part)
    number = {edge: k for k, edge in enumerate(edges)}
    linked: list[list[int]] = [[] for _ in edges]
    for one, other in _links(number, positive, rate, x, y):
        linked[one].append(other)
        linked[other].append(one)
    return np.concatenate([np.vstack([points[row], [[np.nan] * 2]]) for row in _walks(linked)])[:-1]


def _links(
    number: dict[tuple[str, int, int], int], positive: Array, rate: Function, x: Array, y: Array
) -> Iterator[tuple[int, int]]:
    """Which crossings of edges are joined, cell by cell."""
    cells = {(i, j) for e, i, j in number}
    cells |= {(i, j - 1) if e == "x" else (i - 1, j) for e, i, j in number}
    for i, j in sorted(cells):
        if not (0 <= i < x.size - 1 and 0 <= j < y.size - 1):
            continue
        around = [("x", i, j), ("y", i + 1, j), ("x", i, j + 1), ("y", i, j)]
        crossed = [number[edge] for edge in around if edge in number]
        if len(crossed) == 2:
            yield crossed[0], crossed[1]
        elif len(crossed) == 4:
            middle = rate(np.array([(x[i] + x[i + 1]) / 2]), np.array([(y[j] + y[j + 1]) / 2]))
            below, right, above, left = crossed
            if (middle[0] >= 0) == positive[i, j]:
                yield below, right
                yield above, left
            else:
                yield left, below
                yield right, above


def _walks(linked: list[list[int]]) -> Iterator[list[int]]:
    """Along the links: first from ends, then round what is closed."""
    seen = [False] * len(linked)
    ends = [k for k, others in enumerate(linked) if len(others) < 2]
    for start in [*ends, *range(len(linked))]:
        if seen[start]:
            continue
        row, at = [], start
        while at >= 0:
            seen[at] = True
            row.append(at)
            at = next((other for other in linked[at] if not seen[other]), -1)
        if start in linked[row[-1]] and len(row) > 2:
            row.append(start)
        yield row
