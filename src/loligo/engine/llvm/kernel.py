"""The compiled kernel: machine code behind the interface of :mod:`loligo.engine.kernel`."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from loligo.engine.kernel import (
    CAPACITY,
    Journey,
    Moving,
    Progress,
    Route,
    Schedule,
    Search,
    Streams,
)
from loligo.engine.llvm.adaptive import (
    ADAPT_DOUBLES,
    ADAPT_INTEGERS,
    adapt_doubles,
    adapt_pointers,
)
from loligo.engine.llvm.jit import MAPS, Code
from loligo.engine.llvm.rests import DOUBLES, FUNCTION, INTEGERS, POINTERS
from loligo.engine.llvm.spikes import most_spikes
from loligo.engine.llvm.steps import RUN_DOUBLES, RUN_INTEGERS, RUN_POINTERS
from loligo.engine.llvm.swings import spike_arrays, taken
from loligo.engine.llvm.target import host
from loligo.engine.resting import Equations, Sought, Turns
from loligo.engine.swings import Batch
from loligo.lanes import Floats
from loligo.program import Program


def _signature(integers: int, doubles: int, pointers: int) -> Any:
    kinds: list[Any] = [ctypes.c_int64] * integers
    kinds += [ctypes.c_double] * doubles
    return ctypes.CFUNCTYPE(None, *kinds, *[ctypes.c_void_p] * pointers)


_RUN = _signature(len(RUN_INTEGERS), len(RUN_DOUBLES), len(RUN_POINTERS))
_MAP = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)


class CompiledKernel:
    """A program in machine code. Calls hold no lock and share nothing.

    Parameters
    ----------
    capacity
        Spikes of one call: a block stops when they are nearly as many, and goes on in the next.
    portable
        Whether its code has the bits of every machine.
    rests
        Where the loop that looks for rest is found, by its equations and whether it is portable.
    """

    alone = False

    def __init__(
        self, program: Program, width: int, code: Code, capacity: int = CAPACITY,
        portable: bool = False, rests: Callable[[Equations, bool], Code] | None = None,
    ) -> None:  # fmt: skip
        self.program, self.width, self.portable, self.rests = program, width, portable, rests
        self.code, self.capacity = code, capacity  # the code keeps the functions alive
        self._run: Any = _RUN(code.addresses["run"])
        self._doubles, self._pointers = adapt_doubles(program), adapt_pointers(program)
        signature = _signature(len(ADAPT_INTEGERS), len(self._doubles), len(self._pointers))
        self._adapt: Any = signature(code.addresses["adapt"])
        self._maps: dict[str, Any] = {name: _MAP(code.addresses[f"map_{name}"]) for name in MAPS}

    def holding(self, capacity: int) -> CompiledKernel:
        """The same with room for so many spikes."""
        if capacity == self.capacity:
            return self
        return CompiledKernel(
            self.program, self.width, self.code, capacity, self.portable, self.rests
        )

    def search(self, equations: Equations, lanes: int) -> Search | None:
        """A loop of its own, made when it is asked for the first time."""
        return None if self.rests is None else Rests(self.rests(equations, self.portable))

    def hold(self, run: Moving) -> None:
        """It lies in the processor's memory anyway."""

    def map(self, block: str, inputs: Mapping[str, Floats]) -> dict[str, Floats]:
        """Apply one of :data:`loligo.engine.llvm.jit.MAPS` lane by lane."""
        spec = self.program.blocks[block]
        names = spec.inputs
        lanes = len(next(iter(inputs.values())))
        # whole vectors; what is computed in the lanes beyond is not looked at
        width = lanes + -lanes % host().vector
        source = np.ones((max(1, len(names)), width))
        for row, name in zip(source, names, strict=False):
            row[:lanes] = inputs[name]
        target = np.empty((len(spec.outputs), width))
        self._maps[block](width, source.ctypes.data, target.ctypes.data)
        return {name: target[i, :lanes] for i, name in enumerate(spec.names)}

    def run(
        self,
        schedule: Schedule,
        constants: Floats,
        progress: Progress,
        streams: Streams,
        blocks: range,
        stop: int,
    ) -> None:
        """See :class:`loligo.engine.kernel.Kernel`. Blocks must be consecutive."""
        buffer = _Spikes(self.width, self.capacity)
        integers = {
            "first_block": blocks.start, "last_block": blocks.stop,
            "stride": progress.states.shape[1], "stop": stop,
            "steps_per_sample": schedule.steps_per_sample, "samples": schedule.samples,
            "pitch": progress.out.strides[1] // 8,
            "stream_step": streams.first_step, "stream_rows": streams.charges.shape[1],
            "capacity": self.capacity,
        }  # fmt: skip
        doubles = {name: getattr(schedule, name) for name in RUN_DOUBLES}
        arrays = {
            "constants": constants, "states": progress.states, "carries": progress.carries,
            "detector": progress.detector, "lead": progress.lead, "progress": progress.step,
            "diverged": progress.diverged, "charges": streams.charges,
            "currents": streams.currents, "out": progress.out, "swings": progress.swings.table,
            **buffer.arrays,
        }  # fmt: skip
        arguments = (
            *(integers[name] for name in RUN_INTEGERS),
            *(doubles[name] for name in RUN_DOUBLES),
            *(arrays[name].ctypes.data for name in RUN_POINTERS),
        )
        mine = progress.step[blocks.start : blocks.stop]
        width = self.width
        broken = progress.diverged[blocks.start * width : blocks.stop * width]
        while True:
            self._run(*arguments)
            full = buffer.empty_into(progress.spikes)
            if not full or mine.min() >= stop or broken.any():
                return

    def adapt(
        self, route: Route, constants: Floats, journey: Journey, blocks: range, rounds: int
    ) -> None:
        """See :class:`loligo.engine.kernel.Kernel`. Blocks must be consecutive."""
        margin = most_spikes(self.program) * self.width
        buffer = _Spikes(margin, self.capacity, len(self.program.marked))
        integers = {
            "first_block": blocks.start, "last_block": blocks.stop,
            "stride": journey.states.shape[1], "rounds": rounds, "samples": route.samples,
            "pitch": journey.out.strides[1] // 8, "capacity": self.capacity,
        }  # fmt: skip
        doubles = {name: getattr(route, name) for name in ADAPT_DOUBLES}
        arrays = {
            "constants": constants, "states": journey.states, "clock": journey.clock,
            "counters": journey.counters, "edges": route.edges, "status": journey.status,
            "finished": journey.finished, "out": journey.out, "swings": journey.swings.table,
            **buffer.arrays,
        }  # fmt: skip
        if route.lines is not None:
            doubles["until"] = route.lines.until
            arrays |= {"places": journey.places, "rows": route.lines.rows,
                       "table": route.lines.table}  # fmt: skip
        arguments = (
            *(integers[name] for name in ADAPT_INTEGERS),
            *(doubles[name] for name in self._doubles),
            *(arrays[name].ctypes.data for name in self._pointers),
        )
        mine = journey.finished[blocks.start : blocks.stop]
        while True:
            self._adapt(*arguments)
            if not buffer.empty_into(journey.spikes) or mine.all():
                return


class Rests:
    """A search of rest in machine code."""

    alone = False

    def __init__(self, code: Code) -> None:
        self.code = code  # keeps the function alive
        signature = _signature(len(INTEGERS), len(DOUBLES), len(POINTERS))
        self._rests: Any = signature(code.addresses[FUNCTION])

    def __call__(self, sought: Sought) -> Turns:
        """What it finds; on one core."""
        lanes, vector = sought.begin.shape[1], host().vector
        arrays, wide = sought.arrays(vector)
        integers = {"first_block": 0, "last_block": wide // vector, **sought.integers(wide)}
        doubles = sought.doubles
        self._rests(
            *(integers[name] for name in INTEGERS), *(doubles[name] for name in DOUBLES),
            *(arrays[name].ctypes.data for name in POINTERS),
        )  # fmt: skip
        return Turns.of(arrays, lanes)


class _Spikes:
    """Where one call leaves the spikes that it finds."""

    def __init__(self, margin: int, capacity: int, marked: int = 0) -> None:
        self.margin, self.capacity = margin, capacity
        self.arrays = spike_arrays(capacity + margin, marked)

    def empty_into(self, spikes: list[Batch]) -> bool:
        """Move the spikes there; whether the buffer was so full that blocks stopped."""
        found = taken(self.arrays)
        if found.time.size:
            spikes.append(found)
        return found.time.size + self.margin > self.capacity
