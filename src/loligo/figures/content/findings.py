"""What an experiment found, read for a chart: curves and what tells them apart, marks, a field."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from loligo.analysis.dimensionless import WAS
from loligo.errors import UsageError
from loligo.experiments.plan import Panel
from loligo.figures.content import labels, signals
from loligo.words import decimal, reworded, say

if TYPE_CHECKING:
    import xarray

TOLD_APART = 8  # lines that are told apart by their names; more are by a scale of colours
_MOST_NAMED, _MOST_LINES = 12, 500
_DECADES = 1.5  # from this many on, an axis is logarithmic
_SMOOTH = 64  # points of a law
_MARKED = 40  # points that are marked one by one; more are a line

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Curve:
    """One row of numbers over another.

    ``kind`` says of which variable it is, counted from 0, and ``value`` what it is at, where the
    variable has two dimensions; ``channel``, whose it is.
    """

    x: Array
    y: Array
    label: str = ""
    kind: int = 0
    value: float = math.nan
    channel: str = ""


@dataclass(frozen=True)
class Mark:
    """A number on one of the axes."""

    at: float
    words: str
    across: bool


@dataclass(frozen=True)
class Hues:
    """What colours stand for where lines are many."""

    name: str
    low: float
    high: float
    log: bool


@dataclass(frozen=True, eq=False)
class Field:
    """A direction at every point of a grid."""

    x: Array
    y: Array
    dx: Array
    dy: Array


@dataclass(frozen=True, eq=False)
class Findings:
    """One panel: what was measured, what theory says, and the names of it all.

    Attributes
    ----------
    across, categories
        The name of the axis across, and where texts stand along it.
    heading, unit
        Of the axis upwards.
    key
        What the labels of lines are values of.
    kinds
        The names of the variables measured, where they are several.
    absent
        What it means that a value is not a number.
    logs
        The axes that are logarithmic, of ``"xy"``; None where their values decide.
    """

    measured: tuple[Curve, ...]
    theory: tuple[Curve, ...]
    marks: tuple[Mark, ...]
    field: Field | None
    points: tuple[Curve, ...]
    across: str
    categories: list[tuple[float, str]] | None
    heading: str
    unit: str
    key: str
    kinds: tuple[str, ...]
    hues: Hues | None
    absent: str
    logs: str | None
    zero: bool
    weight: float
    line: bool

    @property
    def several(self) -> bool:
        return len(self.measured) > 1

    @property
    def x(self) -> Array:
        """Along the axis across, of all that was measured."""
        return np.concatenate([curve.x for curve in self.measured])

    @property
    def y(self) -> Array:
        """Along the axis upwards, of all that was measured and is a number."""
        y = np.concatenate([curve.y for curve in self.measured])
        return y[np.isfinite(y)]

    @property
    def marked(self) -> bool:
        """Whether each point is marked."""
        few = self.measured[0].x.size <= _MARKED and not self.line
        return few and len(self.measured) <= _MOST_NAMED

    @property
    def blocked(self) -> Array:
        """Of x, where what was looked for is not there; empty where nobody said what that means."""
        (first, *others) = self.measured
        return first.x[:0] if others or not self.absent else first.x[~np.isfinite(first.y)]

    @property
    def log(self) -> bool:
        if self.logs is not None:
            return "x" in self.logs
        return self.marked and self.categories is None and _wide(self.x)

    @property
    def log_up(self) -> bool:
        if self.logs is not None:
            return "y" in self.logs and bool((self.y > 0).any())
        y = self.y
        steep = bool(y.size and y.min() > 0 and y.max() > 3 * y.min())
        return self.log and steep and not self.blocked.size


def _wide(x: Array) -> bool:
    """Whether numbers span decades, and are spread over them rather than over an interval."""
    x = np.unique(x[np.isfinite(x)])
    if x.size < 2 or x[0] <= 0 or math.log10(x[-1] / x[0]) < _DECADES:
        return False
    plain, steps = np.diff(x), np.diff(np.log(x))
    return bool(steps.std() / steps.mean() <= plain.std() / plain.mean())


def read(rec: xarray.Dataset, panel: Panel) -> Findings:
    """What one panel shows.

    Raises
    ------
    UsageError
        For more dimensions, or more lines than can be told apart.
    """
    first = _lying(rec, panel.measured[0], panel)
    dim = str(first.dims[-1])
    kinds = [_lying(rec, name, panel) for name in panel.measured]
    names = tuple(_words(one) for one in kinds) if len(kinds) > 1 else ()
    measured = tuple(
        curve for k, one in enumerate(kinds) for curve in _curves(rec, one, k, names, panel)
    )
    theory = tuple(
        _as_law(
            Curve(_across(rec, one, panel), row, reworded(str(one.attrs.get("label", "theory"))), k)
        )
        for k, name in enumerate(panel.theory)
        if rec[name].ndim
        for one in [_lying(rec, name, panel)]
        for row in _rows(one)
    )
    across = panel.across or dim
    unit = str(first.attrs.get("units", "1"))
    meaning = reworded(panel.heading or str(first.attrs.get("long_name", first.name)))
    return Findings(
        measured, theory, _marks(rec, panel, across, first), _field(rec, panel),
        _points(rec, panel), _along(rec, across), _categories(rec, across),
        meaning[:1].upper() + meaning[1:], unit, _key(rec, first, panel), names,
        _hues(rec, first, panel),
        reworded(str(first.attrs.get("absent", ""))), panel.log or None, panel.zero, panel.weight,
        panel.line,
    )  # fmt: skip


# ------------------------------------------------------------------------ lines


def _lying(rec: xarray.Dataset, name: str, panel: Panel) -> xarray.DataArray:
    """A variable of at most two dimensions, that along the axis across the last."""
    variable = rec[name]
    if not 1 <= variable.ndim <= 2:
        raise UsageError(f"{name} has {variable.ndim} dimensions; select some to draw it")
    wanted: list[Hashable] = [dim for dim in (panel.across,) if dim in variable.dims]
    return variable.transpose(..., *(wanted or variable.dims[-1:]))


def _as_law(curve: Curve) -> Curve:
    """A power law, which is known between its points too, as smooth as it is."""
    x, y = np.asarray(curve.x, dtype=float), np.asarray(curve.y, dtype=float)
    known = np.isfinite(y) & (y > 0) & (x > 0)
    if not curve.label.startswith("∝") or known.sum() < 2:
        return curve
    x, y = x[known], y[known]
    ends = [int(x.argmin()), int(x.argmax())]
    power = np.log(y[ends[1]] / y[ends[0]]) / np.log(x[ends[1]] / x[ends[0]])
    between = np.geomspace(x[ends[0]], x[ends[1]], _SMOOTH)
    return replace(curve, x=between, y=y[ends[0]] * (between / x[ends[0]]) ** power)


def _curves(
    rec: xarray.Dataset, variable: xarray.DataArray, kind: int, names: tuple[str, ...], panel: Panel
) -> list[Curve]:  # fmt: skip
    """Every row of a variable as a curve, with its name where it is one of a few."""
    x, rows = _across(rec, variable, panel), _rows(variable)
    if variable.ndim == 1:
        whose = str(variable.attrs.get("channel", "")) if names else ""
        return [Curve(x, rows[0], names[kind] if names else "", kind, channel=whose)]
    other = _other(variable, panel)
    count = rows.shape[0]
    values = _values(rec, other)
    most = _MOST_NAMED if values is None else _MOST_LINES
    if count > most:
        dim = variable.dims[0]
        raise UsageError(
            f"{count} lines cannot be told apart; select some of {dim!r}, as in "
            f"found.isel({dim}=[0, -1])"
        )
    named = values is None or count <= TOLD_APART
    told = [signals.coordinate(rec, other, k) if named else "" for k in range(count)]
    at = np.full(count, np.nan) if values is None else values
    across = x if x.ndim == 2 else np.broadcast_to(x, rows.shape)
    return [Curve(across[k], rows[k], told[k], kind, float(at[k])) for k in range(count)]


def _other(variable: xarray.DataArray, panel: Panel) -> str:
    """What tells the lines of a variable of two dimensions apart."""
    return panel.lines or str(variable.dims[0])


def _values(rec: xarray.Dataset, name: str) -> Array | None:
    """The numbers that tell lines apart; None where they are words, or nothing is said."""
    if name not in rec.variables or rec[name].ndim != 1 or rec[name].dtype.kind not in "fiu":
        return None
    return np.asarray(rec[name].values, dtype=float)


def _hues(rec: xarray.Dataset, first: xarray.DataArray, panel: Panel) -> Hues | None:
    """The scale of colours, from so many lines on."""
    if first.ndim == 1 or first.shape[0] <= TOLD_APART:
        return None
    other = _other(first, panel)
    values = _values(rec, other)
    finite = values[np.isfinite(values)] if values is not None else np.empty(0)
    if not finite.size or finite.min() == finite.max():
        return None
    return Hues(_named(rec, other), float(finite.min()), float(finite.max()), _wide(finite))


def _key(rec: xarray.Dataset, first: xarray.DataArray, panel: Panel) -> str:
    """Over the names of lines, what they are values of."""
    if first.ndim == 1 or first.shape[0] > TOLD_APART:
        return ""
    other = _other(first, panel)
    return "" if rec[other].dtype.kind in "OUS" else _named(rec, other)


def _rows(variable: xarray.DataArray) -> Array:
    return np.atleast_2d(np.asarray(variable.values, dtype=float))


def _words(variable: xarray.DataArray) -> str:
    words = variable.attrs.get("label") or variable.attrs.get("long_name") or variable.name
    return reworded(str(words))


# ------------------------------------------------------------------------ axes


def _across(rec: xarray.Dataset, variable: xarray.DataArray, panel: Panel) -> Array:
    """Where a variable's values stand along the axis across: a row, or one for each of its own."""
    chosen = panel.across
    if chosen and chosen not in rec.dims and set(rec[chosen].dims) <= set(variable.dims):
        beside = rec[chosen].broadcast_like(variable).transpose(*variable.dims)
        return np.asarray(beside.values, dtype=float)
    dim = str(variable.dims[-1])
    if rec[dim].dtype.kind in "OUS":
        return np.arange(float(rec.sizes[dim]))
    x = np.asarray(rec[dim].values, dtype=float)
    return x / signals.places(rec)[1] if _placed(rec, dim) else x


def _placed(rec: xarray.Dataset, dim: str) -> bool:
    """Whether a dimension is of places along an axon, which have the unit that suits them."""
    return dim == "position" and rec[dim].attrs.get("units") == "um"


def _along(rec: xarray.Dataset, dim: str) -> str:
    """The name of the axis across."""
    if _placed(rec, dim):
        return f"{say('Position along the axon')} ({signals.places(rec)[0]})"
    return _named(rec, dim)


def _named(rec: xarray.Dataset, dim: str) -> str:
    told = rec[dim].attrs if dim in rec.variables else {}
    meaning, unit = (
        reworded(str(told.get("long_name", dim))),
        labels.unit(str(told.get("units", "1"))),
    )
    meaning = meaning[:1].upper() + meaning[1:]
    return f"{meaning} ({unit})" if unit else meaning


def _categories(rec: xarray.Dataset, dim: str) -> list[tuple[float, str]] | None:
    """Texts side by side."""
    if rec[dim].dtype.kind not in "OUS":
        return None
    return [(float(k), reworded(str(text))) for k, text in enumerate(rec[dim].values)]


# ------------------------------------------------------------------------ beside the lines


def _marks(
    rec: xarray.Dataset, panel: Panel, across: str, up: xarray.DataArray
) -> tuple[Mark, ...]:
    """Numbers that were found, each on the axis of its unit, or what was that."""

    def once(one: xarray.DataArray) -> str:
        return str(one.attrs.get(WAS, one.attrs.get("units", "1")))

    sideways = once(rec[across])
    found = []
    for name in panel.marks:
        unit, at = str(rec[name].attrs.get("units", "1")), float(rec[name])
        if math.isfinite(at) and once(rec[name]) in (sideways, once(up)):
            number = decimal(f"{at:.4g}")
            words = f"{_words(rec[name])} {number} {labels.unit(unit)}".rstrip().replace("-", "−")
            found.append(Mark(at, words, once(rec[name]) == sideways))
    return tuple(found)


def _points(rec: xarray.Dataset, panel: Panel) -> tuple[Curve, ...]:
    """Variables of one dimension, each over its own."""
    found = []
    for k, name in enumerate(panel.points):
        one = rec[name]
        if one.ndim != 1:
            raise UsageError(f"{name} has {one.ndim} dimensions, and points have one")
        found.append(Curve(_across(rec, one, panel), _rows(one)[0], _words(one), k))
    return tuple(found)


def _field(rec: xarray.Dataset, panel: Panel) -> Field | None:
    """The directions, of two variables over (upwards, across)."""
    if not panel.field:
        return None
    dx, dy = (rec[name] for name in panel.field)
    if dx.ndim != 2 or dx.dims != dy.dims:
        raise UsageError(f"a field is of two variables over the same two dimensions: {panel.field}")
    up, across = (np.asarray(rec[str(dim)].values, dtype=float) for dim in dx.dims)
    x, y = np.meshgrid(across, up)
    return Field(x, y, np.asarray(dx.values, float), np.asarray(dy.values, float))
