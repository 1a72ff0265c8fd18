"""The compiled solvers against SciPy; and SciPy against a second reading of the models' texts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import loligo as lo
import references
from cells import bistable, calcium, conditional, cubic, mutual
from few import FEW
from fired import fired
from machine import equations

LIBRARY = FEW
OTHERS: dict[str, Callable[[], lo.Membrane]] = {
    "calcium": calcium, "mutual": mutual, "conditional": conditional, "bistable": bistable,
    "cubic": cubic,
}  # fmt: skip
STIMULUS = lo.Pulse(2, 45, 12)
DURATION = 50.0
STEPS = (0.05, 0.025, 0.0125)


def membrane(name: str) -> lo.Membrane:
    return OTHERS[name]() if name in OTHERS else lo.load(name)


@cache
def reference(name: str) -> xr.Dataset:
    return references.reference(membrane(name), STIMULUS, DURATION, initial=-65)


def exponential(name: str, dt: float) -> xr.Dataset:
    solver = lo.Exponential(dt)
    return lo.simulate(membrane(name), STIMULUS, DURATION, initial=-65, solver=solver, record=["V"])


def before_the_first_spike(rec: xr.Dataset) -> np.ndarray:
    """Samples until V begins to rise steeply (1 ms before the crossing of 0 mV)."""
    first = float(fired(rec)[0]) if fired(rec).size else np.inf
    return rec.time.values < first - 1.0


def errors(name: str, dt: float) -> tuple[float, float]:
    """Of V before the first spike (mV), and of the spike times (ms)."""
    true, found = reference(name), exponential(name, dt)
    quiet = before_the_first_spike(true)
    assert fired(found).size == fired(true).size
    late = np.abs(fired(found) - fired(true))
    return float(np.abs(found.V - true.V).values[quiet].max()), float(late.max(initial=0.0))


def slope(errors_: list[float]) -> float:
    """Of the error against the step, both logarithmic: a line through all points."""
    return float(np.polyfit(np.log(STEPS), np.log(errors_), 1)[0])


@pytest.mark.parametrize("name", [*LIBRARY, *OTHERS])
def test_the_exponential_scheme_is_of_second_order(name: str) -> None:
    voltage, spikes = zip(*(errors(name, dt) for dt in STEPS), strict=True)
    assert slope(list(voltage)) >= 1.9
    assert slope(list(voltage)) < 2.2  # or it was no error of the step that was measured
    if fired(reference(name)).size:
        assert slope(list(spikes)) >= 1.9


@pytest.mark.parametrize("name", [*LIBRARY, *OTHERS])
def test_at_a_thousandth_the_exponential_scheme_is_the_reference(name: str) -> None:
    voltage, spikes = errors(name, 0.001)
    assert voltage < 1e-3
    assert spikes < 5e-4


def test_the_library_fires_in_these_runs() -> None:
    assert all(fired(reference(name)).size >= 2 for name in LIBRARY)


SQUID = lo.load("hodgkin-huxley-1952")
STIMULI = {
    "a pulse off the grid": lo.Pulse(2.0137, 15.0071, 12),
    "a pulse inside one step": lo.Pulse(2.0137, 0.009, 800),
    "train": lo.PulseTrain(1.03, 0.5, 25, interval=4, count=4),
    "ramp": lo.Ramp(1, 18, 25),
    "sine": lo.Sine(1, 18, 15, 80, 0.5),
    "chirp": lo.Chirp(1, 18, 15, 20, 300),
    "waveform": lo.Waveform([0, 3, 3, 9, 17], [0, 0, 20, 5, 20]),
    "noise": lo.Noise(0.5, 4, 20, seed=6, tau=2, mean=9),
    "white noise and more": 0.5 * lo.Noise(0.5, 4, 5, seed=4, mean=12) + lo.Pulse(1, 3, 8),
}


@cache
def driven(name: str) -> xr.Dataset:
    duration = 6 if "noise" in name else 20
    return references.reference(SQUID, STIMULI[name], duration)


def driven_errors(name: str, dt: float) -> tuple[float, float]:
    """Of V before the first spike (mV), and of the stimulus as recorded."""
    true = driven(name)
    duration = float(true.time[-1])
    rec = lo.simulate(
        SQUID, STIMULI[name], duration, solver=lo.Exponential(dt), record=["V", "I_stim"]
    )
    quiet = before_the_first_spike(true)
    return float(np.abs(rec.V - true.V).values[quiet].max()), float(
        np.abs(rec.I_stim - true.I_stim).max()
    )


@pytest.mark.parametrize("name", STIMULI)
def test_under_every_stimulus_the_scheme_converges_to_the_reference(name: str) -> None:
    fine, stimulus = driven_errors(name, 0.001)
    assert fine < 1e-3
    assert stimulus < 1e-12
    if "inside" not in name:  # where it falls in the step changes with the step
        coarse = driven_errors(name, 0.0125)[0]
        assert np.log(coarse / fine) / np.log(0.0125 / 0.001) >= 1.9


def test_random_numbers_everywhere_converge_to_the_reference() -> None:
    draw = np.random.default_rng(11)

    def around(value: float) -> xr.DataArray:
        return xr.DataArray(value * draw.uniform(0.8, 1.2, 4), dims="case")

    model = SQUID.replace(**{n: around(p.value) for n, p in SQUID.parameters.items()})
    stimulus = lo.Pulse(around(2), around(9), around(15)) + lo.Sine(0, 15, around(5), around(200))
    true = lo.simulate(model, stimulus, 15, initial=around(-65), solver=lo.Reference())
    begin = true.V.isel(time=0)
    errors_ = []
    for dt in (0.0125, 0.001):
        rec = lo.simulate(model, stimulus, 15, initial=begin, solver=lo.Exponential(dt))
        assert np.array_equal(rec.spike_count, true.spike_count)
        # until the earliest spike of all
        quiet = true.time.values < fired(true).min() - 1
        errors_.append(float(np.abs(rec.V - true.V).values[:, quiet].max()))
        late = np.abs(fired(rec) - fired(true)).max()
    assert errors_[1] < 1e-3
    assert late < 5e-4
    assert np.log(errors_[0] / errors_[1]) / np.log(12.5) >= 1.9


# ------------------------------------------------------------------- the reference itself


@pytest.mark.parametrize("name", [*LIBRARY, "calcium", "conditional"])
def test_the_reference_is_what_the_text_says(name: str) -> None:
    """Another method of SciPy's, on equations read a second time without SymPy."""
    model = membrane(name)
    names, f = equations(model)
    rec = lo.simulate(
        model, STIMULUS, 15, initial=-65.5, solver=lo.Reference(), sample_interval=0.5
    )
    y = np.array([float(rec[n][0]) for n in names])
    pieces, spikes = [y[:, None]], []
    for (a, b), current in zip(pairwise((0.0, 2.0, 15.0)), (0.0, 12.0), strict=True):
        times = rec.time.values[(rec.time.values > a + 1e-9) & (rec.time.values <= b + 1e-9)]
        part: Any = solve_ivp(
            f, (a, b), y, method="LSODA", args=(current,),
            rtol=1e-11, atol=1e-12, dense_output=True,
        )  # fmt: skip
        pieces.append(part.sol(np.minimum(times, b)))
        v = part.sol(np.linspace(a, b, 4001))[0]
        for k in np.flatnonzero((v[:-1] < 0) & (v[1:] >= 0)):
            step = (b - a) / 4000
            left = a + k * step
            spikes.append(brentq(lambda t, sol=part.sol: sol(t)[0], left, left + step))
        y = part.y[:, -1]
    true = np.concatenate(pieces, axis=1)
    for i, state in enumerate(names):
        scale = 100.0 if state == "V" else 1.0
        assert np.abs(rec[state].values - true[i]).max() < 2e-8 * scale, state
    assert fired(rec) == pytest.approx(spikes, abs=1e-7)


def test_the_reference_records_what_the_others_record() -> None:
    true, ours = (
        driven("sine"),
        lo.simulate(SQUID, STIMULI["sine"], 20, solver=lo.Exponential(0.001)),
    )
    assert set(true.data_vars) == set(ours.data_vars)
    for name in ours.data_vars:
        assert true[name].dims == ours[name].dims
        assert true[name].attrs.keys() == ours[name].attrs.keys()
        if "time" in true[name].dims:
            size = max(float(np.abs(true[name]).max()), 1e-3)
            assert float(np.abs(true[name] - ours[name]).max()) < 2e-3 * size, name


def test_the_reference_takes_only_tolerances_that_mean_something() -> None:
    for tolerance in (0, -1e-8, 1e-16, 0.1, np.nan):
        with pytest.raises(lo.LoligoError, match="tolerance"):
            lo.Reference(tolerance)
