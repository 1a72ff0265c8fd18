"""Where axons begin, and where one rests whose parts differ or whose ends are held."""

# SciPy and SymPy ship no types: what comes out of them is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from loligo.engine.coupled import Line, Points
from loligo.engine.kernel import Kernel
from loligo.lanes import Floats
from loligo.run.axon.compartments import NA
from loligo.run.axon.currents import points_of
from loligo.run.equilibrium import refuse, swept
from loligo.run.initial import for_equilibria, initial_states
from loligo.run.problem import Problem
from loligo.run.status import Status

_PROBE = 1e-3  # mV: for the slope of the steady current
_STILL = 1e-10  # mV: a change this small is rounding
_MOST_STEPS = 200
_UNBALANCED = (
    "the axon has no stable resting state that could be found (some part may fire by itself); "
    "give a holding potential, for example initial=-65"
)


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
    status : (axons,) or None
        A :class:`Status` of each axon; None where all are fine.
    why
        For each status of a lost axon, what is the matter and what helps.
    """

    line: Line
    points: Points
    voltage: Floats
    states: list[Floats]
    notes: list[str]
    rest: Floats | None
    status: NDArray[np.int8] | None = None
    why: Mapping[Status, str] = field(default_factory=dict[Status, str])

    def refuse(self) -> None:
        """Raise a RunError if any axon is lost."""
        refuse(self.status, self.why)

    def recorded(self, problem: Problem) -> Floats | None:
        """:attr:`rest` at the recorded positions, axon by axon."""
        return None if self.rest is None else self.rest[:, problem.along.recorded].ravel()


def begin(problem: Problem, kernels: Sequence[Kernel]) -> Beginning:
    """The states of all compartments at time 0.

    Raises
    ------
    RunError
        If a single run has no resting state to begin from; a sweep's axons tell by their status.
    """
    line, points = line_of(problem, kernels), points_of(problem)
    voltage = np.empty(line.area.shape)
    states: list[Floats] = []
    notes: list[str] = []
    status = np.zeros(line.axons, dtype=np.int8)
    why: dict[Status, str] = {}
    patches = problem.along.patches
    for patch, kernel in zip(patches, kernels, strict=True):
        begun = initial_states(kernel, patch.once)
        if begun.status is not None:
            of_each = patch.along(begun.status[None].astype(np.float64))[0].astype(np.int8)
            status = np.maximum(status, of_each.max(axis=1))
            lost = patch.place[int((of_each.max(axis=0) > 0).argmax())]
            why = {**{s: _of_region(problem, lost, each) for s, each in begun.why.items()}, **why}
        shape = (len(begun.states), line.axons, patch.place.size)
        shaped = np.broadcast_to(patch.along(begun.states), shape)
        voltage[:, patch.place] = shaped[0]
        states.append(shaped[1:])
        notes += begun.notes
    notes = list(dict.fromkeys(notes))
    found = Beginning(line, points, voltage, states, notes, None, status, why)
    alone = len(patches) == 1 and patches[0].uniform
    if problem.initial.rests:
        if not alone or points.conductance.any():
            found = balance(problem, kernels, found)
        found = replace(found, rest=found.voltage)
    if not problem.lanes.dims:
        found.refuse()
    return found if found.why else replace(found, status=None)


def _of_region(problem: Problem, compartment: int, reason: str) -> str:
    """What is the matter with a region, named if there are several."""
    regions = problem.along.axon.regions
    which = int(problem.along.parts.region[compartment])
    name = regions[which].name or regions[which].membrane.name
    called = f" ({name})" if name else ""
    return reason if len(regions) == 1 else f"region {which + 1}{called}: {reason}"


def line_of(problem: Problem, kernels: Sequence[Kernel]) -> Line:
    """Areas, capacities and axial conductances; portable as its membranes' kernels are."""
    area = NA * problem.along.parts.area
    capacity = np.empty_like(area)
    for patch in problem.along.patches:
        density = patch.along(patch.once.lanes.flat("C_m")[None])[0]
        capacity[:, patch.place] = density * area[:, patch.place]
    portable = all(kernel.portable for kernel in kernels)
    return Line(area, capacity, problem.along.parts.link, portable)


def balance(problem: Problem, kernels: Sequence[Kernel], begun: Beginning) -> Beginning:
    """V at which all currents balance, axial ones among them, all gates steady.

    Linearly implicit Euler steps that grow without bound, from each compartment's own rest
    (pseudo-transient continuation: Kelley & Keyes 1998, doi:10.1137/S0036142996304796). An axon
    that never comes to balance is lost.
    """
    line, points, voltage = begun.line, begun.points, begun.voltage
    status = np.zeros(line.axons, dtype=np.int8) if begun.status is None else begun.status.copy()
    dt = np.ones((line.axons, 1))
    settled = status > 0
    change = np.zeros_like(voltage)
    for _ in range(_MOST_STEPS):
        current, _ = _steady(problem, kernels, line, voltage)
        above, _ = _steady(problem, kernels, line, voltage + _PROBE)
        slope = (above - current) / _PROBE
        change = np.zeros_like(voltage)
        for k in np.flatnonzero(~settled):  # what is settled stays, whatever its neighbours do
            change[k] = _step(
                line, points, int(k), voltage[k], current[k], slope[k], float(dt[k, 0])
            )
        broken = ~np.isfinite(change).all(axis=1)
        status[broken] = Status.NO_REST
        change[broken] = 0.0
        calm = np.abs(change).max(axis=1, keepdims=True) < 5.0
        voltage = voltage + np.where(calm, change, np.clip(change, -5.0, 5.0))
        settled |= (np.abs(change).max(axis=1) < _STILL) & (dt[:, 0] > 1e6) | broken
        if settled.all():
            break
        dt = np.where(calm, np.minimum(4.0 * dt, 1e12), np.maximum(dt / 8.0, 1e-6))
    status[~settled] = Status.NO_REST
    why = dict(begun.why)
    if (status > 0).any():
        why.setdefault(Status.NO_REST, _UNBALANCED)
        voltage = np.where(status[:, None] > 0, begun.voltage, voltage)
    # what a lost axon is computed with harms nobody as long as it is finite
    states = [np.nan_to_num(s, nan=0.5) for s in _steady(problem, kernels, line, voltage)[1]]
    return replace(begun, voltage=voltage, states=states, status=status, why=why)


def _steady(
    problem: Problem, kernels: Sequence[Kernel], line: Line, voltage: Floats
) -> tuple[Floats, list[Floats]]:
    """The ionic current with all states steady, nA, and the states of each patch."""
    current = np.empty_like(voltage)
    states: list[Floats] = []
    for patch, kernel in zip(problem.along.patches, kernels, strict=True):
        named = for_equilibria(patch.cells)
        held = swept(kernel, named, voltage[:, patch.place].ravel())
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
