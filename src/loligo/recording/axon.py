"""From the rows of a run of axons to the labelled recording over positions and time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.cable.injected import injected
from loligo.cable.problem import AxonProblem
from loligo.lanes import Labelled
from loligo.recording.build import dataset, describe
from loligo.runs import Outcome

if TYPE_CHECKING:
    import xarray


def axon_dataset(
    problem: AxonProblem, outcome: Outcome, attrs: Mapping[str, Any]
) -> xarray.Dataset:
    """Everything of a membrane's recording over (lanes…, position, time), and the axon itself."""
    about: dict[str, dict[str, Any]] = {}
    for patch in problem.patches:
        about = {**describe(patch.cells.membrane), **about}
    shapes = tuple(s for i in range(len(problem.points)) for s in problem.shapes(i))
    rec = dataset(
        problem.patches[0].cells.membrane, problem.grid, problem.times, outcome.values,
        (outcome.spike_time, outcome.spike_lane), outcome.rest, attrs, problem.threshold, shapes,
        about,
    )  # fmt: skip
    rec["position"].attrs = {"units": "um", "long_name": "position along the axon"}
    for dim, told in _DIMENSIONS.items():
        if dim in rec.coords and _labels(problem, dim):
            rec[dim].attrs = rec[dim].attrs or dict(told)
    rec = rec.assign_coords(_along(problem))
    if "I_stim" in problem.records:
        rec = (
            rec.assign(I_stim=_current(problem)) if not problem.points else _stimulus(rec, problem)
        )
    return rec


def _labels(problem: AxonProblem, dim: str) -> bool:
    """Whether a dimension's labels are the quantity of its name, which no number of the axon
    contradicts: it may be another's that happens to be called so."""
    named = [v for n, v in problem.lanes.values.items() if n.rpartition(".")[2] == dim]
    return not named or any(isinstance(v, Labelled) and dim in v.dims for v in named)


_DIMENSIONS = {
    "diameter": {"units": "um", "long_name": "diameter"},
    "diameter_end": {"units": "um", "long_name": "diameter at the right end"},
    "axial_resistivity": {"units": "ohm*cm", "long_name": "axial resistivity"},
    "g_ratio": {"units": "1", "long_name": "g-ratio"},
}


def _along(problem: AxonProblem) -> dict[str, Any]:
    """What is where: coordinates along the recorded positions."""
    parts, here = problem.parts, problem.recorded
    regions = problem.axon.regions
    labels = [r.name or r.membrane.name or f"region {i}" for i, r in enumerate(regions, start=1)]
    region = parts.region[here]
    found: dict[str, Any] = {
        "region": ("position", np.array(labels)[region], {"long_name": "region of the axon"}),
        "myelin": (
            "position",
            np.array([r.myelin for r in regions])[region],
            {"long_name": "whether the region is myelinated"},
        ),
    }
    wide = parts.diameter[:, here]
    if "diameter" not in problem.lanes.dims and np.all(wide == wide[0]):
        attrs = {"units": "um", "long_name": "diameter"}
        found["diameter"] = ("position", wide[0], attrs)
    return found


_STIMULUS = {"units": "nA", "long_name": "injected current", "role": "stimulus"}


def _current(problem: AxonProblem) -> Any:
    return ("time", np.zeros(problem.samples), dict(_STIMULUS))


def _stimulus(rec: xarray.Dataset, problem: AxonProblem) -> xarray.Dataset:
    """I_stim over (lanes…, place, time), the place only where there are several, the lanes only
    where it differs between them."""
    table = np.stack(injected(problem), axis=1)
    dims: tuple[str, ...] = ("place", "time")
    if np.all(table == table[0]):
        table = table[0]
    else:
        dims = (*problem.lanes.dims, *dims)
        table = table.reshape(*problem.lanes.shape, *table.shape[1:])
    where = [point.place for point in problem.points]
    if len(where) == 1:
        table, dims = table[..., 0, :], tuple(dim for dim in dims if dim != "place")
        return rec.assign(I_stim=(dims, table, {**_STIMULUS, "place_um": where[0]}))
    place = ("place", where, {"units": "um", "long_name": "where current is injected"})
    return rec.assign(I_stim=(dims, table, dict(_STIMULUS))).assign_coords(place=place)
