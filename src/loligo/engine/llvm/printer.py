"""From operation to instruction: how a block of a program becomes LLVM IR."""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from loligo.engine.llvm.dots import Memory, plan_of
from loligo.engine.llvm.functions import FUNCTIONS, Emitter, less_one
from loligo.engine.llvm.usual import QUICK, WITHIN, Guess, decays
from loligo.program import Block
from loligo.program.arithmetic import narrowness
from loligo.program.passes.exponentials import affine_forms

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
    **QUICK,
}


def emit(
    e: Emitter, block: Block, inputs: Mapping[str, Value], guess: Guess | None = None
) -> dict[str, Value]:
    """The block's results, from the values of its inputs."""
    values: dict[int, Value] = {}
    emitters, narrow = {False: e, True: e.narrow()}, narrowness(block)
    within = frozenset[int]() if guess is None else _within(e, block, inputs, guess)
    memory = Memory(e, plan_of(block)) if e.brief else None
    for together, rest in _waves(block):
        if together:
            zs = [_formed(e, values[block.assignments[i].args[0]]) for i in together]
            values |= zip(together, decays(e, zs, guess), strict=True)
        for i in rest:
            a = block.assignments[i]
            if memory is not None and i in memory.plan.spared:
                continue
            if memory is not None and i in memory.plan.calls:
                values[i] = memory.sum(i, values, narrow[i])
            elif a.op == "input":
                values[i] = inputs[a.name]
            elif a.op == "const":
                values[i] = a.value
            else:
                instruction = WITHIN[a.op] if i in within else INSTRUCTIONS[a.op]
                own = emitters[any(narrow[j] for j in a.args)]
                values[i] = instruction(own, *(_formed(own, values[j]) for j in a.args))
            if memory is not None:
                memory.lay(i, values[i], narrow[i])
    return {name: _formed(e, values[index]) for name, index in block.outputs}


def _formed(e: Emitter, value: Value) -> Value:
    """A number, as those are that it meets."""
    return e.const(value) if isinstance(value, float) else value


def emit_usual(
    e: Emitter, block: Block, inputs: Mapping[str, Value], otherwise: Any
) -> dict[str, Value]:
    """The block's results by code for the usual case, which goes ``otherwise`` where a lane has
    another."""
    guess = Guess(otherwise)
    results = emit(e, block, inputs, guess)
    guess.leave_if_wrong(e)
    return results


def emit_any(
    e: Emitter, block: Block, inputs: Mapping[str, Value]
) -> tuple[dict[str, Value], Value]:
    """The same by code for all cases, and whether a lane has another than the usual one."""
    guess = Guess(None)
    return emit(e, block, inputs, guess), guess.wrong(e)


def _within(e: Emitter, block: Block, inputs: Mapping[str, Value], guess: Guess) -> frozenset[int]:
    """Powers of two of an input's multiple, which is guessed to be in the range of exponents."""
    forms = affine_forms(block)
    reach: dict[str, float] = {}
    found: list[int] = []
    for i, a in enumerate(block.assignments):
        form = forms[a.args[0]] if a.op in WITHIN else None
        if form is None or block.assignments[form.root].op != "input" or not form.scale:
            continue
        name = block.assignments[form.root].name
        far = (e.form.bias - 2.0 - abs(form.shift)) / abs(form.scale)
        if far > 0:
            reach[name] = min(reach.get(name, far), far)
            found.append(i)
    for name, far in reach.items():
        guess.conditions.append((e.intrinsic("fabs", inputs[name]), far))
    return frozenset(found) if guess.otherwise is not None else frozenset()


def _waves(block: Block) -> list[tuple[list[int], list[int]]]:
    """Assignments that wait for no ``decay``; those decays that wait for these alone, all of them
    together, and what waits for them; and so on. So one branch serves many decays."""
    waves: list[tuple[list[int], list[int]]] = [([], [])]
    number: list[int] = []
    for i, a in enumerate(block.assignments):
        decay = a.op == "decay"
        wave = max((number[j] for j in a.args), default=0) + decay
        number.append(wave)
        if wave == len(waves):
            waves.append(([], []))
        waves[wave][0 if decay else 1].append(i)
    return waves
