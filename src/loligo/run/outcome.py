"""What a run found: recorded rows and spikes, without what only filled a vector."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loligo.engine.kernel import Kernel
from loligo.lanes import Floats, Integers
from loligo.run.charges import Charges
from loligo.run.problem import Problem
from loligo.run.status import lost


@dataclass(frozen=True)
class Uncounted:
    """Swings of V that no spike tells of: up and down below the threshold, or through it too soon.

    Attributes
    ----------
    count : (lanes,)
        How many there were; 0 where every swing is a spike.
    low, high : (lanes,)
        Between what values, mV; NaN where there was none.
    """

    count: Integers
    low: Floats
    high: Floats


@dataclass
class Outcome:
    """What a solver found.

    Attributes
    ----------
    values
        Name -> (lanes, samples); of axons (axons x recorded positions, samples).
    spike_time, spike_lane
        By lane, then by time.
    spike_peak, spike_trough : arrays like ``spike_time``, or None
        The highest V of each spike and the lowest between it and the next, mV; NaN where the run
        ended before. None where the solver did not look for them.
    uncounted : Uncounted or None
    spike_moved : (spikes, derivatives) or None
        How each spike's time changes with what the states are differentiated by.
    status : (lanes,) or None
        A :class:`loligo.run.status.Status` of each lane; None where all are fine.
    lost_at : (lanes,) or None
        Until when each lost lane was whole, ms; NaN where that is not known.
    first_lost
        Why the first lanes of each status were lost.
    error : (lanes,) or None
        Of the lanes whose step was chosen for an accuracy: how far off V is, mV, as half the step
        says; NaN in the others.
    within : (float or None, float) or None
        What those lanes are good to: V, mV, where it is known, and spikes, ms.
    tried
        Steps that Taylor took, where all lanes turned out to be too stiff for it.
    rest : (lanes,) or None
        The resting potential, where the run began there; of a lost lane another's.
    settings
        What the solver chose, for the recording's attributes.
    notes
        For the person.
    timings
        Stage -> seconds.
    clamped : (axons, electrodes, samples) or None
        The current of an axon's clamps, nA.
    charges : Charges or None
        Of V's jumps, where a membrane is clamped ideally.
    facing : (axons, places, samples) or None
        V where conductances open along an axon, between the centres of compartments, mV.
    """

    values: dict[str, Floats]
    spike_time: Floats
    spike_lane: Integers
    spike_peak: Floats | None = None
    spike_trough: Floats | None = None
    uncounted: Uncounted | None = None
    spike_moved: Floats | None = None
    status: NDArray[np.int8] | None = None
    lost_at: Floats | None = None
    first_lost: list[Any] = field(default_factory=list[Any])
    error: Floats | None = None
    within: tuple[float | None, float] | None = None
    tried: int = 0
    rest: Floats | None = None
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    notes: list[str] = field(default_factory=list[str])
    timings: dict[str, float] = field(default_factory=dict[str, float])
    clamped: Floats | None = None
    charges: Charges | None = None
    facing: Floats | None = None


def blank_lost(problem: Problem, outcome: Outcome) -> None:
    """Leave lost lanes without values and without spikes."""
    gone = lost(outcome.status, problem.lanes.size)
    rows = np.repeat(gone, problem.recorded.size // problem.lanes.size)
    for values in outcome.values.values():
        values[rows] = np.nan
    if outcome.clamped is not None:
        outcome.clamped[gone] = np.nan
    if outcome.charges is not None:
        outcome.charges.charge[gone] = np.nan
    if outcome.facing is not None:
        outcome.facing[gone] = np.nan
    kept = ~rows[outcome.spike_lane]
    outcome.spike_time, outcome.spike_lane = outcome.spike_time[kept], outcome.spike_lane[kept]
    if outcome.spike_peak is not None and outcome.spike_trough is not None:
        outcome.spike_peak, outcome.spike_trough = (
            outcome.spike_peak[kept], outcome.spike_trough[kept],
        )  # fmt: skip
    if outcome.spike_moved is not None:
        outcome.spike_moved = outcome.spike_moved[kept]
    missed = outcome.uncounted
    if missed is not None:
        missed.count[rows] = 0
        missed.low[rows] = missed.high[rows] = np.nan


def empty_rows(problem: Problem, kernel: Kernel) -> Floats:
    """(records, lanes, samples) for what is recorded, of lanes that fill whole vectors.

    It is not zeroed: the pages are taken as they are written. Lanes are written side by side; if
    their samples lay a multiple of 4 kB apart, they would push each other out of the cache.
    """
    samples = problem.times.samples
    lanes = -(-problem.lanes.size // kernel.width) * kernel.width
    pitch = samples if samples % 512 else samples + 8
    return np.empty((len(problem.records), lanes, pitch))[..., :samples]


def recorded_rows(problem: Problem, out: Floats) -> dict[str, Floats]:
    """Name -> (lanes, samples), without the lanes that only fill a vector."""
    return {name: out[i, : problem.lanes.size] for i, name in enumerate(problem.records)}
