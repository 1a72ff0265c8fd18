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
from loligo.recording.spikes import COUNT, TIMES, laid_out
from loligo.run.outcome import Outcome
from loligo.run.problem import Problem
from loligo.run.status import Status, lost
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

    lanes, time = problem.recorded, problem.times.labels
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
    spikes, places = _spikes(problem, outcome)
    variables |= spikes | _states(problem, outcome)
    coords: dict[str, Any] = {"time": ("time", time, {"units": "ms", "long_name": "time"})}
    coords |= places
    parameters = problem.cells[0].outline.parameters
    for dim, labels in lanes.coords.items():
        meant = coordinate_attrs(dim, parameters, lanes.values.get(dim), problem.shapes)
        coords[dim] = (dim, np.array(labels), meant)
    return xr.Dataset(variables, coords, dict(attrs))


def _spikes(problem: Problem, outcome: Outcome) -> tuple[dict[str, Any], dict[str, Any]]:
    """How many spikes there were in each lane, and what is told of each; the coordinates."""
    grid, threshold = problem.recorded, problem.times.threshold
    counts = np.bincount(outcome.spike_lane, minlength=grid.size)
    counts[_of_recorded(problem, lost(outcome.status, problem.lanes.size))] = -1
    about = {"units": "1", "long_name": "number of spikes", "threshold": threshold}
    when = {"units": "ms", "long_name": "time of a spike", "threshold": threshold}
    if problem.times.labels[-1] < problem.times.duration:
        when["end"] = problem.times.duration  # no sample says so
    told = {TIMES: (outcome.spike_time, when)}
    for name, values, meaning in (
        ("spike_peak", outcome.spike_peak, "highest V of a spike"),
        ("spike_trough", outcome.spike_trough, "lowest V between a spike and the next"),
    ):
        if values is not None:
            told[name] = (values, {"units": "mV", "long_name": meaning})
    variables, coords = laid_out(grid.dims, grid.shape, outcome.spike_lane, told)
    counted = {COUNT: (grid.dims, counts.reshape(grid.shape), about)}
    return counted | variables, coords


def _of_recorded(problem: Problem, values: Any) -> Any:
    """Of each lane, or of each place recorded along it, as the latter."""
    return np.repeat(values, problem.recorded.size // problem.lanes.size)


def _states(problem: Problem, outcome: Outcome) -> dict[str, Any]:
    """What became of each lane, and the swings of V that no spike tells of."""
    lanes, status = problem.lanes, outcome.status
    found: dict[str, Any] = {}
    if lanes.dims or (status is not None and status.any()):
        values = np.zeros(lanes.size, np.int8) if status is None else status.astype(np.int8)
        found["status"] = (lanes.dims, values.reshape(lanes.shape), dict(_STATUS))
    missed = outcome.uncounted
    if missed is not None and missed.count.any():
        grid = problem.recorded if missed.count.size == problem.recorded.size else lanes
        swings = "swings of V not counted as spikes"
        for name, values, unit, meaning in (
            ("spike_uncounted", missed.count, "1", f"number of {swings}"),
            ("spike_uncounted_low", missed.low, "mV", f"lowest V of {swings}"),
            ("spike_uncounted_high", missed.high, "mV", f"highest V of {swings}"),
        ):
            about = {"units": unit, "long_name": meaning}
            found[name] = (grid.dims, values.reshape(grid.shape), about)
    return found


_STATUS = {
    "long_name": "how the run ended",
    "flag_values": np.array([int(each) for each in Status], np.int8),
    "flag_meanings": " ".join(each.name.lower() for each in Status),
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
