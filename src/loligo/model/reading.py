"""What a person may write for the parts of a model, read once and checked."""

from __future__ import annotations

import keyword
import math
import numbers
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias, cast

import numpy as np

from loligo.errors import ModelError, UnitError, nearest
from loligo.lanes import CONTROL, Labelled, Value
from loligo.model.combining import combined
from loligo.model.expression import FUNCTIONS, Expression, parse
from loligo.model.functions import LATER
from loligo.units import DimensionError, convert, dimension, read, read_either

Formula: TypeAlias = str | float | Expression
"""An expression as a person writes it: text, or a plain number."""

UNITS = ("1", "mV", "ms", "mM", "mS/cm2", "uA/cm2", "uF/cm2", "degC", "um", "um2", "ohm*cm", "nA",
         "1/ms", "1/mV", "mV/ms", "mM/ms", "1/(mV*ms)", "cm/s")  # fmt: skip
"""The units that expressions count in. A parameter given in another one is converted."""

RESERVED = {
    "V": "the membrane potential (mV)",
    "t": "the time (ms)",
    "time": "the time of a recording",
    "spike": "the spikes of a recording",
    "spikes": "the spikes of a recording",
    "event": "the spikes of a recording",
    "status": "what became of each lane of a recording",
    "edge": "the edges of what is done to it",
    "position": "the place along an axon",
    "celsius": "the temperature (°C)",
    "I_stim": "the injected current (µA/cm²)",
    "I_clamp": "the current of a clamp's electrode",
    "Q_clamp": "the charge of a clamp's jumps",
    "V_error": "how far off V may be in each lane of a recording",
    "C_m": "the membrane capacitance (µF/cm²)",
    "area": "the membrane's area (µm²)",
    "pi": "3.14159...",
}
"""Names that mean the same in every model; and so does each that begins with ``spike_``."""

MAX_POWER = 64
LONGEST_NAME = 64
_LONGEST_TEXT = 10_000
_LONGEST_QUANTITY = 100
_LINES = re.compile(r"[\t\n]")  # what a text over several lines may have besides
# all possessive: a text of any length is looked at once
_QUANTITY = re.compile(
    r"\s*+[-+−]?\s*+(?:\d++\.?\d*+|\.\d++)(?:[eE][-+]?\d++)?+\s*+"
    r"((?!(?:if|and|or)\b)[^\W\d_].*+|[°%].*+)?"
)


def freeze(instance: object, **values: object) -> None:
    """Set the fields of a frozen dataclass that is being made."""
    for name, value in values.items():
        object.__setattr__(instance, name, value)


def formula(value: object, where: str) -> Expression:
    """An expression from text or from a plain number."""
    if isinstance(value, Expression):
        return value
    if isinstance(value, str):
        _refuse_unit(value, where)
        return parse(value, where)
    if isinstance(value, np.ndarray | list | tuple) or hasattr(value, "dims"):
        raise ModelError(
            f"{where}: an array cannot stand in an expression; give it to a parameter "
            "(Membrane(parameters={...})) and write the parameter's name here"
        )
    number: Any = cast(Any, value).item() if isinstance(value, np.generic) else value
    if isinstance(number, bool) or not isinstance(number, numbers.Real):
        raise ModelError(
            f"{where}: give a text such as '0.1*(V+40)' or a number; not {value!r:.50}"
        )
    try:
        size = float(number)
    except OverflowError:
        raise ModelError(f"{where}: this number is larger than 1e308") from None
    if not math.isfinite(size):
        raise ModelError(f"{where}: {size} is not a finite number")
    # what is no whole number is one of floating point: a fraction, a decimal
    return parse(repr(int(number) if isinstance(number, numbers.Integral) else size), where)


def _refuse_unit(text: str, where: str) -> None:
    """``tau="5 ms"``: an expression has no units, and none is dropped in silence."""
    quantity = _QUANTITY.fullmatch(text) if len(text) <= _LONGEST_QUANTITY else None
    unit = quantity[1].strip() if quantity and quantity[1] else ""
    if len(unit) < 2:  # 2 V and 3 m want a sign between them
        return
    try:
        wanted = counted_unit(unit, where)
    except UnitError:
        return
    raise ModelError(
        f"{where}: {text.strip()!r} has a unit, and expressions have none: they count in ms, mV, "
        f"mM and so on; write the number in {wanted} alone, or give it to a parameter and write "
        "the parameter's name here"
    )


def channel_name(name: object) -> None:
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_]+", name):
        raise ModelError(
            f"a channel cannot be called {name!r:.{LONGEST_NAME}}; it is what follows in g_Na, "
            "E_Na and I_Na: letters A-Z a-z, digits and _"
        )
    identifier(f"I_{name}", "current")


def identifier(name: object, what: str) -> None:
    """Refuse a name that expressions could not refer to, or that means something else already."""
    called = f"{name!r}"[:LONGEST_NAME]
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise ModelError(
            f"a {what} cannot be called {called}; use letters A-Z a-z, digits and _, "
            "and begin with a letter"
        )
    if len(name) > LONGEST_NAME:
        raise ModelError(f"the name {called}... of a {what} is longer than {LONGEST_NAME} letters")
    meaning = reserved(name)
    if meaning:
        raise ModelError(
            f"a {what} cannot be called {name}, which is {meaning} in every model; "
            "choose another name"
        )
    if name in FUNCTIONS.keys() - LATER or keyword.iskeyword(name):
        kind = "a function" if name in FUNCTIONS else "a word of the expression language"
        raise ModelError(f"a {what} cannot be called {name}: it is {kind}; choose another name")


def reserved(name: str) -> str | None:
    """What a name means in every model, if it is none of those that are free."""
    return "the spikes of a recording" if name.startswith("spike_") else RESERVED.get(name)


def label(text: object, where: str, lines: bool = False) -> str:
    """A text to be shown to people; no control characters, which could forge what they see.

    In one line, unless it is one that may have several.
    """
    if not isinstance(text, str):
        raise ModelError(f"{where}: a text is needed, not {text!r:.60}")
    if len(text) > _LONGEST_TEXT:
        raise ModelError(f"{where}: the text is longer than {_LONGEST_TEXT:,} characters")
    control = CONTROL.search(_LINES.sub(" ", text) if lines else text)
    if control and control[0] in "\n\r":
        raise ModelError(f"{where}: the text has the end of a line in it; write it in one")
    if control:
        raise ModelError(f"{where}: the text has a control character (U+{ord(control[0]):04X})")
    return text


def doi(text: object) -> str:
    """A DOI without what may stand before it."""
    written = label(text, "doi")
    plain = re.sub(r"^(https?://(dx\.)?doi\.org/|doi:\s*)", "", written.strip())
    if plain and not re.fullmatch(r"10\.\d{4,9}/[^\s\"'<>\\]+", plain):
        raise ModelError(
            f"doi: {written!r:.80} is none; write it as 10.1113/jphysiol.1952.sp004764"
        )
    return plain


def own(key: str, value: Any) -> Any:
    """What a membrane has one of: its capacitance, its name and so on."""
    return _OWN[key](value)


_OWN: Mapping[str, Callable[[Any], Any]] = {
    "celsius": lambda value: read(value, "degC", "celsius", above=_ABSOLUTE_ZERO),
    "area": lambda value: read(value, "um2", "area", above=0),
    "name": lambda text: label(text, "name of the membrane"),
    "title": lambda text: label(text, "title of the membrane"),
    "citation": lambda text: label(text, "citation of the membrane", lines=True),
    "doi": doi,
    "notes": lambda texts: tuple(
        label(each, "notes", lines=True) for each in members(texts, str, "notes")
    ),
}
_ABSOLUTE_ZERO = -273.15  # degC


def members(values: object, kind: type[Any], where: str) -> tuple[Any, ...]:
    """A tuple of one kind of part; a single one may stand alone."""
    if isinstance(values, kind):
        return (values,)
    try:
        parts = None if isinstance(values, str) else tuple(cast(Iterable[Any], values))
    except TypeError:
        parts = None
    if parts is None:
        raise ModelError(f"{where}: give a list of {kind.__name__}, not {values!r:.60}")
    for value in parts:
        if not isinstance(value, kind):
            raise ModelError(f"{where}: {value!r:.60} is not a {kind.__name__}")
    return parts


def optional(value: object, where: str) -> Expression | None:
    return None if value is None else formula(value, where)


def whole(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise ModelError(f"{where}: a whole number is needed, not {value!r:.60}")
    if not 1 <= int(value) <= MAX_POWER:
        raise ModelError(f"{where} is {int(value)}; it must be from 1 to {MAX_POWER}")
    return int(value)


def truth(value: object, where: str) -> bool:
    if value is not True and value is not False:
        raise ModelError(f"{where}: give True or False, not {value!r:.60}")
    return value


ION = re.compile(r"[A-Za-z][A-Za-z0-9]{0,15}")


def ion_name(name: object, where: str) -> str:
    """``Na``, ``Ca``, ``cation``; empty where nothing is said."""
    if not isinstance(name, str) or (name and not ION.fullmatch(name)):
        raise ModelError(
            f"ion of {where}: {name!r:.60} is none; give its symbol without its charge, as in "
            '"Na", "K", "Ca" or "Cl"'
        )
    return name


def spread(total: Value, area: Value | None, name: str, units: tuple[str, str]) -> Value:
    """What the whole cell has (uS, nF), over its area (um2): mS/cm2, uF/cm2."""
    density, unit = units
    if area is None:
        amount = f"{total:g}" if isinstance(total, float) else "an array in"
        example = f": over 1000 um2 that is {100 * total:g}" if isinstance(total, float) else ""
        raise ModelError(
            f"{name}: {amount} {unit} is the whole cell's, and the membrane has no area to spread "
            f"it over; give it one, area=1000 in um2, or {name} in {density}{example}"
        )
    return combined({name: total, "area": area}, lambda each: each[name] * _PER_CM2 / each["area"])


_PER_CM2 = 1e5  # uS/um2 in mS/cm2, and nF/um2 in uF/cm2
CAPACITANCES, CONDUCTANCES = ("uF/cm2", "nF"), ("mS/cm2", "uS")
"""Per area, and of the whole cell."""


def capacitance(value: Any) -> tuple[Value, str]:
    """uF/cm2; or nF, which an area is to spread."""
    return read_either(value, CAPACITANCES, "C_m", partial(read, above=0))


@dataclass(frozen=True)
class Total:
    """The whole cell's conductance, uS, until a membrane spreads it over its area."""

    value: Value

    def __repr__(self) -> str:
        return f"'{self.value} uS'"


def refuse_moving(value: Any, name: str) -> None:
    """A course stands in no part of a model, but in the model."""
    if getattr(value, "moves", False):
        raise ModelError(
            f"{name}: a part has one number; the membrane that is made of it follows a course, "
            "by its method replace"
        )


def conductance(value: Any, name: str) -> Value | Total:
    """mS/cm2, or uS, which an area is to spread; of an expression it is said where it goes."""
    if isinstance(value, Expression) or (isinstance(value, str) and _is_expression(value)):
        raise ModelError(
            f"g_{name}: {str(value).strip()!r:.60} is an expression, and g is a number (mS/cm2) or "
            f'an array; what opens the channel are its gates, or an expression open="...", which '
            "multiply g; or write out its current"
        )
    if isinstance(value, Total):
        return value
    refuse_moving(value, f"g_{name}")
    amount, unit = read_either(value, CONDUCTANCES, f"g_{name}", partial(read, at_least=0))
    return amount if unit == CONDUCTANCES[0] else Total(amount)


def _is_expression(text: str) -> bool:
    if len(text) > _LONGEST_TEXT or _QUANTITY.fullmatch(text):
        return False
    try:
        parse(text)
    except ModelError:
        return False
    return True


def potential(value: Any, name: str) -> Value | Expression:
    if isinstance(value, Expression):
        return value
    if isinstance(value, str) and not _QUANTITY.fullmatch(value):
        return parse(value, name)
    refuse_moving(value, name)
    return read(value, "mV", name)


def counted_unit(unit: object, name: str) -> str:
    """The unit that expressions count in, for a quantity of this kind."""
    if not isinstance(unit, str):
        raise UnitError(f"{name}: a unit is a text such as 'mM', not {unit!r:.60}")
    try:
        powers = dimension(unit)
    except UnitError as error:
        raise UnitError(f"{name}: {error}") from None
    return next((each for each in UNITS if dimension(each) == powers), unit)


def same_unit(unit: object, name: str) -> str:
    """A unit that expressions count in; another one of the same kind is refused, because what it
    would mean for the equations in which the name stands was not said."""
    counted = counted_unit(unit, name)
    if convert(1.0, str(unit), counted) != 1.0 or convert(0.0, str(unit), counted) != 0.0:
        raise UnitError(
            f"unit of state {name}: equations count in {counted}, so a state cannot be in {unit}; "
            f'give unit="{counted}", its initial value as in "0.05 {unit}", and write its '
            f"derivative in {counted} per ms"
        )
    return counted


def amount_of(value: Any, unit: str | None, name: str) -> tuple[Value, str]:
    refuse_moving(value, name)
    if unit is None:
        try:
            return read_either(value, UNITS, name)
        except DimensionError:
            raise UnitError(
                f"{name}: what kind of quantity {value!r:.60} is cannot be told; give its unit: "
                f'Parameter("{name}", value, unit="...")'
            ) from None
    counted = counted_unit(unit, name)
    amount = read(value, unit, name)
    return (amount if counted == unit else _converted(amount, unit, counted)), counted


def _converted(amount: Value, unit: str, counted: str) -> Value:
    if isinstance(amount, Labelled):
        return amount.with_values(convert(amount.values, unit, counted))
    return convert(amount, unit, counted)


RESETS = (
    "that V is set back when it reaches a threshold (integrate-and-fire, Izhikevich) is no "
    "equation and cannot be written: here a spike is what the channels' currents make of V"
)
_FOREIGN = {
    **dict.fromkeys(("reset", "resets", "threshold", "v_reset", "v_th", "events"), RESETS),
    **dict.fromkeys(("on_spike", "refractory"), RESETS),
    **dict.fromkeys(("t", "temp", "temperature", "celcius"), "the temperature is celsius (°C)"),
    **dict.fromkeys(("delay", "delays"), "equations cannot look back in time: there are no delays"),
}


def foreign(name: str) -> str:
    """What to say of a name that others use for what is called otherwise here, or is not here."""
    about = _FOREIGN.get(name.lower())
    return f"there is no {name}: {about}" if about else ""


def unknown(name: str, what: str, known: Iterable[str]) -> str:
    """``there is no parameter g_NA (did you mean g_Na?)``."""
    short = name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "..."
    return f"there is no {what} {short}{nearest(name[:LONGEST_NAME], known)}"
