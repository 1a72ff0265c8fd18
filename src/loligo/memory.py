"""How much memory there is, so that a run which will not fit is refused beforehand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from loligo.cgroups import groups
from loligo.errors import RunError

_ROOT = Path("/")
# More than any machine has: a limit of so much is none.
_UNLIMITED = 1 << 60


def available(root: Path = _ROOT) -> int | None:
    """Bytes that can be had now, or None where the system does not say.

    What the machine has left, what each control group around this process has left (containers,
    batch systems), and what ``ulimit`` leaves it; pages that only cache files are counted as free,
    for they are given up when asked for.

    Parameters
    ----------
    root
        Where the files of the system are.
    """
    limits = [*_from_proc(root), *_from_groups(root), *_from_limits(root)]
    if not limits:
        with suppress(AttributeError, ValueError, OSError):
            limits = [_windows() if os.name == "nt" else _physical()]
    return max(0, min(limits)) if limits else None


def _from_proc(root: Path) -> Iterator[int]:
    with suppress(OSError, ValueError, IndexError):
        for line in (root / "proc/meminfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("MemAvailable"):
                yield int(line.split()[1]) * 1024


_FILES = {
    1: (("memory.limit_in_bytes",), "memory.usage_in_bytes"),
    2: (("memory.max", "memory.high"), "memory.current"),
}


def _from_groups(root: Path) -> Iterator[int]:
    """What the control groups that hold this process leave, each and all above it."""
    for version, folder in groups("memory", root):
        yield from _left(folder, *_FILES[version])


def _left(folder: Path, limits: tuple[str, ...], used: str) -> Iterator[int]:
    for name in limits:
        with suppress(OSError, ValueError):  # "max", or nothing of the kind here
            limit = int((folder / name).read_text(encoding="utf-8"))
            if limit < _UNLIMITED:
                yield limit - int((folder / used).read_text(encoding="utf-8")) + _cached(folder)


def _cached(folder: Path) -> int:
    """Bytes of files that were read or written and are not in use: counted as used, but free."""
    found = {"inactive_file": 0, "total_inactive_file": 0}
    with suppress(OSError, ValueError):
        for line in (folder / "memory.stat").read_text(encoding="utf-8").splitlines():
            name, _, number = line.partition(" ")
            if name in found:
                found[name] = int(number)
    return found["total_inactive_file"] or found["inactive_file"]


def _from_limits(root: Path) -> Iterator[int]:
    """What ``ulimit -v`` and ``ulimit -d`` leave this process."""
    try:
        import resource
    except ImportError:  # Windows
        return
    taken = {"VmSize": 0, "VmData": 0}
    with suppress(OSError, ValueError, IndexError):
        for line in (root / "proc/self/status").read_text(encoding="utf-8").splitlines():
            name, _, rest = line.partition(":")
            if name in taken:
                taken[name] = int(rest.split()[0]) * 1024
    for limit, name in ((resource.RLIMIT_AS, "VmSize"), (resource.RLIMIT_DATA, "VmData")):
        soft = resource.getrlimit(limit)[0]
        if 0 <= soft < _UNLIMITED:  # RLIM_INFINITY is −1, or larger than any machine
            yield soft - taken[name]


def _physical() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _windows() -> int:
    import ctypes

    class Status(ctypes.Structure):
        """MEMORYSTATUSEX, as Windows fills it."""

        _fields_ = [
            ("length", ctypes.c_ulong), ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in
              ("total", "free", "file", "free_file", "virtual", "free_virtual", "extended")),
        ]  # fmt: skip

    status = Status(length=ctypes.sizeof(Status))
    if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):  # type: ignore[attr-defined]
        raise OSError("Windows does not say how much memory there is")
    return min(int(status.free), int(status.free_virtual))


def refuse_too_large(needed: float, what: str, remedy: str) -> None:
    """Say how much a run needs before it takes any, if there is not so much.

    Parameters
    ----------
    needed
        Bytes.
    what, remedy
        What they are for; what to do instead.

    Raises
    ------
    RunError
        If more is needed than there is.
    """
    there = available()
    if there is not None and needed > there:
        raise RunError(
            f"this run needs {spell(needed)} of memory ({what}), but {spell(there)} is free; "
            f"{remedy}"
        )


def spell(size: float) -> str:
    """A number of bytes for people.

    >>> spell(3.2e9)
    '3.2 GB'
    """
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size / 1e3:.3g} kB"
