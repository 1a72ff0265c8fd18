"""exp, log, sin and their kin in machine code, against mpmath at 60 digits and more."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from functools import cache
from typing import Any

import llvmlite.binding as llvm
import mpmath as mp
import numpy as np
import pytest
from llvmlite import ir

from loligo.engine.llvm.driver import emit_map
from loligo.engine.llvm.functions import FUNCTIONS, Emitter
from loligo.engine.llvm.jit import parsed
from loligo.engine.llvm.target import host
from loligo.engine.llvm.usual import QUICK
from loligo.program import Builder

WIDTHS = (1, 2, 4, 8, 16)
NAMES = (*FUNCTIONS, *QUICK)
TINY = 5e-324  # the smallest number above 0
LEAST = 2.2250738585072014e-308  # the smallest with all its digits
_MAP = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)


@cache
def module(width: int, fma: bool) -> Any:
    """Every function as a map, in machine code for this processor."""
    assembly = ir.Module("functions")
    assembly.triple = host().triple
    for name in NAMES:
        b = Builder()
        arguments = [b.input("x"), b.input("y")][: 2 if name == "pow" else 1]
        emit_map(Emitter(assembly, width, fma), name, b.block({"r": b.apply(name, *arguments)}))
    code = llvm.create_mcjit_compiler(parsed(str(assembly)), host().machine())
    code.finalize_object()
    return code


def call(name: str, *rows: Any, width: int = 8, fma: bool = True) -> np.ndarray:
    lanes = len(rows[0])
    padded = np.ones((len(rows), lanes + -lanes % 16))
    padded[:, :lanes] = rows
    out = np.empty(padded.shape[1])
    address = module(width, fma).get_function_address(f"map_{name}")
    _MAP(address)(out.size, padded.ctypes.data, out.ctypes.data)
    return out[:lanes]


EXACT: dict[str, Callable[..., Any]] = {
    "exp": mp.exp,
    "expm1": mp.expm1,
    "exprel": lambda z: mp.expm1(z) / z if z else mp.mpf(1),
    "exprel2": lambda z: (mp.expm1(z) - z) / z**2 if z else mp.mpf(1) / 2,
    "bernoulli": lambda z: z / mp.expm1(z) if z else mp.mpf(1),
    "decay": lambda z: mp.expm1(z) / z if z else mp.mpf(1),
    "exp2": lambda x: mp.mpf(2) ** x,
    "bernoulli2": lambda x: x / mp.expm1(x * mp.log(2)) if x else 1 / mp.log(2),
    "log": mp.log,
    "tanh": mp.tanh,
    "sin": mp.sin,
    "cos": mp.cos,
}
# how many units in the last place each may be off
ALLOWED = {
    "exp": 1.0, "expm1": 2.5, "exprel": 2.5, "exprel2": 3.5, "bernoulli": 2.5, "log": 2.5,
    "decay": 2.5, "exp2": 1.1, "bernoulli2": 2.5,
    "tanh": 3.0, "sin": 1.6, "cos": 1.6,
}  # fmt: skip


def ulps(name: str, found: Any, *arguments: Any) -> tuple[float, float]:
    """The worst error in units of the last place of the true value, and where it is."""
    worst, where = 0.0, math.nan
    for got, *x in zip(found, *arguments, strict=True):
        # sine of 1e6 and (e^z - 1 - z)/z^2 at 1e-300 need many digits to be true themselves
        with mp.workdps(60 if abs(x[0]) > 1e-10 else 700):
            true = EXACT.get(name, mp.power)(*(mp.mpf(float(v)) for v in x))
            unit = max(float(np.spacing(abs(float(true)))), TINY)
            error = float(abs(mp.mpf(float(got)) - true) / mp.mpf(unit))
        if not error <= worst:
            worst, where = error, float(x[0])
    return worst, where


def neighbours(*points: float) -> list[float]:
    return [float(np.nextafter(p, to)) for p in points for to in (-math.inf, p, math.inf)]


def points(name: str) -> np.ndarray:
    draw = np.random.default_rng(20)
    if name == "log":
        near = 1 + np.arange(-30, 30) * 2.0**-52
        spread = 10.0 ** draw.uniform(-307, 308, 400)
        special = neighbours(LEAST, 1.0, math.sqrt(0.5), math.sqrt(2), 2.0, 0.5, 1.7e308)
        subnormal = [TINY, 2 * TINY, 1e-320, 3e-310]
        return np.concatenate([near, spread, draw.uniform(0.4, 2.5, 600), special, subnormal])
    if name in ("sin", "cos"):
        turns = np.arange(-40, 40) * (math.pi / 4)
        hard = np.nextafter(np.array([1, 2, 3, 22, 355, 100_000]) * (math.pi / 2), 0)
        tiny = [TINY, 1e-308, 1e-160, 1e-20, 1e-8]
        wide = draw.uniform(-999_999, 999_999, 400)
        return np.concatenate([turns, hard, tiny, wide, draw.uniform(-7, 7, 600)])
    halves = (np.arange(-12, 13) + 0.5) * math.log(2)  # where the reduction changes over
    ends = [-708.2, -700.0, 700.0, 709.4] if name != "exprel2" else [-708.2, 700.0]
    special = neighbours(0.5, -0.5, 50.0, -50.0, 25.0, 1e-8, -1e-8, LEAST, *halves)
    small = draw.choice([-1, 1], 300) * 10.0 ** draw.uniform(-307, 0, 300)
    tiny = [1e-310, -1e-310, TINY, -TINY] if name not in ("exprel2",) else [1e-310]
    return np.concatenate(
        [special, small, tiny, ends, draw.uniform(-700, 700, 300), draw.uniform(-2, 2, 600)]
    )


@pytest.mark.parametrize("fma", [True, False], ids=["fma", "no fma"])
@pytest.mark.parametrize("name", EXACT)
def test_a_function_is_within_a_few_units_in_the_last_place(name: str, fma: bool) -> None:
    x = points(name)
    worst, where = ulps(name, call(name, x, fma=fma), x)
    assert worst <= ALLOWED[name], f"{name}({where!r}) is {worst:.2f} units off"


@pytest.mark.parametrize("fma", [True, False], ids=["fma", "no fma"])
def test_a_power_loses_no_more_units_than_twice_its_logarithm(fma: bool) -> None:
    draw = np.random.default_rng(3)
    x, y = 10.0 ** draw.uniform(-8, 8, 500), draw.uniform(-15, 15, 500)
    x = np.concatenate([x, draw.uniform(0.5, 2, 200), draw.uniform(1e-6, 1, 100)])
    y = np.concatenate([y, draw.uniform(-3, 3, 200), np.full(100, 1 / 3)])
    found = call("pow", x, y, fma=fma)
    for got, base, exponent in zip(found, x, y, strict=True):
        error, _ = ulps("pow", [got], [base], [exponent])
        assert error <= 2.5 + 2.0 * abs(exponent * math.log(base)), (base, exponent)


@pytest.mark.parametrize("fma", [True, False], ids=["fma", "no fma"])
@pytest.mark.parametrize("name", NAMES)
def test_every_width_gives_the_same_bits(name: str, fma: bool) -> None:
    draw = np.random.default_rng(5)
    if name == "pow":
        rows = [
            draw.uniform(-3, 5, 400),
            np.concatenate([draw.uniform(-9, 9, 200), np.arange(200.0)]),
        ]
    else:
        odd = [0.0, -0.0, math.inf, -math.inf, math.nan, TINY, -TINY, 1e308, -1e308, 709.9, -745.0]
        rows = [np.concatenate([points(name), odd, -points(name)[:50]])]
    one = call(name, *rows, width=1, fma=fma)
    for width in WIDTHS[1:]:
        many = call(name, *rows, width=width, fma=fma)
        alike = (one.view(np.int64) == many.view(np.int64)) | (np.isnan(one) & np.isnan(many))
        assert alike.all(), f"width {width} at {rows[0][~alike][:3]}"


INF, NAN, LN_2 = math.inf, math.nan, math.log(2)
SPECIAL: dict[str, list[tuple[Any, float]]] = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (NAN, NAN), (710.0, INF),
            (1e308, INF), (-1e308, 0.0), (-746.0, 0.0), (TINY, 1.0)],
    "expm1": [(0.0, 0.0), (INF, INF), (-INF, -1.0), (NAN, NAN), (710.0, INF), (-800.0, -1.0),
              (-50.1, -1.0), (1e-300, 1e-300)],
    "exprel": [(0.0, 1.0), (-0.0, 1.0), (-INF, 0.0), (NAN, NAN), (1e-320, 1.0), (-800.0, 1 / 800)],
    "exprel2": [(0.0, 0.5), (-0.0, 0.5), (NAN, NAN), (1e-320, 0.5), (-1e-320, 0.5)],
    "bernoulli": [(0.0, 1.0), (-0.0, 1.0), (-INF, INF), (NAN, NAN), (800.0, 0.0), (-800.0, 800.0),
                  (1e-320, 1.0)],
    "decay": [(0.0, 1.0), (-0.0, 1.0), (-INF, 0.0), (NAN, NAN), (1e-320, 1.0), (-800.0, 1 / 800)],
    "exp2": [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (NAN, NAN), (1024.0, INF),
             (-1022.0, LEAST), (-1080.0, 0.0), (TINY, 1.0), (-3.0, 0.125)],
    "bernoulli2": [(0.0, 1 / LN_2), (-0.0, 1 / LN_2), (-INF, INF), (NAN, NAN), (1e-320, 1 / LN_2),
                   (-2000.0, 2000.0), (1.0, 1.0), (-TINY, 1 / LN_2)],
    "log": [(1.0, 0.0), (0.0, -INF), (-0.0, -INF), (-1.0, NAN), (-TINY, NAN), (INF, INF),
            (-INF, NAN), (NAN, NAN)],
    "tanh": [(0.0, 0.0), (INF, 1.0), (-INF, -1.0), (NAN, NAN), (400.0, 1.0), (-400.0, -1.0),
             (1e-300, 1e-300)],
    "sin": [(0.0, 0.0), (INF, NAN), (-INF, NAN), (NAN, NAN), (1e-300, 1e-300)],
    "cos": [(0.0, 1.0), (INF, NAN), (-INF, NAN), (NAN, NAN), (1e-300, 1.0)],
    "pow": [((0.0, 0.0), 1.0), ((5.0, 0.0), 1.0), ((0.0, 2.5), 0.0), ((0.0, -1.5), INF),
            ((-2.0, 0.5), NAN), ((1.0, 77.7), 1.0), ((NAN, 2.0), NAN), ((2.0, NAN), NAN)],
}  # fmt: skip


@pytest.mark.parametrize("fma", [True, False], ids=["fma", "no fma"])
@pytest.mark.parametrize(
    ("name", "at", "value"), [(name, *case) for name, cases in SPECIAL.items() for case in cases]
)
def test_a_function_has_its_limits(name: str, at: Any, value: float, fma: bool) -> None:
    rows = np.atleast_2d(np.array(at)).T if name == "pow" else np.array([[at]])
    (found,) = call(name, *rows, fma=fma)
    assert (math.isnan(found) and math.isnan(value)) or found == value


@pytest.mark.parametrize("exponent", [-3.0, -2.0, 1.0, 2.0, 3.0, 4.0, 9.0, 64.0])
@pytest.mark.parametrize("base", [-0.5, -1.0, -2.0, -6.5])
def test_a_whole_power_of_a_negative_number_has_its_sign(base: float, exponent: float) -> None:
    assert call("pow", [base], [exponent])[0] == pytest.approx(base**exponent, rel=1e-13)


def test_what_is_too_small_for_all_digits_becomes_zero() -> None:
    x = np.array([-708.2, -708.39, -709.0, -745.0])
    assert np.all(np.abs(call("exp", x) - np.exp(x)) < 2.3e-308)
