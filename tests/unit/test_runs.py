"""How a run is dealt out to the cores, and how wide its blocks are."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from loligo.lanes import block_width
from loligo.run import pace
from loligo.run.outcome import empty_rows


@pytest.mark.parametrize("blocks", [1, 2, 5, 31, 33, 1000])
@pytest.mark.parametrize("workers", [1, 2, 3, 64])
def test_every_block_is_in_one_share(blocks: int, workers: int) -> None:
    shares = pace.portions(blocks, workers)
    assert (shares[0].start, shares[-1].stop) == (0, blocks)
    assert all(a.stop == b.start for a, b in pairwise(shares))
    sizes = [len(share) for share in shares]
    assert min(sizes) >= 1
    assert max(sizes) - min(sizes) <= 1
    assert len(shares) == 1 if workers == 1 else len(shares) == min(blocks, 16 * workers)


def test_no_more_threads_than_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOLIGO_THREADS", "7")
    with pace.crew([range(3), range(3, 5)]) as pool:
        assert pool._max_workers == 2


@pytest.mark.parametrize(
    ("lanes", "registers", "width"),
    [(1, 4, 1), (2, 4, 8), (8, 4, 8), (9, 4, 16), (17, 4, 32), (5000, 4, 32), (5000, 2, 16)],
)
def test_a_block_is_as_wide_as_its_lanes_need(lanes: int, registers: int, width: int) -> None:
    assert block_width(lanes, 8, registers) == width


@pytest.mark.parametrize("samples", [1, 2, 511, 512, 513, 20_001, 1 << 15])
@pytest.mark.parametrize(("lanes", "width"), [(1, 1), (16, 8), (17, 8)])
def test_lanes_are_recorded_in_rows_that_do_not_meet_in_the_cache(
    samples: int, lanes: int, width: int
) -> None:
    problem: Any = SimpleNamespace(
        lanes=SimpleNamespace(size=lanes),
        times=SimpleNamespace(samples=samples),
        records=("V", "m"),
    )
    kernel: Any = SimpleNamespace(width=width)
    rows = empty_rows(problem, kernel)
    assert rows.shape == (2, -(-lanes // width) * width, samples)
    assert rows.strides[1] % 4096
    assert rows.strides[0] == rows.shape[1] * rows.strides[1]
    assert rows.strides[1] <= 8 * samples + 64
    assert np.shares_memory(rows[0], rows[0].reshape(2, -1, samples) if lanes > 1 else rows)
