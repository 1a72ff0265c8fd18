"""How fast and which way action potentials travelled along an axon."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis.spikes import spike_times
from loligo.errors import UsageError
from loligo.lanes import Labelled
from loligo.recording.door import welcome
from loligo.units import read

if TYPE_CHECKING:
    import xarray

_MIDDLE = (0.25, 0.75)  # of the recorded length
_BENT = 0.02  # of the time that passes: more is no wave's unevenness
_FEW = 8  # places; of fewer than that none is left out

TRAVELLED = "travelled"
_SILENT, _BLOCKED, _SKIPPED = "no spike", "blocked", "skipped places"
_MET, _INSIDE = "collided", "began inside"


def conduction_velocity(
    rec: xarray.Dataset, between: Any = None, *, spike: int = 0, threshold: Any = None
) -> xarray.DataArray:
    """The velocity of an action potential, from when it passed each place.

    A straight line is laid (least squares) through place against time along the middle half of
    the axon, away from the electrode and the ends, or along ``between``. In myelinated axons
    only what has no myelin counts.

    Parameters
    ----------
    rec : xarray.Dataset
        A recording of an axon; it needs its spikes, as every run has.
    between : (from, to), optional
        Places in um, or text such as ``("2 cm", "8 cm")``.
    spike : int
        Which of the spikes that pass: 0 the first, -1 the last.
    threshold : voltage, optional
        As for `loligo.spike_times`: a warm action potential may stay below the run's own, 0 mV.

    Returns
    -------
    xarray.DataArray
        m/s over the lanes; negative for a wave that travels towards smaller positions. Two
        further coordinates: ``uncertainty`` (m/s) is half the difference between the velocities
        of the two halves of the stretch, or the line's standard error where that is larger (it
        tells how evenly the wave ran, not how well the run was resolved). ``outcome`` is
        ``"travelled"``; or, with NaN for a velocity, ``"no spike"``; ``"blocked"``: some places
        fired and others did not; ``"skipped places"``: some did not fire, yet the wave went on
        beyond them (measure such a one with a lower `threshold`, or `between` others);
        ``"collided"``: two waves entered from both sides and met; ``"began inside"``: the wave
        started within the stretch.

    Raises
    ------
    UsageError
        ``rec`` is not of an axon, or there are not two places to measure between.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952").replace(celsius=18.5)
    >>> axon = lo.Axon(squid, length="6 cm", diameter=476, axial_resistivity=35.4)
    >>> rec = lo.simulate(axon, lo.at("6 cm", lo.Pulse(0.5, 0.5, 50e3)), 5, record=["spikes"])
    >>> round(float(lo.conduction_velocity(rec)), 1)
    -18.7
    """
    import xarray as xr

    _position(rec)
    rec = welcome(rec)
    position = _position(rec)
    whole = isinstance(spike, int | np.integer) and not isinstance(spike, bool)
    if not whole or abs(spike) > 2**31:
        raise UsageError(f"spike={spike!r}: give the number of a spike, such as 0 for the first")
    bare = _bare(rec, position)
    chosen = _stretch(position, bare, between)
    times = spike_times(rec, threshold)
    dims = tuple(str(dim) for dim in times.dims if dim not in ("position", "spike"))
    table = times.transpose(*dims, "position", "spike").values
    shape = table.shape[: len(dims)]
    passed = _nth(table.reshape(math.prod(shape), *table.shape[-2:]), int(spike))
    found = [_measured(position, row, bare, chosen) for row in passed]
    coords = {
        name: coord for name, coord in times.coords.items()
        if set(coord.dims) <= set(dims)
    }  # fmt: skip
    off = np.array([one.uncertainty for one in found]).reshape(shape)
    told = np.array([one.outcome for one in found]).reshape(shape)
    coords["uncertainty"] = xr.Variable(
        dims, off, {"units": "m/s", "long_name": "uncertainty of the velocity"}
    )
    coords["outcome"] = xr.Variable(dims, told, {"long_name": "what became of the wave"})
    return xr.DataArray(
        np.array([one.velocity for one in found]).reshape(shape),
        dims=dims,
        coords=coords,
        name="conduction_velocity",
        attrs={"units": "m/s", "long_name": "conduction velocity"},
    )


def _position(rec: Any) -> np.ndarray:
    if "position" not in getattr(rec, "coords", {}) or "position" not in rec.dims:
        raise UsageError(
            "a conduction velocity needs the recording of an axon, with its positions; "
            "lo.simulate(lo.Axon(...), ...) gives one"
        )
    return np.asarray(rec["position"].values, dtype=float)


def _bare(rec: Any, position: np.ndarray) -> np.ndarray:
    """Which places have no myelin; all where fewer than two have none."""
    if "myelin" in rec.coords:
        bare = ~np.asarray(rec["myelin"].values, dtype=bool)
        if bare.sum() >= 2:
            return bare
    return np.ones(position.size, dtype=bool)


def _stretch(position: np.ndarray, bare: np.ndarray, between: Any) -> np.ndarray:
    """Which places are measured."""
    if between is None:
        low, high = (position[0] + part * (position[-1] - position[0]) for part in _MIDDLE)
        if position.size < _FEW:
            low, high = position[0], position[-1]
    else:
        low, high = _ends(between)
    within = (position >= low) & (position <= high)
    chosen = within & bare if (within & bare).sum() >= 2 else within
    if chosen.sum() < 2:
        raise UsageError(
            f"a velocity needs two places, and {chosen.sum()} recorded from {low:g} to {high:g} "
            f"um; the recording has places from {position[0]:g} to {position[-1]:g} um"
        )
    return np.flatnonzero(chosen)


def _ends(between: Any) -> tuple[float, float]:
    try:
        first, last = between
    except (TypeError, ValueError):
        raise UsageError(
            f"between={between!r:.60}: give two places, such as between=('2 cm', '8 cm')"
        ) from None
    places = [read(place, "um", "between") for place in (first, last)]
    if any(isinstance(place, Labelled) for place in places):
        raise UsageError("between takes two places, each one number")
    low, high = sorted(float(place) for place in places)  # type: ignore[arg-type]
    return low, high


def _nth(table: np.ndarray, which: int) -> np.ndarray:
    """One spike of each place: (lanes, places, spikes) -> (lanes, places), NaN if none."""
    count = np.isfinite(table).sum(axis=-1)
    at = which if which >= 0 else count + which
    there = (at >= 0) & (at < count)
    index = np.where(there, at, 0)[..., None]
    if not table.shape[-1]:
        return np.full(table.shape[:-1], np.nan)
    return np.where(there, np.take_along_axis(table, index, axis=-1)[..., 0], np.nan)


@dataclass(frozen=True)
class _Measured:
    velocity: float
    uncertainty: float
    outcome: str


def _measured(
    position: np.ndarray, time: np.ndarray, bare: np.ndarray, chosen: np.ndarray
) -> _Measured:
    """Of the first spike of every place, what became of the wave in those that are chosen."""
    if np.isnan(time[chosen]).any():
        return _Measured(np.nan, np.nan, _stopped(time, bare, chosen))
    position, time = position[chosen], time[chosen]
    # two waves make a roof, with the latest place inside; one from inside makes a valley
    spread = float(np.ptp(time))
    if time.max() > max(time[0], time[-1]) + _BENT * spread:
        return _Measured(np.nan, np.nan, _MET)
    if time.min() < min(time[0], time[-1]) - _BENT * spread:
        return _Measured(np.nan, np.nan, _INSIDE)
    slowness, error = _line(position, time)
    if slowness == 0:  # everywhere at once
        return _Measured(np.nan, np.nan, _INSIDE)
    velocity = 1e-3 / slowness  # um/ms to m/s
    off = abs(velocity) * error / abs(slowness)
    if time.size >= 6:
        middle = time.size // 2
        halves = [_line(position[s], time[s])[0] for s in (slice(middle + 1), slice(middle, None))]
        if all(halves):
            off = max(off, 0.5 * abs(1e-3 / halves[0] - 1e-3 / halves[1]))
    return _Measured(velocity, off if time.size > 2 else np.nan, TRAVELLED)


def _stopped(time: np.ndarray, bare: np.ndarray, chosen: np.ndarray) -> str:
    """What became of a wave where some of the places chosen did not fire."""
    silent = chosen[np.isnan(time[chosen])]
    fired = np.flatnonzero(bare & ~np.isnan(time))
    left, right = time[fired[fired < silent[0]]], time[fired[fired > silent[-1]]]
    if left.size and right.size:
        # beyond the silent places it runs away from them; a wave that came from there runs up
        onwards = left[-1] < right[0] <= right[-1]
        backwards = right[0] < left[-1] <= left[0]
        if onwards or backwards:
            return _SKIPPED
    return _SILENT if silent.size == chosen.size else _BLOCKED


def _line(x: np.ndarray, t: np.ndarray) -> tuple[float, float]:
    """Slope of t over x by least squares, and its standard error."""
    dx, dt = x - x.mean(), t - t.mean()
    norm = float(dx @ dx)
    slope = float(dx @ dt) / norm
    rest = dt - slope * dx
    free = max(x.size - 2, 1)
    return slope, float(np.sqrt(rest @ rest / free / norm))
