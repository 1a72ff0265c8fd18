"""Stimuli: value, charge, edges, algebra and documents.

The charge is checked against SciPy's adaptive quadrature between the breakpoints,
which knows nothing of the closed forms.
"""

from __future__ import annotations

import copy
import json
import pickle
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import special

from loligo.errors import StimulusError
from loligo.lanes import Labelled, grid
from loligo.stimulus import (
    Chirp,
    Noise,
    Pulse,
    PulseTrain,
    Ramp,
    Sine,
    Step,
    Waveform,
)
from loligo.stimulus.base import Shape, Stimulus
from loligo.stimulus.document import from_dict
from loligo.stimulus.normals import quantile
from loligo.stimulus.path import BLOCK
from loligo.stimulus.window import check
from trying import examples

_START = st.floats(-20, 60)
_LONG = st.floats(0.01, 50)
_SIZE = st.floats(-50, 50)
_HERTZ = st.floats(0, 400)


@st.composite
def trains(draw: st.DrawFn) -> PulseTrain:
    interval, share = draw(st.floats(0.5, 20)), draw(st.floats(0.01, 1))
    count = draw(st.integers(1, 20))
    return PulseTrain(draw(_START), interval * share, draw(_SIZE), interval, count)


@st.composite
def noises(draw: st.DrawFn) -> Noise:
    tau = draw(st.one_of(st.none(), st.floats(0.01, 100)))
    return Noise(
        draw(_START),
        draw(_LONG),
        draw(_SIZE),
        seed=draw(st.integers(0, 2**53 - 1)),
        tau=tau,
        mean=draw(_SIZE),
        interval=draw(st.floats(0.2, 5)),
    )


@st.composite
def waveforms(draw: st.DrawFn) -> Waveform:
    steps = draw(st.lists(st.one_of(st.just(0.0), st.floats(0.1, 10)), min_size=2, max_size=8))
    assume(sum(steps) > 0)
    time = np.concatenate([[0.0], np.cumsum(steps)])
    values = draw(st.lists(_SIZE, min_size=time.size, max_size=time.size))
    return Waveform(time, values, start=draw(_START), amplitude=draw(st.floats(-3, 3)))


SMOOTH = st.one_of(
    st.builds(Pulse, _START, _LONG, _SIZE),
    st.builds(Step, _START, _SIZE),
    trains(),
    st.builds(Ramp, _START, _LONG, _SIZE),
    st.builds(Sine, _START, _LONG, _SIZE, _HERTZ, st.floats(-7, 7)),
    st.builds(Chirp, _START, _LONG, _SIZE, _HERTZ, _HERTZ),
)
SHAPES = st.one_of(SMOOTH, noises(), waveforms())
TIMES = st.floats(-30, 130)


def quadrature(stimulus: Stimulus, a: float, b: float) -> float:
    """∫ from a to b by SciPy, piece by piece between the breakpoints."""
    from scipy.integrate import quad

    inner = stimulus.breakpoints(200.0)
    knots = np.unique(np.concatenate([[a, b], inner[(inner > a) & (inner < b)]]))
    total = 0.0
    for one, other in pairwise(knots):
        pieces = np.linspace(one, other, 2 + int((other - one) / 5))
        for low, high in pairwise(pieces):
            total += quad(stimulus.value, low, high, epsabs=1e-10, epsrel=1e-10)[0]
    return total


@settings(deadline=None, max_examples=examples(150))
@given(SHAPES, st.floats(0, 120), st.floats(0, 40))
def test_integral_is_the_charge(shape: Shape, a: float, length: float) -> None:
    b = a + length
    assert shape.integral(a, b) == pytest.approx(quadrature(shape, a, b), rel=1e-9, abs=1e-8)


@settings(deadline=None)
@given(SHAPES, TIMES, TIMES, TIMES)
def test_charge_adds_up(shape: Shape, a: float, b: float, c: float) -> None:
    together = shape.integral(a, b) + shape.integral(b, c)
    scale = 1e-10 * (1 + 130 * 50)
    assert together == pytest.approx(shape.integral(a, c), rel=1e-12, abs=scale)
    assert shape.integral(b, a) == pytest.approx(-shape.integral(a, b), rel=1e-13, abs=1e-11)
    assert shape.integral(a, a) == 0


@settings(deadline=None)
@given(SHAPES, st.lists(TIMES, min_size=1, max_size=6))
def test_arrays_give_what_single_times_give(shape: Shape, times: list[float]) -> None:
    t = np.array(times)
    assert np.array_equal(shape.value(t), [shape.value(one) for one in times])
    assert np.array_equal(shape.integral(0.0, t), [shape.integral(0.0, one) for one in times])
    assert type(shape.value(times[0])) is float
    assert shape.value(t.reshape(1, -1)).shape == (1, t.size)


@settings(deadline=None)
@given(SHAPES, st.floats(0.1, 100))
def test_breakpoints_are_sorted_and_within_the_run(shape: Shape, duration: float) -> None:
    edges = shape.breakpoints(duration)
    assert edges.dtype == np.float64
    assert np.all(np.diff(edges) > 0)
    assert np.all((edges >= 0) & (edges <= duration))


@settings(deadline=None)
@given(SHAPES)
def test_at_an_edge_the_value_is_the_one_just_after(shape: Shape) -> None:
    edges = shape.breakpoints(150.0)
    after = np.nextafter(edges, np.inf)
    # within one ulp of time the current moves by its slope times that; a jump would show
    scale = 1e-6 * (1 + np.max(np.abs(shape.value(edges)), initial=0.0))
    apart = np.diff(edges, append=np.inf) > 1e-9
    change = np.abs(shape.value(edges) - shape.value(after))
    assert np.all(change[apart] <= scale)


@settings(deadline=None)
@given(SMOOTH)
def test_between_edges_nothing_jumps(shape: Shape) -> None:
    knots = np.unique(np.concatenate([[0.0, 150.0], shape.breakpoints(150.0)]))
    for one, other in pairwise(knots):
        if other - one < 1e-9:
            continue
        inside = one + (other - one) * np.linspace(0.001, 0.999, 2001)
        values = np.atleast_1d(shape.value(inside))
        steepest = 2 * np.pi * 0.4 * 50 + 50 / (other - one)  # 400 Hz at 50, or a ramp
        assert np.max(np.abs(np.diff(values))) <= 2 * steepest * (other - one) / 2000 + 1e-9


@settings(deadline=None)
@given(SHAPES, SHAPES, st.floats(-3, 3), TIMES, TIMES)
def test_sums_and_scales(one: Shape, other: Shape, factor: float, a: float, b: float) -> None:
    both = one + factor * other
    value = one.value(a) + factor * other.value(a)
    assert both.value(a) == pytest.approx(value, rel=1e-12, abs=1e-9)
    charge = one.integral(a, b) + factor * other.integral(a, b)
    assert both.integral(a, b) == pytest.approx(charge, rel=1e-9, abs=1e-7)
    edges = np.union1d(one.breakpoints(99), other.breakpoints(99))
    assert np.array_equal(both.breakpoints(99), edges)
    assert [shape.kind for shape in both.shapes] == [one.kind, other.kind]


def test_algebra() -> None:
    pulse, step = Pulse(5, 1, 10), Step(2, 3)
    assert 2 * pulse == pulse * 2 == pulse / 0.5 == np.float64(2) * pulse == Pulse(5, 1, 20)
    assert -pulse == Pulse(5, 1, -10)
    assert (pulse - step).shapes == (pulse, -step)
    assert sum([pulse, step, pulse]) == pulse + step + pulse
    assert (pulse + step) * 2 == 2 * pulse + 2 * step
    assert pulse + step != step + pulse
    assert len({pulse, Pulse(5.0, 1.0, 10.0), step}) == 2
    noise = Noise(0, 10, 2, tau=3, mean=4, seed=1)
    assert 3 * noise == Noise(0, 10, 6, tau=3, mean=12, seed=1)
    assert repr(pulse + step) == (
        "Pulse(start=5, duration=1, amplitude=10) + Step(start=2, amplitude=3)"
    )


@settings(deadline=None)
@given(SHAPES, SHAPES)
def test_json_round_trip_is_exact(one: Shape, other: Shape) -> None:
    for stimulus in (one, one + other):
        again = from_dict(json.loads(json.dumps(stimulus.to_dict())))
        assert again == stimulus
        assert hash(again) == hash(stimulus)
        assert copy.deepcopy(stimulus) == stimulus
        assert pickle.loads(pickle.dumps(stimulus)) == stimulus
        assert again.integral(0, 50) == stimulus.integral(0, 50)


# ---- late times: no digits lost -------------------------------------------------------


def test_late_pulses_keep_their_charge() -> None:
    start = 1e7
    assert Pulse(start, 0.1, 10).integral(0, 2e7) == 1.0
    assert Pulse(start, 0.1, 10).integral(start + 0.05, 2e7) == pytest.approx(0.5, rel=1e-7)
    train = PulseTrain(0, 0.1, 10, interval=1, count=10_000_000)
    assert train.integral(0, 2e7) == 1e7
    assert train.integral(5_000_000, 5_000_000.05) == pytest.approx(0.5, rel=1e-7)
    assert Step(0, 10).integral(1e9, 1e9 + 1) == 10


def test_a_train_is_its_pulses() -> None:
    train = PulseTrain(3, 0.7, 10, interval=1.1, count=4)
    pulses = sum((Pulse(3 + k * 1.1, 0.7, 10) for k in range(4)), start=Step(0, 0))
    t = np.linspace(0, 10, 10001)
    assert np.array_equal(train.value(t), pulses.value(t))
    assert np.allclose(train.integral(1.0, t), pulses.integral(1.0, t), rtol=0, atol=1e-13)


@given(st.floats(0.001, 10), st.integers(1, 10**6), st.floats(-10, 10))
def test_onsets_of_a_train_are_on(interval: float, k: int, start: float) -> None:
    train = PulseTrain(start, interval / 2, 1, interval, count=k + 1)
    assert train.value(start + k * interval) == 1.0
    assert train.value(np.nextafter(start + k * interval, -np.inf)) == 0.0


def test_a_gapless_train_has_no_gap() -> None:
    train = PulseTrain(0.1, 0.7, 1, interval=0.7, count=1000)
    onsets = 0.1 + np.arange(1000) * 0.7
    assert np.all(train.value(onsets) == 1.0)
    assert train.integral(0, 1000) == pytest.approx(700, rel=1e-14)


def test_sine_against_its_antiderivative() -> None:
    hum = Sine(0, 1e6, 2, frequency=50, phase=0.3)
    exact = 2 / (2 * np.pi * 0.05) * (np.cos(0.3) - np.cos(2 * np.pi * 0.05 * 7.25 + 0.3))
    assert hum.integral(0, 7.25) == pytest.approx(exact, rel=1e-14)
    # 50 000 turns later the same, but for the rounding of the time itself
    late = 1_000_000 - 20.0
    assert hum.integral(late, late + 7.25) == pytest.approx(exact, rel=1e-9)
    # a short step late: the current times the step, not the difference of two cosines
    tiny = hum.integral(late, late + 2**-20)
    assert tiny == pytest.approx(hum.value(late + 2**-21) * 2**-20, rel=1e-9)
    assert Sine(0, 10, 3, frequency=0, phase=np.pi / 2).integral(0, 10) == pytest.approx(30)


def test_chirp_against_fresnel_integrals() -> None:
    from scipy.special import fresnel

    # from 0 Hz: phase = π k u², k = f₁ / (1000 duration) per ms²; ∫ sin = S(u √(2k)) / √(2k)
    duration, high = 1000.0, 120.0
    root = np.sqrt(2 * high / (1000 * duration))
    ends = np.array([1.0, 10.0, 333.3, 1000.0])
    expected = fresnel(ends * root)[0] / root
    chirp = Chirp(0, duration, 1, frequency_start=0, frequency_end=high)
    assert chirp.integral(0.0, ends) == pytest.approx(expected, rel=1e-13)


def test_a_chirp_of_one_frequency_is_a_sine() -> None:
    chirp, sine = Chirp(3, 100, 2, 40, 40), Sine(3, 100, 2, 40)
    t = np.linspace(0, 110, 1111)
    assert chirp.value(t) == pytest.approx(sine.value(t), abs=1e-12)
    assert chirp.integral(5.0, t) == pytest.approx(sine.integral(5.0, t), abs=1e-12)


# ---- noise ------------------------------------------------------------------------------


@settings(deadline=None, max_examples=examples(40))
@given(
    st.integers(0, 2**53 - 1),
    st.one_of(st.none(), st.floats(0.05, 500)),
    st.floats(0.01, 1),
    st.integers(0, 3 * BLOCK),
)
def test_a_grid_value_depends_on_seed_interval_tau_and_index_only(
    seed: int, tau: float | None, interval: float, k: int
) -> None:
    short = Noise(0, 1, 1, seed=seed, tau=tau, interval=interval)
    long = Noise(17.3, 1e5, -4, seed=seed, tau=tau, interval=interval, mean=2)
    count = min(50, k + 1)
    assert np.array_equal(short.path(50)[:count], long.path(k + 1)[:count])
    # random access, in any order, in one go or in pieces
    value = long.value(17.3 + k * interval)
    assert value == 2 - 4 * long.path(k + 1)[k]


def test_paths_of_different_seeds_differ() -> None:
    paths = [Noise(0, 1, 1, seed=seed, tau=2).path(1000) for seed in (0, 1, 2**52)]
    correlation = np.corrcoef(paths)
    assert np.max(np.abs(correlation - np.eye(3))) < 0.5
    assert len({path[0] for path in paths}) == 3


def test_ornstein_uhlenbeck_statistics() -> None:
    """Mean 0, variance 1, covariance e^(−lag/τ), normal from its first point on."""
    tau, interval, paths = 3.0, 0.5, 1500
    x = np.array(
        [Noise(0, 1, 1, seed=s, tau=tau, interval=interval).path(13) for s in range(paths)]
    )
    for k in (0, 1, 12):
        assert abs(x[:, k].mean()) < 5 / np.sqrt(paths)
        assert abs(x[:, k].var() - 1) < 5 * np.sqrt(2 / paths)
        covariance = np.mean(x[:, 0] * x[:, k])
        expected = np.exp(-k * interval / tau)
        assert abs(covariance - expected) < 5 * np.sqrt((1 + expected**2) / paths)
    assert abs(np.mean(x[:, 12] ** 4) - 3) < 5 * np.sqrt(96 / paths)


@pytest.mark.parametrize(("interval", "tau"), [(0.025, 3.0), (1.0, 0.1), (0.01, 1e4)])
def test_ornstein_uhlenbeck_recursion_is_exact(interval: float, tau: float) -> None:
    """x_(k+1) − ρ x_k over its spread gives back the generator's numbers, across blocks."""
    path = Noise(0, 1, 1, seed=11, tau=tau, interval=interval).path(2 * BLOCK + 10)
    decay = np.exp(-interval / tau)
    xi = (path[1:] - decay * path[:-1]) / np.sqrt(1 - np.exp(-2 * interval / tau))
    drawn = Noise(0, 1, 1, seed=11, interval=interval).path(2 * BLOCK + 10) * np.sqrt(interval)
    assert path[0] == drawn[0]
    assert xi == pytest.approx(drawn[1:], abs=1e-8)


def test_white_noise_statistics() -> None:
    n = 200_000
    for interval in (0.025, 1.0):
        path = Noise(0, 1, 1, seed=3, interval=interval).path(n)
        assert path.var() * interval == pytest.approx(1, abs=5 * np.sqrt(2 / n))
        assert abs(np.corrcoef(path[:-1], path[1:])[0, 1]) < 5 / np.sqrt(n)
    # the charge in time T has variance amplitude² T, whatever the interval
    charges = [
        [Noise(0, 10, 2, seed=s, interval=interval).integral(0, 10) for s in range(600)]
        for interval in (0.05, 0.5)
    ]
    assert np.var(charges, axis=1) == pytest.approx([40, 40], rel=5 * np.sqrt(2 / 600))


FIRST_NORMALS = [1.02028797736073, 0.7597131895605167, -0.24583790273512823]
AFTER_ONE_BLOCK = 0.4906998634364951
OWN_NORMALS = [-0.5141658112314123, 1.0309111217613403, -1.010471272503732]


def test_the_generators_have_not_changed() -> None:
    """Recorded seeds must give the same path next year. The first generator is NumPy's Philox
    normals; of the second the uniform numbers are Philox's, and SciPy has the same quantiles."""
    first = {"kind": "noise", "start": 0, "duration": 1, "amplitude": 1, "seed": 1}
    old = from_dict({**first, "tau": 1e-9})
    assert old.generator == 1
    assert old.path(3).tolist() == FIRST_NORMALS
    white = from_dict({**first, "interval": 1})
    assert white.path(BLOCK + 1)[BLOCK] == AFTER_ONE_BLOCK
    new = Noise(0, 1, 1, seed=1, interval=1)
    assert from_dict(new.to_dict()) == new != white
    raw = np.random.Philox(key=1, counter=[0, 0, 0, 0]).random_raw(BLOCK)
    uniform = ((raw >> np.uint64(12)) + 0.5) / 2**52
    assert new.path(BLOCK) == pytest.approx(special.ndtri(uniform), rel=1e-14, abs=1e-15)
    assert new.path(3).tolist() == OWN_NORMALS
    tails = 2.0 ** -np.arange(1.0, 53.0)
    assert quantile(tails) == pytest.approx(special.ndtri(tails), rel=2e-15, abs=1e-16)
    with pytest.raises(StimulusError, match="generator is 3; there are 2, and 1, which is NumPy"):
        Noise(0, 1, 1, generator=3)


@settings(deadline=None, max_examples=examples(30))
@given(noises(), st.integers(1, 7))
def test_cumulative_does_not_depend_on_the_pieces(noise: Noise, pieces: int) -> None:
    edges = np.linspace(0, 100, 501)
    whole = noise.cumulative(edges)
    parts = np.concatenate([noise.cumulative(part) for part in np.array_split(edges, pieces)])
    assert np.array_equal(whole, parts)
    assert whole[0] == 0
    box = Pulse(noise.start, noise.duration, noise.mean)
    charge = box.integral(0.0, edges) + noise.amplitude * whole
    assert charge == pytest.approx(noise.integral(0.0, edges), rel=1e-10, abs=1e-8)


def test_long_noise_does_not_need_memory_and_forgotten_blocks_come_back_the_same() -> None:
    noise = Noise(0, 1e6, 1, seed=9, tau=5, interval=0.1)
    early = noise.value(np.array([0.0, 1.0, 500.0]))
    late = noise.value(300_000.05)
    from loligo.stimulus import path as module

    module._block.cache_clear()
    assert noise.value(300_000.05) == late
    assert np.array_equal(noise.value(np.array([0.0, 1.0, 500.0])), early)
    module.path.cache_clear()
    module._block.cache_clear()
    assert noise.value(300_000.05) == late


def test_a_drawn_seed_is_kept() -> None:
    noise = Noise(0, 10, 1, tau=3)
    assert isinstance(noise.seed, int)
    assert 0 <= noise.seed < 2**53
    assert noise.value(3.3) == Noise(0, 10, 1, tau=3, seed=noise.seed).value(3.3)
    assert noise.seed != Noise(0, 10, 1, tau=3).seed


def test_seeds_are_a_dimension() -> None:
    noise = Noise(0, 10, 1, tau=3, seed=[5, 6, 2**53 - 1])
    assert isinstance(noise.seed, Labelled)
    assert noise.seed.dims == ("seed",)
    assert noise.seed.coords["seed"].tolist() == [5, 6, 2**53 - 1]
    assert noise.seed.coords["seed"].dtype.kind == "i"
    assert noise.at(seed=6.0) == Noise(0, 10, 1, tau=3, seed=6)
    assert "tau" in noise.parameters
    assert "tau" not in Noise(0, 10, 1, seed=1).parameters


# ---- waveforms --------------------------------------------------------------------------


def test_waveform_jumps_and_ends() -> None:
    w = Waveform([1, 2, 2, 4], [0, 10, -10, 0])
    t = np.array([0.0, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0])
    assert w.value(t).tolist() == [0, 0, 5, -10, -5, 0, 0]
    assert w.value(np.nextafter(2.0, 0)) == pytest.approx(10)
    assert w.integral(0, 2) == 5
    assert w.integral(0, 10) == -5
    assert Waveform([0, 1], [3, 3]).value(1.0) == 0.0


def test_the_ways_to_write_a_waveform() -> None:
    xarray = pytest.importorskip("xarray")
    plain = Waveform([0, 0.5, 1], [1, 2, 3])
    assert Waveform(time=[0, 0.5, 1], values=[1, 2, 3]) == plain
    assert Waveform([1, 2, 3], interval=0.5) == plain
    assert Waveform([1, 2, 3], interval="500 us") == plain
    array = xarray.DataArray([1, 2, 3], dims="time", coords={"time": [0, 0.5, 1]})
    assert Waveform(array) == plain
    seconds = array.assign_coords(time=("time", [0, 0.0005, 0.001], {"units": "s"}))
    assert Waveform(seconds) == plain
    assert Waveform([1000, 2000, 3000], interval=0.5, unit="pA").unit == "nA"
    assert Waveform([1000, 2000, 3000], interval=0.5, unit="pA").value(0.5) == 2.0
    assert Waveform([1, 2], interval=1, start=5).breakpoints(10).tolist() == [5, 6]


def test_a_waveform_with_lanes() -> None:
    xarray = pytest.importorskip("xarray")
    array = xarray.DataArray(
        np.arange(12.0).reshape(3, 2, 2),
        dims=["time", "a", "b"],
        coords={"time": [0, 1, 2], "a": ["x", "y"]},
    )
    w = Waveform(array, amplitude=[1, 2])
    lanes = grid({name: getattr(w, name) for name in w.parameters})
    assert set(lanes.dims) == {"a", "b", "amplitude"}
    for index in range(lanes.size):
        where = lanes.label(index)
        scalar = w.at(**lanes.lane(index))
        samples = array.sel(a=where["a"]).isel(b=where["b"]).values * where["amplitude"]
        assert scalar.value(np.array([0.0, 1.0])).tolist() == samples[:2].tolist()
        assert scalar.integral(0, 2) == pytest.approx(np.trapezoid(samples))
    again = from_dict(json.loads(json.dumps(w.to_dict())))
    assert again == w


# ---- units, lanes, the run --------------------------------------------------------------


def test_units() -> None:
    assert Pulse("5 ms", "1000 us", "2 nA") == Pulse(5, 1, 2, unit="nA")
    assert Pulse(5, 1, 2000, unit="pA") == Pulse(5, 1, 2, unit="nA")
    assert Pulse(5, 1, 2).unit == "uA/cm2"
    assert (Pulse(5, 1, "2 nA") + Step(0, "1 pA")).unit == "nA"
    swept = Pulse(5, 1, [1000, 2000], unit="pA")
    assert swept.amplitude.coords["amplitude"].tolist() == [1.0, 2.0]
    assert Noise(0, 1, "3 pA*sqrt(s)", seed=1).amplitude == pytest.approx(0.003 * np.sqrt(1000))
    assert Noise(0, 1, "3 pA", tau=1, mean="1 pA", seed=1).mean == 0.001
    assert Sine(0, 1, 1, "0.05 kHz", "90 deg") == Sine(0, 1, 1, 50, np.pi / 2)
    assert Pulse(Fraction(1, 2), 1, 2).start == 0.5


def test_at_puts_numbers_in() -> None:
    swept = Pulse(5, [1, 2], [10, 20, 30])
    assert swept.at(duration=2.0, amplitude=30.0) == Pulse(5, 2, 30)
    assert swept.at(amplitude=30.0).at(duration=2.0) == Pulse(5, 2, 30)
    assert swept.at(duration=7, amplitude="2 uA/cm2") == Pulse(5, 7, 2)
    assert swept.parameters == ("start", "duration", "amplitude")
    with pytest.raises(StimulusError, match="duration must be above 0 ms"):
        swept.at(duration=-1)


def test_check_accepts_what_acts_in_some_lane() -> None:
    check(Pulse(5, 1, 10), 50)
    check(Pulse([5, 500], 1, 10), 50)
    check(Pulse(-5, 6, 10), 50)
    check(PulseTrain(-5, 1, 10, interval=10, count=2), 50)
    check(Step(49.9, 1) + Noise(0, 1, 1, seed=1) + Waveform([0, 1], [1, 1]), 50)
