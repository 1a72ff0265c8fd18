"""From a paper's text (our syntax tree) to SymPy, with symbols made by hand.

SymPy never sees text: no ``sympify``, no ``eval``. Literals stay exact rationals. The few
functions that SymPy would rearrange or evaluate in ways that lose accuracy (``exprel``) or
structure (``where``) are functions of our own with their derivatives.
"""

# SymPy ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import sympy as sp

from loligo.model.tree import Call, Name, Node, Number

Expr: TypeAlias = Any  # a sympy.Expr


ROUNDED = 1e-12
"""How far numbers that should sum to 0 may be from it, of their sizes: rounding."""


class Exprel(sp.Function):
    """(exp(z) - 1)/z, continued by 1 at z = 0."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        # (z e^z - e^z + 1)/z^2 = e^z exprel2(-z): positive terms only, so nothing cancels
        z: Expr = self.args[0]
        return sp.exp(z) * Exprel2(-z)


class Exprel2(sp.Function):
    """(exp(z) - 1 - z)/z**2, continued by 1/2 at z = 0."""

    nargs = 1


class Whole(sp.Function):
    """An expression as one thing: a product or a sum that it is part of does not take it apart, so
    that it is computed once for all of these."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        return sp.Integer(1)


class Where(sp.Function):
    """``Where(condition, a, b)``: a where the condition holds, b elsewhere."""

    nargs = 3

    def _eval_derivative(self, s: sp.Symbol) -> Expr:
        condition, a, b = self.args
        return Where(condition, sp.diff(a, s), sp.diff(b, s))


class Less(sp.Function):
    """a < b, as a mask (SymPy's own relations rearrange themselves)."""

    nargs = 2

    def _eval_derivative(self, s: sp.Symbol) -> Expr:
        return sp.Integer(0)


class LessEqual(Less):
    """a <= b, as a mask."""


class Equal(Less):
    """a == b, as a mask."""


class And(Less):
    """Both masks."""


class Or(Less):
    """Either mask."""


class Not(Less):
    """The mask's complement."""

    nargs = 1


class Root(sp.Function):
    """``Root(a, b)``: the w at which a + b exp(w) is 0, log(-a/b); 0 where it is nowhere 0."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expr:
        a: Expr = self.args[0]
        b: Expr = self.args[1]
        return Where(Less(a * b, 0), (1 / a, -1 / b)[argindex - 1], sp.Integer(0))


class Removable(sp.Function):
    """``Removable(a, b, …)``: whether a + b exp(w) is somewhere 0 and these sum to 0, but for
    rounding; a mask."""

    def _eval_derivative(self, s: sp.Symbol) -> Expr:
        return sp.Integer(0)


class Magnitude(sp.Function):
    """abs(x): real, with derivative the sign of x."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        x = self.args[0]
        return Where(Less(x, 0), sp.Integer(-1), sp.Integer(1))


def symbol(name: str) -> sp.Symbol:
    """The one symbol of that name: real, and with no meaning of SymPy's own."""
    return sp.Symbol(name, real=True)


def _minimum(a: Expr, b: Expr) -> Expr:
    return Where(Less(b, a), b, a)


def _maximum(a: Expr, b: Expr) -> Expr:
    return Where(Less(a, b), b, a)


def _fold(function: Callable[[Expr, Expr], Expr]) -> Callable[..., Expr]:
    def folded(first: Expr, *rest: Expr) -> Expr:
        for other in rest:
            first = function(first, other)
        return first

    return folded


def _power(base: Expr, exponent: Expr) -> Expr:
    """SymPy makes sqrt(x**2) its own Abs, which we have a function for.

    2**x is exp(x log 2): so it has a power series, and 1 - 2**-x is seen to vanish. A root of
    max(0, x) is one of either branch: where it is that of 0, its slope is 0 and not 0/0.
    """
    if base.func is Where and exponent.is_Number and not exponent.is_Integer:
        condition, a, b = base.args
        return Where(condition, _power(a, exponent), _power(b, exponent))
    if base.is_Number and base.is_positive and exponent.free_symbols:
        return sp.exp(exponent * sp.log(base))
    return (base**exponent).replace(sp.Abs, Magnitude)


_TRANSLATION: dict[str, Callable[..., Expr]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": _power,
    "neg": lambda a: -a,
    "exp": sp.exp,
    "exprel": Exprel,
    "log": sp.log,
    "sqrt": lambda x: _power(x, sp.Rational(1, 2)),
    "sin": sp.sin,
    "cos": sp.cos,
    "tanh": sp.tanh,
    "sinh": lambda x: (sp.exp(x) - sp.exp(-x)) / 2,
    "cosh": lambda x: (sp.exp(x) + sp.exp(-x)) / 2,
    "abs": Magnitude,
    "min": _fold(_minimum),
    "max": _fold(_maximum),
    "where": Where,
    "<": Less,
    "<=": LessEqual,
    ">": lambda a, b: Less(b, a),
    ">=": lambda a, b: LessEqual(b, a),
    "==": Equal,
    "!=": lambda a, b: Not(Equal(a, b)),
    "and": _fold(And),
    "or": _fold(Or),
    "not": Not,
}


def to_sympy(node: Node, symbols: Mapping[str, Expr]) -> Expr:
    """The tree as a SymPy expression, each name replaced by ``symbols[name]``."""
    if isinstance(node, Number):
        return sp.Rational(node.value.numerator, node.value.denominator)
    if isinstance(node, Name):
        return symbols[node.id]
    assert isinstance(node, Call)
    return _TRANSLATION[node.op](*(to_sympy(arg, symbols) for arg in node.args))
