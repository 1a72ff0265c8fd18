"""How far a series may be followed: by its last terms.

After Jorba & Zou (2005, *Experimental Mathematics* 14:99, doi:10.1080/10586458.2005.10128904).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loligo.program import exact
from loligo.program.series.digits import TwoKinds


def logs_of(
    b: TwoKinds, coefficients: Mapping[str, list[int]], weights: Mapping[str, int], order: int,
    size_of_all: int | None = None,
) -> list[int]:  # fmt: skip
    """log2 of (bound/|y_k|)^(1/k) over the last four k.

    The bound is the tolerance for k = P - 1 and P. A series may have zeros there, three in a row
    that of sin(t^2), a chirp from 0 Hz; so the two terms before must be small as well, for which
    e^4 and e^6 tolerances leave room: a term is e^2 times the next.

    Parameters
    ----------
    weights
        State -> by what its terms are multiplied.
    size_of_all
        What the bound is relative to.
    """
    tolerance = b.apply("binlog", b.input(".tolerance"))
    if size_of_all is not None:
        tolerance = b.add(tolerance, b.apply("binlog", size_of_all))
    logs: list[int] = []
    for k in range(max(1, order - 3), order + 1):
        size = b.const(1e-300)
        for state, column in coefficients.items():
            term = b.mul(b.apply("abs", column[k]), weights[state])
            size = b.apply("max", term, size)
        room = b.const(2.0 / exact.log(2.0) * (order - k) if k < order - 1 else 0.0)
        log = b.sub(b.add(tolerance, room), b.apply("binlog", size))
        logs.append(b.mul(log, b.const(1.0 / k)))
    return logs


def step_of(b: TwoKinds, logs: Sequence[int], order: int) -> int:
    """The smallest of the steps with these logarithms, and a little less: times exp(-0.7/(P - 1)),
    Jorba & Zou's margin, which halves the error."""
    least = b.mul(b.const(exact.log(2.0)), b.extreme("min", logs))
    step = b.apply("exp", b.add(least, b.const(-0.7 / (order - 1))))
    return b.convert(step, narrow=False)
