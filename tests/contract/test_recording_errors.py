"""What loligo says about files that it cannot write or read. The files are untrusted."""

from __future__ import annotations

import json
import os
import pickle
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import hh_scipy
import loligo as lo
from loligo.errors import FileError, LoligoError, UsageError
from loligo.recording import contents, netcdf, table
from loligo.recording.contents import fault
from loligo.recording.waveform import read_waveform

SUFFIXES = (".nc", ".npz", ".csv", ".xlsx")


@pytest.fixture(scope="module")
def rec() -> xr.Dataset:
    return hh_scipy.record((1, 1, 20), duration=5, sample_interval=0.25)


def wording(call: Callable[..., object], *args: object) -> str:
    with pytest.raises(LoligoError) as caught:
        call(*args)
    return str(caught.value)


# Names ---------------------------------------------------------------------------------


def test_suffixes(rec: xr.Dataset, tmp_path: Path) -> None:
    known = (
        "recordings are .nc (NetCDF), .npz (NumPy archive), .csv (text table), "
        ".xlsx (Excel workbook)"
    )
    assert wording(lo.save, rec, tmp_path / "a.mat").endswith(
        f"a.mat: unknown suffix '.mat'; {known}"
    )
    assert wording(lo.open, tmp_path / "a").endswith(f"a: no suffix; {known}")
    assert wording(lo.save, rec, tmp_path / "a.npy").endswith("(did you mean .npz?)")
    assert list(tmp_path.iterdir()) == []


def test_absent_files(rec: xr.Dataset, tmp_path: Path) -> None:
    lo.save(rec, tmp_path / "shock.nc")
    assert wording(lo.open, tmp_path / "shok.nc") == (
        f"cannot read {tmp_path / 'shok.nc'}: there is no such file (did you mean shock.nc?)"
    )
    assert f"there is no such file in {tmp_path}" in wording(lo.open, tmp_path / "x.csv")
    (tmp_path / "folder.nc").mkdir()
    assert wording(lo.open, tmp_path / "folder.nc").endswith("it is a folder")
    assert "does not exist; make it first" in wording(lo.save, rec, tmp_path / "none" / "a.nc")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_empty_files(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a{suffix}").touch()
    message = wording(lo.open, tmp_path / f"a{suffix}")
    assert message.endswith("is empty: the program that wrote it did not finish")


def test_a_file_of_another_kind(rec: xr.Dataset, tmp_path: Path) -> None:
    expected = {
        ".nc": "is not a NetCDF file, whatever its name says",
        ".npz": "is not a NumPy archive, whatever its name says",
        ".csv": "is not a text table, whatever its name says",
        ".xlsx": "is not an Excel workbook, whatever its name says",
    }
    for suffix, words in expected.items():
        path = tmp_path / f"a{suffix}"
        path.write_bytes(b"GIF89a\0\1\2\3")
        assert words in wording(lo.open, path)
    (tmp_path / "b.nc").write_bytes(b"\x89HDF\r\n\x1a\n")
    assert "is NetCDF 4 (HDF5)" in wording(lo.open, tmp_path / "b.nc")
    assert "convert it: nccopy -k nc6 b.nc new.nc" in wording(lo.open, tmp_path / "b.nc")
    (tmp_path / "c.nc").write_bytes(b"CDF\x05\0\0\0\0")
    assert "CDF-5" in wording(lo.open, tmp_path / "c.nc")
    with (tmp_path / "d.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    assert "holds a single array (.npy)" in wording(lo.open, tmp_path / "d.npz")


# Damage --------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_cut_short_anywhere(rec: xr.Dataset, tmp_path: Path, suffix: str) -> None:
    lo.save(rec, tmp_path / f"whole{suffix}")
    whole = (tmp_path / f"whole{suffix}").read_bytes()
    path = tmp_path / f"cut{suffix}"
    chance = random.Random(1)
    for length in sorted(chance.sample(range(1, len(whole)), 60)):
        path.write_bytes(whole[:length])
        try:
            back = lo.open(path)
        except FileError as error:
            assert str(path) in str(error)  # noqa: PT017  (a cut in padding may do no harm)
        else:
            xr.testing.assert_identical(back, rec) if suffix != ".csv" else None
            assert len(whole) - length <= 30


def test_a_table_cut_short(rec: xr.Dataset, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    lo.save(rec, path)
    whole = path.read_bytes()
    rows = whole.split(b"\r\n")
    path.write_bytes(whole[: whole.index(b"9/")])
    assert "notes: rows were removed" in wording(lo.open, path)
    path.write_bytes(b"\r\n".join(rows[:10]))
    assert "notes: rows were removed" in wording(lo.open, path)
    path.write_bytes(b"\r\n".join([*rows[:-2], rows[-2][:12]]))
    assert "notes: rows were removed" in wording(lo.open, path)
    path.write_bytes(rows[0])
    assert "cannot be read as a text table" in wording(lo.open, path)
    path.write_bytes(rows[0][:18])
    assert wording(lo.open, path).endswith("below its names there are no numbers")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_damaged_anywhere(rec: xr.Dataset, tmp_path: Path, suffix: str) -> None:
    """Any error is ours; what opens is still a recording."""
    lo.save(rec, tmp_path / f"whole{suffix}")
    whole = bytearray((tmp_path / f"whole{suffix}").read_bytes())
    path = tmp_path / f"bad{suffix}"
    chance = random.Random(2)
    for _ in range(120):
        bad = whole.copy()
        for _ in range(3):
            bad[chance.randrange(min(len(bad), 3000))] = chance.randrange(256)
        path.write_bytes(bad)
        try:
            assert "time" in lo.open(path).dims
        except FileError as error:
            assert str(path) in str(error)  # noqa: PT017


def test_the_words_for_damage(rec: xr.Dataset, tmp_path: Path) -> None:
    what = {".nc": "NetCDF", ".npz": "a NumPy archive", ".xlsx": "an Excel workbook"}
    for suffix, name in what.items():
        path = tmp_path / f"a{suffix}"
        lo.save(rec, path)
        path.write_bytes(path.read_bytes()[:-200])
        expected = f"{path} cannot be read as {name}: it is damaged, cut short, or something else ("
        assert wording(lo.open, path).startswith(expected)


# Hostile files -------------------------------------------------------------------------


class Bomb:
    ran = False

    def __reduce__(self) -> Any:
        return (setattr, (Bomb, "ran", True))


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", time=np.array([Bomb()], dtype=object))
    assert "holds Python objects, which could run a program" in wording(lo.open, tmp_path / "a.npz")
    (tmp_path / "b.npz").write_bytes(pickle.dumps(Bomb()))
    assert "is not a NumPy archive" in wording(lo.open, tmp_path / "b.npz")
    assert not Bomb.ran


def test_an_archive_that_promises_more_than_it_holds(tmp_path: Path) -> None:
    header = b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (%d,), }"
    for length in (10**15, 4, -1):
        path = tmp_path / "a.npz"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("time.npy", (header % length).ljust(127) + b"\n" + bytes(24))
        assert "damaged" in wording(lo.open, path)


def test_an_archive_that_swells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, time=np.zeros(1_000_000))
    monkeypatch.setattr(contents, "available", lambda: 1_000_000)
    message = wording(lo.open, path)
    assert message.endswith("it needs 8 MB of memory; open it part by part with xarray instead")
    assert "is too large" in message


def test_a_file_larger_than_memory(
    rec: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "available", lambda: 10)
    for suffix in SUFFIXES:
        lo.save(rec, tmp_path / f"a{suffix}")
        assert "is too large: it needs" in wording(lo.open, tmp_path / f"a{suffix}")


def described(**about: object) -> str:
    return "# variable " + json.dumps({"V": {"dims": ["time"], "attrs": {}, **about}})


@pytest.mark.parametrize(
    "notes",
    [
        ['# sizes {"time": 1000000000000}', described(dtype="float64")],
        ['# sizes {"time": -4}', described(dtype="float64")],
        ['# sizes {"time": 1}', described(dtype="O")],
        ['# sizes {"time": 1}', described(dtype="<U2000000000")],
        ['# sizes {"time": 1}', described()],
        ['# sizes {"time": 1}', described(dtype="float64", dims=["space"])],
        ['# sizes {"time": 1}', described(dtype="float64", values=[1, 2])],
        ['# sizes {"time": 1}', '# attribute {"note": [1, {"deep": null}]}'],
        ["# sizes " + "[" * 100_000],
        ["# sizes null"],
        ["# sizes"],
    ],
)
def test_hostile_comment_lines(tmp_path: Path, notes: list[str]) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["# loligo recording 1", *notes, "time (ms),V (mV)", "0,1", ""]))
    assert str(path) in wording(lo.open, path)


# Not recordings ------------------------------------------------------------------------


def opened(tmp_path: Path, **variables: Any) -> str:
    """What loligo says of a NetCDF file of someone else's."""
    path = tmp_path / "a.nc"
    data = {name: v for name, v in variables.items() if name != "coords"}
    xr.Dataset(data, variables.get("coords")).to_netcdf(path, engine="scipy")
    message = wording(lo.open, path)
    assert message.startswith(f"{path} does not hold a recording: ")
    return message.removeprefix(f"{path} does not hold a recording: ")


def test_what_is_missing(tmp_path: Path) -> None:
    t = {"time": np.arange(3.0)}
    assert opened(tmp_path, lat=("x", [1.0])) == (
        "it needs a 'time' and at least one quantity along it (such as V), "
        "or 'spike_count' and 'spike_time'; it has lat"
    )
    assert opened(tmp_path, V=("time", [1.0, 2.0])) == (
        "there is a dimension 'time' but no variable of that name that says when"
    )
    falling = {"time": [0.0, 2.0, 1.0]}
    assert opened(tmp_path, V=("time", np.zeros(3)), coords=falling) == (
        "'time' must increase; it does not after sample 1"
    )
    broken = {"time": [0.0, np.nan, 1.0]}
    assert opened(tmp_path, V=("time", np.zeros(3)), coords=broken) == (
        "'time' is not a number at sample 1"
    )
    dates = {"time": ("time", np.arange(3.0), {"units": "seconds since 2020-01-01"})}
    assert opened(tmp_path, V=("time", np.zeros(3)), coords=dates) == (
        "'time' is counted from a date; it must be in ms, or in what can be so"
    )
    assert opened(tmp_path, V=("time", np.zeros(3), {"units": "nA"}), coords=t) == (
        "'V' is in 'nA', a current; it must be in mV, or in what can be so"
    )
    assert opened(tmp_path, V=("time", np.zeros(3), {"units": "counts"}), coords=t) == (
        "'V' is in 'counts', no unit that loligo knows; it must be in mV, or in what can be so"
    )
    assert opened(tmp_path, V=("time", np.zeros(3)), spike_time=("event", [1.0]), coords=t) == (
        "'spike_count' is missing; where 'spike_time' lies along 'event' they belong together"
    )
    assert opened(tmp_path, spike_count=2, spike_time=("event", [1.0])).startswith(
        "'spike_count' promises 2 spikes but 'spike_time' has 1; if some cells were selected"
    )
    assert opened(tmp_path, spike_count=1, spike_time=("event", [np.nan])) == (
        "'spike_time' must be one row of finite numbers along 'event'"
    )
    for count in (-2, 1.0):
        told = opened(tmp_path, spike_count=count, spike_time=("event", [1.0]))
        assert told == "'spike_count' must be one whole number for each cell"
    around = xr.Dataset({"spike_count": ("a", 4 * [2**62] + [1]), "spike_time": ("event", [1.0])})
    assert str(fault(around)).startswith("'spike_count' promises 1.844674407e+19 spikes but")
    assert "are counted and 1 listed" in wording(lo.spike_times, around)
    assert opened(tmp_path, spike_count=-1, spike_time=("event", [1.0])).startswith(
        "'spike_count' promises 0 spikes but 'spike_time' has 1"
    )
    told = opened(tmp_path, spike_count=2, spike_time=("event", [1.0, 2.0]), coords={"spike": [0]})
    assert (
        told == "'spike_count' promises more spikes of a cell than there are places along 'spike'"
    )


def test_other_tables(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    cases = {
        "a,b\n1,2\n": "one of its columns must be 'time (ms)', and they are: a, b",
        "1,2\n2,3\n": "its first line must name the columns, one of them 'time (ms)', but it holds",
        "time,V\n0,-65\n1,low\n": "V in row 2 is 'low', not a number",
        "time,V\n0,-65\n1\n": "row 2 has 1 columns, not 2",
        "time,V,V\n0,1,2\n": "two columns are called 'V'",
        "time,,V\n0,1,2\n": "a column has no name",
        ",V\n0,1\n0.5,2\n": "its first column has no name; if it is time, write time (ms) above",
        "time (kg),V\n0,1\n": "'time' is in 'kg', a mass; it must be in ms",
        "time (ms),V (raw)\n0,1\n": "'V' is in 'raw', no unit that loligo knows",
        "time\n0\n1\n": "it needs a 'time' and at least one quantity along it",
        "time,V\n": "below its names there are no numbers",
        "time;V\n0;1.5\n1;2,5\n": "decimals with a point in row 1 and with a comma in row 2",
        "time;V\n0;1.234,5\n": "V in row 1 is '1.234,5', not a number",
        "time,V\n0,1 mV\n1,2 nA\n": "V in row 2 is '2 nA', and the column is in mV",
        "time,V\n0,1_000\n": "V in row 1 is '1_000', not a number",
        "# only a comment\n": "its first line must name the columns",
        'name = "squid"\n[gates.m]\n': "is no table of numbers: its first line is 'name",
        "<html>not found</html>\n": "is no table of numbers: its first line is '<html>not found",
    }
    for text, words in cases.items():
        path.write_text(text)
        assert words in wording(lo.open, path), text
    path.write_bytes("time,V\n0,\xff\n".encode("latin-1"))
    assert "V in row 1 is 'ÿ', not a number" in wording(lo.open, path)


def test_paths_that_are_none(rec: xr.Dataset) -> None:
    for path in (["a"], None, 3, {"a": 1}):
        for call in (lambda p: lo.open(p), lambda p: lo.save(rec, p)):
            assert wording(call, path) == (
                f"a path is text, such as 'shock.nc', not a {type(path).__name__}: {path!r}"
            )


def test_a_file_with_the_suffix_of_another(rec: xr.Dataset, tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        lo.save(rec, tmp_path / f"a{suffix}")
        for other in SUFFIXES:
            if other != suffix:
                path = tmp_path / f"b{other}"
                path.write_bytes((tmp_path / f"a{suffix}").read_bytes())
                assert "whatever its name says" in wording(lo.open, path) or {suffix, other} == {
                    ".npz",
                    ".xlsx",
                }
    path = tmp_path / "c.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100))
    assert "older Excel file (.xls) or has a password" in wording(lo.open, path)


def test_waveforms_from_files(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"

    def read(text: str) -> Any:
        path.write_text(text)
        time, current, unit = read_waveform(path)
        return lo.Waveform(time, current, **({"unit": unit} if unit else {}))

    triangle = lo.Waveform([0, 10, 20], [0, 5, 0])
    for text in (
        "0,0\n10,5\n20,0\n",
        "0;0\n10;5\n20;0\n",
        "0,0 0\n10,0 5,0\n20,0 0\n",
        "time (s),I (mA/cm2)\n0,0\n0.01,0.005\n0.02,0\n",
        "I [A/m2]\tt [ms]\n0\t0\n0.05\t10\n0\t20\n",
        "0,0 uA/cm2\n10,5 uA/cm2\n20,0 uA/cm2\n",
        "ms,uA/cm2\n0,0\n10,5\n20,0\n",
        "time (ms),V (mV),I (uA/cm2)\n0,1,0\n10,1,5\n20,1,0\n",
    ):
        assert read(text) == triangle, text
    total = read("0,20 nA\n1,20 nA\n")
    assert (total.unit, total.values.tolist()) == ("nA", [[20, 20]])
    refused = {
        "0,0\n5,10\n0,20\n": "seems to have its columns swapped",
        "time,V (mV)\n0,1\n1,2\n": "has besides the time: V (mV)",
        "time (mV),I\n0,1\n1,2\n": "its time is in 'mV', a voltage",
        "time,I,J\n0,1,2\n1,1,2\n": "has besides the time: I (no unit), J (no unit)",
        "x,y\n0,1\n1,2\n": "has the columns x, y, and none is the time",
        "0,20 uA\n1,20 mV\n": "column 2 in row 2 is '20 mV', and the column is in uA",
        "0,20 mV\n1,20 mV\n": "its current is in 'mV', a voltage",
        "1\n2\n": "has 1 columns without names",
    }
    for text, words in refused.items():
        assert words in wording(read, text), text
    rec = hh_scipy.record((1, 1, 20), duration=4, sample_interval=0.5)
    for suffix in SUFFIXES:
        lo.save(rec, tmp_path / f"r{suffix}")
        time, current, unit = read_waveform(tmp_path / f"r{suffix}")
        assert (unit, current.tolist()) == ("uA/cm2", rec.I_stim.values.tolist())
        np.testing.assert_array_equal(time, rec.time)


def test_other_archives(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.zeros(3))
    assert "it needs an array 'time' with one row of numbers (ms); its arrays are: x" in wording(
        lo.open, path
    )
    np.savez(path, time=np.arange(3.0), V=np.zeros((2, 3)))
    assert "without loligo's own notes every array must be 3 numbers" in wording(lo.open, path)


def test_edited_tables(tmp_path: Path) -> None:
    lanes = {"amplitude": np.array([0.0, 20.0])}
    rec = hh_scipy.record((1, 1, 0.0), (1, 1, 20.0), duration=2, sample_interval=0.5, lanes=lanes)
    path = tmp_path / "a.csv"
    lo.save(rec, path)
    lines = path.read_bytes().decode().splitlines(keepends=True)
    assert len(lines) == 11
    path.write_text("".join([*lines[:-5], lines[-1], *lines[-5:-1]]), newline="")
    assert "in row 7 'time (ms)' is '2.0', not 0.0; its rows were sorted" in wording(lo.open, path)
    path.write_text("".join([lines[0], *lines[6:], *lines[1:6]]), newline="")
    assert "in row 2 'amplitude' is '20.0', not 0.0; its rows were sorted" in wording(lo.open, path)
    path.write_text("".join(lines[:-1]), newline="")
    assert "has 9 of 10 rows: it was cut short, or rows were removed" in wording(lo.open, path)
    path.write_text("".join([*lines, lines[-1]]), newline="")
    assert "has more than the 10 rows that were saved" in wording(lo.open, path)
    path.write_text("".join(lines).replace("V (mV),", "V (V),", 1), newline="")
    assert "was changed since it was saved: it has no column 'V (mV)'" in wording(lo.open, path)
    path.write_text("".join(lines).replace(lines[3].split(",")[2], "100.5"), newline="")
    with pytest.warns(UserWarning, match="V has not every digit that loligo wrote, or was edited"):
        assert 100.5 in lo.open(path).V


# What cannot be saved ------------------------------------------------------------------


def test_what_is_not_a_recording(rec: xr.Dataset, tmp_path: Path) -> None:
    path = tmp_path / "a.nc"
    assert wording(lo.save, rec.V, path) == (
        "only a recording can be saved, not a DataArray; save the whole recording, not one variable"
    )
    assert wording(lo.save, 3, path) == "only a recording can be saved, not a int"
    assert "was not saved: it needs a 'time'" in wording(lo.save, xr.Dataset({"a": 1.0}), path)
    assert list(tmp_path.iterdir()) == []


def test_a_threshold_that_is_no_number(rec: xr.Dataset) -> None:
    for said in ("time", float("nan")):
        odd = rec.copy()
        odd["spike_time"] = rec.spike_time.assign_attrs(threshold=said)
        assert "own threshold is" in wording(lo.spike_times, odd)


def test_a_dimension_that_something_else_is_called(rec: xr.Dataset, tmp_path: Path) -> None:
    odd = rec.expand_dims(seed=2).assign(seed=("x", [1.0, 2.0]))
    assert "'seed' is a dimension, but" in wording(lo.save, odd, tmp_path / "a.csv")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_no_file_holds(rec: xr.Dataset, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    assert wording(lo.save, rec.assign_attrs(control=True), path) == (
        "attribute 'control' of the recording is a bool; only text and numbers can be saved: "
        "change or remove it"
    )
    bad = rec.copy()
    bad.V.attrs["limits"] = [1, 2]
    assert "attribute 'limits' of V is a list" in wording(lo.save, bad, path)
    broken = rec.assign_attrs(title="half a letter \ud800")
    if suffix == ".nc":  # the others keep even that
        assert "cannot be written as UTF-8" in wording(lo.save, broken, path)
    dates = rec.assign(when=("time", np.zeros(rec.time.size, "M8[ns]")))
    assert "when holds datetime64[ns] values; only numbers and text" in wording(
        lo.save, dates, path
    )
    wide = rec.assign(wide=("time", np.zeros(rec.time.size, np.longdouble)))
    if np.longdouble(0).itemsize > 8:  # on Windows it is a float64
        assert "wide holds float" in wording(lo.save, wide, path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("odd", ["a\nb", "a\0", "a\r", "\x1b[31m", "a\u2028b"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_names_that_no_file_keeps(rec: xr.Dataset, tmp_path: Path, suffix: str, odd: str) -> None:
    path = tmp_path / f"a{suffix}"
    for named in (
        rec.rename({"m": odd}),
        rec.assign_attrs({odd: 1}),
        rec.assign(extra=((odd,), [1.0, 2.0])),
    ):
        message = wording(lo.save, named, path)
        assert message.startswith(f"the name {odd!r} holds {odd.strip('ab[31m')!r}, which is no le")
        assert message.endswith("rename it")
    zero = rec.assign(label=(("x",), ["a", "b\0c"]))
    assert "a text of label holds a zero character" in wording(lo.save, zero, path)
    title = rec.assign_attrs(title="a\0")
    assert "attribute 'title' of the recording holds a zero character" in wording(
        lo.save, title, path
    )
    assert not path.exists()


def test_a_failed_save_keeps_the_old_file(rec: xr.Dataset, tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        path = tmp_path / f"a{suffix}"
        lo.save(rec, path)
        with pytest.raises(UsageError):
            lo.save(rec.assign_attrs(control=True), path)
        xr.testing.assert_identical(lo.open(path), rec)


def test_limits_of_the_formats(
    rec: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(netcdf, "_LARGEST", 100)
    message = wording(lo.save, rec, tmp_path / "a.nc")
    assert "NetCDF 3 holds at most 2.1 GB in one variable; save as .npz, or record less" in message
    monkeypatch.setattr(table, "_MOST", 100)
    message = wording(lo.save, rec, tmp_path / "a.csv")
    assert "is more than anyone can read; save as .nc or .npz, or record less" in message
    monkeypatch.undo()
    big = rec.assign_attrs(seed=2**40)
    assert "too large a whole number for NetCDF; make it text" in wording(
        lo.save, big, tmp_path / "a.nc"
    )
    lo.save(big, tmp_path / "a.npz")
    assert lo.open(tmp_path / "a.npz").attrs["seed"] == 2**40
    odd = rec.assign_attrs({"a/b": "no NetCDF name"})
    assert "NetCDF cannot hold this recording" in wording(lo.save, odd, tmp_path / "a.nc")
    named = rec.rename(m="loligo")
    assert "cannot be called 'loligo' in a .npz" in wording(lo.save, named, tmp_path / "a.npz")


def test_a_later_version(rec: xr.Dataset, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    meta = np.array(json.dumps({"format": 2}))
    np.savez(path, loligo=meta, time=rec.time)
    assert "it was written by a later version of loligo; update loligo" in wording(lo.open, path)
    (tmp_path / "a.csv").write_text("# loligo recording 2\ntime (ms),V (mV)\n0,1\n1,2\n")
    assert "written by a later version" in wording(lo.open, tmp_path / "a.csv")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.csv")
    assert wording(lo.open, tmp_path / "a.csv").endswith("it is not an ordinary file")


def test_a_voltage_that_is_text(rec: xr.Dataset, tmp_path: Path) -> None:
    text = rec.assign(V=rec.V.astype(str)).drop_vars(["spike_count", "spike_time"])
    assert "'V' holds <U" in wording(lo.save, text, tmp_path / "a.nc")
    for reader in (lo.spike_times, lo.spike_shape, lo.plot):
        assert "values, not numbers" in wording(reader, text)


def test_a_netcdf_file_cannot_ask_for_endless_text(rec: xr.Dataset, tmp_path: Path) -> None:
    path = tmp_path / "a.nc"
    hostile = rec.drop_vars(["spike_count", "spike_time"]).copy(deep=True)
    hostile.V.attrs["loligo_dtype"] = "<U100000000"
    hostile.to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")
    assert "no such type of numbers" in wording(lo.open, path)
