"""Numbers for the functions of our own that stand in SymPy expressions (``sympy.lambdify``)."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from loligo.system.symbols import ROUNDED


def _exprel(z: float) -> float:
    return 1.0 if z == 0 else (math.expm1(z) if z < 709.0 else _exp(z)) / z


# As IEEE has them, not as Python's math: a branch of a `where` that is not taken may overflow.
def _exp(x: float) -> float:
    return math.exp(x) if x < 709.78 else math.inf


def _log(x: float) -> float:
    return math.log(x) if x > 0 else (-math.inf if x == 0 else math.nan)


def _sqrt(x: float) -> float:
    """A step that ends where sqrt(max(0, x)) begins is looked at a little beyond."""
    return math.sqrt(x) if x >= 0 else (0.0 if x > -_BEYOND else math.nan)


_BEYOND = 1e-9


def _exprel2(z: float) -> float:
    if abs(z) < _NEAR:
        # 1/2 (1 + z/3 (1 + z/4 (1 + …))): there the formula loses its digits
        total = 1.0
        for k in range(_TERMS, 2, -1):
            total = 1.0 + total * z / k
        return total / 2
    return (_exp(z) - 1.0 - z) / z**2


_NEAR, _TERMS = 1.0, 20


def _whole(value: Any) -> Any:
    return value


def _where(condition: bool, a: float, b: float) -> float:
    return a if condition else b


def _both(a: bool, b: bool) -> bool:
    return a and b


def _either(a: bool, b: bool) -> bool:
    return a or b


def _root(a: float, b: float) -> float:
    return math.log(-a / b) if a * b < 0 else 0.0


def _removable(a: float, b: float, *terms: float) -> bool:
    return a * b < 0 and abs(sum(terms)) <= ROUNDED * sum(map(abs, terms))


def _vector_root(a: Any, b: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.where(np.multiply(a, b) < 0, np.log(np.negative(a) / b), 0.0)


def _vector_removable(a: Any, b: Any, *terms: Any) -> Any:
    small = np.abs(sum(terms)) <= ROUNDED * sum(map(np.abs, terms))
    return np.logical_and(np.multiply(a, b) < 0, small)


def _vector_exprel(z: Any) -> Any:
    zero = np.equal(z, 0)
    return np.where(zero, 1.0, np.expm1(z) / np.where(zero, 1.0, z))


SCALAR: dict[str, Callable[..., Any]] = {
    "Exprel": _exprel,
    "Exprel2": _exprel2,
    "Whole": _whole,
    "exp": _exp,
    "log": _log,
    "sqrt": _sqrt,
    "Where": _where,
    "Less": operator.lt,
    "LessEqual": operator.le,
    "Equal": operator.eq,
    "And": _both,
    "Or": _either,
    "Not": operator.not_,
    "Magnitude": abs,
    "Root": _root,
    "Removable": _removable,
}
VECTOR: dict[str, Callable[..., Any]] = {
    "Exprel": _vector_exprel,
    "Exprel2": np.vectorize(_exprel2, otypes=[np.float64]),
    "Whole": _whole,
    "Where": np.where,
    "Less": np.less,
    "LessEqual": np.less_equal,
    "Equal": np.equal,
    "And": np.logical_and,
    "Or": np.logical_or,
    "Not": np.logical_not,
    "Magnitude": np.abs,
    "Root": _vector_root,
    "Removable": _vector_removable,
}
