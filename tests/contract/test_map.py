"""CONTRIBUTING's file map and README tell the truth about this commit."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "loligo"


def test_the_file_map_lists_every_module_and_no_other():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([\w/]+\.py)` \|", text, flags=re.MULTILINE)
    there = [p.relative_to(PACKAGE).as_posix() for p in PACKAGE.rglob("*.py")]
    assert sorted(listed) == sorted(set(there) - {"__init__.py"})


def test_every_link_of_the_pages_leads_somewhere():
    for page in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (ROOT / target).exists(), f"{page} points to {target}"


def test_ci_runs_the_command_of_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first = next(line for line in readme.splitlines() if "pytest" in line)
    assert first.startswith("python3 -m venv .venv && .venv/bin/python -m pip install")
    assert "grep -m1 'pytest' README.md" in (ROOT / ".ci" / "run").read_text()
