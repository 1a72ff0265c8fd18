"""What comes on top of the steps: recording, a second core, a start.

    python benchmarks/overheads.py

1,000 squid axons, 0 to 20 uA/cm2, V recorded every 0.05 ms against nothing recorded, one core;
10,000 on one core and on two; and a whole process that simulates 50 ms of one, with its kernel in
the cache and without. Runs alternate, the best of each counts; only ratios mean something.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import numpy as np

import loligo as lo

ROUNDS = 6
SQUID = lo.load("hodgkin-huxley-1952")
SOLVERS = (lo.Taylor(), lo.Exponential(), lo.Exponential(precision="float32"))
START = """
import time; begun = time.perf_counter()
import numpy; numpy_there = time.perf_counter()
import loligo as lo; there = time.perf_counter()
import llvmlite.binding, xarray, loligo.simulation, loligo.recording.build; parts = time.perf_counter()
squid = lo.load("hodgkin-huxley-1952")
lo.simulate(squid, lo.Pulse(5, 40, 10), 50); done = time.perf_counter()
print(there - numpy_there, parts - there, done - parts)
"""  # noqa: E501


def steps(solver, cells: int, duration: float, record: str, threads: int) -> float:
    """Seconds in the loop."""
    os.environ["LOLIGO_THREADS"] = str(threads)
    timings: dict[str, float] = {}
    lo.simulate(
        SQUID, lo.Step(0, np.linspace(0, 20, cells)), duration, solver=solver, record=[record],
        timings=timings, progress=False,
    )  # fmt: skip
    return timings["steps"]


def best(*runs) -> list[float]:
    rounds = [[run() for run in runs] for _ in range(ROUNDS)]
    return [min(column) for column in zip(*rounds, strict=True)]


def start(cache: str) -> list[float]:
    """Seconds of `import loligo` beyond NumPy, of its parts, of load and simulate."""
    done = subprocess.run(
        [sys.executable, "-c", START], env={**os.environ, "LOLIGO_CACHE": cache},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [float(word) for word in done.stdout.split()]


def main() -> None:
    for solver in SOLVERS:
        without, with_v = best(
            lambda s=solver: steps(s, 1000, 200, "spikes", 1),
            lambda s=solver: steps(s, 1000, 200, "V", 1),
        )
        print(f"{solver!r:46} recording V: {with_v / without - 1:+.0%} of {without:.3f} s")
    for solver in SOLVERS:
        one, two = best(
            lambda s=solver: steps(s, 10_000, 100, "spikes", 1),
            lambda s=solver: steps(s, 10_000, 100, "spikes", 2),
        )
        print(f"{solver!r:46} two cores: {one / two:.2f} times one")
    with tempfile.TemporaryDirectory() as folder:
        start(folder)
        for name, cache in (("warm", folder), ("cold", "off")):
            starts = [start(cache) for _ in range(3)]
            package, parts, run = (min(column) for column in zip(*starts, strict=True))
            print(
                f"{name}: import loligo {package:.3f} s beyond NumPy, its parts {parts:.2f} s, "
                f"load and simulate {run:.2f} s"
            )


if __name__ == "__main__":
    main()
