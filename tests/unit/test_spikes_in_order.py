"""Spikes as kernels tell of them, put in order lane by lane: against lists of Python's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import loligo as lo
from loligo.engine.swings import Batch, Swings
from loligo.run import spikes
from loligo.run.pose import pose

LANES, THRESHOLD = 23, -20.0


def told(seed: int, batches: int, lane_by_lane: bool) -> tuple[list[Batch], Any]:
    """Random spikes, in batches one after the other in time; and those of each lane in order."""
    draw = np.random.default_rng(seed)
    made: list[Batch] = []
    every: list[list[tuple[float, ...]]] = [[] for _ in range(LANES)]
    for k in range(batches):
        lane = draw.integers(0, LANES - 3, draw.integers(0, 200))  # three never fire
        lane = np.sort(lane) if lane_by_lane else lane
        time = np.empty(lane.size)
        for each in range(LANES):
            own = lane == each
            time[own] = np.sort(draw.uniform(k, k + 1, own.sum()))
        peak, trough = draw.normal(size=(2, lane.size))
        made.append(Batch(time, lane, peak, trough))
        for each, *row in zip(lane, time, peak, trough, strict=True):
            every[each].append(tuple(row))
    return made, every


@pytest.mark.parametrize("lane_by_lane", [True, False])
@pytest.mark.parametrize("batches", [1, 6])
@pytest.mark.parametrize("stretch", [1, 7, 1 << 18])
def test_each_lane_has_its_own_in_the_order_of_time(
    stretch: int, batches: int, lane_by_lane: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spikes, "_STRETCH", stretch)
    made, every = told(stretch + batches, batches, lane_by_lane)
    problem = pose(
        lo.load("fitzhugh-1961"), lo.Pulse(0, 1, np.linspace(0, 1, LANES)), batches,
        record=["spikes"], sample_interval=1.0, initial=None, threshold=THRESHOLD,
    )  # fmt: skip
    swings = Swings.begin(np.full(LANES, -60.0))
    swings.of("high")[:], swings.of("low")[:] = np.arange(2 * LANES).reshape(2, LANES)
    voltage = np.full(LANES, -60.0)
    last = swings.last(voltage, THRESHOLD)
    time, lane, peak, trough, _, _ = spikes.spikes_of(problem, made, swings, voltage)
    assert not made, "the list is given up"
    assert np.array_equal(lane, np.repeat(np.arange(LANES), [len(own) for own in every]))
    for each, own in enumerate(every):
        mine = lane == each
        assert time[mine].tolist() == [row[0] for row in own]
        if own:  # what is told with a spike is of the one before it; of the last, the end tells
            for column, values, end in ((1, peak, last[0]), (2, trough, last[1])):
                expected = [*(row[column] for row in own[1:]), end[each]]
                assert np.array_equal(values[mine], expected, equal_nan=True)
    assert np.array_equal(spikes.counted(lane, LANES), [len(own) for own in every])
