"""What is saved comes back: every name, dimension, attribute and bit."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
import warnings
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

SUFFIXES = (".nc", ".npz", ".csv", ".xlsx")


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
def test_labels_that_pandas_made(tmp_path: Path, suffix: str) -> None:
    pd = pytest.importorskip("pandas")
    rec = hh_scipy.record((1, 1, 20), (1, 1, 0), duration=5, lanes={"case": np.arange(2)})
    named = rec.assign_coords(case=pd.Series(["shock", "nothing"], dtype="string").to_numpy())
    parts = [rec.isel(case=i, drop=True) for i in range(2)]
    names = pd.Index(["shock", "nothing"], name="case")
    joined = xr.concat(parts, names, coords="minimal", compat="override", join="outer")
    for each in (named, joined):
        lo.save(each, tmp_path / f"a{suffix}")
        again = lo.open(tmp_path / f"a{suffix}")
        assert again.case.values.tolist() == ["shock", "nothing"]
        np.testing.assert_array_equal(again.V.sel(case="shock"), rec.V[0])


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


def test_a_csv_is_a_table_and_nothing_else(tmp_path: Path) -> None:
    """A line of names, then numbers; as Excel and `pandas.read_csv` without an option read it."""
    rec = single()
    lo.save(rec, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head[:4] == ["time (ms)", "V (mV)", "m", "h"]
    assert head[-2:] == ["spike_time (ms)", "loligo recording 2"]
    assert len(rows) == 1001
    assert {len(row) for row in rows} == {len(head)}
    assert rows[0][:3] == ["0.0", "-65.0", repr(float(rec.m[0]))]
    assert [row[-2] for row in rows[:4]] == [*map(repr, rec.spike_time.values.tolist()), ""]
    assert max(len(cell) for row in rows for cell in row) <= 32_767  # of a spreadsheet's cell


def test_pandas_reads_numbers_without_an_option(tmp_path: Path) -> None:
    rec = sweep()
    lo.save(rec, tmp_path / "a.csv")
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(tmp_path / "a.csv")
    assert list(table)[:-1] == [
        "length", "amplitude", "time (ms)", "V (mV)", "spike_count", "spike_time (ms)",
    ]  # fmt: skip
    assert {str(table[name].dtype) for name in list(table)[:-1]} == {"float64", "int64"}
    assert len(table) == 6 * rec.sizes["time"]
    cell = table[(table.length == 40) & (table.amplitude == 20)]
    np.testing.assert_allclose(cell["V (mV)"], rec.V.sel(length=40, amplitude=20), rtol=1e-15)
    counts = table.groupby(["length", "amplitude"])["spike_time (ms)"].count().unstack()
    np.testing.assert_array_equal(counts, rec.spike_count)


def test_a_csv_of_spikes_alone_lists_them(tmp_path: Path) -> None:
    rec = spikes_only()
    lo.save(rec, tmp_path / "a.csv")
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(tmp_path / "a.csv")
    assert list(table)[:4] == ["length", "amplitude", "spike_count", "spike_time (ms)"]
    times = lo.spike_times(rec).sel(length=40, amplitude=20).dropna("spike")
    assert times.size >= 2
    mine = table[(table.length == 40) & (table.amplitude == 20)]
    np.testing.assert_allclose(mine["spike_time (ms)"], times, rtol=1e-15)
    silent_ones = table[table.spike_count == 0]
    assert len(silent_ones) == int((rec.spike_count == 0).sum())  # a row each, and no time in it
    assert silent_ones["spike_time (ms)"].isna().all()


def test_a_workbook_is_read_by_others(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    rec = sweep()
    lo.save(rec, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["recording", "loligo"]
    head, *rows = book["recording"].values
    assert head == (
        "length", "amplitude", "time (ms)", "V (mV)", "spike_count", "spike_time (ms)",
    )  # fmt: skip
    assert np.array([row[3] for row in rows]).tobytes() == rec.V.values.tobytes()  # every bit
    assert rows[0][-1] is None


def test_many_dimensions_in_a_table(tmp_path: Path) -> None:
    """What goes with lanes has a column, and what runs along time and places one for each place."""
    rec = xr.Dataset(
        {
            "V": (("position", "time"), np.arange(6.0).reshape(3, 2), {"units": "mV"}),
            "I_stim": (("place", "time"), np.arange(4.0).reshape(2, 2), {"units": "nA"}),
            "status": ("position", np.array([0, 1, 0], np.int8)),
            "fit": (("a", "b"), np.eye(2)),
        },
        {
            "time": ("time", [0.0, 0.5], {"units": "ms"}),
            "position": ("position", [1.0, 2.0, 3.0], {"units": "um"}),
            "region": ("position", ["soma", "axon", "axon"]),
            "place": ("place", [0.0, 10.0]),
        },
    )
    for suffix in SUFFIXES:
        lo.save(rec, tmp_path / f"a{suffix}")
        assert_same(rec, lo.open(tmp_path / f"a{suffix}"))
    head, first, *_ = (tmp_path / "a.csv").read_text().splitlines()
    assert head.startswith(
        '"position (um)",region,time (ms),V (mV),"I_stim[place=0.0] (nA)","I_stim[place=10.0] (nA)"'
        ",status".replace('"', "")
    )
    assert first.startswith("1.0,soma,0.0,0.0,0.0,2.0,0,")


def test_an_experiment_without_time(tmp_path: Path) -> None:
    rec = xr.Dataset(
        {"rate": ("amplitude", [0.0, 55.5], {"units": "Hz"}), "rheobase": 6.2},
        {"amplitude": ("amplitude", [5.0, 10.0], {"units": "uA/cm2"})},
        {"experiment": "f-I curve"},
    )
    for suffix in SUFFIXES:
        lo.save(rec, tmp_path / f"a{suffix}")
        assert_same(rec, lo.open(tmp_path / f"a{suffix}"))
    assert (tmp_path / "a.csv").read_text().startswith("amplitude (uA/cm2),rate (Hz),loligo")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_texts_of_every_kind(tmp_path: Path, suffix: str) -> None:
    texts = ["=1+1", " blank ", "", "a\rb", "\x1b", "_x0041_", "µ,;\t", '"', "−65,5", "True"]
    rec = xr.Dataset(
        {"V": (("name", "time"), np.zeros((len(texts), 2)), {"units": "mV"})},
        {"time": ("time", [0.0, 1.0], {"units": "ms"}), "name": texts},
    )
    lo.save(rec, tmp_path / f"a{suffix}")
    assert_same(rec, lo.open(tmp_path / f"a{suffix}"))


# Saved again by other programs ------------------------------------------------------------


def test_a_csv_that_pandas_saved_again(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    rec = sweep()
    lo.save(rec, tmp_path / "a.csv")
    table = pandas.read_csv(tmp_path / "a.csv")
    table.to_csv(tmp_path / "b.csv")  # with a column of its own in front
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas before 3 reads the last digit as it likes
        back = lo.open(tmp_path / "b.csv")
    xr.testing.assert_allclose(rec, back, rtol=1e-15)
    assert back.attrs == rec.attrs
    table.assign(remark=1).to_csv(tmp_path / "c.csv", index=False)
    with pytest.warns(UserWarning, match="columns that loligo did not write.*: remark"):
        xr.testing.assert_allclose(rec, lo.open(tmp_path / "c.csv"), rtol=1e-15)


def _as_excel(text: str, digits: int, separator: str, decimal: str) -> str:
    """What a spreadsheet makes of a CSV file: its own digits, separators and line ends."""
    table = list(csv.reader(io.StringIO(text, newline="")))
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    for row in table:
        writer.writerow([_shown(cell, digits, decimal) for cell in row])
    return out.getvalue()


def _shown(cell: str, digits: int, decimal: str) -> str:
    if cell in ("True", "False"):
        return cell.upper()
    try:
        return f"{float(cell):.{digits}G}".replace(".", decimal)
    except ValueError:
        return cell


@pytest.mark.parametrize(
    ("digits", "separator", "decimal", "encoding"),
    [
        (15, ",", ".", "utf-8-sig"),
        (9, ",", ".", "cp1252"),
        (15, ";", ",", "utf-8"),
        (15, "\t", ",", "utf-16"),
    ],
)
def test_a_csv_that_a_spreadsheet_saved_again(
    tmp_path: Path, digits: int, separator: str, decimal: str, encoding: str
) -> None:
    rec = sweep()
    lo.save(rec, tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_bytes().decode("utf-8-sig")
    again = _as_excel(text, digits, separator, decimal)
    (tmp_path / "b.csv").write_bytes(again.encode(encoding))
    with pytest.warns(UserWarning, match="V.* not every digit that loligo wrote"):
        back = lo.open(tmp_path / "b.csv")
    xr.testing.assert_allclose(back, rec, rtol=1e-14 if digits == 15 else 1e-8)
    assert back.attrs == rec.attrs
    assert back.V.attrs == rec.V.attrs
    np.testing.assert_array_equal(back.amplitude, rec.amplitude)


def test_rows_without_what_is_empty_at_their_end(tmp_path: Path) -> None:
    """As Excel leaves it away in blocks of 16 rows."""
    rec = sweep()
    lo.save(rec, tmp_path / "a.csv")
    rows = (tmp_path / "a.csv").read_bytes().decode().split("\r\n")
    (tmp_path / "b.csv").write_text("\n".join(row.rstrip(",") for row in rows))
    assert_same(rec, lo.open(tmp_path / "b.csv"))


def test_a_workbook_that_another_program_saved_again(tmp_path: Path) -> None:
    """With shared texts, styles and 16 digits, as openpyxl writes them."""
    openpyxl = pytest.importorskip("openpyxl")
    rec = sweep()
    lo.save(rec, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    book["recording"]["D3"].font = openpyxl.styles.Font(bold=True)
    book.save(tmp_path / "b.xlsx")
    with pytest.warns(UserWarning, match="V.* not every digit"):
        back = lo.open(tmp_path / "b.xlsx")
    xr.testing.assert_allclose(back, rec, rtol=1e-15)
    assert back.attrs == rec.attrs


# Of earlier versions ----------------------------------------------------------------------

KEPT = Path(__file__).parents[1] / "kept" / "0.1.0"


@pytest.mark.parametrize("suffix", [".nc", ".npz", ".csv"])
def test_files_of_the_first_version_open(suffix: str) -> None:
    """Numbers as that version printed them."""
    one = lo.open(KEPT / f"one{suffix}")
    assert float(one.V.max()) == 34.64905583478646
    assert lo.spike_times(one).values.tolist() == [3.013331582960153]
    many = lo.open(KEPT / f"many{suffix}")
    assert many.amplitude.values.tolist() == [0, 12, 30]
    assert many.spike_count.values.tolist() == [0, 2, 2]
    times = lo.spike_times(many).sel(amplitude=30).values.tolist()
    assert times == [2.0121355070573284, 12.7998964737485]
    assert float(many.V.max()) == 39.87302074879891
    spikes = lo.open(KEPT / f"spikes{suffix}")
    assert lo.spike_times(spikes).sel(amplitude=12).values.tolist() == [
        2.7046265007017816, 16.75495024597257,
    ]  # fmt: skip
    axon = lo.open(KEPT / f"axon{suffix}")
    assert axon.V.dims == ("position", "time")
    assert float(axon.V.max()) == 43.592098810725574
    assert lo.spike_times(axon).values.ravel().tolist() == [0.6695110986742207, 1.167592677013142]
    assert axon.myelin.dtype == bool
    assert json.loads(axon.attrs["provenance"])["model"]["kind"] == "axon"


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


def _held(rec: xr.Dataset, path: Path) -> int:
    """Bytes that saving takes besides the recording."""
    tracemalloc.start()
    lo.save(rec, path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def _long(samples: int) -> xr.Dataset:
    time = ("time", np.arange(samples) * 0.05, {"units": "ms"})
    return xr.Dataset({"V": ("time", np.sin(time[1]), {"units": "mV"})}, {"time": time})


@pytest.mark.slow
def test_saving_holds_little_besides_the_recording(tmp_path: Path) -> None:
    rec = _long(4_000_000)
    for suffix in (".nc", ".npz"):
        lo.save(_long(2), tmp_path / f"a{suffix}")  # with all that is imported for it
        assert _held(rec, tmp_path / f"a{suffix}") < 20e6 < rec.nbytes / 3
    for suffix in (".csv", ".xlsx"):
        lo.save(_long(2), tmp_path / f"a{suffix}")
        few, many = (_held(_long(n), tmp_path / f"a{suffix}") for n in (30_000, 90_000))
        assert many < 1.2 * few + 1e6  # some rows at a time, however many there are


def test_suffixes_in_capitals(tmp_path: Path) -> None:
    lo.save(silent(), tmp_path / "A.NPZ")
    assert zipfile.is_zipfile(tmp_path / "A.NPZ")
    assert_same(silent(), lo.open(str(tmp_path / "A.NPZ")))


def test_other_peoples_files(tmp_path: Path) -> None:
    time, V = np.arange(5) * 0.1, np.linspace(-65, -60, 5)
    rows = "".join(f"{t},{v}\r\n" for t, v in zip(time, V, strict=True))
    (tmp_path / "a.csv").write_text(f"\ufefftime (ms), V [mV]\r\n{rows}", encoding="utf-8")
    np.savez(tmp_path / "a.npz", time=time, V=V)
    xr.Dataset({"V": ("time", V)}, {"time": time}).to_netcdf(tmp_path / "a.nc", engine="scipy")
    for suffix in (".nc", ".npz", ".csv"):
        rec = lo.open(tmp_path / f"a{suffix}")
        np.testing.assert_array_equal(rec.V, V)
        np.testing.assert_array_equal(rec.time, time)
        assert lo.spike_times(rec).size == 0
    assert lo.open(tmp_path / "a.csv").V.attrs == {"units": "mV"}


# name -> the table; each is -65, -64.5, 20 mV at 0, 0.5, 1 ms
TABLES = {
    "seconds and volts": "time (s),V (V)\n0,-0.065\n0.0005,-0.0645\n0.001,0.02\n",
    "swapped": "V (mV),time (ms)\n-65,0\n-64.5,0.5\n20,1\n",
    "words": "Time [seconds],Membrane potential [millivolts]\n0,-65\n5e-4,-64.5\n1e-3,20\n",
    "german": "Zeit (ms);Spannung (mV)\n0;-65\n0,5;-64,5\n1;20\n",
    "tabs": "t\tVm\n0\t-65\n0.5\t-64.5\n1\t20\n",
    "tabs and commas": "t\tVm\n0,0\t-65,0\n0,5\t-64,5\n1,0\t20,0\n",
    "blanks": "  t_ms    V_mV\n  0.0   -65.0\n  0.5   -64.5\n  1.0    20.0\n",
    "units below": "time,V\nms,mV\n0,-65\n0.5,-64.5\n1,20\n",
    "units in cells": "time,V\n0 ms,-65 mV\n0.5 ms,-64.5 mV\n1 ms,0.02 V\n",
    "slashes": "t/us,V/uV\n0,-65000\n500,-64500\n1000,20000\n",
    "comments": "# rig 3\n% filtered\ntime,V\n0,-65\n0.5,-64.5\n1,20\n",
    "columns of a spreadsheet": "time,V,,\r\n0,-65,,\r\n0.5,-64.5,,\r\n1,20,,\r\n",
    "numbered by pandas": ",time,V\n3,0,-65\n4,0.5,-64.5\n5,1,20\n",
    "lines of a Mac": "time,V\r0,-65\r0.5,-64.5\r1,20\r",
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_by_other_hands(tmp_path: Path, name: str) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        (tmp_path / "a.csv").write_bytes(TABLES[name].encode(encoding))
        rec = lo.open(tmp_path / "a.csv")
        np.testing.assert_allclose(rec.time, [0, 0.5, 1], rtol=1e-15)
        np.testing.assert_allclose(rec.V, [-65, -64.5, 20], rtol=1e-15)
        assert rec.V.attrs.get("units", "mV") == "mV"
    (tmp_path / "a.txt").write_text(TABLES[name], newline="")
    np.testing.assert_allclose(lo.open(tmp_path / "a.txt").V, [-65, -64.5, 20], rtol=1e-15)


def test_a_number_in_a_name_is_no_power_of_a_unit(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time,V1,V2,I_A1\n0,-65,-66,3\n1,-64,-66,4\n")
    rec = lo.open(tmp_path / "a.csv")
    assert list(rec.data_vars) == ["V1", "V2", "I_A1"]
    assert rec.V1.values.tolist() == [-65, -64]
    assert rec.I_A1.values.tolist() == [3, 4]
    assert not rec.V1.attrs


def test_other_quantities_keep_their_names_and_get_our_units(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "time (ms),V (mV),I (A/m2),I_K (pA),Ca (uM),note (ch 1)\n0,1,2,3,4,5\n1,2,3,4,5,6\n"
    )
    rec = lo.open(tmp_path / "a.csv")
    assert rec.I.values.tolist() == [200, 300]  # 1 A/m2 is 100 uA/cm2
    assert rec.I.attrs["units"] == "uA/cm2"
    assert rec.I_K.values.tolist() == [0.003, 0.004]
    assert rec.I_K.attrs["units"] == "nA"
    assert rec.Ca.values.tolist() == [4, 5]
    assert rec.Ca.attrs["units"] == "uM"
    assert "note (ch 1)" in rec


def test_netcdf_by_other_hands(tmp_path: Path) -> None:
    """Their names, their units, packed values and an unlimited dimension."""
    scipy_io = pytest.importorskip("scipy.io")
    with scipy_io.netcdf_file(tmp_path / "a.nc", "w") as file:
        file.createDimension("t", None)
        time = file.createVariable("t", "f8", ("t",))
        time[:] = [0.0, 0.0005, 0.001]
        time.units = "seconds"
        potential = file.createVariable("Vm", "i2", ("t",))
        potential[:] = [-130, -129, -32768]
        potential.units, potential.scale_factor = "mV", 0.5
        potential._FillValue = np.int16(-32768)
    rec = lo.open(tmp_path / "a.nc")
    assert rec.time.values.tolist() == [0, 0.5, 1]
    np.testing.assert_allclose(rec.V, [-65, -64.5, np.nan], rtol=1e-15)


def test_datasets_in_memory_state_their_units(tmp_path: Path) -> None:
    """Volts and seconds, in attributes or as quantities, are the same as mV and ms."""
    pint = pytest.importorskip("pint")
    rec = single()[["V", "m", "h", "n"]].drop_vars("spike", errors="ignore")
    seconds = ("time", rec.time.values / 1e3, {"units": "s"})
    volts = rec.assign(V=("time", rec.V.values / 1e3, {"units": "V"})).assign_coords(time=seconds)
    quantities = rec.assign(V=("time", rec.V.values * pint.UnitRegistry().mV))
    spans = rec.assign_coords(time=(rec.time.values * 1e6).astype("timedelta64[ns]"))
    expected = lo.spike_times(rec)
    assert expected.size == 3
    for other in (volts, quantities, spans):
        np.testing.assert_allclose(lo.spike_times(other), expected, rtol=1e-12)
        steep = lo.spike_shape(other)["AP_peak_upstroke"]
        np.testing.assert_allclose(steep, lo.spike_shape(rec)["AP_peak_upstroke"], rtol=1e-9)
        lo.save(other, tmp_path / "a.nc")
        np.testing.assert_allclose(lo.open(tmp_path / "a.nc").V, rec.V, rtol=1e-15)
    squid = lo.load("hodgkin-huxley-1952")
    goes_on = lo.simulate(squid, None, 2, initial=volts)
    np.testing.assert_allclose(goes_on.V, lo.simulate(squid, None, 2, initial=rec).V, rtol=1e-12)
    lines = [lo.plot(one).axes[0].lines[0].get_ydata() for one in (rec, volts)]
    np.testing.assert_allclose(*lines, rtol=1e-12)


def test_waveforms_state_their_units() -> None:
    pint = pytest.importorskip("pint")
    unit = pint.UnitRegistry()
    expected = lo.Waveform([0, 10, 20], [0, 5, 0])
    current = [0, 0.005, 0] * unit("mA/cm**2")
    assert lo.Waveform([0, 0.01, 0.02] * unit.s, current) == expected
    times = xr.DataArray([0, 0.01, 0.02], dims="time", attrs={"units": "s"})
    array = xr.DataArray([0, 0.005, 0], {"time": times}, ["time"], attrs={"units": "mA/cm2"})
    assert lo.Waveform(array) == expected
    assert lo.Waveform(times, array) == expected
    volts = xr.DataArray([0.0, 5, 0], {"time": times}, ["time"], attrs={"units": "mV"})
    with pytest.raises(lo.LoligoError, match=r"lo\.VoltageClamp"):  # a command, and no current
        lo.simulate(lo.load("hodgkin-huxley-1952"), lo.Waveform(volts), 10)
    molar = array.assign_attrs(units="mM")
    with pytest.raises(lo.LoligoError, match="a concentration"):
        lo.Waveform(molar)


def test_what_a_file_would_not_hold_of_a_tree_is_refused(tmp_path: Path) -> None:
    table = xr.Dataset({"x": ("p", [1.0])})
    deep, loose = {"/a": table, "/a/b": table}, {"/": table, "/a": table}
    for nodes in (deep, loose, {"/b c": table}, {}):
        with pytest.raises(lo.LoligoError, match=r"save a table by itself"):
            lo.save(xr.DataTree.from_dict(nodes), tmp_path / "tree.nc")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("nodes", ['["a"]', '["V", "V"]', '["a/../b"]', "[[]]", "{}", "["])
def test_a_file_that_only_says_that_it_holds_tables_loses_nothing(
    tmp_path: Path, nodes: str
) -> None:
    path = lo.save(silent().assign_attrs(nodes=nodes), tmp_path / "said.nc")
    assert_same(lo.open(path), silent().assign_attrs(nodes=nodes))
