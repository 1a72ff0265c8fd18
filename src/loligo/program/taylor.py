"""The Taylor scheme: a System becomes the power series of its solution, and a step for it.

Order and step follow Jorba & Zou (2005, *Experimental Mathematics* 14:99,
doi:10.1080/10586458.2005.10128904): the order from the tolerance, P = ceil(1 - ln(tol)/2); the
step as the largest at which neither of the last two terms of the series exceeds the tolerance,
relative to each state's scale, less a margin. What lies beyond the last term is then smaller
still, by about e^-2 a term.

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
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from loligo.program.arithmetic import Block, Builder, Program
from loligo.program.drive import VALUE
from loligo.program.exponential import relaxation
from loligo.program.lower import Lowering, lower
from loligo.program.passes.conductance import gather
from loligo.program.passes.exponentials import fuse_exponentials
from loligo.program.passes.factors import absorb
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
from loligo.program.series.digits import TwoKinds
from loligo.program.series.expansion import Series
from loligo.program.series.quotients import expose, room, worthwhile
from loligo.program.series.steepness import FOLDS, fold, movers
from loligo.program.sources import Source
from loligo.system.equations import System

# What is done to the equations before they are expanded: (name, derivative and states -> it).
EQUATIONS: tuple[tuple[str, Callable[[Block, tuple[str, ...]], Block]], ...] = (
    ("total conductance", gather),
    ("quotients by themselves", expose),
    ("factors inside", absorb),
    # every power is a series of its own: a square is cheaper than an exponential, no more is
    ("fused exponentials", lambda block, states: fuse_exponentials(block, highest=2)),
)
# What is done to their expansion.
TRANSFORMATIONS: Transformations = (
    ("common subexpressions", each(share)),
    ("products regrouped", products_regrouped),
    ("constants to prepare", to_prepare),
    ("multiply-adds", multiply_add),
)


def _current(b: Builder, sources: tuple[Source, ...]) -> int:
    t, middle = b.input(".t"), b.input(".middle")
    return b.total(VALUE[s.kind](s.term(b, middle), t) for s in sources)


def _derivative(system: System, sources: tuple[Source, ...]) -> Block:
    """The right-hand side, stimulus included."""
    b = Builder()
    given = {"I_stim": _current(b, sources)}
    low = Lowering(b, given)
    return b.block({name: low(e) for name, e in system.derivatives.items()})


def _expand(
    derivative: Block, states: tuple[str, ...], order: int, shared: bool = True,
    wide: int | None = None, guarded: bool = False,
) -> Series:  # fmt: skip
    """Its series, in a builder of its own."""
    b = TwoKinds(shared)
    start: dict[str, tuple[int, ...]] = {n: (b.input(n),) for n in derivative.inputs}
    start |= {name: (b.input(name),) for name in states}
    start[".t"] = (b.input(".t"), b.const(1.0))
    return Series(derivative, b, start, states, order, wide, guarded)


def _series(
    derivative: Block, states: tuple[str, ...], scales: Mapping[str, float], order: int,
    shared: bool = True, wide: int | None = None, guarded: bool = False,
) -> Block:  # fmt: skip
    series = _expand(derivative, states, order, shared, wide, guarded)
    coefficients = series.run()
    outputs = {
        f"{state}[{k}]": index
        for state, column in coefficients.items()
        for k, index in enumerate(column)
    }
    step = _step(series.b, coefficients, scales, order, movers(series))
    return series.b.block({**outputs, ".step": step})


def _room(derivative: Block, states: tuple[str, ...], order: int) -> Block | None:
    first = _expand(derivative, states, 1)
    voltage, first.known["V"] = first.known["V"][0], [first.zero]
    first.run()
    space = room(first, order, voltage)
    return None if space is None else first.b.block({".room": space})


def _most(derivative: Block, states: tuple[str, ...], orders: Mapping[str, int]) -> Block | None:
    """How far V may move in a step of each of the series of these orders."""
    first = _expand(derivative, states, 1)
    first.run()
    mV, b = fold(first), first.b
    if mV is None:
        return None
    return b.block({name: b.mul(b.const(FOLDS * order), mV) for name, order in orders.items()})


def _step(b: TwoKinds, coefficients: Mapping[str, list[int]], scales: Mapping[str, float],
          order: int, moving: list[list[int]]) -> int:  # fmt: skip
    """The smallest of (bound/|y_k|)^(1/k) over the last four k, and a little less: times
    exp(-0.7/(P - 1)), Jorba & Zou's margin, which halves the error.

    The bound is the tolerance for k = P - 1 and P. A series may have zeros there, three in a row
    that of sin(t^2), a chirp from 0 Hz; so the two terms before must be small as well, for which
    e^4 and e^6 tolerances leave room: a term is e^2 times the next. Nor may what is ``moving``
    inside an exponential go further than the series can tell of.
    """
    tolerance = b.apply("binlog", b.input(".tolerance"))
    logs: list[int] = []
    for k in range(max(1, order - 3), order + 1):
        size = b.const(1e-300)
        for state, column in coefficients.items():
            term = b.mul(b.apply("abs", column[k]), b.const(1.0 / scales.get(state, 1.0)))
            size = b.apply("max", term, size)
        room = b.const(2.0 / math.log(2.0) * (order - k) if k < order - 1 else 0.0)
        log = b.sub(b.add(tolerance, room), b.apply("binlog", size))
        logs.append(b.mul(log, b.const(1.0 / k)))
    for column in moving:
        # sum of |z_k| h^k below the e-folds allowed: each term below them by 2^-k
        for k, coefficient in enumerate(column, 1):
            size = b.apply("max", b.apply("abs", coefficient), b.const(1e-30))
            room = b.const(math.log2(FOLDS * order) - k)
            logs.append(b.mul(b.sub(room, b.apply("binlog", size)), b.const(1.0 / k)))
    least = b.mul(b.const(math.log(2.0)), b.extreme("min", logs))
    step = b.apply("exp", b.add(least, b.const(-0.7 / (order - 1))))
    return b.convert(step, narrow=False)


def _sample(system: System, sources: tuple[Source, ...], records: tuple[str, ...]) -> Block:
    b = Builder()
    current = _current(b, sources)
    known = {state: b.input(state) for state in system.states} | {"I_stim": current}
    low = Lowering(b, known)
    return b.block({r: known[r] if r in known else low(system.observables[r]) for r in records})


def draft(
    system: System, sources: tuple[Source, ...], records: tuple[str, ...],
    scales: Mapping[str, float], order: int, wide: int, shared: bool = True,
    simplified: int = len(EQUATIONS),
) -> Draft:  # fmt: skip
    """The scheme as it is written; if not ``shared``, each value as often as it is needed; after
    so many of :data:`EQUATIONS`. The first ``wide`` coefficients of each state are float64."""
    states, quick = system.states, worthwhile(order)
    lower_order = max(4, 2 * order // 3)
    written = _derivative(system, sources)
    derivative = written
    for _, change in EQUATIONS[:simplified]:
        if quick or change is not expose:
            derivative = change(derivative, states)
    blocks = {"series": _series(derivative, states, scales, order, shared, wide)}
    space = _room(derivative, states, order) if quick else None
    if space is not None:
        blocks["room"] = space
    if space is not None or wide <= order:
        blocks["careful"] = _series(
            gather(written, states), states, scales, lower_order, guarded=True
        )
    most = _most(written, states, {"series": order, "careful": lower_order})
    if most is not None:
        blocks["most"] = most
    blocks["sample"] = _sample(system, sources, records)
    return Draft(blocks, frozenset({*_parameters(system, sources), ".tolerance"}))


def _parameters(system: System, sources: tuple[Source, ...]) -> tuple[str, ...]:
    return system.parameters + tuple(n for s in sources for n in s.names)


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
        If the equations have a conditional on a state, or another operation without a series.
    """
    wide = order + 1 if wide is None else wide
    made = transformed(draft(system, sources, records, scales, order, wide), TRANSFORMATIONS)
    return Program(
        parameters=_parameters(system, sources),
        states=system.states,
        streams=(),
        constants=made.constants,
        records=records,
        blocks={**made.blocks, "relax": relaxation(system), "derivative": lower(system)},
    )
