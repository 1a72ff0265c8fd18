"""What an experiment found, as a chart: points against what was varied, theory beside them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UsageError
from loligo.figures.content import labels, signals
from loligo.figures.page import chart

if TYPE_CHECKING:
    import xarray

_MARKED = 40  # points that are marked one by one; more are a line
_MOST_LINES = 12
_DECADES = 1.5  # from this many on, an axis is logarithmic


def is_experiment(rec: Any) -> bool:
    """Whether a dataset says that it is what an experiment found."""
    return "experiment" in getattr(rec, "attrs", {}) and bool(_measured(rec))


def experiment_chart(rec: xarray.Dataset, title: str | None) -> chart.Chart:
    """The measured variable against its last dimension, a line for each of the others.

    Raises
    ------
    UsageError
        For more dimensions, or more lines than can be told apart.
    """
    if title is not None and not isinstance(title, str):
        raise UsageError(f"title={title!r} is not text; give a string, or leave it out.")
    table = _read(rec)
    words = str(rec.attrs.get("title", "")) if title is None else title
    panel = chart.Axes(
        tuple(_layers(table)),
        chart.Axis(table.across, log=table.log, limits=_across(table)),
        chart.Axis(table.heading, table.unit, log=table.log_up, limits=_upwards(table)),
        key=table.key,
        aside=f"dashed: {table.label}" if table.theory is not None and table.several else "",
    )
    return chart.Chart((panel,), words, conditions(rec) if words else "")


# ------------------------------------------------------------------------ what is shown


@dataclass(frozen=True, eq=False)
class _Table:
    """What was measured, a row for each line, over ``x``; and what theory says."""

    x: np.ndarray
    across: str  # the axis's name
    heading: str
    unit: str
    key: str
    names: tuple[str, ...]
    rows: np.ndarray
    theory: np.ndarray | None
    label: str  # of the theory

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
        return bool(self.marked and x.min() > 0 and math.log10(x.max() / x.min()) >= _DECADES)

    @property
    def log_up(self) -> bool:
        finite = self.rows[np.isfinite(self.rows)]
        steep = bool(finite.size and finite.min() > 0 and finite.max() > 3 * finite.min())
        return self.log and steep and not self.blocked.size


def _measured(rec: xarray.Dataset) -> list[str]:
    return [
        str(n) for n, v in rec.data_vars.items() if v.attrs.get("role") == "measured" and v.ndim
    ]


def _read(rec: xarray.Dataset) -> _Table:
    name = _measured(rec)[0]
    variable = rec[name]
    if variable.ndim > 2:
        raise UsageError(f"{name} has {variable.ndim} dimensions; select some to draw it")
    x, across = _axis(rec, str(variable.dims[-1]))
    theories = [str(n) for n, v in rec.data_vars.items() if v.attrs.get("role") == "theory"]
    theory = rec[theories[0]].transpose(*variable.dims) if theories else None
    rows = np.atleast_2d(np.asarray(variable.values, dtype=float))
    key, names = "", ("",)
    if variable.ndim == 2:
        first = str(variable.dims[0])
        if rows.shape[0] > _MOST_LINES:
            raise UsageError(
                f"{rows.shape[0]} lines cannot be told apart; select some of {first!r}, as in "
                f"found.isel({first}=[0, -1])"
            )
        names = tuple(signals.coordinate(rec, first, k) for k in range(rows.shape[0]))
        key = "" if rec[first].dtype.kind in "OUS" else _named(rec, first)
    meaning = str(variable.attrs.get("long_name", name))
    return _Table(
        x=x,
        across=across,
        heading=meaning[:1].upper() + meaning[1:],
        unit=str(variable.attrs.get("units", "1")),
        key=key,
        names=names,
        rows=rows,
        theory=None if theory is None else np.atleast_2d(np.asarray(theory.values, dtype=float)),
        label="" if theory is None else str(theory.attrs.get("label", "theory")),
    )


def _named(rec: xarray.Dataset, dim: str) -> str:
    told = rec[dim].attrs if dim in rec.coords else {}
    meaning, unit = str(told.get("long_name", dim)), labels.unit(str(told.get("units", "1")))
    meaning = meaning[:1].upper() + meaning[1:]
    return f"{meaning} ({unit})" if unit else meaning


def _axis(rec: xarray.Dataset, dim: str) -> tuple[np.ndarray, str]:
    """Places in the unit that suits them; all else as it is."""
    x = np.asarray(rec[dim].values, dtype=float)
    if rec[dim].attrs.get("units") != "um" or dim != "position":
        return x, _named(rec, dim)
    unit, um = signals.places(rec)
    return x / um, f"Position along the axon ({unit})"


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
    """Theory lies under a single row of points, and over several lines."""
    count = len(table.names)
    measured = [layer for k in range(count) for layer in _row(table, k, _colour(k, count))]
    if table.theory is None:
        theory: list[chart.Layer] = []
    elif table.several:
        theory = [_theory(table, k, "text", "") for k in range(count)]
    else:
        theory = [_theory(table, 0, "K", table.label)]
    blocked = _blocked(table)
    return [*measured, *theory, *blocked] if table.several else [*theory, *measured, *blocked]


def _colour(k: int, count: int) -> chart.Colour:
    """Of the ``k``-th of several lines."""
    return "voltage" if count == 1 else k / (count - 1)


def _theory(table: _Table, k: int, colour: chart.Colour, label: str) -> chart.Line:
    assert table.theory is not None
    return chart.Line(table.x, table.theory[k], colour, label, dashes=(5, 3), width=0.8)


def _row(table: _Table, k: int, colour: chart.Colour) -> list[chart.Layer]:
    """What was measured, and a cross where a line ends before its axis does: there the action
    potential was blocked."""
    y, name = table.rows[k], table.names[k]
    if table.marked:
        points = chart.Points(table.x, y, colour, "")
        alone = table.theory is not None and not table.several
        return [points] if alone else [chart.Line(table.x, y, colour, name, width=0.8), points]
    line = chart.Line(table.x, y, colour, name)
    known = np.flatnonzero(np.isfinite(y))
    if not known.size or known[-1] == table.x.size - 1:
        return [line]
    end = known[-1:]
    return [line, chart.Points(table.x[end], y[end], colour, mark="cross", size=4.5, stroke=1.2)]


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
    centre = low if 0 < low < 0.02 * high and not table.log else 0.0
    return (low - centre, high + centre) if centre or not table.marked else None


def _upwards(table: _Table) -> tuple[float, float] | None:
    """Room for crosses on zero."""
    finite = table.rows[np.isfinite(table.rows)]
    if not table.blocked.size or not finite.size:
        return None
    if table.theory is not None:
        finite = np.concatenate((finite, table.theory[np.isfinite(table.theory)]))
    low, high = float(finite.min()), float(finite.max())
    if low < 0 or low >= 0.6 * high:
        return None
    return -0.05 * high, high + 0.06 * (high - low or abs(high) or 1.0)
