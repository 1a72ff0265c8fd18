"""How much memory there is, so that a run which will not fit is refused beforehand."""

from __future__ import annotations

import os
from pathlib import Path

from loligo.errors import RunError


def available() -> int | None:
    """Bytes that can be had now, or None where the system does not say."""
    limits = [value for value in (_from_proc(), _from_cgroup()) if value is not None]
    if limits:
        return min(limits)
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _from_proc() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if "MemAvailable" in line)
    except (OSError, ValueError, StopIteration, IndexError):
        return None


def _from_cgroup() -> int | None:
    """What the container leaves, on Linux."""
    root = Path("/sys/fs/cgroup")
    try:
        limit = (root / "memory.max").read_text().strip()
        return int(limit) - int((root / "memory.current").read_text())
    except (OSError, ValueError):
        return None


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
