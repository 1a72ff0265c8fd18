"""Every command in a console of few letters and in a locale that is not UTF-8: Windows' code page
1252, and ASCII. What is printed is legible there, and files are UTF-8 wherever they are written."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import loligo as lo
from loligo.experiments import table

ROOT = Path(__file__).parents[2]
SHEET = ROOT / "docs" / "lab" / "sheet.toml"
MODEL = 'name="x"\ntitle="Größe µ → ∞"\n[channels.L]\ng=1\nE="−70"\n'
RUN = ["--duration", "12", "--pulse", "1", "1", "20"]
# calls, and how they end
WORK: list[tuple[list[str], int]] = [
    (["models"], 0), (["experiment"], 0), (["warm", "fitzhugh-1961"], 0), (["show", "x.toml"], 0),
    (["explain", "hodgkin-huxley-1952"], 0), (["explain", "hodgkin-huxley-1952", "m"], 0),
    (["show", "hodgkin-huxley-1952", "--cost"], 0),
    *((["run", *RUN, "--timings", "--output", f"a.{form}"], 0) for form in ("csv", "nc", "npz")),
    (["plot", "a.csv", "--output", "a.svg"], 0),
    (["plot", "a.nc", "--output", "b.svg"], 0),
    (["features", "a.csv", "--output", "f.csv"], 0), (["lab", "--output", "lab.html"], 0),
    (["lab", "--tasks", "sheet.toml", "--key", "Zoe"], 0),
    (["experiment", "rate-functions", "--data", "r.csv"], 0),
    (["nothing"], 2), (["show", "nothing"], 2), (["run", "--duration", "−5"], 2),
    (["run", *RUN, "--output", "no folder/a.nc"], 2),
]  # fmt: skip
HELP = [[], ["experiment", "--help"], *([each, "--help"] for each in ("run", "lab", "warm"))]
# in another process: what is asked for is read, what letters became is told
CODE = """
import codecs, json, sys, warnings
warnings.filterwarnings("ignore")
warnings.filterwarnings("error", category=EncodingWarning, module="loligo")
from loligo import cli
lost = set()
def seen(problem):
    text, end = cli._spelled(problem)
    if "?" in text:
        lost.update(problem.object[problem.start : end])
    return text, end
codecs.register_error("loligo.letters", seen)
ended = [cli.main(words) for words in json.load(open("calls.json", encoding="utf-8"))]
with open("ended.json", "w", encoding="utf-8") as file:
    json.dump([ended, sorted(lost)], file)
"""


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_every_command_where_letters_are_few(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(MODEL, encoding="utf-8")
    shutil.copy(SHEET, tmp_path / "sheet.toml")
    calls = [*HELP, *(["show", name] for name in lo.models())]
    calls += [["experiment", name.replace("_", "-"), "--help"] for name in table.names()[:4]]
    work = WORK if encoding == "cp1252" else []  # the other one shows letters alone
    expected = [0] * len(calls) + [status for _, status in work]
    calls += [words for words, _ in work]
    (tmp_path / "calls.json").write_text(json.dumps(calls), encoding="utf-8")
    few = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "LC_ALL": "C",
           "PYTHONCOERCECLOCALE": "0"}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", "-c", CODE],
        cwd=tmp_path, env={**os.environ, **few}, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    ended, lost = json.loads((tmp_path / "ended.json").read_text(encoding="utf-8"))
    assert list(zip(calls, ended, strict=True)) == list(zip(calls, expected, strict=True))
    assert lost == []
    out, err = done.stdout.decode(encoding), done.stderr.decode(encoding)
    assert "fault in loligo" not in err
    assert "g_K n^4 (V - E_K)" in out
    assert "c1 <-> o1 : h_inf/h_tau" in out
    if not work:
        return
    assert lo.open(tmp_path / "a.csv").V.equals(lo.open(tmp_path / "a.nc").V)
    for name in ("a.csv", "a.svg", "lab.html", "r.csv"):
        (tmp_path / name).read_text(encoding="utf-8")


def test_every_text_says_how_it_is_written() -> None:
    """Bytes are the same on every system: UTF-8, and lines end as on this one."""
    for path in sorted((ROOT / "src").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "_text(" in text else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                told = {each.arg for each in node.keywords}
                needed = {"write_text": {"encoding", "newline"}, "read_text": {"encoding"}}
                assert needed.get(node.func.attr, set()) <= told, f"{path}:{node.lineno}"


def test_a_help_text_flows_but_for_its_examples() -> None:
    from loligo.cli.groups import flowing

    text = "First.\n\n    One two\n    three.\n\n    \b\n    loligo a\n    loligo b\n    "
    assert flowing(text) == "First.\n\nOne two three.\n\n\bloligo a\nloligo b"
