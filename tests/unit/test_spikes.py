"""Spike times: the run's own, and those looked for in V."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
import xarray as xr

import hh_scipy
import loligo as lo
from loligo.analysis.curve import Trace, root
from loligo.analysis.spikes import crossings
from loligo.engine.kernel import RE_ARM
from loligo.errors import LoligoError, UnitError, UsageError

PULSE = (5.0, 40.0, 10.0)


def held(sample_interval: float = 0.05) -> xr.Dataset:
    return hh_scipy.record(PULSE, duration=50, sample_interval=sample_interval, initial=-65)


def sweep() -> xr.Dataset:
    amplitudes = np.array([0.0, 5.0, 10.0, 20.0])
    pulses = [(5.0, 40.0, a) for a in amplitudes]
    return hh_scipy.record(*pulses, duration=50, lanes={"amplitude": amplitudes})


def test_the_runs_own_spikes() -> None:
    times = lo.spike_times(held())
    np.testing.assert_array_equal(times, hh_scipy.run(*PULSE, 50, -65).spikes)
    assert times.dims == ("spike",)
    assert times.attrs["units"] == "ms"
    assert times.attrs["threshold"] == 0.0
    assert times.attrs["method"] == "located inside the step by the solver"
    assert "accuracy" not in times.attrs


@pytest.mark.parametrize("same", [0, 0.0, "0 mV", "0 V"])
def test_the_runs_own_threshold_however_it_is_written(same: object) -> None:
    assert "accuracy" not in lo.spike_times(held(), same).attrs


def test_lanes_are_padded() -> None:
    rec = sweep()
    times = lo.spike_times(rec)
    assert times.dims == ("amplitude", "spike")
    np.testing.assert_array_equal(times.amplitude, rec.amplitude)
    np.testing.assert_array_equal(times.notnull().sum("spike"), rec.spike_count)
    for k, amplitude in enumerate(rec.amplitude.values):
        own = hh_scipy.run(5, 40, amplitude, 50).spikes
        np.testing.assert_array_equal(times[k].dropna("spike"), own)
        assert times[k, own.size :].isnull().all()


def test_several_lane_dimensions_and_labels_without_an_index() -> None:
    rec = sweep()
    square = xr.Dataset(
        {
            "V": (("a", "b", "time"), rec.V.values.reshape(2, 2, -1), {"units": "mV"}),
            "spike_count": (("a", "b"), rec.spike_count.values.reshape(2, 2)),
            "spike_time": (("a", "b", "spike"), rec.spike_time.values.reshape(2, 2, -1)),
        },
        {"time": rec.time, "b": ["x", "y"], "celsius": 6.3},
    )
    times = lo.spike_times(square)
    assert times.dims == ("a", "b", "spike")
    assert set(times.coords) == {"b", "celsius", "spike"}
    np.testing.assert_array_equal(times.values.reshape(4, -1), lo.spike_times(rec))


@pytest.mark.parametrize("level", [-50.0, -20.0, 20.0])
@pytest.mark.parametrize("interval", [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5])
def test_another_threshold_and_its_accuracy(level: float, interval: float) -> None:
    """The error is measured against SciPy's own event location at 1e-11."""
    true = hh_scipy.run(*PULSE, 50, -65, threshold=level).spikes
    times = lo.spike_times(held(interval), level)
    assert times.size == true.size
    error = np.abs(times.values - true).max()
    assert error <= times.attrs["accuracy"] + 1e-9
    if interval <= 0.05:
        assert error < 1e-4
        assert times.attrs["accuracy"] < 2.1e-4
    assert "polynomials of degree 5" in times.attrs["method"]


def test_thresholds_in_any_unit() -> None:
    rec = held()
    np.testing.assert_array_equal(lo.spike_times(rec, "-0.02 V"), lo.spike_times(rec, -20))


def test_the_edge_of_a_pulse_beside_the_crossing() -> None:
    """A polynomial across the corner of V at 5 ms would be wrong by far more."""
    rest = hh_scipy.rest()
    for level in (rest + 0.4, rest + 1.2):
        true = hh_scipy.run(5.0, 2.0, 20.0, 12, threshold=level).spikes
        rec = hh_scipy.record((5.0, 2.0, 20.0), duration=12, sample_interval=0.05)
        times = lo.spike_times(rec, level)
        assert abs(times.values[0] - true[0]) < 1e-6


def test_re_arming() -> None:
    def triangle(*turns: float) -> Trace:
        values = np.interp(np.arange(0, len(turns) - 0.99, 0.1), np.arange(len(turns)), turns)
        return Trace(np.arange(values.size) * 0.1, values[None])

    def count(*turns: float, depth: float = RE_ARM) -> int:
        return crossings(triangle(*turns), 0.0, depth).time.size

    assert count(-20, 10, -RE_ARM + 0.5, 10, -20) == 1
    assert count(-20, 10, -RE_ARM - 0.5, 10, -20) == 2
    assert count(10, -1, 10, -20) == 0  # above from the beginning
    assert count(-1, 10, -20) == 1
    assert count(10, -20, 10) == 1
    assert count(-20, 10, -2, 10, -2, 10, -20, 10) == 2
    # without noise every rise is one
    assert count(-20, 10, -2, 10, -2, 10, -20, 10, depth=0) == 4
    assert count(10, -1, 10, -20, depth=0) == 1
    np.testing.assert_allclose(crossings(triangle(-10, 10), 0.0, 0.0).time, 0.5, rtol=1e-12)


def test_small_swings_count_where_there_is_no_noise() -> None:
    t = np.arange(0, 50, 0.1)
    rec = xr.Dataset({"V": ("time", 3 * np.sin(t) - 40)}, {"time": t})
    swings = np.ceil((50 - 0.1) / (2 * np.pi))
    for stimulus, counted in (
        (None, swings - 1),  # the first rise is at 0 itself
        ({"kind": "pulse", "start": 0, "duration": 50, "amplitude": 1}, swings - 1),
        ({"kind": "sum", "shapes": [{"kind": "pulse"}, {"kind": "noise"}]}, 0),
    ):
        told = rec.assign_attrs(provenance=json.dumps({"stimulus": stimulus}))
        assert lo.spike_times(told, -40.01).size in (counted, max(counted - 1, 0)), stimulus
    assert lo.spike_times(rec, -40.01).size <= 1  # nobody says that there was none


def test_lanes_that_could_not_run_have_no_spikes() -> None:
    rec = sweep()
    V, times, count = rec.V.copy(), rec.spike_time.copy(), rec.spike_count.copy()
    V[1], times[1], count[1] = np.nan, np.nan, -1
    lost = rec.assign(V=V, spike_time=times, spike_count=count)
    others = rec.isel(amplitude=[0, 2, 3])
    for function in (lo.spike_times, lo.spike_shape, lambda r: lo.spike_times(r, -30)):
        found, wanted = function(lost), function(others)
        assert found.isel(amplitude=[0, 2, 3]).equals(wanted)
        assert (
            found.isel(amplitude=1).isnull().to_dataset(name="x").x.all()
            if isinstance(found, xr.DataArray)
            else found.isel(amplitude=1).to_array().isnull().all()
        )
    broken = rec.assign(V=V)
    assert "V is not a number in cell 1" in wording(lo.spike_times, broken, -30)


def test_lanes_do_not_disturb_each_other() -> None:
    rec = sweep()
    together = lo.spike_times(rec, -30)
    for k in range(rec.sizes["amplitude"]):
        one = rec.isel(amplitude=k).drop_vars(["spike_time", "spike_count"])
        alone = lo.spike_times(one, -30)
        np.testing.assert_array_equal(together[k].dropna("spike"), alone)


def test_uneven_and_few_samples() -> None:
    t = np.sort(np.random.default_rng(7).uniform(0, 2, 60))
    v = xr.Dataset({"V": ("time", 100 * np.sin(t) - 50)}, {"time": t})
    assert lo.spike_times(v, 0).values == pytest.approx(np.arcsin(0.5), abs=1e-9)
    two = xr.Dataset({"V": ("time", [-10.0, 10.0])}, {"time": [0.0, 1.0]})
    assert lo.spike_times(two).values == pytest.approx([0.5])
    assert lo.spike_times(two).attrs["accuracy"] == 0.5


def test_no_spikes_and_no_lanes() -> None:
    rec = hh_scipy.record((5, 1, 1), duration=10)
    for threshold in (None, -20):
        assert lo.spike_times(rec, threshold).shape == (0,)
    none = sweep().isel(amplitude=slice(0, 0))
    for threshold in (None, -20):
        assert lo.spike_times(none, threshold).shape == (0, 0)


def test_without_located_spikes_v_is_searched_at_0_mv() -> None:
    rec = held().drop_vars(["spike_time", "spike_count"])
    times = lo.spike_times(rec)
    assert times.attrs["threshold"] == 0.0
    np.testing.assert_allclose(times, hh_scipy.run(*PULSE, 50, -65).spikes, atol=1e-4)


def test_spikes_alone_are_enough() -> None:
    rec = held()[["spike_time", "spike_count"]]
    assert lo.spike_times(rec).size == 3


def wording(call: object, *args: object) -> str:
    with pytest.raises(LoligoError) as caught:
        call(*args)  # type: ignore[operator]
    return str(caught.value)


def test_the_messages() -> None:
    rec = held()
    alone = rec[["spike_time", "spike_count"]]
    assert wording(lo.spike_times, alone, -20) == (
        "finding spikes at -20 mV needs V, which was not recorded: simulate again with "
        'record=["V", "spikes"], or use the run\'s own threshold, 0 mV'
    )
    assert wording(lo.spike_times, rec[["m", "h"]]) == (
        "the recording holds neither spikes nor V but m, h; simulate again with "
        'record=["spikes"] or record=["V"]'
    )
    assert wording(lo.spike_times, rec.V) == (
        "this needs a recording, as lo.simulate returns it, not a DataArray"
    )
    broken = rec.copy(deep=True)
    broken.V[40] = np.nan
    message = wording(lo.spike_times, broken, -20)
    assert message == "V is not a number at 2 ms; select the cells and times that are"
    assert "threshold must be one voltage" in wording(lo.spike_times, rec, [-20, -30])
    with pytest.raises(UnitError, match="threshold"):
        lo.spike_times(rec, "20 ms")
    with pytest.raises(UsageError, match="two samples or more"):
        lo.spike_times(rec.isel(time=[0]), -20)


SELECTIONS = [
    lambda rec: rec.isel(amplitude=3),
    lambda rec: rec.isel(amplitude=slice(None, None, -1)),
    lambda rec: rec.sortby("amplitude", ascending=False),
]


@pytest.mark.parametrize("select", SELECTIONS)
def test_spikes_go_with_their_cells(select: Any) -> None:
    times = lo.spike_times(select(sweep()))
    np.testing.assert_array_equal(times, select(lo.spike_times(sweep())).dropna("spike", how="all"))


def test_cells_of_any_order_and_kind_of_number() -> None:
    rec, times = sweep(), lo.spike_times(sweep())
    assert lo.spike_times(rec.transpose("time", "spike", "amplitude")).equals(times)
    assert lo.spike_times(rec.expand_dims("trial")).isel(trial=0, drop=True).equals(times)
    single = lo.spike_times(rec.astype("float32"))
    np.testing.assert_allclose(single, times, rtol=1e-7)
    first = lo.spike_times(rec.isel(spike=0, drop=True))
    np.testing.assert_array_equal(first.isel(spike=0), times.isel(spike=0))
    both = xr.concat([rec, rec.isel(amplitude=[1])], dim="amplitude", join="outer")
    np.testing.assert_array_equal(lo.spike_times(both)[-1], times[1])
    assert lo.spike_times(rec[["spike_time"]]).equals(times)
    text = rec.assign(spike_time=rec.spike_time.astype(str))
    assert "spike_time holds <U" in wording(lo.spike_times, text)
    lost = rec.assign(spike_time=rec.spike_time.isel(amplitude=0, drop=True))
    assert "both must be of the same cells" in wording(lo.spike_times, lost)


def in_one_row(rec: xr.Dataset) -> xr.Dataset:
    """As spikes lie where padding would be large."""
    table = rec.spike_time.values
    return rec.drop_dims("spike").assign(
        spike_count=rec.spike_count,
        spike_time=("event", table[np.isfinite(table)], rec.spike_time.attrs),
    )


@pytest.mark.parametrize("select", SELECTIONS)
def test_cells_selected_of_spikes_in_one_row_never_get_anothers(select: Any) -> None:
    rec = in_one_row(sweep())
    assert lo.spike_times(rec).equals(lo.spike_times(sweep()))
    with pytest.raises(UsageError) as caught:
        lo.spike_times(select(rec))
    assert "the spikes are not those of these cells" in str(caught.value)
    assert re.search(r"Take lo.spike_times of the whole recording and select", str(caught.value))


def test_a_stretch_of_time_has_its_own_spikes() -> None:
    rec, times = held(), lo.spike_times(held())
    for low, high in ((10, 30), (20, 50), (0, 10), (7, 7.5), (40, 50)):
        some = rec.sel(time=slice(low, high))
        own = times.where((times >= low) & (times <= high), drop=True)
        np.testing.assert_array_equal(lo.spike_times(some), own)
        np.testing.assert_array_equal(lo.spike_times(some.sortby("time", ascending=False)), own)
        # those found in V are the same
        found = lo.spike_times(some, 1e-9) if some.time.size > 5 else own
        np.testing.assert_allclose(found, own, atol=1e-3)
    assert lo.spike_times(rec.isel(time=slice(0, 0))).size == 0
    assert lo.spike_times(rec.isel(time=100)).size == 3  # one moment is no stretch
    coarse = lo.simulate(lo.load("hodgkin-huxley-1952"), lo.Pulse(1, 1, 20), 2.9, sample_interval=2)
    assert coarse.time.values.tolist() == [0, 2]
    late = float(coarse.spike_time[0])
    assert 2 < late < 2.9
    assert lo.spike_times(coarse).values.tolist() == [late]
    assert lo.spike_times(coarse.isel(time=[0])).size == 0


def test_root() -> None:
    low, high = np.zeros(3), np.array([2.0, 3.0, 1.0])
    np.testing.assert_allclose(
        root(lambda t: np.array([1, -1, 1]) * (t**2 - 0.5), low, high), np.sqrt(0.5), rtol=1e-15
    )


def test_the_curve_reproduces_polynomials_and_their_slopes() -> None:
    t = np.sort(np.random.default_rng(3).uniform(-1, 1, 12))
    poly = np.polynomial.Polynomial([1, -2, 0.5, 3, -1, 2])
    at = np.arange(11)
    pieces = Trace(t, poly(t)[None]).pieces(np.zeros(11, int), at)
    middle = (t[1:] + t[:-1]) / 2
    np.testing.assert_allclose(pieces.value(middle), poly(middle), rtol=1e-9)
    np.testing.assert_allclose(pieces.slope(middle), poly.deriv()(middle), rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(
        pieces.curvature(middle), poly.deriv(2)(middle), rtol=1e-5, atol=1e-6
    )


def test_the_curve_does_not_reach_across_a_corner() -> None:
    t = np.arange(21) * 0.1
    corner = np.where(t < 1.0 - 1e-9, 0.0, np.sin(t - 1.0))
    pieces = Trace(t, corner[None]).pieces(np.zeros(2, int), np.array([9, 10]))
    assert pieces.slope(np.array([1.0, 1.0])) == pytest.approx([0.0, 1.0], abs=1e-4)
