"""What a GPU holds of a run: rows of some of its lanes, in a memory of its own, and their spikes.

Arrays lie there as they lie at home. A kernel changes them there, call after call; they come home
when they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from ctypes import c_double, c_int64, c_uint32, c_uint64
from typing import Any

import numpy as np

from loligo.crew import on_all_cores, stretches
from loligo.engine.cuda.driver import Functions, Gpu, Memory
from loligo.engine.llvm.threads import GATHER
from loligo.engine.swings import Batch
from loligo.lanes import Integers

_AXES = {"swings": 0, "out": 1}  # along which the lanes lie, where it is not the last
SPIKES = ("spike_time", "spike_peak", "spike_trough")
GROUP = 128  # threads that start together
_SMALL = 32  # of them, where there are too few for every processor to have a larger group


def lanes_of(name: str, values: Any, lanes: range) -> Any:
    """A view of some lanes of an array."""
    axis = _AXES[name] if name in _AXES else values.ndim - 1
    return values[(slice(None),) * axis + (slice(lanes.start, lanes.stop),)]


class Held:
    """Rows of some lanes on a GPU.

    Parameters
    ----------
    lanes
        Which of the run's.
    homes
        Name -> the array at home, of all lanes.
    new
        Those that hold nothing yet, and need not be copied there.
    capacity
        Spikes of each lane that there is room for.

    Raises
    ------
    NoRoomError
        If the GPU has not as much memory.
    """

    def __init__(
        self, gpu: Gpu, functions: Functions, lanes: range, homes: Mapping[str, Any],
        new: frozenset[str], capacity: int,
    ) -> None:  # fmt: skip
        self.gpu, self.functions, self.lanes, self.capacity = gpu, functions, lanes, capacity
        self.homes, self.memory = dict(homes), dict[str, Memory]()
        self.shifts = dict[str, int]()
        for name, values in homes.items():
            rows = lanes_of(name, values, lanes)
            self.memory[name] = gpu.memory(rows.nbytes)
            if name not in new:
                self.send(name)
        size = 8 * len(lanes)
        for name in SPIKES:
            self.memory[name] = gpu.memory(size * capacity)
        self.memory["spike_count"] = gpu.memory(size)
        self.counts: Integers = np.zeros(len(lanes), dtype=np.int64)
        gpu.write(self.memory["spike_count"], self.counts)

    def send(self, name: str) -> None:
        """Copy the lanes of an array from home."""
        rows = lanes_of(name, self.homes[name], self.lanes)
        self.gpu.write(self.memory[name], np.ascontiguousarray(rows))

    def replace(self, name: str, values: Any) -> None:
        """Let another array take an array's place."""
        rows = lanes_of(name, values, self.lanes)
        self.homes[name] = values
        if self.memory[name].size != rows.nbytes:
            self.memory[name] = self.gpu.memory(rows.nbytes)
        self.send(name)

    def lend(self, name: str, memory: Memory, shift: int) -> None:
        """Let a function find, in place of an array, what begins so many bytes from a memory."""
        self.memory[name], self.shifts[name] = memory, shift

    def fetch(self, *names: str, first: int | None = None) -> None:
        """Copy the lanes of arrays home.

        Parameters
        ----------
        first
            How many of their rows, if not all.
        """
        for name in names:
            rows = lanes_of(name, self.homes[name], self.lanes)[slice(first)]
            if rows.flags.c_contiguous:
                self.gpu.read(self.memory[name], rows)
            else:
                values = np.empty(rows.shape, rows.dtype)
                self.gpu.read(self.memory[name], values)
                rows[...] = values

    def count(self) -> None:
        """How many spikes each lane has."""
        self.gpu.read(self.memory["spike_count"], self.counts)

    def emptied(self) -> Batch | None:
        """The spikes of all lanes, which are forgotten there; None if there is none."""
        many = self.counts
        total = int(many.sum())
        if not total:
            return None
        ends = np.cumsum(many)
        gpu, threads = self.gpu, len(self.lanes)
        first, flat = gpu.memory(8 * threads), gpu.memory(8 * total)
        gpu.write(first, ends - many)
        columns: list[Any] = []
        for name in SPIKES:
            memory = (first, self.memory["spike_count"], self.memory[name], flat)
            places = tuple(each.address.value for each in memory)
            self._start(GATHER, threads, first, (self.capacity,), (), places)
            columns.append(np.empty(total))
            gpu.read(flat, columns[-1])
        time, peak, trough = columns
        every, lane = np.arange(self.lanes.start, self.lanes.stop), np.empty(total, np.int64)

        def whose(some: slice) -> None:
            begin, end = int(ends[some.start] - many[some.start]), int(ends[some.stop - 1])
            lane[begin:end] = np.repeat(every[some], many[some])

        on_all_cores(whose, stretches(many.size))
        self.counts = np.zeros_like(many)
        gpu.write(self.memory["spike_count"], self.counts)
        return Batch(time, lane, peak, trough)

    def start(
        self, function: str, order: Any, integers: tuple[int, ...], doubles: tuple[float, ...],
        pointers: tuple[str, ...],
    ) -> None:  # fmt: skip
        """Start a loop for the lanes that ``order`` lists, counted from the first of those held,
        and wait for it."""
        listed = self.gpu.memory(4 * order.size)
        self.gpu.write(listed, order)
        places = tuple(self.memory[n].address.value + self.shifts.get(n, 0) for n in pointers)
        self._start(function, order.size, listed, integers, doubles, places)

    def _start(
        self, function: str, threads: int, order: Memory, integers: tuple[int, ...],
        doubles: tuple[float, ...], places: tuple[int, ...],
    ) -> None:  # fmt: skip
        few = threads < GROUP * self.gpu.processors
        arguments = (
            c_uint32(threads), order.address, *map(c_int64, integers), *map(c_double, doubles),
            *map(c_uint64, places),
        )  # fmt: skip
        self.gpu.start(self.functions.named(function), threads, arguments, _SMALL if few else GROUP)
