"""The folder of a store: what lies where, locks, and files that appear whole.

Beside the arrays, which are Zarr's, lies ``.sweep``: what was asked, which blocks are whole, and in
one file when and where each was made. All but that file has the same bytes, whoever wrote it.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from loligo.errors import FileError
from loligo.files import MARK, failure, named, replacing

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

OWN = ".sweep"
_PER_FOLDER = 1000  # records


class Folder:
    """Where a sweep is kept.

    Parameters
    ----------
    path
        Of the store.
    """

    def __init__(self, path: Any) -> None:
        self.path = named(path)
        self.own = self.path / OWN

    def record(self, number: int) -> Path:
        """Where it is told that a block is whole."""
        return self.own / "blocks" / f"{number // _PER_FOLDER:04d}" / f"{number:07d}.json"

    @property
    def asked(self) -> Path:
        return self.own / "asked.json"

    @property
    def whole(self) -> Path:
        """What is there once all is done."""
        return self.own / "whole.json"

    @property
    def journal(self) -> Path:
        """The one file that differs from run to run: when and where blocks were made."""
        return self.own / "journal.jsonl"

    @property
    def leases(self) -> Path:
        return self.own / "leases"

    def array(self, name: str) -> Path:
        return self.path / name

    def note(self, **told: Any) -> None:
        """A line in the journal."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        line = json.dumps(
            {"date": now, "host": socket.gethostname(), "process": os.getpid(), **told}
        )
        with suppress(OSError), open(self.journal, "a", encoding="utf-8") as file:
            file.write(line + "\n")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """While what belongs to several blocks is changed. Where the disk knows no locks none is
        taken: what two write at once is the same, and is put right at the end."""
        with open(self.own / "lock", "ab") as file:
            if fcntl is not None:
                with suppress(OSError):
                    fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextmanager
    def at_work(self, together: bool) -> Iterator[None]:
        """While a process works on the store: alone, or with others that want to share. One that
        is whole may be looked at by those who may not write there.

        Raises
        ------
        FileError
            If another does, and both do not share it.
        """
        with ExitStack() as held:
            try:
                file = held.enter_context(open(self.own / "at_work", "ab"))
            except OSError as error:
                closed = error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
                if not (closed and self.whole.exists()):
                    raise
                yield
                return
            if fcntl is not None:
                how = fcntl.LOCK_SH if together else fcntl.LOCK_EX
                try:
                    fcntl.flock(file, how | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise FileError(
                        f"another process is working on {self.path}; wait for it, or let both "
                        "share the store: share=True"
                    ) from None
                except OSError:  # a disk without locks
                    pass
            yield

    def tidy(self) -> None:
        """Without what killed writers left."""
        for file in self.path.rglob("*"):
            if file.name.endswith(".partial") or (MARK in file.name and OWN in file.parts):
                with suppress(OSError):
                    file.unlink()
        shutil.rmtree(self.leases, ignore_errors=True)


def write_json(path: Path, document: Any) -> None:
    """A document, and before it a sum over its bytes; whole or not at all."""
    text = json.dumps(document, ensure_ascii=False)  # order matters: that of currents, say
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        part.write_text(f"{_sum(text)}\n{text}\n", encoding="utf-8", newline="\n")


def read_json(path: Path) -> Any:
    """What :func:`write_json` wrote; None where there is nothing, or not that."""
    try:
        total, _, text = path.read_text(encoding="utf-8").partition("\n")
        text = text.removesuffix("\n")
        return json.loads(text) if total == _sum(text) else None
    except (OSError, ValueError, RecursionError):
        return None


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def writing(folder: Folder) -> Iterator[None]:
    """While a store is written: what the system refuses, in our words."""
    try:
        yield
    except FileError:
        raise
    except OSError as error:
        refused = failure(folder.path, error)
        raise FileError(f"{refused}. What was whole is kept: call again, and it goes on") from error
