"""The page of 1952: its code, which is run figure by figure, and its tables, which are written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs.course.notebooks import BLOCK
from docs.figures1952 import clamped, curriculum, membrane, propagated
from docs.figures1952.reading import HEAD, SOURCES, Reading, row

PAGE = Path(__file__).parents[1] / "course" / "10-1952.md"
READINGS: tuple[Reading, ...] = (
    *clamped.READINGS,
    *membrane.READINGS,
    *propagated.READINGS,
)
_FIGURE = re.compile(r"^### Figure (\d+)\.", re.MULTILINE)
_PART = "<!-- {name} -->\n{text}<!-- end -->"


def figures(page: str) -> list[int]:
    """The figures that a page has, in its order."""
    return [int(number) for number in _FIGURE.findall(page)]


def drawn(page: str) -> Iterator[tuple[int, Any]]:
    """Each figure of a page, by running its code from the top to its last figure."""
    namespace: dict[str, Any] = {}
    headings = list(_FIGURE.finditer(page))
    for block in BLOCK.finditer(page):
        if block.group(1):  # a solution
            continue
        shown = _run(block.group(2), namespace)
        above = [h for h in headings if h.start() < block.start()]
        if above and hasattr(shown, "savefig"):
            yield int(above[-1].group(1)), shown


def _run(code: str, namespace: dict[str, Any]) -> Any:
    """Run a cell as a notebook does: what its last line is, if that is an expression."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, PAGE.name, "exec"), namespace)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), PAGE.name, "eval"), namespace)


def written(page: str) -> str:
    """A page whose tables are found anew."""
    for number in figures(page):
        rows = [row(one) for one in READINGS if one.figure == number]
        page = _put(page, f"readings of figure {number}", "\n".join([HEAD, *rows]) if rows else "")
    numbers = [curriculum.HEAD, *map(curriculum.row, curriculum.NUMBERS)]
    page = _put(page, "numbers of a course", "\n".join(numbers))
    listed = "\n".join(f"- ({letter}) {what}." for letter, what in SOURCES.items())
    return _put(page, "sources", listed)


def _put(page: str, name: str, text: str) -> str:
    """The page with what stands between two comments replaced."""
    between = re.compile(rf"<!-- {name} -->\n.*?<!-- end -->", re.DOTALL)
    text = f"\n{text}\n\n" if text else ""
    return between.sub(lambda _: _PART.format(name=name, text=text), page)
