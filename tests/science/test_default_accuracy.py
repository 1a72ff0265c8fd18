"""What is computed where no solver is asked for is as accurate as it says, whatever the model: with
conditionals in it, under noise and waveforms, and where it is too stiff for Taylor. The solutions
are SciPy's at 1e-11, of equations written anew, from one switch or edge to the next."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import solve_ivp

import hh_scipy
import loligo as lo
from loligo.run.status import Status

SQUID = lo.load("hodgkin-huxley-1952")
Right = Callable[[float, Any, Any], Any]


def switched(
    right: Right, start: Any, edges: Any, switches: list[Callable[[Any], float]], t: np.ndarray,
    method: str = "DOP853",
) -> np.ndarray:  # fmt: skip
    """The solution of y' = right(t, y, on), on[k] being whether switches[k](y) > 0: a segment ends
    where a switch is thrown, and at every edge."""
    now, y = float(edges[0]), np.array(start, dtype=np.float64)
    out = np.full((y.size, t.size), np.nan)
    on = [s(y) > 0 for s in switches]
    for _ in range(1000):
        events = [lambda _, y, s=s: s(y) for s in switches]
        for event, side in zip(events, on, strict=True):
            event.terminal, event.direction = True, -1.0 if side else 1.0
        part = solve_ivp(
            lambda t, y, on=tuple(on): right(t, y, on),
            (now, edges[np.searchsorted(edges, now, side="right")]), y, method=method,
            rtol=1e-11, atol=1e-12, events=events or None, dense_output=True,
        )  # fmt: skip
        inside = (t >= now) & (t <= part.t[-1])
        if inside.any():
            out[:, inside] = part.sol(t[inside])
        now, y = float(part.t[-1]), part.y[:, -1]
        if now >= edges[-1]:
            return out
        thrown = [k for k, times in enumerate(part.t_events or []) if times.size]
        for k in thrown:
            on[k] = not on[k]
        if thrown:  # and on to the other side of it
            y = y + 1e-9 * np.array(right(now, y, tuple(on)))
            now += 1e-9
            assert all((switches[k](y) > 0) == on[k] for k in thrown), "it slides"
    raise AssertionError("too many switches")


def off(rec: xr.Dataset, exact: np.ndarray) -> float:
    return float(np.abs(rec.V.values - exact).max())


def clock(rec: xr.Dataset) -> np.ndarray:
    return np.asarray(rec.time.values)


# ------------------------------------------------------------------------------- conditionals

# Rates that change at a voltage, as atrial and ventricular membranes have them: they jump, and
# nothing smooths them
FIRES = lo.Membrane(
    C_m=1,
    channels=[
        lo.Channel("Na", g=120, E=50, gates=[
            lo.Gate("m", power=3, alpha="where(V > -35, 1.5, exp((V+35)/10))",
                    beta="4*exp(-(V+65)/18)"),
            lo.Gate("h", alpha="0.07*exp(-(V+65)/20)", beta="where(V < -30, 0.1, 1)"),
        ]),
        lo.Channel("K", g=36, E=-77, gates=[
            lo.Gate("n", power=4, alpha="where(V > -40, 0.4, 0.03)", beta="0.125*exp(-(V+65)/80)"),
        ]),
        lo.Channel("L", g=0.3, E=-54.4),
    ],
)  # fmt: skip


def fires(current: float) -> tuple[Right, list[Any]]:
    def right(t: float, y: Any, on: Any) -> Any:
        V, m, h, n = y
        am = 1.5 if on[0] else np.exp((V + 35) / 10)
        bh = 1.0 if on[1] else 0.1
        an = 0.4 if on[2] else 0.03
        ionic = 120 * m**3 * h * (V - 50) + 36 * n**4 * (V + 77) + 0.3 * (V + 54.4)
        return [
            (current if 5 <= t < 45 else 0.0) - ionic,
            am * (1 - m) - 4 * np.exp(-(V + 65) / 18) * m,
            0.07 * np.exp(-(V + 65) / 20) * (1 - h) - bh * h,
            an * (1 - n) - 0.125 * np.exp(-(V + 65) / 80) * n,
        ]

    return right, [lambda y: y[0] + 35, lambda y: y[0] + 30, lambda y: y[0] + 40]


START = {"V": -65.0, "m": 0.05, "h": 0.6, "n": 0.3}


def fires_exactly(current: float, t: np.ndarray) -> np.ndarray:
    right, switches = fires(current)
    edges, y, out = [0.0, 5.0, 45.0, 60.0], list(START.values()), np.empty(t.size)
    for a, b in pairwise(edges):
        times = np.append(t[(t >= a) & (t < b) | (t == b) & (b == 60)], b)
        middle = 0.5 * (a + b)
        found = switched(lambda _, y, on, m=middle: right(m, y, on), y, [a, b], switches, times)
        out[(t >= a) & (t < b) | (t == b) & (b == 60)] = found[0, :-1]
        y = list(found[:, -1])
    return out


def test_rates_that_jump_at_a_voltage() -> None:
    """With steps of 0.01 ms V is 0.45 mV off."""
    stimulus = lo.Pulse(5, 40, 10)
    rec = lo.simulate(FIRES, stimulus, 60, initial=START, record=["V"])
    exact = fires_exactly(10.0, clock(rec))
    assert (exact > 0).any()
    assert rec.attrs["solver"] == "Taylor(tolerance=1e-08)"
    assert off(rec, exact) < 1e-4
    plain = lo.simulate(FIRES, stimulus, 60, initial=START, record=["V"], solver=lo.Exponential())
    assert off(plain, exact) > 0.3


def test_a_time_constant_of_its_own_between_two_voltages() -> None:
    window = lo.Gate("n", power=4, inf="1/(1+exp(-(V+53)/15))",
                     tau="0.62 if V < -35.54 and V > -55.54 else 3.31")  # fmt: skip
    channels = [
        replace(SQUID.channels[0], g=89.5),
        lo.Channel("K", g=27.12, E=-77, gates=[window]),
        lo.Channel("L", g=0.3, E=-54.4),
    ]
    model = lo.Membrane(channels=channels, helpers={"phi": "1"})
    rec = lo.simulate(model, lo.Step(5, 23.94), 10, sample_interval=0.1)

    def right(t: float, y: Any, on: Any) -> Any:
        V, m, h, n = y
        x = V + 40
        opening = 0.1 * x / -np.expm1(-x / 10) if x else 1.0
        ionic = 89.5 * m**3 * h * (V - 50) + 27.12 * n**4 * (V + 77) + 0.3 * (V + 54.4)
        tau = 0.62 if on[0] and not on[1] else 3.31
        return [
            (23.94 if t >= 5 else 0.0) - ionic,
            opening * (1 - m) - 4 * np.exp(-(V + 65) / 18) * m,
            0.07 * np.exp(-(V + 65) / 20) * (1 - h) - h / (np.exp(-(V + 35) / 10) + 1),
            (1 / (1 + np.exp(-(V + 53) / 15)) - n) / tau,
        ]

    t = clock(rec)
    after = t >= 5
    start = [float(rec[name][0]) for name in ("V", "m", "h", "n")]
    switches = [lambda y: y[0] + 55.54, lambda y: y[0] + 35.54]
    exact = switched(right, start, [5.0, 10.0], switches, t[after])[0]
    assert exact.max() > 20
    assert float(np.abs(rec.V.values[after] - exact).max()) < 1e-4


def test_each_lanes_switches_are_its_own_and_so_are_its_bits() -> None:
    currents = np.array([0.0, 10.0, 2.0, 6.5, -4.0, 8.0, 12.0])
    sweep = lo.simulate(FIRES, lo.Pulse(5, 40, currents), 60, initial=START, record=["V"])
    for lane, current in enumerate(currents):
        alone = lo.simulate(FIRES, lo.Pulse(5, 40, current), 60, initial=START, record=["V"])
        assert np.array_equal(alone.V, sweep.V[lane])
        spikes = sweep.spike_time[lane]
        assert np.array_equal(spikes[np.isfinite(spikes)], lo.spike_times(alone))
        assert off(alone, fires_exactly(current, clock(alone))) < 1e-4


KINKS: dict[str, tuple[str, Callable[[float], float]]] = {
    "abs": ("0.02*abs(V+50)*(V+70)", lambda V: 0.02 * abs(V + 50) * (V + 70)),
    "max": ("0.5*max(V+50, 0) + 0.1*(V+65)", lambda V: 0.5 * max(V + 50, 0) + 0.1 * (V + 65)),
    "min": ("0.1*(V+50) + 0.3*min(V+50, 0)", lambda V: 0.1 * (V + 50) + 0.3 * min(V + 50, 0)),
    "where": (
        "where(V > -50, 0.2, 0.05)*(V+65)", lambda V: (0.2 if V > -50 else 0.05) * (V + 65)
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINKS)
def test_currents_with_a_kink_or_a_jump(kind: str) -> None:
    text, current = KINKS[kind]
    model = lo.Membrane(C_m=1, channels=[lo.Channel("X", current=text)])
    rec = lo.simulate(model, lo.Sine(0, 40, 8, 100), 40, initial=-65, record=["V"])

    def right(t: float, y: Any, on: Any) -> Any:
        # on either side of the switch, the branch that holds there
        V = max(y[0], -50 + 1e-300) if on[0] else min(y[0], -50.0)
        return [8 * np.sin(2 * np.pi * 0.1 * t) - current(V)]

    exact = switched(right, [-65.0], [0.0, 40.0], [lambda y: y[0] + 50], clock(rec))[0]
    assert (exact > -50).any()
    assert off(rec, exact) < 2e-6


@pytest.mark.parametrize("piece", ["max(0, V + 50)", "abs(V + 50)"])
def test_a_piece_that_begins_with_a_root(piece: str) -> None:
    """dV/dt = 0.5 - 0.1 sqrt(piece), which has no series at -50 mV: Taylor comes through where V
    goes on by it, and where it fails Exponential takes its place. With r = sqrt(x),
    dx/dt = 0.5 - 0.1 r takes F(r) ms from x = 0."""

    def F(r: Any) -> Any:
        return -20 * r - 100 * np.log1p(-r / 5)

    model = lo.Membrane(C_m=1, channels=[lo.Channel("X", current=f"0.1*sqrt({piece}) - 0.5")])
    rec = lo.simulate(model, None, 60, initial=-60, record=["V"])
    there = 20.0 if piece.startswith("max") else F(np.sqrt(10))
    beyond = clock(rec) > there + 1
    exact = clock(rec)[beyond] - there
    took = F(np.sqrt(rec.V.values[beyond] + 50))
    if piece.startswith("max"):
        assert np.abs(took - exact).max() < 1e-3
    else:
        assert rec.status == Status.EXPONENTIAL
        assert "the run diverged at t = " in rec.attrs["note"]
        assert np.abs(took - exact).max() < 0.5


# ----------------------------------------------------------------------------- sampled stimuli


def squid(drive: Callable[[float], float], knots: np.ndarray, t: np.ndarray) -> np.ndarray:
    start = hh_scipy.steady(hh_scipy.rest())
    edges = np.unique(np.concatenate([[0.0, t[-1]], knots[(knots > 0) & (knots < t[-1])]]))

    def right(t: float, y: Any, on: Any) -> Any:
        return hh_scipy.derivative(t, y, drive(t), 120.0)

    return switched(right, start, edges, [], t)[0]


def test_a_waveform_and_noise_come_with_their_accuracy() -> None:
    knots = np.arange(0.0, 25.001, 0.25)
    values = 12 + 8 * np.random.default_rng(5).normal(size=knots.size)
    wave = lo.Waveform(knots, values)
    rec = lo.simulate(SQUID, wave, 25, record=["V"])
    exact = squid(lambda t: float(np.interp(t, knots, values)), knots, clock(rec))
    assert int(rec.spike_count) > 0
    assert off(rec, exact) < 1e-4
    assert "V_error" not in rec
    assert rec.attrs["accuracy"].startswith("local error of a step below tolerance x 100 mV")
    assert "up to 4.04 a ms" in rec.attrs["note"]

    noise = {"start": 0, "duration": 30, "amplitude": 6, "tau": 1.5, "mean": 9, "interval": 0.25}
    sweep = lo.simulate(SQUID, lo.Noise(**noise, seed=[3, 4]), 25)
    for lane, seed in enumerate((3, 4)):
        alone = lo.simulate(SQUID, lo.Noise(**noise, seed=seed), 25)
        assert np.array_equal(alone.V, sweep.V[lane])
        path = alone.I_stim.values[::5]  # linear between its grid points
        exact = squid(lambda t, path=path: float(np.interp(t, knots, path)), knots, clock(alone))
        assert off(alone, exact) < 1e-4


def test_spikes_alone_are_located_to_the_accuracy_that_is_told() -> None:
    # a grid so fine that fixed steps cost less
    noise = lo.Pulse(2, 90, 8) + lo.Noise(0, 95, 5, tau=2, seed=7, interval=0.001)
    alone = lo.simulate(SQUID, noise, 100, record=["spikes"])
    assert alone.attrs["accuracy"].startswith("spikes within 0.01 ms")
    fine = lo.simulate(SQUID, noise, 100, record=["spikes"], solver=lo.Exponential(0.0005))
    assert lo.spike_times(alone).size == lo.spike_times(fine).size > 3
    assert np.abs(lo.spike_times(alone).values - lo.spike_times(fine).values).max() < 0.01


# ------------------------------------------------------------------------- too stiff for Taylor


@cache
def hyperpolarised(current: float) -> np.ndarray:
    """V every 0.05 ms, by LSODA: where V is -250 mV, beta of m is 1e5 per ms."""
    t = np.arange(901) * 0.05
    start, out = hh_scipy.steady(hh_scipy.rest()), np.empty(t.size)
    for a, b, amplitude in ((0.0, 5.0, 0.0), (5.0, 25.0, current), (25.0, 45.0, 0.0)):
        inside = (t >= a) & ((t < b) | (b == 45.0))
        part = solve_ivp(
            lambda t, y, amplitude=amplitude: hh_scipy.derivative(t, y, amplitude, 120.0), (a, b),
            start, method="LSODA", rtol=1e-11, atol=1e-13, dense_output=True,
        )  # fmt: skip
        out[inside], start = part.sol(t[inside])[0], part.y[:, -1]
    return out


def test_the_squid_far_below_rest_goes_on_with_exponential() -> None:
    rec = lo.simulate(SQUID, lo.Pulse(5, 20, -60), 45)
    assert rec.status == Status.EXPONENTIAL
    assert rec.attrs["solver"] == f"Exponential(dt={rec.attrs['dt']:g})"
    assert "the model is too stiff for lo.Taylor: at t = " in rec.attrs["note"]
    assert "V within 0.1 mV at every sample" in rec.attrs["accuracy"]
    exact = hyperpolarised(-60.0)
    assert exact.min() < -200
    assert off(rec, exact) < 0.1
    assert np.array_equal(lo.rerun(rec).V, rec.V)
    with pytest.raises(lo.LoligoError, match=r"too stiff for lo\.Taylor"):
        lo.simulate(SQUID, lo.Pulse(5, 20, -60), 45, solver=lo.Taylor())


def test_of_a_sweep_only_the_stiff_lanes_do_and_all_are_as_alone() -> None:
    currents = np.array([10.0, -60.0, 0.0, -80.0, 5.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rec = lo.simulate(SQUID, lo.Pulse(5, 20, currents), 45)
    stiff = np.array([False, True, False, True, False])
    assert np.array_equal(rec.status, np.where(stiff, Status.EXPONENTIAL, Status.FINE))
    assert rec.attrs["solver"] == "Taylor(tolerance=1e-08)"
    assert "in the 2 lanes of status 1" in rec.attrs["accuracy"]
    assert np.array_equal(np.isfinite(rec.V_error), stiff)
    for lane, current in enumerate(currents):
        alone = lo.simulate(SQUID, lo.Pulse(5, 20, current), 45)
        assert np.array_equal(alone.V, rec.V[lane])
        assert int(alone.spike_count) == int(rec.spike_count[lane])
        if stiff[lane]:
            assert off(alone, hyperpolarised(float(current))) < 0.1
    assert np.array_equal(lo.rerun(rec).V, rec.V)
