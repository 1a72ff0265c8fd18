"""The syntax tree of an expression, and its plain numeric value.

Three kinds of node, nothing more. A tree is made by :func:`loligo.model.expression.parse` from
what a person wrote, and by :mod:`loligo.model.ode`; it can be evaluated with NumPy, typeset, or
turned into symbols.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

Span: TypeAlias = tuple[int, int]
"""First column and the column after the last, in the text as written."""


@dataclass(frozen=True, slots=True)
class Number:
    """An exact constant: ``value``, and how it was written (``0.1``, ``pi``, ``R``)."""

    value: Fraction
    text: str = field(compare=False)
    span: Span = field(compare=False)
    rounded: np.float64 = field(init=False, compare=False, repr=False)
    """The nearest number of floating point: it is asked for often, and a fraction takes long."""

    def __post_init__(self) -> None:
        try:
            rounded = float(self.value)
        except OverflowError:
            rounded = np.inf if self.value > 0 else -np.inf
        object.__setattr__(self, "rounded", np.float64(rounded))


@dataclass(frozen=True, slots=True)
class Name:
    """A parameter, state, gate or helper."""

    id: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """An operation (see ``OPERATIONS``) on its arguments."""

    op: str
    args: tuple[Node, ...]
    span: Span = field(compare=False)


Node: TypeAlias = Number | Name | Call

LOGICAL = frozenset({"<", "<=", ">", ">=", "==", "!=", "and", "or", "not"})
"""Operations whose value is true or false."""

JOINING = frozenset({"and", "or", "not"})
"""Operations whose arguments are true or false."""


def _exprel(x: Any) -> Any:
    """(exp(x) - 1)/x, 1 at 0."""
    x = np.asarray(x, dtype=float)
    zero = x == 0.0
    return np.where(zero, 1.0, np.expm1(x) / np.where(zero, 1.0, x))


OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.true_divide,
    "**": np.float_power,
    "neg": np.negative,
    "exp": np.exp,
    "exprel": _exprel,
    "log": np.log,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "abs": np.abs,
    "min": np.minimum,
    "max": np.maximum,
    "where": np.where,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
}


def evaluate(node: Node, env: Mapping[str, Any]) -> Any:
    """The value of a tree, with NumPy's arithmetic (nan and inf, no exceptions).

    Parameters
    ----------
    node
        The tree.
    env
        Name to number or array; arrays broadcast.

    Returns
    -------
    float or ndarray
        Booleans where the tree is a comparison.

    Raises
    ------
    KeyError
        A name is missing from ``env``.

    Examples
    --------
    >>> from loligo.model.expression import parse
    >>> float(evaluate(parse("2*V + 1").tree, {"V": 3.0}))
    7.0
    """
    with np.errstate(all="ignore"):
        return _value(node, env)


def _value(node: Node, env: Mapping[str, Any]) -> Any:
    if isinstance(node, Call):
        return OPERATIONS[node.op](*[_value(argument, env) for argument in node.args])
    return env[node.id] if isinstance(node, Name) else node.rounded


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, each parent before its arguments."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Call):
            waiting.extend(reversed(node.args))


def names_in(node: Node) -> frozenset[str]:
    """Every name that the tree refers to."""
    return frozenset(each.id for each in walk(node) if isinstance(each, Name))


def substitute(node: Node, trees: Mapping[str, Node]) -> Node:
    """The tree with other trees in the places of names; names that are not in ``trees`` stay."""
    if isinstance(node, Name):
        return trees.get(node.id, node)
    if isinstance(node, Number):
        return node
    return Call(node.op, tuple(substitute(each, trees) for each in node.args), node.span)


@dataclass(frozen=True, slots=True)
class Size:
    """How large a tree is once everything it refers to is written out.

    ``bits`` is how long its value would be as an exact fraction; None where it is no constant.
    """

    nodes: int
    depth: int
    bits: int | None


LEAF = Size(1, 1, None)


def size(node: Node, known: Mapping[str, Size]) -> Size:
    """The size of a tree, names counted at their ``known`` size (1 where not known)."""
    if isinstance(node, Name):
        inside = known.get(node.id)
        return LEAF if inside is None else Size(inside.nodes, inside.depth + 1, inside.bits)
    if isinstance(node, Number):
        return Size(1, 1, node.value.numerator.bit_length() + node.value.denominator.bit_length())
    parts = [size(argument, known) for argument in node.args]
    return Size(
        1 + sum(part.nodes for part in parts),
        1 + max(part.depth for part in parts),
        _bits(node, [part.bits for part in parts]),
    )


_EXACT = frozenset({"+", "-", "*", "/", "neg", "abs", "min", "max"})


def _bits(node: Call, bits: list[int | None]) -> int | None:
    """Bits of an exact rational result; other functions of constants stay symbols."""
    known = [each for each in bits if each is not None]
    if len(known) < len(bits):
        return None
    if node.op in _EXACT:
        return sum(known)
    if node.op == "**":
        power = evaluate(node.args[1], {}) if not names_in(node.args[1]) else np.inf
        # a power of a power of ... is what grows without end
        return int(known[0] * min(max(abs(float(power)), 1.0), 1e6)) + known[1]
    return None
