"""The random path of a noise: one sequence of numbers that depends on its seed alone.

The k-th normal number of a seed comes from a counter-based generator
(:mod:`loligo.stimulus.normals`), in blocks that can be made in any order. Nothing here
knows the run, the solver or the lane.

How a seed becomes a path has changed once. The first way was NumPy's, which another version of
NumPy or another machine may take otherwise; recordings made with it say so, and are rerun with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from loligo.lanes import Floats
from loligo.stimulus.normals import decay, lost, normals

BLOCK = 4096
NUMPY, OWN = 1, 2  # how a seed becomes a path


class Path:
    """A path of unit amplitude on the grid k·`interval`, k = 0, 1, 2, …

    Parameters
    ----------
    seed : int
        0 ≤ seed < 2**53.
    interval : float
        ms between grid points.
    tau : float or None
        Correlation time (ms) of an Ornstein–Uhlenbeck path, exact at the grid points
        (Gillespie 1996, *Phys Rev E* 54:2084, doi:10.1103/PhysRevE.54.2084) and linear
        between; None for white noise, constant between, of variance 1/interval.
    generator : {1, 2}
        How the seed becomes a path.
    """

    def __init__(self, seed: int, interval: float, tau: float | None, generator: int = OWN) -> None:
        self.seed, self.interval, self.tau = seed, interval, tau
        self.made = _MADE[generator]
        # block -> (last value of the block before, charge before the block): all that is needed
        # to make a block, so that long paths need not be kept
        self._before: dict[int, tuple[float, float]] = {0: (0.0, 0.0)}

    def block(self, index: int) -> tuple[Floats, Floats]:
        """Values at the BLOCK + 1 grid points from index·BLOCK, and the charge up to each."""
        return _block(self, index)

    def values(self, count: int) -> Floats:
        """The first `count` grid values."""
        blocks = [self.block(b)[0][:BLOCK] for b in range(-(-count // BLOCK))]
        return np.concatenate([*blocks, np.empty(0)])[:count]

    def between(self, first: int, stop: int) -> Floats:
        """Some of the grid values."""
        begin, last = first // BLOCK, max(stop - 2, first) // BLOCK
        whole = [self.block(b)[0][:BLOCK] for b in range(begin, last)]
        # of the last also the first value of the next
        values = np.concatenate([*whole, self.block(last)[0]])
        return values[first - begin * BLOCK : stop - begin * BLOCK]

    def look_up(self, k: NDArray[np.int64], into: Floats) -> tuple[Floats, Floats]:
        """Value and charge at `into` ms after grid point `k`, for arrays of both."""
        value, charge = np.empty(k.shape), np.empty(k.shape)
        blocks = k // BLOCK
        # runs of neighbours in the same block: few, where times are sorted
        cuts = [0, *(np.flatnonzero(np.diff(blocks)) + 1).tolist(), k.size]
        for first, last in pairwise(cuts):
            if first == last:
                continue
            here = slice(first, last)
            values, charges = self.block(int(blocks[first]))
            j, u = k[here] % BLOCK, into[here]
            x = values[j]
            slope = 0.0 if self.tau is None else (values[j + 1] - x) / self.interval
            value[here] = x + slope * u
            charge[here] = charges[j] + u * (x + 0.5 * slope * u)
        return value, charge

    def before(self, index: int) -> tuple[float, float]:
        """The last value and the charge before a block; makes the blocks up to it if need be."""
        known = index
        while known not in self._before:
            known -= 1
        for b in range(known, index):
            self._make(b)
        return self._before[index]

    def _make(self, index: int) -> tuple[Floats, Floats]:
        last, charge = self._before[index]
        following = self.made.normals(self.seed, index + 1, 1)
        values = np.concatenate([self.made.normals(self.seed, index, BLOCK), following])
        if self.tau is None:
            values /= math.sqrt(self.interval)
            pieces = self.interval * values[:BLOCK]
        else:
            decay = self.made.decay(self.interval / self.tau)
            spread = math.sqrt(self.made.lost(2 * self.interval / self.tau))
            # the first of all is drawn from the stationary distribution
            values[1 if index == 0 else 0 :] *= spread
            values[0] += decay * last
            self.made.remember(values[:BLOCK], self.interval / self.tau)
            values[BLOCK] += decay * values[BLOCK - 1]
            pieces = self.interval * (0.5 * (values[:BLOCK] + values[1:]))
        charges = charge + np.concatenate([[0.0], np.cumsum(pieces)])
        self._before[index + 1] = (float(values[BLOCK - 1]), float(charges[BLOCK]))
        values.flags.writeable = charges.flags.writeable = False
        return values, charges


class Made(Protocol):
    """How a seed becomes a path."""

    def normals(self, seed: int, block: int, count: int) -> Floats:
        """The first normal numbers of a block."""
        ...

    def decay(self, rate: float) -> float:
        """e^(−rate)."""
        ...

    def lost(self, rate: float) -> float:
        """1 − e^(−rate)."""
        ...

    def remember(self, values: Floats, rate: float) -> None:
        """x_k += e^(−rate) x_(k−1), in place, by doubling the stride instead of one by one.

        Multiplications and additions in separate array operations: no machine fuses them,
        so that the numbers are the same everywhere.
        """
        ...


class _Numpys:
    def normals(self, seed: int, block: int, count: int) -> Floats:
        # the block sits in a high word of the counter: 2**64 numbers lie between two blocks
        generator = np.random.Philox(key=seed, counter=[0, block, 0, 0])
        return np.random.Generator(generator).standard_normal(count)

    def decay(self, rate: float) -> float:
        return math.exp(-rate)

    def lost(self, rate: float) -> float:
        return -math.expm1(-rate)

    def remember(self, values: Floats, rate: float) -> None:
        stride = 1
        while stride < values.size and (decay := math.exp(-rate * stride)) > 0:
            values[stride:] += decay * values[:-stride]
            stride *= 2


class _Own:
    normals = staticmethod(normals)
    decay = staticmethod(decay)
    lost = staticmethod(lost)

    def remember(self, values: Floats, rate: float) -> None:
        stride, part = 1, decay(rate)
        while stride < values.size and part > 0:
            values[stride:] += part * values[:-stride]
            stride, part = 2 * stride, part * part


_MADE: Mapping[int, Made] = {NUMPY: _Numpys(), OWN: _Own()}


@lru_cache(maxsize=512)  # 32 MB
def _block(path: Path, index: int) -> tuple[Floats, Floats]:
    path.before(index)
    return path._make(index)  # pyright: ignore[reportPrivateUsage]


@lru_cache(maxsize=4096)
def path(seed: int, interval: float, tau: float | None, generator: int = OWN) -> Path:
    """The path of these numbers, made as far as it has been asked for."""
    return Path(seed, interval, tau, generator)
