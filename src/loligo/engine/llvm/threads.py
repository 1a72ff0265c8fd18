"""A program's loop on a GPU, where each lane is a thread; and what brings spikes together there.

The loop is the one that a processor goes round, a lane wide. So a GPU does the same operations in
the same order, and rounds each of them alike.
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from loligo.engine.llvm.driver import DOUBLE, I64, POINTER, at, counting
from loligo.engine.llvm.functions import Emitter

Value = Any  # an ir.Value; llvmlite has no types
I32 = ir.IntType(32)

# Of the loops' arguments, what a thread has no need of: it has one lane, and room of its own for
# that lane's spikes.
_BLOCKS, _LANES = ("first_block", "last_block"), ("spike_lane",)
GATHER = "gather"


def own(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a loop's arguments that a thread takes."""
    return tuple(name for name in names if name not in (*_BLOCKS, *_LANES))


def emit_threads(
    e: Emitter, name: str, integers: tuple[str, ...], doubles: tuple[str, ...],
    pointers: tuple[str, ...], inside: Callable[[dict[str, Value]], Callable[[Value], None]],
) -> None:  # fmt: skip
    """``void NAME(threads, order, integers, doubles, pointers)``: each thread takes the lane that
    ``order`` has at its place. Every lane has room of its own for ``capacity`` spikes, and a
    counter of its own; otherwise see :func:`loligo.engine.llvm.driver.emit_blocks`."""
    integers, pointers = own(integers), own(pointers)
    b, values = _begin(e, name, len(integers), len(doubles), len(pointers))
    threads, order, *values = values
    arguments = dict(zip((*integers, *doubles, *pointers), values, strict=True))
    each = inside(arguments)
    with b.if_then(b.icmp_unsigned("<", _thread(e), threads)):
        place = at(e, order, b.zext(_thread(e), I64), I32)
        lane = b.zext(b.load(place, typ=I32), I64)
        first = b.mul(lane, arguments["capacity"])
        for pointer in pointers:
            if pointer.startswith("spike_"):
                where = lane if pointer == "spike_count" else first
                arguments[pointer] = at(e, arguments[pointer], where)
        each(lane)
    b.ret_void()


def emit_gather(e: Emitter) -> None:
    """``void gather(threads, order, capacity, first, count, source, target)``: what each lane has
    in its room is put behind what the lanes before it have. Lane ``i`` takes ``count[i]`` numbers
    from ``capacity * i`` on, and puts them from ``first[i]`` on."""
    b, (threads, _, capacity, first, count, source, target) = _begin(e, GATHER, 1, 0, 4)
    with b.if_then(b.icmp_unsigned("<", _thread(e), threads)):
        lane = b.zext(_thread(e), I64)
        begins = b.load(at(e, first, lane, I64), typ=I64)
        many = b.load(at(e, count, lane, I64), typ=I64)
        row = b.mul(lane, capacity)
        with counting(e, I64(0), many, I64(1)) as k:
            value = b.load(at(e, source, b.add(row, k)), typ=DOUBLE)
            b.store(value, at(e, target, b.add(begins, k)))
    b.ret_void()


def _begin(
    e: Emitter, name: str, integers: int, doubles: int, pointers: int
) -> tuple[Any, list[Value]]:
    """Open a function that a GPU's driver can start; a builder in it, and its arguments."""
    kinds = [I32, POINTER, *[I64] * integers, *[DOUBLE] * doubles, *[POINTER] * pointers]
    function = ir.Function(e.module, ir.FunctionType(ir.VoidType(), kinds), name)
    function.calling_convention = "ptx_kernel"
    for argument in (function.args[1], *function.args[-pointers:]):
        argument.add_attribute("noalias")
    e.builder = ir.IRBuilder(function.append_basic_block("entry"))
    return e.builder, list(function.args)


def _thread(e: Emitter) -> Value:
    """The number of this thread."""
    read: list[Value] = []
    for register in ("ctaid.x", "ntid.x", "tid.x"):
        label = f"llvm.nvvm.read.ptx.sreg.{register}"
        known = e.module.globals.get(label)
        function = known or ir.Function(e.module, ir.FunctionType(I32, []), label)
        read.append(e.builder.call(function, []))
    block, size, within = read
    return e.builder.add(e.builder.mul(block, size), within)
