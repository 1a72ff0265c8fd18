"""From what was asked to what was found, whatever the model and the solver."""

from __future__ import annotations

from dataclasses import dataclass

from loligo import solvers
from loligo.errors import UsageError
from loligo.program.recipe import NotSmoothError
from loligo.run.compiled import Stopwatch, integrate, kernels_of
from loligo.run.loop import Advance
from loligo.run.outcome import Outcome
from loligo.run.pace import Pace
from loligo.run.problem import Problem, Uncut
from loligo.solvers import Solver


@dataclass(frozen=True)
class Answer:
    """A problem, the solver that ran it, and what it found."""

    problem: Problem
    solver: Solver
    outcome: Outcome


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
        If the solver cannot run such a problem, or where and when the run failed.
    """
    if isinstance(asked, Uncut):
        return _solve_axon(asked, solver, advance, pace)
    chosen = _choose(solver, asked)
    try:
        outcome = _run(asked, chosen, advance, pace)
    except NotSmoothError as obstacle:  # what the text alone did not show
        if solver is not None:
            raise UsageError(_not_smooth(f"the model has {obstacle} in it")) from None
        chosen = solvers.Exponential()
        outcome = _run(asked, chosen, advance, pace)
    if solver is None and isinstance(chosen, solvers.Exponential):
        why = asked.obstacle or "the model is not smooth"
        outcome.settings["note"] = f"Exponential was chosen because {why}"
    return Answer(asked, chosen, outcome)


def _run(problem: Problem, solver: Solver, advance: Advance, pace: Pace) -> Outcome:
    if isinstance(solver, solvers.Reference):
        from loligo.run.reference import integrate as refer

        return refer(problem, solver, advance)
    return integrate(problem, solver, advance, pace)


def _choose(solver: Solver | None, problem: Problem) -> Solver:
    """Taylor wherever the problem is smooth between the edges of its stimulus."""
    if solver is None:
        return solvers.Taylor() if problem.obstacle is None else solvers.Exponential()
    if isinstance(solver, solvers.Taylor) and problem.obstacle is not None:
        raise UsageError(_not_smooth(problem.obstacle))
    return solver


def _not_smooth(obstacle: str) -> str:
    return (
        f"lo.Taylor needs equations that are smooth between edges, but {obstacle}; "
        "use solver=lo.Exponential(dt=0.01), or none: it is chosen by itself"
    )


def refuse_for_axons(solver: Solver | None) -> None:
    """What steps compartments together, and how, is not every solver's."""
    if isinstance(solver, solvers.Taylor):
        raise UsageError(
            "lo.Taylor runs single membranes; an axon's compartments are stepped together: use "
            "solver=lo.Exponential(dt=0.01), or none"
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
