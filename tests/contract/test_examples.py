"""Every example in the docstrings, in the README and in the tour does what it says."""

from __future__ import annotations

import ast
import doctest
import importlib
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loligo as lo

PACKAGE = Path(lo.__file__).parent
ROOT = Path(__file__).parents[2]
MODULES = [
    ".".join(("loligo", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
]

# Pages that say beside a line what it comes to; the site runs the code of all.
TOLD = [
    page.relative_to(ROOT).as_posix()
    for page in sorted([*ROOT.glob("docs/*.md"), *ROOT.glob("docs/howto/*.md")])
    if re.search(r"^\w.*\)  # ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    and page.name != "tour.md"
]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What an example writes, it writes where nobody minds."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _slow(module: str) -> bool:
    """Its examples compile models that no other test does; the first run here is of its kind."""
    return "protocols." in module and not module.endswith((".action_potential", ".threshold"))


@pytest.mark.parametrize(
    "module", [pytest.param(m, marks=pytest.mark.slow if _slow(m) else ()) for m in MODULES]
)
def test_the_examples_of_a_module(
    module: str, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        report: list[str] = []
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        for test in doctest.DocTestFinder().find(importlib.import_module(module)):
            runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


def blocks(page: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


def run(block: str, where: str, namespace: dict[str, Any]) -> None:
    """Statement by statement; what a comment beside one says it comes to, it comes to."""
    lines = block.encode().splitlines()
    for node in ast.parse(block).body:
        if not isinstance(node, ast.Expr):
            exec(compile(ast.Module([node], []), where, "exec"), namespace)
            continue
        value = eval(compile(ast.Expression(node.value), where, "eval"), namespace)
        beside = lines[(node.end_lineno or 1) - 1][node.end_col_offset :].decode()
        for said in literals(beside.partition("#")[2]):
            assert alike(value, said), f"{where}: {value} is not {said}"


def literals(comment: str) -> list[Any]:
    """What a comment says in Python's words, by itself or after a colon; nothing if it does not."""
    for text in (comment.strip(), comment.rpartition(": ")[2].strip()):
        try:
            return [ast.literal_eval(text)]
        except (ValueError, SyntaxError):
            continue
    return []


def alike(value: Any, said: Any) -> bool:
    """Numbers as they are told, rounded."""
    if isinstance(said, str):
        return str(value) == said
    try:
        numbers = np.asarray(value, float), np.asarray(said, float)
    except (TypeError, ValueError):
        return value == said
    return numbers[0].shape == numbers[1].shape and np.allclose(*numbers, rtol=6e-3)


@pytest.mark.skipif(not (ROOT / "README.md").exists(), reason="an installed copy has none")
@pytest.mark.parametrize(("page", "least"), [
    ("README.md", 3), pytest.param("docs/tour.md", 10, marks=pytest.mark.slow),
    *(pytest.param(page, 1, marks=pytest.mark.slow) for page in TOLD),
])  # fmt: skip
def test_the_python_of_a_page_runs_from_top_to_bottom(
    page: str, least: int, elsewhere: Path
) -> None:
    namespace: dict[str, object] = {}
    code = blocks(page)
    assert len(code) >= least
    for number, block in enumerate(code, start=1):
        run(block, f"{page}, block {number}", namespace)
    for written in re.findall(r'"([\w.]+\.(?:png|gif|nc|npz|csv|toml))"', "".join(code)):
        assert os.path.getsize(elsewhere / written) > 0, written


@pytest.mark.skipif(not (ROOT / "README.md").exists(), reason="an installed copy has none")
@pytest.mark.slow
def test_what_the_tour_says_comes_out_comes_out() -> None:
    namespace: dict[str, object] = {}
    said: list[tuple[str, str]] = []
    for block in blocks("docs/tour.md"):
        for line in block.splitlines():
            found = re.match(r"^(\S.*?)\s+# ([(\d].*?)(?: m[sV])?$", line)
            if found and "=" not in found[1].split("(")[0]:
                said.append((found[1], found[2]))
    assert ("sweep.V.dims", "('g_Na', 'amplitude', 'time')") in said
    # nothing here draws
    code = [b for b in blocks("docs/tour.md") if "plot" not in b and "save" not in b]
    exec("\n".join(code), namespace)
    for expression, result in said:
        value = eval(expression, namespace)
        if isinstance(value, float):
            assert 0 < value < 3 * float(result), expression  # an error, told by its size
        else:
            assert str(value) == result, expression
