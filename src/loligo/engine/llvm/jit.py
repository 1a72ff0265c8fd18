"""From a program to machine code, and back from stored machine code to functions."""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from loligo.engine.llvm import rows
from loligo.engine.llvm.adaptive import emit_adapt
from loligo.engine.llvm.coupled import emit_cable
from loligo.engine.llvm.driver import emit_map
from loligo.engine.llvm.formats import DOUBLE, SINGLE
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.steps import emit_run
from loligo.program import Program

MAPS = ("prepare", "relax", "derivative")
# the block that makes a program one of a kind -> the loop around it, and its function's name
LOOPS = {
    "step": (emit_run, "run"),
    "series": (emit_adapt, "adapt"),
    "offer": (rows.emit_membrane, rows.FUNCTIONS[0]),
    "cable": (emit_cable, "cable"),
}
FORMATS = {"float64": DOUBLE, "float32": SINGLE}  # a program's precision, as the loops have it

# Versions of LLVM whose scheduler can be chosen, and chosen again: tried with 15, 20 and 22.
_SCHEDULED = range(15, 23)
_OPTIONS = Lock()  # they are the process's


@dataclass(frozen=True)
class Processor:
    """What code is made for. The same program on the same processor is the same code."""

    name: str
    features: str
    llvm: str

    def has(self, feature: str) -> bool:
        return f"+{feature}" in self.features.split(",")

    @property
    def vector(self) -> int:
        """float64 lanes in its widest registers."""
        if self.has("avx512f"):
            return 8
        if self.has("avx"):
            return 4
        return 2

    @property
    def fma(self) -> bool:
        """Every 64-bit ARM multiplies and adds at once; of the others, those that say so."""
        return self.has("fma") or self.has("neon") or self.has("fp-armv8")


@cache
def processor() -> Processor:
    """This machine's."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return Processor(
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
        ".".join(map(str, llvm.llvm_version_info)),
    )


def _machine() -> Any:
    host = processor()
    features = host.features
    if host.has("avx512f"):
        # without this LLVM prefers registers of 256 bits for what is written in 512
        features += ",-prefer-256-bit"
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=host.name, features=features, opt=3, jit=True
    )


def to_ir(program: Program, width: int) -> str:
    """The program as LLVM assembly, before optimisation: its loop ``width`` lanes wide, its maps
    one register."""
    module = ir.Module("loligo")
    module.triple = llvm.get_default_triple()
    fma = processor().fma
    for name in (name for name in MAPS if name in program.blocks):
        emit_map(Emitter(module, processor().vector, fma), name, program.blocks[name])
    for block, (emit_loop, _) in LOOPS.items():
        if block in program.blocks:
            emit_loop(Emitter(module, width, fma, FORMATS[program.precision]), program)
    return str(module)


def compile_object(program: Program, width: int) -> bytes:
    """Optimised machine code, as an object file."""
    machine = _machine()
    module = llvm.parse_assembly(to_ir(program, width))
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    with _in_order("list-ilp" if "series" in program.blocks else "default"):
        return machine.emit_object(module)


@contextmanager
def _in_order(scheduler: str) -> Generator[None]:
    """Instructions put in order by one of LLVM's schedulers.

    A series is some thousand operations in one go. What LLVM does by default keeps more of them
    waiting for memory: "list-ilp" takes a tenth off a step. It can be asked for only by an
    option of the process, which is put back at once, and only where LLVM is known to have it:
    an option unknown to it ends the process.
    """
    if scheduler == "default" or llvm.llvm_version_info[0] not in _SCHEDULED:
        yield
        return
    with _OPTIONS:
        llvm.set_option("", f"-pre-RA-sched={scheduler}")
        try:
            yield
        finally:
            llvm.set_option("", "-pre-RA-sched=default")


@dataclass(frozen=True)
class Code:
    """Loaded machine code: addresses of functions, valid while this is referenced."""

    engine: Any
    addresses: dict[str, int]


def load_object(code: bytes) -> Code:
    """Make an object file callable."""
    processor()  # the native target must be there
    empty = llvm.parse_assembly("")
    engine = llvm.create_mcjit_compiler(empty, _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    loops = (name for _, name in LOOPS.values())
    names = (*loops, *rows.FUNCTIONS, *(f"map_{name}" for name in MAPS))
    # a function that the program does not have has the address 0
    return Code(engine, {name: engine.get_function_address(name) for name in names})
