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
which V moves by no more; any other step is made by ``careful``, a series of fewer terms that
holds everywhere (:mod:`loligo.program.quotients`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from loligo.program.arithmetic import Block, Builder, Program
from loligo.program.conductance import gather
from loligo.program.drive import VALUE
from loligo.program.exponential import relaxation
from loligo.program.exponentials import fuse_exponentials
from loligo.program.lower import Lowering, lower
from loligo.program.quotients import expose, reach, room
from loligo.program.series import Series
from loligo.program.sources import Source
from loligo.program.transform import fuse, hoist, regroup
from loligo.system import System


def _current(b: Builder, sources: tuple[Source, ...]) -> int:
    t, middle = b.input(".t"), b.input(".middle")
    return b.total(VALUE[s.kind](s.term(b, middle), t) for s in sources)


def _derivative(system: System, sources: tuple[Source, ...]) -> Block:
    """The right-hand side, stimulus included."""
    b = Builder()
    given = {"I_stim": _current(b, sources)}
    low = Lowering(b, given)
    return b.block({name: low(e) for name, e in system.derivatives.items()})


def _expand(derivative: Block, states: tuple[str, ...], order: int) -> Series:
    """Its series, in a builder of its own."""
    b = Builder()
    start: dict[str, tuple[int, ...]] = {n: (b.input(n),) for n in derivative.inputs}
    start |= {name: (b.input(name),) for name in states}
    start[".t"] = (b.input(".t"), b.const(1.0))
    return Series(derivative, b, start, states, order)


def _series(
    derivative: Block, states: tuple[str, ...], scales: Mapping[str, float], order: int
) -> Block:
    series = _expand(derivative, states, order)
    coefficients = series.run()
    outputs = {
        f"{state}[{k}]": index
        for state, column in coefficients.items()
        for k, index in enumerate(column)
    }
    return series.b.block({**outputs, ".step": _step(series.b, coefficients, scales, order)})


def _room(derivative: Block, states: tuple[str, ...], times: float) -> Block | None:
    first = _expand(derivative, states, 1)
    voltage, first.known["V"] = first.known["V"][0], [first.zero]
    first.run()
    space = room(first, times, voltage)
    return None if space is None else first.b.block({".room": space})


def _expansions(
    system: System, sources: tuple[Source, ...], scales: Mapping[str, float], order: int
) -> dict[str, Block]:
    """The block ``series``; if it may lose digits near some V, ``room`` and ``careful`` too."""
    states = system.states
    derivative = gather(_derivative(system, sources), states)
    if times := reach(order):
        quick = fuse_exponentials(expose(derivative, states), highest=2)
        if (space := _room(quick, states, times)) is not None:
            return {
                "series": _series(quick, states, scales, order),
                "room": space,
                "careful": _series(derivative, states, scales, max(4, 2 * order // 3)),
            }
    return {"series": _series(fuse_exponentials(derivative), states, scales, order)}


def _step(b: Builder, coefficients: Mapping[str, list[int]], scales: Mapping[str, float],
          order: int) -> int:  # fmt: skip
    """The smallest of (bound/|y_k|)^(1/k) over the last four k, and a little less: times
    exp(-0.7/(P - 1)), Jorba & Zou's margin, which halves the error.

    The bound is the tolerance for k = P - 1 and P. A series may have zeros there, three in a row
    that of sin(t^2), a chirp from 0 Hz; so the two terms before must be small as well, for which
    e^4 and e^6 tolerances leave room: a term is e^2 times the next.
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
    least = logs[0]
    for log in logs[1:]:
        least = b.apply("min", least, log)
    least = b.mul(b.const(math.log(2.0)), least)
    return b.apply("exp", b.add(least, b.const(-0.7 / (order - 1))))


def _sample(system: System, sources: tuple[Source, ...], records: tuple[str, ...]) -> Block:
    b = Builder()
    current = _current(b, sources)
    known = {state: b.input(state) for state in system.states} | {"I_stim": current}
    low = Lowering(b, known)
    return b.block({r: known[r] if r in known else low(system.observables[r]) for r in records})


def taylor(
    system: System,
    sources: tuple[Source, ...],
    records: tuple[str, ...],
    scales: Mapping[str, float],
    order: int,
) -> Program:
    """The scheme of this module for a system under the sum of ``sources``.

    Raises
    ------
    NotSmoothError
        If the equations have a conditional on a state, or another operation without a series.
    """
    parameters = system.parameters + tuple(n for s in sources for n in s.names)
    blocks = {
        **_expansions(system, sources, scales, order),
        "sample": _sample(system, sources, records),
    }
    fixed = frozenset({*parameters, ".tolerance"})
    blocks = {name: regroup(block, fixed) for name, block in blocks.items()}
    prepare, constants, blocks = hoist(blocks, fixed)
    return Program(
        parameters=parameters,
        states=system.states,
        streams=(),
        constants=constants,
        records=records,
        blocks={
            "prepare": prepare,
            **{name: fuse(block) for name, block in blocks.items()},
            "relax": relaxation(system),
            "derivative": lower(system),
        },
    )
