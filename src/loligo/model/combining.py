"""What is computed of several values, over the lanes of all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from loligo.lanes import Floats, Labelled, Value, grid


def combined(values: Mapping[str, Value], compute: Callable[[Mapping[str, Floats]], Any]) -> Value:
    """One value of several.

    Parameters
    ----------
    values
        By the names that an error calls them.
    compute
        Takes them as arrays that broadcast, and gives one.

    Raises
    ------
    UsageError
        As :func:`loligo.lanes.grid`.

    Examples
    --------
    >>> combined({"g": 2.0, "area": 3.0}, lambda each: each["g"] * each["area"])
    6.0
    """
    lanes = grid(values)
    found = compute({name: lanes.array(name) for name in values})
    return Labelled(lanes.dims, found, lanes.coords) if lanes.dims else float(found)
