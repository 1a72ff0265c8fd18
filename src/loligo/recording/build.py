"""From a solver's rows to the labelled recording."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

import loligo
from loligo.model import Axon, Membrane
from loligo.recording.numbers import coordinates, dimension_attrs
from loligo.recording.provenance import text_of
from loligo.recording.spikes import COUNT, TIMES, laid_out
from loligo.run.outcome import Outcome
from loligo.run.problem import EDGE, EDGE_TIME, I_CLAMP, Q_CLAMP, Problem
from loligo.run.spikes import counted
from loligo.run.status import Status, lost
from loligo.system.tangent import quotient, recorded

if TYPE_CHECKING:
    import xarray


def dataset(problem: Problem, outcome: Outcome, attrs: Mapping[str, Any]) -> xarray.Dataset:
    """The recording: see DESIGN's contract of names, dimensions and attributes.

    Parameters
    ----------
    attrs
        Of the whole.
    """
    import pandas as pd
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
    jumps, when = _jumps(problem, outcome)
    variables |= spikes | jumps | _states(problem, outcome)
    index = pd.Index(time, copy=False)  # xarray would hold the times twice
    coords: dict[str, Any] = {"time": ("time", index, {"units": "ms", "long_name": "time"})}
    coords |= places | when
    coords |= lane_coordinates(problem, {*variables, *coords})
    return xr.Dataset(variables, coords, {**attrs, **_not_recorded(problem)})


def lane_coordinates(problem: Problem, taken: Collection[str]) -> dict[str, Any]:
    """The labels of a run's dimensions, and the numbers that differ between its lanes.

    Parameters
    ----------
    taken
        What else the recording has.
    """
    lanes, parameters = problem.recorded, problem.cells[0].outline.parameters
    labels = {
        dim: (
            dim, np.array(each),
            dimension_attrs(dim, parameters, lanes.values.get(dim), problem.shapes),
        )
        for dim, each in lanes.coords.items()
    }  # fmt: skip
    return labels | coordinates(problem, {*taken, *labels, *_ALONG})


def _not_recorded(problem: Problem) -> dict[str, str]:
    """What else could have been recorded, and how; nothing where all was."""
    known = dict.fromkeys(name for cells in problem.cells for name in cells.outline.records)
    known |= dict.fromkeys([I_CLAMP] if problem.clamps else [])
    missing = [name for name in known if name not in problem.records]
    if not missing:
        return {}
    every = json.dumps([*problem.records, *missing], ensure_ascii=False)
    return {"not_recorded": f"{', '.join(missing)}; simulate again with record={every}"}


_ALONG = (
    "place",
    "clamp_place",
    "region",
    "myelin",
    "position",
)  # what that of an axon has besides


def _spikes(problem: Problem, outcome: Outcome) -> tuple[dict[str, Any], dict[str, Any]]:
    """How many spikes there were in each lane, and what is told of each; the coordinates."""
    grid, threshold = problem.recorded, problem.times.threshold
    every = counted(outcome.spike_lane, grid.size)
    counts = every.copy()
    counts[_of_recorded(problem, lost(outcome.status, problem.lanes.size))] = -1
    about = {"units": "1", "long_name": "number of spikes", "threshold": threshold}
    when = {"units": "ms", "long_name": "time of a spike", "threshold": threshold}
    if problem.times.labels[-1] < problem.times.duration:
        when["end"] = problem.times.duration  # no sample says so
    told = {TIMES: (outcome.spike_time, when)}
    if outcome.spike_moved is not None:
        told |= _moved(problem, outcome.spike_moved)
    for name, values, meaning in (
        ("spike_peak", outcome.spike_peak, "highest V of a spike"),
        ("spike_trough", outcome.spike_trough, "lowest V between a spike and the next"),
    ):
        if values is not None:
            told[name] = (values, {"units": "mV", "long_name": meaning})
    variables, coords = laid_out(grid.dims, grid.shape, outcome.spike_lane, every, told)
    number = {COUNT: (grid.dims, counts.reshape(grid.shape), about)}
    return number | variables, coords


def _moved(problem: Problem, moved: np.ndarray) -> dict[str, Any]:
    """How far each spike moves with what the run is differentiated by, a column each."""
    return {
        recorded(TIMES, by): (column, {
            "units": quotient("ms", by.unit),
            "long_name": f"time of a spike, its derivative with respect to {by.label}",
            "role": "derivative", "of": TIMES, "by": by.label,
        })
        for by, column in zip(problem.by, moved.T, strict=True)
    }  # fmt: skip


def _jumps(problem: Problem, outcome: Outcome) -> tuple[dict[str, Any], dict[str, Any]]:
    """The charge of each jump under a clamp; the coordinates: the edge's number, and its time,
    which may differ from lane to lane."""
    found, lanes = outcome.charges, problem.lanes
    if found is None:
        return {}, {}
    edges = found.time.shape[1]
    dims, shape = (*lanes.dims, EDGE), (*lanes.shape, edges)
    alike = np.array_equal(found.time, np.broadcast_to(found.time[0], found.time.shape), True)
    times = (EDGE, found.time[0]) if alike else (dims, found.time.reshape(shape))
    return (
        {Q_CLAMP: (dims, found.charge.reshape(shape), dict(_CHARGE))},
        {EDGE: (EDGE, np.arange(edges), dict(_EDGE)), EDGE_TIME: (*times, dict(_WHEN))},
    )


_CHARGE = {"units": "nC/cm2", "long_name": "charge of the clamp at an edge", "role": "charge"}
_EDGE = {"units": "1", "long_name": "number of the edge at which V may jump, from 0"}
_WHEN = {"units": "ms", "long_name": "time of the edge"}


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
    if lanes.dims and outcome.error is not None:
        about = {"units": "mV", "long_name": "how far off V may be, as half the step says"}
        found["V_error"] = (lanes.dims, outcome.error.reshape(lanes.shape), about)
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
        "provenance": text_of(provenance),
    }
