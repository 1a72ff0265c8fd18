"""Derivatives of runs against complex steps (Squire & Trapp 1998, doi:10.1137/S003614459631241X)
through SciPy, on equations written anew."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import complex_steps
import loligo as lo
from complex_steps import exprel
from few import FEW
from hh_scipy import rest
from loligo.program.arithmetic import Builder
from loligo.program.derivative import derivative
from machine import numpy_map

STEP = 1e-20
EXACT = 1e-8  # of the largest along the run
SQUID = {
    "g_Na": 120.0, "g_K": 36.0, "g_L": 0.3, "E_Na": 50.0, "E_K": -77.0, "E_L": -54.387, "C_m": 1.0,
}  # fmt: skip


def rates(V: Any) -> tuple[tuple[Any, Any], ...]:
    return (
        (1 / exprel(-(V + 40) / 10), 4 * np.exp(-(V + 65) / 18)),
        (0.07 * np.exp(-(V + 65) / 20), 1 / (1 + np.exp(-(V + 35) / 10))),
        (0.1 / exprel(-(V + 55) / 10), 0.125 * np.exp(-(V + 65) / 80)),
    )


def slope(y: Any, current: Any, p: Mapping[str, Any]) -> Any:
    V, m, h, n = y
    out = p["g_Na"] * m**3 * h * (V - p["E_Na"]) + p["g_K"] * n**4 * (V - p["E_K"])
    out += p["g_L"] * (V - p["E_L"])
    gates = [a * (1 - x) - b * x for (a, b), x in zip(rates(V), (m, h, n), strict=True)]
    return np.array([(current - out) / p["C_m"], *gates])


def at_rest(p: Mapping[str, Any]) -> Any:
    """By Newton's method, of complex numbers too."""

    def states(V: Any) -> Any:
        return np.array([V, *(a / (a + b) for a, b in rates(V))])

    V = complex(rest())
    for _ in range(60):
        f = slope(states(V), 0.0, p)[0]
        df = (slope(states(V + 1e-6), 0.0, p)[0] - slope(states(V - 1e-6), 0.0, p)[0]) / 2e-6
        V = V - f / df.real
    return states(V)


def run(
    p: Mapping[str, Any], pulse: tuple[Any, Any, Any], times: Any, start: Any = None
) -> np.ndarray:
    """V at some times under a pulse whose edges may be complex: there the solution is followed to
    the edge's real part, and from it on by its imaginary one, of which no square counts."""
    begin, length, amplitude = pulse
    y = at_rest(p) if start is None else start
    found = np.full(times.size, np.nan, dtype=complex)
    edges = [(0.0, 0.0), (begin, amplitude), (begin + length, 0.0), (times[-1] + 1e-9, 0.0)]
    for (t0, current), (t1, following) in itertools.pairwise(edges):
        a, b = np.real(t0), np.real(t1)
        inside = (times >= a - 1e-12) & (times < b - 1e-12)
        solution = solve_ivp(
            lambda t, y, i=current: slope(y, i, p), (a, b), y.astype(complex), method="DOP853",
            rtol=1e-13, atol=1e-14, t_eval=np.append(times[inside], b),
        )  # fmt: skip
        found[inside] = solution.y[0, :-1]
        y = solution.y[:, -1]
        late = 1j * np.imag(t1)
        y = y + late * (slope(y, current, p) - slope(y, following, p))
    return found


def differences(name: str, pulse: tuple[float, float, float], times: Any) -> np.ndarray:
    """dV/d(name) at some times."""
    p: dict[str, Any] = dict(SQUID)
    numbers: dict[str, Any] = dict(zip(("start", "duration", "amplitude"), pulse, strict=True))
    whose = p if name in p else numbers
    whose[name] = whose[name] + 1j * STEP
    V = run(p, (numbers["start"], numbers["duration"], numbers["amplitude"]), times)
    return V.imag / STEP


def compared(names: list[str], pulse: tuple[float, float, float], solver: Any) -> None:
    rec = lo.simulate(
        lo.load("hodgkin-huxley-1952"), lo.Pulse(*pulse), 16, solver=solver, sample_interval=0.25,
        record=["V"], sensitivities=names,
    )  # fmt: skip
    for name in names:
        true = differences(name, pulse, rec.time.values)
        found = rec[f"dV_d{name}"].values
        assert np.abs(found - true).max() < EXACT * np.abs(true).max(), name


@pytest.mark.slow  # the example of `simulate` is the quick one
def test_a_spike_from_rest_across_edges_that_move() -> None:
    """V passes both voltages at which a rate is 0/0."""
    compared(["g_K", "amplitude", "start"], (2.0, 1.0, 20.0), lo.Taylor(1e-12, engine="numpy"))


@pytest.mark.slow
@pytest.mark.parametrize("pulse", [(1.0, 14.0, 10.0), (3.0, 1.0, 6.0)])
def test_by_all_that_the_squid_has(pulse: tuple[float, float, float]) -> None:
    compared([*SQUID, "start", "duration", "amplitude"], pulse, lo.Taylor(1e-12, engine="numpy"))


@pytest.mark.slow
def test_held_where_rates_are_singular() -> None:
    """It begins at -55 mV, where a rate of n is 0/0, and at -40 mV, where one of m is."""
    squid = lo.load("hodgkin-huxley-1952")
    for V in (-55.0, -40.0):
        rec = lo.simulate(
            squid, None, 8, solver=lo.Taylor(1e-12, engine="numpy"), sample_interval=0.25,
            initial=V, sensitivities=["initial.V", "g_L"],
        )  # fmt: skip

        def begun(V: Any) -> Any:
            return np.array([V, *(a / (a + b) for a, b in rates(V))], dtype=complex)

        times, nothing = rec.time.values, (9.0, 1.0, 0.0)
        by_V = run(SQUID, nothing, times, begun(V + 1j * STEP)).imag / STEP
        p = {**SQUID, "g_L": 0.3 + 1j * STEP}
        by_g = run(p, nothing, times, begun(V + 0j)).imag / STEP
        for found, true in ((rec["dV_dinitial.V"], by_V), (rec.dV_dg_L, by_g)):
            assert np.abs(found - true).max() < EXACT * np.abs(true).max()


def _complex(model: Any) -> tuple[Callable[..., Any], Any]:
    """A library model's rates as a function of complex numbers, differentiated by nobody."""
    import sympy as sp

    from loligo.system.equations import build
    from loligo.system.symbols import symbol

    system = build(model)
    names = [*system.states, *system.parameters, "I_stim"]
    functions: list[Any] = [
        {"Exprel": exprel, "exp": np.exp, "Where": np.where, "Less": lambda a, b: a.real < b.real},
        "numpy",
    ]
    rates_of = list(system.derivatives.values())
    made = sp.lambdify([symbol(n) for n in names], rates_of, functions, cse=True)
    return made, system


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*FEW} - {"hodgkin-huxley-1952"}))
def test_every_library_model(name: str) -> None:
    """By two of its parameters, the largest conductance and another, against complex steps of its
    own equations from the same beginning."""
    model = lo.load(name)
    made, system = _complex(model)
    numbers = {n: p.value for n, p in model.parameters.items()}
    conductances = [n for n in numbers if n.startswith("g_")] or list(numbers)
    asked = [max(conductances, key=lambda n: numbers[n]), list(numbers)[-1]]
    solver = lo.Taylor(1e-12, engine="numpy")
    first = lo.simulate(model, None, 1, solver=solver, initial=-70)
    start = {s: float(first[s][0]) for s in system.states}
    rec = lo.simulate(
        model, lo.Pulse(0, 9, 10), 9, solver=solver, sample_interval=0.5, initial=start,
        record=["V"], sensitivities=asked,
    )  # fmt: skip
    for by in asked:
        p = {n: v + 1j * STEP * (n == by) for n, v in numbers.items()}
        y = np.array([start[s] for s in system.states], dtype=complex)
        solution = solve_ivp(
            lambda t, y, p=p: np.array(made(*y, *p.values(), 10.0), dtype=complex), (0, 9), y,
            method="DOP853", rtol=1e-12, atol=1e-13, t_eval=rec.time.values[:-1],
        )  # fmt: skip
        true = solution.y[0].imag / STEP
        found = rec[f"dV_d{by}"].values[:-1]
        assert np.abs(found - true).max() <= EXACT * np.abs(true).max(), by


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "which"), [("pinsky-rinzel-1994", 0), ("bertram-2000", 1), ("luo-rudy-1991", 2)]
)
def test_models_with_conditions_and_slow_states(name: str, which: int) -> None:
    """Every state's derivatives: by start and duration of a pulse, across conditions that change on
    the way, from a singular voltage. ``python tests/complex_steps.py`` judges the whole library."""
    rates = complex_steps.Rates(lo.load(name))
    _, case = list(complex_steps.cases(name, rates))[which]
    off = complex_steps.judged(case, rates, lo.Taylor(1e-12, engine="numpy"))
    assert max(off.values()) < EXACT, max(off, key=off.__getitem__)


def test_what_a_condition_compares_may_be_any_smooth_function() -> None:
    """Of its slope hangs how far the time moves at which the condition changes."""
    b = Builder()
    x, at = b.input("x"), np.array([-0.7, 0.0, 0.3])
    powers = {"square": b.apply("pow", x, b.const(2.0)), "two": b.apply("pow", b.const(2.0), x)}
    every = {op: b.apply(op, x) for op in ("exprel", "bernoulli", "tanh", "log")} | powers
    for name, value in every.items():
        where = np.abs(at) + 0.1 if name in ("log", "square") else at
        block = b.block({"value": value, "slope": derivative(b, value, "x")})
        above, below, here = (numpy_map(block, {"x": where + d}) for d in (1e-4, -1e-4, 0.0))
        differences = (above["value"] - below["value"]) / 2e-4
        assert here["slope"] == pytest.approx(differences, rel=1e-6), name


@pytest.mark.slow
def test_spikes_move_with_what_moves_them() -> None:
    """Later by what the pulse is later; and as two runs beside each other say."""
    squid, solver = lo.load("hodgkin-huxley-1952"), lo.Taylor(1e-10, engine="numpy")
    rec = lo.simulate(
        squid, lo.Pulse(2, 1, 20), 8, solver=solver, record="spikes",
        sensitivities=["start", "amplitude"],
    )  # fmt: skip
    assert float(rec.dspike_time_dstart[0]) == pytest.approx(1.0, abs=1e-9)
    both = lo.simulate(squid, lo.Pulse(2, 1, [19.99, 20.01]), 8, solver=solver, record="spikes")
    earlier, later = both.spike_time.values[:, 0]
    assert float(rec.dspike_time_damplitude[0]) == pytest.approx((later - earlier) / 0.02, rel=1e-6)
    assert rec.dspike_time_damplitude.units == "ms/(uA/cm2)"


@pytest.mark.slow
def test_a_state_that_hardly_moves_has_its_own_digits() -> None:
    """s2 takes minutes, and its derivative is a hundred thousand times smaller than that of V."""
    model = lo.load("bertram-2000")
    made, system = _complex(model)
    numbers = {n: p.value for n, p in model.parameters.items()}
    start = {"V": -43.0, "n": 0.03, "s1": 0.1, "s2": 0.434}
    rec = lo.simulate(
        model, lo.Step(0, 3), 40, solver=lo.Taylor(1e-12, engine="numpy"), sample_interval=5,
        initial=start, record=["V", "dV_damplitude", "ds2_damplitude"],
        sensitivities=["amplitude"],
    )  # fmt: skip
    y = np.array([start[s] for s in system.states], dtype=complex)
    solution = solve_ivp(
        lambda t, y: np.array(made(*y, *numbers.values(), 3.0 + 1j * STEP), dtype=complex),
        (0, 40), y, method="DOP853", rtol=1e-13, atol=1e-15, t_eval=rec.time.values[:-1],
    )  # fmt: skip
    for state in ("V", "s2"):
        true = solution.y[system.states.index(state)].imag / STEP
        found = rec[f"d{state}_damplitude"].values[:-1]
        assert np.abs(found - true).max() <= EXACT * np.abs(true).max(), state
