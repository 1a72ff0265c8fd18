"""The plan of a chart: which variables of what an experiment found are drawn, and across what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray

MEASURED, THEORY = "measured", "theory"  # a variable's role, in its attributes

_SAID = "chart"  # the attribute of a dataset that says what roles do not
_AXES = ("", "x", "y", "xy")
_FEW = ("line", "spare")  # what is so of few panels, and then said
_MOST = 12  # panels


@dataclass(frozen=True)
class Panel:
    """A pair of axes. What is written beside them is in the variables' own attributes: units,
    long_name, and for theory a label.

    Parameters
    ----------
    measured
        The variables that are points, or lines where they are many; the first names the axis
        upwards. A variable of two dimensions is a line for each of its first.
    theory
        Those that are dashed lines beside them, as far as they are there.
    across
        The coordinate, or the variable, along the horizontal axis; if not given, the last
        dimension of what is measured. What does not have its dimensions, such as a law on a finer
        grid, is drawn over its own last one.
    log
        The axes that are logarithmic, and no others: ``"x"``, ``"y"`` or ``"xy"``. If not given,
        their values decide.
    lines
        The coordinate, or variable, that tells the lines of what has two dimensions apart, by
        their colours; if not given, that of the first dimension.
    marks
        Variables of no dimension that are drawn as labelled lines through the panel: across at
        their value where they have the unit of the axis across, else upwards.
    heading
        Over the panel, instead of the name of the axis upwards.
    zero
        Whether a line is drawn at 0.
    field
        Two variables over the same two dimensions, upwards and across: a field of directions,
        drawn as arrows behind all; the first points across.
    points
        Variables that are drawn as points over their own last dimension, whatever the lines: dots,
        of the second rings, of the third crosses, then squares and triangles.
    weight
        The panel's share of the height, beside others of 1.
    line
        Whether what was measured is a curve that was followed: a line, however few its points.
    spare
        Whether the panel, and those after it, may be left out where there is no room.
    """

    measured: tuple[str, ...]
    theory: tuple[str, ...] = ()
    across: str = ""
    log: str = ""
    lines: str = ""
    marks: tuple[str, ...] = ()
    heading: str = ""
    zero: bool = False
    field: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    weight: float = 1.0
    line: bool = False
    spare: bool = False

    def __post_init__(self) -> None:
        rows = (self.measured, self.theory, self.marks, self.field, self.points)
        words = (*(name for row in rows for name in row), self.across, self.lines, self.heading)
        plain = all(isinstance(word, str) for word in words)
        plain = plain and all(isinstance(so, bool) for so in (self.zero, self.line, self.spare))
        sound = self.log in _AXES and len(self.field) in (0, 2) and 0.1 <= self.weight <= 10
        if not (plain and sound and self.measured):
            raise ValueError(f"no panel can be drawn of {self}")


@dataclass(frozen=True)
class Plan:
    """Of a chart: its panels, from top to bottom."""

    panels: tuple[Panel, ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.panels) <= _MOST:
            raise ValueError(f"a plan has a panel, and at most {_MOST}")

    @property
    def roles(self) -> Mapping[str, str]:
        """Every variable that is drawn, and what as."""
        return {
            **{name: THEORY for panel in self.panels for name in panel.theory},
            **{name: MEASURED for panel in self.panels for name in panel.points},
            **{name: MEASURED for panel in self.panels for name in panel.measured},
        }

    @property
    def attributes(self) -> dict[str, str]:
        """What a dataset must say of it: nothing where its variables' roles say all."""
        (first, *more) = self.panels
        if not more and first == Panel(first.measured[:1], first.theory):
            return {}
        return {_SAID: json.dumps([_plain(panel) for panel in self.panels])}


def _plain(panel: Panel) -> dict[str, Any]:
    """What is said of every panel, and what is so of few."""
    every = asdict(panel)
    return {name: value for name, value in every.items() if name not in _FEW or value}


def panel(*measured: str, **how: Any) -> Plan:
    """The plan of a chart of one panel; ``how`` are the other fields of a `Panel`."""
    return Plan((Panel(measured, **how),))


def plan_of(rec: xarray.Dataset) -> Plan | None:
    """The plan for what an experiment found, be it from a file; None if nothing is drawn.

    A dataset says by its variables' roles what is drawn, or else by an attribute; one that cannot
    be read is passed over, for a file may have been written by anyone.
    """
    try:
        return Plan(tuple(_panel(rec, plain) for plain in json.loads(rec.attrs[_SAID])))
    except (KeyError, TypeError, ValueError, RecursionError):
        pass
    drawn = {
        role: tuple(
            str(name)
            for name, variable in rec.data_vars.items()
            if variable.attrs.get("role") == role and variable.ndim
        )
        for role in (MEASURED, THEORY)
    }
    return panel(*drawn[MEASURED][:1], theory=drawn[THEORY]) if drawn[MEASURED] else None


def _panel(rec: xarray.Dataset, plain: Mapping[str, Any]) -> Panel:
    """A panel of its plain description, which must be of this dataset."""
    told = {
        field.name: _as_declared(plain[field.name], field.default)
        for field in fields(Panel)
        if field.name in plain
    }
    told["theory"] = tuple(name for name in told.get("theory", ()) if name in rec.data_vars)
    one = Panel(**told)
    named = {*one.measured, *one.marks, *one.field, *one.points, one.across, one.lines}
    missing = named - {"", *map(str, rec.variables)}
    if missing:
        raise ValueError(f"{', '.join(sorted(missing))}: not there")
    if any(rec[name].ndim for name in one.marks):
        raise ValueError("a mark has no dimension")
    return one


def _as_declared(value: Any, default: Any) -> Any:
    """A field's value, as JSON has it, in the field's own type; a list is a row of names."""
    if default == "" or isinstance(default, bool | float):
        return value
    if not isinstance(value, list):
        raise TypeError(f"{value!r:.40} is not a row of names")
    return tuple(value)
