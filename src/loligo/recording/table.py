"""Recordings as text tables (CSV) that spreadsheets and pandas open as they are.

The first line has the names of the columns, with their units, and every line after it is a row of
numbers. The last column, ``loligo recording 2``, holds the notes that make a recording of it
again, one cell in a row::

    time (ms),V (mV),m,spike_time (ms),spike_peak (mV),loligo recording 2
    0.0,-65.0,0.0529,6.9007,41.2,"1/14: {""loligo recording"": 2, ...}"
    0.05,-64.99,0.0531,21.8102,38.7,"2/14: {""attribute"": {""title"": ""squid axon""}}"

Numbers are written with as many digits as bring back every bit; a cell is empty where there is
none. See :mod:`loligo.recording.layout` for which rows there are.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from loligo.errors import FileError
from loligo.recording import notes, older
from loligo.recording.cells import Rows, dialect, rows
from loligo.recording.contents import damage_reported, put_together, take_apart
from loligo.recording.filling import fill
from loligo.recording.foreign import recording_of
from loligo.recording.layout import Layout

if TYPE_CHECKING:
    import xarray

_MARK = "loligo recording "
_MOST = 100_000_000  # numbers; as text about 2 GB, and minutes to write


def write(rec: xarray.Dataset, part: Path, path: Path) -> None:
    """Write ``rec`` to the file ``part``; ``path`` is the name for messages."""
    contents = take_apart(rec)
    layout = Layout.of(contents)
    numbers = layout.rows * max(len(layout.columns), 1)
    if numbers > _MOST:
        raise FileError(
            f"{path}: a text table of {numbers:,} numbers is more than anyone can read; "
            "save as .nc or .npz, or record less"
        )
    cells = iter(notes.written(contents, layout, layout.rows))
    head = [*(column.label for column in layout.columns), f"{_MARK}{notes.VERSION}"]
    with part.open("w", encoding=_encoding(layout), newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")  # as RFC 4180 has it
        writer.writerow(head)
        for _, columns in layout.chunks():
            said = [next(cells, "") for _ in range(len(columns[0]))] if columns else []
            writer.writerows(zip(*columns, said, strict=True))
        blank = [""] * len(layout.columns)
        writer.writerows([*blank, cell] for cell in cells)


def _encoding(layout: Layout) -> str:
    """With the mark that tells Excel that it is UTF-8, where a letter needs it."""
    texts = (v.values for v in layout.variables.values() if v.values.dtype.kind == "U")
    plain = all(column.label.isascii() for column in layout.columns) and all(
        str(text).isascii() for values in texts for text in values.ravel()
    )
    return "utf-8" if plain else "utf-8-sig"


def read(path: Path) -> xarray.Dataset:
    """Read the text table ``path``."""
    with damage_reported(path, "a text table"):
        if older.wrote(path):
            return older.read(path)
        how = dialect(path)
        at = _mark(next(rows(path, how), []))
        if at is None:
            return recording_of(rows(path, how), path)
        said = _notes(rows(path, how, ()), at)
        contents, layout, sums = notes.read(said, path.stat().st_size)
        without = (row[:at] + row[at + 1 :] for row in rows(path, how, ()))
        fill(contents, layout, sums, without, path)
        return put_together(contents)


def others(path: Path) -> Rows | None:
    """The rows of a table; None where it is a recording that loligo wrote."""
    if older.wrote(path):
        return None
    how = dialect(path)
    return rows(path, how) if _mark(next(rows(path, how), [])) is None else None


def _mark(head: Sequence[str]) -> int | None:
    """In which place the column of notes stands."""
    return next((i for i, label in enumerate(head) if label.strip().startswith(_MARK)), None)


def _notes(table: Rows, at: int) -> list[str]:
    """The cells of the column of notes, as far as there are any."""
    next(table)
    found: list[str] = []
    for cell in _column(table, at):
        found.append(cell)
        if notes.whole(found):
            break
    return found


def _column(table: Rows, at: int) -> Iterator[str]:
    return (row[at] for row in table if len(row) > at and row[at].strip())
