"""When the program began: imported before anything else, for ``--timings``."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Iterator

STARTED = time.perf_counter()


@contextlib.contextmanager
def nothing_swept() -> Iterator[None]:
    """Until :func:`imported`, nobody looks for garbage: in what a short command imports there is
    none, and the looking takes a tenth of its time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def imported() -> None:
    """What is there stays; from here on garbage is looked for as ever."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
