"""What the columns of a table do not say: JSON, in cells short enough for a spreadsheet."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from loligo.recording.cells import MOST_COLUMNS
from loligo.recording.contents import Contents, Variable, as_text, attributes
from loligo.recording.layout import Column, Layout
from loligo.recording.spikes import COUNT

VERSION = 2
_LONGEST = 30_000  # characters in a cell; a spreadsheet's holds 32,767
# A file may ask for so many times its size: a text in a column takes as much room as the longest.
_SWELLS, _HARMLESS = 100, 64_000_000
_PIECE = 1 << 16


def written(contents: Contents, layout: Layout, room: int) -> list[str]:
    """The notes, each in a cell, if there is ``room`` for so many; else in as few as can be."""
    items = [_json(item) for item in _items(contents, layout)]
    cells = [piece for item in items for piece in _pieces(item)]
    if len(cells) > room:
        cells = list(_pieces(" ".join(items)))
    return [f"{i}/{len(cells)}: {cell}" for i, cell in enumerate(cells, 1)]


def _items(contents: Contents, layout: Layout) -> Iterator[dict[str, Any]]:
    yield {
        "loligo recording": VERSION,
        "sizes": contents.sizes,
        "lanes": layout.lanes,
        "axis": layout.axis,
        "columns": [[c.label, c.name, dict(c.fixed)] for c in layout.columns],
    }
    for name, value in contents.attrs.items():
        yield {"attribute": {name: value}}
    for name, variable in contents.variables.items():
        about: dict[str, Any] = {"dims": variable.dims, "dtype": str(variable.values.dtype)}
        about |= {"attrs": variable.attrs, "coord": variable.coord}
        if layout.told(name):
            about["sum"] = checksum(variable.values)
        if not layout.told(name) or needed(name, layout):
            about["values"] = variable.values.ravel().tolist()
        yield {"variable": {name: about}}


def needed(name: str, layout: Layout) -> bool:
    """Whether it takes a variable's values to know which rows there are, and whose."""
    return name in layout.lanes or name == COUNT


def checksum(values: np.ndarray) -> int:
    """Of all bits of an array; one for all that is no number."""
    total, flat = 0, values.reshape(-1)
    for at in range(0, flat.size, _PIECE):
        piece = flat[at : at + _PIECE]
        if piece.dtype.kind == "f":
            piece = np.where(piece == piece, piece, np.nan).astype(piece.dtype, copy=False)
        if piece.dtype.kind == "U":
            total = zlib.crc32("\0".join(piece.tolist()).encode("utf-8", "surrogatepass"), total)
        else:
            total = zlib.crc32(piece.astype(piece.dtype.newbyteorder("<")).tobytes(), total)
    return total


def _json(value: object) -> str:
    return json.dumps(value, default=as_text)  # in ASCII, whatever a spreadsheet makes of others


def _pieces(text: str) -> Iterator[str]:
    """No longer than a cell may be, none with a blank at either end, which might be lost."""
    at = 0
    while at < len(text):
        end = min(at + _LONGEST, len(text))
        while end < len(text) and " " in (text[end - 1], text[end]):
            end -= 1
        yield text[at:end]
        at = end


# Reading ------------------------------------------------------------------------------------


def read(cells: Iterable[str], size: int) -> tuple[Contents, Layout, dict[str, int]]:
    """What the notes say: a recording whose columns are still to be filled in, the table, and
    what the values of each filled variable must add up to.

    Parameters
    ----------
    cells
        In any order, as a person may have sorted the rows.
    size
        Bytes of the file.

    Raises
    ------
    ValueError, KeyError, TypeError
        If they are not whole, or ask for more memory than such a file may.
    """
    said = _parsed(_in_order(cells))
    if said["loligo recording"] != VERSION:
        raise ValueError("it was written by a later version of loligo; update loligo")
    sizes, described = said["sizes"], said["variable"]
    variables = announced(described, sizes, size)
    contents = Contents(attributes(said["attribute"], "the recording"), variables)
    columns = [
        Column(str(label), str(name), tuple((str(d), int(i)) for d, i in fixed.items()))
        for label, name, fixed in said["columns"]
    ]
    axis = said["axis"]
    lanes = tuple(map(str, said["lanes"]))
    if math.prod(sizes[dim] for dim in lanes) > size:
        raise ValueError("it has more cells than bytes")
    layout = Layout(contents, lanes, None if axis is None else str(axis), columns)
    if layout.rows > size or len(columns) > MOST_COLUMNS:
        raise ValueError("it announces more rows or columns than it can hold")
    sums = {str(name): int(about["sum"]) for name, about in described.items() if "sum" in about}
    return contents, layout, sums


def whole(cells: Sequence[str]) -> bool:
    """Whether as many cells were seen as the first of them announces."""
    return bool(cells) and len(cells) >= int(cells[0].partition(":")[0].partition("/")[2])


def _in_order(cells: Iterable[str]) -> str:
    found: dict[int, str] = {}
    total = 0
    for cell in cells:
        head, _, text = cell.partition(": ")
        number, _, of = head.partition("/")
        found[int(number)], total = text, int(of)
    if not found or len(found) != total or (min(found), max(found)) != (1, total):
        raise ValueError(f"it has {len(found)} of {total} notes: rows were removed")
    return "".join(found[i] for i in range(1, total + 1))


def _parsed(text: str) -> dict[str, Any]:
    """JSON objects one after the other, as one."""
    decoder, at = json.JSONDecoder(), 0
    said: dict[str, Any] = {"attribute": {}, "variable": {}}
    while at < len(text):
        item, at = decoder.raw_decode(text, at)
        for key in ("attribute", "variable"):
            said[key].update(item.pop(key, {}))
        said.update(item)
        while at < len(text) and text[at] == " ":
            at += 1
    return said


def announced(
    described: Mapping[str, Mapping[str, Any]], sizes: Mapping[str, Any], size: int
) -> dict[str, Variable]:
    """The variables that a table describes, still to be filled in where it has columns for them.

    Raises
    ------
    ValueError, KeyError, TypeError
        If they would take far more memory than a file of ``size`` bytes can fill.
    """
    lengths = {str(dim): _length(n) for dim, n in sizes.items()}
    total = sum(_bytes(about, lengths) for about in described.values())
    if total > max(_HARMLESS, _SWELLS * size):
        raise ValueError(f"it asks for {total} bytes, far more than its {size} can fill")
    return {str(name): _announced(str(name), about, lengths) for name, about in described.items()}


def _length(n: Any) -> int:
    if not isinstance(n, int) or not 0 <= n < 2**40:
        raise ValueError(f"the length {n!r:.40}")
    return n


def _bytes(about: Mapping[str, Any], sizes: Mapping[str, int]) -> int:
    total = _dtype(about).itemsize
    for dim in about["dims"]:
        total *= sizes[dim]
    return total


def _dtype(about: Mapping[str, Any]) -> np.dtype:
    dtype = np.dtype(str(about["dtype"]))
    if dtype.kind not in "fiubU" or (dtype.kind != "U" and dtype.itemsize > 16):
        raise ValueError(f"no such type of numbers: {dtype}")
    return dtype


def _announced(name: str, about: Mapping[str, Any], sizes: Mapping[str, int]) -> Variable:
    """A variable as its note describes it; a column is still to be filled in."""
    shape = [sizes[dim] for dim in about["dims"]]
    values = np.zeros(shape, _dtype(about))
    if "values" in about:
        values = np.array(about["values"], values.dtype).reshape(shape)
    dims = tuple(map(str, about["dims"]))
    return Variable(dims, values, attributes(about["attrs"], name), bool(about.get("coord", False)))
