"""The text of an expression before it is parsed: characters, literals, brackets, nesting."""

from __future__ import annotations

import re
import unicodedata
from typing import NoReturn

from loligo.model.tree import Span

MAX_TEXT = 4_000  # characters
MAX_DEPTH = 100  # brackets in brackets; deeper trees exhaust the stack further down
MAX_DIGITS = 40
MAX_DECIMALS = 300  # |exponent| of a literal; doubles end at 308


class Refusal(Exception):  # noqa: N818 (it never leaves the parser)
    """What is wrong, and where; becomes a ModelError once the text is known."""

    def __init__(self, problem: str, span: Span) -> None:
        super().__init__(problem)
        self.problem = problem
        self.span = span


_TOKEN = re.compile(
    r"(?P<blank> +)"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>\*\*|//|<=|>=|==|!=|[-+*/(),<>])"
)

INSTEAD = (
    {
        "^": "powers are written **, as in x**2",
        "=": "an expression has no =; to compare, write ==",
        ".": "names have no dots; write exp(V), not np.exp(V)",
        "%": "there is no remainder or percent sign",
        "&": "write and",
        "|": "write or",
        "~": "write not",
        "!": "write not, or != to compare",
        "#": "an expression has no comment; use meaning or notes",
        "\\": "an expression has no backslash; leave it out, also at the end of a line",
        "\0": "there is a NUL character",
    }
    | dict.fromkeys("[]{}", "only ( ) are brackets here")
    | dict.fromkeys(":;'\"@$`?", "this character has no meaning in an expression")
)

_LOOKALIKE = {
    "−": "-", "–": "-", "—": "-", "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "∕": "/",
    "⁄": "/", "≤": "<=", "≥": ">=", "≠": "!=", "²": "**2", "³": "**3", "√": "sqrt( )",
    "π": "pi", "µ": "u", "μ": "u", "°": "", "\u00a0": "a plain blank",
}  # fmt: skip


def scan(line: str) -> None:
    """Refuse unknown characters, unbalanced brackets and whatever nests too deeply."""
    opened: list[int] = []
    nesting = 0  # operators that nest to the right: ** not else, and signs before a value
    at = 0
    before = ""
    while at < len(line):
        match = _TOKEN.match(line, at)
        if match is None:
            raise Refusal(_about_character(line[at]), (at, at + 1))
        word, at = match[0], match.end()
        span = match.span()
        if match.lastgroup == "blank":
            continue
        if match.lastgroup == "number":
            _check_literal(line, span)
        if word == "(":
            opened.append(span[0])
        elif word == ")":
            if not opened:
                raise Refusal("this bracket was never opened", span)
            opened.pop()
        elif word == "//":
            raise Refusal("write / to divide", span)
        elif word in ("**", "not", "else", "lambda") or (word in "+-" and _is_sign(before)):
            nesting += 1
        if len(opened) > MAX_DEPTH or nesting > MAX_DEPTH:
            raise Refusal(
                f"more than {MAX_DEPTH} levels are nested here; name parts of it as helpers", span
            )
        before = word
    if opened:
        raise Refusal("this bracket is never closed", (opened[-1], opened[-1] + 1))


def _is_sign(before: str) -> bool:
    return not (before == ")" or before[-1:].isalnum() or before[-1:] in ("_", "."))


def _about_character(character: str) -> str:
    if character in INSTEAD:
        return INSTEAD[character]
    title = unicodedata.name(character, f"U+{ord(character):04X}").lower()
    plain = _LOOKALIKE.get(character)
    remedy = f"write {plain}" if plain else "use plain letters A-Z a-z, digits, _ and + - * / ( )"
    return f"this character ({title}) cannot be read here; {remedy}"


def _check_literal(line: str, span: Span) -> None:
    start, end = span
    if end < len(line) and (line[end].isalnum() or line[end] in "_."):
        word = re.match(r"[A-Za-z0-9_.]*", line[end:])
        rest = word[0] if word else ""
        remedy = (
            f"to multiply, write {line[start:end]}*{rest}"
            if rest[:1].isalpha()
            else "write numbers as 120, 0.1 or 1e-3"
        )
        raise Refusal(f"this number cannot be read; {remedy}", (start, end + len(rest)))
    mantissa, _, exponent = line[start:end].lower().partition("e")
    if len(mantissa) > MAX_DIGITS or len(exponent) > 5 or abs(int(exponent or "0")) > MAX_DECIMALS:
        raise Refusal(
            f"this number is too long: at most {MAX_DIGITS} digits, "
            f"and between 1e-{MAX_DECIMALS} and 1e{MAX_DECIMALS}",
            span,
        )


def explain(line: str, indent: int, error: SyntaxError) -> NoReturn:
    """A syntax error in our own words; Python's speak of Python."""
    at = min(indent + max((error.offset or 1) - 1, 0), max(len(line.rstrip()) - 1, 0))
    ending = re.search(r"(\*\*|[-+*/<>=,]|\b(?:and|or|not|if|else))\s*$", line)
    if ending:
        raise Refusal("something is missing after this", ending.span(1)) from None
    gap = re.search(r"([A-Za-z0-9_.)])\s+(?!(?:if|else|and|or|not|in|is)\b)([A-Za-z0-9_.(])", line)
    if gap and not re.search(r"\b(?:if|else|and|or|not|in|is|lambda|for)$", line[: gap.end(1)]):
        raise Refusal(
            "between these two an operator is missing; to multiply, write *",
            (gap.start(1), gap.end(2)),
        ) from None
    raise Refusal("this cannot be read as an expression", (at, at + 1)) from None
