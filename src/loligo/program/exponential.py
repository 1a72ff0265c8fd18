"""The exponential scheme: a System becomes one fixed step of second order.

Each state moves along the exact solution of its own equation, linearised in itself, while
the others stand still (:mod:`loligo.program.moves`). That is exact where f is linear in x, as in
every gate, of second order where it is not, and finite where df/dx is 0. The single moves are
arranged symmetrically in time (Strang 1968, doi:10.1137/0705041): states fall into groups whose
members do not depend on each other, V alone in the last; a step sweeps half a step up to V, a
full step of V, and half a step back. The half steps of the first group that meet between two
steps are made as one, so that with gates and V alone the gates lie half a step apart from the
voltage. ``.stride`` is the length of that joint move: half a step at the beginning of a run and
after an edge at which states jump, ``.dt`` otherwise; so such a step has constants of its own.
``.lead`` is what V, and so a sample, is ahead of the first group: half a step, but nothing there.

Blocks: those of :class:`loligo.program.scheme.Fixed`. What drives the system goes by the names of
its inputs, ``I_stim`` above all; what an engine hands in has a dot in its name, and no name in a
model has. ``.until`` is there where all stimuli are constant between edges: the next one.

With float32, ``step`` and ``sample`` alone are in that precision: times, and the charge between
two of them, keep their digits however long the run. A step's change of a state is a thousandth of
it or less, and would lose as many digits when it is added; so what the rounding of each sum took
(``.carry.V``, …) is handed to the next step (Kahan 1965, doi:10.1145/363707.363723).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from loligo.program.arithmetic import Block, Builder
from loligo.program.edge import edge
from loligo.program.lower import lower, shares
from loligo.program.moves import Writer, groups_of, relaxation, sampling
from loligo.program.passes.exponentials import fuse_exponentials, powers_of_two
from loligo.program.passes.pipeline import (
    Draft,
    Pass,
    blockwise,
    multiply_add,
    share,
    to_prepare,
    transformed,
)
from loligo.program.passes.products import products_regrouped
from loligo.program.passes.vanishing import vanish
from loligo.program.program import Program
from loligo.program.scheme import Fixed
from loligo.program.sources import Source, grouped, parameters, streams
from loligo.program.spikes import locate
from loligo.system.equations import System

PASSES: Sequence[Pass[Draft]] = (
    Pass("common subexpressions", blockwise(share)),
    Pass("fused exponentials", blockwise(fuse_exponentials)),
    Pass("powers of two", blockwise(powers_of_two)),
    Pass("products regrouped", products_regrouped),
    Pass("constants to prepare", to_prepare),
    Pass("multiply-adds", multiply_add),
)


def _drive(inputs: Mapping[str, tuple[Source, ...]], shared: bool) -> Block:
    b = Builder(shared)
    t0, t1 = b.input(".t0"), b.input(".t1")
    outputs = {
        name: b.total(s.mean(b, t0, t1) for s in sources) for name, sources in inputs.items()
    }
    every = [s for sources in inputs.values() for s in sources]
    if every and all(s.arithmetic.still for s in every):
        outputs[".until"] = b.extreme("min", (s.until(b, t0) for s in every))
    return b.block(outputs)


def _value(inputs: Mapping[str, tuple[Source, ...]], shared: bool) -> Block:
    b = Builder(shared)
    t = b.input(".t")
    return b.block(
        {name: b.total(s.value(b, t) for s in sources) for name, sources in inputs.items()}
    )


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


def _part(
    system: System, inputs: Mapping[str, tuple[Source, ...]], groups: list[list[str]]
) -> dict[str, Block]:
    """The block ``part`` of a system whose states jump; none of another."""
    if not system.jumps:
        return {}
    w = Writer(system)
    b, dt = w.b, w.b.input(".dt")
    t0, t1, half = b.input(".t0"), b.input(".t1"), b.mul(b.const(0.5), dt)
    w.inputs = {n: b.total(s.mean(b, t0, t1) for s in into) for n, into in inputs.items()}
    if len(groups) > 1:
        w.move(groups[0], b.add(b.input(".lead"), half))
    between = groups[1:-1]
    for group in between:
        w.move(group, half)
    w.move(groups[-1], dt)
    for group in reversed(groups[:-1]):
        w.move(group, half)
    return {"part": share(w.block())}


def draft(
    system: System, sources: tuple[Source, ...], records: tuple[str, ...],
    precision: str = "float64", shared: bool = True,
) -> Draft:  # fmt: skip
    """The scheme as it is written; if not ``shared``, each expression as often as it occurs."""
    groups, inputs = groups_of(system.plain), grouped(sources, system.inputs)
    behind = groups[0] if len(groups) > 1 else []
    driven = [name for name, into in inputs.items() if into]
    carried = precision != "float64"
    blocks = {
        "drive": _drive(inputs, shared),
        "step": _step(Writer(system, driven, carried, shared), groups),
        "value": _value(inputs, shared),
        "sample": sampling(Writer(system, driven, False, shared), groups, records),
        **edge(system, sources, behind),
    }
    fixed = frozenset({*system.parameters, *parameters(sources), ".dt", ".stride"})
    return Draft(blocks, fixed, frozenset({".lead", ".t", ".t0", ".t1"}))


def vanishing(made: Draft, precision: str) -> Draft:
    """The last pass: :func:`loligo.program.passes.vanishing.vanish` in every block that steps."""
    blocks = {n: vanish(b, precision) if n in ("step", "offer") else b
              for n, b in made.blocks.items()}  # fmt: skip
    return replace(made, blocks=blocks)


def exponential(
    system: System, sources: tuple[Source, ...], records: tuple[str, ...],
    precision: str = "float64",
) -> Program:  # fmt: skip
    """The scheme of this module for a system under the sum of ``sources``."""
    made = vanishing(transformed(draft(system, sources, records, precision), PASSES), precision)
    return Program(
        parameters=system.parameters + parameters(sources),
        states=system.states,
        inputs=system.inputs,
        streams=streams(sources),
        constants=made.constants,
        records=records,
        precision=precision,
        scheme=Fixed(
            **made.blocks,
            **_part(system, grouped(sources, system.inputs), groups_of(system.plain)),
            locate=locate(),
            relax=relaxation(system),
            derivative=lower(system),
            shares=shares(system),
        ),
    )
