"""The one problem that all solvers are given: the squid axon, its work, and what an error is.

Everybody integrates the equations of ``library/hodgkin-huxley-1952.toml`` (Hodgkin & Huxley 1952,
modern frame, 6.3 °C) from rest, under a constant current that begins at time 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

C_M = 1.0  # uF/cm2
G_NA, G_K, G_L = 120.0, 36.0, 0.3  # mS/cm2
E_NA, E_K, E_L = 50.0, -77.0, -54.387  # mV
CELSIUS = 6.3
GATES = ("m", "h", "n")

ONE_CURRENT = 10.0  # uA/cm2, work for one cell
CURRENTS = (0.0, 20.0)  # uA/cm2, from the first cell of an ensemble to its last
EVERY = 0.05  # ms between the samples that errors are taken from


def rates(V: Any, exp: Callable[[Any], Any], linoid: Callable[[Any], Any]) -> dict[str, Any]:
    """alpha and beta (1/ms) of every gate; ``linoid(x)`` is x/(1 - exp(-x))."""
    return {
        "m": (linoid((V + 40.0) / 10.0), 4.0 * exp(-(V + 65.0) / 18.0)),
        "h": (0.07 * exp(-(V + 65.0) / 20.0), 1.0 / (1.0 + exp(-(V + 35.0) / 10.0))),
        "n": (0.1 * linoid((V + 55.0) / 10.0), 0.125 * exp(-(V + 65.0) / 80.0)),
    }


def derivatives(states: Any, current: Any, exp: Any, linoid: Any) -> list[Any]:
    """d/dt of (V, m, h, n), for any kind of number that has an ``exp``."""
    V, m, h, n = states
    ionic = G_NA * m**3 * h * (V - E_NA) + G_K * n**4 * (V - E_K) + G_L * (V - E_L)
    pairs = rates(V, exp, linoid).values()
    flows = [a * (1.0 - x) - b * x for x, (a, b) in zip((m, h, n), pairs, strict=True)]
    return [(current - ionic) / C_M, *flows]


def linoid(x: float) -> float:
    """x/(1 - exp(-x)) of a float, also at 0."""
    return x / -math.expm1(-x) if x else 1.0


def rest() -> tuple[float, float, float, float]:
    """V (mV), m, h, n at rest, by bisection: nobody's own notion of it."""

    def states(V: float) -> list[float]:
        return [V, *(a / (a + b) for a, b in rates(V, math.exp, linoid).values())]

    low, high = -70.0, -60.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        rising = derivatives(states(middle), 0.0, math.exp, linoid)[0] > 0.0
        low, high = (middle, high) if rising else (low, middle)
    return tuple(states(low))  # type: ignore[return-value]


@dataclass(frozen=True)
class Work:
    """What is integrated: how many cells, how long, and whether V is kept.

    Attributes
    ----------
    cells
        1 (10 uA/cm2), or an ensemble with currents from 0 to 20 uA/cm2.
    duration
        ms.
    stride
        Only every so-manieth of the cells: a stated part of the work.
    keep
        The last ms in which V is sampled, every 0.05 ms; 0 for nothing.
    cores
        How many threads a peer may use.
    """

    cells: int
    duration: float
    stride: int = 1
    keep: float = 0.0
    cores: int = 1

    @property
    def current(self) -> np.ndarray:
        """uA/cm2, (lanes,)."""
        if self.cells == 1:
            return np.array([ONE_CURRENT])
        return np.linspace(*CURRENTS, self.cells)[:: self.stride]

    @property
    def samples(self) -> int:
        return round(self.keep / EVERY) + 1 if self.keep else 0

    @property
    def grid(self) -> np.ndarray:
        """ms, the times at which V is kept."""
        first = round((self.duration - self.keep) / EVERY)
        return (first + np.arange(self.samples)) * EVERY

    @property
    def grid_from_0(self) -> np.ndarray:
        """The same with 0 before it, for solvers whose first sample is the beginning."""
        return np.unique(np.concatenate([[0.0], self.grid]))

    def but(self, **changes: Any) -> Work:
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Result:
    """One integration: seconds of it, and V (samples, lanes) where it was asked for."""

    seconds: float
    V: np.ndarray | None = None


def crossings(grid: np.ndarray, V: np.ndarray) -> np.ndarray:
    """ms at which one cell's V rises through 0 mV, by cubic interpolation between samples.

    Applied to the reference and to a peer alike, so that what the interpolation itself errs is
    nearly the same in both and drops out of the difference.
    """
    from scipy.interpolate import CubicSpline
    from scipy.optimize import brentq

    up = np.flatnonzero((V[:-1] < 0.0) & (V[1:] >= 0.0))
    if not up.size:
        return np.empty(0)
    curve = CubicSpline(grid, V)
    return np.array([brentq(curve, grid[i], grid[i + 1], xtol=1e-13) for i in up])


def errors(grid: np.ndarray, V: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """The 95th percentile over cells of the worst error in V (mV) and in a spike's time (ms).

    A cell with another number of spikes than the truth has no finite error in time.
    """
    if not np.isfinite(V).all():
        return math.inf, math.inf
    apart = np.abs(V - truth).max(axis=0)
    late = [
        _spikes_apart(crossings(grid, a), crossings(grid, b))
        for a, b in zip(V.T, truth.T, strict=True)
    ]
    return _percentile(apart), _percentile(late)


def _spikes_apart(found: np.ndarray, true: np.ndarray) -> float:
    if found.size != true.size:
        return math.inf
    return float(np.abs(found - true).max()) if true.size else 0.0


def _percentile(values: Any) -> float:
    """The 95th, the next larger one of the values there are: it may be infinite."""
    return float(np.percentile(values, 95, method="higher"))
