"""What a recording is called; an axon by what it is, and its membrane where that is another.

A membrane's title is of the cell that its paper is about. An axon made of that membrane is that
cell's only where it is bare, and about as thick.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from loligo.words import reworded, say

_GIANT = 100.0  # um: so thick are the axons that titles of membranes are of


def titles(attrs: Mapping[str, Any], within: bool = False) -> tuple[str, str]:
    """The title of a recording with such attributes, and what its second line begins with;
    ``within`` a sentence, or at its beginning."""
    own = str(attrs.get("title") or attrs.get("model") or "")
    try:
        axon = json.loads(attrs["provenance"])["model"]
        membranes = [str(each.get("title") or each.get("name") or "") for each in axon["membranes"]]
        wide = [float(end) for region in axon["regions"] for end in _ends(region)]
        wrapped = any(bool(region.get("myelin")) for region in axon["regions"])
    except (
        KeyError,
        TypeError,
        ValueError,
    ):  # of no axon, another program's, or lanes of diameters
        return reworded(own), ""
    named = axon.get("name") or own not in membranes
    if named or (not wrapped and min(wide) >= _GIANT):
        return reworded(own), ""
    size = _between(min(wide), max(wide))
    what = "Myelinated axon ({size})" if wrapped else "Axon ({size})"
    if within:
        what = "myelinated axon ({size})" if wrapped else "axon ({size})"
    return say(what, size=size), reworded(own)


def _ends(region: Mapping[str, Any]) -> tuple[Any, ...]:
    last = region.get("diameter_end")
    return (region["diameter"], region["diameter"] if last is None else last)


def _between(low: float, high: float) -> str:
    if low == high:
        return say("{size:.3g} µm", size=low)
    return say("{low:.3g} to {high:.3g} µm", low=low, high=high)
