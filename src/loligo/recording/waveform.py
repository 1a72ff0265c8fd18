"""A waveform from a file: its times and its samples, in the units that the file states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from loligo.errors import FileError, UnitError
from loligo.recording import open as open_recording
from loligo.recording import table, xlsx
from loligo.recording.contents import check_readable, damage_reported
from loligo.recording.foreign import Measured, measured
from loligo.recording.stated import TIME, known_names, measures
from loligo.recording.stated import kind as what
from loligo.units import convert, dimension

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Kind:
    """What the samples of a waveform are.

    Attributes
    ----------
    units
        It is in one of these kinds of unit.
    called
        In words.
    recorded
        How it is called in a recording, where there are several.
    """

    units: tuple[str, ...]
    called: str
    recorded: str

    @property
    def wanted(self) -> str:
        return (
            f"a waveform is a column 'time (ms)' and one {self.called}, such as "
            f"'{self.called} ({self.units[0]})'"
        )

    def is_of(self, unit_text: str) -> bool:
        """Whether a unit is one of its."""
        return any(measures(unit_text) == dimension(unit) for unit in self.units)


CURRENT = Kind(("uA/cm2", "nA"), "current", "I_stim")
COMMAND = Kind(("mV",), "voltage", "V")
OPENED = Kind(("mS/cm2", "uS"), "conductance", "")


def read_waveform(path: Path, kind: Kind = CURRENT) -> tuple[np.ndarray, np.ndarray, str]:
    """Times (ms), samples, and the unit of these where the file states one.

    A text table or a workbook has two columns, time first where they have no names; of a
    recording it is the injected current, or the only current there is (of a voltage V).

    Raises
    ------
    FileError
        The file is not there, is something else, or states a unit that is not of a time or of
        such samples.
    """
    check_readable(path)
    suffix = path.suffix.lower()
    if suffix in (".nc", ".npz"):
        return _of_recording(open_recording(path), path, kind)
    with damage_reported(path, "a table"):
        rows = (xlsx if suffix == ".xlsx" else table).others(path)
        if rows is not None:
            return _of_columns(measured(rows, path), path, kind)
    return _of_recording(open_recording(path), path, kind)


def _of_columns(
    columns: Sequence[Measured], path: Path, kind: Kind
) -> tuple[np.ndarray, np.ndarray, str]:
    if not columns or not columns[0].values.size:
        raise FileError(f"{path} holds no samples; {kind.wanted}")
    if not columns[0].name:
        return _without_names(columns, path, kind)
    renamed = known_names([c.name for c in columns], {c.name: c.unit for c in columns})
    names = [renamed.get(c.name, c.name) for c in columns]
    if TIME not in names:
        heads = ", ".join(c.name for c in columns)
        raise FileError(
            f"{path} has the columns {heads[:200]}, and none is the time; {kind.wanted}"
        )
    time = columns[names.index(TIME)]
    others = [column for column in columns if column is not time]
    stated = [column for column in others if kind.is_of(column.unit)]
    unstated = [column for column in others if not column.unit]
    fitting = stated or unstated
    if len(fitting) != 1:
        heads = ", ".join(f"{c.name} ({c.unit or 'no unit'})" for c in others) or "none"
        raise FileError(f"{path} has besides the time: {heads[:200]}; {kind.wanted}")
    return _in_ms(time, path, kind), fitting[0].values, fitting[0].unit


def _without_names(
    columns: Sequence[Measured], path: Path, kind: Kind
) -> tuple[np.ndarray, np.ndarray, str]:
    if len(columns) != 2:
        raise FileError(
            f"{path} has {len(columns)} columns without names, and it takes two, time (ms) and "
            f"{kind.called}; with names there may be more: {kind.wanted}"
        )
    time, current = columns
    runs = [bool((np.diff(column.values) >= 0).all()) for column in columns]
    swapped = kind.is_of(columns[0].unit) or measures(columns[1].unit) == dimension("ms")
    if swapped or runs == [False, True]:
        raise FileError(
            f"{path} seems to have its columns swapped: the first is the time, and only the second "
            f"{'can be' if swapped else 'never goes back'}; swap them, or name them: {kind.wanted}"
        )
    return _in_ms(time, path, kind), _samples(current, path, kind), current.unit


def _in_ms(time: Measured, path: Path, kind: Kind) -> np.ndarray:
    try:
        return convert(time.values, time.unit, "ms") if time.unit else time.values
    except UnitError:
        raise FileError(
            f"{path}: its time is in {time.unit!r}, {what(time.unit)}; {kind.wanted}"
        ) from None


def _samples(current: Measured, path: Path, kind: Kind) -> np.ndarray:
    if current.unit and not kind.is_of(current.unit):
        raise FileError(
            f"{path}: its {kind.called} is in {current.unit!r}, {what(current.unit)}; {kind.wanted}"
        )
    return current.values


def _of_recording(
    rec: xarray.Dataset, path: Path, kind: Kind
) -> tuple[np.ndarray, np.ndarray, str]:
    """The injected current of a recording, or the only current along time."""
    found = [
        str(name)
        for name, variable in rec.data_vars.items()
        if variable.dims == (TIME,) and kind.is_of(str(variable.attrs.get("units", "")))
    ]
    if kind.recorded in found or len(found) == 1:
        current = rec[kind.recorded if kind.recorded in found else found[0]]
        return rec[TIME].values.astype(float), current.values.astype(float), current.attrs["units"]
    none = f"none is {kind.recorded}" if kind.recorded else "there should be one"
    raise FileError(
        f"{path} is a recording with {len(found)} {kind.called}s along time alone"
        f"{': ' + ', '.join(found)[:200] if found else ''}, and {none}; {kind.wanted}"
    )
