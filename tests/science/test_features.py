"""What lo.features says, against eFEL, against analysis, and against itself."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import xarray as xr

import loligo as lo
from efel_traces import CASES, DATA, FINE, recording
from loligo.errors import UsageError

SQUID = lo.load("hodgkin-huxley-1952")

# How far the same samples (every 0.005 ms) may be read otherwise than by eFEL, which takes the
# nearest sample: half of 0.005 ms for one time, all of it between two; what V does meanwhile.
CLOSE = {
    "spike_count": 0, "spike_count_stimint": 0,
    "time_to_first_spike": 0.003, "time_to_last_spike": 0.003, "all_ISI_values": 0.005,
    "doublet_ISI": 0.0051, "inv_first_ISI": 0.2, "inv_last_ISI": 0.2, "irregularity_index": 0.0051,
    "ISI_CV": 5e-4, "ISI_log_slope": 2e-4, "adaptation_index": 2e-5, "adaptation_index2": 2e-5,
    "mean_frequency": 0.5,  # of one spike, 2 ms after the beginning
    "peak_voltage": 0.02, "AP_begin_voltage": 0.1, "AP_amplitude": 0.1, "AP1_amp": 0.1,
    "AP2_amp": 0.1, "APlast_amp": 0.1, "AP1_begin_voltage": 0.1,
    "AP_rise_time": 0.0075, "AP_duration_half_width": 0.0051,
    "AP_peak_upstroke": 10,  # of 1000 mV/ms
    "AHP_depth_abs": 1e-3, "AHP_depth": 1e-3, "AHP_time_from_peak": 0.0051, "fast_AHP": 0.05,
    "voltage_base": 1e-7, "steady_state_voltage_stimend": 0.01, "steady_state_voltage": 0.01,
    "minimum_voltage": 0.15, "maximum_voltage": 0.05, "voltage_deflection_vb_ssse": 0.01,
    "sag_amplitude": 1e-7, "sag_ratio1": 1e-7, "sag_ratio2": 1e-7,
    "ohmic_input_resistance_vb_ssse": 1e-7,  # the file has nine digits
}  # fmt: skip
# 0.05 ms apart are too few samples for the fastest spikes; of the squid's they are enough
SQUID_AT_50_US = {**CLOSE, "time_to_first_spike": 0.006, "time_to_last_spike": 0.006,
                  "peak_voltage": 0.01, "AP1_amp": 0.12, "AP_peak_upstroke": 4,
                  "maximum_voltage": 0.2, "inv_first_ISI": 0.05, "inv_last_ISI": 0.05,
                  "sag_amplitude": 1e-4, "sag_ratio1": 2e-5, "sag_ratio2": 2e-5}  # fmt: skip
SPIKE = ("AP_", "AP1", "AP2", "APlast", "AHP", "fast", "peak")


def compare(found: xr.Dataset, told: dict[str, list[float | None]], close: Any) -> None:
    """Where both define a feature; and what eFEL leaves out."""
    assert set(found) - set(told) == {"rate"}
    outside = (found.spike_count != found.spike_count_stimint).values
    last = found.time_to_last_spike.values
    cut = last > 290  # eFEL looks for the trough as far as the end, which cuts it
    lanes = outside.size
    for name in told:
        ours = found[name].values
        theirs = np.array([np.nan if x is None else x for x in told[name][:lanes]])
        both = np.isfinite(ours) & np.isfinite(theirs)
        if name.startswith(SPIKE):
            both &= ~outside  # eFEL leaves out spikes after the stimulus
        if name.startswith(("AHP", "fast")):
            both &= ~cut
        assert both.any() or not np.isfinite(theirs).any(), name
        assert np.abs(ours - theirs)[both].max(initial=0) <= close[name], name
        missing = np.isfinite(theirs) & ~np.isfinite(ours)
        quiet = (found.spike_count_stimint == 0).values
        rising = (found.voltage_deflection_vb_ssse > 0).values
        assert not (missing & quiet & ~rising).any(), name
        if not name.startswith(("sag", "ohmic")):
            assert not missing.any(), name


def test_the_squid_is_as_efel_has_it() -> None:
    found = lo.features(recording("hodgkin-huxley-1952", 0.05))
    compare(found, json.loads(DATA.read_text())["hodgkin-huxley-1952"], SQUID_AT_50_US)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_200_random_traces_are_as_efel_has_them(case: str) -> None:
    found = lo.features(recording(case, FINE))
    compare(found, json.loads(DATA.read_text())[case], CLOSE)


# Trains of which everything is known ------------------------------------------------------------


def train(*times: list[float], stimulus: tuple[float, float] = (10.0, 1000.0)) -> xr.Dataset:
    """A recording of spikes alone, one row for each cell."""
    most = max(map(len, times))
    table = np.array([[*each, *[np.nan] * (most - len(each))] for each in times])
    counts = [len(each) for each in times]
    pulse = lo.Pulse(stimulus[0], stimulus[1] - stimulus[0], 1)
    return xr.Dataset(
        {
            "spike_count": ("cell", counts, {"units": "1"}),
            "spike_time": (("cell", "spike"), table, {"units": "ms", "threshold": 0.0}),
        },
        attrs={"provenance": json.dumps({"stimulus": pulse.to_dict()})},
    )


def irregular(seed: int, count: int) -> list[float]:
    return np.cumsum(np.random.default_rng(seed).gamma(3, 10, count)).tolist()


def test_trains_are_measured_as_their_definitions_say() -> None:
    cells = [irregular(1, 30), [], [50.0], irregular(2, 5), irregular(3, 4), [20.0, 30.0, 45.0]]
    found = lo.features(train(*cells))
    assert found.attrs["spikes_timed_at"] == "threshold"
    for k, times in enumerate(cells):
        mine = found.isel(cell=k)
        isi, later = np.diff(times), np.diff(times)[1:]
        inside = [t for t in times if 10 <= t <= 1000]
        expected = {
            "spike_count": len(times),
            "spike_count_stimint": len(inside),
            "rate": 1e3 / isi.mean() if len(isi) else (np.nan if times else 0),
            "mean_frequency": 1e3 * len(inside) / (inside[-1] - 10) if inside else 0,
            "time_to_first_spike": inside[0] - 10 if inside else np.nan,
            "all_ISI_values": isi.mean() if len(isi) else np.nan,
            "doublet_ISI": isi[0] if len(isi) else np.nan,
            "inv_last_ISI": 1e3 / isi[-1] if len(isi) else np.nan,
            "ISI_CV": later.std(ddof=1) / later.mean() if len(later) > 1 else np.nan,
            "irregularity_index": abs(np.diff(later)).mean() if len(later) > 1 else np.nan,
            "ISI_log_slope": np.polyfit(np.log(np.arange(1, len(later) + 1)), np.log(later), 1)[0]
            if len(later) > 1
            else np.nan,
            "adaptation_index": adapted(inside, min(2, int(0.1 * len(inside) + 0.5)), 4),
            "adaptation_index2": adapted(inside[1:], 0, 3),
        }
        for name, value in expected.items():
            assert np.allclose(mine[name], value, rtol=1e-12, equal_nan=True), (k, name)


def adapted(times: list[float], skipped: int, least: int) -> float:
    isi = np.diff(times[skipped:])
    if len(times) - skipped < least:
        return np.nan
    return float(np.mean((isi[1:] - isi[:-1]) / (isi[1:] + isi[:-1])))


def test_a_regular_train_neither_varies_nor_adapts_and_a_slowing_one_does() -> None:
    regular = np.arange(20, 900, 10.0).tolist()
    slowing = np.cumsum(10.0 * np.arange(1, 12)).tolist()  # intervals 20, 30, ..., 110 ms
    found = lo.features(train(regular, slowing))
    assert np.allclose(found.isel(cell=0)[["ISI_CV", "adaptation_index"]].to_array(), 0)
    assert float(found.rate[0]) == pytest.approx(100, rel=1e-14)
    # without two spikes: mean of 10/(2 k + 1)/10 for intervals k and k + 1 tens of ms
    ks = np.arange(3, 11)
    assert float(found.adaptation_index2[1]) == pytest.approx(np.mean(1 / (2 * ks + 1)), rel=1e-12)


# A membrane of which everything is known --------------------------------------------------------

PASSIVE = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0.2, E=-70)], area=2000)


def test_a_passive_membrane_has_the_resistance_of_its_leak() -> None:
    # tau = 5 ms: V = -70 + I/0.2 (1 - exp(-t/5)) mV while it lasts
    current = np.array([-2.0, -1.0, 0.5])
    rec = lo.simulate(PASSIVE, lo.Pulse(20, 200, current), 300)
    found = lo.features(rec)
    assert np.allclose(found.voltage_base, -70, atol=1e-7)
    assert np.allclose(found.ohmic_input_resistance_vb_ssse, 5, rtol=1e-6)
    assert found.ohmic_input_resistance_vb_ssse.attrs["units"] == "kohm*cm2"
    assert np.allclose(found.voltage_deflection_vb_ssse, current / 0.2, rtol=1e-6)
    assert np.allclose(found.sag_amplitude[:2], 0, atol=1e-6)
    assert np.isnan(found.sag_amplitude[2])
    # after the end, for 80 ms: the mean of I/0.2 exp(-t/5)
    after = -70 + current / 0.2 * 5 / 80 * (1 - np.exp(-80 / 5))
    assert np.allclose(found.steady_state_voltage, after, atol=1e-3)
    whole = lo.features(lo.simulate(PASSIVE, lo.Pulse(20, 200, current / 50, unit="nA"), 300))
    # 0.2 mS/cm2 over 2000 um2 is 4 nS: 250 MOhm
    assert np.allclose(whole.ohmic_input_resistance_vb_ssse, 250, rtol=1e-6)
    assert whole.ohmic_input_resistance_vb_ssse.attrs["units"] == "MOhm"


def test_stimuli_of_all_kinds_and_lanes_that_were_selected() -> None:
    def resistance(stimulus: Any, duration: float = 300) -> Any:
        found = lo.features(lo.simulate(PASSIVE, stimulus, duration))
        return found.ohmic_input_resistance_vb_ssse.values

    assert np.allclose(resistance(lo.Step(20, [-1, -2])), 5, rtol=1e-6)
    assert np.allclose(resistance(lo.Pulse([20, 40, 60], 200, [-1, -2, -3])), 5, rtol=1e-6)
    # a holding current goes on all the time: the deflection is from there
    assert np.allclose(resistance(lo.Step(0, 1) + lo.Pulse(90, 200, [-1, 2])), 5, rtol=1e-6)
    both = lo.Pulse(20, 200, [-1, -2]) + lo.Pulse(20, 200, -1)
    assert np.allclose(resistance(both), 5, rtol=1e-6)
    # no one current: no resistance
    assert np.isnan(resistance(lo.Pulse(20, 100, -1) + lo.Pulse(150, 50, [-1, -2]))).all()
    assert np.isnan(resistance(lo.Ramp(20, 200, -1))).all()
    rec = lo.simulate(PASSIVE, lo.Pulse([20, 40, 60], 200, -1), 300)
    every = lo.features(rec)
    for k in range(3):
        assert lo.features(rec.isel(start=k)).equals(every.isel(start=k))
    turned = lo.features(rec.isel(start=[2, 0]))
    assert turned.equals(every.isel(start=[2, 0]))


# Recordings of all shapes ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def swept() -> xr.Dataset:
    cells = SQUID.replace(g_Na=np.linspace(90, 150, 7))
    return lo.simulate(cells, lo.Pulse(10, 60, [-1.0, 5.0, 12.0, 20.0]), 90)


def test_a_lane_alone_has_the_same_bits_and_so_has_every_block(swept: xr.Dataset) -> None:
    from loligo.analysis import shape

    found = lo.features(swept)
    for where in ({"g_Na": 3, "amplitude": 2}, {"g_Na": slice(2, 5)}, {"amplitude": [0, 3]}):
        assert lo.features(swept.isel(where)).equals(found.isel(where))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shape, "_CELLS", 1)
        assert lo.features(swept).equals(found)
        patch.setenv("LOLIGO_THREADS", "7")
        assert lo.features(swept).equals(found)


def test_the_table(swept: xr.Dataset) -> None:
    found = lo.features(swept)
    table = found.to_dataframe()
    assert table.shape == (28, len(found.data_vars))
    assert table.index.names == ["g_Na", "amplitude"]
    for variable in found.data_vars.values():
        assert variable.dtype == float
        assert {"units", "long_name", "defined"} <= set(variable.attrs)
    silent = found.sel(amplitude=-1)
    assert (silent.spike_count == 0).all()
    assert np.isnan(silent.AP_amplitude).all()
    assert (silent.rate == 0).all()
    assert silent.sag_amplitude.notnull().all()


def test_uneven_samples_and_another_programs_recording(swept: xr.Dataset) -> None:
    one = swept.isel(g_Na=2, amplitude=2)
    kept = np.sort(np.random.default_rng(1).permutation(one.time.size)[: one.time.size * 4 // 5])
    V, time = one.V.values[kept] / 1000, one.time.values[kept] / 1000
    other = xr.Dataset({"V": ("time", V, {"units": "V"})}, {"time": ("time", time, {"units": "s"})})
    unknown, found = lo.features(other), lo.features(other, stimulus=lo.Pulse(10, 60, 12))
    assert np.isnan(unknown.time_to_first_spike)
    assert float(unknown.spike_count) == float(found.spike_count) == one.spike_count
    own = lo.features(one)
    for name in ("time_to_first_spike", "AP_amplitude", "AP_duration_half_width", "rate",
                 "steady_state_voltage_stimend", "AHP_depth"):  # fmt: skip
        assert float(found[name]) == pytest.approx(float(own[name]), rel=3e-3), name


def test_spikes_alone_have_the_features_of_rhythm(swept: xr.Dataset) -> None:
    found = lo.features(swept.drop_vars(["V", "time"]))
    others = (*SPIKE, "voltage", "steady", "minimum", "maximum", "sag", "ohmic")
    rhythm = [name for name in lo.features(swept) if not str(name).startswith(others)]
    assert list(found.data_vars) == rhythm
    assert (found.spike_count == swept.spike_count).all()
    first = swept.spike_time.isel(spike=0) - 10
    assert np.allclose(found.time_to_first_spike, first, rtol=1e-14, equal_nan=True)


def test_a_lane_that_was_lost_has_no_feature(swept: xr.Dataset) -> None:
    lost = swept.copy(deep=True)
    lost.spike_count[1, 1] = -1
    lost.V[1, 1] = np.nan
    lost.spike_time[1, 1] = np.nan
    found = lo.features(lost)
    assert np.isnan(found.isel(g_Na=1, amplitude=1).to_array()).all()
    assert found.isel(g_Na=2).equals(lo.features(swept).isel(g_Na=2))


def test_lanes_that_ended_by_themselves_are_as_long_as_they_were() -> None:
    def run(amplitude: Any) -> xr.Dataset:
        return lo.simulate(SQUID, lo.Pulse(5, 60, amplitude), 80, until="V < -70")

    rec = run([0.0, 8.0, 20.0])
    found = lo.features(rec)
    assert np.isnan(rec.V).any("time").values.tolist() == [False, True, True]
    for k in (1, 2):
        alone = lo.features(run(float(rec.amplitude[k])))
        assert alone.drop_vars("amplitude", errors="ignore").equals(
            found.isel(amplitude=k, drop=True)
        )
    none = lo.features(rec.isel(amplitude=slice(0, 0)))
    assert dict(none.sizes) == {"amplitude": 0}


@pytest.mark.slow
def test_an_axon_is_described_at_each_place() -> None:
    axon = lo.Axon(SQUID, "4 cm", 476, 35.4)
    quiet = lo.simulate(axon, lo.at(0, lo.Pulse(20, 60, -50)), 100, positions=[0, "2 cm"])
    found = lo.features(quiet)
    assert found.spike_count.dims == ("position",)
    assert float(found.ohmic_input_resistance_vb_ssse[0]) == pytest.approx(
        float(lo.input_resistance(axon, 0)), rel=0.02
    )
    assert found.ohmic_input_resistance_vb_ssse.attrs["units"] == "MOhm"
    fired = lo.features(lo.simulate(axon, lo.at(0, lo.Pulse(1, 1, 50e3)), 12, positions=[1e4, 3e4]))
    assert np.diff(fired.time_to_first_spike)[0] > 1
    assert np.isnan(fired.ohmic_input_resistance_vb_ssse[0])  # it fires there meanwhile


@pytest.mark.slow
def test_a_clamp_is_told_of() -> None:
    rec = lo.simulate(SQUID, lo.VoltageClamp(5, 10, [-40.0, 20.0]), 30, record=["V", "I_clamp"])
    with pytest.warns(UserWarning, match="V was clamped: what the features tell of V is"):
        found = lo.features(rec)
    assert np.isnan(found.ohmic_input_resistance_vb_ssse).all()


def test_what_cannot_be_says_why(swept: xr.Dataset) -> None:
    with pytest.raises(UsageError, match="stimulus='x' is no stimulus; give what was done"):
        lo.features(swept, stimulus="x")
    with pytest.raises(UsageError, match="this needs a recording, as lo"):
        lo.features(3)
    with pytest.raises(UsageError, match="holds neither spikes nor V but I_Na; simulate again"):
        lo.features(xr.Dataset({"I_Na": ("time", [1.0])}, {"time": [0.0]}))
    with pytest.raises(UsageError, match="derivative_threshold must be above 0 mV/ms"):
        lo.features(swept, derivative_threshold=0)
    with pytest.raises(UsageError, match="needs V, which was not recorded"):
        lo.features(swept.drop_vars("V"), threshold=-20)
