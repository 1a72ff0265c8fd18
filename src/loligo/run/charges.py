"""The charge of V's jumps under a clamp: when, and what the electrode gave at once.

Where a clamp goes on, and where a shock comes, what jumps hangs on V: states note it. Where the
command itself jumps, V does with it, and the charge is known beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from loligo.lanes import Floats
from loligo.program.term import EDGE_TOLERANCE
from loligo.run.cells import Driven
from loligo.run.drive import Drive
from loligo.run.problem import Problem
from loligo.system.driven import CHARGE, ON


@dataclass(frozen=True)
class Charges:
    """What happened at once, lane by lane.

    Attributes
    ----------
    time, charge : (lanes, edges)
        ms and nC/cm2; a lane's edges in order, and NaN where it has fewer than others.
    """

    time: Floats
    charge: Floats


def charges_of(problem: Problem, noted: Floats) -> Charges | None:
    """Of a membrane's run; None where V is held nowhere.

    Parameters
    ----------
    noted : (jumps, lanes)
        What the states that note them hold at the end, in the order of what is done.
    """
    done = [each for each in problem.driven if each.noted]
    if not done:
        return None
    times, noted = _in_order(np.stack([_when(problem, each) for each in done]), noted)
    # what happens at one time is one edge, and each of its states notes all of its charge
    again = np.zeros(times.shape, dtype=bool)
    again[1:] = times[1:] - times[:-1] <= EDGE_TOLERANCE
    times = np.where(again, np.nan, times)
    moved, known = _of_commands(problem, times)
    times, noted = _in_order(np.vstack([times, moved]), np.vstack([noted, known]))
    # one at least: a dimension without length would take all rows of a table with it
    most = max(1, int(np.isfinite(times).sum(axis=0).max()))
    times = times[:most].T.copy()
    return Charges(times, np.where(np.isnan(times), np.nan, noted[:most].T))


def _in_order(times: Floats, noted: Floats) -> tuple[Floats, Floats]:
    """Rows of edges sorted by time in each lane; NaN is last."""
    order = np.argsort(times, axis=0, kind="stable")
    return np.take_along_axis(times, order, axis=0), np.take_along_axis(noted, order, axis=0)


def _within(problem: Problem, time: Floats) -> Any:
    """Whether times lie before a run's end, or at the end where a sample shows what is after."""
    return time < problem.times.duration + (EDGE_TOLERANCE if ends_at_sample(problem) else 0.0)


def ends_at_sample(problem: Problem) -> bool:
    """Whether a run's last sample is at its end."""
    times = problem.times
    return (times.samples - 1) * times.sample_interval >= times.duration - EDGE_TOLERANCE


def _of_commands(problem: Problem, noted: Floats) -> tuple[Floats, Floats]:
    """When commands of ideal clamps jump of themselves, and the charge, (jumps, lanes); those at
    times that are noted are part of what is."""
    every: list[tuple[Floats, Floats]] = [(noted[:0], noted[:0])]
    for each in problem.driven:
        if not each.shape.sampled or ON not in each.shape.inputs:
            continue
        paths, which = Drive(problem).paths(each)
        leaps = [path.leaps() for path in paths]
        table = np.full((2, max(when.size for when, _ in leaps), len(paths)), np.nan)
        for k, found in enumerate(leaps):
            table[:, : found[0].size, k] = found
        time, size = table[:, :, which]
        time = np.where((time > EDGE_TOLERANCE) & _within(problem, time), time, np.nan)
        for row in noted:
            time = np.where(np.abs(time - row) <= EDGE_TOLERANCE, np.nan, time)
        every.append((time, size * problem.lanes.flat("C_m")))
    times, charges = zip(*every, strict=True)
    return np.vstack(times), np.vstack(charges)


def _when(problem: Problem, each: Driven) -> Floats:
    """When V may jump in each lane, NaN where it does not within the run."""
    start = problem.lanes.flat(each.name("start"))
    happens = _within(problem, start)
    if "duration" not in each.shape.parameters:
        return np.where(happens & (start >= 0), start, np.nan)
    # what is on before a run goes on as that begins
    lasts = each.span(problem.lanes)[1] > 0
    return np.where(happens & lasts, np.maximum(start, 0.0), np.nan)


def ledgers(states: tuple[str, ...]) -> list[int]:
    """Which of a program's states note charges."""
    return [i for i, name in enumerate(states) if name.startswith(CHARGE)]
