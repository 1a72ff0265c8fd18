"""What a run found: recorded rows and spikes, without what only filled a vector."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loligo.engine.kernel import Kernel
from loligo.lanes import Floats, Integers
from loligo.run.problem import Problem

Batches = list[tuple[Floats, Integers]]


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
    status : (lanes,) or None
        A :class:`loligo.run.status.Status` of each lane; None where all are fine.
    error : (lanes,) or None
        Of the lanes whose step was chosen for an accuracy: how far off V is, mV, as half the step
        says; NaN in the others.
    rest : (lanes,) or None
        The resting potential, where the run began there.
    settings
        What the solver chose, for the recording's attributes.
    notes
        For the person.
    timings
        Stage -> seconds.
    clamped : (axons, electrodes, samples) or None
        The current of an axon's clamps, nA.
    """

    values: dict[str, Floats]
    spike_time: Floats
    spike_lane: Integers
    spike_peak: Floats | None = None
    spike_trough: Floats | None = None
    uncounted: Uncounted | None = None
    status: NDArray[np.int8] | None = None
    error: Floats | None = None
    rest: Floats | None = None
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    notes: list[str] = field(default_factory=list[str])
    timings: dict[str, float] = field(default_factory=dict[str, float])
    clamped: Floats | None = None


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


def spikes_of(problem: Problem, batches: Batches) -> tuple[Floats, Integers]:
    """Times and lanes, by lane and then by time; of axons at the recorded positions alone."""
    times = np.concatenate([t for t, _ in batches]) if batches else np.empty(0)
    where = np.concatenate([w for _, w in batches]) if batches else np.empty(0, dtype=np.int64)
    lane, recorded = _recorded(problem, where)
    kept = recorded & (times <= problem.times.duration)
    times, lane = times[kept], lane[kept]
    order = np.lexsort((times, lane))
    return times[order], lane[order]


def _recorded(problem: Problem, where: Integers) -> tuple[Integers, Any]:
    """The recording's lane of each place of a kernel's, and whether it has one: some places only
    fill a vector, some compartments are not recorded."""
    if problem.geometry is None:
        return where, where < problem.lanes.size
    columns = problem.geometry.recorded
    axon, compartment = np.divmod(where, problem.geometry.parts.count)
    column = np.minimum(np.searchsorted(columns, compartment), columns.size - 1)
    return axon * columns.size + column, (where >= 0) & (columns[column] == compartment)
