"""A document in a file: which format by its suffix, and where in the text a thing stands.

A file is data. It is bounded in size and nesting before it is parsed; nothing in it can run, or
make anything else be read.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from loligo.errors import FileError, ModelError

MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class Format:
    """A way to write documents down.

    Attributes
    ----------
    parse
        Text to document; a ModelError if it is none.
    spell
        Document to text.
    line
        The line of a text where a path in the document is, or the nearest table above it.
    """

    parse: Callable[[str], dict[str, Any]]
    spell: Callable[[Mapping[str, Any]], str]
    line: Callable[[str, tuple[str, ...]], int | None]


def read(path: Path) -> tuple[dict[str, Any], Callable[[tuple[str, ...]], int | None]]:
    """The document in a file, and a function that gives the line where a path in it stands.

    Raises
    ------
    FileError
        The file is missing, cannot be read, is too large, or is no file.
    ModelError
        It is not in its format.
    """
    text, format_ = _text(path), _format(path)
    try:
        return format_.parse(text), partial(format_.line, text)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def write(document: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Put a document into a file.

    Raises
    ------
    FileError
        The file cannot be written.
    """
    from loligo.files import replacing

    text = _format(path).spell(document)
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def _format(path: str | os.PathLike[str]) -> Format:
    """By its suffix; TOML where that says nothing."""
    return FORMATS.get(Path(path).suffix.lower(), _TOML)


def _text(path: Path) -> str:
    """The file's text; only of an ordinary file, and only of a sane size."""
    try:
        # a pipe or a device must neither block here nor be read
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        handle = os.open(path, flags)
    except (OSError, ValueError) as error:
        raise FileError(f"cannot read the model {str(path)[:300]!r}: {_why(error)}") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise FileError(f"cannot read the model {path}: it is not an ordinary file")
    with os.fdopen(handle, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise FileError(
            f"cannot read the model {path}: it is larger than {MAX_BYTES // 1_000_000} MB, "
            "which no model is"
        )
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise FileError(
            f"cannot read the model {path}: it is not UTF-8 text (byte {error.start})"
        ) from None


def _why(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file; check the path, or see loligo.models() for the library"
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


# ---------------------------------------------------------------------------- TOML

# tomllib takes time quadratic in the length of a dotted key (a.a.a...): longer ones mean harm
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{32}}")


def _parse_toml(text: str) -> dict[str, Any]:
    if _LONG_KEY.search(text):
        raise ModelError("tables are nested more than 32 deep")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ModelError("tables are nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"this is not TOML: {str(error)[:200]}") from None
    except ValueError:
        raise ModelError("a number in it has thousands of digits") from None


def _spell_toml(document: Mapping[str, Any]) -> str:
    import tomli_w

    return tomli_w.dumps(document)


_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_HEADER = re.compile(rf"\s*\[\[?\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*\]")
_ENTRY = re.compile(rf"\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*=")


def _line_of_toml(text: str, path: tuple[str, ...]) -> int | None:
    """The line of the document where ``path`` is, or the nearest table above it."""
    most, nearest = 0, None
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        header, entry = _HEADER.match(line), _ENTRY.match(line)
        if header:
            table = _keys(header[1])
        elif not entry:
            continue
        shared = _shared(table + _keys(entry[1]) if entry else table, path)
        if shared > most:
            most, nearest = shared, number
    return nearest


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many names the two paths begin with in common."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _keys(dotted: str) -> tuple[str, ...]:
    return tuple(key.strip("\"'") for key in re.findall(_KEY, dotted))


_TOML = Format(_parse_toml, _spell_toml, _line_of_toml)
FORMATS: Mapping[str, Format] = {".toml": _TOML}
"""By the suffix of a file's name."""
