"""From a program to machine code, and from stored machine code to functions."""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from llvmlite.binding import context, ffi

from loligo.engine.llvm import coupled, rows
from loligo.engine.llvm.adaptive import emit_adapt
from loligo.engine.llvm.driver import emit_map
from loligo.engine.llvm.formats import DOUBLE, SINGLE
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.plain import emit_loops
from loligo.engine.llvm.rests import emit_rests
from loligo.engine.llvm.steps import emit_run
from loligo.engine.llvm.target import Target, host, wasm32
from loligo.engine.llvm.threads import emit_gather, emit_threads
from loligo.engine.llvm.wasm import linked
from loligo.engine.resting import Equations
from loligo.program import Program
from loligo.program.scheme import Adaptive, AnyScheme, Coupled, Fixed

MAPS = ("prepare", "relax", "derivative", "edge", "part")
FORMATS = {"float64": DOUBLE, "float32": SINGLE}  # a program's precision, as the loops have it


@dataclass(frozen=True)
class Loop:
    """The loop around the programs of a scheme.

    Attributes
    ----------
    emit
        Writes it.
    functions
        What they are called.
    scheduler
        Which of LLVM's puts its instructions in order. A series is some thousand operations in
        one go, and what LLVM does by default keeps more of them waiting for memory: "list-ilp"
        takes a tenth off a step.
    """

    emit: Callable[..., None]
    functions: tuple[str, ...]
    scheduler: str = "default"


LOOPS: Mapping[AnyScheme, Loop] = {
    Fixed: Loop(emit_run, ("run",)),
    Adaptive: Loop(emit_adapt, ("adapt",), scheduler="list-ilp"),
    Coupled: Loop(rows.emit_membrane, rows.FUNCTIONS),
}

# Versions of LLVM whose scheduler can be chosen, and chosen again: tried with 15, 20 and 22.
_SCHEDULED = range(15, 23)
_OPTIONS = Lock()  # they are the process's


def _loop(program: Program) -> Loop:
    return LOOPS[type(program.scheme)]  # pyright: ignore[reportArgumentType]  (one of three)


def _order(program: Program) -> str:
    return _loop(program).scheduler


def module_for(target: Target) -> ir.Module:
    """Nothing yet."""
    module = ir.Module("loligo")
    module.triple = target.triple
    return module


def to_ir(program: Program, width: int, target: Target, blocks: Sequence[str] = MAPS) -> str:
    """The program as LLVM assembly, before optimisation: its loop ``width`` lanes wide, its maps
    one register; the maps alone where the width is 0."""
    module = module_for(target)
    for name in (name for name in blocks if name in program.blocks):
        maps = Emitter(module, target.vector, target.fma, guarded=target.guarded)
        emit_map(maps, name, program.blocks[name])
    if width:
        form = FORMATS[program.precision]
        loop = Emitter(module, width, target.fma, form, guarded=target.guarded, brief=target.brief)
        _loop(program).emit(loop, program)
    if target.brief:
        _shorten(module)
    return str(module)


def _shorten(module: ir.Module) -> None:
    """What would be put in wherever it is used is called there: a fifth less code for a browser."""
    for function in module.functions:
        if "alwaysinline" in function.attributes:
            function.attributes.discard("alwaysinline")
            function.attributes.add("noinline")


def threads_to_ir(program: Program, target: Target) -> str:
    """The program's loop for a machine on which each lane is a thread of its own, and what brings
    the lanes' spikes together there."""
    module = module_for(target)
    form = FORMATS[program.precision]
    emit_gather(Emitter(module, 1, target.fma))
    _loop(program).emit(Emitter(module, 1, target.fma, form), program, emit_threads)
    return str(module)


def rests_to_ir(equations: Equations, target: Target) -> str:
    """The loop that looks for where membranes rest."""
    module = module_for(target)
    if target.threads:
        emit_rests(Emitter(module, 1, target.fma), equations, emit_threads)
    else:
        emit_rests(Emitter(module, target.vector, target.fma, guarded=target.guarded), equations)
    return str(module)


def solve_to_ir(target: Target) -> str:
    """The solve that joins the compartments of an axon, which is the same for all models."""
    module = module_for(target)
    coupled.emit_cable(Emitter(module, rows.ROW, target.fma, guarded=target.guarded))
    return str(module)


def compile_object(program: Program, width: int, target: Target) -> bytes:
    """A program's optimised machine code, as an object file."""
    return _compiled(to_ir(program, width, target), target, _order(program))


def compile_rests(equations: Equations, target: Target) -> bytes:
    """The search's, likewise."""
    return _compiled(rests_to_ir(equations, target), target, "default")


def compile_solve(target: Target) -> bytes:
    """The solve's, likewise."""
    return _compiled(solve_to_ir(target), target, "default")


def compile_loops(functions: Sequence[Callable[..., None]], target: Target) -> bytes:
    """Plain loops' (:mod:`loligo.engine.llvm.plain`)."""
    module = module_for(target)
    emit_loops(module, functions)
    return _compiled(str(module), target, "default")


def assembly_of(text: str, target: Target) -> str:
    """What the processor is told, in words, by LLVM's own scheduler; optimised like all else."""
    machine, module = _optimised(text, target)
    return machine.emit_assembly(module)


def compile_wasm(program: Program, blocks: Sequence[str] = MAPS, loop: bool = True) -> bytes:
    """The module of some of a program's blocks and of the loop around it that a browser takes, a
    lane wide."""
    target = wasm32()
    return linked(_compiled(to_ir(program, int(loop), target, blocks), target, _order(program)))


def compile_ptx(program: Program, target: Target) -> str:
    """The loop of a program in the language that a GPU's driver takes."""
    machine, module = _optimised(threads_to_ir(program, target), target)
    return machine.emit_assembly(module)


def compile_rests_ptx(equations: Equations, target: Target) -> str:
    """The search's, likewise."""
    machine, module = _optimised(rests_to_ir(equations, target), target)
    return machine.emit_assembly(module)


def _compiled(text: str, target: Target, scheduler: str) -> bytes:
    machine, module = _optimised(text, target)
    with _in_order(scheduler):
        return machine.emit_object(module)


def _optimised(text: str, target: Target) -> tuple[Any, Any]:
    """A machine, and the module of this text made quick for it."""
    machine = target.machine()
    module = parsed(text)
    module.data_layout = str(machine.target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=1 if target.brief else 2)
    builder = llvm.create_pass_builder(machine, options)
    passes = (_few() if target.brief else None) or builder.getModulePassManager()
    try:
        passes.run(module, builder)
    finally:
        _close(passes)
    return machine, module


_FEW = (
    "sroa", "ipsccp", "global_opt", "instruction_combine", "simplify_cfg", "dead_store_elimination",
    "reassociate", "instruction_combine", "simplify_cfg",
)  # fmt: skip


def _few() -> Any:
    """Passes for a browser's code: it is straight on for the most part, and has no value twice. All
    of LLVM's take four times as long, for code that is no quicker. None where llvmlite cannot name
    them one by one (before 0.45)."""
    passes = llvm.create_new_module_pass_manager()
    adding = [getattr(passes, f"add_{name}_pass", None) for name in _FEW]
    if None in adding:
        return None
    for add in adding:
        add()
    return passes


def parsed(text: str) -> Any:
    """A module in a context of its own: what is kept there goes with it, and Numba, which may use
    the common one in this process, is not met. Pointers there do not say what they point to, which
    llvmlite 0.44 has to be asked for."""
    if llvm.llvm_version_info[0] > 15:
        return llvm.parse_assembly(text, context=llvm.create_context())
    opaque = context.ContextRef(ffi.lib.LLVMPY_ContextCreate(True))
    return llvm.parse_assembly(text, context=opaque)


def _close(passes: Any) -> None:
    """Free passes and what they remember, 2 MB and more. Since llvmlite 0.45 their own ``close``
    does nothing: what should be called is hidden by a method of the class beside it."""
    kinds = [kind for kind in type(passes).__mro__ if kind is not ffi.ObjectRef]
    free = next((vars(kind)["_dispose"] for kind in kinds if "_dispose" in vars(kind)), None)
    if free is not None:
        free(passes)
        passes.detach()


@contextmanager
def _in_order(scheduler: str) -> Generator[None]:
    """Instructions put in order by one of LLVM's schedulers.

    It can be asked for only by an option of the process, which is put back at once, and only
    where LLVM is known to have it: an option unknown to it ends the process.
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
    addresses: Mapping[str, int]


def load_object(code: bytes, more: Sequence[str] = ()) -> Code:
    """Make an object file, made for this processor, callable: the loops around programs, the maps,
    and functions of ``more`` names."""
    machine = host().machine()  # the native target must be there
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    loops = (name for loop in LOOPS.values() for name in loop.functions)
    names = (*loops, coupled.FUNCTION, *(f"map_{name}" for name in MAPS), *more)
    # a function that is not there has the address 0
    return Code(engine, {name: engine.get_function_address(name) for name in names})
