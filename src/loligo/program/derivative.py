"""The derivative of straight-line arithmetic with respect to one of its inputs, written beside it:
what a number of a stimulus changes in its course."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from loligo.program.arithmetic import MASKS, Builder
from loligo.program.recipe import NotSmoothError

# (builder, arguments, the value itself, the arguments' derivatives; None where one is 0)
Rule: TypeAlias = Callable[[Builder, tuple[int, ...], int, tuple["int | None", ...]], "int | None"]


def derivative(b: Builder, value: int, name: str) -> int:
    """d(value)/d(the input of that name), between the switches of what is decided.

    >>> b = Builder()
    >>> x = b.input("x")
    >>> print(b.block({"slope": derivative(b, b.mul(x, b.apply("sin", x)), "x")}))
    %0 = x
    %1 = sin %0
    %2 = cos %0
    %3 = mul %0 %2
    %4 = add %1 %3
    slope := %4
    """
    known: dict[int, int | None] = {}
    for index in _behind(b, value):
        a = b.assignments[index]
        if a.op == "input":
            known[index] = b.const(1.0) if a.name == name else None
            continue
        slopes = tuple(known[i] for i in a.args)
        flat = a.op in MASKS or all(slope is None for slope in slopes)
        known[index] = None if flat else _rule(a.op)(b, a.args, index, slopes)
    found = known[value]
    return b.const(0.0) if found is None else found


def _behind(b: Builder, value: int) -> list[int]:
    """What a value is made of, and itself, in order."""
    behind, ahead = {value}, [value]
    while ahead:
        fresh = set(b.assignments[ahead.pop()].args) - behind
        behind |= fresh
        ahead += fresh
    return sorted(behind)


def _rule(op: str) -> Rule:
    if op not in _RULES:
        raise NotSmoothError(op)
    return _RULES[op]


def _plus(b: Builder, x: int | None, y: int | None) -> int | None:
    if x is None or y is None:
        return y if x is None else x
    return b.add(x, y)


def _minus(b: Builder, x: int | None, y: int | None) -> int | None:
    if y is None:
        return x
    return b.neg(y) if x is None else b.sub(x, y)


def _times(b: Builder, factor: int, slope: int | None) -> int | None:
    return None if slope is None else b.mul(factor, slope)


def _product(b: Builder, args: tuple[int, ...], own: int, d: tuple[int | None, ...]) -> int | None:
    return _plus(b, _times(b, args[1], d[0]), _times(b, args[0], d[1]))


def _quotient(b: Builder, args: tuple[int, ...], own: int, d: tuple[int | None, ...]) -> int | None:
    above = _minus(b, d[0], _times(b, own, d[1]))
    return None if above is None else b.div(above, args[1])


def _chosen(b: Builder, mask: int, d: tuple[int | None, ...]) -> int:
    none = b.const(0.0)
    return b.apply("where", mask, *(none if slope is None else slope for slope in d))


def _power(b: Builder, args: tuple[int, ...], own: int, d: tuple[int | None, ...]) -> int | None:
    x, y = args
    less = b.apply("pow", x, b.sub(y, b.const(1.0)))
    by_base = None if d[0] is None else b.mul(b.mul(y, less), d[0])
    by_exponent = None if d[1] is None else b.mul(b.mul(own, b.apply("log", x)), d[1])
    return _plus(b, by_base, by_exponent)


def _exprel_slope(b: Builder, x: int) -> int:
    """exp(x) exprel2(-x): nothing cancels."""
    return b.mul(b.apply("exp", x), b.apply("exprel2", b.neg(x)))


def _smooth(slope: Callable[[Builder, int, int], int]) -> Rule:
    """Of a function of one argument, from it and from the value."""
    return lambda b, args, own, d: _times(b, slope(b, args[0], own), d[0])


_RULES: dict[str, Rule] = {
    "add": lambda b, args, own, d: _plus(b, *d),
    "sub": lambda b, args, own, d: _minus(b, *d),
    "neg": lambda b, args, own, d: _minus(b, None, d[0]),
    "mul": _product,
    "div": _quotient,
    "exp": _smooth(lambda b, x, own: own),
    "expm1": _smooth(lambda b, x, own: b.apply("exp", x)),
    "exprel": _smooth(lambda b, x, own: _exprel_slope(b, x)),
    "bernoulli": _smooth(lambda b, x, own: b.neg(b.mul(b.mul(own, own), _exprel_slope(b, x)))),
    "tanh": _smooth(lambda b, x, own: b.sub(b.const(1.0), b.mul(own, own))),
    "pow": _power,
    "log": _smooth(lambda b, x, own: b.div(b.const(1.0), x)),
    "sqrt": _smooth(lambda b, x, own: b.div(b.const(0.5), own)),
    "sin": _smooth(lambda b, x, own: b.apply("cos", x)),
    "cos": _smooth(lambda b, x, own: b.neg(b.apply("sin", x))),
    "floor": lambda b, args, own, d: None,
    "where": lambda b, args, own, d: _chosen(b, args[0], d[1:]),
    "min": lambda b, args, own, d: _chosen(b, b.apply("lt", *args), d),
    "max": lambda b, args, own, d: _chosen(b, b.apply("lt", *args[::-1]), d),
    "abs": lambda b, args, own, d: _times(
        b, b.apply("where", b.apply("lt", args[0], b.const(0.0)), b.const(-1.0), b.const(1.0)), d[0]
    ),
}
