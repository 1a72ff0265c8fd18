"""Text to expression: Python's grammar, an allow-list, and nothing that could run.

The text of a model is untrusted. It is cut into tokens here, checked for its size and its
characters, parsed by :mod:`ast` (which only builds a tree), and copied node by node into the
three kinds of :mod:`loligo.model.tree`. What is not on the list is an error that points at it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from loligo.errors import ModelError, pointing
from loligo.model.functions import FUNCTIONS, LATER, PI, about_function, fold, make, need_number
from loligo.model.tokens import INSTEAD, MAX_DEPTH, MAX_TEXT, Refusal, explain, scan
from loligo.model.tree import Call, Name, Node, Number, Span, evaluate, names_in

__all__ = ["FUNCTIONS", "Call", "Expression", "Name", "Node", "Number", "evaluate", "parse"]

MAX_NODES = 2_000


@dataclass(frozen=True, slots=True)
class Expression:
    """A formula as it was written, and its tree.

    Two are equal if their text is. ``str()`` gives the text.
    """

    text: str
    tree: Node = field(compare=False, repr=False)
    names: frozenset[str] = field(compare=False, repr=False)

    def __str__(self) -> str:
        return self.text


def parse(text: str, where: str = "expression") -> Expression:
    """Read an expression.

    Parameters
    ----------
    text
        Python arithmetic: ``+ - * / **``, comparisons, ``and or not``, ``a if c else b``, the
        functions of ``FUNCTIONS``, ``pi`` and names.
    where
        What it is, for messages: ``"alpha of gate m"``.

    Returns
    -------
    Expression
        Its text, tree and names. Literals are exact fractions.

    Raises
    ------
    ModelError
        The text is no such expression or too large; the message points at the column.

    Notes
    -----
    Some functions are short for others: ``q10(factor, reference)`` is
    ``factor**((celsius - reference)/10)``; ``nernst(z, outside, inside)`` is
    ``1000*R*T/(z*F)*log(outside/inside)`` in mV with T = celsius + 273.15 (Hille 2001, *Ion
    Channels of Excitable Membranes*, 3rd ed., chapter 1); ``log10(x)`` is ``log(x)/log(10)``.
    ``ghk(z, P, inside, outside)`` is the current (µA/cm2, outward) that ions of valence z carry
    through a permeability P (cm/s) between two concentrations (mM) in a constant field,
    ``P*z*F*u*(inside - outside*exp(-u))/(1 - exp(-u))`` with u = zFV/(RT), and its limit at V = 0
    (Goldman 1943, doi:10.1085/jgp.27.1.37; Hodgkin & Katz 1949,
    doi:10.1113/jphysiol.1949.sp004310); a fifth argument is the potential
    (mV), where that is not V.

    Examples
    --------
    >>> parse("4*exp(-(V+65)/18)").names
    frozenset({'V'})
    >>> parse("4*exp(-(W^2)")
    Traceback (most recent call last):
    loligo.errors.ModelError: expression: powers are written **, as in x**2
        4*exp(-(W^2)
                 ^
    More: https://github.com/loligo/loligo/blob/main/docs/models.md
    """
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ModelError(f"{where}: an expression is a text such as '0.1*(V+40)', not {text!r:.60}")
    if len(text) > MAX_TEXT:
        raise ModelError(
            f"{where}: the expression has {len(text):,} characters, at most {MAX_TEXT:,} are read; "
            "name parts of it as helpers"
        )
    try:
        return _parse(text)
    except Refusal as refusal:
        error = ModelError(f"{where}: {refusal.problem}\n{pointing(text, *refusal.span)}")
        error.excerpt = (text, refusal.span[0])
    raise error


@lru_cache(maxsize=1024)
def _parse(text: str) -> Expression:
    line = re.sub(r"[\t\r\n]", " ", text)
    if not line.strip():
        raise Refusal("the expression is empty", (0, 1))
    scan(line)
    indent = len(line) - len(line.lstrip())
    try:
        body = ast.parse(line.strip(), mode="eval").body
    except SyntaxError as error:
        explain(line, indent, error)
    except (RecursionError, MemoryError, ValueError):
        raise Refusal("too much is nested here; name parts of it as helpers", (0, 1)) from None
    tree = _Reader(line, indent).read(body)
    need_number(tree)
    return Expression(text, tree, names_in(tree))


# ---------------------------------------------------------------------------- tree

_BINARY: Mapping[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
}
_COMPARE: Mapping[type[ast.AST], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


class _Reader:
    """Copies Python's tree, node by node, from an allow-list."""

    def __init__(self, line: str, indent: int) -> None:
        self.line = line
        self.indent = indent
        self.depth = 0
        self.count = 0
        self.readers: Mapping[type[ast.AST], Callable[..., Node]] = {
            ast.Constant: self.constant,
            ast.Name: self.name,
            ast.UnaryOp: self.unary,
            ast.BinOp: self.binary,
            ast.Compare: self.compare,
            ast.BoolOp: self.boolean,
            ast.IfExp: self.conditional,
            ast.Call: self.call,
        }

    def read(self, node: ast.expr) -> Node:
        self.depth += 1
        self.count += 1
        span = self.span(node)
        if self.depth > MAX_DEPTH or self.count > MAX_NODES:
            raise Refusal(
                f"this is too large (at most {MAX_DEPTH} levels and {MAX_NODES:,} parts); "
                "name parts of it as helpers",
                span,
            )
        reader = self.readers.get(type(node))
        if reader is None:
            raise Refusal(_about_syntax(node), span)
        tree = reader(node, span)
        self.depth -= 1
        return tree

    def span(self, node: ast.expr) -> Span:
        end = node.end_col_offset if node.end_col_offset is not None else node.col_offset + 1
        return node.col_offset + self.indent, end + self.indent

    def constant(self, node: ast.Constant, span: Span) -> Node:
        if type(node.value) not in (int, float):
            raise Refusal("only numbers, names and functions are read here", span)
        text = self.line[span[0] : span[1]]
        return Number(Fraction(text), text, span)

    def name(self, node: ast.Name, span: Span) -> Node:
        if node.id == "pi":
            return Number(PI, "pi", span)
        if node.id in FUNCTIONS and node.id not in LATER:
            raise Refusal(f"{node.id} is a function: write {FUNCTIONS[node.id].usage}", span)
        if node.id.startswith("__"):
            raise Refusal("names do not begin with two underscores", span)
        return Name(node.id, span)

    def unary(self, node: ast.UnaryOp, span: Span) -> Node:
        operand = self.read(node.operand)
        if isinstance(node.op, ast.UAdd):
            return operand
        if isinstance(node.op, ast.Not):
            return make("not", (operand,), span)
        return make("neg", (operand,), span)

    def binary(self, node: ast.BinOp, span: Span) -> Node:
        op = _BINARY.get(type(node.op))
        if op is None:
            raise Refusal("the operators are + - * / **", span)
        return make(op, (self.read(node.left), self.read(node.right)), span)

    def compare(self, node: ast.Compare, span: Span) -> Node:
        values = [self.read(each) for each in (node.left, *node.comparators)]
        parts: list[Node] = []
        for left, op, right in zip(values, node.ops, values[1:], strict=False):
            if type(op) not in _COMPARE:
                raise Refusal("comparisons are < <= > >= == !=", span)
            parts.append(make(_COMPARE[type(op)], (left, right), span))
        return fold("and", parts, span)

    def boolean(self, node: ast.BoolOp, span: Span) -> Node:
        op = "and" if isinstance(node.op, ast.And) else "or"
        return fold(op, [self.read(each) for each in node.values], span)

    def conditional(self, node: ast.IfExp, span: Span) -> Node:
        return make("where", tuple(map(self.read, (node.test, node.body, node.orelse))), span)

    def call(self, node: ast.Call, span: Span) -> Node:
        if not isinstance(node.func, ast.Name):
            raise Refusal("to multiply, write * before the bracket", span)
        word, at = node.func.id, self.span(node.func)
        function = FUNCTIONS.get(word)
        if function is None:
            inside = (part for argument in node.args for part in ast.walk(argument))
            looks_back = any(isinstance(p, ast.Name) and p.id in ("t", "time") for p in inside)
            if looks_back or word == "delay":
                raise Refusal(_NO_DELAYS, span)
            raise Refusal(about_function(word), at)
        if node.keywords or any(isinstance(each, ast.Starred) for each in node.args):
            raise Refusal(f"arguments are given in order: {function.usage}", span)
        count = len(node.args)
        if not function.takes(count):
            raise Refusal(f"{word} is written {function.usage}; {count or 'no'} values given", span)
        return function.build(tuple(self.read(each) for each in node.args), span)


_NO_DELAYS = (
    "equations cannot look back in time: there are no delays. A row of states that follow one "
    "another, dx/dt = (V - x)/tau, comes near to one"
)
_SYNTAX: Mapping[type[ast.AST], str] = {
    ast.Tuple: "one expression is expected, not several with commas",
    ast.Attribute: INSTEAD["."],
    ast.Lambda: "lambda cannot be used as a name or a function here",
}


def _about_syntax(node: ast.AST) -> str:
    return _SYNTAX.get(
        type(node), "only arithmetic, comparisons, if-else and functions are read here"
    )
