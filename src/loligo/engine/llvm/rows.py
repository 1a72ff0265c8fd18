"""The membranes of an axon in machine code: their blocks over rows of eight compartments."""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from typing import Any

from llvmlite import ir

from loligo.engine.llvm.driver import DOUBLE, I64, POINTER, at, begin_loop, counting, store
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.printer import emit
from loligo.program import Block, Program

Value = Any  # an ir.Value; llvmlite has no types

ROW = 8  # compartments in a row, and runs into which an axon is cut
FUNCTIONS = ("patch_offer", "patch_settle", "patch_sample")
# Their arguments: rows of one axon. A constant lies every `constant_stride` numbers, and moves by
# `constant_row` from row to row: not at all where it is the same all along.
INTEGERS = ("rows", "stride", "constant_stride", "constant_row", "out_stride")
DOUBLES = ("dt", "lead")
POINTERS = ("which", "voltage", "states", "constants", "out")


class FunctionAddress(ir.PointerType):
    """The type of the address of one of these functions; llvmlite asks of what kind it is."""

    pointee: Any = ir.FunctionType(
        ir.VoidType(),
        [I64] * len(INTEGERS) + [DOUBLE] * len(DOUBLES) + [POINTER] * len(POINTERS),
    )


def emit_membrane(e: Emitter, program: Program) -> None:
    """The functions of a membrane, each ``void NAME(...)`` over rows of one axon.

    ``patch_offer`` moves the states half a step ahead of V and puts the current and its slope
    into ``out``; ``patch_settle`` makes the half steps after V's move; ``patch_sample`` puts what
    is recorded, in the rows listed in ``which``, into ``out``.
    """
    _rows(e, program, "offer", (".I", ".G"))
    if "settle" in program.blocks:
        _rows(e, program, "settle", ())
    _emit_sample(e, program)


def _rows(e: Emitter, program: Program, name: str, offered: tuple[str, ...]) -> None:
    a = begin_loop(e, f"patch_{name}", INTEGERS, DOUBLES, POINTERS)
    b = e.builder
    with counting(e, I64(0), a["rows"], I64(1)) as row:
        results = emit(e, program.blocks[name], _inputs(e, program, program.blocks[name], a, row))
        lane = b.mul(row, I64(ROW))
        for i, state in enumerate(program.states[1:]):
            if state in results:
                store(e, results[state], a["states"], b.add(b.mul(I64(i), a["stride"]), lane))
        for i, value in enumerate(offered):
            store(e, results[value], a["out"], b.add(b.mul(I64(i), a["out_stride"]), lane))
    b.ret_void()


def _emit_sample(e: Emitter, program: Program) -> None:
    a = begin_loop(e, "patch_sample", INTEGERS, DOUBLES, POINTERS)
    b = e.builder
    with counting(e, I64(0), a["rows"], I64(1)) as k:
        row = b.load(at(e, a["which"], k, I64), typ=I64)
        block = program.blocks["sample"]
        results = emit(e, block, _inputs(e, program, block, a, row))
        for i, value in enumerate(results.values()):
            place = b.add(b.mul(I64(i), a["out_stride"]), b.mul(k, I64(ROW)))
            store(e, value, a["out"], place)
    b.ret_void()


def _inputs(
    e: Emitter, program: Program, block: Block, a: dict[str, Value], row: Value
) -> dict[str, Value]:
    """The values that a block reads, in one row."""
    b = e.builder
    lane = b.mul(row, I64(ROW))
    known = {".dt": lambda: e.spread(a["dt"]), ".lead": lambda: e.spread(a["lead"])}

    def load(base: str, place: Value) -> Value:
        return b.load(at(e, a[base], place), align=8, typ=e.double)

    values: dict[str, Value] = {}
    for name in block.inputs:
        if name == "V":
            values[name] = load("voltage", lane)
        elif name in program.states:
            first = b.mul(I64(program.states.index(name) - 1), a["stride"])
            values[name] = load("states", b.add(first, lane))
        elif name in program.constants:
            first = b.mul(I64(program.constants.index(name)), a["constant_stride"])
            values[name] = load("constants", b.add(first, b.mul(row, a["constant_row"])))
        else:  # `.t` comes with a stimulus, and a membrane of an axon has none of its own
            values[name] = known[name]()
    return values
