"""LaTeX as `latex` and `equations` write it, as MathML: what every browser shows by itself, also
where TeX stays raw."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape

_TOKEN = re.compile(r"\\[A-Za-z]+|\\\\(?:\[2pt\])?|\\.|\d+(?:\.\d*)?|\.\d+|\s+|.", re.DOTALL)
_GREEK: Mapping[str, str] = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ",
    "eta": "η", "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν",
    "xi": "ξ", "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "ϕ", "chi": "χ",
    "psi": "ψ", "omega": "ω", "pi": "π", "varphi": "φ", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ",
    "Lambda": "Λ", "Xi": "Ξ", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
    "infty": "∞",
}  # fmt: skip
_SIGNS = {
    "lt": "<", "le": "≤", "gt": ">", "ge": "≥", "ne": "≠", "land": "∧", "lor": "∨", "lnot": "¬",
    "cdot": "⋅", "times": "×", "to": "→", "rightarrow": "→", "rightleftharpoons": "⇌",
}  # fmt: skip
_FUNCTIONS = frozenset(["ln", "sin", "cos", "tanh", "sinh", "cosh", "min", "max", "exp"])
_SPACES = {",": "0.167em", ";": "0.278em", "quad": "1em"}
_ENDS = frozenset({"}", "&", r"\right", r"\end"})


def mathml(latex: str, block: bool = True) -> str:
    r"""LaTeX, without its ``$``, as a ``math`` element.

    >>> mathml(r"\frac{dV}{dt}", block=False)
    '<math><mfrac><mrow><mi>d</mi><mi>V</mi></mrow><mrow><mi>d</mi><mi>t</mi></mrow></mfrac></math>'
    """
    kind = ' display="block"' if block else ""
    return f"<math{kind}>{_Reader(latex).row()}</math>"


class _Reader:
    """Reads LaTeX from the left to the right; blanks mean nothing."""

    def __init__(self, latex: str) -> None:
        tokens: list[str] = _TOKEN.findall(latex)
        self.tokens = [token for token in tokens if not token.isspace()]
        self.at = 0

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def row(self) -> str:
        """All up to the end of what it is in."""
        parts: list[str] = []
        while self.next and self.next not in _ENDS and not self.next.startswith(r"\\"):
            parts.append(self._scripted())
        return "".join(parts)

    def _scripted(self) -> str:
        """One thing with what stands below and above it."""
        base, below, above = self.one(), "", ""
        while self.next in ("_", "^"):
            if self.take() == "_":
                below = self.one()
            else:
                above = self.one()
        if below and above:
            return f"<msubsup>{base}{below}{above}</msubsup>"
        if below or above:
            name = "msub" if below else "msup"
            return f"<{name}>{base}{below or above}</{name}>"
        return base

    def one(self) -> str:
        token = self.take()
        if token == "{":
            inside = self.row()
            self.take()
            return f"<mrow>{inside}</mrow>"
        if token.startswith("\\"):
            return self._command(token[1:])
        if token[0].isdigit() or token[0] == ".":
            return f"<mn>{token}</mn>"
        if token.isalpha():
            return f"<mi>{escape(token)}</mi>"
        return f'<mo stretchy="false">{escape(token.replace("-", "−"))}</mo>'

    def _command(self, name: str) -> str:
        if name in _GREEK:
            return f"<mi>{_GREEK[name]}</mi>"
        if name in _SIGNS:
            return f"<mo>{escape(_SIGNS[name])}</mo>"
        if name in _FUNCTIONS:
            return f"<mi>{name}</mi>"
        if name in _SPACES:
            return f'<mspace width="{_SPACES[name]}"/>'
        if name in _WITH_PARTS:
            return _WITH_PARTS[name](self)
        return f"<mtext>{escape(name)}</mtext>"

    def words(self) -> str:
        """The letters between braces."""
        self.take()
        letters: list[str] = []
        while self.next != "}":
            letters.append(self.take())
        self.take()
        return escape("".join(letters))


def _upright(reader: _Reader) -> str:
    word = reader.words()
    normal = ' mathvariant="normal"' if len(word) == 1 else ""
    return f"<mi{normal}>{word}</mi>"


def _fraction(reader: _Reader) -> str:
    above = reader.one()
    return f"<mfrac>{above}{reader.one()}</mfrac>"


def _root(reader: _Reader) -> str:
    return f"<msqrt>{reader.one()}</msqrt>"


def _brackets(reader: _Reader) -> str:
    left = reader.take()
    inside = reader.row()
    reader.take()
    right = reader.take()
    return f"<mrow><mo>{escape(left)}</mo>{inside}<mo>{escape(right)}</mo></mrow>"


def _table(reader: _Reader) -> str:
    """Rows of equations, aligned at their signs, or the cases of one."""
    kind = reader.words()
    rows: list[list[str]] = [[reader.row()]]
    while reader.next != r"\end":
        if reader.take() == "&":
            rows[-1].append(reader.row())
        else:
            rows.append([reader.row()])
    reader.take()
    reader.words()
    sides = ("left", "left") if kind == "cases" else ("right", "left")
    body = "".join(
        "<mtr>"
        + "".join(f'<mtd style="text-align:{side}">{cell}</mtd>'
                  for side, cell in zip(sides, row, strict=False))
        + "</mtr>"
        for row in rows
    )  # fmt: skip
    table = f'<mtable displaystyle="true">{body}</mtable>'
    return f"<mrow><mo>{{</mo>{table}</mrow>" if kind == "cases" else table


_WITH_PARTS: Mapping[str, Callable[[_Reader], str]] = {
    "mathrm": _upright,
    "operatorname": _upright,
    "text": lambda reader: f"<mtext>{reader.words()}&#160;</mtext>",
    "frac": _fraction,
    "sqrt": _root,
    "left": _brackets,
    "begin": _table,
}
