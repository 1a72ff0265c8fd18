"""Both engines applied to any block, and the truth of an expression at many digits."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from typing import Any

import llvmlite.binding as llvm
import mpmath as mp
import numpy as np
from llvmlite import ir

from loligo.engine.llvm.driver import emit_map
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.jit import parsed
from loligo.engine.llvm.target import host
from loligo.engine.numpy.kernel import evaluate
from loligo.model.expression import Call, Name, Node, Number
from loligo.program import Block

Inputs = Mapping[str, Any]


def numpy_map(block: Block, inputs: Inputs) -> dict[str, np.ndarray]:
    lanes = max(np.size(v) for v in inputs.values())
    return {n: np.broadcast_to(v, lanes) for n, v in evaluate(block, inputs).items()}


def llvm_map(block: Block, inputs: Inputs, width: int = 4) -> dict[str, np.ndarray]:
    """The block in machine code, apart from the rest of the engine."""
    return compiled_map(block, width)(inputs)


def compiled_map(block: Block, width: int = 4) -> Callable[[Inputs], dict[str, np.ndarray]]:
    assembly = ir.Module("block")
    assembly.triple = host().triple
    emit_map(Emitter(assembly, width, host().fma), "block", block)
    code = llvm.create_mcjit_compiler(parsed(str(assembly)), host().machine())
    code.finalize_object()
    kind = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
    function = kind(code.get_function_address("map_block"))

    def run(inputs: Inputs, keep: Any = code) -> dict[str, np.ndarray]:
        lanes = max(np.size(v) for v in inputs.values())
        source = np.ones((max(1, len(block.inputs)), lanes + -lanes % width))
        for row, name in zip(source, block.inputs, strict=False):
            row[:lanes] = inputs[name]
        out = np.empty((len(block.outputs), source.shape[1]))
        function(source.shape[1], source.ctypes.data, out.ctypes.data)
        return {name: out[i, :lanes] for i, name in enumerate(block.names)}

    return run


ENGINES: dict[str, Callable[[Block, Inputs], dict[str, np.ndarray]]] = {
    "llvm": llvm_map,
    "numpy": numpy_map,
}

_EXACT: dict[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
    "/": lambda a, b: a / b, "**": mp.power, "neg": lambda a: -a, "exp": mp.exp,
    "exprel": lambda z: mp.expm1(z) / z if z else mp.mpf(1), "log": mp.log, "sqrt": mp.sqrt,
    "sin": mp.sin, "cos": mp.cos, "tanh": mp.tanh, "sinh": mp.sinh, "cosh": mp.cosh, "abs": abs,
    "min": min, "max": max, "where": lambda c, a, b: a if c else b, "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "and": lambda *a: all(a),
    "or": lambda *a: any(a), "not": lambda a: not a,
}  # fmt: skip


def exact(node: Node, env: Mapping[str, Any]) -> Any:
    """The text as it was written, at mpmath's working precision."""
    if isinstance(node, Number):
        return mp.mpf(node.value.numerator) / node.value.denominator
    if isinstance(node, Name):
        value = env[node.id]
        return value if isinstance(value, mp.mpf) else mp.mpf(float(value))
    assert isinstance(node, Call)
    return _EXACT[node.op](*(exact(arg, env) for arg in node.args))


# far below any double's spacing, far above the working precision
_H = mp.mpf(10) ** -40


def value_and_slope(f: Callable[[Any], Any], at: float) -> tuple[Any, Any]:
    """f and df/dx by central differences at 160 digits; at a removable singularity too."""
    with mp.workdps(160):
        above, below = f(mp.mpf(float(at)) + _H), f(mp.mpf(float(at)) - _H)
        return (above + below) / 2, (above - below) / (2 * _H)


def relative(found: float, true: Any) -> float:
    with mp.workdps(60):
        return float(abs(mp.mpf(float(found)) - true) / abs(true)) if true else abs(float(found))


def equations(membrane: Any) -> tuple[list[str], Callable[[Any, Any, float], np.ndarray]]:
    """The states' names and f(t, y, I_stim), from the texts alone: no SymPy, no program.

    A second reading of the model: the current balance and the gates' equations are written
    here once more, with NumPy, singular where the text is.
    """
    from loligo.model.tree import evaluate as value

    fixed = {name: p.value for name, p in membrane.parameters.items()}
    moving = [g for g in membrane.gates if not g.instantaneous]
    names = ["V", *(g.name for g in moving), *(s.name for s in membrane.states)]

    def f(t: Any, y: Any, current: float = 0.0) -> np.ndarray:
        env: dict[str, Any] = {**fixed, **dict(zip(names, y, strict=True))}
        for name, expression in membrane.quantities.items():
            env[name] = value(expression.tree, env)
        balance = current - sum(env[f"I_{c.name}"] for c in membrane.channels)
        rates = [balance / env["C_m"]]
        for gate in moving:
            x = env[gate.name]
            factor = 1.0 if gate.rate is None else value(gate.rate.tree, env)
            if gate.tau is None:
                change = value(gate.alpha.tree, env) * (1 - x) - value(gate.beta.tree, env) * x
            else:
                change = (value(gate.inf.tree, env) - x) / value(gate.tau.tree, env)
            rates.append(factor * change)
        rates += [value(s.derivative.tree, env) for s in membrane.states]
        return np.array(rates, dtype=float)

    return names, f
