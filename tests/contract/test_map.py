"""CONTRIBUTING's file map and README tell the truth about this commit."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "loligo"


# A new file here is found by its name and need be written down nowhere, the map included.
FOUND_BY_NAME = "experiments/protocols/"


def test_the_file_map_lists_every_module_and_no_other():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([\w/]+\.py)` \|", text, flags=re.MULTILINE)
    there = {p.relative_to(PACKAGE).as_posix() for p in PACKAGE.rglob("*.py")} - {"__init__.py"}
    free = {p for p in there if p.startswith(FOUND_BY_NAME)} - {f"{FOUND_BY_NAME}__init__.py"}
    assert len(listed) == len(set(listed))
    assert set(listed) - free == there - free


def test_every_link_of_the_pages_leads_somewhere():
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")):
        # of the site's pages that are made, not written, it is checked where it is built
        made = ("experiments/", "models/", "reference/") if page.name == "index.md" else ()
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:)([^)#\s]+)[^)]*\)", text):
            if not target.startswith(made):
                assert (page.parent / target).exists(), f"{page} points to {target}"


def test_ci_runs_the_command_of_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first = next(line for line in readme.splitlines() if "pytest" in line)
    assert first.startswith("python3 -m venv .venv && .venv/bin/python -m pip install")
    assert "grep -m1 'pytest' README.md" in (ROOT / ".ci" / "run").read_text()
