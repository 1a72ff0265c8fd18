"""A compiled run, read top down: program, kernel, states, course, loop, outcome.

It is the same for independent lanes and for coupled compartments: a solver says by its recipe
which program is written, the engine prints it, and the scheme says which course is taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from loligo.engine.engines import ENGINES
from loligo.engine.kernel import Kernel
from loligo.lanes import Floats
from loligo.run.adaptive import AdaptiveCourse
from loligo.run.charges import charges_of
from loligo.run.divergence import Losses
from loligo.run.ending import watched
from loligo.run.fixed import FixedCourse
from loligo.run.initial import Initials, initial_states, resting_potential
from loligo.run.loop import Advance, Course, loop
from loligo.run.outcome import Outcome
from loligo.run.pace import Pace
from loligo.run.problem import Problem, Uncut
from loligo.run.recipes import recipes_of
from loligo.run.spikes import spikes_of
from loligo.run.tangents import forget, moved_with_jumps
from loligo.solvers import Exponential, Solver, Taylor

if TYPE_CHECKING:
    from loligo.run.axon.rest import Beginning

# the solver -> the course that its kernel takes, where lanes are independent of each other
COURSES: Mapping[type[Solver], Callable[..., Course]] = {
    Exponential: FixedCourse,
    Taylor: AdaptiveCourse,
}


def integrate(
    problem: Problem, solver: Any, advance: Advance, pace: Pace,
    kernels: Sequence[Kernel] | None = None, initials: Initials | None = None,
) -> Outcome:  # fmt: skip
    """Run a problem with a compiled solver.

    Lanes that are lost are told by the outcome's status; what they hold means nothing.

    Parameters
    ----------
    advance
        Called with the fraction done.
    kernels
        Of each group of cells, where they are known.
    initials
        Where the lanes of a membrane begin, where that is known.

    Raises
    ------
    RunError
        If a single run has no states to begin from.
    NotSmoothError
        If the model or the stimulus has no power series between edges, and the solver needs one.
    """
    clock = Stopwatch()
    if kernels is None:
        kernels, origin = kernels_of(problem, solver, pace)
        clock.stage(f"kernel ({origin})")
    if any(kernel.alone for kernel in kernels):
        pace = pace.alone()
    course, begun, rest = _begun(problem, solver, kernels, initials, pace)
    clock.stage("initial state")
    loop(course, advance, pace, watched(problem))
    clock.stage("steps")
    found = spikes_of(problem, course.spikes, course.swings, course.voltage())
    outcome = Outcome(course.values(), *found)
    outcome.clamped, outcome.facing = course.clamped(), course.facing
    outcome.charges = charges_of(problem, course.noted())
    moved_with_jumps(problem, outcome)
    if isinstance(begun, Initials) and begun.unknown is not None:
        forget(problem, outcome, begun.unknown)
    outcome.rest = rest()
    outcome.status, outcome.first_lost = course.losses.told()
    outcome.lost_at = course.losses.when
    outcome.notes += begun.notes
    outcome.settings = dict(course.settings)
    if problem.until is not None:  # how many were taken depends on when the loop was told
        outcome.settings.pop("steps", None)
    clock.stage("rest and spikes")
    outcome.timings = clock.stages
    return outcome


def kernels_of(asked: Problem | Uncut, solver: Any, pace: Pace) -> tuple[list[Kernel], str]:
    """The kernels of what was asked, one for each group of cells, and where the last came from."""
    engine, lanes = ENGINES[solver.engine], max(asked.lanes.size, pace.as_many)
    made = [engine.kernel(recipe, lanes, pace.width) for recipe in recipes_of(asked, solver)]
    return [kernel for kernel, _ in made], made[-1][1]


def _begun(
    problem: Problem, solver: Any, kernels: Sequence[Kernel], initials: Initials | None, pace: Pace
) -> tuple[Course, Initials | Beginning, Callable[[], Floats | None]]:
    """The course about to begin, where it does, and what finds the resting potential."""
    if problem.geometry is not None:
        from loligo.run.axon.coupled import CoupledCourse
        from loligo.run.axon.rest import begin

        beginning = begin(problem, kernels)
        course = CoupledCourse(problem, solver, kernels, beginning, pace)
        return course, beginning, lambda: beginning.recorded(problem)
    (kernel,), (cells,) = kernels, problem.cells
    begun = initials or initial_states(kernel, cells)
    losses = Losses(problem, begun.status, begun.why)
    course = COURSES[type(solver)](problem, solver, kernel, begun.states, losses, pace)
    if initials is not None:  # who knows it has sought the rest too
        return course, begun, lambda: None
    return course, begun, lambda: resting_potential(kernel, cells, begun.states)


class Stopwatch:
    """How long the stages of a run take, s."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self.last = time.perf_counter()

    def stage(self, name: str) -> None:
        """What ended now."""
        now = time.perf_counter()
        self.stages[name], self.last = now - self.last, now
