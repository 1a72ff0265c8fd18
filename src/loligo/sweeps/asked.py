"""What a sweep is asked to do: read, checked, and told as a document that its store keeps.

All that follows from the lanes together is found here, before they are cut.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

import loligo
from loligo.again import arguments_of
from loligo.errors import UsageError
from loligo.lanes import Labelled, with_arrays
from loligo.model import Axon
from loligo.packed import unpacked
from loligo.run.boxes import Box, boxed
from loligo.run.charges import charges_of
from loligo.run.problem import EDGE_TIME, Problem, Uncut
from loligo.run.solve import decided
from loligo.simulation import asked_of, documents
from loligo.solvers import Solver, Taylor
from loligo.stimulus import Conductance

if TYPE_CHECKING:
    import xarray

FORMAT = 1
Summary = Callable[..., Any]
DTYPES = ("float64", "float32")
# what a recording has besides what is recorded; a lane's number takes none of these names
_OF_RUNS = (
    "time", "spike", "spike_count", "spike_time", "spike_peak", "spike_trough", "spike_uncounted",
    "spike_uncounted_low", "spike_uncounted_high", "status", "V_error", "Q_clamp", "edge",
    "edge_time", "I_stim", "I_clamp",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Asked:
    """A sweep before it is cut.

    Attributes
    ----------
    posed
        All lanes.
    summary
        What is kept of a block's recording; all of it if None.
    dtype
        Of the values that are kept.
    """

    posed: Problem | Uncut
    stimulus: Any
    solver: Solver | None
    summary: Summary | None = None
    dtype: str = "float64"

    @cached_property
    def document(self) -> dict[str, Any]:
        """All that its numbers depend on."""
        posed, solver = self.posed, self.solver
        by = [] if isinstance(posed, Uncut) else [each.label for each in posed.by]
        derivatives = {"sensitivities": by} if by else {}
        return {
            "format": FORMAT,
            "loligo": loligo.__version__,
            **documents(posed, self.stimulus),
            "solver": None if solver is None else solver.to_dict(),
            "duration": posed.times.duration,
            "sample_interval": posed.times.sample_interval,
            "threshold": posed.times.threshold,
            "record": list(posed.records) or ["spikes"],
            "positions": posed.positions if isinstance(posed, Uncut) else None,
            "until": None if posed.until is None else posed.until.to_document(),
            "summary": None if self.summary is None else name_of(self.summary),
            "dtype": self.dtype,
            **derivatives,
        }

    @cached_property
    def key(self) -> str:
        """Of the document."""
        return key_of(self.document)

    def told(self, box: Box) -> dict[str, Any]:
        """The documents of model, stimulus and initial values, of the lanes in a box."""

        def part(array: dict[str, Any]) -> dict[str, Any]:
            cut = {dim: box.get(dim, slice(None)) for dim in array["dims"]}
            coords = {dim: c[cut[dim]].tolist() for dim, c in array["coords"].items()}
            values = array["values"][tuple(cut.values())].tolist()
            return {"dims": array["dims"], "values": values, "coords": coords}

        return with_arrays(self._as_arrays, part)

    @cached_property
    def _as_arrays(self) -> Any:
        def read(array: dict[str, Any]) -> dict[str, Any]:
            coords = {dim: unpacked(c) for dim, c in dict(array.get("coords", {})).items()}
            return {**array, "values": unpacked(array["values"]), "coords": coords}

        return with_arrays({n: self.document[n] for n in ("model", "stimulus", "initial")}, read)

    @cached_property
    def lanes(self) -> Any:
        """The grid of the lanes."""
        return self.posed.lanes

    @cached_property
    def sample(self) -> Problem:
        """A problem of which the lanes are all, and the rest as in every block."""
        posed = self.posed
        if isinstance(posed, Problem):
            return posed
        from loligo.run.axon.cut import cut_to_pieces

        first = boxed(posed, dict.fromkeys(posed.lanes.dims, slice(0, 1)))
        return replace(cut_to_pieces(first, (), ""), lanes=posed.lanes, initial=posed.initial)

    @cached_property
    def coordinates(self) -> xarray.Dataset:
        """The labels of the lanes and what differs between them, named as in one recording of all
        of them."""
        import xarray as xr

        from loligo.recording.build import lane_coordinates

        problem, dims = self.sample, set(self.lanes.dims)
        each = lane_coordinates(problem, {*problem.records, *_OF_RUNS})
        along = {name: c for name, c in each.items() if dims.intersection(np.atleast_1d(c[0]))}
        rec = xr.Dataset(coords=along)
        if problem.geometry is not None:
            from loligo.recording.axon import name_dimensions

            name_dimensions(rec, problem)
        return rec

    @cached_property
    def alike(self) -> frozenset[str]:
        """What all lanes have in common, of what they may not."""
        found = set[str]()
        posed = self.posed
        varies = [n for n, v in posed.lanes.values.items() if isinstance(v, Labelled) and v.dims]
        if isinstance(posed, Uncut):
            conducts = any(isinstance(each.shape, Conductance) for each in posed.driven)
            if not conducts and not any(n.startswith("stimulus") for n in varies):
                found.add("I_stim")
            return frozenset(found)
        jumps = charges_of(posed, np.zeros((len(posed.driven), posed.lanes.size)))
        if jumps is not None and _same(jumps.time):
            found.add(EDGE_TIME)
        return frozenset(found)

    @cached_property
    def wide_apart(self) -> bool:
        """Whether the axons' diameters differ where they are recorded, so that no one number tells
        them."""
        if not isinstance(self.posed, Uncut):
            return False
        regions = {int(k) for k in self.sample.along.regions}
        names = (f"region{k}.{n}" for k in regions for n in ("diameter", "diameter_end"))
        values = (self.posed.lanes.values.get(name) for name in names)
        return any(isinstance(v, Labelled) and np.ptp(v.values) > 0 for v in values)


def _same(table: Any) -> bool:
    return np.array_equal(table, np.broadcast_to(table[0], table.shape), equal_nan=True)


def asked(
    model: Any, stimulus: Any, duration: Any, *, solver: Solver | None, summary: Any, dtype: Any,
    **settings: Any,
) -> Asked:  # fmt: skip
    """Read the arguments of :func:`loligo.sweep`."""
    if summary is not None and not callable(summary):
        raise UsageError(
            "summary must be a function from a recording to an xarray.Dataset, such as "
            f"lo.features, not {summary!r:.80}"
        )
    kept = "float64" if dtype is None else str(np.dtype(dtype)) if _is_dtype(dtype) else dtype
    if kept not in DTYPES:
        raise UsageError(f"dtype is {dtype!r:.60}; values are kept as {' or '.join(DTYPES)}")
    posed = asked_of(model, stimulus, duration, solver, at_once=False, **settings)
    whole = Asked(decided(posed, solver), stimulus, solver, summary, kept)
    if isinstance(whole.posed, Uncut) and whole.posed.positions is not None:
        where = whole.sample.along.positions.tolist()
        return replace(whole, posed=replace(whole.posed, positions=where))
    return whole


def _is_dtype(dtype: Any) -> bool:
    try:
        np.dtype(dtype)
    except TypeError:
        return False
    return True


def from_document(document: Mapping[str, Any], summary: Summary | None) -> Asked:
    """The sweep that a store was made for: plain data, of which nothing runs."""
    solver = document["solver"]
    told = {**document, "solver": solver or Taylor().to_dict(), "lane_by_lane": solver is None}
    arguments = arguments_of(told)
    axon = isinstance(arguments["model"], Axon)
    return asked(
        **{"positions": None, **arguments} if not axon else arguments,
        summary=summary, dtype=document["dtype"],
    )  # fmt: skip


def key_of(document: Mapping[str, Any]) -> str:
    """What tells one sweep from another."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def name_of(summary: Summary) -> str:
    """What a function is called, by which a store knows it again."""
    while hasattr(summary, "func"):  # functools.partial
        summary = summary.func  # type: ignore[union-attr]
    kind = summary if hasattr(summary, "__qualname__") else type(summary)
    module = getattr(kind, "__module__", "")
    return f"{module}:{kind.__qualname__}" if module != "__main__" else kind.__qualname__
