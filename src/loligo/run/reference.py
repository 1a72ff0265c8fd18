"""The reference: SciPy's DOP853, segment by segment, one lane at a time.

Nothing of the compiled path is used: the System's SymPy expressions become Python functions of
their own, the stimulus is asked for its value, and every segment between two breakpoints is
integrated by itself, so that no edge is ever stepped over or smoothed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from loligo.engine.kernel import RE_ARM, Floats
from loligo.errors import RunError
from loligo.run.compiled import Outcome, initial_states, resting_potential
from loligo.run.problem import Problem, onto
from loligo.solvers import Reference


def integrate(problem: Problem, solver: Reference, advance: Callable[[float], None]) -> Outcome:
    """Run a problem with SciPy.

    Raises
    ------
    RunError
        If the integration fails or there is no resting potential to start from.
    """
    from loligo.engine.numpy.kernel import NumpyKernel
    from loligo.program.exponential import exponential
    from loligo.system.equations import build

    system = build(problem.membrane)
    # the initial states alone come from a program, evaluated by NumPy
    kernel = NumpyKernel(exponential(system, (), ()))
    states, notes = initial_states(kernel, problem)
    functions = _Functions(system, problem)
    lanes = problem.lanes.size
    values = {n: np.empty((lanes, problem.samples)) for n in problem.records}
    times: list[Floats] = []
    where: list[int] = []
    for lane in range(lanes):
        run = _Lane(problem, solver, functions, lane, states[:, lane])
        found = run.integrate(lambda part, lane=lane: advance((lane + part) / lanes))
        for name in problem.records:
            values[name][lane] = found[name]
        times.append(np.array(run.spikes))
        where += [lane] * len(run.spikes)
    return Outcome(
        values,
        np.concatenate(times),
        np.array(where, dtype=np.int64),
        rest=resting_potential(kernel, problem, states),
        notes=notes,
    )


class _Functions:
    """The system as Python functions of (states, parameters, I_stim)."""

    def __init__(self, system: Any, problem: Problem) -> None:
        import sympy as sp

        from loligo.system.equations import STIMULUS
        from loligo.system.numeric import SCALAR, VECTOR
        from loligo.system.symbols import symbol

        self.states = system.states
        self.parameters = system.parameters
        arguments = (
            [symbol(s) for s in system.states],
            [symbol(p) for p in system.parameters],
            STIMULUS,
        )
        scalar: list[Any] = [SCALAR, "math"]
        self.rate = sp.lambdify(arguments, list(system.derivatives.values()), scalar, cse=True)
        self.observed = [n for n in problem.records if n in system.observables]
        expressions = [system.observables[n] for n in self.observed]
        vector: list[Any] = [VECTOR, "numpy"]
        self.observe = sp.lambdify(arguments, expressions, vector, cse=True)


class _Lane:
    """One cell from beginning to end."""

    def __init__(
        self, problem: Problem, solver: Reference, functions: _Functions, lane: int, states: Floats
    ) -> None:
        self.problem, self.solver, self.f, self.lane = problem, solver, functions, lane
        self.start = states
        self.numbers = [float(problem.parameter(p)[lane]) for p in functions.parameters]
        self.shapes = [problem.shape_in_lane(i, lane) for i in range(len(problem.shapes))]
        self.scale = np.array([problem.scales[s] for s in functions.states])
        self.spikes: list[float] = []
        self.armed = bool(states[0] < problem.threshold)

    def current(self, t: Any) -> Any:
        """The injected current density, continuous from the right."""
        return sum((shape.value(t) for shape in self.shapes), 0.0 * t)

    def integrate(self, advance: Callable[[float], None]) -> dict[str, Floats]:
        """Name -> (samples,)."""
        end = self.problem.duration
        edges = self._edges(end)
        grid = self.problem.times if self.problem.records else np.empty(0)
        states = np.empty((len(self.f.states), len(grid)))
        now = self.start
        for k, (a, b) in enumerate(pairwise(edges)):
            solution = self._segment(float(a), float(b), now)
            mine = (grid >= a) & (grid < b) if b < end else (grid >= a)
            if mine.any():
                states[:, mine] = solution.sol(np.minimum(grid[mine], b))
                states[:, mine & (grid == a)] = now[:, None]
            self._find_spikes(solution)
            now = solution.y[:, -1]
            if k % 16 == 0:
                advance(float(b) / end)
        return self._records(grid, states)

    def _edges(self, end: float) -> Floats:
        inner = [s.breakpoints(end) for s in self.shapes]
        return np.unique(np.concatenate([[0.0, end], *inner]))

    def _segment(self, a: float, b: float, start: Floats) -> Any:
        from scipy.integrate import solve_ivp

        numbers, rate = self.numbers, self.f.rate
        # the stimulus is continuous from the right: at b it is asked for just before
        last = math.nextafter(b, a)
        steady = self._constant(a, b, last)

        def derivative(t: float, y: Floats) -> Any:
            current = steady if steady is not None else float(self.current(min(t, last)))
            return rate(y, numbers, current)

        tolerance = self.solver.tolerance
        try:
            with np.errstate(all="ignore"):
                solution: Any = solve_ivp(
                    derivative, (a, b), start, method="DOP853", dense_output=True,
                    rtol=max(tolerance, 2.3e-14), atol=tolerance * self.scale,
                )  # fmt: skip
        except (OverflowError, ValueError, ZeroDivisionError) as problem:
            raise self._failed(a, start, str(problem)) from problem
        if not solution.success or not np.isfinite(solution.y[:, -1]).all():
            raise self._failed(float(solution.t[-1]), solution.y[:, -1], solution.message)
        return solution

    def _constant(self, a: float, b: float, last: float) -> float | None:
        """The current of a segment in which it does not change."""
        probes = [float(self.current(t)) for t in (a, 0.5 * (a + b), last)]
        flat = all(s.kind in ("pulse", "step", "pulse_train") for s in self.shapes)
        return probes[1] if flat else None

    def _failed(self, t: float, states: Floats, why: str) -> RunError:
        last = ", ".join(f"{n} = {v:.6g}" for n, v in zip(self.f.states, states, strict=True))
        return RunError(
            f"the reference solver failed at t = {t:.6g} ms"
            f"{self.problem.in_lane(self.lane)} ({why}); last values: {last}. "
            "Check the parameters and the stimulus; a stiff model may need lo.Exponential(dt=0.001)"
        )

    def _find_spikes(self, solution: Any) -> None:
        """Upward crossings of the threshold, on the continuous solution of the segment."""
        from scipy.optimize import brentq

        level = self.problem.threshold
        for a, b in pairwise(solution.t):
            # DOP853's steps are long beside a spike: look inside them too
            inside = np.linspace(a, b, 9)
            v = solution.sol(inside)[0]
            for i in range(8):
                if self.armed and v[i] < level <= v[i + 1]:
                    time: Any = brentq(
                        lambda t: solution.sol(t)[0] - level, inside[i], inside[i + 1], xtol=1e-12
                    )
                    self.spikes.append(float(time))
                    self.armed = False
                if v[i + 1] < level - RE_ARM:
                    self.armed = True

    def _records(self, grid: Floats, states: Floats) -> dict[str, Floats]:
        times = onto(self._edges(self.problem.duration), grid)
        current = np.broadcast_to(np.asarray(self.current(times), float), grid.shape)
        with np.errstate(all="ignore"):
            observed = self.f.observe(states, self.numbers, current)
        found = dict(zip(self.f.states, states, strict=True))
        found |= {
            n: np.broadcast_to(v, grid.shape)
            for n, v in zip(self.f.observed, observed, strict=True)
        }
        return {**found, "I_stim": current}
