"""Membranes whose equations change from piece to piece, drawn at random."""

from __future__ import annotations

import numpy as np

import loligo as lo
from cells import SQUID_H, SQUID_M, SQUID_N


class Drawing:
    """What is drawn from one seed: always the same."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def between(self, low: float, high: float) -> float:
        return round(float(self.rng.uniform(low, high)), 3)

    def one_of(self, *given: str) -> str:
        return given[int(self.rng.integers(len(given)))]

    def condition(self) -> str:
        """On V, on a gate, on both."""
        v, w, n = self.between(-70, 10), self.between(-70, 10), self.between(0.35, 0.6)
        return self.one_of(
            f"V > {v}", f"V < {v}", f"V >= {v}", f"n > {n}", f"V > {v} and n < {n}",
            f"V < {min(v, w)} or V > {max(v, w)}", f"not (V > {v})", f"x < {n}",
            f"abs(V - {v}) < {self.between(1, 20)}", f"V > {v} + 20*n", f"{v} < V and x > {n}",
        )  # fmt: skip

    def smooth(self) -> str:
        """A rate, per ms."""
        v, k = self.between(-60, -20), self.between(8, 20)
        return self.one_of(
            f"{self.between(0.05, 1)}", f"{self.between(0.1, 0.5)}*exp(-(V - {v})/{k})",
            f"{self.between(0.5, 2)}/(1 + exp(-(V - {v})/{k}))",
            f"0.02*(V - {v})/(1 - exp(-(V - {v})/{k}))",
        )  # fmt: skip

    def rate(self, deep: int = 2) -> str:
        """A rate in pieces, which may jump where they meet."""
        if not deep:
            return self.smooth()
        low, high = self.rate(deep - 1), self.rate(deep - 2 if deep > 1 else 0)
        bound = self.between(0.05, 0.4)
        return self.one_of(
            f"({low} if {self.condition()} else {high})", f"where({self.condition()}, {low}, {high})",
            f"max({bound}, {low})", f"min({bound} + {high}, {low})", f"max({low}, {high})",
            f"({bound} + abs(V - {self.between(-70, 0)})/200)",
        )  # fmt: skip


def piecewise(seed: int) -> lo.Membrane:
    """The squid axon with rates in pieces, and a pool that only fills or empties."""
    d = Drawing(seed)
    other = lo.Gate("x", alpha=d.rate(), beta=d.rate())
    h = d.one_of("as it is", "in pieces")
    h_gate = SQUID_H if h == "as it is" else lo.Gate(
        "h", alpha=SQUID_H.alpha, beta=f"where(V < {d.between(-50, -20)}, 0.1, 1)"
    )  # fmt: skip
    pool = d.one_of(
        "max(0, -I_X)/100 - C/20", "abs(V + 60)/1000 - C/30", "where(V > -30, 0.2, 0) - C/15",
        "min(0.05, max(0, V + 50)/100) - C/25",
    )  # fmt: skip
    return lo.Membrane(
        C_m=1,
        channels=[
            lo.Channel("Na", g=120, E=50, gates=[SQUID_M, h_gate]),
            lo.Channel("K", g=36, E=-77, gates=[SQUID_N]),
            lo.Channel("L", g=0.3, E=-54.387),
            lo.Channel("X", g=d.between(0.1, 1), E=d.between(-80, -30), gates=[other]),
            lo.Channel("Y", g=0.1, E=-70, current=d.one_of(
                f"g_Y*max(0, V - {d.between(-60, -20)})*C", "g_Y*C*(V - E_Y)",
                f"where(C > {d.between(0.1, 1)}, g_Y, 0)*(V - E_Y)",
                f"g_Y*min(C, {d.between(0.2, 1)})*(V - E_Y)",
            )),
        ],
        states=[lo.State("C", pool, initial=0.0)],
        name=f"piecewise {seed}",
    )  # fmt: skip


def driven(seed: int) -> lo.Stimulus:
    """A current that makes it fire, or not."""
    d = Drawing(10_000 + seed)
    strong = d.between(-5, 20)
    every = (
        lo.Pulse(d.between(0, 3), d.between(1, 12), strong),
        lo.Step(d.between(0, 2), strong),
        lo.Ramp(0, 15, 1.5 * strong),
        lo.Sine(0, 20, abs(strong), d.between(30, 300)),
        lo.PulseTrain(1, 0.7, 25, interval=4, count=3),
        lo.AlphaSynapse(1, d.between(0.5, 2), abs(strong)) if hasattr(lo, "AlphaSynapse")
        else lo.Step(1, strong),
    )  # fmt: skip
    return every[int(d.rng.integers(len(every)))]
