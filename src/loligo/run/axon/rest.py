"""Where axons begin, and where one rests whose parts differ or whose ends are held."""

# SciPy and SymPy ship no types: what comes out of them is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loligo.engine.coupled import Line, Points
from loligo.engine.kernel import Kernel
from loligo.errors import RunError
from loligo.lanes import Floats
from loligo.run.axon.compartments import NA
from loligo.run.axon.currents import points_of
from loligo.run.equilibrium import hold
from loligo.run.initial import for_equilibria, initial_states
from loligo.run.problem import Problem

_PROBE = 1e-3  # mV: for the slope of the steady current
_STILL = 1e-10  # mV: a change this small is rounding
_MOST_STEPS = 200


@dataclass(frozen=True)
class Beginning:
    """Where a run of axons begins.

    Attributes
    ----------
    line, points
        What joins the compartments, and what is joined to them while all clamps are off.
    voltage : (axons, compartments)
    states
        For each patch, (states without V, axons, compartments).
    notes
        For the person.
    rest : (axons, compartments) or None
        V, where the run begins at rest.
    """

    line: Line
    points: Points
    voltage: Floats
    states: list[Floats]
    notes: list[str]
    rest: Floats | None

    def recorded(self, problem: Problem) -> Floats | None:
        """:attr:`rest` at the recorded positions, axon by axon."""
        return None if self.rest is None else self.rest[:, problem.along.recorded].ravel()


def begin(problem: Problem, kernels: Sequence[Kernel]) -> Beginning:
    """The states of all compartments at time 0.

    Raises
    ------
    RunError
        If there is no resting state to begin from.
    """
    line, points = line_of(problem), points_of(problem)
    voltage = np.empty(line.area.shape)
    states: list[Floats] = []
    notes: list[str] = []
    patches = problem.along.patches
    for patch, kernel in zip(patches, kernels, strict=True):
        begun = initial_states(kernel, patch.once)
        begun.refuse()
        shape = (len(begun.states), line.axons, patch.place.size)
        shaped = np.broadcast_to(patch.along(begun.states), shape)
        voltage[:, patch.place] = shaped[0]
        states.append(shaped[1:])
        notes += begun.notes
    if not problem.initial.rests:
        return Beginning(line, points, voltage, states, notes, None)
    alone = len(patches) == 1 and patches[0].uniform
    if not alone or points.conductance.any():
        voltage, states = balance(problem, kernels, line, points, voltage)
    return Beginning(line, points, voltage, states, list(dict.fromkeys(notes)), voltage)


def line_of(problem: Problem) -> Line:
    """Areas, capacities and axial conductances."""
    area = NA * problem.along.parts.area
    capacity = np.empty_like(area)
    for patch in problem.along.patches:
        density = patch.along(patch.once.lanes.flat("C_m")[None])[0]
        capacity[:, patch.place] = density * area[:, patch.place]
    return Line(area, capacity, problem.along.parts.link)


def balance(
    problem: Problem, kernels: Sequence[Kernel], line: Line, points: Points, voltage: Floats
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
    problem: Problem, kernels: Sequence[Kernel], line: Line, voltage: Floats
) -> tuple[Floats, list[Floats]]:
    """The ionic current with all states steady, nA, and the states of each patch."""
    current = np.empty_like(voltage)
    states: list[Floats] = []
    for patch, kernel in zip(problem.along.patches, kernels, strict=True):
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
    held, place = points.conductance[axon], points.place
    right = line.inflow(axon, voltage, onto=-current)
    right[place] += held * (points.potential[axon] - voltage[place])
    return line.solved(axon, line.capacity[axon] / dt + slope, right, points)
