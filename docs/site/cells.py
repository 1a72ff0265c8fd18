"""Code on a page becomes a cell of a notebook; what comes out of it is shown below.

The pages under docs/ are plain Markdown, which a person reads anywhere. Here each block of Python
becomes one cell, run in the order of the page; a figure that it draws appears, as in any notebook.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from docs.course.notebooks import BLOCK

_FRONT = """---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
---

"""
# what stands above a block says what its picture shows
_MARKUP = re.compile(r"[`*_#>]|\]\([^)]*\)|\[")


def notebook(page: str) -> str:
    """A page whose blocks of Python are cells; a page without any is left alone."""
    if not BLOCK.search(page):
        return page
    return _FRONT + "".join(_pieces(page))


def _pieces(page: str) -> Iterator[str]:
    end = 0
    for block in BLOCK.finditer(page):
        before = page[end : block.start()]
        yield before
        folded = ["hide-cell"] if block.group(1) else []
        yield _cell(block.group(2), _said(page[: block.start()]), folded)
        end = block.end()
    yield page[end:]


def _cell(code: str, said: str, tags: list[str]) -> str:
    about = json.dumps({"image": {"alt": said}}, ensure_ascii=False)
    marked = f"tags: {json.dumps(tags)}\n" if tags else ""
    return f"```{{code-cell}} python\n---\nmystnb: {about}\n{marked}---\n{code}```\n"


def _said(before: str) -> str:
    """The last paragraph, as plain text: what the next block's picture shows."""
    paragraphs = [
        text for text in before.split("\n\n") if text.strip() and not text.startswith("```")
    ]
    plain = _MARKUP.sub("", paragraphs[-1] if paragraphs else "").strip()
    first = re.split(r"(?<=[.:])\s", plain)[-1].rstrip(":.")
    return first.replace("\n", " ") or "What the code above draws"
