"""Recordings as text tables (CSV).

The file begins with comment lines that hold everything that is not a column::

    # loligo recording 1
    # sizes {"time": 1001, "event": 3}
    # attribute {"title": "squid axon"}
    # variable {"V": {"dims": ["time"], "attrs": {"units": "mV"}}}
    # variable {"spike_time": {"dims": ["event"], "values": [6.8, 21.4, 35.9], ...}}
    time (ms),V (mV),m,h,n
    0.0,-65.0,0.0529,0.596,0.317

One row per sample; with several cells one row per cell and sample, in long form, after a
column for each lane dimension. Without samples (``record=["spikes"]``) the rows are the
spikes. Numbers are written with as many digits as bring back every bit.
"""

from __future__ import annotations

import csv
import itertools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from loligo.errors import FileError
from loligo.recording.contents import (
    TIME,
    Contents,
    Variable,
    as_text,
    attributes,
    damage_reported,
    fits_in_memory,
    put_together,
    take_apart,
)
from loligo.recording.foreign import read_plain_table
from loligo.recording.spikes import EVENT

if TYPE_CHECKING:
    import xarray

_MADE_BY_LOLIGO = "# loligo recording "
_HEAD = f"{_MADE_BY_LOLIGO}1"
_MOST = 100_000_000  # numbers; as text about 2 GB, and minutes to write
_ROWS = 20_000  # rows turned into text at a time


def write(rec: xarray.Dataset, part: Path, path: Path) -> None:
    """Write ``rec`` to the file ``part``; ``path`` is the name for messages."""
    contents = take_apart(rec)
    table = _Table(contents)
    numbers = table.rows * max(len(table.columns), 1)
    if numbers > _MOST:
        raise FileError(
            f"{path}: a text table of {numbers:,} numbers is more than anyone can read; "
            "save as .nc or .npz, or record less"
        )
    with part.open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"{line}\n" for line in _notes(contents, table))
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.labels())
        for start in range(0, table.rows, _ROWS):
            rows = np.arange(start, min(start + _ROWS, table.rows))
            writer.writerows(zip(*table.text(rows), strict=True))


class _Table:
    """The columns of a recording: lane labels first, then what runs along the rows."""

    def __init__(self, contents: Contents) -> None:
        variables = contents.variables
        self.contents = contents
        self.axis = TIME if any(TIME in v.dims for v in variables.values()) else EVENT
        self.sizes = contents.sizes
        self.columns = sorted(
            (n for n, v in variables.items() if self.axis in v.dims),
            key=lambda name: name != self.axis,
        )
        used = {dim for name in self.columns for dim in variables[name].dims}
        self.lanes = _in_order(
            (dim for name in self.columns for dim in variables[name].dims), used - {self.axis}
        )
        if self.axis == EVENT and "spike_count" in variables:
            self.lanes = list(variables["spike_count"].dims)
        self.shape = [self.sizes[dim] for dim in (*self.lanes, self.axis)]
        self.rows = self.sizes.get(EVENT, 0) if self.axis == EVENT else math.prod(self.shape)

    def labels(self) -> list[str]:
        """The column names, each with its unit."""
        variables = self.contents.variables
        return [
            _label(name, variables[name].attrs if name in variables else {})
            for name in (*self.lanes, *self.columns)
        ]

    def text(self, rows: np.ndarray) -> list[list[str]]:
        """These rows, column by column, as text that brings back every bit."""
        at = self.where(rows)
        variables = [self.contents.variables[name] for name in self.columns]
        return self.lane_text(rows) + [
            _text(v.values[tuple(at[dim] for dim in v.dims)]) for v in variables
        ]

    def lane_text(self, rows: np.ndarray) -> list[list[str]]:
        """The columns that say which cell each of these rows belongs to."""
        at = self.where(rows)
        return [_text(self._lane_labels(dim)[at[dim]]) for dim in self.lanes]

    def where(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The index along every dimension, for each of these rows."""
        if self.axis == TIME:
            names = (*self.lanes, TIME)
            return dict(zip(names, np.unravel_index(rows, self.shape), strict=True))
        count = self.contents.variables.get("spike_count")
        if count is None:
            return {EVENT: rows}
        lane = np.searchsorted(np.cumsum(count.values.ravel()), rows, side="right")
        index = np.unravel_index(lane, count.values.shape)
        return {EVENT: rows, **dict(zip(count.dims, index, strict=True))}

    def _lane_labels(self, dim: str) -> np.ndarray:
        variable = self.contents.variables.get(dim)
        own = variable is not None and variable.dims == (dim,)
        return variable.values if variable is not None and own else np.arange(self.sizes[dim])


def _in_order(names: Iterable[str], wanted: set[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name in wanted]


def _label(name: str, attrs: Mapping[str, object]) -> str:
    unit = attrs.get("units", "1")
    return name if unit in ("", "1") else f"{name} ({unit})"


def _text(values: np.ndarray) -> list[str]:
    items = values.tolist()
    return items if values.dtype.kind == "U" else [repr(item) for item in items]


def _notes(contents: Contents, table: _Table) -> Iterator[str]:
    """The comment lines: everything that is not a column."""
    yield _HEAD
    yield f"# sizes {_json(contents.sizes)}"
    for name, value in contents.attrs.items():
        yield f"# attribute {_json({name: value})}"
    for name, variable in contents.variables.items():
        about: dict[str, object] = {"dims": variable.dims, "attrs": variable.attrs}
        about |= {"dtype": str(variable.values.dtype)}
        about |= {"coord": True} if variable.coord else {}
        if name not in table.columns or not table.rows:  # with no rows, no column tells it
            about["values"] = variable.values.ravel().tolist()
        yield f"# variable {_json({name: about})}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=as_text)


# Reading -----------------------------------------------------------------------------


def read(path: Path) -> xarray.Dataset:
    """Read the text table ``path``."""
    with damage_reported(path, "a text table"), path.open("rb") as raw:
        if b"\0" in raw.peek(1024)[:1024]:  # type: ignore[attr-defined]
            raise FileError(f"{path} is not a text table, whatever its name says")
        with _as_text(raw, path) as file:
            notes, header = _read_notes(file)
            if not notes or not notes[0].startswith(_MADE_BY_LOLIGO):
                return put_together(read_plain_table(file, header, path))
            if notes[0] != _HEAD:
                raise ValueError("it was written by a later version of loligo; update loligo")
            return put_together(_read_own(file, notes[1:], header, path))


def _as_text(raw: IO[bytes], path: Path) -> TextIOWrapper:
    return TextIOWrapper(raw, encoding="utf-8-sig", newline="")  # spreadsheets put a mark first


def _read_notes(file: TextIOWrapper) -> tuple[list[str], str]:
    """The comment lines, and the line of column names after them."""
    notes: list[str] = []
    for line in file:
        line = line.rstrip("\r\n")
        if line and not line.startswith("#"):
            return notes, line
        notes.append(line)
    raise ValueError("there is no line with column names")


def _read_own(file: TextIOWrapper, notes: list[str], header: str, path: Path) -> Contents:
    said = _parse_notes(notes)
    sizes = {str(dim): int(size) for dim, size in said["sizes"].items()}
    fits_in_memory(sum(_bytes(about, sizes) for about in said["variable"].values()), path)
    contents = Contents(
        attributes(said["attribute"], "the recording"),
        {name: _announced(name, about, sizes) for name, about in said["variable"].items()},
    )
    table = _Table(contents)
    if next(csv.reader([header])) != table.labels():
        raise ValueError("the columns are not those that its comment lines announce")
    _read_rows(file, table)
    return contents


def _parse_notes(notes: list[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {"sizes": {}, "attribute": {}, "variable": {}}
    for line in notes:
        kind, _, value = line.removeprefix("# ").partition(" ")
        if kind in found:  # a person may have added comments of their own
            found[kind].update(json.loads(value))
    return found


def _bytes(about: Mapping[str, Any], sizes: Mapping[str, int]) -> int:
    shape = [sizes[dim] for dim in about["dims"]]
    if any(n < 0 for n in shape):
        raise ValueError("a negative size")
    return math.prod(shape) * _dtype(about).itemsize


def _dtype(about: Mapping[str, Any]) -> np.dtype:
    dtype = np.dtype(str(about["dtype"]))
    if dtype.kind not in "fiubU":
        raise ValueError(f"no such type of numbers: {dtype}")
    return dtype


def _announced(name: str, about: Mapping[str, Any], sizes: Mapping[str, int]) -> Variable:
    """A variable as its comment line describes it; a column is still to be filled in."""
    shape = [sizes[dim] for dim in about["dims"]]
    values = np.zeros(shape, _dtype(about))
    if "values" in about:
        values = np.array(about["values"], values.dtype).reshape(shape)
    coord = bool(about.get("coord", False))
    return Variable(tuple(about["dims"]), values, attributes(about["attrs"], name), coord)


def _read_rows(file: TextIOWrapper, table: _Table) -> None:
    """Fill the table's columns; every row must be whole and in its old place."""
    reader, done = filter(None, csv.reader(file)), 0
    while chunk := list(itertools.islice(reader, _ROWS)):
        rows = np.arange(done, done + len(chunk))
        done += len(chunk)
        if done > table.rows:
            raise ValueError(f"it has more than the {table.rows} rows that it announces")
        _fill(table, rows, chunk)
    if done < table.rows:
        raise ValueError(f"it has {done} of {table.rows} rows")


def _fill(table: _Table, rows: np.ndarray, chunk: list[list[str]]) -> None:
    width = len(table.lanes) + len(table.columns)
    for row, cells in zip(rows, chunk, strict=True):
        if len(cells) != width:
            raise ValueError(f"row {row + 1} has {len(cells)} of {width} columns")
    columns = [list(column) for column in zip(*chunk, strict=True)]
    labels = table.lane_text(rows)
    if columns[: len(labels)] != labels:
        raise ValueError("its rows were sorted or edited: the cells are not in their old places")
    at = table.where(rows)
    for name, column in zip(table.columns, columns[len(labels) :], strict=True):
        variable = table.contents.variables[name]
        values = list(map(_READ[variable.values.dtype.kind], column))
        variable.values[tuple(at[dim] for dim in variable.dims)] = values


_READ: dict[str, Callable[[str], object]] = {
    "f": float,
    "i": int,
    "u": int,
    "b": "True".__eq__,
    "U": str,
}
