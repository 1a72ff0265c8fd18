"""A recording made again from what it says about itself."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from loligo import solvers
from loligo.errors import LoligoError, UsageError, callers_level
from loligo.lanes import from_plain
from loligo.model import Axon, Membrane
from loligo.model.earlier import renamed
from loligo.run.until import from_document as until_of
from loligo.simulation import simulate
from loligo.stimulus.document import from_dict as stimulus_from_dict
from loligo.stimulus.place import Placed

if TYPE_CHECKING:
    import xarray


def rerun(
    rec: xarray.Dataset, *, progress: bool | Callable[[float], None] | None = None
) -> xarray.Dataset:
    """Make a recording again from what it says about itself.

    With the same version of loligo on the same kind of processor the numbers are the same to
    the last bit: ``rec.equals(lo.rerun(rec))``. (On the same day also
    ``rec.identical(lo.rerun(rec))``: the provenance says when a recording was made, and with what
    software on what processor, ``json.loads(rec.attrs["provenance"])["made"]``.)

    Parameters
    ----------
    rec : xarray.Dataset
        A recording, as returned by :func:`loligo.simulate` or read by :func:`loligo.open`.
    progress : bool or callable, optional
        Whether to show a bar; or what is told the fraction done.

    Raises
    ------
    UsageError
        If it does not say how it was made.

    Examples
    --------
    >>> import loligo as lo
    >>> rec = lo.simulate(lo.load("hodgkin-huxley-1952"), lo.Pulse(5, 1, 20), 20)
    >>> bool((lo.rerun(rec).V == rec.V).all())
    True
    """
    try:
        arguments = arguments_of(json.loads(rec.attrs["provenance"]))
    except LoligoError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as problem:
        raise UsageError(
            "this recording does not say how it was made (its attribute 'provenance' is missing "
            "or incomplete); only recordings of loligo.simulate can be rerun"
        ) from problem
    again = simulate(**arguments, progress=progress)
    joined = [dim for dim in rec.dims if dim not in again.dims]
    if joined:
        warnings.warn(
            f"the recording has the dimension {joined[0]!r}, and the run that its attributes tell "
            "of has not (of recordings that were joined, xarray keeps the attributes of the first "
            "alone): this is that run, made again",
            stacklevel=callers_level(),
        )
    return again


def arguments_of(told: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of :func:`simulate` that a recording's provenance tells of."""
    stimulus = told["stimulus"]
    axon = told["model"].get("kind") == "axon"
    placed = axon and stimulus is not None
    read = Placed.from_dict if placed else stimulus_from_dict
    names = renamed(told["model"])
    listed = told["record"]  # None: everything
    arguments = {
        "model": _told_model(json.dumps(told["model"])),
        "stimulus": None if stimulus is None else read(stimulus),
        "duration": told["duration"],
        "sample_interval": told["sample_interval"],
        "threshold": told["threshold"],
        "record": None if listed is None else [names.get(n, n) for n in listed],
        "initial": _initial_from_plain(told["initial"], names),
        "until": until_of(told.get("until")),
        "sensitivities": told.get("sensitivities"),
    }
    chosen = solvers.from_dict(told["solver"])
    arguments["solver"] = None if told.get("lane_by_lane") else chosen
    return arguments | ({"positions": told["positions"]} if axon else {})


@lru_cache(maxsize=4)  # recordings that are compared, or drawn, are mostly of the same
def _told_model(document: str) -> Axon | Membrane:
    told = json.loads(document)
    return (Axon if told.get("kind") == "axon" else Membrane).from_dict(told)


def _initial_from_plain(document: Any, names: Mapping[str, str]) -> Any:
    if not isinstance(document, Mapping):
        return document
    values: dict[str, Any] = {}
    for name, value in document.items():
        if value == "rest" or (isinstance(value, Mapping) and "dims" not in value):
            values[name] = _initial_from_plain(value, names)  # of a region
        else:
            values[names.get(name, name)] = from_plain(value)
    return values
