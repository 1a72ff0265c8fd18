"""Fixed steps have quick code for the usual case and code for all cases: no lane's bits depend on
which of them its block is computed by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

import loligo as lo
from cells import calcium

SQUID = lo.load("hodgkin-huxley-1952")
STEP = lo.Step(1, 12)
PRECISIONS = ("float64", "float32")
# what makes the last of three lanes unusual: of a model, a parameter, or V at the beginning
UNUSUAL: dict[str, tuple[Any, str, list[float]]] = {
    "gates quicker than a step": (SQUID, "celsius", [6.3, 7.0, 40.0]),
    "a membrane quicker than a step": (SQUID, "g_L", [0.3, 0.5, 300.0]),
    "a voltage out of the range of exponents": (SQUID, "V", [-65.0, -60.0, 9000.0]),
    "rates that grow with V": (lo.load("wang-buzsaki-1996"), "g_Na", [35.0, 30.0, 900.0]),
    "a pool": (calcium(), "g_Ca", [0.5, 0.7, 50.0]),
}


def run(model: Any, stimulus: Any, precision: str, **options: Any) -> xr.Dataset:
    dt = options.pop("dt", 0.01)
    settings: dict[str, Any] = {"initial": -65, "progress": False, "record": ["V"], **options}
    return lo.simulate(
        model, stimulus, 12, solver=lo.Exponential(dt, precision=precision), **settings
    )


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("what", UNUSUAL)
def test_an_unusual_lane_changes_no_bit_of_its_neighbours(what: str, precision: str) -> None:
    model, name, values = UNUSUAL[what]

    def made(value: Any) -> xr.Dataset:
        if name == "V":
            gates = {"m": 0.05, "h": 0.6, "n": 0.3}
            return run(model, STEP, precision, initial={"V": np.asarray(value), **gates})
        return run(model.replace(**{name: value}), STEP, precision)

    many = made(values)
    for i, value in enumerate(values):
        alone = made(value)
        assert np.array_equal(many.V.values[i], alone.V.values)
        mine = lo.spike_times(many).values[i]
        assert np.array_equal(mine[np.isfinite(mine)], lo.spike_times(alone).values)


@pytest.mark.parametrize("dt", [pytest.param(0.005, marks=pytest.mark.slow), 0.02, 0.05])
def test_long_steps_agree_with_numpy(dt: float) -> None:
    """Of 0.02 ms some are usual and some are not."""
    solvers = (lo.Exponential(dt), lo.Exponential(dt, engine="numpy"))
    one, other = (
        lo.simulate(SQUID, lo.Pulse(1, 9, np.linspace(0, 90, 11)), 12, solver=s, initial=-65,
                    progress=False)
        for s in solvers
    )  # fmt: skip
    assert np.abs(one.V - other.V).max() < 1e-9
    assert np.array_equal(one.spike_count, other.spike_count)


@pytest.mark.slow
@pytest.mark.parametrize("lanes", [12, 40])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_edges_of_many_stimuli_in_one_block_stay_each_lanes_own(precision: str, lanes: int) -> None:
    draw = np.random.default_rng(8)
    starts, lengths = draw.uniform(0, 11.9, lanes), draw.choice([0.003, 0.01, 0.5, 4.0], lanes)
    starts[:3] = 2.0, 2.005, 11.99
    pulses = lo.Pulse(
        start=xr.DataArray(starts, dims="lane"), duration=xr.DataArray(lengths, dims="lane"),
        amplitude=20,
    )  # fmt: skip
    many = run(SQUID, pulses + lo.Step(6.002, 3), precision)
    checked = lo.Exponential(precision=precision, engine="numpy")
    other = lo.simulate(SQUID, pulses + lo.Step(6.002, 3), 12, solver=checked, initial=-65,
                        record=["V"], progress=False)  # fmt: skip
    assert np.abs(many.V - other.V).max() < (1e-9 if precision == "float64" else 5e-3)
    for i in (0, 1, 2, lanes // 2, lanes - 1):
        alone = lo.Pulse(starts[i], lengths[i], 20) + lo.Step(6.002, 3)
        assert np.array_equal(many.V.values[i], run(SQUID, alone, precision).V.values)


def test_a_spike_is_seen_again_only_after_v_was_low() -> None:
    """The quick watch for spikes against the rule that it stands for, sample by sample."""
    noisy = lo.Noise(0, 12, 900, seed=list(range(1, 9)), tau=0.05)
    passive = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0.3, E=-2)])
    rec = run(passive, noisy, "float64", sample_interval=0.01, initial=-2)
    every = 0
    for v, count in zip(rec.V.values, rec.spike_count.values, strict=True):
        armed, seen = v[0] < 0, 0
        for x in v[1:]:
            seen += bool(armed and x >= 0)
            armed = x < -5 or (armed and x < 0)
        assert count == seen
        every += seen
    assert every > 10


@pytest.mark.parametrize("engine", ["llvm", pytest.param("numpy", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("dt", "duration"), [(0.01, 10.045), (0.01, 10.049), (0.05, 10.04), (0.05, 10.05)]
)
def test_a_step_that_ends_beyond_the_run_takes_no_sample(
    engine: str, dt: float, duration: float
) -> None:
    """It would be written over the next lane's first, or the next record's."""
    solver = lo.Exponential(dt, engine=engine)
    stimulus = lo.Pulse(1, 0.5, [0.0, 10.0, 20.0])
    rec = lo.simulate(SQUID, stimulus, duration, solver=solver, record=["V", "m"])
    whole = lo.simulate(SQUID, stimulus, 11, solver=solver, record=["V", "m"])
    for name in ("V", "m"):
        assert np.array_equal(rec[name], whole[name][:, : rec.time.size])
    noise = lo.Noise(0, 10, 5, seed=[1, 2, 3])
    rec = lo.simulate(SQUID, noise, duration, solver=solver, record=["V", "I_stim"])
    assert np.ptp(rec.V.values[:, 0]) == 0


def test_the_same_along_an_axon() -> None:
    axon = lo.Axon(SQUID, length=5000, diameter=476, axial_resistivity=35.4)
    current = lo.at(0, lo.Pulse(0.1, 0.5, 50e3))
    runs = [
        lo.simulate(axon, current, 2.045, solver=lo.Exponential(0.01, engine=engine))
        for engine in ("llvm", "numpy")
    ]
    assert float(abs(runs[0].V - runs[1].V).max()) < 1e-9


def test_a_pulse_shorter_than_a_rounding_gives_its_charge() -> None:
    leak = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0.3, E=-65)])
    pulse = lo.Pulse(1, 1e-16, 1e16)
    rec = lo.simulate(leak, pulse, 2, solver=lo.Exponential(), record=["V"], initial=-65)
    assert float(rec.V.max()) + 65 == pytest.approx(1.0, abs=0.02)


def test_an_exponential_of_nothing() -> None:
    gate = lo.Gate("m", alpha="exp(V*1e-200*1e-200)", beta="1+exp((V+60)/10)")
    channels = [lo.Channel("X", g=0.1, E=0, gates=[gate]), lo.Channel("L", g=0.3, E=-65)]
    model = lo.Membrane(channels=channels)
    runs = [
        lo.simulate(model, lo.Pulse(1, 1, 5), 3, solver=solver)
        for solver in (lo.Exponential(), lo.Exponential(engine="numpy"))
    ]
    assert float(abs(runs[0].V - runs[1].V).max()) < 1e-10
