"""Runs that end before their time, lane by lane.

What is kept ends with the first sample at which it is so; that does not depend on when the loop,
which goes on for a while, is told to stop.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from loligo.lanes import Floats, Integers
from loligo.run.outcome import Outcome
from loligo.run.problem import Problem
from loligo.run.spikes import joined_spikes
from loligo.run.until import SIGNS, Condition, Spikes


class Ending:
    """Which lanes of a run of independent lanes, or of axons, have come to their end so far."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.checked = problem, 0
        self.ended = np.zeros(problem.lanes.size, dtype=bool)

    def reached(self, course: Any) -> bool:
        """Whether all have, after a call; a lane that has is left alone, where one can be."""
        taken = course.taken()
        fresh = self._ended(course, taken) & ~self.ended
        self.ended |= fresh | course.losses.lost
        course.leave(np.flatnonzero(fresh))
        return bool(self.ended.all())

    def _ended(self, course: Any, taken: Integers) -> Any:
        problem, until = self.problem, self.problem.until
        if isinstance(until, Condition):
            some = slice(self.checked, int(taken.max()))
            self.checked = int(taken[~self.ended].min(initial=problem.times.samples))
            rows = course.values()[until.name][:, some]
            known = np.arange(some.start, some.stop) < taken[:, None]
            return (SIGNS[until.sign](rows, until.value) & known).any(axis=1)
        assert until is not None, "a run that ends when it does is not watched"
        time, lane = joined_spikes(problem, course.spikes)
        size = problem.recorded.size
        first = until.first(problem.times, {}, (time, lane), size).reshape(taken.size, -1)
        return first.max(axis=1) < taken


def watched(problem: Problem) -> Ending | None:
    """What to ask whether a run has come to its end; None where that is known afterwards alone:
    at places between compartments, and of axons' values."""
    alone = problem.geometry is None
    along = problem.geometry is not None and problem.geometry.places is None
    early = alone or (along and isinstance(problem.until, Spikes))
    return Ending(problem) if problem.until is not None and early else None


def cut(problem: Problem, outcome: Outcome) -> tuple[Problem, int]:
    """The problem as long as its longest lane was kept, and how many lanes came to an early end;
    what the outcome has after a lane's end is taken from it."""
    until, times = problem.until, problem.times
    assert until is not None, "nothing ends this run before its time"
    lanes, size = problem.lanes.size, problem.recorded.size
    spikes = outcome.spike_time, outcome.spike_lane
    first = until.first(times, outcome.values, spikes, size).reshape(lanes, -1).max(axis=1)
    ends, met = np.minimum(first, times.samples - 1), first < times.samples
    samples = int(ends.max()) + 1
    rows = np.repeat(ends, size // lanes)
    outcome.values = {n: _kept(v, samples, rows) for n, v in outcome.values.items()}
    for name in ("clamped", "facing"):
        table = getattr(outcome, name)
        setattr(outcome, name, None if table is None else _kept(table, samples, ends))
    if outcome.charges is not None:
        later = outcome.charges.time > times.grid[ends][:, None]
        outcome.charges.time[later] = outcome.charges.charge[later] = np.nan
    _without_later_spikes(problem, outcome, rows, np.repeat(met, size // lanes))
    outcome.uncounted = None  # of swings it is not known when they were
    if samples < times.samples:
        times = replace(times, duration=float(times.grid[samples - 1]))
    return replace(problem, times=times), int(met.sum())


def _kept(table: Floats, samples: int, ends: Integers) -> Floats:
    """(lanes, …, samples) up to each lane's last sample."""
    table = table[..., :samples].copy()
    after = np.arange(samples) > ends.reshape(-1, *[1] * (table.ndim - 1))
    table[np.broadcast_to(after, table.shape)] = np.nan
    return table


def _without_later_spikes(problem: Problem, outcome: Outcome, ends: Integers, met: Any) -> None:
    """Spikes after the end of a lane are none of its; the last before it may not have come to its
    peak, and has not to its trough."""
    lane, threshold = outcome.spike_lane, problem.times.threshold
    kept = ~met[lane] | (outcome.spike_time <= problem.times.grid[ends[lane]])
    outcome.spike_time, outcome.spike_lane = outcome.spike_time[kept], lane[kept]
    if outcome.spike_moved is not None:
        outcome.spike_moved = outcome.spike_moved[kept]
    if outcome.spike_peak is None or outcome.spike_trough is None:
        return
    lane = outcome.spike_lane
    last = np.append(lane[1:] != lane[:-1], True)[: lane.size] & met[lane]
    peak, trough = outcome.spike_peak[kept], outcome.spike_trough[kept]
    voltage = outcome.values.get("V")
    high: Any = True if voltage is None else ~(voltage[lane, ends[lane]] < threshold)
    outcome.spike_peak = np.where(last & high, np.nan, peak)
    outcome.spike_trough = np.where(last, np.nan, trough)
