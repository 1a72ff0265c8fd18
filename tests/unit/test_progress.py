"""What is said while something lasts: where somebody looks, and not before it lasts."""

from __future__ import annotations

import io
import sys
import time
import types

import pytest

import loligo.progress as told
from loligo.progress import progress, waiting


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """In place of the error stream. No fixture: pytest puts its own stream back before a test."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(told, "_LONG", 0.05)
    monkeypatch.setenv("TERM", "xterm")
    return stream


def wait(seconds: float = 0.4) -> None:
    with waiting("compiling the equations"):
        time.sleep(seconds)


def test_a_long_wait_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    wait()
    assert "compiling the equations …" in terminal.getvalue()


def test_a_short_wait_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    monkeypatch.setattr(told, "_LONG", 60.0)
    wait(0.01)
    assert terminal.getvalue() == ""


def test_nor_where_no_bar_was_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    with progress("simulating", show=False):
        wait()
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("begun", [False, True])
def test_a_bar_says_what_is_waited_for_in_its_own_place(
    begun: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = a_terminal(monkeypatch)
    monkeypatch.setattr(told, "_PATIENCE", 0.0)
    monkeypatch.setattr(told, "_BLINK", 0.01)
    with progress("simulating") as advance:
        if begun:
            advance(0.5)
        wait()
        advance(0.6)
        time.sleep(0.15)
    said = terminal.getvalue()
    assert "compiling the equations …" in said
    assert said.rindex("simulating") > said.rindex("compiling")


def test_a_bar_does_not_flicker_for_what_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    monkeypatch.setattr(told, "_PATIENCE", 0.0)
    with progress("simulating") as advance:
        advance(0.5)
        wait(0.01)
    assert "compiling" not in terminal.getvalue()


@pytest.mark.parametrize("stream", [None, io.StringIO()])
def test_nor_where_nobody_looks(
    stream: io.StringIO | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(told, "_LONG", 0.05)
    wait(0.1)
    with progress("simulating") as advance:
        advance(0.5)
    assert stream is None or stream.getvalue() == ""


def test_a_bar_asked_for_without_a_stream_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setattr(told, "_PATIENCE", 0.0)
    with progress("simulating", show=True) as advance:
        advance(0.5)


def test_what_is_waited_for_inside_is_part_of_it(monkeypatch):
    """One thing is said at a time: two would overwrite each other on a terminal."""
    told = []
    monkeypatch.setattr("loligo.progress._LONG", 0.0)
    monkeypatch.setattr("loligo.progress._PATIENCE", 0.0)
    monkeypatch.setattr("loligo.progress._somebody_looks", lambda: True)
    monkeypatch.setattr("loligo.progress._tell", lambda label, over: told.append(label))
    monkeypatch.setattr("loligo.progress._Terminal", lambda label, _: told.append(label))
    with waiting("an experiment"), waiting("compiling"), progress("simulating") as advance:
        advance(0.5)
    assert told == ["an experiment"]


class Notebook:
    """The outputs of a notebook's cell, as a front end keeps them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.outputs: dict[str, list[dict[str, str]]] = {}
        display = types.ModuleType("IPython.display")
        display.publish_display_data = self.publish  # type: ignore[attr-defined]
        for name in ("IPython", "ipykernel"):
            monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
        monkeypatch.setitem(sys.modules, "IPython.display", display)

    def publish(self, data: dict[str, str], transient: dict[str, str], update: bool) -> None:
        name = transient["display_id"]
        assert update == (name in self.outputs)
        self.outputs.setdefault(name, []).append(data)


def test_a_bar_in_a_notebook_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = Notebook(monkeypatch)
    monkeypatch.setattr(told, "_PATIENCE", 0.0)
    monkeypatch.setattr(told, "_EVERY", 0.0)
    with progress("simulating <all>") as advance:
        advance(0.25)
        advance(0.5)
    ((quarter, half, last),) = notebook.outputs.values()
    assert "simulating &lt;all&gt;" in quarter["text/html"]
    assert 'value="0.2500"' in quarter["text/html"]
    assert half["text/plain"].startswith("simulating <all> 50 %, 0:0")
    assert last == {}


def test_a_wait_in_a_notebook_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = Notebook(monkeypatch)
    monkeypatch.setattr(told, "_LONG", 0.05)
    wait()
    ((said, last),) = notebook.outputs.values()
    assert said["text/plain"] == "compiling the equations …"
    assert last == {}
    wait(0.01)
    assert len(notebook.outputs) == 1
