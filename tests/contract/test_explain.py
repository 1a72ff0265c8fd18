"""``lo.explain`` and ``loligo explain``: what a person gets, in a pipe, a terminal, a notebook."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import loligo as lo
from loligo.cli import main

SQUID = lo.load("hodgkin-huxley-1952")
DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("M", r"there is no 'M' \(did you mean m\?\) to explain; hodgkin-huxley-1952 has V, m"),
        ("na", r"did you mean Na"),
        ("alpha_m", "to explain"),
        ("g_Na", "g_Na is a parameter, 120, and has no equation"),
        ("I_stim", "I_stim is what is injected"),
        ("__import__('os')", "there is no"),
        (3, "name must be a text"),
    ],
)
def test_a_name_that_cannot_be_explained(name: object, message: str) -> None:
    with pytest.raises(lo.LoligoError, match=message):
        lo.explain(SQUID, name)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lo.Axon(SQUID, "1 cm", 476, 35.4), r"give axon\.regions\[0\]\.membrane"),
        ("hodgkin-huxley-1952", r'lo\.load\("hodgkin-huxley-1952"\) gives it'),
    ],
)
def test_what_is_no_membrane(model: object, message: str) -> None:
    with pytest.raises(lo.LoligoError, match=message):
        lo.explain(model, "m")


def test_a_solver_without_a_program() -> None:
    with pytest.raises(lo.LoligoError, match="Reference has no program of its own"):
        lo.explain(SQUID, "m", lo.Reference())
    with pytest.raises(lo.LoligoError, match="not 'taylor'"):
        lo.explain(SQUID, "m", "taylor")  # type: ignore[arg-type]


def test_a_channel_is_its_current() -> None:
    assert str(lo.explain(SQUID, "Na")) == str(lo.explain(SQUID, "I_Na"))


def test_what_a_file_says_is_text_in_a_notebook() -> None:
    bad = "<script>alert(1)</script>"
    membrane = lo.Membrane(
        channels=[lo.Channel("L", g=0.3, E=-65, meaning=bad)], title=bad, citation=bad + " (2020)."
    )
    for name in (None, "V", "I_L"):
        html = lo.explain(membrane, name)._repr_html_()
        assert "<script" not in html
        assert "&lt;script" in html


def test_a_notebook_gets_whole_html_with_formulas() -> None:
    open_tags: list[str] = []

    class Balanced(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_tags.pop() == tag

    html = lo.explain(SQUID, "m")._repr_html_()
    Balanced().feed(html)
    assert not open_tags
    assert "<mi>exprel</mi>" in html
    assert html.count("<h4>") == 5


def test_explain_needs_no_llvmlite() -> None:
    code = (
        "import sys; sys.modules['llvmlite'] = None\nimport loligo as lo\n"
        "print(lo.explain(lo.load('hodgkin-huxley-1952'), 'm').stages[4].text)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "llvmlite, which makes it, is not installed" in done.stdout


def test_the_function_stays_a_function_after_its_module_is_imported() -> None:
    code = "import loligo.explanation\nimport loligo as lo\nprint(callable(lo.explain))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "True"


# On the command line ------------------------------------------------------------------------


def test_in_a_pipe_it_is_plain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "hodgkin-huxley-1952", "m"]) == 0
    out = capsys.readouterr().out
    assert out == f"{lo.explain(SQUID, 'm')}\n"
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_options(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["explain", "hodgkin-huxley-1952", "V", "--solver", "taylor:1e-6", "--stage", "4"]
    assert main([*words, "--set", "g_Na=60"]) == 0
    out = capsys.readouterr().out
    assert "Taylor(tolerance=1e-06)" in out
    assert "Exponential" not in out
    assert "3  What the solvers" not in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["explain", "hodgkin", "m"], "there is no model 'hodgkin'"),
        (["explain", "hodgkin-huxley-1952", "q"], "there is no 'q'"),
        (["explain", "hodgkin-huxley-1952", "m", "--stage", "7"], "there are 1 to 5"),
        (["explain", "hodgkin-huxley-1952", "m", "--solver", "reference"], "no program of its own"),
        (["explain", "none.toml"], "none.toml"),
        (["explain"], "MODEL"),
    ],
)
def test_what_cannot_be_is_said(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    ended = capsys.readouterr()
    assert message in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.skipif(os.name != "posix", reason="terminals of this kind")
@pytest.mark.parametrize("columns", [80, pytest.param(120, marks=pytest.mark.slow)])
def test_on_a_terminal_it_has_colours_and_fits(columns: int) -> None:
    import pty

    control, terminal = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    code = "import sys\nfrom loligo.cli import main\nsys.exit(main(['explain', sys.argv[1], 'm']))"
    done = subprocess.Popen(
        [sys.executable, "-c", code, "hodgkin-huxley-1952"], stdout=terminal, env=environment
    )
    os.close(terminal)
    read = b""
    while True:
        try:
            piece = os.read(control, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        read += piece
    assert done.wait(60) == 0
    os.close(control)
    text = read.decode()
    assert "\x1b[" in text
    rows = re.sub(r"\x1b\[[\d;]*m", "", text).replace("\r", "").splitlines()
    assert max(map(len, rows)) <= columns
    assert "dm/dt   = phi [alpha_m (1 − m) − beta_m m]" in "\n".join(rows)


def test_show_cost_counts_what_explain_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "hodgkin-huxley-1952", "--cost"]) == 0
    shown = re.findall(r"^(\w[\w ,-]*?)  +(\d+)", capsys.readouterr().out, re.MULTILINE)
    lines = lo.explain(SQUID).stages[-1].lines
    told = [re.match(r"(\w[\w ,-]*?)  +(\d+)", line) for line in lines]
    assert [m.groups() for m in told if m] == shown


def test_the_page_shows_what_is_printed() -> None:
    """Every block of output in docs/explain.md, but for the machine code, is as it comes out."""
    page = (DOCS / "explain.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```text\n(.*?)```", page, flags=re.DOTALL)
    assert len(blocks) >= 3
    printed = "\n".join(str(lo.explain(SQUID, name)) for name in (None, "m"))
    for block in blocks:
        assert block.strip("\n") in printed
