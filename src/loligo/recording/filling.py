"""From the cells of a table that loligo wrote, perhaps saved again by a spreadsheet, to numbers."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from loligo.errors import FileError, callers_level
from loligo.recording.cells import Rows, column
from loligo.recording.contents import Contents
from loligo.recording.layout import Column, Layout
from loligo.recording.notes import checksum, needed

_CHUNK = 100_000  # cells at a time
_NEAR = 1e-6  # relative: as near as what a spreadsheet rounded comes to what it was


def fill(
    contents: Contents, layout: Layout, sums: Mapping[str, int], table: Rows, path: Path
) -> None:
    """Put what stands in the table into the recording's variables; the first row has the labels.

    What is not as it was written is said in a warning.

    Raises
    ------
    FileError
        Rows or columns are missing, or not in their places.
    """
    head = [label.strip() for label in next(table, [])]
    table = _narrow(table, len(head), path)
    where = _where(head, layout, path)
    done = 0
    many = max(1, _CHUNK // max(len(head), 1))
    for chunk in iter(lambda: list(itertools.islice(table, many)), []):
        if done + len(chunk) > layout.rows:  # behind the last there may be notes
            chunk = [row for row in chunk if _holds(row, where)]
        if done + len(chunk) > layout.rows:
            raise FileError(f"{path} has more than the {layout.rows} rows that were saved")
        if not chunk:
            continue
        rows = np.arange(done, done + len(chunk))
        done += len(chunk)
        shortest = min(map(len, chunk))
        columns = list(itertools.zip_longest(*chunk, fillvalue=""))
        for each, at in zip(layout.columns, where, strict=True):
            # spreadsheets leave away what is empty at the end of rows: no column but of spikes
            if shortest <= at and not layout.of_spikes(each):
                short = next(i for i, row in enumerate(chunk) if len(row) <= at)
                raise FileError(f"{path}: row {rows[short] + 2} ends before {each.label!r}")
            texts = columns[at] if at < len(columns) else ("",) * len(chunk)
            _fill(contents, layout, each, rows, texts, path)
    if done < layout.rows:
        raise FileError(
            f"{path} has {done} of {layout.rows} rows: it was cut short, or rows were removed"
        )
    _say_what_changed(contents, sums, head, layout, path)


def _narrow(table: Rows, width: int, path: Path) -> Rows:
    for row in table:
        if len(row) > width:
            if any(cell.strip() for cell in row[width:]):
                raise FileError(
                    f"{path} has a row of {len(row)} columns, and its first has {width}"
                )
            row = row[:width]
        yield row


def _where(head: Sequence[str], layout: Layout, path: Path) -> list[int]:
    """In which place of a row each column stands; others may have come between."""
    labels = [each.label.strip() for each in layout.columns]
    if list(head[: len(labels)]) == labels:
        return list(range(len(labels)))
    for label in labels:
        if head.count(label) != 1:
            raise FileError(
                f"{path} was changed since it was saved: it has "
                + (f"no column {label!r}" if label not in head else f"two columns {label!r}")
            )
    return [head.index(label) for label in labels]


def _cell(row: Sequence[str], at: int) -> str:
    return row[at] if at < len(row) else ""


def _holds(row: Sequence[str], where: Sequence[int]) -> bool:
    """Whether a row holds more than a note."""
    return any(_cell(row, at).strip() for at in where)


def _fill(
    contents: Contents, layout: Layout, each: Column, rows: np.ndarray, texts: Sequence[str],
    path: Path,
) -> None:  # fmt: skip
    there, index = layout.places(each, rows)
    numbers = rows[there]
    if not there.all():
        beyond = [int(i) for i in np.flatnonzero(~there) if texts[int(i)].strip()]
        if beyond:
            raise _moved(path, int(rows[beyond[0]]), each, "has a value too many")
        texts = [texts[int(i)] for i in np.flatnonzero(there)]
    variable = contents.variables.get(each.name)
    kind = "i" if variable is None else variable.values.dtype.kind

    def complaint(i: int) -> Exception:
        return _moved(path, int(numbers[i]), each, f"is {texts[i][:30]!r}")

    longest = None if variable is None or kind != "U" else variable.values.dtype.itemsize // 4
    if longest is not None and max(map(len, texts), default=0) > longest:
        raise complaint(max(range(len(texts)), key=lambda i: len(texts[i])))
    values = _READ[kind](texts, complaint)
    if variable is None or needed(each.name, layout):
        known = np.asarray(index[0] if variable is None else variable.values[index])
    else:
        new = layout.firsts(each, rows)
        if new.all():
            variable.values[index] = values
            return
        at = tuple(i if isinstance(i, int) else i[new] for i in index)
        variable.values[at] = values[new]
        known = variable.values[index]
    wrong = ~_near(known, values)
    if wrong.any():
        i = int(np.argmax(wrong))
        raise _moved(path, int(numbers[i]), each, f"is {texts[i][:30]!r}, not {known[i]}")


def _near(known: np.ndarray, values: np.ndarray) -> np.ndarray:
    if known.dtype.kind != "f":
        return known == values
    close = np.abs(known - values) <= _NEAR * np.maximum(np.abs(known), np.abs(values))
    return close | (known == values) | (np.isnan(known) & np.isnan(values))


def _moved(path: Path, row: int, each: Column, what: str) -> FileError:
    return FileError(
        f"{path} was changed since it was saved: in row {row + 2} {each.label!r} {what}; its rows "
        "were sorted, moved or edited"
    )


def _integers(texts: Sequence[str], complaint: Callable[[int], Exception]) -> np.ndarray:
    """Whole numbers; a spreadsheet may have put a point behind them."""
    try:
        return np.array(list(map(int, texts)), dtype=object)
    except ValueError:
        values = column(texts, complaint)
    for i in np.flatnonzero(values != np.floor(values)):
        raise complaint(int(i))
    return np.array([int(value) for value in values], dtype=object)


def _truths(texts: Sequence[str], complaint: Callable[[int], Exception]) -> np.ndarray:
    meant = {"true": True, "false": False, "1": True, "0": False}
    for i, text in enumerate(texts):
        if text.strip().lower() not in meant:
            raise complaint(i)
    return np.array([meant[text.strip().lower()] for text in texts], dtype=bool)


def _text(texts: Sequence[str], complaint: Callable[[int], Exception]) -> np.ndarray:
    values = np.empty(len(texts), object)
    values[:] = texts
    return values


_READ: dict[str, Callable[[Sequence[str], Callable[[int], Exception]], Any]] = {
    "f": column,
    "i": _integers,
    "u": _integers,
    "b": _truths,
    "U": _text,
}


def _say_what_changed(
    contents: Contents, sums: Mapping[str, int], head: Sequence[str], layout: Layout, path: Path
) -> None:
    changed = [n for n, total in sums.items() if checksum(contents.variables[n].values) != total]
    labels = {each.label.strip() for each in layout.columns}
    added = [label for label in head if label and label not in labels]
    if changed:
        warnings.warn(
            f"{path} was saved again by another program: {', '.join(changed)} "
            f"{'has' if len(changed) == 1 else 'have'} not every digit that loligo wrote, or was "
            "edited (spreadsheets keep 15 digits, and fewer in a .csv)",
            stacklevel=callers_level(),
        )
    if added:
        warnings.warn(
            f"{path} has columns that loligo did not write, and that are left out: "
            f"{', '.join(added)[:200]}",
            stacklevel=callers_level(),
        )
