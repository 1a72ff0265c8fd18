"""Waveforms, noise and courses under Taylor: their knots are edges, and each piece is a straight
line. Against solutions by hand, and against the reference."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import xarray as xr

import loligo as lo
from loligo.crew import share
from loligo.errors import LoligoError
from loligo.run.pace import Pace
from loligo.simulation import record_run

G, E = 0.3, -65.0  # mS/cm2, mV; the capacitance is 1 uF/cm2
LEAK = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=G, E=E)])
QUICK = lo.Taylor(1e-9, engine="numpy")  # it needs no compiling
SQUID = lo.load("hodgkin-huxley-1952")


def along(name: str, values: Any) -> xr.DataArray:
    return xr.DataArray(values, dims=[name])


def charged(knots: np.ndarray, current: Any, times: np.ndarray) -> np.ndarray:
    """V of the leak from rest on, exactly: under a current that is straight between knots."""
    every = np.union1d(knots, times)
    v = np.zeros(every.size)
    for k, (a, b) in enumerate(pairwise(every)):
        h, middle = b - a, current(0.5 * (a + b))
        slope = (current(a + 0.75 * h) - current(a + 0.25 * h)) / (0.5 * h)
        first = middle - 0.5 * h * slope
        lasting = (first - slope / G) / G  # of C v' = first + slope s - G v
        v[k + 1] = lasting + slope * h / G + (v[k] - lasting) * np.exp(-G * h)
    return E + v[np.searchsorted(every, times)]


def mixed(seed: Any, shift: Any) -> Any:
    wave = lo.Waveform([0, 2, 2, 3, 6.1], [0, 8, -4, 5, 5], start=shift)
    held = lo.Waveform([1, 4, 9], [2, -3, 1], hold=True)
    noise = lo.Noise(1, 8.03, 3, tau=2, seed=seed, mean=1, interval=0.4)
    return wave + held + noise + lo.Noise(0, 4, 2, seed=5, interval=0.5) + lo.Pulse(3, 2, 6)


@pytest.mark.parametrize("engine", ["numpy", pytest.param("llvm", marks=pytest.mark.slow)])
def test_lanes_along_paths_of_their_own_and_common_ones_are_exact(engine: str) -> None:
    rec = lo.simulate(
        LEAK, mixed([1, 2], along("shift", [0.0, -1.5, 0.123])), 10, sample_interval=0.1,
        solver=lo.Taylor(engine=engine),
    )  # fmt: skip
    for k, seed in enumerate((1, 2)):
        for j, shift in enumerate((0.0, -1.5, 0.123)):
            each = mixed(seed, shift)
            exact = charged(each.breakpoints(10), lambda t, s=each: s.value(t), rec.time.values)
            own = rec.V.isel(seed=k, shift=j)
            assert np.abs(own.values - exact).max() < 1e-7


PACES = (Pace(stream=1), Pace(stream=9000, amount=2), Pace(width=1), Pace(width=2, stream=4000))


@pytest.mark.slow
def test_the_bits_hang_on_nothing_but_the_lane() -> None:
    stimulus = mixed([1, 2, 3], along("shift", [0.0, -1.5, 0.123]))
    asked = {"positions": None, "record": ["V", "I_stim"], "sample_interval": 0.5, "initial": None,
             "threshold": 0.0, "until": None}  # fmt: skip

    def run(what: Any, pace: Pace) -> xr.Dataset:
        return record_run(LEAK, what, 10, lo.Taylor(1e-7), False, None, pace, **asked)

    whole = run(stimulus, Pace())
    for pace in PACES:
        with share(3):
            again = run(stimulus, pace)
        assert np.array_equal(whole.V, again.V)
        assert whole.attrs["steps"] == again.attrs["steps"]
    alone = run(mixed(2, -1.5), Pace(width=2))
    assert np.array_equal(alone.V, whole.V.isel(seed=1, shift=1))
    assert np.array_equal(alone.I_stim, whole.I_stim.isel(seed=1, shift=1))


def test_the_last_sample_shows_what_is_just_after_and_knots_may_lie_anywhere() -> None:
    end = lo.Waveform([0, 5, 5], [1, 3, 7])  # it is over where the run ends
    held = lo.Waveform([0, 5], [1, 7], hold=True)
    beyond = lo.Waveform([-3, 40], [0, 43])  # longer than the run
    last = [lo.simulate(LEAK, each, 5, sample_interval=1) for each in (end, held, beyond)]
    assert [float(rec.I_stim[-1]) for rec in last] == [0.0, 7.0, 8.0]
    assert [float(rec.I_stim[0]) for rec in last] == [1.0, 1.0, 3.0]
    assert {rec.attrs["solver"] for rec in last} == {"Taylor(tolerance=1e-08)"}


def test_a_clamp_along_a_waveform_gives_the_current_that_it_must() -> None:
    command = lo.Waveform([0, 1, 1, 3], [-60, -20, -70, -10], unit="mV")
    rec = lo.simulate(
        LEAK, lo.VoltageClamp(2, 3, command) + lo.Pulse(1, 3, 2), 6, solver=QUICK,
        sample_interval=0.25,
    )  # fmt: skip
    on = (rec.time >= 2) & (rec.time < 5)
    t = rec.time.values[on]
    v = np.where(t < 3, -60 + 40 * (t - 2), -70 + 30 * (t - 3))
    slope = np.where(t < 3, 40.0, 30.0)
    assert np.allclose(rec.V.values[on], v, atol=1e-9)
    given = np.where(t < 4, 2.0, 0.0)
    assert np.allclose(rec.I_clamp.values[on], slope + G * (v - E) - given, atol=1e-9)
    # the charge with which it goes on from where the pulse had brought V, and that of its leap
    before = E + 2 / G * (1 - np.exp(-G * 1))
    assert np.allclose(rec.Q_clamp, [-60 - before, -50])


# ------------------------------------------------------------------------------- courses


COURSE = lo.Course([1, 4, 4, 6], [0.3, 1.2, 0.6, 0.3])


def moved(times: np.ndarray) -> np.ndarray:
    """V of the leak whose conductance follows COURSE, under 2 uA/cm2."""
    from scipy.integrate import solve_ivp

    v, out = np.array([E]), []
    for a, b in ((0, 1), (1, 4), (4, 6), (6, 8)):

        def rate(t: float, y: Any, a: int = a) -> Any:
            g = {0: 0.3, 1: 0.3 + 0.3 * (t - 1), 4: 0.6 - 0.15 * (t - 4), 6: 0.3}[a]
            return 2 - g * (y - E)

        inside = times[(times >= a) & ((times < b) | (b == 8))]
        found = solve_ivp(rate, (a, b), v, method="DOP853", dense_output=True, rtol=1e-12,
                          atol=1e-12)  # fmt: skip
        out.append(found.sol(inside)[0])
        v = found.y[:, -1]
    return np.concatenate(out)


def test_a_parameter_follows_its_course_under_every_solver() -> None:
    cell, push = LEAK.replace(g_L=COURSE), lo.Step(0, [2.0, 2.0])
    exact = moved(np.arange(81) * 0.1)
    off = {}
    steps = (lo.Exponential(dt, engine="numpy") for dt in (0.02, 0.01))
    for solver in (QUICK, lo.Reference(), *steps):
        rec = lo.simulate(cell, push, 8, solver=solver, sample_interval=0.1, record=["V", "G_L"])
        off[solver] = float(np.abs(rec.V.values - exact).max())
        assert np.allclose(rec.G_L.sel(time=[0, 2.5, 4, 5, 7]), [0.3, 0.75, 0.6, 0.45, 0.3])
    *exactly, coarse, fine = off.values()
    assert max(exactly) < 1e-7
    assert fine < 1e-4
    assert 3.5 < coarse / fine < 4.5


def test_a_course_is_kept_and_made_again(tmp_path: Any) -> None:
    cell = LEAK.replace(g_L=lo.Course([0, "5 ms"], ["0.3 mS/cm2", "0.0012 S/cm2"]))
    assert cell.courses["g_L"] == lo.Course([0, 5], [0.3, 1.2]).counted("mS/cm2", "g_L")
    cell.save(tmp_path / "cell.toml")
    assert lo.load(tmp_path / "cell.toml") == cell
    rec = lo.simulate(cell, lo.Step(0, 2), 8, solver=QUICK)
    lo.save(rec, tmp_path / "rec.nc")
    assert np.array_equal(lo.rerun(lo.open(tmp_path / "rec.nc")).V, rec.V)
    assert lo.rest(cell).V == lo.rest(LEAK).V
    assert "g_L follows a course, in mS/cm²: 0.3 at 0 ms, 1.2 at 5 ms" in str(cell)
    assert "g_L along a course" in repr(cell)
    still = cell.replace(g_L=0.5)
    assert not still.courses
    assert still == LEAK.replace(g_L=0.5)
    assert cell.replace(E_L=-60).courses == cell.courses


MISTAKES = [
    (lambda: lo.Course([0, 5, 4], [1, 2, 3]), "time goes back, from 5 to 4 ms after knot 1"),
    (lambda: lo.Course([0, 5], [1, 2, 3]), "2 times for 3 values"),
    (lambda: lo.Course([0], [1]), "give at least two knots"),
    (lambda: lo.Course([0, np.nan], [1, 2]), "time"),
    (lambda: lo.Course([0, 1], [1, np.inf]), "values"),
    (lambda: lo.Course([0, "1 mV"], [1, 2]), "Course: time"),
    (lambda: lo.Course([0, 1], ["1 mV", "2 ms"]), "Course: values"),
    (lambda: lo.Course([0, 1], [[1, 2], [3, 4]]), "Course"),
    (lambda: LEAK.replace(g_L=lo.Course([0, 1], ["1 mV", "2 mV"])), "g_L"),
    (lambda: LEAK.replace(C_m=lo.Course([0, 1], [1, 2])), "C_m cannot follow a course"),
    (lambda: LEAK.replace(g_L=lo.Course([0, 1], [1, -2])), "g_L"),
    (lambda: LEAK.replace(g_X=lo.Course([0, 1], [1, 2])), "g_X"),
    (lambda: lo.Membrane(channels=[lo.Channel("L", g=COURSE, E=-65)]), "by its method replace"),
    (lambda: lo.Membrane(channels=[lo.Channel("L", g=1, E=-65)], courses={"g_L": COURSE}),
     "g_L follows a course that is 0.3 at 0 ms, and is 1.0 here"),
    (lambda: lo.Axon(SQUID.replace(g_Na=lo.Course([0, 1], [120, 0])), 1000, 100, 35.4),
     "a region of an axon: g_Na of this model follows a course"),
    (lambda: lo.experiments.fi_curve(SQUID.replace(g_Na=lo.Course([0, 1], [120, 0]))),
     "give it one value, model.replace(g_Na=120)"),
    (lambda: lo.simulate(LEAK.replace(g_L=COURSE), None, 5, solver=lo.Taylor(engine="cuda")),
     "no samples, and the course of g_L is one of them"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "words"), MISTAKES, ids=range(len(MISTAKES)))
def test_what_cannot_be_a_course_is_told(make: Any, words: str) -> None:
    with pytest.raises(LoligoError) as told:
        make()
    assert words in str(told.value)


def test_what_goes_with_its_channel_is_no_course_any_more() -> None:
    moving = SQUID.replace(g_Na=lo.Course([0, 1], [120, 0]), E_K=lo.Course([0, 1], [-77, -60]))
    assert list(moving.without("Na").courses) == ["E_K"]
    assert not moving.without("Na", "K").courses


# ------------------------------------------------------------------------------- the reference


def wave(r: np.random.Generator, low: float, high: float, unit: str | None = None) -> Any:
    count = int(r.integers(2, 9))
    drawn = r.choice([0, 1, 2, 2.5, 3, 5, 7, 10, 12, 15, 20, 25.0, *r.uniform(0, 20, 2)], count)
    drawn = np.sort(drawn)
    drawn[-1] += drawn[0] == drawn[-1]
    return lo.Waveform(
        drawn, r.uniform(low, high, count), hold=bool(r.integers(2)),
        start=float(r.choice([0, 1, -3, 0.3])), unit=unit or "uA/cm2",
    )  # fmt: skip


def done(r: np.random.Generator, kind: int) -> Any:
    start, lasts = (
        float(r.choice([0, 1, 2, r.uniform(0, 10)])),
        float(r.choice([4, r.uniform(1, 6)])),
    )
    seed, noisy = int(r.integers(100)), {"tau": 1, "mean": -60, "unit": "mV", "interval": 0.1}
    return (
        lambda: wave(r, -5, 15),
        lambda: lo.Noise(start - 2, 3 * lasts, 2, tau=2, seed=seed, mean=3),
        lambda: lo.Noise(start, 2 * lasts, 2, seed=seed, interval=0.3),
        lambda: lo.Pulse(start, 2 * lasts, float(r.uniform(-5, 20))),
        lambda: lo.Conductance(start, wave(r, 0, 0.5, "mS/cm2"), E=float(r.choice([0, -75]))),
        lambda: lo.Shock(start + 1, float(r.uniform(-10, 20))),
        lambda: lo.VoltageClamp(start + 4, lasts, wave(r, -90, 20, "mV")),
        lambda: lo.VoltageClamp(start + 4, lasts, lo.Noise(-1, lasts + 3, 4, seed=seed, **noisy)),
        lambda: lo.VoltageClamp(
            start + 4, lasts, lo.Noise(-1, lasts + 3, 4, seed=seed, **noisy),
            series_resistance="5 ohm*cm2",
        ),
    )[kind]()  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_anything_at_once_is_what_the_reference_says(seed: int) -> None:
    r = np.random.default_rng(seed)
    kinds = [seed % 9, *r.choice(6, 2)]
    stimulus: Any = sum(done(r, int(kind)) for kind in kinds)
    moving = SQUID.replace(celsius=lo.Course([3, 8], [6.3, 9])) if seed % 2 else SQUID
    run = {"duration": 12, "sample_interval": 0.1}
    one = lo.simulate(moving, stimulus, solver=lo.Taylor(1e-9), **run)
    other = lo.simulate(moving, stimulus, solver=lo.Reference(1e-11), **run)
    for name in ("V", "m", "h", "n", "I_stim", *(["I_clamp"] if "I_clamp" in one else [])):
        scale = max(1.0, float(abs(other[name]).max()))
        assert float(abs(one[name] - other[name]).max()) < 1e-5 * scale
    assert one.spike_count == other.spike_count
