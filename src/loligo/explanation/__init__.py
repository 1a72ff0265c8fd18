"""One equation through all the stages, as they really are: :func:`explain`; and what a step costs.

Nothing is made for show: the lines come from the model, the System, the drafts and passes of the
solvers, and the engine, and the numbers from their arithmetic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loligo.errors import UsageError
from loligo.explanation.page import Explanation, Part, Stage

if TYPE_CHECKING:
    from loligo.program.cost import Cost
    from loligo.solvers import Solver
    from loligo.stimulus.base import Stimulus

__all__ = ["Explanation", "Part", "Stage", "cost", "explain"]


def explain(model: Any, name: str | None = None, solver: Solver | None = None) -> Explanation:
    """Show what becomes of an equation: from the paper's text to the machine code.

    Parameters
    ----------
    model : Membrane
    name : str, optional
        ``"V"``, a gate, a state, a helper, a current ``"I_Na"``, a conductance ``"G_Na"`` or a
        channel ``"Na"``. Without one: what the model has, and what a step of it costs.
    solver : Exponential or Taylor, optional
        Of which solver; by default of both, the Taylor program in short.

    Returns
    -------
    Explanation
        Its ``stages`` have a title, text, lines and LaTeX. ``print`` sets it for a terminal, a
        notebook shows it typeset.

    Raises
    ------
    UsageError
        If there is no such name; the nearest are offered. If the model is an axon.

    Examples
    --------
    >>> import loligo as lo
    >>> told = lo.explain(lo.load("hodgkin-huxley-1952"), "m")
    >>> [stage.title for stage in told.stages][:2]
    ["1  The paper's text", '2  The differential equation']
    >>> print(told.stages[0].lines[0])
    dm/dt   = phi [alpha_m (1 − m) − beta_m m]
    """
    from loligo.explanation import equation, programs, steps
    from loligo.explanation.overview import overview
    from loligo.explanation.subject import meant, subject

    asked, solvers = subject(model), _solvers(solver)
    if name is None:
        return overview(asked, solvers)
    one = meant(asked, name)
    facts = asked.outline.about[one]
    return Explanation(
        f"{one} of {asked.title}: {facts['long_name']}, from the paper to the processor",
        (
            equation.paper(asked, one),
            equation.ode(asked, one),
            steps.steps(asked, one, solvers),
            programs.program(asked, one, solvers),
            programs.machine(asked, one, solvers[0]),
        ),
    )


def cost(model: Any, stimulus: Stimulus | None = None, tolerance: float = 1e-8) -> list[Cost]:
    """How many operations a step of a model takes, before and after each transformation of the
    program that makes it cheaper.

    Parameters
    ----------
    model : Membrane
    stimulus : Stimulus, optional
        By default a step of current.
    tolerance : float
        Of the Taylor solver, whose order follows from it.

    Returns
    -------
    list of Cost
        Row by row: solver, transformation, counts by kind, total. A model without a power series
        has rows for the exponential scheme alone.

    Examples
    --------
    >>> import loligo as lo
    >>> rows = cost(lo.load("hodgkin-huxley-1952"))
    >>> rows[0].transformation, rows[0].counts["function"]
    ('as written', 22)
    """
    from loligo.explanation.overview import count
    from loligo.explanation.subject import subject

    return count(subject(model, stimulus), tolerance)


def _solvers(given: Any) -> tuple[Solver, ...]:
    """Those that are explained."""
    from loligo.solvers import Exponential, Reference, Taylor

    if given is None:
        return Exponential(), Taylor()
    if isinstance(given, Reference):
        raise UsageError(
            "lo.Reference has no program of its own: SciPy integrates the differential equation as "
            "it is in stage 2; solver may be lo.Exponential() or lo.Taylor()"
        )
    if not isinstance(given, Exponential | Taylor):
        raise UsageError(
            f"solver must be lo.Exponential(dt=0.01) or lo.Taylor(1e-8), not {given!r:.60}"
        )
    return (given,)
