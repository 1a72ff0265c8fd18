"""Derivatives beside the plain run: what eight of them cost, in time of the processor.

``python -m benchmarks.tangents [ROUNDS] [MODEL …]``: for each model the plain run and the same with
eight derivatives, in turns; a lane of 2,000 ms and 1,000 lanes of 40 ms, V sampled each ms, at a
fine tolerance and at the usual one. A round's ratio is that of two runs one after the other, so
that what else the machine does falls on both; the middle of the rounds' ratios is told, with the
least and the largest. The column of steps says by how many more steps the derivatives are followed.
Kernels are made before.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from typing import Any

import numpy as np

import loligo as lo
from benchmarks.measure import processor

MODELS = (
    "hodgkin-huxley-1952", "connor-stevens-1977", "traub-miles-1991", "wang-buzsaki-1996",
    "morris-lecar-1981", "luo-rudy-1991",
)  # fmt: skip
SIZES = {1: (2000.0, 4.0), 1000: (40.0, 8.0)}  # lanes -> how long, and how much is asked for
TOLERANCES = (1e-12, 1e-8)
ROUNDS = 5


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


def measured(name: str, rounds: int) -> None:
    """One line for each size and tolerance."""
    model = lo.load(name)
    for lanes, (lasts, asked) in SIZES.items():
        for tolerance in TOLERANCES:
            turns: list[tuple[float, float]] = []
            steps: tuple[int, ...] = ()
            for by in (None, eight(model)):
                run(model, lanes, 2.0, tolerance, by)
            for _ in range(rounds):
                spent, steps = zip(
                    *(timed(model, lanes, lasts, tolerance, by) for by in (None, eight(model))),
                    strict=True,
                )
                turns.append(spent)
            ratios = sorted(eighth / plain for plain, eighth in turns)
            print(
                f"{name:24s} {lanes:5d} lanes, tolerance {tolerance:.0e}: plain "
                f"{1e3 * min(plain for plain, _ in turns):7.1f} ms, eight derivatives "
                f"{statistics.median(ratios):5.2f} times that ({ratios[0]:.2f} to "
                f"{ratios[-1]:.2f}; {asked:g} asked), steps {steps[1] / steps[0]:.2f} times",
                flush=True,
            )


def timed(
    model: Any, lanes: int, lasts: float, tolerance: float, by: list[str] | None
) -> tuple[float, int]:
    """Seconds of the processor, and steps."""
    began = time.process_time()
    steps = int(run(model, lanes, lasts, tolerance, by).attrs["steps"])
    return time.process_time() - began, steps


def main(arguments: list[str]) -> None:
    """All of it."""
    rounds = next((int(text) for text in arguments if text.isdigit()), ROUNDS)
    print(f"{processor()}; load {os.getloadavg()[0]:.1f}; the middle of {rounds} rounds")
    for name in [text for text in arguments if not text.isdigit()] or MODELS:
        measured(name, rounds)


if __name__ == "__main__":
    main(sys.argv[1:])
