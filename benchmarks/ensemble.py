"""1,000 squid axons, 0 to 20 uA/cm2, one second, one core: accuracy and cost.

    python benchmarks/ensemble.py

loligo's Taylor and Exponential beside heyoka's batch mode (pip install heyoka) and the same
exponential scheme in JAX (pip install jax); each is skipped, by name, where it is absent. Only
the spikes (loligo) or nothing (the others) is recorded while the clock runs. Accuracy is
measured apart, on 100 of the cells: the worst error of V in the last 100 ms against heyoka at
tolerance 1e-15 (loligo at 1e-13 where heyoka is absent), its 95th percentile over the cells.
Rounds alternate; only ratios mean something.

Not equal: loligo locates spikes and watches for divergence, the others do neither; heyoka's
equations have the rates' 0/0 at -40 and -55 mV, which no cell meets exactly here.
"""

from __future__ import annotations

import os
import statistics
import time

os.environ["LOLIGO_THREADS"] = "1"
os.environ["XLA_FLAGS"] = (
    "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1 "
    + os.environ.get("XLA_FLAGS", "")
)
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np

import loligo as lo

CELLS, DURATION, DT = 1000, 1000.0, 0.01
ROUNDS = 3
CURRENT = np.linspace(0, 20, CELLS)
SOME = np.arange(0, CELLS, 10)
LATE = np.arange(1800, 2001) * 0.5  # ms: the last 100, every half
SQUID = lo.load("hodgkin-huxley-1952")
START = [float(lo.simulate(SQUID, None, 1)[name][0]) for name in "Vmhn"]
BATCH = 8


def loligo_time(solver) -> float:
    timings: dict[str, float] = {}
    lo.simulate(
        SQUID, lo.Step(0, CURRENT), DURATION, solver=solver, record=["spikes"],
        sample_interval=DURATION, timings=timings, progress=False,
    )  # fmt: skip
    return timings["steps"]


def loligo_late(solver):
    rec = lo.simulate(
        SQUID, lo.Step(0, CURRENT[SOME]), DURATION, solver=solver, record=["V"],
        sample_interval=0.5, progress=False,
    )  # fmt: skip
    return rec.V.values[:, 1800:].T


class Heyoka:
    """heyoka's batch integrator of the same equations."""

    def __init__(self, tolerance: float) -> None:
        import heyoka as hy

        v, m, h, n = hy.make_vars("V", "m", "h", "n")
        rates = {
            m: (0.1 * (v + 40.0) / (1.0 - hy.exp(-(v + 40.0) / 10.0)),
                4.0 * hy.exp(-(v + 65.0) / 18.0)),
            h: (0.07 * hy.exp(-(v + 65.0) / 20.0), 1.0 / (1.0 + hy.exp(-(v + 35.0) / 10.0))),
            n: (0.01 * (v + 55.0) / (1.0 - hy.exp(-(v + 55.0) / 10.0)),
                0.125 * hy.exp(-(v + 65.0) / 80.0)),
        }  # fmt: skip
        ionic = 120.0 * m**3 * h * (v - 50.0) + 36.0 * n**4 * (v + 77.0) + 0.3 * (v + 54.387)
        system = [(v, hy.par[0] - ionic)]
        system += [(x, a * (1.0 - x) - b * x) for x, (a, b) in rates.items()]
        self.start = np.tile(np.array(START)[:, None], (1, BATCH))
        self.run = hy.taylor_adaptive_batch(
            system, self.start, tol=tolerance, pars=np.zeros((1, BATCH))
        )

    def _batches(self, current):
        for first in range(0, len(current), BATCH):
            part = current[first : first + BATCH]
            self.run.set_time(0.0)
            self.run.state[:] = self.start
            self.run.pars[:] = np.pad(part, (0, BATCH - len(part)), mode="edge")[None]
            yield len(part)

    def time(self) -> float:
        started = time.perf_counter()
        for _ in self._batches(CURRENT):
            self.run.propagate_until(DURATION)
        return time.perf_counter() - started

    def late(self):
        grid = np.tile(np.concatenate([[0.0], LATE])[:, None], (1, BATCH))
        columns = []
        for count in self._batches(CURRENT[SOME]):
            found = self.run.propagate_grid(grid)
            found = found[-1] if isinstance(found, tuple) else found
            columns.append(found[1:, 0, :count])
        return np.concatenate(columns, axis=1)


def jax_time():
    """A function that runs JAX's scheme for a tenth of the time and scales up, or None."""
    try:
        import jax
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)
    from jax_scheme import make

    scheme = make(int(DURATION / DT / 10), DT, jax.numpy.float64)
    current = jax.numpy.asarray(CURRENT)
    scheme(current).block_until_ready()

    def run() -> float:
        started = time.perf_counter()
        scheme(current).block_until_ready()
        return 10 * (time.perf_counter() - started)

    return run


def main() -> None:
    try:
        import heyoka
    except ImportError:
        heyoka = None
        print("heyoka is not installed: skipped")
    truth = Heyoka(1e-15).late() if heyoka else loligo_late(lo.Taylor(1e-13))
    runs = {}
    errors = {}

    def add(name, run, late) -> None:
        runs[name] = run
        errors[name] = np.percentile(np.abs(late() - truth).max(axis=0), 95) if late else None

    for tolerance in (1e-6, 1e-7, 3e-8, 1e-8, 1e-9):
        solver = lo.Taylor(tolerance)
        add(repr(solver), lambda s=solver: loligo_time(s), lambda s=solver: loligo_late(s))
    fixed = lo.Exponential(DT)
    add(repr(fixed), lambda: loligo_time(fixed), lambda: loligo_late(fixed))
    if heyoka:
        for tolerance in (1e-5, 1e-6, 3e-7, 1e-7, 1e-9):
            peer = Heyoka(tolerance)
            add(f"heyoka {heyoka.__version__}, batch {BATCH}, {tolerance:g}", peer.time, peer.late)
    if (peer := jax_time()) is not None:
        add(f"JAX, exponential, dt {DT}", peer, None)
    else:
        print("JAX is not installed: skipped")
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            seconds[name].append(run())
    print(f"{'':34} {'p95 error':>10} {'best':>8} {'median':>8}  ns per cell and 0.01 ms")
    for name, values in seconds.items():
        scaled = [s / CELLS / (DURATION / DT) * 1e9 for s in values]
        error = "" if errors[name] is None else f"{errors[name]:.1e} mV"
        print(f"{name:34} {error:>10} {min(scaled):8.2f} {statistics.median(scaled):8.2f}")


if __name__ == "__main__":
    main()
