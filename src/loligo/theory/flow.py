"""Where a membrane is after some time: the flow of its equations, by runs in lanes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from loligo.lanes import Floats, Labelled
from loligo.run.pace import Pace
from loligo.simulation import answered
from loligo.solvers import Taylor
from loligo.stimulus import Step
from loligo.system.outline import STIMULUS
from loligo.theory.field import Field

_LANE = "lane"
_TOLERANCE = 1e-12
_MANY, _WIDTH = 1 << 10, 16  # lanes: one kernel serves few and many; so many go together
_USUAL = 50.0  # per ms: the fastest rate of equations that are no stiffer than most
# s that a run takes of a usual core, and each of its lanes, and each operation in their steps;
# and each of their ms, as far as nothing is known of the steps
_RUN, _EACH, _STEP, _MS = 4e-3, 2e-6, 2.5e-9, 1e-6
_PIECE = 0.25  # s: what would take longer is done in so many pieces, to see what they take


class Flow:
    """The flow of a field by compiled Taylor series, within what work is left.

    Parameters
    ----------
    of
        The equations.
    """

    def __init__(self, of: Field) -> None:
        self.of, self._ms = of, _MS

    @contextmanager
    def around(self, states: Floats, p: float) -> Iterator[None]:
        """Within it something new is asked, around some states, (rows, states): stiff equations
        take more for each ms. What is lost is NaN, and no warning."""
        matrix = self.of.linear(states, np.full(len(states), p))[1]
        fastest = float(np.abs(np.linalg.eigvals(matrix)).max())
        self._ms = _MS * max(1.0, fastest / _USUAL)
        with np.errstate(all="ignore"):
            yield

    def __call__(self, states: Floats, p: Floats, duration: float) -> Floats:
        """Where they are after a time: (states, lanes), of (lanes,) of what is varied and ms; NaN
        in lanes that are lost, and in all once no work is left."""
        filled = p.size + -p.size % _WIDTH  # a lane by itself takes as long as a row of them
        pieces = max(1, math.ceil(self._price(filled, duration) / _PIECE))
        lost = np.zeros(p.size, dtype=bool)
        for _ in range(pieces):
            allowed = self.of.work.allows(self._price(filled, duration / pieces))
            if not (duration > 0.0 and allowed) or lost.all():
                return np.full(states.shape, np.nan)
            # a lane that is lost goes with another from there on
            states = np.where(lost, states[:, [lost.argmin()]], states)
            states, steps = self._run(states, p, duration / pieces)
            lost |= ~np.isfinite(states).all(axis=0)
            took = steps * filled / p.size * self.of.operations * _STEP
            self._ms = max(self._ms, took / (filled * duration / pieces))
            self.of.work.spend(_RUN + filled * _EACH + took)
        return np.where(lost, np.nan, states)

    def _price(self, filled: int, duration: float) -> float:
        """About how many seconds a run takes of a usual core."""
        return _RUN + filled * (_EACH + self._ms * duration)

    def _run(self, states: Floats, p: Floats, duration: float) -> tuple[Floats, int]:
        """Where they are after a time, and how many steps that took."""
        membrane, names, lanes = self.of.patch.membrane, self.of.states, np.arange(float(p.size))

        def along(row: Floats) -> Labelled:
            return Labelled((_LANE,), row, {_LANE: lanes})

        by_current = self.of.varied == STIMULUS
        model = membrane if by_current else membrane.replace(**{self.of.varied: along(p)})
        stimulus = Step(0.0, along(p)) if by_current else None
        initial = {name: along(row) for name, row in zip(names, states, strict=True)}
        answer = answered(
            model, stimulus, duration, Taylor(_TOLERANCE), False, Pace(as_many=_MANY),
            record=list(names), sample_interval=duration, initial=initial, threshold=0.0,
            positions=None,
        )  # fmt: skip
        ended = np.stack([answer.outcome.values[name][:, -1] for name in names])
        return ended, int(answer.outcome.settings["steps"])
