"""Tables that loligo did not write: their own names, units and separators; what is meant is found
out, and what cannot be is refused."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from loligo.errors import FileError, UnitError
from loligo.recording.cells import MOST_COLUMNS, Rows, is_number, number, plainly
from loligo.recording.contents import Contents, Variable, fits_in_memory, put_together
from loligo.recording.stated import HOUSE, TIME, known_names, label, measures
from loligo.units import convert

if TYPE_CHECKING:
    import xarray

_CHUNK = 200_000  # cells at a time
_NO_UNIT = ("", "1", "-")
_LONGEST = 400  # characters of a number with its unit


@dataclass(frozen=True, eq=False)
class Measured:
    """A column of numbers.

    Attributes
    ----------
    name
        As its head has it; "" where the table has no line of names.
    unit
        As it is stated, "" where none is.
    """

    name: str
    unit: str
    values: np.ndarray


def recording_of(table: Rows, path: Path) -> xarray.Dataset:
    """One cell's samples: numbers under a line of names, ``time (ms)`` among them."""
    columns = measured(table, path)
    if not columns or not columns[0].name:
        raise FileError(
            f"{path} does not hold a recording: its first line must name the columns, one of them "
            f"'time (ms)', but it {'is empty' if not columns else 'holds numbers'}"
        )
    if not columns[0].values.size:
        raise FileError(f"{path} does not hold a recording: below its names there are no numbers")
    renamed = known_names([c.name for c in columns], {c.name: c.unit for c in columns})
    names = [renamed.get(c.name, c.name) for c in columns]
    if TIME not in names:
        heads = ", ".join(c.name for c in columns)
        raise FileError(
            f"{path} does not hold a recording: one of its columns must be 'time (ms)', and they "
            f"are: {heads[:200]}"
        )
    variables: dict[str, Variable] = {}
    for name, column in zip(names, columns, strict=True):
        attrs = {"units": column.unit} if column.unit else {}
        attrs |= {"long_name": column.name} if name != column.name else {}
        variables[name] = Variable((TIME,), column.values, attrs, name == TIME)
    return put_together(Contents({}, variables))


def measured(table: Rows, path: Path, alone: bool = False) -> list[Measured]:
    """The columns of a table, with names and units as far as it states them.

    Parameters
    ----------
    alone
        Whether it may have one column alone of any name; text that is no table looks like that.

    Raises
    ------
    FileError
        A cell holds no number, a row is too short or too long, or a name stands twice.
    """
    first = next(table, None)
    if first is None:
        return []
    named = not all(map(is_number, first))
    heads = [_head(text) for text in first] if named else [("", "")] * len(first)
    counted = named and len(heads) > 1 and not first[0].strip()
    usual = alone or len(heads) > 1 or heads[0][0] == TIME or known_names([heads[0][0]])
    if named and not usual:
        raise FileError(f"{path} is no table of numbers: its first line is {first[0][:60]!r}")
    while len(heads) > 1 and named and not heads[-1][0]:  # a spreadsheet's empty last columns
        heads.pop()
    _check_names([name for name, _ in heads[counted:]], named, path)
    ahead = [] if named else [first]
    second = next(table, None)
    if second is not None:
        if named and _are_units(second, len(heads)):
            below = [text.strip(" ()[]") for text in second]
            heads = [(n, said or b) for (n, said), b in zip(heads, below, strict=False)]
        else:
            ahead.append(second)
    columns = _numbers(itertools.chain(ahead, table), heads, path)
    return _without_numbering(columns, path) if counted else columns


def _without_numbering(columns: list[Measured], path: Path) -> list[Measured]:
    """Without the first column, whose head is empty: pandas numbers rows so."""
    numbers = columns[0].values
    if np.any(numbers != np.round(numbers)) or np.any(np.diff(numbers) != 1):
        raise FileError(
            f"{path} does not hold a recording: its first column has no name; if it is time, write "
            "time (ms) above it"
        )
    return columns[1:]


def _head(text: str) -> tuple[str, str]:
    """Name and unit; a head may be the unit alone."""
    name, said = label(text)
    if not said and len(name) > 1 and measures(name) in HOUSE:
        return name, name
    return name, said


def _check_names(names: Sequence[str], named: bool, path: Path) -> None:
    if len(names) > MOST_COLUMNS:
        raise FileError(f"{path} has {len(names):,} columns: more than any table has")
    seen: set[str] = set()
    for name in names if named else ():
        if not name or name in seen:
            what = f"two columns are called {name[:60]!r}" if name else "a column has no name"
            raise FileError(f"{path} is no table: {what}")
        seen.add(name)


def _are_units(row: Sequence[str], width: int) -> bool:
    """Whether a row below the names has the units: ``ms``, ``[mV]`` or nothing."""
    cells = [text.strip(" ()[]") for text in row]
    known = [text in _NO_UNIT or measures(text) is not None for text in cells]
    told = [measures(text) for text in cells if text not in _NO_UNIT]  # a row of ones is numbers
    return len(row) >= width and all(known) and any(told)


# Numbers ------------------------------------------------------------------------------------


def _numbers(table: Rows, heads: list[tuple[str, str]], path: Path) -> list[Measured]:
    readers = [_Reader(n or f"column {i}", said, path) for i, (n, said) in enumerate(heads, 1)]
    many, done = max(1, _CHUNK // len(heads)), 0
    table = _even(table, len(heads), path)
    while chunk := list(itertools.islice(table, many)):
        for i, reader in enumerate(readers):
            reader.read([cells[i] for cells in chunk], done)
        done += len(chunk)
        fits_in_memory(16 * len(heads) * many, path)
    return [
        Measured(name, reader.unit, reader.values())
        for (name, _), reader in zip(heads, readers, strict=True)
    ]


def _even(table: Rows, width: int, path: Path) -> Rows:
    """Rows of one width; empty cells that a spreadsheet added are left away."""
    for row, cells in enumerate(table, 1):
        if len(cells) < width or any(text.strip() for text in cells[width:]):
            raise FileError(f"{path}: row {row} has {len(cells)} columns, not {width}")
        yield cells[:width]


class _Reader:
    """One column, chunk by chunk, and what its cells say of units and decimals."""

    def __init__(self, name: str, unit: str, path: Path) -> None:
        self.name, self.unit, self.path = name, unit, path
        self.parts: list[np.ndarray] = []
        self.points = self.commas = 0  # a row in which a decimal was so written

    def read(self, texts: list[str], done: int) -> None:
        try:
            part = plainly(texts)
            if not self.points:
                self.points = next((i for i, t in enumerate(texts, done + 1) if "." in t), 0)
        except ValueError:
            part = np.array([self._cell(text, row) for row, text in enumerate(texts, done + 1)])
        self.parts.append(part)

    def values(self) -> np.ndarray:
        return np.concatenate(self.parts) if self.parts else np.empty(0)

    def _cell(self, text: str, row: int) -> float:
        digits, _, said = text.strip().partition(" ")
        try:
            if len(text) > _LONGEST or said.strip()[:1].isdigit():
                raise ValueError(text[:_LONGEST])
            value = number(digits)
        except ValueError as error:
            raise FileError(
                f"{self.path}: {self.name} in row {row} is {text[:30]!r}, not a number"
            ) from error
        self.points = self.points or row * ("." in digits)
        self.commas = self.commas or row * ("," in digits)
        if self.points and self.commas:
            raise FileError(
                f"{self.path}: {self.name} has decimals with a point in row {self.points} and with "
                f"a comma in row {self.commas}; write all of them with a point"
            )
        return value if not said else self._converted(value, said.strip(), text, row)

    def _converted(self, value: float, said: str, text: str, row: int) -> float:
        """A number with its own unit, in the unit of the column."""
        self.unit = self.unit or said
        try:
            if measures(said) is None:
                raise UnitError(said)
            return value if said == self.unit else float(convert(value, said, self.unit))
        except UnitError as error:
            raise FileError(
                f"{self.path}: {self.name} in row {row} is {text[:30]!r}, and the column is in "
                f"{self.unit}"
            ) from error
