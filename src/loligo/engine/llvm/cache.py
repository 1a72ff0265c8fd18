"""Compiled kernels, in memory and on disk.

A kernel depends on the structure of a model, never on its numbers; it is compiled once and
then found by a digest of all that it depends on. An entry on disk is one file,

    loligo-kernel 2 / SHA-256 of the rest / length of the JSON / JSON / object code

in a directory of the user's own. Whatever is not exactly so is rebuilt. ``LOLIGO_CACHE=off``
works without the disk; any other value is the directory to use.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import stat
import warnings
from collections import OrderedDict
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import loligo
from loligo.engine.llvm.called import source_of
from loligo.engine.llvm.jit import (
    Code,
    compile_loops,
    compile_object,
    compile_rests,
    compile_solve,
    load_object,
)
from loligo.engine.llvm.kernel import CompiledKernel
from loligo.engine.llvm.rests import FUNCTION
from loligo.engine.llvm.target import Target, host, version
from loligo.engine.resting import Equations
from loligo.errors import FileError
from loligo.files import failure, replacing
from loligo.program import Program
from loligo.progress import waiting
from loligo.ready import begin

_MAGIC = b"loligo-kernel 2"
_LARGEST = 64 << 20  # bytes; a real entry has about 50 kB
_SOURCES = ("model", "system", "program", "engine")  # what a kernel is made by

T = TypeVar("T")


class Cache:
    """Kernels for this processor, kept as they are made.

    Parameters
    ----------
    most_entries
        On disk; the oldest go.
    most_loaded
        In memory; those least recently used go.
    """

    def __init__(self, most_entries: int = 500, most_loaded: int = 64) -> None:
        self.most_entries, self.most_loaded = most_entries, most_loaded
        self.unkept = ""  # why the last entry that could not be written could not
        self._loaded: OrderedDict[str, Any] = OrderedDict()
        self._lock = Lock()

    def kernel(
        self, key: Mapping[str, Any], width: int, write: Callable[[], Program],
        portable: bool = False,
    ) -> tuple[CompiledKernel, str]:  # fmt: skip
        """The kernel for ``key``, from memory, from disk, or made from ``write()``.

        Parameters
        ----------
        key
            Everything that the program depends on, JSON-able.
        width
            Lanes in a vector.
        write
            Called only if the kernel is nowhere.
        portable
            Whether its bits are those of every machine.

        Returns
        -------
        kernel
        origin
            ``"memory"``, ``"cache"`` or ``"compiled"``.
        """

        def loaded(program: Program, code: bytes) -> CompiledKernel:
            return CompiledKernel(
                program, width, load_object(code), portable=portable, rests=self.rests
            )

        def restore(document: dict[str, Any], code: bytes) -> CompiledKernel:
            return loaded(Program.from_dict(document["program"]), code)

        def make() -> tuple[CompiledKernel, dict[str, Any], bytes]:
            program = write()
            code = compile_object(program, width, _target(portable))
            return loaded(program, code), {"program": program.to_dict()}, code

        return self.obtained([key, width, *(["portable"] if portable else [])], restore, make)

    def solve(self, portable: bool = False) -> Code:
        """The solve that joins the compartments of an axon, the same for all models."""

        def make() -> tuple[Code, dict[str, Any], bytes]:
            code = compile_solve(_target(portable))
            return load_object(code), {}, code

        what = ["the solve of an axon", *(["portable"] if portable else [])]
        return self.obtained(what, lambda _, code: load_object(code), make)[0]

    def rests(self, equations: Equations, portable: bool = False) -> Code:
        """The loop that looks for where membranes rest."""

        def make() -> tuple[Code, dict[str, Any], bytes]:
            code = compile_rests(equations, _target(portable))
            return load_object(code, [FUNCTION]), {}, code

        what = [*equations.key, *(["portable"] if portable else [])]
        return self.obtained(what, lambda _, code: load_object(code, [FUNCTION]), make)[0]

    def loops(self, functions: Sequence[Callable[..., None]]) -> Code:
        """Plain loops (:mod:`loligo.engine.llvm.plain`)."""
        names = [each.__name__ for each in functions]
        source = hashlib.sha256(source_of(functions).encode()).hexdigest()

        def make() -> tuple[Code, dict[str, Any], bytes]:
            code = compile_loops(functions, host())
            return load_object(code, names), {}, code

        what = ["plain loops", *names, source]
        return self.obtained(what, lambda _, code: load_object(code, names), make)[0]

    def clear(self) -> None:
        """Forget the kernels in memory; those on disk stay."""
        with self._lock:
            self._loaded.clear()

    def obtained(
        self, key: list[Any], restore: Callable[[dict[str, Any], bytes], T],
        make: Callable[[], tuple[T, dict[str, Any], bytes]],
    ) -> tuple[T, str]:  # fmt: skip
        """What is kept under a key, and where it came from.

        Parameters
        ----------
        key
            All that it depends on besides versions, this processor and loligo's own code.
        restore
            Makes it of an entry's document and code.
        make
            Makes it anew, with both.
        """
        text = json.dumps([*key, _environment()], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        with self._lock:
            if digest in self._loaded:
                self._loaded.move_to_end(digest)
                return self._loaded[digest], "memory"
        folder = directory()
        kept, origin = _read(folder, digest, text, restore), "cache"
        if kept is None:
            with waiting("compiling the equations"), _all_kept():
                kept, document, code = make()
            origin = "compiled"
            entry = {"key": text, **document}
            self.unkept = _write(folder, digest, entry, code, self.most_entries) or self.unkept
            if folder is not None:
                begin(folder, mark())
        with self._lock:
            self._loaded[digest] = kept
            while len(self._loaded) > self.most_loaded:
                self._loaded.popitem(last=False)
        return kept, origin


KERNELS = Cache()


@contextmanager
def _all_kept() -> Generator[None]:
    """Without looking for garbage: a kernel is made of many thousand small objects that refer to
    each other, and looking through them again and again takes a tenth of the time."""
    looked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looked:
            gc.enable()


def _target(portable: bool) -> Target:
    return host().portable() if portable else host()


@cache
def _environment() -> list[Any]:
    """What else a kernel depends on: versions, the processor, and the code that made it."""
    root = Path(__file__).parents[2]
    files = sorted(f for folder in _SOURCES for f in (root / folder).rglob("*.py"))
    marks = [f"{f.relative_to(root)} {f.stat().st_size} {f.stat().st_mtime_ns}" for f in files]
    source = hashlib.sha256("\n".join(marks).encode()).hexdigest()
    return [loligo.__version__, source, version(), *astuple(host())]


@cache
def mark() -> str:
    """The name of a file that says that the library's kernels are there, for what is here now."""
    text = json.dumps(_environment(), sort_keys=True)
    return f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.warm"


def directory() -> Path | None:
    """Where kernels lie, or None where they cannot be kept safely.

    Object code is executed, so the directory must be this user's own, closed to all others,
    and no link. If the one that ``LOLIGO_CACHE`` names is open to others, a closed one is made
    inside it; if that cannot be either, a warning says so, once.
    """
    wish = os.environ.get("LOLIGO_CACHE", "")
    if wish.lower() == "off":
        return None
    if not wish:
        usual = _usual()
        return usual and _private(usual)[0]
    try:
        named = Path(wish).expanduser()
    except RuntimeError as error:  # ~ of nobody
        _warn(wish, str(error).rstrip("."))
        return None
    folder, why = _private(named)
    if folder is None and _is_ordinary(named):
        folder, why = _private(named / f"loligo-{os.getuid()}")
    if folder is None:
        _warn(str(named), why)
    return folder


def _usual() -> Path | None:
    """The place of caches on this system; None for a user without a home."""
    import platformdirs

    try:
        folder = Path(platformdirs.user_cache_dir("loligo", appauthor=False)) / "kernels"
    except (RuntimeError, KeyError, OSError):
        return None
    return folder if folder.is_absolute() else None  # "~/.cache", where nobody knows what ~ is


def _private(folder: Path) -> tuple[Path | None, str]:
    """The folder, made if need be, if it is this user's own alone; and why it is not."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = os.lstat(folder)
    except FileExistsError:
        return None, "a file is there, or a link to nowhere"
    except OSError as error:
        return None, error.strerror or str(error)
    except ValueError as error:  # a zero byte in the name
        return None, str(error)
    if not _is_private(status, stat.S_ISDIR):
        return None, "it is a link, another user's, or open to others"
    return folder, ""


def _is_ordinary(folder: Path) -> bool:
    """Whether it is a folder of this user or of the system, as /tmp is, and no link."""
    try:
        status = os.lstat(folder)
    except (OSError, ValueError):
        return False
    return (
        stat.S_ISDIR(status.st_mode) and hasattr(os, "getuid") and status.st_uid in (0, os.getuid())
    )


@cache  # once for each place
def _warn(place: str, why: str) -> None:
    warnings.warn(
        f"LOLIGO_CACHE: kernels cannot be kept in {place} ({why}), so that models are compiled in "
        "each new process; name a folder of your own, or LOLIGO_CACHE=off",
        stacklevel=2,
    )


def _is_private(status: os.stat_result, kind: Callable[[int], bool]) -> bool:
    if not kind(status.st_mode):
        return False
    if not hasattr(os, "getuid"):  # Windows: the profile directory is the user's own
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o077


def _read(
    folder: Path | None, digest: str, text: str, restore: Callable[[dict[str, Any], bytes], T]
) -> T | None:
    """What lies on disk, or None if there is no sound entry."""
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
        return restore(entry, code)
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


def _write(
    folder: Path | None, digest: str, entry: Mapping[str, Any], code: bytes, most: int
) -> str:
    """Keep an entry; why it could not be. A cache that cannot be written is no reason to fail."""
    if folder is None:
        return ""
    document = json.dumps(entry).encode()
    rest = document + code
    checksum = hashlib.sha256(rest).hexdigest().encode()
    path = folder / f"{digest}.kernel"
    try:
        path.unlink(missing_ok=True)  # what is replaced would keep its mode, or be a link
        with replacing(path) as temporary:
            temporary.touch(mode=0o600)
            temporary.chmod(0o600)
            temporary.write_bytes(b"\n".join([_MAGIC, checksum, str(len(document)).encode(), rest]))
        _prune(folder, most)
    except FileError as error:
        return str(error)
    except OSError as error:
        return str(failure(path, error))
    return ""


def _prune(folder: Path, most: int) -> None:
    entries = list(folder.glob("*.kernel"))
    if len(entries) > most:
        entries.sort(key=lambda path: path.stat().st_mtime)
        for path in entries[: len(entries) - most]:
            path.unlink(missing_ok=True)
