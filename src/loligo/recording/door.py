"""The one door for datasets, from files and from memory: whatever states a unit is converted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UnitError, UsageError
from loligo.recording.spikes import COUNT, TIMES
from loligo.recording.stated import HOUSE, LONGEST, kind, known_names, measures
from loligo.units import convert
from loligo.units.quantity import is_pint

if TYPE_CHECKING:
    import xarray

# What loligo itself computes with, and the unit in which it does.
MEANT = {
    "time": "ms", "V": "mV", "position": "um",
    "spike_time": "ms", "spike_peak": "mV", "spike_trough": "mV",
    "spike_uncounted_low": "mV", "spike_uncounted_high": "mV",
}  # fmt: skip


def welcome(rec: Any) -> xarray.Dataset:
    """A recording whose quantities are in loligo's units; itself, if they are already.

    Raises
    ------
    UsageError
        If it is no Dataset, or states a unit that cannot be that of the quantity.

    Examples
    --------
    >>> import xarray as xr
    >>> volts = xr.Dataset({"V": ("time", [-0.065, 0.03], {"units": "V"})},
    ...                    {"time": ("time", [0, 0.001], {"units": "s"})})
    >>> welcome(volts).V.values.tolist(), welcome(volts).time.values.tolist()
    ([-65.0, 30.0], [0.0, 1.0])
    """
    import xarray as xr

    if not isinstance(rec, xr.Dataset):
        raise UsageError(
            f"this needs a recording, as lo.simulate returns it, not a {type(rec).__name__}"
        )
    changed = {
        str(name): variable
        for name, old in rec.variables.items()
        if (variable := _converted(str(name), old, name in rec.coords)) is not old
    }
    if not changed:
        return rec
    coords = {name: v for name, v in changed.items() if name in rec.coords}
    others = {name: v for name, v in changed.items() if name not in coords}
    return rec.assign_coords(coords).assign(others)


def with_known_names(rec: xarray.Dataset) -> xarray.Dataset:
    """Another's dataset with the names ``time`` and ``V``, where it has others for them.

    What loligo made has them if there are any: its other numbers in ms or mV are something else.
    """
    if not _OURS.isdisjoint({*rec.attrs, *rec.variables}):
        return rec
    stated = {str(n): str(v.attrs.get("units", "")) for n, v in rec.variables.items()}
    numbers = {str(n) for n, v in rec.variables.items() if v.dtype.kind in "fiumM"}
    renamed = known_names([n for n in stated if n in numbers], stated)
    if not renamed:
        return rec
    long = {new: {"long_name": old, **rec[old].attrs} for old, new in renamed.items()}
    rec = rec.rename({old: new for old, new in renamed.items() if old in rec.variables})
    time = rec.variables.get("time")
    if "time" not in rec.dims and time is not None and time.ndim == 1:
        rec = rec.set_coords("time").swap_dims({time.dims[0]: "time"})
    for name, attrs in long.items():
        rec[name].attrs = attrs
    return rec


_OURS = {"loligo_version", "provenance", "experiment", COUNT, TIMES}


def _converted(name: str, variable: xarray.Variable, coord: bool) -> xarray.Variable:
    """A variable in the unit that is meant; itself where it is in it, or states none."""
    wanted = MEANT.get(name)
    attrs = variable.attrs
    data: Any = variable._data  # not read, where it lies in a store
    if is_pint(data):
        magnitude, said = np.asarray(data.magnitude), f"{data.units:~}"
    elif wanted == "ms" and variable.dtype.kind in "mM":
        return _from_dates(name, variable)
    else:
        magnitude, said = None, attrs.get("units")
    if magnitude is None and (said is None or said == wanted):
        return variable
    sampled = not coord and "time" in variable.dims
    to = wanted or (_house(said) if sampled else None)
    if magnitude is not None and to is None:
        to = str(said)
    if to is None or (to == said and magnitude is None):
        return variable
    new = _into(variable.values if magnitude is None else magnitude, said, to, name)
    limits = {key: _into(attrs[key], said, to, name) for key in _LIMITS if _plain(attrs, key)}
    return type(variable)(variable.dims, new, {**attrs, **limits, "units": to})


_LIMITS = ("rest",)  # attributes that are in the unit of the variable


def _plain(attrs: Mapping[Any, Any], key: str) -> bool:
    return isinstance(attrs.get(key), int | float)


def _house(said: Any) -> str | None:
    """The unit in which loligo holds what is measured in this one, if it is one of the usual."""
    if not isinstance(said, str) or said in _OWN:
        return None
    return HOUSE.get(measures(said))  # type: ignore[arg-type]


_OWN = frozenset({"1", "", *HOUSE.values()})


def _into(values: Any, said: Any, to: str, name: str) -> Any:
    if not isinstance(said, str) or len(said) > LONGEST:
        raise UsageError(f"'{name}' has the units {said!r:.60}; they must be text, such as {to!r}")
    if getattr(values, "dtype", np.dtype(float)).kind not in "fiu":
        return values  # what it holds instead of numbers is said elsewhere
    try:
        numbers = np.asarray(values, dtype=np.float64)
        converted = convert(numbers, said, to)
        return converted if numbers.ndim else float(converted)
    except UnitError:
        since = " since " in said
        what = "counted from a date" if since else f"in {said!r}, {kind(said)}"
        raise UsageError(f"'{name}' is {what}; it must be in {to}, or in what can be so") from None


def _from_dates(name: str, variable: xarray.Variable) -> xarray.Variable:
    if variable.dtype.kind == "M":
        raise UsageError(
            f"'{name}' holds dates; give the ms since the beginning, such as "
            f"(rec.{name} - rec.{name}[0]) / np.timedelta64(1, 'ms')"
        )
    values = variable.values / np.timedelta64(1, "ms")
    return type(variable)(variable.dims, values, {**variable.attrs, "units": "ms"})
