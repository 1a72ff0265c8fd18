"""Where V is held by an ideal clamp, it makes no spikes: it goes where it is told to."""

from __future__ import annotations

from typing import Any

import numpy as np

from loligo.lanes import Floats, Integers
from loligo.program.term import EDGE_TOLERANCE
from loligo.run.problem import Problem
from loligo.system.driven import ON, SHOCK


def made_by_clamp(problem: Problem, time: Floats, lane: Integers) -> Any:
    """Of spikes, whether a clamp made V rise: as it went on, or by its command until it ended.

    What a shock that lifts V does as a clamp ends, it does to a free membrane.
    """
    by_clamp = np.zeros(time.shape, dtype=bool)
    on_after = by_clamp.copy()
    for start, end in _clamps(problem):
        begun = time >= start[lane] - EDGE_TOLERANCE
        by_clamp |= begun & (time <= end[lane] + EDGE_TOLERANCE)
        on_after |= begun & (time < end[lane] - EDGE_TOLERANCE)
    if by_clamp.any():
        for each in problem.driven:
            if SHOCK in each.shape.inputs:
                when = problem.lanes.flat(each.name("start"))[lane]
                lifts = problem.lanes.flat(each.name("amplitude"))[lane] > 0
                by_clamp &= on_after | ~lifts | (np.abs(time - when) > EDGE_TOLERANCE)
    return by_clamp


def ever(problem: Problem) -> Any:
    """Whether each lane is held at any time of the run."""
    found = np.zeros(problem.lanes.size, dtype=bool)
    for start, end in _clamps(problem):
        found |= (start < problem.times.duration) & (end > 0)
    return found


def _clamps(problem: Problem) -> list[tuple[Floats, Floats]]:
    """When each ideal clamp goes on and off, lane by lane."""
    return [each.span(problem.lanes) for each in problem.driven if ON in each.shape.inputs]
