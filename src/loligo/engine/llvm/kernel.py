"""The compiled kernel: machine code behind the interface of :mod:`loligo.engine.kernel`."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any

import numpy as np

from loligo.engine.kernel import Floats, Integers, Progress, Schedule, Streams
from loligo.engine.llvm.driver import RUN_DOUBLES, RUN_INTEGERS, RUN_POINTERS
from loligo.engine.llvm.jit import MAPS, Code
from loligo.program import Program

_RUN = ctypes.CFUNCTYPE(
    None,
    *[ctypes.c_int64] * len(RUN_INTEGERS),
    *[ctypes.c_double] * len(RUN_DOUBLES),
    *[ctypes.c_void_p] * len(RUN_POINTERS),
)
_MAP = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
# Spikes of one call; a block stops when it is nearly full and goes on in the next call.
_CAPACITY = 1 << 14


class CompiledKernel:
    """A program in machine code. Calls hold no lock and share nothing."""

    def __init__(self, program: Program, width: int, code: Code) -> None:
        self.program, self.width = program, width
        self._code = code  # keeps the functions alive
        self._run = _RUN(code.addresses["run"])
        self._maps: dict[str, Any] = {name: _MAP(code.addresses[f"map_{name}"]) for name in MAPS}

    def map(self, block: str, inputs: Mapping[str, Floats]) -> dict[str, Floats]:
        """Apply ``prepare``, ``relax`` or ``derivative`` lane by lane."""
        spec = self.program.blocks[block]
        names = spec.inputs
        lanes = len(next(iter(inputs.values())))
        # whole vectors; what is computed in the lanes beyond is not looked at
        width = lanes + -lanes % self.width
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
        times = np.empty(_CAPACITY + self.width)
        lanes: Integers = np.empty(_CAPACITY + self.width, dtype=np.int64)
        count: Integers = np.zeros(1, dtype=np.int64)
        integers = {
            "first_block": blocks.start, "last_block": blocks.stop,
            "stride": progress.states.shape[1], "stop": stop,
            "steps_per_sample": schedule.steps_per_sample, "samples": schedule.samples,
            "stream_step": streams.first_step, "stream_rows": streams.charges.shape[1],
            "capacity": _CAPACITY,
        }  # fmt: skip
        arrays = {
            "constants": constants, "states": progress.states, "detector": progress.detector,
            "progress": progress.step, "diverged": progress.diverged,
            "charges": streams.charges, "currents": streams.currents, "out": progress.out,
            "spike_time": times, "spike_lane": lanes, "spike_count": count,
        }  # fmt: skip
        arguments = (
            *(integers[name] for name in RUN_INTEGERS),
            schedule.dt,
            schedule.threshold,
            *(arrays[name].ctypes.data for name in RUN_POINTERS),
        )
        mine = progress.step[blocks.start : blocks.stop]
        width = self.width
        broken = progress.diverged[blocks.start * width : blocks.stop * width]
        while True:
            count[0] = 0
            self._run(*arguments)
            if found := int(count[0]):
                progress.spikes.append((times[:found].copy(), lanes[:found].copy()))
            if found + width <= _CAPACITY or mine.min() >= stop or broken.any():
                return
