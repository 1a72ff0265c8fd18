"""Every spike, its peak and its trough, and the swings that are none: against SciPy's solution of
the squid's equations, written anew in :mod:`hh_scipy`, and against waves that are known."""

from __future__ import annotations

import warnings
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import hh_scipy
import loligo as lo
from loligo.engine.swings import SWING, Swings
from loligo.run.outcome import Outcome
from loligo.run.pace import Pace
from loligo.run.pose import pose
from loligo.run.solve import solve

SQUID = lo.load("hodgkin-huxley-1952")
TAYLOR, FIXED = lo.Taylor(1e-8), lo.Exponential()
OTHERS = FIXED, lo.Exponential(precision="float32")
# mV: what each is off by at a peak of the squid's
OFF: dict[str, tuple[Any, float]] = {
    "Taylor": (TAYLOR, 1e-5),
    "Exponential": (FIXED, 0.02),
    "float32": (lo.Exponential(precision="float32"), 0.02),
    "Reference": (lo.Reference(1e-10), 1e-6),
}


def found(
    stimulus: Any, duration: float, solver: Any = TAYLOR, threshold: float = 0.0,
    model: Any = SQUID, initial: Any = "rest", pace: Pace | None = None,
) -> Outcome:  # fmt: skip
    asked = pose(
        model, stimulus, duration, record=["spikes"], sample_interval=0.05, initial=initial,
        threshold=threshold,
    )  # fmt: skip
    return solve(asked, solver, lambda part: None, pace or Pace()).outcome


@cache
def truth(amplitude: float, duration: float, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Under a step at 5 ms: the spikes, and every V at which it turns, with when."""
    run = hh_scipy.run(5.0, 2 * duration, amplitude, duration, threshold=threshold)
    t = np.linspace(5, duration, int(duration * 50) + 1)
    V = run.at(t)[0]
    turned = np.flatnonzero(np.diff(np.sign(np.diff(V)))) + 1
    turns: list[tuple[float, float]] = []
    for k in turned:
        sign = -1.0 if V[k] > V[k - 1] else 1.0
        best = minimize_scalar(
            lambda x, sign=sign: sign * run.at(np.array([x]))[0, 0], bounds=(t[k - 1], t[k + 1]),
            method="bounded", options={"xatol": 1e-8},
        )  # fmt: skip
        turns.append((float(best.x), sign * float(best.fun)))
    return run.spikes, np.array(turns)


def between(spikes: np.ndarray, turns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The peaks and the troughs of all spikes but the last."""
    each = [turns[(turns[:, 0] > a) & (turns[:, 0] < b), 1] for a, b in pairwise(spikes)]
    return np.array([v.max() for v in each]), np.array([v.min() for v in each])


@pytest.mark.parametrize("solver", OFF)
def test_no_spike_of_fifty_one_is_left_out(solver: str) -> None:
    """148 uA/cm2: V turns at -44.3 and -48.1 mV, a few mV on either side of the threshold."""
    chosen, off = OFF[solver]
    spikes, turns = truth(148.0, 305.0, -44.0)
    peaks, troughs = between(spikes, turns)
    assert spikes.size == 51
    one = found(lo.Step(5, 148), 305, chosen, -44.0)
    assert one.spike_time.size == 51
    assert np.abs(np.diff(one.spike_time) - np.diff(spikes)).max() < off
    assert np.abs(one.spike_peak[:-1] - peaks).max() < off
    assert np.abs(one.spike_trough[:-1] - troughs).max() < off
    assert one.uncounted.count.tolist() == [0]


@pytest.mark.parametrize("solver", OFF)
def test_swings_that_stay_below_the_threshold_are_told(solver: str) -> None:
    chosen, off = OFF[solver]
    turns = truth(100.0, 100.0, 0.0)[1][:, 1]
    # from each trough to the next peak and on to the next trough
    tops, bottoms = turns[2::2], turns[1::2]
    whole = [
        (low, high) for low, high, after in zip(bottoms, tops, bottoms[1:], strict=False)
        if high - low > SWING and high - after > SWING
    ]  # fmt: skip
    one = found(lo.Step(5, 100), 100, chosen)
    assert one.spike_time.size == 1
    assert abs(int(one.uncounted.count[0]) - len(whole)) <= 1  # the run may end in one
    assert one.uncounted.low[0] == pytest.approx(min(low for low, _ in whole), abs=off)
    assert one.uncounted.high[0] == pytest.approx(max(high for _, high in whole), abs=off)


def test_the_warning_says_how_often_and_between_what_values() -> None:
    with pytest.warns(UserWarning, match="goes up and down without reaching") as told:
        rec = lo.simulate(SQUID, lo.Step(5, 100), 100)
    text = str(told[0].message)
    assert f"{int(rec.spike_uncounted)} times, between -66.33 and -7.482 mV" in text
    level = float(text.rpartition("threshold=")[2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = lo.simulate(SQUID, lo.Step(5, 100), 100, threshold=level)
        assert int(again.spike_count) >= int(rec.spike_uncounted)
        # an answer to what was done is no spike that is missing
        lo.simulate(SQUID, lo.Pulse(5, 1, 5), 50)
        lo.simulate(SQUID, lo.PulseTrain(5, 1, 5.5, interval=20, count=2), 60)


def test_the_warning_counts_lanes() -> None:
    with pytest.warns(UserWarning, match="in 2 of 4 lanes: up to 1[0-9] times"):
        lo.simulate(SQUID, lo.Step(5, [0, 10, 90, 100]), 100, record=["spikes"])


@pytest.mark.slow
def test_an_f_I_curve_does_not_fall_falsely_to_nothing() -> None:
    """Between 90 and 148 uA/cm2 V swings less and less: every swing through -40 mV counts."""
    amplitudes = [60.0, 90.0, 120.0, 140.0]
    one = found(lo.Step(5, amplitudes), 200, threshold=-40.0)
    counts = np.bincount(one.spike_lane, minlength=4)
    for k, amplitude in enumerate(amplitudes):
        assert counts[k] == truth(amplitude, 200.0, -40.0)[0].size


@pytest.mark.parametrize("shift", [0.0, 1e-13, -1e-13, 1e-7, -1e-7])
@pytest.mark.parametrize("solver", OFF)
def test_V_at_rest_at_the_threshold_is_no_spike(solver: str, shift: float) -> None:
    chosen, _ = OFF[solver]
    rest = hh_scipy.rest() + shift
    one = found(None, 50 if solver == "Reference" else 1000, chosen, rest)
    assert one.spike_time.size == 0
    assert one.uncounted.count.tolist() == [0]


@pytest.mark.parametrize("solver", [TAYLOR, lo.Taylor(1e-12), lo.Reference(1e-10)])
def test_a_peak_that_touches_the_threshold(solver: Any) -> None:
    """Above it by 1e-4 mV it is a spike, however short; below by as much it is none."""
    spikes, turns = truth(10.0, 60.0, 0.0)
    top = float(between(spikes, turns)[0][1])
    for above, count in ((1e-4, 2), (-1e-4, 1)):
        one = found(lo.Step(5, 10), 27, solver, top - above)
        assert one.spike_time.size == count
        if count == 2:
            assert one.spike_peak[1] == pytest.approx(top, abs=1e-5)


@pytest.mark.parametrize("solver", [TAYLOR, FIXED, lo.Reference(1e-9)])
def test_a_run_that_ends_beside_a_spike(solver: Any) -> None:
    """Before V has turned nothing is known of it; before it is below, nothing of the trough."""
    time = float(found(lo.Step(5, 20), 20, solver).spike_time[0])
    rising, turned, below = (
        found(lo.Step(5, 20), time + later, solver) for later in (0.02, 0.6, 2.0)
    )
    assert np.isnan(rising.spike_peak).all()
    assert np.isnan(rising.spike_trough).all()
    assert turned.spike_peak[0] == below.spike_peak[0]
    assert np.isnan(turned.spike_trough[0])
    assert -80 < below.spike_trough[0] < 0


def test_a_maximum_at_the_corner_of_a_pulse() -> None:
    """V = E + I (1 - exp(-t/tau))/g up to the end of the pulse, and down from there."""
    leak = lo.Membrane(C_m=1.0, channels=[lo.Channel("L", g=0.3, E=-65.0)])
    pulse = lo.PulseTrain(2, 3.013, 20, interval=20, count=3)
    top = -65 + 20 / 0.3 * -np.expm1(-0.3 * 3.013)
    one = found(pulse, 60, lo.Taylor(1e-10), -40.0, leak, -65.0)
    assert one.spike_time.size == 3
    assert one.spike_peak[0] == pytest.approx(top, abs=1e-7)
    missed = found(pulse, 60, lo.Taylor(1e-10), 0.0, leak, -65.0).uncounted
    assert missed.count.tolist() == [3]
    assert missed.high[0] == pytest.approx(top + (top + 65) * np.exp(-0.3 * 40), abs=0.5)
    fixed = found(pulse, 60, FIXED, -40.0, leak, -65.0)
    assert fixed.spike_peak[0] == pytest.approx(top, abs=0.03)


def test_under_noise_V_that_trembles_about_the_threshold_is_one_spike() -> None:
    noise = lo.Noise(0, 300, 20, seed=list(range(4)), tau=0.2)
    seen = found(noise, 300, FIXED, -60.0)
    none = found(lo.Pulse(0, 300, 0.0), 300, FIXED, -60.0)
    assert none.spike_time.size == 0
    # the same V without the word: its samples, 5 mV apart or not
    rec = lo.simulate(SQUID, noise, 300, solver=FIXED, threshold=-60, sample_interval=0.01)
    V = rec.V.values
    rises = ((V[:, :-1] < -60) & (V[:, 1:] >= -60)).sum()
    assert 0 < seen.spike_time.size < rises
    np.testing.assert_array_equal(np.bincount(seen.spike_lane, minlength=4), rec.spike_count)


@pytest.mark.parametrize(
    "solver", [TAYLOR, *(pytest.param(each, marks=pytest.mark.slow) for each in OTHERS)]
)
def test_a_lanes_peaks_depend_on_no_other(solver: Any) -> None:
    amplitudes = np.concatenate([np.linspace(0, 150, 41), [100.0, 148.0]])
    many = found(lo.Step(5, amplitudes), 40, solver, -45.0)
    cut = found(lo.Step(5, amplitudes), 40, solver, -45.0, pace=Pace(width=2, amount=7))
    for lane in (0, 7, 19, 27, 41, 42):
        alone = found(lo.Step(5, float(amplitudes[lane])), 40, solver, -45.0)
        for other in (many, cut):
            own = other.spike_lane == lane
            for name in ("spike_time", "spike_peak", "spike_trough"):
                np.testing.assert_array_equal(getattr(other, name)[own], getattr(alone, name))
            for name in ("count", "low", "high"):
                one, its = (getattr(each.uncounted, name) for each in (other, alone))
                np.testing.assert_array_equal(one[lane], its[0])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["taylor", "exponential"])
def test_both_engines_see_the_same(kind: str) -> None:
    of = {"taylor": lo.Taylor, "exponential": lo.Exponential}[kind]
    stimulus = lo.Step(5, [10.0, 100.0, 148.0]) + lo.PulseTrain(1, 0.5, 30, interval=3, count=9)
    one, other = (found(stimulus, 40, of(engine=e), -44.0) for e in ("llvm", "numpy"))
    np.testing.assert_array_equal(one.spike_lane, other.spike_lane)
    for name in ("spike_time", "spike_peak", "spike_trough"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-6)
    np.testing.assert_array_equal(one.uncounted.count, other.uncounted.count)
    np.testing.assert_allclose(one.uncounted.low, other.uncounted.low, atol=1e-6)


def swung(*values: float, spikes: tuple[int, ...] = ()) -> tuple[int, float, float]:
    """What is kept of V that turns at some values; a spike comes before those of ``spikes``."""
    swings, here = Swings.begin(np.array(values[:1])), np.array([0])
    for k, value in enumerate(values):
        if k in spikes:
            swings.spike(np.zeros(1), here, 0.0)
        swings.reach(here, np.array([value]))
    count, low, high = (float(swings.of(name)[0]) for name in ("count", "lowest", "highest"))
    return int(count), low, high


def test_what_is_a_swing() -> None:
    assert swung(-65, -30, -65, -20, -60) == (2, -65, -20)
    assert swung(-65, -56, -65, -56, -65)[0] == 0  # 9 mV
    assert swung(-65, -30) == (0, np.inf, -np.inf)  # not down again
    assert swung(40, -65, 40)[0] == 0  # and not up before
    assert swung(-65, 30, -65, -20, -65, spikes=(1,)) == (1, -65, -20)
    assert swung(-65, -30, -35, -25, -65) == (1, -65, -25)  # a dent in its top
    assert swung(-65, -60, -64, 30, -70, spikes=(3,))[0] == 0
    assert swung(-65, -20, -65, 30, -65, -20, -50, spikes=(3,)) == (2, -65, -20)


@pytest.mark.parametrize("solver", [None, lo.Exponential(engine="numpy")])
def test_axons_know_their_peaks(solver: Any) -> None:
    fibre = lo.Axon(SQUID, 3000, 476, 35.4, compartments=13)
    train = lo.PulseTrain(1, 0.5, "4 uA", interval=7, count=2)
    rec = lo.simulate(
        fibre, lo.at(0, train), 14, solver=solver or FIXED, positions=[1500.0], sample_interval=0.01
    )
    V = rec.V.values.ravel()
    times = rec.spike_time.values.ravel()
    assert times.size == 2
    first = V[int(times[0] * 100) + 1 : int(times[1] * 100) + 1]
    assert rec.spike_peak.values.ravel()[0] == pytest.approx(first.max(), abs=1e-3)
    assert rec.spike_trough.values.ravel()[0] == pytest.approx(first.min(), abs=1e-3)
