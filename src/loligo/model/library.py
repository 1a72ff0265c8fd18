"""The library of published models, and models in files of one's own."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from loligo.errors import FileError, LoligoError, ModelError, UsageError, nearest
from loligo.model.catalogue import LIBRARY, Entry, catalogue
from loligo.model.formats import FORMATS, read
from loligo.model.membrane import Membrane
from loligo.model.table import Titles

if TYPE_CHECKING:
    import pandas  # pyright: ignore[reportMissingTypeStubs]  (it has none)

_OFFERED = 4  # models, where a name means several


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
    """The library: name of each model and its title, sorted by name, printed as a table.

    :func:`library` says more of each, and searches.

    Examples
    --------
    >>> "hodgkin-huxley-1952" in models()
    True
    """
    return Titles((name, each.title) for name, each in catalogue().items())


def library(like: str | None = None) -> pandas.DataFrame:
    """The library as a table: of which animal and cell each model is, and what it does.

    Parameters
    ----------
    like
        Only models of which every word of this stands somewhere in the row: ``"purkinje"``,
        ``"guinea pig bursting"``, ``"KCa"``, ``"calcium"``, ``"1952"``. Small and large letters are
        alike.

    Returns
    -------
    pandas.DataFrame
        A row a model, by its name: ``title``, ``animal``, ``cell``, ``year``, ``channels``,
        ``ions`` (which these let through, where the model says so), ``states`` (how many variables
        have a differential equation), ``alone`` (what it does without a stimulus), ``step`` (a
        current, µA/cm2, that shows what it does), ``lasts`` (ms), ``threshold`` (mV, where its
        spikes are counted) and ``under_step`` (what it does then:
        ``silent``, ``single spike``, ``phasic``, ``adapting``, ``tonic`` or ``bursting``, which
        was found by running it).

    Raises
    ------
    UsageError
        ``like`` is no text.

    Examples
    --------
    >>> library("squid").under_step["hodgkin-huxley-1952"]
    'tonic'
    """
    import pandas  # pyright: ignore[reportMissingTypeStubs]

    rows = {name: each.to_dict() for name, each in entries(like).items()}
    columns = list(Entry.__dataclass_fields__)
    index = pandas.Index(list(rows), name="model")
    return pandas.DataFrame(list(rows.values()), index=index, columns=columns)


def entries(like: str | None = None) -> Mapping[str, Entry]:
    """What the catalogue says of every model that has all these words, or of all models."""
    if like is not None and not isinstance(like, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UsageError(f"like is words to look for, such as 'bursting', not {like!r:.60}")
    words = (like or "").lower().split()
    return {
        name: each
        for name, each in catalogue().items()
        if all(word in _row(name, each) for word in words)
    }


_IONS = {"Na": "sodium", "K": "potassium", "Ca": "calcium", "Cl": "chloride"}  # as words


def _row(name: str, each: Entry) -> str:
    """What is searched."""
    ions = (_IONS.get(symbol, symbol) for symbol in each.ions)
    told = (name, each.title, each.animal, each.cell, f"{each.year}", *each.channels, *ions,
            each.alone, each.under_step)  # fmt: skip
    return " ".join(told).lower()


@lru_cache(maxsize=1)
def _library() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.toml")))


@lru_cache(maxsize=64)
def _read_library(name: str) -> Membrane:
    return _read(LIBRARY / f"{name}.toml")


def _listed() -> str:
    return "see loligo.models() for what it has"


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
    return f" (did you mean {' or '.join(meant)}?)" if 0 < len(meant) <= _OFFERED else ""


def _names_it(words: list[str], known: str, title: str) -> bool:
    parts = known.split("-")
    year = next(part for part in parts if part.isdigit())
    authors = parts[: parts.index(year)]
    shorts = {"".join(author[0] for author in authors), year, year[2:], *parts}
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
        located.path, located.excerpt = error.path, error.excerpt
        raise located from None
