"""Output files appear whole or not at all."""

from __future__ import annotations

import errno
import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loligo import files
from loligo.errors import FileError, LoligoError
from loligo.files import replacing

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX files")


def leftovers(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if files.MARK in entry.name)


def test_the_file_appears_when_the_block_ends_well(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with replacing(target) as part:
        assert part.parent == tmp_path
        assert part.suffix == ".txt"
        assert part.name.startswith(".")
        part.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_block_that_raises_leaves_the_old_file(tmp_path: Path, error: type) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(error), replacing(target) as part:  # noqa: PT012  (the block is the test)
        part.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]


def test_our_own_errors_pass_unchanged(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"^mine$"), replacing(tmp_path / "a.txt"):
        raise FileError("mine")


def test_an_error_about_another_file_is_not_claimed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "a.txt"):
        (tmp_path / "absent").read_text()


@posix
def test_permissions(tmp_path: Path) -> None:
    old_mask = os.umask(0o027)
    try:
        target = tmp_path / "a.txt"
        with replacing(target) as part:
            part.write_text("x")
        assert stat.S_IMODE(target.stat().st_mode) == 0o640
        target.chmod(0o604)
        with replacing(target) as part:
            part.write_text("y")
        assert stat.S_IMODE(target.stat().st_mode) == 0o604
    finally:
        os.umask(old_mask)


@posix
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    real = tmp_path / "data" / "real.txt"
    real.write_text("old")
    link = tmp_path / "link.txt"
    link.symlink_to(Path("data", "real.txt"))
    with replacing(link) as part:
        assert part.parent == real.parent
        part.write_text("new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    real.unlink()
    with replacing(link) as part:  # and what it points to may not be there yet
        part.write_text("newer")
    assert link.is_symlink()
    assert real.read_text() == "newer"


@posix
def test_links_that_go_nowhere(tmp_path: Path) -> None:
    loop = tmp_path / "loop.txt"
    loop.symlink_to("loop.txt")
    with pytest.raises(FileError, match="leads back to itself"), replacing(loop):
        pass
    astray = tmp_path / "astray.txt"
    astray.symlink_to(tmp_path / "none" / "a.txt")
    with pytest.raises(FileError, match="does not exist; make it first"), replacing(astray):
        pass


def test_the_messages(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"none does not exist; make it first or write elsewhere"):
        replacing(tmp_path / "none" / "a.gif").__enter__()
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match=r"the folder .*file is not a folder"):
        replacing(tmp_path / "file" / "a.gif").__enter__()
    with pytest.raises(FileError, match=r"it is a folder; give a file name inside it"):
        replacing(tmp_path).__enter__()
    with pytest.raises(FileError, match=r"it is a folder; give a file name inside it"):
        replacing("").__enter__()
    with pytest.raises(FileError, match=r"a file name cannot hold a zero byte"):
        replacing("a\0b.gif").__enter__()
    with pytest.raises(FileError, match=r"the name is too long; choose a shorter one"):
        replacing(tmp_path / ("a" * 300 + ".gif")).__enter__()


def test_a_name_as_long_as_the_disk_takes(tmp_path: Path) -> None:
    target = tmp_path / ("ä" * 100 + ".gif")
    with replacing(target) as part:
        part.write_text("x")
    assert target.read_text() == "x"


@posix
def test_special_files_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for special in (tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(FileError, match="not an ordinary file"), replacing(special):
            pass
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def test_a_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(files.os, "open", refuse)  # tests may run as root, whom nothing stops
    with pytest.raises(FileError, match=r"a.gif: no permission to write there; choose another"):
        replacing(tmp_path / "a.gif").__enter__()


def test_a_read_only_file_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    monkeypatch.setattr(files.os, "access", lambda *_: False)
    with pytest.raises(FileError, match="read-only; allow writing to it, remove it"):
        replacing(target).__enter__()
    assert target.read_text() == "old"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full; free some space or write elsewhere"),
        (errno.EDQUOT, "your disk quota is used up"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_a_disk_that_refuses_at_the_last_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    def refuse(_: int) -> None:
        raise OSError(code, os.strerror(code))

    target = tmp_path / "a.txt"
    target.write_text("old")
    monkeypatch.setattr(files.os, "fsync", refuse)
    with pytest.raises(FileError, match=f"cannot write .*a.txt: {words}"), replacing(target) as p:
        p.write_text("new")
    assert target.read_text() == "old"
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(("code", "times"), [(32, 9), (5, 9), (32, 2)])
def test_a_file_that_another_program_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, times: int
) -> None:
    """As Windows refuses it: for good, and while somebody looks at the file."""
    refused = []
    replace = os.replace

    def refuse(part: Path, place: Path) -> None:
        refused.append(place)
        if len(refused) > times:
            return replace(part, place)
        error = PermissionError(errno.EACCES, "The process cannot access the file")
        error.winerror = code  # type: ignore[attr-defined]
        raise error

    target = tmp_path / "a.csv"
    target.write_text("old")
    monkeypatch.setattr(files.os, "replace", refuse)
    monkeypatch.setattr(files, "_PATIENCE", (0.0, 0.0, None))
    if times == 2:
        with replacing(target) as part:
            part.write_text("new")
        assert target.read_text() == "new"
        return
    wording = "a.csv: another program has it open; close it there, or write elsewhere"
    with pytest.raises(FileError, match=wording), replacing(target) as part:
        part.write_text("new")
    assert target.read_text() == "old"
    assert leftovers(tmp_path) == []


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="a folder that takes no files")
def test_a_folder_that_takes_no_files_is_told_before_the_work() -> None:
    with pytest.raises(FileError, match="folder takes no files; choose another folder"):
        files.check("/proc/a.csv")


@posix
def test_a_file_larger_than_the_limit(tmp_path: Path) -> None:
    """The system itself refuses a write half way (the limit stands in for a full disk)."""
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    script = (
        "import resource, signal, sys\n"
        "from loligo.files import replacing\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        "    with replacing(sys.argv[1]) as part:\n"
        "        part.write_bytes(bytes(1_000_000))\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(target)], capture_output=True, text=True, timeout=60
    )
    assert "FileError" in done.stdout, done.stderr
    assert "larger than this system allows" in done.stdout
    assert target.read_bytes() == b"old"
    assert leftovers(tmp_path) == []


WRITER = """
import sys
from loligo.files import replacing
path, n = sys.argv[1], 0
print("ready", flush=True)
while True:
    n += 1
    with replacing(path) as part, open(part, "wb") as file:
        for _ in range(64):
            file.write(n.to_bytes(4, "big") * 1024)
            file.flush()
"""


@posix
def test_killed_at_any_moment_the_file_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    chance = random.Random(1952)
    for _ in range(12):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(target)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0, 0.08))
        writer.send_signal(signal.SIGKILL)
        writer.wait(timeout=60)
        writer.stdout.close()
        if target.exists():
            content = target.read_bytes()
            assert len(content) == 64 * 4096
            assert content == content[:4] * (len(content) // 4)  # one version, not two mixed
    for name in leftovers(tmp_path):
        os.utime(tmp_path / name, (0, 0))
    with replacing(target) as part:
        part.write_bytes(b"last")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.bin"]


def test_only_what_is_stale_is_swept(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    stale = tmp_path / f".a.txt.1-0{files.MARK}.txt"
    young = tmp_path / f".a.txt.2-0{files.MARK}.txt"
    other = tmp_path / f".b.txt.3-0{files.MARK}.txt"
    for path in (stale, young, other):
        path.write_text("half")
    for path in (stale, other):
        os.utime(path, (0, 0))
    with replacing(target) as first:
        os.utime(first, (0, 0))  # a slow writer: old, but its lock says that it lives
        first.write_text("first")
        os.utime(first, (0, 0))
        with replacing(target) as second:
            second.write_text("second")
        assert target.read_text() == "second"
    assert target.read_text() == "first"
    assert sorted(leftovers(tmp_path)) == sorted([young.name, other.name])


def test_without_locks_age_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "fcntl", None)
    target = tmp_path / "a.txt"
    hours = {"yesterday": 48, "today": 1}
    for name, age in hours.items():
        path = tmp_path / f".a.txt.{name}{files.MARK}.txt"
        path.write_text("half")
        os.utime(path, (time.time() - age * 3600,) * 2)
    with replacing(target) as part:
        part.write_text("x")
    assert leftovers(tmp_path) == [f".a.txt.today{files.MARK}.txt"]


def test_two_writers_at_once_do_not_mix(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with replacing(target) as one, replacing(target) as two:
        assert one != two
        one.write_text("one")
        two.write_text("two")
    assert target.read_text() == "one"
    assert issubclass(FileError, LoligoError)
    assert issubclass(FileError, OSError)
