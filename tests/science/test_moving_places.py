"""Commands that move, at places of axons: against the reference, which joins the electrode to the
method of lines, and against the command itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

import loligo as lo

SQUID = lo.load("hodgkin-huxley-1952").replace(celsius=18.5)
SLOW = pytest.mark.slow
LINES = lo.Waveform([0, 0.3, 0.3, 0.6, 1.0], [-65, -20, -80, -80, 30], unit="mV")
STEPS = lo.Waveform([0, 0.3, 0.6], [-65, 0, -90], unit="mV", hold=True)
SPIKES = lo.Waveform(
    [0, 0.5, 0.7, 0.9, 2, 2.5, 2.7, 2.9, 3.5], [-65, -65, 40, -75, -65, -65, 38, -75, -65],
    unit="mV",
)  # fmt: skip
COMMANDS: dict[str, Any] = {
    "ramps": lo.at(10000, lo.Clamp(0.2, 0.8, -65, to=0))
    + lo.at(3000, lo.Clamp(0.5, 0.7, -80, 1e-4, to=20)),
    "a ramp through a resistance": lo.at(10000, lo.Clamp(0.2, 0.8, -65, "10 kohm", to=0)),
    "lines": lo.at(10000, lo.Clamp(0.2, 1.3, LINES)),
    "lines through a resistance": lo.at(9000, lo.Clamp(0.2, 1.3, LINES, "3 kohm")),
    "steps": lo.at(3000, lo.Clamp(0.2, 1.3, STEPS)),
}
EDGES = (2, 5, 8, 10, 12, 15)  # samples: there I_clamp jumps or bends


def squid(compartments: int = 11) -> lo.Axon:
    return lo.Axon(SQUID, "2 cm", 476, 35.4, compartments=compartments)


@SLOW
@pytest.mark.parametrize("name", COMMANDS)
def test_the_step_converges_to_the_method_of_lines(name: str) -> None:
    """Of second order in V and in the current, whatever moves."""
    true = lo.simulate(squid(), COMMANDS[name], 2, solver=lo.Reference(1e-10), sample_interval=0.1)
    calm = [k for k in range(true.time.size) if k not in EDGES]
    errors: dict[str, list[float]] = {"V": [], "I_clamp": []}
    for dt in (0.01, 0.005, 0.0025):
        rec = lo.simulate(squid(), COMMANDS[name], 2, solver=lo.Exponential(dt),
                          sample_interval=0.1)  # fmt: skip
        assert float(abs(rec.V - true.V).max()) < 0.6 * (dt / 0.01) ** 2
        for variable, found in errors.items():
            found.append(float(abs(rec[variable] - true[variable]).isel(time=calm).max()))
    for variable, found in errors.items():
        assert np.log2(found[1] / found[2]) > 1.8, (variable, found)
    if "resistance" in name:  # which resolves it: the current is continuous where commands bend
        bends = [k for k in EDGES if k not in (2, 5, 10, 15)]
        off = float(abs(rec.I_clamp - true.I_clamp).isel(time=bends).max())
        assert off < 2


def test_V_at_the_place_is_the_command_and_its_spikes_are_the_command_s() -> None:
    """0.1 ohm takes 1e-7 mV of each nA."""
    clamp = lo.Clamp(0.2, 3, SPIKES)
    rec = lo.simulate(
        squid(), lo.at(9000, clamp), 3.2, solver=lo.Exponential(0.01), sample_interval=0.1,
        positions=[9000], record=["V", "I_clamp"],
    )  # fmt: skip
    t = rec.time.values
    on = t >= 0.2 - 1e-9
    command = np.interp(t[on] - 0.2, SPIKES.time, SPIKES.values[0])
    lost = command - rec.V.values[0, on]
    assert np.abs(lost - 1e-7 * rec.I_clamp.values[on])[1:].max() < 2e-3
    assert np.abs(lost).max() < 0.01
    assert abs(rec.I_clamp.values[-1]) > 100  # on to the very end
    rising = [0.7 + 0.2 * 65 / 105, 2.7 + 0.2 * 65 / 103]
    assert rec.spike_time.values[0] == pytest.approx(rising, abs=1e-9)
    assert rec.spike_peak.values[0] == pytest.approx([40, 38], abs=1e-9)


@SLOW
def test_axons_of_a_family_are_single_runs_and_can_be_made_again(tmp_path: Any) -> None:
    def run(start: Any, first: Any, last: Any, diameter: Any = 476) -> xr.Dataset:
        axon = lo.Axon(SQUID, "2 cm", diameter, 35.4, compartments=21)
        return lo.simulate(
            axon, lo.at(9100, lo.Clamp(start, 0.8, first, to=last)), 1.5, sample_interval=0.1,
            solver=lo.Exponential(0.01), record=["V", "n", "I_clamp"],
        )  # fmt: skip

    many = run([0.2, 0.353], [-65, -80], [0, 20], [100, 476])
    one = run(0.353, -80, 20, 100)
    mine = many.sel(start=0.353, voltage=-80, to=20, diameter=100)
    for name in ("V", "n", "I_clamp"):
        assert np.array_equal(mine[name].transpose(*one[name].dims), one[name])
    rows = xr.DataArray(
        [[-65, 0, -65], [-65, 20, -65]], dims=("shape", "time"), coords={"time": [0, 0.4, 0.8]},
        attrs={"units": "mV"},
    )  # fmt: skip
    played = lo.at(9100, lo.Clamp(0.2, 0.8, lo.Waveform(rows, amplitude=[1, 0.5])))
    rec = lo.simulate(
        squid(), played, 1.5, sample_interval=0.1, solver=lo.Exponential(0.01), positions=[9100]
    )
    assert set(rec.V.dims) == {"amplitude", "shape", "position", "time"}
    top = rec.V.max("time").isel(position=0).transpose("amplitude", "shape")
    assert np.allclose(top, [[0, 20], [0, 10]], atol=0.01)
    assert lo.rerun(rec).identical(rec)
    lo.save(rec, tmp_path / "moving.nc")
    assert lo.open(tmp_path / "moving.nc").identical(rec)
    assert "led along" in str(lo.plot(rec.isel(amplitude=0, shape=0)).texts)


@SLOW
def test_both_engines_do_the_same() -> None:
    runs = [
        lo.simulate(squid(), COMMANDS["lines"], 2, solver=lo.Exponential(0.01, engine=engine))
        for engine in ("llvm", "numpy")
    ]
    for name in ("V", "m", "I_clamp"):
        scale = max(1.0, float(abs(runs[0][name]).max()))
        assert float(abs(runs[0][name] - runs[1][name]).max()) < 1e-9 * scale, name


@SLOW
def test_noise_leads_V_too() -> None:
    noise = lo.Noise(0, 1.3, 5, tau=1, mean=-60, unit="mV", seed=1)
    runs = [
        lo.simulate(squid(), lo.at(3000, lo.Clamp(0.2, 1.3, noise)), 2, solver=solver,
                    sample_interval=0.1, record=["V"])
        for solver in (lo.Reference(1e-9), lo.Exponential(0.005), lo.Exponential(0.0025))
    ]  # fmt: skip
    coarse, fine = (float(abs(run.V - runs[0].V).max()) for run in runs[1:])
    assert coarse < 0.2
    assert 3 < coarse / fine < 5


@pytest.mark.parametrize("given", [-0.02, [0.01, 0.02]])
def test_volts_are_warned_of_at_places_too(given: Any) -> None:
    with pytest.warns(UserWarning, match="voltages are in mV here"):
        lo.simulate(
            squid(), lo.at(0, lo.Clamp(0.1, 1, given)), 0.2, sample_interval=0.1, record=["V"],
            solver=lo.Exponential(0.05),
        )  # fmt: skip
