"""From SymPy to straight-line arithmetic.

The only module below the System that reads SymPy; everything that follows is arithmetic.
"""

# SymPy ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy as sp

from loligo.program.arithmetic import Block, Builder
from loligo.program.scheme import share
from loligo.system import conserved
from loligo.system import symbols as s
from loligo.system.equations import System
from loligo.system.symbols import Expr


class Lowering:
    """Writes SymPy expressions into a builder, each subexpression once (if the builder shares).

    Parameters
    ----------
    builder
        Where the assignments go.
    given
        Names that are already values there; every other symbol becomes an input.
    steep
        Whether rates' derivatives are written so that far from where a rate has its 0/0 nothing
        infinite stands above and below another: for states that are derivatives themselves.
    """

    def __init__(
        self, builder: Builder, given: Mapping[str, int] | None = None, steep: bool = False
    ) -> None:
        self.b = builder
        self.given = dict(given or {})
        self.steep = steep
        self._done: dict[Expr, int] = {}

    def __call__(self, e: Expr) -> int:
        index = self._done.get(e)
        if index is None:
            if e.is_Number or e.is_NumberSymbol:
                index = self.b.const(float(e))
            else:
                index = _WRITERS[e.func](self, e)
            if self.b.shared:
                self._done[e] = index
        return index


def _symbol(low: Lowering, e: Expr) -> int:
    return low.given[e.name] if e.name in low.given else low.b.input(e.name)


def _add(low: Lowering, e: Expr) -> int:
    """Terms with a plus first, so that a sum does not begin with a negation."""
    plus = [t for t in e.args if not t.could_extract_minus_sign()]
    minus = [t for t in e.args if t.could_extract_minus_sign()]
    if not plus:
        return low.b.apply("neg", low.b.total(low(-t) for t in minus))
    total = low.b.total(low(t) for t in plus)
    for term in minus:
        total = low.b.sub(total, low(-term))
    return total


def _mul(low: Lowering, e: Expr) -> int:
    """A product over a product: one division at most, by the product of all divisors."""
    coefficient, rest = e.as_coeff_Mul()
    if coefficient == -1:
        return low.b.apply("neg", low(rest))
    above: list[int] = []
    below: list[int] = []
    steep = low.steep and rest.has(s.Exprel2)
    for factor in sp.Mul.make_args(rest):
        if isinstance(factor, sp.Pow) and factor.base.func is s.Exprel and factor.exp == -1:
            above.append(low(factor))
        elif steep and isinstance(factor, sp.Pow) and _of_exprel(factor):
            above.append(low.b.power(low(factor.base**-1), -int(factor.exp)))
        elif isinstance(factor, sp.Pow) and factor.exp.is_negative:
            below.append(low(factor.base ** (-factor.exp)))
        else:
            above.append(low(factor))
    product: int | None = None if coefficient == 1 else low.b.const(float(coefficient))
    for value in above:
        product = value if product is None else low.b.mul(product, value)
    if below:
        # as a reciprocal: alpha x/(1 + e) and alpha/(1 + e) in one rate share the division
        divisor = below[0]
        for value in below[1:]:
            divisor = low.b.mul(divisor, value)
        inverse = low.b.div(low.b.const(1.0), divisor)
        product = inverse if product is None else low.b.mul(product, inverse)
    assert product is not None
    return product


def _of_exprel(factor: sp.Pow) -> bool:
    return factor.base.func is s.Exprel and bool(factor.exp.is_Integer and factor.exp.is_negative)


def _pow(low: Lowering, e: Expr) -> int:
    base, exponent = e.base, e.exp
    if exponent == -1 and base.func is s.Exprel:
        return low.b.apply("bernoulli", low(base.args[0]))
    if exponent.is_negative:
        return low.b.div(low.b.const(1.0), low(base ** (-exponent)))
    if exponent.is_Integer:
        return low.b.power(low(base), int(exponent))
    if exponent == sp.Rational(1, 2):
        return low.b.apply("sqrt", low(base))
    return low.b.apply("pow", low(base), low(exponent))


def _operation(op: str) -> Callable[[Lowering, Expr], int]:
    def write(low: Lowering, e: Expr) -> int:
        return low.b.apply(op, *(low(arg) for arg in e.args))

    return write


def _signs_differ(low: Lowering, a: Expr, b: Expr) -> int:
    return low.b.apply("lt", low.b.mul(low(a), low(b)), low.b.const(0.0))


def _root(low: Lowering, e: Expr) -> int:
    """log(-a/b), computed as log 1 where that is not to be had."""
    a, b = e.args
    one, some = low.b.const(1.0), _signs_differ(low, a, b)
    below = low.b.apply("where", some, low(b), low.b.const(-1.0))
    above = low.b.apply("where", some, low(a), one)
    return low.b.apply("log", low.b.apply("neg", low.b.div(above, below)))


def _removable(low: Lowering, e: Expr) -> int:
    a, b, *terms = e.args
    amounts = [low(term) for term in terms]
    size = low.b.total(low.b.apply("abs", amount) for amount in amounts)
    rest = low.b.apply("abs", low.b.total(amounts))
    small = low.b.apply("le", rest, low.b.mul(low.b.const(s.ROUNDED), size))
    return low.b.apply("and", _signs_differ(low, a, b), small)


_WRITERS: dict[Any, Callable[[Lowering, Expr], int]] = {
    sp.Symbol: _symbol,
    sp.Add: _add,
    sp.Mul: _mul,
    sp.Pow: _pow,
    sp.exp: _operation("exp"),
    sp.log: _operation("log"),
    sp.sin: _operation("sin"),
    sp.cos: _operation("cos"),
    sp.tanh: _operation("tanh"),
    s.Exprel: _operation("exprel"),
    s.Exprel2: _operation("exprel2"),
    s.Whole: lambda low, e: low(e.args[0]),
    s.Where: _operation("where"),
    s.Root: _root,
    s.Removable: _removable,
    s.Magnitude: _operation("abs"),
    s.Less: _operation("lt"),
    s.LessEqual: _operation("le"),
    s.Equal: _operation("eq"),
    s.And: _operation("and"),
    s.Or: _operation("or"),
    s.Not: _operation("not"),
}


def lower(system: System) -> Block:
    """The plain derivative: states, parameters and ``I_stim`` in, d(state)/dt (per ms) out."""
    return lowered(system.derivatives)


def lowered(expressions: Mapping[str, Expr], steep: bool = False) -> Block:
    """Any expressions: what they are made of in, their values out."""
    builder = Builder()
    low = Lowering(builder, steep=steep)
    return builder.block({name: low(e) for name, e in expressions.items()})


def slopes(system: System) -> Block:
    """The Jacobian, exactly: what ``lower`` takes in, d(rate of a state)/d(another) out, row by
    row, called ``m/V``; without those that are 0 whatever the numbers."""
    every = {
        f"{row}/{column}": sp.diff(rate, s.symbol(column))
        for row, rate in system.derivatives.items()
        for column in system.depends(row)
    }
    return lowered(every)


def slope_by(system: System, varied: str) -> Mapping[str, Expr]:
    """The derivatives of all rates by the states and by a parameter or an input, called ``m/V``."""
    return {
        f"{row}/{column}": sp.diff(rate, s.symbol(column))
        for row, rate in system.derivatives.items()
        for column in (*system.depends(row), varied)
        if rate.has(s.symbol(column))
    }


def shares(system: System) -> Block | None:
    """Parameters in; with what share each term enters each state's rate out, as far as something
    may be conserved (:mod:`loligo.system.conserved`). None if nothing can be."""
    terms = conserved.shares(system.plain)
    if not terms:
        return None
    builder = Builder()
    low = Lowering(builder)
    return builder.block(
        {share(state, k): low(e) for k, term in enumerate(terms) for state, e in term.items()}
    )
