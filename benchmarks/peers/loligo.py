"""loligo itself: ``lo.simulate`` with its two compiled solvers."""

from __future__ import annotations

import inspect
import os
import time
from typing import Any

from benchmarks import squid
from benchmarks.peers import Family, Peer, Run, every
from benchmarks.squid import Result, Work

TOLERANCES = (1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 3e-7, 1e-7, 3e-8, 1e-8, 1e-9, 1e-10, 1e-11, 1e-13)
STEPS = (0.05, 0.025, 0.01, 0.005, 0.0025)  # ms


def make(work: Work, whole: bool = False, record: bool = False, **options: Any) -> Run:
    """``whole`` times the whole call of ``lo.simulate``, not only its steps; ``record`` keeps V
    of all the time, every 0.05 ms, while the clock runs."""
    import loligo as lo

    os.environ["LOLIGO_THREADS"] = str(work.cores)
    model = lo.load("hodgkin-huxley-1952")
    current: Any = work.current if work.cells > 1 else squid.ONE_CURRENT
    solver = _solver(lo, **options)
    keeps = record or bool(work.keep)

    def run(duration: float = work.duration) -> Result:
        timings: dict[str, float] = {}
        started = time.perf_counter()
        rec = lo.simulate(
            model, lo.Step(0, current), duration, solver=solver, timings=timings, progress=False,
            record=["V"] if keeps else ["spikes"],
            sample_interval=squid.EVERY if keeps else duration,
        )  # fmt: skip
        seconds = time.perf_counter() - started if whole else timings.get("steps", 0.0)
        V = rec.V.values.reshape(len(work.current), -1).T[-work.samples :] if work.keep else None
        return Result(seconds, V)

    if not work.keep:
        run(1.0)  # the kernel is compiled, or read from the cache, outside the clock
    return run


def _solver(
    lo: Any, tolerance: float = 0.0, dt: float = 0.0, precision: str = "", reference: float = 0.0
) -> Any:
    if reference:
        return lo.Reference(reference)
    if tolerance:
        return lo.Taylor(tolerance)
    return lo.Exponential(dt, precision=precision) if precision else lo.Exponential(dt)


def _families() -> list[Family]:
    import loligo as lo

    found = [
        Family("loligo Taylor", "tolerance", every(TOLERANCES)),
        Family("loligo Taylor, the whole call", "tolerance", every((1e-7, 1e-8)), {"whole": True}),
        Family("loligo Exponential", "dt", every(STEPS), share=0.2),
    ]
    if "precision" in inspect.signature(lo.Exponential).parameters:
        float32 = {"precision": "float32"}
        found.append(Family("loligo Exponential, float32", "dt", every(STEPS), float32, share=0.2))
    return found


PEER = Peer(
    title="loligo",
    package="loligo",
    differs=(
        "Locates every spike inside its step and watches every step for divergence while the "
        "clock runs. The clock covers the steps; what a call of lo.simulate costs beyond them "
        "(reading the arguments, rest, the labelled recording) stands in a row of its own."
    ),
    families=tuple(_families()),
    make=make,
    first={"tolerance": 1e-8},
    caches=True,
)
