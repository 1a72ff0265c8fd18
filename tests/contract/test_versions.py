"""The oldest versions that are promised are those that `.ci/run` tries, and they do run here."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def promised() -> dict[str, str]:
    """The lower bound of each package that loligo depends on, extras for people included."""
    extras = PROJECT["optional-dependencies"]
    asked = list(PROJECT["dependencies"])
    asked += [each for name in extras if name not in ("test", "docs") for each in extras[name]]
    bounds = [re.fullmatch(r"([\w-]+)(?:\[\w+\])?>=([\d.]+)", each) for each in asked]
    assert all(bounds), asked
    return {found[1]: found[2] for found in bounds if found}


def tried() -> dict[str, str]:
    """Which version of each is installed for the oldest run."""
    lines = (ROOT / ".ci" / "oldest.txt").read_text().splitlines()
    return dict(re.findall(r"^([\w-]+)==([\d.]+)$", "\n".join(lines), re.MULTILINE))


def numbers(text: str) -> tuple[int, ...]:
    found = [int(part) for part in re.findall(r"\d+", text)]
    while found and found[-1] == 0:
        found.pop()
    return tuple(found)


def test_the_oldest_versions_promised_are_those_tried() -> None:
    oldest = tried()
    assert promised().keys() <= oldest.keys()
    for name, bound in promised().items():
        assert numbers(oldest[name]) == numbers(bound), name


def test_no_version_here_is_older_than_promised() -> None:
    for name, bound in promised().items():
        if name in PROJECT_NAMES:
            assert numbers(version(name))[:3] >= numbers(bound), name


PROJECT_NAMES = {re.split(r"[>\[]", each)[0] for each in PROJECT["dependencies"]}


def test_llvmlite_may_be_that_of_numba() -> None:
    """Numba pins llvmlite: 0.61 (January 2025) has 0.44, and each since then the next."""
    assert promised()["llvmlite"] == "0.44"


def test_what_a_release_runs_is_there() -> None:
    for script in (".github/workflows/release.yml", ".ci/heart", ".ci/run"):
        text = (ROOT / script).read_text(encoding="utf-8")
        for path in re.findall(r"tests/[\w/]+\.py", text):
            assert (ROOT / path).is_file(), f"{script}: {path}"
