"""A tree as LaTeX, in the order and with the digits in which it was written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from loligo.model.tree import Call, Name, Node, Number

# How tightly an operation holds its parts together; brackets go around what holds less tightly.
_BINDING = {"or": 0, "and": 1, "not": 2, "<": 3, "<=": 3, ">": 3, ">=": 3, "==": 3, "!=": 3,
            "+": 4, "-": 4, "neg": 5, "*": 6, "/": 6, "**": 8}  # fmt: skip
_SUM, _PRODUCT, _POWER, _ATOM = 4, 6, 8, 9

_SMALL_GREEK = (
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|rho|sigma|tau|"
    "upsilon|phi|chi|psi|omega"
)
_GREEK = re.compile(_SMALL_GREEK + "|Gamma|Delta|Theta|Lambda|Xi|Sigma|Upsilon|Phi|Psi|Omega")
_SIGNS = {"<": r"\lt", "<=": r"\le", ">": r"\gt", ">=": r"\ge", "==": "=", "!=": r"\ne",
          "and": r"\land", "or": r"\lor", "+": "+", "-": "-"}  # fmt: skip
_FUNCTIONS = {"log": r"\ln", "sin": r"\sin", "cos": r"\cos", "tanh": r"\tanh", "sinh": r"\sinh",
              "cosh": r"\cosh", "min": r"\min", "max": r"\max",
              "exprel": r"\operatorname{exprel}"}  # fmt: skip


def symbol(name: str) -> str:
    r"""A name as it is printed.

    >>> symbol("g_Na"), symbol("m_inf"), symbol("phi"), symbol("celsius")
    ('g_{\\mathrm{Na}}', 'm_{\\infty}', '\\phi', 'T')
    """
    if name == "celsius":
        return "T"
    head, *rest = name.split("_")
    numbered = re.fullmatch(r"([A-Za-z]+?)(\d+)", head)
    if numbered:
        head, rest = numbered[1], [numbered[2], *rest]
    below = ",".join(_letters(part) for part in rest if part)
    return f"{_letters(head)}_{{{below}}}" if below else _letters(head)


def _letters(word: str) -> str:
    if word == "inf":
        return r"\infty"
    if _GREEK.fullmatch(word):
        return f"\\{word}"
    return word if len(word) == 1 or word.isdigit() else rf"\mathrm{{{word}}}"


def latex(node: Node) -> str:
    r"""LaTeX of a tree, without the ``$``.

    >>> from loligo.model.expression import parse
    >>> print(latex(parse("0.1*(V+40)/(1-exp(-(V+40)/10))").tree))
    \frac{0.1\,\left(V + 40\right)}{1 - e^{-\left(V + 40\right)/10}}
    """
    return _set(node, small=False)


def _set(node: Node, small: bool) -> str:
    """``small``: in an exponent, where fractions are set with a slash."""
    if isinstance(node, Number):
        return _number(node.text)
    if isinstance(node, Name):
        return symbol(node.id)
    setter = _SETTERS.get(node.op)
    if setter is not None:
        return setter(node.args, small)
    if node.op in _SIGNS:
        return _infix(node, small)
    return _FUNCTIONS[node.op] + _brackets(", ".join(_set(part, small) for part in _flat(node)))


def _flat(node: Call) -> tuple[Node, ...]:
    """min(min(a, b), c) was written min(a, b, c)."""
    first, *rest = node.args
    if rest and isinstance(first, Call) and first.op == node.op:
        return (*_flat(first), *rest)
    return node.args


def _number(text: str) -> str:
    if text == "pi":
        return r"\pi"
    mantissa, _, exponent = text.lower().partition("e")
    if not exponent:
        return text
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa in ("1", "1.", "1.0") else rf"{mantissa} \times {power}"


def _brackets(inside: str) -> str:
    return rf"\left({inside}\right)"


def _binding(node: Node, small: bool) -> int:
    if isinstance(node, Number):
        return _PRODUCT if "times" in _number(node.text) else _ATOM
    if isinstance(node, Name):
        return _ATOM
    if _is_negative(node):
        return _BINDING["neg"]
    if node.op == "/" and not small:
        return _PRODUCT + 1  # a fraction: holds together in products, not as a base
    if node.op in ("exp", "where"):
        return _POWER if node.op == "exp" else 0
    return _BINDING.get(node.op, _ATOM)


def _is_negative(node: Node) -> bool:
    """Whether it is printed with a minus sign in front."""
    if not isinstance(node, Call):
        return False
    return node.op == "neg" or (node.op in ("*", "/") and _is_negative(node.args[0]))


def _held(node: Node, least: int, small: bool) -> str:
    text = _set(node, small)
    return text if _binding(node, small) >= least else _brackets(text)


def _infix(node: Call, small: bool) -> str:
    left, right = node.args
    own = _BINDING[node.op]
    least = _PRODUCT if own == _SUM else own + 1
    return f"{_held(left, own, small)} {_SIGNS[node.op]} {_held(right, least, small)}"


def _product(args: tuple[Node, ...], small: bool) -> str:
    left = _held(args[0], _BINDING["neg"], small)
    right = _held(args[1], _PRODUCT, small)
    gap = r" \cdot " if right[:1].isdigit() else r"\,"
    return f"{left}{gap}{right}"


def _fraction(args: tuple[Node, ...], small: bool) -> str:
    above, below = args
    if isinstance(above, Call) and above.op == "neg":
        return _negative((Call("/", (above.args[0], below), above.span),), small)
    if small:
        return f"{_held(above, _BINDING['neg'], small)}/{_held(below, _PRODUCT + 1, small)}"
    return rf"\frac{{{_set(above, small)}}}{{{_set(below, small)}}}"


def _negative(args: tuple[Node, ...], small: bool) -> str:
    return "-" + _held(args[0], _PRODUCT, small)


def _power(args: tuple[Node, ...], small: bool) -> str:
    base, exponent = args
    inside = _held(base, _ATOM, small)
    if isinstance(base, Name) and "_" in inside:
        inside = f"{{{inside}}}"
    return f"{inside}^{{{_set(exponent, small=True)}}}"


def _exponential(args: tuple[Node, ...], small: bool) -> str:
    if small:
        return r"\exp" + _brackets(_set(args[0], small))
    return f"e^{{{_set(args[0], small=True)}}}"


def _cases(args: tuple[Node, ...], small: bool) -> str:
    condition, one, other = (_set(part, small) for part in args)
    return (
        rf"\begin{{cases}} {one} & \text{{if }} {condition} \\ "
        rf"{other} & \text{{otherwise}} \end{{cases}}"
    )


_SETTERS: Mapping[str, Callable[[tuple[Node, ...], bool], str]] = {
    "*": _product,
    "/": _fraction,
    "neg": _negative,
    "**": _power,
    "exp": _exponential,
    "where": _cases,
    "sqrt": lambda args, small: rf"\sqrt{{{_set(args[0], small)}}}",
    "abs": lambda args, small: rf"\left|{_set(args[0], small)}\right|",
    "not": lambda args, small: r"\lnot " + _held(args[0], 3, small),
}
