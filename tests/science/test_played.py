"""Commands and conductances that follow samples, against equations written anew and SciPy."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import solve_ivp

import loligo as lo
from hh_scipy import currents, rates, steady

SQUID = lo.load("hodgkin-huxley-1952")
START = steady(-65.0)
INITIAL = dict(zip(("V", "m", "h", "n"), START, strict=True))
TIME, COMMAND = [0.0, 3.0, 3.0, 5.0, 9.0], [-65.0, -20.0, -80.0, -80.0, 30.0]
AT = 1.0037  # off the grid of steps
PIECES: dict[str, tuple[lo.Waveform, Callable[[float], float], list[float]]] = {
    "lines": (
        lo.Waveform(TIME, COMMAND, unit="mV"),
        lambda s: float(
            np.interp(s, TIME[:2], COMMAND[:2]) if s < 3 else np.interp(s, TIME[2:], COMMAND[2:])
        ),
        [0, 3, 5, 9, 10],
    ),
    "steps": (
        lo.Waveform([0, 2.5, 6.0021], [-65, 0, -90], unit="mV", hold=True),
        lambda s: -65.0 if s < 2.5 else 0.0 if s < 6.0021 else -90.0,
        [0, 2.5, 6.0021, 10],
    ),
}


def march(rate: Any, edges: list[float], times: np.ndarray, first: list[float]) -> np.ndarray:
    """(states, times), from edge to edge."""
    now, found = np.array(first), []
    for a, b in itertools.pairwise(edges):
        inside = times[(times >= a - 1e-9) & (times < b - 1e-9)]
        solved = solve_ivp(
            lambda t, y, b=b, a=a: rate(min(t, np.nextafter(b, a)), y),
            (a, b), now, "DOP853", np.append(inside, b), rtol=1e-12, atol=1e-13, max_step=0.2,
        )  # fmt: skip
        now = solved.y[:, -1]
        found.append(solved.y[:, :-1])
    return np.concatenate([*found, now[:, None]], axis=1)


def gates(v: float, x: Any) -> list[float]:
    am, bm, ah, bh, an, bn = rates(v)
    return [a * (1 - g) - b * g for a, b, g in zip((am, ah, an), (bm, bh, bn), x, strict=True)]


def held(command: Callable[[float], float], knots: list[float], times: np.ndarray) -> np.ndarray:
    """V, m, h, n while V is a command and before, at rest-like gates; up to the clamp's end."""
    edges = [0.0, *(AT + k for k in knots)]

    def rate(t: float, y: Any) -> list[float]:
        v = command(t - AT) if t >= AT else float(y[0])
        return [-sum(currents(y)) if t < AT else 0.0, *gates(v, y[1:])]

    y = march(rate, edges, times, START)
    y[0] = np.where(times >= AT, [command(t - AT) for t in times], y[0])
    return y


@pytest.mark.parametrize("name", PIECES)
@pytest.mark.parametrize(
    ("solver", "within"),
    [
        pytest.param(lo.Reference(1e-11), 1e-9, marks=pytest.mark.slow),
        (lo.Exponential(0.01), 1e-4),
        pytest.param(lo.Exponential(0.005), 3e-5, marks=pytest.mark.slow),
    ],
    ids=["Reference", "10 us", "5 us"],
)
def test_V_is_led_and_the_gates_follow(name: str, solver: Any, within: float) -> None:
    waveform, command, knots = PIECES[name]
    times = np.arange(0, 11.0001, 0.05)
    clamp = lo.VoltageClamp(AT, 10, waveform)
    rec = lo.simulate(SQUID, clamp, 11, solver=solver, initial=INITIAL)
    truth = held(command, knots, np.append(times[times < 11], 11.0037))[:, :-1]
    on = (times[:-1] >= AT) & (times[:-1] < 11)
    # the command itself, to rounding; the reference draws V along its slope
    assert np.abs(rec.V.values[:-1] - truth[0])[on].max() < 1e-5
    for state, row in zip(("m", "h", "n"), truth[1:], strict=True):
        assert np.abs(rec[state].values[:-1] - row).max() < within, state
    electrode = sum(currents(truth))
    slope = np.array([(command(t - AT + 1e-6) - command(t - AT)) / 1e-6 for t in times[:-1]])
    still = on & (np.abs(slope) < 1e3)
    largest = np.abs(electrode).max()
    off = np.abs(rec.I_clamp.values[:-1] - (electrode + slope))[still].max()
    assert off < 30 * within * largest


@pytest.mark.slow
def test_a_conductance_follows_a_waveform() -> None:
    """Under Exponential of second order in the step, and exact under Reference."""
    g = lo.Waveform([0, 2, 2, 6], [0, 0.4, 0.1, 0], unit="mS/cm2")
    stimulus = lo.Conductance(2.0021, g, E=10) + lo.Pulse(1, 1, 3)
    times = np.arange(0, 12.0001, 0.05)

    def rate(t: float, y: Any) -> list[float]:
        s = t - 2.0021
        lines = np.interp(s, [0, 2], [0, 0.4]) if s < 2 else np.interp(s, [2, 6], [0.1, 0])
        opened = lines if 0 <= s < 6 else 0.0
        pulse = 3.0 if 1 <= t < 2 else 0.0
        return [opened * (10 - y[0]) + pulse - sum(currents(y)), *gates(y[0], y[1:])]

    edges = [0, 1, 2, 2.0021, 4.0021, 8.0021, 12]
    truth = march(rate, edges, times, START)
    off = []
    for solver in (lo.Exponential(0.01), lo.Exponential(0.005), lo.Reference(1e-11)):
        rec = lo.simulate(SQUID, stimulus, 12, solver=solver, initial=INITIAL)
        off.append(float(np.abs(rec.V.values - truth[0]).max()))
    assert off[0] < 0.1
    assert 3.5 < off[0] / off[1] < 4.5
    assert off[2] < 1e-7


@pytest.mark.slow
def test_lanes_of_what_is_played_are_single_runs() -> None:
    solver = lo.Exponential(0.01)
    noise = lo.Noise(0, 20, [2, 5], tau=3, mean=-60, seed=[3, 4])
    rec = lo.simulate(SQUID, lo.VoltageClamp([1, 2.003], 6, noise), 8, solver=solver)
    assert set(rec.V.dims) == {"start", "amplitude", "seed", "time"}
    assert rec.amplitude.attrs["units"] == "mV"
    alone = lo.Noise(0, 20, 5, tau=3, mean=-60, seed=4)
    one = lo.simulate(SQUID, lo.VoltageClamp(2.003, 6, alone), 8, solver=solver)
    mine = rec.sel(start=2.003, amplitude=5, seed=4)
    assert np.array_equal(mine.V, one.V)
    command = lo.VoltageClamp(2.003, 6, alone).put("clamp.V", one.time.values)
    on = (one.time.values >= 2.003) & (one.time.values < 8)
    assert np.abs(one.V.values - command)[on].max() < 1e-11
    assert lo.rerun(rec).equals(rec)
    rows = xr.DataArray(
        [[0, 0.5, 0], [0, 1, 0]], dims=("shape", "time"), coords={"time": [0, 2, 4]},
        attrs={"units": "mS/cm2"},
    )  # fmt: skip
    many = lo.simulate(SQUID, lo.Conductance(2, lo.Waveform(rows), E=[0, -75]), 8, solver=solver)
    assert set(many.V.dims) == {"shape", "E", "time"}
    alone = lo.Conductance(2, lo.Waveform([0, 2, 4], [0, 1, 0]), E=-75)
    one = lo.simulate(SQUID, alone, 8, solver=solver)
    assert np.array_equal(many.V.isel(shape=1).sel(E=-75), one.V)
    assert lo.rerun(many).equals(many)


@pytest.mark.slow
def test_a_total_conductance_is_spread_over_the_area() -> None:
    shape = ([0, 2, 4], [0, 1, 0])
    big = SQUID.replace(area=1e5)
    whole = lo.Conductance(2, lo.Waveform(*shape, unit="uS"), E=0)
    dense = lo.Conductance(2, lo.Waveform(*shape), E=0)
    solver = lo.Exponential(0.01)
    a, b = (lo.simulate(m, s, 8, solver=solver) for m, s in ((big, whole), (SQUID, dense)))
    assert np.abs(a.V - b.V).max() < 1e-9


@pytest.mark.slow
def test_a_command_through_a_resistance() -> None:
    waveform, command, knots = PIECES["lines"]
    clamp = lo.VoltageClamp(AT, 9, waveform, series_resistance="20 ohm*cm2")
    times = np.arange(0, 10.0001, 0.05)
    edges = [0.0, *(AT + k for k in knots[:-1])]

    def rate(t: float, y: Any) -> list[float]:
        through = 50.0 * (command(t - AT) - y[0]) if t >= AT else 0.0
        return [through - sum(currents(y)), *gates(y[0], y[1:])]

    truth = march(rate, edges, times, START)
    off = []
    for solver in (lo.Exponential(0.005), lo.Exponential(0.0025), lo.Reference(1e-11)):
        rec = lo.simulate(SQUID, clamp, 10, solver=solver, initial=INITIAL)
        off.append(float(np.abs(rec.V.values[: truth.shape[1] - 1] - truth[0, :-1]).max()))
    assert off[0] < 0.3
    assert off[0] / off[1] > 3
    assert off[2] < 1e-7


def test_steps_that_last_are_pulses() -> None:
    """To the bit of the charge that each step of the solver gets."""
    steps = lo.Waveform([2, 5, 9.003], [10, -3, 0], hold=True)
    pulses = lo.Pulse(2, 3, 10) + lo.Pulse(5, 4.003, -3)
    solver = lo.Exponential(0.01)
    a, b = (lo.simulate(SQUID, s, 15, solver=solver) for s in (steps, pulses))
    assert np.abs(a.V - b.V).max() < 1e-10
    assert lo.rerun(a).equals(a)
