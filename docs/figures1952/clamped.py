"""Readings of figures 2 to 11: conductances, rates and currents while V is held."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from docs.figures1952 import paper
from docs.figures1952.reading import Reading
from docs.figures1952.setting import EXACT, ORIGIN, family, squid

import loligo as lo

_AT = 880  # the sample at the last circle of curve A of figure 3, 8.8 ms


def _conductance(name: str, depolarisation: float, of: Callable[[Any], Any]) -> float:
    rec = family()
    return float(of(rec[name].sel(voltage=ORIGIN + depolarisation).values))


def _solved(depolarisation: float) -> tuple[Any, Any]:
    """g_K and g_Na of the printed equations."""
    m, h, n = paper.clamped(family().time.values, -depolarisation, 6.3)
    return paper.G_K * n**4, paper.G_NA * m**3 * h


@cache
def _current(depolarisation: float) -> tuple[float, float]:
    """The most inward current of a held membrane after its charge, by loligo and by SciPy."""
    steps = lo.VoltageClamp(0, 6, ORIGIN + depolarisation)
    rec = lo.simulate(
        squid, steps, 6, sample_interval=0.005, initial=ORIGIN, record=["V", "I_clamp"],
        solver=EXACT,
    )  # fmt: skip
    m, h, n = paper.clamped(rec.time.values, -depolarisation, 6.3)
    return float(rec.I_clamp.min()), -float(max(sum(paper.ionic(-depolarisation, m, h, n))))


@cache
def _rates() -> Any:
    return lo.experiments.rate_functions(squid, voltage=ORIGIN + np.arange(-50.0, 111.0))


def _rate(name: str, depolarisation: float) -> float:
    return float(_rates()[name].sel(voltage=ORIGIN + depolarisation))


def _half(gate: str, between: tuple[float, float]) -> float:
    from scipy.optimize import brentq

    return float(brentq(lambda u: paper.steady(gate, -u) - 0.5, *between, xtol=1e-12))


def _fall() -> float:
    """How long g_K takes to fall to 1/e once V is back at rest after long at 25 mV."""
    steps = lo.VoltageClamp(0, 60, ORIGIN + 25) + lo.VoltageClamp(60, 8, ORIGIN)
    rec = lo.simulate(
        squid, steps, 68, sample_interval=0.01, initial=ORIGIN, record=["V", "n"], solver=EXACT
    )
    n = rec.n.sel(time=slice(60, None)).values - float(paper.steady("n", 0.0))
    return float(-1 / np.polyfit(rec.time.sel(time=slice(60, None)).values, np.log(n), 1)[0])


READINGS = (
    Reading(
        2, "time constant of n on the way back to rest", "ms", _fall,
        lambda: float(1 / (paper.RATES["n"][0](0.0) + paper.RATES["n"][1](0.0))), 1e-4, digits=3,
    ),
    Reading(
        3, "g_K at rest", "mS/cm²", lambda: _conductance("G_K", 109, lambda g: g[0]),
        lambda: float(_solved(109)[0][0]), 1e-9, 0.24, 0.005, "c, caption",
        "0.24 is of the curves fitted to axon 17; the equations for all axons have 36 n⁴ at rest",
        digits=3,
    ),
    Reading(
        3, "g_K after 8.8 ms at 109 mV", "mS/cm²",
        lambda: _conductance("G_K", 109, lambda g: g[_AT]), lambda: float(_solved(109)[0][_AT]),
        1e-7, 20.9, 0.3, "c, last circle of curve A",
        "axon 17 had two thirds of the ḡ_K that was chosen for all, 36",
    ),
    Reading(
        4, "α_n at V = −10 mV, where its formula is 0/0", "1/ms", lambda: _rate("n_alpha", 10),
        lambda: float(paper.RATES["n"][0](-10.0)), 1e-12, digits=3,
    ),
    Reading(
        5, "depolarisation at which n∞ is ½", "mV",
        lambda: float(_rates().half.sel(gate="n")) - ORIGIN, lambda: _half("n", (0, 60)), 1e-5,
    ),
    Reading(
        6, "ḡ_Na", "mS/cm²", lambda: float(squid.parameters["g_Na"].value), lambda: paper.G_NA,
        1e-12, 70.7, 0.05, "c, caption", "70.7 is axon 17's; 120 was chosen for all", digits=1,
    ),
    Reading(
        6, "largest g_Na at 109 mV", "mS/cm²",
        lambda: _conductance("G_Na", 109, lambda g: g.max()),
        lambda: float(_solved(109)[1].max()), 1e-7,
    ),
    Reading(
        7, "α_m at V = −25 mV, where its formula is 0/0", "1/ms", lambda: _rate("m_alpha", 25),
        lambda: float(paper.RATES["m"][0](-25.0)), 1e-12, digits=3,
    ),
    Reading(
        8, "depolarisation at which m∞ is ½", "mV",
        lambda: float(_rates().half.sel(gate="m")) - ORIGIN, lambda: _half("m", (0, 60)), 1e-5,
    ),
    Reading(
        9, "depolarisation at which α_h and β_h cross", "mV",
        lambda: float(_rates().half.sel(gate="h")) - ORIGIN, lambda: _half("h", (-30, 60)), 1e-5,
    ),
    Reading(
        10, "h∞ at rest", "", lambda: _rate("h_inf", 0), lambda: float(paper.steady("h", 0.0)),
        1e-12, digits=4,
    ),
    Reading(
        11, "most inward current while V is held 65 mV above rest", "µA/cm²",
        lambda: _current(65)[0], lambda: _current(65)[1], 1e-4, digits=1,
    ),
)  # fmt: skip
