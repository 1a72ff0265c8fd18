"""Text tables that loligo did not write: a column ``time`` and what was measured."""

from __future__ import annotations

import csv
import re
from io import TextIOWrapper
from pathlib import Path

import numpy as np

from loligo.errors import FileError
from loligo.recording.contents import TIME, Contents, Variable, check_readable, damage_reported

# "V (mV)" or "V [mV]"
_LABEL = re.compile(r"\s*(?P<name>[^(\[]*?)\s*(?:[(\[](?P<unit>[^)\]]*)[)\]])?\s*")


def read_plain_table(file: TextIOWrapper, header: str, path: Path) -> Contents:
    """One cell's samples: numbers under a line of names, ``time (ms)`` among them."""
    names, units = _names(header, path)
    rows = [row for row in csv.reader(file) if row and not row[0].startswith("#")]
    numbers = np.array(
        [_numbers(row, number, names, path) for number, row in enumerate(rows, 1)]
    ).reshape(len(rows), len(names))
    return Contents(
        {},
        {
            name: Variable((TIME,), values, {"units": unit} if unit else {}, name == TIME)
            for name, unit, values in zip(names, units, numbers.T.copy(), strict=True)
        },
    )


def read_waveform(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Times (ms) and currents from a text table of two columns, named or not.

    Raises
    ------
    FileError
        The file is not there, or is something else.
    """
    check_readable(path)
    with damage_reported(path, "a text table"), path.open(encoding="utf-8-sig") as file:
        lines = [line for line in file if line.strip() and not line.startswith("#")]
        named = lines and re.search("[A-DF-Za-df-z]", lines[0])  # not the e of 1e-3
        body = lines[1:] if named else lines
        rows = [next(csv.reader([line])) for line in body]
        numbers = [
            _numbers(row, number, ["time", "current"], path) for number, row in enumerate(rows, 1)
        ]
        if not numbers:
            raise FileError(f"{path} holds no samples; it needs two columns, time (ms) and current")
        time, current = np.array(numbers).T
        return time, current


def _names(header: str, path: Path) -> tuple[list[str], list[str]]:
    found = [_LABEL.fullmatch(label) for label in next(csv.reader([header]))]
    names = [match["name"] if match else "" for match in found]
    units = [(match["unit"] or "").strip() if match else "" for match in found]
    if TIME not in names:
        separator = next((c for c in ";\t" if c in header), None)
        hint = (
            f" (its columns are separated by {separator!r}: save it with commas)"
            if separator
            else ""
        )
        raise FileError(
            f"{path} does not hold a recording: its first line must name the columns, "
            f"one of them 'time (ms)', but it is {header[:60]!r}{hint}"
        )
    for name in names:
        if not name or names.count(name) > 1:
            what = f"two columns are called {name!r}" if name else "a column has no name"
            raise FileError(f"{path} does not hold a recording: {what}")
    return names, units


def _numbers(row: list[str], number: int, names: list[str], path: Path) -> list[float]:
    if len(row) != len(names):
        raise FileError(f"{path}: row {number} has {len(row)} columns, not {len(names)}")
    return [_number(text, number, name, path) for text, name in zip(row, names, strict=True)]


def _number(text: str, number: int, name: str, path: Path) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise FileError(f"{path}: {name} in row {number} is {text[:30]!r}, not a number") from error
