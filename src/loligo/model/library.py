"""The library of published models, and models in files of one's own."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from loligo.errors import FileError, LoligoError, ModelError, nearest
from loligo.model.formats import FORMATS, read
from loligo.model.membrane import Membrane
from loligo.model.table import Titles

LIBRARY = Path(__file__).with_name("library")


def load(name_or_path: str | os.PathLike[str]) -> Membrane:
    """A model of the library by its name, or of a TOML file by its path.

    Parameters
    ----------
    name_or_path
        ``"hodgkin-huxley-1952"`` (see :func:`models`) or ``"mine.toml"``.

    Returns
    -------
    Membrane

    Raises
    ------
    FileError
        The file is missing, cannot be read, is too large, or is no file.
    ModelError, UnitError, UsageError
        There is no such model, or the file describes none; with file and line.

    Examples
    --------
    >>> load("hodgkin-huxley-1952").parameters["g_Na"].value
    120.0
    """
    if not isinstance(name_or_path, str | os.PathLike):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ModelError(_no_name(name_or_path))
    name = os.fspath(name_or_path)
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ModelError("the path of a model is a text, not bytes")
    if isinstance(name_or_path, str) and name in _library():
        return _read_library(name)
    if not name.strip():
        raise ModelError(f"the name of the model is empty; {_listed()}, or give a TOML file's path")
    if isinstance(name_or_path, str) and not _looks_like_path(name):
        raise ModelError(
            f"there is no model {name[:80]!r}{_meant(name[:80])} in the library, and no such file; "
            f"{_listed()}"
        )
    path = Path(os.path.expanduser(name))  # Path.expanduser raises for unknown users
    try:
        return _read(path)
    except FileError as error:
        if path.stem in _library() and not os.path.lexists(path):
            raise FileError(f'{error}; the library has it: lo.load("{path.stem}")') from None
        raise


def models() -> Mapping[str, str]:
    """The library: name of each model and its title, printed as a table.

    Examples
    --------
    >>> "hodgkin-huxley-1952" in models()
    True
    """
    return Titles((name, _read_library(name).title) for name in _library())


@lru_cache(maxsize=1)
def _library() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.toml")))


@lru_cache(maxsize=64)
def _read_library(name: str) -> Membrane:
    return _read(LIBRARY / f"{name}.toml")


def _listed() -> str:
    return f"the library has {', '.join(_library())}"


def _no_name(model: object) -> str:
    """What is wrong with something that is neither a name nor a path."""
    if isinstance(model, Membrane):
        return f"{model!r:.80} is a model already; nothing is left to load"
    if isinstance(model, Mapping):
        return "load takes the name of a model or a path; Membrane.from_dict reads a document"
    return f"load takes the name of a model or the path of a TOML file, not {model!r:.60}"


def _meant(name: str) -> str:
    """`` (did you mean ...?)``: by spelling, by initials (hh, hh1952), by words of the title."""
    close = nearest(name, _library())
    if close:
        return close
    words = re.findall(r"[a-z]+|\d+", name.lower())
    meant = [known for known, title in models().items() if _names_it(words, known, title)]
    return f" (did you mean {' or '.join(meant)}?)" if meant else ""


def _names_it(words: list[str], known: str, title: str) -> bool:
    *authors, year = known.split("-")
    shorts = {"".join(author[0] for author in authors), year, year[2:]}
    own = [*authors, *re.findall(r"[a-z]+", title.lower())]
    return bool(words) and all(
        word in shorts or (len(word) > 2 and any(each.startswith(word) for each in own))
        for word in words
    )


def _looks_like_path(name: str) -> bool:
    return (
        name.endswith(tuple(FORMATS))
        or any(sep in name for sep in (os.sep, os.altsep or os.sep, "/"))
        or ("\0" not in name and len(name) < 1024 and os.path.exists(name))
    )


def _read(path: Path) -> Membrane:
    document, place = read(path)
    try:
        return Membrane.from_dict(document)
    except LoligoError as error:
        located = type(error)(f"{place(error)}: {error}")
        raise located from None
