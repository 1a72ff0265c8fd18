"""Stimuli as plain data, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, TypeVar, cast

import loligo.stimulus as names
from loligo.errors import StimulusError, UsageError, nearest
from loligo.lanes import Labelled, from_plain
from loligo.stimulus.amplifier import Amplifier
from loligo.stimulus.applied import Applied
from loligo.stimulus.base import Shape, Stimulus, Sum
from loligo.stimulus.clamp import Clamp

_Any = TypeVar("_Any", bound=Applied)
_CLASSES: tuple[type[Shape | Clamp], ...] = tuple(getattr(names, n) for n in names.__all__)
# everything that a document can describe, but for sums
KINDS: dict[str, type[Shape | Clamp]] = {each.kind: each for each in _CLASSES}


def from_dict(document: Mapping[str, Any]) -> Stimulus:
    """The stimulus that ``to_dict`` described; the inverse is exact.

    Raises
    ------
    StimulusError
        If the kind or a field is unknown, or a field is missing; or if it is a clamp, which has
        a place.

    Examples
    --------
    >>> from_dict({"kind": "pulse", "start": 5, "duration": 1, "amplitude": 10, "unit": "nA"})
    Pulse(start=5, duration=1, amplitude=10, unit='nA')
    """
    found = current_or_clamp(document)
    if not isinstance(found, Stimulus):
        raise StimulusError("a clamp is no current: it stands at a place of an axon, alone")
    return found


def current_or_clamp(document: Mapping[str, Any]) -> Stimulus | Clamp:
    """What ``to_dict`` of a current or of a clamp described; see :func:`from_dict`."""
    try:
        return _described(document)
    except RecursionError:
        raise StimulusError("a stimulus is described by sums nested too deeply") from None


def _described(document: Mapping[str, Any]) -> Stimulus | Clamp:
    if not isinstance(document, Mapping):
        raise StimulusError(f"a stimulus is described by named fields, not by {document!r:.60}")
    kind = document.get("kind")
    if kind == "sum":
        shapes = document.get("shapes", ())
        if not isinstance(shapes, list | tuple):
            raise StimulusError(f"the shapes of a sum are a list of stimuli, not {shapes!r:.60}")
        parts = [from_dict(part) for part in cast(Iterable[Mapping[str, Any]], shapes)]
        return Sum(tuple(shape for part in parts for shape in part.shapes))
    if not isinstance(kind, str) or kind not in KINDS:
        near = nearest(str(kind), KINDS)
        raise StimulusError(
            f"a stimulus of kind {kind!r} is unknown{near}; known are {', '.join(KINDS)} and sum"
        )
    return _made(KINDS[kind], document)


def _made(shape: type[_Any], document: Mapping[str, Any]) -> _Any:
    """What the fields of a document describe."""
    known = {f.name for f in fields(shape)}
    for name in document:
        if name != "kind" and name not in known:
            raise StimulusError(f"a {shape.kind} has no {name!r}{nearest(name, known)}")
    try:
        arguments = {name: _field(value) for name, value in document.items() if name != "kind"}
        return shape(**{**getattr(shape, "before", {}), **arguments})
    except UsageError as problem:
        raise StimulusError(f"a {shape.kind} cannot be read: {problem}") from None


def _field(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    field = cast(Mapping[str, Any], value)
    if field.get("kind") == Amplifier.kind:
        return _made(Amplifier, field)
    if "kind" in field:  # what is played in place of a number
        if field["kind"] not in ("waveform", "noise"):
            raise StimulusError(
                f"in place of a number there may be a waveform or noise, not a "
                f"{field['kind']!r:.40}"
            )
        if any(isinstance(each, Mapping) and "kind" in each for each in field.values()):
            raise StimulusError(f"a {field['kind']}'s own numbers follow no other")
        return current_or_clamp(field)
    return from_plain(field)


def told(name: str, shapes: Iterable[Applied]) -> dict[str, str]:
    """What a recording says of a dimension that is called as one of a stimulus's numbers.

    Where none of the `shapes` varies along it, it is an earlier run's, by way of ``initial=``, and
    still means what it meant there.
    """
    varying = [shape for shape in shapes if _varies(shape, name)]
    if not varying:
        known = (each.quantities.get(name) for each in _CLASSES if each is not Clamp)
        return next((one.attributes for one in known if one and one.meaning), {})
    quantity = varying[0].quantities[name]
    units = {shape.unit_of(name) for shape in varying}
    unit = {"units": units.pop()} if len(units) == 1 else {}
    return {**quantity.attributes, **unit} if quantity.meaning else {}


def _varies(shape: Applied, name: str) -> bool:
    value = getattr(shape, name) if name in shape.parameters else None
    return isinstance(value, Labelled) and name in value.dims
