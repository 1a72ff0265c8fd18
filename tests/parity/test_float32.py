"""Exponential in float32: how far from float64, the same bits every time, an exact clock."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import loligo as lo
from few import FEW
from fired import fired
from loligo.run.pace import Pace
from paced import simulate

SINGLE = lo.Exponential(precision="float32")
NUMPY = lo.Exponential(precision="float32", engine="numpy")
SQUID = lo.load("hodgkin-huxley-1952")
PULSE = lo.Pulse(2.0034, 12.5, np.linspace(2, 20, 37))


def run(model: Any, stimulus: Any, solver: Any = SINGLE, duration: float = 20.0, **options: Any):
    options = {"initial": -65, "record": ["V", "I_stim"], "sample_interval": 0.1, **options}
    return simulate(model, stimulus, duration, solver=solver, progress=False, **options)


def test_the_recording_says_it_and_can_be_made_again() -> None:
    rec = run(SQUID, lo.Pulse(5, 1, 20))
    assert rec.attrs["solver"] == "Exponential(dt=0.01, precision='float32')"
    assert np.array_equal(lo.rerun(rec).V, rec.V)
    # every recorded V is a float32
    assert np.array_equal(rec.V.values.astype(np.float32).astype(float), rec.V.values)


def test_other_precisions_are_refused() -> None:
    with pytest.raises(lo.LoligoError, match="precision is 'half'; there are 'float64'"):
        lo.Exponential(precision="half")


@pytest.mark.parametrize(
    "name", [n if n[0] in "hw" else pytest.param(n, marks=pytest.mark.slow) for n in FEW]
)
def test_every_library_model_stays_beside_float64(name: str) -> None:
    model = lo.load(name)
    one, other = (run(model, lo.Pulse(5, 40, 3), solver) for solver in (lo.Exponential(), SINGLE))
    scale = max(1.0, float(np.abs(np.diff(one.V.values)).max()))
    assert np.abs(one.V - other.V).max() < 2e-4 * scale
    assert one.spike_count == other.spike_count


def test_spikes_after_a_second_are_within_a_thousandth_of_a_millisecond() -> None:
    """And without the carried digits they would not be."""
    current = lo.Step(0, [7.0, 10.0, 20.0])
    one, other = (
        run(SQUID, current, solver, 1000, record=["spikes"])
        for solver in (lo.Exponential(), SINGLE)
    )
    assert np.array_equal(one.spike_count, other.spike_count)
    assert np.abs(fired(one) - fired(other)).max() < 1e-3


def test_small_changes_are_not_lost_in_the_sum() -> None:
    """A membrane that creeps by 1e-6 mV a step, where float32 at -65 mV has steps of 8e-6."""
    leak = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=1e-9, E=-65)])
    rec = run(leak, lo.Step(0, 1e-4), duration=1000, record=["V"], sample_interval=100)
    assert rec.V.values[-1] == pytest.approx(-64.9, abs=1e-5)


@pytest.mark.parametrize(
    ("lanes", "duration"), [(12, 8), pytest.param(37, 20, marks=pytest.mark.slow)]
)
def test_both_engines_agree(lanes: int, duration: float) -> None:
    pulse = lo.Pulse(2.0034, 12.5, np.linspace(2, 20, lanes))
    one, other = (run(SQUID, pulse, solver, duration) for solver in (SINGLE, NUMPY))
    assert one.spike_count.sum() > lanes / 2
    assert np.abs(one.V - other.V).max() < 5e-3  # on the upstroke, 400 mV/ms
    assert np.abs(fired(one) - fired(other)).max() < 2e-5
    assert np.array_equal(one.I_stim, other.I_stim)


@pytest.mark.parametrize("width", [1, 2, 16, 64])
def test_vectors_of_any_width_give_the_same_bits(width: int) -> None:
    noisy = PULSE + lo.Noise(0, 20, 3, seed=9, tau=1)
    expected = run(SQUID, noisy)
    again = run(SQUID, noisy, pace=Pace(width=width))
    assert np.array_equal(again.V, expected.V)


@pytest.mark.parametrize("seconds", [1e-9, 10.0])
def test_calls_of_any_length_give_the_same_bits(seconds: float) -> None:
    expected = run(SQUID, PULSE)
    again = run(SQUID, PULSE, pace=Pace(call=seconds))
    assert np.array_equal(again.V, expected.V)
    assert np.array_equal(fired(again), fired(expected))


def test_a_pulse_late_in_a_long_run_has_its_charge_and_its_place() -> None:
    """At 20 s a float32 clock would tick in steps of 2 us, as many as a fifth of dt."""
    passive = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0.1, E=-65)])
    start, length = 20_000.0034, 0.0013
    rec = run(passive, lo.Pulse(start, length, 500.0), duration=20_001, sample_interval=0.01,
              record=["V"])  # fmt: skip
    after = round(20_000.02 / 0.01)
    v = float(rec.V.values[after]) + 65
    exact = 500.0 * length * np.exp(-0.1 * (20_000.02 - start - length / 2))
    assert v == pytest.approx(exact, rel=5e-4)


def test_a_run_that_leaves_the_range_is_refused_as_in_float64() -> None:
    runaway = lo.Membrane(channels=[lo.Channel("X", current="-0.05*(V+65)**2-1", g=None, E=None)])
    for solver in (SINGLE, NUMPY):
        with pytest.raises(lo.LoligoError, match=r"diverged at t = .*V is no longer finite"):
            run(runaway, lo.Step(0, 1), solver)
