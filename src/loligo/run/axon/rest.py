"""Where an axon rests whose parts differ or whose ends are held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from loligo.engine.coupled import Line, Points
from loligo.engine.kernel import Floats
from loligo.errors import RunError
from loligo.run.axon.problem import AxonProblem
from loligo.run.compiled import for_equilibria
from loligo.run.equilibrium import hold

_PROBE = 1e-3  # mV: for the slope of the steady current
_STILL = 1e-10  # mV: a change this small is rounding
_MOST_STEPS = 200


def balance(
    problem: AxonProblem, kernels: Sequence[Any], line: Line, points: Points, voltage: Floats
) -> tuple[Floats, list[Floats]]:
    """V at which all currents balance, axial ones among them, all gates steady.

    Linearly implicit Euler steps that grow without bound, from each compartment's own rest
    (pseudo-transient continuation: Kelley & Keyes 1998, doi:10.1137/S0036142996304796).

    Returns
    -------
    voltage : (axons, compartments)
    states
        For each patch, (states without V, axons, compartments).

    Raises
    ------
    RunError
        If they never balance.
    """
    dt = np.ones((line.axons, 1))
    settled = np.zeros(line.axons, dtype=bool)
    for _ in range(_MOST_STEPS):
        current, _ = _steady(problem, kernels, line, voltage)
        above, _ = _steady(problem, kernels, line, voltage + _PROBE)
        slope = (above - current) / _PROBE
        change = np.zeros_like(voltage)
        for k in np.flatnonzero(~settled):  # what is settled stays, whatever its neighbours do
            change[k] = _step(
                line, points, int(k), voltage[k], current[k], slope[k], float(dt[k, 0])
            )
        if not np.isfinite(change).all():
            break
        calm = np.abs(change).max(axis=1, keepdims=True) < 5.0
        voltage = voltage + np.where(calm, change, np.clip(change, -5.0, 5.0))
        settled |= (np.abs(change).max(axis=1) < _STILL) & (dt[:, 0] > 1e6)
        if settled.all():
            return voltage, _steady(problem, kernels, line, voltage)[1]
        dt = np.where(calm, np.minimum(4.0 * dt, 1e12), np.maximum(dt / 8.0, 1e-6))
    raise RunError(
        "the axon has no stable resting state that could be found (some part may fire by itself); "
        "give a holding potential, for example initial=-65"
    )


def _steady(
    problem: AxonProblem, kernels: Sequence[Any], line: Line, voltage: Floats
) -> tuple[Floats, list[Floats]]:
    """The ionic current with all states steady, nA, and the states of each patch."""
    current = np.empty_like(voltage)
    states: list[Floats] = []
    for patch, kernel in zip(problem.patches, kernels, strict=True):
        named = for_equilibria(patch.cells)
        held = hold(kernel, named, voltage[:, patch.place].ravel())
        rows = dict(zip(kernel.program.states, held, strict=True))
        none = np.zeros(held.shape[1])
        rate = kernel.map("derivative", {**named, **rows, "I_stim": none})["V"]
        shape = (line.axons, patch.place.size)
        current[:, patch.place] = -rate.reshape(shape) * line.capacity[:, patch.place]
        states.append(held[1:].reshape(-1, *shape))
    return current, states


def _step(
    line: Line, points: Points, axon: int, voltage: Floats, current: Floats, slope: Floats,
    dt: float,
) -> Floats:  # fmt: skip
    from scipy.linalg import solve_banded

    link = line.link[axon]
    flow = link * np.diff(voltage)
    right = -current
    right[:-1] += flow
    right[1:] -= flow
    held, potential = points.conductance[axon], points.potential[axon]
    right[points.place] += held * (potential - voltage[points.place])
    matrix = np.zeros((3, voltage.size))
    matrix[0, 1:] = -link
    matrix[2, :-1] = -link
    matrix[1] = line.capacity[axon] / dt + slope
    matrix[1, :-1] += link
    matrix[1, 1:] += link
    matrix[1, points.place] += held
    return solve_banded((1, 1), matrix, right, check_finite=False)
