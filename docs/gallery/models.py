"""Membranes of the gallery that the library does not have."""

from __future__ import annotations

import loligo as lo

_M = lo.Gate("m", power=3, alpha="0.1*(V+40)/(1-exp(-(V+40)/10))", beta="4*exp(-(V+65)/18)")
_H = lo.Gate("h", alpha="0.07*exp(-(V+65)/20)", beta="1/(1+exp(-(V+35)/10))")
_N = lo.Gate("n", power=4, alpha="0.01*(V+55)/(1-exp(-(V+55)/10))", beta="0.125*exp(-(V+65)/80)")


def calcium() -> lo.Membrane:
    """A calcium current with its Nernst potential, a pool, and a potassium current that the pool
    opens."""
    return lo.Membrane(
        C_m=1,
        celsius=20,
        channels=[
            lo.Channel("Na", g=120, E=50, gates=[_M, _H]),
            lo.Channel("K", g=36, E=-77, gates=[_N]),
            lo.Channel("L", g=0.3, E=-54.387),
            lo.Channel(
                "Ca", g=0.5, E="nernst(2, Ca_o, Ca_i)",
                gates=[lo.Gate("s", power=2, inf="1/(1+exp(-(V+25)/7))",
                               tau="0.5+2/(1+exp((V+20)/10))")],
            ),
            lo.Channel(
                "AHP", g=2, E=-77, gates=[lo.Gate("q", alpha="200*Ca_i/(1+100*Ca_i)", beta="0.05")]
            ),
        ],
        states=[lo.State("Ca_i", "-0.0005*I_Ca - (Ca_i-Ca_rest)/tau_Ca", initial=1e-4, unit="mM",
                         scale=1e-3, meaning="calcium inside")],
        parameters={"Ca_o": 2.0, "Ca_rest": 1e-4, "tau_Ca": 30.0},
        name="calcium",
        title="A cell with calcium and what it opens",
    )  # fmt: skip


def eight_channels() -> lo.Membrane:
    """Eight channels, thirteen gates."""
    return lo.Membrane(
        C_m=1,
        channels=[
            lo.Channel("Na", g=120, E=50, gates=[_M, _H]),
            lo.Channel("K", g=36, E=-77, gates=[_N]),
            lo.Channel("L", g=0.3, E=-54.387),
            lo.Channel("CaT", g=0.8, E=120, gates=[_gate("mT", -57, 6.2, 1, 2),
                                                   _gate("hT", -81, -4, 20)]),
            lo.Channel("CaL", g=0.3, E=120, gates=[_gate("s", -25, 7, 1.5, 2)]),
            lo.Channel("A", g=10, E=-77, gates=[_gate("a", -50, 20, 0.4, 3),
                                                _gate("b", -70, -6, 12)]),
            lo.Channel("M", g=0.4, E=-77, gates=[_gate("z", -35, 9, 40)]),
            lo.Channel("h", g=0.2, E=-30, gates=[_gate("r", -75, -6, 60)]),
        ],
        name="eight-channels",
        title="A cell with eight channels",
    )  # fmt: skip


def _gate(name: str, half: float, slope: float, tau: float, power: int = 1) -> lo.Gate:
    return lo.Gate(name, power=power, inf=f"1/(1+exp(-(V-({half}))/({slope})))", tau=f"{tau}")


def fitzhugh_nagumo() -> lo.Membrane:
    """FitzHugh's equations (1961, Biophysical Journal 1:445), without dimensions."""
    return lo.Membrane(
        C_m=1,
        channels=[lo.Channel("F", g=1, E=0, current="V**3/3 - V + w")],
        states=[lo.State("w", "0.08*(V + 0.7 - 0.8*w)", initial=-0.6, meaning="recovery")],
        name="fitzhugh-nagumo",
        title="FitzHugh–Nagumo",
    )
