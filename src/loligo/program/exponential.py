"""The exponential scheme: a System becomes one fixed step of second order.

Each state moves along the exact solution of its own equation, linearised in itself, while
the others stand still:

    x += dt f phi(dt df/dx),    phi(z) = (exp(z) - 1)/z

(Hochbruck & Ostermann 2010, doi:10.1017/S0962492910000048, eq. 2.59, for one state). That is
exact where f is linear in x, as in every gate, of second order where it is not, and finite
where df/dx is 0. The single moves are arranged symmetrically in time (Strang 1968,
doi:10.1137/0705041): states fall into stages whose members do not depend on each other, V
alone in the last; a step sweeps half a step up to V, a full step of V, and half a step back.
The half steps of the first stage that meet between two steps are made as one, so that with
gates and V alone the gates lie half a step apart from the voltage. ``lead`` is the length of
that joint move: half a step at the beginning of a run, ``dt`` afterwards. What an engine hands
in (``.dt``, ``.lead``, ``.t``, ``.t0``, ``.t1``) has a dot in its name, and no name in a model has.
"""

from __future__ import annotations

from collections.abc import Iterable

from loligo.program.arithmetic import Block, Builder, Program
from loligo.program.drive import CHARGE, VALUE
from loligo.program.exponentials import fuse_exponentials
from loligo.program.lower import Lowering, lower
from loligo.program.sources import Source
from loligo.program.spikes import locate
from loligo.program.transform import fuse, hoist
from loligo.system import System


def stages(system: System) -> list[list[str]]:
    """States in groups whose members do not depend on each other, V alone in the last."""
    groups: list[list[str]] = []
    for state in system.states[1:]:
        depends = system.depends(state)
        for group in groups:
            if not any(o in depends or state in system.depends(o) for o in group):
                group.append(state)
                break
        else:
            groups.append([state])
    # the joint move is made once a step instead of twice: let it be the largest stage
    groups.sort(key=len, reverse=True)
    return [*groups, ["V"]]


class Writer:
    """Moves states forward in one block."""

    def __init__(self, system: System, current: int | None = None) -> None:
        self.system = system
        self.b = Builder()
        self.now = {state: self.b.input(state) for state in system.states}
        self.current = current

    def lowering(self) -> Lowering:
        given = dict(self.now)
        if self.current is not None:
            given["I_stim"] = self.current
        return Lowering(self.b, given)

    def move(self, group: Iterable[str], dt: int) -> None:
        """x += dt f phi(dt df/dx) for every state of a stage, from the same values."""
        low, b = self.lowering(), self.b
        moved: dict[str, int] = {}
        for state in group:
            change = b.mul(dt, low(self.system.derivatives[state]))
            slope = self.system.slope(state)
            if slope != 0:
                change = b.mul(change, b.apply("exprel", b.mul(dt, low(slope))))
            moved[state] = b.add(self.now[state], change)
        self.now |= moved


def _step(system: System, groups: list[list[str]], sources: tuple[Source, ...]) -> Block:
    w = Writer(system)
    b = w.b
    dt, half = b.input(".dt"), b.mul(b.const(0.5), b.input(".dt"))
    t0, t1 = b.input(".t0"), b.input(".t1")
    charge = b.total(CHARGE[s.kind](s.term(b), t0, t1) for s in sources)
    w.current = b.div(charge, dt) if sources else b.const(0.0)
    if len(groups) > 1:
        w.move(groups[0], b.input(".lead"))
    between = groups[1:-1]
    for group in between:
        w.move(group, half)
    w.move(groups[-1], dt)
    for group in reversed(between):
        w.move(group, half)
    return b.block(w.now)


def sampling(
    system: System, groups: list[list[str]], sources: tuple[Source, ...], records: tuple[str, ...]
) -> Block:
    """What is recorded, all states brought to the same time."""
    w = Writer(system)
    b = w.b
    t = b.input(".t")
    if len(groups) > 1:
        w.move(groups[0], b.input(".lead"))
    values = (VALUE[s.kind](s.term(b), t) for s in sources)
    w.current = b.total(values) if sources else b.const(0.0)
    low = w.lowering()
    known = {**w.now, "I_stim": w.current}
    return b.block({r: known[r] if r in known else low(system.observables[r]) for r in records})


def relaxation(system: System) -> Block:
    """Every state but V one long step towards its equilibrium at this V."""
    w = Writer(system, current=None)
    dt = w.b.input(".dt")
    for group in stages(system)[:-1]:
        w.move(group, dt)
    return w.b.block(w.now)


def exponential(system: System, sources: tuple[Source, ...], records: tuple[str, ...]) -> Program:
    """The scheme of this module for a system under the sum of ``sources``."""
    groups = stages(system)
    parameters = system.parameters + tuple(n for s in sources for n in s.names)
    stepping = {
        "step": _step(system, groups, sources),
        "sample": sampling(system, groups, sources, records),
    }
    stepping = {name: fuse_exponentials(block) for name, block in stepping.items()}
    prepare, constants, blocks = hoist(stepping, frozenset({*parameters, ".dt"}))
    return Program(
        parameters=parameters,
        states=system.states,
        streams=tuple(s.stream for s in sources if s.sampled),
        constants=constants,
        records=records,
        blocks={
            "prepare": prepare,
            **{name: fuse(block) for name, block in blocks.items()},
            "locate": locate(),
            "relax": relaxation(system),
            "derivative": lower(system),
        },
    )
