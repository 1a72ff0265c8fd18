"""On the command line a remedy is told as it is typed there: every remedy there is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from loligo.cli.wording import in_its_words

SOURCE = Path(__file__).parents[2] / "src" / "loligo"
# Where errors of what the command line can ask for are worded; theory, experiments and several
# recordings in one figure are asked for in Python alone.
PLACES = (
    "run",
    "simulation.py",
    "solvers.py",
    "stimulus",
    "model",
    "figures",
    "recording",
    "analysis",
)
ONLY_IN_PYTHON = ("figures/several.py", "figures/content/overlay.py", "model/region.py")
PYTHON = re.compile(
    r"lo\.(Taylor|Exponential|Reference|Pulse|Step|Noise|plot|simulate|load)\b"
    r"|(?<![-\w])(initial|solver|record|sample_interval|threshold|duration|panels|fps|speed|title"
    r"|theme|dpi|celsius)=\S|\.replace\("
)


def texts(path: Path) -> Iterator[str]:
    """What a module's errors and notes say, a 7 in place of what is filled in."""
    tree = ast.parse(path.read_text())
    silent = {
        id(part)
        for node in ast.walk(tree)
        for part in (
            node.values if isinstance(node, ast.JoinedStr)
            else [b.value for b in node.body[:1] if isinstance(b, ast.Expr)]
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) else []
        )
    }  # fmt: skip
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in silent
        ):
            yield node.value
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(v.value) if isinstance(v, ast.Constant) else "7" for v in node.values)


def remedies() -> dict[str, str]:
    modules = [f for place in PLACES for f in ([SOURCE / place] if place.endswith(".py")
               else sorted((SOURCE / place).rglob("*.py")))]  # fmt: skip
    found: dict[str, str] = {}
    for path in modules:
        where = path.relative_to(SOURCE).as_posix()
        if where in ONLY_IN_PYTHON:
            continue
        for text in texts(path):
            if " " in text and PYTHON.search(text) and not text.startswith("def "):
                found[text] = where
    return found


def test_no_remedy_is_told_in_pythons_words() -> None:
    every = remedies()
    assert len(every) > 30
    left = {in_its_words(text): where for text, where in every.items()
            if PYTHON.search(in_its_words(text))}  # fmt: skip
    assert left == {}


@pytest.mark.parametrize(
    ("python", "typed"),
    [
        ("give a holding potential, for example initial=-65", "for example --initial -65"),
        ("use solver=lo.Exponential(dt=0.01), or none", "use --solver exponential:0.01, or none"),
        ("lo.Taylor(1e-8)", "--solver taylor:1e-8"),
        ("lo.Taylor needs", "--solver taylor needs"),
        ('record=["V", "spikes"]', "--record V --record spikes"),
        ("record=['I_Na']", "--record I_Na"),
        ("lo.Pulse(5, 40, 10)", "--pulse 5 40 10"),
        ("write it as in Noise(start=0, duration=100, amplitude=2, tau=3, seed=1)",
         "write it as in --noise 0 100 2 tau=3 seed=1"),
        ("lo.at(0, lo.Pulse(1, 1, 50e3))", "--at 0 1 1 50e3"),
        ("lo.at('5 cm', lo.Pulse(1, 1, 50e3))", "--at '5 cm' 1 1 50e3"),
        ("give one, model.replace(area=1000) in um2", "give one, --set area=1000 in um2"),
        ('; lo.load("hodgkin-huxley-1952") gives it', "; hodgkin-huxley-1952 gives it"),
        ("sample_interval is 5 ms, longer than the run", "--sample-interval is 5 ms, longer"),
        ("panels=['V', 'm'].", "--panels V,m."),
        ("fps=0 must be positive", "--fps 0 must be positive"),
    ],
)  # fmt: skip
def test_remedies_word_by_word(python: str, typed: str) -> None:
    assert typed in in_its_words(python)


def test_what_is_typed_already_stays() -> None:
    for text in (
        "--set takes NAME=VALUE, such as --set g_Na=60, not 'g_Na'",
        "--pulse takes START DURATION AMPLITUDE, not nothing",
        "there is no parameter g_na (did you mean g_Na?)",
    ):
        assert in_its_words(text) == text
