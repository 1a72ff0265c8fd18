"""Kernels on disk: reused when sound, rebuilt when not, never a reason to fail."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loligo as lo
from loligo.engine.llvm.cache import KERNELS, Cache, directory
from loligo.program import Program
from loligo.system.equations import build

POSIX = os.name == "posix"
ROOT = POSIX and os.geteuid() == 0
KEY = {"for": "a test"}
WIDTH = 2


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    where = tmp_path / "kernels"
    monkeypatch.setenv("LOLIGO_CACHE", str(where))
    KERNELS.clear()
    yield where
    KERNELS.clear()


class Source:
    """Makes the program, and counts how often it was asked to."""

    def __init__(self) -> None:
        self.calls = 0
        membrane = lo.Membrane(channels=[lo.Channel("L", g=0.3, E=-65)])
        self.program = lo.Exponential().program(build(membrane))

    def __call__(self) -> Program:
        self.calls += 1
        return self.program


SOURCE = Source()


def get(key: Any = None) -> tuple[Any, str]:
    """A kernel as a new process would get it; checked to work."""
    KERNELS.clear()
    kernel, origin = KERNELS.kernel(KEY if key is None else key, WIDTH, SOURCE)
    check(kernel)
    return kernel, origin


def check(kernel: Any) -> None:
    rows = {"V": np.array([-65.0, -55.0, 0.0]), "I_stim": np.array([0.0, 1.0, 2.0])}
    for name, value in (("C_m", 2.0), ("g_L", 0.3), ("E_L", -65.0)):
        rows[name] = np.full(3, value)
    found = kernel.map("derivative", rows)["V"]
    assert found == pytest.approx([0, (1 - 3) / 2, (2 - 19.5) / 2], rel=1e-14)


def refused(folder: Path) -> str:
    """Why kernels are not kept where they should be, as the one warning says it."""
    with pytest.warns(UserWarning, match="LOLIGO_CACHE: kernels cannot be kept in") as caught:
        assert directory() is None
    assert directory() is None  # without a second warning
    (warning,) = caught
    told = str(warning.message)
    assert str(folder) in told
    assert "name a folder of your own, or LOLIGO_CACHE=off" in told
    return told.partition(f"{folder} (")[2].partition("), so that models")[0]


def entry(folder: Path) -> Path:
    (only,) = folder.glob("*.kernel")
    return only


def test_a_kernel_is_compiled_once_then_found_on_disk_then_in_memory(folder: Path) -> None:
    before = SOURCE.calls
    assert get()[1] == "compiled"
    assert get()[1] == "cache"
    assert KERNELS.kernel(KEY, WIDTH, SOURCE)[1] == "memory"
    assert SOURCE.calls == before + 1


def test_the_cache_is_private(folder: Path) -> None:
    get()
    if POSIX:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(entry(folder).stat().st_mode) == 0o600
    assert [p.suffix for p in folder.iterdir()] == [".kernel"]


def test_another_key_or_width_is_another_kernel(folder: Path) -> None:
    get()
    assert get({"for": "another test"})[1] == "compiled"
    assert KERNELS.kernel(KEY, 2 * WIDTH, SOURCE)[1] == "compiled"
    assert len(list(folder.glob("*.kernel"))) == 3


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :]


def resigned(content: bytes, change: Callable[[dict[str, Any]], Any]) -> bytes:
    """The entry with another document and a checksum that fits it."""
    import hashlib

    magic, _, length, rest = content.split(b"\n", 3)
    document = json.dumps(change(json.loads(rest[: int(length)]))).encode()
    rest = document + rest[int(length) :]
    return b"\n".join(
        [magic, hashlib.sha256(rest).hexdigest().encode(), str(len(document)).encode(), rest]
    )


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda c: b"",
    "one byte": lambda c: c[:1],
    "the first line": lambda c: c.split(b"\n")[0],
    "cut in the checksum": lambda c: c[:40],
    "cut in half": lambda c: c[: len(c) // 2],
    "the last byte gone": lambda c: c[:-1],
    "one byte more": lambda c: c + b"\0",
    "a bit of the first line": lambda c: flipped(c, 3),
    "a bit of the checksum": lambda c: flipped(c, 20),
    "a bit of the length": lambda c: flipped(c, c.index(b"\n", 20) + 1),
    "a bit of the document": lambda c: flipped(c, 300),
    "a bit of the code": lambda c: flipped(c, len(c) - 500),
    "another version": lambda c: c.replace(b"loligo-kernel 2", b"loligo-kernel 1", 1),
    "text": lambda c: b"hello\nthere\nyou\nall",
    "new lines": lambda c: b"\n" * 1000,
    "not utf-8": lambda c: bytes(range(256)) * 40,
    "a page of zeros": lambda c: bytes(len(c)),
    "a length beyond the end": lambda c: c.replace(c.split(b"\n")[2], b"999999999", 1),
    "a negative length": lambda c: c.replace(c.split(b"\n")[2], b"-5", 1),
    "signed, another key": lambda c: resigned(c, lambda d: {**d, "key": "other"}),
    "signed, no key": lambda c: resigned(c, lambda d: {"program": d["program"]}),
    "signed, no program": lambda c: resigned(c, lambda d: {"key": d["key"]}),
    "signed, a program of nonsense": lambda c: resigned(
        c, lambda d: {**d, "program": {"blocks": 3}}
    ),
    "signed, a list": lambda c: resigned(c, lambda d: [1, 2]),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_entry_is_rebuilt(folder: Path, damage: Callable[[bytes], bytes]) -> None:
    get()
    path = entry(folder)
    path.write_bytes(damage(path.read_bytes()))
    assert get()[1] == "compiled"
    assert get()[1] == "cache"  # and the sound one took its place


def test_a_sound_entry_of_another_key_is_not_taken_for_ours(folder: Path) -> None:
    get()
    ours = entry(folder)
    other = lo.Membrane(channels=[lo.Channel("L", g=0.3, E=-65), lo.Channel("K", g=1, E=-80)])
    KERNELS.kernel({"for": "other"}, WIDTH, lambda: lo.Exponential().program(build(other)))
    (theirs,) = set(folder.glob("*.kernel")) - {ours}
    theirs.replace(ours)
    assert get()[1] == "compiled"


def test_an_entry_of_gigabytes_is_not_read(folder: Path) -> None:
    get()
    with entry(folder).open("r+b") as file:
        file.truncate(1 << 34)  # a hole: it takes no disk
    assert get()[1] == "compiled"
    assert entry(folder).stat().st_size < 1 << 20


@pytest.mark.skipif(not POSIX, reason="links, pipes and modes of POSIX")
class TestForeign:
    def test_a_link_in_place_of_an_entry_is_not_followed(
        self, folder: Path, tmp_path: Path
    ) -> None:
        get()
        path = entry(folder)
        sound = tmp_path / "elsewhere"
        path.rename(sound)
        path.symlink_to(sound)
        before = sound.read_bytes()
        assert get()[1] == "compiled"
        assert not path.is_symlink()
        assert sound.read_bytes() == before  # nor written through

    def test_a_pipe_in_place_of_an_entry_is_not_waited_for(self, folder: Path) -> None:
        get()
        path = entry(folder)
        path.unlink()
        os.mkfifo(path, 0o600)
        assert get()[1] == "compiled"

    def test_a_folder_in_place_of_an_entry_is_left_alone(self, folder: Path) -> None:
        get()
        path = entry(folder)
        path.unlink()
        path.mkdir()
        assert get()[1] == "compiled"
        assert get()[1] == "compiled"
        assert [p.name for p in folder.iterdir()] == [path.name]

    @pytest.mark.parametrize("mode", [0o644, 0o660, 0o602, 0o777])
    def test_an_entry_that_others_may_touch_is_rebuilt(self, folder: Path, mode: int) -> None:
        get()
        entry(folder).chmod(mode)
        assert get()[1] == "compiled"
        assert get()[1] == "cache"

    @pytest.mark.parametrize("mode", [0o755, 0o770, 0o702])
    def test_in_a_folder_that_others_may_enter_one_is_made_that_they_may_not(
        self, folder: Path, mode: int
    ) -> None:
        folder.mkdir()
        folder.chmod(mode)
        assert get()[1] == "compiled"
        assert get()[1] == "cache"
        own = directory()
        assert own is not None
        assert own.parent == folder
        assert stat.S_IMODE(own.stat().st_mode) == 0o700
        assert [path.name for path in folder.iterdir()] == [own.name]

    @pytest.mark.skipif(not ROOT, reason="only root gives files away")
    def test_an_entry_of_another_owner_is_rebuilt(self, folder: Path) -> None:
        get()
        os.chown(entry(folder), 12345, 12345)
        assert get()[1] == "compiled"
        assert get()[1] == "cache"

    @pytest.mark.skipif(not ROOT, reason="only root gives folders away")
    def test_a_folder_of_another_owner_is_not_used(self, folder: Path) -> None:
        get()
        os.chown(folder, 12345, 12345)
        assert refused(folder) == "it is a link, another user's, or open to others"
        assert get()[1] == "compiled"

    def test_a_folder_that_is_a_link_is_not_used(self, folder: Path, tmp_path: Path) -> None:
        real = tmp_path / "real"
        real.mkdir(mode=0o700)
        folder.symlink_to(real)
        assert refused(folder) == "it is a link, another user's, or open to others"
        assert get()[1] == "compiled"
        assert not list(real.iterdir())

    def test_a_link_to_nowhere_is_no_folder(self, folder: Path, tmp_path: Path) -> None:
        folder.symlink_to(tmp_path / "nowhere")
        assert refused(folder) == "a file is there, or a link to nowhere"
        assert get()[1] == "compiled"
        assert not (tmp_path / "nowhere").exists()


def test_a_file_in_place_of_the_folder_is_no_error(folder: Path) -> None:
    folder.write_text("mine")
    assert refused(folder) == "a file is there, or a link to nowhere"
    assert get()[1] == "compiled"
    assert folder.read_text() == "mine"


def test_a_folder_of_nobody_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOLIGO_CACHE", "~nobody-of-that-name/kernels")
    with pytest.warns(UserWarning, match="cannot be kept in ~nobody-of-that-name/kernels"):
        assert directory() is None


# What a person's machine may be like: whatever it is, a run runs.
SURROUNDINGS = {
    "no home, and a user whom the system does not know": (
        "os.environ.pop('HOME', None); ROOT and os.setuid(54321)"
    ),
    "a home that is a file": "os.environ['HOME'] = __file__",
    "a home that cannot be": "os.environ['HOME'] = '/proc/nowhere'",
    "a relative home": "os.environ['HOME'] = 'somewhere'",
    "a working folder that was removed": "remove_the_working_folder()",
    "a cache in a working folder that was removed": (
        "remove_the_working_folder(); os.environ['LOLIGO_CACHE'] = 'kernels'"
    ),
    "no error stream": "sys.stderr = None",
    "no streams": "sys.stderr = sys.stdout = sys.stdin = None",
    "an error stream that was closed": "sys.stderr.close()",
}
ELSEWHERE = """
import os, sys, tempfile
import loligo as lo
from loligo.engine.llvm.cache import directory

ROOT = os.geteuid() == 0

def remove_the_working_folder():
    where = tempfile.mkdtemp()
    os.chdir(where)
    os.rmdir(where)

def last():
    leak = lo.Membrane(channels=[lo.Channel("L", g=0.3, E=-65)])
    return float(lo.simulate(leak, None, 1, solver=lo.Exponential(0.1)).V[-1])

assert last() == -65.0  # compiled, for all that follows
for what in sys.argv[1:]:
    child = os.fork()
    if not child:
        exec(what)
        folder = directory()
        assert folder is None or folder.stat().st_mode & 0o777 == 0o700
        os._exit(0 if last() == -65.0 else 9)
    os.write(1, f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])} ".encode())
"""


@pytest.mark.slow
@pytest.mark.skipif(not POSIX, reason="forks")
def test_a_run_runs_wherever_it_is(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(ELSEWHERE)
    environment = dict(os.environ, HOME=str(tmp_path))
    for name in ("LOLIGO_CACHE", "XDG_CACHE_HOME"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, str(script), *SURROUNDINGS.values()],
        env=environment, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    ended = dict(zip(SURROUNDINGS, done.stdout.split(), strict=True))
    assert ended == dict.fromkeys(SURROUNDINGS, "0"), done.stderr


@pytest.mark.parametrize("word", ["off", "OFF", "Off"])
def test_without_the_cache_nothing_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setenv("LOLIGO_CACHE", word)
    monkeypatch.chdir(folder.parent)
    assert get()[1] == "compiled"
    assert get()[1] == "compiled"
    assert not list(folder.parent.iterdir())


@pytest.mark.parametrize("where", ["write_bytes", "touch", "chmod"])
@pytest.mark.parametrize("problem", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_a_disk_that_takes_nothing_is_no_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, where: str, problem: int
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise OSError(problem, os.strerror(problem))

    monkeypatch.setattr(Path, where, fail)
    assert get()[1] == "compiled"
    monkeypatch.undo()
    assert not list(folder.iterdir())  # no half file either


def test_a_disk_that_is_full_in_the_middle_leaves_no_half_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    assert get()[1] == "compiled"
    assert not list(folder.iterdir())


def test_the_oldest_entries_go(folder: Path) -> None:
    few = Cache(most_entries=2)
    for i in range(3):
        few.kernel({"for": i}, WIDTH, SOURCE)
        for path in folder.glob("*.kernel"):
            os.utime(path, (path.stat().st_mtime - 10,) * 2)
    assert len(list(folder.glob("*.kernel"))) == 2
    assert get({"for": 2})[1] == "cache"
    assert get({"for": 0})[1] == "compiled"


def test_only_so_many_kernels_are_kept_in_memory(folder: Path) -> None:
    few = Cache(most_loaded=2)
    for i in (1, 2, 1, 3):  # 2 is the one least recently used
        few.kernel({"for": i}, WIDTH, SOURCE)
    assert few.kernel({"for": 1}, WIDTH, SOURCE)[1] == "memory"
    assert few.kernel({"for": 2}, WIDTH, SOURCE)[1] == "cache"


@pytest.mark.skipif(sys.platform != "linux", reason="what glibc has given out")
def test_what_is_compiled_leaves_nothing_behind(folder: Path) -> None:
    """llvmlite from 0.45 on keeps its passes and what they remember, 0.5 MB of this one."""
    import ctypes
    import gc

    names = [
        "arena",
        "ordblks",
        "smblks",
        "hblks",
        "hblkhd",
        "usmblks",
        "fsmblks",
        "uordblks",
        "fordblks",
        "keepcost",
    ]
    kind = type("Info", (ctypes.Structure,), {"_fields_": [(n, ctypes.c_size_t) for n in names]})
    ask = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if ask is None:
        pytest.skip("a libc without mallinfo2")
    ask.restype = kind

    def given_out() -> int:
        gc.collect()
        told = ask()
        return told.uordblks + told.hblkhd

    def compiled(count: int) -> None:
        for _ in range(count):
            Cache().kernel({"for": "nobody"}, WIDTH, SOURCE)
            entry(folder).unlink()

    compiled(2)
    before = given_out()
    compiled(4)
    assert (given_out() - before) / 4 < 100_000


def test_a_number_that_changes_never_compiles(folder: Path) -> None:
    squid, told = lo.load("hodgkin-huxley-1952"), []
    for model, amplitude in ((squid, 5), (squid.replace(g_Na=60, celsius=12), 7.5)):
        timings: dict[str, float] = {}
        lo.simulate(model, lo.Pulse(1, 1, amplitude), 2, timings=timings)
        told.append(next(iter(timings)))
    assert told == ["kernel (compiled)", "kernel (memory)"]


@pytest.mark.slow
def test_what_is_recorded_or_given_makes_another_kernel(folder: Path) -> None:
    squid = lo.load("hodgkin-huxley-1952")
    runs = [
        lambda t: lo.simulate(squid, lo.Pulse(0, 1, 5), 1, timings=t),
        lambda t: lo.simulate(squid, lo.Step(0, 5), 1, timings=t),
        lambda t: lo.simulate(squid, lo.Pulse(0, 1, 5), 1, record=["V"], timings=t),
        lambda t: lo.simulate(squid, lo.Pulse(0, 1, 5) + lo.Pulse(0, 1, 2), 1, timings=t),
    ]
    for run in runs:
        timings: dict[str, float] = {}
        run(timings)
        assert "kernel (compiled)" in timings


def test_the_solve_of_an_axon_is_kept_as_kernels_are(folder: Path) -> None:
    KERNELS.solve()
    path = entry(folder)
    sound, when = path.read_bytes(), path.stat().st_mtime_ns
    assert Cache().solve().addresses["cable"]
    assert path.stat().st_mtime_ns == when  # found, not made anew
    path.write_bytes(flipped(sound, len(sound) - 500))
    assert Cache().solve().addresses["cable"]
    assert path.read_bytes() == sound


# ---------------------------------------------------------------------- other processes

SCRIPT = """
import sys, loligo as lo
timings = {}
squid = lo.load("hodgkin-huxley-1952")
rec = lo.simulate(squid, lo.Pulse(5, 1, 20), 20, sample_interval=0.01, timings=timings)
# xarray loads pint where it is installed, and pint the empty top of SciPy
heavy = {"sympy", "mpmath", "scipy.integrate", "scipy.optimize", "matplotlib"} & set(sys.modules)
print(next(iter(timings)), round(float(rec.V.max()), 3), sorted(heavy))
"""


def start(folder: Path) -> subprocess.Popen[str]:
    env = {**os.environ, "LOLIGO_CACHE": str(folder)}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT], env=env, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.slow
def test_two_processes_at_once_and_then_a_warm_start_without_sympy(folder: Path) -> None:
    both = [start(folder), start(folder)]
    for process in both:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert "40.5" in out
    assert len(list(folder.iterdir())) == 1  # one entry, and nothing half written
    warm = start(folder)
    out, err = warm.communicate(timeout=60)
    assert warm.returncode == 0, err
    kernel, peak, heavy = out.split(maxsplit=2)[0], out.split()[2], out.split("[")[1]
    assert (kernel, out.split()[1]) == ("kernel", "(cache)")
    assert float(peak) == pytest.approx(40.5, abs=0.05)
    assert heavy.strip() == "]"
