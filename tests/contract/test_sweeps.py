"""Sweeps in blocks: the bits of one run, resumed where they stopped, and no store mixed up."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import loligo as lo
from commands import called
from loligo.sweeps import block as blocks
from loligo.sweeps.boxes import Boxes
from loligo.sweeps.leases import Leases

pytest.importorskip("zarr")

SQUID = lo.load("hodgkin-huxley-1952").replace(g_Na=[60.0, 90.0, 120.0, 150.0, 180.0])
PULSE = lo.Pulse(5, 10, [0.0, 10.0, 20.0])
LANES = 15
SOLVER = lo.Exponential(0.05)  # whose kernels are made fastest


def swept(store: Path, **settings: Any) -> xr.Dataset:
    return lo.sweep(SQUID, PULSE, 20, store=store, **{"block": 3, "solver": SOLVER, **settings})


@pytest.fixture(scope="module")
def whole() -> xr.Dataset:
    return lo.simulate(SQUID, PULSE, 20, solver=SOLVER)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("stored") / "sweep.zarr"
    swept(store)
    return store


@pytest.fixture
def store(stored: Path, tmp_path: Path) -> Path:
    """A store that is whole, to be damaged."""
    return Path(shutil.copytree(stored, tmp_path / "sweep.zarr"))


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The labels of the blocks that are computed."""
    labels: list[str] = []
    run = blocks.run

    def counted(asked: Any, box: Any, label: str, advance: Callable[[float], None]) -> Any:
        labels.append(label)
        return run(asked, box, label, advance)

    monkeypatch.setattr("loligo.sweeps.threads.run", counted)
    return labels


def content(store: Path) -> dict[str, bytes]:
    """Every file but the one with dates and hosts."""
    return {
        file.relative_to(store).as_posix(): file.read_bytes()
        for file in sorted(store.rglob("*"))
        if file.is_file() and file.name != "journal.jsonl"
    }


def numbers(rec: xr.Dataset) -> dict[str, Any]:
    return {n: v for n, v in rec.attrs.items() if n != "provenance"}


@pytest.mark.parametrize("block", [LANES, 4])
def test_a_sweep_is_one_run_to_the_last_bit(whole: xr.Dataset, tmp_path: Path, block: int) -> None:
    rec = swept(tmp_path / "s.zarr", block=block).load()
    xr.testing.assert_equal(rec, whole)
    assert numbers(rec) == numbers(whole)
    for name in whole.variables:
        assert rec[name].dtype == whole[name].dtype
        assert rec[name].attrs.keys() == whole[name].attrs.keys()
    told = json.loads(rec.attrs["provenance"])
    assert {n: v for n, v in told.items() if n != "made"} == {
        n: v for n, v in json.loads(whole.attrs["provenance"]).items() if n != "made"
    }
    xr.testing.assert_equal(lo.rerun(rec), whole)


def test_it_goes_on_where_it_stopped_and_its_bytes_are_the_same(
    store: Path, computed: list[str]
) -> None:
    before = content(store)
    for number in (1, 3):
        next((store / ".sweep").rglob(f"*{number}.json")).unlink()
    (store / ".sweep/whole.json").unlink()
    assert "9 of 15 lanes are done (3 of 5 blocks)" in str(lo.sweep_status(store))
    swept(store)
    assert sorted(computed) == [
        "block 2 of 5 (g_Na 90, amplitude 0 … 20)", "block 4 of 5 (g_Na 150, amplitude 0 … 20)"
    ]  # fmt: skip
    assert content(store) == before
    status = lo.sweep_status(store)
    assert (status.lanes_done, status.left, status.finished) == (LANES, 0, True)


def test_a_whole_store_is_only_opened(store: Path, computed: list[str]) -> None:
    swept(store, block=None)
    assert not computed


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


@pytest.mark.parametrize(
    ("file", "harm", "told"),
    [
        ("V/c/2/0/0", _flip, "the chunk V/c/2/0/0 is not as it was written"),
        ("spike_time/c/2/0/0", _cut_short, "the chunk spike_time/c/2/0/0 is not"),
        ("V/c/2/0/0", Path.unlink, "the chunk V/c/2/0/0 is not as it was written"),
        (".sweep/blocks/0000/0000002.json", _flip, "the record of a block, 0000002.json"),
        ("time/c/0", _flip, "time in"),
    ],
)  # fmt: skip
def test_what_is_damaged_is_told_and_computed_again(
    store: Path, computed: list[str], file: str, harm: Callable[[Path], None], told: str
) -> None:
    before = content(store)
    harm(store / file)
    with pytest.warns(UserWarning, match=told) as caught:
        swept(store)
    assert "is computed again" in str(caught[0].message)
    assert len(computed) == 1
    assert content(store) == before


@pytest.mark.parametrize("file", ["zarr.json", "V/zarr.json", "g_Na/c/0", ".sweep/whole.json"])
def test_what_belongs_to_no_block_is_written_again(
    store: Path, computed: list[str], file: str
) -> None:
    before = content(store)
    _cut_short(store / file)
    swept(store)
    assert not computed
    assert content(store) == before


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"threshold": -20}, "its threshold differs"),
        ({"solver": lo.Exponential(0.04)}, "its solver differs"),
        ({"dtype": "float32"}, "its dtype differs"),
        ({"summary": lo.spike_times}, "keeps whole recordings, and the given summary is"),
    ],
)
def test_two_sweeps_are_never_mixed(store: Path, other: dict[str, Any], what: str) -> None:
    before = content(store)
    with pytest.raises(lo.LoligoError, match=what):
        swept(store, **other)
    with pytest.raises(lo.LoligoError, match="of another sweep"):
        lo.sweep(SQUID, lo.Pulse(5, 10, [0.0, 10.0, 21.0]), 20, store=store, solver=SOLVER)
    assert content(store) == before


def test_a_store_of_another_version_is_refused(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lo, "__version__", "9.9")
    with pytest.raises(lo.LoligoError, match=r"begun by loligo 0\.1\.0, and this is 9\.9"):
        swept(store)


def test_what_is_no_store_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").write_text("mine")
    with pytest.raises(lo.LoligoError, match="is there already and is no sweep"):
        swept(tmp_path / "mine")
    with pytest.raises(lo.LoligoError, match="does not exist"):
        swept(tmp_path / "nowhere/s.zarr")
    with pytest.raises(lo.LoligoError, match="there is no"):
        lo.sweep_status(tmp_path / "nothing")
    assert (tmp_path / "mine/file").read_text() == "mine"


def test_a_store_at_work_is_refused(store: Path) -> None:
    from loligo.sweeps.folder import Folder

    with (
        Folder(store).at_work(together=False),
        pytest.raises(lo.LoligoError, match="another process is working on"),
    ):
        swept(store)


@pytest.mark.skipif(os.name == "nt", reason="folders cannot be synchronised there")
def test_a_block_is_on_the_disk_before_it_is_said_to_be_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its chunks, their names, and the names of all folders around them."""
    from loligo.sweeps import store as module

    lasting: set[int] = set()
    told: list[int] = []

    def fsync(handle: int) -> None:
        lasting.add(os.fstat(handle).st_ino)

    def write_json(path: Path, document: Any) -> None:
        for name, array in document["arrays"].items():
            for key in array["chunks"]:
                chunk = tmp_path / "s.zarr" / name / key
                inside = [each for each in chunk.parents if tmp_path / "s.zarr" in each.parents]
                for each in (chunk, *inside, tmp_path / "s.zarr"):
                    assert each.stat().st_ino in lasting, each
        told.append(len(document["arrays"]))
        real(path, document)

    real = module.write_json
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(module, "write_json", write_json)
    swept(tmp_path / "s.zarr")
    assert len(told) == 5
    assert min(told) > 2


# -- summaries and what is kept ---------------------------------------------------------------


def rates(rec: xr.Dataset) -> xr.Dataset:
    return xr.Dataset({"rate": rec.spike_count / 20.0, "highest": rec.V.max("time")})


def test_a_summary_is_what_is_kept(whole: xr.Dataset, tmp_path: Path) -> None:
    rec = swept(tmp_path / "s.zarr", summary=rates, dtype="float32").load()
    assert set(rec.data_vars) == {"rate", "highest"}
    np.testing.assert_array_equal(rec.highest, whole.V.max("time").astype("float32"))
    np.testing.assert_array_equal(rec.rate, (whole.spike_count / 20.0).astype("float32"))
    assert rec.attrs["summary"].endswith("rates")
    assert rec.to_dataframe().shape == (LANES, 2)


def test_a_summary_sees_a_recording_of_its_own_lanes(tmp_path: Path) -> None:
    def again(rec: xr.Dataset) -> xr.Dataset:
        xr.testing.assert_equal(lo.rerun(rec), rec)
        return rec[["spike_count"]]

    swept(tmp_path / "s.zarr", summary=again)


@pytest.mark.parametrize(
    ("summary", "told"),
    [
        (lambda rec: 1 / 0, "failed on block . of 5 .*: ZeroDivisionError: division by zero"),
        (lambda rec: 3, "must return an xarray.Dataset, but of block . of 5 .* returned a int"),
        (lambda rec: rec[["V"]].mean("amplitude"), "'V' without the dimension 'amplitude'"),
        (lambda rec: rec.isel(amplitude=[0])[["V"]], "with 1 of the 3 lanes along 'amplitude'"),
        (
            lambda rec: xr.Dataset({"first": float(rec.g_Na[0])}),
            "'first' has not the lanes' dimensions, and differs",
        ),
        (
            lambda rec: rec[["spike_count"] if rec.g_Na[0] < 100 else ["status"]],
            "the summary does not return spike_count of block",
        ),
        (
            lambda rec: rec[["status"]].astype("int8" if rec.g_Na[0] < 100 else "int16"),
            "'status' is int.* over .*, and of other blocks int",
        ),
    ],
)
def test_a_summary_that_cannot_be_kept(tmp_path: Path, summary: Any, told: str) -> None:
    with pytest.raises(lo.LoligoError, match=told):
        swept(tmp_path / "s.zarr", summary=summary)


@pytest.mark.slow
def test_values_may_be_kept_with_fewer_digits(whole: xr.Dataset, tmp_path: Path) -> None:
    rec = swept(tmp_path / "s.zarr", dtype=np.float32).load()
    np.testing.assert_array_equal(rec.V, whole.V.astype("float32"))
    assert rec.V.dtype == "float32"
    xr.testing.assert_equal(rec.spike_time, whole.spike_time)


def test_an_error_and_a_stop_leave_what_was_whole(store: Path, tmp_path: Path) -> None:
    def stopped(fraction: float) -> None:
        raise KeyboardInterrupt

    new = tmp_path / "new.zarr"
    with pytest.raises(KeyboardInterrupt, match=r"interrupted; .* of 15 lanes are done"):
        swept(new, progress=stopped)
    swept(new)
    assert content(new) == content(store)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"block": 0}, "block"),
        ({"block": 1.5}, "block is 1.5; give the most lanes"),
        ({"dtype": "int8"}, "dtype is 'int8'; values are kept as float64 or float32"),
        ({"summary": "rate"}, "summary must be a function"),
        ({"client": "tcp://here"}, "client must be a distributed.Client"),
        ({"solver": "taylor"}, "write lo.Taylor"),
    ],
)
def test_arguments_that_cannot_be(tmp_path: Path, wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(lo.LoligoError, match=told):
        swept(tmp_path / "s.zarr", **wrong)


# -- parts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(7,), (3, 5), (2, 3, 4), (1000, 7), (1, 1)])
@pytest.mark.parametrize("most", [1, 2, 5, 100])
def test_boxes_hold_every_lane_once(shape: tuple[int, ...], most: int) -> None:
    dims = tuple("abc"[: len(shape)])
    cut = Boxes.of(dims, shape, most)
    seen = np.zeros(shape, int)
    for number in range(cut.count):
        seen[tuple(cut.where(number).values())] += 1
        assert cut.lanes(number) <= most
    assert (seen == 1).all()


def test_a_dead_ones_lease_is_taken_over_and_a_living_ones_is_not(tmp_path: Path) -> None:
    now = [0.0]
    mine, other = (Leases(tmp_path, patience=10, clock=lambda: now[0]) for _ in range(2))
    assert mine.take(3)
    assert not other.take(3)
    for _ in range(5):  # its owner counts on
        now[0] += 8
        mine.count_on()
        assert not other.take(3)
    now[0] += 8
    assert not other.take(3)
    now[0] += 8  # it does no more
    assert other.take(3)
    assert not mine.take(3)
    other.give_back(3)


def test_only_one_of_many_takes_a_block(tmp_path: Path) -> None:
    each = [Leases(tmp_path) for _ in range(8)]
    took: list[bool] = []
    begin = threading.Barrier(len(each))

    def take(leases: Leases) -> None:
        begin.wait()
        took.append(leases.take(0))

    threads = [threading.Thread(target=take, args=(leases,)) for leases in each]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(took) == 1


def test_a_store_opens_as_a_recording_of_which_nothing_is_read_yet(
    store: Path, whole: xr.Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    rec = lo.open(store)
    assert not isinstance(rec.V.variable._data, np.ndarray)
    xr.testing.assert_equal(lo.spike_times(rec), lo.spike_times(whole))
    assert not isinstance(rec.V.variable._data, np.ndarray)
    xr.testing.assert_equal(rec.load(), whole)
    shutil.rmtree(store / "V/c/1")
    next((store / ".sweep").rglob("*1.json")).unlink()
    status, out, _ = called(capsys, "sweep", str(store), "--status")
    assert status == 0
    assert "all 15 lanes are done" in out  # until it is looked at again
    (store / "zarr.json").write_text("{")
    with pytest.raises(lo.LoligoError, match=r"is damaged .*call loligo.sweep again"):
        lo.open(store)


def test_the_command_goes_on_with_a_store_and_says_what_is_left(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(store.parent)
    before = content(store)
    for file in ("blocks/0000/0000004.json", "whole.json"):
        (store / ".sweep" / file).unlink()
    _, out, _ = called(capsys, "sweep", "sweep.zarr", "--status")
    assert out.startswith("sweep.zarr: 12 of 15 lanes are done (4 of 5 blocks); 3 are left")
    status, out, err = called(capsys, "sweep", "sweep.zarr")
    assert (status, err) == (0, "")
    assert out.startswith("sweep.zarr: all 15 lanes are done, in 5 blocks\n5 × 3 = 15 cells, ")
    assert content(store) == before
    for words, told in (
        (["--pulse", "1", "1", "2"], "sweep.zarr is a store; --pulse cannot change it any more"),
        (["--summary", "features"], "keeps whole recordings, and the given summary is"),
        (["--summary", "nothing"], "loligo has no such function"),
    ):
        status, _, err = called(capsys, "sweep", "sweep.zarr", *words)
        assert status in (1, 2)
        assert told in err


@pytest.mark.slow
def test_derivatives_are_those_of_one_run(tmp_path: Path) -> None:
    """Of V and of the times of spikes, with their units; a store of others is refused."""
    asked = {"solver": lo.Taylor(1e-8), "sensitivities": ["g_K", "amplitude"], "record": ["V"]}
    whole = lo.simulate(SQUID, PULSE, 20, **asked)
    rec = swept(tmp_path / "s.zarr", block=4, **asked).load()
    xr.testing.assert_equal(rec, whole)
    assert rec.dspike_time_dg_K.attrs == whole.dspike_time_dg_K.attrs
    assert json.loads(rec.attrs["provenance"])["sensitivities"] == ["g_K", "amplitude"]
    xr.testing.assert_equal(lo.rerun(rec), whole)
    with pytest.raises(lo.LoligoError, match=r"is of another sweep .*sensitivities"):
        swept(tmp_path / "s.zarr", **{**asked, "sensitivities": ["g_K"]})
    rows = swept(tmp_path / "r.zarr", block=4, **{**asked, "record": "spikes"}).load()
    np.testing.assert_array_equal(rows.dspike_time_dg_K, whole.dspike_time_dg_K)


@pytest.mark.slow
def test_the_command_differentiates_a_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["--pulse", "1", "9", "20", "--set", "g_K=30:36:2", "--duration", "10"]
    status, _, err = called(
        capsys, "sweep", *words, "--sensitivity", "g_K", "--output", "d.zarr", "--block", "1"
    )
    assert (status, err) == (0, "")
    assert lo.open("d.zarr").dV_dg_K.shape[0] == 2
