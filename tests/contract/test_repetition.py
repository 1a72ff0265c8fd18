"""Nothing is written twice: no ten consecutive lines that are equal up to names."""

from __future__ import annotations

import ast
import io
import keyword
import tokenize
from collections import defaultdict
from itertools import combinations, pairwise
from pathlib import Path

import loligo as lo

PACKAGE = Path(lo.__file__).parent
RUN = 10
# fewer different lines than this in a run are a table, not a piece of thinking
KINDS = 4
# What may be alike, "one file ~ other", and why.
ALIKE = {
    "figures/style.py ~ figures/style.py": "two themes: the same fields, other colours",
    "engine/llvm/formats.py ~ engine/llvm/formats.py": "two formats: the same constants' digits",
    "cli/axon.py ~ cli/options.py": "tables of options: their names, units and help",
    "cli/lab.py ~ cli/options.py": "tables of options: their names, units and help",
    "cli/simulating.py ~ cli/simulating.py": "what a command takes, group by group",
}


def shapes(text: str) -> list[tuple[int, str]]:
    """Every line of code by its number, with all names, numbers and texts alike.

    Comments, docstrings, imports and lone brackets do not count.
    """
    aside: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        said = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if said or isinstance(node, ast.Import | ast.ImportFrom):
            aside |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines: dict[int, list[str]] = defaultdict(list)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.start[0] not in aside and token.string.strip() and token.type != tokenize.COMMENT:
            lines[token.start[0]].append(_kind(token))
    return [(n, " ".join(line)) for n, line in lines.items() if any(map(str.isalnum, line))]


def _kind(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
        return "x"
    return {tokenize.NUMBER: "0", tokenize.OP: token.string}.get(
        token.type, token.string if token.type == tokenize.NAME else "s"
    )


def alike(texts: dict[str, str]) -> dict[str, str]:
    """``one file ~ other`` -> where, for all that share a run of lines."""
    places: dict[tuple[str, ...], list[tuple[str, int, int]]] = defaultdict(list)
    for name, text in texts.items():
        rows = shapes(text)
        for k in range(len(rows) - RUN + 1):
            run = tuple(shape for _, shape in rows[k : k + RUN])
            if len(set(run)) >= KINDS:
                places[run].append((name, k, rows[k][0]))
    found: dict[str, str] = {}
    for same in places.values():
        for (a, i, first), (b, j, second) in combinations(same, 2):
            if a != b or j - i >= RUN:
                found.setdefault(f"{a} ~ {b}", f"from lines {first} and {second} on")
    return found


def test_no_ten_lines_are_equal_up_to_names() -> None:
    texts = {
        path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(PACKAGE.rglob("*.py"))
    }
    found = alike(texts)
    new = [f"{pair}, {where}" for pair, where in found.items() if pair not in ALIKE]
    assert not new, "the same lines stand twice:\n" + "\n".join(new)
    assert found.keys() >= ALIKE.keys(), f"strike off {ALIKE.keys() - found.keys()}"


PIECE = """
def area(shape):
    '''Its own words.'''
    if shape.round:
        return 3 * shape.radius**2  # about
    total = 0
    for a, b in shape.corners:
        total += a[0] * b[1]
        total -= a[1] * b[0]
    if total < 0:
        total = -total
    scale = shape.unit or "m2"
    return total / 2, scale
"""


def test_other_names_words_and_comments_make_no_difference() -> None:
    other = PIECE.replace("area", "charge").replace("total", "sum_").replace("'''Its own", "'''My")
    other = other.replace("  # about", "").replace('"m2"', "'nC'").replace("shape", "pulse")
    assert alike({"a.py": PIECE, "b.py": "import os\n" + other}) == {
        "a.py ~ b.py": "from lines 2 and 3 on"
    }
    assert alike({"a.py": PIECE + other}) == {"a.py ~ a.py": "from lines 2 and 15 on"}
    assert not alike({"a.py": PIECE, "b.py": other.replace("-=", "+=")})


def test_a_table_is_no_repetition() -> None:
    table = "UNITS = {\n" + "".join(f'    "u{n}": ({n}, 1.5),\n' for n in range(40)) + "}\n"
    assert not alike({"a.py": table, "b.py": table})
    assert all(a < b for a, b in pairwise(n for n, _ in shapes(table)))
