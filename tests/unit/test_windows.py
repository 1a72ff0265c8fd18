"""What Windows lacks is not needed: the usual work in a process from which it was taken.

Nobody here has Windows at hand all the time; the workflow that makes a release runs this there too.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from loligo.errors import FileError
from loligo.sweeps import leases

# what others need on this system they have already; then it is taken, before anything of ours comes
TAKEN = """
import asyncio, os, sys
import llvmlite.binding, matplotlib.pyplot, numpy, rich.console, scipy.integrate, typer, xarray
try:
    import zarr
except ModuleNotFoundError:
    pass
for name in ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog"):
    sys.modules[name] = None
for name in ("getuid", "geteuid", "getgid", "getegid", "fork", "sched_getaffinity", "nice",
             "sysconf", "O_NOFOLLOW", "O_NONBLOCK", "O_DIRECTORY", "killpg", "getpgid", "setsid",
             "mkfifo", "statvfs", "getloadavg"):
    if hasattr(os, name):
        delattr(os, name)
"""
WORK = """
import numpy as np
import loligo as lo

squid = lo.load("hodgkin-huxley-1952")
rec = lo.simulate(squid, lo.Pulse(1, 1, 20), 8)
assert rec.spike_count == 1
for form in ("nc", "npz", "csv", "xlsx"):
    lo.save(rec, f"a {form}.{form}")  # a name with a blank
    assert lo.open(f"a {form}.{form}").V.equals(rec.V)
squid.save("squid.toml")
assert lo.load("squid.toml") == squid
lo.plot(rec).savefig("a.png")
lo.lab([squid]).save("lab.html")
try:
    lo.sweep
    import zarr
except ModuleNotFoundError:
    pass
else:
    asked = (squid, lo.Pulse(1, 5, np.linspace(0, 20, 6)), 8)
    swept = lo.sweep(*asked, store="s.zarr", block=3, share=True, progress=False)
    assert swept.spike_count.sum() > 3
from loligo.cli import main
assert main(["show", "squid.toml"]) == 0
assert main(["run", "squid.toml", "--duration", "20", "--output", "b.nc"]) == 0
from loligo import cores, memory, ready
assert cores.cores() >= 1
memory.available()
ready.humbly()
print("all of it")
"""


@pytest.mark.slow
def test_the_usual_work_needs_nothing_that_windows_lacks(tmp_path: Path) -> None:
    kernels = tmp_path / "kernels"
    kernels.mkdir(mode=0o700)
    done = subprocess.run(
        [sys.executable, "-c", TAKEN + WORK], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "LOLIGO_CACHE": str(kernels)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.endswith("all of it\n")
    assert list(kernels.glob("*.kernel"))


def test_a_lease_that_another_reads_just_now_does_not_end_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows refuses to replace, or to remove, a file that somebody has open."""
    mine = leases.Leases(tmp_path)
    assert mine.take(3)

    def refused(*_: object, **__: object) -> None:
        raise FileError("another program has it open")

    def held(*_: object, **__: object) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(leases, "replacing", refused)
    mine.count_on()
    assert list(mine.held) == [3]
    monkeypatch.setattr(Path, "unlink", held)
    mine.give_back(3)
    assert not mine.held
