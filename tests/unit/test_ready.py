"""Kernels made beforehand: who starts it and who does not, one at a time, and its end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import loligo as lo
from loligo import ready, warm
from loligo.engine.llvm import cache


class Process:
    """What stands for a process."""

    def __init__(self) -> None:
        self.ended = False

    def communicate(self, timeout: float) -> None:
        self.ended = True


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    """Somebody sits at this Python, and has two cores; what is started is no process."""
    made: list[Process] = []
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    monkeypatch.setattr(ready, "_process", lambda: made.append(Process()) or made[-1])
    monkeypatch.setattr(ready, "_started", [])
    monkeypatch.setattr(ready, "cores", lambda: 2)
    monkeypatch.setattr(ready.atexit, "register", lambda function: None)
    monkeypatch.setattr(ready, "_CI", ("CI",))  # not pytest
    for name in (ready.WISH, "CI"):
        monkeypatch.delenv(name, raising=False)
    return made


def test_it_is_started_once_and_ended(person: list[Process], tmp_path: Path) -> None:
    assert ready.begin(tmp_path, "a.warm")
    assert not ready.begin(tmp_path, "a.warm")
    assert len(person) == 1
    ready.end()
    assert person[0].ended


def test_it_is_not_started_where_it_was_done(person: list[Process], tmp_path: Path) -> None:
    (tmp_path / "earlier.warm").touch()
    ready.done(tmp_path, "a.warm")
    assert [path.name for path in tmp_path.iterdir()] == ["a.warm"]
    assert not ready.begin(tmp_path, "a.warm")
    assert ready.begin(tmp_path, "b.warm")  # another version, another machine


@pytest.mark.parametrize(("name", "value"), [("LOLIGO_WARM", "off"), ("CI", "true")])
def test_it_is_not_started_where_it_is_not_wanted(
    name: str, value: str, person: list[Process], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert not ready.begin(tmp_path, "a.warm")
    assert not person


def test_a_script_starts_nothing(person: list[Process], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sys, "ps1")
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    assert not ready.wanted({})
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    assert ready.wanted({})
    assert not ready.wanted({"LOLIGO_WARM": "off"})
    monkeypatch.setattr(sys, "executable", "/opt/blender/blender")
    assert not ready.wanted({})


def test_it_is_not_started_on_one_core_or_a_full_disk(
    person: list[Process], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready, "cores", lambda: 1)
    assert not ready.begin(tmp_path, "a.warm")
    monkeypatch.setattr(ready, "cores", lambda: 2)
    assert not ready.begin(tmp_path / "nowhere", "a.warm")
    monkeypatch.setattr(ready.shutil, "disk_usage", lambda _: type("", (), {"free": 1 << 20}))
    assert not ready.begin(tmp_path, "a.warm")
    assert not person


def test_one_alone_does_it_until_it_is_dead(tmp_path: Path) -> None:
    with ready.alone(tmp_path) as first:
        assert first
        with ready.alone(tmp_path) as second:
            assert not second
        long_ago = time.time() - 200
        os.utime(tmp_path / ready._AT_IT, (long_ago, long_ago))
        ready.alive(tmp_path)
        with ready.alone(tmp_path) as second:
            assert not second
        os.utime(tmp_path / ready._AT_IT, (long_ago, long_ago))
        with ready.alone(tmp_path) as third:
            assert third
    assert not list(tmp_path.iterdir())
    (tmp_path / ready._AT_IT).touch()  # what one that was killed left: nobody holds its lock
    with ready.alone(tmp_path) as next_one:
        assert next_one or sys.platform == "win32"


def test_what_cannot_be_kept_is_said_and_the_library_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "directory", lambda: tmp_path)

    def full(*_: Any) -> None:
        cache.KERNELS.unkept = f"cannot write {tmp_path}: the disk is full"

    monkeypatch.setattr(warm, "_once", full)
    with pytest.raises(lo.LoligoError, match="kernels cannot be kept: cannot write"):
        list(warm.warm())
    assert not list(tmp_path.iterdir())
    assert not warm.is_done()
    nowhere = tmp_path / "gone"
    with pytest.raises(lo.LoligoError, match="cannot write"), ready.alone(nowhere):
        raise AssertionError


def test_every_model_is_asked_for_as_people_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(warm, "_once", lambda *run: asked.append(run))
    monkeypatch.setattr(warm, "directory", lambda: tmp_path)
    told = list(warm.warm())
    assert [each.model for each in told[:27]] == list(lo.models())  # one cell of each comes first
    assert {each.done for each in told} == set(range(1, told[0].of + 1))
    assert len(asked) == len(told) == 3 * len(lo.models())
    assert (tmp_path / cache.mark()).exists()
    assert not list(warm.warm())
    (tmp_path / cache.mark()).unlink()
    with ready.alone(tmp_path):  # the library is being made; a model that is asked for is made
        assert not list(warm.warm())
        assert len(list(warm.warm(["noble-1962"]))) == 3
        assert (tmp_path / ready._AT_IT).exists()
    monkeypatch.setattr(warm, "directory", lambda: None)
    with pytest.raises(lo.LoligoError, match="nowhere to keep kernels"):
        next(warm.warm())


@pytest.mark.slow
def test_what_was_made_beforehand_is_found(tmp_path: Path) -> None:
    """In processes of their own: made by one, found by the next."""
    place = {**os.environ, "LOLIGO_CACHE": str(tmp_path)}
    tmp_path.chmod(0o700)
    command = [sys.executable, "-m", "loligo", "warm", "hodgkin-huxley-1952"]
    done = subprocess.run(command, env=place, capture_output=True, text=True, check=True)
    assert done.stdout == "3 kernels are ready\n"
    code = (
        "import loligo as lo; squid = lo.load('hodgkin-huxley-1952')\n"
        "for size, solver in ((1, None), ([1, 2] * 40, None), (1, lo.Exponential())):\n"
        "    told = {}\n"
        "    lo.simulate(squid, lo.Pulse(1, 1, size), 3, solver=solver, timings=told)\n"
        "    print(next(iter(told)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], env=place, capture_output=True, text=True, check=True
    )
    assert found.stdout.splitlines() == 3 * ["kernel (cache)"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no limit on files' sizes there")
def test_a_full_disk_ends_it_in_words(tmp_path: Path) -> None:
    """A limit of 4 kB on every file stands for a disk that is full."""
    tmp_path.chmod(0o700)
    code = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "from loligo.cli import main\n"
        "raise SystemExit(main(['warm', 'fitzhugh-1961']))"
    )
    place = {**os.environ, "LOLIGO_CACHE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=place, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("error: kernels cannot be kept: cannot write ")
    assert "larger than this system allows" in done.stderr
    assert not done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_it_ends_with_who_started_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    process = subprocess.Popen(
        [sys.executable, "-m", "loligo", "warm", "--quietly"],
        stdin=subprocess.PIPE, env={**os.environ, "LOLIGO_CACHE": str(tmp_path)},
    )  # fmt: skip
    assert process.stdin is not None
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("*.kernel")) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert process.poll() is None
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    assert not (tmp_path / ready._AT_IT).exists()  # the next need not wait
