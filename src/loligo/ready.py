"""The library's kernels made beforehand, by a process of its own that stops with this one.

A kernel is machine code for one processor, so that none can come with an installation. Where a
person sits (a notebook, a Python that answers), the first model that has to be compiled starts
another process, which compiles the others while that person reads what came out of the first. It
runs at the lowest priority and on one core, is the only one of its kind on a cache, and ends when
this process does. ``LOLIGO_WARM=off`` forbids it; nothing is started in continuous integration,
on a single core, or where the disk is nearly full. ``loligo warm`` does the same by hand.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from loligo.cores import cores
from loligo.errors import UsageError
from loligo.files import failure, hold, is_held

WISH = "LOLIGO_WARM"
_ROOM = 500 << 20  # bytes that must be free: a library of kernels takes a tenth of it
_CI = ("CI", "PYTEST_CURRENT_TEST", "READTHEDOCS")
_AT_IT = "being-warmed"  # in the cache, while somebody does it
_DEAD = 120.0  # s without a sign of life, after which whoever held it does not, locked or not
_LOWEST = 19

_held: list[tuple[Path, int]] = []  # what this process does alone, and its open file
_started: list[subprocess.Popen[Any]] = []  # at most one, in this process


def begin(folder: Path, mark: str) -> bool:
    """Start it, if it is wanted and was not done before; whether it was started.

    Parameters
    ----------
    folder
        Where kernels are kept.
    mark
        Names what all kernels depend on: once they are there, a file of that name is.
    """
    if _started or not wanted(os.environ) or (folder / mark).exists():
        return False
    with suppress(OSError, UsageError):
        if cores() < 2 or shutil.disk_usage(folder).free < _ROOM:
            return False
        _started.append(_process())
        atexit.register(end)
        return True
    return False


def wanted(environ: Mapping[str, str]) -> bool:
    """Whether a person sits here, and nobody said no."""
    if environ.get(WISH, "").lower() in ("off", "0", "no"):
        return False
    if any(environ.get(name) for name in _CI):
        return False
    if not Path(sys.executable or "").stem.lower().startswith(("python", "pypy")):
        return False  # a program that has a Python inside, and is none
    return hasattr(sys, "ps1") or bool(sys.flags.interactive) or "ipykernel" in sys.modules


def _process() -> subprocess.Popen[Any]:
    # it reads from this process, and so notices when it is gone, whatever ended it
    apart: dict[str, Any] = {"start_new_session": True}  # Ctrl-C is for this process
    if os.name == "nt":
        flags = ("CREATE_NO_WINDOW", "CREATE_NEW_PROCESS_GROUP", "IDLE_PRIORITY_CLASS")
        apart = {"creationflags": sum(getattr(subprocess, name, 0) for name in flags)}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "loligo", "warm", "--quietly"],  # nothing of the folder's
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, WISH: "off", "LOLIGO_THREADS": "1"}, **apart,
    )  # fmt: skip


def end() -> None:
    """Stop what was started."""
    while _started:
        process = _started.pop()
        try:
            process.communicate(timeout=2)  # the end of what it reads
        except (OSError, ValueError, subprocess.TimeoutExpired):
            process.kill()


def humbly() -> None:
    """At the lowest priority that there is, for the process that was started."""
    with suppress(OSError, AttributeError):  # Windows has no `nice`: it was started so
        os.nice(_LOWEST)


@contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Whether nobody else does it, and while it is done nobody else will.

    The file is locked, and touched by :func:`alive`: who has ended, or where there are no locks has
    not touched it for two minutes, is at it no more.

    Raises
    ------
    FileError
        Nothing can be written there.
    """
    path = folder / _AT_IT
    with suppress(OSError):  # none is there
        if time.time() - path.stat().st_mtime > _DEAD or is_held(path) is False:
            path.unlink(missing_ok=True)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        yield False
        return
    except OSError as error:
        raise failure(folder, error) from error
    hold(handle)
    _held.append((path, handle))
    try:
        yield True
    finally:
        let_go()


def let_go() -> None:
    """Nobody is at it any more."""
    while _held:
        path, handle = _held.pop()
        with suppress(OSError):
            os.close(handle)  # first, for Windows removes no open file
        with suppress(OSError):
            path.unlink(missing_ok=True)


def alive(folder: Path) -> None:
    """Say that one is still at it."""
    with suppress(OSError):
        os.utime(folder / _AT_IT)


def done(folder: Path, mark: str) -> None:
    """All are there."""
    with suppress(OSError):
        for old in folder.glob("*.warm"):
            old.unlink(missing_ok=True)
        (folder / mark).touch(mode=0o600)
