"""Documents of earlier versions: names that were free then and are reserved now are changed."""

from __future__ import annotations

import re
import warnings
from collections.abc import Container, Iterator, Mapping
from typing import Any, TypeAlias, cast

from loligo.errors import callers_level
from loligo.model.parts import RATES
from loligo.model.reading import reserved

Names: TypeAlias = Mapping[str, str]

_SINCE = frozenset({"I_clamp", "Q_clamp", "V_error", "status", "edge"})
"""Reserved since 0.2, as is all that begins with ``spike_``."""
_FORMULAS = {"channels": ("E", "current"), "gates": RATES, "states": ("derivative",)}


def renamed(document: Mapping[str, Any]) -> dict[str, str]:
    """The names of a model's document that are reserved now, each with what it is called here.

    Examples
    --------
    >>> renamed({"helpers": {"edge": "V + 3"}, "states": {"x": {"derivative": "edge"}}})
    {'edge': 'my_edge'}
    """
    if document.get("kind") == "axon":
        membranes: list[Any] = document.get("membranes", [])
        return {old: new for each in membranes for old, new in renamed(each).items()}
    known = set(_names(document))
    names: dict[str, str] = {}
    for name in sorted(known):
        if name in _SINCE or (name.startswith("spike_") and reserved(name)):
            names[name] = _free(name, known)
    if "clamp" in _table(document, "channels"):
        channel = _free("clamp", _table(document, "channels"))
        names |= {"clamp": channel} | {f"{x}_clamp": f"{x}_{channel}" for x in "gEGI"}
    return names


def brought_up(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same document with such names changed wherever they stand; and a warning that says so."""
    names = renamed(document)
    if not names:
        return document
    told = ", ".join(f"{old} is called {new}" for old, new in names.items() if reserved(old))
    told = told or f"the channel clamp is called {names['clamp']}"
    warnings.warn(
        f"this model uses names that are reserved since it was written; here {told}",
        stacklevel=callers_level(),
    )
    return _changed(document, names)


def _free(name: str, known: Container[str]) -> str:
    other = f"my_{name}"
    while other in known:
        other = f"my_{other}"
    return other


def _names(document: Mapping[str, Any]) -> Iterator[str]:
    """Every name that a document gives, dimensions too."""
    for kind in ("parameters", "helpers", "states"):
        yield from _table(document, kind)
    for name, channel in _table(document, "channels").items():
        yield f"I_{name}"
        if isinstance(channel, Mapping):
            yield from _table(cast(Mapping[str, Any], channel), "gates")
    yield from _dimensions(document, 0)


def _dimensions(value: Any, depth: int) -> Iterator[str]:
    if not isinstance(value, Mapping) or depth > 6:
        return
    table = cast(Mapping[Any, Any], value)
    dims = table.get("dims")
    if "values" in table and isinstance(dims, list):
        yield from (dim for dim in cast(list[Any], dims) if isinstance(dim, str))
    for inner in table.values():
        yield from _dimensions(inner, depth + 1)


def _table(document: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    table = document.get(kind)
    if not isinstance(table, Mapping):
        return {}
    return {k: v for k, v in cast(Mapping[Any, Any], table).items() if isinstance(k, str)}


def _changed(document: Mapping[str, Any], names: Names) -> dict[str, Any]:
    changed = {key: _arrays(value, names) for key, value in document.items()}
    for kind in ("parameters", "helpers", "channels", "states"):
        if isinstance(changed.get(kind), Mapping):
            changed[kind] = _parts(changed[kind], kind, names)
    return changed


def _parts(parts: Mapping[Any, Any], kind: str, names: Names) -> dict[Any, Any]:
    channel = kind == "channels"
    return {
        (names["clamp"] if name == "clamp" else name) if channel else names.get(name, name): _part(
            part, kind, names
        )
        for name, part in parts.items()
    }


def _part(part: Any, kind: str, names: Names) -> Any:
    if kind == "helpers":
        return _written(part, names)
    if not isinstance(part, Mapping):
        return part
    entries = {
        key: _written(value, names) if key in _FORMULAS.get(kind, ()) else value
        for key, value in cast(Mapping[Any, Any], part).items()
    }
    if kind == "channels" and isinstance(entries.get("gates"), Mapping):
        entries["gates"] = _parts(entries["gates"], "gates", names)
    return entries


def _written(text: Any, names: Names) -> Any:
    """An expression with other names in it."""
    if not isinstance(text, str):
        return text

    def change(word: re.Match[str]) -> str:
        return names.get(word[0], word[0])

    return re.sub(r"[A-Za-z_]\w*+", change, text)


def _arrays(value: Any, names: Names, depth: int = 0) -> Any:
    """A value in which arrays have other dimensions."""
    if not isinstance(value, Mapping) or depth > 6:
        return cast(Any, value)
    table: dict[Any, Any] = {
        key: _arrays(inner, names, depth + 1)
        for key, inner in cast(Mapping[Any, Any], value).items()
    }
    if "values" in table and isinstance(table.get("dims"), list):
        table["dims"] = [names.get(d, d) if isinstance(d, str) else d for d in table["dims"]]
        if isinstance(table.get("coords"), Mapping):
            table["coords"] = {names.get(d, d): c for d, c in table["coords"].items()}
    return table
