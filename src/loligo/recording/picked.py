"""What a recording says of how it was made, of the lanes that it still has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.lanes import with_arrays
from loligo.packed import unpacked

if TYPE_CHECKING:
    import xarray


def reduced(document: Any, rec: xarray.Dataset) -> Any:
    """What is told, of the lanes that the recording still has.

    Raises
    ------
    KeyError, ValueError
        If it does not say which these are.
    """
    try:
        return with_arrays(document, lambda array: _left(array, rec))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _left(array: Mapping[str, Any], rec: xarray.Dataset) -> Any:
    """Of one array."""
    dims = array["dims"]
    values, coords, left = unpacked(array["values"]), dict(array.get("coords", {})), []
    for dim in dims:
        axis = len(left)
        if dim == "position":
            left.append(dim)
            continue
        labels = unpacked(coords.get(dim, values if len(dims) == 1 else ())).tolist()
        wanted = rec[dim].values if dim in rec.coords else None
        if wanted is None:  # no labels: none were left out
            if rec.sizes[dim] != values.shape[axis]:
                raise ValueError(dim)
            left.append(dim)
            continue
        first = {label: k for k, label in reversed(list(enumerate(labels)))}
        at = [first[one] for one in np.atleast_1d(wanted).tolist()]
        values = np.take(values, at if wanted.ndim else at[0], axis=axis)
        if wanted.ndim:
            left.append(dim)
            coords[dim] = [labels[k] for k in at]
    if not left:
        return float(values)
    return {"dims": left, "values": values.tolist(),
            "coords": {d: c for d, c in coords.items() if d in left}}  # fmt: skip
