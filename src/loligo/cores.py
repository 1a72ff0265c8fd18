"""How many cores this process may use: what it was told, and every limit around it."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from loligo.cgroups import ROOT, groups
from loligo.errors import UsageError

WISH = "LOLIGO_THREADS"
MOST = 4096

# What batch systems, and loky (joblib's pool), grant: cores of this machine. `OMP_NUM_THREADS` is
# none of them: it is said of OpenMP, which nothing here uses, and mostly to keep BLAS quiet.
GRANTS = (
    "SLURM_CPUS_PER_TASK",  # Slurm
    "PBS_NCPUS", "NCPUS",  # PBS Professional, and others like it
    "NSLOTS",  # Grid Engine
    "LSB_DJOB_NUMPROC",  # LSF
    "LOKY_MAX_CPU_COUNT",
)  # fmt: skip


def cores() -> int:
    """``LOLIGO_THREADS``; without it the least that affinity, control groups and what a batch
    system grants leave of the machine's cores.

    Raises
    ------
    UsageError
        If ``LOLIGO_THREADS`` is no number of threads.
    """
    wish = os.environ.get(WISH, "")
    if wish:
        if not wish.isdecimal() or not 1 <= int(wish) <= MOST:
            raise UsageError(f"{WISH} is {wish!r}; give a whole number from 1 to {MOST}")
        return int(wish)
    return max(1, min(_allowed(), _quota(ROOT), *granted(os.environ)))


def _allowed() -> int:
    """The cores that the system lets this process run on."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def granted(environ: Mapping[str, str]) -> list[int]:
    """What a batch system grants to this process; what is no number says nothing."""
    said = [environ.get(name, "").strip() for name in GRANTS]
    return [int(text) for text in said if text.isdecimal() and int(text) >= 1] or [MOST]


@lru_cache(maxsize=1)  # asked for in every run, and files are slow
def _quota(root: Path) -> int:
    return quota(root)


def quota(root: Path = ROOT) -> int:
    """How many cores' time the control groups around this process leave it; a part of a core, or
    of one more, is a whole one.

    Parameters
    ----------
    root
        Where the files of the system are.

    Examples
    --------
    >>> quota(Path("/nowhere")) == MOST
    True
    """
    return max(1, math.ceil(min(_quotas(root), default=MOST) - 1e-9))


def _quotas(root: Path) -> Iterator[float]:
    for version, folder in groups("cpu", root):
        with suppress(OSError, ValueError, ZeroDivisionError):  # "max", or nothing of the kind
            if version == 2:
                time, period = (folder / "cpu.max").read_text(encoding="utf-8").split()
            else:
                names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
                time, period = ((folder / name).read_text(encoding="utf-8") for name in names)
            if int(time) > 0:  # -1: none
                yield int(time) / int(period)
