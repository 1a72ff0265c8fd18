"""The membranes of the page, and what is run for several readings."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from docs.figures1952 import paper
from scipy.interpolate import CubicSpline

import loligo as lo

squid = lo.load("hodgkin-huxley-1952")
cold = squid.replace(celsius=6)
warm = squid.replace(celsius=18.5)
axon = lo.Axon(warm, length=60_000, diameter=476, axial_resistivity=35.4)
depolarisations = np.array([6, 10, 19, 26, 32, 38, 51, 63, 76, 88, 100, 109])  # mV, axon 17
ORIGIN = -65.0  # mV: the V that is 0 in the paper; the membrane rests 0.0036 mV above it
EXACT = lo.Taylor(tolerance=1e-12)


@cache
def family() -> Any:
    """Conductances while V is held at each of the depolarisations."""
    steps = lo.VoltageClamp(0, 11.5, ORIGIN + depolarisations)
    return lo.simulate(
        squid, steps, 11.5, sample_interval=0.01, initial=ORIGIN, record=["V", "G_K", "G_Na"],
        solver=EXACT,
    )  # fmt: skip


@cache
def fired(celsius: float, *shocks: float, lasts: float = 12.0) -> Any:
    """V after shocks at time 0, from the paper's V = 0."""
    return lo.simulate(
        squid.replace(celsius=celsius), lo.Shock(0, list(shocks)), lasts, sample_interval=0.001,
        initial=ORIGIN, record=["V"], threshold=ORIGIN + 50, solver=EXACT,
    )  # fmt: skip


@cache
def solved(celsius: float, V: float, lasts: float = 12.0) -> Any:
    """The same by the printed equations: times and -V."""
    times = np.linspace(0.0, lasts, round(1000 * lasts) + 1)
    return times, -paper.membrane(times, -V, celsius)[0]


@cache
def wave(celsius: float) -> Any:
    """The travelling wave of axon 17."""
    return lo.travelling_wave(lo.Axon(squid.replace(celsius=celsius), "6 cm", 476, 35.4))


@cache
def constant(celsius: float) -> float:
    """K (1/ms) of the printed equations, by shooting."""
    return paper.constant(celsius, 4.0, 12.0)


def top(times: Any, values: Any) -> tuple[float, float]:
    """When a line is highest, and how high: by the cubic through its neighbours."""
    k = int(np.argmax(values))
    part = slice(max(k - 3, 0), k + 4)
    curve = CubicSpline(times[part], values[part])
    roots = [t for t in curve.derivative().roots() if times[part][0] < t < times[part][-1]]
    best = max([*roots, times[k]], key=curve)
    return float(best), float(curve(best))
