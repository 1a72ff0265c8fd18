"""Where a membrane rests, and its gates' steady state at a held voltage.

Everything is computed lane by lane with the kernel's own arithmetic (and otherwise only
``+ - * /`` and comparisons), so a lane's initial state does not depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from loligo.crew import threads
from loligo.engine.kernel import Kernel
from loligo.errors import RunError
from loligo.lanes import Floats, distinct
from loligo.run.bounds import bounded, listed
from loligo.run.cells import given, guess
from loligo.run.status import Status
from loligo.run.steady import (
    BEGIN,
    Kept,
    Lanes,
    Loose,
    Truths,
    derivative,
    jacobian,
    loose,
    none_loose,
    settle,
)

# Where a resting potential is looked for (mV). Neighbouring equilibria closer than the
# spacing are taken for one.
LOWEST, HIGHEST, SPACING = -150.0, 100.0, 1.0
_GRID = np.arange(LOWEST, HIGHEST + SPACING / 2, SPACING)
_SLOW = 1e-5  # of the fastest rate: slower is looked at more closely
_PARTS = 16  # into which a bracket is cut
_BLOCK = 1 << 17  # lanes relaxed at once, to bound the memory
CONTINUUM = (
    "the membrane has no single resting potential: without any conductance every "
    "voltage is an equilibrium; give a holding potential, for example initial=-65"
)
_NO_REST = (
    f"the membrane has no stable resting potential between {LOWEST:g} and {HIGHEST:g} mV "
    "(it may fire by itself); give a holding potential, for example initial=-65, or let the model "
    "say where it starts ([start] in its file)"
)
NOWHERE = (
    "some state has no steady value at any voltage, so that the membrane has no rest; give that "
    "state, for example initial={'Q': 0}, or all: initial={'V': ..., ...}"
)

_NONE: Lanes = {}


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
        refuse(self.status, self.why)

    def losing(self, lanes: Truths, why: str) -> Steady:
        """With these lanes lost too."""
        new = lanes & ~self.lost
        if not new.any():
            return self
        status = np.where(new, Status.NOT_STEADY, self.status).astype(np.int8)
        states = _filled(self.states, status <= Status.EXPONENTIAL)
        return Steady(states, status, {Status.NOT_STEADY: why, **self.why}, self.notes)


def refuse(status: NDArray[np.int8] | None, why: Mapping[Status, str]) -> None:
    """Raise a RunError for the first reason why lanes are lost, and say how many there are."""
    for kind, reason in why.items():
        if status is None or status.size == 1:
            raise RunError(reason)
        count = int(np.count_nonzero(status == kind))
        raise RunError(f"in {count} of {status.size} lanes {reason}")


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


def held(kernel: Kernel, parameters: Lanes, voltage: Floats, states: Lanes = _NONE) -> Steady:
    """All states with V held.

    Parameters
    ----------
    parameters
        Name -> one value a lane; under :func:`loligo.run.cells.guess` the initial values of states
        in the model: where their search begins, and what of them is conserved.
    voltage : (lanes,) in mV
    states
        Those that are held too -> their values in each lane.
    """
    search = bounded(kernel, parameters, states, clamped=True)
    found, settled = _settled(kernel, search.parameters, voltage)
    left = _left(kernel, search.parameters, found)
    lost = search.lost | ~settled | left.unsaid
    if not lost.any():
        return Steady(found, np.zeros(voltage.shape, dtype=np.int8))
    at = float(voltage[lost.argmax()])
    if search.why is not None:
        why = search.why
    elif not settled.all():
        why = (
            f"some state has no steady value with V held at {voltage[settled.argmin()]:.6g} mV; "
            "give the initial states: initial={'V': ..., ...}"
        )
    else:
        why = _chance(left.states, f"with V held at {at:.6g} mV")
    status = np.where(lost, Status.NOT_STEADY, Status.FINE).astype(np.int8)
    return Steady(_filled(found, ~lost), status, {Status.NOT_STEADY: why})


def swept(kernel: Kernel, parameters: Lanes, voltage: Floats) -> Floats:
    """:func:`held` on the way to a balance: NaN where states have no steady values, and no look at
    whether they might be others."""
    search = bounded(kernel, parameters, _NONE, clamped=True)
    found, settled = _settled(kernel, search.parameters, voltage)
    return np.where(settled & ~search.lost, found, np.nan)


def _settled(kernel: Kernel, parameters: Lanes, voltage: Floats) -> tuple[Floats, Truths]:
    """:func:`settle`, where given states change nothing by the way of a search without them: what
    no other state depends on need not be steady, nor does it move the others."""
    names = kernel.program.states
    kept = Kept.of(names, parameters)
    if kept.totals or not kept.given:
        return settle(kernel, parameters, voltage)
    aside = {given(name) for name in names}
    without = {name: row for name, row in parameters.items() if name not in aside}
    states, settled = settle(kernel, without, voltage)
    before = derivative(kernel, parameters, states)
    kept.place(states)
    after = derivative(kernel, parameters, states)
    others = [row for row in range(1, len(names)) if row not in kept.given]
    settled &= (before[others] == after[others]).all(axis=0)
    here = np.flatnonzero(~settled)
    if here.size:
        some = {name: row[here] for name, row in parameters.items()}
        states[:, here], settled[here] = settle(kernel, some, voltage[here])
    return states, settled


def _left(kernel: Kernel, parameters: Lanes, states: Floats) -> Loose:
    """What is :func:`loose` with V held. Where states do not depend on each other all round that
    can only be one that does not move at all, and so is where it began."""
    if not kernel.program.mutual:
        names = kernel.program.states[1:]
        begun = (parameters.get(guess(name), BEGIN) for name in names)
        if not any((row == own).any() for row, own in zip(states[1:], begun, strict=True)):
            return none_loose(states.shape[1])
    return loose(kernel, parameters, states, first=1)


def _chance(states: list[str], where: str) -> str:
    be, needed = ("is", "it an initial value")
    if len(states) > 1:
        be, needed = "are", "them initial values"
    return (
        f"the equations leave open what {listed(states)} {be} {where}: more than one value stands "
        f"still; give {needed}: initial={{'{states[0]}': ..., ...}}"
    )


def _filled(states: Floats, fine: Truths) -> Floats:
    """With the states of a fine lane in those of the others; of none, numbers that harm nobody."""
    example = states[:, np.argmax(fine)] if fine.any() else np.r_[-65.0, [0.5] * (len(states) - 1)]
    return np.where(fine, states, example[:, None])


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


def rested(kernel: Kernel, parameters: Lanes, states: Lanes = _NONE) -> Steady:
    """The stable equilibrium without stimulus, lane by lane; of states that are given, of the rest.

    The current balance is scanned from -150 to 100 mV with all other states at their steady
    values; each voltage where it turns from inward to outward is narrowed down to the last bit,
    and kept if every eigenvalue of the linearised equations is negative. The lowest counts.
    What the equations conserve, and states that are given, are kept (see :func:`held`).
    """
    search = bounded(kernel, parameters, states, clamped=False)
    names = list(search.parameters)
    rows = [search.parameters[name] for name in names]
    matrix = np.stack([*rows, search.lost.astype(float)])
    # a sweep over stimuli has one membrane: find its rest once
    first, which = distinct(matrix)
    columns = {name: row[first] for name, row in zip(names, rows, strict=True)}
    found = _rest(kernel, columns, first.size)
    count, several = first.size, found.several
    note = "the membrane has" if count == 1 else f"{several} of {count} membranes have"
    notes = [f"{note} several stable resting potentials: the lowest is taken"] if several else []
    lost = np.isnan(found.states[0]) | search.lost[first]
    if not lost.any():
        return Steady(found.states[:, which], np.zeros(which.shape, dtype=np.int8), notes=notes)
    status = np.where(lost, Status.NO_REST, Status.FINE).astype(np.int8)
    why = search.why or found.why or _NO_REST
    filled = _filled(found.states, ~lost)
    return Steady(filled[:, which], status[which], {Status.NO_REST: why}, notes)


@dataclass
class _Rests:
    """What was found of distinct membranes.

    Attributes
    ----------
    states : (states, lanes)
        NaN where there is no rest.
    several
        How many have more than one.
    why
        What is the matter where there are too many to choose from.
    """

    states: Floats
    several: int = 0
    why: str | None = None


def _rest(kernel: Kernel, parameters: Lanes, lanes: int) -> _Rests:
    """Block by block, on all cores."""
    per_block = max(1, _BLOCK // len(_GRID))
    blocks = [range(k, min(k + per_block, lanes)) for k in range(0, lanes, per_block)]
    rows = [{n: r[b.start : b.stop] for n, r in parameters.items()} for b in blocks]
    if len(blocks) == 1:
        return _rest_of_block(kernel, rows[0], lanes)
    with ThreadPoolExecutor(min(threads(), len(blocks))) as pool:
        parts = list(pool.map(partial(_rest_of_block, kernel), rows, map(len, blocks)))
    whole = _Rests(np.concatenate([part.states for part in parts], axis=1))
    whole.several = sum(part.several for part in parts)
    whole.why = next((part.why for part in parts if part.why is not None), None)
    return whole


def _rest_of_block(kernel: Kernel, parameters: Lanes, count: int) -> _Rests:
    grid, result = _GRID, _Rests(np.full((len(kernel.program.states), count), np.nan))
    balance = balanced(
        kernel, {n: np.repeat(r, len(grid)) for n, r in parameters.items()}, np.tile(grid, count)
    ).reshape(count, len(grid))
    flat = ((balance[:, :-1] == 0) & (balance[:, 1:] == 0)).any(axis=1)
    if flat.any():
        result.why = CONTINUUM
    if np.isnan(balance).all(axis=1).any():
        result.why = result.why or NOWHERE
    lane, place = np.nonzero((balance[:, :-1] > 0) & (balance[:, 1:] <= 0) & ~flat[:, None])
    chosen = {name: row[lane] for name, row in parameters.items()}
    voltage = narrowed(kernel, chosen, grid[place], grid[place] + SPACING)
    states, settled = settle(kernel, chosen, voltage)
    stable, open_ = _stable(kernel, chosen, states)
    stable &= settled
    if open_:
        result.why = result.why or _chance(open_, "where V rests")
    for i in np.flatnonzero(stable)[::-1]:  # downwards, so that the lowest V is kept
        result.states[:, lane[i]] = states[:, i]
    result.several = int((np.bincount(lane[stable], minlength=count) > 1).sum())
    return result


def balanced(kernel: Kernel, parameters: Lanes, voltage: Floats) -> Floats:
    """dV/dt, all other states steady at V; NaN where they cannot be."""
    states, settled = settle(kernel, parameters, voltage)
    return np.where(settled, derivative(kernel, parameters, states)[0], np.nan)


def narrowed(
    kernel: Kernel, parameters: Lanes, low: Floats, high: Floats, sign: float | Floats = 1.0
) -> Floats:
    """The voltage where the balance, times ``sign``, first turns negative, to the last bit: the
    bracket is cut into many parts at once, since a call of the kernel costs more than what it
    computes."""
    parts = np.arange(1, _PARTS)[:, None] / _PARTS
    many = {name: np.tile(row, _PARTS - 1) for name, row in parameters.items()}
    for _ in range(20):
        inner = low + parts * (high - low)
        if np.all((inner == low) | (inner == high)):
            break
        inward = sign * balanced(kernel, many, inner.ravel()).reshape(inner.shape) > 0
        bounds = np.concatenate([low[None], inner, high[None]])
        turn = np.argmin(np.concatenate([inward, np.zeros_like(inward[:1])]), axis=0)[None]
        low = np.take_along_axis(bounds, turn, axis=0)[0]
        high = np.take_along_axis(bounds, turn + 1, axis=0)[0]
    return high


def _stable(kernel: Kernel, parameters: Lanes, states: Floats) -> tuple[Truths, list[str]]:
    """Whether all eigenvalues of the Jacobian have negative real parts, but for those of what is
    kept; and which states could stand still elsewhere too, where some could."""
    slopes = jacobian(kernel, parameters, states)
    if not slopes.size:
        return np.zeros(len(slopes), dtype=bool), []
    sound = np.logical_and.reduce(np.isfinite(slopes), axis=(1, 2))
    slopes = np.where(sound[:, None, None], slopes, 0.0)
    Kept.of(kernel.program.states, parameters).within(slopes)
    values = np.linalg.eigvals(slopes)
    worst: Floats = values.real.max(axis=1)
    sizes = np.abs(values)
    if (sizes.min(axis=1) > _SLOW * sizes.max(axis=1)).all():
        return sound & (worst < 0), []
    left = loose(kernel, parameters, states, first=0)
    for lane in np.flatnonzero(left.count):
        own = values[lane][np.argsort(np.abs(values[lane]))]
        worst[lane] = own[left.count[lane] :].real.max(initial=-np.inf)
    stable = sound & (worst < 0)
    return stable & ~left.unsaid, left.states if (stable & left.unsaid).any() else []
