"""The reference: SciPy's DOP853, segment by segment, one lane at a time.

Nothing of the compiled path is used: the System's SymPy expressions become Python functions of
their own, the stimulus is asked for its value, and every segment between two breakpoints is
integrated by itself, so that no edge is ever stepped over or smoothed; nor is a switch of a
condition (:mod:`loligo.run.switched`).
"""

# SciPy and SymPy ship no types: what comes out of them is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.engine.engines import ENGINES
from loligo.engine.numpy.kernel import evaluate
from loligo.lanes import Floats
from loligo.program.term import EDGE_TOLERANCE, ROUNDED
from loligo.run.charges import charges_of, ends_at_sample, ledgers
from loligo.run.divergence import Losses, LostError, at_switch
from loligo.run.drive import onto
from loligo.run.initial import initial_states, resting_potential
from loligo.run.loop import Advance
from loligo.run.march import TREMBLES, Crossings, Solution, looks, march, together
from loligo.run.outcome import Outcome
from loligo.run.problem import Problem
from loligo.run.recipes import plain, sources
from loligo.run.spikes import joined_spikes, spikes_of
from loligo.run.tangents import forget, moved_with_jumps
from loligo.run.until import SIGNS, Condition
from loligo.solvers import Reference
from loligo.system.driven import BEGINS, COURSE
from loligo.system.outline import STIMULUS

if TYPE_CHECKING:
    from loligo.run.switched import SlidesError
    from loligo.system.equations import System

_PARTS = 8  # of a step, in each of which a spike is looked for
_NONE: Floats = np.empty(0)


def integrate(problem: Problem, solver: Reference, advance: Advance) -> Outcome:
    """Run a problem with SciPy.

    Raises
    ------
    RunError
        If a single run has no resting potential to start from.
    """
    (cells,) = problem.cells
    # the initial states alone come from a program, evaluated by NumPy
    kernel, _ = ENGINES[solver.engine].kernel(plain(cells.outline), 1)
    begun = initial_states(kernel, cells)
    losses = Losses(problem, begun.status, begun.why)
    functions = _Functions(problem)
    lanes = problem.lanes.size
    values = {n: np.empty((lanes, problem.times.samples)) for n in problem.records}
    noted = np.zeros((len(ledgers(functions.states)), lanes))
    watched: list[Crossings] = []
    for lane in range(lanes):
        run = _Lane(problem, solver, functions, lane, begun.states[:, lane])
        watched.append(run.crossings)
        if losses.lost[lane]:
            continue
        try:
            recorded = run.integrate(lambda part, lane=lane: advance((lane + part) / lanes))
        except LostError as error:
            losses.fail(lane, error, problem.where(lane))
            continue
        noted[:, lane] = run.noted
        for name in problem.records:
            values[name][lane] = recorded[name]
    found = spikes_of(problem, *together(watched, np.array([0]), 1))
    outcome = Outcome(values, *found, notes=begun.notes)
    outcome.status, outcome.first_lost = losses.told()
    outcome.lost_at = losses.when
    outcome.rest = resting_potential(kernel, cells, begun.states)
    outcome.charges = charges_of(problem, noted)
    moved_with_jumps(problem, outcome)
    if begun.unknown is not None:
        forget(problem, outcome, begun.unknown)
    return outcome


class _Changes:
    """How what is done changes with its numbers: the arithmetic of the programs, by NumPy."""

    def __init__(self, problem: Problem, system: System) -> None:
        from loligo.program.arithmetic import Builder
        from loligo.program.edge import inputs_at

        b = Builder()
        every = inputs_at(b, system, sources(problem.driven))
        self.block = b.block({name: every[name] for name in system.changes})
        own = [name for name in self.block.inputs if not name.startswith(".")]
        self.numbers = {name: problem.parameter(name) for name in own}

    def at(self, lane: int, t: Any, middle: Any) -> dict[str, Any]:
        """Input -> its value in one lane, just after a time."""
        numbers = {name: row[lane] for name, row in self.numbers.items()}
        return evaluate(self.block, {**numbers, ".t": t, ".middle": middle})


class _Functions:
    """The system as Python functions of (states, parameters, inputs)."""

    def __init__(self, problem: Problem) -> None:
        import sympy as sp

        from loligo.system.conditions import Conditions
        from loligo.system.numeric import SCALAR, VECTOR
        from loligo.system.symbols import symbol

        system = problem.cells[0].outline.build()
        self.states = system.states
        self.parameters, self.inputs = system.parameters, system.inputs
        arguments = tuple(
            [symbol(name) for name in names]
            for names in (system.states, system.parameters, system.inputs)
        )
        scalar: list[Any] = [SCALAR, "math"]
        courses = [name for name in system.inputs if name.startswith(COURSE)]
        self.conditions = Conditions([*system.states, STIMULUS, *courses])
        rates = [self.conditions.hold(e) for e in system.derivatives.values()]
        held = (*arguments, self.conditions.sides)
        self.rate = sp.lambdify(held, rates, scalar, cse=True)
        self.far = sp.lambdify(held, rates, [VECTOR, "numpy"])
        pairs = [list(each) for each in zip(*self.conditions.pairs, strict=True)] or [[], []]
        self.compared = sp.lambdify(held, pairs, scalar, cse=True)
        # what holds V or draws it somewhere is fast beside what moves under it
        self.fast = len(system.plain.inputs) > 1 + len(courses)
        self.changes = _Changes(problem, system) if system.tangents else None
        self.followers = [system.states.index(s[0]) for s in system.tangents.values()]
        after = [system.jumps.get(s, symbol(s)) for s in system.states]
        self.jump = sp.lambdify(arguments, after, scalar, cse=True) if system.jumps else None
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
        self.numbers = [float(problem.parameter(p)[lane]) for p in functions.parameters]
        self.shapes = [problem.shape_in_lane(i, lane) for i in range(len(problem.driven))]
        # what is on before a run goes on as that begins
        self.begins = {
            name: max(0.0, float(problem.lanes.flat(each.name("start"))[lane]))
            for each in problem.driven for name in each.inputs if name.startswith(BEGINS)
        }  # fmt: skip
        scales = problem.cells[0].outline.scales
        self.edges = self._edges()
        self.checked = 0  # samples, for what ends the run
        self.scale = np.array([scales.get(s, 1.0) for s in functions.states])
        self.start = self._after(0.0, states)
        self.ledgers = ledgers(functions.states)
        self.noted, self.last = self.start[self.ledgers], self.start
        grain = solver.tolerance * TREMBLES
        self.crossings = Crossings(
            np.array([0]), states[:1], problem.times.threshold, problem.depth(grain), grain, _PARTS,
            self._moved if problem.by else None,
        )  # fmt: skip
        self.crossings.jumped(0.0, states[:1], self.start[:1])

    def inputs(self, t: Any) -> list[Any]:
        """What goes into the system, input by input, continuous from the right."""
        told: dict[str, Any] = {}
        if self.f.changes is not None:
            edges = self.edges
            following = edges[np.minimum(np.searchsorted(edges, t, "right"), edges.size - 1)]
            middle = np.where(following > t, 0.5 * (t + following), t + EDGE_TOLERANCE)
            told = self.f.changes.at(self.lane, t, middle)
        return [
            told[name] + 0.0 * t if name in told
            else sum((shape.put(name, t) for shape in self.shapes if name in shape.inputs), 0.0 * t)
            if name not in self.begins
            else np.where(np.abs(t - self.begins[name]) <= EDGE_TOLERANCE, 1.0, 0.0)[()]
            for name in self.f.inputs
        ]  # fmt: skip

    def _moved(self, t: float, states: Floats) -> Floats:
        """How far a spike moves with what the run is differentiated by."""
        slope = self.f.rate(states, self.numbers, self.inputs(t), _NONE)[0]
        return -states[self.f.followers] / slope

    def integrate(self, advance: Advance) -> dict[str, Floats]:
        """Name -> (samples,)."""
        grid = self.problem.times.grid if self.problem.records else np.empty(0)
        look, edges, over = self.crossings.look, self.edges, None
        if self.problem.until is not None:
            edges, over = looks(edges, self.problem.times.sample_interval), self._over
        if self.f.jump is None:
            states = march(edges, grid, self.start, self._segment, look, advance, None, over)
            return self._records(grid, states)
        grid = onto(edges, grid)
        states = march(edges, grid, self.start, self._segment, look, advance, self._enter, over)
        for k in np.flatnonzero(grid >= edges[-1]):
            states[:, k] = self._after(float(edges[-1]), states[:, k])
        if ends_at_sample(self.problem):
            self.noted = self._after(float(edges[-1]), self.last)[self.ledgers]
        return self._records(grid, states)

    def _over(self, samples: int, states: Floats) -> bool:
        """Whether the run has come to an end before its time."""
        until, times = self.problem.until, self.problem.times
        if isinstance(until, Condition):
            fresh = slice(self.checked, samples)
            self.checked = samples
            known = self._records(times.grid[fresh], states[:, fresh])[until.name]
            return bool(SIGNS[until.sign](known, until.value).any())
        assert until is not None, "nothing ends this run before its time"
        lanes = [batch._replace(lane=batch.lane + self.lane) for batch in self.crossings.spikes]
        time, lane = joined_spikes(self.problem, lanes)
        first = until.first(times, {}, (time, lane), self.problem.lanes.size)
        return bool(first[self.lane] < samples)

    def _enter(self, t: float, states: Floats) -> Floats:
        after = self._after(t, states)
        self.crossings.jumped(t, states[:1], after[:1])
        self.noted = after[self.ledgers]
        return after

    def _after(self, t: float, states: Floats) -> Floats:
        """What the states become at an edge."""
        if self.f.jump is None:
            return states
        return np.array(self.f.jump(states, self.numbers, self.inputs(t)), dtype=np.float64)

    def _edges(self) -> Floats:
        end = self.problem.times.duration
        inner = [s.breakpoints(end) for s in self.shapes]
        edges = np.unique(np.concatenate([[0.0, end], *inner]))
        if self.f.jump is None:
            return edges
        # start + duration may miss the next start by rounding: the last of them is the edge
        last = np.append(np.diff(edges) > edges[1:] * ROUNDED, True)
        return edges[last]

    def _segment(self, a: float, b: float, start: Floats) -> Solution:
        from scipy.integrate import DOP853, solve_ivp

        from loligo.run.dense import Dense
        from loligo.run.switched import SlidesError, Way

        numbers, rate = self.numbers, self.f.rate
        method: Any = Dense if self.f.fast else DOP853
        # the stimulus is continuous from the right: at b it is asked for just before
        last = math.nextafter(b, a)
        steady = self.inputs(0.5 * (a + b)) if all(s.still for s in self.shapes) else None

        def derivative(t: float, y: Floats, sides: Floats = _NONE) -> Any:
            inputs = steady or self.inputs(min(t, last))
            try:
                return rate(y, numbers, inputs, sides)
            except OverflowError:  # Python's powers; NumPy's are infinite, and what they divide 0
                return self.f.far(y, np.array(numbers), np.array(inputs), sides)

        def compared(t: float, y: Floats, sides: Floats) -> Any:
            inputs = steady or self.inputs(min(t, last))
            return np.array(self.f.compared(y, numbers, inputs, sides), dtype=np.float64)

        tolerance, told = self.solver.tolerance, self.f.conditions.told
        exact: Any = {"rtol": max(tolerance, 2.3e-14), "atol": tolerance * self.scale}
        try:
            with np.errstate(all="ignore"):
                solution: Any = (
                    Way(derivative, compared, partial(method, **exact), told).solve(a, b, start)
                    if told
                    else solve_ivp(
                        derivative, (a, b), start, method=method, dense_output=True, **exact
                    )
                )
        except SlidesError as stuck:
            raise self._stuck(stuck) from stuck
        except (OverflowError, ValueError, ZeroDivisionError) as problem:
            raise self._failed(a, start, str(problem)) from problem
        if not solution.success or not np.isfinite(solution.y[:, -1]).all():
            raise self._failed(float(solution.t[-1]), solution.y[:, -1], solution.message)
        self.last = solution.y[:, -1]
        return solution

    def _failed(self, t: float, states: Floats, why: str) -> LostError:
        last = ", ".join(f"{n} = {v:.6g}" for n, v in zip(self.f.states, states, strict=True))
        return LostError(
            f"the reference solver failed at t = {t:.6g} ms"
            f"{self.problem.where(self.lane)} ({why}); last values: {last}. "
            "Check the parameters and the stimulus; a stiff model may need "
            "lo.Exponential(dt=0.001)",
            t,
        )

    def _stuck(self, stuck: SlidesError) -> LostError:
        values = dict(zip(self.f.states, stuck.states.tolist(), strict=True))
        where = self.problem.where(self.lane)
        return at_switch(stuck.t, stuck.conditions, stuck.fast, values, where)

    def _records(self, grid: Floats, states: Floats) -> dict[str, Floats]:
        inputs = self.inputs(onto(self.edges, grid))
        with np.errstate(all="ignore"):
            observed = self.f.observe(states, self.numbers, inputs)
        known = dict(zip(self.f.states, states, strict=True))
        others = {**dict(zip(self.f.inputs, inputs, strict=True)),
                  **dict(zip(self.f.observed, observed, strict=True))}  # fmt: skip
        return known | {n: np.broadcast_to(v, grid.shape) for n, v in others.items()}
