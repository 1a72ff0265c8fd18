"""Readings of figures 15 to 18: the action potential that travels along the axon."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from docs.figures1952 import paper
from docs.figures1952.reading import Reading
from docs.figures1952.setting import ORIGIN, constant, top, wave

CELSIUS = 18.5


def _K(celsius: float) -> float:
    """2 R θ² C/a of loligo's wave, 1/ms."""
    theta = 100 * float(wave(celsius).velocity)  # cm/s
    return 2 * paper.R_2 * 1e-6 * theta**2 * paper.C_M / paper.RADIUS / 1e3


@cache
def _shot() -> tuple[Any, Any]:
    """The wave of the printed equations as far as one guess of K follows it: times from the peak,
    and V, m, h and n."""
    run = paper.shot(constant(CELSIUS), CELSIUS, 12.0)
    times = np.linspace(0, run.t[-1], 40001)
    V, _, m, h, n = run.sol(times)
    peak = int(np.argmax((V < -50) & (np.gradient(V) > 0)))
    lost = peak + int(np.argmin(np.gradient(V)[peak + 5 :] > 0))  # as far as V falls back
    return times[: lost + 5] - times[peak], np.array([V, m, h, n])[:, : lost + 5]


def _states() -> tuple[Any, Any]:
    """The same of loligo's wave, whole."""
    rec = wave(CELSIUS)
    rows = [-(rec.V.values - ORIGIN), rec.m.values, rec.h.values, rec.n.values]
    return rec.time.values, np.array(rows)


def _conductances(states: Any) -> tuple[Any, Any]:
    _, m, h, n = states
    return paper.G_NA * m**3 * h, paper.G_K * n**4


def _most(of: Callable[[Any], Any], run: tuple[Any, Any]) -> float:
    """The largest of something that follows from a wave's states."""
    return top(run[0], of(run[1]))[1]


def _whole(states: Any) -> Any:
    return sum(_conductances(states)) + paper.G_L


def _net(states: Any) -> Any:
    """The net ionic current, inward positive."""
    return sum(paper.ionic(*states))


def _exchange(ion: int) -> float:
    """What flows through a channel beyond what does at rest, pmol/cm2."""
    time, states = _states()
    current = paper.ionic(*states)[ion]
    return float(np.trapezoid(current - current[0], time)) / paper.FARADAY


@cache
def _exchanged() -> tuple[float, float, float]:
    return paper.exchanged(CELSIUS)


def _solved_exchange(ion: int) -> float:
    """The same half-way along an axon in 600 pieces, by the printed equations."""
    return _exchanged()[ion]


def _two(
    figure: int, what: str, unit: str, of: Callable[[Any], Any], close: float = 1e-3
) -> Reading:  # fmt: skip
    """The largest of something, of loligo's wave and of the one that was shot."""
    return Reading(
        figure, what, unit, lambda: _most(of, _states()), lambda: _most(of, _shot()), close
    )


READINGS = (
    Reading(
        15, "K of equation 31, 18.5 °C", "1/ms", lambda: _K(CELSIUS), lambda: constant(CELSIUS),
        1e-6, 10.47, 0.005, "b, p. 528",
        "they had it by hand, by the side to which V runs away: 0.3 % too much", digits=4,
    ),
    Reading(
        15, "conduction velocity, 18.5 °C", "m/s", lambda: float(wave(CELSIUS).velocity),
        lambda: paper.velocity(constant(CELSIUS)), 1e-6, 18.8, 0.05, "a, b, p. 528",
        "follows from their K, which gives 18.76; the axon itself had 21.2", digits=4,
    ),
    _two(15, "height of the propagated action potential", "mV", lambda states: -states[0]),
    _two(16, "largest conductance, all channels", "mS/cm²", _whole),
    _two(17, "largest g_Na", "mS/cm²", lambda states: _conductances(states)[0]),
    _two(17, "largest g_K", "mS/cm²", lambda states: _conductances(states)[1]),
    _two(18, "largest net ionic current, inward", "µA/cm²", _net, 0.02),
    Reading(
        18, "sodium that enters during an impulse", "pmol/cm²", lambda: _exchange(0),
        lambda: _solved_exchange(0), 5e-3, 4.33, 0.005, "e",
        "by hand, to where the impulse was taken to end", digits=3,
    ),
    Reading(
        18, "potassium that leaves", "pmol/cm²", lambda: -_exchange(1),
        lambda: -_solved_exchange(1), 5e-3, 4.26, 0.005, "e", "the same", digits=3,
    ),
)  # fmt: skip
