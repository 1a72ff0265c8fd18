"""From operation to instruction: how a block of a program becomes LLVM IR."""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from loligo.engine.llvm.functions import FUNCTIONS, Emitter, less_one
from loligo.program import Block
from loligo.program.arithmetic import narrowness

Value = Any  # an ir.Value; llvmlite has no types


def _function(name: str) -> Callable[..., Value]:
    return lambda e, *args: e.call(name, *args)


INSTRUCTIONS: dict[str, Callable[..., Value]] = {
    "add": lambda e, a, b: e.builder.fadd(a, b),
    "sub": lambda e, a, b: e.builder.fsub(a, b),
    "mul": lambda e, a, b: e.builder.fmul(a, b),
    "div": lambda e, a, b: e.builder.fdiv(a, b),
    "neg": lambda e, a: e.builder.fneg(a),
    "fma": lambda e, a, b, c: e.fma(a, b, c),
    "sqrt": lambda e, a: e.intrinsic("sqrt", a),
    "abs": lambda e, a: e.intrinsic("fabs", a),
    "floor": lambda e, a: e.intrinsic("floor", a),
    # the second operand where either is NaN, as NumPy's `where` would
    "min": lambda e, a, b: e.builder.select(e.less(a, b), a, b),
    "max": lambda e, a, b: e.builder.select(e.less(b, a), a, b),
    "lt": lambda e, a, b: e.less(a, b),
    "le": lambda e, a, b: e.builder.fcmp_ordered("<=", a, b),
    "eq": lambda e, a, b: e.builder.fcmp_ordered("==", a, b),
    "and": lambda e, a, b: e.builder.and_(a, b),
    "or": lambda e, a, b: e.builder.or_(a, b),
    "not": lambda e, a: e.builder.not_(a),
    "where": lambda e, mask, a, b: e.builder.select(mask, a, b),
    "narrow": lambda e, a: e.builder.fptrunc(a, e.narrow().real),
    "widen": lambda e, a: e.builder.fpext(a, e.double),
    "less_one": less_one,
    "ratio": lambda e, a, b: e.builder.fdiv(a, b),
    **{name: _function(name) for name in FUNCTIONS},
}


def emit(e: Emitter, block: Block, inputs: Mapping[str, Value]) -> dict[str, Value]:
    """The block's results, from the values of its inputs."""
    values: list[Value] = []
    emitters = {False: e, True: e.narrow()}
    narrow = narrowness(block)
    for a in block.assignments:
        if a.op == "input":
            values.append(inputs[a.name])
        elif a.op == "const":
            values.append(a.value)
        else:
            own = emitters[any(narrow[i] for i in a.args)]
            values.append(INSTRUCTIONS[a.op](own, *(_formed(own, values[i]) for i in a.args)))
    return {name: _formed(e, values[index]) for name, index in block.outputs}


def _formed(e: Emitter, value: Value) -> Value:
    """A number, as those are that it meets."""
    return e.const(value) if isinstance(value, float) else value
