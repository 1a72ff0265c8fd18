"""Membranes whose equations change from piece to piece, drawn at random: many of one form, as
lanes, each with numbers of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

import loligo as lo
from cells import SQUID_H, SQUID_M, SQUID_N


class Drawing:
    """What is drawn from one seed: always the same.

    Attributes
    ----------
    numbers
        Name -> its values, one for each lane.
    """

    def __init__(self, seed: int, lanes: int) -> None:
        self.rng, self.lanes = np.random.default_rng(seed), lanes
        self.numbers: dict[str, Any] = {}

    def between(self, low: float, high: float) -> str:
        """A number of each lane's own, by its name."""
        name = f"p{len(self.numbers)}"
        drawn = np.round(self.rng.uniform(low, high, self.lanes), 3)
        self.numbers[name] = xr.DataArray(drawn, dims="lane")
        return name

    def one_of(self, *given: Any) -> Any:
        return given[int(self.rng.integers(len(given)))]

    def condition(self) -> str:
        """On V, on gates, on both."""
        write = self.one_of(
            lambda v, n: f"V > {v}", lambda v, n: f"V < {v}", lambda v, n: f"V >= {v}",
            lambda v, n: f"n > {n}", lambda v, n: f"V > {v} and n < {n}",
            lambda v, n: f"V < {v} or V > {v} + 30*{n}", lambda v, n: f"not (V > {v})",
            lambda v, n: f"x < {n}", lambda v, n: f"abs(V - {v}) < 20*{n}",
            lambda v, n: f"V > {v} + 20*n", lambda v, n: f"{v} < V and x > {n}",
        )  # fmt: skip
        return write(self.between(-70, 10), self.between(0.35, 0.6))

    def smooth(self) -> str:
        """A rate, per ms."""
        write = self.one_of(
            lambda v, k, r: f"{r}", lambda v, k, r: f"0.5*{r}*exp(-(V - {v})/{k})",
            lambda v, k, r: f"{r}/(1 + exp(-(V - {v})/{k}))",
            lambda v, k, r: f"0.02*(V - {v})/(1 - exp(-(V - {v})/{k}))",
        )  # fmt: skip
        return write(self.between(-60, -20), self.between(8, 20), self.between(0.1, 1))

    def rate(self, deep: int = 2) -> str:
        """A rate in pieces, which may jump where they meet."""
        if deep <= 0:
            return self.smooth()
        low, high, bound = self.rate(deep - 1), self.rate(deep - 2), self.between(0.05, 0.4)
        write = self.one_of(
            lambda c: f"({low} if {c} else {high})", lambda c: f"where({c}, {low}, {high})",
            lambda c: f"max({bound}, {low})", lambda c: f"min({bound} + {high}, {low})",
            lambda c: f"max({low}, {high})",
            lambda c: f"({bound} + abs(V + 100*{bound})/200)",
        )  # fmt: skip
        return write(self.condition())


def piecewise(seed: int, lanes: int) -> lo.Membrane:
    """The squid axon with rates in pieces, and a pool that a condition fills."""
    d = Drawing(seed, lanes)
    other = lo.Gate("x", alpha=d.rate(), beta=d.rate())
    shut = d.one_of(SQUID_H.beta, f"where(V < {d.between(-50, -20)}, 0.1, 1)")
    pool = d.one_of(
        "max(0, -I_X)/100 - C/20", "abs(V + 60)/1000 - C/30", "where(V > -30, 0.2, 0) - C/15",
        "min(0.05, max(0, V + 50)/100) - C/25",
    )  # fmt: skip
    taken = d.one_of(
        "g_Y*max(0, V - {v})*C", "g_Y*C*(V - E_Y)", "where(C > {c}, g_Y, 0)*(V - E_Y)",
        "g_Y*min(C, {c})*(V - E_Y)",
    ).format(v=d.between(-60, -20), c=d.between(0.1, 1))  # fmt: skip
    g, E = d.between(0.1, 1), d.between(-80, -30)
    membrane = lo.Membrane(
        C_m=1,
        channels=[
            lo.Channel("Na", g=120, E=50,
                       gates=[SQUID_M, lo.Gate("h", alpha=SQUID_H.alpha, beta=shut)]),
            lo.Channel("K", g=36, E=-77, gates=[SQUID_N]),
            lo.Channel("L", g=0.3, E=-54.387),
            lo.Channel("X", g=1, E=-60, gates=[other]),
            lo.Channel("Y", g=0.1, E=-70, current=taken),
        ],
        states=[lo.State("C", pool, initial=0.0)],
        parameters=dict.fromkeys(d.numbers, 0.5),
        name=f"piecewise {seed}",
    )  # fmt: skip
    return membrane.replace(**d.numbers, g_X=d.numbers[g], E_X=d.numbers[E])


def driven(seed: int, lanes: int) -> Any:
    """A current that makes some of them fire."""
    d = Drawing(10_000 + seed, lanes)

    def number(low: float, high: float) -> Any:
        return d.numbers[d.between(low, high)]

    strong = number(-5, 20)
    every = (
        lambda: lo.Pulse(number(0, 3), number(1, 8), strong),
        lambda: lo.Step(number(0, 2), strong),
        lambda: lo.Ramp(0, 10, 1.5 * strong),
        lambda: lo.Sine(0, 12, abs(strong), number(30, 300)),
        lambda: lo.PulseTrain(1, 0.7, number(10, 30), interval=4, count=3),
    )
    return every[seed % len(every)]()


START = {"V": -65.0, "m": 0.05, "h": 0.6, "n": 0.32, "x": 0.3, "C": 0.0}
