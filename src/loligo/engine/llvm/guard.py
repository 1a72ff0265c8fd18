"""What another library may have told the processor: rounding, and that small numbers be 0.

A library that was made with ``-ffast-math`` has the processor take numbers with few digits left
(below 2.2e-308) for 0, in every thread that begins after it was loaded. A *guarded* function works
with the processor as it usually is, and leaves it as it found it.
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from llvmlite import ir

Value = Any  # an ir.Value; llvmlite has no types
_POINTER, _I32, _I64 = ir.PointerType(), ir.IntType(32), ir.IntType(64)
_MXCSR = 0x1F80  # round to nearest, nothing trapped, no number taken for 0
_FPCR = 0


def guarded(module: ir.Module, kind: ir.FunctionType, name: str, triple: str) -> ir.Function:
    """A function that is called by another one of that name, with the processor as it usually is;
    on a machine that cannot be told otherwise, the function itself.

    It is not inlined: LLVM would move arithmetic out of what surrounds it.
    """
    around = next((g for begins, g in _AROUND.items() if triple.startswith(begins)), None)
    if around is None:
        return ir.Function(module, kind, name)
    inner = ir.Function(module, kind, f"{name}.inside")
    inner.linkage = "internal"
    inner.attributes.add("noinline")
    outer = ir.Function(module, kind, name)
    builder = ir.IRBuilder(outer.append_basic_block("entry"))
    around(module, builder, lambda: builder.call(inner, outer.args))
    builder.ret_void()
    return inner


def _x86(module: ir.Module, b: Any, call: Callable[[], Value]) -> None:
    kind = ir.FunctionType(ir.VoidType(), [_POINTER])
    store, load = (_known(module, kind, f"llvm.x86.sse.{n}mxcsr") for n in ("st", "ld"))
    found, usual = b.alloca(_I32), b.alloca(_I32)
    b.call(store, [found])
    b.store(_I32(_MXCSR), usual)
    b.call(load, [usual])
    call()
    b.call(load, [found])


def _aarch64(module: ir.Module, b: Any, call: Callable[[], Value]) -> None:
    read = _known(module, ir.FunctionType(_I64, []), "llvm.aarch64.get.fpcr")
    write = _known(module, ir.FunctionType(ir.VoidType(), [_I64]), "llvm.aarch64.set.fpcr")
    found = b.call(read, [])
    b.call(write, [_I64(_FPCR)])
    call()
    b.call(write, [found])


def _known(module: ir.Module, kind: ir.FunctionType, name: str) -> ir.Function:
    return module.globals.get(name) or ir.Function(module, kind, name)


# how a machine's name begins -> what is done around a call
_AROUND: Mapping[str, Callable[[ir.Module, Any, Callable[[], Value]], None]] = {
    "x86_64": _x86, "aarch64": _aarch64, "arm64": _aarch64,
}  # fmt: skip
