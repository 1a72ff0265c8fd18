"""From SymPy back to the trees that a paper's text is read into, so that they are typeset alike."""

# SymPy ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import reduce

import sympy as sp

from loligo.model.tree import Call, Name, Node, Number
from loligo.system.symbols import Expr

_NOWHERE = (0, 0)  # in no text
_OPS = {"Less": "<", "LessEqual": "<=", "Equal": "==", "And": "and", "Or": "or", "Not": "not",
        "Exprel": "exprel", "Exprel2": "exprel2", "Where": "where", "Magnitude": "abs",
        "Root": "root", "Removable": "removable", "exp": "exp", "log": "log", "sin": "sin",
        "cos": "cos", "tanh": "tanh"}  # fmt: skip


def tree(expression: Expr) -> Node:
    """An expression as a tree: sums with a plus first, one fraction a product, decimals for the
    fractions that have a short one.

    >>> from loligo.model.expression import parse
    >>> from loligo.model.plain import plain
    >>> from loligo.system.symbols import symbol, to_sympy
    >>> written = parse("0.1*(V+40)*exprel(-(V+40)/10)").tree
    >>> plain(tree(to_sympy(written, {"V": symbol("V")})))
    '(V/10+4)*exprel(-V/10-4)'
    """
    if expression.is_Symbol:
        return Name(expression.name, _NOWHERE)
    if expression.is_Rational:
        return _number(Fraction(int(expression.p), int(expression.q)))
    if expression.is_Add:
        return _sum(expression)
    if expression.is_Mul:
        return _product(expression)
    if expression.is_Pow:
        return _power(expression)
    if expression.is_Number or expression.is_NumberSymbol:
        return Number(Fraction(float(expression)), f"{float(expression):.10g}", _NOWHERE)
    return _call(_OPS[expression.func.__name__], *map(tree, expression.args))


def _call(op: str, *args: Node) -> Call:
    return Call(op, args, _NOWHERE)


def _number(value: Fraction) -> Node:
    if value < 0:
        return _call("neg", _number(-value))
    for digits in range(10):
        if 10**digits % value.denominator == 0:
            text = f"{int(value * 10**digits):0{digits + 1}d}"
            whole, part = text[: len(text) - digits], text[len(text) - digits :]
            return Number(value, f"{whole}.{part}" if digits else whole, _NOWHERE)
    return _call("/", _number(Fraction(value.numerator)), _number(Fraction(value.denominator)))


def _sum(expression: Expr) -> Node:
    """The terms with names first, those with a plus before those with a minus."""
    terms = sorted(expression.args, key=lambda t: (t.could_extract_minus_sign(), t.is_number))
    first, *rest = terms
    total = tree(first)
    for term in rest:
        minus = term.could_extract_minus_sign()
        total = _call("-" if minus else "+", total, tree(-term if minus else term))
    return total


def _product(expression: Expr) -> Node:
    coefficient, _ = expression.as_coeff_Mul()
    above: list[Node] = []
    below: list[Node] = []
    number = abs(Fraction(int(coefficient.p), int(coefficient.q)))
    for factor in sp.Mul.make_args(expression):
        if factor.is_Rational:
            continue
        if factor.is_Pow and factor.exp.could_extract_minus_sign():
            below.append(tree(factor.base ** (-factor.exp)))
        else:
            above.append(tree(factor))
    decimals = isinstance(_number(number), Number)
    if decimals and (number.numerator != 1 or not above or number.denominator > 100):
        above[:0] = [_number(number)] if number != 1 or not above else []
    else:
        if number.numerator != 1 or not above:
            above[:0] = [_number(Fraction(number.numerator))]
        below[:0] = [_number(Fraction(number.denominator))] if number.denominator != 1 else []
    if coefficient.is_negative:
        above[:1] = [_call("neg", *above[:1])]
    return _call("/", _times(above), _times(below)) if below else _times(above)


def _times(factors: Iterable[Node]) -> Node:
    return reduce(lambda a, b: _call("*", a, b), factors)


def _power(expression: Expr) -> Node:
    base, exponent = expression.base, expression.exp
    if exponent.could_extract_minus_sign():
        return _call("/", _number(Fraction(1)), tree(base ** (-exponent)))
    if exponent == sp.Rational(1, 2):
        return _call("sqrt", tree(base))
    return _call("**", tree(base), tree(exponent))
