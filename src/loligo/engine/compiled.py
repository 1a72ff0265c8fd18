"""Plain loops, compiled: functions of numbers and arrays, called from Python."""

from __future__ import annotations

import ctypes
import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

_POINTED = {"Floats": np.float64, "Integers": np.int64}
_PASSED = {"int": ctypes.c_int64, "float": ctypes.c_double}


@cache
def compiled(function: Callable[..., None]) -> Callable[..., None]:
    """A plain loop (:mod:`loligo.engine.llvm.plain`) in machine code, kept as kernels are.

    It takes what the function takes, arrays of float64 and int64 without gaps, and returns
    nothing; while it runs other threads run.
    """
    from loligo.engine.llvm.cache import KERNELS

    said = {k: v for k, v in inspect.get_annotations(function).items() if k != "return"}
    code = KERNELS.loops([function])
    kinds = [_PASSED.get(kind, ctypes.c_void_p) for kind in said.values()]
    entry = ctypes.CFUNCTYPE(None, *kinds)(code.addresses[function.__name__])

    def call(*arguments: Any) -> None:
        passed: list[Any] = []
        for given, kind in zip(arguments, said.values(), strict=True):
            if kind in _POINTED:
                assert given.dtype == _POINTED[kind]
                assert given.flags.c_contiguous
                passed.append(given.ctypes.data)
            else:
                passed.append(given)
        entry(*passed)

    call.code = code  # pyright: ignore[reportFunctionMemberAccess]  (it must outlive the entry)
    return call
