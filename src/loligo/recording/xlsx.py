"""Recordings as Excel workbooks: a sheet ``recording`` with the table, a sheet ``loligo`` with the
notes that make a recording of it again.

Written and read with the standard library. The packages that there are for it (openpyxl 3.1,
XlsxWriter 3.3) write numbers with 16 digits, and 17 are needed to bring back every bit; and they
believe what a file says of its own size. Source: ECMA-376, part 1 (SpreadsheetML), sections 12
and 18.
"""

from __future__ import annotations

import itertools
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from loligo.errors import FileError
from loligo.recording import notes
from loligo.recording.archive import opened
from loligo.recording.cells import MOST_COLUMNS, Rows
from loligo.recording.contents import damage_reported, put_together, take_apart
from loligo.recording.filling import fill
from loligo.recording.foreign import recording_of
from loligo.recording.layout import Layout
from loligo.recording.sheets import NOTES, Workbook

if TYPE_CHECKING:
    import xarray

_MOST_ROWS = 1_048_576
_SHEETS = ("recording", NOTES)
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same recording gives the same bytes

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_FIXED = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
    'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}sheet.main+xml"/>'
    + "".join(
        f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="{_TYPE}worksheet+xml"/>'
        for i in (1, 2)
    )
    + "</Types>",
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    + "".join(
        f"<sheet name={quoteattr(name)} sheetId=\"{i}\" r:id=\"rId{i}\"/>"
        for i, name in enumerate(_SHEETS, 1)
    )
    + "</sheets></workbook>",
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    + "".join(
        f'<Relationship Id="rId{i}" Type="{_OFFICE}/worksheet" '
        f'Target="worksheets/sheet{i}.xml"/>'
        for i in (1, 2)
    )
    + "</Relationships>",
}  # fmt: skip


def write(rec: xarray.Dataset, part: Path, path: Path) -> None:
    """Write ``rec`` to the file ``part``; ``path`` is the name for messages."""
    contents = take_apart(rec)
    layout = Layout.of(contents)
    if layout.rows >= _MOST_ROWS or len(layout.columns) > MOST_COLUMNS:
        raise FileError(
            f"{path}: a sheet holds {_MOST_ROWS - 1:,} rows and {MOST_COLUMNS:,} columns, and this "
            f"recording has {layout.rows:,} and {len(layout.columns):,}; save as .csv, .nc or .npz"
        )
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in _FIXED.items():
            with archive.open(zipfile.ZipInfo(name, _EPOCH), "w") as file:
                file.write((_HEAD + text).encode())
        kinds = [layout.kind(column) for column in layout.columns]
        table = itertools.chain.from_iterable(
            zip(*columns, strict=True) for _, columns in layout.chunks()
        )
        _put(archive, 1, itertools.chain([[c.label for c in layout.columns]], table), kinds)
        said = notes.written(contents, layout, _MOST_ROWS)
        _put(archive, 2, itertools.chain([["notes"]], ([cell] for cell in said)), ["U"])


def _put(
    archive: zipfile.ZipFile, number: int, rows: Iterable[Sequence[str]], kinds: Sequence[str]
) -> None:
    """One sheet; its first row is text, the others as the kinds of their columns have it."""
    info = zipfile.ZipInfo(f"xl/worksheets/sheet{number}.xml", _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    letters = [_letters(i) for i in range(len(kinds))]
    with archive.open(info, "w", force_zip64=True) as file:
        file.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
        for i, row in enumerate(rows, 1):
            cells = "".join(
                _cell(text, f"{letter}{i}", "U" if i == 1 else kind)
                for text, letter, kind in zip(row, letters, kinds, strict=True)
                if text != ""
            )
            file.write(f'<row r="{i}">{cells}</row>'.encode())
        file.write(b"</sheetData></worksheet>")


def _cell(text: str, where: str, kind: str) -> str:
    if kind == "U" or text.endswith("inf"):
        shown = f'<t xml:space="preserve">{_spelled(text)}</t>'
        return f'<c r="{where}" t="inlineStr"><is>{shown}</is></c>'
    if kind == "b":
        return f'<c r="{where}" t="b"><v>{int(text == "True")}</v></c>'
    return f'<c r="{where}"><v>{text}</v></c>'


def _letters(column: int) -> str:
    """A, B, …, Z, AA, …"""
    name = ""
    column += 1
    while column:
        column, digit = divmod(column - 1, 26)
        name = chr(65 + digit) + name
    return name


# ECMA-376, part 1, section 22.9.2.19: what XML cannot hold, or would change
_UNSPELLABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def _spelled(text: str) -> str:
    return escape(_UNSPELLABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text))


# Reading ------------------------------------------------------------------------------------


def read(path: Path) -> xarray.Dataset:
    """Read the workbook ``path``: one that loligo wrote, or the first sheet of another's."""
    with damage_reported(path, "an Excel workbook"), _workbook(path) as book:
        said = book.notes()
        if said is None:
            return recording_of(book.rows(), path)
        contents, layout, sums = notes.read(said, book.size)
        fill(contents, layout, sums, book.rows(), path)
        return put_together(contents)


def others(path: Path) -> Rows | None:
    """The rows of the first sheet; None where it is a recording that loligo wrote."""
    with _workbook(path) as book:
        return None if book.notes() is not None else iter(list(book.rows()))


@contextmanager
def _workbook(path: Path) -> Iterator[Workbook]:
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileError(
            f"{path} is an older Excel file (.xls) or has a password; save it as .xlsx without one"
        )
    if not start.startswith(b"PK"):
        raise FileError(f"{path} is not an Excel workbook, whatever its name says")
    with opened(path) as archive:
        yield Workbook(archive, path)
