"""What was injected, and how warm it was, in words for a figure's second line."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from loligo.figures.content import origin
from loligo.figures.content.labels import length_unit, unit
from loligo.lanes import with_arrays
from loligo.packed import unpacked
from loligo.stimulus.document import KINDS
from loligo.words import decimal, join, say, worded

_bare: ContextVar[bool] = ContextVar("bare", default=False)  # whether units are left out


def conditions(
    attrs: Mapping[str, Any], chosen: Mapping[str, Any] | None = None, units: bool = True
) -> str:
    """``10 µA/cm² from 5 to 45 ms, 6.3 °C``, as far as the recording's provenance tells."""
    return ", ".join(each_condition(attrs, chosen, units))


def each_condition(
    attrs: Mapping[str, Any], chosen: Mapping[str, Any] | None = None, units: bool = True
) -> list[str]:
    """The same, one by one.

    ``chosen`` are the coordinates of a lane that was picked out of a sweep; ``units`` are left out
    of a model that has none.

    >>> pulse = {"kind": "pulse", "start": 5, "duration": 40, "amplitude": 10}
    >>> told = {"provenance": json.dumps({"stimulus": pulse})}
    >>> each_condition(told), each_condition(told, units=False)
    (['10 µA/cm² from 5 to 45 ms'], ['10 from 5 to 45'])
    """
    before = _bare.set(not units)
    try:
        with origin.said(attrs):
            return _conditions(attrs, chosen or {})
    finally:
        _bare.reset(before)


def _conditions(attrs: Mapping[str, Any], there: Mapping[str, Any]) -> list[str]:
    try:
        known = _picked(json.loads(attrs["provenance"]), there)
        model = known.get("model", {})
        long = sum(float(region["length"]) for region in model.get("regions", []))
        parts = [stimulus(known.get("stimulus"), long), amplifier(known.get("stimulus"))]
        warm = [m.get("celsius") for m in (model, *model.get("membranes", []))]
        warm = [celsius for celsius in warm if celsius is not None]
        moving = dict(model.get("courses", {}))
        if "celsius" in moving:
            ends = [_amount(moving["celsius"]["values"][k], "°C") for k in (0, -1)]
            parts.append(say("{low} to {high}", low=ends[0], high=ends[1]))
        else:
            same = warm and all(c == warm[0] for c in warm)
            parts += [_amount(warm[0], "°C")] if same else []
        parts.append(_followed([name for name in moving if name != "celsius"]))
        if long and "position" in there:
            parts.append(say("seen at {place}", place=_lengths([there["position"]], long)))
        return [part for part in parts if part]
    except Exception:  # no provenance, or another program's: the recording's own words
        said = str(attrs.get("stimulus") or "")
        return [said] if said else []


def _followed(names: list[str]) -> str:
    """The parameters that follow courses."""
    return say("{names} along a course", names=", ".join(names)) if names else ""


def stimulus(document: Mapping[str, Any] | None, long: float = 0.0) -> str:
    """A stimulus, given as its plain description, in words; on an axon so ``long`` (um)."""
    if not document:
        return ""
    if document["kind"] == "placed":
        return _placed(document, long)
    if document["kind"] == "sum":
        return " + ".join(_one_by_one(document["shapes"], long))
    return worded(KINDS[document["kind"]].sentence(document)).format_map(_Words(document))


def amplifier(document: Mapping[str, Any] | None) -> str:
    """The amplifier of a stimulus's clamps in words; nothing where there is none.

    >>> rig = {"series_resistance": 10.0, "compensation": 0.7, "level": 3}
    >>> amplifier({"kind": "clamp", "amplifier": rig})
    'through an amplifier with 10 MΩ, 70 % compensated'
    """
    shapes = (document or {}).get("shapes", [document or {}])
    rig = next(filter(None, (shape.get("amplifier") for shape in shapes)), None)
    if rig is None:
        return ""
    said = say(
        "through an amplifier with {resistance}",
        resistance=_amount(rig["series_resistance"], "MΩ"),
    )
    share = list(_flat(_values(rig.get("compensation", 0.0))))
    if max(share) == 0:
        return said
    return say(
        "{rig}, {share} compensated", rig=said, share=_amount([100 * each for each in share], "%")
    )


def _one_by_one(shapes: list[Mapping[str, Any]], long: float) -> list[str]:
    """Every shape of a sum; the commands of a clamp that follow one another are one phrase."""
    said: list[str] = []
    end: Any = None
    for shape in shapes:
        goes_on = end is not None and shape["start"] == end and _steady(shape)
        end = shape["start"] + shape["duration"] if _steady(shape) else None
        if goes_on:
            words = _Words(shape)
            voltage = f"{words['voltage']}"
            said[-1] += say(", then at {voltage} to {end}", voltage=voltage, end=_amount(end, "ms"))
        else:
            said.append(stimulus(shape, long))
    return said


def _steady(shape: Mapping[str, Any]) -> bool:
    """Whether a shape is a clamp at one potential, or at one for each lane, between known times."""
    if shape["kind"] != "clamp" or shape.get("to") is not None:
        return False
    numbers = [shape["start"], shape["duration"]]
    return "kind" not in (shape["voltage"] if isinstance(shape["voltage"], dict) else {}) and all(
        isinstance(each, int | float) for each in numbers
    )


def _current(d: Mapping[str, Any]) -> str:
    amplitude, units = d["amplitude"], unit(str(d.get("unit", "uA/cm2")))
    if units == "nA" and isinstance(amplitude, int | float) and abs(amplitude) >= 1e3:
        return _amount(amplitude / 1e3, "µA")
    return _amount(amplitude, units)


def _placed(d: Mapping[str, Any], long: float) -> str:
    """What is injected where; the same at several places is said once."""
    where: dict[str, list[float]] = {}
    for point in d["points"]:
        where.setdefault(stimulus(point["stimulus"]), []).append(float(point["place"]))
    return " + ".join(_at(what, places, long) for what, places in where.items())


def _at(what: str, places: list[float], long: float) -> str:
    if places == [0.0]:
        return say("{what} at the left end", what=what)
    return say("{what} at {place}", what=what, place=_lengths(places, long))


def _lengths(places: list[float], long: float) -> str:
    """Places (um) in the unit that suits the axon."""
    name, um = length_unit(max(long, *places))
    return f"{join([decimal(f'{place / um:.3g}') for place in places])} {name}"


def _when(d: Mapping[str, Any]) -> str:
    start, duration = d["start"], d["duration"]
    if isinstance(start, int | float) and isinstance(duration, int | float):
        if math.isinf(duration):
            return say("from {start}", start=_amount(start, "ms"))
        return say(
            "from {start} to {end}", start=_number(start), end=_amount(start + duration, "ms")
        )
    return say(
        "for {duration} from {start}", duration=_amount(duration, "ms"), start=_amount(start, "ms")
    )


class _Words:
    """What a sentence is filled in with: the numbers of a document, its current and its times."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.quantities = KINDS[document["kind"]].quantities

    def __getitem__(self, name: str) -> str | _Number:
        if name in _PHRASES:
            return _PHRASES[name](self.document)
        own = self.document.get(f"{name}_unit") or self.quantities[name].unit
        units = str(own or self.document.get("unit", "uA/cm2"))
        if self.document["kind"] == "clamp" and name in ("voltage", "to"):
            return _Counted(self.document[name], unit(units))
        return _Number(self.document[name], unit(units))


class _Number:
    """A number with its unit, ``{start}``; ``{start.number}`` is the number alone."""

    def __init__(self, value: Any, units: str) -> None:
        self.number, self._units = _amount(value), units

    def __format__(self, _: str) -> str:
        return f"{self.number} {'' if _bare.get() else self._units}".rstrip()


class _Counted(_Number):
    """A command of a clamp, from rest where the figure counts so."""

    def __init__(self, value: Any, units: str) -> None:
        zero = origin.spoken()
        if zero is None:
            return super().__init__(value, units)
        from_rest = [round(each - zero, 1) + 0.0 for each in _flat(_values(value))]
        return super().__init__(from_rest, say("{unit} from rest", unit=units))


_PHRASES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {"current": _current, "when": _when}


def _amount(value: Any, unit: str = "") -> str:
    """A number, or the range of several, with its unit."""
    numbers = list(_flat(_values(value)))
    low, high = min(numbers), max(numbers)
    text = _number(low)
    if low != high:
        text = say("{low} to {high}", low=text, high=_number(high))
    return f"{text} {'' if _bare.get() else unit}".rstrip()


def _values(value: Any) -> Any:
    return unpacked(value["values"]).tolist() if isinstance(value, Mapping) else value


def _picked(document: Any, chosen: Mapping[str, Any]) -> Any:
    """``document`` with each array along a chosen coordinate replaced by its value there."""

    def there(array: Mapping[str, Any]) -> Any:
        dims = array["dims"]
        if len(dims) != 1 or dims[0] not in chosen:
            return array
        labels = unpacked(array["coords"][dims[0]]).tolist()
        return unpacked(array["values"])[labels.index(chosen[dims[0]])].tolist()

    return with_arrays(document, there)


def _flat(value: Any) -> Iterator[float]:
    if isinstance(value, list | tuple):
        for one in value:
            yield from _flat(one)
    else:
        yield float(value)


def _number(value: float) -> str:
    return decimal(f"{value:.6g}").replace("-", "−")
