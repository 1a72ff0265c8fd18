"""Where a membrane rests, and its gates' steady state at a held voltage.

Everything is computed lane by lane with the kernel's own arithmetic (and otherwise only
``+ - * /`` and comparisons), so a lane's initial state does not depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from loligo.engine.kernel import Kernel
from loligo.errors import RunError
from loligo.lanes import Floats, distinct
from loligo.run.cells import guess
from loligo.run.status import Status

# Where a resting potential is looked for (mV). Neighbouring equilibria closer than the
# spacing are taken for one.
LOWEST, HIGHEST, SPACING = -150.0, 100.0, 1.0
_FOREVER = 1e12  # ms: a relaxation step that reaches the equilibrium of a linear state
_LONG = 1e6  # ms: what stands still in such a step stands still
_PARTS = 16  # into which a bracket is cut
_BLOCK = 1 << 15  # lanes relaxed at once, to bound the memory
_CONTINUUM = (
    "the membrane has no single resting potential: without any conductance every "
    "voltage is an equilibrium; give a holding potential, for example initial=-65"
)

Lanes = Mapping[str, Floats]
Truths = NDArray[np.bool_]


@dataclass(frozen=True)
class Steady:
    """What the search for steady states found, lane by lane.

    Attributes
    ----------
    states : (states, lanes)
        In a lost lane some that are finite.
    status : (lanes,)
        A :class:`Status` of each lane.
    why
        For each status of a lost lane, what is the matter and what helps.
    notes
        For the person.
    """

    states: Floats
    status: NDArray[np.int8]
    why: Mapping[Status, str] = field(default_factory=dict[Status, str])
    notes: list[str] = field(default_factory=list[str])

    @property
    def lost(self) -> Truths:
        """Which lanes have no steady states."""
        return self.status > Status.EXPONENTIAL

    def refuse(self) -> None:
        """Raise a RunError if any lane is lost."""
        for reason in self.why.values():
            raise RunError(reason)


def hold(kernel: Kernel, parameters: Lanes, voltage: Floats) -> Floats:
    """All states with V held, (states, lanes): :func:`held`, where every lane must have them.

    Raises
    ------
    RunError
        Where a state has no equilibrium at this voltage.
    """
    found = held(kernel, parameters, voltage)
    found.refuse()
    return found.states


def held(kernel: Kernel, parameters: Lanes, voltage: Floats) -> Steady:
    """All states with V held.

    Parameters
    ----------
    parameters
        Name -> one value a lane; under :func:`guess`, where to start a state that is not a gate.
    voltage : (lanes,) in mV
    """
    states, settled = _held(kernel, parameters, voltage)
    if settled.all():
        return Steady(states, np.zeros(voltage.shape, dtype=np.int8))
    at = float(voltage[np.flatnonzero(~settled)[0]])
    why = (
        f"some state has no steady value with V held at {at:.6g} mV; "
        "give the initial states: initial={'V': ..., ...}"
    )
    status = np.where(settled, Status.FINE, Status.NOT_STEADY).astype(np.int8)
    return Steady(_filled(states, settled), status, {Status.NOT_STEADY: why})


def _filled(states: Floats, fine: Truths) -> Floats:
    """With the states of a fine lane in those of the others; of none, numbers that harm nobody."""
    example = states[:, np.argmax(fine)] if fine.any() else np.r_[-65.0, [0.5] * (len(states) - 1)]
    return np.where(fine, states, example[:, None])


def _held(kernel: Kernel, parameters: Lanes, voltage: Floats) -> tuple[Floats, Truths]:
    """All states with V held, (states, lanes), and in which lanes they stand still.

    States that are linear in themselves, and do not depend on each other all round, arrive in
    one step. The others are relaxed through steps that grow from 0.1 ms, as the membrane itself
    would under a clamp, first one by one, then together. What is tried next is tried with those
    lanes alone that need it: no lane ends elsewhere because of its neighbours.
    """
    names = kernel.program.states
    half = np.full(voltage.shape, 0.5)
    states = np.stack([parameters.get(guess(name), half) for name in names])
    states[0] = voltage
    settled = np.zeros(voltage.shape, dtype=bool)
    for method in (_at_once, _one_by_one, _together):
        here = np.flatnonzero(~settled)
        if not here.size:
            break
        some = {name: row[here] for name, row in parameters.items()}
        start = dict(zip(names, states[:, here], strict=True))
        settled[here], found = method(kernel, some, start)
        done = settled[here]
        states[:, here[done]] = np.stack([found[name] for name in names])[:, done]
    return states, settled


def _at_once(
    kernel: Kernel, parameters: Lanes, states: dict[str, Floats]
) -> tuple[Truths, dict[str, Floats]]:
    return _relax(kernel, parameters, states, [_FOREVER] * (len(states) + 1))


def _one_by_one(
    kernel: Kernel, parameters: Lanes, states: dict[str, Floats]
) -> tuple[Truths, dict[str, Floats]]:
    return _relax(kernel, parameters, states, [0.1 * 2.0**k for k in range(40)] + [_FOREVER] * 10)


def _together(
    kernel: Kernel, parameters: Lanes, states: dict[str, Floats]
) -> tuple[Truths, dict[str, Floats]]:
    """Linearly implicit Euler steps of all states but V, each lane's growing while they succeed
    (pseudo-transient continuation: Kelley & Keyes 1998, doi:10.1137/S0036142996304796)."""
    names = list(states)
    x = np.stack([states[name] for name in names])
    unit = np.eye(len(names) - 1)
    dt = np.full(x.shape[1], 0.1)
    settled = np.zeros(x.shape[1], dtype=bool)
    for _ in range(120):
        rate = _derivative(kernel, parameters, x)[1:]
        matrix = unit / dt[:, None, None] - _jacobian(kernel, parameters, x)[:, 1:, 1:]
        matrix = np.where(np.isfinite(matrix), matrix, unit)
        try:
            change = np.linalg.solve(matrix, rate.T[:, :, None])[:, :, 0].T
        except np.linalg.LinAlgError:  # one of them is singular
            break
        after = x.copy()
        after[1:] += change
        sound = np.isfinite(_derivative(kernel, parameters, after)).all(axis=0)
        still = np.all(np.abs(change) <= 1e-11 * np.maximum(np.abs(after[1:]), 1e-3), axis=0)
        x = np.where(sound & ~settled, after, x)
        settled |= sound & still & (dt >= _LONG)
        dt = np.where(sound, np.minimum(4 * dt, _FOREVER), dt / 8)
        if settled.all():
            break
    return settled, dict(zip(names, x, strict=True))


def _relax(
    kernel: Kernel, parameters: Lanes, states: dict[str, Floats], steps: list[float]
) -> tuple[Truths, dict[str, Floats]]:
    """Take relaxation steps; which lanes came to stand still, and the states.

    A lane that stands still in a step without end is left alone from then on, so that it ends
    the same whatever its neighbours do.
    """
    lanes = states["V"].shape
    settled = np.zeros(lanes, dtype=bool)
    for dt in steps:
        after = kernel.map("relax", {**parameters, **states, ".dt": np.full(lanes, dt)})
        still = np.full(lanes, dt == _FOREVER)
        with np.errstate(all="ignore"):
            for name, value in after.items():
                change = np.abs(value - states[name])
                still &= change <= 1e-11 * np.maximum(np.abs(value), 1e-3)
        states = {n: np.where(settled, states[n], value) for n, value in after.items()}
        settled |= still
        if settled.all():
            break
    return settled, states


def rest(kernel: Kernel, parameters: Lanes) -> tuple[Floats, list[str]]:
    """Where every lane rests, (states, lanes), and notes: :func:`rested`, where each must.

    Raises
    ------
    RunError
        If a lane has no stable equilibrium, or a continuum of them.
    """
    found = rested(kernel, parameters)
    found.refuse()
    return found.states, found.notes


def rested(kernel: Kernel, parameters: Lanes) -> Steady:
    """The stable equilibrium without stimulus, lane by lane.

    The current balance is scanned from -150 to 100 mV with all other states at their steady
    values; each voltage where it turns from inward to outward is narrowed down to the last bit,
    and kept if every eigenvalue of the linearised equations is negative. The lowest counts.
    """
    names = list(parameters)
    matrix = np.stack([parameters[name] for name in names]) if names else np.empty((0, 1))
    # a sweep over stimuli has one membrane: find its rest once
    first, which = distinct(matrix)
    columns = {name: row[first] for name, row in zip(names, matrix, strict=True)}
    found, several, anywhere = _rest(kernel, columns, first.size)
    lost = np.isnan(found[0])
    note = "the membrane has" if first.size == 1 else f"{several} of {first.size} membranes have"
    notes = [f"{note} several stable resting potentials: the lowest is taken"] if several else []
    if not lost.any():
        return Steady(found[:, which], np.zeros(which.shape, dtype=np.int8), notes=notes)
    status = np.where(lost, Status.NO_REST, Status.FINE).astype(np.int8)
    reason = _CONTINUUM if anywhere.any() else _no_rest(first.size, int(lost.sum()))
    return Steady(_filled(found, ~lost)[:, which], status[which], {Status.NO_REST: reason}, notes)


def _rest(kernel: Kernel, parameters: Lanes, lanes: int) -> tuple[Floats, int, Truths]:
    """The states of each lane, NaN where there is no rest; how many have several; and which may
    rest anywhere."""
    grid = np.arange(LOWEST, HIGHEST + SPACING / 2, SPACING)
    result = np.full((len(kernel.program.states), lanes), np.nan)
    anywhere: Truths = np.zeros(lanes, dtype=bool)
    several = 0
    per_block = max(1, _BLOCK // len(grid))
    for first in range(0, lanes, per_block):
        here = slice(first, min(first + per_block, lanes))
        mine = {name: row[here] for name, row in parameters.items()}
        count = here.stop - first
        balance = _balance(
            kernel, {n: np.repeat(r, len(grid)) for n, r in mine.items()}, np.tile(grid, count)
        ).reshape(count, len(grid))
        flat = ((balance[:, :-1] == 0) & (balance[:, 1:] == 0)).any(axis=1)
        anywhere[here] = flat
        lane, place = np.nonzero((balance[:, :-1] > 0) & (balance[:, 1:] <= 0) & ~flat[:, None])
        chosen = {name: row[lane] for name, row in mine.items()}
        voltage = _narrow(kernel, chosen, grid[place], grid[place] + SPACING)
        states, settled = _held(kernel, chosen, voltage)
        stable = settled & _stable(kernel, chosen, states)
        for i in np.flatnonzero(stable)[::-1]:  # downwards, so that the lowest V is kept
            result[:, first + lane[i]] = states[:, i]
        several += int((np.bincount(lane[stable], minlength=count) > 1).sum())
    return result, several, anywhere


def _balance(kernel: Kernel, parameters: Lanes, voltage: Floats) -> Floats:
    """dV/dt without stimulus, all other states steady at V; NaN where they cannot be."""
    states, settled = _held(kernel, parameters, voltage)
    return np.where(settled, _derivative(kernel, parameters, states)[0], np.nan)


def _derivative(kernel: Kernel, parameters: Lanes, states: Floats) -> Floats:
    rows = dict(zip(kernel.program.states, states, strict=True))
    none = dict.fromkeys(kernel.program.inputs, np.zeros(states.shape[1]))
    result = kernel.map("derivative", {**parameters, **rows, **none})
    return np.stack([result[name] for name in kernel.program.states])


def _no_rest(lanes: int, without: int) -> str:
    which = "the membrane" if lanes == 1 else f"{without} of {lanes} membranes"
    verb = "has" if lanes == 1 else "have"
    return (
        f"{which} {verb} no stable resting potential between {LOWEST:g} and {HIGHEST:g} mV "
        "(it may fire by itself); give a holding potential, for example initial=-65"
    )


def _narrow(kernel: Kernel, parameters: Lanes, low: Floats, high: Floats) -> Floats:
    """The voltage where the balance first turns negative, to the last bit: the bracket is cut
    into many parts at once, since a call of the kernel costs more than what it computes."""
    parts = np.arange(1, _PARTS)[:, None] / _PARTS
    many = {name: np.tile(row, _PARTS - 1) for name, row in parameters.items()}
    for _ in range(20):
        inner = low + parts * (high - low)
        if np.all((inner == low) | (inner == high)):
            break
        inward = _balance(kernel, many, inner.ravel()).reshape(inner.shape) > 0
        bounds = np.concatenate([low[None], inner, high[None]])
        turn = np.argmin(np.concatenate([inward, np.zeros_like(inward[:1])]), axis=0)[None]
        low = np.take_along_axis(bounds, turn, axis=0)[0]
        high = np.take_along_axis(bounds, turn + 1, axis=0)[0]
    return high


def _stable(kernel: Kernel, parameters: Lanes, states: Floats) -> Truths:
    """Whether all eigenvalues of the Jacobian have negative real parts."""
    jacobian = _jacobian(kernel, parameters, states)
    stable: Truths = np.zeros(len(jacobian), dtype=bool)
    if jacobian.size:
        sound = np.logical_and.reduce(np.isfinite(jacobian), axis=(1, 2))
        safe = np.where(sound[:, None, None], jacobian, 0.0)
        worst: Floats = np.linalg.eigvals(safe).real.max(axis=1)
        np.logical_and(sound, worst < 0, out=stable)
    return stable


def _jacobian(kernel: Kernel, parameters: Lanes, states: Floats) -> Floats:
    """(lanes, states, states), by central differences."""
    count, lanes = states.shape
    jacobian = np.empty((lanes, count, count))
    for j in range(count):
        step = 1e-5 * np.maximum(np.abs(states[j]), 1e-3)
        up, down = states.copy(), states.copy()
        up[j] += step
        down[j] -= step
        with np.errstate(all="ignore"):
            slope = _derivative(kernel, parameters, up) - _derivative(kernel, parameters, down)
            jacobian[:, :, j] = (slope / (2 * step)).T
    return jacobian
