"""Runs whose steps are found by halving, and that end before their time: no longer than need be.

Where every lane comes to its end with the first step, the ladder is climbed up to a little after
the last of them. If a finer step makes one miss that, all are run as long as was asked for.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loligo.lanes import Floats
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
    shorter = _shorter(problem, pace)
    if shorter is None:
        return Ladder(problem, pace).climb(advance)
    outcome = Ladder(shorter, pace).climb(advance)
    if _last(shorter, outcome) is None:
        return Ladder(problem, pace).climb(advance)
    outcome.values = {n: _filled(rows, problem) for n, rows in outcome.values.items()}
    return outcome


def _shorter(problem: Problem, pace: Pace) -> Problem | None:
    """The problem up to a little after all lanes have ended; None where that is all of it."""
    times = problem.times
    if problem.until is None:
        return None
    first = Exponential(schedule_for(problem, Exponential(LONGEST)).dt)
    last = _last(problem, integrate(problem, first, lambda done: None, pace))
    if last is None:
        return None
    later = max(_LATER * last * times.sample_interval, _LATEST)
    samples = last + 1 + int(np.ceil(later / times.sample_interval))
    if samples >= times.samples - 1:
        return None
    end = float(times.grid[samples])
    return replace(problem, times=replace(times, duration=end))


def _last(problem: Problem, outcome: Outcome) -> int | None:
    """The sample with which the last lane ended; None if one has not, or all are lost."""
    until, lanes = problem.until, problem.lanes.size
    assert until is not None, "nothing ends this run before its time"
    spikes = outcome.spike_time, outcome.spike_lane
    first = until.first(problem.times, outcome.values, spikes, lanes)
    fine = first[~lost(outcome.status, lanes)]
    return int(fine.max()) if fine.size and fine.max() < problem.times.samples else None


def _filled(rows: Floats, problem: Problem) -> Floats:
    table = np.full((len(rows), problem.times.samples), np.nan)
    table[:, : rows.shape[1]] = rows
    return table
