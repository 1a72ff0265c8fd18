"""Bounds of quantities: what lies beyond them is refused, and where it stands is said."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from loligo.errors import UsageError
from loligo.lanes import Coordinate, Labelled, Value

Bounds: TypeAlias = tuple[float | None, float | None, float | None]


def within(value: Value, unit: str, name: str, bounds: Bounds, finite: bool) -> None:
    """Refuse what is no number, or out of bounds: above, at least, below; each may be None."""
    values = value.values if isinstance(value, Labelled) else np.float64(value)
    above, at_least, below = bounds
    in_unit = "" if unit == "1" else f" {unit}"
    tests: list[tuple[Any, str]] = [(~np.isnan(values), "be a number")]
    if finite:
        tests.append((~np.isinf(values), "be finite"))
    if above is not None:
        tests.append((values > above, f"be above {above:g}{in_unit}"))
    if at_least is not None:
        tests.append((values >= at_least, f"be at least {at_least:g}{in_unit}"))
    if below is not None:
        tests.append((values < below, f"be below {below:g}{in_unit}"))
    for fine, rule in tests:
        if not np.all(fine):
            found = _first_bad(value, fine)
            raise UsageError(f"{name} must {rule}, but {found}{'' if 'nan' in found else in_unit}")


def _first_bad(value: Value, fine: Any) -> str:
    if not isinstance(value, Labelled):
        return f"is {value:g}"
    where = np.unravel_index(int(np.argmin(fine)), value.shape)
    bad = value.values[where]
    place = ", ".join(
        _place(dim, int(i), value.coords.get(dim), bad)
        for dim, i in zip(value.dims, where, strict=True)
    )
    return f"at {place} it is {bad:g}"


def _place(dim: str, i: int, labels: Coordinate | None, bad: float) -> str:
    """Where along a dimension: by its label, unless that is the bad value itself."""
    if labels is None or (labels.dtype.kind == "f" and (labels[i] == bad or np.isnan(labels[i]))):
        return f"{dim}[{i}]"
    return f"{dim} = {labels[i]}"
