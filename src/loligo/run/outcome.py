"""What a run found: recorded rows and spikes, without what only filled a vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loligo.engine.kernel import Kernel
from loligo.engine.swings import Batch, Swings
from loligo.lanes import Floats, Integers
from loligo.run.charges import Charges
from loligo.run.held import ever, made_by_clamp
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


_TIME, _LANE, _PEAK, _TROUGH = range(4)  # the rows of a batch
Spikes = tuple[Floats, Integers, Floats, Floats, Uncounted, Floats | None]


def spikes_of(problem: Problem, batches: list[Batch], swings: Swings, voltage: Floats) -> Spikes:
    """What an :class:`Outcome` says of spikes; of axons at the recorded positions alone.

    Parameters
    ----------
    batches
        In the order in which they were found; the list is emptied.
    swings, voltage
        As they are at the end, of all places that batches count.
    """
    # time, lane, peak, trough, and how far it moves: there may be many
    rows: list[Any] = list(_sorted(_emptied(batches, len(problem.by))))
    _own(rows, *swings.last(voltage, problem.times.threshold))
    rows[_LANE], kept = _counted(problem, rows[_TIME], rows[_LANE])
    if not kept.all():
        for column in range(len(rows)):
            rows[column] = None if rows[column] is None else rows[column][kept]
    time, lane, peak, trough, moved = rows
    return time, lane, peak, trough, _uncounted(problem, swings, voltage), moved


def joined_spikes(problem: Problem, batches: Sequence[Batch]) -> tuple[Floats, Integers]:
    """Times and lanes of the spikes found so far, of axons at the recorded compartments."""
    time, where = (_row(name, [getattr(b, name) for b in batches]) for name in ("time", "lane"))
    lane, kept = _counted(problem, time, where)
    return time[kept], lane[kept]


def _counted(problem: Problem, time: Floats, where: Integers) -> tuple[Integers, Any]:
    """The recording's lane of each spike, and whether it is one of the recording's."""
    lane, kept = _recorded(problem, where)
    kept &= time <= problem.times.duration
    if problem.geometry is None and problem.clamped:
        kept &= ~made_by_clamp(problem, time, np.where(kept, lane, 0))
    return lane, kept


def _emptied(batches: list[Batch], marked: int) -> Batch:
    """All of them joined, and the list emptied: each row gives up its pieces once it is whole, for
    there may be many spikes."""
    if marked:  # of a jump it is not told
        batches[:] = [b if b.moved is not None else b._replace(moved=_untold(b, marked))
                      for b in batches]  # fmt: skip
    if len(batches) == 1:
        return batches.pop()
    pieces = {name: [getattr(batch, name) for batch in batches] for name in Batch._fields}
    batches.clear()
    moved = pieces.pop("moved")
    rows = {name: _row(name, pieces.pop(name)) for name in list(pieces)}
    return Batch(**rows, moved=np.concatenate([np.empty((0, marked)), *moved]) if marked else None)


def _untold(batch: Batch, marked: int) -> Floats:
    return np.full((batch.time.size, marked), np.nan)


def _row(name: str, pieces: Sequence[Any]) -> Any:
    none = np.empty(0, dtype=np.int64 if name == "lane" else np.float64)
    return np.concatenate([none, *pieces])


def _sorted(found: Batch) -> Batch:
    """By lane, then by time."""
    if (found.lane[1:] >= found.lane[:-1]).all():
        return found
    # each lane's are found in the order of time, which this sort keeps
    order = np.argsort(found.lane, kind="stable")
    rows = found._asdict()
    del found
    for name, row in rows.items():
        rows[name] = None if row is None else row[order]
    return Batch(**rows)


def _own(rows: list[Any], *last: Floats) -> None:
    """Of sorted spikes their own peaks and troughs, in their places: what the next one of the lane,
    or the end, says."""
    lane = rows[_LANE]
    ends = np.flatnonzero(np.append(lane[1:] != lane[:-1], True)[: lane.size])
    for column, at_end in zip((_PEAK, _TROUGH), last, strict=True):
        rows[column][:-1] = rows[column][1:]
        rows[column][ends] = at_end[lane[ends]]


def _uncounted(problem: Problem, swings: Swings, voltage: Floats) -> Uncounted:
    ended = swings.copy()
    ended.reach(slice(None), voltage)
    place = _places(problem)
    count, low, high = (ended.of(name)[place] for name in ("count", "lowest", "highest"))
    if problem.geometry is None:  # where V is told where to go, its swings are no spikes' either
        count = np.where(ever(problem), 0, count)
    none = count == 0
    return Uncounted(
        count.astype(np.int64), np.where(none, np.nan, low), np.where(none, np.nan, high)
    )


def _places(problem: Problem) -> Integers:
    """The places of a kernel's that the recording's lanes are."""
    if problem.geometry is None:
        return np.arange(problem.lanes.size)
    geometry, axons = problem.geometry, np.arange(problem.lanes.size)
    return (axons[:, None] * geometry.parts.count + geometry.recorded).ravel()


def _recorded(problem: Problem, where: Integers) -> tuple[Integers, Any]:
    """The recording's lane of each place of a kernel's, and whether it has one: some places only
    fill a vector, some compartments are not recorded."""
    if problem.geometry is None:
        return where, where < problem.lanes.size
    columns = problem.geometry.recorded
    axon, compartment = np.divmod(where, problem.geometry.parts.count)
    column = np.minimum(np.searchsorted(columns, compartment), columns.size - 1)
    return axon * columns.size + column, (where >= 0) & (columns[column] == compartment)
