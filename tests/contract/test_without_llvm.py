"""`engine="numpy"` and `Reference` run where llvmlite is absent, and never ask for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

ABSENT = """
import sys
sys.modules["llvmlite"] = None  # an import of it, or of anything below it, is an ImportError
import numpy as np
import loligo as lo
squid = lo.load("hodgkin-huxley-1952")
pulse = lo.Pulse(0.5, 0.5, np.array([10.0, 50.0]))
shock = lo.at(0, lo.Pulse(0.1, 0.2, 5e3))
fibre = lo.Axon(squid, length="2 mm", diameter=476, axial_resistivity=35.4, compartments=5)
"""
RUNS = {
    "fixed steps": 'lo.simulate(squid, pulse, 4, solver=lo.Exponential(engine="numpy"))',
    "float32": """lo.simulate(squid, pulse, 4, solver=lo.Exponential(
        engine="numpy", precision="float32"))""",
    "adaptive steps": 'lo.simulate(squid, pulse, 4, solver=lo.Taylor(engine="numpy"))',
    "the reference": "lo.simulate(squid, pulse, 4, solver=lo.Reference())",
    "an axon": 'lo.simulate(fibre, shock, 1, solver=lo.Exponential(engine="numpy"))',
    "an axon, the reference": "lo.simulate(fibre, shock, 1, solver=lo.Reference())",
}


# the others take longer, and import no more
QUICK = ("fixed steps",)


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(run, id=name, marks=[] if name in QUICK else [pytest.mark.slow])
        for name, run in RUNS.items()
    ],
)
def test_a_run_needs_no_llvmlite(run: str) -> None:
    code = f"{ABSENT}\nrec = {run}\nassert np.isfinite(rec.V).all()\nassert rec.V.max() > -60"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_without_it_machine_code_is_out_of_reach() -> None:
    """The test above tests something."""
    code = f"{ABSENT}\nlo.simulate(squid, pulse, 4)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert "llvmlite" in done.stderr


def test_reading_the_arguments_of_a_run_compiles_nothing() -> None:
    """Of an axon's either, though how finely it is cut follows from how fast its membrane is."""
    code = """
import sys
for compiler in ("llvmlite", "sympy", "scipy"):
    sys.modules[compiler] = None
import loligo as lo
from loligo.run import pose
from loligo.run.axon import pose as along
asked = dict(record=None, sample_interval=0.05, initial="rest", threshold=0)
squid = lo.load("hodgkin-huxley-1952").replace(g_Na=[60, 120])
problem = pose.pose(squid, lo.Pulse(1, 1, [5, 10, 20]), 20, **asked)
fibre = lo.Axon(squid, length="2 cm", diameter=476, axial_resistivity=35.4)
uncut = along.pose(fibre, lo.at(0, lo.Pulse(1, 1, 50e3)), 5, positions=None, **asked)
print(problem.lanes.shape, uncut.lanes.shape, uncut.groups[0].outline.states)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "(2, 3) (2,) ('V', 'm', 'h', 'n')", done.stderr
