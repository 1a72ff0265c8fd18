"""One progress bar for all long work: on a terminal and in a notebook, silent elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from threading import Event, Thread
from typing import Any

from loligo.errors import UsageError

_PATIENCE = 0.5  # s: what is over sooner needs no bar
_LONG = 2.0  # s: what is over sooner needs no word

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
    what is waited for inside it is part of it, and not said.

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
    if not looked_at or (isinstance(around, _Bar) and around.display is not None):
        yield
        return
    over = Event()
    teller = Thread(target=_tell, args=(label, over), daemon=True)
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
    with suppress(Exception), _console().status(f"{label} …"):  # never a reason to fail
        over.wait()


def _console() -> Any:
    from rich.console import Console

    return Console(stderr="ipykernel" not in sys.modules)


def _silent(fraction: float) -> None:
    """Nobody looks."""


def _somebody_looks() -> bool:
    if "ipykernel" in sys.modules:
        return True
    with suppress(AttributeError, ValueError, OSError):  # no stream at all (pythonw), or closed
        return sys.stderr.isatty()
    return False


class _Bar:
    """A rich progress bar that appears only when the work turns out to be long."""

    def __init__(self, label: str, amount: tuple[int, str] | None) -> None:
        self.label, self.amount, self.first = label, amount, 0.0
        self.started = time.perf_counter()
        self.display: Any = None
        self.task: Any = None

    def advance(self, fraction: float) -> None:
        self.first = self.first or fraction
        if self.display is None:
            if time.perf_counter() - self.started < _PATIENCE or fraction >= 1.0:
                return
            self.display = self._open()
        self.display.update(self.task, completed=fraction, rate=self._rate(fraction))

    def _rate(self, fraction: float) -> str:
        """How much was done in a second, since the first word of it."""
        if self.amount is None:
            return ""
        whole, what = self.amount
        seconds = time.perf_counter() - self.started
        return f"{(fraction - self.first) * whole / seconds:,.0f} {what}/s"

    def _open(self) -> Any:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:3.0f} %"),
            *([] if self.amount is None else [TextColumn("{task.fields[rate]}")]),
            TimeRemainingColumn(),
        )
        display = Progress(*columns, console=_console(), transient=True)
        display.start()
        self.task = display.add_task(self.label, total=1.0, rate="")
        return display

    def close(self) -> None:
        if self.display is not None:
            self.display.stop()
