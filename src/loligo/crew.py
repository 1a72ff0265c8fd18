"""Work that is done on all cores: how many there are for it, and by whom it is done."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from loligo.cores import cores

_Part = TypeVar("_Part")
_Made = TypeVar("_Made")

_SHARE: ContextVar[int | None] = ContextVar("_SHARE", default=None)


@contextmanager
def share(number: int) -> Generator[None]:
    """Use no more than so many cores, here and in what is called: the others have work as well.

    >>> with share(1):
    ...     threads()
    1
    """
    before = _SHARE.set(number)
    try:
        yield
    finally:
        _SHARE.reset(before)


def threads() -> int:
    """How many cores to use: those of a :func:`share`, or :func:`loligo.cores.cores`."""
    own = _SHARE.get()
    return cores() if own is None else own


def stretches(count: int, size: int = 1 << 16) -> list[slice]:
    """So many things in runs of some size, for :func:`on_all_cores`: what a run needs stays close
    to its core.

    >>> stretches(5, 2)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    return [slice(k, min(k + size, count)) for k in range(0, count, size)]


def on_all_cores(work: Callable[[_Part], _Made], parts: Sequence[_Part]) -> list[_Made]:
    """What is made of each part, by as many threads as there are cores; each part is looked at as
    if it were alone."""
    if len(parts) < 2 or threads() < 2:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(min(threads(), len(parts))) as pool:
        return list(pool.map(work, parts))
