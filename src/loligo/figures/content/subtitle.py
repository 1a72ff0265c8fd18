"""A figure's second line: what was done, how warm it was, which lane it is, which are not there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from loligo.figures.content import captions, labels, signals
from loligo.figures.content.titles import titles
from loligo.lanes import with_arrays
from loligo.words import decimal

if TYPE_CHECKING:
    import xarray

_OWN = frozenset({"time", "spike", "event", "edge", "position"})  # dimensions that are no lanes'
_INJECTED = "I_stim"


def subtitle(rec: xarray.Dataset, units: bool = True) -> str:
    """``10 µA/cm² from 5 to 45 ms, 6.3 °C, g_Na = 90 mS/cm²``, and lanes that were lost; without
    units where the model has none."""
    line = ", ".join(done(rec, units))
    return "; ".join(part for part in (line, signals.failed(rec)) if part)


def done(rec: xarray.Dataset, units: bool = True) -> list[str]:
    """What was done, one by one, after the membrane where that is not the title's.

    It is said where it was done to all that is shown: of recordings that somebody joined, the one
    whose words were kept says nothing of the others.
    """
    made = _made(rec.attrs)
    chosen = signals.chosen(rec)
    attrs = dict(rec.attrs)
    if made and _joined(rec, made):
        attrs["provenance"] = json.dumps({**made, "stimulus": None})
    conditions = captions.each_condition(attrs, chosen, units)
    parts = (titles(rec.attrs)[1], *conditions, *_picked(rec, made, chosen))
    return [part for part in parts if part]


def _made(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """How the recording says it was made; nothing where it does not."""
    try:
        made = json.loads(attrs["provenance"])
        _dims(made)  # what lies too deep is no recording of ours
        return made if isinstance(made, dict) else {}
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}


def _dims(document: Any) -> set[str]:
    """The dimensions of all arrays in plain data."""
    dims: set[str] = set()
    with_arrays(document, lambda array: dims.update(map(str, array["dims"])))
    return dims


def _joined(rec: xarray.Dataset, made: Mapping[str, Any]) -> bool:
    """Whether lanes lie side by side that were not made together, or may have had other stimuli."""
    strange = set(map(str, rec.dims)) - _OWN - _dims(made)
    strange = {dim for dim in strange if not dim.startswith("spike_")}
    if not strange:
        return False
    if _INJECTED not in rec:
        return True
    injected = rec[_INJECTED]
    return any(
        dim in injected.dims and bool((injected != injected.isel({dim: 0})).any())
        for dim in strange
    )


def _picked(
    rec: xarray.Dataset, made: Mapping[str, Any], chosen: Mapping[str, Any]
) -> Iterator[str]:  # fmt: skip
    """What tells the lane that is shown from the others of its sweep, unless the stimulus does."""
    stimulus = json.dumps(made.get("stimulus"))
    for name in sorted(_dims(made) & set(chosen)):
        if name != "celsius" and f'"{name}": {{"dims"' not in stimulus:
            yield f"{name} = {_value(rec, name, chosen[name])}"


def _value(rec: xarray.Dataset, name: str, value: Any) -> str:
    if not isinstance(value, float | int):
        return str(value)
    unit = labels.unit(str(rec[name].attrs.get("units", "1")))
    return decimal(f"{value:.4g} {unit}".rstrip().replace("-", "−"))
