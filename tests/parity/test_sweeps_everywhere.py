"""Sweeps wherever they run, whatever is killed: the same bits, and no block twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import xarray as xr

import loligo as lo
import sweeping
from commands import called

pytest.importorskip("zarr")
pytestmark = pytest.mark.slow

SQUID = lo.load("hodgkin-huxley-1952")
WARM = SQUID.replace(celsius=xr.DataArray([6.3, 20.0, 60.0, 75.0], dims="warm"))


def over(values: list[float], dim: str) -> xr.DataArray:
    return xr.DataArray(values, dims=dim)


def fibre() -> lo.Axon:
    """Whose regions differ in one lane alone."""
    both = ([120.0, 120.0, 90.0], [120.0, 90.0, 90.0])
    regions = [lo.Region(SQUID.replace(g_Na=over(g, "case")), 2000, 300) for g in both]
    return lo.Axon(regions=regions, axial_resistivity=35.4)


def cable(**numbers: Any) -> lo.Axon:
    membrane = SQUID.replace(g_Na=numbers.pop("g_Na", 120.0))
    diameter = numbers.pop("diameter", 476.0)
    return lo.Axon(membrane, length=4000, diameter=diameter, axial_resistivity=35.4)


SHOCK = lo.at(0, lo.Pulse(0.5, 0.5, 3e4))
CASES: dict[str, tuple[Any, Any, float, dict[str, Any]]] = {
    "fixed steps": (
        SQUID.replace(g_Na=[60.0, 120.0, 180.0]), lo.Pulse(5, 5, [0, 20.0]), 20,
        {"solver": lo.Exponential(0.02), "record": ["V", "m", "spikes"]},
    ),
    "float32": (
        SQUID.replace(g_Na=[60.0, 120.0, 180.0]), lo.Pulse(5, 5, [0, 20.0]), 20,
        {"solver": lo.Exponential(0.02, precision="float32")},
    ),
    "until": (SQUID, lo.Pulse(5, [10.0, 20.0], [10.0, 12.0]), 60, {"until": lo.Spikes(2)}),
    "until under noise": (
        SQUID, lo.Noise(0, 150, 8, seed=[1, 2, 3]) + lo.Step(2, [8.0, 12.0]), 150,
        {"record": ["V", "spikes"], "until": lo.Spikes(2)},
    ),
    "noise": (
        SQUID, lo.Noise(0, 15, 8, seed=[1, 2, 3]) + lo.Pulse(2, 5, [0, 15.0]), 15,
        {"record": ["V", "spikes"]},
    ),
    "clamps": (
        SQUID, lo.VoltageClamp([1.0, 2.0], 5, [-60.0, -20.0, 40.0]) + lo.Pulse(8, 1, 10), 10, {},
    ),
    "lost": (SQUID, lo.Pulse(5, 1, [10, 1e308, 20, 1e300]), 10, {"solver": lo.Exponential(0.05)}),
    "stiff": (WARM, lo.Pulse(2, 1, [0.0, 20.0]), 6, {}),
    "two shapes": (
        SQUID, lo.Pulse(1, 1, [10, 20]) + lo.Pulse(5, 1, over([3.0, 30.0], "second")), 10, {},
    ),
    "initial": (SQUID, lo.Pulse(1, 1, 20), 10, {"initial": {"V": [-60.0, -50.0], "m": 0.1}}),
    "swings": (SQUID, lo.Pulse(1, 40, [0.0, 10.0, 15.0]), 50, {"threshold": 60}),
    "one lane": (SQUID.replace(g_Na=[120.0]), lo.Pulse(1, 1, 20), 10, {"initial": -60}),
    "a single run": (SQUID, lo.Pulse(1, 1, 20), 10, {}),
    "axons": (
        cable(g_Na=[90.0, 160.0], diameter=[300.0, 476.0]),
        lo.at(0, lo.Pulse(0.5, 0.5, [8e3, 3e4])), 3,
        {"positions": [0, "1 mm", 3900], "record": ["V", "I_stim"], "sample_interval": 0.1},
    ),
    "axons alike": (
        cable(g_Na=[90.0, 160.0]), SHOCK, 2, {"record": ["V", "I_stim"], "sample_interval": 0.1},
    ),
    "clamped axons": (
        cable(diameter=[300.0, 476.0]), lo.at(2000, lo.VoltageClamp(0.5, 1, [-20, 20.0])), 2,
        {"sample_interval": 0.1},
    ),
    "regions": (fibre(), SHOCK, 2, {"sample_interval": 0.1}),
}  # fmt: skip


@contextmanager
def warned(each: list[str]) -> Iterator[None]:
    """What is warned of, by its first words: how a note of several blocks ends is its own."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    each += sorted({str(w.message)[:150] for w in caught})


@pytest.mark.parametrize("case", CASES)
def test_whatever_is_swept_has_the_bits_of_one_run(case: str, tmp_path: Path) -> None:
    model, stimulus, duration, settings = CASES[case]
    said: list[str] = []
    with warned(said):
        whole = lo.simulate(model, stimulus, duration, **settings)
    for block in (1, 2):
        told: list[str] = []
        with warned(told):
            rec = lo.sweep(
                model, stimulus, duration, store=tmp_path / f"{block}.zarr", block=block, **settings
            ).load()
        xr.testing.assert_equal(rec, whole)
        assert told == said
        for name in {*rec.attrs, *whole.attrs} - {"provenance"}:
            assert rec.attrs.get(name) == whole.attrs.get(name)
        for name, variable in whole.variables.items():
            assert rec[name].dtype == variable.dtype
            assert xr.core.utils.dict_equiv(rec[name].attrs, variable.attrs)
    if case != "lost":
        xr.testing.assert_equal(lo.rerun(rec), whole)


# -- other processes --------------------------------------------------------------------------


def content(store: Path) -> dict[str, bytes]:
    """Every file but the one with dates and hosts."""
    return {
        file.relative_to(store).as_posix(): file.read_bytes()
        for file in sorted(store.rglob("*"))
        if file.is_file() and file.name != "journal.jsonl"
    }


def begun(*words: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, sweeping.__file__, *map(str, words)], stderr=subprocess.PIPE
    )


def killed(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def undisturbed(store: Path, log: Path) -> dict[str, bytes]:
    """The bytes of the same sweep by threads, in a place of the same name."""
    process = begun(store, log)
    assert process.wait(120) == 0
    bytes_ = content(store)
    log.unlink()
    store.rename(store.with_suffix(".first"))
    return bytes_


def computed(log: Path) -> list[int]:
    """The blocks that were computed, none of which was whole before."""
    lines = [line.split() for line in log.read_text().splitlines()]
    assert all(whole == "0" for _, _, whole in lines)
    return [int(number) for number, _, _ in lines]


@pytest.mark.parametrize(("workers", "processes"), [(1, True), (3, False)])
def test_workers_of_dask_write_the_same_bytes(
    tmp_path: Path, workers: int, processes: bool
) -> None:
    distributed = pytest.importorskip("distributed")
    how = {"block": 2, "progress": lambda fraction: seen.append(fraction)}
    seen: list[float] = []
    model, pulse = SQUID.replace(g_Na=np.linspace(60, 180, 5)), lo.Pulse(5, 10, [0.0, 10, 20])
    cluster = distributed.LocalCluster(
        n_workers=workers if processes else 1, threads_per_worker=1 if processes else workers,
        processes=processes, dashboard_address=None,
    )  # fmt: skip
    with cluster, distributed.Client(cluster) as client:
        lo.sweep(model, pulse, 20, store=tmp_path / "dask.zarr", client=client, **how)
    lo.sweep(model, pulse, 20, store=tmp_path / "threads.zarr", **how)
    assert content(tmp_path / "dask.zarr") == content(tmp_path / "threads.zarr")
    assert seen[-1] == 1.0


def test_any_number_of_threads_writes_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, pulse = SQUID.replace(g_Na=np.linspace(60, 180, 7)), lo.Pulse(5, 10, [0.0, 10, 20])
    for threads in (1, 3):
        monkeypatch.setenv("LOLIGO_THREADS", str(threads))
        lo.sweep(model, pulse, 20, store=tmp_path / f"{threads}.zarr", block=3)
    assert content(tmp_path / "1.zarr") == content(tmp_path / "3.zarr")


def test_no_scheduler_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("loligo.sweeps.dask.PATIENCE", "0.1s")
    status, _, err = called(capsys, "sweep", "--dask", "tcp://127.0.0.1:9")
    assert status == 1
    assert "there is no Dask scheduler at tcp://127.0.0.1:9" in err


def test_killed_ten_times_it_ends_with_the_same_bytes(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    store, log, chance = tmp_path / "s.zarr", tmp_path / "log", random.Random(15)
    bytes_ = undisturbed(store, log)
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    lost = 0
    with cluster:
        client = begun(store, log, cluster.scheduler_address)
        for _ in range(10):
            time.sleep(chance.uniform(0.5, 2.0))
            who = chance.choice(["worker", "client", "both"])
            if who != "client":
                nanny = chance.choice(list(cluster.workers.values()))
                if nanny.process is not None and nanny.pid:
                    killed(nanny.pid)
                    lost += 1
            if who != "worker" or client.poll() is not None:
                killed(client.pid)
                client.wait()
                client = begun(store, log, cluster.scheduler_address)
        status = client.wait(120)
        assert status == 0, client.stderr and client.stderr.read().decode()
    assert content(store) == bytes_
    assert len(computed(log)) <= sweeping.BLOCKS + lost
    assert set(computed(log)) == set(range(sweeping.BLOCKS))


def test_processes_share_a_store_and_take_over_what_a_dead_one_had(tmp_path: Path) -> None:
    store, log = tmp_path / "s.zarr", tmp_path / "log"
    bytes_ = undisturbed(store, log)
    each = [begun(store, log, "share") for _ in range(3)]
    until(lambda: log.exists() and len(log.read_text().splitlines()) > 5)
    killed(each[0].pid)
    assert [process.wait(120) for process in each] == [-signal.SIGKILL, 0, 0]
    assert content(store) == bytes_
    # two threads at most had a block when it died; a block may be done twice by chance of leases
    assert len(computed(log)) <= sweeping.BLOCKS + 2


def until(true: Callable[[], bool], patience: float = 60.0) -> None:
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_disk_that_is_full_leaves_what_was_whole(tmp_path: Path) -> None:
    code = (
        "import resource, sys, loligo as lo; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); "
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "squid = lo.load('hodgkin-huxley-1952').replace(g_Na=[60, 120]); "
        f"lo.sweep(squid, lo.Pulse(5, 1, 20), 500, store={str(tmp_path / 's.zarr')!r}, block=1)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "FileError: cannot write" in ran.stderr
    assert "s.zarr: the file would be larger than this system allows" in ran.stderr
    assert "What was whole is kept: call again" in ran.stderr
    assert not lo.sweep_status(tmp_path / "s.zarr").finished


_NOBODY = """
import os, sys, loligo as lo
os.environ["LOLIGO_CACHE"] = "off"
squid = lo.load("hodgkin-huxley-1952")
asked = {"stimulus": lo.Pulse(1, 1, [0, 20]), "duration": 3, "block": 1}
lo.sweep(squid, store=sys.argv[1] + "/open.zarr", **asked)  # imports all that it needs
os.chmod(sys.argv[1], 0o555)
if os.geteuid() == 0:
    os.setgroups([])
    os.setuid(65534)
for store in ("new.zarr", "open.zarr"):
    try:
        rec = lo.sweep(squid, store=os.path.join(sys.argv[1], store), **asked)
        print(store, rec.sizes["amplitude"])
    except lo.LoligoError as error:
        print(store, error)
"""


def test_a_folder_that_is_read_only() -> None:
    """To one who is not its administrator: as nobody, where this is one. Outside of pytest's
    folder, into which nobody may look."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        ran = subprocess.run(
            [sys.executable, "-c", _NOBODY, folder], capture_output=True, text=True, timeout=120
        )
        Path(folder).chmod(0o755)
        assert ran.returncode == 0, ran.stderr
        new, whole = ran.stdout.splitlines()
        assert new.startswith("new.zarr cannot write ")
        assert "no permission to write there; choose another folder" in new
        assert whole == "open.zarr 2"  # what is whole is read nevertheless


def test_axons_are_swept_on_the_command_line(tmp_path: Path) -> None:
    from loligo.cli.commands import run
    from loligo.experiments.common import shock

    words = ["--length", "2 cm", "--diameter", "300:500:2", "--positions", "5000,1.5 cm",
             "--record", "spikes", "--duration", "3", "--block", "1"]  # fmt: skip
    assert run(["sweep", *words, "-o", str(tmp_path / "a.zarr")]) == 0
    squid = lo.load("hodgkin-huxley-1952").replace(celsius=18.5)
    axon = lo.Axon(squid, "2 cm", np.array([300.0, 500.0]), 35.4)
    rec = lo.simulate(
        axon, shock(axon), 3, record="spikes", positions=[5000, "1.5 cm"], threshold=-40
    )
    xr.testing.assert_equal(xr.open_zarr(tmp_path / "a.zarr")[["spike_time"]], rec[["spike_time"]])
    with pytest.raises(lo.LoligoError, match="--pulse: an axon is stimulated at a place"):
        run(["sweep", *words, "--pulse", "1", "1", "1", "-o", str(tmp_path / "b.zarr")])
    with pytest.raises(lo.LoligoError, match="--length, --positions cannot change it any more"):
        run(["sweep", str(tmp_path / "a.zarr"), "--length", "1 cm", "--positions", "1 cm"])


def test_ctrl_c_on_the_command_line_leaves_a_store_that_goes_on(
    tmp_path: Path, interruptible: None
) -> None:
    words = ["sweep", "--set", "g_Na=60:180:40", "--pulse", "5", "1000", "0:20:40",
             "--duration", "1000", "--record", "spikes", "--block", "40"]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "loligo", *words], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    until(lambda: any((tmp_path / "sweep.zarr/.sweep/blocks").rglob("*.json")))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.startswith("error: interrupted; sweep.zarr: ")
    assert "lanes are done" in err
    assert "Traceback" not in err
    before = lo.sweep_status(tmp_path / "sweep.zarr")
    assert 0 < before.lanes_done < before.lanes == 1600
