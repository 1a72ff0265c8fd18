"""What others call a quantity and its unit, and how it is meant here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from loligo.errors import UnitError
from loligo.units import called, dimension

TIME, VOLTAGE = "time", "V"

# In which unit a recording holds what is measured in one, whatever it is called there.
HOUSE = {dimension(unit): unit for unit in ("ms", "mV", "uA/cm2", "nA", "mS/cm2")}
LONGEST = 200  # characters of a unit, or of a name

# the first of several, V1, and no volt to the power of 1
_NUMBERED = re.compile(r"[^\W\d_]+1")
# names of the two quantities that loligo must find, in small letters
_NAMES = {
    TIME: frozenset({"time", "times", "t", "zeit", "temps", "tiempo", "tempo", "sweep time"}),
    VOLTAGE: frozenset({"v", "vm", "v_m", "v_membrane", "u", "um", "em", "voltage", "potential",
                        "membrane potential", "membrane voltage", "membrane_potential",
                        "membrane_voltage", "spannung", "membranpotential"}),
}  # fmt: skip
_MEASURED = {TIME: dimension("ms"), VOLTAGE: dimension("mV")}


def measures(text: str) -> tuple[object, ...] | None:
    """What a unit measures, as :func:`loligo.units.dimension` has it; None of what is none.

    >>> measures("mV") == measures("V"), measures("V1")
    (True, None)
    """
    if not text.strip() or len(text) > LONGEST or _NUMBERED.fullmatch(text.strip()):
        return None
    try:
        return dimension(text.strip())
    except UnitError:
        return None


def label(text: str) -> tuple[str, str]:
    """The name and the unit that the head of a column gives; the unit may be missing.

    >>> label("V (mV)"), label("Vm [mV]"), label("time_s"), label("t/ms"), label("I_A")
    (('V', 'mV'), ('Vm', 'mV'), ('time', 's'), ('t', 'ms'), ('I_A', ''))
    """
    text = text.strip()
    if len(text) > LONGEST:
        return text, ""
    bracketed = _bracketed(text)
    if bracketed and (measures(bracketed[1]) is not None or _standing(bracketed[0])):
        return bracketed
    for between in ("/", ",", " in ", "_", " "):
        name, found, said = (part.strip() for part in text.rpartition(between))
        standing = _standing(name)
        kind = measures(said) if found and name else None
        if kind is not None and (kind == _MEASURED[standing] if standing else between in "/,"):
            return (name, said) if standing or kind in HOUSE else (text, "")
    return text, ""


def _bracketed(text: str) -> tuple[str, str] | None:
    """``mS/(cm2 ms)`` of ``g (mS/(cm2 ms))``: what the last pair of brackets holds."""
    pair = {")": "(", "]": "["}.get(text[-1:])
    if pair is None:
        return None
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += (text[at] == text[-1]) - (text[at] == pair)
        if depth == 0:
            return text[:at].rstrip(" /"), text[at + 1 : -1].strip()  # g/(mS/cm2), as ISO has it
    return None


def _standing(name: str) -> str | None:
    """Which of the two quantities goes by this name, if any."""
    lower = name.strip().lower()
    return next((meant for meant, names in _NAMES.items() if lower in names), None)


def known_names(names: Iterable[str], units: Mapping[str, str] | None = None) -> dict[str, str]:
    """The names that others gave to ``time`` and ``V``, where exactly one can be meant.

    >>> known_names(["Zeit", "Vm", "m"]), known_names(["x", "y"], {"x": "s", "y": "nA"})
    ({'Zeit': 'time', 'Vm': 'V'}, {'x': 'time'})
    """
    # what is told of spikes is in ms and mV too, and is neither
    names, units = [name for name in names if not name.startswith("spike_")], units or {}
    found: dict[str, str] = {}
    for meant in (TIME, VOLTAGE):
        if meant in names:
            continue
        by_name = [name for name in names if _standing(name) == meant]
        free = [name for name in names if _standing(name) is None]
        by_unit = [n for n in free if measures(units.get(n, "")) == _MEASURED[meant]]
        for candidates in (by_name, by_unit):
            if len(candidates) == 1 and candidates[0] not in found:
                found[candidates[0]] = meant
                break
    return found


def kind(text: str) -> str:
    """What a unit measures, in words; "no unit" of what is none."""
    return called(text.strip()) if measures(text) is not None else "no unit that loligo knows"
