"""The adaptive runs: both engines, lanes alone and together, edges, samples, what is refused."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import loligo as lo
from cells import bistable, calcium, cubic, mutual
from few import FEW
from fired import fired
from loligo.engine.engines import ENGINES, Llvm
from loligo.errors import RunError, UsageError
from loligo.run.pace import Pace
from paced import simulate
from references import reference

SQUID = lo.load("hodgkin-huxley-1952")
LLVM, NUMPY = lo.Taylor(1e-9), lo.Taylor(1e-9, engine="numpy")
MODELS: dict[str, Callable[[], lo.Membrane]] = {
    **{name: (lambda name=name: lo.load(name)) for name in FEW},
    "calcium": calcium, "mutual": mutual, "bistable": bistable, "cubic": cubic,
}  # fmt: skip
STIMULI = {
    "none": None,
    "pulse": lo.Pulse(2.013, 15, 12),
    "step": lo.Step(2, 12),
    "train": lo.PulseTrain(1.03, 0.5, 25, interval=4, count=4),
    "ramp": lo.Ramp(1, 18, 25),
    "sine": lo.Sine(1, 18, 15, 80, 0.5),
    "chirp": lo.Chirp(1, 18, 15, 20, 300),
    "sum": lo.Pulse(2, 15, 8) + 0.5 * lo.Sine(0, 20, 5, 200) - lo.Ramp(3, 10, 4),
}


def run(model: Any, stimulus: Any, solver: Any = LLVM, **options: Any) -> xr.Dataset:
    settings = {"initial": -65, "progress": False, "duration": 20, **options}
    if isinstance(solver, lo.Reference):
        return reference(model, stimulus, solver=solver, **settings)
    return simulate(model, stimulus, solver=solver, **settings)


def agree(one: xr.Dataset, other: xr.Dataset, digits: float = 1e-9) -> None:
    """Steps differ by roundings of their length, so to some ten tolerances, not bits."""
    assert np.array_equal(one.spike_count, other.spike_count)
    assert fired(one) == pytest.approx(fired(other), abs=10 * digits)
    for name in one.data_vars:
        if "time" in one[name].dims:
            a, b = one[name].values, other[name].values
            assert np.abs(a - b).max() <= 100 * digits * np.abs(b).max(), name


@pytest.mark.parametrize(
    "name",
    [n if n == "hodgkin-huxley-1952" else pytest.param(n, marks=pytest.mark.slow) for n in MODELS],
)
def test_both_engines_agree_on_every_model(name: str) -> None:
    model = MODELS[name]()
    agree(run(model, STIMULI["pulse"]), run(model, STIMULI["pulse"], NUMPY))


QUICK = ("pulse", "train")


@pytest.mark.parametrize(
    "name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in STIMULI]
)
def test_both_engines_agree_with_the_reference_under_every_stimulus(name: str) -> None:
    one, other = run(SQUID, STIMULI[name]), run(SQUID, STIMULI[name], NUMPY)
    agree(one, other)
    true = run(SQUID, STIMULI[name], lo.Reference())
    assert set(true.data_vars) == set(one.data_vars)
    agree(one, true, 1e-8)


# ------------------------------------------------------------------------------ the same bits


def random_lanes(count: int = 37) -> tuple[Any, Any]:
    """Every number of the model and of the stimulus, edges included, varies from lane to lane."""
    draw = np.random.default_rng(7)

    def around(value: float, spread: float = 0.3) -> xr.DataArray:
        return xr.DataArray(value * draw.uniform(1 - spread, 1 + spread, count), dims="case")

    model = SQUID.replace(**{n: around(p.value, 0.2) for n, p in SQUID.parameters.items()})
    stimulus = lo.Pulse(around(5), around(8), around(15)) + lo.Ramp(
        around(1), around(14), around(4)
    )
    return model, stimulus + lo.PulseTrain(around(3), around(0.4), 9, interval=around(3), count=4)


RECORD = ["V", "h", "I_stim", "G_Na"]


def bits(rec: xr.Dataset) -> dict[str, bytes]:
    return {str(n): v.values.tobytes() for n, v in rec.data_vars.items()}


@pytest.fixture(scope="module")
def expected() -> dict[str, bytes]:
    return bits(run(*random_lanes(), record=RECORD))


@pytest.mark.parametrize("width", [1, 2, 4, 16])
def test_vectors_of_any_width_give_the_same_bits(width: int, expected: dict[str, bytes]) -> None:
    assert bits(run(*random_lanes(), record=RECORD, pace=Pace(width=width))) == expected


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_any_number_of_threads_gives_the_same_bits(
    threads: int, monkeypatch: pytest.MonkeyPatch, expected: dict[str, bytes]
) -> None:
    monkeypatch.setenv("LOLIGO_THREADS", str(threads))
    assert bits(run(*random_lanes(), record=RECORD)) == expected


@pytest.mark.parametrize("rounds", [1, 2, 3, 1000, 10**6])
def test_any_number_of_rounds_in_a_call_gives_the_same_bits(
    rounds: int, expected: dict[str, bytes]
) -> None:
    assert bits(run(*random_lanes(), record=RECORD, pace=Pace(amount=rounds))) == expected


def test_a_buffer_for_few_spikes_loses_none(
    monkeypatch: pytest.MonkeyPatch, expected: dict[str, bytes]
) -> None:
    monkeypatch.setitem(ENGINES, "llvm", Llvm(capacity=65))
    assert bits(run(*random_lanes(), record=RECORD)) == expected


@pytest.mark.parametrize("lanes", [2, 8, 9, 17])
def test_a_lane_is_what_it_would_be_alone(lanes: int, expected: dict[str, bytes]) -> None:
    model, stimulus = random_lanes()
    together = run(model, stimulus, record=RECORD)
    counts = np.concatenate([[0], np.cumsum(together.spike_count.values)])
    for lane in (0, lanes - 1):
        numbers = {n: float(p.value.values[lane]) for n, p in model.parameters.items()}
        shapes = sum(
            s.at(**{p: number(getattr(s, p), lane) for p in s.parameters}) for s in stimulus.shapes
        )
        alone = run(SQUID.replace(**numbers), shapes, record=RECORD)
        for name in RECORD:
            assert np.array_equal(together[name].values[lane], alone[name].values), name
        mine = fired(together)[counts[lane] : counts[lane + 1]]
        assert np.array_equal(mine, fired(alone))


@pytest.mark.parametrize(
    ("solver", "samples"),
    [
        pytest.param(solver, samples, id=f"{name}-{samples}", marks=marks)
        for name, solver in (("llvm", LLVM), ("numpy", NUMPY), ("exp", lo.Exponential(0.01)))
        for samples in (2, 3, 511, 512, 513)
        for marks in ([pytest.mark.slow] if name == "numpy" else [],)
    ],
)
def test_any_number_of_samples_is_that_of_a_lane_alone(solver: Any, samples: int) -> None:
    """Also one for which the rows of a recording lie further apart than they are long."""
    currents = np.linspace(0, 40, 9)
    options: dict[str, Any] = {
        "duration": 2.044, "sample_interval": 2.044 / (samples - 1), "record": ["V", "I_Na"],
    }  # fmt: skip
    together = run(SQUID, lo.Pulse(0.3, 1, currents), solver, **options)
    assert together.sizes["time"] == samples
    for lane in (0, 4, 8):
        alone = run(SQUID, lo.Pulse(0.3, 1, float(currents[lane])), solver, **options)
        for name in options["record"]:
            mine = together[name].values[lane]
            assert mine.strides == (8,), "a lane's trace lies in one piece"
            assert np.array_equal(mine, alone[name].values), name


def number(value: Any, lane: int) -> float:
    return value if isinstance(value, float) else float(value.values[lane])


@pytest.mark.parametrize(
    "solver",
    [
        pytest.param(LLVM, id="llvm"),
        pytest.param(NUMPY, id="numpy", marks=pytest.mark.slow),
    ],
)
def test_every_lane_has_edges_of_its_own(solver: Any) -> None:
    start, duration = np.array([1.0, 2.5, 2.55]), np.array([1e-5, 0.3, 7.77])
    rec = run(SQUID, lo.Pulse(start, duration, 20), solver, record=["V", "I_stim"])
    for i, a in enumerate(start):
        for j, d in enumerate(duration):
            alone = run(SQUID, lo.Pulse(float(a), float(d), 20), lo.Reference())
            found = rec.isel(start=i, duration=j)
            assert np.abs(found.V.values - alone.V.values).max() < 1e-5
            assert np.array_equal(found.I_stim.values, alone.I_stim.values)


@pytest.mark.parametrize(
    "solver",
    [
        pytest.param(LLVM, id="1e-9"),
        pytest.param(lo.Taylor(3e-6), id="3e-6", marks=pytest.mark.slow),
    ],
)
def test_a_recording_is_made_again_bit_for_bit(solver: Any, tmp_path: Path) -> None:
    rec = run(calcium(), STIMULI["sum"], solver, record=["V", "Ca", "I_Ca"], sample_interval=0.37)
    assert bits(lo.rerun(rec)) == bits(rec)
    model, stimulus = random_lanes(5)
    rec = run(model, stimulus, solver)
    lo.save(rec, tmp_path / "rec.nc")
    assert bits(lo.rerun(lo.open(tmp_path / "rec.nc"))) == bits(rec)


# ----------------------------------------------------------------------- hard starts and edges


@pytest.mark.parametrize("engine", ["llvm", pytest.param("numpy", marks=pytest.mark.slow)])
def test_no_start_makes_a_nan(engine: str) -> None:
    """At -40 and -55 mV the squid's rates are 0/0 as they are written."""
    beside = np.array([0.0, 1e-15, -1e-15, 1e-12, -1e-9, 1e-6, -1e-3, 0.1, -1.0, 1.0])
    starts = np.concatenate([-40 + beside, -55 + beside, -40 * (1 + np.spacing(1) * beside)])
    solver = lo.Taylor(1e-10, engine=engine)
    rec = run(SQUID, lo.Step(0, 10), solver, initial=starts, duration=3, record=["V", "m", "n"])
    assert all(np.isfinite(rec[name].values).all() for name in ("V", "m", "n"))
    some = [0, 4, 8, 10, 13, 17]
    true = run(SQUID, lo.Step(0, 10), lo.Reference(), initial=starts[some], duration=3, record="V")
    assert np.abs(rec.V.values[some] - true.V.values).max() < 1e-6


@pytest.mark.parametrize("width", [1e-7, 1e-9, 1e-3, 0.3])
@pytest.mark.parametrize("start", [5.0, 5.0123456789, 19.6])
def test_no_pulse_is_stepped_over(width: float, start: float) -> None:
    """10 nC/cm2 in any time, at rest: V rises by 10 mV, as the charge over C_m."""
    rec = run(SQUID, lo.Pulse(start, width, 10 / width), initial="rest", sample_interval=0.01)
    after = float(rec.V.sel(time=start + width, method="bfill"))
    rise = after - float(rec.V[0])
    # up to the sample, 0.01 ms later, some of it has leaked away
    assert rise == pytest.approx(10, abs=0.1 if width < 0.01 else 1)
    true = run(SQUID, lo.Pulse(start, width, 10 / width), lo.Reference(), initial="rest",
               sample_interval=0.01)  # fmt: skip
    # the reference too gets the width of the pulse from rounded times
    slack = 1e-5 + 10 * 2 * np.spacing(20) / width
    assert np.abs(rec.V - true.V).values[rec.time > start + width].max() < slack


def test_edges_upon_each_other() -> None:
    """Pulses that begin and end within 1e-9 ms of each other, or at the same time."""
    gaps = (0.0, 1e-13, 1e-10, 9e-10, 2e-9)
    for gap in gaps:
        stimulus = lo.Pulse(2, 3, 7) + lo.Pulse(5 + gap, 3, 7) + lo.Pulse(5 - gap, 3 + gap, 0.5)
        plain = lo.Pulse(2, 6, 7) + lo.Pulse(5, 3, 0.5)
        one, other = run(SQUID, stimulus), run(SQUID, plain)
        assert np.abs(one.V - other.V).max() < 1e-6 + 100 * gap
        assert fired(one) == pytest.approx(fired(other), abs=1e-7 + gap)


@pytest.mark.slow
def test_ten_thousand_pulses() -> None:
    train = lo.PulseTrain(0.5, 0.001, 800, interval=0.01, count=10_000)
    rec = run(SQUID, train, duration=101, record=["V"], initial="rest")
    assert rec.attrs["steps"] >= 20_000
    # a mean current of 80 uA/cm2 in all but the ripple of 0.8 mV
    smooth = run(SQUID, lo.Pulse(0.5, 100, 80), duration=101, record=["V"], initial="rest")
    assert abs(int(rec.spike_count) - int(smooth.spike_count)) <= 1
    fewer = lo.PulseTrain(0.5, 0.001, 800, interval=0.01, count=400)
    ours = run(SQUID, fewer, duration=6)
    true = run(SQUID, fewer, lo.Reference(1e-10), duration=6)
    assert np.abs(ours.V - true.V).max() < 1e-5


def test_a_chirp_from_rest_on_bare_capacitance() -> None:
    """sin(c t^2) has three zeros between two terms of its series: the last two tell nothing."""
    bare = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0, E=-65)])
    chirp = lo.Chirp(0, 50, 10, 0, 200)
    for tolerance in (1e-6, 1e-7, 1e-8, 1e-10):
        for engine in ("llvm", "numpy"):
            rec = run(bare, chirp, lo.Taylor(tolerance, engine=engine), duration=60)
            charge = np.array([chirp.integral(0, float(t)) for t in rec.time.values])
            assert np.abs(rec.V - (-65 + charge)).max() < 1e4 * tolerance


# ------------------------------------------------------------------------------------- samples


@pytest.mark.parametrize("interval", [0.001, 0.05, 0.37, 7.3, 20.0])
def test_samples_of_any_interval_lie_on_one_solution(interval: float) -> None:
    stimulus = STIMULI["pulse"]
    rec = run(SQUID, stimulus, sample_interval=interval)
    decimals = [float(Fraction(str(interval)) * k) for k in range(len(rec.time))]
    assert rec.time.values.tolist() == decimals  # the numbers that a person would write
    assert rec.time.values[-1] <= 20 < rec.time.values[-1] + interval
    true = run(SQUID, stimulus, lo.Reference(), sample_interval=interval)
    assert np.abs(rec.V - true.V).max() < 1e-5
    # sampling changes nothing in the run
    assert np.array_equal(fired(rec), fired(run(SQUID, stimulus, record="V")))


@pytest.mark.parametrize(
    "solver", [LLVM, NUMPY, lo.Exponential(0.01)], ids=["llvm", "numpy", "exp"]
)
def test_a_sample_at_an_edge_is_taken_just_after_it(solver: Any) -> None:
    # 0.3 and 0.7 are no doubles: k*0.1 misses them by an ulp, either way
    stimulus = lo.Pulse(0.3, 0.4, 5) + lo.PulseTrain(1.1, 0.1, 3, interval=0.2, count=3)
    for duration in (1.3, 1.4, 1.5, 2.0):
        rec = run(SQUID, stimulus, solver, duration=duration, sample_interval=0.1)
        tenth = np.arange(len(rec.time))
        expected = np.where((tenth >= 3) & (tenth < 7), 5.0, 0.0)
        expected += np.where(np.isin(tenth, [11, 13, 15]), 3.0, 0.0)
        assert rec.time.values[-1] == pytest.approx(duration)
        assert rec.I_stim.values == pytest.approx(expected, abs=1e-12), duration
    ramp = run(SQUID, lo.Ramp(0.5, 1.5, 6), solver, duration=2, sample_interval=0.5)
    assert ramp.I_stim.values == pytest.approx([0, 0, 2, 4, 0], abs=1e-12)


def test_what_is_recorded_fits_together() -> None:
    rec = run(calcium(), STIMULI["sum"], sample_interval=0.37)
    p = {n: v.value for n, v in calcium().parameters.items()}
    V = rec.V
    assert np.abs(rec.G_Na - p["g_Na"] * rec.m**3 * rec.h).max() < 1e-12 * 120
    assert np.abs(rec.I_Na - rec.G_Na * (V - p["E_Na"])).max() < 1e-11 * 1e3
    nernst = 1000 * 8.314462618 * (20 + 273.15) / (2 * 96485.33212) * np.log(2.0 / rec.Ca)
    assert np.abs(rec.I_Ca - rec.G_Ca * (V - nernst)).max() < 1e-6 * np.abs(rec.I_Ca).max()
    # the recorded currents are the slope of the recorded voltage
    fine = run(calcium(), lo.Pulse(2, 15, 8), sample_interval=0.001)
    total = sum(fine[f"I_{c.name}"] for c in calcium().channels)
    balance = (fine.I_stim - total).values
    slope = np.gradient(fine.V.values, 0.001)
    inner = slice(3000, 16000)
    assert np.abs(slope - balance)[inner].max() < 1e-3 * np.abs(slope).max()


# --------------------------------------------------------------------- functions of all kinds


RELAX = "({} - x)/2"
SMOOTH = {
    "log": RELAX.format("log(V + 200)"), "log10": RELAX.format("log10(V + 200)"),
    "sqrt": RELAX.format("sqrt(V + 200)"), "tanh": RELAX.format("tanh(V/20)"),
    "sinh": RELAX.format("sinh(V/60)"), "cosh": RELAX.format("cosh(V/60)"),
    "power": RELAX.format("(1 + x**2)**1.7/9"), "moving exponent": RELAX.format("3**((V - 20)/30)"),
    "moving base and exponent": RELAX.format("(2 + x**2)**(V/90)"),
    "exponent a parameter": RELAX.format("(0.5 + x**2)**p/9"),
    "sin and cos": RELAX.format("sin(V/9)*cos(V/7)"), "quotient": RELAX.format("x/(1 + x**2)"),
    "exprel": RELAX.format("exprel(V/25)"), "bernoulli": RELAX.format("V/25/(1 - exp(-V/25))"),
}  # fmt: skip


@pytest.mark.parametrize("name", SMOOTH)
def test_states_with_every_function(name: str) -> None:
    model = lo.Membrane(
        C_m=1,
        channels=[lo.Channel("L", g=0.3, E=-65), lo.Channel("X", current="0.2*x")],
        states=[lo.State("x", SMOOTH[name], initial=0.4)],
        parameters={"p": 1.3},
    )
    options: dict[str, Any] = {"initial": {"V": -65, "x": 0.4}, "record": ["V", "x"]}
    stimulus = lo.Sine(1, 18, 30, 120)
    rec = run(model, stimulus, None, **options)
    assert rec.attrs["solver"].startswith("Taylor(")
    true = run(model, stimulus, lo.Reference(), **options)
    assert np.abs(rec.V - true.V).max() < 1e-5
    assert np.abs(rec.x - true.x).max() < 1e-6


# --------------------------------------------------------------------------------- what is refused


def stiff() -> lo.Membrane:
    gate = lo.Gate("q", inf="1/(1+exp(-(V+40)/5))", tau=1e-7)
    channels = [lo.Channel("L", g=0.3, E=-65), lo.Channel("X", g=0.1, E=0, gates=[gate])]
    return lo.Membrane(channels=channels)


@pytest.mark.parametrize("solver", [LLVM, pytest.param(NUMPY, marks=pytest.mark.slow)])
def test_a_stiff_model_says_lane_time_and_state(solver: Any) -> None:
    said = (
        r"2 of 2 lanes .* In 2 \(amplitude = 5 at 0\.000\d+ ms; amplitude = 10 at 0\.000\d+ ms\): "
        r"the model is too stiff for lo.Taylor: at t = 0\.000\d+ ms in the lane amplitude = 5 .*"
        r"q = .*lo\.Exponential\(dt=0\.01\)"
    )
    with pytest.warns(UserWarning, match=said):
        rec = run(stiff(), lo.Pulse(1, 1, [5, 10]), solver)
    assert np.isnan(rec.V).all()
    # and that does it
    assert np.isfinite(run(stiff(), lo.Pulse(1, 1, 5), lo.Exponential(0.01)).V).all()


@pytest.mark.parametrize("engine", ["llvm", pytest.param("numpy", marks=pytest.mark.slow)])
def test_careful_steps_do_not_hide_that_a_model_is_stiff(engine: str) -> None:
    """V rests where a rate is 0/0, so every step is tried in haste and made with care; of two
    lanes neither makes the other's short steps forgotten."""
    m = lo.Gate("m", alpha="0.1*(V+40)/(1-exp(-(V+40)/10))", beta="exp(-(V+65)/18)")
    fast = lo.Gate("f", inf="1/(1+exp(-(V+40)/10))", tau="tau_f")
    channels = [lo.Channel("X", g=0.001, E=-40, gates=[m, fast]), lo.Channel("L", g=1, E=-40)]
    model = lo.Membrane(C_m=1, channels=channels, parameters={"tau_f": 1e-5})
    solver = lo.Taylor(engine=engine)
    with pytest.raises(RunError, match="too stiff"):
        lo.simulate(model, None, 10, initial={"V": -40.0, "m": 0.5, "f": 0.5}, solver=solver)
    lanes = {"V": xr.DataArray([-60.0, -40.0], dims="c"), "m": 0.5, "f": 0.5}
    with pytest.warns(UserWarning, match=r"In 2 \(c = 0 at 0\.0\d* ms; c = 1 at 0\.0.*too stiff"):
        lo.simulate(model, None, 3, initial=lanes, solver=solver)


def test_edges_do_not_hide_that_a_model_is_stiff() -> None:
    train = lo.PulseTrain(0, 0.00005, 5, interval=0.0001, count=20_000)
    began = time.perf_counter()
    with pytest.raises(RunError, match="too stiff"):
        run(stiff(), train, duration=2)
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize("current", ["-0.05*(V+65)**2-1", "-exp(V/10)-20", "-0.001*(V+65)**3-1"])
@pytest.mark.parametrize("solver", [LLVM, pytest.param(NUMPY, marks=pytest.mark.slow)])
def test_a_run_that_goes_to_infinity_says_so(current: str, solver: Any) -> None:
    runaway = lo.Membrane(channels=[lo.Channel("X", current=current)])
    amplitudes = xr.DataArray([0.0, 1.0], dims="dose", coords={"dose": [3.0, 4.0]})
    with pytest.warns(UserWarning, match="2 of 2 lanes could not be run") as told:
        run(runaway, lo.Step(0, amplitudes), solver)
    text = str(told[0].message)
    assert "diverged at t = " in text
    assert "dose = " in text
    assert "V = " in text
    assert "stiff" not in text


def test_samples_are_taylors_unless_their_knots_are_too_dense() -> None:
    few = lo.Pulse(1, 5, 3) + lo.Noise(1, 5, 3, seed=1)
    rec = run(SQUID, few, None)
    assert rec.attrs["solver"] == "Taylor(tolerance=1e-08)"
    assert "up to 40 a ms" in rec.attrs["note"]
    many = lo.Waveform(np.linspace(0, 6, 6001), np.linspace(0, 5, 6001), hold=True)
    rec = lo.simulate(SQUID, many, 6, record=["V"])
    assert rec.attrs["solver"] == f"Exponential(dt={rec.attrs['dt']:g})"
    assert "V within 0.1 mV at every sample" in rec.attrs["accuracy"]
    assert "up to 1,000 knots a ms" in rec.attrs["note"]
    # who asks for it gets it
    exact = lo.simulate(SQUID, many, 6, record=["V"], solver=lo.Taylor())
    assert float(abs(rec.V - exact.V).max()) < 0.1


def test_samples_are_refused_on_a_gpu() -> None:
    with pytest.raises(UsageError, match="takes no noise and no samples, and Noise") as told:
        run(SQUID, lo.Noise(1, 5, 3, seed=1), lo.Taylor(engine="cuda"))
    assert "leave engine='cuda' out" in str(told.value)


def test_the_default_and_what_a_recording_says_of_it() -> None:
    rec = run(SQUID, STIMULI["pulse"], None)
    assert rec.attrs["solver"] == "Taylor(tolerance=1e-08)"
    assert rec.attrs["tolerance"] == 1e-8
    assert "local error" in rec.attrs["accuracy"]


@pytest.mark.slow
def test_ctrl_c_stops_at_once(interruptible: None) -> None:
    """A run of minutes, all cores at work."""
    timer = threading.Timer(1.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    amplitudes = np.linspace(5, 20, 2000)
    run(SQUID, lo.Step(0, amplitudes), duration=1, record=["spikes"])  # the kernel is made
    before = threading.active_count()
    timer.start()
    began = time.perf_counter()
    with contextlib.suppress(KeyboardInterrupt):
        run(SQUID, lo.Step(0, amplitudes), duration=60_000, record=["spikes"])
        pytest.fail("the run was not stopped")
    assert time.perf_counter() - began < 1.5 + 0.5
    timer.join()
    assert threading.active_count() <= before


def test_the_command_line_takes_a_tolerance(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from loligo.cli import main

    monkeypatch.setenv("COLUMNS", "200")
    path = str(tmp_path / "run.nc")
    words = ["run", "hodgkin-huxley-1952", "--duration", "9", "--output", path, "--solver"]
    assert main([*words, "taylor:1e-10"]) == 0
    assert lo.open(path).attrs["solver"] == "Taylor(tolerance=1e-10)"
    capsys.readouterr()
    assert main(["run", "--help"]) == 0
    assert "taylor:TOLERANCE" in capsys.readouterr().out
    assert main([*words, "taylor:1"]) != 0
    assert "tolerance is 1; the Taylor solver takes 1e-13" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lanes", "duration", "spikes"),
    [(12, 20, 12), pytest.param(23, 60, 51, marks=pytest.mark.slow)],
)
@pytest.mark.slow
@pytest.mark.parametrize(
    "threshold", [-55.0, *(pytest.param(v, marks=pytest.mark.slow) for v in (-40.0, -54.9))]
)
def test_spikes_are_counted_where_lanes_wait_for_careful_steps(
    threshold: float, lanes: int, duration: float, spikes: int
) -> None:
    """The threshold lies where a rate is 0/0, so lanes wait for each other there."""
    options: dict[str, Any] = {"record": ["spikes"], "threshold": threshold, "initial": -65}
    model, amplitude = lo.load("hodgkin-huxley-1952"), np.linspace(3, 20, lanes)
    together = lo.simulate(model, lo.Step(1, amplitude), duration, **options)
    plain = lo.Taylor(engine="numpy")
    other = lo.simulate(model, lo.Step(1, amplitude), duration, solver=plain, **options)
    assert together.spike_count.values.sum() >= spikes
    assert np.array_equal(together.spike_count, other.spike_count)
    assert np.abs(fired(together) - fired(other)).max() < 1e-6
    alone = [lo.simulate(model, lo.Step(1, float(a)), duration, **options) for a in amplitude]
    assert np.array_equal(np.concatenate([fired(rec) for rec in alone]), fired(together))
