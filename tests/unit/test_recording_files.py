"""What is saved comes back: every name, dimension, attribute and bit."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import hh_scipy
import loligo as lo
from trying import examples

SUFFIXES = (".nc", ".npz", ".csv")


def single() -> xr.Dataset:
    return hh_scipy.record((5, 40, 10), duration=50, sample_interval=0.05, initial=-65)


def sweep() -> xr.Dataset:
    pulses = [(5.0, d, a) for d in (1.0, 40.0) for a in (0.0, 5.0, 20.0)]
    lanes = {"length": np.array([1.0, 40.0]), "amplitude": np.array([0.0, 5.0, 20.0])}
    return hh_scipy.record(*pulses, duration=30, sample_interval=0.1, lanes=lanes)


def spikes_only() -> xr.Dataset:
    rec = sweep()
    return (
        rec[["spike_count", "spike_time"]]
        .drop_vars("time", errors="ignore")
        .assign_attrs(rec.attrs)
    )


def silent() -> xr.Dataset:
    return hh_scipy.record((5, 1, 1), duration=10)


def assert_same(a: xr.Dataset, b: xr.Dataset) -> None:
    xr.testing.assert_identical(a, b)
    assert set(a.variables) == set(b.variables)
    assert set(a.coords) == set(b.coords)
    assert dict(a.sizes) == dict(b.sizes)
    for name, variable in a.variables.items():
        other = b.variables[name]
        assert variable.dtype == other.dtype, name
        assert variable.values.tobytes() == other.values.tobytes(), name
        assert {k: type(v) for k, v in variable.attrs.items()} == {
            k: type(v) for k, v in other.attrs.items()
        }, name


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("make", [single, sweep, spikes_only, silent])
def test_round_trip(tmp_path: Path, make: Any, suffix: str) -> None:
    rec = make()
    path = tmp_path / f"rec{suffix}"
    assert lo.save(rec, path) == path
    back = lo.open(path)
    assert_same(rec, back)
    if "provenance" in rec.attrs:
        assert json.loads(back.attrs["provenance"])["model"]["title"] == "Riesenaxon – µ"
    np.testing.assert_array_equal(lo.spike_times(back), lo.spike_times(rec))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "lanes",
    [
        {"seed": np.array([2**63 - 1, -5, 7])},  # more than NetCDF's integers hold
        {"name": np.array(['a, "b"', "# µ", "line\nbreak"])},
        {"on": np.array([True, False, True])},
        {"amplitude": np.array([0.1 + 0.2, np.nextafter(1, 2), -0.0])},
    ],
)
def test_labels_of_every_kind(tmp_path: Path, suffix: str, lanes: dict[str, Any]) -> None:
    (dim, labels), *_ = lanes.items()
    rec = hh_scipy.record((1, 1, 20), (1, 1, 0), (1, 1, 5), duration=5, lanes={dim: labels})
    lo.save(rec, tmp_path / f"a{suffix}")
    assert_same(rec, lo.open(tmp_path / f"a{suffix}"))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("sizes", [(0, 3), (2, 0), (0, 0)])
def test_no_lanes_at_all(tmp_path: Path, suffix: str, sizes: tuple[int, int]) -> None:
    rec = xr.Dataset(
        {
            "V": (("a", "b", "time"), np.zeros((*sizes, 4)), {"units": "mV"}),
            "spike_count": (("a", "b"), np.zeros(sizes, int)),
            "spike_time": (("a", "b", "spike"), np.zeros((*sizes, 2)), {"threshold": 0.0}),
        },
        {
            "spike": [0, 1],
            "time": ("time", np.arange(4) * 0.1, {"units": "ms"}),
            "a": np.arange(sizes[0]) * 1.0,
        },
    )
    lo.save(rec, tmp_path / f"a{suffix}")
    assert_same(rec, lo.open(tmp_path / f"a{suffix}"))


@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    values=hnp.arrays(np.float64, (2, 3), elements=st.floats(allow_nan=True)),
    note=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40),
    number=st.floats(allow_nan=False),
)
def test_every_bit_and_every_letter(
    tmp_path: Path, values: np.ndarray, note: str, number: float
) -> None:
    rec = xr.Dataset(
        {"V": (("cell", "time"), values, {"units": "mV", "note": note, "number": number})},
        {"time": ("time", [0.0, 0.1, 0.3], {"units": "ms"}), "celsius": 6.3},
        {"note": note},
    )
    for suffix in SUFFIXES:
        lo.save(rec, tmp_path / f"a{suffix}")
        back = lo.open(tmp_path / f"a{suffix}")
        same = np.array_equal(back.V.values.view(np.int64), values.view(np.int64))
        assert same or (np.isnan(values).any() and np.array_equal(back.V, values, equal_nan=True))
        assert back.attrs == {"note": note}
        assert back.V.attrs == {"units": "mV", "note": note, "number": number}
        assert "celsius" in back.coords


def test_selecting_before_saving(tmp_path: Path) -> None:
    rec = sweep()
    one = rec.drop_vars(["spike_count", "spike_time"]).sel(amplitude=20.0)
    for suffix in SUFFIXES:
        lo.save(one, tmp_path / f"a{suffix}")
        assert_same(one, lo.open(tmp_path / f"a{suffix}"))


def test_a_csv_says_what_it_is(tmp_path: Path) -> None:
    lo.save(single(), tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()
    head = [line for line in lines if line.startswith("#")]
    assert head[0] == "# loligo recording 1"
    assert '# attribute {"model": "hodgkin-huxley-1952"}' in head
    assert any(line.startswith('# variable {"spike_time"') and "6.9007" in line for line in head)
    body = lines[len(head) :]
    assert body[0].startswith("time (ms),V (mV),m,h,n,I_Na (uA/cm2)")
    assert body[1].startswith("0.0,-65.0,0.0529")
    assert len(body) == 1 + 1001


def test_a_csv_of_several_cells_is_in_long_form(tmp_path: Path) -> None:
    rec = sweep()
    lo.save(rec, tmp_path / "a.csv")
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(tmp_path / "a.csv", comment="#")
    assert list(table) == ["length", "amplitude", "time (ms)", "V (mV)"]
    assert len(table) == 6 * rec.sizes["time"]
    cell = table[(table.length == 40) & (table.amplitude == 20)]
    np.testing.assert_allclose(cell["V (mV)"], rec.V.sel(length=40, amplitude=20), rtol=1e-15)


def test_a_csv_of_spikes_alone_lists_them(tmp_path: Path) -> None:
    rec = spikes_only()
    lo.save(rec, tmp_path / "a.csv")
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(tmp_path / "a.csv", comment="#")
    assert list(table) == ["length", "amplitude", "spike_time (ms)"]
    times = lo.spike_times(rec).sel(length=40, amplitude=20).dropna("spike")
    assert times.size >= 2
    mine = table[(table.length == 40) & (table.amplitude == 20)]
    np.testing.assert_allclose(mine["spike_time (ms)"], times, rtol=1e-15)


def test_other_programs_read_the_files(tmp_path: Path) -> None:
    rec = single()
    lo.save(rec, tmp_path / "a.npz")
    lo.save(rec, tmp_path / "a.nc")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["V"], rec.V)
        np.testing.assert_array_equal(archive["spike_time"], rec.spike_time)
    with xr.open_dataset(tmp_path / "a.nc", engine="scipy") as other:
        np.testing.assert_array_equal(other.V, rec.V)
        assert other.V.attrs["units"] == "mV"


def test_the_same_recording_gives_the_same_bytes(tmp_path: Path) -> None:
    rec = single()
    for suffix in SUFFIXES:
        lo.save(rec, tmp_path / f"a{suffix}")
        lo.save(rec, tmp_path / f"b{suffix}")
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_saving_changes_nothing_in_memory(tmp_path: Path) -> None:
    rec = sweep()
    before = rec.copy(deep=True)
    for suffix in SUFFIXES:
        lo.save(rec, tmp_path / f"a{suffix}")
    assert_same(before, rec)
    assert "_FillValue" not in rec.V.encoding


def test_suffixes_in_capitals(tmp_path: Path) -> None:
    lo.save(silent(), tmp_path / "A.NPZ")
    assert zipfile.is_zipfile(tmp_path / "A.NPZ")
    assert_same(silent(), lo.open(str(tmp_path / "A.NPZ")))


def test_other_peoples_files(tmp_path: Path) -> None:
    time, V = np.arange(5) * 0.1, np.linspace(-65, -60, 5)
    (tmp_path / "a.csv").write_text(
        "\ufefftime (ms), V [mV]\r\n"
        + "".join(f"{t},{v}\r\n" for t, v in zip(time, V, strict=True)),
        encoding="utf-8",
    )
    np.savez(tmp_path / "a.npz", time=time, V=V)
    xr.Dataset({"V": ("time", V)}, {"time": time}).to_netcdf(tmp_path / "a.nc", engine="scipy")
    for suffix in SUFFIXES:
        rec = lo.open(tmp_path / f"a{suffix}")
        np.testing.assert_array_equal(rec.V, V)
        np.testing.assert_array_equal(rec.time, time)
        assert lo.spike_times(rec).size == 0
    assert lo.open(tmp_path / "a.csv").V.attrs == {"units": "mV"}
