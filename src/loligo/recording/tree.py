"""Several tables that belong together, as an xarray.DataTree, and as one flat dataset for files.

In the flat one every name has its node's before it, ``special.V``, and so has every dimension; the
attribute ``nodes`` says which there are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray

NODES = "nodes"
_MOST = 100


def tree_of(nodes: Mapping[str, xarray.Dataset], attrs: Mapping[str, Any]) -> xarray.DataTree:
    """Of datasets, with attributes for all of them."""
    import xarray as xr

    root = xr.Dataset(attrs=dict(attrs))
    return xr.DataTree.from_dict({"/": root, **nodes})


def is_tree(rec: Any) -> bool:
    """Whether something holds several tables."""
    return hasattr(rec, "children") and hasattr(rec, "to_dataset")


def flattened(tree: xarray.DataTree) -> xarray.Dataset:
    """All nodes in one dataset."""
    import xarray as xr

    whole = xr.Dataset(attrs={**tree.attrs, NODES: json.dumps(list(tree.children))})
    for name, node in tree.children.items():
        table = node.to_dataset()
        every = {*map(str, table.variables), *map(str, table.dims)}
        renamed = table.rename({each: f"{name}.{each}" for each in every})
        whole = whole.merge(renamed.drop_attrs(deep=False))
        for each, value in table.attrs.items():
            whole.attrs[f"{name}.{each}"] = value
    return whole


def unflattened(rec: xarray.Dataset) -> xarray.Dataset | xarray.DataTree:
    """The tree of a flat dataset; itself, if it is none."""
    names = _names(rec.attrs.get(NODES))
    if not names:
        return rec
    attrs = {key: value for key, value in rec.attrs.items() if key != NODES}
    nodes: dict[str, xarray.Dataset] = {}
    for name in names:
        start = f"{name}."
        own = [each for each in rec.variables if str(each).startswith(start)]
        table = rec[own]
        every = {*map(str, table.variables), *map(str, table.dims)}
        table = table.rename({each: each.removeprefix(start) for each in every})
        told = {key: value for key, value in attrs.items() if key.startswith(start)}
        table.attrs = {key.removeprefix(start): value for key, value in told.items()}
        attrs = {key: value for key, value in attrs.items() if key not in told}
        nodes[name] = table
    return tree_of(nodes, attrs)


def _names(said: Any) -> list[str]:
    """Names of nodes, as a file has them; none where they are no names."""
    try:
        names = json.loads(said)
    except (TypeError, ValueError, RecursionError):
        return []
    sound = isinstance(names, list) and 0 < len(names) <= _MOST
    return names if sound and all(isinstance(n, str) and n.isidentifier() for n in names) else []
