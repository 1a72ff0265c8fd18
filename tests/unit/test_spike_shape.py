"""What spikes look like, read between the samples."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import hh_scipy
import loligo as lo
from loligo.analysis import shape
from loligo.errors import UnitError, UsageError

SHOCK = (5.0, 1.0, 20.0)
HELD = (5.0, 40.0, 10.0)


def dense(pulse: tuple[float, float, float], duration: float, initial: float | None) -> tuple:
    """Time, V and dV/dt of the same run on a very fine grid, straight from SciPy."""
    run = hh_scipy.run(*pulse, duration, initial)
    t = np.linspace(0, duration, round(duration / 2e-4) + 1)
    y = run.at(t)
    start, length, amplitude = pulse
    drive = np.where((t >= start) & (t < start + length), amplitude, 0.0)
    return t, y[0], drive - sum(hh_scipy.currents(y))


def test_the_shock_of_the_squid_axon() -> None:
    """20 µA/cm² for 1 ms from rest at 6.3 °C, against the fine grid's plain maxima."""
    t, V, slope = dense(SHOCK, 25, None)
    top = int(V.argmax())
    low = top + int(V[top:].argmin())
    s = lo.spike_shape(hh_scipy.record(SHOCK, duration=25)).isel(spike=0)
    assert s.peak_voltage == pytest.approx(40.5, abs=0.05)
    assert s.peak_voltage == pytest.approx(V[top], abs=0.01)
    assert s.peak_time == pytest.approx(t[top], abs=1e-3)
    assert s.AP_begin_time == 5.0
    assert s.AP_begin_voltage == pytest.approx(hh_scipy.rest(), abs=1e-9)
    half = (hh_scipy.rest() + V[top]) / 2
    above = t[np.flatnonzero(half < V)]
    assert s.AP_duration_half_width == pytest.approx(above[-1] - above[0], abs=1e-3)
    assert s.AP_duration_half_width == pytest.approx(1.47, abs=0.01)
    half = (V[low] + V[top]) / 2
    above = t[np.flatnonzero(half < V)]
    assert s.spike_half_width == pytest.approx(above[-1] - above[0], abs=1e-3)
    assert s.AHP_depth_abs == pytest.approx(-76.2, abs=0.05)
    assert s.AHP_depth_abs == pytest.approx(V[low], abs=1e-3)
    assert s.AHP_time_from_peak == pytest.approx(t[low] - t[top], abs=2e-3)
    assert s.AP_peak_upstroke == pytest.approx(slope[:top].max(), rel=2e-3)
    assert s.AP_peak_downstroke == pytest.approx(slope[top:low].min(), rel=2e-3)
    assert s.AP_amplitude == pytest.approx(float(s.peak_voltage - s.AP_begin_voltage))


def test_samples_too_few_for_a_peak_are_noticed() -> None:
    rec = lo.simulate(lo.load("hodgkin-huxley-1952"), lo.Pulse(*SHOCK), 20, sample_interval=1)
    true = dense(SHOCK, 20, None)[1].max()
    assert rec.spike_peak.values == pytest.approx([true], abs=1e-4)
    with pytest.warns(UserWarning, match="simulate with a shorter sample_interval") as told:
        shown = float(lo.spike_shape(rec).peak_voltage[0])
    assert f"V peaks {true - shown:.2g} mV higher" in str(told[0].message)


def test_held_current() -> None:
    """Three spikes of falling height; onsets where dV/dt passes 10 mV/ms."""
    t, V, slope = dense(HELD, 50, -65)
    s = lo.spike_shape(hh_scipy.record(HELD, duration=50, initial=-65))
    np.testing.assert_allclose(s.peak_voltage, [40.26, 30.85, 30.46], atol=0.02)
    for k in range(3):
        one = s.isel(spike=k)
        assert np.interp(one.AP_begin_time, t, slope) == pytest.approx(10, abs=0.01)
        assert np.interp(one.AP_begin_time, t, V) == pytest.approx(
            float(one.AP_begin_voltage), abs=1e-3
        )
        between = (t > one.AP_begin_time.item() + 1e-3) & (t < one.peak_time.item() - 0.1)
        assert (slope[between] > 10).all()


@pytest.mark.parametrize(("pulse", "duration", "initial"), [(SHOCK, 25, None), (HELD, 50, -65)])
@pytest.mark.parametrize("interval", [0.01, 0.025, 0.05])
def test_what_the_sampling_leaves_alone(
    pulse: tuple, duration: float, initial: float | None, interval: float
) -> None:
    fine, coarse = (
        lo.spike_shape(
            hh_scipy.record(pulse, duration=duration, sample_interval=h, initial=initial)
        )
        for h in (0.001, interval)
    )
    tolerance = {"mV": 0.01, "ms": 0.005, "mV/ms": 0.5}
    for name, values in coarse.items():
        error = float(np.abs(values - fine[name]).max())
        assert error <= tolerance[values.attrs["units"]], name


def test_pulses_that_begin_and_end_between_samples() -> None:
    pulse = (5.012, 1.003, 20.0)
    s = lo.spike_shape(hh_scipy.record(pulse, duration=25)).isel(spike=0)
    _, V, _ = dense(pulse, 25, None)
    assert s.peak_voltage == pytest.approx(V.max(), abs=0.02)
    assert s.AP_begin_time == pytest.approx(5.012, abs=0.05)
    assert s.AP_begin_voltage == pytest.approx(hh_scipy.rest(), abs=0.3)


def test_lanes_and_padding() -> None:
    amplitudes = np.array([0.0, 5.0, 20.0])
    rec = hh_scipy.record(
        *[(5.0, 40.0, a) for a in amplitudes], duration=50, lanes={"amplitude": amplitudes}
    )
    s = lo.spike_shape(rec)
    assert set(s) == set(shape.FEATURES)
    assert s.peak_voltage.dims == ("amplitude", "spike")
    np.testing.assert_array_equal(s.amplitude, amplitudes)
    assert all(values.attrs["units"] and values.attrs["long_name"] for values in s.values())
    assert s.isel(amplitude=0).to_array().isnull().all()
    for k, amplitude in enumerate(amplitudes):
        alone = lo.spike_shape(hh_scipy.record((5.0, 40.0, amplitude), duration=50))
        for name, values in alone.items():
            mine = s[name][k, : alone.sizes["spike"]]
            np.testing.assert_array_equal(mine, values, err_msg=str(name))


def test_blocks_of_lanes_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    amplitudes = np.array([7.0, 0.0, 20.0, 12.0])
    rec = hh_scipy.record(
        *[(5.0, 30.0, a) for a in amplitudes], duration=40, lanes={"amplitude": amplitudes}
    )
    whole = lo.spike_shape(rec)
    monkeypatch.setattr(shape, "_CELLS", 1)
    xr.testing.assert_identical(lo.spike_shape(rec), whole)


def test_a_last_spike_cut_short_loses_only_what_is_missing() -> None:
    rec = hh_scipy.record(SHOCK, duration=25)
    whole = lo.spike_shape(rec).isel(spike=0)

    def until(time: float) -> xr.Dataset:
        return lo.spike_shape(rec.sel(time=slice(None, time))).isel(spike=0)

    rising = until(float(whole.peak_time) - 0.1)
    assert np.isfinite(rising.spike_time)
    assert rising.drop_vars("spike_time").to_array().isnull().all()
    falling = until(float(whole.peak_time) + 0.5)
    for name in ("peak_voltage", "AP_begin_voltage", "AP_peak_upstroke"):
        assert falling[name] == pytest.approx(float(whole[name]), abs=1e-9), name
    for name in ("AP_duration_half_width", "AHP_depth_abs", "spike_half_width"):
        assert falling[name].isnull(), name
    narrow = until(float(whole.peak_time) + 1.5)
    assert narrow.AP_duration_half_width == pytest.approx(float(whole.AP_duration_half_width))
    assert narrow.AHP_depth_abs.isnull()


def test_spikes_before_the_recorded_times_are_not_measured() -> None:
    rec = hh_scipy.record(HELD, duration=50, initial=-65).sel(time=slice(15, 50))
    s = lo.spike_shape(rec)
    assert s.peak_voltage.isnull().values.tolist() == [False, False]
    assert s.peak_voltage[0] == pytest.approx(30.85, abs=0.01)


def test_a_recording_that_begins_on_the_way_up() -> None:
    rec = hh_scipy.record((0.0, 1.0, 20.0), duration=20)
    s = lo.spike_shape(rec).isel(spike=0)
    assert s.AP_begin_time == 0.0
    assert s.AP_begin_voltage == pytest.approx(hh_scipy.rest())
    late = lo.spike_shape(rec.sel(time=slice(1.2, None))).isel(spike=0)
    assert late.AP_begin_time == pytest.approx(1.2)


def test_the_onset_follows_its_threshold() -> None:
    rec = hh_scipy.record(HELD, duration=50, initial=-65)
    onsets = [
        float(lo.spike_shape(rec, derivative_threshold=rate).AP_begin_voltage[1])
        for rate in (5, 10, 50, 1000)
    ]
    assert onsets[0] < onsets[1] < onsets[2]
    assert np.isnan(onsets[3])
    for bad in (0, -1, float("nan")):
        with pytest.raises(UsageError, match="derivative_threshold"):
            lo.spike_shape(rec, derivative_threshold=bad)
    with pytest.raises(UnitError, match="derivative_threshold"):
        lo.spike_shape(rec, derivative_threshold="3 mV")  # type: ignore[arg-type]
    volts = lo.spike_shape(rec, derivative_threshold="10 V/s")  # type: ignore[arg-type]
    assert volts.AP_begin_voltage[1] == onsets[1]


def test_another_threshold() -> None:
    rec = hh_scipy.record(HELD, duration=50, initial=-65)
    s, other = lo.spike_shape(rec), lo.spike_shape(rec, -20)
    assert other.attrs["threshold"] == -20
    for name in ("peak_voltage", "AHP_depth_abs", "AP_begin_time", "spike_half_width"):
        np.testing.assert_allclose(other[name], s[name], rtol=1e-12)


def test_no_spikes_no_lanes_few_samples() -> None:
    assert lo.spike_shape(hh_scipy.record((5, 1, 1), duration=10)).sizes["spike"] == 0
    none = xr.Dataset({"V": (("g", "time"), np.zeros((0, 5)))}, {"time": np.arange(5) * 0.1})
    assert lo.spike_shape(none).sizes == {"g": 0, "spike": 0}
    for values in ([-10.0, 10.0], [-10.0, 10.0, -20.0], [-10.0, 10.0, -20.0, -1.0]):
        time = np.arange(len(values)) * 0.1
        s = lo.spike_shape(xr.Dataset({"V": ("time", values)}, {"time": time}))
        assert s.sizes["spike"] == 1
        assert bool(s.peak_voltage.isnull()[0]) == (len(values) == 2)


def test_noise_smaller_than_a_millivolt_is_not_a_trough() -> None:
    rec = hh_scipy.record(SHOCK, duration=25)
    quiet = lo.spike_shape(rec).isel(spike=0)
    noisy = rec.copy(deep=True)
    noisy["V"] = noisy.V + np.random.default_rng(1).uniform(-0.2, 0.2, noisy.V.size)
    s = lo.spike_shape(noisy).isel(spike=0)
    assert s.AHP_depth_abs == pytest.approx(float(quiet.AHP_depth_abs), abs=0.3)
    assert s.peak_voltage == pytest.approx(float(quiet.peak_voltage), abs=0.5)
    assert s.AP_duration_half_width == pytest.approx(float(quiet.AP_duration_half_width), abs=0.05)


def test_it_needs_v() -> None:
    rec = hh_scipy.record(SHOCK, duration=10)
    with pytest.raises(UsageError, match=r"this needs V, which was not recorded: simulate again"):
        lo.spike_shape(rec[["spike_time", "spike_count"]])
