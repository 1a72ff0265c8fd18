"""How spikes lie in a recording: pandas and xarray do with them what anybody expects."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.io import netcdf_file

import hh_scipy
import loligo as lo
from loligo.recording import netcdf, npz, spikes, table
from loligo.recording.build import _STATUS
from loligo.recording.contents import fault

SUFFIXES = (".nc", ".npz", ".csv")
AMPLITUDES = [0.0, 5.0, 10.0]


@cache
def sweep() -> xr.Dataset:
    """Three amplitudes, two temperatures."""
    squid = lo.load("hodgkin-huxley-1952").replace(celsius=[6.3, 10.0])
    return lo.simulate(squid, lo.Pulse(5, 40, AMPLITUDES), 50, sample_interval=0.5)


@cache
def silent() -> xr.Dataset:
    return lo.simulate(lo.load("hodgkin-huxley-1952"), None, 5)


def alone(celsius: float, amplitude: float) -> np.ndarray:
    """The same spikes by SciPy."""
    rates = 3 ** ((celsius - 6.3) / 10)
    assert rates == 1
    return hh_scipy.run(5, 40, amplitude, 50).spikes


def test_the_layout() -> None:
    rec = sweep()
    assert rec.spike_time.dims == ("celsius", "amplitude", "spike")
    assert rec.spike_time.dtype == np.float64
    assert rec.spike.values.tolist() == list(range(int(rec.spike_count.max())))
    assert "spike" in rec.indexes
    assert rec.spike_count.dims == ("celsius", "amplitude")
    np.testing.assert_array_equal(rec.spike_time.notnull().sum("spike"), rec.spike_count)
    for amplitude in AMPLITUDES:
        own = rec.spike_time.sel(celsius=6.3, amplitude=amplitude).dropna("spike")
        np.testing.assert_allclose(own, alone(6.3, amplitude), atol=1e-5)
    assert rec.status.dims == ("celsius", "amplitude")
    assert rec.status.dtype == np.int8
    assert not rec.status.any()
    told = rec.status.attrs
    assert told["flag_values"].dtype == np.int8
    assert len(told["flag_meanings"].split()) == told["flag_values"].size
    assert "status" not in silent()


def test_nothing_fired() -> None:
    rec = silent()
    assert rec.spike_time.values.tolist() == pytest.approx([np.nan], nan_ok=True)
    assert int(rec.spike_count) == 0
    assert lo.spike_times(rec).size == 0
    assert len(rec.to_dataframe()) == rec.time.size


def test_selecting_sorting_and_turning() -> None:
    rec = sweep()
    one = rec.sel(amplitude=10)
    assert one.spike_time.dims == ("celsius", "spike")
    for some in (one, rec.isel(celsius=1), rec.isel(amplitude=[2, 0]), rec.isel(spike=slice(1))):
        assert some.spike_time.equals(lo.spike_times(some).reindex_like(some.spike_time))
    turned = rec.sortby("amplitude", ascending=False).transpose(..., "celsius")
    again = lo.spike_times(turned).sortby("amplitude").transpose("celsius", ...)
    assert again.equals(lo.spike_times(rec))


def test_joining_recordings_of_other_numbers_of_spikes() -> None:
    squid = lo.load("hodgkin-huxley-1952")
    runs = [lo.simulate(squid, lo.Pulse(1, d, 20), d) for d in (10, 30)]
    assert [run.sizes["spike"] for run in runs] == [1, 3]
    both = xr.concat(runs, dim="run", join="outer", combine_attrs="drop")
    assert both.spike_time.shape == (2, 3)
    np.testing.assert_array_equal(both.spike_time.notnull().sum("spike"), both.spike_count)
    np.testing.assert_array_equal(lo.spike_times(both), both.spike_time)
    left, right = sweep().isel(amplitude=[0, 1]), sweep().isel(amplitude=[2])
    again = xr.concat([left, right], dim="amplitude", join="outer")
    assert again.equals(sweep())
    merged = xr.merge([sweep()[["V"]], sweep()[["spike_time", "spike_count"]]])
    assert lo.spike_times(merged).equals(lo.spike_times(sweep()))


def test_tables_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    rec = sweep()
    fired = rec[["spike_time"]].to_dataframe().dropna()
    assert isinstance(fired.index, pandas.MultiIndex)
    assert len(fired) == int(rec.spike_count.sum())
    assert fired.loc[(6.3, 10.0), "spike_time"].to_list() == pytest.approx(alone(6.3, 10), abs=1e-5)
    # without the spikes a row is a sample, with them each has a number of its own
    assert len(rec.drop_dims("spike").to_dataframe()) == rec.V.size
    assert len(rec.to_dataframe()) == rec.V.size * rec.sizes["spike"]
    counts = rec.spike_count.to_dataframe()
    assert fired.groupby(["celsius", "amplitude"]).size().to_dict() == {
        k: n for k, n in counts.spike_count.to_dict().items() if n
    }


# In files -------------------------------------------------------------------------------------


def changed() -> dict[str, xr.Dataset]:
    """What people make of recordings."""
    rec = sweep()
    lost = rec.copy(deep=True)
    lost.spike_time[0, 2], lost.spike_count[0, 2] = np.nan, -1
    lost.status[0, 2] = 4
    volts = {"units": "mV"}
    peaks = rec.assign(
        spike_peak=(rec.spike_time + 1).assign_attrs(volts),
        spike_trough=(-rec.spike_time).assign_attrs(volts),
    )
    peaks.spike_trough[0, 2, 2] = np.nan  # the run ended before
    return {
        "whole": rec,
        "silent": silent(),
        "turned": rec.transpose("spike", "time", ...),
        "a row of it": rec.isel(amplitude=2),
        "one": rec.isel(amplitude=2, celsius=0),
        "first spikes": rec.isel(spike=[0]),
        "one spike": rec.isel(spike=0),
        "without counts": rec.drop_vars("spike_count"),
        "without times": rec.drop_vars("spike_time"),
        "without numbers": rec.drop_vars("spike"),
        "without spikes": rec.drop_dims("spike"),
        "spikes alone": rec[["spike_time", "spike_count"]],
        "lanes without spikes": rec.isel(amplitude=[0]),
        "expanded": rec.expand_dims("trial"),
        "single": rec.assign(spike_time=rec.spike_time.astype("float32")),
        "all single": rec.astype("float32"),
        "lost": lost,
        "peaks": peaks,
        "with intervals": rec.assign(
            interval=rec.spike_time.diff("spike").reindex(spike=rec.spike)
        ),
        "holes": rec.assign(spike_time=rec.spike_time.where(rec.spike > 0)),
    }


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", changed())
def test_files_give_back_what_they_took(name: str, suffix: str, tmp_path: Path) -> None:
    rec = changed()[name]
    back = lo.open(lo.save(rec, tmp_path / f"rec{suffix}"))
    xr.testing.assert_identical(back, rec)
    assert {n: v.dtype for n, v in back.variables.items()} == {
        n: v.dtype for n, v in rec.variables.items()
    }


def test_netcdf_holds_contiguous_ragged_arrays(tmp_path: Path) -> None:
    """Read as the CF conventions say (section 9.3.3), without xarray."""
    rec = changed()["peaks"]
    lo.save(rec, tmp_path / "rec.nc")
    with netcdf_file(tmp_path / "rec.nc", mmap=False) as file:
        held = file.variables
        (count,) = [v for v in held.values() if hasattr(v, "sample_dimension")]
        event = count.sample_dimension.decode()
        ends = np.cumsum(count[:].ravel())
        for name in ("spike_time", "spike_peak", "spike_trough"):
            assert held[name].dimensions == (event,)
            rows = np.split(held[name][:], ends[:-1])
            for row, own, number in zip(rows, rec[name].values.reshape(-1, rec.sizes["spike"]),
                                        rec.spike_count.values.ravel(), strict=True):  # fmt: skip
                np.testing.assert_array_equal(row, own[:number])
        assert held["status"].flag_values.tolist() == _STATUS["flag_values"].tolist()
        assert b"no_rest" in held["status"].flag_meanings


def written(rec: xr.Dataset, path: Path) -> Path:
    """A file of a dataset as it is."""
    module = {".nc": netcdf, ".npz": npz, ".csv": table}[path.suffix]
    module.write(rec, path, path)
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_files_of_earlier_versions(suffix: str, tmp_path: Path) -> None:
    """Which held spikes as memory did: in one row, and had no numbers for them."""
    rec = sweep().drop_vars(["status", "spike_peak", "spike_trough"])
    times = rec.spike_time.values
    row = ("event", times[np.isfinite(times)], rec.spike_time.attrs)
    old = rec.drop_dims("spike").assign(spike_time=row)
    path = written(old, tmp_path / f"old{suffix}")
    xr.testing.assert_identical(lo.open(path), rec)


def test_few_spikes_of_many_lanes_stay_in_one_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    padded = sweep()
    monkeypatch.setattr(spikes, "_LARGE", 8)
    monkeypatch.setattr(spikes, "_LARGER", 1.5)
    sweep.cache_clear()
    rec = sweep()
    sweep.cache_clear()
    assert rec.spike_time.dims == rec.spike_lane.dims == ("event",)
    assert "spike" not in rec.dims
    assert lo.spike_times(rec).equals(lo.spike_times(padded))
    lanes = np.repeat(np.arange(6), rec.spike_count.values.ravel())
    np.testing.assert_array_equal(rec.spike_lane, lanes)
    for suffix in SUFFIXES:
        path = lo.save(rec, tmp_path / f"rec{suffix}")
        xr.testing.assert_identical(lo.open(path), rec)
        assert path.read_bytes().count(b"spike_lane") == 0  # the counts say it
    monkeypatch.undo()
    xr.testing.assert_equal(lo.open(path).drop_vars("spike"), padded.drop_vars("spike"))


@pytest.mark.slow
def test_a_table_of_more_than_256_mb_is_not_made() -> None:
    """One lane in 40,000 fires 1000 times."""
    lanes, most = 40_000, 1_000
    lane = np.zeros(most, np.int64)

    def laid(lanes: int, lane: np.ndarray) -> tuple[dict, dict]:
        told = {"spike_time": (np.zeros(lane.size), {})}
        return spikes.laid_out(("cell",), (lanes,), lane, np.bincount(lane, minlength=lanes), told)

    variables, coords = laid(lanes, lane)
    assert variables["spike_time"][0] == "event"
    assert not coords
    variables, coords = laid(lanes // 2, lane)  # 160 MB
    assert variables["spike_time"][0] == ("cell", "spike")
    every = np.repeat(np.arange(lanes), most // 2)  # 4 times what the spikes take, or less
    assert laid(lanes, every)[0]["spike_time"][0][-1] == "spike"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_a_file_says_of_itself_takes_no_memory(suffix: str, tmp_path: Path) -> None:
    """A dimension of a file is no reason to make a table of that size."""
    rec = xr.Dataset(
        {"spike_count": ("cell", np.eye(1, 200, dtype=int)[0]), "spike_time": ("event", [1.0])},
        {"spike": np.arange(200_000)},
    )
    path = written(rec, tmp_path / f"many{suffix}")
    back = lo.open(path)
    assert back.spike_time.dims == ("event",)
    assert back.nbytes < 1e5
    assert fault(back) is None
