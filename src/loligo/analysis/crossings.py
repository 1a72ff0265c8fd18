"""When anything that was recorded passed a level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis.curve import DEGREE, Array, Pieces, Trace, root
from loligo.analysis.spikes import accuracy_of
from loligo.errors import UsageError, nearest
from loligo.lanes import Labelled
from loligo.recording.door import welcome
from loligo.recording.spikes import padded
from loligo.units import read

if TYPE_CHECKING:
    import xarray

CROSSING = "crossing"
_WAYS = ("up", "down", "both")


def crossings(variable: xarray.DataArray, level: Any, direction: str = "up") -> xarray.DataArray:
    """Times at which a recorded variable passed a level.

    Between two samples it is the polynomial of degree 5 through the six samples around them, chosen
    not to reach across a corner, as for :func:`loligo.spike_times`; a peak that passes the level
    between two samples below it is seen. ``attrs["accuracy"]`` (ms, of the worst) says how far
    apart polynomials of lower degrees put the same crossings, or half a sample interval where the
    samples are too few to tell.

    Parameters
    ----------
    variable : xarray.DataArray
        Any variable of a recording, over (lanes…, ``time``): ``rec.m``, ``rec.V``, ``rec.I_Na``.
    level : quantity
        In the variable's own unit, or text with one.
    direction : str
        ``"up"``, ``"down"`` or ``"both"``. Up is from below the level to it or above it.

    Returns
    -------
    xarray.DataArray
        ms, over (lanes…, ``crossing``), in order of time, NaN where a lane has fewer than the one
        that has most (and everywhere in a lane that was lost).

    Raises
    ------
    UsageError
        If it is no variable over time, or the direction is none.
    UnitError
        If the level is in a unit of another kind.

    Examples
    --------
    >>> import loligo as lo
    >>> rec = lo.simulate(lo.load("hodgkin-huxley-1952"), lo.Pulse(5, 40, 10), 50)
    >>> lo.crossings(rec.m, 0.9, "up").values.round(2).tolist()
    [7.14, 22.06, 36.71]
    >>> lo.crossings(rec.V, "-0.02 V", "down").values.round(1).tolist()
    [8.5, 23.2, 37.8]
    """
    import xarray as xr

    if direction not in _WAYS:
        raise UsageError(
            f"direction={direction!r:.60} is not a direction{nearest(str(direction)[:60], _WAYS)}; "
            f"it is one of {', '.join(map(repr, _WAYS))}"
        )
    sampled = _sampled(variable)
    unit = str(sampled.attrs.get("units", "1"))
    height = read(level, unit, "level")
    if isinstance(height, Labelled):
        raise UsageError(f"level is one number, not {height!r}; ask for each: [… for x in levels]")
    dims = tuple(str(d) for d in sampled.dims if d != "time")
    laid = sampled.transpose(*dims, "time")
    values = np.asarray(laid.values, dtype=float).reshape(-1, laid.sizes["time"])
    trace = Trace(np.asarray(laid["time"].values, dtype=float), values)
    lane, time, sure = _found(trace, float(height), direction)
    table = padded(lane, time, len(values)).reshape((*laid.shape[:-1], -1))
    coords = {n: c for n, c in laid.coords.items() if set(c.dims) <= set(dims)}
    name = str(sampled.name or "variable")
    about = {"units": "ms", "long_name": f"time at which {name} passes {height:g} {_shown(unit)}",
             "level": float(height), "direction": direction, "accuracy": sure}  # fmt: skip
    about["long_name"] = about["long_name"].rstrip()
    numbered = {CROSSING: np.arange(table.shape[-1])}
    return xr.DataArray(table, dims=(*dims, CROSSING), coords={**coords, **numbered},
                        name="crossing_time", attrs=about)  # fmt: skip


def _shown(unit: str) -> str:
    return "" if unit == "1" else unit


def _sampled(variable: Any) -> Any:
    """A variable along a labelled, increasing time, in our units."""
    import xarray as xr

    if not isinstance(variable, xr.DataArray):
        hint = ", such as rec.V" if isinstance(variable, xr.Dataset) else ""
        raise UsageError(
            f"lo.crossings takes one variable of a recording{hint or ', such as rec.m'}, not a "
            f"{type(variable).__name__}"
        )
    name = str(variable.name or "variable")
    if "time" not in variable.dims or "time" not in variable.coords:
        raise UsageError(
            f"{name} has the dimensions {variable.dims}: what crosses a level does so along a "
            "labelled time; take a variable of a recording, such as rec.m"
        )
    if variable.dtype.kind not in "fiub":
        raise UsageError(f"{name} holds {variable.dtype} values, not numbers")
    within = variable.rename(name).reset_coords(drop=True)
    kept = {n: c for n, c in variable.coords.items() if n != "time"}
    sampled = welcome(within.to_dataset(name=name))[name].assign_coords(kept)
    time = np.asarray(sampled["time"].values, dtype=float)
    if time.size < 2 or not (np.diff(time) > 0).all():
        raise UsageError(f"{name} needs two samples or more, at increasing times")
    return sampled


def _found(v: Trace, level: float, direction: str) -> tuple[Array, Array, float]:
    """(lane, time) of every crossing in order, and how sure the worst is."""
    lane, at, low, high, rising = _places(v, level)
    wanted = rising if direction == "up" else ~rising
    if direction == "both":
        wanted = np.ones(rising.shape, dtype=bool)
    lane, at, low, high = lane[wanted], at[wanted], low[wanted], high[wanted]
    by_degree = [
        v.pieces(lane, at, degree).passing(0, level, (low, high)) for degree in (2, 3, 4, DEGREE)
    ]
    interval = v.time[at + 1] - v.time[at]
    sure = accuracy_of(np.array(by_degree), interval, v.time.size > DEGREE)
    return lane, by_degree[-1], sure


def _places(v: Trace, level: float) -> tuple[Array, Array, Array, Array, Array]:
    """Where it crosses: lane, sample before, between which times, and whether upwards."""
    below = v.values < level
    known = np.isfinite(v.values)
    both = known[:, :-1] & known[:, 1:]
    crossed = (below[:, :-1] != below[:, 1:]) & both
    lane, at = np.nonzero(crossed)
    rising = below[lane, at]
    low, high = v.time[at], v.time[at + 1]
    more, where, top, was_below = _hidden(v, level, ~crossed & both)
    lane = np.concatenate([lane, more, more])
    at = np.concatenate([at, where, where])
    low = np.concatenate([low, v.time[where], top])
    high = np.concatenate([high, top, v.time[where + 1]])
    rising = np.concatenate([rising, was_below, ~was_below])
    order = np.lexsort((low, at, lane))
    return lane[order], at[order], low[order], high[order], rising[order]


def _hidden(v: Trace, level: float, open_: Array) -> tuple[Array, Array, Array, Array]:
    """Intervals in which the curve passes the level and comes back, both samples being on one
    side: lane, sample before, when it turns, and whether it comes from below."""
    values = v.values
    if values.shape[1] < 3:
        none = np.zeros(0, dtype=int)
        return none, none, np.zeros(0), np.zeros(0, dtype=bool)
    step = np.diff(values, axis=1)
    turns = np.zeros(values.shape, dtype=bool)
    with np.errstate(invalid="ignore"):
        turns[:, 1:-1] = (step[:, :-1] * step[:, 1:] <= 0) & (step[:, :-1] != step[:, 1:])
        # what may lie between samples is no more than what lies around them
        reach = np.maximum(np.abs(step[:, :-1]), np.abs(step[:, 1:]))
        turns[:, 1:-1] &= np.abs(values[:, 1:-1] - level) <= reach
    lane, at = np.nonzero(open_ & (turns[:, :-1] | turns[:, 1:]))
    pieces = v.pieces(lane, at)
    top = root(pieces.slope, pieces.left, pieces.right)
    inside = (top > pieces.left) & (top < pieces.right)
    was_below = values[lane, at] < level
    beyond = (pieces.value(top) < level) != was_below
    # where polynomials of a lower degree do not see it, the samples do not show it
    beyond &= inside & ((_at(v, lane, at, top, DEGREE - 1) < level) != was_below)
    return lane[beyond], at[beyond], top[beyond], was_below[beyond]


def _at(v: Trace, lane: Array, at: Array, time: Array, degree: int) -> Array:
    pieces: Pieces = v.pieces(lane, at, degree)
    return pieces.value(time)
