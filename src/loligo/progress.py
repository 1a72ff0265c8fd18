"""One progress bar for all long work: on a terminal and in a notebook, silent elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_PATIENCE = 0.5  # s: what is over sooner needs no bar

Advance = Callable[[float], None]


@contextmanager
def progress(label: str, show: bool | Advance | None = None) -> Iterator[Advance]:
    """A function that takes the fraction done, 0 to 1.

    Parameters
    ----------
    label
        A verb: "simulating".
    show
        True or False; None shows a bar where somebody looks (a terminal or a notebook). A function
        is told instead; what it raises ends the work.

    Examples
    --------
    >>> with progress("simulating", show=False) as advance:
    ...     advance(0.5)
    """
    if callable(show):
        yield show
        return
    bar = _Bar(label) if (_somebody_looks() if show is None else show) else None
    try:
        yield bar.advance if bar else _silent
    finally:
        if bar:
            bar.close()


def _silent(fraction: float) -> None:
    """Nobody looks."""


def _somebody_looks() -> bool:
    return sys.stderr.isatty() or "ipykernel" in sys.modules


class _Bar:
    """A rich progress bar that appears only when the work turns out to be long."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.started = time.perf_counter()
        self.display: Any = None
        self.task: Any = None

    def advance(self, fraction: float) -> None:
        if self.display is None:
            if time.perf_counter() - self.started < _PATIENCE or fraction >= 1.0:
                return
            self.display = self._open()
        self.display.update(self.task, completed=fraction)

    def _open(self) -> Any:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr="ipykernel" not in sys.modules)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:3.0f} %"),
            TimeRemainingColumn(),
        )
        display = Progress(*columns, console=console, transient=True)
        display.start()
        self.task = display.add_task(self.label, total=1.0)
        return display

    def close(self) -> None:
        if self.display is not None:
            self.display.stop()
