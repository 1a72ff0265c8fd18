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
from loligo.engine.resting import BEGIN
from loligo.errors import RunError
from loligo.lanes import Floats, distinct
from loligo.run.balance import HIGHEST, LOWEST, chance
from loligo.run.bounds import bounded
from loligo.run.cells import given, guess
from loligo.run.resting import rests
from loligo.run.status import Status
from loligo.run.steady import Kept, Lanes, Loose, Truths, derivative, loose, none_loose, settle

_NO_REST = (
    f"the membrane has no stable resting potential between {LOWEST:g} and {HIGHEST:g} mV "
    "(it may fire by itself); give a holding potential, for example initial=-65, or let the model "
    "say where it starts ([start] in its file)"
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
        why = chance(left.states, f"with V held at {at:.6g} mV")
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
    found = rests(kernel, columns, first.size)
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
