"""One progress bar for all long work: on a terminal and in a notebook, silent elsewhere."""

from __future__ import annotations

import html
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from threading import Event, Thread
from typing import Any

from loligo.errors import UsageError

_PATIENCE = 0.5  # s: what is over sooner needs no bar
_BLINK = 0.2  # s: what a bar says for less cannot be read
_LONG = 2.0  # s: what is over sooner needs no word
_EVERY = 0.1  # s: from one state of a notebook's bar to the next

Advance = Callable[[float], None]

# the bar around what is being done now, if it is shown; None if nobody asked for one
_AROUND: ContextVar[_Bar | bool | None] = ContextVar("_AROUND", default=None)


@contextmanager
def progress(
    label: str, show: bool | Advance | None = None, amount: tuple[int, str] | None = None
) -> Iterator[Advance]:
    """A function that takes the fraction done, 0 to 1.

    Parameters
    ----------
    label
        A verb: "simulating".
    show
        True or False; None shows a bar where somebody looks (a terminal or a notebook), but none
        inside work that shows none or is waited for. A function is told instead; what it raises
        ends the work.
    amount
        How much there is to do, and of what: then the bar says how many of it a second.

    Examples
    --------
    >>> with progress("simulating", show=False) as advance:
    ...     advance(0.5)
    """
    if callable(show):
        yield show
        return
    if not isinstance(show, bool | None):
        raise UsageError(f"progress may be True, False, None or a function, not {show!r:.60}")
    if show is None:
        show = _AROUND.get() is not False and _somebody_looks()
    bar = _Bar(label, amount) if show else None
    before = _AROUND.set(bar or False)
    try:
        yield bar.advance if bar else _silent
    finally:
        _AROUND.reset(before)
        if bar:
            bar.close()


@contextmanager
def waiting(label: str) -> Iterator[None]:
    """Say what is waited for, once that takes longer than two seconds, where a bar would be shown;
    what is waited for inside it is part of it, and not said. A bar around it says it in its place.

    Parameters
    ----------
    label
        A verb and more: "compiling the equations".

    Examples
    --------
    >>> with waiting("compiling the equations"):
    ...     pass
    """
    around = _AROUND.get()
    looked_at = _somebody_looks() if around is None else bool(around)
    if not looked_at:
        yield
        return
    over = Event()
    tell = around.tell if isinstance(around, _Bar) else _tell
    teller = Thread(target=tell, args=(label, over), daemon=True)
    teller.start()
    before = _AROUND.set(False)
    try:
        yield
    finally:
        _AROUND.reset(before)
        over.set()
        teller.join()


def _tell(label: str, over: Event) -> None:
    if over.wait(_LONG):
        return
    with suppress(Exception):  # never a reason to fail
        if _in_a_notebook():
            said = _Output()
            said.show(f"{label} …", f"{label} …")
            over.wait()
            said.close()
            return
        from rich.console import Console

        with Console(stderr=True).status(f"{label} …"):
            over.wait()


def _in_a_notebook() -> bool:
    return "ipykernel" in sys.modules


def _silent(fraction: float) -> None:
    """Nobody looks."""


def _somebody_looks() -> bool:
    if _in_a_notebook():
        return True
    with suppress(AttributeError, ValueError, OSError):  # no stream at all (pythonw), or closed
        return sys.stderr.isatty()
    return False


class _Bar:
    """A progress bar that appears only when the work turns out to be long, and leaves nothing."""

    def __init__(self, label: str, amount: tuple[int, str] | None) -> None:
        self.label, self.amount = label, amount
        self.first: float | None = None  # fraction done before: what was begun earlier
        self.started = time.perf_counter()
        self.display: _Terminal | _Cell | None = None

    def advance(self, fraction: float) -> None:
        self.first = fraction if self.first is None else self.first
        soon = time.perf_counter() - self.started < _PATIENCE
        if self.display is None and (soon or fraction >= 1.0):
            return
        self._opened().show(fraction, self._rate(fraction))

    def _rate(self, fraction: float) -> str:
        """How much was done in a second, since the first word of it."""
        if self.amount is None:
            return ""
        whole, what = self.amount
        seconds = time.perf_counter() - self.started
        return f"{(fraction - (self.first or 0.0)) * whole / seconds:,.0f} {what}/s"

    def tell(self, label: str, over: Event) -> None:
        """What is waited for stands before the bar, until it is over."""
        if over.wait(max(_BLINK, self.started + _PATIENCE - time.perf_counter())):
            return
        with suppress(Exception):  # never a reason to fail
            display = self._opened()
            display.say(f"{label} …")
            over.wait()
            display.say(self.label)

    def _opened(self) -> _Terminal | _Cell:
        if self.display is None:
            kind = _Cell if _in_a_notebook() else _Terminal
            self.display = kind(self.label, self.started)
        return self.display

    def close(self) -> None:
        if self.display is not None:
            self.display.close()


class _Terminal:
    """A bar of rich's, on the error stream."""

    def __init__(self, label: str, started: float) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:3.0f} %"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        self._bar: Any = Progress(*columns, console=Console(stderr=True), transient=True)
        self._bar.start()
        self._task = self._bar.add_task(label, total=1.0, rate="")

    def show(self, fraction: float, rate: str) -> None:
        self._bar.update(self._task, completed=fraction, rate=rate)

    def say(self, label: str) -> None:
        self._bar.update(self._task, description=label)

    def close(self) -> None:
        self._bar.stop()


class _Cell:
    """A bar under the cell of a notebook."""

    def __init__(self, label: str, started: float) -> None:
        self._label, self._started, self._fraction, self._rate = label, started, 0.0, ""
        self._output, self._said = _Output(), 0.0

    def say(self, label: str) -> None:
        self._label, self._said = label, 0.0
        self.show(self._fraction, self._rate)

    def show(self, fraction: float, rate: str) -> None:
        now = time.perf_counter()
        self._fraction, self._rate = fraction, rate
        if now - self._said < _EVERY:
            return
        self._said = now
        left = (now - self._started) * (1.0 - fraction) / max(fraction, 1e-3)
        words = f"{100 * fraction:.0f} %, {int(left) // 60}:{int(left) % 60:02d} left"
        words = f"{words}, {rate}" if rate else words
        bar = f'<progress value="{fraction:.4f}" max="1"></progress>'
        self._output.show(f"{self._label} {words}", f"{html.escape(self._label)} {bar} {words}")

    def close(self) -> None:
        self._output.close()


class _Output:
    """One output of a notebook's cell, which changes and is taken away."""

    def __init__(self) -> None:
        self._name, self._shown = f"loligo-{uuid.uuid4().hex}", False

    def show(self, text: str, markup: str) -> None:
        self._send({"text/plain": text, "text/html": markup})

    def close(self) -> None:
        """What shows nothing takes no room."""
        if self._shown:
            self._send({})

    def _send(self, data: dict[str, str]) -> None:
        from IPython.display import (  # type: ignore[import-not-found]  # where a kernel runs
            publish_display_data,
        )

        named = {"display_id": self._name}
        publish_display_data(data, transient=named, update=self._shown)
        self._shown = True
