"""From where potentials are counted in a figure: from 0, as they were recorded, or from rest."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from loligo.errors import UsageError
from loligo.words import say

if TYPE_CHECKING:
    import xarray

_COUNTED = "counted_from"  # an attribute of a recording that is about to be drawn, mV
_COMMANDS = ("command of the clamp", "command at the end of the clamp")  # what lanes may differ in
_said: ContextVar[float | None] = ContextVar("origin", default=None)

SHIFT = (
    "count from rest in the model itself, with model.shift_voltage(65) of what rests at -65 mV, "
    "and run that"
)


def counted(rec: Any, from_rest: bool) -> Any:
    """A recording that is to be drawn with potentials from rest, or as it was recorded.

    Raises
    ------
    UsageError
        If it does not tell one resting potential.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> rec = counted(lo.simulate(squid, duration=1), True)
    >>> round(origin(rec.attrs), 1), round(float(rec.V[0]), 1)  # what was recorded stays
    (-65.0, -65.0)
    """
    if not hasattr(rec, "data_vars"):
        if from_rest:
            raise _refused("a story" if hasattr(rec, "course") else f"a {type(rec).__name__}")
        return rec
    attrs = {key: value for key, value in rec.attrs.items() if key != _COUNTED}
    if from_rest:
        attrs[_COUNTED] = _rest(rec)
    if attrs == rec.attrs:
        return rec
    same = rec.copy(deep=False)
    same.attrs = attrs
    return same


def _rest(rec: xarray.Dataset) -> float:
    if rec.attrs.get("experiment") == "rate functions":
        return _of_its_membrane(rec)
    if "experiment" in rec.attrs:
        raise _refused("what an experiment found")
    rests = {
        float(v.attrs["rest"]) for name, v in rec.variables.items()
        if v.attrs.get("role", "voltage" if name == "V" else "") == "voltage"
        and isinstance(v.attrs.get("rest"), float | int)
    }  # fmt: skip
    if len(rests) == 1 and math.isfinite(rest := rests.pop()):
        return rest
    raise UsageError(
        "from_rest=True counts from the resting potential, and the recording does not tell one: "
        "its lanes or places rest at different potentials, none did, or V was not recorded; "
        f"{SHIFT}"
    )


def _of_its_membrane(found: xarray.Dataset) -> float:
    """Where the membrane rests that rates were found of."""
    from loligo.model import Membrane
    from loligo.theory import rest

    try:
        V = float(rest(Membrane.from_dict(json.loads(found.attrs["membrane"]))).V)
    except (KeyError, TypeError, ValueError, RecursionError):
        V = math.nan
    if not math.isfinite(V):
        raise UsageError(f"from_rest=True counts from rest, and these rates tell of none; {SHIFT}")
    return V


def _refused(what: str) -> UsageError:
    """Of what is drawn as it is."""
    return UsageError(f"from_rest=True is of recordings and models, and this is {what}; {SHIFT}")


def origin(attrs: Mapping[Any, Any]) -> float:
    """Where a recording's figure has its 0, mV."""
    return float(attrs.get(_COUNTED, 0.0))


def is_counted(attrs: Mapping[Any, Any]) -> bool:
    """Whether a recording's figure counts from rest."""
    return _COUNTED in attrs


def alike(rec: xarray.Dataset, other: xarray.Dataset) -> xarray.Dataset:
    """A recording whose figure counts from where that of another does."""
    if not is_counted(other.attrs):
        return rec
    return rec.assign_attrs({_COUNTED: other.attrs[_COUNTED]})


def heading(attrs: Mapping[Any, Any]) -> str:
    """What stands over an axis of potentials."""
    return say("Potential from rest" if is_counted(attrs) else "Membrane potential")


def unitless_heading(attrs: Mapping[Any, Any]) -> str:
    """The same of a model whose V has no unit."""
    return say("V from rest (dimensionless)" if is_counted(attrs) else "V (dimensionless)")


def is_command(told: Any) -> bool:
    """Whether the numbers along a dimension of lanes are what a clamp asked V to be."""
    return told.attrs.get("long_name") in _COMMANDS


@contextmanager
def said(attrs: Mapping[Any, Any]) -> Iterator[None]:
    """Within it, what is said of commands counts as the recording's figure does."""
    before = _said.set(origin(attrs) if is_counted(attrs) else None)
    try:
        yield
    finally:
        _said.reset(before)


def spoken() -> float | None:
    """Where potentials that are told now have their 0; None where they are told as they are."""
    return _said.get()
