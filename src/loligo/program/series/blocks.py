"""The power series of a right-hand side, as blocks of a program: its coefficients and its step,
and how far V may move in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loligo.program import exact
from loligo.program.arithmetic import Block
from loligo.program.program import coefficient
from loligo.program.scheme import slope_of
from loligo.program.series.digits import TwoKinds
from loligo.program.series.expansion import Series
from loligo.program.series.gaps import gaps_of, known_as_it_moves
from loligo.program.series.quotients import room
from loligo.program.series.steepness import FOLDS, fold, movers


def _expand(
    derivative: Block, states: tuple[str, ...], order: int, shared: bool = True,
    wide: int | None = None, guarded: bool = False, streams: tuple[str, ...] = (),
) -> Series:  # fmt: skip
    """Its series, in a builder of its own."""
    b = TwoKinds(shared)
    start: dict[str, tuple[int, ...]] = {n: (b.input(n),) for n in derivative.inputs}
    start |= {name: (b.input(name),) for name in states}
    start[".t"] = (b.input(".t"), b.const(1.0))
    start |= {name: (b.input(name), b.input(slope_of(name))) for name in streams}
    return Series(derivative, b, start, states, order, wide, guarded)


def series_block(
    derivative: Block, states: tuple[str, ...], scales: Mapping[str, float], order: int,
    shared: bool = True, wide: int | None = None, guarded: bool = False, conditions: int = 0,
    streams: tuple[str, ...] = (), tangents: Sequence[tuple[str, ...]] = (),
) -> Block:  # fmt: skip
    """The coefficients, ``V[0]`` …, those of the gaps of conditions, and ``.step``.

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
    tangents
        Of those of the states that are derivatives of others by one thing, in their order.
    """
    series = _expand(derivative, states, order, shared, wide, guarded, streams)
    coefficients = series.run()
    outputs = {
        coefficient(state, k): index
        for state, column in coefficients.items()
        for k, index in enumerate(column)
    }
    gaps = gaps_of(series, conditions)
    outputs |= gaps.outputs
    followers = {state for each in tangents for state in each}
    leaders = {state: c for state, c in coefficients.items() if state not in followers}
    logs = _logs(series.b, leaders, scales, order)
    for each in tangents:
        own = {leader: coefficients[state] for leader, state in zip(leaders, each, strict=False)}
        logs += _logs(series.b, own, scales, order, _size(series.b, own, scales))
    logs += _moved(series.b, order, movers(series))
    tolerance = series.b.apply("binlog", series.b.input(".tolerance"))
    logs += [log for each in gaps.bent for log in known_as_it_moves(series.b, each, tolerance)]
    return series.b.block({**outputs, ".step": _step(series.b, logs, order)})


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


def _logs(
    b: TwoKinds, coefficients: Mapping[str, list[int]], scales: Mapping[str, float], order: int,
    size_of_all: int | None = None,
) -> list[int]:  # fmt: skip
    """log2 of (bound/|y_k|)^(1/k) over the last four k.

    The bound is the tolerance for k = P - 1 and P. A series may have zeros there, three in a row
    that of sin(t^2), a chirp from 0 Hz; so the two terms before must be small as well, for which
    e^4 and e^6 tolerances leave room: a term is e^2 times the next. Derivatives have no scales of
    their own: their bound is relative to the size of all of them together.
    """
    tolerance = b.apply("binlog", b.input(".tolerance"))
    if size_of_all is not None:
        tolerance = b.add(tolerance, b.apply("binlog", size_of_all))
    logs: list[int] = []
    for k in range(max(1, order - 3), order + 1):
        size = b.const(1e-300)
        for state, column in coefficients.items():
            term = b.mul(b.apply("abs", column[k]), b.const(1.0 / scales.get(state, 1.0)))
            size = b.apply("max", term, size)
        room = b.const(2.0 / exact.log(2.0) * (order - k) if k < order - 1 else 0.0)
        log = b.sub(b.add(tolerance, room), b.apply("binlog", size))
        logs.append(b.mul(log, b.const(1.0 / k)))
    return logs


def _size(b: TwoKinds, own: Mapping[str, list[int]], scales: Mapping[str, float]) -> int:
    """Of derivatives by one thing: of the largest now, or as it grows from 0."""
    size = b.const(_NO_TANGENT)
    for state, column in own.items():
        scale = b.const(1.0 / scales.get(state, 1.0))
        grown = b.mul(b.apply("abs", column[1]), b.const(_BEGINS))
        for part in (b.apply("abs", column[0]), grown):
            size = b.apply("max", b.mul(part, scale), size)
    return b.mul(b.const(_LOOSER), size)


_NO_TANGENT = 1e-30  # where nothing depends on it yet; float32 holds it
_BEGINS = 0.01  # ms
_LOOSER = 1024.0


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


def _step(b: TwoKinds, logs: Sequence[int], order: int) -> int:
    """The smallest of the steps with these logarithms, and a little less: times exp(-0.7/(P - 1)),
    Jorba & Zou's margin, which halves the error."""
    least = b.mul(b.const(exact.log(2.0)), b.extreme("min", logs))
    step = b.apply("exp", b.add(least, b.const(-0.7 / (order - 1))))
    return b.convert(step, narrow=False)
