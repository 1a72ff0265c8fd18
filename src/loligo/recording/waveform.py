"""A waveform from a file: its times and its current, in the units that the file states."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from loligo.errors import FileError, UnitError
from loligo.recording import open as open_recording
from loligo.recording import table, xlsx
from loligo.recording.contents import check_readable, damage_reported
from loligo.recording.foreign import Measured, measured
from loligo.recording.stated import TIME, kind, known_names, measures, unit
from loligo.units import convert, dimension

if TYPE_CHECKING:
    import xarray

_CURRENTS = (dimension("uA/cm2"), dimension("nA"))
_WANTED = "a waveform is a column 'time (ms)' and one current, such as 'current (uA/cm2)'"


def read_waveform(path: Path) -> tuple[np.ndarray, np.ndarray, str]:
    """Times (ms), currents, and the unit of these where the file states one.

    A text table or a workbook has two columns, time first where they have no names; of a
    recording it is the injected current, or the only current there is.

    Raises
    ------
    FileError
        The file is not there, is something else, or states a unit that is not of a time or of a
        current.
    """
    check_readable(path)
    suffix = path.suffix.lower()
    if suffix in (".nc", ".npz"):
        return _of_recording(open_recording(path), path)
    with damage_reported(path, "a table"):
        rows = (xlsx if suffix == ".xlsx" else table).others(path)
        if rows is not None:
            return _of_columns(measured(rows, path), path)
    return _of_recording(open_recording(path), path)


def _of_columns(columns: Sequence[Measured], path: Path) -> tuple[np.ndarray, np.ndarray, str]:
    if not columns or not columns[0].values.size:
        raise FileError(f"{path} holds no samples; {_WANTED}")
    if not columns[0].name:
        return _without_names(columns, path)
    renamed = known_names([c.name for c in columns], {c.name: c.unit for c in columns})
    names = [renamed.get(c.name, c.name) for c in columns]
    if TIME not in names:
        heads = ", ".join(c.name for c in columns)
        raise FileError(f"{path} has the columns {heads[:200]}, and none is the time; {_WANTED}")
    time = columns[names.index(TIME)]
    others = [column for column in columns if column is not time]
    stated = [column for column in others if measures(column.unit) in _CURRENTS]
    unstated = [column for column in others if not column.unit]
    fitting = stated or unstated
    if len(fitting) != 1:
        heads = ", ".join(f"{c.name} ({c.unit or 'no unit'})" for c in others) or "none"
        raise FileError(f"{path} has besides the time: {heads[:200]}; {_WANTED}")
    return _in_ms(time, path), fitting[0].values, fitting[0].unit


def _without_names(columns: Sequence[Measured], path: Path) -> tuple[np.ndarray, np.ndarray, str]:
    if len(columns) != 2:
        raise FileError(
            f"{path} has {len(columns)} columns without names, and it takes two, time (ms) and "
            f"current; with names there may be more: {_WANTED}"
        )
    time, current = columns
    runs = [bool((np.diff(column.values) >= 0).all()) for column in columns]
    by_unit = [measures(column.unit) for column in columns]
    swapped = by_unit[0] in _CURRENTS or by_unit[1] == dimension("ms")
    if swapped or runs == [False, True]:
        raise FileError(
            f"{path} seems to have its columns swapped: the first is the time, and only the second "
            f"{'can be' if swapped else 'never goes back'}; swap them, or name them: {_WANTED}"
        )
    return _in_ms(time, path), _current(current, path), current.unit


def _in_ms(time: Measured, path: Path) -> np.ndarray:
    try:
        return convert(time.values, unit(time.unit), "ms") if time.unit else time.values
    except UnitError:
        raise FileError(
            f"{path}: its time is in {time.unit!r}, {kind(time.unit)}; {_WANTED}"
        ) from None


def _current(current: Measured, path: Path) -> np.ndarray:
    if current.unit and measures(current.unit) not in _CURRENTS:
        raise FileError(
            f"{path}: its current is in {current.unit!r}, {kind(current.unit)}; {_WANTED}"
        )
    return current.values


def _of_recording(rec: xarray.Dataset, path: Path) -> tuple[np.ndarray, np.ndarray, str]:
    """The injected current of a recording, or the only current along time."""
    found = [
        str(name)
        for name, variable in rec.data_vars.items()
        if variable.dims == (TIME,) and measures(str(variable.attrs.get("units", ""))) in _CURRENTS
    ]
    if "I_stim" in found or len(found) == 1:
        current = rec["I_stim" if "I_stim" in found else found[0]]
        return rec[TIME].values.astype(float), current.values.astype(float), current.attrs["units"]
    raise FileError(
        f"{path} is a recording with {len(found)} currents along time alone"
        f"{': ' + ', '.join(found)[:200] if found else ''}, and none is I_stim; {_WANTED}"
    )
