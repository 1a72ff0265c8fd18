"""Where a run of a model begins, if the model says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from loligo.errors import LoligoError, ModelError
from loligo.lanes import Labelled, Value
from loligo.model.reading import unknown
from loligo.model.table import Frozen
from loligo.model.written import Written
from loligo.units import read


def beginning(membrane: Written, start: Any) -> Frozen[Value]:
    """State -> its value, of a number, a quantity or an array (V alone) or of a mapping of states.

    Raises
    ------
    ModelError, UnitError, UsageError
        There is no such state, or a value is no such quantity; with its place in the document.
    """
    if start is None:
        return Frozen()
    by_name = isinstance(start, Mapping)
    values = cast(Mapping[Any, Any], start) if by_name else {"V": start}
    units = _units(membrane)
    read_values: dict[str, Value] = {}
    for name, value in values.items():
        try:
            read_values[name] = _read(name, value, units, membrane)
        except LoligoError as error:
            error.path = error.path or ("start", *((str(name),) * by_name))
            raise
    return Frozen((name, read_values[name]) for name in units if name in read_values)


def _read(name: object, value: Any, units: Mapping[str, str], membrane: Written) -> Value:
    if name not in units:
        problem = f"start: {unknown(str(name), 'state', units)}"
        if any(name == scheme.eliminated for scheme in membrane.schemes):
            problem = f"start: {name} is 1 less the other occupancies of its scheme; leave it out"
        raise ModelError(f"{problem}; the states are {', '.join(units)}")
    number = read(value, units[str(name)], f"start_{name}")
    share = name in _shares(membrane)
    amounts = number.values if isinstance(number, Labelled) else np.array(number)
    if share and not np.all((amounts >= 0) & (amounts <= 1)):
        raise ModelError(
            f"start: {name} is a share of channels and must be between 0 and 1, but is "
            f"{amounts[(amounts < 0) | (amounts > 1)].flat[0]:g}"
        )
    return number


def _shares(membrane: Written) -> tuple[str, ...]:
    moving = (gate.name for gate in membrane.gates if not gate.instantaneous)
    return (*moving, *(state for scheme in membrane.schemes for state in scheme.kept))


def _units(membrane: Written) -> dict[str, str]:
    """Every state, V first, with the unit that it counts in."""
    own = {state.name: state.unit for state in membrane.states}
    return {"V": "mV", **dict.fromkeys(_shares(membrane), "1"), **own}
