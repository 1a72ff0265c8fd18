"""NVIDIA's driver, asked by its own C interface.

Of CUDA nothing else is needed: no toolkit, no package. The driver brings the library with it, and a
dozen of its functions, the same since CUDA 11, are all that is called here. (`cuda-bindings` would
be 9 MB to install for them.) They are told in NVIDIA's *CUDA Driver API* reference.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from ctypes import byref, c_char_p, c_int, c_size_t, c_uint, c_uint64, c_void_p
from functools import cache
from threading import Lock
from typing import Any

from loligo.crew import on_all_cores, threads
from loligo.errors import RunError

_LIBRARIES = {"win32": ("nvcuda.dll",), "linux": ("libcuda.so.1", "libcuda.so")}
_OUT_OF_MEMORY, _NO_DEVICE, _BUSY, _FORKED = 2, 100, 46, 3  # results of the driver's functions
_NAME, _MAJOR, _MINOR, _PROCESSORS = 256, 75, 76, 16  # letters; numbers of attributes
_REGISTERS, _LOCAL = 4, 3  # numbers of a function's attributes
_PIECE, _WORKERS = 1 << 22, 16  # bytes that go over at once; at most, each with such a page
_PTX, _LOG = 1, 8192  # what is linked; bytes of what the linker says
_ERROR_LOG, _ERROR_SIZE, _LEVEL = 5, 6, 7  # options of the linker
_LEAST, _MOST = 1, 4  # levels of its optimisation
_INSTEAD = "use engine='llvm', which runs on this processor and gives the same numbers"


class NoRoomError(RunError):
    """The GPU has not as much memory free as was asked for."""

    def __init__(self) -> None:
        super().__init__(
            "the GPU has no memory left for this; run fewer lanes at once, record less, end what "
            f"else uses it, or {_INSTEAD}"
        )


class Driver:
    """The driver's functions; each raises where it does not succeed."""

    def __init__(self) -> None:
        self.library = _library()
        self("cuInit", c_uint(0))

    def __call__(self, function: str, *arguments: Any) -> None:
        """Call one.

        Raises
        ------
        NoRoomError
            If the GPU has no memory left for it.
        RunError
            If it fails otherwise.
        """
        result = getattr(self.library, function)(*arguments)
        if result == _OUT_OF_MEMORY:
            raise NoRoomError
        if result:
            raise RunError(self._failure(function, result))

    def _failure(self, function: str, result: int) -> str:
        if result == _NO_DEVICE:
            return f"engine='cuda' needs a GPU of NVIDIA's, and this machine shows none; {_INSTEAD}"
        if result == _BUSY:
            return (
                f"the GPU is kept by another process for itself alone; wait for it, or {_INSTEAD}"
            )
        if result == _FORKED:
            return (
                "the GPU cannot be used here: this process was forked from one that had begun to "
                "use it, which its driver does not allow; start processes anew (by "
                f"multiprocessing's 'spawn', as Dask's workers are), or {_INSTEAD}"
            )
        text = c_char_p()
        self.library.cuGetErrorString(c_int(result), byref(text))
        why = (text.value or b"").decode(errors="replace") or f"error {result}"
        return f"the GPU's driver says of {function}: {why} ({result}); {_INSTEAD}"


def _library() -> Any:
    """The driver's library.

    Raises
    ------
    RunError
        If there is none.
    """
    for name in _LIBRARIES.get(sys.platform, ()):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    where = ", ".join(_LIBRARIES.get(sys.platform, ())) or "no library for this system"
    raise RunError(
        f"engine='cuda' needs a GPU of NVIDIA's with its driver, and there is none here ({where}); "
        f"{_INSTEAD}"
    )


class Memory:
    """Bytes on a GPU, given back when nothing holds this any more."""

    def __init__(self, gpu: Gpu, size: int) -> None:
        self.gpu, self.size, self.address = gpu, size, c_uint64(0)
        gpu.driver("cuMemAlloc_v2", byref(self.address), c_size_t(max(1, size)))

    def __del__(self) -> None:
        # in a forked child, and where it could not be had, there is nothing to give back
        if self.address.value and self.gpu.process == os.getpid():
            self.gpu.enter()
            self.gpu.driver.library.cuMemFree_v2(self.address)


class Functions:
    """Loaded machine code of a GPU; it is unloaded when nothing holds this any more."""

    def __init__(self, gpu: Gpu, code: bytes) -> None:
        self.gpu, self.module = gpu, c_void_p()
        gpu.enter()
        gpu.driver("cuModuleLoadData", byref(self.module), c_char_p(code))

    def __del__(self) -> None:
        if self.module.value and self.gpu.process == os.getpid():
            self.gpu.enter()
            self.gpu.driver.library.cuModuleUnload(self.module)

    def named(self, name: str) -> Any:
        """One function."""
        function = c_void_p()
        self.gpu.enter()
        self.gpu.driver("cuModuleGetFunction", byref(function), self.module, name.encode())
        return function

    def costs(self, name: str, group: int = 128) -> dict[str, int]:
        """What a function takes: ``registers`` of each thread, ``local`` bytes of its stack; and
        ``resident``, how many threads one processor of the GPU can then have at once, in groups of
        so many."""
        function, driver, groups = self.named(name), self.gpu.driver, c_int()
        values = [c_int(), c_int()]
        for value, which in zip(values, (_REGISTERS, _LOCAL), strict=True):
            driver("cuFuncGetAttribute", byref(value), c_int(which), function)
        driver("cuOccupancyMaxActiveBlocksPerMultiprocessor", byref(groups), function,
               c_int(group), c_size_t(0))  # fmt: skip
        registers, local = (value.value for value in values)
        return {"registers": registers, "local": local, "resident": group * groups.value}


class Gpu:
    """The first GPU that this process may use.

    Attributes
    ----------
    name
        NVIDIA's, such as "NVIDIA H100 80GB HBM3".
    capability
        Its compute capability.
    version
        Of CUDA, that the driver knows: 13000 is 13.0.
    processors
        How many there are on it ("streaming multiprocessors").
    """

    def __init__(self) -> None:
        self.process, self.driver = os.getpid(), Driver()
        device, name, version = c_int(), ctypes.create_string_buffer(_NAME), c_int()
        self.driver("cuDeviceGet", byref(device), c_int(0))
        self.driver("cuDeviceGetName", name, c_int(_NAME), device)
        self.driver("cuDriverGetVersion", byref(version))
        self.name, self.version = name.value.decode(errors="replace"), version.value
        numbers = [self._attribute(device, which) for which in (_MAJOR, _MINOR, _PROCESSORS)]
        self.capability, self.processors = (numbers[0], numbers[1]), numbers[2]
        self.context, self.pages = c_void_p(), list[c_void_p]()
        try:
            self.driver("cuDevicePrimaryCtxRetain", byref(self.context), device)
        except NoRoomError:
            raise RunError(f"the GPU's memory is taken by others; {_INSTEAD}") from None

    def _attribute(self, device: c_int, which: int) -> int:
        value = c_int()
        self.driver("cuDeviceGetAttribute", byref(value), c_int(which), device)
        return value.value

    def enter(self) -> None:
        """Make it this thread's, for the calls that follow."""
        self.driver("cuCtxSetCurrent", self.context)

    def free(self) -> int:
        """Bytes of its memory that nobody has taken."""
        free, total = c_size_t(), c_size_t()
        self.enter()
        self.driver("cuMemGetInfo_v2", byref(free), byref(total))
        return free.value

    def memory(self, size: int) -> Memory:
        """So many bytes of it, not zeroed.

        Raises
        ------
        NoRoomError
            If they are not free.
        """
        self.enter()
        return Memory(self, size)

    def write(self, memory: Memory, values: Any) -> None:
        """Copy a contiguous array there."""
        self._move(memory.address.value, values.ctypes.data, values.nbytes, home=False)

    def read(self, memory: Memory, values: Any) -> None:
        """Fill a contiguous array from there."""
        self._move(values.ctypes.data, memory.address.value, values.nbytes, home=True)

    def _move(self, target: int, source: int, size: int, home: bool) -> None:
        """Copy bytes; many of them in pieces, by all cores, by way of pages that stay where they
        are: only those does the GPU reach by itself, and pages that are touched for the first time
        cost more than the way."""
        function = "cuMemcpyDtoH_v2" if home else "cuMemcpyHtoD_v2"
        workers = min(threads(), _WORKERS, size // _PIECE)
        if workers < 2:
            if size:
                self.enter()
                self.driver(function, c_uint64(target), c_uint64(source), c_size_t(size))
            return
        firsts, lock = iter(range(0, size, _PIECE)), Lock()

        def work(_: int) -> None:
            self.enter()
            with self._pinned() as page:
                while True:
                    with lock:
                        first = next(firsts, None)
                    if first is None:
                        return
                    some = c_size_t(min(_PIECE, size - first))
                    begin, end = source + first, target + first
                    if page and not home:
                        ctypes.memmove(page, begin, some.value)
                    by, to = (begin, page or end) if home else (page or begin, end)
                    self.driver(function, c_uint64(to), c_uint64(by), some)
                    if page and home:
                        ctypes.memmove(end, page, some.value)

        on_all_cores(work, range(workers))

    @contextmanager
    def _pinned(self) -> Generator[int]:
        """The address of a piece of memory here whose pages stay where they are; 0 where no more of
        that may be had (systems bound it)."""
        try:
            page = self.pages.pop()  # of a list, which threads may share
        except IndexError:
            page = c_void_p()
            with suppress(RunError):
                self.driver("cuMemAllocHost_v2", byref(page), c_size_t(_PIECE))
        try:
            yield page.value or 0
        finally:
            if page.value:
                self.pages.append(page)

    def copy(self, target: Memory, source: Memory) -> None:
        """From one place there to another."""
        self.enter()
        self.driver("cuMemcpyDtoD_v2", target.address, source.address, c_size_t(source.size))

    def linked(self, text: str, plainly: bool = False) -> bytes:
        """Machine code for this GPU, of PTX.

        Parameters
        ----------
        plainly
            Whether with the least of the driver's optimisations.

        Raises
        ------
        RunError
            If the driver cannot make any; what it says is told.
        """
        self.enter()
        log = ctypes.create_string_buffer(_LOG)
        options = (c_int * 3)(_ERROR_LOG, _ERROR_SIZE, _LEVEL)
        values = (c_void_p * 3)(
            ctypes.cast(log, c_void_p), c_void_p(_LOG), c_void_p(_LEAST if plainly else _MOST)
        )  # fmt: skip
        state, source = c_void_p(), text.encode()
        self.driver("cuLinkCreate_v2", c_uint(3), options, values, byref(state))
        try:
            self.driver("cuLinkAddData_v2", state, c_int(_PTX), c_char_p(source),
                        c_size_t(len(source) + 1), b"loligo", c_uint(0), None, None)  # fmt: skip
            code, size = c_void_p(), c_size_t()
            self.driver("cuLinkComplete", state, byref(code), byref(size))
            return ctypes.string_at(code, size.value)
        except RunError as error:
            said = log.value.decode(errors="replace").strip()
            raise RunError(f"{error}; it says: {said[:500]}" if said else str(error)) from None
        finally:
            self.driver.library.cuLinkDestroy(state)

    def loaded(self, code: bytes) -> Functions:
        """Machine code, ready to be started."""
        return Functions(self, code)

    def start(self, function: Any, threads: int, arguments: Sequence[Any], group: int) -> None:
        """Start a function in so many threads, and wait until all have ended.

        Parameters
        ----------
        arguments
            As ctypes has them.
        group
            Threads that start together, a multiple of 32.
        """
        self.enter()
        places = (c_void_p * len(arguments))(
            *(ctypes.cast(byref(each), c_void_p) for each in arguments)
        )
        one, none = c_uint(1), c_uint(0)
        groups = c_uint(-(-threads // group))
        self.driver("cuLaunchKernel", function, groups, one, one, c_uint(group), one, one,
                    none, None, places, None)  # fmt: skip
        self.driver("cuCtxSynchronize")


@cache
def _of(process: int) -> Gpu:
    return Gpu()


def gpu() -> Gpu:
    """The GPU of this process.

    Raises
    ------
    RunError
        If there is none, or it cannot be used; the message says what to do.
    """
    return _of(os.getpid())
