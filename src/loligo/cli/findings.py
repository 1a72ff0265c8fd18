"""What an experiment found, as text: its summary, its numbers, a table that fits a screen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from loligo.cli.report import aligned

if TYPE_CHECKING:
    import xarray

_ROWS, _COLUMNS = 24, 6  # of a table
_DIGITS = 7


def findings(found: Any, whole: bool) -> str:
    """The summary; if ``whole`` also the numbers, of many an even choice."""
    from loligo.recording.tree import is_tree  # with NumPy, which help does without

    parts = [str(found.attrs.get("summary", ""))]
    if is_tree(found):
        found = found["special"].to_dataset()
    if whole:
        parts += [_numbers(found), _table(found)]
    return "\n\n".join(part for part in parts if part)


def _numbers(found: xarray.Dataset) -> str:
    """What has no dimension, with its precision where that is known."""
    rows = []
    for name, variable in found.data_vars.items():
        if variable.ndim or variable.dtype.kind not in "fiu":
            continue
        sure = variable.attrs.get("precision")
        sure = f"± {float(sure):.1g}" if isinstance(sure, float) and math.isfinite(sure) else ""
        rows.append((str(name), _cell(variable, variable.values), _unit(variable), sure))
    widths = [max(len(row[k]) for row in rows) for k in range(4)] if rows else []
    return "\n".join(
        f"{name:<{widths[0]}}  {value:>{widths[1]}} {unit:<{widths[2]}} {sure}".rstrip()
        for name, value, unit, sure in rows
    )


def _table(found: xarray.Dataset) -> str:
    """What was found along the first dimension of what is drawn, or of all."""
    drawn = [v for v in found.data_vars.values() if "role" in v.attrs and v.ndim == 1]
    rows = [v for v in found.data_vars.values() if v.ndim == 1]
    if not rows:
        return _kept(found)
    dim = (drawn or rows)[0].dims[0]
    along = [c for c in found.coords.values() if c.dims == (dim,)] or [found[dim]]
    columns = [*along, *(v for v in (*drawn, *rows) if v.dims == (dim,))]
    columns = list({str(column.name): column for column in columns}.values())[:_COLUMNS]
    step = -(-found.sizes[dim] // _ROWS)
    heads = [" ".join(filter(None, (str(c.name), _bracketed(c)))) for c in columns]
    lines = [heads, *([_cell(c, c.values[k]) for c in columns]
                      for k in range(0, found.sizes[dim], step))]  # fmt: skip
    widths = [max(len(line[k]) for line in lines) for k in range(len(heads))]
    told = [aligned(line, widths) for line in lines]
    said = f"one row of {step} is shown; " if step > 1 else ""
    return "\n".join([*told, *([f"{said}--data FILE keeps all"] if said else [])])


def _kept(found: xarray.Dataset) -> str:
    sizes = ", ".join(f"{count} of {dim}" for dim, count in found.sizes.items())
    return f"{sizes}: --data FILE keeps them, --output FILE draws them" if sizes else ""


def _cell(variable: xarray.DataArray, value: Any) -> str:
    if variable.dtype.kind not in "fiu":
        return str(value)
    if not math.isfinite(value):
        return str(variable.attrs.get("absent") or "–")
    return f"{float(value):.{_DIGITS}g}"


def _unit(variable: xarray.DataArray) -> str:
    from loligo.figures.content import labels

    return labels.unit(str(variable.attrs.get("units", "1")))


def _bracketed(variable: xarray.DataArray) -> str:
    unit = _unit(variable)
    return f"({unit})" if unit else ""
