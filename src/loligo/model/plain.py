"""A tree as plain text: as a person types it, or as a page prints it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from loligo.model.tree import Call, Name, Node, Number

# How tightly an operation holds its parts together, in the language that is read.
_BINDING = {"or": 0, "and": 1, "not": 2, "<": 3, "<=": 3, ">": 3, ">=": 3, "==": 3, "!=": 3,
            "+": 4, "-": 4, "*": 5, "/": 5, "neg": 6, "**": 7}  # fmt: skip
_SIGN, _ATOM = _BINDING["neg"], 8

_WORDS = {"and": " and ", "or": " or ", "/": "/"}
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Style:
    """How it looks: signs between two parts, brackets around one, and a base to its exponent.

    ``exact``: with the brackets that give the same tree when it is read, as in a*(b/c); without,
    only those that give the same value.
    """

    signs: Mapping[str, str]
    brackets: Callable[[str], str]
    power: Callable[[str, str], str]
    exact: bool


def _raised(base: str, exponent: str) -> str:
    return base + exponent.translate(_SUPERSCRIPT) if exponent.isdigit() else f"{base}**{exponent}"


TYPED = Style(_WORDS, "({})".format, "{}**{}".format, exact=True)
"""``g*m**3*(V-E)``: what can be read again."""
PRINTED = Style(
    {**_WORDS, "+": " + ", "-": " − ", "*": " "},
    lambda inside: f"[{inside}]" if "(" in inside else f"({inside})",
    _raised,
    exact=False,
)
"""``g m³ (V − E)``."""


def plain(node: Node, style: Style = TYPED, called: Callable[[str], str] = str) -> str:
    """A tree in one line.

    Parameters
    ----------
    node
        The tree.
    style
        ``TYPED`` or ``PRINTED``.
    called
        What stands for a name.

    Examples
    --------
    >>> from loligo.model.expression import parse
    >>> tree = parse("phi*(a*(1 - m**2) - b*m)").tree
    >>> plain(tree)
    'phi*(a*(1-m**2)-b*m)'
    >>> plain(tree, PRINTED)
    'phi [a (1 − m²) − b m]'
    """
    if isinstance(node, Number):
        return node.text
    if isinstance(node, Name):
        return called(node.id)

    def held(part: Node, least: int) -> str:
        text = plain(part, style, called)
        tight = isinstance(part, Call) and _BINDING.get(part.op, _ATOM) < least
        return style.brackets(text) if tight else text

    own = _BINDING.get(node.op)
    if own is None:
        return f"{node.op}({', '.join(held(part, 0) for part in node.args)})"
    if node.op in ("neg", "not"):
        return ("-" if node.op == "neg" else "not ") + held(node.args[0], own + 1)
    left, right = node.args
    if node.op == "**":
        return style.power(held(left, _ATOM), held(right, _SIGN))
    regrouped = node.op == "*" and not style.exact
    sign, last = style.signs.get(node.op, node.op), held(right, own if regrouped else own + 1)
    if sign == " " and last[:1].isdigit():
        sign = " · "
    return held(left, own) + sign + last
