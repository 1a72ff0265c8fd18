"""Writes the table of docs/experiments.md from what each experiment says of itself:
``python docs/experiments.py``."""

from __future__ import annotations

from pathlib import Path

from loligo.experiments.experiment import Experiment
from loligo.experiments.table import experiments

PAGE = Path(__file__).with_suffix(".md")
_BEGIN, _END = "<!-- the table, by docs/experiments.py -->\n", "<!-- end of the table -->"


def table() -> str:
    """The experiments by theme, each with what is varied."""
    lines = ["| | experiment | what | varied |", "|---|---|---|---|"]
    theme = ""
    for each in sorted(experiments(), key=lambda each: (each.theme, each.name)):
        said = "" if each.theme == theme else each.theme
        lines.append(f"| {said} | `{each.name}` | {each.summary} | {_varied(each)} |")
        theme = each.theme
    return "\n".join(lines) + "\n"


def _varied(each: Experiment) -> str:
    several = [f"`{one.name}`" for one in each.parameters if one.facts.many]
    several += ["any property" for one in each.parameters if one.kind == "property"]
    return ", ".join(several)


def page(text: str) -> str:
    """The page with its table as it is now."""
    before, rest = text.split(_BEGIN)
    _, after = rest.split(_END)
    return before + _BEGIN + "\n" + table() + "\n" + _END + after


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
