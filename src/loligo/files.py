"""Output files appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from loligo.errors import FileError, LoligoError, UsageError

try:
    import fcntl
except ImportError:  # Windows has no advisory locks of this kind; age decides there
    fcntl = None

MARK = ".loligo-part"

# A leftover younger than this may belong to a writer that has not locked it yet.
_YOUNG = 2.0
# Where locks do not work (Windows, some network disks) only age tells a leftover.
_OLD = 24 * 3600.0

# Windows' numbers: a file that another program has open, or locked a part of; access denied.
_SHARED, _DENIED = (32, 33), 5
_PATIENCE = (0.05, 0.2, 0.5, None)  # s, between attempts to put a file where one is held

# What an operating system's refusal means for the person, and what they can do.
_REMEDY = {
    errno.ENOSPC: "the disk is full; free some space or write elsewhere",
    errno.EDQUOT: "your disk quota is used up; free some space or write elsewhere",
    errno.EFBIG: "the file would be larger than this system allows; write less or write elsewhere",
    errno.EACCES: "no permission to write there; choose another folder",
    errno.EPERM: "no permission to write there; choose another folder",
    errno.EROFS: "that disk is read-only; choose another folder",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.ELOOP: "it is a link that leads back to itself; remove it or write elsewhere",
    errno.EBUSY: "another program has it open; close it there, or write elsewhere",
    errno.ENOENT: "its folder was removed while writing; make it again or write elsewhere",
}


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Write a file beside ``path`` and rename it over ``path`` when it is whole.

    The block gets the name of an empty hidden file in the same folder, with the same
    suffix. When it ends well, that file reaches the disk and takes the place of ``path``
    in one step, with the permissions of the file that was there. When it raises, or is
    interrupted, the file is removed and ``path`` stays as it was. A link stays a link:
    what it points to is replaced. What a killed run left is removed by the next write
    to the same path.

    Parameters
    ----------
    path : path
        Where the file shall be. Its folder must exist.

    Yields
    ------
    pathlib.Path
        The file to write.

    Raises
    ------
    FileError
        There is no such folder, no permission, no space, or ``path`` is not an
        ordinary file.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with replacing(Path(folder, "note.txt")) as part:
    ...         _ = part.write_text("whole")
    ...     print(Path(folder, "note.txt").read_text())
    whole
    """
    target = _destination(path)
    _sweep(target)
    part, lock = _create(target)
    try:
        try:
            yield part
            _keep_mode(target, part)
            _to_disk(part)
            _close(lock)
            lock = None
            _put(part, target)
        except LoligoError:
            raise
        except OSError as error:
            if isinstance(error.filename, str | bytes) and os.fsdecode(error.filename) != str(part):
                raise  # about some other file: not ours to explain
            raise failure(target, error) from error
        _folder_to_disk(target.parent)
    finally:
        _close(lock)
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def check(path: str | os.PathLike[str]) -> None:
    """Raise what :func:`replacing` would raise at once, before the work that fills the file.

    Raises
    ------
    FileError
        There is no such folder, no permission, or ``path`` is not an ordinary file.
    """
    part, lock = _create(_destination(path))  # what an access bit says of a folder need not hold
    _close(lock)
    with contextlib.suppress(OSError):
        part.unlink()


def named(path: Any) -> Path:
    """What a person gave as the name of a file.

    Raises
    ------
    UsageError
        It is none.

    Examples
    --------
    >>> named("note.txt").suffix
    '.txt'
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise UsageError(f"{str(path)[:60]!r}: nobody here has that name, or no home") from None
    except TypeError:
        raise UsageError(
            f"a path is text, such as 'shock.nc', not a {type(path).__name__}: {path!r:.60}"
        ) from None


def _destination(path: str | os.PathLike[str]) -> Path:
    """The file that a write to ``path`` replaces; links are followed."""
    given = named(path)
    if "\0" in str(given):
        raise FileError(f"cannot write {str(given)!r}: a file name cannot hold a zero byte")
    try:
        target = given.resolve() if given.is_symlink() else given
        if target.is_symlink():  # what a link that leads back to itself resolves to
            raise OSError(errno.ELOOP, "link leads back to itself")
        found = target.stat() if target.exists() else None
        folder = target.parent
        folder_is_there = folder.is_dir()
    except RuntimeError as error:  # a loop of links, up to Python 3.12
        raise failure(given, OSError(errno.ELOOP, str(error))) from error
    except OSError as error:
        raise failure(given, error) from error
    if not folder_is_there:
        what = "is not a folder" if folder.exists() else "does not exist"
        raise FileError(
            f"cannot write {given}: the folder {folder} {what}; make it first or write elsewhere"
        )
    if found is not None:
        _check_replaceable(given, target, found.st_mode)
    return target


def _check_replaceable(given: Path, target: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise FileError(f"cannot write {given}: it is a folder; give a file name inside it")
    if not stat.S_ISREG(mode):
        raise FileError(f"cannot write {given}: it is not an ordinary file; give another name")
    if not os.access(target, os.W_OK):
        raise FileError(
            f"cannot write {given}: the file there is read-only; "
            "allow writing to it, remove it, or choose another name"
        )


def _create(target: Path) -> tuple[Path, int | None]:
    """A new empty file beside ``target``, and the lock that says it is in use."""
    name = f"{_stem(target)}{os.getpid()}-{secrets.token_hex(4)}{MARK}{target.suffix[:32]}"
    part = target.with_name(name)
    try:
        # Not the `tempfile` module: it would make the result readable by its owner alone.
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    except FileNotFoundError as error:  # its folder is there, and yet takes none: /proc
        raise FileError(
            f"cannot write {target}: its folder takes no files; choose another folder"
        ) from error
    except OSError as error:
        raise failure(target, error) from error
    if fcntl is None:
        os.close(handle)
        return part, None
    hold(handle)
    return part, handle


def _stem(target: Path) -> str:
    """What every unfinished file for ``target`` begins with."""
    return f".{target.name[:40]}."


def _sweep(target: Path) -> None:
    """Remove what killed runs left beside ``target``; never a reason to fail."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(target.parent):
            ours = entry.name.startswith(_stem(target)) and MARK in entry.name
            if ours and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    if _is_leftover(entry):
                        os.unlink(entry.path)


def _is_leftover(entry: os.DirEntry[str]) -> bool:
    age = time.time() - entry.stat(follow_symlinks=False).st_mtime
    if age < _YOUNG:
        return False
    held = is_held(entry.path)
    return age > _OLD if held is None else not held


def is_held(path: str | os.PathLike[str]) -> bool | None:
    """Whether some process holds the lock of a file (:func:`hold`); None where locks do not work.

    The lock of a process that has ended, however it ended, is gone.
    """
    if fcntl is None:
        return None
    handle = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(handle)
    return False


def hold(handle: int) -> None:
    """Lock an open file until it is closed, where locks work."""
    if fcntl is not None:
        with contextlib.suppress(OSError):  # a disk without locks: age decides there
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _keep_mode(target: Path, part: Path) -> None:
    """Give ``part`` the permissions of the file that it is about to replace."""
    with contextlib.suppress(OSError):
        os.chmod(part, stat.S_IMODE(target.stat().st_mode))


def _to_disk(part: Path) -> None:
    handle = os.open(part, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Lasting:
    """Lets files that others have written last through a power cut: what is in them, and the names
    of them and of the folders around them.

    Parameters
    ----------
    within
        The folder that was there before them, which is above them all.
    """

    def __init__(self, within: Path) -> None:
        self.within, self._known = within, {within}

    def keep(self, files: Iterable[Path]) -> None:
        """These, of which each was written just now."""
        folders: set[Path] = set()
        for file in files:
            _to_disk(file)
            folder = file.parent
            folders.add(folder)
            while folder not in self._known:  # its name stands in the folder above
                self._known.add(folder)
                folder = folder.parent
                folders.add(folder)
        for folder in folders:
            _folder_to_disk(folder)


def _folder_to_disk(folder: Path) -> None:
    """Make the renaming itself last through a power cut, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _put(part: Path, target: Path) -> None:
    """The file takes its place. Windows refuses that while another program holds the file that is
    there; one that only looks at it, as scanners of viruses do, lets it go soon."""
    for patience in _PATIENCE:
        try:
            os.replace(part, target)
            return
        except PermissionError as error:
            if getattr(error, "winerror", None) not in (*_SHARED, _DENIED):
                raise
            if patience is None:
                raise OSError(errno.EBUSY, "held by another program", str(part)) from error
            time.sleep(patience)


def _close(handle: int | None) -> None:
    if handle is not None:
        os.close(handle)


def failure(path: Path, error: OSError) -> FileError:
    """What the system refused, and what a person can do."""
    reason = error.strerror or str(error) or type(error).__name__
    code = errno.EBUSY if getattr(error, "winerror", None) in _SHARED else error.errno
    known = _REMEDY.get(code) if code is not None else None
    return FileError(f"cannot write {path}: {known or reason}")
