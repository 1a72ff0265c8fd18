"""The sheets of an Excel workbook, row by row as text, whoever wrote it.

XML is read in small pieces by expat; a document type, the only way for a small text to become a
large one, is refused. Source: ECMA-376, part 1 (SpreadsheetML), sections 12, 18.3 and 18.4.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat

from loligo.errors import FileError
from loligo.recording.cells import MOST_COLUMNS, Rows

NOTES = "loligo"  # the sheet that loligo adds
_PIECE = 1 << 13  # bytes; a few may make a row of many cells
_DEEPEST = 100
_ROOM, _SPARSE = 1_000_000, 50  # cells that may be empty, and for each that is not
_LONGEST = 32_767  # characters of a cell
_SPELLED = re.compile("_x([0-9A-Fa-f]{4})_")


class Workbook:
    """The sheets of a workbook, row by row."""

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self.archive, self.path = archive, path
        self.size = sum(member.file_size for member in archive.infolist())
        if "xl/workbook.xml" not in archive.namelist():
            raise FileError(f"{path} is not an Excel workbook, whatever its name says")
        related = self._all("xl/_rels/workbook.xml.rels", "Relationship")
        targets = {about.get("Id"): about.get("Target", "") for about in related}
        self.sheets = {
            about.get("name", ""): _absolute(targets.get(_relation(about), ""))
            for about in self._all("xl/workbook.xml", "sheet")
        }
        if not self.sheets:
            raise ValueError("it has no sheet")
        self._texts: list[str] | None = None

    def notes(self) -> list[str] | None:
        """The cells of the sheet of notes, if it has one."""
        if NOTES not in self.sheets:
            return None
        return [row[0] for row in self._rows(self.sheets[NOTES]) if row and "/" in row[0]]

    def rows(self) -> Rows:
        """The rows of the first sheet that is none of notes; without those that are empty."""
        name = next(name for name in self.sheets if name != NOTES)
        return self._rows(self.sheets[name])

    def _rows(self, member: str) -> Rows:
        """All as wide as the first, which has the names."""
        width = room = filled = 0
        for row in _each(_Rows(self._shared, self.path), self.archive, member):
            width = width or len(row)
            room, filled = room + width, filled + len(row) - row.count("")
            if room > _ROOM + _SPARSE * filled:
                raise FileError(f"{self.path} is no table: nearly all of its cells are empty")
            yield row + [""] * (width - len(row))

    def _shared(self, number: int) -> str:
        """A text that cells refer to by its number."""
        if self._texts is None:
            member = "xl/sharedStrings.xml"
            known = member in self.archive.namelist()
            self._texts = list(_each(_Texts(), self.archive, member)) if known else []
        return self._texts[number]

    def _all(self, member: str, tag: str) -> list[dict[str, str]]:
        return list(_each(_Tags(tag), self.archive, member))


def _relation(attributes: dict[str, str]) -> str:
    return next((value for key, value in attributes.items() if key.endswith(":id")), "")


def _absolute(target: str) -> str:
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


# XML ----------------------------------------------------------------------------------------


class _Tags:
    """The attributes of every element of one name."""

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted
        self.done: list[Any] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == self.wanted:
            self.done.append(attributes)

    def end(self, tag: str) -> None:
        pass

    def text(self, text: str) -> None:
        pass


class _Texts:
    """The texts of the table that cells share; of several runs, without those of pronunciation."""

    item = "si"

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.parts: list[str] = []
        self.length = 0
        self.reading = self.apart = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == self.item:
            self.parts, self.length = [], 0
        self.apart = self.apart or tag == "rPh"
        self.reading = tag in ("t", "v") and not self.apart

    def end(self, tag: str) -> None:
        self.reading = False
        if tag == "rPh":
            self.apart = False
        if tag == self.item:
            self.finish(unspelled("".join(self.parts)))

    def text(self, text: str) -> None:
        if self.reading:
            self.length += len(text)
            if self.length > _LONGEST:
                raise ValueError("a cell is longer than a spreadsheet has any")
            self.parts.append(text)

    def finish(self, text: str) -> None:
        self.done.append(text)


class _Rows(_Texts):
    """The cells of every row, each in its column."""

    item = "c"

    def __init__(self, shared: Callable[[int], str], path: Path) -> None:
        super().__init__()
        self.shared, self.path = shared, path
        self.width: int | None = None  # of the first row that is not empty
        self.row: list[str] = []
        self.kind, self.column = "", 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        super().start(tag, attributes)
        if tag == "row":
            self.row, self.column = [], -1
        elif tag == "c":
            self.kind = attributes.get("t", "n")
            where = attributes.get("r", "").rstrip("0123456789")
            self.column = _number(where) if where else self.column + 1
            if not len(self.row) <= self.column < MOST_COLUMNS:
                raise ValueError(f"a cell in column {where[:20]!r}")

    def end(self, tag: str) -> None:
        super().end(tag)
        if tag == "row" and self.row:
            self.width = self.width or len(self.row)
            self.done.append(self.row)

    def finish(self, text: str) -> None:
        if self.kind == "s":
            text = self.shared(int(text))
        elif self.kind == "b":
            text = "True" if text == "1" else "False"
        if text == "":
            return
        if self.width and self.column >= self.width:
            raise FileError(
                f"{self.path}: a row has {self.column + 1} columns, and the first of its sheet "
                f"{self.width}"
            )
        self.row += [""] * (self.column - len(self.row))
        self.row.append(text)


def _each(handler: _Tags | _Texts, archive: zipfile.ZipFile, member: str) -> Iterator[Any]:
    """What a handler finds in an XML file, as it is found."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    depth = 0

    def start(tag: str, about: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST or len(tag) > _LONGEST or len(about) > _LONGEST:
            raise ValueError("it nests deeper than any workbook")
        handler.start(tag.rpartition(":")[2], about)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        handler.end(tag.rpartition(":")[2])

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = handler.text
    with archive.open(member) as file:
        while piece := file.read(_PIECE):
            parser.Parse(piece, False)
            yield from handler.done
            handler.done.clear()
        parser.Parse(b"", True)
        yield from handler.done


def _refuse(*_: Any) -> None:
    raise ValueError("it declares a document type, which no workbook does")


def _number(letters: str) -> int:
    """0 for A, 26 for AA."""
    if len(letters) > 3:
        return MOST_COLUMNS
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number - 1


def unspelled(text: str) -> str:
    """What XML cannot hold, as a workbook spells it."""
    return _SPELLED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
