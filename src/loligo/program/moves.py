"""Moves of states, each along the exact solution of its own equation while the others stand.

    x += dt f phi(dt df/dx),    phi(z) = (exp(z) - 1)/z

(Hochbruck & Ostermann 2010, doi:10.1017/S0962492910000048, eq. 2.59, for one state). Fixed steps
are made of them (:mod:`loligo.program.exponential`, :mod:`loligo.program.coupled`), and so is the
search for steady states.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from loligo.program.arithmetic import CARRY, Block, Builder
from loligo.program.lower import Lowering
from loligo.system.equations import System


def groups_of(system: System) -> list[list[str]]:
    """States in groups whose members do not depend on each other, V alone in the last.

    The first is moved half a step apart from V, while what drives the system is known for whole
    steps: nothing that this reaches is in it, and it may be empty.
    """
    others = system.states[1:]
    reached = [state for state in others if system.reached(state)]
    apart = _independent(system, [state for state in others if state not in reached])
    # the joint move is made once a step instead of twice: let it be the largest group
    first: list[list[str]] = [[]] if reached and not apart else []
    return [*first, *apart, *_independent(system, reached), ["V"]]


def _independent(system: System, states: Iterable[str]) -> list[list[str]]:
    """States in groups whose members do not depend on each other, the largest first."""
    groups: list[list[str]] = []
    for state in states:
        depends = system.depends(state)
        for group in groups:
            if not any(o in depends or state in system.depends(o) for o in group):
                group.append(state)
                break
        else:
            groups.append([state])
    groups.sort(key=len, reverse=True)
    return groups


class Writer:
    """Moves states forward in one block.

    Parameters
    ----------
    driven
        Which of the system's inputs there is anything in; the others are 0.
    carried
        Whether the digits that a sum loses are kept for the next.
    """

    def __init__(
        self, system: System, driven: Collection[str] = (), carried: bool = False,
        shared: bool = True,
    ) -> None:  # fmt: skip
        self.system = system
        b = self.b = Builder(shared)
        self.now = {state: b.input(state) for state in system.states}
        self.inputs = {n: b.input(n) if n in driven else b.const(0.0) for n in system.inputs}
        self.carry = {s: b.input(CARRY + s) for s in system.states} if carried else {}

    def lowering(self) -> Lowering:
        return Lowering(self.b, {**self.now, **self.inputs})

    def move(self, group: Iterable[str], dt: int) -> None:
        """x += dt f phi(dt df/dx) for every state of a group, from the same values."""
        low, b = self.lowering(), self.b
        moved: dict[str, int] = {}
        for state in group:
            change, exponent = self._linear(state, dt, low)
            if exponent is not None:
                # a gate moves little in a step, V on the upstroke much
                phi = "exprel" if state == "V" else "decay"
                change = b.mul(change, b.apply(phi, exponent))
            moved[state] = self._sum(state, change)
        self.now |= moved

    def _linear(self, state: str, dt: int, low: Lowering) -> tuple[int, int | None]:
        """dt f and dt df/dx, None where that is 0.

        Of a gate, dt a + (dt df/dx) x with dt df/dx = -(dt a) - (dt b): what multiplies a and b
        is constant and multiplied first.
        """
        b, exchange = self.b, self.system.exchange(state)
        if exchange is not None:
            gain, (_, *losses) = exchange
            gained = b.mul(dt, low(gain))
            exponent = b.apply("neg", gained)
            for loss in losses:
                exponent = b.sub(exponent, b.mul(dt, low(loss)))
            return b.add(b.mul(exponent, self.now[state]), gained), exponent
        slope = self.system.slope(state)
        change = b.mul(dt, low(self.system.derivatives[state]))
        return change, None if slope == 0 else b.mul(dt, low(slope))

    def _sum(self, state: str, change: int) -> int:
        b, before = self.b, self.now[state]
        if state not in self.carry:
            return b.add(before, change)
        change = b.sub(change, self.carry[state])
        after = b.add(before, change)
        self.carry[state] = b.sub(b.sub(after, before), change)
        return after

    def block(self) -> Block:
        carries = {CARRY + state: index for state, index in self.carry.items()}
        return self.b.block({**self.now, **carries})

    def recorded(self, records: Iterable[str]) -> Block:
        """What is recorded, of the states as they are now."""
        low, known = self.lowering(), {**self.now, **self.inputs}
        observables = self.system.observables
        return self.b.block(
            {r: low(observables[r]) if r in observables else known[r] for r in records}
        )


def sampling(w: Writer, groups: list[list[str]], records: Iterable[str]) -> Block:
    """What is recorded, all states brought to the same time."""
    if len(groups) > 1:
        w.move(groups[0], w.b.input(".lead"))
    return w.recorded(records)


def relaxation(system: System) -> Block:
    """Every state but V one long step towards its equilibrium at this V; derivatives of states by
    something stand still."""
    w = Writer(system, system.inputs)
    dt = w.b.input(".dt")
    for group in groups_of(system.plain)[:-1]:
        w.move(group, dt)
    return w.block()
