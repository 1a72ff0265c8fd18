"""When a recorded variable passed a level, against functions whose crossings are known."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import loligo as lo

TIME = np.linspace(0, 10, 201)  # ms


def sampled(values: np.ndarray, units: str = "1", time: np.ndarray = TIME) -> xr.DataArray:
    dims = ("cell", "time") if values.ndim == 2 else ("time",)
    about = {"units": units}
    when = ("time", time, {"units": "ms"})
    return xr.DataArray(values, dims=dims, coords={"time": when}, name="x", attrs=about)


def test_a_sine_passes_where_it_should() -> None:
    """sin(t) = 0.3 at arcsin(0.3) and pi - arcsin(0.3), and every 2 pi."""
    x, first = sampled(np.sin(TIME)), np.arcsin(0.3)
    ups, downs = [first, first + 2 * np.pi], [np.pi - first, 3 * np.pi - first]
    up, down, both = (lo.crossings(x, 0.3, way) for way in ("up", "down", "both"))
    assert up.values == pytest.approx(ups, abs=1e-9)
    assert down.values == pytest.approx(downs, abs=1e-9)
    assert both.values == pytest.approx(sorted(ups + downs), abs=1e-9)
    assert np.abs(up.values - ups).max() <= up.attrs["accuracy"] < 1e-7
    assert up.dims == ("crossing",)
    assert up.attrs["units"] == "ms"


def test_cells_have_as_many_as_they_have() -> None:
    lost = np.full(TIME.size, np.nan)
    x = sampled(np.stack([np.sin(TIME), 0.1 * TIME - 0.5, np.zeros(TIME.size), lost]))
    found = lo.crossings(x.assign_coords(cell=[3, 1, 4, 5]), 0.25, "up")
    assert found.dims == ("cell", "crossing")
    assert found.cell.values.tolist() == [3, 1, 4, 5]
    assert np.isfinite(found.values).sum(axis=1).tolist() == [2, 1, 0, 0]
    assert float(found[1, 0]) == pytest.approx(7.5)


def test_a_peak_between_two_samples_is_seen() -> None:
    """cos(t - t0) reaches 1 at t0, which no sample does; 0.9999 is passed twice around it."""
    middle = 5.025
    x = sampled(np.cos(TIME - middle))
    level = 1 - 1e-4
    assert x.max() < level + 1e-4
    half = np.arccos(level)
    around = lo.crossings(x, level, "both")
    assert around.values == pytest.approx([middle - half, middle + half], abs=1e-7)
    assert not lo.crossings(x, 1.0001, "both").size


def test_corners_are_not_smoothed_over() -> None:
    """A ramp that begins and ends: crossings beside its corners are those of straight lines."""
    x = sampled(np.clip(TIME - 3.0, 0.0, 2.0))
    assert lo.crossings(x, 0.02, "up").values == pytest.approx([3.02], abs=1e-12)
    assert lo.crossings(x, 1.99, "up").values == pytest.approx([4.99], abs=1e-12)


def test_a_level_that_is_only_touched() -> None:
    """Up is from below the level to it: what begins at it does not come from below."""
    flat = sampled(np.zeros(TIME.size))
    assert not lo.crossings(flat, 0.0, "both").size
    rises = sampled(np.maximum(TIME - 5, 0.0))
    assert not lo.crossings(rises, 0.0, "up").size


def test_units_are_those_of_the_variable() -> None:
    x = sampled(20 * np.sin(TIME), "mV")
    assert lo.crossings(x, "0.01 V", "up").values == pytest.approx(
        [np.pi / 6, np.pi / 6 + 2 * np.pi], abs=1e-9
    )
    in_seconds = x.assign_coords(time=("time", TIME / 1e3, {"units": "s"}))
    assert lo.crossings(in_seconds, 10, "up").values == pytest.approx(
        [np.pi / 6, np.pi / 6 + 2 * np.pi], abs=1e-9
    )


@pytest.mark.slow
def test_spikes_are_crossings_of_v() -> None:
    rec = lo.simulate(lo.load("hodgkin-huxley-1952"), lo.Pulse(5, 40, [5, 10]), 50)
    rises = lo.crossings(rec.V, 0.0, "up")
    assert rises.dims == ("amplitude", "crossing")
    assert rises.values == pytest.approx(lo.spike_times(rec).values, abs=1e-3, nan_ok=True)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: lo.crossings(x, 0, "upwards"), "'up'"),
        (lambda x: lo.crossings(x, "3 mV"), "level"),
        (lambda x: lo.crossings(x, [1, 2]), "one number"),
        (lambda x: lo.crossings(x.isel(time=0), 0), "along a labelled time"),
        (lambda x: lo.crossings(x.drop_vars("time"), 0), "along a labelled time"),
        (lambda x: lo.crossings(x.to_dataset(), 0), "such as rec.V"),
        (lambda x: lo.crossings(x.values, 0), "not a ndarray"),
        (lambda x: lo.crossings(x.astype(str), 0), "not numbers"),
        (lambda x: lo.crossings(x.isel(time=[0]), 0), "two samples"),
    ],
)
def test_what_cannot_be_asked(call: object, words: str) -> None:
    with pytest.raises(lo.LoligoError) as told:
        call(sampled(np.sin(TIME)))  # type: ignore[operator]
    assert words in str(told.value)


# ---- rates


def spiking(*cells: list[float]) -> xr.Dataset:
    most = max(map(len, cells))
    table = np.array([row + [np.nan] * (most - len(row)) for row in cells])
    dims = ("cell", "spike")
    return xr.Dataset(
        {
            "spike_time": (dims, table, {"units": "ms", "threshold": 0.0}),
            "spike_count": ("cell", [len(row) for row in cells]),
        }
    )


def test_rates_come_from_intervals() -> None:
    rec = spiking([10.0, 20.0, 40.0], [5.0], [], [100.0, 104.0])
    found = lo.firing_rate(rec)
    assert found.rate.values == pytest.approx([2e3 / 30, np.nan, 0.0, 250.0], nan_ok=True)
    assert found.instantaneous.values[0] == pytest.approx([np.nan, 100.0, 50.0], nan_ok=True)
    assert np.isnan(found.instantaneous.values[1:3]).all()
    assert found.instantaneous.values[3, 1] == pytest.approx(250.0)
    assert found.rate.attrs["units"] == found.instantaneous.attrs["units"] == "Hz"


def test_rates_of_lost_and_silent_cells() -> None:
    rec = spiking([10.0, 20.0], [])
    rec["spike_count"] = ("cell", [2, -1])
    assert lo.firing_rate(rec).rate.values == pytest.approx([100.0, np.nan], nan_ok=True)
    silent = lo.firing_rate(spiking([], []))
    assert silent.rate.values.tolist() == [0.0, 0.0]
    assert silent.instantaneous.shape == (2, 0)


@pytest.mark.slow
def test_rates_of_one_cell_and_of_a_part() -> None:
    rec = lo.simulate(lo.load("hodgkin-huxley-1952"), lo.Step(5, 10), 200)
    found = lo.firing_rate(rec)
    times = lo.spike_times(rec).values
    assert float(found.rate) == pytest.approx(1e3 / np.diff(times).mean(), rel=1e-12)
    part = lo.firing_rate(rec.sel(time=slice(100, 200)))
    kept = times[times >= 100]
    assert float(part.rate) == pytest.approx(1e3 / np.diff(kept).mean(), rel=1e-12)
