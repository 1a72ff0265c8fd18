"""Brian2: C++ standalone, exponential Euler; the project is built once for a step and a size."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import squid
from benchmarks.peers import CELL, ENSEMBLE, Family, Peer, Run
from benchmarks.squid import Result, Work

# time is in ms, everything else a plain number of the field's units
EQUATIONS = """
dV/dt = (I - G_NA*m**3*h*(V - E_NA) - G_K*n**4*(V - E_K) - G_L*(V - E_L))/C_M/ms : 1
dm/dt = (am*(1 - m) - bm*m)/ms : 1
dh/dt = (ah*(1 - h) - bh*h)/ms : 1
dn/dt = (an*(1 - n) - bn*n)/ms : 1
am = 1/exprel(-(V + 40)/10) : 1
bm = 4*exp(-(V + 65)/18) : 1
ah = 0.07*exp(-(V + 65)/20) : 1
bh = 1/(1 + exp(-(V + 35)/10)) : 1
an = 0.1/exprel(-(V + 55)/10) : 1
bn = 0.125*exp(-(V + 65)/80) : 1
I : 1 (constant)
"""
CONSTANTS = {n: getattr(squid, n) for n in ("C_M", "G_NA", "G_K", "G_L", "E_NA", "E_K", "E_L")}


def make(work: Work, dt: float) -> Run:
    import brian2 as b2

    place = Path(tempfile.mkdtemp(prefix="brian2-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    b2.device.reinit()
    b2.device.activate()
    b2.set_device("cpp_standalone", build_on_run=False, directory=str(place))
    b2.prefs.devices.cpp_standalone.openmp_threads = work.cores if work.cores > 1 else 0
    b2.defaultclock.dt = dt * b2.ms
    cells = b2.NeuronGroup(
        len(work.current), EQUATIONS, method="exponential_euler", namespace=CONSTANTS
    )
    cells.V, cells.m, cells.h, cells.n = squid.rest()
    cells.I = work.current
    network = b2.Network(cells)
    if work.keep:
        watch = b2.StateMonitor(cells, "V", record=True, dt=squid.EVERY * b2.ms)
        network.add(watch)
    beyond = squid.EVERY if work.keep else 0.0  # so that the last sample is taken
    network.run((work.duration + beyond) * b2.ms, namespace={})
    b2.device.build(directory=str(place), compile=True, run=False, with_output=False)

    def keep() -> Result:
        b2.device.run(str(place), with_output=False)
        return Result(0.0, np.asarray(watch.V).T[-work.samples :])

    return keep if work.keep else lambda: _time(place)


def _time(place: Path) -> Result:
    """The binary alone, and what it says of its own loop."""
    command = ["./main", "--results_dir", f"{place}/results/"]
    subprocess.run(command, cwd=place, check=True, stdout=subprocess.DEVNULL)
    told = Path(place, "results", "last_run_info.txt").read_text(encoding="utf-8")
    return Result(float(told.split()[0]))


def _missing() -> str:
    return "" if shutil.which("g++") or shutil.which("clang++") else "there is no C++ compiler"


PEER = Peer(
    title="Brian2",
    package="brian2",
    differs=(
        "C++ standalone: a compiler is needed, and a project is built for every step, size and "
        "recording, outside the clock, which is the binary's own. Compiled with its default "
        "flags (-O3 -ffast-math -march=native). Locates no spikes."
    ),
    families=(
        Family(
            "Brian2 exponential Euler", "dt",
            {CELL: (0.05, 0.01, 0.0025), ENSEMBLE: (0.05, 0.01)}, share=0.1,
        ),
    ),
    make=make,
    first={"dt": 0.01},
    needs=_missing,
)  # fmt: skip
