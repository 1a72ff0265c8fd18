"""Lanes that are lost after they had come to their own end: as far as that they are whole.

How far a lane goes on beyond the sample that ends it depends on how the run is dealt out; whether
it is lost must not. So a lost lane is run again up to where it was whole, and stands if its end
lies there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from loligo.lanes import Integers
from loligo.run.outcome import Outcome
from loligo.run.parts import part, put
from loligo.run.problem import Problem
from loligo.run.status import lost


def whole_before(problem: Problem, outcome: Outcome) -> Iterator[tuple[Integers, Problem]]:
    """The lost lanes, and their problem up to the last sample at which they were whole: those of
    which that is the same one at a time."""
    if outcome.lost_at is None or problem.geometry is not None:
        return
    times = problem.times
    gone = lost(outcome.status, problem.lanes.size)
    lanes = np.flatnonzero(gone & (outcome.lost_at >= times.sample_interval))
    samples = np.searchsorted(times.grid, outcome.lost_at[lanes], side="right")
    for count in np.unique(samples).tolist():
        own = lanes[samples == count]
        shorter = replace(times, duration=float(times.grid[count - 1]))
        yield own, replace(part(problem, own), times=shorter)


def let_stand(
    problem: Problem, outcome: Outcome, lanes: Integers, shorter: Problem, found: Outcome
) -> None:
    """Let those of some lanes that came to their end in a shorter run be what they were there."""
    until = problem.until
    assert until is not None
    assert outcome.status is not None
    spikes = found.spike_time, found.spike_lane
    first = until.first(shorter.times, found.values, spikes, lanes.size)
    ended = first < shorter.times.samples
    if not ended.any():
        return
    for name, rows in found.values.items():
        beyond = problem.times.samples - rows.shape[1]
        found.values[name] = np.pad(rows, ((0, 0), (0, beyond)), constant_values=np.nan)
    others = lanes[~ended]  # which stay lost, and of which nothing will be left
    put(outcome, lanes, found)
    stands = np.zeros(lanes.size, np.int8) if found.status is None else found.status
    outcome.status[lanes[ended]] = stands[ended]
    spared = set(lanes.tolist()) - set(others.tolist())
    outcome.first_lost = [loss for loss in outcome.first_lost if loss.lane not in spared]
    outcome.notes += [note for note in found.notes if note not in outcome.notes]
