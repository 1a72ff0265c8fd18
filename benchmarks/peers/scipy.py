"""SciPy: ``odeint`` and ``solve_ivp`` (LSODA), the equations in plain Python."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from benchmarks import squid
from benchmarks.peers import CELL, Family, Peer, Run
from benchmarks.squid import Result, Work


def make(work: Work, tolerance: float, call: str) -> Run:
    solve = CALLS[call]
    grid = work.grid_from_0 if work.keep else np.array([0.0, work.duration])

    def run() -> Result:
        started = time.perf_counter()
        found = [solve(float(current), grid, tolerance) for current in work.current]
        seconds = time.perf_counter() - started
        return Result(seconds, np.stack(found, axis=1)[-work.samples :] if work.keep else None)

    return run


def _flow(current: float) -> Any:
    """d/dt of (V, m, h, n) of one cell, on floats: NumPy's scalars would be slower."""

    def flow(t: float, states: Any) -> list[float]:
        return squid.derivatives(states.tolist(), current, math.exp, squid.linoid)

    return flow


def _odeint(current: float, grid: np.ndarray, tolerance: float) -> np.ndarray:
    from scipy.integrate import odeint

    found = odeint(
        _flow(current), squid.rest(), grid, tfirst=True, rtol=tolerance, atol=tolerance,
        mxstep=10**8,
    )  # fmt: skip
    return found[:, 0]


def _solve_ivp(current: float, grid: np.ndarray, tolerance: float) -> np.ndarray:
    from scipy.integrate import solve_ivp

    found = solve_ivp(
        _flow(current), (0.0, grid[-1]), squid.rest(), method="LSODA", t_eval=grid,
        rtol=tolerance, atol=tolerance,
    )  # fmt: skip
    return found.y[0]


CALLS = {"odeint": _odeint, "solve_ivp": _solve_ivp}
TOLERANCES = (1e-4, 1e-6, 1e-8, 1e-9, 1e-10, 1e-12)

PEER = Peer(
    title="SciPy",
    package="scipy",
    differs=(
        "The equations are Python functions, called at every step: that, not the method, is "
        "what the clock sees. One number is "
        "both the absolute and the relative tolerance. Locates no spikes."
    ),
    families=(
        Family("SciPy odeint", "tolerance", {CELL: TOLERANCES}, {"call": "odeint"}),
        Family("SciPy solve_ivp, LSODA", "tolerance", {CELL: TOLERANCES}, {"call": "solve_ivp"}),
    ),
    make=make,
    first={"tolerance": 1e-8, "call": "odeint"},
    parallel=False,
)  # fmt: skip
