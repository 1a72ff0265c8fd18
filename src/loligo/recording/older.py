"""Text tables (CSV) as loligo 0.1 wrote them, which still open.

The file begins with comment lines that hold everything that is not a column::

    # loligo recording 1
    # sizes {"time": 1001, "event": 3}
    # attribute {"title": "squid axon"}
    # variable {"V": {"dims": ["time"], "attrs": {"units": "mV"}}}
    # variable {"spike_time": {"dims": ["event"], "values": [6.8, 21.4, 35.9], ...}}
    time (ms),V (mV),m,h,n
    0.0,-65.0,0.0529,0.596,0.317

One row per sample; with several cells one row per cell and sample, in long form, after a
column for each lane dimension. Without samples (``record=["spikes"]``) the rows are the
spikes.
"""

from __future__ import annotations

import codecs
import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loligo.recording import notes
from loligo.recording.cells import lines
from loligo.recording.contents import TIME, Contents, attributes, put_together
from loligo.recording.filling import fill
from loligo.recording.layout import Column, Layout
from loligo.recording.spikes import COUNT, EVENT

if TYPE_CHECKING:
    import xarray

_MADE_BY_LOLIGO = "# loligo recording "


def wrote(path: Path) -> bool:
    """Whether it was one of those versions that wrote the table ``path``."""
    with path.open("rb") as file:
        return file.read(40).removeprefix(codecs.BOM_UTF8).startswith(_MADE_BY_LOLIGO.encode())


def read(path: Path) -> xarray.Dataset:
    """Read the text table ``path``."""
    with lines(path, "utf-8-sig") as each:
        if next(each).strip("\r\n") != f"{_MADE_BY_LOLIGO}1":
            raise ValueError("it was written by a later version of loligo; update loligo")
        said: dict[str, dict[str, Any]] = {"sizes": {}, "attribute": {}, "variable": {}}
        for line in each:
            if line.strip() and not line.startswith("#"):
                break
            kind, _, value = line.removeprefix("# ").partition(" ")
            if kind in said:  # a person may have added comments of their own
                said[kind].update(json.loads(value))
        else:
            raise ValueError("there is no line with column names")
        variables = notes.announced(said["variable"], said["sizes"], path.stat().st_size)
        contents = Contents(attributes(said["attribute"], "the recording"), variables)
        rows = (row for row in csv.reader(each) if row)
        head = next(csv.reader([line]))
        layout = _layout(contents)
        if head != [column.label for column in layout.columns]:
            raise ValueError("the columns are not those that its comment lines announce")
        fill(contents, layout, {}, (row for part in ([head], rows) for row in part), path)
        return put_together(contents)


def _layout(contents: Contents) -> Layout:
    """The columns that those versions had: whatever runs along the rows, lanes first."""
    variables = contents.variables
    axis = TIME if any(TIME in v.dims for v in variables.values()) else EVENT
    along = [n for n, v in variables.items() if axis in v.dims]
    along.sort(key=lambda name: name != axis)
    lanes = tuple(dict.fromkeys(d for n in along for d in variables[n].dims if d != axis))
    if axis == EVENT and COUNT in variables:
        lanes = variables[COUNT].dims
    columns = [Column(_label(contents, name), name) for name in (*lanes, *along)]
    return Layout(contents, lanes, TIME if axis == TIME else None, columns, least=0)


def _label(contents: Contents, name: str) -> str:
    variable = contents.variables.get(name)
    unit = "1" if variable is None else variable.attrs.get("units", "1")
    return name if unit in ("", "1") else f"{name} ({unit})"
