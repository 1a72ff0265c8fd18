"""The pages of the gallery: what there is, and what was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from docs.gallery.check import CONTRAST, LINE_CONTRAST, SMALLEST
from docs.gallery.table import ROWS, VARIANTS, pictures

PAGE = Path(__file__).parent / "README.md"


def page() -> str:
    """What there is, as Markdown."""
    count = sum(1 for _ in pictures())
    variants = ", ".join(f"`{name}`" for name in VARIANTS)
    lines = [
        "# The gallery",
        "",
        "Every kind of picture that loligo draws, of every kind of model. One command makes the "
        f"{count} pictures in `docs/gallery/pictures/`, checks each, and writes this page and "
        "`pictures/index.html`, which shows them. Names, or beginnings of them, choose some.",
        "",
        "```sh",
        "python -m docs.gallery",
        "python -m docs.gallery recording axon-traces-slide",
        "```",
        "",
        "Several processes draw, as many as there are cores or `--jobs` says. It ends with 1 if a "
        "picture may not be shown. Of each is asked, by drawing it (`docs/gallery/check.py`): no "
        "two texts overlap, none leaves the frame or is cut, no tick label "
        f"repeats, text has a contrast of at least {CONTRAST}:1 with all that lies behind or over "
        f"it, lines one of {LINE_CONTRAST:g}:1, lines lie in their axes and axes in the frame, and "
        f"type on a slide is at least 1/{1 / SMALLEST:g} of its height. Of an animation the same "
        "is asked of what runs with its head.",
        "",
        f"Each row of `docs/gallery/table.py` is drawn in its variants ({variants}):",
        "",
        "| picture | what is to be seen | variants |",
        "|---|---|---|",
    ]
    lines += [f"| `{row.name}` | {row.about} | {', '.join(row.variants)} |" for row in ROWS]
    return "\n".join(lines) + "\n"


def html(made: Mapping[str, Sequence[str]]) -> str:
    """What was made, with what is wrong with it, as a page of its own."""
    figures = "".join(
        f"<figure><img src='{escape(name)}.png' loading='lazy' alt='{escape(name)}'>"
        f"<figcaption>{escape(name)}{''.join(f'<br><b>{escape(w)}</b>' for w in wrong)}"
        "</figcaption></figure>"
        for name, wrong in made.items()
    )
    look = (
        "body{font:14px sans-serif;margin:1em;background:#888}figure{display:inline-block;"
        "margin:.5em;background:#fff}img{width:480px;display:block}figcaption{padding:.3em}"
        "b{color:#b00}"
    )
    return (
        f"<!doctype html><meta charset='utf-8'><title>loligo</title><style>{look}</style>{figures}"
    )
