"""A tree as LaTeX, in the order and with the digits in which it was written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

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
              "exprel": r"\operatorname{exprel}",
              "exprel2": r"\operatorname{exprel}_2",
              "root": r"\operatorname{root}", "removable": r"\operatorname{removable}"}  # fmt: skip


def symbol(name: str) -> str:
    r"""A name as it is printed. Ions and channels below the line are upright, be they one letter or
    two; a gate is not.

    >>> symbol("g_Na"), symbol("g_K"), symbol("alpha_m"), symbol("m_inf"), symbol("celsius")
    ('g_{\\mathrm{Na}}', 'g_{\\mathrm{K}}', '\\alpha_{m}', 'm_{\\infty}', 'T')
    """
    if name == "celsius":
        return "T"
    head, *rest = name.split("_")
    numbered = re.fullmatch(r"([A-Za-z]+?)(\d+)", head)
    if numbered:
        head, rest = numbered[1], [numbered[2], *rest]
    below = ",".join(_below(part) for part in rest if part)
    return f"{_letters(head)}_{{{below}}}" if below else _letters(head)


def _below(word: str) -> str:
    return rf"\mathrm{{{word}}}" if re.fullmatch("[A-Z]", word) else _letters(word)


def _letters(word: str) -> str:
    if word == "inf":
        return r"\infty"
    if _GREEK.fullmatch(word):
        return f"\\{word}"
    return word if len(word) == 1 or word.isdigit() else rf"\mathrm{{{word}}}"


@dataclass(frozen=True)
class Style:
    """How names are printed and what brackets look like.

    ``small``: in an exponent, where fractions are set with a slash.
    """

    called: Callable[[str], str] = symbol
    brackets: Callable[[str], str] = r"\left({}\right)".format
    small: bool = False

    @property
    def smaller(self) -> Style:
        return self if self.small else replace(self, small=True)


def latex(node: Node, style: Style = Style()) -> str:
    r"""LaTeX of a tree, without the ``$``.

    >>> from loligo.model.expression import parse
    >>> print(latex(parse("0.1*(V+40)/(1-exp(-(V+40)/10))").tree))
    \frac{0.1\,\left(V + 40\right)}{1 - e^{-\left(V + 40\right)/10}}
    """
    if isinstance(node, Number):
        return _number(node.text)
    if isinstance(node, Name):
        return style.called(node.id)
    setter = _SETTERS.get(node.op)
    if setter is not None:
        return setter(node.args, style)
    if node.op in _SIGNS:
        return _infix(node, style)
    parts = ", ".join(latex(part, style) for part in _flat(node))
    return _FUNCTIONS[node.op] + style.brackets(parts)


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


def _binding(node: Node, style: Style) -> int:
    if isinstance(node, Number):
        return _PRODUCT if "times" in _number(node.text) else _ATOM
    if isinstance(node, Name):
        return _ATOM
    if _is_negative(node):
        return _BINDING["neg"]
    if node.op == "/" and not style.small:
        return _PRODUCT + 1  # a fraction: holds together in products, not as a base
    if node.op in ("exp", "where"):
        return _POWER if node.op == "exp" else 0
    return _BINDING.get(node.op, _ATOM)


def _is_negative(node: Node) -> bool:
    """Whether it is printed with a minus sign in front."""
    if not isinstance(node, Call):
        return False
    return node.op == "neg" or (node.op in ("*", "/") and _is_negative(node.args[0]))


def _held(node: Node, least: int, style: Style) -> str:
    text = latex(node, style)
    return text if _binding(node, style) >= least else style.brackets(text)


def _infix(node: Call, style: Style) -> str:
    left, right = node.args
    own = _BINDING[node.op]
    least = _PRODUCT if own == _SUM else own + 1
    return f"{_held(left, own, style)} {_SIGNS[node.op]} {_held(right, least, style)}"


def _product(args: tuple[Node, ...], style: Style) -> str:
    left = _held(args[0], _BINDING["neg"], style)
    right = _held(args[1], _PRODUCT, style)
    gap = r" \cdot " if right[:1].isdigit() else r"\,"
    return f"{left}{gap}{right}"


def _fraction(args: tuple[Node, ...], style: Style) -> str:
    above, below = args
    if isinstance(above, Call) and above.op == "neg":
        return _negative((Call("/", (above.args[0], below), above.span),), style)
    if style.small:
        return f"{_held(above, _BINDING['neg'], style)}/{_held(below, _PRODUCT + 1, style)}"
    return rf"\frac{{{latex(above, style)}}}{{{latex(below, style)}}}"


def _negative(args: tuple[Node, ...], style: Style) -> str:
    return "-" + _held(args[0], _PRODUCT, style)


def _power(args: tuple[Node, ...], style: Style) -> str:
    base, exponent = args
    inside = _held(base, _ATOM, style)
    if isinstance(base, Name) and "_" in inside:
        inside = f"{{{inside}}}"
    return f"{inside}^{{{latex(exponent, style.smaller)}}}"


def _exponential(args: tuple[Node, ...], style: Style) -> str:
    if style.small:
        return r"\exp" + style.brackets(latex(args[0], style))
    return f"e^{{{latex(args[0], style.smaller)}}}"


def _cases(args: tuple[Node, ...], style: Style) -> str:
    condition, one, other = (latex(part, style) for part in args)
    return (
        rf"\begin{{cases}} {one} & \text{{if }} {condition} \\ "
        rf"{other} & \text{{otherwise}} \end{{cases}}"
    )


_SETTERS: Mapping[str, Callable[[tuple[Node, ...], Style], str]] = {
    "*": _product,
    "/": _fraction,
    "neg": _negative,
    "**": _power,
    "exp": _exponential,
    "where": _cases,
    "sqrt": lambda args, style: rf"\sqrt{{{latex(args[0], style)}}}",
    "abs": lambda args, style: rf"\left|{latex(args[0], style)}\right|",
    "not": lambda args, style: r"\lnot " + _held(args[0], 3, style),
}
