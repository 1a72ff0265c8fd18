"""How much memory there is, on machines made of files; and that what is stated is what is taken."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from loligo.memory import available

GB = 10**9


def machine(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


MEMINFO = {"proc/meminfo": "MemTotal: 64000000 kB\nMemFree: 1000 kB\nMemAvailable: 32000000 kB\n"}
NESTED = "sys/fs/cgroup/batch/job7/step2"
MACHINES: Mapping[str, tuple[Mapping[str, str], int]] = {
    "bare": ({}, 32 * 1024 * 10**6),
    "a container": (
        {
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/memory.max": str(8 * GB),
            "sys/fs/cgroup/memory.current": str(3 * GB),
        },
        5 * GB,
    ),
    "a container that has read large files": (
        {
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/memory.max": str(8 * GB),
            "sys/fs/cgroup/memory.current": str(7 * GB),
            "sys/fs/cgroup/memory.stat": f"anon {GB}\ninactive_file {5 * GB}\nactive_file {GB}\n",
        },
        6 * GB,
    ),
    "a limit on a group around this one": (
        {
            "proc/self/cgroup": "0::/batch/job7/step2\n",
            f"{NESTED}/memory.max": "max\n",
            f"{NESTED}/memory.current": str(GB),
            "sys/fs/cgroup/batch/job7/memory.max": str(4 * GB),
            "sys/fs/cgroup/batch/job7/memory.current": str(2 * GB),
            "sys/fs/cgroup/batch/memory.max": str(100 * GB),
            "sys/fs/cgroup/batch/memory.current": str(2 * GB),
        },
        2 * GB,
    ),
    "a limit that slows down": (
        {
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/memory.max": "max\n",
            "sys/fs/cgroup/memory.high": str(2 * GB),
            "sys/fs/cgroup/memory.current": str(GB),
        },
        GB,
    ),
    "the first version": (
        {
            "proc/self/cgroup": "12:cpu,cpuacct:/slurm\n5:memory:/slurm/uid_7/job_3\n0::/init\n",
            "sys/fs/cgroup/memory/slurm/uid_7/job_3/memory.limit_in_bytes": str(6 * GB),
            "sys/fs/cgroup/memory/slurm/uid_7/job_3/memory.usage_in_bytes": str(5 * GB),
            "sys/fs/cgroup/memory/slurm/uid_7/job_3/memory.stat": f"total_inactive_file {2 * GB}\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": str(9 * GB),
        },
        3 * GB,
    ),
    "a container that shows the host's path": (
        {
            "proc/self/cgroup": "5:memory:/docker/0123456789ab\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": str(2 * GB),
            "sys/fs/cgroup/memory/memory.usage_in_bytes": str(GB),
        },
        GB,
    ),
    "both versions at once": (
        {
            "proc/self/cgroup": "5:memory:/\n0::/user\n",
            "sys/fs/cgroup/unified/user/memory.max": str(3 * GB),
            "sys/fs/cgroup/unified/user/memory.current": str(GB),
        },
        2 * GB,
    ),
    "used up": (
        {
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/memory.max": str(GB),
            "sys/fs/cgroup/memory.current": str(2 * GB),
        },
        0,
    ),
    "files that say nonsense": (
        {"proc/self/cgroup": "what\n", "sys/fs/cgroup/memory.max": "much"},
        32 * 1024 * 10**6,
    ),
}


@pytest.mark.skipif(os.name == "nt", reason="files of Linux")
@pytest.mark.parametrize("what", MACHINES)
def test_what_is_left(tmp_path: Path, what: str) -> None:
    files, left = MACHINES[what]
    assert available(machine(tmp_path, {**MEMINFO, **files})) == left


def limited(limit: str, script: str) -> str:
    """What a script prints under a limit of 3 GB that it sets itself."""
    text = f"import resource; resource.setrlimit(resource.{limit}, (3 * 10**9,) * 2)\n{script}"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
@pytest.mark.parametrize("limit", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_what_ulimit_leaves(limit: str) -> None:
    told = limited(limit, "from loligo.memory import available; print(available())")
    assert 2 * GB < int(told) < 3 * GB


HELD = """
import ctypes
import numpy as np
import loligo as lo
import loligo.run.halving as halving
import loligo.run.pose as pose

stated = []
pose.refuse_too_large = halving.refuse_too_large = lambda needed, *told: stated.append(needed)
squid = lo.load("hodgkin-huxley-1952")


def peak():  # of this program: ru_maxrss begins with that of the one that started it
    status = open("/proc/self/status").read()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def run(stimulus, duration, **how):
    return lo.simulate(squid, stimulus, duration, initial=-65, **how)


{small}
ctypes.CDLL(None).malloc_trim(0)  # what the first run left is not room for the second
open("/proc/self/clear_refs", "w").write("5")  # the highest so far is what is held now
before = peak()
rec = {large}
print(stated[-1], peak() - before)
"""
RUNS: Mapping[str, tuple[str, str]] = {
    "one lane of many samples": (
        "run(None, 10, solver=lo.Exponential(0.1), record=['V'], sample_interval=0.1)",
        "run(None, 1e6, solver=lo.Exponential(0.1), record=['V'], sample_interval=0.1)",
    ),
    "all that there is": (
        "run(None, 10, solver=lo.Exponential(0.1), sample_interval=0.1)",
        "run(None, 2e5, solver=lo.Exponential(0.1), sample_interval=0.1)",
    ),
    "many lanes": (
        "run(lo.Step(1, np.linspace(0, 5, 20_000)), 2, record=['V'], sample_interval=0.1)",
        "run(lo.Step(1, np.linspace(0, 5, 20_000)), 80, record=['V'], sample_interval=0.1)",
    ),
    "many paths of noise": (
        "run(lo.Noise(0, 9, 1, tau=3, seed=list(range(300))), 10, record=['spikes'])",
        "run(lo.Noise(0, 2e3, 1, tau=3, seed=list(range(300))), 2e3, record=['spikes'])",
    ),
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="/proc of Linux")
@pytest.mark.parametrize("what", RUNS)
def test_what_is_stated_is_what_is_held(tmp_path: Path, what: str) -> None:
    small, large = RUNS[what]
    script = tmp_path / "run.py"
    script.write_text(HELD.replace("{small}", small).replace("{large}", large))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    stated, held = (float(number) for number in done.stdout.split())
    assert stated > 1e8
    # within a tenth, and what an allocator keeps
    assert held <= 1.1 * stated + 1e7
    assert stated <= 1.1 * held + 1e7
