"""How a run is dealt out: to which cores, in which portions. No number depends on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Any

import numpy as np

from loligo.crew import threads

_MOST = 1 << 40  # of anything in one call
_SHARES = 16  # of the blocks, for each of several workers
# A machine that takes all lanes at once may do so many times what a core does; and its calls are so
# many times as long, for around each of them there is more to do.
_STRONGER, _LONGER = 64, 5


@dataclass(frozen=True)
class Pace:
    """In which portions a run is handed to its kernel.

    Attributes
    ----------
    call
        About how long a call of a kernel takes, s; Ctrl-C is heard between calls.
    amount
        Steps, or rounds, in every call, if not as many as take so long.
    stream
        Bytes of a tabulated current that are handed over at once.
    width
        Lanes that a kernel takes together, if not as many as suits it.
    as_many
        Lanes that a kernel suits at least, however few a run has: each width is one of its own.
    whole
        Whether a call takes all lanes at once, as of a GPU; else each core takes some.
    """

    call: float = 0.05
    amount: int | None = None
    stream: int = 1 << 25
    width: int | None = None
    as_many: int = 1
    whole: bool = False

    def alone(self) -> Pace:
        """For a machine that takes all lanes at once."""
        return replace(self, call=_LONGER * self.call, whole=True)

    def parts(self, blocks: int) -> list[range]:
        """The :func:`portions` of a run."""
        return portions(blocks, 1 if self.whole else threads())

    def opening(self, most: int, all_lanes: int, lanes: int) -> int:
        """How much to do in the first call, which is a guess: no call of many lanes may take
        long.

        Parameters
        ----------
        most
            If there are few lanes.
        all_lanes
            Of all lanes together, on a core.
        """
        all_lanes *= _STRONGER if self.whole else 1
        return self.amount or max(1, min(most, all_lanes // lanes))

    def next(self, amount: int, took: float) -> int:
        """How much to do in the next call, if ``amount`` took that many seconds in this one."""
        faster = min(8.0, max(0.125, self.call / max(took, 1e-6)))
        return self.amount or max(1, min(_MOST, int(amount * faster)))


def portions(blocks: int, workers: int) -> list[range]:
    """The blocks in nearly equal runs: one for a single worker, many small ones for several, who
    take the next when they are done with one. So none waits long for another whose lanes, or
    whose core, are slower."""
    runs = 1 if workers == 1 else min(_SHARES * workers, blocks)
    edges = np.linspace(0, blocks, runs + 1).astype(int)
    return [range(a, b) for a, b in pairwise(edges) if b > a]


def without(parts: Sequence[range], left: Any) -> list[range]:
    """The parts, cut into runs of what is left to do.

    Parameters
    ----------
    left : (blocks,)
        Whether each is.

    >>> without([range(0, 4), range(4, 6)], [True, False, True, True, False, False])
    [range(0, 1), range(2, 4)]
    """
    runs: list[range] = []
    for part in parts:
        for here, each in groupby(part, key=lambda i: left[i]):
            if here:
                run = list(each)
                runs.append(range(run[0], run[-1] + 1))
    return runs


def crew(parts: Sequence[range]) -> ThreadPoolExecutor:
    """Who works on the parts: a thread for each core, no more than there are parts."""
    return ThreadPoolExecutor(max(1, min(threads(), len(parts))))


def everywhere(
    pool: ThreadPoolExecutor, parts: Sequence[range], work: Callable[[range], None]
) -> float:
    """Call ``work`` on every part, as many at once as there are cores, and wait; how many
    seconds it took."""
    started = time.perf_counter()
    if len(parts) == 1:  # to hand it to a thread takes longer than a cell's hundred steps
        work(parts[0])
    else:
        calls = [pool.submit(work, part) for part in parts]
        wait(calls)
        for call in calls:
            call.result()
    return time.perf_counter() - started
