"""The states of a membrane whose V is held, once they stand still.

Everything is computed lane by lane with the kernel's own arithmetic (and otherwise only
``+ - * /`` and comparisons), so a lane's states do not depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loligo.engine.kernel import Kernel
from loligo.engine.resting import BEGIN, DOUBLED, FIRST, FOREVER, LAST, SHIFT, SMALL, STILL
from loligo.lanes import Floats
from loligo.run.cells import given, guess, total, weight
from loligo.run.conserved import balanced

_LONG = 1e6  # ms: what stands still in such a step stands still
_AT_ONCE = 1 << 13  # lanes of which slopes are taken together
_DEPENDENT = 1e-9  # of rates beside each other: the rounding of their slopes

Lanes = Mapping[str, Floats]
Truths = NDArray[np.bool_]


@dataclass(frozen=True)
class Kept:
    """What the states are held to, by their rows.

    Attributes
    ----------
    given
        Row -> the state's value, (lanes,).
    totals
        Row of the state whose equation is left out -> the weights (states, lanes) of what adds up,
        1 for the state itself, and what it adds up to, (lanes,). Where the weights are 0 nothing
        does in that lane.
    """

    given: Mapping[int, Floats]
    totals: Mapping[int, tuple[Floats, Floats]]

    @classmethod
    def of(cls, names: tuple[str, ...], parameters: Lanes) -> Kept:
        """Among the numbers of a search."""
        totals: dict[int, tuple[Floats, Floats]] = {}
        for row, name in enumerate(names):
            if total(name) in parameters:
                weights = np.stack([parameters[weight(name, other)] for other in names])
                totals[row] = weights, parameters[total(name)]
        held = {row: parameters[given(n)] for row, n in enumerate(names) if given(n) in parameters}
        return cls(held, totals)

    def __bool__(self) -> bool:
        return bool(self.given or self.totals)

    def place(self, states: Floats) -> None:
        """Put the given states in."""
        for row, value in self.given.items():
            states[row] = value

    def ask(self, matrix: Floats, right: Floats, states: Floats) -> None:
        """Replace equations, matrix (lanes, states, states) times change = right (states, lanes):
        no change of a given state, and totals that are kept."""
        for row in self.given:
            matrix[:, row] = 0.0
            matrix[:, row, row] = 1.0
            right[row] = 0.0
        for row, (weights, amount) in self.totals.items():
            here = weights[row] != 0.0
            matrix[here, row] = weights.T[here]
            right[row, here] = (amount - (weights * states).sum(axis=0))[here]

    def within(self, jacobian: Floats) -> None:
        """Of (lanes, states, states), leave what can move: what is kept goes by itself at -1."""
        for row, (weights, _) in self.totals.items():
            here = weights[row] != 0.0
            jacobian[here] -= jacobian[here][:, :, row, None] * weights.T[here][:, None, :]
            jacobian[here, row, :] = jacobian[here, :, row] = 0.0
            jacobian[here, row, row] = -1.0
        for row in self.given:
            jacobian[:, row, :] = jacobian[:, :, row] = 0.0
            jacobian[:, row, row] = -1.0


def settle(kernel: Kernel, parameters: Lanes, voltage: Floats) -> tuple[Floats, Truths]:
    """All states with V held, (states, lanes), and in which lanes they stand still.

    States that are linear in themselves, and do not depend on each other all round, arrive in
    one step. The others are relaxed through steps that grow from 0.1 ms, as the membrane itself
    would under a clamp, first one by one, then together. What is tried next is tried with those
    lanes alone that need it: no lane ends elsewhere because of its neighbours. Where anything is
    to be kept (:class:`Kept`) all states are moved together.
    """
    names = kernel.program.states
    half = np.full(voltage.shape, BEGIN)
    states = np.stack([voltage, *(parameters.get(guess(name), half) for name in names[1:])])
    kept = Kept.of(names, parameters)
    kept.place(states)
    settled = np.zeros(voltage.shape, dtype=bool)
    for method in (_linear, _together) if kept else (_at_once, _one_by_one, _together):
        here = np.flatnonzero(~settled)
        if not here.size:
            break
        some = {name: row[here] for name, row in parameters.items()}
        settled[here], found = method(kernel, some, states[:, here])
        done = settled[here]
        states[:, here[done]] = found[:, done]
    return states, settled


def _at_once(kernel: Kernel, parameters: Lanes, states: Floats) -> tuple[Truths, Floats]:
    return _relax(kernel, parameters, states, [FOREVER] * (len(states) + 1))


def _one_by_one(kernel: Kernel, parameters: Lanes, states: Floats) -> tuple[Truths, Floats]:
    steps = [FIRST * 2.0**k for k in range(DOUBLED)] + [FOREVER] * LAST
    return _relax(kernel, parameters, states, steps)


def _linear(kernel: Kernel, parameters: Lanes, states: Floats) -> tuple[Truths, Floats]:
    """Where the rates are linear, the first step arrives and the second corrects its rounding."""
    return _together(kernel, parameters, states, FOREVER, 3)


def _together(
    kernel: Kernel, parameters: Lanes, states: Floats, first: float = 0.1, steps: int = 120
) -> tuple[Truths, Floats]:
    """Linearly implicit Euler steps of all states but V, each lane's growing while they succeed
    (pseudo-transient continuation: Kelley & Keyes 1998, doi:10.1137/S0036142996304796)."""
    x = states.copy()
    kept = Kept.of(kernel.program.states, parameters)
    solve = _eliminated if kernel.portable else _solved
    unit, least = np.eye(len(x)), smallest(kernel.program.states, parameters, x.shape[1])
    dt = np.full(x.shape[1], first)
    settled = np.zeros(x.shape[1], dtype=bool)
    for _ in range(steps):
        rate = derivative(kernel, parameters, x)
        matrix = unit / dt[:, None, None] - jacobian(kernel, parameters, x)
        matrix = np.where(np.isfinite(matrix), matrix, unit)
        kept.ask(matrix, rate, x)
        change = solve(matrix[:, 1:, 1:], rate[1:])
        after = x.copy()
        after[1:] += change
        sound = np.isfinite(derivative(kernel, parameters, after)).all(axis=0)
        sound &= np.isfinite(change).all(axis=0)
        still = np.all(np.abs(change) <= STILL * np.maximum(np.abs(after), least)[1:], axis=0)
        x = np.where(sound & ~settled, after, x)
        settled |= sound & still & (dt >= _LONG)
        dt = np.where(sound, np.minimum(4 * dt, FOREVER), dt / 8)
        if settled.all():
            break
    return settled, x


def _solved(matrix: Floats, right: Floats) -> Floats:
    """Of (lanes, n, n) and (n, lanes), NaN in lanes where the matrix is singular."""
    try:
        found = np.linalg.solve(matrix, right.T[:, :, None])
        return found[:, :, 0].T.astype(np.float64, copy=False)
    except np.linalg.LinAlgError:  # one of them is singular
        solved = np.full(right.shape, np.nan)
        if len(matrix) > 1:
            for lane in range(len(matrix)):
                one = slice(lane, lane + 1)
                solved[:, one] = _solved(matrix[one], right[:, one])
        return solved


def _eliminated(matrix: Floats, right: Floats) -> Floats:
    """The same by Gauss's elimination with pivots, written out: what LAPACK does in the last digits
    is another thing on every machine."""
    a, b = matrix.copy(), right.T.copy()
    lanes, count = np.arange(len(a)), b.shape[1]
    with np.errstate(all="ignore"):
        for k in range(count):
            pivot = k + np.abs(a[:, k:, k]).argmax(axis=1)
            for each in (a, b):
                each[lanes, k], each[lanes, pivot] = each[lanes, pivot], each[lanes, k]
            for i in range(k + 1, count):
                factor = a[:, i, k] / a[:, k, k]
                a[:, i, k:] -= factor[:, None] * a[:, k, k:]
                b[:, i] -= factor * b[:, k]
        for k in reversed(range(count)):
            for j in range(k + 1, count):
                b[:, k] -= a[:, k, j] * b[:, j]
            b[:, k] /= a[:, k, k]
    return b.T


def _relax(
    kernel: Kernel, parameters: Lanes, states: Floats, steps: list[float]
) -> tuple[Truths, Floats]:
    """Take relaxation steps; which lanes came to stand still, and the states.

    A lane that stands still in a step without end is left alone from then on, so that it ends
    the same whatever its neighbours do.
    """
    lanes: int = states.shape[1]
    settled: Truths = np.zeros(lanes, dtype=bool)
    rows: dict[str, Floats] = dict(zip(kernel.program.states, states, strict=True))
    none = dict.fromkeys(kernel.program.inputs, np.zeros(lanes))
    for dt in steps:
        step: Floats = np.full(lanes, dt)
        after = kernel.map("relax", {**parameters, **none, **rows, ".dt": step})
        still = np.full(lanes, dt == FOREVER)
        with np.errstate(all="ignore"):
            for name, value in after.items():
                change = np.abs(value - rows[name])
                near = change <= STILL * np.maximum(np.abs(value), SMALL)
                still &= near & np.isfinite(value)
        rows = {n: np.where(settled, rows[n], value) for n, value in after.items()}
        settled |= still
        if settled.all():
            break
    return settled, np.stack([rows[name] for name in kernel.program.states])


def derivative(kernel: Kernel, parameters: Lanes, states: Floats) -> Floats:
    """The rates of all states, (states, lanes), without stimulus but for inputs that are among the
    parameters."""
    rows = dict(zip(kernel.program.states, states, strict=True))
    none = dict.fromkeys(kernel.program.inputs, np.zeros(states.shape[1]))
    result = kernel.map("derivative", {**none, **parameters, **rows})
    return np.stack([result[name] for name in kernel.program.states])


def jacobian(
    kernel: Kernel, parameters: Lanes, states: Floats, least: Floats | None = None
) -> Floats:
    """(lanes, states, states), by central differences; of a state smaller than the ``least``
    as if it were so large."""
    count, lanes = states.shape
    found = np.empty((lanes, count, count))
    if least is None:
        least = smallest(kernel.program.states, parameters, lanes)
    steps = SHIFT * np.maximum(np.abs(states), least)
    read = [n for n in kernel.program.blocks["derivative"].inputs if n in parameters]
    at_once = max(1, _AT_ONCE // max(lanes, 1))  # columns: a call costs more than what it computes
    for first in range(0, count, at_once):
        columns = range(first, min(first + at_once, count))
        several = {name: np.tile(parameters[name], 2 * len(columns)) for name in read}
        moved = np.tile(states, 2 * len(columns)).reshape(count, len(columns), 2, lanes)
        for k, j in enumerate(columns):
            moved[j, k, 0] += steps[j]
            moved[j, k, 1] -= steps[j]
        rates = derivative(kernel, several, moved.reshape(count, -1)).reshape(moved.shape)
        with np.errstate(all="ignore"):
            for k, j in enumerate(columns):
                slope = rates[:, k, 0] - rates[:, k, 1]
                found[:, :, j] = (slope / (2 * steps[j])).T
    return found


def smallest(names: tuple[str, ...], parameters: Lanes, lanes: int) -> Floats:
    """How small a state is taken to be when its rounding is judged, (states, lanes)."""
    if not Kept.of(names, parameters):
        return np.full((len(names), lanes), SMALL)
    return SMALL * _usual(names, parameters, lanes)


def _usual(names: tuple[str, ...], parameters: Lanes, lanes: int) -> Floats:
    """The size of a state, (states, lanes): where it begins, 1 at most."""
    begins = [np.abs(parameters.get(guess(name), np.ones(lanes))) for name in names]
    return np.stack([np.where((begin > 0.0) & (begin < 1.0), begin, 1.0) for begin in begins])


@dataclass(frozen=True)
class Loose:
    """Combinations of states that nothing moves where the states stand still.

    Attributes
    ----------
    count : (lanes,)
        How many there are.
    unsaid : (lanes,)
        Where one is not what the states' initial values make it.
    states
        Which states are part of one in the first such lane.
    """

    count: NDArray[np.int64]
    unsaid: Truths
    states: list[str]


def none_loose(lanes: int) -> Loose:
    """Nothing is left to chance."""
    count: NDArray[np.int64] = np.zeros(lanes, dtype=np.int64)
    unsaid: Truths = np.zeros(lanes, dtype=bool)
    return Loose(count, unsaid, [])


def loose(kernel: Kernel, parameters: Lanes, states: Floats, first: int) -> Loose:
    """What is left to chance by the equations, linearised where they were found to be steady.

    Beyond what is kept by design (:class:`Kept`) something may be conserved there alone: behind a
    condition that does not hold, or where V is held. It may be so if it stays as it began.

    Parameters
    ----------
    first
        1 where V is held, else 0.
    """
    names = kernel.program.states
    # what cancels does so at any distance: large steps have little rounding
    usual = _usual(names, parameters, states.shape[1])
    matrix = jacobian(kernel, parameters, states, usual)
    Kept.of(names, parameters).ask(matrix, np.zeros(states.shape), states)
    lanes = len(matrix)
    if matrix.shape[1] == first or not lanes:
        return none_loose(lanes)
    matrix, rows, _ = balanced(matrix[:, first:, first:])
    sizes = np.linalg.svd(matrix, compute_uv=False)
    count = np.count_nonzero(sizes < _DEPENDENT, axis=1)
    unsaid = np.zeros(lanes, dtype=bool)
    part: list[str] = []
    for lane in np.flatnonzero(count):
        left, _, _ = np.linalg.svd(matrix[lane])
        for direction in left.T[-count[lane] :]:
            weights = np.where(np.abs(direction) > 1e-6, direction, 0.0) / rows[lane]
            own = [names[first + k] for k in np.flatnonzero(weights)]
            began = [parameters.get(guess(n), np.full(lanes, np.nan))[lane] for n in own]
            there = [states[names.index(n), lane] for n in own]
            share = weights[weights != 0.0]
            moved = np.dot(share, np.subtract(there, began))
            size = np.dot(np.abs(share), np.abs(there) + np.abs(began))
            if not abs(moved) <= 1e-6 * size:
                unsaid[lane] = True
                part = part or own
    return Loose(count, unsaid, part)
