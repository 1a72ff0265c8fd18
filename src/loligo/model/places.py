"""Where in a TOML document each of its entries stands, so that an error can say line and column.

The document has been read by :mod:`tomllib`, so it is one; here its text is only cut into keys and
values again, in one pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

Path: TypeAlias = tuple[str, ...]

_GAP = re.compile(r"(?:[ \t\r\n,]++|#[^\n]*+)*+")
_BLANK = re.compile(r"[ \t]*+")
_KEY = re.compile(r"""[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+'""")
_TEXT = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+"{3,5}'
    r"|'''(?:[^']|'(?!''))*+'{3,5}"
    r"""|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+'""",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]*+")


@dataclass(frozen=True)
class Entry:
    """A key with its value, or the head of a table.

    Attributes
    ----------
    path
        Of the entry in the document; elements of an array by their number.
    key
        Where its key begins; of an array's element, where that begins.
    value, end
        Where its value begins and ends.
    """

    path: Path
    key: int
    value: int
    end: int


def place(text: str, path: Path, excerpt: tuple[str, int] | None) -> tuple[int, int]:
    """Line and column, from 1, of an entry, or of the nearest table above it.

    Parameters
    ----------
    text
        The document.
    path
        Of the entry.
    excerpt
        What of its value is meant, and at which character of that; else it is the key.

    Examples
    --------
    >>> place('[helpers]\\na = "V + W"', ("helpers", "a"), ("V + W", 4))
    (2, 10)
    """
    most, nearest = 0, None
    try:
        for entry in _Cutter(text).entries():
            shared = _shared(entry.path, path)
            if shared > most:
                most, nearest = shared, entry
    except (RecursionError, ValueError):  # too deep, or not as expected: what was found will do
        pass
    if nearest is None:
        return 1, 1
    at = nearest.key
    if excerpt is not None:
        begins = text.find(excerpt[0], nearest.value, nearest.end)
        at = nearest.value if begins < 0 else begins + excerpt[1]
    return line_and_column(text, at)


def line_and_column(text: str, at: int) -> tuple[int, int]:
    """Of a character, both from 1."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _shared(one: Path, other: Path) -> int:
    """How many names the two paths begin with in common."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


class _Cutter:
    """Goes through a document once, entry by entry."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def entries(self) -> Iterator[Entry]:
        table: Path = ()
        self._pass(_GAP)
        while self.at < len(self.text):
            begins = self.at
            if self.text[begins] == "[":
                self.at += 2 if self.text.startswith("[[", begins) else 1
                table = self._keys()
                self._pass(_SCALAR)
                self.at += self.text.startswith("]", self.at)
                self.at += self.text.startswith("]", self.at)
                yield Entry(table, begins, begins, self.at)
            else:
                yield from self._entry(table)
            self._pass(_GAP)

    def _entry(self, above: Path) -> Iterator[Entry]:
        begins = self.at
        path = (*above, *self._keys())
        self._expect("=")
        self._pass(_BLANK)
        value = self.at
        inner = list(self._value(path))
        yield Entry(path, begins, value, self.at)
        yield from inner

    def _value(self, path: Path) -> Iterator[Entry]:
        text = _TEXT.match(self.text, self.at)
        if text:
            self.at = text.end()
        elif self.text.startswith("[", self.at):
            self.at += 1
            yield from self._elements(path)
        elif self.text.startswith("{", self.at):
            self.at += 1
            self._pass(_GAP)
            while not self.text.startswith("}", self.at):
                yield from self._entry(path)
                self._pass(_GAP)
            self.at += 1
        else:
            self._pass(_SCALAR)

    def _elements(self, path: Path) -> Iterator[Entry]:
        number = 0
        self._pass(_GAP)
        while not self.text.startswith("]", self.at):
            begins, here = self.at, (*path, str(number))
            inner = list(self._value(here))
            if self.at == begins:
                raise ValueError("nothing here")
            yield Entry(here, begins, begins, self.at)
            yield from inner
            self._pass(_GAP)
            number += 1
        self.at += 1

    def _keys(self) -> Path:
        """A key, dotted or not."""
        keys: list[str] = []
        while True:
            self._pass(_BLANK)
            key = _KEY.match(self.text, self.at)
            if key is None:
                raise ValueError("no key here")
            self.at = key.end()
            keys.append(key[0].strip("\"'"))
            self._pass(_BLANK)
            if not self.text.startswith(".", self.at):
                return tuple(keys)
            self.at += 1

    def _expect(self, sign: str) -> None:
        if not self.text.startswith(sign, self.at):
            raise ValueError(f"no {sign} here")
        self.at += 1

    def _pass(self, pattern: re.Pattern[str]) -> None:
        passed = pattern.match(self.text, self.at)
        self.at = passed.end() if passed else self.at
