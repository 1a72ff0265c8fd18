"""Zip archives from others: how much they unpack to is known, and bounded, before any of it is."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loligo.errors import FileError
from loligo.memory import spell
from loligo.recording.contents import fits_in_memory

# An archive may unpack to so many times its size: numbers that were measured shrink to a half or
# a tenth, a file of zeros made to do harm to a thousandth.
_SWELLS = 200
_HARMLESS = 64_000_000  # bytes
_MOST_MEMBERS = 10_000


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive ``path``, once it is known that it does not fill the memory.

    What it says of a member's size is also all that `zipfile` reads of it.

    Raises
    ------
    FileError
        It unpacks to more than there is memory for, or to far more than it could honestly hold.
    """
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > _MOST_MEMBERS:
            raise FileError(f"{path} is an archive of {len(members):,} files, not a recording")
        size, whole = path.stat().st_size, sum(member.file_size for member in members)
        fits_in_memory(whole, path)
        if whole > max(_HARMLESS, _SWELLS * size):
            raise FileError(
                f"{path} would unpack to {spell(whole)}, {whole // size:,} times its size, which "
                "no recording does; if you trust it, unpack it and save its numbers again"
            )
        if len({member.filename for member in members}) < len(members):
            raise FileError(f"{path} is damaged: two of its files have the same name")
        yield archive
