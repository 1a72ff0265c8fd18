"""Where membranes rest, and their gates' steady state at a held voltage."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import hh_scipy
import loligo as lo
from cells import bistable, calcium, conditional, cubic, mutual
from few import FEW
from loligo.errors import RunError
from machine import equations

LIBRARY = FEW
OTHERS = {"calcium": calcium, "mutual": mutual, "strongly mutual": lambda: mutual(3.0),
          "conditional": conditional, "cubic": cubic}  # fmt: skip
EVERY = [*LIBRARY, *OTHERS]


def membrane(name: str) -> lo.Membrane:
    return OTHERS[name]() if name in OTHERS else lo.load(name)


def begin(model: lo.Membrane, initial: Any = "rest", **options: Any) -> Any:
    """The first sample of a run, all states."""
    names = options.get("sweep") or equations(model)[0]
    rec = lo.simulate(
        model, None, 0.05, initial=initial, record=names, sample_interval=0.05,
        solver=lo.Exponential(0.05),
    )  # fmt: skip
    return rec.isel(time=0)


@pytest.mark.parametrize("name", EVERY)
def test_nothing_changes_at_rest(name: str) -> None:
    """By the text's equations, which know nothing of the program."""
    model = membrane(name)
    names, f = equations(model)
    at = begin(model)
    rate = f(0, [float(at[n]) for n in names])
    # a unit in the last place of V moves the balance by some 1e-13 uA/cm2
    assert np.abs(rate).max() < 2e-12


@pytest.mark.parametrize("name", [*LIBRARY, "calcium", "mutual"])
def test_rest_is_where_the_membrane_settles_by_itself(name: str) -> None:
    """SciPy's BDF on the text's equations, from 3 mV beside."""
    model = membrane(name)
    names, f = equations(model)
    at = np.array([float(begin(model)[n]) for n in names])
    beside = at.copy()
    beside[0] -= 3.0
    settled = solve_ivp(f, (0, 400), beside, method="BDF", rtol=1e-7, atol=1e-10).y[:, -1]
    assert settled == pytest.approx(at, rel=1e-5, abs=1e-8)


def test_the_squid_axon_rests_where_scipy_finds_it() -> None:
    found = float(begin(lo.load("hodgkin-huxley-1952")).V)
    assert found == pytest.approx(hh_scipy.rest(), abs=1e-11)
    assert found == pytest.approx(-64.9964, abs=5e-5)


@pytest.mark.parametrize(
    ("name", "engine"), [*((n, "llvm") for n in EVERY), ("wang-buzsaki-1996", "numpy")]
)
def test_rest_does_not_drift(name: str, engine: str) -> None:
    solver = lo.Exponential(dt=0.05, engine=engine)
    duration = 100 if engine == "llvm" else 10
    rec = lo.simulate(membrane(name), None, duration, sample_interval=1, solver=solver)
    assert float(np.ptp(rec.V.values)) < 1e-10
    assert rec.V.attrs["rest"] == float(rec.V[0])


@pytest.mark.parametrize(
    "name",
    [
        "hodgkin-huxley-1952",
        "mutual",
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("wang-buzsaki-1996", "calcium")),
    ],
)
def test_rest_does_not_drift_under_taylor(name: str) -> None:
    rec = lo.simulate(membrane(name), None, 100, sample_interval=1, solver=lo.Taylor(1e-10))
    assert float(np.ptp(rec.V.values)) < 1e-7


def test_rest_does_not_drift_in_the_reference() -> None:
    rec = lo.simulate(
        lo.load("hodgkin-huxley-1952"), None, 100, sample_interval=5, solver=lo.Reference()
    )
    assert float(np.ptp(rec.V.values)) < 1e-8


@pytest.mark.parametrize("name", EVERY)
def test_at_a_held_voltage_every_other_state_is_steady(name: str) -> None:
    model = membrane(name)
    names, f = equations(model)
    held = np.array([-120.5, -90.0, -65.0, 0.0, 33.3])
    at = begin(model, held, sweep=names)
    assert np.array_equal(at.V, held)
    for i, voltage in enumerate(held):
        rate = f(0, [voltage, *(float(at[n][i]) for n in names[1:])])
        assert np.abs(rate[1:]).max() < 1e-11


def test_arrays_of_holding_potentials_are_lanes() -> None:
    held = np.array([-90.0, -40.0, 10.0])
    at = begin(lo.load("hodgkin-huxley-1952"), held)
    assert at.V.dims == ("initial",)
    assert np.array_equal(at.V, held)
    assert at.m.values == pytest.approx([hh_scipy.steady(v + 1e-7)[1] for v in held], rel=1e-6)


# ----------------------------------------------------------------------- several, or none


def bistable_rests() -> list[float]:
    """All zeros of the balance, by SciPy."""

    def balance(v: float) -> float:
        return 0.1 * (v + 70) + 0.2 / (1 + np.exp(-(v + 40) / 4)) * (v - 40)

    grid = np.linspace(-100, 60, 321)
    values = balance(grid)
    places = np.flatnonzero(values[:-1] * values[1:] < 0)
    return [brentq(balance, grid[i], grid[i + 1], xtol=1e-13) for i in places]


def test_of_several_rests_the_lowest_is_taken_and_noted() -> None:
    low, middle, high = bistable_rests()
    with pytest.warns(
        UserWarning, match="the membrane has several stable resting potentials"
    ) as told:
        at = begin(bistable())
    assert "the lowest is taken" in str(told[0].message)
    assert float(at.V) == pytest.approx(low, abs=1e-10)
    # the middle one is no rest, the high one is: from beside them the membrane goes to the ends
    ends = lo.simulate(bistable(), None, 300, initial=[middle - 1, middle + 1], sample_interval=300)
    assert ends.V.values[:, -1] == pytest.approx([low, high], abs=1e-3)


def test_the_note_counts_the_membranes() -> None:
    with pytest.warns(UserWarning, match="1 of 3 membranes have several stable"):
        begin(bistable(g_P=[0.0, 0.2, 0.001]), sweep=["V"])


def test_a_membrane_with_one_rest_has_no_note() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        begin(lo.load("hodgkin-huxley-1952"))


SPONTANEOUS = {"E_L": -10.0}  # as if 13 uA/cm2 flowed all the time


def test_a_membrane_that_fires_by_itself_has_no_rest_and_is_told_so() -> None:
    with pytest.raises(RunError) as told:
        begin(lo.load("hodgkin-huxley-1952").replace(**SPONTANEOUS))
    assert str(told.value) == (
        "the membrane has no stable resting potential between -150 and 100 mV (it may fire by "
        "itself); give a holding potential, for example initial=-65, or let the model say where it "
        "starts ([start] in its file)"
    )
    rec = lo.simulate(lo.load("hodgkin-huxley-1952").replace(**SPONTANEOUS), None, 100, initial=-65)
    assert int(rec.spike_count) > 3  # it does


def test_how_many_of_the_lanes_have_no_rest_is_told() -> None:
    said = r"In 2 \(E_L = -10; E_L = -5\): the membrane has no stable resting potential"
    with pytest.warns(UserWarning, match=said):
        begin(lo.load("hodgkin-huxley-1952").replace(E_L=[-54.387, -10.0, -5.0]), sweep=["V"])


@pytest.mark.parametrize(
    "solver", [lo.Exponential(), lo.Exponential(engine="numpy"), lo.Reference()]
)
def test_a_blocked_membrane_rests_anywhere_and_is_told_so(solver: Any) -> None:
    blocked = lo.load("hodgkin-huxley-1952").replace(g_Na=0, g_K=0, g_L=0)
    with pytest.raises(RunError) as told:
        lo.simulate(blocked, None, 1, solver=solver)
    assert str(told.value) == (
        "the membrane has no single resting potential: without any conductance every voltage is "
        "an equilibrium; give a holding potential, for example initial=-65"
    )
    assert np.all(lo.simulate(blocked, None, 1, initial=-65, solver=solver).V == -65)


def test_a_state_that_never_settles_is_told() -> None:
    growing = lo.Membrane(
        channels=[lo.Channel("L", g=0.3, E=-65)], states=[lo.State("x", "1+0*V", initial=0)]
    )
    with pytest.raises(RunError) as told:
        lo.simulate(growing, None, 1, initial=-65)
    assert str(told.value) == (
        "some state has no steady value with V held at -65 mV; give the initial states: "
        "initial={'V': ..., ...}"
    )
    rec = lo.simulate(growing, None, 1, initial={"V": -65, "x": 2})
    assert rec.x.values[[0, -1]] == pytest.approx([2, 3])


def test_a_state_without_an_equilibrium_at_some_voltage_only_hides_no_rest() -> None:
    """Above 0 mV the state runs away, which does not matter at -65 mV."""
    model = lo.Membrane(
        channels=[lo.Channel("L", g=0.3, E=-65, current="g_L*(V-E_L)*(1+0*x)")],
        states=[lo.State("x", "where(V > 0, 1, -x)", initial=0)],
    )
    at = begin(model)
    assert float(at.V) == pytest.approx(-65, abs=1e-12)
    assert float(at.x) == 0


def test_a_state_that_stays_where_it_is_put_begins_at_its_initial_value() -> None:
    model = lo.Membrane(
        channels=[lo.Channel("L", g=0.3, E=-65, current="g_L*(V-E_L)*(1+0*x)")],
        states=[lo.State("x", "0*V", initial=[1.5, 2.5])],
    )
    at = begin(model, -60, sweep=["x"])
    assert at.x.dims == ("initial_x",)
    assert np.array_equal(at.x, [1.5, 2.5])


# ------------------------------------------------------------------------------- lanes


def sweeps() -> dict[str, tuple[Any, np.ndarray]]:
    shares = np.random.default_rng(4).uniform(0.5, 1.5, 9)
    return {
        "squid": (lambda x: lo.load("hodgkin-huxley-1952").replace(g_Na=x), 120 * shares),
        "interneuron": (lambda x: lo.load("wang-buzsaki-1996").replace(g_K=x), 9 * shares),
        "calcium": (lambda x: calcium(g_AHP=x), 2 * shares),
        # from states that settle at once to states that hardly do
        "mutual": (mutual, np.array([0.0, 3e-4, 1e-3, 0.02, 0.9, 3.0])),
        "cubic": (cubic, np.linspace(0, 0.3, 4)),
    }


@pytest.mark.parametrize("name", sweeps())
def test_a_lane_rests_where_it_would_alone_bit_for_bit(name: str) -> None:
    make, values = sweeps()[name]
    states = equations(make(float(values[0])))[0]
    together = begin(make(values), sweep=states)
    backwards = begin(make(values[::-1].copy()), sweep=states)
    for i, value in enumerate(values):
        alone = begin(make(float(value)))
        for state in states:
            assert together[state].values[i] == float(alone[state]), (state, value)
            assert backwards[state].values[-1 - i] == float(alone[state])


def test_a_lane_held_at_a_voltage_does_not_depend_on_its_neighbours() -> None:
    loops = np.array([0.0, 3e-4, 1e-3, 0.01, 0.5, 3.0])
    together = begin(mutual(loops), -50.0, sweep=["a", "b"])
    for i, loop in enumerate(loops):
        alone = begin(mutual(float(loop)), -50.0)
        assert together.a.values[i] == float(alone.a)
        # a = x/(1 + loop^2), b = loop a, with x = (V + 60)/50
        assert float(alone.a) == pytest.approx(0.2 / (1 + loop**2), rel=1e-11)


def test_many_lanes_go_through_in_blocks() -> None:
    many = np.linspace(50, 150, 300)
    at = begin(lo.load("hodgkin-huxley-1952").replace(g_Na=many), sweep=["V"])
    for i in (0, 131, 299):
        assert at.V.values[i] == pytest.approx(hh_scipy.rest(float(many[i])), abs=1e-10)
