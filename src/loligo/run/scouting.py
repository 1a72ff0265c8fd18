"""Runs whose steps are found by halving, and that end before their time: no longer than need be.

With the first step each lane comes to its end; its runs are compared up to a little after that,
whatever the others do, and all go on until the last is there. A lane that with a finer step misses
that is compared as far as was asked for.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loligo.lanes import Floats, Integers
from loligo.run.compiled import integrate
from loligo.run.fixed import schedule_for
from loligo.run.halving import LONGEST, Ladder
from loligo.run.loop import Advance
from loligo.run.outcome import Outcome
from loligo.run.pace import Pace
from loligo.run.problem import Problem
from loligo.run.status import lost
from loligo.solvers import Exponential

_LATER, _LATEST = 0.05, 1.0  # a finer step may end later: as part of the time; ms


def climbed(problem: Problem, pace: Pace, advance: Advance) -> Outcome:
    """The outcome of :class:`loligo.run.halving.Ladder`, as long as the problem's."""
    if problem.until is None:
        return Ladder(problem, pace).climb(advance)
    last = _compared(problem, pace)
    while True:
        shorter = _as_long(problem, last)
        outcome = Ladder(shorter, pace, last).climb(advance)
        late = (_ends(shorter, outcome) > last) & (last < problem.times.samples - 1)
        late &= ~lost(outcome.status, problem.lanes.size)
        if not late.any():
            break
        last = np.where(late, problem.times.samples - 1, last)
    outcome.values = {n: _filled(rows, problem) for n, rows in outcome.values.items()}
    return outcome


def _compared(problem: Problem, pace: Pace) -> Integers:
    """Up to which sample each lane is compared: a little after its end with the first step."""
    times = problem.times
    first = Exponential(schedule_for(problem, Exponential(LONGEST)).dt)
    outcome = integrate(problem, first, lambda done: None, pace)
    ends = _ends(problem, outcome)
    later = np.maximum(_LATER * ends * times.sample_interval, _LATEST)
    after = ends + 1 + np.ceil(later / times.sample_interval).astype(np.int64)
    whole = lost(outcome.status, problem.lanes.size) | (ends >= times.samples)
    return np.where(whole, times.samples - 1, np.minimum(after, times.samples - 1))


def _as_long(problem: Problem, last: Integers) -> Problem:
    """The problem up to the last sample that is compared."""
    times, samples = problem.times, int(last.max())
    if samples >= times.samples - 1:
        return problem
    return replace(problem, times=replace(times, duration=float(times.grid[samples])))


def _ends(problem: Problem, outcome: Outcome) -> Integers:
    """The sample with which each lane ended; as many as there are where it has not."""
    until = problem.until
    assert until is not None, "nothing ends this run before its time"
    spikes = outcome.spike_time, outcome.spike_lane
    return until.first(problem.times, outcome.values, spikes, problem.lanes.size)


def _filled(rows: Floats, problem: Problem) -> Floats:
    table = np.full((len(rows), problem.times.samples), np.nan)
    table[:, : rows.shape[1]] = rows
    return table
