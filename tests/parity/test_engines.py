"""Machine code and NumPy run the same programs; and machine code gives the same bits however
the lanes are put together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

import loligo as lo
from cells import bistable, calcium, conditional, cubic, mutual
from few import FEW
from fired import fired
from loligo.engine.engines import ENGINES, Llvm
from loligo.run.drive import onto
from loligo.run.pace import Pace
from paced import simulate

NUMPY = lo.Exponential(dt=0.025, engine="numpy")
LLVM = lo.Exponential(dt=0.025)
MODELS = {
    **{name: (lambda name=name: lo.load(name)) for name in FEW},
    "calcium": calcium, "mutual": mutual, "conditional": conditional, "bistable": bistable,
    "cubic": cubic,
}  # fmt: skip
STIMULI = {
    "none": None,
    "pulse": lo.Pulse(2.013, 15, 12),
    "step": lo.Step(2, 12),
    "train": lo.PulseTrain(1.03, 0.5, 25, interval=4, count=4),
    "ramp": lo.Ramp(1, 18, 25),
    "sine": lo.Sine(1, 18, 15, 80, 0.5),
    "chirp": lo.Chirp(1, 18, 15, 20, 300),
    "coloured noise": lo.Noise(1, 18, 15, seed=3, tau=2, mean=5),
    "white noise": lo.Noise(1, 18, 5, seed=3, mean=5),
    "waveform": lo.Waveform([0, 3, 3, 9, 17], [0, 0, 20, 5, 20]),
    "sum": lo.Pulse(2, 15, 8) + 0.5 * lo.Noise(0, 20, 5, seed=4) - lo.Ramp(3, 10, 4),
}


def run(model: Any, stimulus: Any, solver: Any = LLVM, **options: Any) -> xr.Dataset:
    settings = {"initial": -65, "progress": False, **options}
    return simulate(model, stimulus, 20, solver=solver, **settings)


def agree(one: xr.Dataset, other: xr.Dataset) -> None:
    """To the rounding of each operation, and what 800 steps of a spike make of it."""
    assert np.array_equal(one.spike_count, other.spike_count)
    assert fired(one) == pytest.approx(fired(other), abs=1e-11)
    for name in one.data_vars:
        if "time" in one[name].dims:
            a, b = one[name].values, other[name].values
            assert np.abs(a - b).max() <= 1e-12 * np.abs(b).max(), name


@pytest.mark.parametrize("name", MODELS)
def test_both_engines_agree_on_every_model(name: str) -> None:
    model = MODELS[name]()
    agree(run(model, STIMULI["pulse"]), run(model, STIMULI["pulse"], NUMPY))


@pytest.mark.parametrize("name", STIMULI)
def test_both_engines_agree_under_every_stimulus(name: str) -> None:
    squid = MODELS["hodgkin-huxley-1952"]()
    agree(run(squid, STIMULI[name]), run(squid, STIMULI[name], NUMPY))


def random_lanes(count: int = 11, spread: float = 0.3) -> tuple[Any, Any]:
    """A squid axon and a stimulus of which every number varies from lane to lane."""
    draw = np.random.default_rng(7)
    squid = MODELS["hodgkin-huxley-1952"]()

    def around(value: float) -> xr.DataArray:
        return xr.DataArray(value * draw.uniform(1 - spread, 1 + spread, count), dims="case")

    model = squid.replace(**{n: around(p.value) for n, p in squid.parameters.items()})
    return model, lo.Pulse(around(5), around(8), around(15)) + lo.Ramp(
        around(1), around(17), around(4)
    )


@pytest.mark.slow
def test_both_engines_agree_on_random_numbers_everywhere() -> None:
    everything = ["V", "m", "h", "n", "G_Na", "I_K", "I_stim", "phi"]
    # far from the paper's numbers there may be no rest
    for initial, spread in (("rest", 0.03), (-65, 0.3)):
        model, stimulus = random_lanes(spread=spread)
        options = {"initial": initial, "record": everything}
        agree(run(model, stimulus, **options), run(model, stimulus, NUMPY, **options))


@pytest.mark.slow
def test_both_engines_agree_on_sampled_stimuli_over_lanes() -> None:
    squid = MODELS["hodgkin-huxley-1952"]()
    noise = lo.Noise(
        1, 18, [5.0, 10.0], seed=[1, 2, 3], tau=2, mean=xr.DataArray([0.0, 6.0], dims="mean")
    )
    table = xr.DataArray(
        [[0.0, 5, 0], [0, 0, 9]], dims=("row", "time"), coords={"time": [0, 10, 20]}
    )
    stimulus = noise + lo.Waveform(table)
    options = {"record": ["V", "I_stim"]}
    one, other = run(squid, stimulus, **options), run(squid, stimulus, NUMPY, **options)
    assert set(one.V.dims) == {"amplitude", "seed", "mean", "row", "time"}
    agree(one, other)


def test_both_engines_stop_at_the_same_step_when_a_run_diverges() -> None:
    runaway = lo.Membrane(channels=[lo.Channel("X", current="-0.05*(V+65)**2-1", g=None, E=None)])
    messages = []
    for solver in (LLVM, NUMPY):
        with pytest.raises(lo.LoligoError) as told:
            run(runaway, lo.Step(0, 1), solver)
        messages.append(str(told.value))
    assert messages[0] == messages[1]


# ------------------------------------------------------------------------------ the same bits


def bits(rec: xr.Dataset) -> dict[str, bytes]:
    return {str(n): v.values.tobytes() for n, v in rec.data_vars.items()}


def sampled_lanes() -> tuple[Any, Any]:
    model, pulse = random_lanes(37)
    return model, pulse + lo.Noise(0, 20, 3, seed=9, tau=1)


@pytest.fixture(scope="module")
def expected() -> dict[str, bytes]:
    return bits(run(*sampled_lanes()))


@pytest.mark.parametrize("width", [1, 2, 4, 8, 16, 32])
def test_vectors_of_any_width_give_the_same_bits(width: int, expected: dict[str, bytes]) -> None:
    assert bits(run(*sampled_lanes(), pace=Pace(width=width))) == expected


@pytest.mark.parametrize("lanes", [2, 3, 7, 8, 9, 15, 16, 17, 31, 33])
def test_any_number_of_lanes_sees_the_same_sampled_stimulus(lanes: int) -> None:
    """Whatever is needed to fill the last vector."""
    squid, amplitudes = MODELS["hodgkin-huxley-1952"](), np.linspace(0, 32, 33)
    noise = lo.Noise(0, 20, amplitudes[:lanes], seed=1, tau=1, mean=5)
    rec = run(squid, noise, record=["V", "I_stim"])
    for lane in {0, 1, lanes // 2, lanes - 2, lanes - 1}:
        alone = lo.Noise(0, 20, float(amplitudes[lane]), seed=1, tau=1, mean=5)
        assert np.array_equal(rec.V.values[lane], run(squid, alone, record=["V", "I_stim"]).V)
        now = alone.value(onto(alone.breakpoints(20), rec.time.values))
        assert rec.I_stim.values[lane] == pytest.approx(now, abs=1e-12)


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_any_number_of_threads_gives_the_same_bits(
    threads: int, monkeypatch: pytest.MonkeyPatch, expected: dict[str, bytes]
) -> None:
    monkeypatch.setenv("LOLIGO_THREADS", str(threads))
    assert bits(run(*sampled_lanes())) == expected


@pytest.mark.parametrize("seconds", [1e-9, 10.0])
def test_calls_of_any_length_give_the_same_bits(seconds: float, expected: dict[str, bytes]) -> None:
    assert bits(run(*sampled_lanes(), pace=Pace(call=seconds))) == expected


def test_a_sampled_stimulus_handed_over_in_small_pieces_gives_the_same_bits(
    expected: dict[str, bytes],
) -> None:
    assert bits(run(*sampled_lanes(), pace=Pace(stream=1))) == expected


def test_a_buffer_for_few_spikes_loses_none(
    monkeypatch: pytest.MonkeyPatch, expected: dict[str, bytes]
) -> None:
    monkeypatch.setitem(ENGINES, "llvm", Llvm(capacity=33))  # one more than a block has lanes
    monkeypatch.setenv("LOLIGO_THREADS", "1")
    assert bits(run(*sampled_lanes())) == expected


def test_the_order_of_lanes_changes_no_bit() -> None:
    squid, g = MODELS["hodgkin-huxley-1952"](), np.linspace(60, 180, 21)
    there = run(squid.replace(g_Na=g), STIMULI["pulse"], initial="rest")
    back = run(squid.replace(g_Na=g[::-1].copy()), STIMULI["pulse"], initial="rest")
    assert np.array_equal(there.V.values, back.V.values[::-1])


@pytest.mark.parametrize("name", ["calcium", "wang-buzsaki-1996", "conditional", "mutual"])
def test_a_lane_is_what_it_would_be_alone(name: str) -> None:
    model, amplitudes = MODELS[name](), np.linspace(-5, 25, 7)
    together = run(model, lo.Pulse(2.013, 15, amplitudes), initial="rest")
    for i, amplitude in enumerate(amplitudes):
        alone = run(model, lo.Pulse(2.013, 15, float(amplitude)), initial="rest", record=["V"])
        assert np.array_equal(together.V.values[i], alone.V.values)
    assert int(together.spike_count.sum()) > 0 or name == "mutual"


def sweep() -> tuple[Any, Any, xr.Dataset]:
    """5,000 cells in one call."""
    g, amplitude = np.linspace(60, 180, 50), np.linspace(0, 20, 100)
    squid = MODELS["hodgkin-huxley-1952"]()
    rec = lo.simulate(squid.replace(g_Na=g), lo.Pulse(5, 40, amplitude), 50, sample_interval=0.5)
    return g, amplitude, rec


@pytest.mark.slow
def test_lanes_of_a_sweep_of_5000_are_what_single_calls_give() -> None:
    """150 of them; benchmarks/check_lanes.py does all 5,000."""
    g, amplitude, rec = sweep()
    squid = MODELS["hodgkin-huxley-1952"]()
    assert rec.V.dims == ("g_Na", "amplitude", "time")
    assert rec.V.shape == (50, 100, 101)
    edges = np.concatenate([[0], np.cumsum(rec.spike_count.values.ravel())])
    for lane in np.random.default_rng(2).choice(5000, 150, replace=False):
        i, j = divmod(int(lane), 100)
        alone = lo.simulate(
            squid.replace(g_Na=float(g[i])), lo.Pulse(5, 40, float(amplitude[j])), 50,
            sample_interval=0.5, record=["V"],
        )  # fmt: skip
        assert np.array_equal(rec.V.values[i, j], alone.V.values), (g[i], amplitude[j])
        assert np.array_equal(fired(rec)[edges[lane] : edges[lane + 1]], fired(alone))
