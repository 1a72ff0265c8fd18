"""How a recording was made, as the text that it carries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from loligo.lanes import with_arrays
from loligo.packed import aside

_MARK = "\ue000"  # of Unicode's private letters, which nobody's text has


def text_of(provenance: Mapping[str, Any]) -> str:
    """As JSON.

    >>> text_of({"duration": 50.0, "initial": None})
    '{"duration": 50.0, "initial": null}'
    """
    # packed numbers are ten megabytes of letters that JSON need not look at one by one
    texts: list[str] = []
    document = with_arrays(provenance, lambda array: _without(array, texts))
    pieces = _json(document).split(_MARK)
    if len(pieces) != 1 + len(texts):
        return _json(provenance)
    return pieces[0] + "".join(
        part for pair in zip(texts, pieces[1:], strict=True) for part in pair
    )


def _without(array: dict[str, Any], texts: list[str]) -> dict[str, Any]:
    """An array's document, with a mark where there are packed numbers, which are put aside in
    their order."""

    def put(part: Any) -> Any:
        if isinstance(part, dict) and "shape" not in part:  # the labels of each dimension
            return {dim: put(labels) for dim, labels in cast(dict[str, Any], part).items()}
        return aside(part, _MARK, texts)

    return {key: put(part) for key, part in array.items()}


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, allow_nan=False)
