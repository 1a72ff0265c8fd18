"""The library of published models, and models in files of one's own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from loligo.errors import LoligoError, ModelError, nearest
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
        raise ModelError(
            f"load takes the name of a model or the path of a TOML file, not {name_or_path!r:.60}"
        )
    name = os.fspath(name_or_path)
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ModelError("the path of a model is a text, not bytes")
    if isinstance(name_or_path, str) and name in _library():
        return _read_library(name)
    if isinstance(name_or_path, str) and not _looks_like_path(name):
        raise ModelError(
            f"there is no model {name[:80]!r}{nearest(name[:80], _library())} in the library, and "
            f"no such file; the library has {', '.join(_library())}"
        )
    return _read(Path(os.path.expanduser(name)))  # Path.expanduser raises for unknown users


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


def _looks_like_path(name: str) -> bool:
    return (
        name.endswith(tuple(FORMATS))
        or any(sep in name for sep in (os.sep, os.altsep or os.sep, "/"))
        or ("\0" not in name and len(name) < 1024 and Path(name).exists())
    )


def _read(path: Path) -> Membrane:
    document, place = read(path)
    try:
        return Membrane.from_dict(document)
    except LoligoError as error:
        located = type(error)(f"{place(error)}: {error}")
        raise located from None
