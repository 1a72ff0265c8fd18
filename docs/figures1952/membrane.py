"""Readings of figures 12 to 14 and 19 to 23: a membrane whose V is the same everywhere."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from docs.figures1952 import paper
from docs.figures1952.reading import Reading
from docs.figures1952.setting import EXACT, ORIGIN, cold, fired, solved, squid, top

import loligo as lo

_DELAYS = (4.7284, 5.7302, 7.7352)  # ms: of figure 20, by source d


def _peak(celsius: float, V: float, which: int, lasts: float = 12.0) -> float:
    rec = fired(celsius, V, lasts=lasts)
    return top(rec.time.values, rec.V.values[0] - ORIGIN)[which]


def _solved_peak(celsius: float, V: float, which: int, lasts: float = 12.0) -> float:
    return top(*solved(celsius, V, lasts))[which]


def _peaks(V: float, printed: float) -> Reading:
    return Reading(
        12, f"peak after a shock of {V:g} mV", "ms", lambda: _peak(6.0, V, 0),
        lambda: _solved_peak(6.0, V, 0), 1e-4, printed, 0.1, "a, p. 525",
    )  # fmt: skip


@cache
def _solved_threshold(celsius: float) -> float:
    """The displacement that just excites, from the rest of the printed equations, by halving."""
    low, high, foot = 5.0, 10.0, paper.rest()
    times = np.linspace(0.0, 30.0, 3001)
    while high - low > 1e-7:
        middle = (low + high) / 2
        peak = -paper.membrane(times, foot - middle, celsius, held=foot)[0].min()
        low, high = (low, middle) if peak > 50 else (middle, high)
    return (low + high) / 2


@cache
def _late() -> tuple[tuple[float, float], tuple[float, float]]:
    """The largest g_K and the lowest h after a shock of 15 mV, by loligo and by SciPy."""
    rec = lo.simulate(
        cold, lo.Shock(0, 15), 12, sample_interval=0.002, initial=ORIGIN, record=["V", "G_K", "h"],
        solver=EXACT,
    )  # fmt: skip
    times = rec.time.values
    _, _, h, n = paper.membrane(times, -15, 6.0)
    found = top(times, rec.G_K.values)[1], -top(times, -rec.h.values)[1]
    return found, (top(times, paper.G_K * n**4)[1], -top(times, -h)[1])


@cache
def _again() -> tuple[Any, Any]:
    """-V 1 ms after the second shocks of figure 20, by loligo and by SciPy."""
    shocks = lo.Shock(0, 15) + lo.Shock(list(_DELAYS), 90)
    rec = lo.simulate(
        cold, shocks, 10, sample_interval=0.0001, initial=ORIGIN, record=["V"], solver=EXACT
    )
    found, other = [], []
    for k, delay in enumerate(_DELAYS):
        found.append(float(rec.V[k].sel(time=delay + 1, method="nearest")) - ORIGIN)
        times = np.array([0.0, delay + 1])
        other.append(-float(paper.membrane(times, -15, 6.0, shocks=[(delay, -90)])[0, -1]))
    return found, other


@cache
def _released() -> tuple[Any, Any]:
    """Peak, its time and -V 1 ms after a hyperpolarisation by 30 mV is let go."""
    steps = lo.VoltageClamp(0, 1, ORIGIN - 30)
    rec = lo.simulate(
        squid, steps, 16, sample_interval=0.001, initial=ORIGIN - 30, record=["V"], solver=EXACT
    )
    free = rec.time.values >= 1
    first = top(rec.time.values[free] - 1, rec.V.values[free] - ORIGIN)
    times = np.linspace(0, 15, 15001)
    return first, top(times, -paper.membrane(times, 30, 6.3, held=30)[0])


@cache
def _swings() -> tuple[float, float]:
    """From the first to the second crest of V under a small current that goes on, ms."""
    rec = lo.simulate(
        squid, lo.Step(0, 2), 60, sample_interval=0.01, initial=ORIGIN, record=["V"], solver=EXACT
    )
    times = np.linspace(0, 60, 6001)
    solved_ = -paper.membrane(times, 0, 6.3, current=2)[0]
    return _crests(rec.time.values, rec.V.values - ORIGIN), _crests(times, solved_)


def _crests(times: Any, values: Any) -> float:
    up = [k for k in range(1, times.size - 1) if values[k - 1] < values[k] >= values[k + 1]]
    first, second = (top(times[k - 3 : k + 4], values[k - 3 : k + 4])[0] for k in up[:2])
    return second - first


READINGS = (
    _peaks(90, 0.3),
    _peaks(15, 1.1),
    _peaks(7, 3.4),
    Reading(
        12, "height of the spike after 15 mV", "mV", lambda: _peak(6.0, 15, 1),
        lambda: _solved_peak(6.0, 15, 1), 1e-5, 105.0, 2.0, "a, p. 525",
    ),
    Reading(
        12, "threshold for a shock, 6.3 °C", "mV",
        lambda: float(lo.experiments.threshold(squid).threshold), lambda: _solved_threshold(6.3),
        1e-5, 6.5, 0.5, "a, p. 525: 7 mV excite, 6 mV do not", digits=4,
    ),
    Reading(
        13, "lowest V after the spike, from rest", "mV",
        lambda: -top(fired(6.0, 15).time.values, ORIGIN - fired(6.0, 15).V.values[0])[1],
        lambda: -top(solved(6.0, 15)[0], -solved(6.0, 15)[1])[1], 1e-5,
    ),
    Reading(
        14, "height of the spike after 15 mV, 18.5 °C", "mV", lambda: _peak(18.5, 15, 1),
        lambda: _solved_peak(18.5, 15, 1), 1e-5,
    ),
    Reading(
        14, "when it is there", "ms", lambda: _peak(18.5, 15, 0),
        lambda: _solved_peak(18.5, 15, 0), 1e-4, digits=3,
    ),
    Reading(19, "largest g_K", "mS/cm²", lambda: _late()[0][0], lambda: _late()[1][0], 1e-6),
    Reading(19, "lowest h", "", lambda: _late()[0][1], lambda: _late()[1][1], 1e-8, digits=4),
    *(
        Reading(
            20, f"V 1 ms after 90 mV at {delay:.2f} ms, from rest", "mV",
            lambda k=k: _again()[0][k], lambda k=k: _again()[1][k], 1e-4, digits=1,
        )
        for k, delay in enumerate(_DELAYS)
    ),
    Reading(
        21, "V 5 ms after a shock of 6 mV, from rest", "mV",
        lambda: float(fired(6.0, 6).V.sel(time=5.0).values[0]) - ORIGIN,
        lambda: float(solved(6.0, 6)[1][5000]), 1e-6, digits=3,
    ),
    Reading(
        22, "height of the spike after −30 mV are let go", "mV", lambda: _released()[0][1],
        lambda: _released()[1][1], 1e-5,
    ),
    Reading(
        22, "how long it takes", "ms", lambda: _released()[0][0], lambda: _released()[1][0], 1e-4,
    ),
    Reading(
        23, "from crest to crest, 2 µA/cm² at 6.3 °C", "ms", lambda: _swings()[0],
        lambda: _swings()[1], 1e-3,
    ),
)  # fmt: skip
