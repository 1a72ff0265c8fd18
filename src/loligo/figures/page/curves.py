"""What an experiment found, as a figure: points against what was varied, theory beside them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UsageError
from loligo.figures.content import labels, signals
from loligo.figures.content.labels import Label
from loligo.figures.page.drawing import text
from loligo.figures.page.layout import GAP, PAD, TICK_ROOM, Layout, Ruler, Size, line_height
from loligo.figures.style import HEADING, LABEL, LINE_WIDTH, SUBTITLE, TICK, TITLE, Theme

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKED = 40  # points that are marked one by one; more are a line
_MOST_LINES = 12
_DECADES = 1.5  # from this many on, an axis is logarithmic
_ROUND = (1.0, 2.0, 5.0)


@dataclass(frozen=True, eq=False)
class _Curve:
    """One line: what was measured, and what theory says."""

    label: str
    measured: np.ndarray
    theory: np.ndarray | None
    colour: str


@dataclass(frozen=True, eq=False)
class _Curves:
    """All that the figure shows."""

    x: np.ndarray
    across: str  # the axis's name
    heading: str
    key: str
    theory: str
    curves: tuple[_Curve, ...]
    blocked: np.ndarray  # of x, where nothing was conducted
    log: bool
    log_up: bool

    @property
    def limits(self) -> tuple[float, float]:
        """Of the axis upwards: from 0 where nothing is below it."""
        parts = [c.measured for c in self.curves]
        parts += [c.theory for c in self.curves if c.theory is not None]
        table = np.concatenate([part[np.isfinite(part)] for part in parts])
        if not table.size:
            return 0.0, 1.0
        low, high = float(table.min()), float(table.max())
        span = high - low or abs(high) or 1.0
        if self.log_up:
            return low / (high / low) ** 0.05, high * (high / low) ** 0.05
        if low >= 0 and low < 0.6 * high:
            return (0.0 if not self.blocked.size else -0.05 * high), high + 0.06 * span
        return low - 0.06 * span, high + 0.06 * span


def is_experiment(rec: Any) -> bool:
    """Whether a dataset says that it is what an experiment found."""
    return "experiment" in getattr(rec, "attrs", {}) and bool(_measured(rec))


def draw_experiment(rec: xarray.Dataset, theme: Theme, size: Size, title: str | None) -> Figure:
    """The measured variable against its last dimension, a line for each of the others."""
    from loligo.figures.page.notebook import ShownFigure

    if title is not None and not isinstance(title, str):
        raise UsageError(f"title={title!r} is not text; give a string, or leave it out.")
    shown = _read(rec, theme)
    named = str(rec.attrs.get("title", "")) if title is None else title
    said = conditions(rec) if named else ""
    figure = ShownFigure(figsize=size.inches, dpi=size.dpi, facecolor=theme.background)
    ruler = Ruler(figure.canvas.get_renderer(), size.dpi)  # type: ignore[attr-defined]
    layout, bottom, top = _arranged(shown, size, ruler, named, said)
    axes = _axes(figure, layout, shown, bottom, top, theme)
    for curve in shown.curves:
        _draw(axes, layout, shown, curve, theme)
        _mark_end(axes, layout, shown, curve, theme)
    _mark_blocked(axes, layout, shown, theme)
    _names(figure, layout, axes, shown, bottom, top, theme)
    _words(figure, layout, shown, top, theme)
    return figure


# ------------------------------------------------------------------------ what is shown


def _measured(rec: xarray.Dataset) -> list[str]:
    return [
        str(n) for n, v in rec.data_vars.items() if v.attrs.get("role") == "measured" and v.ndim
    ]


def _read(rec: xarray.Dataset, theme: Theme) -> _Curves:
    name = _measured(rec)[0]
    variable = rec[name]
    if variable.ndim > 2:
        raise UsageError(f"{name} has {variable.ndim} dimensions; select some to draw it")
    dim = str(variable.dims[-1])
    x, across = _axis(rec, dim)
    theories = [str(n) for n, v in rec.data_vars.items() if v.attrs.get("role") == "theory"]
    theory = rec[theories[0]].transpose(*variable.dims) if theories else None
    rows = np.atleast_2d(np.asarray(variable.values, dtype=float))
    exact = None if theory is None else np.atleast_2d(np.asarray(theory.values, dtype=float))
    key, names = "", [""]
    if variable.ndim == 2:
        first = str(variable.dims[0])
        if rows.shape[0] > _MOST_LINES:
            raise UsageError(
                f"{rows.shape[0]} lines cannot be told apart; select some of {first!r}, as in "
                f"found.isel({first}=[0, -1])"
            )
        key = _named(rec, first)
        names = [signals.coordinate(rec, first, k) for k in range(rows.shape[0])]
        key = "" if rec[first].dtype.kind in "OUS" else key
    colours = [theme.voltage] if len(names) == 1 else _colours(len(names), theme)
    curves = tuple(
        _Curve(names[k], rows[k], None if exact is None else exact[k], colours[k])
        for k in range(len(names))
    )
    gone = x[~np.isfinite(rows[0])] if len(names) == 1 else x[:0]
    unit = labels.unit(str(variable.attrs.get("units", "1")))
    meaning = str(variable.attrs.get("long_name", name))
    heading = meaning[:1].upper() + meaning[1:] + (f" ({unit})" if unit else "")
    log = bool(x.size <= _MARKED and x.min() > 0 and math.log10(x.max() / x.min()) >= _DECADES)
    finite = rows[np.isfinite(rows)]
    steep = bool(log and finite.size and finite.min() > 0 and finite.max() > 3 * finite.min())
    said = "" if theory is None else str(theory.attrs.get("label", "theory"))
    return _Curves(x, across, heading, key, said, curves, gone, log, steep and not gone.size)


def _colours(count: int, theme: Theme) -> list[str]:
    import matplotlib
    from matplotlib.colors import to_hex

    colormap = matplotlib.colormaps[theme.colormap]
    return [to_hex(colormap(x)) for x in np.linspace(*theme.colormap_range, count)]


def _named(rec: xarray.Dataset, dim: str) -> str:
    told = rec[dim].attrs if dim in rec.coords else {}
    meaning, unit = str(told.get("long_name", dim)), labels.unit(str(told.get("units", "1")))
    meaning = meaning[:1].upper() + meaning[1:]
    return f"{meaning} ({unit})" if unit else meaning


def _axis(rec: xarray.Dataset, dim: str) -> tuple[np.ndarray, str]:
    """Places in the unit that suits them; all else as it is."""
    x = np.asarray(rec[dim].values, dtype=float)
    if rec[dim].attrs.get("units") != "um" or dim != "position":
        return x, _named(rec, dim)
    unit, um = signals.places(rec)
    return x / um, f"Position along the axon ({unit})"


def conditions(rec: xarray.Dataset) -> str:
    """Of which axon: what was not varied."""
    if "subtitle" in rec.attrs:
        return str(rec.attrs["subtitle"])
    try:
        axon = json.loads(rec.attrs["axon"])
        regions, membranes = axon["regions"], axon["membranes"]
    except (KeyError, TypeError, ValueError):
        return ""
    said = []
    if len({r["diameter"] for r in regions if not isinstance(r["diameter"], dict)}) == 1:
        said += [("diameter", f"{regions[0]['diameter']:.4g} µm")]
    if "fibre_um" in rec.attrs:
        said = [("fibre", f"fibre {float(rec.attrs['fibre_um']):.4g} µm")]
    if isinstance(axon["axial_resistivity"], float):
        said += [("axial_resistivity", f"{axon['axial_resistivity']:.4g} Ω·cm")]
    celsius = membranes[0].get("celsius")
    if isinstance(celsius, int | float):
        said += [("celsius", f"{celsius:.4g} °C")]
    model = membranes[0].get("title") or ""
    return ", ".join(filter(None, [model, *(what for dim, what in said if dim not in rec.dims)]))


# ------------------------------------------------------------------------ drawing


def _arranged(
    shown: _Curves, size: Size, ruler: Ruler, title: str, subtitle: str
) -> tuple[Layout, float, float]:
    width, height = size.inches
    scale = min(1.0, math.sqrt(min(width / 8, height / 5)))
    line, pad = scale / 72, PAD * scale
    top = height - pad
    title_y = top - 1.05 * TITLE * line
    top = title_y - 0.15 * TITLE * line if title else top
    subtitle_y = top - 1.25 * SUBTITLE * line
    top = subtitle_y - 0.1 * SUBTITLE * line if subtitle else top
    top -= (0.6 * HEADING if title else 0.0) * line + 1.55 * HEADING * line
    bottom = pad + (1.2 * HEADING + 1.3 * TICK) * line + TICK_ROOM * scale
    ticks = _up_ticks(shown, top - bottom, scale)
    left = pad + max(ruler.width(t, TICK * scale) for _, t in ticks) + TICK_ROOM * scale
    names = [ruler.width(c.label, LABEL * scale) for c in shown.curves if c.label]
    if shown.theory and len(shown.curves) == 1:
        names.append(ruler.width(shown.theory, LABEL * scale))
    right = width - pad - (GAP * scale + max(names) if names else 0.18 * scale)
    layout = Layout(
        size, scale, left, right, (),
        ruler.fitted(title, TITLE * scale, width - pad - left, "bold"), title_y,
        ruler.fitted(subtitle, SUBTITLE * scale, width - pad - left), subtitle_y, 0.0, (), "",
    )  # fmt: skip
    return layout, bottom, top


def _up_ticks(shown: _Curves, tall: float, scale: float) -> list[tuple[float, str]]:
    low, high = shown.limits
    if shown.log_up:
        return _decades(low, high)
    most = min(7, max(2, math.ceil(tall / (1.9 * TICK * scale / 72))))
    places = labels.ticks(low, high, most)
    decimals = labels.tick_decimals(places)
    return [(place, labels.number(place, decimals)) for place in places]


def _across_ticks(shown: _Curves, low: float, high: float) -> list[tuple[float, str]]:
    if not shown.log:
        places = labels.ticks(low, high, 9)
        decimals = labels.tick_decimals(places)
        return [(place, labels.number(place, decimals)) for place in places]
    return _decades(low, high)


def _decades(low: float, high: float) -> list[tuple[float, str]]:
    """1, 2 and 5 of every decade."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    places = [m * 10.0**p for p in powers for m in _ROUND if low <= m * 10.0**p <= high]
    return [(place, f"{place:.6g}") for place in places]


def _axes(
    figure: Any, layout: Layout, shown: _Curves, bottom: float, top: float, theme: Theme
) -> Axes:
    width, height = layout.size.inches
    axes = figure.add_axes(
        (
            layout.left / width, bottom / height,
            (layout.right - layout.left) / width, (top - bottom) / height,
        ),
        facecolor="none",
    )  # fmt: skip
    low, high = float(shown.x.min()), float(shown.x.max())
    if shown.log:
        axes.set_xscale("log")
        edge = (high / low) ** 0.03
        axes.set_xlim(low / edge, high * edge)
    else:
        edge = 0.03 * (high - low) if shown.x.size <= _MARKED else 0.0
        centre = low if 0 < low < 0.02 * high else 0.0  # places are the centres of compartments
        axes.set_xlim(low - (centre or edge), high + (centre or edge))
    if shown.log_up:
        axes.set_yscale("log")
    axes.set_ylim(*shown.limits)
    axes.minorticks_off()
    across = _across_ticks(shown, *axes.get_xlim())
    up = _up_ticks(shown, top - bottom, layout.scale)
    axes.set_xticks([place for place, _ in across], [words for _, words in across])
    axes.set_yticks([place for place, _ in up], [words for _, words in up])
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set(color=theme.rule, linewidth=0.7 * layout.scale)
    axes.tick_params(
        color=theme.rule, labelcolor=theme.text, labelsize=TICK * layout.scale,
        length=0.045 * 72 * layout.scale, pad=0.05 * 72 * layout.scale, width=0.7 * layout.scale,
    )  # fmt: skip
    return axes


def _draw(axes: Axes, layout: Layout, shown: _Curves, curve: _Curve, theme: Theme) -> None:
    wide = LINE_WIDTH * layout.scale
    alone = len(shown.curves) == 1
    if curve.theory is not None:
        axes.plot(
            shown.x, curve.theory, color=theme.channels["K"] if alone else theme.text,
            linewidth=0.8 * wide, dashes=(5, 3), zorder=4 if not alone else 2,
        )  # fmt: skip
    marked = shown.x.size <= _MARKED
    axes.plot(
        shown.x, curve.measured, color=curve.colour, clip_on=False, zorder=3,
        linewidth=(0.0 if alone and curve.theory is not None else 0.8 * wide) if marked else wide,
        marker="o" if marked else "", markersize=3.6 * wide, markeredgecolor=theme.background,
        markeredgewidth=0.6 * wide, solid_capstyle="round", solid_joinstyle="round",
    )  # fmt: skip


def _mark_end(axes: Axes, layout: Layout, shown: _Curves, curve: _Curve, theme: Theme) -> None:
    """A cross where a line ends before its axis does: there the action potential was blocked."""
    known = np.flatnonzero(np.isfinite(curve.measured))
    if not known.size or known[-1] == shown.x.size - 1 or shown.x.size <= _MARKED:
        return
    wide = LINE_WIDTH * layout.scale
    axes.plot(
        shown.x[known[-1]], curve.measured[known[-1]], marker="x", color=curve.colour,
        markersize=4.5 * wide, markeredgewidth=1.2 * wide, zorder=5,
    )  # fmt: skip


def _mark_blocked(axes: Axes, layout: Layout, shown: _Curves, theme: Theme) -> None:
    """A cross where nothing was conducted."""
    if not shown.blocked.size:
        return
    wide = LINE_WIDTH * layout.scale
    axes.plot(
        shown.blocked, np.zeros(shown.blocked.size), linewidth=0, marker="x",
        color=theme.muted, markersize=3.2 * wide, markeredgewidth=wide, clip_on=False, zorder=3,
    )  # fmt: skip
    middle = float(np.median(shown.blocked))
    axes.annotate(
        "no conduction", (middle, 0.0), (0, 5 * layout.scale), textcoords="offset points",
        ha="center", va="bottom", fontsize=TICK * layout.scale, color=theme.muted,
    )  # fmt: skip


def _names(
    figure: Any, layout: Layout, axes: Axes, shown: _Curves, bottom: float, top: float,
    theme: Theme,
) -> None:  # fmt: skip
    """What each line is, at its right end."""
    named: list[tuple[str, np.ndarray, str]] = [
        (c.label, c.measured, c.colour) for c in shown.curves if c.label
    ]
    alone = shown.curves[0]
    if shown.theory and len(shown.curves) == 1 and alone.theory is not None:
        named.append((shown.theory, alone.theory, theme.channels["K"]))
    if not named:
        return
    step = line_height(LABEL * layout.scale)
    inverted = axes.transAxes.inverted()
    wanted = []
    for _, values, _ in named:
        at = inverted.transform(axes.transData.transform((shown.x[-1], _last(values))))
        wanted.append(bottom + (top - bottom) * float(at[1]))
    heights = labels.spread(wanted, step, bottom + step / 2, top)
    for (words, _, colour), y in zip(named, heights, strict=True):
        text(
            figure, layout, layout.right + GAP * layout.scale, float(y), Label(words),
            LABEL * layout.scale, color=colour, va="center_baseline",
        )  # fmt: skip


def _last(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite[-1]) if finite.size else 0.0


def _words(figure: Any, layout: Layout, shown: _Curves, top: float, theme: Theme) -> None:
    scale = layout.scale
    width = layout.size.inches[0]
    for line, y, weight, colour in (
        (layout.title, layout.title_y, "bold", theme.text),
        (layout.subtitle, layout.subtitle_y, "normal", theme.muted),
    ):
        if line.text:
            look = {"color": colour, "weight": weight, "va": "baseline"}
            text(figure, layout, layout.left, y, Label(line.text), line.size, **look)
    look = {"color": theme.text, "va": "baseline"}
    y = top + 0.55 * HEADING * scale / 72
    text(figure, layout, layout.left, y, Label(shown.heading), HEADING * scale, **look)
    if shown.key:
        x = width - PAD * scale
        text(figure, layout, x, y, Label(shown.key), HEADING * scale, ha="right", **look)
    if shown.theory and len(shown.curves) > 1:
        x = (layout.left + layout.right) / 2
        words = Label(f"dashed: {shown.theory}")
        text(figure, layout, x, y, words, HEADING * scale, ha="center", **look)
    text(
        figure, layout, (layout.left + layout.right) / 2, PAD * scale + 0.25 * HEADING * scale / 72,
        Label(shown.across), HEADING * scale, ha="center", **look,
    )  # fmt: skip
