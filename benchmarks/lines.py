"""Noise and waveforms: Taylor, whose steps end at knots, beside fixed steps of the same accuracy.

``python -m benchmarks.lines [LANES [DURATION]]``: for each model and each distance of knots, the
time of the processor that Taylor takes, and that of Exponential at the longest of its steps that is
as good as 1e-2 mV (and as Taylor was, where it comes to that), spikes alone; 1,000 lanes, each with
a path of its own, and a waveform of 40,000 knots that all of them share. What is not reached within
``DTS`` is written as more than the last. On an otherwise idle machine.
"""

from __future__ import annotations

import sys
import time
import warnings
from typing import Any

import numpy as np

import loligo as lo

MODELS = ("hodgkin-huxley-1952", "traub-miles-1991", "wang-buzsaki-1996", "connor-stevens-1977")
DRIVE = {"hodgkin-huxley-1952": 8.0, "traub-miles-1991": 3.0, "wang-buzsaki-1996": 1.5,
         "connor-stevens-1977": 10.0}  # fmt: skip
INTERVALS = (0.1, 0.025, 0.005, 0.001)  # ms
DTS = (0.02, 0.01, 0.005, 0.002, 0.001, 5e-4, 2e-4, 1e-4)
FEW, WITHIN = 4, 1e-2  # lanes by which errors are told; mV
TOLERANCE = 1e-7


def noisy(name: str, lanes: int, interval: float, lasts: float) -> lo.stimulus.base.Stimulus:
    """A current that makes the model fire, and noise on it."""
    drive = DRIVE[name]
    return lo.Step(0, drive) + lo.Noise(
        0, lasts, 0.4 * drive, tau=3, seed=list(range(lanes)), interval=interval
    )


def shared(name: str, lanes: int, interval: float, lasts: float) -> lo.stimulus.base.Stimulus:
    """The same for all lanes, as a waveform; they differ in a steady current."""
    t = np.arange(0.0, lasts + interval / 2, interval)
    drive = DRIVE[name]
    played = lo.Noise(0, 2 * lasts, 0.4 * drive, tau=3, seed=1, interval=interval).value(t)
    return lo.Step(0, np.linspace(drive, 1.2 * drive, lanes)) + lo.Waveform(t, played)


def seconds(model: Any, stimulus: Any, lasts: float, solver: Any) -> float:
    """Of the processor."""
    lo.simulate(model, stimulus, min(lasts, 1.0), solver=solver, record="spikes", threshold=-20)
    began = time.process_time()
    lo.simulate(model, stimulus, lasts, solver=solver, record="spikes", threshold=-20)
    return time.process_time() - began


def apart(model: Any, stimulus: Any, lasts: float, solver: Any, truth: Any) -> float:
    """The largest error in V, mV."""
    rec = lo.simulate(model, stimulus, lasts, solver=solver, record="V", threshold=-20)
    return float(abs(rec.V - truth.V).max())


def measured(name: str, kind: Any, interval: float, lanes: int, lasts: float) -> None:
    """A line of the table."""
    model = lo.load(name)
    many, few = (kind(name, n, interval, lasts) for n in (lanes, FEW))
    truth = lo.simulate(model, few, lasts, solver=lo.Taylor(1e-12), record="V", threshold=-20)
    solver = lo.Taylor(TOLERANCE)
    error = apart(model, few, lasts, solver, truth)
    took = seconds(model, many, lasts, solver)
    told = [f"{name:22}{kind.__name__:8}{interval:7g}   {took:7.2f} s  {error:8.1e} mV"]
    for dt in DTS:
        off = apart(model, few, lasts, lo.Exponential(dt), truth)
        if off <= WITHIN or dt == DTS[-1]:
            spent = seconds(model, many, lasts, lo.Exponential(dt))
            more = ">" if off > WITHIN else " "
            told.append(f"{dt:8g} ms {more}{spent:7.2f} s  {off:8.1e} mV {spent / took:6.1f}")
            break
    print("  ".join(told), flush=True)


def main(lanes: int = 1000, lasts: float = 100.0) -> None:
    """The table."""
    warnings.simplefilter("ignore")
    print("model, current, knots (ms)           Taylor                   Exponential        times")
    for name in MODELS:
        for interval in INTERVALS:
            measured(name, noisy, interval, lanes, lasts)
    measured(MODELS[0], shared, lasts / 40_000, lanes, lasts)


if __name__ == "__main__":
    main(*(kind(text) for kind, text in zip((int, float), sys.argv[1:], strict=False)))
