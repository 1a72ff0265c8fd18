"""Fixed steps on a GPU."""

from __future__ import annotations

from typing import Any
from weakref import ref

import numpy as np

from loligo.engine.cuda.held import Held
from loligo.engine.kernel import Progress, Schedule, Streams
from loligo.engine.llvm.steps import RUN_DOUBLES, RUN_INTEGERS, RUN_POINTERS
from loligo.engine.llvm.threads import own
from loligo.lanes import Floats

_CHANGED = ("states", "carries", "detector", "lead", "swings")  # by a call
_INTEGERS, _POINTERS = own(RUN_INTEGERS), own(RUN_POINTERS)
_CAPACITY = 16  # spikes of each lane in a call, at most
_RECORDED = 1 << 28  # bytes of samples that a call may leave there


class March:
    """A run of equal steps whose lanes go on on a GPU."""

    def __init__(self, kernel: Any, progress: Progress) -> None:
        self.kernel, self._progress = kernel, ref(progress)  # which holds this
        self.held: Held | None = None
        self.given: dict[str, Any] = {}  # what is handed over, and lies there already
        self.kept: dict[str, Any] = {}
        self.stale = False  # whether what is at home is older than what is there

    @property
    def progress(self) -> Progress:
        """What marches."""
        progress = self._progress()
        assert progress is not None, "who calls holds it"
        return progress

    def go(
        self, schedule: Schedule, constants: Floats, streams: Streams, blocks: range, stop: int
    ) -> None:
        """As :meth:`loligo.engine.kernel.Kernel.run`."""
        progress = self.progress
        # what stays there is all of it, whatever part of it goes on
        held = range(progress.lead.size) if progress.away is self else blocks
        self._hold(constants, streams, held)
        steps = schedule.steps
        if len(progress.out):
            room = min(_RECORDED, self.kernel.gpu.free() // 2)
            a_sample = 8 * len(progress.out) * len(held)
            steps = max(1, room // a_sample) * schedule.steps_per_sample
        while True:
            mine = progress.step[blocks.start : blocks.stop]
            broken = progress.diverged[blocks.start : blocks.stop] != 0
            left = np.flatnonzero((mine < stop) & ~broken)
            first = int(mine[left].min()) if left.size else stop
            to = min(stop, first + steps)
            self._go(schedule, streams, blocks, to)
            if to == stop:
                return

    def _go(self, schedule: Schedule, streams: Streams, blocks: range, stop: int) -> None:
        """The same, of as many samples as there is room for."""
        progress, held = self.progress, self.held
        assert held is not None
        window = _Samples(self, schedule, blocks, stop)
        integers = {
            "stride": len(held.lanes), "stop": stop, "steps_per_sample": schedule.steps_per_sample,
            "samples": schedule.samples, "pitch": window.count,
            "stream_step": streams.first_step, "stream_rows": streams.charges.shape[1],
            "capacity": held.capacity,
        }  # fmt: skip
        first = blocks.start - held.lanes.start
        order = np.arange(first, first + len(blocks), dtype=np.uint32)
        while order.size:
            held.start(
                "run", order, tuple(integers[name] for name in _INTEGERS),
                tuple(getattr(schedule, name) for name in RUN_DOUBLES), _POINTERS,
            )  # fmt: skip
            held.fetch("progress", "diverged")
            held.count()
            self._unload(held)
            step = progress.step[blocks.start : blocks.stop]
            fine = progress.diverged[blocks.start : blocks.stop] == 0
            order = (first + np.flatnonzero((step < stop) & fine)).astype(np.uint32)
        self.stale = True
        window.bring()

    def _hold(self, constants: Floats, streams: Streams, lanes: range) -> None:
        """See that all of some lanes is there."""
        progress, size = self.progress, self.progress.lead.size
        given = {
            "constants": constants, "charges": _some(streams.charges, size),
            "currents": _some(streams.currents, size),
        }  # fmt: skip
        if self.held is not None and self.held.lanes == lanes:
            for name, values in given.items():
                if self.given[name] is not values:
                    self.held.replace(name, values)
        else:
            homes = {
                "states": progress.states, "carries": progress.carries,
                "detector": progress.detector, "lead": progress.lead, "progress": progress.step,
                "diverged": progress.diverged, "swings": progress.swings.table, **given,
            }  # fmt: skip
            gpu, functions = self.kernel.gpu, self.kernel.functions
            self.held = Held(gpu, functions, lanes, homes, frozenset(), _CAPACITY)
        self.given = given

    # ---- home

    def keep(self, before: Progress) -> None:
        """Remember what is true now."""
        if self.held is None:
            before.take(self.progress)
            self.kept = {}
            return
        for name in (*_CHANGED, "progress", "diverged"):
            memory = self.held.memory[name]
            if name not in self.kept:
                self.kept[name] = self.kernel.gpu.memory(memory.size)
            self.kernel.gpu.copy(self.kept[name], memory)

    def recall(self, before: Progress) -> None:
        """Let ``before`` hold what was remembered."""
        homes = {
            "states": before.states, "carries": before.carries, "detector": before.detector,
            "lead": before.lead, "swings": before.swings.table, "progress": before.step,
            "diverged": before.diverged,
        }  # fmt: skip
        for name, memory in self.kept.items():
            self.kernel.gpu.read(memory, homes[name])

    def home(self) -> None:
        """Let the progress hold what is true now."""
        if self.held is not None and self.stale:
            self.held.fetch(*_CHANGED)
        self.stale = False

    def changed(self) -> None:
        """The progress has been changed at home: it is to go on from there."""
        self.held, self.kept = None, {}

    def _unload(self, held: Held) -> None:
        batch = held.emptied()
        if batch is not None:
            self.progress.spikes.append(batch)


class _Samples:
    """Those that a call takes, in memory of their own."""

    def __init__(self, march: March, schedule: Schedule, blocks: range, stop: int) -> None:
        per, progress, held = schedule.steps_per_sample, march.progress, march.held
        assert held is not None
        begun = progress.step[blocks.start : blocks.stop]
        self.first = int(-(-begun.min() // per))
        last = min(stop // per, schedule.samples - 1)
        self.count = max(1, last + 1 - self.first)
        self.gpu = march.kernel.gpu
        self.out = progress.out[:, held.lanes.start : held.lanes.stop]
        self.memory = self.gpu.memory(8 * self.out.shape[0] * len(held.lanes) * self.count)
        if blocks != held.lanes or (begun != begun[0]).any():  # they are not taken of every lane
            self.gpu.write(self.memory, np.ascontiguousarray(self._rows()))
        held.lend("out", self.memory, -8 * self.first)

    def _rows(self) -> Any:
        return self.out[:, :, self.first : self.first + self.count]

    def bring(self) -> None:
        """Copy them home."""
        rows = self._rows()
        if not rows.size:
            return
        values = np.empty((*self.out.shape[:2], self.count))
        self.gpu.read(self.memory, values)
        rows[...] = values[..., : rows.shape[-1]]


def _some(streams: Floats, lanes: int) -> Floats:
    """Rows of sampled stimuli; of no lanes, where there is none."""
    return streams if streams.size else np.empty((0, 0, lanes))
