"""From what was asked to what was found, whatever the model and the solver."""

from __future__ import annotations

from dataclasses import dataclass, replace

from loligo import solvers
from loligo.errors import UsageError
from loligo.program.recipe import NotSmoothError
from loligo.run.compiled import Stopwatch, integrate, kernels_of
from loligo.run.default import run_by_default
from loligo.run.divergence import counts_of, told_of_all
from loligo.run.ended import let_stand, whole_before
from loligo.run.ending import cut
from loligo.run.loop import Advance
from loligo.run.outcome import Outcome, blank_lost
from loligo.run.pace import Pace
from loligo.run.problem import Problem, Uncut
from loligo.run.rig import coarse
from loligo.run.status import lost
from loligo.solvers import Solver


@dataclass(frozen=True)
class Answer:
    """A problem, the solver that ran it, and what it found.

    Attributes
    ----------
    lane_by_lane
        Whether that was chosen lane by lane, so that the solver alone does not make it again.
    ended
        How many lanes came to an end before their time, where that was asked for.
    duration
        How long the run was to be, then.
    """

    problem: Problem
    solver: Solver
    outcome: Outcome
    lane_by_lane: bool = False
    ended: int | None = None
    duration: float | None = None


def solve(asked: Problem | Uncut, solver: Solver | None, advance: Advance, pace: Pace) -> Answer:
    """Run what was asked.

    Parameters
    ----------
    solver
        None for the best that there is for it.
    advance
        Called with the fraction done.

    Raises
    ------
    LoligoError
        If the solver cannot run such a problem, or where and when a single run failed.
    """
    if isinstance(asked, Uncut):
        answer = _solve_axon(asked, solver, advance, pace)
    else:
        answer = _solve_membrane(asked, solver, advance, pace)
    if answer.problem.until is not None:
        _spare(answer, solver, pace)
    _tell_of_lost(answer.problem, answer.outcome)
    if answer.problem.until is None:
        return answer
    problem, ended = cut(answer.problem, answer.outcome)
    whole = answer.problem.times.duration
    return replace(answer, problem=problem, ended=ended, duration=whole)


def decided(asked: Problem | Uncut, solver: Solver | None) -> Problem | Uncut:
    """With what follows from all lanes together: how finely axons are cut and stepped."""
    if not isinstance(asked, Uncut) or asked.fineness is not None:
        return asked
    from loligo.run.axon.cut import fineness_of

    stepped = solver or solvers.Exponential()
    kernels, _ = kernels_of(asked, stepped, Pace())
    return replace(asked, fineness=fineness_of(asked, kernels, stepped.engine))


def _spare(answer: Answer, solver: Solver | None, pace: Pace) -> None:
    """Lanes of a membrane that had come to their own end before they were lost are not lost: what
    is kept of them does not depend on how far beyond it they happened to be taken."""
    problem, outcome = answer.problem, answer.outcome
    for lanes, shorter in whole_before(problem, outcome):
        found = _solve_membrane(shorter, solver, lambda _: None, pace).outcome
        if not lost(found.status, lanes.size).any():
            let_stand(problem, outcome, lanes, shorter, found)


def _tell_of_lost(problem: Problem, outcome: Outcome) -> None:
    """A single run raises; of a sweep the others have their values."""
    if outcome.status is None or not lost(outcome.status, problem.lanes.size).any():
        return
    if not problem.lanes.dims:
        raise outcome.first_lost[0].error
    blank_lost(problem, outcome)
    outcome.notes.append(told_of_all(counts_of(outcome.status), outcome.first_lost))


def _solve_membrane(asked: Problem, solver: Solver | None, advance: Advance, pace: Pace) -> Answer:
    if asked.by:
        solver = _for_derivatives(asked, solver)
    if solver is None:
        choice = run_by_default(asked, advance, pace)
        return Answer(asked, choice.solver, choice.outcome, choice.lane_by_lane)
    if isinstance(solver, solvers.Reference):
        from loligo.run.reference import integrate as refer

        return Answer(asked, solver, refer(asked, solver, advance))
    refuse_on_gpu(asked, solver)
    try:
        outcome = integrate(asked, solver, advance, pace)
        if isinstance(solver, solvers.Exponential):
            outcome.notes += filter(None, [coarse(asked, solver.dt)])
        return Answer(asked, solver, outcome)
    except NotSmoothError as obstacle:  # what the text alone did not show
        raise UsageError(_not_smooth(f"the model has {obstacle} in it")) from None


def _for_derivatives(asked: Problem, solver: Solver | None) -> Solver:
    """What is differentiated is a series; by steps of one length, derivatives would be those of
    the steps."""
    if solver is None:
        return solvers.Taylor()
    if isinstance(solver, solvers.Exponential):
        raise UsageError(
            f"sensitivities are computed by lo.Taylor and lo.Reference, not by {solver!r}: leave "
            "the solver out"
        )
    if isinstance(solver, solvers.Reference) and asked.cells[0].outline.conditional:
        raise UsageError(
            "sensitivities of equations with conditions are computed by lo.Taylor, which steps to "
            "where they change: leave the solver out"
        )
    if solver.engine == "cuda":
        raise UsageError(
            "sensitivities are computed on the processor, not on a GPU: leave engine='cuda' out"
        )
    return solver


def _not_smooth(obstacle: str) -> str:
    return (
        f"lo.Taylor needs equations that are smooth between edges, but {obstacle}; "
        "use solver=lo.Exponential(dt=0.01), or none: it is chosen by itself"
    )


def refuse_on_gpu(asked: Problem, solver: Solver | None) -> None:
    """What goes along sampled stimuli with steps of its own is not for a GPU."""
    sampled = next((shape for shape in asked.shapes if shape.sampled), None)
    if isinstance(solver, solvers.Taylor) and solver.engine == "cuda" and sampled is not None:
        raise UsageError(
            f"lo.Taylor on a GPU takes no noise and no samples, and {sampled!r:.80} is one of "
            "them; leave engine='cuda' out, or use solver=lo.Exponential(dt=0.001, engine='cuda')"
        )


def refuse_for_axons(solver: Solver | None) -> None:
    """What steps compartments together, and how, is not every solver's."""
    if isinstance(solver, solvers.Taylor):
        raise UsageError(
            "lo.Taylor runs single membranes; an axon's compartments are stepped together: use "
            "solver=lo.Exponential(dt=0.01), or none"
        )
    if solver is not None and solver.engine == "cuda":
        raise UsageError(
            "axons are computed on the processor, not on a GPU: leave engine='cuda' out"
        )
    if isinstance(solver, solvers.Exponential) and solver.precision != "float64":
        raise UsageError(
            f"axons are computed in float64, not in {solver.precision}: leave precision out"
        )


def _solve_axon(asked: Uncut, solver: Solver | None, advance: Advance, pace: Pace) -> Answer:
    """The membranes' kernels say how fast an impulse rises, and so how finely the axon is cut
    and, if nothing else was asked for, stepped."""
    from loligo.run.axon.cut import cut_to_pieces
    from loligo.run.axon.placed import at_places

    clock = Stopwatch()
    stepped = solver or solvers.Exponential()
    kernels, origin = kernels_of(asked, stepped, pace)
    clock.stage(f"kernel ({origin})")
    problem = cut_to_pieces(asked, kernels, stepped.engine)
    chosen = solver or solvers.Exponential(dt=problem.along.dt)
    if isinstance(chosen, solvers.Reference):
        from loligo.run.axon.reference import integrate as refer

        outcome = refer(problem, chosen, kernels, advance)
    else:
        outcome = integrate(problem, chosen, advance, pace, kernels)
    outcome = at_places(problem, outcome)
    outcome.timings = {**clock.stages, **outcome.timings}
    return Answer(problem, chosen, outcome)
