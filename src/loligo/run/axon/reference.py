"""The reference for axons: the method of lines through SciPy, one axon at a time.

Nothing of the compiled path is used after the initial states: the System's SymPy expressions
become NumPy functions of all compartments at once, axial currents are differences, and the
whole is integrated by LSODA, a stiff method of variable order with a banded Jacobian (Hindmarsh
1983; Petzold 1983), between the edges of the stimulus.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from loligo.engine.kernel import RE_ARM, Floats
from loligo.errors import RunError
from loligo.run.axon.clamps import held, through
from loligo.run.axon.compartments import shares
from loligo.run.axon.coupled import begin, collect_values, line_of
from loligo.run.axon.currents import paths_of, points_of
from loligo.run.axon.electrodes import electrodes
from loligo.run.axon.problem import AxonProblem, Patch
from loligo.run.compiled import Outcome
from loligo.solvers import Reference


def integrate(problem: AxonProblem, solver: Reference, advance: Callable[[float], None]) -> Outcome:
    """Run axons with SciPy.

    Raises
    ------
    RunError
        If the integration fails or there is no resting state to start from.
    """
    from loligo.engine.numpy.kernel import NumpyKernel
    from loligo.program.coupled import cable
    from loligo.system.equations import build

    systems = [build(patch.cells.membrane) for patch in problem.patches]
    # the initial states alone come from programs, evaluated by NumPy
    kernels = [NumpyKernel(cable(system, ())) for system in systems]
    line, points = line_of(problem), points_of(problem)
    voltage, states, notes, resting = begin(problem, kernels, line, points)
    parts = [
        _Membrane(patch, system, problem)
        for patch, system in zip(problem.patches, systems, strict=True)
    ]
    runs: list[_Run] = []
    for axon in range(problem.axons):
        run = _Run(problem, solver, parts, line, points, axon)
        run.integrate(voltage[axon], [each[:, axon] for each in states], advance)
        runs.append(run)
    shape = (problem.samples, problem.axons, -1)
    values = [
        [np.stack([run.values[i][k] for run in runs], axis=1).reshape(shape)
         for k in range(len(part.records))]
        for i, part in enumerate(parts)
    ]  # fmt: skip
    spikes = [(np.array(t), np.array(w, dtype=np.int64)) for t, w in (r.spikes for r in runs)]
    outcome = collect_values(problem, [p.records for p in parts], values, spikes, resting)
    if problem.clamps:
        outcome.clamped = np.stack([run.clamped for run in runs])
    outcome.notes += notes
    outcome.settings = problem.settings
    return outcome


class _Membrane:
    """A patch's equations as functions of (V, states, parameters), all compartments at once."""

    def __init__(self, patch: Patch, system: Any, problem: AxonProblem) -> None:
        import sympy as sp

        from loligo.system.equations import STIMULUS
        from loligo.system.numeric import VECTOR
        from loligo.system.symbols import symbol

        self.patch, self.states = patch, system.states
        self.records = patch.cells.records
        arguments = ([symbol(s) for s in system.states], [symbol(p) for p in system.parameters])
        modules: list[Any] = [VECTOR, "numpy"]
        rates = [system.current, *list(system.derivatives.values())[1:]]
        self.rates = sp.lambdify(arguments, rates, modules, cse=True)
        observed = [n for n in self.records if n in system.observables]
        expressions = [system.observables[n].subs(STIMULUS, 0) for n in observed]
        self.observed = observed
        self.observe = sp.lambdify(arguments, expressions, modules, cse=True)
        flat = {p: patch.cells.parameter(p) for p in system.parameters}
        self.parameters = [v.reshape(problem.axons, -1) for v in flat.values()]
        self.sampled = np.flatnonzero(np.isin(patch.place, problem.recorded))

    def at(self, axon: int) -> list[Floats]:
        return [row[axon] for row in self.parameters]


class _Run:
    """One axon from beginning to end. The unknowns of a compartment lie side by side, V first,
    so that the Jacobian is banded."""

    def __init__(
        self, problem: AxonProblem, solver: Reference, parts: list[_Membrane], line: Any,
        points: Any, axon: int,
    ) -> None:  # fmt: skip
        self.problem, self.solver, self.parts, self.axon = problem, solver, parts, axon
        self.area, self.capacity = line.area[axon], line.capacity[axon]
        self.line, self.points, self.electrodes = line, points, electrodes(problem)
        self._hold(0.0)
        self.width = max(len(part.states) for part in parts)
        self.numbers = [part.at(axon) for part in parts]
        self.shapes = self._shapes()
        self.armed = np.zeros(0, dtype=bool)
        self.spikes: tuple[list[float], list[int]] = ([], [])
        self.values: list[list[Floats]] = []
        scale = np.ones((problem.parts.count, self.width))
        for part in parts:
            for k, name in enumerate(part.states):
                scale[part.patch.place, k] = part.patch.cells.scales[name]
        self.scale = scale.ravel()

    def _shapes(self) -> list[tuple[dict[int, float], list[Any]]]:
        found: list[tuple[dict[int, float], list[Any]]] = []
        for i, point in enumerate(self.problem.points):
            mine: list[Any] = []
            for k in range(len(self.problem.shapes(i))):
                paths, which = paths_of(self.problem, i, k)
                mine.append(paths[which[self.axon]])
            weights = shares(self.problem.parts, point.place)
            found.append(({k: float(w[self.axon]) for k, w in weights.items()}, mine))
        return found

    def _hold(self, time: float) -> None:
        """What clamps add just after a time."""
        on = [e.at(time) for e in self.electrodes]
        points, link = held(self.points, self.line, self.electrodes, on)
        self.link = link[self.axon]
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
        flow = self.link * np.diff(v)
        inward[:-1] += flow
        inward[1:] -= flow
        place = self.points.place
        inward[place] += self.held * (self.potential - v[place])
        for weights, shapes in self.shapes:
            injected = sum(float(shape.value(min(t, last))) for shape in shapes)
            for k, weight in weights.items():
                inward[k] += weight * injected
        rates[:, 0] = inward / self.capacity
        if not np.isfinite(rates).all():  # LSODA would try ever shorter steps, without end
            raise self._lost(t, cells, rates)
        return rates.ravel()

    def _lost(self, t: float, cells: Floats, rates: Floats) -> RunError:
        """Which rate or state is not finite, and where."""
        broken = ~np.isfinite(cells) if not np.isfinite(cells).all() else ~np.isfinite(rates)
        # V follows what feeds it: the first of the other states is where it began
        order = [*range(1, self.width), 0]
        place, k = next((int(np.argmax(broken[:, k])), k) for k in order if broken[:, k].any())
        name = next(part.states[k] for part in self.parts if place in part.patch.place)
        value = cells[place, k]
        what = f"d{name}/dt is not finite at {name} = {value:.6g}"
        what = what if np.isfinite(value) else f"{name} is no longer finite"
        return RunError(
            f"the reference solver failed at t = {t:.6g} ms: {what}"
            f"{self.problem.in_axon(self.axon, place)}. Check the parameters and the stimulus"
        )

    def integrate(
        self, voltage: Floats, states: list[Floats], advance: Callable[[float], None]
    ) -> None:
        cells = np.zeros((voltage.size, self.width))
        cells[:, 0] = voltage
        for part, mine in zip(self.parts, states, strict=True):
            cells[part.patch.place, 1 : 1 + len(mine)] = mine.T
        self.armed = voltage < self.problem.threshold
        y, end = cells.ravel(), self.problem.duration
        edges = self._edges(end)
        times = self.problem.times
        kept: list[Floats] = []
        for a, b in pairwise(edges):
            self._hold(float(a))
            mine = times[(times >= a) & ((times < b) | (b >= end))]
            solution = self._segment(float(a), float(b), y)
            if mine.size:
                found = solution.sol(np.minimum(mine, b))
                found[:, mine == a] = y[:, None]
                kept.append(found)
            self._find_spikes(solution)
            y = solution.y[:, -1]
            advance((self.axon + float(b) / end) / self.problem.axons)
        found = np.concatenate(kept, axis=1)
        self._record(found)
        self.clamped = self._clamped(found[:: self.width])

    def _edges(self, end: float) -> Floats:
        inner = [s.breakpoints(end) for _, shapes in self.shapes for s in shapes]
        inner += [np.clip(e.start[:, self.axon], 0.0, end) for e in self.electrodes]
        inner += [np.clip(e.stop[:, self.axon], 0.0, end) for e in self.electrodes]
        return np.unique(np.concatenate([[0.0, end], *inner]))

    def _clamped(self, voltage: Floats) -> Floats:
        """(electrodes, samples), nA."""
        end = self.problem.duration
        found = np.zeros((len(self.electrodes), self.problem.samples))
        for i, e in enumerate(self.electrodes):
            for k, t in enumerate(self.problem.times):
                on = e.at(float(t) if t < end else float(np.nextafter(end, 0.0)))
                v = voltage[list(e.compartments), k]
                found[i, k] = through(e, on, v)[self.axon]
        return found

    def _segment(self, a: float, b: float, start: Floats) -> Any:
        from scipy.integrate import solve_ivp

        last = float(np.nextafter(b, a))
        tolerance = max(self.solver.tolerance, 1e-12)
        band = min(self.width, start.size - 1)
        with np.errstate(all="ignore"):
            solution: Any = solve_ivp(
                self.derivative, (a, b), start, method="LSODA", dense_output=True, args=(last,),
                rtol=tolerance, atol=tolerance * self.scale,
                lband=band, uband=band,
            )  # fmt: skip
        end = solution.y[:, -1]
        if not np.isfinite(end).all():
            cells = end.reshape(-1, self.width)
            raise self._lost(float(solution.t[-1]), cells, cells)
        if not solution.success:
            raise RunError(
                f"the reference solver failed at t = {solution.t[-1]:.6g} ms "
                f"({solution.message}); check the parameters and the stimulus"
            )
        return solution

    def _find_spikes(self, solution: Any) -> None:
        """Upward crossings of the threshold, on the continuous solution of the segment."""
        from scipy.optimize import brentq

        level, count = self.problem.threshold, self.problem.parts.count
        for a, b in pairwise(solution.t):
            v0, v1 = (solution.sol(t)[:: self.width] for t in (a, b))
            for k in np.flatnonzero(self.armed & (v0 < level) & (v1 >= level)):
                time: Any = brentq(
                    lambda t, k=k: solution.sol(t)[k * self.width] - level, a, b, xtol=1e-12
                )
                self.spikes[0].append(float(time))
                self.spikes[1].append(self.axon * count + int(k))
            self.armed = (v1 < level - RE_ARM) | (self.armed & (v1 < level))

    def _record(self, found: Floats) -> None:
        """For each membrane, each record: (samples, recorded compartments)."""
        cells = found.reshape(-1, self.width, found.shape[1])
        for part, numbers in zip(self.parts, self.numbers, strict=True):
            here = part.patch.place[part.sampled]
            rows = [cells[here, k] for k in range(len(part.states))]
            mine = [number[part.sampled, None] for number in numbers]
            known: dict[str, Any] = dict(zip(part.states, rows, strict=True))
            observed = part.observe(rows, mine)
            known |= dict(zip(part.observed, observed, strict=True))
            shape = (here.size, found.shape[1])
            self.values.append([np.broadcast_to(known[n], shape).T for n in part.records])
