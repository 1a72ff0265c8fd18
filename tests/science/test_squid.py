"""The squid giant axon of Hodgkin & Huxley (1952, J Physiol 117:500-544): numbers and laws."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import approx_fprime, brentq

import hh_scipy
import loligo as lo
from fired import fired
from loligo.errors import RunError
from references import simulate

SQUID = lo.load("hodgkin-huxley-1952")
SOLVERS = {"taylor": lo.Taylor(), "exponential": lo.Exponential(), "reference": lo.Reference()}


@cache
def demonstration(sample_interval: float = 0.05) -> xr.Dataset:
    """10 uA/cm2 from 5 to 45 ms, begun at -65 mV as most teaching scripts do."""
    return lo.simulate(SQUID, lo.Pulse(5, 40, 10), 50, initial=-65, sample_interval=sample_interval)


# ----------------------------------------------------------------------------- numbers


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_axon_rests_at_its_resting_potential(solver: str) -> None:
    rec = lo.simulate(SQUID, None, 1, solver=SOLVERS[solver])
    assert float(rec.V[0]) == pytest.approx(-64.9964, abs=5e-5)
    assert rec.V.attrs["rest"] == float(rec.V[0])


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_brief_shock_gives_the_action_potential(solver: str) -> None:
    rec = simulate(SQUID, lo.Pulse(5, 1, 20), 20, solver=SOLVERS[solver], sample_interval=0.005)
    assert float(rec.V.max()) == pytest.approx(40.5, abs=0.02)
    shape = lo.spike_shape(rec)
    assert float(shape.peak_voltage[0]) == pytest.approx(40.5, abs=0.02)
    assert float(shape.AP_duration_half_width[0]) == pytest.approx(1.47, abs=0.01)
    # the spike itself, by SciPy alone
    true = hh_scipy.run(5.0, 1.0, 20.0, 20.0)
    assert fired(rec) == pytest.approx(true.spikes, abs=2e-3)


def test_a_steady_current_gives_its_frequency() -> None:
    """From 10 uA/cm2 held for a second, by the last interval."""
    rec = lo.simulate(SQUID, lo.Step(0, 10), 1000, record=["spikes"])
    assert 1000 / float(np.diff(fired(rec))[-1]) == pytest.approx(68.32, abs=0.005)


def test_the_classical_demonstration_fires_three_times() -> None:
    rec = demonstration(0.01)
    times = fired(rec)
    peaks = [float(rec.V.sel(time=slice(t, t + 2)).max()) for t in times]
    assert peaks == pytest.approx([40, 31, 30], abs=0.5)


def test_the_axon_fires_by_itself_where_rest_loses_its_stability() -> None:
    """Between about 9.78 and 154.5 uA/cm2 (Hassard 1978, J Theor Biol 71:401-420).

    A steady current I is a leak reversal potential that lies I/g_L higher. Where exactly the
    largest real part of an eigenvalue changes sign is found here without loligo.
    """

    def steady(current: float) -> np.ndarray:
        def balance(v: float) -> float:
            return hh_scipy.derivative(0, hh_scipy.steady(v), current, 120.0)[0]

        return np.array(hh_scipy.steady(brentq(balance, -80, -20, xtol=1e-13)))

    def growth(current: float) -> float:
        at = steady(current)
        jacobian = [
            approx_fprime(at, lambda y, i=i: hh_scipy.derivative(0, y, current, 120.0)[i], 1e-7)
            for i in range(4)
        ]
        return float(np.linalg.eigvals(np.array(jacobian)).real.max())

    low, high = brentq(growth, 9, 10.5), brentq(growth, 150, 160)
    assert (low, high) == pytest.approx((9.78, 154.5), abs=0.05)
    for current, stable in ((low - 0.01, True), (low + 0.01, False),
                            (high - 0.05, False), (high + 0.05, True)):  # fmt: skip
        model = SQUID.replace(E_L=-54.387 + current / 0.3)
        if stable:
            rest = float(lo.simulate(model, None, 0.05).V[0])
            assert rest == pytest.approx(steady(current)[0], abs=1e-9)
        else:
            with pytest.raises(RunError, match="no stable resting potential"):
                lo.simulate(model, None, 0.05)


def test_warmth_makes_the_action_potential_brief() -> None:
    """All rates are three times as fast for 10 degC (p. 525), so the spike is briefer; above
    some 33 degC there is none (Huxley 1959)."""
    celsius = np.array([6.3, 16.3, 40.0])
    rec = lo.simulate(
        SQUID.replace(celsius=celsius), lo.Pulse(5, 0.5, 60), 20, sample_interval=0.01
    )
    above = (rec.V > -20).sum("time").values * 0.01
    assert above[1] < 0.5 * above[0]
    assert float(rec.V.isel(celsius=2).max()) < 0


# -------------------------------------------------------------------------------- laws


def test_the_currents_add_up_to_the_capacitive_current() -> None:
    """C dV/dt = I_stim - (I_Na + I_K + I_L), dV/dt from V itself by five points.

    The samples are 5 us apart; where the stimulus jumps V has a corner, which is left out.
    """
    h = 0.005
    rec = lo.simulate(
        SQUID, lo.Pulse(5, 10, 15) + lo.Ramp(1, 18, 5), 20, sample_interval=h,
        solver=lo.Exponential(0.001),
    )  # fmt: skip
    v = rec.V.values
    slope = (v[:-4] - 8 * v[1:-3] + 8 * v[3:-1] - v[4:]) / (12 * h)
    inward = (rec.I_stim - rec.I_Na - rec.I_K - rec.I_L).values[2:-2]
    t = rec.time.values[2:-2]
    smooth = np.all(np.abs(t[:, None] - np.array([1, 5, 15, 19])) > 0.02, axis=1)
    assert np.abs(slope).max() > 250  # mV/ms: there is a spike
    # V of second order at dt 0.001 is good to 1e-3 mV on the upstroke of 300 mV/ms
    assert np.abs(slope - inward)[smooth].max() < 1e-3 * np.abs(slope).max()


@pytest.mark.parametrize(
    ("solver", "h", "lost"),
    [
        (lo.Taylor(), 0.005, 1e-4),
        (lo.Reference(), 0.005, 1e-4),
        (lo.Exponential(0.001), 0.001, 0.02),
    ],
)
def test_the_charges_add_up_over_the_whole_run(solver: Any, h: float, lost: float) -> None:
    """What flowed in (400 nC/cm2) and did not flow out is on the capacitor."""
    rec = simulate(SQUID, lo.Pulse(5, 40, 10), 50, initial=-65, sample_interval=h, solver=solver)
    out = float(np.trapezoid((rec.I_Na + rec.I_K + rec.I_L).values, dx=h))
    assert 400 - out == pytest.approx(float(rec.V[-1] - rec.V[0]), abs=lost)


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_observable_is_what_its_name_says(solver: str) -> None:
    rec = simulate(SQUID, lo.Pulse(5, 20, 10), 30, solver=SOLVERS[solver], initial=-65)
    near: dict[str, Any] = {"rel": 1e-12, "abs": 1e-12}
    V, m, h, n = (rec[name].values for name in ("V", "m", "h", "n"))
    assert rec.G_Na.values == pytest.approx(120 * m**3 * h, **near)
    assert rec.G_K.values == pytest.approx(36 * n**4, **near)
    assert rec.G_L.values == pytest.approx(np.full(V.shape, 0.3), **near)
    assert rec.I_Na.values == pytest.approx(120 * m**3 * h * (V - 50), **near)
    assert rec.I_K.values == pytest.approx(36 * n**4 * (V + 77), **near)
    assert rec.I_L.values == pytest.approx(0.3 * (V + 54.387), **near)
    assert np.all(rec.phi == 1)
    on = (rec.time.values >= 5 - 1e-9) & (rec.time.values < 25 - 1e-9)
    assert np.array_equal(rec.I_stim.values, np.where(on, 10.0, 0.0))


def test_v_stays_between_the_reversal_potentials_and_gates_between_0_and_1() -> None:
    """Without injected current the ions cannot take V beyond E_K and E_Na, wherever it begins."""
    begin = np.linspace(-77, 50, 23)
    rec = lo.simulate(SQUID, None, 30, initial=begin, record=["V", "m", "h", "n"])
    assert float(rec.V.min()) >= -77
    assert float(rec.V.max()) <= 50
    for gate in ("m", "h", "n"):
        assert float(rec[gate].min()) >= 0
        assert float(rec[gate].max()) <= 1


def test_the_signs_are_those_of_the_field() -> None:
    """Inward is negative; sodium flows in at rest and during the spike, potassium out."""
    rec = demonstration()
    assert np.all(rec.I_Na.values < 0)
    assert np.all(rec.I_K.values > 0)
    assert float(rec.I_Na.min()) < -700
    assert rec.G_K.values.argmax() > rec.G_Na.values.argmax()


def test_blocking_sodium_leaves_no_spike_and_blocking_potassium_a_long_one() -> None:
    """Tetrodotoxin and tetraethylammonium, as numbers."""
    shock = lo.Pulse(5, 1, 20)
    assert int(lo.simulate(SQUID.replace(g_Na=0), shock, 20).spike_count) == 0
    normal, blocked = (
        (lo.simulate(SQUID.replace(g_K=g), shock, 20, initial=-65).V > -20).sum() for g in (36, 4)
    )
    assert int(blocked) > 2 * int(normal)


def test_a_continued_run_goes_on_as_if_it_had_not_stopped() -> None:
    """Two runs of 10 ms, the second begun from the end of the first, are one of 20 ms."""
    shock = lo.Pulse(5, 1, 20)
    whole = lo.simulate(SQUID, shock, 20, solver=lo.Exponential(0.001))
    first = lo.simulate(SQUID, shock, 10, solver=lo.Exponential(0.001))
    second = lo.simulate(SQUID, None, 10, initial=first, solver=lo.Exponential(0.001))
    assert float(second.V[0]) == float(first.V[-1])
    # they differ in where a step splits into halves
    assert np.abs(second.V.values - whole.V.values[200:]).max() < 1e-4
