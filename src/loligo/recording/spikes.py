"""How spikes lie in a recording: padded, a row for each lane; in files all in one row.

In memory they lie over (lanes…, ``spike``), so that whatever xarray does to the lanes it does to
their spikes. Padding takes as much for every lane as for the one that fires most: where that is
large, and in files, the spikes lie one after the other over ``event``, lane by lane (C order), and
``spike_count`` says how many are whose: "contiguous ragged arrays" of the CF conventions
(https://cfconventions.org, section 9.3.3).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.crew import on_all_cores, stretches
from loligo.errors import UsageError
from loligo.lanes import Floats, Integers
from loligo.memory import available, spell

if TYPE_CHECKING:
    import xarray

SPIKE, EVENT = "spike", "event"
COUNT, TIMES, LANE = "spike_count", "spike_time", "spike_lane"
OF_EACH = (TIMES, "spike_peak", "spike_trough")  # what is told of each spike

# Above both, spikes are not padded: bytes, and times the bytes of the spikes themselves.
_LARGE, _LARGER = 256e6, 4
_AT_ONCE = 1 << 15  # lanes whose spikes are put into a table together

# Attributes that only files have: CF's, of the counts; and ours, the dimensions where they are not
# those of the counts and ``spike``.
_SAMPLES, _DIMS = "sample_dimension", "loligo_dims"

_NUMBER = {"units": "1", "long_name": "number of the spike, from 0"}
_WHOSE = {"units": "1", "long_name": "whose spike: lanes counted from 0, the last dimension first"}


def laid_out(
    dims: tuple[str, ...],
    shape: tuple[int, ...],
    lane: Integers,
    count: Integers,
    told: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The variables and the coordinates of spikes.

    Parameters
    ----------
    dims, shape
        Of the lanes.
    lane : (spikes,)
        Whose each spike is, increasing.
    count : (lanes,)
        How many each has.
    told
        Name -> a number for each spike, and attributes.
    """
    # one place at least: a dimension without length would take all rows of a table with it
    places = max(int(count.max(initial=0)), 1)
    if _stays(count.size * places, lane.size, len(told)):
        rows = {name: (EVENT, values, attrs) for name, (values, attrs) in told.items()}
        return {**rows, LANE: (EVENT, lane, dict(_WHOSE))}, {}
    tables = tabled(count, [values for values, _ in told.values()], places)
    variables = {
        name: ((*dims, SPIKE), table.reshape(*shape, places), attrs)
        for table, (name, (_, attrs)) in zip(tables, told.items(), strict=True)
    }
    return variables, {SPIKE: (SPIKE, np.arange(places), dict(_NUMBER))}


def padded(lane: Integers, values: Floats, lanes: int, places: int | None = None) -> Floats:
    """One value for each spike as (lanes, places), NaN where a lane has fewer spikes; as many
    places as the lane has that fires most, if not given. ``lane`` increases."""
    count = np.bincount(lane, minlength=lanes)
    return tabled(count, [values], int(count.max(initial=0)) if places is None else places)[0]


def tabled(count: Integers, rows: Sequence[Floats], places: int) -> list[Floats]:
    """Several values for each spike, lane by lane, each as (lanes, places)."""
    _check_room(count.size, places)
    if (count == places).all():
        return [values.reshape(count.size, places) for values in rows]
    ends = np.cumsum(count)
    tables = [np.empty((count.size, places)) for _ in rows]

    def fill(some: slice) -> None:
        first = some.start
        there = np.arange(places) < count[some, None]
        own = slice(int(ends[first] - count[first]), int(ends[some][-1]))
        for table, values in zip(tables, rows, strict=True):
            table[some] = np.nan
            table[some][there] = values[own]

    on_all_cores(fill, stretches(count.size, _AT_ONCE))  # gigabytes, of a million lanes
    return tables


def _check_room(lanes: int, places: int) -> None:
    """Refuse a table that does not fit, though the spikes themselves do."""
    needed = 8 * lanes * places
    free = available() if needed > _LARGE else None
    if free is not None and needed > free:
        raise UsageError(
            f"a table of the spikes, {lanes:,} cells × {places:,} places, would take "
            f"{spell(needed)}; take them as they lie in the recording, in one row along "
            f"'{EVENT}', with {LANE} to say whose they are"
        )


def _most(lane: Integers, lanes: int) -> int:
    return int(np.bincount(lane, minlength=lanes).max(initial=0))


def _stays(places: int, spikes: int, variables: int) -> bool:
    """Whether spikes stay in one row."""
    return 8 * places * variables > _LARGE and places > _LARGER * spikes


def lane_of(count: Any) -> Integers:
    """Whose each spike is, where they lie in one row."""
    counts = np.maximum(np.ravel(count), 0).astype(np.int64)  # a lane that was lost has -1
    return np.repeat(np.arange(counts.size), counts)


# Into files and out of them ---------------------------------------------------------------------


def in_one_row(rec: xarray.Dataset) -> xarray.Dataset:
    """The recording as files hold it; unchanged where its spikes are not laid out as by a run."""
    count = rec.variables.get(COUNT)
    if count is None:
        return rec
    told = _in_rows(rec, count) if SPIKE in rec.variables else _rows(rec)
    if TIMES not in told:
        return rec
    counted = count.copy(deep=False)
    counted.attrs = {**count.attrs, _SAMPLES: EVENT}
    return rec.drop_vars(LANE, errors="ignore").assign({**told, COUNT: counted})


def _rows(rec: xarray.Dataset) -> dict[str, Any]:
    return {n: rec.variables[n] for n in OF_EACH if n in rec and rec[n].dims == (EVENT,)}


def _in_rows(rec: xarray.Dataset, count: xarray.Variable) -> dict[str, Any]:
    """Padded spikes in one row; nothing if that could not be undone."""
    usual = (*count.dims, SPIKE)
    told = {n: rec.variables[n] for n in OF_EACH if n in rec.variables}
    if any(set(v.dims) != set(usual) or v.dtype.kind != "f" for v in told.values()):
        return {}
    tables = {name: variable.transpose(*usual).values for name, variable in told.items()}
    there = ~np.isnan(tables.get(TIMES, np.empty(0)))
    if TIMES not in told or EVENT in rec.dims or not _as_counted(there, count.values):
        return {}
    if any((~np.isnan(table) & ~there).any() for table in tables.values()):
        return {}
    rows = {}
    for name, variable in told.items():
        attrs = dict(variable.attrs)
        if variable.dims != usual:
            attrs[_DIMS] = json.dumps(variable.dims)
        rows[name] = (EVENT, tables[name][there], attrs)
    return rows


def _as_counted(there: np.ndarray, count: np.ndarray) -> bool:
    """Whether each lane's spikes stand at its beginning, and are as many as were counted."""
    if count.dtype.kind not in "iu" or (there[..., 1:] & ~there[..., :-1]).any():
        return False
    return bool((there.sum(axis=-1) == np.maximum(count, 0)).all())


def in_lanes(rec: xarray.Dataset) -> xarray.Dataset:
    """A recording as it came from a file, of any version, with its spikes as in memory.

    Its counts must be those of its spikes. It is used up: each row of spikes is given up once its
    table is there, for there may be many.
    """
    told = _rows(rec)
    if COUNT not in rec.variables or TIMES not in told:
        return rec
    count = rec.variables[COUNT].copy(deep=False)
    count.attrs = {name: value for name, value in count.attrs.items() if name != _SAMPLES}
    lane = lane_of(count.values)
    given, rec = rec, rec.drop_vars(LANE, errors="ignore").assign({COUNT: count})
    places = rec.sizes.get(SPIKE) or max(_most(lane, count.size), 1)
    if _stays(count.size * places, lane.size, len(told)):
        return rec.drop_vars(SPIKE, errors="ignore").assign({LANE: (EVENT, lane, dict(_WHOSE))})
    tables: dict[str, Any] = {}
    for name in list(told):
        tables[name] = _table(told.pop(name), count, lane, places)
        for held in (given, rec):
            del held[name]
    if SPIKE in rec.variables:
        return rec.assign(tables)
    return rec.assign(tables).assign_coords({SPIKE: (SPIKE, np.arange(places), dict(_NUMBER))})


def _table(variable: Any, count: xarray.Variable, lane: Integers, places: int) -> Any:
    import xarray as xr

    attrs = dict(variable.attrs)
    usual = (*count.dims, SPIKE)
    dims = tuple(json.loads(attrs.pop(_DIMS))) if _DIMS in attrs else usual
    table = padded(lane, variable.values, count.size, places).astype(variable.dtype, copy=False)
    return xr.Variable(usual, table.reshape(*count.shape, places), attrs).transpose(*dims)
