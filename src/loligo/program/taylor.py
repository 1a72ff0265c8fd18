"""The Taylor scheme: a System becomes the power series of its solution, and a step for it.

Order and step follow Jorba & Zou (2005, *Experimental Mathematics* 14:99,
doi:10.1080/10586458.2005.10128904): the order from the tolerance, P = ceil(1 - ln(tol)/2); the
step as the largest at which neither of the last two terms of the series exceeds the tolerance,
relative to each state's scale, less a margin. What lies beyond the last term is then smaller
still, by about e^-2 a term.

Sampled stimuli come as straight lines, whose knots are edges.

Blocks: ``series`` (states, ``.t``, ``.middle`` in; coefficients ``V[0]`` … and ``.step`` out)
and ``sample`` (states at a time inside the step in, records out). ``.middle`` is a time between
the two edges of the stimulus that enclose the step: there it is decided what is on. Where a
program has a block ``room`` (states in; ``.room`` out, in mV), its ``series`` holds for a step in
which V moves by no more (:mod:`loligo.program.series.quotients`), and its coefficients of high
order may be float32 (:mod:`loligo.program.series.digits`). Where V moves by more, or a number is
too large for that, the step is made by ``careful``, a series of fewer terms, all float64, that
holds everywhere. Where there is a block ``most`` (``series`` and ``careful`` out, in mV), V moves
by no more in a step of either, which is as far as it can tell
(:mod:`loligo.program.series.steepness`).

Derivatives of the states have series of their own: ``series`` and ``careful`` yield what they obey
beside the states' coefficients, and ``follow`` and ``careful_follow`` what comes of it for the
derivatives by one thing, whatever it is (:mod:`loligo.program.series.following`).

Conditions on what moves are held on one side in all of them, and their gaps are series beside
those of the states: the step ends where one of them changes its sign
(:mod:`loligo.program.switches`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from loligo.program.arithmetic import Block, Builder
from loligo.program.edge import edge, inputs_at
from loligo.program.lower import Lowering, lower, shares
from loligo.program.moves import relaxation
from loligo.program.passes.conductance import gather
from loligo.program.passes.exponentials import fuse_exponentials
from loligo.program.passes.factors import absorb
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
from loligo.program.program import SERIES_OF, Program, coefficient
from loligo.program.scheme import Adaptive, push_on, slope_in, tangent_of
from loligo.program.series.blocks import most_block, room_block, series_block
from loligo.program.series.following import follow_block, follow_orders
from loligo.program.series.quotients import expose, worthwhile
from loligo.program.series.terms import steepest
from loligo.program.sources import Source, parameters, streams
from loligo.program.switches import hold
from loligo.program.turn import turn
from loligo.system.equations import System
from loligo.system.symbols import Expr


@dataclass(frozen=True)
class Equations:
    """A right-hand side, what is done to it included, on its way to a series of some order."""

    block: Block
    states: tuple[str, ...]
    order: int
    conditions: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    variation: tuple[str, ...] = ()

    @property
    def quick(self) -> bool:
        """Whether its quotients may be divided as they stand, and steps watched for it."""
        return worthwhile(self.order)


def _of_states(
    change: Callable[[Block, tuple[str, ...]], Block],
) -> Callable[[Equations], Equations]:
    return lambda equations: replace(equations, block=change(equations.block, equations.states))


def _squares(block: Block, states: tuple[str, ...]) -> Block:
    """Every power is a series of its own: a square is cheaper than an exponential, no more is."""
    return fuse_exponentials(block, highest=2)


# What is done to the equations before they are expanded.
EQUATIONS: Sequence[Pass[Equations]] = (
    Pass("total conductance", _of_states(gather)),
    Pass("quotients by themselves", _of_states(expose), when=lambda equations: equations.quick),
    Pass("factors inside", _of_states(absorb)),
    Pass("fused exponentials", _of_states(_squares)),
)
# What is done to their expansion.
PASSES: Sequence[Pass[Draft]] = (
    Pass("common subexpressions", blockwise(share)),
    Pass("products regrouped", products_regrouped),
    Pass("constants to prepare", to_prepare),
    Pass("multiply-adds", multiply_add),
)


def written(system: System, sources: tuple[Source, ...], order: int) -> Equations:
    """The right-hand side as it is written, its conditions held."""
    b = Builder()
    low = Lowering(b, inputs_at(b, system, sources), steep=bool(system.tangents))
    plain, moving = system.plain, streams(sources)
    varied = _variation(system)
    block = b.block({name: low(e) for name, e in {**plain.derivatives, **varied}.items()})
    held = hold(block, (*plain.states, *moving))
    return Equations(held.block, plain.states, order, held.conditions, moving, tuple(varied))


def _variation(system: System) -> dict[str, Expr]:
    """What the derivatives of its states obey."""
    if system.variation is None:
        return {}
    slopes = {slope_in(*names): slope for names, slope in system.variation.slopes.items()}
    return slopes | {push_on(name): push for name, push in system.variation.pushes.items()}


def lower_order(order: int) -> int:
    """Of the series for careful steps."""
    return max(4, 2 * order // 3)


def expanded(
    simplified: Equations, original: Equations, scales: Mapping[str, float], wide: int,
    shared: bool = True,
) -> dict[str, Block]:  # fmt: skip
    """The blocks of a step: the series of the equations ``simplified``, and what the ``original``
    ones ask for where it does not serve.

    Parameters
    ----------
    scales
        See :func:`taylor`.
    wide
        How many coefficients of each state are float64.
    shared
        Whether each value is written once, not as often as it is needed.
    """
    states, order, lines = simplified.states, simplified.order, simplified.streams
    conditions, fewer = len(simplified.conditions), follow_orders(order, wide)
    expand = partial(
        series_block, states=states, scales=scales, conditions=conditions, streams=lines,
        variation=simplified.variation,
    )  # fmt: skip
    series = expand(simplified.block, order=order, shared=shared, wide=wide, fewer=fewer)
    blocks = {"series": series}
    room = room_block(simplified.block, states, order, lines) if simplified.quick else None
    if room is not None:
        blocks["room"] = room
    plain = gather(original.block, states)
    if room is not None or wide <= order or steepest(plain) > 1:
        lower = lower_order(order)
        blocks["careful"] = expand(plain, order=lower, guarded=True, fewer=(lower, lower + 1))
    orders = {"series": order, "careful": lower_order(order)}
    most = most_block(original.block, states, orders, lines)
    if most is not None:
        blocks["most"] = most
    return blocks


def _following(
    system: System, blocks: Mapping[str, Block], scales: Mapping[str, float], order: int, wide: int
) -> dict[str, Block]:
    """The series of derivatives of the states, beside those of the states."""
    if system.variation is None:
        return {}
    leaders = system.variation.leaders
    alike = {
        coefficient(push_on(state), k): coefficient(push_on(tangent_of(leader)), k)
        for states in system.variation.followers.values()
        for leader, state in zip(leaders, states, strict=True)
        for k in range(order)
    }
    fewer = {"follow": follow_orders(order, wide)}
    if "careful" in blocks:
        fewer["careful_follow"] = (lower_order(order), lower_order(order) + 1)
    return {
        name: follow_block(
            leaders,
            frozenset(alike.get(given, given) for given in blocks[SERIES_OF[name]].names),
            scales, *orders,
        )
        for name, orders in fewer.items()
    }  # fmt: skip


def _sample(system: System, sources: tuple[Source, ...], records: tuple[str, ...]) -> Block:
    b = Builder()
    inputs = inputs_at(b, system, sources)
    known = {state: b.input(state) for state in system.states} | inputs
    low = Lowering(b, known, steep=bool(system.tangents))
    observables = system.observables
    return b.block({r: low(observables[r]) if r in observables else known[r] for r in records})


def draft(
    system: System, sources: tuple[Source, ...], records: tuple[str, ...],
    scales: Mapping[str, float], order: int, wide: int,
) -> Draft:  # fmt: skip
    """The scheme as it is written, after the passes over its equations."""
    original = written(system, sources, order)
    blocks = expanded(transformed(original, EQUATIONS), original, scales, wide)
    blocks |= _following(system, blocks, scales, order, wide)
    blocks["sample"] = _sample(system, sources, records)
    blocks |= turn(original.block, system, len(original.conditions))
    made = of_blocks({**blocks, **edge(system, sources)}, system, sources)
    return replace(made, conditions=original.conditions)


def of_blocks(blocks: Mapping[str, Block], system: System, sources: tuple[Source, ...]) -> Draft:
    """A draft of these blocks."""
    return Draft(blocks, frozenset({*system.parameters, *parameters(sources), ".tolerance"}))


def taylor(
    system: System,
    sources: tuple[Source, ...],
    records: tuple[str, ...],
    scales: Mapping[str, float],
    order: int,
    wide: int | None = None,
) -> Program:
    """The scheme of this module for a system under the sum of ``sources``.

    Parameters
    ----------
    scales
        State -> what its errors are relative to; 1 where there is none.
    order
        Of the series.
    wide
        How many coefficients of each state are float64
        (:func:`loligo.program.series.digits.wide_orders`); by default all.

    Raises
    ------
    NotSmoothError
        If the equations have an operation without a series.
    """
    wide = order + 1 if wide is None else wide
    made = transformed(draft(system, sources, records, scales, order, wide), PASSES)
    return Program(
        parameters=system.parameters + parameters(sources),
        states=system.states,
        inputs=system.inputs,
        streams=streams(sources),
        constants=made.constants,
        records=records,
        scheme=Adaptive(
            **made.blocks,
            conditions=made.conditions,
            tangents=tuple(system.tangents.values()),
            leaders=() if system.variation is None else system.variation.leaders,
            order=order,
            careful_order=lower_order(order) if "careful" in made.blocks else 0,
            follow_order=follow_orders(order, wide)[0] if "follow" in made.blocks else 0,
            relax=relaxation(system),
            derivative=lower(system),
            shares=shares(system),
        ),
    )
