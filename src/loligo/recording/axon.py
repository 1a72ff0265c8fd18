"""From the rows of a run of axons to the labelled recording over positions and time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.lanes import Floats, Labelled
from loligo.model import Axon
from loligo.recording.build import dataset
from loligo.recording.numbers import SHAPE, of_shape
from loligo.run.axon.beginnings import labels_of
from loligo.run.axon.currents import injected
from loligo.run.axon.electrodes import electrodes
from loligo.run.outcome import Outcome
from loligo.run.problem import I_CLAMP, Problem
from loligo.stimulus import Clamp

if TYPE_CHECKING:
    import xarray


def axon_dataset(problem: Problem, outcome: Outcome, attrs: Mapping[str, Any]) -> xarray.Dataset:
    """Everything of a membrane's recording over (lanes…, position, time), and the axon itself."""
    rec = dataset(problem, outcome, attrs)
    rec["position"].attrs = {"units": "um", "long_name": "position along the axon"}
    name_dimensions(rec, problem)
    rec = rec.assign_coords(_along(problem))
    if "I_stim" in problem.records:
        rec = (
            rec.assign(I_stim=_current(problem))
            if not problem.driven
            else _stimulus(rec, problem, outcome)
        )
    if I_CLAMP in problem.records and outcome.clamped is not None:
        where = [electrode.place for electrode in electrodes(problem)]
        rec = _placed(rec, problem, I_CLAMP, outcome.clamped, where, _CLAMP)
    return rec


def name_dimensions(rec: xarray.Dataset, problem: Problem) -> None:
    """Say of dimensions that bear the name of a number of an axon's what they are."""
    for dim, told in (_DIMENSIONS | _played(problem)).items():
        if dim in rec.coords and _labels(problem, dim):
            rec[dim].attrs = rec[dim].attrs or dict(told)


def axon_attributes(axon: Axon) -> dict[str, Any]:
    """What the recording of an axon says about itself besides."""
    about: dict[str, Any] = {
        "model": axon.name or axon.regions[0].membrane.name or "unnamed",
        "model_kind": "axon",
    }
    if isinstance(axon.axial_resistivity, float):
        about["axial_resistivity"] = axon.axial_resistivity
    return about


def _labels(problem: Problem, dim: str) -> bool:
    """Whether a dimension's labels are the quantity of its name, which no number of the axon
    contradicts: it may be another's that happens to be called so."""
    named = [v for n, v in problem.lanes.values.items() if n.rpartition(".")[2] == dim]
    return not named or any(isinstance(v, Labelled) and dim in v.dims for v in named)


_DIMENSIONS = SHAPE | {name: quantity.attributes for name, quantity in Clamp.quantities.items()}


def _played(problem: Problem) -> dict[str, Any]:
    """What the numbers are of the paths that clamps follow."""
    clamps: list[Any] = [point.stimulus for point in problem.clamps]
    return {name: of_shape(clamp, name) for clamp in clamps for name in clamp.of_path}


def _along(problem: Problem) -> dict[str, Any]:
    """What is where: coordinates along the recorded positions."""
    regions, region = problem.along.axon.regions, problem.along.regions
    labels = labels_of(problem.along.axon)
    found: dict[str, Any] = {
        "region": ("position", np.array(labels)[region], {"long_name": "region of the axon"}),
        "myelin": (
            "position",
            np.array([r.myelin for r in regions])[region],
            {"long_name": "whether the region is myelinated"},
        ),
    }
    wide = problem.along.diameters
    if "diameter" not in problem.lanes.dims and np.all(wide == wide[0]):
        attrs = {"units": "um", "long_name": "diameter"}
        found["diameter"] = ("position", wide[0], attrs)
    return found


_STIMULUS = {"units": "nA", "long_name": "injected current", "role": "stimulus"}


def _current(problem: Problem) -> Any:
    return ("time", np.zeros(problem.times.samples), dict(_STIMULUS))


_CLAMP = {"units": "nA", "long_name": "current of the clamp", "role": "clamp"}
# the dimension of the places where there are several, and what it is
_PLACES = {
    "I_stim": ("place", "where current is injected"),
    I_CLAMP: ("clamp_place", "where V is clamped"),
}


def _stimulus(rec: xarray.Dataset, problem: Problem, outcome: Outcome) -> xarray.Dataset:
    where, currents = zip(*injected(problem, outcome.facing), strict=True)
    return _placed(rec, problem, "I_stim", np.stack(currents, axis=1), list(where), _STIMULUS)


def _placed(
    rec: xarray.Dataset, problem: Problem, name: str, table: Floats, where: list[float],
    attrs: Mapping[str, str],
) -> xarray.Dataset:  # fmt: skip
    """A current over (lanes…, place, time), the place only where there are several, the lanes
    only where it differs between them; ``table`` is (axons, places, samples)."""
    along, told = _PLACES[name]
    dims: tuple[str, ...] = (along, "time")
    if np.all(table == table[0]):
        table = table[0]
    else:
        dims = (*problem.lanes.dims, *dims)
        table = table.reshape(*problem.lanes.shape, *table.shape[1:])
    if len(where) == 1:
        table, dims = table[..., 0, :], tuple(dim for dim in dims if dim != along)
        return rec.assign({name: (dims, table, {**attrs, "place_um": where[0]})})
    place = (along, where, {"units": "um", "long_name": told})
    return rec.assign({name: (dims, table, dict(attrs))}).assign_coords({along: place})
