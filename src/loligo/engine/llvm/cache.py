"""Compiled kernels, in memory and on disk.

A kernel depends on the structure of a model, never on its numbers; it is compiled once and
then found by a digest of all that it depends on. An entry on disk is one file,

    loligo-kernel 1 / SHA-256 of the rest / length of the JSON / JSON / object code

in a directory of the user's own. Whatever is not exactly so is rebuilt. ``LOLIGO_CACHE=off``
works without the disk; any other value is the directory to use.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import loligo
from loligo.engine.llvm.jit import compile_object, load_object, processor
from loligo.engine.llvm.kernel import CompiledKernel
from loligo.errors import FileError
from loligo.files import replacing
from loligo.program import Program

_MAGIC = b"loligo-kernel 1"
_LARGEST = 64 << 20  # bytes; a real entry has about 50 kB
_MOST_ENTRIES = 500  # on disk; the oldest go
_MOST_LOADED = 64  # in memory
_SOURCES = ("model", "system", "program", "engine")  # what a kernel is made by

_loaded: OrderedDict[str, CompiledKernel] = OrderedDict()
_lock = Lock()


def compiled(
    key: Mapping[str, Any], width: int, program: Callable[[], Program]
) -> tuple[CompiledKernel, str]:
    """The kernel for ``key``, from memory, from disk, or made from ``program()``.

    Parameters
    ----------
    key
        Everything that the program depends on, JSON-able.
    width
        Lanes in a vector.
    program
        Called only if the kernel is nowhere.

    Returns
    -------
    kernel
    origin
        ``"memory"``, ``"cache"`` or ``"compiled"``.
    """
    text = json.dumps([key, width, _environment()], sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    with _lock:
        if digest in _loaded:
            _loaded.move_to_end(digest)
            return _loaded[digest], "memory"
    folder = directory()
    kernel, origin = _read(folder, digest, text, width), "cache"
    if kernel is None:
        written = program()
        code = compile_object(written, width)
        kernel, origin = CompiledKernel(written, width, load_object(code)), "compiled"
        _write(folder, digest, text, written, code)
    with _lock:
        _loaded[digest] = kernel
        while len(_loaded) > _MOST_LOADED:
            _loaded.popitem(last=False)
    return kernel, origin


def clear_memory() -> None:
    """Forget the kernels in memory; those on disk stay."""
    with _lock:
        _loaded.clear()


@cache
def _environment() -> list[str]:
    """What else a kernel depends on: versions, the processor, and the code that made it."""
    host = processor()
    root = Path(__file__).parent.parent
    files = sorted(f for folder in _SOURCES for f in (root / folder).rglob("*.py"))
    marks = [f"{f.relative_to(root)} {f.stat().st_size} {f.stat().st_mtime_ns}" for f in files]
    source = hashlib.sha256("\n".join(marks).encode()).hexdigest()
    return [loligo.__version__, source, host.llvm, host.name, host.features]


def directory() -> Path | None:
    """Where kernels lie, or None where they cannot be kept safely.

    Object code is executed, so the directory must be this user's own, closed to all others,
    and no link.
    """
    wish = os.environ.get("LOLIGO_CACHE", "")
    if wish.lower() == "off":
        return None
    if wish:
        folder = Path(wish)
    else:
        import platformdirs

        folder = Path(platformdirs.user_cache_dir("loligo", appauthor=False)) / "kernels"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder if _is_private(os.lstat(folder), stat.S_ISDIR) else None
    except OSError:
        return None


def _is_private(status: os.stat_result, kind: Callable[[int], bool]) -> bool:
    if not kind(status.st_mode):
        return False
    if not hasattr(os, "getuid"):  # Windows: the profile directory is the user's own
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o077


def _read(folder: Path | None, digest: str, text: str, width: int) -> CompiledKernel | None:
    """The kernel from disk, or None if there is no sound entry."""
    if folder is None:
        return None
    try:
        content = _content(folder / f"{digest}.kernel")
        magic, checksum, length, rest = content.split(b"\n", 3)
        if magic != _MAGIC or hashlib.sha256(rest).hexdigest().encode() != checksum:
            return None
        document, code = rest[: int(length)], rest[int(length) :]
        entry = json.loads(document)
        if entry["key"] != text:
            return None
        return CompiledKernel(Program.from_dict(entry["program"]), width, load_object(code))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        return None


def _content(path: Path) -> bytes:
    # no link is followed, and a pipe is not waited for
    careful = ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")
    flags = os.O_RDONLY | sum(getattr(os, name, 0) for name in careful)
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not _is_private(status, stat.S_ISREG) or status.st_size > _LARGEST:
            return b""
        return file.read()


def _write(folder: Path | None, digest: str, text: str, program: Program, code: bytes) -> None:
    """Keep an entry. A cache that cannot be written is no reason to fail."""
    if folder is None:
        return
    document = json.dumps({"key": text, "program": program.to_dict()}).encode()
    rest = document + code
    checksum = hashlib.sha256(rest).hexdigest().encode()
    path = folder / f"{digest}.kernel"
    try:
        path.unlink(missing_ok=True)  # what is replaced would keep its mode, or be a link
        with replacing(path) as temporary:
            temporary.touch(mode=0o600)
            temporary.chmod(0o600)
            temporary.write_bytes(b"\n".join([_MAGIC, checksum, str(len(document)).encode(), rest]))
        _prune(folder)
    except (OSError, FileError):
        return


def _prune(folder: Path) -> None:
    entries = list(folder.glob("*.kernel"))
    if len(entries) > _MOST_ENTRIES:
        entries.sort(key=lambda path: path.stat().st_mtime)
        for path in entries[: len(entries) - _MOST_ENTRIES]:
            path.unlink(missing_ok=True)
