"""Blocks on the workers of a Dask cluster: a bounded number at a time, each written where it is
computed. What passes through the client is which block, and that it is whole."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from loligo.crew import share
from loligo.errors import LoligoError, RunError, UsageError
from loligo.run.loop import Advance
from loligo.sweeps.asked import Summary
from loligo.sweeps.opening import found
from loligo.sweeps.store import Store
from loligo.sweeps.threads import Done, compute

_AHEAD = 2  # blocks for each of the workers' threads: one that is computed, one that waits
_FEWEST = 8  # that are asked for where there are no workers yet, so that some are started
PATIENCE = "20s"  # for a scheduler to answer
_TRIES = 4  # times that a block is asked for again after its workers have died


def by_client(store: Store, left: list[int], client: Any, done: Done, advance: Advance) -> None:
    """Compute and write the blocks of some numbers.

    Raises
    ------
    LoligoError
        What a block raises; or that workers die of it, or see no such folder.
    """
    _check(client)
    from distributed import as_completed

    tasks = _Tasks(store, left, client)
    lanes = 0
    with client.as_current(), tasks.cancelled_at_the_end():
        work = as_completed(list(tasks.more()), with_results=False)
        for future in work:
            number, names = tasks.result(future)
            if names is not None:
                lanes += store.boxes.lanes(number)
                done(number, names)
                advance(lanes)
            work.update(list(tasks.more()))


class _Tasks:
    """Blocks that were asked for.

    Attributes
    ----------
    left
        What was not yet, the next one last.
    """

    def __init__(self, store: Store, left: list[int], client: Any) -> None:
        self.store, self.client, self.left = store, client, left[::-1]
        self.asked: dict[Any, int] = {}
        self.tries = dict.fromkeys(left, 0)

    def more(self) -> Iterator[Any]:
        """Ask for as many as the workers will soon be ready for; there may be more of them than
        before."""
        most = max(_FEWEST, _AHEAD * sum(self.client.nthreads().values()))
        while self.left and len(self.asked) < most:
            number = self.left.pop()
            yield self._submit(number)

    def _submit(self, number: int) -> Any:
        store, path = self.store, str(self.store.folder.path.absolute())
        key = f"loligo-block-{number}-{self.tries[number]}-{store.asked.key[:16]}-{id(self):x}"
        future = self.client.submit(
            block, path, store.asked.key, number, store.asked.summary, key=key, pure=False
        )
        self.asked[future] = number
        return future

    def result(self, future: Any) -> tuple[int, list[str] | None]:
        """A block's number, and the variables that it has; None if it is to be tried again."""
        from distributed.scheduler import KilledWorker

        number = self.asked.pop(future)
        label = self.store.label(number)
        try:
            return number, future.result()
        except KilledWorker:
            if self.tries[number] == _TRIES:
                raise RunError(
                    f"the workers that computed {label} died again and again: it may need more "
                    f"memory than they have. Give a smaller block, in another store; "
                    f"{self.store.folder.path} keeps what is whole"
                ) from None
            self.tries[number] += 1
            self.left.append(number)
            return number, None
        except LoligoError:
            raise
        except Exception as error:
            if type(error).__name__ not in ("CancelledError", "FutureCancelledError"):
                raise
            raise RunError(
                f"the cluster was lost while {label} was computed: {error}. Connect to it again "
                "and call again; what is whole is kept"
            ) from None

    @contextmanager
    def cancelled_at_the_end(self) -> Iterator[None]:
        """Nobody waits for what is asked for then."""
        try:
            yield
        finally:
            for future in self.asked:
                future.cancel()


def block(path: str, key: str, number: int, summary: Summary | None) -> list[str]:
    """On a worker: one block, by one core; the names of what it has."""
    store = _store(path, key, summary)
    record = store.record(number)
    if record is not None:  # another worker, which was believed dead, has done it meanwhile
        return sorted(record["arrays"])
    with share(1):
        return compute(store, number, lambda _: None)


@lru_cache(maxsize=4)
def _store(path: str, key: str, summary: Summary | None) -> Store:
    """As this worker sees it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they were given where the sweep was called
        try:
            store = found(path, summary)
        except LoligoError as error:
            raise RunError(f"a worker cannot use the store: {error}; {_SEES}") from None
    if store.asked.key != key:
        raise RunError(f"{path} is another store on a worker than here; {_SEES}")
    return store


_SEES = "all machines must see one folder under the same name"


def _check(client: Any) -> None:
    if not all(hasattr(client, name) for name in ("submit", "nthreads", "scheduler_info")):
        raise UsageError(
            "client must be a distributed.Client, as distributed.Client() or "
            f"distributed.Client('tcp://…') gives it, not {client!r:.60}"
        )
    if getattr(client, "asynchronous", False):
        raise UsageError("client is asynchronous; give one that is not")


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of the cluster at an address.

    Raises
    ------
    RunError
        If nobody answers there.
    """
    try:
        from distributed import Client
    except ImportError:
        raise UsageError('Dask is not installed; pip install "loligo[sweep]"') from None
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise RunError(
            f"there is no Dask scheduler at {address}: {error}. Start one with `dask scheduler`, "
            "which says its address"
        ) from error
    with client:
        yield client
