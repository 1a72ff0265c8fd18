"""From a page of the course to a notebook: text and code in cells, solutions folded."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGES = sorted(Path(__file__).parent.glob("[0-9]*.md"))

# a page's code; ``solution`` of an exercise, which is folded
BLOCK = re.compile(r"^```python( solution)?\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
_SEED = re.compile(r"^seed = \d+", re.MULTILINE)
_INSTALL = """# installs loligo where it is missing, as on Colab
try:
    import loligo
except ModuleNotFoundError:
    %pip install -q loligo"""


def notebook(page: Path, seed: int | None = None) -> dict[str, Any]:
    """A page as Jupyter keeps notebooks (nbformat 4.5), without outputs.

    Parameters
    ----------
    page
        The Markdown file. Its blocks of Python are cells; those marked ``solution`` are folded.
    seed
        A student's number, instead of that on the page.
    """
    text = page.read_text(encoding="utf-8")
    if seed is not None:
        text = _SEED.sub(f"seed = {seed}", text)
    cells = [_cell(kind, source, n) for n, (kind, source) in enumerate(_parts(text))]
    about = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Kind and source of each cell: text, code, a solution."""
    end, begun = 0, False
    for block in BLOCK.finditer(text):
        if before := text[end : block.start()].strip():
            yield "markdown", before
        if not begun:
            yield "code", _INSTALL
            begun = True
        yield ("solution" if block.group(1) else "code"), block.group(2).rstrip()
        end = block.end()
    if after := text[end:].strip():
        yield "markdown", after


def _cell(kind: str, source: str, number: int) -> dict[str, Any]:
    name = hashlib.sha256(f"{number} {source}".encode()).hexdigest()[:8]
    if kind == "markdown":
        return {"cell_type": kind, "id": name, "metadata": {}, "source": _lines(source)}
    folded: dict[str, Any] = {}
    if kind == "solution":  # as JupyterLab, VS Code and Colab fold it
        source = "# @title Solution\n" + source
        folded = {"tags": ["hide-cell"], "jupyter": {"source_hidden": True}, "cellView": "form"}
    return {
        "cell_type": "code", "execution_count": None, "id": name, "metadata": folded,
        "outputs": [], "source": _lines(source),
    }  # fmt: skip


def _lines(source: str) -> list[str]:
    return source.splitlines(keepends=True)
