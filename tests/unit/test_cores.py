"""How many cores a process may use, on machines made of files and variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from loligo import cores
from loligo.errors import UsageError

V2, V1 = "sys/fs/cgroup", "sys/fs/cgroup/cpu,cpuacct"
MACHINES: Mapping[str, tuple[Mapping[str, str], int]] = {
    "bare": ({}, cores.MOST),
    "no quota": ({"proc/self/cgroup": "0::/\n", f"{V2}/cpu.max": "max 100000\n"}, cores.MOST),
    "two and a half cores": (
        {"proc/self/cgroup": "0::/pod\n", f"{V2}/pod/cpu.max": "250000 100000\n"},
        3,
    ),
    "a tenth of a core": ({"proc/self/cgroup": "0::/\n", f"{V2}/cpu.max": "10000 100000"}, 1),
    "a quota on a group around this one": (
        {
            "proc/self/cgroup": "0::/batch/job7/step2\n",
            f"{V2}/batch/job7/step2/cpu.max": "max 100000",
            f"{V2}/batch/job7/cpu.max": "400000 50000",
            f"{V2}/batch/cpu.max": "6400000 100000",
        },
        8,
    ),
    "the first version": (
        {
            "proc/self/cgroup": "5:memory:/x\n4:cpu,cpuacct:/docker/abc\n0::/\n",
            f"{V1}/cpu.cfs_quota_us": "200000\n",
            f"{V1}/cpu.cfs_period_us": "100000\n",
        },
        2,
    ),
    "the first version, no quota": (
        {
            "proc/self/cgroup": "4:cpu:/\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
        cores.MOST,
    ),
    "nonsense": ({"proc/self/cgroup": "0::/\n", f"{V2}/cpu.max": "\x00 0 0"}, cores.MOST),
    "a period of 0": ({"proc/self/cgroup": "0::/\n", f"{V2}/cpu.max": "100 0"}, cores.MOST),
}


@pytest.mark.parametrize("which", MACHINES)
def test_a_quota_of_time_is_followed(which: str, tmp_path: Path) -> None:
    files, expected = MACHINES[which]
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert cores.quota(tmp_path) == expected


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (cores.WISH, *cores.GRANTS, "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cores, "_allowed", lambda: 12)
    monkeypatch.setattr(cores, "_quota", lambda root: 8)
    return monkeypatch


def test_the_least_of_all_limits_counts_and_a_wish_above_all(bare: pytest.MonkeyPatch) -> None:
    assert cores.cores() == 8
    bare.setenv("SLURM_CPUS_PER_TASK", "6")
    assert cores.cores() == 6
    bare.setenv("LOKY_MAX_CPU_COUNT", "4")
    assert cores.cores() == 4
    bare.setenv("NSLOTS", "unknown")  # what is no number says nothing
    bare.setenv("LSB_DJOB_NUMPROC", "64")
    bare.setenv("OMP_NUM_THREADS", "1")  # said of OpenMP
    assert cores.cores() == 4
    bare.setenv(cores.WISH, "16")
    assert cores.cores() == 16
    bare.setenv(cores.WISH, "many")
    with pytest.raises(UsageError, match="LOLIGO_THREADS is 'many'; give a whole number"):
        cores.cores()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_affinity_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (cores.WISH, *cores.GRANTS):
        monkeypatch.delenv(name, raising=False)
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert cores.cores() == 1
    finally:
        os.sched_setaffinity(0, before)
