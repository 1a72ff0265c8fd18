"""The simplest loop around a program, ``map``: a block over many lanes; and what all loops share.

Arrays are rows of lanes: a value named by a row, its lanes side by side, ``stride`` lanes to a
row, so that a vector is one load. Memory holds float64 throughout.
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from loligo.engine.llvm.formats import DOUBLE as WIDE
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.guard import guarded
from loligo.engine.llvm.printer import emit
from loligo.program import Block

I64 = ir.IntType(64)
DOUBLE = ir.DoubleType()
POINTER = ir.PointerType()

Value = Any  # an ir.Value; llvmlite has no types
# What surrounds that which is done with a block of lanes: `emit_blocks`, or on a GPU
# `loligo.engine.llvm.threads.emit_threads`.
Around = Callable[..., None]


def emit_map(e: Emitter, name: str, block: Block) -> None:
    """``void map_NAME(i64 lanes, double* in, double* out)``: rows of ``lanes`` each."""
    kind = ir.FunctionType(ir.VoidType(), [I64, POINTER, POINTER])
    function = opened(e, kind, f"map_{name}")
    lanes, source, target = function.args
    b = e.builder = ir.IRBuilder(function.append_basic_block("entry"))
    with counting(e, I64(0), lanes, I64(e.width)) as lane:
        rows = {n: load_row(e, source, i, lanes, lane) for i, n in enumerate(block.inputs)}
        results = emit(e, block, rows)
        for i, result in enumerate(results.values()):
            store(e, result, target, b.add(b.mul(I64(i), lanes), lane))
    b.ret_void()


def opened(e: Emitter, kind: ir.FunctionType, name: str) -> ir.Function:
    """A function that others call; guarded where the emitter says so."""
    if not e.guarded:
        return ir.Function(e.module, kind, name)
    return guarded(e.module, kind, name, e.module.triple)


class counting:  # noqa: N801  (used as a statement)
    """``for index in range(start, stop, step)`` in IR; leaves the builder after the loop."""

    def __init__(self, e: Emitter, start: Value, stop: Value, step: Value) -> None:
        self.e, self.start, self.stop, self.step = e, start, stop, step

    def __enter__(self) -> Value:
        b = self.e.builder
        self.head = b.append_basic_block("head")
        self.body = b.append_basic_block("body")
        self.done = b.append_basic_block("done")
        before = b.block
        b.branch(self.head)
        b.position_at_end(self.head)
        self.index = b.phi(I64)
        self.index.add_incoming(self.start, before)
        b.cbranch(b.icmp_signed("<", self.index, self.stop), self.body, self.done)
        b.position_at_end(self.body)
        return self.index

    def __exit__(self, *failure: object) -> None:
        b = self.e.builder
        self.index.add_incoming(b.add(self.index, self.step), b.block)
        b.branch(self.head)
        b.position_at_end(self.done)


def at(e: Emitter, base: Value, index: Value, kind: Any = DOUBLE) -> Value:
    return e.builder.gep(base, [index], inbounds=True, source_etype=kind)


def load_row(e: Emitter, base: Value, row: int, stride: Value, lane: Value) -> Value:
    index = e.builder.add(e.builder.mul(I64(row), stride), lane)
    return e.builder.load(at(e, base, index), align=8, typ=e.double)


def store(e: Emitter, value: Value, base: Value, index: Value) -> None:
    e.builder.store(value, at(e, base, index), align=8)


def rounded(e: Emitter, value: Value) -> Value:
    """float64 in the emitter's format."""
    return value if e.form is WIDE else e.builder.fptrunc(value, _like(value, e.form.element))


def widened(e: Emitter, value: Value) -> Value:
    """The emitter's format in float64."""
    return value if e.form is WIDE else e.builder.fpext(value, _like(value, DOUBLE))


def _like(value: Value, element: Any) -> Any:
    """A vector of other elements where the value is one."""
    wide = isinstance(value.type, ir.VectorType)
    return ir.VectorType(element, value.type.count) if wide else element


def begin_loop(
    e: Emitter, name: str, integers: tuple[str, ...], doubles: tuple[str, ...],
    pointers: tuple[str, ...],
) -> dict[str, Value]:  # fmt: skip
    """Open ``void NAME(integers, doubles, pointers)``; its arguments by name."""
    kinds = [I64] * len(integers) + [DOUBLE] * len(doubles) + [POINTER] * len(pointers)
    function = opened(e, ir.FunctionType(ir.VoidType(), kinds), name)
    # What does not fit in registers is kept on the stack. LLVM would leave it aligned to 16
    # bytes, and every access to a vector of 64 would touch two lines of the cache.
    function.attributes.add("nounwind")  # llvmlite prints no attributes where there is no name
    function.attributes.alignstack = min(64, max(16, 8 * e.width))
    for argument in function.args[-len(pointers) :]:
        argument.add_attribute("noalias")
    e.builder = ir.IRBuilder(function.append_basic_block("entry"))
    return dict(zip((*integers, *doubles, *pointers), function.args, strict=True))


def element(e: Emitter, vector: Value, i: int) -> Value:
    """One lane of a vector."""
    return vector if e.width == 1 else e.builder.extract_element(vector, ir.IntType(32)(i))


def spread_whole(e: Emitter, scalar: Value) -> Value:
    """An integer for every lane."""
    if e.width == 1:
        return scalar
    undefined = ir.Constant(ir.VectorType(I64, e.width), ir.Undefined)
    one = e.builder.insert_element(undefined, scalar, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), e.width), [0] * e.width)
    return e.builder.shuffle_vector(one, undefined, zeros)


def emit_blocks(
    e: Emitter, name: str, integers: tuple[str, ...], doubles: tuple[str, ...],
    pointers: tuple[str, ...], inside: Callable[[dict[str, Value]], Callable[[Value], None]],
) -> None:  # fmt: skip
    """``void NAME(integers, doubles, pointers)``, one block of lanes after the other: ``inside``
    takes the arguments, and then emits what is done with a block."""
    arguments = begin_loop(e, name, integers, doubles, pointers)
    each = inside(arguments)
    with counting(e, arguments["first_block"], arguments["last_block"], I64(1)) as block:
        each(block)
    e.builder.ret_void()


class lanes_where:  # noqa: N801  (used as a statement)
    """``for i in the lanes of a mask`` in IR, without a copy of the body for each lane.

    ``of`` reads a vector's value in lane i.
    """

    def __init__(self, e: Emitter, mask: Value) -> None:
        self.e, self.mask = e, mask

    def __enter__(self) -> lanes_where:
        e, b = self.e, self.e.builder
        bits = ir.IntType(e.width)
        left = self.mask if e.width == 1 else b.bitcast(self.mask, bits)
        self.head, self.body = b.append_basic_block("lanes"), b.append_basic_block("lane")
        self.done = b.append_basic_block("lanes.done")
        before = b.block
        b.branch(self.head)
        b.position_at_end(self.head)
        self.left = b.phi(bits)
        self.left.add_incoming(left, before)
        some = b.icmp_unsigned("!=", self.left, bits(0))
        b.cbranch(some, self.body, self.done)
        b.position_at_end(self.body)
        lowest = b.cttz(self.left, ir.IntType(1)(1))
        self.i = lowest if e.width == 64 else b.zext(lowest, I64)
        return self

    def of(self, vector: Value) -> Value:
        if self.e.width == 1:
            return vector
        return self.e.builder.extract_element(vector, self.i)

    def __exit__(self, *failure: object) -> None:
        b, bits = self.e.builder, ir.IntType(self.e.width)
        rest = b.and_(self.left, b.sub(self.left, bits(1)))
        self.left.add_incoming(rest, b.block)
        b.branch(self.head)
        b.position_at_end(self.done)
