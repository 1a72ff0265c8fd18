"""A person's own data over what was computed: whatever holds them, in the units of the axes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UnitError, UsageError
from loligo.figures.content.labels import Label
from loligo.figures.content.picture import Panel, Picture, Trace, padded
from loligo.figures.style import Theme
from loligo.model.check import warn_of_volts
from loligo.recording import open as opened
from loligo.recording.door import welcome, with_known_names
from loligo.recording.stated import label as head
from loligo.recording.stated import measures
from loligo.units import convert, spelled
from loligo.units.quantity import is_pint
from loligo.words import say

if TYPE_CHECKING:
    import xarray

_FIRST = 4  # of the theme's colours for recordings: those before are also of channels
_FORMS = (
    "a DataArray over time, a pair (time, values), a pandas table with a column of times, or the "
    "path of a file; several in a dictionary, {'cell 1': ...}"
)


@dataclass(frozen=True, eq=False)
class _Row:
    """One quantity over time (ms); ``unit`` is "" where none is stated."""

    label: str
    name: str
    unit: str
    time: np.ndarray
    values: np.ndarray


def laid_over(shown: Picture, data: Any, theme: Theme) -> Picture:
    """A picture with data on the panels that they belong to: by name, or else by unit.

    Raises
    ------
    UsageError, FileError
        What is given holds no data over time, in a unit of no panel, or at other times.
    """
    if data is None:
        return shown
    labels: dict[str, str] = {}  # of each of the data, the colour
    panels = list(shown.panels)
    for row in _rows(data):
        free = theme.recordings[_FIRST:]
        colour = labels.setdefault(row.label, free[len(labels) % len(free)])
        at = _panel_of(row, panels)
        panels[at] = _with(panels[at], row, shown, colour)
    return replace(shown, panels=tuple(panels))


# ------------------------------------------------------------------------ whatever holds them


def _rows(data: Any) -> list[_Row]:
    named = data if isinstance(data, Mapping) and not hasattr(data, "data_vars") else {"": data}
    rows: list[_Row] = []
    for label, one in named.items():
        each = _dataset(one)
        rows += _series(each, str(label) or say("data"))
    if not rows:
        raise UsageError(f"data={data!r:.60} holds no numbers over time; give {_FORMS}")
    return rows


def _dataset(one: Any) -> xarray.Dataset:
    """A dataset over ``time``, in ms, with the units that were stated."""
    if isinstance(one, str | os.PathLike):
        return opened(one)
    if hasattr(one, "data_vars"):
        return welcome(with_known_names(one))
    if hasattr(one, "dims") and hasattr(one, "coords"):
        return welcome(with_known_names(_named(one).to_dataset()))
    if hasattr(one, "columns") and hasattr(one, "index"):
        return _of_table(one)
    if hasattr(one, "index") and hasattr(one, "to_numpy"):
        return _of_pair(one.index.to_numpy(), one, head(str(one.name or "")))
    if isinstance(one, tuple | list) and len(one) == 2:
        return _of_pair(one[0], one[1], ("", ""))
    raise UsageError(f"data={one!r:.60} is not understood; give {_FORMS}")


def _named(one: Any) -> xarray.DataArray:
    if one.ndim != 1:
        raise UsageError(f"data has the dimensions {one.dims}; select one line over time")
    return one if one.name is not None else one.rename(_UNNAMED)


_UNNAMED = "values"


def _of_pair(time: Any, values: Any, what: tuple[str, str]) -> xarray.Dataset:
    """A row of times (ms, or with a unit) and a row of values; ``what`` they are: name and unit."""
    import xarray as xr

    rows, units = [], []
    for each in (time, values):
        stated = f"{each.units:~}" if is_pint(each) else getattr(each, "attrs", {}).get("units", "")
        plain = np.asarray(each.magnitude if is_pint(each) else each)
        if plain.ndim != 1 or plain.dtype.kind not in "fiu":
            raise UsageError("data=(time, values) are two rows of numbers of one length")
        rows.append(plain.astype(float))
        units.append(str(stated))
    if rows[0].size != rows[1].size:
        raise UsageError(
            f"data=(time, values): there are {rows[0].size} times and {rows[1].size} values"
        )
    name, unit_ = what
    said = units[1] or unit_
    made = xr.Dataset(
        {name or _UNNAMED: ("time", rows[1], {"units": said} if said else {})},
        {"time": ("time", rows[0], {"units": units[0]} if units[0] else {})},
    )
    return welcome(with_known_names(made))


def _of_table(table: Any) -> xarray.Dataset:
    """A pandas table: its columns' heads say names and units; its index is the time if no column
    is."""
    import xarray as xr

    heads = {str(column): head(str(column)) for column in table.columns}
    columns = {
        name: ("row", np.asarray(table[column], dtype=float), {"units": said} if said else {})
        for column, (name, said) in zip(table.columns, heads.values(), strict=True)
        if np.asarray(table[column]).dtype.kind in "fiu"
    }
    made = with_known_names(xr.Dataset(columns))
    if "time" not in made.variables:
        name, said = head(str(table.index.name or ""))
        index = ("row", np.asarray(table.index, dtype=float), {"units": said} if said else {})
        made = with_known_names(xr.Dataset({"time": index, **columns}))
        if not name and np.array_equal(index[1], np.arange(len(table))):
            raise UsageError(
                f"data has no column of times; its columns are {', '.join(heads)}: name one "
                "'time (ms)'"
            )
    if "time" not in made.dims:
        made = made.set_coords("time").swap_dims({"row": "time"})
    return welcome(made)


def _series(each: xarray.Dataset, label: str) -> Iterator[_Row]:
    if "time" not in each.dims or "time" not in each.coords:
        raise UsageError(f"data holds no time; give {_FORMS}")
    time = np.asarray(each["time"].values, dtype=float)
    for name, variable in each.data_vars.items():
        if variable.dims == ("time",) and variable.dtype.kind in "fiu":
            said = str(variable.attrs.get("units", "")) or ("mV" if name == "V" else "")
            order = np.argsort(time, kind="stable")
            values = np.asarray(variable.values, dtype=float)
            yield _Row(label, str(name), said, time[order], values[order])


# ------------------------------------------------------------------------ where they belong


def _panel_of(row: _Row, panels: list[Panel]) -> int:
    """The panel with a line of that name, or else the first in such a unit."""
    by_name = [k for k, p in enumerate(panels) if row.name in {t.name for t in p.traces}]
    if by_name:
        return by_name[0]
    if not row.unit:
        return 0
    units = [spelled(panel.axis.unit) if panel.axis.unit else "1" for panel in panels]
    alike = [k for k, other in enumerate(units) if measures(other) == measures(row.unit)]
    if not alike:
        raise UsageError(
            f"data: {row.name!r} is in {row.unit!r}, which is the unit of no panel; they are in "
            f"{', '.join(dict.fromkeys(units))}"
        )
    return alike[0]


def _with(panel: Panel, row: _Row, shown: Picture, colour: str) -> Panel:
    """A panel with one more line, and room for it."""
    if not np.isfinite(row.values).any():
        raise UsageError(f"data: {row.name!r} holds no number")
    inside = (row.time >= shown.start) & (row.time <= shown.end)
    finite = inside & np.isfinite(row.values)
    if finite.sum() < 2:
        raise UsageError(
            f"data: fewer than two samples of {row.name!r} lie between {shown.start:g} and "
            f"{shown.end:g} ms; its times go from {np.min(row.time):g} to {np.max(row.time):g} ms. "
            "If they are in other units, say so: 'time (s)'"
        )
    values = row.values
    if row.unit and panel.axis.unit:
        try:
            values = convert(values, spelled(row.unit), spelled(panel.axis.unit))
        except UnitError:
            raise UsageError(
                f"data: {row.name!r} is in {row.unit!r}, and its panel in {panel.axis.unit}: give "
                "it in a unit of that kind (of a current or a conductance, for each area)"
            ) from None
    seen = values[finite]
    if not row.unit and panel.axis.unit == "mV":
        warn_of_volts({"data": float(seen[np.argmax(np.abs(seen))])})
    limits = panel.axis.limits
    low, high = padded(float(seen.min()), float(seen.max()))
    axis = replace(panel.axis, limits=(min(limits[0], low), max(limits[1], high)))
    own = panel.traces
    if len(own) == 1 and not own[0].label.text:
        own = (replace(own[0], label=Label(say("model"))),)
    line = Trace(f"data {row.label}", Label(row.label), row.time[inside], values[inside], colour)
    return replace(panel, axis=axis, traces=(*own, line))
