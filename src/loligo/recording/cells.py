"""Tables of text as rows of cells, however their columns are separated and decimals are pointed."""

from __future__ import annotations

import codecs
import csv
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from loligo.errors import FileError
from loligo.units import spelled

Rows = Iterator[list[str]]

MOST_COLUMNS = 16_384  # as spreadsheets have it
_LONGEST_LINE = 4_000_000  # characters
_LONGEST_NUMBER = 400  # characters
_LOOKED_AT = 40  # lines, to find out what separates columns
_BLANKS = " "
_SEPARATORS = (";", "\t", ",", "|", _BLANKS)
COMMENTS = ("#", "%")

_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d{1,4})?\Z")


@dataclass(frozen=True)
class Dialect:
    """How a table is written as text."""

    encoding: str
    separator: str

    def split(self, lines: Iterable[str]) -> Rows:
        """The cells of each line; a cell in quotes may run over several."""
        if self.separator == _BLANKS:
            return (line.split() for line in lines)
        return iter(csv.reader(lines, delimiter=self.separator))


def dialect(path: Path) -> Dialect:
    """How the table ``path`` is written.

    Raises
    ------
    FileError
        It is no text.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    encoding = _encoding(path, start)
    if encoding != "utf-16" and b"\0" in start:
        raise FileError(f"{path} is not a text table, whatever its name says")
    with lines(path, encoding) as each:
        looked = [line for line in itertools.islice(each, _LOOKED_AT) if line.strip()]
    looked = [line for line in looked if not line.startswith(COMMENTS)]
    fitting = (s for s in _SEPARATORS if _fits(Dialect(encoding, s), looked))
    return Dialect(encoding, next(fitting, _usual(looked)))


def rows(path: Path, how: Dialect, comments: tuple[str, ...] = COMMENTS) -> Rows:
    """Every row that is neither empty nor begins like a comment.

    Raises
    ------
    FileError
        It has more columns than any table.
    """
    with lines(path, how.encoding) as each:
        for row in how.split(each):
            if not any(row) or row[0].startswith(comments):
                continue
            if len(row) > MOST_COLUMNS:
                raise FileError(f"{path} has {len(row):,} columns: more than any table has")
            yield row


class lines:  # noqa: N801  (a context, used as a function)
    """The lines of a file, of which none may be so long that it fills the memory."""

    def __init__(self, path: Path, encoding: str) -> None:
        self.path, self.encoding = path, encoding

    def __enter__(self) -> Iterator[str]:
        self.file: IO[str] = self.path.open(encoding=self.encoding, newline="")
        return self._each()

    def __exit__(self, *_: Any) -> None:
        self.file.close()

    def _each(self) -> Iterator[str]:
        while line := self.file.readline(_LONGEST_LINE):
            if len(line) == _LONGEST_LINE:
                raise FileError(
                    f"{self.path} has a line of more than {_LONGEST_LINE:,} characters: it is no "
                    "table"
                )
            yield line


def _encoding(path: Path, start: bytes) -> str:
    """Of what spreadsheets write: UTF-8 with or without a mark, UTF-16, or Windows' own."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while piece := file.read(1 << 20):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


def _fits(how: Dialect, lines: Sequence[str]) -> bool:
    """Whether lines so split are a table: rows of equal length, numbers below a line of names."""
    try:
        table = [_trimmed(row) for row in how.split(lines) if any(row)]
    except csv.Error:
        return False
    if not table or len(table[0]) < 2 or len(table[0]) > MOST_COLUMNS:
        return False
    width = len(table[0])
    if any(len(row) > width for row in table):
        return False
    full = [row for row in table[1:] or table if len(row) == width]
    first = next((row for row in full if any(map(is_number, row))), None)
    return first is not None and (how.separator != _BLANKS or all(map(is_number, first)))


def _usual(lines: Sequence[str]) -> str:
    """Where none fits: what there is most of in the first line."""
    first = lines[0] if lines else ""
    there = max(_SEPARATORS[:-1], key=first.count)
    return there if there in first else ","


def _trimmed(row: list[str]) -> list[str]:
    """Without the empty cells that a spreadsheet adds at the end of a row."""
    end = len(row)
    while end and not row[end - 1].strip():
        end -= 1
    return row[:end]


# Numbers ------------------------------------------------------------------------------------


def is_number(text: str) -> bool:
    """Whether a cell holds a number, perhaps with its unit; an empty one may."""
    text = text.strip()
    if len(text) > 100:
        return False
    try:
        number(text.split()[0] if text else "")
        rest = text.split(maxsplit=1)[1:]
        return not rest or (not rest[0][0].isdigit() and bool(spelled(rest[0])))
    except ValueError:
        return False


def number(text: str) -> float:
    """One cell, with a decimal point or a decimal comma; NaN of an empty one.

    >>> number("0.05"), number(" -65,2 "), number("1E3")
    (0.05, -65.2, 1000.0)
    """
    text = text[: 2 * _LONGEST_NUMBER].strip()
    if not text:
        return float("nan")
    try:
        if len(text) > _LONGEST_NUMBER or "_" in text:  # Python's own, in no table
            raise ValueError(text[:40])
        return float(text)
    except ValueError:
        if len(text) < 60 and _DECIMAL_COMMA.match(text):
            return float(text.replace(",", "."))
        raise


def column(texts: Sequence[str], complaint: Callable[[int], Exception]) -> np.ndarray:
    """A column of numbers; where one is none, what ``complaint`` makes of its place."""
    try:
        return plainly(texts)
    except ValueError:
        values = np.empty(len(texts))
    for i, text in enumerate(texts):
        try:
            values[i] = number(text)
        except ValueError:
            raise complaint(i) from None
    return values


def plainly(texts: Sequence[str]) -> np.ndarray:
    """Numbers as Python has them, fast; ValueError where one is written in another way."""
    if max(map(len, texts), default=0) > _LONGEST_NUMBER or any("_" in text for text in texts):
        raise ValueError("no plain numbers")
    return np.array(list(map(float, texts)), dtype=np.float64)
