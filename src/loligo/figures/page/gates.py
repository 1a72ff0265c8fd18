"""The gates of a membrane as a figure: steady states, time constants and rates against V."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UsageError
from loligo.figures.content import origin
from loligo.figures.content.labels import quoted
from loligo.figures.content.panels import MOST_GATES
from loligo.figures.page import chart
from loligo.figures.page.curves import conditions
from loligo.figures.style import DASHES, channel_inks
from loligo.words import reworded, say

if TYPE_CHECKING:
    import xarray

# In the order of the panels: what the curves are, over which they stand.
_KINDS = (
    ("inf", "Steady state", "1"),
    ("tau", "Time constant", "ms"),
    ("alpha", "Opening rate", "1/ms"),
    ("beta", "Closing rate", "1/ms"),
    ("rate", "Rates of schemes", "1/ms"),
)
_DECADES = 6.0  # shown of rates, below the largest
_STEEP = 10.0  # from such a ratio on, an axis is logarithmic
_MOST = 16  # lines of a panel


def gates_chart(found: xarray.Dataset, title: str | None) -> chart.Chart:
    """A panel for each kind of curve that there is; a channel has one colour in all of them, its
    first gate a solid line, its next a dashed one.

    Raises
    ------
    UsageError
        If there are no gates.
    """
    if title is not None and not isinstance(title, str):
        raise UsageError(f"title={title!r} is not text; give a string, or leave it out.")
    known = [
        variable for variable in found.data_vars.values()
        if variable.dims == ("voltage",) and variable.dtype.kind == "f"
    ]  # fmt: skip
    if "voltage" not in found.coords or not known:
        raise UsageError("the membrane has no gates, so there are no rates to draw")
    looks = _looks(known)
    x = np.asarray(found["voltage"].values, dtype=float) - origin.origin(found.attrs)
    order = np.argsort(x)
    panels = []
    for kind, heading, unit in _KINDS:
        lines = [
            chart.Line(x[order], np.asarray(one.values, dtype=float)[order],
                       *looks[str(one.name)])
            for one in known if one.attrs.get("kind") == kind
        ]  # fmt: skip
        if lines:
            across = chart.Axis(origin.heading(found.attrs), "mV", limits=_ends(lines))
            panels.append(_panel(lines[:_MOST], across, say(heading), unit))
    if not panels:
        raise UsageError("the membrane has no gates, so there are no rates to draw")
    panels = _named_once(panels)
    words = reworded(str(found.attrs.get("title", ""))) if title is None else title
    return chart.Chart(tuple(panels), words, conditions(found) if words else "", shared=True)


def _named_once(panels: list[chart.Axes]) -> list[chart.Axes]:
    """Where gates are many, their names over the first panel alone: colours and dashes are the same
    in all."""
    if max(len(panel.layers) for panel in panels) <= MOST_GATES:
        return panels
    known: set[str] = set()
    made = []
    for panel in panels:
        lines = [line for line in panel.layers if isinstance(line, chart.Line)]
        layers = tuple(replace(o, label="" if o.label in known else o.label) for o in lines)
        known |= {line.label for line in lines}
        made.append(replace(panel, layers=layers))
    return made


def _looks(known: list[Any]) -> dict[str, tuple[str, str, tuple[float, ...]]]:
    """Of every variable: its colour, its label, its dashes."""
    ions = {str(one.attrs.get("channel", "")): str(one.attrs.get("ion", "")) for one in known}
    inks = channel_inks(ions, ions)
    looks = {}
    for one in known:
        dashes = DASHES[_rank(known, one) % len(DASHES)]
        colour = inks[str(one.attrs.get("channel", ""))]
        looks[str(one.name)] = colour, quoted(str(one.attrs.get("label", one.name))), dashes
    return looks


def _rank(known: list[Any], one: Any) -> int:
    """Which of its channel's gates it is of."""
    channel = one.attrs.get("channel", "")
    own = dict.fromkeys(
        str(each.attrs.get("label", each.name)) for each in known
        if each.attrs.get("channel", "") == channel
    )  # fmt: skip
    return list(own).index(str(one.attrs.get("label", one.name)))


def _panel(
    lines: list[chart.Line], across: chart.Axis, heading: str, unit: str
) -> chart.Axes:  # fmt: skip
    values = np.concatenate([np.asarray(line.y) for line in lines])
    values = values[np.isfinite(values) & (values > 0)]
    limits, log = None, False
    if unit != "1" and values.size:
        usual = np.quantile(values, [0.1, 0.9])
        log = bool(usual[1] > _STEEP * usual[0])
    if log:  # a fit may give rates below 0, which have no place on such an axis
        top = float(values.max())
        limits = (max(float(values.min()), top * 10**-_DECADES) / 1.3, top * 1.3)
        lines = [replace(one, y=np.where(one.y > 0, one.y, np.nan)) for one in lines]
    return chart.Axes(tuple(lines), across, chart.Axis(heading, unit, log=log, limits=limits))


def _ends(lines: list[chart.Line]) -> tuple[float, float] | None:
    x = np.asarray(lines[0].x)
    return (float(x[0]), float(x[-1])) if x.size > 1 else None
