"""From a solver's rows to the labelled recording."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

import loligo
from loligo.lanes import Labelled, Value
from loligo.model import Axon, Membrane
from loligo.model.parts import Parameter
from loligo.run.outcome import Outcome
from loligo.run.problem import Problem
from loligo.stimulus.applied import Applied
from loligo.stimulus.document import told

if TYPE_CHECKING:
    import xarray


def dataset(problem: Problem, outcome: Outcome, attrs: Mapping[str, Any]) -> xarray.Dataset:
    """The recording: see DESIGN's contract of names, dimensions and attributes.

    Parameters
    ----------
    attrs
        Of the whole.
    """
    import xarray as xr

    lanes, time = problem.recorded, problem.times.grid
    # where membranes differ in what a name means, the first counts
    about = {n: what for c in reversed(problem.cells) for n, what in c.outline.about.items()}
    dims = (*lanes.dims, "time")
    variables: dict[str, Any] = {}
    for name, rows in outcome.values.items():
        cube = rows.reshape(*lanes.shape, len(time))  # a view
        variables[name] = (dims, cube, dict(about[name]))
    rest = outcome.rest
    if "V" in variables and rest is not None and np.ptp(rest) == 0:
        variables["V"][2]["rest"] = float(rest[0])
    variables |= _spikes(problem, outcome)
    coords: dict[str, Any] = {"time": ("time", time, {"units": "ms", "long_name": "time"})}
    parameters = problem.cells[0].outline.parameters
    for dim, labels in lanes.coords.items():
        meant = coordinate_attrs(dim, parameters, lanes.values.get(dim), problem.shapes)
        coords[dim] = (dim, np.array(labels), meant)
    return xr.Dataset(variables, coords, dict(attrs))


def _spikes(problem: Problem, outcome: Outcome) -> dict[str, Any]:
    lanes, threshold = problem.recorded, problem.times.threshold
    counts = np.bincount(outcome.spike_lane, minlength=lanes.size).reshape(lanes.shape)
    about = {"units": "1", "long_name": "number of spikes", "threshold": threshold}
    when = {"units": "ms", "long_name": "time of a spike", "threshold": threshold}
    return {
        "spike_count": (lanes.dims, counts, about),
        "spike_time": ("event", outcome.spike_time, when),
    }


def coordinate_attrs(
    dim: str,
    parameters: Mapping[str, Parameter],
    value: Value | None = None,
    shapes: tuple[Applied, ...] = (),
) -> dict[str, str]:
    """Unit and meaning of a dimension that bears a parameter's name.

    Labels that are not the parameter's ``value``, such as a person's own in another unit, have
    none of ours.
    """
    parameter = parameters.get(dim)
    if parameter is not None:
        if isinstance(value, Labelled) and not _labels_itself(dim, value):
            return {}
        return {"units": parameter.unit, "long_name": parameter.meaning or dim}
    if dim == "initial":
        return {"units": "mV", "long_name": "holding potential"}
    return told(dim, shapes)


def _labels_itself(dim: str, value: Labelled) -> bool:
    labels = value.coords.get(dim)
    own = labels is not None and np.array_equal(labels, value.values)
    return own or value.dims != (dim,)


def attributes(
    membrane: Membrane | Axon, stimulus: Any, solver: Any, provenance: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """What a recording says about itself; ``provenance`` is enough to make it again."""
    return {
        "title": membrane.title or membrane.name or "membrane",
        "model": membrane.name or "unnamed",
        "stimulus": "none" if stimulus is None else repr(stimulus),
        "solver": repr(solver),
        **settings,
        "loligo_version": loligo.__version__,
        "provenance": json.dumps(provenance, ensure_ascii=False, allow_nan=False),
    }
