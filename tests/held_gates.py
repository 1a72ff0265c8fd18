"""The library's membranes under constant V, each gate an exponential: written anew, from papers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

Array = np.ndarray


@dataclass(frozen=True)
class Kinetics:
    """Of one gate: its power, its steady state and time constant (None: always steady) at V."""

    power: int
    inf: Callable[[float], float]
    tau: Callable[[float], float] | None


def rates(power: int, alpha, beta, speed: float = 1.0, steady: bool = False) -> Kinetics:
    return Kinetics(
        power,
        lambda V: alpha(V) / (alpha(V) + beta(V)),
        None if steady else lambda V: 1 / (speed * (alpha(V) + beta(V))),
    )


def ramp(x: float) -> float:
    """x/(1 - exp(-x))"""
    return x / -np.expm1(-x) if x else 1.0


exp = np.exp
# name -> (g, E, gates); doi:10.1113/jphysiol.1952.sp004764 from -65 mV
SQUID = {
    "Na": (120.0, 50.0, {
        "m": rates(3, lambda V: ramp((V + 40) / 10), lambda V: 4 * exp(-(V + 65) / 18)),
        "h": rates(1, lambda V: 0.07 * exp(-(V + 65) / 20),
                   lambda V: 1 / (1 + exp(-(V + 35) / 10))),
    }),
    "K": (36.0, -77.0, {
        "n": rates(4, lambda V: 0.1 * ramp((V + 55) / 10), lambda V: 0.125 * exp(-(V + 65) / 80)),
    }),
    "L": (0.3, -54.387, {}),
}  # fmt: skip
# Dayan & Abbott 2001, equations 6.6 to 6.9
CONNOR = {
    "Na": (120.0, 55.0, {
        "m": rates(3, lambda V: 3.8 * ramp((V + 29.7) / 10),
                   lambda V: 15.2 * exp(-0.0556 * (V + 54.7))),
        "h": rates(1, lambda V: 0.266 * exp(-0.05 * (V + 48)),
                   lambda V: 3.8 / (1 + exp(-0.1 * (V + 18)))),
    }),
    "K": (20.0, -72.0, {
        "n": rates(4, lambda V: 0.2 * ramp((V + 45.7) / 10),
                   lambda V: 0.25 * exp(-0.0125 * (V + 55.7))),
    }),
    "A": (47.7, -75.0, {
        "a": Kinetics(
            3,
            lambda V: np.cbrt(0.0761 * exp(0.0314 * (V + 94.22)) / (1 + exp(0.0346 * (V + 1.17)))),
            lambda V: 0.3632 + 1.158 / (1 + exp(0.0497 * (V + 55.96))),
        ),
        "b": Kinetics(
            1,
            lambda V: (1 + exp(0.0688 * (V + 53.3))) ** -4.0,
            lambda V: 1.24 + 2.678 / (1 + exp(0.0624 * (V + 50))),
        ),
    }),
    "L": (0.3, -17.0, {}),
}  # fmt: skip
# doi:10.1073/pnas.95.3.1259
TRAUB = {
    "Na": (100.0, 50.0, {
        "m": rates(3, lambda V: 1.28 * ramp((V + 54) / 4), lambda V: 1.4 * ramp(-(V + 27) / 5)),
        "h": rates(1, lambda V: 0.128 * exp(-(V + 50) / 18),
                   lambda V: 4 / (1 + exp(-(V + 27) / 5))),
    }),
    "K": (80.0, -100.0, {
        "n": rates(4, lambda V: 0.16 * ramp((V + 52) / 5), lambda V: 0.5 * exp(-(V + 57) / 40)),
    }),
    "L": (0.1, -67.0, {}),
}  # fmt: skip
# doi:10.1523/JNEUROSCI.16-20-06402.1996
WANG = {
    "Na": (35.0, 55.0, {
        "m": rates(3, lambda V: ramp((V + 35) / 10),
                   lambda V: 4 * exp(-(V + 60) / 18), steady=True),
        "h": rates(1, lambda V: 0.07 * exp(-(V + 58) / 20),
                   lambda V: 1 / (exp(-0.1 * (V + 28)) + 1), 5.0),
    }),
    "K": (9.0, -90.0, {
        "n": rates(4, lambda V: 0.1 * ramp((V + 34) / 10),
                   lambda V: 0.125 * exp(-(V + 44) / 80), 5.0),
    }),
    "L": (0.1, -65.0, {}),
}  # fmt: skip
LIBRARY = {
    "hodgkin-huxley-1952": SQUID, "connor-stevens-1977": CONNOR, "traub-miles-1991": TRAUB,
    "wang-buzsaki-1996": WANG,
}  # fmt: skip


def steady(model: dict, V: float) -> dict[str, float]:
    """Every gate that has been held for ever."""
    return {name: k.inf(V) for _, _, gates in model.values() for name, k in gates.items()}


def after(model: dict, before: dict[str, float], V: float, t) -> dict[str, Array]:
    """Every gate after it has been held at V for t."""
    found = {}
    for _, _, gates in model.values():
        for name, k in gates.items():
            falls = 0.0 if k.tau is None else np.exp(-np.asarray(t) / k.tau(V))
            found[name] = k.inf(V) + (before[name] - k.inf(V)) * falls
    return found


def conductance(model: dict, channel: str, gates: dict[str, Array], t=0.0) -> Array:
    g, _, kinetics = model[channel]
    open_ = g * np.ones(np.shape(t))
    for name, k in kinetics.items():
        open_ = open_ * gates[name] ** k.power
    return open_


def flow(model: dict, channel: str, before: dict[str, float], V: float, t) -> Array:
    """The current of a channel, held at V since t = 0."""
    return conductance(model, channel, after(model, before, V, t), t) * (V - model[channel][1])


def peak(curve: Callable[[Array], Array], lasts: float) -> tuple[float, float]:
    """The value of a curve furthest from 0, and when."""
    t = np.r_[0.0, np.geomspace(1e-5, lasts, 20001)]
    size = np.abs(curve(t))
    k = int(size.argmax())
    if k in (0, t.size - 1):
        return float(curve(t[k])), float(t[k])
    best = minimize_scalar(
        lambda at: -abs(float(curve(np.array(at)))), bounds=(t[k - 1], t[k + 1]), method="bounded",
        options={"xatol": 1e-13},
    )  # fmt: skip
    return float(curve(np.array(best.x))), float(best.x)
