"""What an experiment found, as a chart: points against what was varied, theory beside them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis.dimensionless import is_of_dimensionless, without_units
from loligo.errors import UsageError
from loligo.experiments.plan import Panel, plan_of
from loligo.figures.content import signals
from loligo.figures.content.findings import Curve, Findings, read
from loligo.figures.content.labels import power_of_ten
from loligo.figures.page import chart
from loligo.figures.style import DASHES, channel_inks, ion
from loligo.words import ENGLISH, decimal, reworded, say, spoken

if TYPE_CHECKING:
    import xarray

_KINDS = ("voltage", "Na", "K", "leak", "Ca", "1")  # the colours of several variables
_IONS = {"Na", "K", "leak", "Ca"}  # bars named so have their own
_THEORIES = ("K", "leak", "Na")  # their colours beside a single row of points
_DASHED = (5.0, 3.0)
_WIDE = 0.3  # half of a bar, of the room for it
_POINTS = ("dot", "ring", "cross", "square", "triangle")
_NEAR_END = 0.08  # of the axes: ends that are so near are named together
_LONGEST = 1000  # letters of a summary
_POWER = re.compile(r"(?<=\d)e([+-]\d{1,3})\b")
_MINUS = re.compile(r"(?<![\w.)])-(?=\d)|(?<=\s)-(?=\s)")
# the part of a line's points from which on it hides the one that it lies over: those that are near
# to it, of all that are away from 0, as parts of the largest
_HIDDEN, _NEAR, _AWAY = 0.3, 2e-3, 0.02


def is_experiment(rec: Any) -> bool:
    """Whether a dataset says that it is what an experiment found, and holds what is drawn of it."""
    return "experiment" in getattr(rec, "attrs", {}) and plan_of(rec) is not None


def experiment_chart(rec: xarray.Dataset, title: str | None) -> chart.Chart:
    """A panel for each of the experiment's plan: what was measured against what was varied.

    Raises
    ------
    UsageError
        For more dimensions, or more lines than can be told apart.
    """
    if title is not None and not isinstance(title, str):
        raise UsageError(f"title={title!r} is not text; give a string, or leave it out.")
    if is_of_dimensionless(str(rec.attrs.get("membrane", ""))):
        rec = without_units(rec)
    plan = plan_of(rec)
    if plan is None:
        raise UsageError("the dataset says of no variable that it was measured")
    words = reworded(str(rec.attrs.get("title", ""))) if title is None else title
    panels = _told_once([_with_obstacle(rec, _axes(read(rec, p)), p) for p in plan.panels])
    return chart.Chart(
        panels, words, conditions(rec) if words else "", chart.shared(panels),
        caption=_said(rec) if words else "", spare=sum(panel.spare for panel in plan.panels),
    )  # fmt: skip


def _with_obstacle(rec: xarray.Dataset, axes: chart.Axes, panel: Panel) -> chart.Axes:
    """Along an axon: where what stands in the way lies, and what it is."""
    if "obstacle_start" not in rec or (panel.across or "position") != "position":
        return axes
    um = signals.places(rec)[1]
    start, end = (float(rec[f"obstacle_{side}"]) / um for side in ("start", "end"))
    words = reworded(str(rec["obstacle_start"].attrs.get("label", "")))
    where = (chart.Band(start, end), chart.Rule(start, across=True, label=words))
    return replace(axes, layers=(*where, *axes.layers))


def _said(rec: xarray.Dataset) -> str:
    """What was found, in words that can be drawn; nothing where they are of another language."""
    if str(rec.attrs.get("language", ENGLISH)) != spoken():
        return ""
    letters = str(rec.attrs.get("summary", ""))[:_LONGEST]
    plain = "".join(letter if letter.isprintable() else " " for letter in letters)
    return _POWER.sub(lambda found: f"·{power_of_ten(int(found[1]))}", _MINUS.sub("−", plain))


def _told_once(panels: list[chart.Axes]) -> tuple[chart.Axes, ...]:
    """Panels of which only the first has the bar of a scale of colours that they share."""
    told: list[chart.Scale] = []
    for k, panel in enumerate(panels):
        if panel.scale in told:
            panels[k] = replace(panel, scale=replace(panel.scale, bar=False))
        elif panel.scale is not None:
            told.append(panel.scale)
    return tuple(panels)


def _axes(table: Findings) -> chart.Axes:
    told = ", ".join(dict.fromkeys(curve.label for curve in table.theory))
    said = table.theory and table.several and not (table.field or table.points)
    nothing = not table.y.size
    hues = table.hues
    return chart.Axes(
        tuple(_layers(table)),
        chart.Axis(table.across, log=table.log, limits=_across(table), ticks=table.categories),
        chart.Axis(
            table.heading, table.unit, log=table.log_up, limits=_upwards(table),
            ticks=() if nothing else None,
        ),
        scale=hues and chart.Scale(
            hues.name, hues.low, hues.high, log=hues.log, bar=not nothing
        ),
        key=table.key,
        aside=say("dashed: {lines}", lines=told) if said else "",
        weight=table.weight,
    )  # fmt: skip


def conditions(rec: xarray.Dataset) -> str:
    """Of which axon: what was not varied."""
    if "subtitle" in rec.attrs:
        return reworded(str(rec.attrs["subtitle"]))
    try:
        axon = json.loads(rec.attrs["axon"])
        regions, membranes = axon["regions"], axon["membranes"]
    except (KeyError, TypeError, ValueError):
        return ""
    said = []
    if len({r["diameter"] for r in regions if not isinstance(r["diameter"], dict)}) == 1:
        said += [("diameter", _number(regions[0]["diameter"], "µm"))]
    if "fibre_um" in rec.attrs:
        said = [("fibre", say("fibre {wide}", wide=_number(float(rec.attrs["fibre_um"]), "µm")))]
    if isinstance(axon["axial_resistivity"], float):
        said += [("axial_resistivity", _number(axon["axial_resistivity"], "Ω·cm"))]
    celsius = membranes[0].get("celsius")
    if isinstance(celsius, int | float):
        said += [("celsius", _number(celsius, "°C"))]
    model = reworded(str(membranes[0].get("title") or ""))
    return ", ".join(filter(None, [model, *(what for dim, what in said if dim not in rec.dims)]))


def _number(value: float, unit: str) -> str:
    return f"{decimal(f'{value:.4g}')} {unit}"


# ------------------------------------------------------------------------ the layers


def _layers(table: Findings) -> list[chart.Layer]:
    """Rules and the field at the bottom; theory lies under a single row of points, and over several
    lines; crosses over all."""
    lines = range(len(table.measured))
    measured = [layer for k in lines for layer in _row(table, k, _colour(table, k))]
    if table.several and table.field is None:
        theory = _all_dashed(table)
        both = [*measured, *theory]
    else:
        named = dict(zip(dict.fromkeys(c.kind for c in table.theory), cycle(_THEORIES)))
        theory = [_dashed(curve, named[curve.kind], curve.label) for curve in table.theory]
        both = [*theory, *measured]
    over = [*_ends(table), *_points(table), *_blocked(table)]
    return [*_behind(table), *both, *_names_of_kinds(table), *over]


def _all_dashed(table: Findings) -> list[chart.Line]:
    """Over several lines; where points have names below the heading, so have these, each once."""
    names = list(dict.fromkeys(curve.label for curve in table.theory)) if table.points else []
    lines: list[chart.Line] = []
    for curve in table.theory:
        label = curve.label if curve.label in names and np.isfinite(curve.y).any() else ""
        names = [name for name in names if name != label]
        lines.append(_dashed(curve, "text", label))
    return lines


def _points(table: Findings) -> list[chart.Layer]:
    """What is drawn as points whatever the lines: a kind of mark for each variable."""
    layers: list[chart.Layer] = []
    for curve, mark in zip(table.points, _POINTS, strict=False):
        known = np.isfinite(curve.y)
        if known.any():
            x, y = curve.x[known], curve.y[known]
            layers.append(chart.Points(x, y, "text", curve.label, mark=mark, size=5.0, stroke=1.2))
    return layers


def _behind(table: Findings) -> list[chart.Layer]:
    """The field, the line at 0, and the numbers that are marked on an axis."""
    layers: list[chart.Layer] = []
    if table.field is not None:
        field = table.field
        layers.append(chart.Arrows(field.x, field.y, field.dx, field.dy))
    if table.zero:
        layers.append(chart.Rule(0.0))
    x = table.x[np.isfinite(table.x)]
    for mark in table.marks:
        if mark.across:
            layers.append(chart.Rule(mark.at, across=True, label=mark.words))
        else:
            ends, level = [x.min(initial=np.inf), x.max(initial=-np.inf)], [mark.at] * 2
            layers.append(chart.Line(ends, level, "muted", mark.words, dashes=(5, 4), width=0.55))
    return layers


def _colour(table: Findings, k: int) -> chart.Colour:
    """Of the ``k``-th line: by its value on a scale, in order for a few, else by its variable."""
    curve = table.measured[k]
    if table.hues is not None:
        return curve.value if np.isfinite(curve.value) else "muted"
    of_kind = [other for other in table.measured if other.kind == curve.kind]
    if len(of_kind) > 1:
        return next(i for i, other in enumerate(of_kind) if other is curve) / (len(of_kind) - 1)
    if curve.channel:
        return channel_inks(other.channel for other in table.measured)[curve.channel]
    return _KINDS[curve.kind % len(_KINDS)]


def _dashed(curve: Curve, colour: chart.Colour, label: str = "") -> chart.Line:
    return chart.Line(curve.x, curve.y, colour, label, dashes=_DASHED, width=0.8)


def _row(table: Findings, k: int, colour: chart.Colour) -> list[chart.Layer]:
    """What was measured: points where they are few, else a line. Of several variables of many
    lines each has its own dashes."""
    curve = table.measured[k]
    if table.categories is not None:
        return _bars(table, curve, colour)
    rows = len(table.measured) > len(table.kinds) > 1
    dashes = DASHES[curve.kind % len(DASHES)] if rows else ()
    named_at_its_end = _last(table, k) is not None
    name = "" if named_at_its_end or (rows and curve.kind) else curve.label
    if not table.marked:
        return [chart.Line(curve.x, curve.y, colour, name, dashes or _seen_through(table, k))]
    points = chart.Points(curve.x, curve.y, colour)
    if table.theory and not table.several:
        return [points]
    thin = chart.Line(curve.x, curve.y, colour, name, dashes or _seen_through(table, k), width=0.8)
    return [thin, points]


def _bars(table: Findings, curve: Curve, colour: chart.Colour) -> list[chart.Layer]:
    """Of what lies side by side: bars from 0, coloured as channels are; points where there are
    several, or where 0 is far."""
    if table.several or table.log_up or not (table.y > 0).all():
        return [chart.Points(curve.x, curve.y, colour, curve.label)]
    words = [text for _, text in table.categories or ()]
    inks = channel_inks(words) if _IONS & set(map(ion, words)) else dict.fromkeys(words, colour)
    return [
        chart.Area([x - _WIDE, x + _WIDE], [0.0] * 2, [y] * 2, inks[name], alpha=0.75)
        for x, y, name in zip(curve.x, curve.y, words, strict=True)
        if np.isfinite(y)
    ]  # fmt: skip


def _seen_through(table: Findings, k: int) -> tuple[float, ...]:
    """Dashes of a line that would hide one below it."""
    curve, apart_by_kind = table.measured[k], len(table.measured) == len(table.kinds)
    for below in table.measured[:k] if table.y.size and apart_by_kind else ():
        if below.x.shape == curve.x.shape and np.array_equal(below.x, curve.x):
            near, far = (part * np.abs(table.y).max() for part in (_NEAR, _AWAY))
            away = np.maximum(np.abs(below.y), np.abs(curve.y)) > far
            hidden = np.abs(below.y - curve.y) <= near
            if away.any() and hidden[away].mean() >= _HIDDEN:
                return _DASHED
    return ()


def _names_of_kinds(table: Findings) -> list[chart.Layer]:
    """What the dashes of several variables of many lines say."""
    if not len(table.measured) > len(table.kinds) > 1:
        return []
    nowhere = [np.nan]
    return [
        chart.Line(nowhere, nowhere, "text", name, dashes=DASHES[k % len(DASHES)])
        for k, name in enumerate(table.kinds)
    ]


def _last(table: Findings, k: int) -> int | None:
    """Where a line ends before its axis does: there what was looked for ended."""
    y = table.measured[k].y
    known = np.flatnonzero(np.isfinite(y))
    if table.marked or not table.absent or not known.size or known[-1] == y.size - 1:
        return None
    return int(known[-1])


def _ends(table: Findings) -> list[chart.Layer]:
    """A cross where a line ends, with its name and what that means; lines that end at one place are
    named together."""
    crosses: list[chart.Layer] = []
    named: list[tuple[float, float, list[str]]] = []
    spans = [float(np.ptp(v[np.isfinite(v)])) if v.size else 1.0 for v in (table.x, table.y)]
    for k, curve in enumerate(table.measured):
        last = _last(table, k)
        if last is None:
            continue
        x, y = float(curve.x[last]), float(curve.y[last])
        crosses.append(
            chart.Points([x], [y], _colour(table, k), mark="cross", size=4.5, stroke=1.2)
        )
        for at, up, labels in named:
            if abs(x - at) < _NEAR_END * spans[0] and abs(y - up) < _NEAR_END * spans[1]:
                labels.append(curve.label)
                break
        else:
            named.append((x, y, [curve.label]))
    for x, y, labels in named:
        whose = ", ".join(filter(None, labels))
        crosses.append(chart.Note(x, y, f"{whose}: {table.absent}" if whose else table.absent))
    return crosses


def _blocked(table: Findings) -> list[chart.Layer]:
    """Crosses where what was looked for is not there, and words for it."""
    if not table.y.size:
        low, high = np.nanmin(table.x), np.nanmax(table.x)
        middle = np.sqrt(low * high) if table.log else (low + high) / 2
        return [chart.Note(float(middle), 0.5, table.absent or say("nothing was found"))]
    x, (floor, _) = table.blocked, _floor(table)
    if not x.size:
        return []
    level = np.full(x.size, floor)
    crosses = chart.Points(x, level, "muted", mark="cross", size=3.2, stroke=1.0)
    return [crosses, chart.Note(float(np.median(x)), floor, table.absent)]


# ------------------------------------------------------------------------ limits


def _across(table: Findings) -> tuple[float, float] | None:
    """Of lines just what was varied. Places are the centres of compartments: the axis reaches to
    their edges."""
    finite = table.x[np.isfinite(table.x)]
    if not finite.size or table.field is not None:
        return None
    low, high = float(finite.min()), float(finite.max())
    if table.categories is not None:
        return low - 0.5, high + 0.5
    centre = low if 0 < low < 0.02 * high and not table.log else 0.0
    reach = [mark.at for mark in table.marks if mark.across and (mark.at > 0 or not table.log)]
    if (low == high) or (table.marked and not centre):
        return None
    return min([low - centre, *reach]), max([high + centre, *reach])


def _upwards(table: Findings) -> tuple[float, float] | None:
    """Room for crosses at the bottom."""
    if not table.y.size:
        return 0.0, 1.0
    return _floor(table)[1] if table.blocked.size else None


def _floor(table: Findings) -> tuple[float, tuple[float, float]]:
    """Where crosses stand, at 0 or below all that was found, and the limits with them."""
    exact = np.concatenate([table.y, *(curve.y for curve in table.theory)])
    finite = exact[np.isfinite(exact)]
    finite = finite[finite > 0] if table.log_up else finite
    low, high = float(finite.min()), float(finite.max())
    if table.log_up:
        ratio = max(high / low, 1.5)
        return low / ratio**0.1, (low / ratio**0.15, high * ratio**0.05)
    span = high - low or abs(high) or 1.0
    if 0 <= low < 0.6 * high:
        return 0.0, (-0.05 * high, high + 0.06 * span)
    return low - 0.09 * span, (low - 0.14 * span, high + 0.06 * span)
