"""Charts of every kind that an experiment needs, from made-up but sensible numbers."""

from __future__ import annotations

import numpy as np

from loligo.figures.page import chart
from loligo.figures.page.chart import Area, Axes, Axis, Band, Chart, Line, Points, Rule, Scale


def current_voltage() -> Chart:
    """Peak and steady current against the command, and the conductance on a second axis."""
    V = np.arange(-80.0, 61.0, 10.0)
    open_ = 1 / (1 + np.exp(-(V + 30) / 7))
    peak, steady = 40 * open_ * (V - 50), 30 / (1 + np.exp(-(V + 20) / 12)) * (V + 77)
    layers = (
        Rule(0),
        Line(V, peak, "Na", "peak", width=0.8), Points(V, peak, "Na"),
        Line(V, steady, "K", "steady state", width=0.8), Points(V, steady, "K"),
    )  # fmt: skip
    conductance = Line(V, open_ * 40, "muted", "conductance", dashes=(4, 1.6))
    twin = chart.Twin(Axis("Peak conductance", "mS/cm2", colour="muted"), (conductance,))
    panel = Axes(layers, Axis("Command voltage", "mV"), Axis("Current", "uA/cm2"), twin=twin)
    return Chart((panel,), "Currents under voltage clamp", "Squid giant axon, 6.3 °C")


def firing_rate() -> Chart:
    """f-I curves of two models, with a spread."""
    current = np.linspace(0, 40, 81)
    two = 60 + 40 * np.sqrt(np.clip(current - 6, 0, None) / 10)
    two[current < 6] = np.nan
    one = 55 * np.sqrt(np.clip(current - 2, 0, None))
    layers = (
        Area(current, 0.92 * one, 1.08 * one, "K"),
        Line(current, one, "K", "Connor & Stevens"),
        Line(current, two, "voltage", "Hodgkin & Huxley"),
        Rule(6.0, across=True), chart.Note(6.0, 300, "saddle-node"),
    )  # fmt: skip
    panel = Axes(layers, Axis("Injected current", "uA/cm2"), Axis("Firing rate", "Hz"))
    return Chart((panel,), "Firing rate against current")


def strength_duration() -> Chart:
    """Threshold against duration on logarithmic axes, with Lapicque's law."""
    duration = np.geomspace(0.02, 50, 20)
    threshold = 2.2 / (1 - np.exp(-duration / 1.4))
    layers = (
        Line(duration, 2.2 * (1 + 1.4 / duration), "K", "Lapicque", dashes=(5, 3), width=0.8),
        Points(duration, threshold, label="threshold"),
        Rule(2.2),
    )  # fmt: skip
    panel = Axes(
        layers, Axis("Duration", "ms", log=True), Axis("Threshold current", "uA/cm2", log=True)
    )
    return Chart((panel,), "Strength and duration", "the dashed rule is the rheobase")


def phase_plane() -> Chart:
    """FitzHugh's plane: nullclines, a trajectory coloured by time and the vector field."""
    v, w = np.meshgrid(np.linspace(-2.4, 2.4, 23), np.linspace(-0.9, 1.9, 17))
    dv, dw = v - v**3 / 3 - w + 0.5, 0.08 * (v + 0.7 - 0.8 * w)
    place = np.linspace(-2.4, 2.4, 241)
    path = [(-1.0, -0.6)]
    for _ in range(4000):
        x, y = path[-1]
        path.append((x + 0.02 * (x - x**3 / 3 - y + 0.5), y + 0.02 * 0.08 * (x + 0.7 - 0.8 * y)))
    run = np.array(path)
    time = 0.02 * np.arange(len(run))
    rest = -0.8049
    layers = (
        chart.Arrows(v, w, dv, dw),
        Line(place, place - place**3 / 3 + 0.5, "Na", "dV/dt = 0"),
        Line(place, (place + 0.7) / 0.8, "K", "dw/dt = 0"),
        Line(run[:, 0], run[:, 1], tuple(time)),
        Points([rest], [(rest + 0.7) / 0.8], "text", "equilibrium", mark="ring", size=4, stroke=1),
    )
    panel = Axes(
        layers, Axis("V", limits=(-2.4, 2.4)), Axis("w", limits=(-0.9, 1.9)),
        scale=Scale("Time (ms)", 0.0, 80.0),
    )  # fmt: skip
    return Chart((panel,), "Phase plane", "FitzHugh 1961, I = 0.5")


def bifurcation() -> Chart:
    """Rest, stable and unstable, and the extremes of the limit cycle."""
    current = np.linspace(0, 200, 401)
    rest = -65 + 25 * (1 - np.exp(-current / 60))
    cycle = np.linspace(6.3, 154, 200)
    size = np.sqrt(np.clip(1 - ((cycle - 80) / 74) ** 2, 0, 1))
    middle = -65 + 25 * (1 - np.exp(-cycle / 60))
    layers = (
        *chart.branch(current, rest, (current < 9.8) | (current > 154), label="rest"),
        *chart.branch(cycle, middle + 70 * size, cycle > 8, "Na", "periodic"),
        *chart.branch(cycle, middle - 22 * size, cycle > 8, "Na"),
        Points([9.8, 154.0], [-61.2, -41.9], "text", "Hopf", mark="ring", size=4, stroke=1),
    )
    panel = Axes(layers, Axis("Injected current", "uA/cm2"), Axis("Membrane potential", "mV"))
    return Chart((panel,), "Rest and repetitive firing", "solid: stable; dashed: unstable")


def raster() -> Chart:
    """Spikes of twenty trials, and their rate below on the same axis."""
    random = np.random.default_rng(4)
    rows = [np.sort(random.gamma(4, 4, 60).cumsum()) for _ in range(20)]
    rows = [row[row < 500] for row in rows]
    counts, edges = np.histogram(np.concatenate(rows), np.arange(0, 501, 10))
    spikes = Axes(
        (Band(100, 300), chart.raster(rows)), Axis("Time", "ms"),
        Axis("Trial", limits=(0.4, 20.6), ticks=[(k, f"{k}") for k in (1, 5, 10, 15, 20)]),
        weight=1.6,
    )  # fmt: skip
    rate = Axes(
        (Band(100, 300), *chart.histogram(edges, counts / 20 / 0.01, "stimulus")),
        Axis("Time", "ms", limits=(0, 500)), Axis("Rate", "Hz"),
    )  # fmt: skip
    return Chart((spikes, rate), "Noise makes trials differ", "tinted: stimulus on", shared=True)


def histogram() -> Chart:
    """Intervals between spikes, and the density that theory expects."""
    intervals = np.random.default_rng(1).gamma(9, 1.5, 900)
    counts, edges = np.histogram(intervals, 30)
    x = np.linspace(edges[0], edges[-1], 300)
    density = x**8 * np.exp(-x / 1.5)
    density *= counts.sum() * (edges[1] - edges[0]) / np.trapezoid(density, x)
    layers = (
        *chart.histogram(edges, counts, "K", "measured"),
        Line(x, density, "text", "gamma of order 9", dashes=(5, 3)),
        Rule(float(intervals.mean()), across=True),
    )  # fmt: skip
    panel = Axes(layers, Axis("Interval between spikes", "ms"), Axis("Count"))
    return Chart((panel,), "Intervals", "900 intervals, coefficient of variation 0.33")


def family() -> Chart:
    """Lines coloured by value, in two panels of which each has its own axis across."""
    time, level = np.linspace(0, 20, 400), np.linspace(-40, 40, 9)
    lines = tuple(
        Line(time, (v + 90) * (1 - np.exp(-time / (6 - 0.1 * v))) ** 4, float(v), width=0.8)
        for v in level
    )
    volts = Scale("Command (mV)", -40.0, 40.0)
    above = Axes(lines, Axis("Time", "ms"), Axis("Current", "uA/cm2"), scale=volts)
    small = Axes(
        (Line(level, 4e-6 * (level + 90)), Points(level, 4e-6 * (level + 90), tuple(level))),
        Axis("Command", "mV"), Axis("Charge", "uC/cm2"), scale=volts,
    )  # fmt: skip
    return Chart((above, small), "A family of currents")


def field() -> Chart:
    """An image with values by colour, and a line over it."""
    x, y = np.linspace(0, 4, 81), np.geomspace(1, 1000, 61)
    X, Y = np.meshgrid((x[1:] + x[:-1]) / 2, np.sqrt(y[1:] * y[:-1]))
    values = np.exp(-((X - np.log10(Y)) ** 2)) * 60 - 30
    layers = (chart.Image(x, y, values), Line(x, 10**x, "background", dashes=(5, 3)))
    panel = Axes(
        layers, Axis("Depth", "mm"), Axis("Frequency", "Hz", log=True, limits=(1, 1000)),
        scale=Scale("Amplitude (mV)", -30.0, 30.0),
    )  # fmt: skip
    return Chart((panel,), "A field")


EXAMPLES = {
    made.__name__: made
    for made in (
        current_voltage, firing_rate, strength_duration, phase_plane, bifurcation, raster,
        histogram, family, field,
    )
}  # fmt: skip
