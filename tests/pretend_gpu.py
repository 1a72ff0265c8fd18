"""A GPU that is none: this processor, which takes one thread after the other.

It runs what a GPU is given, down to the order of lanes, the room that each has for its spikes and
the memory that is of its own; only the machine code is another. So all of it can be tested where
there is no GPU.
"""

from __future__ import annotations

import ctypes
import itertools
import json
import re
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar
from unittest import mock

import llvmlite.binding as llvm
import numpy as np

from loligo.engine.cuda import cache
from loligo.engine.cuda.driver import NoRoomError
from loligo.engine.llvm.jit import _optimised, rests_to_ir, threads_to_ir
from loligo.engine.llvm.target import host

_THREAD = """
@loligo_thread = global i32 0
define internal i32 @thread_in_group() alwaysinline {
  %n = load i32, i32* @loligo_thread
  ret i32 %n
}
define internal i32 @nothing() alwaysinline {
  ret i32 0
}
"""


def for_this_processor(program, target) -> str:
    """A GPU's loop, in which the number of the thread is a variable."""
    assert target.triple.startswith("nvptx64")
    told = json.dumps(program.to_dict())
    if told not in _WRITTEN:
        _WRITTEN[told] = _taken(threads_to_ir(program, _THREADS))
    return _WRITTEN[told]


def rests_for_this_processor(equations, target) -> str:
    """Of the search of rest, likewise."""
    assert target.triple.startswith("nvptx64")
    return _taken(rests_to_ir(equations, _THREADS))


_WRITTEN: dict[str, str] = {}
_THREADS = replace(host(), threads=True)


def _taken(text: str) -> str:
    """By this processor."""
    text = re.sub(r"declare i32 @\"?llvm\.nvvm\.read\.ptx\.sreg\.\S+\(\)\n?", "", text)
    text = re.sub(r"@\"?llvm\.nvvm\.read\.ptx\.sreg\.tid\.x\"?", "@thread_in_group", text)
    text = re.sub(r"@\"?llvm\.nvvm\.read\.ptx\.sreg\.\w+\.x\"?", "@nothing", text)
    pointer = "i32*" if llvm.llvm_version_info[0] < 15 else "ptr"
    return text.replace("ptx_kernel ", "") + _THREAD.replace("i32*", pointer)


class Memory:
    def __init__(self, gpu, size: int) -> None:
        self.gpu, self.size = gpu, size
        if gpu.taken + size > gpu.limit:
            raise NoRoomError
        gpu.taken += size
        gpu.most = max(gpu.most, gpu.taken)
        self.bytes = np.full(max(8, size) + 64, 255, dtype=np.uint8)  # NaN, and nothing else
        self.address = ctypes.c_uint64(self.bytes.ctypes.data + -self.bytes.ctypes.data % 64)

    def __del__(self) -> None:
        if hasattr(self, "bytes"):
            self.gpu.taken -= self.size


class Functions:
    _made: ClassVar[dict[str, Functions]] = {}

    @classmethod
    def of(cls, text: str) -> Functions:
        """Compiled once, however many GPUs are pretended."""
        if text not in cls._made:
            cls._made[text] = cls(text)
        return cls._made[text]

    def __init__(self, text: str) -> None:
        machine, module = _optimised(text, host())
        self.engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), host().machine())
        self.engine.add_object_file(llvm.ObjectFileRef.from_data(machine.emit_object(module)))
        self.engine.finalize_object()
        self.thread = ctypes.c_uint32.from_address(
            self.engine.get_global_value_address("loligo_thread")
        )

    def costs(self, name: str) -> dict[str, int]:
        return {"registers": 0, "local": 0, "resident": 1}

    def named(self, name: str):
        return self.thread, self.engine.get_function_address(name)


class PretendGpu:
    """See :class:`loligo.engine.cuda.driver.Gpu`.

    Parameters
    ----------
    limit
        Bytes of its memory.
    """

    name, capability, processors = "a processor", (9, 0), 1
    _made = itertools.count(1)

    def __init__(self, limit: int = 1 << 40) -> None:
        self.version = -next(self._made)  # no kernel of another's, and none for a GPU, is its
        self.limit, self.taken, self.most, self.starts = limit, 0, 0, 0
        self.crossed = 0  # bytes

    def free(self) -> int:
        return self.limit - self.taken

    def memory(self, size: int) -> Memory:
        return Memory(self, size)

    def write(self, memory: Memory, values) -> None:
        assert values.flags.c_contiguous
        assert values.nbytes <= memory.size
        self.crossed += values.nbytes
        ctypes.memmove(memory.address.value, values.ctypes.data, values.nbytes)

    def read(self, memory: Memory, values) -> None:
        assert values.flags.c_contiguous
        assert values.nbytes <= memory.size
        self.crossed += values.nbytes
        ctypes.memmove(values.ctypes.data, memory.address.value, values.nbytes)

    def copy(self, target: Memory, source: Memory) -> None:
        ctypes.memmove(target.address.value, source.address.value, source.size)

    def linked(self, text: str, plainly: bool = False) -> bytes:
        return text.encode()

    def loaded(self, code: bytes) -> Functions:
        return Functions.of(code.decode())

    def start(self, function, threads: int, arguments, group: int) -> None:
        thread, address = function
        self.starts += 1
        call = ctypes.CFUNCTYPE(None, *(type(each) for each in arguments))(address)
        for number in range(-(-threads // group) * group):
            thread.value = number
            call(*arguments)


@contextmanager
def pretended(limit: int = 1 << 40):
    """``engine="cuda"`` runs on a GPU that is none, of so many bytes."""
    gpu = PretendGpu(limit)
    with (
        mock.patch.dict("os.environ", LOLIGO_CACHE="off"),
        mock.patch.object(cache, "gpu", return_value=gpu),
        mock.patch.object(cache, "compile_ptx", for_this_processor),
        mock.patch.object(cache, "compile_rests_ptx", rests_for_this_processor),
    ):
        yield gpu
