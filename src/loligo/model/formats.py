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
from pathlib import Path
from typing import Any

from loligo.errors import FileError, LoligoError, ModelError
from loligo.model.places import line_and_column, place

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
    place
        Line and column of a text where a path in the document is, or the nearest table above it;
        of an excerpt of what stands there, where that is given.
    """

    parse: Callable[[str], dict[str, Any]]
    spell: Callable[[Mapping[str, Any]], str]
    place: Callable[[str, tuple[str, ...], tuple[str, int] | None], tuple[int, int]]


def read(path: Path) -> tuple[dict[str, Any], Callable[[LoligoError], str]]:
    """The document in a file, and a function that says where in the file an error of it is.

    Raises
    ------
    FileError
        The file is missing, cannot be read, is too large, or is no file.
    ModelError
        It is not in its format.
    """
    text, format_ = _text(path), _format(path)

    def located(error: LoligoError) -> str:
        line, column = format_.place(text, error.path, error.excerpt)
        return f"{path}, line {line}, column {column}"

    try:
        return format_.parse(text), located
    except _Unreadable as error:
        line, column = line_and_column(text, error.at)
        raise ModelError(f"{path}, line {line}, column {column}: {error}") from None


def write(document: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Put a document into a file.

    Raises
    ------
    FileError
        The file cannot be written.
    """
    from loligo.files import named, replacing

    text = _format(named(path)).spell(document)
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


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
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        kind = "a folder" if stat.S_ISDIR(mode) else "not an ordinary file"
        raise FileError(f"cannot read the model {path}: it is {kind}; give the path of a TOML file")
    try:
        with os.fdopen(handle, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileError(f"cannot read the model {path}: {_why(error)}") from None
    if len(data) > MAX_BYTES:
        raise FileError(
            f"cannot read the model {path}: it is larger than {MAX_BYTES // 1_000_000} MB, "
            "which no model is"
        )
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line, before = data.count(b"\n", 0, error.start) + 1, data.rfind(b"\n", 0, error.start)
        kind = "it is no text" if b"\0" in data else "it is not UTF-8 text"
        raise FileError(
            f"cannot read the model {path}: {kind} (byte {error.start}, in line {line}, column "
            f"{error.start - before}){_foreign(path)}"
        ) from None


def _foreign(path: Path) -> str:
    """What to do with a file that is no model."""
    if path.suffix.lower() in _RECORDINGS:
        return f'; a recording is opened by loligo.open("{path}")'
    return "; a model is a TOML file"


_RECORDINGS = (".nc", ".npz", ".csv", ".xlsx")


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


_LONG_NUMBER = re.compile(r"\d[\d_]{4000}")
_WHERE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class _Unreadable(Exception):  # noqa: N818 (it never leaves this module)
    """What is wrong with a text, and at which character."""

    def __init__(self, problem: str, at: int) -> None:
        super().__init__(problem)
        self.at = at


def _parse_toml(text: str) -> dict[str, Any]:
    long = _LONG_KEY.search(text)
    if long:
        raise _Unreadable("tables are nested more than 32 deep", long.start())
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise _Unreadable("tables are nested too deeply", 0) from None
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(text, str(error)) from None
    except ValueError as error:
        number = _LONG_NUMBER.search(text)
        problem = "a number in it has thousands of digits" if number else str(error)[:200]
        raise _Unreadable(problem, number.start() if number else 0) from None


def _not_toml(text: str, said: str) -> _Unreadable:
    """In the words of the parser, which ends them with the place."""
    where = _WHERE.search(said)
    at = len(text.rstrip("\n"))
    if where and where[1]:
        lines = text.split("\n", int(where[1]))[: int(where[1]) - 1]
        at = sum(map(len, lines)) + len(lines) + int(where[2]) - 1
    return _Unreadable(f"this is not TOML: {(said[: where.start()] if where else said)[:200]}", at)


def _spell_toml(document: Mapping[str, Any]) -> str:
    import tomli_w

    return tomli_w.dumps(document)


_TOML = Format(_parse_toml, _spell_toml, place)
FORMATS: Mapping[str, Format] = {".toml": _TOML}
"""By the suffix of a file's name."""
