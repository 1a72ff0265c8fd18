"""Sampled stimuli of an adaptive run, lane by lane: see :mod:`loligo.engine.llvm.lines`."""

# A lane array is Any here, and what NumPy makes of it is unknown to the checker, not wrong.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from loligo.engine.kernel import Strips
from loligo.lanes import Integers
from loligo.program.scheme import slope_of
from loligo.program.term import EDGE_TOLERANCE, ROUNDED

Array = Any  # float64 or bool lanes


class Lines:
    """The pieces that some lanes are in.

    Parameters
    ----------
    strips
        What they go along; None without streams.
    places : (streams, lanes)
        Which piece each lane is in; gone on with.
    """

    def __init__(
        self, streams: tuple[str, ...], strips: Strips | None, places: Integers, here: slice
    ) -> None:
        self.streams, self.strips, self.places = streams, strips, places
        self.rows = None if strips is None else strips.rows[:, here]
        self.until = math.inf if strips is None else strips.until

    def _pieces(self) -> Iterator[tuple[str, Array, Array]]:
        """Each stream's name, its piece in every lane, and the piece after that."""
        for k, name in enumerate(self.streams):
            assert self.strips is not None
            assert self.rows is not None
            row = self.places[k] + self.rows[k]
            yield name, self.strips.table[row].T, self.strips.table[row + 1].T

    def at(self, t: Array, last: Array | bool = False) -> dict[str, Array]:
        """What each is at a time, and its slope; where that is the ``last`` of the run and a knot
        lies there, just after it."""
        values: dict[str, Array] = {}
        for name, (time, level, slope), (knot, after, _) in self._pieces():
            over = last & (knot <= t + EDGE_TOLERANCE)
            values[name] = np.where(over, after, slope * (t - time) + level)
            values[slope_of(name)] = np.where(over, 0.0, slope)
        return values

    def before(self, edges: Array, end: float) -> Array:
        """The next of each lane's own edges and knots; of what is one but for rounding the last."""
        if not self.streams:
            return edges
        every = np.stack([edges, *(knot for _, _, (knot, _, _) in self._pieces())])
        first = every.min(axis=0)
        near = every <= first + first * ROUNDED
        return np.minimum(np.where(near, every, first).max(axis=0), end)

    def pass_on(self, arrived: Array, edge: Array) -> None:
        """Go on to the next piece where lanes have come to its knot."""
        come = [arrived & (knot <= edge) for _, _, (knot, _, _) in self._pieces()]
        for k, each in enumerate(come):
            self.places[k] += each
