"""What is done where no solver was asked for: the best that there is, with its accuracy."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from loligo.lanes import Integers
from loligo.program.recipe import NotSmoothError
from loligo.run.compiled import integrate
from loligo.run.divergence import first_of
from loligo.run.halving import HALVINGS, V_WITHIN
from loligo.run.loop import Advance
from loligo.run.outcome import Outcome
from loligo.run.pace import Pace
from loligo.run.parts import part, put
from loligo.run.problem import DENSEST, Problem
from loligo.run.scouting import climbed
from loligo.run.status import Status
from loligo.solvers import Exponential, Solver, Taylor


@dataclass(frozen=True)
class Choice:
    """What was chosen, and what it found.

    Attributes
    ----------
    lane_by_lane
        Whether each lane's step was: then the solver alone does not make the run again.
    """

    solver: Solver
    outcome: Outcome
    lane_by_lane: bool


def run_by_default(problem: Problem, advance: Advance, pace: Pace) -> Choice:
    """Taylor wherever a membrane's problem is smooth between the edges of its stimulus, the knots
    of its samples and the switches of its conditions, where knots are not too dense and lanes not
    too stiff for it; Exponential elsewhere, with the step that each lane's own halving shows to be
    good.

    Raises
    ------
    RunError
        If a single run has no states to begin from, or there is not enough memory.
    """
    why = _dense(problem) if problem.dense else None
    if why is None:
        try:
            outcome = integrate(problem, Taylor(), advance, pace)
        except NotSmoothError:  # what the text alone did not show
            why = "the model is not smooth"
        else:
            outcome.settings |= _told_of_knots(problem)
            lanes = _without_series(problem, outcome)
            return _beside_taylor(problem, outcome, lanes, advance, pace) if lanes.size else (
                Choice(Taylor(), outcome, False)
            )  # fmt: skip
    outcome = climbed(problem, pace, advance)
    outcome.settings["note"] = f"Exponential was chosen because {why}; {_STEPS}"
    return Choice(Exponential(outcome.settings["dt"]), outcome, True)


_STEPS = (
    f"each lane's dt is the first of {HALVINGS} halvings that its own half shows to be good to "
    f"{V_WITHIN:g} mV"
)


def _dense(problem: Problem) -> str:
    return (
        f"samples have up to {problem.knots:,.0f} knots a ms, at each of which a step of Taylor's "
        f"would end: beyond {DENSEST:g} that may cost more than fixed steps as good as 1e-2 mV"
    )


def _told_of_knots(problem: Problem) -> dict[str, str]:
    if not problem.knots:
        return {}
    return {
        "note": f"Taylor was chosen, whose steps end at every knot of the samples: up to "
        f"{problem.knots:,.3g} a ms, where beyond {DENSEST:g} fixed steps may cost less"
    }


def _without_series(problem: Problem, outcome: Outcome) -> Integers:
    """The lanes that were too stiff for Taylor; and, of equations in pieces, those that came to
    where a piece begins without a series, as sqrt(max(0, x)) does."""
    status = np.zeros(0, np.int8) if outcome.status is None else outcome.status
    pieces = any(cells.outline.conditional for cells in problem.cells)
    return np.flatnonzero(np.isin(status, [Status.STIFF, *[Status.DIVERGED] * pieces]))


def _beside_taylor(
    problem: Problem, outcome: Outcome, stiff: Integers, advance: Advance, pace: Pace
) -> Choice:
    """Lanes that Taylor cannot run go another way, each from its beginning."""
    lanes = problem.lanes.size
    status = np.zeros(lanes, np.int8) if outcome.status is None else outcome.status
    why = next(loss.error for loss in outcome.first_lost if loss.status == status[stiff[0]])
    again = climbed(part(problem, stiff), pace, advance)
    put(outcome, stiff, again)
    ends = np.zeros(stiff.size, np.int8) if again.status is None else again.status
    status[stiff] = np.where(ends == Status.FINE, Status.EXPONENTIAL, ends)
    losses = [replace(loss, lane=int(stiff[loss.lane])) for loss in again.first_lost]
    outcome.first_lost = first_of([*outcome.first_lost, *losses], status)
    outcome.status = status
    if outcome.lost_at is not None and again.lost_at is not None:
        outcome.lost_at[stiff] = again.lost_at
    outcome.notes += [note for note in again.notes if note not in outcome.notes]
    note = f"{str(why).partition(';')[0]}; {_STEPS}"
    if stiff.size == lanes:
        outcome.tried = int(outcome.settings.get("steps", 0))
        outcome.error, outcome.settings = again.error, {**again.settings, "note": note}
        outcome.within = again.within
        return Choice(Exponential(again.settings["dt"]), outcome, True)
    if again.error is not None:
        outcome.error = np.full(lanes, np.nan)
        outcome.error[stiff] = again.error
    if "accuracy" not in again.settings:  # Exponential lost all of them as well
        return Choice(Taylor(), outcome, True)
    outcome.within = again.within
    accuracy = accuracy_of_both(
        outcome.settings["accuracy"], stiff.size, again.settings["accuracy"]
    )
    outcome.settings |= {**again.settings, "accuracy": accuracy, "note": note}
    return Choice(Taylor(), outcome, True)


def accuracy_of_both(taylor: str, stiff: int, exponential: str) -> str:
    """What lanes are good to of which some, so many, were too stiff for Taylor."""
    which = f"in the {stiff:,} lanes of status {int(Status.EXPONENTIAL)}"
    return f"{taylor}; {which}, by Exponential, {exponential}"
