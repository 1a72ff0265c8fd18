"""A model as a document: TOML in, TOML out, and the library of published models.

A document is data. Reading one runs nothing, opens nothing else, and is bounded in size and
nesting before it is parsed.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from loligo.errors import FileError, LoligoError, ModelError, nearest
from loligo.lanes import Labelled, Value, to_plain
from loligo.model.membrane import Membrane
from loligo.model.namespace import MAX_PARTS
from loligo.model.parts import RATES, Channel, Gate, Parameter, State
from loligo.model.reading import RESERVED, formula, unknown
from loligo.model.table import Titles

if TYPE_CHECKING:
    from loligo.model.expression import Expression

MAX_BYTES = 1_000_000
LIBRARY = Path(__file__).with_name("library")

# tomllib takes time quadratic in the length of a dotted key (a.a.a...): longer ones mean harm
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{32}}")


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


def save(membrane: Membrane, path: str | os.PathLike[str]) -> None:
    """Write a membrane as TOML; :func:`load` gives an equal one back.

    Raises
    ------
    FileError
        The file cannot be written.
    """
    import tomli_w

    from loligo.files import replacing

    text = tomli_w.dumps(to_dict(membrane))
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


# ---------------------------------------------------------------------------- files


@lru_cache(maxsize=1)
def _library() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.toml")))


@lru_cache(maxsize=64)
def _read_library(name: str) -> Membrane:
    return _read(LIBRARY / f"{name}.toml")


def _looks_like_path(name: str) -> bool:
    return (
        name.endswith(".toml")
        or any(sep in name for sep in (os.sep, os.altsep or os.sep, "/"))
        or ("\0" not in name and len(name) < 1024 and Path(name).exists())
    )


def _read(path: Path) -> Membrane:
    text = _text(path)
    if _LONG_KEY.search(text):
        raise ModelError(f"{path}: tables are nested more than 32 deep")
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise ModelError(f"{path}: tables are nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"{path}: this is not TOML: {str(error)[:200]}") from None
    except ValueError:
        raise ModelError(f"{path}: a number in it has thousands of digits") from None
    try:
        return from_dict(document)
    except LoligoError as error:
        line = _line(text, getattr(error, "path", ()))
        place = f"{path}, line {line}" if line else f"{path}"
        located = type(error)(f"{place}: {error}")
        raise located from None


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


_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_HEADER = re.compile(rf"\s*\[\[?\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*\]")
_ENTRY = re.compile(rf"\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*=")


def _line(text: str, path: tuple[str, ...]) -> int | None:
    """The line of the document where ``path`` is, or the nearest table above it."""
    best, found = 0, None
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        header, entry = _HEADER.match(line), _ENTRY.match(line)
        here = table
        if header:
            here = table = _keys(header[1])
        elif entry:
            here = table + _keys(entry[1])
        shared = _shared(here, path) if header or entry else 0
        if shared > best:
            best, found = shared, number
    return found


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many names the two paths begin with in common."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _keys(dotted: str) -> tuple[str, ...]:
    return tuple(key.strip("\"'") for key in re.findall(_KEY, dotted))


# ---------------------------------------------------------------------------- to a document


def to_dict(membrane: Membrane) -> dict[str, Any]:
    """The membrane as nested tables of plain values; what is at its default is left out."""
    about = {key: getattr(membrane, key) for key in ("name", "title", "citation", "doi")}
    return _present(
        **about,
        notes=list(membrane.notes),
        C_m=to_plain(membrane.C_m),
        celsius=_plain(membrane.celsius),
        area=_plain(membrane.area),
        parameters={
            p.name: _present(value=to_plain(p.value), unit=p.unit, meaning=p.meaning)
            for p in membrane.extra
        },
        helpers={name: str(helper) for name, helper in membrane.helpers.items()},
        channels={channel.name: _channel(channel) for channel in membrane.channels},
        states={
            state.name: _present(
                derivative=str(state.derivative),
                initial=_plain(state.initial),
                unit=state.unit,
                scale=state.scale,
                meaning=state.meaning,
            )
            for state in membrane.states
        },
    )


def _channel(channel: Channel) -> dict[str, Any]:
    return _present(
        meaning=channel.meaning,
        g=_plain(channel.g),
        E=_plain(channel.E),
        current=_plain(channel.current),
        gates={
            gate.name: _present(
                meaning=gate.meaning,
                power=gate.power,
                instantaneous=gate.instantaneous or None,
                **{key: _plain(getattr(gate, key)) for key in RATES},
            )
            for gate in channel.gates
        },
    )


def _plain(value: Value | Expression | None) -> Any:
    return to_plain(value) if isinstance(value, float | Labelled) else value and str(value)


def _present(**entries: Any) -> dict[str, Any]:
    return {
        key: value
        for key, value in entries.items()
        if value is not None and value != "" and value != [] and value != {}
    }


# ---------------------------------------------------------------------------- from a document


def from_dict(document: Mapping[str, Any]) -> Membrane:
    """The membrane that a document describes.

    Raises
    ------
    ModelError, UnitError, UsageError
        An entry is missing, unknown or of the wrong kind, or the membrane cannot be.
    """
    entries = _table(document, (), "a model", _MEMBRANE)
    if "channels" not in entries and "states" not in entries:
        raise ModelError("a model needs channels: [channels.Na], [channels.L] and so on")
    parts = {key: _parts(entries.pop(key, {}), key) for key in ("parameters", "channels", "states")}
    helpers = _table(entries.pop("helpers", {}), ("helpers",), "helpers", None)
    return Membrane(
        **{key: _value(value, key, (key,)) for key, value in entries.items()},
        helpers={
            name: _formula(text, f"helper {name[:64]}", ("helpers", name))
            for name, text in helpers.items()
        },
        parameters={parameter.name: parameter for parameter in parts["parameters"]},
        channels=parts["channels"],
        states=parts["states"],
    )


_MEMBRANE = ("name", "title", "citation", "doi", "notes", "C_m", "celsius", "area", "parameters",
             "helpers", "channels", "states")  # fmt: skip
_ENTRIES: dict[str, tuple[str, ...]] = {
    "parameters": ("value", "unit", "meaning"),
    "channels": ("g", "E", "gates", "current", "meaning"),
    "gates": ("power", *RATES, "instantaneous", "meaning"),
    "states": ("derivative", "initial", "unit", "scale", "meaning"),
}
_MAKERS: dict[str, Callable[..., Any]] = {
    "parameters": Parameter,
    "channels": Channel,
    "gates": Gate,
    "states": State,
}
_FORMULAS = {"channels": ("current",), "gates": RATES, "states": ("derivative",)}
_NEEDED = {"parameters": "value", "states": "derivative"}


def _parts(tables: Any, kind: str, above: tuple[str, ...] = ()) -> list[Any]:
    """Every table of one kind, as the parts they describe."""
    path = (*above, kind)
    return [
        _part(table, kind, name, (*path, name))
        for name, table in _table(tables, path, kind, None).items()
    ]


def _part(table: Any, kind: str, name: str, path: tuple[str, ...]) -> Any:
    what = f"{kind.removesuffix('s')} {name[:64]}"
    short = kind == "parameters" and not isinstance(table, Mapping)  # K_o = 20
    entries: dict[str, Any] = (
        {"value": table} if short else _table(table, path, what, _ENTRIES[kind])
    )
    gates = _parts(entries.pop("gates"), "gates", path) if "gates" in entries else None
    needed = _NEEDED.get(kind)
    for key in entries:
        read = _formula if key in _FORMULAS.get(kind, ()) else _value
        entries[key] = read(entries[key], f"{key} of {what}", (*path, key))
    with _at(path):
        if needed is not None and needed not in entries:
            raise ModelError(f"{what}: {needed} is missing")
        return _MAKERS[kind](name, **entries, **({} if gates is None else {"gates": gates}))


def _table(
    value: Any, path: tuple[str, ...], what: str, known: tuple[str, ...] | None
) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        with _at(path):
            raise ModelError(f"{what}: a table is needed here, not {value!r:.60}")
    table = cast(Mapping[Any, Any], value)
    if len(table) > MAX_PARTS:
        raise ModelError(f"{what}: {len(table):,} entries; at most {MAX_PARTS:,} are read")
    for key in table:
        if not isinstance(key, str):
            raise ModelError(f"{what}: {key!r:.60} is not a name")
        if known is not None and key not in known:
            with _at((*path, key)):
                raise ModelError(
                    f"{what}: {unknown(key, 'entry', known)}; it has {', '.join(known)}"
                )
    return dict(table)


def _formula(value: Any, what: str, path: tuple[str, ...]) -> Expression:
    with _at(path):
        return formula(value, what)


def _value(value: Any, what: str, path: tuple[str, ...]) -> Any:
    """A number, a text, a list, or an array written as dims, values and coords."""
    if not isinstance(value, Mapping):
        return value
    with _at(path):
        array = Labelled.from_dict(cast(Mapping[str, Any], value))
        taken = sorted(set(array.dims) & RESERVED.keys())
        if taken:
            raise ModelError(f"{what}: an array cannot have the dimension {taken[0]}; rename it")
        return array


@contextmanager
def _at(path: tuple[str, ...]) -> Generator[None]:
    """Errors raised inside carry the place in the document."""
    try:
        yield
    except ModelError as error:
        error.path = error.path or path
        raise
    except LoligoError as error:
        error.__dict__.setdefault("path", path)
        raise
