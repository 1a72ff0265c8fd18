"""Where many membranes rest: the search of a processor's kernel, each lane in a thread of a GPU."""

from __future__ import annotations

from ctypes import c_double, c_int64, c_uint32, c_uint64

import numpy as np

from loligo.engine.cuda.driver import Functions, Gpu, NoRoomError
from loligo.engine.cuda.held import GROUP
from loligo.engine.llvm.rests import DOUBLES, FUNCTION, INTEGERS, POINTERS
from loligo.engine.llvm.threads import own
from loligo.engine.resting import Sought, Turns
from loligo.errors import RunError

MANY = 1 << 16  # lanes that a GPU is worth its way for
_FOUND = ("turns", "states", "verdict")


class Rests:
    """A search of rest on a GPU, with all lanes at once; some after others where there is no room
    for what is known of all."""

    alone = True

    def __init__(self, gpu: Gpu, functions: Functions) -> None:
        self.gpu, self.functions = gpu, functions

    def __call__(self, sought: Sought) -> Turns:
        """What it finds."""
        lanes = sought.begin.shape[1]
        try:
            return self._found(sought)
        except NoRoomError:
            if lanes < 2:
                raise RunError(
                    f"the GPU ({self.gpu.name}) has no memory free to look for rest there; end "
                    "what else uses it, or use engine='llvm'"
                ) from None
        halves = (slice(0, lanes // 2), slice(lanes // 2, lanes))
        parts = [self(sought.some(half)) for half in halves]
        return Turns(*(
            np.concatenate([getattr(part, name) for part in parts], axis=-1)
            for name in ("count", "states", "verdict")
        ))  # fmt: skip

    def _found(self, sought: Sought) -> Turns:
        arrays, lanes = sought.arrays(1)
        gpu = self.gpu
        order = gpu.memory(4 * lanes)
        memory = {name: gpu.memory(values.nbytes) for name, values in arrays.items()}
        gpu.write(order, np.arange(lanes, dtype=np.uint32))
        for name, values in arrays.items():
            if name not in _FOUND:
                gpu.write(memory[name], values)
        integers, doubles = sought.integers(lanes), sought.doubles
        arguments = (
            c_uint32(lanes), order.address, *(c_int64(integers[name]) for name in own(INTEGERS)),
            *(c_double(doubles[name]) for name in DOUBLES),
            *(c_uint64(memory[name].address.value) for name in own(POINTERS)),
        )  # fmt: skip
        gpu.start(self.functions.named(FUNCTION), lanes, arguments, GROUP)
        for name in _FOUND:
            gpu.read(memory[name], arrays[name])
        return Turns.of(arrays, lanes)
