"""Whether the V of a recording is a number without a unit, as in FitzHugh and Nagumo's model; and
how what was found of such a model is told.

A model has no place to say so: its V is in mV. But no membrane has all its reversal potentials
within 5 mV of 0, and stays within 10 mV of 0, unless it is only a resistance and a capacitance.
loligo's units belong together, so that of such a model their numbers hold without them; but for
rates, which are in Hz, and not in 1/ms.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray

_FURTHEST_E, _FURTHEST_V = 5.0, 10.0
_TRIED = 50.0  # ms
WAS = "units_were"  # the attribute that tells which of the numbers without units are alike
_SAID = (
    "µA/cm²/ms", "µA/cm²", "uA/cm2", "kΩ·cm²", "mS/cm²", "nC/cm²", "µF/cm²", "mV/ms", "ms/mV",
    "1/ms", "mV", "ms",
)  # fmt: skip
_UNIT = "|".join(map(re.escape, _SAID))
_NUMBER = r"[-−]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?"
_WITH_UNIT = re.compile(rf"({_NUMBER})\s?(?:{_UNIT})(?![\w/²])")
_ASIDE = re.compile(rf"\((?:{_UNIT}), |\s\((?:{_UNIT})\)")
_EACH = re.compile(r"\b(for each|für jedes) mV\b")
_RATE = re.compile(rf"({_NUMBER}(?: \w+ {_NUMBER})?) Hz")
_UNITS = frozenset({
    "mV", "ms", "uA/cm2", "mS/cm2", "uF/cm2", "nC/cm2", "kohm*cm2", "kOhm*cm2", "mV/ms", "ms/mV",
    "1/ms", "uA/cm2/ms",
})  # fmt: skip


def is_dimensionless(rec: xarray.Dataset, voltages: tuple[str, ...]) -> bool:
    """Whether nothing in a recording has a unit, as its model lets conclude."""
    if not voltages:
        return False
    try:
        if not may_be_dimensionless(json.loads(rec.attrs["provenance"])["model"]):
            return False
    except (KeyError, TypeError, ValueError, AttributeError):
        return False  # no provenance, or another program's
    values = np.asarray(rec[voltages[0]].values, dtype=float)
    values = values[np.isfinite(values)]
    return bool(values.size and np.abs(values).max() <= _FURTHEST_V)


@lru_cache(maxsize=64)
def is_of_dimensionless(document: str) -> bool:
    """Whether nothing that was found on a model has a unit: as its document lets conclude, and
    where it goes from 0 if nothing is done to it.

    >>> import loligo as lo
    >>> is_of_dimensionless(json.dumps(lo.load("hodgkin-huxley-1952").to_dict()))
    False
    """
    from loligo.errors import LoligoError
    from loligo.model import Membrane
    from loligo.simulation import simulate

    try:
        told = json.loads(document)
        if not may_be_dimensionless(told):
            return False
        rec = simulate(Membrane.from_dict(told), None, _TRIED, record=["V"], initial=0)
    except (LoligoError, KeyError, TypeError, ValueError, AttributeError):
        return False
    return bool(np.abs(rec["V"].values).max() <= _FURTHEST_V)


def unitless(text: str) -> str:
    """What was said of a dimensionless model, without units.

    >>> unitless("Rheobase 0.143 µA/cm², at 25 to 30 Hz within −3 mV.")
    'Rheobase 0.143, at 0.025 to 0.03 within −3.'
    """
    text = _RATE.sub(lambda found: re.sub(_NUMBER, _slower, found[1]), text)
    text = _ASIDE.sub(lambda found: "(" if found[0].startswith("(") else "", text)
    text = _EACH.sub(r"\1 V", text)
    return _WITH_UNIT.sub(r"\1", text)


def _slower(number: re.Match[str]) -> str:
    """Hz in 1/ms, with the decimal mark that there was."""
    mark = "," if "," in number[0] else "."
    return f"{float(number[0].replace(',', '.').replace('−', '-')) / 1e3:.4g}".replace(".", mark)


def without_units(found: xarray.Dataset) -> xarray.Dataset:
    """A dataset whose numbers have no units; rates count in its unit of time."""

    def bare(variable: Any) -> Any:
        unit = str(variable.attrs.get("units", ""))
        attrs = {k: unitless(v) if isinstance(v, str) else v for k, v in variable.attrs.items()}
        if unit not in (*_UNITS, "Hz"):
            return variable.copy(deep=False)
        values = variable.values / 1e3 if unit == "Hz" else variable.values
        return type(variable)(variable.dims, values, {**attrs, "units": "1", WAS: unit})

    return found.assign(
        {name: bare(each.variable) for name, each in found.data_vars.items()}
    ).assign_coords({name: bare(each.variable) for name, each in found.coords.items()})


def may_be_dimensionless(model: Any) -> bool:
    """Whether a model's numbers may be without units."""
    return "celsius" not in model and "channels" in model and _small(model["channels"])


def _small(channels: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether all reversal potentials are next to 0, and something is not linear."""
    for channel in channels.values():
        reversal = channel.get("E", 0.0)
        if isinstance(reversal, Mapping):
            reversal = reversal.get("values", "")
        if isinstance(reversal, str) or np.abs(np.asarray(reversal, float)).max() > _FURTHEST_E:
            return False
    return any(c.get("gates") or c.get("current") for c in channels.values())
