"""Where a membrane is after some time: the flow of its equations, by runs in lanes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from loligo.lanes import Floats, Labelled
from loligo.run.pace import Pace
from loligo.simulation import answered
from loligo.solvers import Taylor
from loligo.stimulus import Step
from loligo.system.outline import STIMULUS
from loligo.theory.field import Field

# (states, lanes), (lanes,) of what is varied, ms -> (states, lanes)
Flow = Callable[[Floats, Floats, float], Floats]

_LANE = "lane"
_TOLERANCE = 1e-12
_MANY = 1 << 10  # lanes: one kernel serves few and many


def flow_of(of: Field) -> Flow:
    """By Taylor series; states of lanes that are lost are NaN."""
    membrane, names = of.patch.membrane, of.states

    def after(states: Floats, p: Floats, duration: float) -> Floats:
        lanes = np.arange(float(p.size))

        def along(row: Floats) -> Labelled:
            return Labelled((_LANE,), row, {_LANE: lanes})

        by_current = of.varied == STIMULUS
        model = membrane if by_current else membrane.replace(**{of.varied: along(p)})
        stimulus = Step(0.0, along(p)) if by_current else None
        initial = {name: along(row) for name, row in zip(names, states, strict=True)}
        answer = answered(
            model, stimulus, duration, Taylor(_TOLERANCE), False, Pace(as_many=_MANY),
            record=list(names), sample_interval=duration, initial=initial, threshold=0.0,
            positions=None,
        )  # fmt: skip
        return np.stack([answer.outcome.values[name][:, -1] for name in names])

    return after
