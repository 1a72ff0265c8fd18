"""Some lanes of a membrane's run by themselves, and what was found of them put among the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loligo.lanes import Grid, Integers, Labelled
from loligo.run.initial import Initials
from loligo.run.outcome import Outcome
from loligo.run.problem import Problem

_LANE = "lane"


def part(problem: Problem, lanes: Integers) -> Problem:
    """The problem of some lanes of a membrane's, in their order: each has the same numbers."""
    whole = problem.lanes
    own = {
        name: Labelled((_LANE,), whole.flat(name)[lanes]) if isinstance(value, Labelled) else value
        for name, value in whole.values.items()
    }
    grid = Grid((_LANE,), (lanes.size,), {}, own)
    (cells,) = problem.cells
    return replace(
        problem, lanes=grid, cells=(replace(cells, lanes=grid),), part_of=(problem, lanes)
    )


def initials_of(initials: Initials, lanes: Integers) -> Initials:
    """Where some lanes begin."""
    status = None if initials.status is None else initials.status[lanes]
    states = np.ascontiguousarray(initials.states[:, lanes])
    return replace(initials, states=states, status=status)


def put(outcome: Outcome, lanes: Integers, found: Outcome) -> None:
    """Let some lanes of an outcome be what a run of them found, but for how they ended."""
    for name, rows in found.values.items():
        outcome.values[name][lanes] = rows
    others = ~np.isin(outcome.spike_lane, lanes)
    lane = np.concatenate([outcome.spike_lane[others], lanes[found.spike_lane]])
    order = np.argsort(lane, kind="stable")  # within a lane they are in the order of time
    outcome.spike_lane = lane[order]
    for name in ("spike_time", "spike_peak", "spike_trough", "spike_moved"):
        old, new = getattr(outcome, name), getattr(found, name)
        if old is not None and new is not None:
            setattr(outcome, name, np.concatenate([old[others], new])[order])
    if outcome.charges is not None and found.charges is not None:
        edges = found.charges.time.shape[1]  # of some lanes there may be fewer
        for name in ("time", "charge"):
            row = getattr(outcome.charges, name)
            row[lanes] = np.nan
            row[lanes, :edges] = getattr(found.charges, name)
    if outcome.uncounted is not None and found.uncounted is not None:
        for name in ("count", "low", "high"):
            getattr(outcome.uncounted, name)[lanes] = getattr(found.uncounted, name)
