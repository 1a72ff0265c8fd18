"""exp, log, sin and their kin in float32, against NumPy's in float64."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import pytest
from llvmlite import ir

from loligo.engine.llvm.driver import I64, POINTER, at, counting
from loligo.engine.llvm.formats import SINGLE
from loligo.engine.llvm.functions import FUNCTIONS, Emitter
from loligo.engine.llvm.jit import parsed
from loligo.engine.llvm.printer import INSTRUCTIONS
from loligo.engine.llvm.target import host
from loligo.engine.llvm.usual import QUICK
from loligo.engine.numpy.kernel import bernoulli, bernoulli2, exprel, exprel2

WIDTHS = (1, 16, 64)
_MAP = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)


@cache
def module(width: int, fma: bool) -> Any:
    """Every function of one argument, from an array of float32 to another."""
    assembly = ir.Module("functions")
    assembly.triple = host().triple
    for name in EXACT:
        e = Emitter(assembly, width, fma, SINGLE)
        kind = ir.FunctionType(ir.VoidType(), [I64, POINTER, POINTER])
        function = ir.Function(assembly, kind, f"map_{name}")
        lanes, source, target = function.args
        e.builder = ir.IRBuilder(function.append_basic_block())
        with counting(e, I64(0), lanes, I64(width)) as lane:
            place = at(e, source, lane, SINGLE.element)
            x = e.builder.load(place, align=4, typ=e.real)
            e.builder.store(INSTRUCTIONS[name](e, x), at(e, target, lane, SINGLE.element), align=4)
        e.builder.ret_void()
    code = llvm.create_mcjit_compiler(parsed(str(assembly)), host().machine())
    code.finalize_object()
    return code


def call(name: str, x: Any, width: int = 16, fma: bool = True) -> np.ndarray:
    given = np.ones(len(x) + -len(x) % 64, dtype=np.float32)
    given[: len(x)] = x
    out = np.empty_like(given)
    address = module(width, fma).get_function_address(f"map_{name}")
    _MAP(address)(out.size, given.ctypes.data, out.ctypes.data)
    return out[: len(x)]


EXACT: dict[str, Callable[[Any], Any]] = {
    "exp": np.exp, "expm1": np.expm1, "exprel": exprel, "exprel2": exprel2,
    "bernoulli": bernoulli, "decay": exprel, "exp2": np.exp2, "bernoulli2": bernoulli2,
    "log": np.log, "tanh": np.tanh, "sin": np.sin, "cos": np.cos,
}  # fmt: skip
# how many units in the last place each may be off
ALLOWED = {
    "exp": 1.2, "expm1": 2.5, "exprel": 2.5, "exprel2": 3.5, "bernoulli": 2.5, "log": 3.0,
    "decay": 2.5, "exp2": 1.2, "bernoulli2": 2.5,
    "tanh": 3.0, "sin": 1.6, "cos": 1.6,
}  # fmt: skip


def points(name: str) -> np.ndarray:
    draw = np.random.default_rng(20)
    if name == "log":
        near = 1 + np.arange(-30, 30) * 2.0**-23
        x = np.concatenate(
            [near, 10.0 ** draw.uniform(-37, 38, 4000), draw.uniform(0.4, 2.5, 4000)]
        )
    elif name in ("sin", "cos"):
        x = np.concatenate([draw.uniform(-2900, 2900, 4000), draw.uniform(-7, 7, 4000)])
    else:
        small = draw.choice([-1, 1], 3000) * 10.0 ** draw.uniform(-37, 0, 3000)
        wide = draw.uniform(-86, 86 if name != "exprel2" else 40, 3000)
        x = np.concatenate([small, wide, draw.uniform(-2, 2, 3000), [0.5, -0.5]])
    return x.astype(np.float32)


@pytest.mark.parametrize("fma", [True, False], ids=["fma", "no fma"])
@pytest.mark.parametrize("name", EXACT)
def test_a_function_is_within_a_few_units_in_the_last_place(name: str, fma: bool) -> None:
    x = points(name)
    true = EXACT[name](x.astype(np.float64))
    unit = np.spacing(np.abs(true).astype(np.float32)).astype(np.float64)
    error = np.abs(call(name, x, fma=fma) - true) / np.maximum(unit, SINGLE.least * 2.0**-23)
    worst = int(np.nanargmax(error))
    assert error[worst] <= ALLOWED[name], f"{name}({x[worst]!r}) is {error[worst]:.2f} units off"


@pytest.mark.parametrize("name", EXACT)
def test_every_width_gives_the_same_bits(name: str) -> None:
    odd = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e38, -1e38, 88.9, -87.9, 1e-45]
    x = np.concatenate([points(name)[::7], np.array(odd, dtype=np.float32)])
    one = call(name, x, width=1)
    for width in WIDTHS[1:]:
        many = call(name, x, width=width)
        alike = (one.view(np.int32) == many.view(np.int32)) | (np.isnan(one) & np.isnan(many))
        assert alike.all(), f"width {width} at {x[~alike][:3]}"


@pytest.mark.parametrize(
    ("name", "at", "value"),
    [("exp", np.inf, np.inf), ("exp", -np.inf, 0), ("exp", 89, np.inf), ("exp", -100, 0),
     ("expm1", -100, -1), ("expm1", np.inf, np.inf), ("exprel", 0, 1), ("bernoulli", 0, 1),
     ("bernoulli", 200, 0), ("bernoulli", -200, 200), ("exprel2", 0, 0.5), ("tanh", 99, 1),
     ("log", 0, -np.inf), ("log", 1, 0), ("sin", 0, 0), ("cos", 0, 1)],
)  # fmt: skip
def test_a_function_has_its_limits(name: str, at: float, value: float) -> None:
    assert call(name, [at])[0] == value
    assert np.isnan(call(name, [np.nan])[0])


def test_all_functions_of_one_argument_are_here() -> None:
    assert {*EXACT, "pow", "binlog"} == {*FUNCTIONS, *QUICK}  # binlog: of steps, in float64 alone
