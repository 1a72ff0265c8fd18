"""Membranes that the library does not have, each with something of its own to get wrong."""

from __future__ import annotations

from typing import Any

import loligo as lo

SQUID_M = lo.Gate("m", power=3, alpha="0.1*(V+40)/(1-exp(-(V+40)/10))", beta="4*exp(-(V+65)/18)")
SQUID_H = lo.Gate("h", alpha="0.07*exp(-(V+65)/20)", beta="1/(1+exp(-(V+35)/10))")
SQUID_N = lo.Gate(
    "n", power=4, alpha="0.01*(V+55)/(1-exp(-(V+55)/10))", beta="0.125*exp(-(V+65)/80)"
)


def calcium(**values: Any) -> lo.Membrane:
    """Spikes, a calcium current with its Nernst potential, a pool, and a potassium current
    that the pool opens: V, gates and pool depend on each other all round."""
    membrane = lo.Membrane(
        C_m=1,
        celsius=20,
        channels=[
            lo.Channel("Na", g=120, E=50, gates=[SQUID_M, SQUID_H]),
            lo.Channel("K", g=36, E=-77, gates=[SQUID_N]),
            lo.Channel("L", g=0.3, E=-54.387),
            lo.Channel(
                "Ca", g=0.5, E="nernst(2, Ca_o, Ca)",
                gates=[lo.Gate("s", power=2, inf="1/(1+exp(-(V+25)/7))",
                               tau="0.5+2/(1+exp((V+20)/10))")],
            ),
            lo.Channel(
                "AHP", g=2, E=-77,
                gates=[lo.Gate("q", alpha="200*Ca/(1+100*Ca)", beta="0.05")],
            ),
        ],
        states=[lo.State("Ca", "-0.0005*I_Ca - (Ca-Ca_rest)/tau_Ca", initial=1e-4, unit="mM",
                         scale=1e-3)],
        parameters={"Ca_o": 2.0, "Ca_rest": 1e-4, "tau_Ca": 30.0},
        name="calcium",
    )  # fmt: skip
    return membrane.replace(**values) if values else membrane


def mutual(loop: float = 1.0) -> lo.Membrane:
    """Two states that drive each other in a circle, and a current that they shape."""
    return lo.Membrane(
        C_m=1,
        channels=[
            lo.Channel("L", g=0.3, E=-65),
            lo.Channel("K", g=0.5, E=-80, current="g_K*(1+0.2*a-0.1*b)*(V-E_K)"),
        ],
        states=[
            lo.State("a", "((V+60)/50 - a - loop*b)/3", initial=0.0),
            lo.State("b", "(loop*a - b)/4", initial=0.0),
        ],
        parameters={"loop": loop},
        name="mutual",
    )


def bistable(**values: Any) -> lo.Membrane:
    """A non-inactivating sodium current: stable low and high."""
    membrane = lo.Membrane(
        C_m=1,
        channels=[
            lo.Channel("L", g=0.1, E=-70),
            lo.Channel("P", g=0.2, E=40,
                       gates=[lo.Gate("p", inf="1/(1+exp(-(V+40)/4))", tau="2")]),
        ],
        name="bistable",
    )  # fmt: skip
    return membrane.replace(**values) if values else membrane


def conditional() -> lo.Membrane:
    """Rates and a current with conditions on V, as older scripts write them."""
    return lo.Membrane(
        C_m=1,
        channels=[
            lo.Channel("Na", g=120, E=50, gates=[SQUID_M, SQUID_H]),
            lo.Channel("K", g=36, E=-77, gates=[SQUID_N]),
            lo.Channel("L", g=0.3, E=-54.387),
            lo.Channel("R", g=0.05, E=-80, current="where(V > -30, g_R*(V+30)*(V-E_R)/50, 0)"),
            lo.Channel("H", g=0.1, E=-40, gates=[
                lo.Gate("r", inf="1/(1+exp((V+75)/8))", tau="20 if V < -60 else max(2, -V/3)")]),
        ],
        name="conditional",
    )  # fmt: skip


def cubic(p: Any = 0.2) -> lo.Membrane:
    """A state that is nonlinear in itself, the more so the larger p is."""
    return lo.Membrane(
        C_m=1,
        channels=[
            lo.Channel("L", g=0.3, E=-65),
            lo.Channel("X", g=0.1, E=-80, current="g_X*(1+x)*(V-E_X)"),
        ],
        states=[lo.State("x", "((V+70)/30 - x + p*tanh(3*x))/5", initial=0.2)],
        parameters={"p": p},
        name="cubic",
    )
