"""The lab in a notebook: the page in a frame, and an anywidget that joins it with Python.

The frame is plain HTML, and so it is there in an exported notebook too. The widget beside it shows
nothing: it tells Python what the page shows, and the page what Python gives it. It is made where
anywidget is installed, ``pip install "loligo[notebook]"``.
"""

from __future__ import annotations

import html
import secrets
from functools import cache
from typing import Any

_HEIGHT = 760  # pixels

# A frame that Python's side follows. Of what it is told by the frame it takes a text, no more.
_ESM = """
function render({ model, el }) {
  el.style.display = "none";
  const frame = () => document.querySelector(`iframe[data-loligo="${model.get("frame")}"]`);
  const heard = (event) => {
    if (event.source !== frame()?.contentWindow || event.data?.loligo !== "link") return;
    model.set("link", String(event.data.link));
    model.save_changes();
  };
  const told = (message) => {
    const shown = frame();
    if (!shown) return;
    if (message.html) shown.srcdoc = message.html;
    else shown.contentWindow.postMessage({ loligo: "show", link: message.link }, "*");
  };
  window.addEventListener("message", heard);
  model.on("msg:custom", told);
  return () => {
    window.removeEventListener("message", heard);
    model.off("msg:custom", told);
  };
}
export default { render };
"""


def display(page: str, before: Any = None) -> Any:
    """Show a page in a notebook; the bridge to it, None where anywidget is not installed.

    Parameters
    ----------
    before
        The bridge to where the page was shown before.
    """
    from IPython.display import HTML, display  # type: ignore[import-not-found]

    name = secrets.token_hex(8)
    display(HTML(frame(page, name)))
    kind = _bridge()
    if kind is None:
        return before
    bridge = kind(frame=name)
    display(bridge)
    return bridge


def frame(page: str, name: str) -> str:
    """The page in a frame of its own, as HTML."""
    return (
        f'<iframe data-loligo="{name}" srcdoc="{html.escape(page)}" title="loligo lab" '
        f'style="width: 100%; height: {_HEIGHT}px; border: 0"></iframe>'
    )


@cache
def _bridge() -> Any:
    """The widget's class; None where anywidget is not installed."""
    try:
        import anywidget  # type: ignore[import-not-found]
        import traitlets  # type: ignore[import-not-found]
    except ImportError:
        return None

    class Bridge(anywidget.AnyWidget):
        """What joins a frame with Python."""

        _esm = _ESM
        frame = traitlets.Unicode("").tag(sync=True)
        link = traitlets.Unicode("").tag(sync=True)

        def show(self, link: str, page: str = "") -> None:
            """Let the frame show what a link says; with another page, that page."""
            self.link = link
            self.send({"html": page} if page else {"link": link})

    return Bridge
