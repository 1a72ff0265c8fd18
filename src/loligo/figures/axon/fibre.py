"""What a fibre is called: by its own name, or by what it is; and its membrane where that is not it.

A membrane's title is of the cell that its paper is about. An axon made of that membrane is that
cell's only where it is bare, and about as thick.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from loligo.words import reworded, say

if TYPE_CHECKING:
    import xarray

_GIANT = 100.0  # um: so thick are the axons that titles of membranes are of


def titles(rec: xarray.Dataset) -> tuple[str, str]:
    """The title of a recording of an axon, and what its second line begins with."""
    own = str(rec.attrs.get("title") or rec.attrs.get("model") or "")
    try:
        axon = json.loads(rec.attrs["provenance"])["model"]
        membranes = [str(each.get("title") or each.get("name") or "") for each in axon["membranes"]]
        wide = [float(end) for region in axon["regions"] for end in _ends(region)]
        wrapped = any(bool(region.get("myelin")) for region in axon["regions"])
    except (KeyError, TypeError, ValueError):  # another program's, or lanes of diameters
        return reworded(own), ""
    named = axon.get("name") or own not in membranes
    if named or (not wrapped and min(wide) >= _GIANT):
        return reworded(own), ""
    size = _between(min(wide), max(wide))
    what = "Myelinated axon, {size} thick" if wrapped else "Axon, {size} thick"
    return say(what, size=size), reworded(own)


def _ends(region: Mapping[str, Any]) -> tuple[Any, ...]:
    last = region.get("diameter_end")
    return (region["diameter"], region["diameter"] if last is None else last)


def _between(low: float, high: float) -> str:
    if low == high:
        return say("{size:.3g} µm", size=low)
    return say("{low:.3g} to {high:.3g} µm", low=low, high=high)
