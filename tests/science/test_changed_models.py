"""What changed models do: constant fields, quotients that parameters decide, frames, starts."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest
import xarray as xr
from mpmath import mp, mpf
from scipy.integrate import solve_ivp

import loligo as lo
from few import FEW
from loligo.model.parameter import Parameter
from loligo.solvers import Solver

F, R = "96485.33212331002", "8.31446261815324"  # CODATA 2018, as text for mpmath
NUMPY = lo.Exponential(0.1, engine="numpy")  # compiles nothing: what is recorded at time 0
SOLVERS = {
    "taylor": (lo.Taylor(1e-12), 1e-9),
    "exponential": (lo.Exponential(dt=0.002), 1e-5),
    "reference": (lo.Reference(), 1e-8),
}

# ---------------------------------------------------------------------------- constant fields

BESIDE = np.concatenate([[0.0], *[[-(10.0**-k), 10.0**-k] for k in range(0, 17, 2)], [1e-300]])
DRIVEN = np.concatenate([BESIDE, np.linspace(-150, 150, 31)])


def field(z: int) -> lo.Membrane:
    return lo.Membrane(
        channels=[
            lo.Channel("X", current=f"ghk({z}, P_X, X_in, X_out)"),
            lo.Channel("L", g=0.3, E=-65),
        ],
        parameters={"P_X": Parameter("P_X", 2e-6, "cm/s"), "X_in": 50.0, "X_out": 440.0},
        celsius=20,
        name="field",
    )


def fluxes(v: float, z: int) -> tuple[mpf, mpf]:
    """Goldman's current and the sum of what goes in and out, uA/cm2 (P z F in cm/s mM is that)."""
    u = z * mpf(F) * mpf(v) / (1000 * mpf(R) * mpf("293.15"))
    out = 50 * (u / -mp.expm1(-u) if u else 1)
    back = 440 * (u / mp.expm1(u) if u else 1)
    scale = mpf(2e-6) * z * mpf(F)
    return scale * (out - back), abs(scale) * (out + back)


@pytest.mark.parametrize("z", [1, 2, -1])
def test_a_constant_fields_current_is_exact_across_0(z: int) -> None:
    rec = lo.simulate(field(z), None, 0.1, sample_interval=0.1, initial=DRIVEN, solver=NUMPY,
                      record=["V", "I_X"])  # fmt: skip
    with mp.workdps(40):
        for v, current in zip(rec.V.values[:, 0], rec.I_X.values[:, 0], strict=True):
            exact, size = fluxes(float(v), z)
            assert abs(current - exact) <= 8 * 2.0**-53 * size, v


def passive_field(stimulus: float, start: float, z: int, end: float) -> float:
    """The membrane of :func:`field` under a steady current, by SciPy."""

    def rate(t: float, v: np.ndarray) -> list[float]:
        u = z * float(F) * v[0] / (1000 * float(R) * 293.15)
        out = 50 * (u / -math.expm1(-u) if u else 1)
        back = 440 * (u / math.expm1(u) if u else 1)
        return [stimulus - 2e-6 * z * float(F) * (out - back) - 0.3 * (v[0] + 65)]

    solved = solve_ivp(rate, (0, end), [start], method="DOP853", rtol=1e-12, atol=1e-12)
    return float(solved.y[0, -1])


@pytest.mark.slow
@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize("z", [1, 2, -1])
def test_v_goes_through_0_in_a_constant_field_under_every_solver(name: str, z: int) -> None:
    solver, close = SOLVERS[name]
    currents = np.array([-60.0, 0.0, 25.0, 150.0])
    rec = lo.simulate(field(z), lo.Step(0, currents), 5, initial=-0.5, solver=solver)
    exact = [passive_field(current, -0.5, z, 5) for current in currents]
    np.testing.assert_allclose(rec.V.values[:, -1], exact, rtol=0, atol=100 * close)
    assert rec.V.values.min() < 0 < rec.V.values.max()


# ---------------------------------------------------------------------------- 0/0 by parameters

# A, B, C, D, F of (A + B V)/(C + exp((V + D)/F)): NMODL's and GENESIS's one form for all rates
FORMS: Mapping[str, tuple[float, float, float, float, float]] = {
    "0/0 at -40": (-4.0, -0.1, -1.0, 40.0, -10.0),
    "0/0 at -54.3": (-0.32 * 54.3, -0.32, -1.0, 54.3, -4.0),  # -17.376000000000001, as computed
    "0/0 from above": (0.28 * 27.1, 0.28, -1.0, 27.1, 5.0),
    "0/0 off D": (-0.1 * (30 + 10 * math.log(2)), -0.1, -2.0, 30.0, -10.0),
    "a sigmoid": (1.0, 0.0, 1.0, 35.0, -10.0),
    "an exponential": (4.0, 0.0, 0.0, 65.0, 18.0),
    "a line on a sigmoid": (15.0, 0.1, 1.0, 35.0, -10.0),
}
ANY = "(A + B*V)/(C + exp((V + D)/F))"


def by_parameters(forms: Mapping[str, tuple[float, ...]]) -> lo.Membrane:
    table = np.array(list(forms.values())).T
    numbers = {
        name: xr.DataArray(row, dims="form") for name, row in zip("ABCDF", table, strict=True)
    }
    gate = lo.Gate("m", alpha=ANY, beta="0.125*exp(-(V+65)/80)")
    return lo.Membrane(
        channels=[lo.Channel("K", 2, -77, gates=[gate]), lo.Channel("L", 0.3, -54.387)],
        helpers={"r": ANY},
        parameters=numbers,
    )


def limit(v: float, A: float, B: float, C: float, D: float, F: float) -> mpf:
    if C >= 0:
        return (A + B * mpf(v)) / (C + mp.exp((mpf(v) + D) / F))
    w = (mpf(v) + D) / F - mp.log(-mpf(C))
    return B * F / -mpf(C) * (w / mp.expm1(w) if w else 1)


def test_quotients_that_parameters_decide_are_exact_in_every_lane() -> None:
    zeros = {n: -d + f * math.log(-c) if c < 0 else 0.0 for n, (_, _, c, d, f) in FORMS.items()}
    v = [[zero + dv for dv in np.concatenate([BESIDE, np.linspace(-80, 80, 33)])]
         for zero in zeros.values()]  # fmt: skip
    rec = lo.simulate(
        by_parameters(FORMS), None, 0.1, sample_interval=0.1, solver=NUMPY, record=["V", "r"],
        initial=xr.DataArray(v, dims=("form", "beside")),
    )  # fmt: skip
    with mp.workdps(40):
        for row, rate, numbers in zip(rec.V.values, rec.r.values, FORMS.values(), strict=True):
            for each, computed in zip(row[:, 0], rate[:, 0], strict=True):
                exact = limit(float(each), *numbers)
                assert abs(computed - exact) <= 1e-14 * abs(exact), (numbers, each)


def driven_form(numbers: tuple[float, ...], end: float) -> np.ndarray:
    def rate(t: float, y: np.ndarray) -> list[float]:
        v, m = float(y[0]), float(y[1])
        alpha, beta = float(limit(v, *numbers)), 0.125 * math.exp(-(v + 65) / 80)
        current = 2 * m * (v + 77) + 0.3 * (v + 54.387)
        return [12 - current, alpha * (1 - m) - beta * m]

    solved = solve_ivp(rate, (0, end), [-70, 0.1], method="DOP853", rtol=1e-11, atol=1e-11)
    return solved.y[:, -1]


def courses(
    solver: Solver, forms: Mapping[str, tuple[float, ...]]
) -> tuple[np.ndarray, np.ndarray]:
    rec = lo.simulate(by_parameters(forms), lo.Step(0, 12), 6, initial={"V": -70, "m": 0.1},
                      solver=solver, record=["V", "m"])  # fmt: skip
    exact = np.array([driven_form(numbers, 6.0) for numbers in forms.values()])
    return np.stack([rec.V.values[:, -1], rec.m.values[:, -1]], axis=1), exact


@pytest.mark.slow
@pytest.mark.parametrize("name", SOLVERS)
def test_every_solver_runs_them_beside_one_another(name: str) -> None:
    solver, close = SOLVERS[name]
    found, exact = courses(solver, FORMS)
    np.testing.assert_allclose(found, exact, rtol=0, atol=100 * close)


def test_numbers_that_miss_a_limit_by_rounding_are_meant() -> None:
    """7.588000000000001 is what 0.28*27.1 is in floating point; with it exact, no 0/0 is left."""
    for numbers in (FORMS["0/0 from above"], FORMS["0/0 off D"]):
        text = ANY
        for name, value in zip("ABCDF", numbers, strict=True):
            text = text.replace(name, f"({value!r})")
        model = lo.Membrane(channels=[lo.Channel("L", 0.3, -65)], helpers={"r": text})
        zero = -numbers[3] + numbers[4] * math.log(-numbers[2])
        rec = lo.simulate(model, None, 0.1, sample_interval=0.1, initial=[zero, zero + 1e-6],
                          solver=NUMPY, record=["V", "r"])  # fmt: skip
        for v, rate in zip(rec.V.values[:, 0], rec.r.values[:, 0], strict=True):
            assert rate == pytest.approx(float(limit(v, *numbers)), rel=1e-14)


def test_only_lanes_that_there_are_are_checked_for_poles() -> None:
    """The smallest A with the smallest C is no lane here, and would have a pole."""
    sigmoid, removable = (1.0, 0.0, 1.0, 35.0, -10.0), FORMS["0/0 at -40"]
    assert by_parameters({"a": sigmoid, "b": removable}).parameters
    with pytest.raises(lo.LoligoError, match=r"this is infinite at V = -40 mV"):
        by_parameters({"a": sigmoid, "b": (-4.1, *removable[1:])})


# ---------------------------------------------------------------------------- frames, starts


def shifts(name: str, solver: Solver) -> None:
    model, shock = lo.load(name), lo.Pulse(2, 10, 20)
    one = lo.simulate(model, shock, 16, solver=solver, record=["V"])
    other = lo.simulate(
        model.shift_voltage(-5), shock, 16, solver=solver, record=["V"], threshold=-5
    )
    assert one.spike_count == other.spike_count >= 1
    np.testing.assert_allclose(other.V.values, one.V.values - 5, rtol=0, atol=2e-9)


def test_everything_happens_as_much_lower_in_a_lower_frame() -> None:
    shifts("hodgkin-huxley-1952", lo.Exponential(0.05, engine="numpy"))


@pytest.mark.slow
@pytest.mark.parametrize("name", FEW)
def test_so_it_does_in_every_model_under_the_usual_solver(name: str) -> None:
    shifts(name, lo.Taylor(1e-12))


def test_a_run_begins_where_its_model_says() -> None:
    pacemaker = lo.Membrane(channels=lo.Channel("X", current="-1"), name="pacemaker")
    short = {"duration": 1, "solver": NUMPY, "sample_interval": 0.5}
    with pytest.raises(lo.LoligoError, match=r"initial=-65, or let the model say where it starts"):
        lo.simulate(pacemaker, **short)
    started = pacemaker.changed(start=-70)
    assert lo.simulate(started, **short).V.values == pytest.approx(np.array([-70, -69.5, -69]))
    assert lo.simulate(started, **short, initial=-60).V.values[0] == -60
    leak = lo.Membrane(channels=lo.Channel("L", 0.3, -65), start={"V": [-70.0, -50.0]})
    assert lo.simulate(leak, **short).V.values[:, 0].tolist() == [-70, -50]
    assert lo.simulate(leak, **short, initial="rest").V.values[0] == pytest.approx(-65)
    rec = lo.simulate(started, **short)
    assert lo.rerun(rec).V.equals(rec.V)
    axon = lo.Axon(leak.changed(start=-70), 1000, 10, 35.4, compartments=10)
    assert lo.simulate(axon, None, 1, solver=lo.Exponential(0.1, engine="numpy")).V[0, 0] == -70


@pytest.mark.slow
def test_every_model_of_the_library_runs_as_it_is() -> None:
    for name in FEW:
        rec = lo.simulate(lo.load(name), solver=lo.Exponential(0.5, engine="numpy"))
        assert rec.time[-1] == 50
        assert np.ptp(rec.V.values) < 1e-6
