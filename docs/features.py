"""Writes the tables of docs/features.md from what each feature says of itself:
``python docs/features.py``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from loligo.analysis.features import LEVELS, RHYTHM, SHAPE, Feature

PAGE = Path(__file__).with_suffix(".md")
_BEGIN, _END = "<!-- the tables, by docs/features.py -->\n", "<!-- end of the tables -->"
_PARTS = {
    "Rhythm, also of spikes alone": RHYTHM,
    "The shape of spikes": SHAPE,
    "V before, during and after the stimulus": LEVELS,
}
_OWN = {"rate"}  # what eFEL has not


def tables() -> str:
    """The features, part by part."""
    return "\n".join(f"**{title}**\n\n{_table(part)}" for title, part in _PARTS.items())


def _table(part: Mapping[str, Feature]) -> str:
    lines = ["| feature | unit | what | defined |", "|---|---|---|---|"]
    for name, what in part.items():
        unit = "" if what.unit == "1" else what.unit
        star = " (loligo's own)" if name in _OWN else ""
        lines.append(f"| `{name}`{star} | {unit} | {what.meaning} | {what.definition} |")
    return "\n".join(lines) + "\n"


def page(text: str) -> str:
    """The page with its tables as they are now."""
    before, rest = text.split(_BEGIN)
    _, after = rest.split(_END)
    return before + _BEGIN + "\n" + tables() + "\n" + _END + after


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
