"""The lab in a notebook: a frame that an export keeps, and a bridge to Python beside it."""

from __future__ import annotations

import html
import json
import sys
from pathlib import Path
from typing import Any

import pytest

import loligo as lo
from browser import opened
from loligo.errors import UsageError
from loligo.lab import widget
from loligo.lab.calling import Lab

SQUID = "hodgkin-huxley-1952"


class Bridge:
    """What stands for the widget."""

    link = ""

    def __init__(self) -> None:
        self.shown: list[tuple[str, bool]] = []

    def show(self, link: str, page: str = "") -> None:
        self.link = link
        self.shown.append((link, page != ""))


def joined(monkeypatch: pytest.MonkeyPatch) -> tuple[Lab, Bridge]:
    """A lab that is shown in what stands for a notebook."""
    bridge = Bridge()
    monkeypatch.setattr(widget, "display", lambda page, before: bridge)
    monkeypatch.setattr(Lab, "html", property(lambda self: "<page>"))
    live = lo.lab(SQUID, lo.Pulse(5, 40, 10))
    live._ipython_display_()
    return live, bridge


def test_a_model_that_is_changed_in_python_is_shown(monkeypatch: pytest.MonkeyPatch):
    live, bridge = joined(monkeypatch)
    live.model = lo.load(SQUID).replace(g_K=20)
    assert bridge.shown == [(f"v=1&model={SQUID}&set=g_K:20&pulse=5,40,10&duration=50", False)]
    live.stimulus = lo.Pulse(5, 1, 20)
    assert bridge.shown[1] == (f"v=1&model={SQUID}&set=g_K:20&pulse=5,1,20&duration=50", False)
    live.model = lo.load(SQUID).without("K")  # other equations: another page
    name = f"{SQUID}-changed"
    assert bridge.shown[2] == (f"v=1&model={name}&pulse=5,1,20&duration=50", True)
    assert live.models[name] == live.model
    with pytest.raises(UsageError, match="lab has no alpha"):
        live.stimulus = lo.Alpha(1, 2, 3)
    assert len(bridge.shown) == 3


def test_what_the_page_shows_is_there_in_python(monkeypatch: pytest.MonkeyPatch):
    live, bridge = joined(monkeypatch)
    assert live.simulation == live.start
    bridge.link = f"v=1&model={SQUID}&set=g_Na:60&pulse=5,1,20&duration=20"
    assert live.model.parameters["g_Na"].value == 60
    assert live.stimulus == lo.Pulse(5, 1, 20)
    assert live.simulation.duration == 20
    bridge.link = "v=1&model=/etc/passwd"
    with pytest.raises(UsageError, match="no model /etc/passwd here"):
        _ = live.simulation


def test_without_anywidget_there_is_the_page_alone(monkeypatch: pytest.MonkeyPatch):
    shown: list[Any] = []

    class Html:
        def __init__(self, text: str) -> None:
            self.text = text

    fake = type(sys)("IPython.display")
    fake.HTML, fake.display = Html, shown.append  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    monkeypatch.setitem(sys.modules, "anywidget", None)
    widget._bridge.cache_clear()
    try:
        assert widget.display("<p title='\"'>&</p>") is None
    finally:
        widget._bridge.cache_clear()
    text = shown[0].text
    assert text.startswith("<iframe data-loligo=")
    inside = text.partition('srcdoc="')[2].partition('" title')[0]
    assert html.unescape(inside) == "<p title='\"'>&</p>"


NOTEBOOK = """<!doctype html><meta charset="utf-8"><div id="cell">{frame}</div><div id="out"></div>
<script>
  window.told = []; window.listeners = {{}};
  window.model = {{
    get: (name) => (name === "frame" ? "f" : ""), set: (name, value) => told.push([name, value]),
    save_changes() {{}}, on: (what, does) => (listeners[what] = does), off() {{}},
  }};
</script>
<script type="module">{esm}
  render({{ model, el: document.getElementById("out") }});
</script>"""


@pytest.mark.slow
def test_the_bridge_carries_links_both_ways(chromium: Any, tmp_path: Path):
    page = lo.lab(SQUID, lo.Pulse(5, 40, 10)).html
    file = tmp_path / "notebook.html"
    file.write_text(
        NOTEBOOK.format(frame=widget.frame(page, "f"), esm=widget._ESM), encoding="utf-8"
    )
    shown, seen = opened(chromium.new_context(), file)
    inside = shown.frame_locator("iframe")
    inside.get_by_role("tab", name="Membrane").wait_for()
    tell = "(link) => listeners['msg:custom']({ link })"
    shown.evaluate(tell, f"v=1&model={SQUID}&set=g_K:20&pulse=5,1,20&duration=20")
    shown.wait_for_function("told.length > 0")
    name, link = shown.evaluate("told.at(-1)")
    assert (name, link.split("&")[2:5]) == (
        "link",
        ["set=g_K:20", "pulse=5,1,20", "duration=20"],
    )
    count = shown.evaluate("told.length")
    shown.evaluate("postMessage({ loligo: 'link', link: 'x' }, '*')")  # from elsewhere
    shown.evaluate(tell, f"v=1&model={SQUID}&set=g_K:1e99")
    inside.get_by_role("alert").filter(has_text="1e99").wait_for()
    shown.wait_for_timeout(500)
    assert shown.evaluate("told.length") == count
    assert seen.requests == []
    assert seen.complaints == []


@pytest.mark.slow
def test_an_exported_notebook_keeps_the_page(chromium: Any, tmp_path: Path):
    """A notebook is run, exported as HTML, and opened without a kernel."""
    nbformat = pytest.importorskip("nbformat")
    nbconvert = pytest.importorskip("nbconvert")
    pytest.importorskip("ipykernel")
    pytest.importorskip("anywidget")
    from nbconvert.preprocessors import ExecutePreprocessor

    book = nbformat.v4.new_notebook()
    code = f"import loligo as lo\nlive = lo.lab('{SQUID}', lo.Pulse(5, 40, 10))\nlive"
    changed = "live.model = lo.load('hodgkin-huxley-1952').replace(g_K=20)\nlive.simulation"
    book.cells = [nbformat.v4.new_code_cell(code), nbformat.v4.new_code_cell(changed)]
    kernel = tmp_path / "kernels" / "here"
    kernel.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "here", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(tmp_path))
        ExecutePreprocessor(timeout=120, kernel_name="here").preprocess(book, {})
    said = book.cells[1].outputs[0].data["text/plain"]
    assert "parameters={'g_K': 20.0}" in said
    text, _ = nbconvert.HTMLExporter().from_notebook_node(book)
    file = tmp_path / "exported.html"
    file.write_text(text, encoding="utf-8")
    context = chromium.new_context(offline=True)
    shown, _ = opened(context, file)
    inside = shown.frame_locator("iframe[data-loligo]")
    inside.get_by_role("tab", name="Membrane").wait_for()
    canvas = inside.locator("canvas").first
    canvas.wait_for()
    assert canvas.evaluate("(each) => each.width") > 300
