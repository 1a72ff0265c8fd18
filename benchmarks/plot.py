"""The figure of the page: cost against error, one line a solver, each named at the margin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import verdicts
from benchmarks.page import seconds, work
from benchmarks.peers import CELL, ENSEMBLE
from benchmarks.verdicts import Results, Row

RED, BLUE, GREEN, PURPLE, OCHRE = "#d04a02", "#0068b0", "#00875f", "#8a3ffc", "#9a6400"
PINK, SLATE, BROWN = "#b0508a", "#434e59", "#7a1010"
SOLID, DASHED, DOTTED = (), (4.0, 1.6), (1.2, 1.4)
# family -> its name at the margin, its colour, its dashes; what is not here is not drawn
LOOKS = {
    verdicts.OURS: ("loligo Taylor", RED, SOLID),
    verdicts.FIXED: ("loligo Exponential", RED, DASHED),
    verdicts.FIXED32: ("loligo Exponential, float32", RED, DOTTED),
    "heyoka, scalar": ("heyoka", BLUE, SOLID),
    "heyoka, scalar, exponentials shared by hand": ("heyoka, rewritten", BLUE, DASHED),
    "heyoka, batch": ("heyoka, batch", BLUE, SOLID),
    "heyoka, batch, exponentials shared by hand": ("heyoka, batch, rewritten", BLUE, DASHED),
    verdicts.JAX64: ("JAX exponential", GREEN, SOLID),
    verdicts.JAX32: ("JAX exponential, float32", GREEN, DOTTED),
    "diffrax Tsit5": ("diffrax Tsit5", PURPLE, SOLID),
    "diffrax Dopri8": ("diffrax Dopri8", PURPLE, DASHED),
    "NEURON, fixed step": ("NEURON, fixed step", OCHRE, DASHED),
    "NEURON, CVODE": ("NEURON, CVODE", OCHRE, SOLID),
    verdicts.ARBOR: ("Arbor", PINK, SOLID),
    "Brian2 exponential Euler": ("Brian2", BROWN, SOLID),
    "SciPy odeint": ("SciPy odeint", SLATE, SOLID),
    "SciPy solve_ivp, LSODA": ("SciPy solve_ivp", SLATE, DASHED),
}
HIGHEST = 200.0  # mV: beyond the action potential no error means more
GAP = 0.047  # of the panel's height, between two names


def draw(results: Results, path: Path) -> None:
    """Write the figure, as SVG with its letters as outlines: the same picture everywhere."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from loligo.figures.style import house_style, theme

    light = theme("light")
    with house_style(), plt.rc_context({"svg.fonttype": "path", "svg.hashsalt": "loligo"}):
        figure, axes = plt.subplots(1, 2, figsize=(14.0, 5.6))
        figure.subplots_adjust(left=0.055, right=0.82, top=0.84, bottom=0.105, wspace=0.82)
        for ax, kind in zip(axes, (CELL, ENSEMBLE), strict=True):
            _panel(ax, results, kind, light)
        _heading(figure, results, light)
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=150)
        plt.close(figure)


def _heading(figure: Any, results: Results, light: Any) -> None:
    made = results["made"]
    title = "Cost against accuracy"
    if made["quick"]:
        title += ": a quick run, not a result"
    figure.text(0.012, 0.95, title, size=13, weight="bold", color=light.text)
    told = (
        f"Squid axon from rest, one core of {made['processor'].partition(' (')[0]}. Every point is "
        "one setting; lower is cheaper, further left is more accurate."
    )
    figure.text(0.012, 0.908, told, size=9.5, color=light.muted)


def _panel(ax: Any, results: Results, kind: str, light: Any) -> None:
    ends = []
    found = verdicts.families(results["rows"], kind)
    for family, (name, colour, dashes) in LOOKS.items():
        rows = [r for r in found.get(family, []) if verdicts.error(r) <= HIGHEST]
        if rows:
            x, y = _points(rows)
            _line(ax, x, y, family, colour, dashes)
            ends.append((x[-1], y[-1], name, colour, dashes))
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_title(work(results, kind), loc="left", size=10.5, weight="bold", color=light.text)
    ax.set_xlabel("worst error in V, last part of the run (mV)", size=9.5, color=light.text)
    _dress(ax, light)
    _threshold(ax, light)
    _names(ax, ends)


def _points(rows: list[Row]) -> tuple[np.ndarray, np.ndarray]:
    """In the order of the knob, from accurate to cheap."""
    rows = sorted(rows, key=lambda row: row["value"])
    return np.array([verdicts.error(r) for r in rows]), np.array([verdicts.best(r) for r in rows])


def _line(ax: Any, x: np.ndarray, y: np.ndarray, family: str, colour: str, dashes: Any) -> None:
    ours = family == verdicts.OURS
    ax.plot(
        x, y, color=colour, dashes=dashes or (None, None), linewidth=2.6 if ours else 1.3,
        marker="o", markersize=5.0 if ours else 3.2, markeredgecolor="white",
        markeredgewidth=0.6, zorder=5 if ours else 3, clip_on=False,
    )  # fmt: skip


def _dress(ax: Any, light: Any) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(light.rule)
    ax.tick_params(which="both", color=light.rule, labelcolor=light.muted, labelsize=9)
    ax.grid(which="major", color="#eceef1", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.xaxis.set_major_locator(LogLocator(numticks=7))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_major_locator(LogLocator(numticks=20))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: seconds(value)))
    ax.yaxis.set_minor_formatter(NullFormatter())


def _threshold(ax: Any, light: Any) -> None:
    ax.axvline(verdicts.GOOD, color=light.muted, linewidth=1.0, linestyle=":", zorder=1)
    ax.annotate(
        "compared here", (verdicts.GOOD, 1.0), (-3, -2), xycoords=("data", "axes fraction"),
        textcoords="offset points", size=8, color=light.muted, rotation=90, ha="right", va="top",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6}, zorder=6,
    )  # fmt: skip


def _names(ax: Any, ends: list[tuple[Any, ...]]) -> None:
    """Names beside the panel, at the height of their lines' cheap ends or next to it."""
    inside = ax.transData + ax.transAxes.inverted()
    places = [inside.transform((x, y)) for x, y, *_ in ends]
    heights = spread([float(p[1]) for p in places], GAP)
    for (_, _, name, colour, dashes), place, height in zip(ends, places, heights, strict=True):
        ax.plot(
            [place[0], 1.03, 1.05], [place[1], height, height], transform=ax.transAxes,
            color=colour, linewidth=0.6, alpha=0.55, clip_on=False, zorder=2,
        )  # fmt: skip
        ax.plot(
            [1.05, 1.105], [height, height], transform=ax.transAxes, color=colour, clip_on=False,
            dashes=dashes or (None, None), linewidth=2.6 if name == verdicts.OURS else 1.5,
        )  # fmt: skip
        ax.text(
            1.12, height, name, transform=ax.transAxes, color=colour, size=8.8, va="center",
            weight="bold" if name == verdicts.OURS else "normal",
        )  # fmt: skip


def spread(heights: list[float], gap: float) -> list[float]:
    """The same heights, moved as little as need be until they are ``gap`` apart.

    >>> spread([0.0, 0.0], 0.5)
    [-0.25, 0.25]
    """
    order = np.argsort(heights, kind="stable")
    groups: list[tuple[float, int]] = []  # (middle, members), from below
    for index in order:
        middle, members = heights[index], 1
        while groups and middle - groups[-1][0] < gap * (members + groups[-1][1]) / 2:
            below, count = groups.pop()
            middle = (middle * members + below * count) / (members + count)
            members += count
        groups.append((middle, members))
    placed = [m + gap * (k - (n - 1) / 2) for m, n in groups for k in range(n)]
    result = [0.0] * len(heights)
    for index, height in zip(order, placed, strict=True):
        result[index] = float(height)
    return result
