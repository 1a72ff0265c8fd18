"""What a figure needs from a recording: time, lanes, variables by role, the stimulus's edges."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis.dimensionless import is_dimensionless
from loligo.errors import UsageError
from loligo.figures.content import labels, origin
from loligo.figures.content.swept import of_which
from loligo.run.status import Status
from loligo.words import decimal, join, reworded, say

if TYPE_CHECKING:
    import xarray

_FEW_PLACES = 8  # of an axon: V in time at each; more are drawn along it
# Units by role, where a recording says nothing.
_UNITS = {
    "voltage": "mV",
    "gate": "1",
    "conductance": "mS/cm2",
    "current": "uA/cm2",
    "stimulus": "uA/cm2",
    "clamp": "uA/cm2",
}


@dataclass(frozen=True, eq=False)
class Lane:
    """One cell of a recording: where it is in it, and what to call it."""

    where: Mapping[str, int]
    label: str


@dataclass(frozen=True, eq=False)
class Signals:
    """A recording, checked and ready to be drawn."""

    recording: xarray.Dataset
    time: np.ndarray
    dims: tuple[str, ...]

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """Every lane, in C order."""
        sizes = [self.recording.sizes[dim] for dim in self.dims]
        return tuple(
            Lane(where, ", ".join(coordinate(self.recording, dim, k) for dim, k in where.items()))
            for where in (dict(zip(self.dims, at, strict=True)) for at in np.ndindex(*sizes))
        )

    def names(self, role: str) -> tuple[str, ...]:
        """Recorded variables that play ``role``, in the recording's order."""
        return tuple(
            str(name)
            for name, variable in self.recording.variables.items()
            if self.role(str(name)) == role and "time" in variable.dims
        )

    def series(self) -> tuple[str, ...]:
        """Everything recorded over time."""
        variables = self.recording.variables
        return tuple(str(n) for n, v in variables.items() if "time" in v.dims and n != "time")

    def attribute(self, name: str, key: str, default: Any = None) -> Any:
        """An attribute of a variable."""
        return self.recording.variables[name].attrs.get(key, default)

    def unit(self, name: str) -> str:
        """A variable's unit as the recording has it; none where nothing has one."""
        if self.dimensionless and self.role(name) in _UNITS:
            return "1"
        return str(self.attribute(name, "units", _UNITS.get(str(self.role(name)), "1")))

    def role(self, name: str) -> str | None:
        """What a variable is: voltage, gate, current, ...; V is the voltage in any recording."""
        return self.attribute(name, "role", "voltage" if name == "V" else None)

    @cached_property
    def dimensionless(self) -> bool:
        """Whether V has no unit, and so nothing else has: :mod:`loligo.analysis.dimensionless`."""
        return is_dimensionless(self.recording, self.names("voltage"))

    @cached_property
    def fine(self) -> Signals:
        """The same with so many samples that its lines are smooth; itself, where there are no
        more to be had, or no more are needed."""
        from loligo.figures.content.solution import finer

        again = finer(self.recording, self.names("voltage"))
        if again is None:
            return self
        again = origin.alike(again, self.recording)
        return Signals(again, np.asarray(again["time"].values, dtype=float), self.dims)

    def values(self, name: str, lane: Lane) -> np.ndarray:
        """A variable over time in one lane."""
        variable = self.recording[name]
        picked = variable.isel({d: k for d, k in lane.where.items() if d in variable.dims})
        return self.counted(name, np.asarray(picked.values, dtype=float))

    def counted(self, name: str, values: np.ndarray) -> np.ndarray:
        """Values of a variable as a figure shows them: of a voltage maybe from rest."""
        if self.role(name) != "voltage" or not origin.is_counted(self.recording.attrs):
            return values
        return values - origin.origin(self.recording.attrs)


def read(recording: xarray.Dataset) -> Signals:
    """Check that ``recording`` can be drawn.

    Raises
    ------
    UsageError
        If it is not a recording, holds no time, or has fewer than two samples.
    """
    check(recording)
    recording = _without_electrodes(unswept(recording))
    sampled = [v for v in recording.data_vars.values() if "time" in v.dims]
    if "time" not in recording.coords or not sampled:
        if "experiment" in recording.attrs or "point" in recording.dims:
            raise UsageError(
                "this is of what an experiment found, and holds nothing over time; lo.plot draws "
                "the whole of it, as the experiment returned it or its file holds it"
            )
        raise UsageError(
            "the recording holds no variable over time (only spikes?); "
            'simulate with record=None or record=["V"] to draw it.'
        )
    for variable in (recording["time"], *sampled):
        if variable.dtype.kind not in "fiub":
            raise UsageError(f"{variable.name} holds {variable.dtype} values, not numbers.")
    time = np.asarray(recording["time"].values, dtype=float)
    if time.size < 2:
        raise UsageError(
            f"the recording holds {time.size} sample{'s' * (time.size != 1)} over time, "
            "and a line needs two; simulate for longer or with a smaller sample_interval."
        )
    if not np.all(np.isfinite(time)) or not np.all(np.diff(time) > 0):
        raise UsageError("the recording's times must be finite and increasing; sort it by time.")
    dims = tuple(dict.fromkeys(str(d) for v in sampled for d in v.dims if d != "time"))
    empty = [dim for dim in dims if recording.sizes[dim] == 0]
    if empty:
        raise UsageError(f"the recording holds no lane along {empty[0]!r}; select some.")
    return Signals(recording, time, dims)


def _without_electrodes(recording: xarray.Dataset) -> xarray.Dataset:
    """Without the currents of several electrodes along an axon, where V is of a few places: they
    are no lanes of it."""
    along = [d for d in ("place", "clamp_place") if d in recording.dims]
    if not along or recording.sizes.get("position", 1) > _FEW_PLACES:
        return recording
    return recording.drop_dims(along)


def unswept(recording: xarray.Dataset) -> xarray.Dataset:
    """Of a sweep over one value, or an axon at one place, the lane that it is."""
    count = recording.data_vars.get("spike_count")
    dims = count.dims if count is not None else ()
    return recording.isel({d: 0 for d in dims if recording.sizes[d] == 1})


def check(recording: Any) -> None:
    """A `UsageError` if it is no dataset."""
    if not all(hasattr(recording, name) for name in ("data_vars", "sizes", "attrs")):
        raise UsageError(f"a {type(recording).__name__} cannot be drawn; {_instead(recording)}")


def _instead(thing: Any) -> str:
    """What to write for something that was given for a recording."""
    if isinstance(thing, str | os.PathLike):
        return f"a file is opened first: lo.plot(lo.open({os.fspath(thing)!r:.60}))"
    if isinstance(thing, list | tuple):
        return "give recordings one after the other: lo.plot(control, blocked)"
    if hasattr(thing, "dims") and getattr(thing, "name", None) is not None:
        return (
            "give the recording that lo.simulate(...) returned, whole, and choose: "
            f"lo.plot(rec, panels=[{str(thing.name)!r:.40}])"
        )
    return "give the recording that lo.simulate(...) returned, whole."


_WHY = {
    Status.NO_REST: "no stable rest",
    Status.NOT_STEADY: "no steady state",
    Status.DIVERGED: "diverged",
    Status.STIFF: "too stiff",
}
_MOST_TOLD = 3  # lanes that are named


def failed(recording: xarray.Dataset) -> str:
    """Which lanes have no values, and why, in words; empty where all have."""
    status = recording.data_vars.get("status")
    if status is None or not status.ndim or status.dtype.kind not in "iu":
        return ""
    said = []
    for state, why in _WHY.items():
        at = np.argwhere(status.values == state)
        if 0 < len(at) <= _MOST_TOLD and status.ndim == 1:
            dim = str(status.dims[0])
            where = join([coordinate(recording, dim, int(k)) for (k,) in at])
            place = " ".join(filter(None, (where, dimension(recording, dim)[1])))
            said.append(say("{what} at {place}", what=say(why), place=place))
        elif len(at):
            said.append(
                say("{why} in {some} of {all} lanes", why=say(why), some=len(at), all=status.size)
            )
    return ", ".join(said)


def chosen(recording: xarray.Dataset) -> dict[str, Any]:
    """The coordinates of a lane that was picked out of a sweep."""
    return {str(k): v.values.item() for k, v in recording.coords.items() if v.ndim == 0}


def along(recording: xarray.Dataset, dim: str) -> xarray.DataArray | None:
    """What tells the lanes of a dimension apart: its labels, or the only numbers along it."""
    if dim in recording.coords:
        return recording[dim]
    beside = [one for one in recording.coords.values() if one.dims == (dim,)]
    return beside[0] if len(beside) == 1 else None


def coordinate(recording: xarray.Dataset, dim: str, index: int) -> str:
    """The value of a lane's coordinate, as text."""
    told = along(recording, dim)
    if told is None:
        return str(index)
    value = told.values[index]
    if origin.is_counted(recording.attrs) and origin.is_command(told):
        value = round(float(value) - origin.origin(recording.attrs), 1) + 0.0
    if dim == "position":
        return decimal(f"{float(value) / places(recording)[1]:.3g}")
    if not isinstance(value, float | int | np.number):
        return reworded(str(value))
    return decimal(labels.written(float(value)))


def ranks(recording: xarray.Dataset, dim: str) -> np.ndarray:
    """The place of each lane of a dimension in the order of the values; texts stay as they are."""
    told = along(recording, dim)
    if told is None or told.dtype.kind not in "fiu":
        return np.arange(recording.sizes[dim])
    return np.argsort(np.argsort(told.values, kind="stable"), kind="stable")


def dimension(recording: xarray.Dataset, dim: str) -> tuple[labels.Label, str]:
    """What a dimension of lanes is called, and its printed unit: a model's parameter by its symbol,
    anything else in words."""
    told = along(recording, dim)
    if told is None:
        return labels.symbol(dim), ""
    unit = labels.unit(str(told.attrs.get("units", "")))
    if dim == "position":
        return labels.Label(say("Position")), places(recording)[0]
    name, meaning = str(told.name), str(told.attrs.get("long_name", ""))
    begun = re.fullmatch(r"initial_(\w+)", name)
    if begun:
        return labels.typeset(say("Initial {name}", name=labels.quoted(begun[1]))), unit
    if not _in_words(name):
        return labels.symbol(name), unit
    words = of_which(recording, dim) or reworded(meaning or name)
    return labels.Label(words[:1].upper() + words[1:]), unit


def _in_words(name: str) -> bool:
    """Whether a number has no symbol: of a stimulus, of where a run begins, the temperature."""
    from loligo.stimulus.document import KINDS

    said = {"initial", "celsius", *(n for kind in KINDS.values() for n in kind.quantities)}
    return re.sub(r"(_\d+|_value)$", "", name) in said


def places(recording: xarray.Dataset) -> tuple[str, float]:
    """The unit that suits an axon's positions (um), as it is printed, and how many um it is."""
    return labels.length_unit(float(np.max(recording["position"].values, initial=0.0)))


def thinned(time: np.ndarray, values: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """A line of at most about ``4 * bins`` vertices that looks the same on ``bins`` columns.

    Of every column the first, lowest, highest and last vertex are kept, so no spike is lost.
    """
    if time.size <= 4 * bins:
        return time, values
    span = (time[-1] - time[0]) or 1.0
    column = np.minimum(((time - time[0]) * (bins / span)).astype(int), bins - 1)
    first = np.flatnonzero(np.diff(column, prepend=-1))
    count = np.diff(first, append=time.size)
    finite = np.isfinite(values)
    filled = np.where(finite, values, 0.0)
    which = np.repeat(np.arange(first.size), count)
    kept = [first, first + count - 1]
    for extreme in (np.minimum, np.maximum):
        found = np.flatnonzero(filled == extreme.reduceat(filled, first)[which])
        kept.append(found[np.unique(which[found], return_index=True)[1]])
    lost = np.flatnonzero(~finite)
    kept.append(lost[np.unique(which[lost], return_index=True)[1]])
    chosen = np.unique(np.concatenate(kept))
    return time[chosen], values[chosen]
