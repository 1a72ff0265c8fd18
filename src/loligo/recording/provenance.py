"""How a recording was made, as the text that it carries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from loligo.lanes import with_arrays
from loligo.packed import packed


def text_of(provenance: Mapping[str, Any]) -> str:
    """As JSON; arrays of very many numbers are packed.

    >>> text_of({"duration": 50.0, "initial": None})
    '{"duration": 50.0, "initial": null}'
    """
    return json.dumps(with_arrays(provenance, _packed), ensure_ascii=False, allow_nan=False)


def _packed(array: dict[str, Any]) -> dict[str, Any]:
    labels = {dim: packed(each) for dim, each in dict(array.get("coords", {})).items()}
    told = {**array, "values": packed(array["values"])}
    return {**told, "coords": labels} if "coords" in array else told
