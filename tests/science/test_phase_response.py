"""The phase response, against the adjoint of the squid's limit cycle and shocks by SciPy alone."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import loligo as lo
from hh_scipy import derivative, rest, steady
from loligo.errors import UsageError

CURRENT = 10.0
TIGHT = {"method": "DOP853", "rtol": 1e-12, "atol": 1e-13}


def field(t: float, y: Any) -> Any:
    return np.array(derivative(t, y, CURRENT, 120.0))


def rises(t: float, y: Any) -> float:
    return y[0]


rises.direction = 1.0  # type: ignore[attr-defined]


def spikes(start: Any, lasts: float) -> Any:
    return solve_ivp(field, (0, lasts), start, events=rises, dense_output=True, **TIGHT)


@functools.cache
def cycle() -> tuple[float, Any]:
    """The period, and the solution of one cycle from a spike on."""
    run = spikes(steady(rest()), 500.0)
    times, states = run.t_events[0], run.y_events[0]
    period = float(times[-1] - times[-2])
    return period, spikes(states[-1], period).sol


def slopes(y: Any) -> np.ndarray:
    """The derivative of the field, by central differences of fourth order."""
    table = np.empty((4, 4))
    for k, step in enumerate((1e-2, 1e-4, 1e-4, 1e-4)):
        way = np.zeros(4)
        way[k] = step
        near, far = (field(0, y + d * way) - field(0, y - d * way) for d in (1, 2))
        table[:, k] = (8 * near - far) / (12 * step)
    return table


def adjoint(phase: np.ndarray) -> np.ndarray:
    """By how many ms a mV advances all later spikes: dz/dt = -J' z along the cycle, backwards until
    it repeats itself, with z . f = 1 (Ermentrout & Terman 2010, sec. 8.2)."""
    period, path = cycle()
    when, z = np.append(period * (1 - phase[::-1]), period), np.array([1.0, 0, 0, 0])
    for _ in range(9):  # each leaves a fourteenth of what is not yet the cycle's
        run = solve_ivp(lambda s, z: slopes(path(period - s)).T @ z, (0, period), z, t_eval=when,
                        method="DOP853", rtol=1e-9, atol=1e-11)  # fmt: skip
        scale = 1 / (run.y[:, -1] @ field(0, path(0.0)))
        z = run.y[:, -1] * scale
    return run.y[0, -2::-1] * scale


def squid(**how: Any) -> Any:
    return lo.experiments.phase_response(lo.load("hodgkin-huxley-1952"), **how)


@pytest.mark.slow
def test_the_limit_of_small_shocks_is_the_adjoint() -> None:
    phase = np.array([0.03, 0.2, 0.45, 0.588, 0.7, 0.787, 0.95])
    found = squid(phase=phase)
    assert float(found.period) == pytest.approx(cycle()[0], rel=1e-10)
    assert found.response.values == pytest.approx(adjoint(phase), rel=1e-7, abs=1e-9)
    assert found.response.attrs["precision"] < 1e-8


@pytest.mark.slow
def test_shocks_of_a_size_advance_and_delay_as_a_solution_by_scipy() -> None:
    phase, size = [0.35, 0.75], 3.0
    found = squid(phase=phase, shock=size)
    period, path = cycle()
    for name, sign in (("advance_up", 1), ("advance_down", -1)):
        for k, p in enumerate(phase):
            shocked = path(p * period) + np.array([sign * size, 0, 0, 0])
            late = spikes(shocked, 6.4 * period).t_events[0] + p * period
            lasting = (period / 2 - (late[-1] % period)) % period - period / 2
            assert float(found[name][k]) == pytest.approx(lasting, abs=2e-6), (name, p)


@pytest.mark.slow
def test_the_next_spike_is_that_of_scipy_in_the_limit() -> None:
    period, path = cycle()
    found = squid(phase=[0.75])

    def following(size: float) -> float:
        shocked = path(0.75 * period) + np.array([size, 0, 0, 0])
        return -float(spikes(shocked, 0.5 * period).t_events[0][0])

    slopes_ = [(following(s) - following(-s)) / (2 * s) for s in (0.2, 0.1)]
    limit = slopes_[1] + (slopes_[1] - slopes_[0]) / 3
    assert float(found.response_next[0]) == pytest.approx(limit, rel=1e-5)


@pytest.mark.slow
def test_no_digit_that_is_reported_depends_on_the_size() -> None:
    big, small = (squid(phase=[0.3, 0.6, 0.8], shock=size) for size in (0.5, 0.25))
    for name in ("response", "response_next"):
        sure = big[name].attrs["precision"] + small[name].attrs["precision"]
        assert abs(big[name] - small[name]).max() <= max(10 * sure, 1e-9)


@pytest.mark.slow
def test_the_squid_is_of_type_2() -> None:
    found = squid()
    assert "type 2" in found.summary
    assert found.response.min() < -0.2
    assert lo.plot(found).axes


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wang-buzsaki-1996", "traub-miles-1991", "connor-stevens-1977"])
def test_models_of_a_continuous_fi_curve_are_of_type_1(name: str) -> None:
    found = lo.experiments.phase_response(lo.load(name))
    assert "type 1" in found.summary
    assert np.isfinite(found.response).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"amplitude": 2}, "It does not go on firing at 2 µA/cm²; give another amplitude."),
        ({"amplitude": 0}, "It does not go on firing at 0 µA/cm²"),
        ({"amplitude": 300}, "It does not go on firing at 300 µA/cm²"),
    ],
)
def test_what_does_not_fire_is_told_in_words(how: Any, said: str) -> None:
    found = squid(phase=[0.2, 0.4], **how)
    assert found.summary.startswith(said)
    assert found.response.isnull().all()
    assert np.isnan(found.period)
    lo.plot(found, size=(400, 300))


@pytest.mark.slow
def test_without_sodium_nothing_fires() -> None:
    patch = lo.Membrane(channels=[lo.Channel("L", g=0.3, E=-65)])
    found = lo.experiments.phase_response(patch)
    assert "does not go on firing" in found.summary


@pytest.mark.parametrize(
    ("how", "wording"),
    [
        ({"phase": [0.5, 1.0]}, "phase is a part of the cycle, from 0"),
        ({"phase": [-0.1]}, "phase is a part of the cycle"),
        ({"phase": [0.5, 0.5]}, "every value once"),
        ({"shock": 0}, "shock"),
        ({"shock": [1, 2]}, "shock is one number"),
        ({"amplitude": [1, 2]}, "amplitude is one number"),
    ],
)
def test_what_cannot_be_asked(how: Any, wording: str) -> None:
    with pytest.raises(UsageError, match=wording):
        squid(**how)
