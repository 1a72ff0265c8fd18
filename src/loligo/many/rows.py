"""The rows of a table as lanes: a column for each parameter, a cell in each row."""

from __future__ import annotations

import numbers
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from loligo.errors import FileError, UnitError, UsageError
from loligo.files import named
from loligo.many.lanes import LANE, Column, checked, in_lanes, put, unit_of
from loligo.recording.cells import Rows
from loligo.recording.contents import check_readable, damage_reported
from loligo.recording.foreign import measured
from loligo.recording.stated import label
from loligo.recording.table import others as text_rows
from loligo.recording.xlsx import others as sheet_rows
from loligo.units import spelled

_READ = {".csv": text_rows, ".tsv": text_rows, ".txt": text_rows, ".dat": text_rows,
         ".xlsx": sheet_rows}  # fmt: skip
_CALL = "lo.rows(table)"
_BRACKETED = re.compile(r"[^()\[\]]+[(\[](.*)[)\]]")


def rows(table: Any, model: Any = None) -> Any:
    """The rows of a table as lanes: columns are called as parameters are, each row is a cell.

    Parameters
    ----------
    table : DataFrame, mapping of columns, or path
        Of pandas (or what has ``columns`` like it), or a ``.csv`` (``.tsv``, ``.txt``, ``.dat``) or
        ``.xlsx`` file whose first line has the names. A name may say its unit, as in
        ``g_Na (mS/cm2)``; without it is the parameter's own. A column ``lane``, or the index of a
        DataFrame that is not just numbered, labels the lanes.
    model : Membrane or Axon, optional
        Into which the columns are put. Without, the columns themselves come back, to be put
        wherever a number goes.

    Returns
    -------
    Membrane, Axon or xarray.Dataset
        The model with arrays along ``lane`` for these parameters; without a model a dataset of
        the columns.

    Raises
    ------
    UsageError
        A column is not one of the model's parameters (the nearest are offered), is no row of
        numbers, or a number is missing; the message says which, and in which row.
    FileError
        The file is not there, or is no table.
    UnitError
        A column is in a unit of something else.

    Examples
    --------
    >>> import loligo as lo
    >>> import pandas as pd
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> found = pd.DataFrame({"g_Na (mS/cm2)": [100, 120, 140], "g_K": [30, 36, 40]})
    >>> rec = lo.simulate(lo.rows(found, squid), lo.Step(5, 10), 50)
    >>> rec.spike_count.values.tolist()
    [4, 3, 3]

    With numbers of the stimulus among the columns:

    >>> lanes = lo.rows({"g_Na": [100, 120], "amplitude": [5, 10]})
    >>> rec = lo.simulate(squid.replace(g_Na=lanes.g_Na), lo.Pulse(5, 40, lanes.amplitude), 50)
    >>> rec.amplitude.values.tolist()
    [5.0, 10.0]
    """
    model = checked(model, "lo.rows")
    if isinstance(table, str | os.PathLike):
        path = named(table)
        where, (columns, labels) = str(path), _of_file(path)
    else:
        where, (columns, labels) = "the table", _of_columns(table)
    if not columns:
        raise UsageError(f"{where} has no column of numbers")
    if model is not None:
        for name in columns:
            _known(model, name, where)
    lanes = in_lanes(columns, labels)
    return lanes if model is None else put(model, lanes, where)


def _known(model: Any, name: str, where: str) -> None:
    try:
        unit_of(model, name, _CALL)
    except UsageError as problem:
        bracketed = _BRACKETED.fullmatch(name)  # had the unit been one, it would not stand here
        said = f"{bracketed[1]!r:.40} is no unit" if bracketed else problem
        raise UsageError(f"{where}, column {name!r:.60}: {said}") from None


def _of_file(path: Path) -> tuple[dict[str, Column], Any]:
    reader = _READ.get(path.suffix.lower())
    if reader is None:
        raise FileError(f"{path}: a table of cells is a {', '.join(_READ)} file")
    check_readable(path)
    with damage_reported(path, "a table"):
        found: Rows | None = reader(path)
        if found is None:
            raise FileError(
                f"{path} is a recording of loligo's, and no table of cells, a row each; open it "
                "with lo.open"
            )
        read = measured(found, path, alone=True)
    if not read or not read[0].name:
        raise FileError(
            f"{path} is no table of cells: its first line must name the columns, such as g_Na"
        )
    columns = {c.name: Column(_whole(c.values, c.name, str(path)), c.unit) for c in read}
    labels = columns.pop(LANE, None)
    own = None if labels is None else _labels(labels.values, str(path))
    return _checked(columns, str(path)), own


def _of_columns(table: Any) -> tuple[dict[str, Column], Any]:
    where = "the table"
    columns: dict[str, Column] = {}
    index = getattr(table, "index", None)  # of a DataFrame; a RangeIndex only counts
    counted = index is None or callable(index) or type(index).__name__ == "RangeIndex"
    labels = None if counted else _labels(np.asarray(index), where)
    for head, values in _heads(table):
        if not isinstance(head, str):
            raise UsageError(f"{where}: a column is called {head!r:.60}, which is no name")
        name, said = label(head)
        if name in columns:
            raise UsageError(f"{where}: two columns are called {name!r:.60}")
        if name == LANE:
            labels = _labels(np.asarray(values), where)
        else:
            columns[name] = Column(_numbers(values, name, where), said)
    return _checked(columns, where), labels


def _heads(table: Any) -> Iterator[tuple[Any, Any]]:
    """The columns of whatever has them by name."""
    if isinstance(table, Mapping):
        yield from table.items()
        return
    names = getattr(table, "columns", None)
    if names is None:
        raise UsageError(
            f"lo.rows takes a DataFrame, a mapping of columns or a file, not {table!r:.60}"
        )
    names = list(names)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"the table: two columns are called {twice!r:.60}")
    for name in names:
        yield name, table[name]


def _numbers(values: Any, name: str, where: str) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 1:
        raise UsageError(f"{where}: {name} has {array.ndim} dimensions; a column has one")
    if array.dtype.kind not in "iuf":  # pandas' numbers with gaps, or anything
        array = _of_objects(np.asarray(values, dtype=object), name, where)
    return _whole(array.astype(float), name, where)


def _of_objects(array: np.ndarray, name: str, where: str) -> np.ndarray:
    floats = np.full(array.size, np.nan)
    for row, value in enumerate(array.tolist(), 1):
        if isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_):
            floats[row - 1] = float(value)
        elif value is not None and type(value).__name__ != "NAType":  # pandas' missing number
            raise UsageError(f"{where}: {name} in row {row} is {value!r:.60}, not a number")
    return floats


def _whole(values: np.ndarray, name: str, where: str) -> np.ndarray:
    """A column in which no number is missing."""
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        what = "missing" if np.isnan(values[bad[0]]) else f"{values[bad[0]]:g}"
        more = f" (and {bad.size - 1} more)" if bad.size > 1 else ""
        raise UsageError(
            f"{where}: {name} in row {bad[0] + 1}{more} is {what}; give every cell a number, or "
            "leave its row out"
        )
    return values


def _checked(columns: dict[str, Column], where: str) -> dict[str, Column]:
    """Columns of one length, in units that there are."""
    sizes = {column.values.size for column in columns.values()}
    if len(sizes) > 1:
        told = ", ".join(f"{name} {column.values.size}" for name, column in columns.items())
        raise UsageError(f"{where}: its columns differ in length: {told:.200}")
    if sizes == {0}:
        raise UsageError(f"{where} has no row")
    for name, column in columns.items():
        try:
            columns[name] = Column(column.values, spelled(column.unit) if column.unit else "")
        except UnitError as problem:
            raise UnitError(f"{where}, column {name}: {problem}") from None
    return columns


def _labels(values: np.ndarray, where: str) -> np.ndarray:
    if np.unique(values.astype(str)).size < values.size:
        raise UsageError(f"{where}: two lanes have the same label; give each one of its own")
    whole = values.dtype.kind == "f" and bool((values == np.round(values)).all())
    return values.astype(int) if whole else values
