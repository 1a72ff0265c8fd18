"""The spikes of a run, put in order: whose each is, how high, and how deep V fell after it.

There may be a hundred million. What is done to them is done lane by lane, so in stretches of them
that end where a lane does, on all cores.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from loligo.crew import on_all_cores, stretches
from loligo.engine.swings import Batch, Swings
from loligo.lanes import Floats, Integers
from loligo.run.held import ever, made_by_clamp
from loligo.run.outcome import Uncounted
from loligo.run.problem import Problem

_TIME, _LANE, _PEAK, _TROUGH = range(4)  # the rows of a batch
_STRETCH = 1 << 18  # spikes that a core takes at once
Spikes = tuple[Floats, Integers, Floats, Floats, Uncounted, Floats | None]


def spikes_of(problem: Problem, batches: list[Batch], swings: Swings, voltage: Floats) -> Spikes:
    """What an :class:`loligo.run.outcome.Outcome` says of spikes; of axons at the recorded
    positions alone.

    Parameters
    ----------
    batches
        In the order in which they were found; the list is emptied.
    swings, voltage
        As they are at the end, of all places that batches count.
    """
    # time, lane, peak, trough, and how far it moves
    rows: list[Any] = list(_sorted(batches, len(problem.by)))
    last = swings.last(voltage, problem.times.threshold)

    def put(some: slice) -> Any:
        """Each spike of a stretch its own; and which are the recording's."""
        own: list[Any] = [None if row is None else row[some] for row in rows]
        _own(own, *last)
        own[_LANE][:], kept = _counted(problem, own[_TIME], own[_LANE])
        return kept

    kept = on_all_cores(put, _by_lanes(rows[_LANE]))
    if not all(each.all() for each in kept):
        whole = np.concatenate(kept)
        rows = [None if row is None else row[whole] for row in rows]
    time, lane, peak, trough, moved = rows
    return time, lane, peak, trough, _uncounted(problem, swings, voltage), moved


def _by_lanes(lane: Integers) -> list[slice]:
    """Stretches of spikes, sorted by lane, none of which parts a lane's."""
    cuts = np.searchsorted(lane, lane[_STRETCH::_STRETCH], side="left")
    return [slice(a, b) for a, b in pairwise([0, *np.unique(cuts[cuts > 0]).tolist(), lane.size])]


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


def _sorted(batches: list[Batch], marked: int) -> Batch:
    """All of them by lane, then by time: each lane's are found in the order of time."""
    places = _merged(batches)
    joined = _emptied(batches, marked)
    if places is None and in_order(joined.lane):
        return joined
    order = np.argsort(joined.lane, kind="stable") if places is None else None
    rows = joined._asdict()
    del joined
    for name, row in rows.items():
        if row is not None:
            rows[name] = row[order] if places is None else _put(row, places)
    return Batch(**rows)


def _merged(batches: Sequence[Batch]) -> Integers | None:
    """Where each spike of several batches comes to lie, if each of them is in order and they are
    few, as from a GPU: that is counted, and nothing need be sorted."""
    spikes = sum(batch.lane.size for batch in batches)
    lanes = max((int(batch.lane.max(initial=-1)) + 1 for batch in batches), default=0)
    if len(batches) < 2 or len(batches) * lanes > spikes:
        return None
    if not all(in_order(batch.lane) for batch in batches):
        return None
    counts = [counted(batch.lane, lanes) for batch in batches]
    total = np.sum(counts, axis=0)
    first, places = np.cumsum(total) - total, np.empty(spikes, dtype=np.int64)
    begin = 0
    for batch, count in zip(batches, counts, strict=True):
        shift, end = first - (np.cumsum(count) - count), begin + batch.lane.size

        def place(
            some: slice, begin: int = begin, shift: Any = shift, lane: Any = batch.lane
        ) -> None:
            own = slice(begin + some.start, begin + some.stop)
            places[own] = shift[lane[some]] + np.arange(some.start, some.stop)

        on_all_cores(place, stretches(batch.lane.size, _STRETCH))
        first, begin = first + count, end
    return places


def _put(row: Any, places: Integers) -> Any:
    """Each number of a row in its place."""
    put = np.empty_like(row)

    def move(some: slice) -> None:
        put[places[some]] = row[some]

    on_all_cores(move, stretches(places.size, _STRETCH))
    return put


def counted(lane: Integers, lanes: int) -> Integers:
    """How many spikes, which lie lane by lane, each has."""
    count = np.zeros(lanes, dtype=np.int64)

    def add(some: slice) -> None:
        if some.stop > some.start:
            first = int(lane[some.start])
            each = np.bincount(lane[some] - first)
            count[first : first + each.size] = each

    on_all_cores(add, _by_lanes(lane))
    return count


def in_order(lane: Integers) -> bool:
    """Whether spikes lie lane by lane."""

    def rises(some: slice) -> bool:
        each = lane[some.start : some.stop + 1]
        return bool((each[1:] >= each[:-1]).all())

    return all(on_all_cores(rises, stretches(lane.size, _STRETCH)))


def _own(rows: list[Any], *last: Floats) -> None:
    """Of sorted spikes their own peaks and troughs, in their places: what the next one of the lane,
    or the end, says."""
    lane = rows[_LANE]
    ends = np.flatnonzero(np.append(lane[1:] != lane[:-1], True)[: lane.size])
    for column, at_end in zip((_PEAK, _TROUGH), last, strict=True):
        rows[column][:-1] = rows[column][1:]
        rows[column][ends] = at_end[lane[ends]]


def _uncounted(problem: Problem, swings: Swings, voltage: Floats) -> Uncounted:
    told = ("count", "lowest", "highest")

    def ended(some: slice) -> list[Floats]:
        end = Swings(swings.table[some].copy())
        end.reach(slice(None), voltage[some])
        return [end.of(name) for name in told]

    parts = on_all_cores(ended, stretches(len(swings.table)))
    place = _places(problem)
    count, low, high = (np.concatenate(rows)[place] for rows in zip(*parts, strict=True))
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
