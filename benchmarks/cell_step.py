"""Nanoseconds per cell and step, one core: loligo's Exponential beside the same scheme in JAX.

    python benchmarks/cell_step.py

The squid axon, 5 to 20 uA/cm2 over the lanes, dt 0.01 ms, nothing recorded, in float64 and in
float32. loligo also locates the spikes and watches for divergence at every step; JAX does
neither. In float32, loligo's times and stimulus stay float64, and what sums lose is carried; all
of JAX's is float32. Rounds of the two alternate, so that both see the same machine; only ratios
mean something. JAX is skipped, by name, where it is not installed (pip install jax).
"""

from __future__ import annotations

import os
import platform
import statistics
import time

os.environ["LOLIGO_THREADS"] = "1"
os.environ["XLA_FLAGS"] = (
    "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1 "
    + os.environ.get("XLA_FLAGS", "")
)
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import numpy as np

import loligo as lo

DT = 0.01  # ms
ROUNDS = 7
# lanes -> steps: a round takes a few tenths of a second
SIZES = {1: 100_000, 8: 100_000, 64: 20_000, 1000: 2_000}


def loligo_run(lanes: int, steps: int, precision: str):
    """A function that takes the steps and says how many seconds they took."""
    squid = lo.load("hodgkin-huxley-1952")
    amplitude = np.linspace(5, 20, lanes) if lanes > 1 else 5.0

    def run() -> float:
        timings: dict[str, float] = {}
        lo.simulate(
            squid, lo.Step(0, amplitude), steps * DT, initial=-65, record=["spikes"],
            solver=lo.Exponential(DT, precision=precision), sample_interval=DT, timings=timings,
            progress=False,
        )  # fmt: skip
        return timings["steps"]

    return run


def jax_run(lanes: int, steps: int, precision: str):
    """The same for JAX, or None where it is absent."""
    try:
        import jax
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)
    from jax_scheme import make

    scheme = make(steps, DT, precision)
    current = jax.numpy.linspace(5.0, 20.0, lanes, dtype=precision)

    def run() -> float:
        started = time.perf_counter()
        scheme(current).block_until_ready()
        return time.perf_counter() - started

    return run


def main() -> None:
    print(f"{platform.platform()}, {_processor()}, loligo {lo.__version__}")
    for precision in ("float64", "float32"):
        print(
            f"\n{precision:>8} {'loligo':>9} {'median':>8} {'JAX':>10} {'median':>8} {'ratio':>6}"
        )
        for lanes, steps in SIZES.items():
            print(_row(lanes, steps, precision))


def _row(lanes: int, steps: int, precision: str) -> str:
    runs = {
        "loligo": loligo_run(lanes, steps, precision), "jax": jax_run(lanes, steps, precision),
    }  # fmt: skip
    present = {name: run for name, run in runs.items() if run is not None}
    for run in present.values():
        run()  # compile
    seconds: dict[str, list[float]] = {name: [] for name in present}
    for _ in range(ROUNDS):
        for name, run in present.items():
            seconds[name].append(run() / (lanes * steps) * 1e9)
    ours = seconds["loligo"]
    row = f"{lanes:>6} {min(ours):>9.1f} ns {statistics.median(ours):>8.1f}"
    if "jax" not in seconds:
        return row + "  JAX is not installed: skipped"
    theirs = seconds["jax"]
    row += f" {min(theirs):>7.1f} ns {statistics.median(theirs):>8.1f}"
    return row + f" {statistics.median(theirs) / statistics.median(ours):>6.2f}"


def _processor() -> str:
    from loligo.engine.llvm.jit import processor

    return f"{processor().name} ({processor().vector} doubles in a register)"


if __name__ == "__main__":
    main()
