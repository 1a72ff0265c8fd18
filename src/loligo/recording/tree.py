"""Several tables that belong together, as an xarray.DataTree, and as one flat dataset for files.

In the flat one every name has its node's before it, ``special.V``, and so has every dimension; the
attribute ``nodes`` says which there are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from loligo.errors import UsageError

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
    """All nodes in one dataset.

    Raises
    ------
    UsageError
        If a file would not hold all of it: there are more than tables side by side.
    """
    import xarray as xr

    names = [str(name) for name in tree.children]
    deep = [name for name in names if tree[name].children]
    if deep or tree.data_vars or not _sound(names):
        raise UsageError(
            "of several tables those can be saved that lie side by side, as those of "
            f"lo.experiments.bifurcation do; this tree has {_others(tree, deep)}; save a table by "
            "itself: tree[name].to_dataset()"
        )
    whole = xr.Dataset(attrs={**tree.attrs, NODES: json.dumps(names)})
    for name, node in tree.children.items():
        table = node.to_dataset()
        every = {*map(str, table.variables), *map(str, table.dims)}
        renamed = table.rename({each: f"{name}.{each}" for each in every})
        whole = whole.merge(renamed.drop_attrs(deep=False))
        for each, value in table.attrs.items():
            whole.attrs[f"{name}.{each}"] = value
    return whole


def _others(tree: xarray.DataTree, deep: list[str]) -> str:
    """What a tree has besides tables side by side."""
    if deep:
        return f"tables below {deep[0]!r}"
    if tree.data_vars:
        return f"{str(next(iter(tree.data_vars)))!r:.60} in none of them"
    return "none" if not tree.children else "names that are none of Python's"


def unflattened(rec: xarray.Dataset) -> xarray.Dataset | xarray.DataTree:
    """The tree of a flat dataset; itself, if it is none: also if something in it is of no node."""
    names = _names(rec.attrs.get(NODES))
    if not names or any(str(each).partition(".")[0] not in names for each in rec.variables):
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
    return names if isinstance(names, list) and _sound(names) else []


def _sound(names: list[Any]) -> bool:
    """Whether they can stand before a point."""
    alike = len(set(map(str, names))) < len(names)
    whole = all(isinstance(name, str) and name.isidentifier() for name in names)
    return 0 < len(names) <= _MOST and whole and not alike
