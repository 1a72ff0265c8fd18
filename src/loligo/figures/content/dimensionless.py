"""Whether the V of a recording is a number without a unit, as in FitzHugh and Nagumo's model.

A model has no place to say so: its V is in mV. But no membrane has all its reversal potentials
within 5 mV of 0, and stays within 10 mV of 0, unless it is only a resistance and a capacitance.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray

_FURTHEST_E, _FURTHEST_V = 5.0, 10.0


def is_dimensionless(rec: xarray.Dataset, voltages: tuple[str, ...]) -> bool:
    """Whether nothing in a recording has a unit, as its model lets conclude."""
    if not voltages:
        return False
    try:
        model = json.loads(rec.attrs["provenance"])["model"]
        if "celsius" in model or "channels" not in model or not _small(model["channels"]):
            return False
    except (KeyError, TypeError, ValueError, AttributeError):
        return False  # no provenance, or another program's
    values = np.asarray(rec[voltages[0]].values, dtype=float)
    values = values[np.isfinite(values)]
    return bool(values.size and np.abs(values).max() <= _FURTHEST_V)


def _small(channels: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether all reversal potentials are next to 0, and something is not linear."""
    for channel in channels.values():
        reversal = channel.get("E", 0.0)
        if isinstance(reversal, Mapping):
            reversal = reversal.get("values", "")
        if isinstance(reversal, str) or np.abs(np.asarray(reversal, float)).max() > _FURTHEST_E:
            return False
    return any(c.get("gates") or c.get("current") for c in channels.values())
