"""The power series of a right-hand side, as blocks of a program: its coefficients and its step,
and how far V may move in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loligo.program import exact
from loligo.program.arithmetic import Block
from loligo.program.program import coefficient
from loligo.program.scheme import slope_of
from loligo.program.series.control import logs_of, step_of
from loligo.program.series.digits import TwoKinds
from loligo.program.series.expansion import Series, beside
from loligo.program.series.gaps import gaps_of, known_as_it_moves
from loligo.program.series.quotients import room
from loligo.program.series.steepness import FOLDS, fold, movers


def _expand(
    derivative: Block, states: tuple[str, ...], order: int, shared: bool = True,
    wide: int | None = None, guarded: bool = False, streams: tuple[str, ...] = (),
    aside: frozenset[int] = frozenset(), fewer: tuple[int, int] = (0, 0),
) -> Series:  # fmt: skip
    """Its series, in a builder of its own."""
    b = TwoKinds(shared)
    start: dict[str, tuple[int, ...]] = {n: (b.input(n),) for n in derivative.inputs}
    start |= {name: (b.input(name),) for name in states}
    start[".t"] = (b.input(".t"), b.const(1.0))
    start |= {name: (b.input(name), b.input(slope_of(name))) for name in streams}
    return Series(derivative, b, start, states, order, wide, guarded, aside, fewer)


def series_block(
    derivative: Block, states: tuple[str, ...], scales: Mapping[str, float], order: int,
    shared: bool = True, wide: int | None = None, guarded: bool = False, conditions: int = 0,
    streams: tuple[str, ...] = (), variation: Sequence[str] = (), fewer: tuple[int, int] = (0, 0),
) -> Block:  # fmt: skip
    """The coefficients, ``V[0]`` …, those of the gaps of conditions, ``.step``, and those of what
    derivatives of the states obey.

    Parameters
    ----------
    scales
        State -> what its errors are relative to; 1 where there is none.
    conditions
        How many are held (:mod:`loligo.program.switches`).
    shared
        Whether each value is written once, not as often as it is needed.
    wide, guarded
        See :class:`loligo.program.series.expansion.Series`.
    streams
        What moves in a straight line.
    variation
        What derivatives of the states obey (:mod:`loligo.program.series.following`).
    fewer
        The order of their series, and how many of its coefficients are float64.
    """
    aside = beside(derivative, set(derivative.names) - set(variation))
    series = _expand(derivative, states, order, shared, wide, guarded, streams, aside, fewer)
    coefficients = series.run()
    outputs = {
        coefficient(state, k): index
        for state, column in coefficients.items()
        for k, index in enumerate(column)
    }
    gaps = gaps_of(series, conditions)
    outputs |= gaps.outputs
    weights = {state: series.b.const(1.0 / scales.get(state, 1.0)) for state in coefficients}
    logs = logs_of(series.b, coefficients, weights, order)
    logs += _moved(series.b, order, movers(series))
    tolerance = series.b.apply("binlog", series.b.input(".tolerance"))
    logs += [log for each in gaps.bent for log in known_as_it_moves(series.b, each, tolerance)]
    outputs[".step"] = step_of(series.b, logs, order)
    return series.b.block(outputs | _variation(series, variation, fewer[0]))


def _variation(series: Series, names: Sequence[str], order: int) -> dict[str, int]:
    """The coefficients of what derivatives obey, those that are not 0."""
    return {
        coefficient(name, k): value
        for name in names
        for k, value in enumerate(series.values[series.rates[name]][:order])
        if not series.is_zero(value)
    }


def room_block(
    derivative: Block, states: tuple[str, ...], order: int, streams: tuple[str, ...] = ()
) -> Block | None:
    """How far V may move in a step of that order; None if it may anywhere."""
    first = _expand(derivative, states, 1, streams=streams)
    voltage, first.known["V"] = first.known["V"][0], [first.zero]
    first.run()
    space = room(first, order, voltage)
    return None if space is None else first.b.block({".room": space})


def most_block(
    derivative: Block, states: tuple[str, ...], orders: Mapping[str, int],
    streams: tuple[str, ...] = (),
) -> Block | None:  # fmt: skip
    """How far V may move in a step of each of the series of these orders."""
    first = _expand(derivative, states, 1, streams=streams)
    first.run()
    mV, b = fold(first), first.b
    if mV is None:
        return None
    return b.block({name: b.mul(b.const(FOLDS * order), mV) for name, order in orders.items()})


def _moved(b: TwoKinds, order: int, moving: list[list[int]]) -> list[int]:
    """Nor may what is ``moving`` inside an exponential go further than the series can tell of: the
    sum of |z_k| h^k below the e-folds allowed, each term below them by 2^-k."""
    logs: list[int] = []
    for column in moving:
        for k, value in enumerate(column, 1):
            size = b.apply("max", b.apply("abs", value), b.const(1e-30))
            room = b.const(exact.log2(FOLDS * order) - k)
            logs.append(b.mul(b.sub(room, b.apply("binlog", size)), b.const(1.0 / k)))
    return logs
