"""Columns of numbers as lanes: labelled arrays along ``lane``, put into a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import LoligoError, ModelError, UsageError
from loligo.model import Axon, Membrane

if TYPE_CHECKING:
    import xarray

LANE = "lane"
_SHAPE = {"length": "um", "diameter": "um", "axial_resistivity": "ohm*cm"}  # of a uniform axon

REMEDY = (
    "Numbers of a stimulus, or of where a run begins, are asked for without a model, and put where "
    "they belong: lanes = {call}; model.replace(g_Na=lanes.g_Na), "
    "lo.Pulse(5, 40, lanes.amplitude)"
)


@dataclass(frozen=True, eq=False)
class Column:
    """A number for each lane.

    Attributes
    ----------
    unit
        In which it is; "" where that is not said, so that it is the parameter's own.
    """

    values: np.ndarray
    unit: str = ""


def in_lanes(columns: Mapping[str, Column], labels: Any = None) -> xarray.Dataset:
    """Columns as a dataset along ``lane``."""
    import xarray as xr

    variables = {
        name: (LANE, column.values, {"units": column.unit} if column.unit else {})
        for name, column in columns.items()
    }
    return xr.Dataset(variables, {} if labels is None else {LANE: labels})


def checked(model: Any, who: str) -> Any:
    """A model, or None."""
    if model is None or isinstance(model, Membrane | Axon):
        return model
    raise UsageError(
        f"{who}: model is {model!r:.60}; give a membrane or an axon, such as "
        'lo.load("hodgkin-huxley-1952"), or None for the numbers alone'
    )


def unit_of(model: Membrane | Axon, name: str, call: str) -> str:
    """The unit of one of a model's numbers.

    Raises
    ------
    UsageError
        It has none of that name; the nearest are offered.
    """
    membranes = (
        [model] if isinstance(model, Membrane) else [each.membrane for each in model.regions]
    )
    for membrane in membranes:
        if name in membrane.parameters:
            return membrane.parameters[name].unit
    if isinstance(model, Axon) and name in _SHAPE:
        return _SHAPE[name]
    try:
        model.replace(**{name: 1.0})
        told = f"{name} is no number of the model's equations"
    except ModelError as problem:
        told = str(problem)
    if "did you mean" in told:
        raise UsageError(told)
    raise UsageError(f"{told}. {REMEDY.replace('{call}', call)}")


def put(model: Membrane | Axon, lanes: xarray.Dataset, where: str) -> Any:
    """The model with these numbers in its lanes; what is wrong with one is told of ``where``."""
    try:
        return model.replace(**{str(name): lanes[name] for name in lanes.data_vars})
    except LoligoError as problem:
        raise type(problem)(f"{where}: {problem}") from None
