"""What can be called in an expression, and what an operation asks of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from loligo.errors import nearest
from loligo.model.tokens import Refusal
from loligo.model.tree import (
    JOINING,
    LOGICAL,
    Call,
    Name,
    Node,
    Number,
    Span,
    evaluate,
    names_in,
    size,
)

MAX_EXPONENT = 100
MAX_BITS = 4_096  # of a constant written as a fraction

GAS_CONSTANT = Fraction("8.31446261815324")  # J/(mol K), exact: CODATA 2018
FARADAY = Fraction("96485.33212331002")  # C/mol, exact (e times N_A): CODATA 2018
ZERO_CELSIUS = Fraction("273.15")  # K
PI = Fraction("3.14159265358979323846264338327950288420")


def make(op: str, args: tuple[Node, ...], span: Span) -> Node:
    """An operation on its arguments, if they are of the right kind and of a sane size."""
    for place, argument in enumerate(args):
        if op in JOINING or (op == "where" and place == 0):
            _need_truth(argument)
        else:
            need_number(argument)
    call = Call(op, args, span)
    if op == "**":
        _check_power(args[1])
    if not any(isinstance(each, Call) for each in args) or op in ("**", "*", "/"):
        _check_constant(call)
    return call


def _check_power(exponent: Node) -> None:
    if not names_in(exponent):
        value = abs(float(evaluate(exponent, {})))
        if not value <= MAX_EXPONENT:
            raise Refusal(f"an exponent is at most {MAX_EXPONENT}", exponent.span)


def _check_constant(call: Call) -> None:
    bits = size(call, {}).bits
    if bits is not None and bits > MAX_BITS:
        raise Refusal("this constant is too large to be meant", call.span)


def need_number(node: Node) -> None:
    if isinstance(node, Call) and node.op in LOGICAL:
        raise Refusal(
            "a number is needed here, this is true or false; write where(condition, 1, 0)",
            node.span,
        )


def _need_truth(node: Node) -> None:
    if not (isinstance(node, Call) and node.op in LOGICAL):
        raise Refusal("a condition is needed here, such as V > -40", node.span)


def fold(op: str, parts: list[Node], span: Span) -> Node:
    tree = parts[0]
    for part in parts[1:]:
        tree = make(op, (tree, part), span)
    return tree


@dataclass(frozen=True)
class _Function:
    usage: str
    arguments: int
    build: Callable[[tuple[Node, ...], Span], Node]
    more: bool = False  # any number of further arguments
    most: int = 0  # arguments, where some may be left out

    def takes(self, count: int) -> bool:
        """Whether it can be called with so many arguments."""
        return count >= self.arguments and (self.more or count <= max(self.arguments, self.most))


def _plain(op: str) -> _Function:
    return _Function(f"{op}(x)", 1, lambda args, span: make(op, args, span))


def _fixed(value: Fraction | int, text: str, span: Span) -> Number:
    return Number(Fraction(value), text, span)


def _log10(args: tuple[Node, ...], span: Span) -> Node:
    ten = make("log", (_fixed(10, "10", span),), span)
    return make("/", (make("log", args, span), ten), span)


def _q10(args: tuple[Node, ...], span: Span) -> Node:
    factor, reference = args
    warmer = make("-", (Name("celsius", span), reference), span)
    return make("**", (factor, make("/", (warmer, _fixed(10, "10", span)), span)), span)


def _nernst(args: tuple[Node, ...], span: Span) -> Node:
    """1000 R T/(z F) ln(outside/inside), mV."""
    valence, outside, inside = args
    kelvin = make("+", (Name("celsius", span), _fixed(ZERO_CELSIUS, "273.15", span)), span)
    thermal = make("*", (_fixed(GAS_CONSTANT, "R", span), kelvin), span)
    thermal = make("*", (_fixed(1000, "1000", span), thermal), span)
    charge = make("*", (valence, _fixed(FARADAY, "F", span)), span)
    ratio = make("log", (make("/", (outside, inside), span),), span)
    return make("*", (make("/", (thermal, charge), span), ratio), span)


def _ghk(args: tuple[Node, ...], span: Span) -> Node:
    """P z F (inside u/(1 - exp(-u)) - outside u/(exp(u) - 1)), u = z F V/(1000 R T), uA/cm2.

    Both quotients are 1/exprel: 1 at V = 0, and neither overflows at any V.
    """
    valence, permeability, inside, outside, *rest = args
    v = rest[0] if rest else Name("V", span)
    kelvin = make("+", (Name("celsius", span), _fixed(ZERO_CELSIUS, "273.15", span)), span)
    thermal = make("*", (_fixed(GAS_CONSTANT, "R", span), kelvin), span)
    thermal = make("*", (_fixed(1000, "1000", span), thermal), span)
    charge = make("*", (valence, _fixed(FARADAY, "F", span)), span)
    u = make("/", (make("*", (charge, v), span), thermal), span)
    out = make("/", (inside, make("exprel", (make("neg", (u,), span),), span)), span)
    back = make("/", (outside, make("exprel", (u,), span)), span)
    net = make("-", (out, back), span)
    return make("*", (make("*", (permeability, charge), span), net), span)


FUNCTIONS: Mapping[str, _Function] = {
    **{
        op: _plain(op)
        for op in ("exp", "exprel", "log", "sqrt", "sin", "cos", "tanh", "sinh", "cosh", "abs")
    },
    "log10": _Function("log10(x)", 1, _log10),
    "min": _Function("min(a, b)", 2, lambda args, span: fold("min", list(args), span), more=True),
    "max": _Function("max(a, b)", 2, lambda args, span: fold("max", list(args), span), more=True),
    "where": _Function("where(condition, a, b)", 3, lambda args, span: make("where", args, span)),
    "q10": _Function("q10(factor, reference)", 2, _q10),
    "nernst": _Function("nernst(z, outside, inside)", 3, _nernst),
    "ghk": _Function("ghk(z, P, inside, outside)", 4, _ghk, most=5),
}
"""What can be called in an expression."""

LATER = frozenset({"ghk"})
"""Functions that were added when there were models already: a name that a membrane gives is its own
all the same."""

_FOREIGN = {
    "ln": "log(x)",
    "pow": "x**y",
    "fabs": "abs(x)",
    "expm1": "exp(x) - 1",
    "heaviside": "where(x > 0, 1, 0)",
    "tan": "sin(x)/cos(x)",
    "sigmoid": "1/(1 + exp(-x))",
}


def about_function(word: str) -> str:
    if word.lower() in _FOREIGN:
        return f"there is no function {word}; write {_FOREIGN[word.lower()]}"
    close = nearest(word, FUNCTIONS)
    return (
        f"there is no function {word}{close}; the functions are {', '.join(FUNCTIONS)}; "
        f"to multiply, write {word}*( )"
    )
