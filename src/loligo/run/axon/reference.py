"""The reference for axons: the method of lines through SciPy, one axon at a time.

Nothing of the compiled path is used after the initial states: the System's SymPy expressions
become NumPy functions of all compartments at once, axial currents are differences, and the
whole is integrated by LSODA, a stiff method of variable order with a banded Jacobian (Hindmarsh
1983; Petzold 1983), between the edges of the stimulus.
"""

# SciPy and SymPy ship no types: what comes out of them is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from loligo.engine.kernel import Kernel
from loligo.lanes import Floats
from loligo.run.axon.clamps import held, through
from loligo.run.axon.compartments import shares
from loligo.run.axon.coupled import joined
from loligo.run.axon.currents import by_point, place_of
from loligo.run.axon.electrodes import electrodes
from loligo.run.axon.openings import openings
from loligo.run.axon.rest import Beginning, begin
from loligo.run.axon.shocks import charges
from loligo.run.divergence import Losses, LostError
from loligo.run.drive import Drive, onto
from loligo.run.geometry import Patch
from loligo.run.loop import Advance
from loligo.run.march import TREMBLES, Crossings, Solution, looks, march, together
from loligo.run.outcome import Outcome
from loligo.run.problem import Problem
from loligo.run.spikes import spikes_of
from loligo.run.until import Spikes
from loligo.solvers import Reference

_PARTS = 4  # of a step, in each of which V turns once at most: LSODA's are short


def integrate(
    problem: Problem, solver: Reference, kernels: Sequence[Kernel], advance: Advance
) -> Outcome:
    """Run axons with SciPy.

    Parameters
    ----------
    kernels
        Of the patches' membranes: the initial states alone come from them.

    Raises
    ------
    RunError
        If a single run of one membrane has no resting state to start from.
    """
    beginning = begin(problem, kernels)
    parts = [_Membrane(patch, problem) for patch in problem.along.patches]
    runs: list[_Run] = []
    losses = Losses(problem, beginning.status, beginning.why)
    for axon in range(problem.lanes.size):
        run = _Run(problem, solver, parts, beginning, axon)
        runs.append(run)
        if losses.lost[axon]:
            continue
        try:
            run.integrate(beginning.voltage[axon], [s[:, axon] for s in beginning.states], advance)
        except LostError as error:
            losses.fail(axon, error, problem.where(axon))
    shape = (problem.times.samples, problem.lanes.size, -1)
    values = [
        [np.stack([run.values[i][k] for run in runs], axis=1).reshape(shape)
         for k in range(len(part.records))]
        for i, part in enumerate(parts)
    ]  # fmt: skip
    rows = joined(problem, [p.records for p in parts], values)
    along = problem.along
    watched = together([run.crossings for run in runs], along.recorded, along.parts.count)
    outcome = Outcome(rows, *spikes_of(problem, *watched))
    outcome.status, outcome.first_lost = losses.told()
    outcome.rest = beginning.recorded(problem)
    if problem.clamps:
        outcome.clamped = np.stack([run.clamped for run in runs])
    outcome.facing = np.stack([run.facing for run in runs])
    outcome.notes += beginning.notes
    outcome.settings = problem.along.settings
    return outcome


class _Membrane:
    """A patch's equations as functions of (V, states, parameters), all compartments at once."""

    def __init__(self, patch: Patch, problem: Problem) -> None:
        import sympy as sp

        from loligo.system.equations import STIMULUS
        from loligo.system.numeric import VECTOR
        from loligo.system.symbols import symbol

        outline, system = patch.cells.outline, patch.cells.outline.build()
        self.patch, self.states, self.scales = patch, system.states, outline.scales
        self.records = patch.cells.records
        arguments = ([symbol(s) for s in system.states], [symbol(p) for p in system.parameters])
        modules: list[Any] = [VECTOR, "numpy"]
        rates = [system.current, *list(system.derivatives.values())[1:]]
        self.rates = sp.lambdify(arguments, rates, modules, cse=True)
        observed = [n for n in self.records if n in system.observables]
        expressions = [system.observables[n].subs(STIMULUS, 0) for n in observed]
        self.observed = observed
        self.observe = sp.lambdify(arguments, expressions, modules, cse=True)
        flat = [patch.cells.lanes.flat(name) for name in system.parameters]
        self.parameters = [row.reshape(problem.lanes.size, -1) for row in flat]
        self.sampled = np.flatnonzero(np.isin(patch.place, problem.along.recorded))

    def at(self, axon: int) -> list[Floats]:
        return [row[axon] for row in self.parameters]


class _Run:
    """One axon from beginning to end. The unknowns of a compartment lie side by side, V first,
    so that the Jacobian is banded."""

    def __init__(
        self, problem: Problem, solver: Reference, parts: list[_Membrane], beginning: Beginning,
        axon: int,
    ) -> None:  # fmt: skip
        self.problem, self.solver, self.parts, self.axon = problem, solver, parts, axon
        self.line, self.points = beginning.line, beginning.points
        self.area, self.capacity = self.line.area[axon], self.line.capacity[axon]
        self.electrodes = electrodes(problem)
        self._hold(0.0)
        self.width = max(len(part.states) for part in parts)
        self.numbers = [part.at(axon) for part in parts]
        self.shapes, self.openings = self._shapes(), openings(problem)
        self.where = [place_of(shapes[0]) for shapes in by_point(problem.driven)]
        self.shocks = charges(problem)
        grain, recorded = solver.tolerance * TREMBLES, problem.along.recorded
        self.crossings = Crossings(
            recorded * self.width, beginning.voltage[axon, recorded], problem.times.threshold,
            problem.depth(grain), grain, _PARTS,
        )  # fmt: skip
        samples = problem.times.samples  # not a number where the run comes to nothing
        self.values = [
            [np.full((samples, part.sampled.size), np.nan) for _ in part.records] for part in parts
        ]
        self.clamped = np.full((len(self.electrodes), samples), np.nan)
        self.facing = np.full((len(self.openings), samples), np.nan)
        scale = np.ones((problem.along.parts.count, self.width))
        for part in parts:
            for k, name in enumerate(part.states):
                scale[part.patch.place, k] = part.scales[name]
        self.scale = scale.ravel()

    def _shapes(self) -> list[tuple[dict[int, float], list[Any]]]:
        """For each point the weights of its compartments, and its currents."""
        drive, points = Drive(self.problem), list[tuple[dict[int, float], list[Any]]]()
        for shapes in by_point(self.problem.driven):
            currents: list[Any] = []
            for each in shapes:
                paths, which = drive.paths(each)
                currents.append(paths[which[self.axon]])
            weights = shares(self.problem.along.parts, place_of(shapes[0]))
            points.append(({k: float(w[self.axon]) for k, w in weights.items()}, currents))
        return points

    def _hold(self, time: float) -> None:
        """What clamps add just after a time."""
        on = self.on = [e.at(time) for e in self.electrodes]
        points, link = held(self.points, self.line, self.electrodes, on)
        self.coupled = replace(self.line, link=link)
        self.held, self.potential = points.conductance[self.axon], points.potential[self.axon]

    def derivative(self, t: float, y: Floats, last: float) -> Floats:
        """d(unknowns)/dt; the stimulus, continuous from the right, is asked before ``last``."""
        cells = y.reshape(-1, self.width)
        rates = np.zeros_like(cells)
        v = cells[:, 0]
        inward = np.zeros_like(v)
        for part, numbers in zip(self.parts, self.numbers, strict=True):
            place = part.patch.place
            rows = [cells[place, k] for k in range(len(part.states))]
            current, *changes = part.rates(rows, numbers)
            inward[place] = -self.area[place] * current
            for k, change in enumerate(changes, start=1):
                rates[place, k] = change
        inward = self.coupled.inflow(self.axon, v, onto=inward)
        across = self._opened(min(t, last), v, inward)
        place = self.points.place
        inward[place] += self.held * (self.potential - v[place])
        for e, on in zip(self.electrodes, self.on, strict=True):
            if e.moves:
                moved = e.moved(np.array([min(t, last)]), beside=0.0)[0]
                inward[list(e.compartments)] += e.towards(on, moved)[self.axon]
        for (weights, shapes), where in zip(self.shapes, self.where, strict=True):
            injected = sum(float(shape.value(min(t, last))) for shape in shapes)
            for k, weight in weights.items():
                inward[k] += weight * injected / across.get(where, 1.0)
        rates[:, 0] = inward / self.capacity
        if not np.isfinite(rates).all():  # LSODA would try ever shorter steps, without end
            raise self._lost(t, cells, rates)
        return rates.ravel()

    def _opened(self, t: float, v: Floats, inward: Floats) -> dict[float, float]:
        """What flows in through conductances; and, by place, by how much less a current does."""
        across: dict[float, float] = {}
        for each in self.openings:
            g, driven = each.of_axon(self.axon, t)
            across[each.place] = 1.0 + g * float(each.resistance[self.axon])
            for k, weights in each.shares.items():
                inward[k] += float(weights[self.axon]) * (driven - g * v[k]) / across[each.place]
        return across

    def _lost(self, t: float, cells: Floats, rates: Floats) -> LostError:
        """Which rate or state is not finite, and where."""
        broken = ~np.isfinite(cells) if not np.isfinite(cells).all() else ~np.isfinite(rates)
        # V follows what feeds it: the first of the other states is where it began
        order = [*range(1, self.width), 0]
        place, k = next((int(np.argmax(broken[:, k])), k) for k in order if broken[:, k].any())
        name = next(part.states[k] for part in self.parts if place in part.patch.place)
        value = cells[place, k]
        what = f"d{name}/dt is not finite at {name} = {value:.6g}"
        what = what if np.isfinite(value) else f"{name} is no longer finite"
        return LostError(
            f"the reference solver failed at t = {t:.6g} ms: {what}"
            f"{self.problem.where(self.axon, place)}. Check the parameters and the stimulus",
            t,
        )

    def integrate(self, voltage: Floats, states: list[Floats], advance: Advance) -> None:
        cells = np.zeros((voltage.size, self.width))
        cells[:, 0] = voltage
        for part, rows in zip(self.parts, states, strict=True):
            cells[part.patch.place, 1 : 1 + len(rows)] = rows.T
        times, axons = self.problem.times, self.problem.lanes.size
        edges = self._edges(times.duration)
        start = self._enter(0.0, cells.ravel())
        grid = onto(edges, times.grid) if self.shocks else times.grid
        spikes = isinstance(self.problem.until, Spikes) and self.problem.along.places is None
        sampled = march(
            looks(edges, times.sample_interval) if spikes else edges, grid, start, self._segment,
            self.crossings.look, lambda part: advance((self.axon + part) / axons),
            self._enter if self.shocks else None, self._over if spikes else None,
        )  # fmt: skip
        self._record(sampled)
        for i, each in enumerate(self.openings):
            v = np.stack([w[self.axon] * sampled[k * self.width] for k, w in each.shares.items()])
            self.facing[i] = v.sum(axis=0)
        self.clamped = self._clamped(sampled[:: self.width])

    def _over(self, samples: int, states: Floats) -> bool:
        """Whether so many spikes have passed every recorded place."""
        until, places = self.problem.until, self.problem.along.recorded.size
        assert isinstance(until, Spikes), "of values it is known afterwards"
        found = [(b.time, b.lane) for b in self.crossings.spikes] or [(np.empty(0), np.empty(0))]
        time, lane = (np.concatenate(rows) for rows in zip(*found, strict=True))
        first = until.first(self.problem.times, {}, (time, lane.astype(np.int64)), places)
        return bool(first.max() < samples)

    def _enter(self, t: float, states: Floats) -> Floats:
        """What the states become where a charge comes."""
        after = states.copy()
        for start, given in self.shocks:
            if start[self.axon] == t:
                for k, charge in given.items():
                    after[k * self.width] += charge[self.axon] / self.capacity[k]
        rows = self.crossings.rows
        if (after != states).any():
            self.crossings.jumped(t, states[rows], after[rows])
        return after

    def _edges(self, end: float) -> Floats:
        inner = [s.breakpoints(end) for _, shapes in self.shapes for s in shapes]
        inner += [np.clip(e.start[:, self.axon], 0.0, end) for e in self.electrodes]
        inner += [knots for e in self.electrodes for knots in e.knots(self.axon, end)]
        inner += [np.clip(e.stop[:, self.axon], 0.0, end) for e in self.electrodes]
        return np.unique(np.concatenate([[0.0, end], *inner]))

    def _clamped(self, voltage: Floats) -> Floats:
        """(electrodes, samples), nA."""
        end, times = self.problem.times.duration, self.problem.times
        currents = np.zeros((len(self.electrodes), times.samples))
        for i, e in enumerate(self.electrodes):
            for k, t in enumerate(times.grid):
                on = e.at(float(t) if t < end else float(np.nextafter(end, 0.0)))
                moved = e.moved(np.array([t]), after=t < end)[0]
                v = voltage[list(e.compartments), k]
                currents[i, k] = through(e, on, v, moved)[self.axon]
        return currents

    def _segment(self, a: float, b: float, start: Floats) -> Solution:
        from scipy.integrate import solve_ivp

        self._hold(a)
        last = float(np.nextafter(b, a))
        tolerance = max(self.solver.tolerance, 1e-12)
        band = min(self.width, start.size - 1)
        try:
            with np.errstate(all="ignore"):
                solution: Any = solve_ivp(
                    self.derivative, (a, b), start, method="LSODA", dense_output=True,
                    args=(last,), rtol=tolerance, atol=tolerance * self.scale,
                    lband=band, uband=band,
                )  # fmt: skip
        except ValueError as problem:  # of steps too short to be told apart
            raise LostError(
                f"the reference solver failed at t = {a:.6g} ms{self.problem.where(self.axon)} "
                f"({problem}); what is done to the axon there lasts {b - a:.3g} ms: make that "
                "longer, or take lo.Exponential()",
                a,
            ) from problem
        end = solution.y[:, -1]
        if not np.isfinite(end).all():
            cells = end.reshape(-1, self.width)
            raise self._lost(float(solution.t[-1]), cells, cells)
        if not solution.success:
            t = float(solution.t[-1])
            raise LostError(
                f"the reference solver failed at t = {t:.6g} ms{self.problem.where(self.axon)} "
                f"({solution.message}); check the parameters and the stimulus",
                t,
            )
        return solution

    def _record(self, found: Floats) -> None:
        """For each membrane, each record: (samples, recorded compartments)."""
        cells = found.reshape(-1, self.width, found.shape[1])
        for i, (part, numbers) in enumerate(zip(self.parts, self.numbers, strict=True)):
            here = part.patch.place[part.sampled]
            rows = [cells[here, k] for k in range(len(part.states))]
            mine = [number[part.sampled, None] for number in numbers]
            known: dict[str, Any] = dict(zip(part.states, rows, strict=True))
            observed = part.observe(rows, mine)
            known |= dict(zip(part.observed, observed, strict=True))
            shape = (here.size, found.shape[1])
            self.values[i] = [np.broadcast_to(known[n], shape).T for n in part.records]
