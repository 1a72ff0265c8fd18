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
gates and V alone the gates lie half a step apart from the voltage. ``.stride`` is the length of
that joint move: half a step at the beginning of a run, ``.dt`` afterwards; so the first step has
constants of its own. ``.lead`` is what a sample is ahead of the first stage: half a step, but for
the first sample.

Blocks: ``drive`` (``.t0``, ``.t1`` in, the stimulus's mean over the step out, ``.current``, and
where all stimuli are constant between edges the next one, ``.until``: no step up to it has another
mean than one that begins at ``.t0`` and lies before it) and
``step`` (states, ``.current`` in, states out); ``value`` (``.t`` in, the stimulus just
after it out, ``.current``) and ``sample`` (states, ``.lead``, ``.current`` in, records out);
``locate`` for spikes. What an engine hands in has a dot in its name, and no name in a model has.

With float32, ``step`` and ``sample`` alone are in that precision: times, and the charge between
two of them, keep their digits however long the run. A step's change of a state is a thousandth of
it or less, and would lose as many digits when it is added; so what the rounding of each sum took
(``.carry.V``, …) is handed to the next step (Kahan 1965, doi:10.1145/363707.363723).
"""

from __future__ import annotations

from collections.abc import Iterable

from loligo.program.arithmetic import CARRY, Block, Builder, Program
from loligo.program.drive import STILL, VALUE, mean
from loligo.program.lower import Lowering, lower
from loligo.program.passes.exponentials import fuse_exponentials, powers_of_two
from loligo.program.passes.pipeline import (
    Draft,
    Transformations,
    each,
    multiply_add,
    share,
    to_prepare,
    transformed,
)
from loligo.program.passes.products import products_regrouped
from loligo.program.sources import Source
from loligo.program.spikes import locate
from loligo.system.equations import System

TRANSFORMATIONS: Transformations = (
    ("common subexpressions", each(share)),
    ("fused exponentials", each(fuse_exponentials)),
    ("powers of two", each(powers_of_two)),
    ("products regrouped", products_regrouped),
    ("constants to prepare", to_prepare),
    ("multiply-adds", multiply_add),
)


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
    """Moves states forward in one block.

    Parameters
    ----------
    driven
        Whether there is a stimulus.
    carried
        Whether the digits that a sum loses are kept for the next.
    """

    def __init__(
        self, system: System, driven: bool, carried: bool = False, shared: bool = True
    ) -> None:
        self.system = system
        self.b = Builder(shared)
        self.now = {state: self.b.input(state) for state in system.states}
        self.current = self.b.input(".current") if driven else self.b.const(0.0)
        self.carry = {s: self.b.input(CARRY + s) for s in system.states} if carried else {}

    def lowering(self) -> Lowering:
        return Lowering(self.b, {**self.now, "I_stim": self.current})

    def move(self, group: Iterable[str], dt: int) -> None:
        """x += dt f phi(dt df/dx) for every state of a stage, from the same values."""
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


def _drive(sources: tuple[Source, ...], shared: bool) -> Block:
    b = Builder(shared)
    t0, t1 = b.input(".t0"), b.input(".t1")
    outputs = {".current": b.total(mean(s.kind, s.term(b), t0, t1) for s in sources)}
    if sources and all(s.kind in STILL for s in sources):
        outputs[".until"] = b.extreme("min", (STILL[s.kind](s.term(b), t0).until for s in sources))
    return b.block(outputs)


def _value(sources: tuple[Source, ...], shared: bool) -> Block:
    b = Builder(shared)
    t = b.input(".t")
    return b.block({".current": b.total(VALUE[s.kind](s.term(b), t) for s in sources)})


def _step(w: Writer, groups: list[list[str]]) -> Block:
    b = w.b
    dt, half = b.input(".dt"), b.mul(b.const(0.5), b.input(".dt"))
    if len(groups) > 1:
        w.move(groups[0], b.input(".stride"))
    between = groups[1:-1]
    for group in between:
        w.move(group, half)
    w.move(groups[-1], dt)
    for group in reversed(between):
        w.move(group, half)
    return w.block()


def sampling(w: Writer, groups: list[list[str]], records: tuple[str, ...]) -> Block:
    """What is recorded, all states brought to the same time."""
    b = w.b
    if len(groups) > 1:
        w.move(groups[0], b.input(".lead"))
    low = w.lowering()
    known = {**w.now, "I_stim": w.current}
    return b.block({r: known[r] if r in known else low(w.system.observables[r]) for r in records})


def relaxation(system: System) -> Block:
    """Every state but V one long step towards its equilibrium at this V."""
    w = Writer(system, driven=True)
    dt = w.b.input(".dt")
    for group in stages(system)[:-1]:
        w.move(group, dt)
    return w.block()


def draft(
    system: System, sources: tuple[Source, ...], records: tuple[str, ...],
    precision: str = "float64", shared: bool = True,
) -> Draft:  # fmt: skip
    """The scheme as it is written; if not ``shared``, each expression as often as it occurs."""
    groups, driven, carried = stages(system), bool(sources), precision != "float64"
    blocks = {
        "drive": _drive(sources, shared),
        "step": _step(Writer(system, driven, carried, shared), groups),
        "value": _value(sources, shared),
        "sample": sampling(Writer(system, driven, False, shared), groups, records),
    }
    fixed = frozenset({*_parameters(system, sources), ".dt", ".stride"})
    return Draft(blocks, fixed, frozenset({".lead", ".t", ".t0", ".t1"}))


def _parameters(system: System, sources: tuple[Source, ...]) -> tuple[str, ...]:
    return system.parameters + tuple(n for s in sources for n in s.names)


def exponential(
    system: System, sources: tuple[Source, ...], records: tuple[str, ...],
    precision: str = "float64",
) -> Program:  # fmt: skip
    """The scheme of this module for a system under the sum of ``sources``."""
    made = transformed(draft(system, sources, records, precision), TRANSFORMATIONS)
    return Program(
        parameters=_parameters(system, sources),
        states=system.states,
        streams=tuple(s.stream for s in sources if s.sampled),
        constants=made.constants,
        records=records,
        precision=precision,
        blocks={
            **made.blocks,
            "locate": locate(),
            "relax": relaxation(system),
            "derivative": lower(system),
        },
    )
