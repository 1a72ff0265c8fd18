"""The gaps of a right-hand side's conditions as series: see :mod:`loligo.program.switches`."""

from __future__ import annotations

from dataclasses import dataclass

from loligo.program.arithmetic import Builder
from loligo.program.program import coefficient
from loligo.program.series.affine import affine_steps
from loligo.program.series.expansion import Series
from loligo.program.switches import gap, size

_FIRST = 3  # terms of a gap, beside which its last are to be small


@dataclass(frozen=True)
class Gaps:
    """Of the conditions of one series.

    Attributes
    ----------
    outputs
        Of the block.
    bent
        The coefficients of those that are no multiple of a state, but for a constant: the step
        that is good for the states may be too long for them.
    """

    outputs: dict[str, int]
    bent: list[list[int]]


def gaps_of(series: Series, conditions: int) -> Gaps:
    """After the series has run; its coefficients are there up to its order."""
    names = [gap(k) for k in range(conditions)]
    outputs: dict[str, int] = {}
    bent: list[list[int]] = []
    for k, (name, column) in enumerate(series.beyond(names).items()):
        outputs |= {coefficient(name, order): index for order, index in enumerate(column)}
        outputs[size(k)] = series.b.convert(_size(series, series.rates[name], {}), narrow=False)
        if not _of_a_state(series, series.rates[name]):
            bent.append(column)
    return Gaps(outputs, bent)


def _of_a_state(series: Series, index: int) -> bool:
    for _, moving in affine_steps(series.f, series.varies, index):
        index = moving
    a = series.f.assignments[index]
    return a.op == "input" and a.name in series.states


def _size(series: Series, index: int, known: dict[int, int]) -> int:
    """The size of what a value is a sum of, at the beginning of a step: a few roundings of that
    is what it is off by."""
    if index not in known:
        b, a = series.b, series.f.assignments[index]
        if a.op in ("add", "sub"):
            x, y = (_size(series, i, known) for i in a.args)
            known[index] = b.add(x, y)
        elif a.op == "neg":
            known[index] = _size(series, a.args[0], known)
        elif a.op == "mul":
            x, y = (_size(series, i, known) for i in a.args)
            known[index] = b.mul(x, y)
        else:
            known[index] = b.apply("abs", series.values[index][0])
    return known[index]


def known_as_it_moves(b: Builder, column: list[int], tolerance: int) -> list[int]:
    """Logarithms of steps, to the base 2, in which the last two terms of a gap are below the
    tolerance times one of its first: so exactly is known when it is 0.

    Parameters
    ----------
    tolerance
        Its logarithm.
    """
    last = len(column) - 1
    logs = [b.apply("binlog", _positive(b, value)) for value in column]
    found: list[int] = []
    for j in (last - 1, last):
        rooms = [
            b.mul(b.sub(b.add(tolerance, logs[k]), logs[j]), b.const(1.0 / (j - k)))
            for k in range(min(_FIRST, j))
        ]
        found.append(b.extreme("max", rooms))
    return found


def _positive(b: Builder, value: int) -> int:
    return b.apply("max", b.apply("abs", value), b.const(1e-30))
