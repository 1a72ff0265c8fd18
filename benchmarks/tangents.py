"""Derivatives beside the plain run: what eight of them cost, in time of the processor.

``python -m benchmarks.tangents [MODEL …]``: for each model the plain run and the same with eight
derivatives, in turns, the best of ``ROUNDS``; a lane of 2,000 ms and 1,000 lanes of 40 ms, V
sampled each ms, at a fine tolerance and at the usual one. The column of steps says by how many more
steps the derivatives are followed. Kernels are made before.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

import loligo as lo

MODELS = (
    "hodgkin-huxley-1952", "connor-stevens-1977", "traub-miles-1991", "wang-buzsaki-1996",
    "morris-lecar-1981", "luo-rudy-1991",
)  # fmt: skip
SIZES = {1: (2000.0, 4.0), 1000: (40.0, 8.0)}  # lanes -> how long, and how much is asked for
TOLERANCES = (1e-12, 1e-8)
ROUNDS = 4


def eight(model: Any) -> list[str]:
    """Conductances, reversal potentials and what else there is first, and the amplitude."""
    names = list(model.parameters)
    first = [name for name in names if name.split("_")[0] in ("g", "E", "C")]
    return [*[*first, *(name for name in names if name not in first)][:7], "amplitude"]


def run(model: Any, lanes: int, lasts: float, tolerance: float, by: list[str] | None) -> Any:
    """Lanes that differ in a steady current."""
    amplitude = 10.0 if lanes == 1 else np.linspace(5.0, 15.0, lanes)
    return lo.simulate(
        model, lo.Pulse(1, lasts, amplitude), lasts, solver=lo.Taylor(tolerance), record=["V"],
        sample_interval=1.0, sensitivities=by,
    )  # fmt: skip


def measured(name: str) -> None:
    """One line for each size and tolerance."""
    model = lo.load(name)
    ways = {"plain": None, "eight": eight(model)}
    for lanes, (lasts, asked) in SIZES.items():
        for tolerance in TOLERANCES:
            best, steps = dict.fromkeys(ways, float("inf")), dict.fromkeys(ways, 0)
            for by in ways.values():
                run(model, lanes, 2.0, tolerance, by)
            for _ in range(ROUNDS):
                for way, by in ways.items():
                    began = time.process_time()
                    steps[way] = int(run(model, lanes, lasts, tolerance, by).attrs["steps"])
                    best[way] = min(best[way], time.process_time() - began)
            print(
                f"{name:24s} {lanes:5d} lanes, tolerance {tolerance:.0e}: plain "
                f"{1e3 * best['plain']:7.1f} ms, eight derivatives "
                f"{best['eight'] / best['plain']:5.2f} times that ({asked:g} asked), steps "
                f"{steps['eight'] / steps['plain']:.2f} times",
                flush=True,
            )


if __name__ == "__main__":
    for each in sys.argv[1:] or MODELS:
        measured(each)
