"""What an experiment found, as a chart: points against what was varied, theory beside them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UsageError
from loligo.experiments.plan import Panel, plan_of
from loligo.figures.content import labels, signals
from loligo.figures.page import chart

if TYPE_CHECKING:
    import xarray

_MARKED = 40  # points that are marked one by one; more are a line
_MOST_LINES = 12
_DECADES = 1.5  # from this many on, an axis is logarithmic
_KINDS = ("voltage", "Na", "K", "leak", "Ca", "1")  # the colours of several variables
_THEORIES = ("K", "leak", "Na")  # their colours beside a single row of points


def is_experiment(rec: Any) -> bool:
    """Whether a dataset says that it is what an experiment found, and holds what is drawn of it."""
    return "experiment" in getattr(rec, "attrs", {}) and plan_of(rec) is not None


def experiment_chart(rec: xarray.Dataset, title: str | None) -> chart.Chart:
    """A panel for each of the experiment's plan: what was measured against what was varied.

    Raises
    ------
    UsageError
        For more dimensions, or more lines than can be told apart.
    """
    if title is not None and not isinstance(title, str):
        raise UsageError(f"title={title!r} is not text; give a string, or leave it out.")
    plan = plan_of(rec)
    if plan is None:
        raise UsageError("the dataset says of no variable that it was measured")
    words = str(rec.attrs.get("title", "")) if title is None else title
    panels = tuple(_axes(_read(rec, panel)) for panel in plan.panels)
    return chart.Chart(panels, words, conditions(rec) if words else "")


def _axes(table: _Table) -> chart.Axes:
    told = ", ".join(curve.label for curve in table.theory)
    return chart.Axes(
        tuple(_layers(table)),
        chart.Axis(table.across, log=table.log, limits=_across(table), ticks=table.categories),
        chart.Axis(table.heading, table.unit, log=table.log_up, limits=_upwards(table)),
        key=table.key,
        aside=f"dashed: {told}" if table.theory and table.several else "",
    )


# ------------------------------------------------------------------------ what is shown


@dataclass(frozen=True, eq=False)
class _Curve:
    """One line; of theory, for each of what was measured or for all alike."""

    label: str
    rows: np.ndarray  # (lines, x)


@dataclass(frozen=True, eq=False)
class _Table:
    """What was measured, a row for each line, over ``x``; and what theory says.

    ``kinds`` says that the lines are of several variables; ``logs`` are the axes, of ``"xy"``,
    that are logarithmic whatever the values.
    """

    x: np.ndarray
    across: str  # the axis's name
    categories: list[tuple[float, str]] | None  # where texts stand along it
    heading: str
    unit: str
    key: str
    names: tuple[str, ...]
    rows: np.ndarray
    theory: tuple[_Curve, ...]
    kinds: bool
    logs: str

    @property
    def several(self) -> bool:
        return len(self.names) > 1

    @property
    def marked(self) -> bool:
        """Whether each point is marked."""
        return self.x.size <= _MARKED

    @property
    def blocked(self) -> np.ndarray:
        """Of x, where nothing was conducted."""
        return self.x[:0] if self.several else self.x[~np.isfinite(self.rows[0])]

    @property
    def log(self) -> bool:
        x = self.x
        wide = self.marked and x.min() > 0 and math.log10(x.max() / x.min()) >= _DECADES
        return "x" in self.logs or bool(wide)

    @property
    def log_up(self) -> bool:
        finite = self.rows[np.isfinite(self.rows)]
        steep = bool(finite.size and finite.min() > 0 and finite.max() > 3 * finite.min())
        return "y" in self.logs or (self.log and steep and not self.blocked.size)


def _read(rec: xarray.Dataset, panel: Panel) -> _Table:
    first = rec[panel.measured[0]]
    dim = str(first.dims[-1])
    names, rows, key = _lines(rec, panel, dim)
    x, across, categories = _axis(rec, panel.across or dim)
    meaning = str(first.attrs.get("long_name", first.name))
    return _Table(
        x=x,
        across=across,
        categories=categories,
        heading=meaning[:1].upper() + meaning[1:],
        unit=str(first.attrs.get("units", "1")),
        key=key,
        names=names,
        rows=rows,
        theory=tuple(
            _Curve(str(rec[n].attrs.get("label", "theory")), _rows(rec[n].transpose(..., dim)))
            for n in panel.theory
            if dim in rec[n].dims
        ),
        kinds=len(panel.measured) > 1,
        logs=panel.log,
    )


def _lines(rec: xarray.Dataset, panel: Panel, dim: str) -> tuple[tuple[str, ...], np.ndarray, str]:
    """The names of the lines measured, their rows, and what the names are values of."""
    alone = len(panel.measured) == 1
    names: list[str] = []
    rows = []
    key = ""
    for name in panel.measured:
        variable = rec[name].transpose(..., dim) if dim in rec[name].dims else rec[name]
        if variable.ndim > 2 or variable.dims[-1:] != (dim,):
            raise UsageError(f"{name} has {variable.ndim} dimensions; select some to draw it")
        words = str(variable.attrs.get("label") or variable.attrs.get("long_name") or name)
        rows.append(_rows(variable))
        if variable.ndim == 1:
            names.append("" if alone else words)
            continue
        other = str(variable.dims[0])
        values = [signals.coordinate(rec, other, k) for k in range(rec.sizes[other])]
        names += values if alone else [f"{words}, {value}" for value in values]
        key = _named(rec, other) if alone and rec[other].dtype.kind not in "OUS" else ""
        if len(values) > _MOST_LINES:
            raise UsageError(
                f"{len(values)} lines cannot be told apart; select some of {other!r}, as in "
                f"found.isel({other}=[0, -1])"
            )
    return tuple(names), np.concatenate(rows), key


def _rows(variable: xarray.DataArray) -> np.ndarray:
    return np.atleast_2d(np.asarray(variable.values, dtype=float))


def _named(rec: xarray.Dataset, dim: str) -> str:
    told = rec[dim].attrs if dim in rec.coords else {}
    meaning, unit = str(told.get("long_name", dim)), labels.unit(str(told.get("units", "1")))
    meaning = meaning[:1].upper() + meaning[1:]
    return f"{meaning} ({unit})" if unit else meaning


def _axis(rec: xarray.Dataset, dim: str) -> tuple[np.ndarray, str, list[tuple[float, str]] | None]:
    """Places in the unit that suits them, texts side by side; all else as it is."""
    if rec[dim].ndim != 1:
        raise UsageError(f"{dim} has {rec[dim].ndim} dimensions; select some to draw it")
    if rec[dim].dtype.kind in "OUS":
        told = [(float(k), str(text)) for k, text in enumerate(rec[dim].values)]
        return np.arange(float(len(told))), _named(rec, dim), told
    x = np.asarray(rec[dim].values, dtype=float)
    if rec[dim].attrs.get("units") != "um" or dim != "position":
        return x, _named(rec, dim), None
    unit, um = signals.places(rec)
    return x / um, f"Position along the axon ({unit})", None


def conditions(rec: xarray.Dataset) -> str:
    """Of which axon: what was not varied."""
    if "subtitle" in rec.attrs:
        return str(rec.attrs["subtitle"])
    try:
        axon = json.loads(rec.attrs["axon"])
        regions, membranes = axon["regions"], axon["membranes"]
    except (KeyError, TypeError, ValueError):
        return ""
    said = []
    if len({r["diameter"] for r in regions if not isinstance(r["diameter"], dict)}) == 1:
        said += [("diameter", f"{regions[0]['diameter']:.4g} µm")]
    if "fibre_um" in rec.attrs:
        said = [("fibre", f"fibre {float(rec.attrs['fibre_um']):.4g} µm")]
    if isinstance(axon["axial_resistivity"], float):
        said += [("axial_resistivity", f"{axon['axial_resistivity']:.4g} Ω·cm")]
    celsius = membranes[0].get("celsius")
    if isinstance(celsius, int | float):
        said += [("celsius", f"{celsius:.4g} °C")]
    model = membranes[0].get("title") or ""
    return ", ".join(filter(None, [model, *(what for dim, what in said if dim not in rec.dims)]))


# ------------------------------------------------------------------------ the chart


def _layers(table: _Table) -> list[chart.Layer]:
    """Theory lies under a single row of points, and over several lines; crosses over all."""
    lines = range(len(table.names))
    measured = [layer for k in lines for layer in _row(table, k, _colour(table, k))]
    if table.several:
        theory = [_dashed(table.x, row, "text") for c in table.theory for row in c.rows]
        both = [*measured, *theory]
    else:
        named = zip(table.theory, cycle(_THEORIES), strict=False)
        theory = [_dashed(table.x, c.rows[0], colour, c.label) for c, colour in named]
        both = [*theory, *measured]
    ends = [cross for k in lines for cross in _end(table, k, _colour(table, k))]
    return [*both, *ends, *_blocked(table)]


def _colour(table: _Table, k: int) -> chart.Colour:
    """Of the ``k``-th line: in order for values of one dimension, else of a kind of its own."""
    if table.several and not table.kinds:
        return k / (len(table.names) - 1)
    return _KINDS[k % len(_KINDS)]


def _dashed(
    x: np.ndarray, y: np.ndarray, colour: chart.Colour, label: str = ""
) -> chart.Line:  # fmt: skip
    return chart.Line(x, y, colour, label, dashes=(5, 3), width=0.8)


def _row(table: _Table, k: int, colour: chart.Colour) -> list[chart.Layer]:
    """What was measured: points where they are few, else a line."""
    y, name = table.rows[k], table.names[k]
    if not table.marked:
        return [chart.Line(table.x, y, colour, name)]
    points = chart.Points(table.x, y, colour)
    if table.theory and not table.several:
        return [points]
    return [chart.Line(table.x, y, colour, name, width=0.8), points]


def _end(table: _Table, k: int, colour: chart.Colour) -> list[chart.Layer]:
    """A cross where a line ends before its axis does: there the action potential was blocked."""
    y = table.rows[k]
    known = np.flatnonzero(np.isfinite(y))[-1:]
    if table.marked or not known.size or known[0] == table.x.size - 1:
        return []
    return [chart.Points(table.x[known], y[known], colour, mark="cross", size=4.5, stroke=1.2)]


def _blocked(table: _Table) -> list[chart.Layer]:
    """Crosses where nothing was conducted."""
    x = table.blocked
    if not x.size:
        return []
    crosses = chart.Points(x, np.zeros(x.size), "muted", mark="cross", size=3.2, stroke=1.0)
    return [crosses, chart.Note(float(np.median(x)), 0.0, "no conduction")]


def _across(table: _Table) -> tuple[float, float] | None:
    """Of lines just what was varied. Places are the centres of compartments: the axis reaches to
    their edges."""
    low, high = float(table.x.min()), float(table.x.max())
    if table.categories is not None:
        return low - 0.5, high + 0.5
    centre = low if 0 < low < 0.02 * high and not table.log else 0.0
    return (low - centre, high + centre) if centre or not table.marked else None


def _upwards(table: _Table) -> tuple[float, float] | None:
    """Room for crosses on zero."""
    finite = table.rows[np.isfinite(table.rows)]
    if not table.blocked.size or not finite.size:
        return None
    exact = np.concatenate([finite, *(curve.rows.ravel() for curve in table.theory)])
    finite = exact[np.isfinite(exact)]
    low, high = float(finite.min()), float(finite.max())
    if low < 0 or low >= 0.6 * high:
        return None
    return -0.05 * high, high + 0.06 * (high - low or abs(high) or 1.0)
