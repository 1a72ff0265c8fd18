"""Derivatives of runs by complex steps (Squire & Trapp 1998, doi:10.1137/S003614459631241X) through
SciPy: ``python tests/complex_steps.py [MODEL …]`` judges those of every model of the library.

The rates are those of a model's System, which nobody differentiated: what they change by is the
imaginary part of what they are a step of 1e-20 off the real axis. A model's conditions stand still
between the times at which they change; there, and at the edges of a pulse, the derivatives take
their jump (Aizerman & Gantmacher 1958, doi:10.1093/qjmam/11.4.385). Every number along the way is
bounded beside its own size, states and derivatives, and each sample is the end of a step.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from docs.library import CELLS
from scipy.integrate import DOP853
from scipy.optimize import brentq

import loligo as lo
from loligo.system.equations import build
from loligo.system.symbols import Exprel, Less, symbol

STEP = 1e-20
RELATIVE = 1e-13
EXACT = 1e-8  # of the largest along the run


def exprel(z: Any) -> Any:
    """(exp(z) - 1)/z of complex numbers, where SciPy's knows none."""
    z = np.asarray(z, dtype=complex)
    near = np.abs(z) < 0.1
    away = np.where(near, 1.0, z)
    series = 1 + z / 2 * (1 + z / 3 * (1 + z / 4 * (1 + z / 5 * (1 + z / 6 * (1 + z / 7 * (
        1 + z / 8 * (1 + z / 9 * (1 + z / 10)))))))) if near.any() else 1.0  # fmt: skip
    return np.where(near, series, (np.exp(away) - 1) / away)[()]


class Rates:
    """A model's rates as functions of complex numbers; whether its conditions hold are numbers too.

    Attributes
    ----------
    singular
        The V at which a rate is 0/0 as it is written, mV.
    """

    def __init__(self, model: lo.Membrane) -> None:
        system = build(model)
        self.states, self.parameters = tuple(system.states), tuple(system.parameters)
        every = list(system.derivatives.values())
        asked = sorted({a for each in every for a in each.atoms(Less)}, key=str)
        holds = {each: sp.Symbol(f"holds{k}") for k, each in enumerate(asked)}
        names = [symbol(n) for n in (*self.states, *self.parameters, "I_stim")]
        functions = [{"Exprel": exprel, "Where": np.where}, "numpy"]
        still = [each.xreplace(holds) for each in every]
        self._rates = sp.lambdify([*names, *holds.values()], still, functions, cse=True)
        gaps = [each.args[0] - each.args[1] for each in asked]
        self._gaps = sp.lambdify(names, gaps, functions, cse=True)
        self.singular = sorted(set(_singular(model, every)))

    def __call__(self, x: Any, p: Any, current: Any, holds: Any) -> Any:
        rows = self._rates(*x, *p, current, *holds)
        return np.array([np.broadcast_to(row, np.shape(x)[1:]) for row in rows])

    def gaps(self, x: Any, p: Any, current: Any) -> Any:
        """Of each condition a < b, a - b."""
        rows = self._gaps(*x, *p, current)
        found = [np.broadcast_to(row, np.shape(x)[1:]) for row in rows]
        return np.array(found).reshape(len(rows), *np.shape(x)[1:])


def _singular(model: lo.Membrane, every: Sequence[Any]) -> Iterator[float]:
    numbers = {symbol(n): p.value for n, p in model.parameters.items()}
    for each in {a for rate in every for a in rate.atoms(Exprel)}:
        where = each.args[0].xreplace(numbers)
        if where.free_symbols == {symbol("V")}:
            yield round(float(sp.nsolve(where, symbol("V"), -40.0)), 9)


@dataclass(frozen=True)
class Case:
    """What is run, and what it is differentiated by.

    Attributes
    ----------
    initial
        "rest", a potential, or None: the states that the model begins with, the others steady.
    pulse
        Its start, duration and amplitude.
    """

    model: lo.Membrane
    bys: tuple[str, ...]
    initial: Any
    pulse: tuple[float, float, float]
    lasts: float


class Truth:
    """States and derivatives as they go.

    Parameters
    ----------
    first
        The states at the beginning, as well as they are known.
    sizes
        Of each state, and of its derivatives: (states, 1 + things).
    """

    def __init__(self, case: Case, rates: Rates, first: Any, sizes: Any) -> None:
        self.case, self.rates, self.bys = case, rates, case.bys
        self.p = np.array([case.model.parameters[n].value for n in rates.parameters])
        self.current, self.on = 0.0, False
        self.absolute = RELATIVE * np.concatenate([sizes[:, 0], sizes[:, 1:].ravel()])
        self.x, self.s = np.array(first, dtype=float), np.zeros((len(first), len(case.bys)))
        self.holds = (rates.gaps(self.x, self.p, 0.0) < 0).astype(float)
        self._begin()

    # ---- the beginning

    def _begin(self) -> None:
        """Where rest, or what is steady at a potential, is and changes with all things."""
        for k, by in enumerate(self.bys):
            if by.startswith("initial."):
                self.s[self.rates.states.index(by.partition(".")[2]), k] = 1.0
        free = np.array([k for k, s in enumerate(self.rates.states) if s not in self._given()])
        for _ in range(20):
            rates, _ = self._slopes(self.x, self.s)
            change = np.linalg.solve(self._matrix()[np.ix_(free, free)], rates[free])
            self.x[free] -= change
        pushed = self._slopes(self.x, self.s)[1]  # what is held moves, the others do not
        self.s[free] -= np.linalg.solve(self._matrix()[np.ix_(free, free)], pushed[free])

    def _given(self) -> set[str]:
        if self.case.initial is None:
            return set(self.case.model.start)
        return set() if self.case.initial == "rest" else {"V"}

    def _matrix(self) -> Any:
        """df/dx."""
        moved = self.x[:, None] + 1j * STEP * np.eye(self.x.size)
        return self.rates(moved, self.p[:, None], self.current, self.holds).imag / STEP

    # ---- off the real axis

    def _moved(self, x: Any, s: Any) -> tuple[Any, Any, Any]:
        """States, parameters and the current: a column for each thing."""
        p = np.repeat(self.p[:, None].astype(complex), len(self.bys), axis=1)
        current = np.full(len(self.bys), self.current, dtype=complex)
        for k, by in enumerate(self.bys):
            if by in self.rates.parameters:
                p[self.rates.parameters.index(by), k] += 1j * STEP
            current[k] += 1j * STEP * (by == "amplitude" and self.on)
        return x[:, None] + 1j * STEP * s, p, current

    def _slopes(self, x: Any, s: Any) -> tuple[Any, Any]:
        found = self.rates(*self._moved(x, s), self.holds)
        return found[:, 0].real, found.imag / STEP

    # ---- on from one time to another

    def until(self, begun: float, ended: float) -> None:
        """Step by step, and across what changes on the way."""
        while begun < ended:
            begun = self._smoothly(begun, ended)

    def _smoothly(self, begun: float, ended: float) -> float:
        solver = self._solver(begun, ended)
        while solver.status == "running":
            t, y = solver.t, solver.y.copy()
            solver.step()
            assert solver.status != "failed"
            changed = np.flatnonzero((self._gaps(solver.y) < 0) != (self.holds > 0))
            if changed.size:
                self._put(y)
                return self._across(t, solver.t, changed)
        self._put(solver.y)
        return ended

    def _flow(self, t: float, y: Any) -> Any:
        f, changes = self._slopes(*self._apart(y))
        return np.concatenate([f, changes.ravel()])

    def _solver(self, begun: float, ended: float) -> DOP853:
        y = np.concatenate([self.x, self.s.ravel()])
        return DOP853(self._flow, begun, y, ended, rtol=RELATIVE, atol=self.absolute)

    def _apart(self, y: Any) -> tuple[Any, Any]:
        return y[: self.x.size], y[self.x.size :].reshape(self.s.shape)

    def _put(self, y: Any) -> None:
        self.x, self.s = (part.copy() for part in self._apart(y))

    def _gaps(self, y: Any) -> Any:
        return self.rates.gaps(self._apart(y)[0], self.p, self.current)

    def _across(self, begun: float, ended: float, changed: Any) -> float:
        """To the first of some changes, and across it."""
        start = np.concatenate([self.x, self.s.ravel()])

        def gaps(t: float) -> Any:
            self._put(start)
            if t > begun:
                solver = self._solver(begun, t)
                while solver.status == "running":
                    solver.step()
                self._put(solver.y)
            return self._gaps(np.concatenate([self.x, self.s.ravel()]))

        at, which = min(
            (brentq(lambda t, k=k: float(gaps(t)[k]), begun, ended, xtol=1e-15, rtol=1e-15), k)
            for k in changed
        )
        close = np.abs(gaps(at)) < 1e-9 * np.abs(gaps(ended))
        gaps(at)
        x, p, current = self._moved(self.x, self.s)
        moved = self.rates.gaps(x, p, current).imag[which] / STEP
        f, _ = self._slopes(self.x, self.s)
        ahead = self.x[:, None] + 1j * STEP * f[:, None]
        rate = self.rates.gaps(ahead, self.p[:, None], self.current).imag[which, 0] / STEP
        toggled = [k for k in changed if k == which or close[k]]
        self.holds[toggled] = 1.0 - self.holds[toggled]
        after, _ = self._slopes(self.x, self.s)
        self.s = self.s + np.outer(f - after, -moved / rate)
        return at

    def edge(self, current: float, on: bool, moving: tuple[str, ...]) -> None:
        """The current becomes another, at a time that is as much later as some things are more."""
        before, _ = self._slopes(self.x, self.s)
        self.current, self.on = current, on
        after, _ = self._slopes(self.x, self.s)
        self.s = self.s + np.outer(before - after, [float(by in moving) for by in self.bys])

    def along(self, times: Any) -> tuple[Any, Any]:
        """At some times, (times, states) and (times, states, things); at an edge just after it."""
        start, lasts, amplitude = self.case.pulse
        edges = {start: (amplitude, True, ("start",)),
                 start + lasts: (0.0, False, ("start", "duration"))}  # fmt: skip
        found, now = [], 0.0
        for t in sorted({*times.tolist(), *(e for e in edges if e <= times[-1])}):
            self.until(now, t)
            now = t
            if t in edges:
                self.edge(*edges[t])
            if t in times:
                found.append((self.x, self.s))
        xs, ss = zip(*found, strict=True)
        return np.array(xs), np.array(ss)


def recording(case: Case, states: Sequence[str], every: float, solver: Any) -> Any:
    """The run, with all derivatives of all states."""
    asked = [*states, *(f"d{state}_d{by}" for state in states for by in case.bys)]
    pulse = lo.Pulse(*case.pulse) if case.pulse[2] else None
    return lo.simulate(
        case.model, pulse, case.lasts, solver=solver, initial=case.initial,
        sample_interval=every, record=asked, sensitivities=list(case.bys),
    )  # fmt: skip


def judged(case: Case, rates: Rates, solver: Any = None) -> dict[tuple[str, str], float]:
    """How far each state's derivative by each thing is off, of its largest along the run."""
    rec = recording(case, rates.states, case.lasts / 16, solver or lo.Taylor(1e-12))
    rows = np.stack([rec[state].values for state in rates.states], axis=1)
    changes = np.stack([
        np.stack([rec[f"d{state}_d{by}"].values for by in case.bys], axis=1)
        for state in rates.states], axis=1)  # fmt: skip
    sizes = np.concatenate([np.abs(rows).max(axis=0)[:, None], np.abs(changes).max(axis=0)], axis=1)
    truth = Truth(case, rates, rows[0], np.maximum(sizes, 1e-30))
    _, true = truth.along(rec.time.values)
    largest = np.abs(true).max(axis=0)
    off = np.abs(changes - true).max(axis=0) / np.where(largest > 0, largest, 1.0)
    return {(state, by): float(off[k, j]) for k, state in enumerate(rates.states)
            for j, by in enumerate(case.bys)}  # fmt: skip


# ------------------------------------------------------------------------------ the library


LASTS = {"khaliq-2003": 4.0}  # ms; elsewhere 16


def cases(name: str, rates: Rates) -> Iterator[tuple[str, Case]]:
    """From rest under a pulse that makes it fire, by the pulse and three parameters; and from each
    singular voltage, or one that is not, by it and a conductance."""
    model, cell = lo.load(name), CELLS[name]
    numbers = {n: p.value for n, p in model.parameters.items()}
    conductances = [n for n in numbers if n.startswith("g_")] or list(numbers)
    strongest = max(conductances, key=lambda n: numbers[n])
    three = tuple(dict.fromkeys([strongest, next(iter(numbers)), [*numbers][-1]]))
    lasts = LASTS.get(name, 16.0)
    pulse = (lasts / 16, lasts / 2, 2 * cell.step)
    initial: Any = "rest"
    try:
        lo.simulate(model, None, 0.1, initial="rest")
    except lo.LoligoError:
        initial = None
    by = (*three, "start", "duration", "amplitude")
    told = "rest" if initial == "rest" else "its start"
    yield told, Case(model, by, initial, pulse, lasts)
    for V in rates.singular[:2] or [-55.0]:
        yield f"{V:g} mV", Case(model, ("initial.V", strongest), V, (lasts, 1.0, 0.0), lasts / 2)


def main() -> None:
    for name in sys.argv[1:] or lo.models():
        began = time.process_time()
        rates = Rates(lo.load(name))
        for told, case in cases(name, rates):
            try:
                off = judged(case, rates)
            except Exception as problem:
                print(f"{name:26} {told:12} {type(problem).__name__}: {problem}", flush=True)
                continue
            (state, by), worst = max(off.items(), key=lambda item: item[1])
            word = "" if worst <= EXACT else "  MISSED"
            print(f"{name:26} {told:12} {worst:8.1e}  (d{state}_d{by}){word}", flush=True)
        print(f"{'':26} {time.process_time() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
