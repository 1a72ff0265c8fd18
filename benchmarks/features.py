"""How long does lo.features take beside the simulation that it describes?

    python benchmarks/features.py [lanes]

5,000 squid axons for 1 s, V every 0.05 ms, some 60 spikes each: it should take half the time at
most. Wall time, and the processor's, which other work on the machine changes less.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import loligo as lo

ROUNDS = 3


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What comes out, seconds, and seconds of the processor."""
    started, before = time.perf_counter(), os.times()
    made = work()
    now = os.times()
    return made, time.perf_counter() - started, sum(now[:2]) - sum(before[:2])


def main() -> None:
    lanes = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    squid, step = lo.load("hodgkin-huxley-1952"), lo.Step(5, 10)
    cells = squid.replace(g_Na=np.linspace(100, 140, lanes))
    lo.simulate(squid.replace(g_Na=[100.0, 120.0]), step, 20, record=["V"])  # compiles
    for _ in range(ROUNDS):
        rec, wall, cpu = timed(lambda: lo.simulate(cells, step, 1000, record=["V"]))
        _, own_wall, own_cpu = timed(lambda rec=rec: lo.features(rec))
        print(
            f"simulate {wall:.2f} s ({cpu:.2f} s of processor), features {own_wall:.2f} s "
            f"({own_cpu:.2f} s): {own_wall / wall:.2f} ({own_cpu / cpu:.2f}) of it"
        )


if __name__ == "__main__":
    main()
