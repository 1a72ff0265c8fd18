"""Several processes on one store: each takes blocks by leases, and a dead one's are taken over.

A lease is a file that its owner made, which can be done by one alone, and in which it counts on for
as long as it works. Who sees the same count for longer than a while, by its own clock, takes the
lease over: it makes the next file of that block's, which again one alone can. No two clocks are
ever compared, and nothing is locked: any folder will do that several machines see.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from loligo.files import replacing
from loligo.run.loop import Advance
from loligo.sweeps.store import Store
from loligo.sweeps.threads import Done, by_threads

BEAT = 2.0  # s, between two counts
PATIENCE = 20.0  # s without one, after which an owner is dead
_WAIT = 0.5  # s, before it is looked again whether there is something to do


@dataclass
class Leases:
    """What one process holds, and what it has seen of the others.

    Parameters
    ----------
    folder
        Where they lie.
    beat, patience
        s; see :data:`BEAT` and :data:`PATIENCE`.
    clock
        Of this process alone.
    """

    folder: Path
    beat: float = BEAT
    patience: float = PATIENCE
    clock: Callable[[], float] = time.monotonic
    name: str = field(default_factory=lambda: f"{os.getpid()}-{secrets.token_hex(8)}")
    held: dict[int, Path] = field(default_factory=dict[int, Path])
    seen: dict[Path, tuple[str, float]] = field(default_factory=dict[Path, tuple[str, float]])
    count: int = 0

    def take(self, number: int) -> bool:
        """Try to take a block: one that nobody has, or whose owner is dead."""
        self.folder.mkdir(exist_ok=True)
        newest = self._newest(number)
        if newest is not None and not self._is_dead(newest):
            return False
        turn = 0 if newest is None else int(newest.suffix[1:]) + 1
        path = self.folder / f"{number:07d}.{turn}"
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            return False
        os.write(handle, self._text().encode())
        os.close(handle)
        self.held[number] = path
        return True

    def give_back(self, number: int) -> None:
        """A block that is whole, or that is not to be computed here."""
        path = self.held.pop(number, None)
        if path is not None:
            with suppress(OSError):  # Windows, while another reads it: it will be found dead
                path.unlink(missing_ok=True)

    def count_on(self) -> None:
        """Show that this process lives."""
        self.count += 1
        for path in list(self.held.values()):
            with suppress(OSError):
                if path.exists():
                    with replacing(path) as part:
                        part.write_text(self._text(), encoding="utf-8", newline="\n")

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Count on for as long as this lasts."""
        over = threading.Event()

        def counting() -> None:
            while not over.wait(self.beat):
                self.count_on()

        heart = threading.Thread(target=counting, daemon=True)
        heart.start()
        try:
            yield
        finally:
            over.set()
            heart.join()
            for number in list(self.held):
                self.give_back(number)

    def _text(self) -> str:
        return f"{self.name} {self.count}"

    def _newest(self, number: int) -> Path | None:
        """The last lease of a block."""
        each = self.folder.glob(f"{number:07d}.*")
        return max(
            (path for path in each if path.suffix[1:].isdecimal()),
            key=lambda path: int(path.suffix[1:]), default=None,
        )  # fmt: skip

    def _is_dead(self, path: Path) -> bool:
        """Whether nobody has counted on in a lease for too long."""
        try:
            text = path.read_text(encoding="utf-8")
        except OSError:  # given back just now
            return False
        before = self.seen.get(path)
        if before is None or before[0] != text:
            self.seen[path] = text, self.clock()
            return False
        return self.clock() - before[1] > self.patience


def shared(
    store: Store, left: list[int], done: Done, advance: Advance, leases: Leases | None = None
) -> None:
    """Compute what is left of a sweep beside other processes, until nothing is."""
    leases = leases or Leases(store.folder.leases)
    turn = _Turns(store, left, leases)

    def whole(number: int, names: list[str]) -> None:
        leases.give_back(number)
        done(number, names)

    with leases.alive():
        by_threads(store, iter(turn), whole, lambda lanes: advance(lanes + turn.of_others))


class _Turns:
    """Blocks that this process has taken, one after the other, until all are whole."""

    def __init__(self, store: Store, left: list[int], leases: Leases) -> None:
        self.store, self.left, self.leases = store, list(left), leases
        self.of_others = 0.0
        # two processes begin at different ends, and meet seldom
        first = secrets.randbelow(max(1, len(left)))
        self.left = [*left[first:], *left[:first]]

    def __iter__(self) -> Iterator[int]:
        while self.left:
            taken = self._take()
            if taken is None:
                time.sleep(_WAIT)
                continue
            yield taken

    def _take(self) -> int | None:
        """A block that nobody has; those that others have made whole meanwhile are done."""
        for number in list(self.left):
            if self.store.is_whole(number):
                self.left.remove(number)
                self.of_others += self.store.boxes.lanes(number)
            elif self.leases.take(number):
                self.left.remove(number)
                if not self.store.is_whole(number):  # it may have been, just before
                    return number
                self.leases.give_back(number)
                self.of_others += self.store.boxes.lanes(number)
        return None
