"""How far a sweep has come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loligo.sweeps.folder import Folder
from loligo.sweeps.opening import cut_of

_LAST = 200  # lines of the journal, by which it is told how fast it goes
_LONGEST = 1 << 16  # bytes of them


@dataclass(frozen=True)
class SweepStatus:
    """How far a sweep has come.

    Attributes
    ----------
    store : str
    lanes, lanes_done : int
        In all; in blocks that are whole.
    blocks, blocks_done : int
    finished : bool
        Whether the store is whole.
    lanes_per_second : float or None
        As the last blocks were written; None where there are fewer than two.
    last : str or None
        When the last was, UTC.
    """

    store: str
    lanes: int
    lanes_done: int
    blocks: int
    blocks_done: int
    finished: bool
    lanes_per_second: float | None = None
    last: str | None = None

    @property
    def left(self) -> int:
        """Lanes that are not done."""
        return self.lanes - self.lanes_done

    @property
    def seconds_left(self) -> float | None:
        """How long these take, as fast as the last."""
        rate = self.lanes_per_second
        return self.left / rate if rate else None

    def __str__(self) -> str:
        if self.finished:
            return f"{self.store}: all {self.lanes:,} lanes are done, in {_blocks(self.blocks)}"
        done = (
            f"{self.store}: {self.lanes_done:,} of {self.lanes:,} lanes are done "
            f"({self.blocks_done:,} of {_blocks(self.blocks)})"
        )
        left = f"{self.left:,} are left: call again, and it goes on"
        if self.blocks_done == self.blocks:
            left = "all that is left is the end: call again"
        when = f"; the last was written at {self.last}" if self.last else ""
        seconds = self.seconds_left
        fast = (
            f", some {_spelled(seconds)} at {self.lanes_per_second:,.0f} lanes/s" if seconds else ""
        )
        return f"{done}; {left}{fast}{when}"


def sweep_status(store: Any) -> SweepStatus:
    """How far a sweep has come, from its store.

    Parameters
    ----------
    store : path

    Returns
    -------
    SweepStatus
        Prints as a sentence; ``lanes``, ``lanes_done``, ``left``, ``blocks``, ``blocks_done``,
        ``finished``, ``lanes_per_second``, ``seconds_left``.

    Raises
    ------
    FileError
        If there is no sweep.

    Examples
    --------
    >>> import loligo as lo
    >>> from tempfile import TemporaryDirectory
    >>> squid = lo.load("hodgkin-huxley-1952").replace(g_Na=[60, 120])
    >>> with TemporaryDirectory() as folder:
    ...     rec = lo.sweep(squid, lo.Pulse(5, 1, 20), 20, store=f"{folder}/shock.zarr")
    ...     status = lo.sweep_status(f"{folder}/shock.zarr")
    >>> status.lanes_done, status.finished
    (2, True)
    """
    folder, boxes = cut_of(store)
    done = [number for number in range(boxes.count) if folder.record(number).exists()]
    rate, last = _pace(folder)
    return SweepStatus(
        str(store), boxes.size, sum(map(boxes.lanes, done)), boxes.count, len(done),
        folder.whole.exists(), rate, last,
    )  # fmt: skip


def _blocks(count: int) -> str:
    return f"{count:,} block{'s' if count != 1 else ''}"


def _spelled(seconds: float) -> str:
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _pace(folder: Folder) -> tuple[float | None, str | None]:
    """Lanes a second of the blocks that were written last, and when the last was."""
    each = [line for line in _lines(folder) if "block" in line]
    last = str(each[-1]["date"])[:19].replace("T", " ") if each else None
    try:
        when = [datetime.fromisoformat(str(line["date"])) for line in each]
        lanes = sum(int(line["lanes"]) for line in each[1:])
        seconds = (when[-1] - when[0]).total_seconds()
        return (lanes / seconds if seconds > 0 else None), last
    except (IndexError, KeyError, TypeError, ValueError):
        return None, last


def _lines(folder: Folder) -> Iterator[dict[str, Any]]:
    try:
        with open(folder.journal, "rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _LONGEST))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return
    for line in text.splitlines()[-_LAST:]:
        try:
            told = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(told, dict):
            yield told
