"""The charge of V's jumps under a clamp: when, and what the electrode gave at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loligo.lanes import Floats
from loligo.program.term import EDGE_TOLERANCE
from loligo.run.cells import Driven
from loligo.run.problem import Problem
from loligo.system.driven import CHARGE


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
    times = np.stack([_when(problem, each) for each in done])
    order = np.argsort(times, axis=0, kind="stable")  # NaN is last
    times, noted = (np.take_along_axis(rows, order, axis=0) for rows in (times, noted))
    # what happens at one time is one edge, and each of its states notes all of its charge
    again = np.zeros(times.shape, dtype=bool)
    again[1:] = times[1:] - times[:-1] <= EDGE_TOLERANCE
    times = np.where(again, np.nan, times)
    order = np.argsort(times, axis=0, kind="stable")
    times, noted = (np.take_along_axis(rows, order, axis=0) for rows in (times, noted))
    # one at least: a dimension without length would take all rows of a table with it
    most = max(1, int(np.isfinite(times).sum(axis=0).max()))
    times = times[:most].T.copy()
    return Charges(times, np.where(np.isnan(times), np.nan, noted[:most].T))


def _when(problem: Problem, each: Driven) -> Floats:
    """When V may jump in each lane, NaN where it does not within the run."""
    start = problem.lanes.flat(each.name("start"))
    happens = start < problem.times.duration
    if "duration" not in each.shape.parameters:
        return np.where(happens & (start >= 0), start, np.nan)
    # what is on before a run goes on as that begins
    lasts = each.span(problem.lanes)[1] > 0
    return np.where(happens & lasts, np.maximum(start, 0.0), np.nan)


def ledgers(states: tuple[str, ...]) -> list[int]:
    """Which of a program's states note charges."""
    return [i for i, name in enumerate(states) if name.startswith(CHARGE)]
