"""What a dimension of lanes is called, where it is of one of several things that were done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from loligo.stimulus.document import KINDS
from loligo.words import say

if TYPE_CHECKING:
    import xarray

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
# what one calls what was done, where there are several of a kind
_CALLED = {
    "pulse": "pulse",
    "step": "step",
    "pulse_train": "train",
    "ramp": "ramp",
    "sine": "sine",
    "chirp": "chirp",
    "noise": "noise",
    "alpha": "synapse",
    "conductance": "conductance",
    "shock": "shock",
}


def of_which(recording: xarray.Dataset, dim: str) -> str:
    """``Amplitude of the second pulse``; empty where one thing was done, or more of them vary."""
    try:
        shapes = list(_shapes(json.loads(recording.attrs["provenance"])["stimulus"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return ""
    varied = [(k, field) for k, shape in enumerate(shapes) for field in shape
              if _varies(shape[field], dim)]  # fmt: skip
    if len(shapes) < 2 or len(varied) != 1:
        return ""
    ((k, field),) = varied
    kind = shapes[k]["kind"]
    alike = [i for i, shape in enumerate(shapes) if shape["kind"] == kind]
    if kind not in _CALLED or alike.index(k) >= len(_ORDINALS):
        return ""
    what = say(_quantity(kind, field))
    what = what[:1].upper() + what[1:]
    if len(alike) == 1:
        return say("{what} of the {kind}", what=what, kind=say(_CALLED[kind]))
    which = say(_ORDINALS[alike.index(k)])
    return say("{what} of the {which} {kind}", what=what, which=which, kind=say(_CALLED[kind]))


def _shapes(document: Any) -> list[Mapping[str, Any]]:
    """Everything that was done, in the order in which it was written."""
    if document["kind"] == "placed":
        return [shape for point in document["points"] for shape in _shapes(point["stimulus"])]
    return document["shapes"] if document["kind"] == "sum" else [document]


def _varies(value: Any, dim: str) -> bool:
    return isinstance(value, Mapping) and value.get("dims") == [dim]


def _quantity(kind: str, field: str) -> str:
    """``amplitude`` of what a recording calls ``stimulus amplitude``."""
    quantity = KINDS[kind].quantities.get(field)
    meaning = quantity.meaning if quantity is not None else ""
    return meaning.removeprefix("stimulus ") or field
