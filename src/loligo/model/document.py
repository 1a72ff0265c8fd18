"""A membrane as a document: plain values, in tables within tables, and back.

Reading one runs nothing and opens nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from loligo.errors import LoligoError, ModelError
from loligo.lanes import Labelled, Value, to_plain
from loligo.model.course import Course
from loligo.model.earlier import brought_up
from loligo.model.expression import Expression
from loligo.model.namespace import MAX_PARTS
from loligo.model.parameter import Parameter
from loligo.model.parts import RATES, Channel, Gate, State
from loligo.model.reading import foreign, formula, own, unknown
from loligo.model.scheme import Scheme
from loligo.model.written import Written

# ---------------------------------------------------------------------------- to a document


def to_dict(membrane: Written) -> dict[str, Any]:
    """The membrane as nested tables of plain values; what is at its default is left out."""
    about = {key: getattr(membrane, key) for key in ("name", "title", "citation", "doi")}
    return _present(
        **about,
        notes=list(membrane.notes),
        C_m=to_plain(membrane.C_m),
        celsius=_plain(membrane.celsius),
        area=_plain(membrane.area),
        start={name: to_plain(value) for name, value in membrane.start.items()},
        parameters={
            p.name: _present(value=to_plain(p.value), unit=p.unit, meaning=p.meaning)
            for p in membrane.extra
        },
        helpers={name: str(helper) for name, helper in membrane.helpers.items()},
        schemes={scheme.name: _scheme(scheme) for scheme in membrane.schemes},
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
        courses={name: course.to_dict() for name, course in membrane.courses.items()},
    )


def _scheme(scheme: Scheme) -> dict[str, Any]:
    return _present(
        meaning=scheme.meaning,
        states=list(scheme.states),
        transitions=list(map(str, scheme.transitions)),
        eliminated=scheme.eliminated,
        initial={state: to_plain(value) for state, value in scheme.initial.items()},
    )


def _channel(channel: Channel) -> dict[str, Any]:
    return _present(
        meaning=channel.meaning,
        ion=channel.ion,
        g=_plain(channel.density),
        E=_plain(channel.E),
        open=_plain(channel.open),
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


def arguments(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a membrane is made of, as a document describes it.

    Raises
    ------
    ModelError, UnitError, UsageError
        An entry is missing, unknown or of the wrong kind.
    """
    entries = _table(brought_up(_table(document, (), "a model", None)), (), "a model", _MEMBRANE)
    if not entries.keys() & {"channels", "states", "schemes"}:
        raise ModelError("a model needs channels: [channels.Na], [channels.L] and so on")
    parts = {key: _parts(entries.pop(key, {}), key) for key in _PARTS}
    helpers = _table(entries.pop("helpers", {}), ("helpers",), "helpers", None)
    capacity, start = entries.pop("C_m", None), entries.pop("start", None)
    courses = _courses(entries.pop("courses", {}))
    return {
        **({} if capacity is None else {"C_m": _value(capacity, ("C_m",))}),
        **({} if start is None else {"start": start_of(start)}),
        **({"courses": courses} if courses else {}),
        **{key: _own(key, value) for key, value in entries.items()},
        "helpers": {
            name: _formula(text, f"helper {name[:64]}", ("helpers", name))
            for name, text in helpers.items()
        },
        "parameters": {parameter.name: parameter for parameter in parts["parameters"]},
        **{key: parts[key] for key in ("channels", "schemes", "states")},
    }


_MEMBRANE = ("name", "title", "citation", "doi", "notes", "C_m", "celsius", "area", "parameters",
             "helpers", "schemes", "channels", "states", "start", "courses")  # fmt: skip
_PARTS = ("parameters", "schemes", "channels", "states")
_ENTRIES: dict[str, tuple[str, ...]] = {
    "parameters": ("value", "unit", "meaning"),
    "schemes": ("states", "transitions", "eliminated", "initial", "meaning"),
    "channels": ("g", "E", "gates", "open", "current", "ion", "meaning"),
    "gates": ("power", *RATES, "instantaneous", "meaning"),
    "states": ("derivative", "initial", "unit", "scale", "meaning"),
}
_MAKERS: dict[str, Callable[..., Any]] = {
    "parameters": Parameter,
    "schemes": Scheme,
    "channels": Channel,
    "gates": Gate,
    "states": State,
}
_FORMULAS = {"channels": ("open", "current"), "gates": RATES, "states": ("derivative",)}
_NEEDED = {
    "parameters": ("value",), "schemes": ("states", "transitions"), "states": ("derivative",)
}  # fmt: skip


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
    for key in entries:
        place = (*path, key)
        if key in _FORMULAS.get(kind, ()):
            entries[key] = _formula(entries[key], f"{key} of {what}", place)
        else:
            entries[key] = _value(entries[key], place, kind == "schemes")
    with at(path):
        for needed in _NEEDED.get(kind, ()):
            if needed not in entries:
                raise ModelError(f"{what}: {needed} is missing")
        try:
            return _MAKERS[kind](name, **entries, **({} if gates is None else {"gates": gates}))
        except LoligoError as error:
            error.path = error.path or (*path, *_entry(f"{error}", entries, what, name))
            raise


def _entry(problem: str, entries: Mapping[str, Any], what: str, name: str) -> tuple[str, ...]:
    """Which entry of a part a problem is about, by the words it begins with."""
    for key, value in entries.items():
        if isinstance(value, Mapping):
            inner = [k for k in cast(Mapping[str, Any], value) if problem.startswith(f"{key}_{k} ")]
            if inner:
                return key, inner[0]
        called = (f"{key}_{name}", f"{key} of {what}", *((name,) * (key == "value")))
        if any(re.match(rf"{re.escape(each)}\b", problem) for each in called):
            return (key,)
    return ()


def _table(
    value: Any, path: tuple[str, ...], what: str, known: tuple[str, ...] | None
) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        with at(path):
            rows = cast(list[Any], value) if isinstance(value, list) and path else []
            many = bool(rows) and all(isinstance(row, Mapping) for row in rows)
            name = ".".join(path)
            instead = (
                f"each has its name in the heading: [{name}.NAME], not [[{name}]]"
                if many else f"a table is needed here, not {value!r:.60}"
            )  # fmt: skip
            raise ModelError(f"{what}: {instead}")
    table = cast(Mapping[Any, Any], value)
    if len(table) > MAX_PARTS:
        with at(path):
            raise ModelError(f"{what}: {len(table):,} entries; at most {MAX_PARTS:,} are read")
    for key in table:
        if not isinstance(key, str):
            raise ModelError(f"{what}: {key!r:.60} is not a name")
        if known is not None and key not in known:
            with at((*path, key)):
                listed = f"it has {', '.join(known)}"
                raise ModelError(
                    f"{what}: {foreign(key) or unknown(key, 'entry', known)}; {listed}"
                )
    return dict(table)


def _courses(tables: Any) -> dict[str, Course]:
    """What parameters follow."""
    found: dict[str, Course] = {}
    for name, table in _table(tables, ("courses",), "courses", None).items():
        with at(("courses", name)):
            found[name] = Course.from_dict(table)
    return found


def start_of(start: Any) -> Any:
    """A holding potential, or states with their values."""
    array = isinstance(start, Mapping) and "dims" in start and "values" in start
    return _value(start, ("start",), table=not array)


def _own(key: str, value: Any) -> Any:
    with at((key,)):
        return own(key, _value(value, (key,)))


def _formula(value: Any, what: str, path: tuple[str, ...]) -> Expression:
    with at(path):
        return formula(value, what)


def _value(value: Any, path: tuple[str, ...], table: bool = False) -> Any:
    """A number, a text, a list, an array written as dims, values and coords; or a table of them."""
    if not isinstance(value, Mapping):
        return value
    if table:
        each = _table(value, path, path[-1], None)
        return {key: _value(entry, (*path, key)) for key, entry in each.items()}
    with at(path):
        return Labelled.from_dict(cast(Mapping[str, Any], value))


@contextmanager
def at(path: tuple[str, ...]) -> Generator[None]:
    """Errors raised inside carry the place in the document."""
    try:
        yield
    except LoligoError as error:
        error.path = error.path or path
        raise
