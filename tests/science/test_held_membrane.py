"""V of a membrane held between two times that may differ from lane to lane."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import solve_ivp

import loligo as lo

ALL: dict[str, Any] = {
    "Taylor": lo.Taylor(1e-13),
    "Taylor, NumPy": lo.Taylor(1e-13, engine="numpy"),
    "Exponential": lo.Exponential(0.01),
    "Exponential, NumPy": lo.Exponential(0.01, engine="numpy"),
    "Reference": lo.Reference(1e-13),
}
# the others take longer
NAMES = [
    name if name in ("Taylor", "Exponential") else pytest.param(name, marks=pytest.mark.slow)
    for name in ALL
]
# where gates are moved exactly while V stands still
EXACT = ("Exponential", "Exponential, NumPy")
# between the steps of DOP853, which a fast gate drives towards its limit of stability
NEAR = {"Reference": 5e-10}
SQUID = lo.load("hodgkin-huxley-1952")
START = np.array([1.0, 2.5, 0.0, 3.0, 30.0])  # the last is beyond the run: free
LONG = np.array([6.0, 2.0, 4.0, 20.0, 1.0])
COMMAND = np.array([-10.0, 20.0, -90.0, 0.0, 0.0])
STATES = ["V", "m", "h", "n", "I_Na", "I_K", "I_L", "I_clamp", "I_stim"]


def lanes(values: np.ndarray) -> xr.DataArray:
    return xr.DataArray(values, dims="case")


def held(solver: Any, start: np.ndarray = START, **more: Any) -> xr.Dataset:
    clamp = lo.Clamp(lanes(start), lanes(LONG), lanes(COMMAND))
    asked = {"duration": 12, "record": STATES, "sample_interval": 0.05, **more}
    return lo.simulate(SQUID, clamp + lo.Pulse(8.5, 1, 20), solver=solver, **asked)


def on(rec: xr.Dataset, start: np.ndarray = START) -> np.ndarray:
    t = rec.time.values + 1e-9
    return (t >= start[:, None]) & (t < (start + LONG)[:, None])


def exact_gate(name: str, v: float, first: float, since: np.ndarray) -> np.ndarray:
    """x_inf + (x0 - x_inf) exp(-t/tau): Hodgkin & Huxley 1952, eq. 11."""
    u = v + 65
    rates = {
        "m": (0.1 * (u - 25) / -np.expm1(-(u - 25) / 10), 4 * np.exp(-u / 18)),
        "h": (0.07 * np.exp(-u / 20), 1 / (1 + np.exp(-(u - 30) / 10))),
        "n": (0.01 * (u - 10) / -np.expm1(-(u - 10) / 10), 0.125 * np.exp(-u / 80)),
    }
    alpha, beta = rates[name]
    return alpha / (alpha + beta) + (first - alpha / (alpha + beta)) * np.exp(
        -(alpha + beta) * since
    )


@pytest.mark.parametrize("name", NAMES)
def test_V_is_the_command_and_the_gates_follow_exactly(name: str) -> None:
    rec = held(ALL[name])
    where = on(rec)
    for k, (v, start) in enumerate(zip(COMMAND, START, strict=True)):
        mine = where[k]
        if not mine.any():
            continue
        one = rec.isel(case=k, time=mine)
        assert (v == one.V).all()  # every bit
        since = one.time.values - start
        for gate in "mhn":
            values = one[gate].values
            exact = exact_gate(gate, v, values[0], since)
            assert np.abs(values - exact).max() < NEAR.get(name, 1e-12)
        ionic = (one.I_Na + one.I_K + one.I_L).values
        assert np.abs(one.I_clamp.values - (ionic - one.I_stim.values)).max() < 1e-10
        I_Na = 120 * exact_gate("m", v, one.m.values[0], since) ** 3
        I_Na *= exact_gate("h", v, one.h.values[0], since) * (v - 50)
        off = np.abs(one.I_Na.values - I_Na).max() / np.abs(I_Na).max()
        assert off < NEAR.get(name, 1e-12)
    assert not rec.I_clamp.values[~where].any()


@pytest.mark.parametrize("name", NAMES)
def test_before_and_after_it_is_free(name: str) -> None:
    """Against SciPy, segment by segment, from the states just after each edge."""
    rec = held(ALL[name])
    tolerance = 0.2 if name in EXACT else 2e-8  # mV: dt = 0.01 ms on an upstroke of 400 mV/ms
    for k in range(START.size):
        one = rec.isel(case=k)
        edges = [0, START[k], START[k] + LONG[k], 8.5, 9.5, 12]
        edges = sorted({e for e in edges if 0 <= e <= 12})
        for a, b in itertools.pairwise(edges):
            part = one.sel(time=slice(a - 1e-9, b - 1e-9))
            if START[k] <= a < START[k] + LONG[k] or part.time.size < 2:
                continue
            first = [float(part[s][0]) for s in ("V", "m", "h", "n")]
            current = 20.0 if a == 8.5 else 0.0
            found = solve_ivp(
                squid, (a, b), first, "DOP853", part.time.values, args=(current,), rtol=1e-13,
                atol=1e-13,
            )  # fmt: skip
            assert np.abs(found.y[0] - part.V.values).max() < tolerance


def squid(t: float, y: np.ndarray, current: float) -> list[float]:
    v, m, h, n = y
    u = v + 65
    flows = 120 * m**3 * h * (v - 50) + 36 * n**4 * (v + 77) + 0.3 * (v + 54.387)
    return [
        current - flows,
        0.1 * (u - 25) / -np.expm1(-(u - 25) / 10) * (1 - m) - 4 * np.exp(-u / 18) * m,
        0.07 * np.exp(-u / 20) * (1 - h) - h / (1 + np.exp(-(u - 30) / 10)),
        0.01 * (u - 10) / -np.expm1(-(u - 10) / 10) * (1 - n) - 0.125 * np.exp(-u / 80) * n,
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_a_lane_is_the_same_alone(name: str) -> None:
    rec = held(ALL[name])
    for k in range(START.size):
        clamp = lo.Clamp(START[k], LONG[k], COMMAND[k])
        if START[k] >= 12:
            continue
        alone = lo.simulate(
            SQUID, clamp + lo.Pulse(8.5, 1, 20), 12, solver=ALL[name], record=STATES,
            sample_interval=0.05,
        )  # fmt: skip
        for state in STATES:
            assert np.array_equal(alone[state].values, rec[state].values[k]), (k, state)
        count = int(rec.spike_count[k])
        assert int(alone.spike_count) == count
        assert np.array_equal(alone.spike_time[:count], rec.spike_time[k, :count])


@pytest.mark.slow
def test_spikes_are_those_of_the_reference() -> None:
    reference = held(ALL["Reference"])
    for name in ALL:
        rec = held(ALL[name])
        assert np.array_equal(rec.spike_count, reference.spike_count), name
        off = np.nanmax(np.abs(rec.spike_time.values - reference.spike_time.values))
        assert off < (2e-3 if name in EXACT else 1e-8)


@pytest.mark.parametrize("shift", [0.0, 0.003, 0.0071])
def test_the_order_of_fixed_steps(shift: float) -> None:
    """Second, whether edges lie on the grid or not."""
    start = START + shift
    reference = held(lo.Reference(), start, sample_interval=0.1)
    errors = [
        float(np.abs(held(lo.Exponential(dt), start, sample_interval=0.1).V - reference.V).max())
        for dt in (0.02, 0.01, 0.005, 0.0025)
    ]
    rates = np.log2(np.array(errors[:-1]) / errors[1:])
    assert rates.min() > 1.9
    rec = held(lo.Exponential(), start)
    for k, where in enumerate(on(rec, start)):
        assert (rec.V.values[k, where] == COMMAND[k]).all()


@pytest.mark.slow
def test_what_is_on_at_the_ends_of_a_run() -> None:
    for solver in ALL.values():
        clamps = lo.Clamp(0, 1, -90) + lo.Clamp(lanes(np.array([1.5, 2.0])), 5, 10)
        rec = lo.simulate(SQUID, clamps, 2, solver=solver)
        assert rec.V.values[:, 0].tolist() == [-90, -90]
        assert rec.V.values[:, -1].tolist() == [10, 10]
        assert (rec.V.values[:, -2] == 10).tolist() == [True, False]
        # where V is told to go there are no spikes
        assert rec.spike_count.values.tolist() == [0, 0]


def test_it_can_be_made_again_and_drawn(tmp_path: Any) -> None:
    rec = lo.simulate(SQUID, lo.Clamp(2, 5, -10) + lo.Pulse(9, 1, 20), 14)
    assert lo.rerun(rec).identical(rec)
    assert "V held at" in str(lo.plot(rec).texts) or lo.plot(rec) is not None
    lo.save(rec, tmp_path / "held.nc")
    assert lo.open(tmp_path / "held.nc").identical(rec)
