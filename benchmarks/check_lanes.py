"""Are 5,000 cells in one call what 5,000 calls give, bit for bit, on any number of threads?

    python benchmarks/check_lanes.py

The squid axon over 50 sodium conductances and 100 currents, 50 ms. Prints how many of the lanes
are equal, V at every sample and every spike time; the exit status is 1 if one is not. The test
suite does the same with 150 of them (tests/parity/test_engines.py).
"""

from __future__ import annotations

import os
import sys
import time

import numpy as np

import loligo as lo

G_NA = np.linspace(60, 180, 50)  # mS/cm2
AMPLITUDE = np.linspace(0, 20, 100)  # uA/cm2
THREADS = (1, 2, 7)


def run(g_Na: object, amplitude: object):
    squid = lo.load("hodgkin-huxley-1952").replace(g_Na=g_Na)
    return lo.simulate(
        squid, lo.Pulse(5, 40, amplitude), 50, sample_interval=0.1, record=["V"], progress=False
    )


def main() -> int:
    sweeps = []
    for threads in THREADS:
        os.environ["LOLIGO_THREADS"] = str(threads)
        started = time.perf_counter()
        sweeps.append(run(G_NA, AMPLITUDE))
        print(f"{threads} threads: 5,000 lanes in {time.perf_counter() - started:.2f} s")
    first = sweeps[0]
    V, times = first.V.values, first.spike_time.values
    for threads, other in zip(THREADS[1:], sweeps[1:], strict=True):
        same = np.array_equal(V, other.V.values) and np.array_equal(times, other.spike_time.values)
        print(f"{threads} threads: {'the same bits' if same else 'OTHER BITS'}")
        if not same:
            return 1
    edges = np.concatenate([[0], np.cumsum(first.spike_count.values.ravel())])
    equal = 0
    started = time.perf_counter()
    for i, g in enumerate(G_NA):
        for j, amplitude in enumerate(AMPLITUDE):
            alone, lane = run(float(g), float(amplitude)), i * len(AMPLITUDE) + j
            mine = times[edges[lane] : edges[lane + 1]]
            equal += np.array_equal(V[i, j], alone.V.values) and np.array_equal(
                mine, alone.spike_time.values
            )
    seconds = time.perf_counter() - started
    print(f"single calls: {equal} of {V.shape[0] * V.shape[1]} lanes equal ({seconds:.0f} s)")
    return 0 if equal == V.shape[0] * V.shape[1] else 1


if __name__ == "__main__":
    sys.exit(main())
