"""One block of a sweep: simulated, summarised, and told so that it fits beside the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UsageError
from loligo.recording.spikes import EVENT, LANE, SPIKE, padded
from loligo.run.boxes import Box, boxed
from loligo.run.divergence import counts_of, told_of_all
from loligo.run.loop import Advance
from loligo.run.outcome import Outcome
from loligo.run.pace import Pace
from loligo.run.problem import EDGE, EDGE_TIME
from loligo.run.solve import Answer, solve
from loligo.run.status import Status, lost
from loligo.simulation import recording_of, swung
from loligo.solvers import Exponential
from loligo.sweeps.asked import Asked, name_of

if TYPE_CHECKING:
    import xarray

# In a recording these are without the lanes where all of them have the same.
MAY_BE_ALIKE = ("I_stim", "I_clamp", EDGE_TIME)
# Along these some blocks may reach further than others: NaN follows.
GROWS = frozenset({"time", SPIKE, EDGE})


@dataclass(frozen=True)
class Result:
    """What a block is.

    Attributes
    ----------
    kept
        What is written of it.
    facts
        What the whole is told of it: plain data.
    """

    kept: xarray.Dataset
    facts: dict[str, Any] = field(default_factory=dict[str, Any])


def run(asked: Asked, box: Box, label: str, advance: Advance) -> Result:
    """Simulate the lanes of a box, and keep what is asked for.

    Parameters
    ----------
    label
        What it is called.

    Raises
    ------
    LoligoError
        If it cannot be run, or the summary of it cannot be kept.
    """
    problem = boxed(asked.posed, box)
    answer = solve(problem, asked.solver, advance, Pace())
    rec = recording_of(answer, asked.stimulus, _positions(asked), asked.told(box))
    rec = _with_coordinates(rec, asked, box)
    facts = {**_facts(answer, asked, box), "said": _said(rec)}
    kept = _as_stored(rec, asked) if asked.summary is None else _summarised(rec, asked, label)
    own = [name for name in asked.coordinates.variables if name in kept.coords]
    return Result(kept.drop_vars(own), facts)


def _positions(asked: Asked) -> Any:
    return getattr(asked.posed, "positions", None)


def _with_coordinates(rec: xarray.Dataset, asked: Asked, box: Box) -> xarray.Dataset:
    """Lanes are labelled, and their numbers named, as in one recording of all of them."""
    lanes = set(asked.lanes.dims)
    own = [n for n, c in rec.coords.items() if lanes.intersection(c.dims) and n != EDGE_TIME]
    if asked.wide_apart and "diameter" in rec.coords:
        own.append("diameter")
    return rec.drop_vars(own).assign_coords(asked.coordinates.isel(box).coords)


def _as_stored(rec: xarray.Dataset, asked: Asked) -> xarray.Dataset:
    """Every variable with the dimensions that it has in one recording of all lanes; spikes padded,
    and without what comes from the whole."""
    sizes = {dim: rec.sizes[dim] for dim in asked.lanes.dims}
    if LANE in rec:
        lane, shape = rec[LANE].values, tuple(sizes.values())
        each = [n for n in map(str, rec.data_vars) if n != LANE and rec[n].dims == (EVENT,)]
        tables = {n: padded(lane, rec[n].values, int(np.prod(shape))) for n in each}
        told = {
            n: ((*sizes, SPIKE), t.reshape(*shape, -1), rec[n].attrs) for n, t in tables.items()
        }
        places = next(iter(tables.values())).shape[1]
        rec = rec.drop_dims(EVENT).assign(told).assign_coords({SPIKE: np.arange(places)})
    for name in MAY_BE_ALIKE:
        if name in rec.variables and name not in asked.alike and sizes:
            whole = rec.variables[name].set_dims({**sizes, **rec.variables[name].sizes})
            rec = rec.assign_coords({name: whole}) if name in rec.coords else rec.assign(
                {name: whole}
            )  # fmt: skip
    return rec


def _summarised(rec: xarray.Dataset, asked: Asked, label: str) -> xarray.Dataset:
    """What the summary makes of a recording."""
    import xarray as xr

    assert asked.summary is not None
    name = name_of(asked.summary)
    try:
        made = asked.summary(rec)
    except Exception as error:
        raise UsageError(
            f"the summary {name} failed on {label}: {type(error).__name__}: {error}. What was "
            "whole before is kept; put the summary right and call again"
        ) from error
    if isinstance(made, xr.DataArray):
        made = made.to_dataset(name=made.name or "summary")
    if not isinstance(made, xr.Dataset):
        raise UsageError(
            f"the summary {name} must return an xarray.Dataset, but of {label} it returned a "
            f"{type(made).__name__}"
        )
    _check_lanes(made, rec, asked, f"the summary {name} of {label}")
    return made


def _check_lanes(made: xarray.Dataset, rec: xarray.Dataset, asked: Asked, what: str) -> None:
    """Of each lane something, or of all the same."""
    lanes = asked.lanes.dims
    for name, variable in made.variables.items():
        there = [dim for dim in lanes if dim in variable.dims]
        if there and len(there) < len(lanes) and name not in asked.coordinates.variables:
            missing = next(dim for dim in lanes if dim not in there)
            raise UsageError(
                f"{what} gives {name!r} without the dimension {missing!r}: a block has some of "
                "the lanes alone, so that nothing can be told of several of them; keep "
                f"{', '.join(lanes)}"
            )
        if variable.dtype.kind not in "fiubUOT":
            raise UsageError(f"{what} gives {name!r} as {variable.dtype}, which cannot be kept")
        for dim in there:
            if variable.sizes[dim] != rec.sizes[dim]:
                raise UsageError(
                    f"{what} gives {name!r} with {variable.sizes[dim]} of the {rec.sizes[dim]} "
                    f"lanes along {dim!r}; keep all of them (NaN where there is nothing to tell)"
                )


def _facts(answer: Answer, asked: Asked, box: Box) -> dict[str, Any]:
    """What attributes, warnings and notes of the whole are made of."""
    problem, outcome = answer.problem, answer.outcome
    status = outcome.status
    notes, swings = outcome.notes, swung(problem, outcome)
    counts: dict[str, int] = {}
    if status is not None and lost(status, problem.lanes.size).any():
        told = told_of_all(counts_of(status), outcome.first_lost)
        notes = [note for note in notes if note != told]
        counts = {str(int(kind)): count for kind, count in counts_of(status).items()}
    return {
        "settings": {n: _plain(v) for n, v in outcome.settings.items() if n != "until"},
        "solver": answer.solver.to_dict(),
        "lane_by_lane": answer.lane_by_lane,
        "ended": answer.ended,
        "samples": problem.times.samples,
        "rest": _rest(outcome, asked),
        "within": outcome.within,
        "tried": outcome.tried,
        "plain": _of_taylor(answer),
        "stiff": 0 if status is None else int((status == Status.EXPONENTIAL).sum()),
        "lanes": problem.lanes.size,
        "lost": counts,
        "losses": [
            {
                "lane": _lane_of_whole(each.lane, asked, box), "status": int(each.status),
                "label": each.label, "t": each.t, "why": str(each.error),
            }
            for each in outcome.first_lost
        ],
        "notes": notes,
        "swings": None if swings is None else asdict(swings),
        "places": problem.recorded.size // problem.lanes.size,
    }  # fmt: skip


def _of_taylor(answer: Answer) -> str | None:
    """The accuracy of lanes that were not too stiff for it, where others were."""
    if isinstance(answer.solver, Exponential) or answer.outcome.within is None:
        return None
    return str(answer.outcome.settings["accuracy"]).partition("; in the ")[0]


def _lane_of_whole(lane: int, asked: Asked, box: Box) -> int:
    """Which of all lanes one of a box is."""
    if not box:
        return lane
    place = np.unravel_index(lane, [part.stop - part.start for part in box.values()])
    place = [int(k) + part.start for k, part in zip(place, box.values(), strict=True)]
    return int(np.ravel_multi_index(place, asked.lanes.shape))


def _rest(outcome: Outcome, asked: Asked) -> list[float] | None:
    """From where to where the resting potential goes, if that is told of the whole."""
    begins_there = asked.posed.initial.rests or asked.lanes.size == 1
    if outcome.rest is None or not begins_there:
        return None
    return [float(np.min(outcome.rest)), float(np.max(outcome.rest))]


def _said(rec: xarray.Dataset) -> dict[str, Any]:
    """The attributes of a recording that do not depend on which lanes it is of."""
    mine = ("provenance", "stimulus", "solver", "until")
    return {str(n): _plain(v) for n, v in rec.attrs.items() if n not in mine}


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value


def attributes(variable: Any, name: str) -> Mapping[str, Any]:
    """What a variable says about itself, as JSON has it; of V's rest the whole says it."""
    return {
        str(k): _plain(v) for k, v in variable.attrs.items() if not (name == "V" and k == "rest")
    }


KEEPS_DIGITS = frozenset({"spike_time", EDGE_TIME})
"""What is never kept as float32: times have more digits than that."""
