"""The equations of 1952 as they were printed, in their signs and units, solved by SciPy alone.

Nothing here knows loligo: it is what its figures are compared with. V is the displacement of the
membrane potential from rest, in mV, and a depolarisation is negative; currents are in uA/cm2, and
one that flows inward is positive; equation numbers are the paper's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.special import exprel

Array = np.ndarray

C_M = 1.0  # uF/cm2; table 3, as all of these
V_NA, V_K, V_L = -115.0, 12.0, -10.613
G_NA, G_K, G_L = 120.0, 36.0, 0.3
RADIUS, R_2 = 0.0238, 35.4  # cm, ohm cm: p. 528
FARADAY = 96.48533212  # nC/pmol
_TOLERANCE = {"rtol": 1e-12, "atol": 1e-12}

RATES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "n": (lambda V: 0.1 / exprel((V + 10) / 10), lambda V: 0.125 * np.exp(V / 80)),  # 12, 13
    "m": (lambda V: 1.0 / exprel((V + 25) / 10), lambda V: 4 * np.exp(V / 18)),  # 20, 21
    "h": (lambda V: 0.07 * np.exp(V / 20), lambda V: 1 / (np.exp((V + 30) / 10) + 1)),  # 23, 24
}


def phi(celsius: float) -> float:
    """How much faster gates are than at 6.3 degC: p. 523."""
    return 3 ** ((celsius - 6.3) / 10)


def steady(gate: str, V: Any) -> Any:
    """Equations 9, 22 and 25."""
    alpha, beta = (rate(V) for rate in RATES[gate])
    return alpha / (alpha + beta)


def at(V: float) -> list[float]:
    """m, h and n that have been at V for long."""
    return [float(steady(gate, V)) for gate in "mhn"]


def ionic(V: Any, m: Any, h: Any, n: Any) -> tuple[Any, Any, Any]:
    """Currents of Na, K and the leak: equations 3 to 5 with 6 and 14."""
    return G_NA * m**3 * h * (V - V_NA), G_K * n**4 * (V - V_K), G_L * (V - V_L)


def gates(V: Any, y: Sequence[Any], celsius: float) -> list[Any]:
    """Equations 15, 16 and 7."""
    return [
        phi(celsius) * (RATES[gate][0](V) * (1 - x) - RATES[gate][1](V) * x)
        for gate, x in zip("mhn", y, strict=True)
    ]


def membrane(
    times: Array, V: float, celsius: float, *, held: float = 0.0, current: float = 0.0,
    shocks: Sequence[tuple[float, float]] = (),
) -> Array:  # fmt: skip
    """V, m, h and n of a membrane at ``times`` (equation 26), begun at V with the gates of
    ``held``; a ``current`` that is positive depolarises; ``shocks`` are (ms, mV)."""

    def slope(_: float, y: Array) -> list[float]:
        return [(-current - sum(ionic(*y))) / C_M, *gates(y[0], y[1:], celsius)]

    state = np.array([V, *at(held)])
    edges = [0.0, *(t for t, _ in shocks), float(times[-1])]
    jumps = [*(jump for _, jump in shocks), 0.0]
    found = np.empty((4, times.size))
    for begin, end, jump in zip(edges, edges[1:], jumps, strict=False):
        run = solve_ivp(slope, (begin, end), state, "DOP853", dense_output=True, **_TOLERANCE)
        inside = (times >= begin) & (times <= end)
        found[:, inside] = run.sol(times[inside])
        state = run.y[:, -1] + np.array([jump, 0, 0, 0])
    return found


def clamped(times: Array, V: float, celsius: float) -> Array:
    """m, h and n while V is held from time 0 on; closed forms, as in equations 8, 17 and 18."""
    rows = []
    for gate, first in zip("mhn", at(0.0), strict=True):
        alpha, beta = (phi(celsius) * rate(V) for rate in RATES[gate])
        last = alpha / (alpha + beta)
        rows.append(last - (last - first) * np.exp(-(alpha + beta) * times))
    return np.array(rows)


def leak_of_no_current() -> float:
    """V_l with which no current flows at V = 0."""
    m, h, n = at(0.0)
    others = G_NA * m**3 * h * (0 - V_NA) + G_K * n**4 * (0 - V_K)
    return others / G_L


def rest() -> float:
    """Where no current flows with the printed V_l."""
    return float(brentq(lambda V: sum(ionic(V, *at(V))), -5.0, 5.0, xtol=1e-14))


def shot(K: float, celsius: float, lasts: float, samples: int = 0) -> Any:
    """Equation 31 from the foot of the wave for one guess of K: -V runs away to one side."""
    foot = rest()
    first = np.array([foot, 0.0, *at(foot)])

    def slope(_: float, y: Array) -> list[float]:
        current = sum(ionic(y[0], *y[2:]))
        return [y[1], K * (C_M * y[1] + current), *gates(y[0], y[2:], celsius)]

    def away(_: float, y: Array) -> float:
        return (y[0] + 200) * (60 - y[0])

    away.terminal = True
    linear = np.array([(slope(0, first + 1e-7 * e) - np.array(slope(0, first))) / 1e-7
                       for e in np.eye(5)]).T  # fmt: skip
    values, vectors = np.linalg.eig(linear)
    out = np.real(vectors[:, np.argmax(values.real)])
    begun = first - 1e-4 * out / out[0]
    return solve_ivp(slope, (0, lasts), begun, "DOP853", events=away, dense_output=True,
                     rtol=1e-11, atol=1e-12)  # fmt: skip


def constant(celsius: float, low: float, high: float, lasts: float = 12.0) -> float:
    """K (1/ms) between two guesses, by the side to which V runs away: p. 522."""
    while high - low > 1e-14 * high:
        middle = (low + high) / 2
        if shot(middle, celsius, lasts).y[0, -1] > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def velocity(K: float) -> float:
    """m/s: p. 528."""
    return (1e3 * K * RADIUS / (2 * R_2 * C_M * 1e-6)) ** 0.5 / 100


def exchanged(celsius: float, length: float = 6.0, count: int = 600) -> tuple[float, float, float]:
    """What an action potential moves through the channels of Na and K and through the leak beyond
    what flows at rest, pmol/cm2, half-way along an axon in ``count`` pieces (cm)."""
    foot = rest()
    still = np.array([foot, *at(foot)])
    spread = RADIUS / (2 * R_2) * 1e3 / (length / count) ** 2  # mS/cm2 between neighbours
    middle = slice(4 * (count // 2), 4 * (count // 2) + 4)
    base = np.array(ionic(*still))

    def slope(t: float, y: Array) -> Array:
        V, *own = y.reshape(count, 4).T
        along = np.diff(V, prepend=V[0], append=V[-1])
        begun = np.where((np.arange(count) < 10) & (t < 0.3), 500.0, 0.0)  # depolarises, uA/cm2
        rows = [spread * np.diff(along) - sum(ionic(V, *own)) - begun, *gates(V, own, celsius)]
        return np.stack(rows, axis=1).ravel()

    y, moved = np.tile(still, count), np.zeros(3)
    for begin, end in ((0.0, 0.3), (0.3, 16.0)):
        times = np.linspace(begin, end, round(500 * (end - begin)) + 1)
        run = solve_ivp(slope, (begin, end), y, "LSODA", times, lband=4, uband=4, rtol=1e-8,
                        atol=1e-9, first_step=1e-4)  # fmt: skip
        flown = np.array(ionic(*run.y[middle])) - base[:, None]
        moved += np.trapezoid(flown, times) / FARADAY
        y = run.y[:, -1]
    Na, K, leak = (float(each) for each in moved)
    return Na, K, leak
