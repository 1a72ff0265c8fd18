"""When the spikes were."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis.curve import DEGREE, Array, Trace
from loligo.crew import on_all_cores
from loligo.engine.kernel import GRAIN, RE_ARM
from loligo.errors import UsageError
from loligo.recording.door import welcome
from loligo.recording.spikes import COUNT, EVENT, SPIKE, TIMES, lane_of, padded
from loligo.stimulus import Noise
from loligo.units import read

if TYPE_CHECKING:
    import xarray

# Samples this close (ms) show every spike on both sides of its crossing.
_FINE = 0.1
# How much higher than both samples around it a peak may be, mV.
_PEAK = 10.0
_AT_ONCE = 1 << 24  # samples that are looked at together


def spike_times(rec: xarray.Dataset, threshold: Any = None) -> xarray.DataArray:
    """Times at which V rose through a threshold.

    At the run's own threshold these are the spikes that the solver located inside its
    steps; how densely V was sampled does not matter. Of a stretch of time, such as
    ``rec.sel(time=slice(20, 50))``, they are those from its first sample to its last.
    Another threshold is looked for in
    the recorded V: every upward crossing; under noise, and where nothing says that there
    was none, each after V has been 5 mV below the threshold since the one before (the first
    after V has been anywhere below it). Between two samples V is the polynomial of degree 5
    through the six samples around them, chosen not to reach
    across the edge of a pulse. ``attrs["accuracy"]`` (ms, for the worst of the spikes) then
    says how accurate that is: how far apart the crossings of the polynomials of degree 3,
    4 and 5 lie; or half a sample interval where the samples are too few to tell. It covers
    the interpolation, neither the solver's own error nor spikes so brief that V is below
    the threshold at every sample.

    Parameters
    ----------
    rec : xarray.Dataset
        A recording.
    threshold : voltage, optional
        mV, or text such as ``"-20 mV"``. By default the run's own; 0 mV for a recording
        without located spikes.

    Returns
    -------
    xarray.DataArray
        Times in ms, dimensions (lanes..., ``spike``), NaN where a lane has fewer spikes
        than the one that has most.

    Raises
    ------
    UsageError
        ``rec`` is not a recording, or it has no V and another threshold is asked for, or
        cells were selected of spikes in one row (along ``event``: of many cells of which few
        fire), which lost which spike belongs to which.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> rec = lo.simulate(squid, lo.Pulse(5, 40, 10), 50, initial=-65)
    >>> lo.spike_times(rec).values.round(1).tolist()
    [6.9, 21.8, 36.5]
    >>> lo.spike_times(rec, "-20 mV").values.round(1).tolist()
    [6.8, 21.7, 36.4]
    >>> (1000 / lo.spike_times(rec).diff("spike")).values.round(1).tolist()  # Hz
    [67.0, 68.3]
    """
    import xarray as xr

    rec = welcome(rec)
    lanes = Lanes.of(rec)
    spikes = find(rec, lanes, threshold)
    attrs: dict[str, Any] = {
        "units": "ms",
        "long_name": "spike time",
        "threshold": spikes.threshold,
        "method": spikes.method,
    }
    if spikes.accuracy is not None:
        attrs["accuracy"] = spikes.accuracy
    table = spikes.padded(spikes.time, lanes.shape)
    return xr.DataArray(
        table,
        dims=(*lanes.dims, SPIKE),
        coords={**lanes.coords, SPIKE: np.arange(table.shape[-1])},
        name="spike_time",
        attrs=attrs,
    )


@dataclass(frozen=True)
class Lanes:
    """The cells of a recording."""

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    coords: dict[Any, Any]

    @classmethod
    def of(cls, rec: xarray.Dataset) -> Lanes:
        """The lanes that the spikes of ``rec`` have, or else V."""
        import xarray as xr

        if not isinstance(rec, xr.Dataset):
            raise UsageError(
                f"this needs a recording, as lo.simulate returns it, not a {type(rec).__name__}"
            )
        source = next((rec[name] for name in (COUNT, "V", TIMES) if name in rec), None)
        if source is None:
            found = ", ".join(map(str, rec.data_vars)) or "nothing"
            raise UsageError(
                f"the recording holds neither spikes nor V but {found}; simulate again with "
                'record=["spikes"] or record=["V"]'
            )
        dims = tuple(str(dim) for dim in source.dims if dim not in ("time", SPIKE))
        coords = {
            name: coord for name, coord in source.coords.items() if set(coord.dims) <= set(dims)
        }
        return cls(dims, tuple(source.sizes[dim] for dim in dims), coords)

    @property
    def size(self) -> int:
        """How many there are."""
        return math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class Spikes:
    """Spikes of all lanes in one row, lane by lane (C order), each lane's in time.

    Parameters
    ----------
    lane, time : ndarray, shape (spikes,)
        Which cell, and when (ms).
    threshold : float
        mV.
    method : str
        How they were found.
    accuracy : float or None
        ms; None where the solver located them.
    """

    lane: Array
    time: Array
    threshold: float
    method: str
    accuracy: float | None = None

    def padded(self, values: Array, shape: tuple[int, ...]) -> Array:
        """One value for each spike, as (lanes..., spike) with NaN where there is none."""
        table = padded(self.lane, values, math.prod(shape))
        return table.reshape(*shape, table.shape[1])

    def of(self, rows: Array) -> Spikes:
        """Those of some cells, increasing, which are counted anew."""
        place = np.searchsorted(rows, self.lane)
        kept = rows.take(place, mode="clip") == self.lane if rows.size else place < 0
        return replace(self, lane=place[kept], time=self.time[kept])

    def within(self, low: float, high: float) -> Spikes:
        """Those between two times, ms, both included."""
        kept = (self.time >= low) & (self.time <= high)
        return replace(self, lane=self.lane[kept], time=self.time[kept])


def find(rec: xarray.Dataset, lanes: Lanes, threshold: Any = None) -> Spikes:
    """The spikes of a recording: the run's own where they fit, or from V."""
    own = _own_threshold(rec)
    if threshold is None:
        level = own if own is not None else 0.0
    else:
        level = read(threshold, "mV", "threshold")
        if not isinstance(level, float):
            raise UsageError("threshold must be one voltage for all cells")
    if level == own:
        return _located(rec, lanes, level).within(*_recorded_times(rec))
    if "V" not in rec:
        known = "" if own is None else f", or use the run's own threshold, {own:g} mV"
        raise UsageError(
            f"finding spikes at {level:g} mV needs V, which was not recorded: simulate again "
            f'with record=["V", "spikes"]{known}'
        )
    return crossings(trace(rec, lanes), level, RE_ARM if _noisy(rec) else GRAIN["float32"])


def _noisy(rec: xarray.Dataset) -> bool:
    """Whether there was noise, or may have been: V of an experiment has some."""
    try:
        return _holds_noise(json.loads(rec.attrs["provenance"])["stimulus"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return True


def _holds_noise(document: Any) -> bool:
    if isinstance(document, dict):
        return document.get("kind") == Noise.kind or any(map(_holds_noise, document.values()))
    return isinstance(document, list) and any(map(_holds_noise, document))


def trace(rec: xarray.Dataset, lanes: Lanes) -> Trace:
    """The recorded V, one row for each lane."""
    if "V" not in rec:
        raise UsageError('this needs V, which was not recorded: simulate again with record=["V"]')
    if set(rec["V"].dims) != {*lanes.dims, "time"} or "time" not in rec.coords:
        raise UsageError(
            f"V has the dimensions {rec['V'].dims} and the spikes {lanes.dims}: both must be of "
            "the same cells, and V along a labelled time"
        )
    if rec["V"].dtype.kind not in "fiu":
        raise UsageError(f"V holds {rec['V'].dtype} values, not numbers")
    time = np.asarray(rec["time"].values, dtype=float)
    values = np.ascontiguousarray(rec["V"].transpose(*lanes.dims, "time").values, dtype=float)
    values = values.reshape(lanes.size, time.size)
    gone = lost(rec, lanes)
    values = np.where(gone[:, None], np.nan, values) if gone.any() else values
    known = _known(values) | gone
    if not known.all() and not np.isfinite(values[~known]).all():
        lane, sample = np.argwhere(~np.isfinite(values) & ~gone[:, None])[0]
        where = f" in cell {lane}" if lanes.size > 1 else ""
        raise UsageError(
            f"V is not a number{where} at {time[sample]:g} ms; select the cells and times that are"
        )
    if time.size < 2 or (np.diff(time) <= 0).any():
        raise UsageError("V needs two samples or more, at increasing times")
    return Trace(time, values)


def _known(values: Array) -> Array:
    """Of which rows all that there is to sum is finite, and so is each number."""

    def look(part: Array) -> Array:
        # a sum is not a number where one of its terms is none, and asks for no memory
        with np.errstate(invalid="ignore", over="ignore"):
            return np.isfinite(part.sum(axis=1))

    parts = np.array_split(values, max(1, values.size // _AT_ONCE))
    return np.concatenate(on_all_cores(look, parts))


def lost(rec: xarray.Dataset, lanes: Lanes) -> Array:
    """The lanes that could not run: of them V is not known."""
    if COUNT not in rec or set(rec[COUNT].dims) != set(lanes.dims):
        return np.zeros(lanes.size, bool)
    return np.asarray(rec[COUNT].transpose(*lanes.dims).values).reshape(-1) < 0


def _own_threshold(rec: xarray.Dataset) -> float | None:
    if TIMES not in rec:
        return None
    said = rec[TIMES].attrs.get("threshold", 0.0)
    if isinstance(said, str) or not np.isfinite(said):
        raise UsageError(f"the recording's own threshold is {said!r:.60}, not a number of mV")
    return float(said)


def _recorded_times(rec: xarray.Dataset) -> tuple[float, float]:
    """From when to when a recording goes, ms: a stretch of it has the spikes of that stretch.

    The last sample of a run may lie before its end, if the samples do not come out even.
    """
    if "time" not in rec.dims or "time" not in rec.coords:
        return -np.inf, np.inf
    time = np.asarray(rec["time"].values, dtype=float)
    if not time.size:
        return np.inf, -np.inf
    last, end = float(time.max()), rec[TIMES].attrs.get("end", -np.inf)
    step = float(np.abs(np.diff(time)).min()) if time.size > 1 else 0.0
    return float(time.min()), end if last < end < last + step else last


def _located(rec: xarray.Dataset, lanes: Lanes, threshold: float) -> Spikes:
    """The spikes that the run located."""
    method = "located inside the step by the solver"
    if EVENT in rec[TIMES].dims:
        spikes = Spikes(*_in_one_row(rec, lanes), threshold, method)
        if "V" in rec and spikes.time.size:
            _check_order(spikes, trace(rec, lanes))
        return spikes
    times = rec[TIMES]
    times = times if SPIKE in times.dims else times.expand_dims(SPIKE, -1)
    if set(times.dims) != {*lanes.dims, SPIKE}:
        raise UsageError(
            f"{TIMES} has the dimensions {rec[TIMES].dims} and the cells {lanes.dims}: both must "
            "be of the same cells"
        )
    if times.dtype.kind not in "fiu":
        raise UsageError(f"{TIMES} holds {times.dtype} values, not numbers")
    table = np.asarray(times.transpose(*lanes.dims, SPIKE).values, dtype=float)
    table = np.sort(table.reshape(lanes.size, times.sizes[SPIKE]), axis=1)  # NaN at the end
    lane, place = np.nonzero(~np.isnan(table))
    return Spikes(lane, table[lane, place], threshold, method)


def _in_one_row(rec: xarray.Dataset, lanes: Lanes) -> tuple[Array, Array]:
    """(lane, time) of spikes that lie in one row, checked to be those of these lanes."""
    if COUNT not in rec:
        raise _mismatch(f"{COUNT} is missing")
    count = np.asarray(rec[COUNT].values, dtype=float)
    time = np.asarray(rec[TIMES].values, dtype=float)
    whole = np.isfinite(count) & (count == np.floor(count)) & (count <= time.size)
    counted = np.where(whole, np.maximum(count, 0), 0).sum()
    if not whole.all() or counted != time.size:
        raise _mismatch(f"{counted:.10g} spikes are counted and {time.size} listed")
    lane = lane_of(count)
    return lane, time[np.lexsort((time, lane))]


def _check_order(spikes: Spikes, v: Trace) -> None:
    """V must rise through the threshold where the spikes are said to be.

    Where spikes lie in one row for all cells, sorting or transposing the cells of a recording
    leaves them behind; finely sampled V tells.
    """
    seen = (spikes.time >= v.time[0]) & (spikes.time <= v.time[-1])
    at = np.clip(np.searchsorted(v.time, spikes.time, side="right") - 1, 0, v.time.size - 2)
    fine = seen & (v.time[at + 1] - v.time[at] <= _FINE)
    # one sample to either side: a crossing at a sample may be ascribed to its neighbour; and a
    # brief pulse, or a failing impulse, may have had its peak between two samples
    lane, last = spikes.lane, v.time.size - 1
    before = np.minimum(v.values[lane, np.maximum(at - 1, 0)], v.values[lane, at])
    after = np.maximum(v.values[lane, at + 1], v.values[lane, np.minimum(at + 2, last)])
    low, high = spikes.threshold - _PEAK, spikes.threshold + _PEAK
    wrong = fine & ((before > high) | (after < low))
    if wrong.any():
        first = int(np.argmax(wrong))
        raise _mismatch(
            f"V does not rise through {spikes.threshold:g} mV at {spikes.time[first]:g} ms "
            f"in cell {spikes.lane[first]}"
        )


def _mismatch(what: str) -> UsageError:
    return UsageError(
        f"the spikes are not those of these cells ({what}): selecting or sorting cells leaves "
        "spike_time behind. Take lo.spike_times of the whole recording and select from that, "
        'or drop them: rec.drop_vars(["spike_time", "spike_count"])'
    )


def crossings(v: Trace, threshold: float, depth: float) -> Spikes:
    """Spikes looked for in the samples of V: rises through the threshold, of which all but the
    first count after V was ``depth`` (mV) below it."""
    lane, at = _armed_crossings(v.values, threshold, depth)
    by_degree = [_locate(v, lane, at, threshold, degree) for degree in range(2, DEGREE + 1)]
    enough = v.time.size > DEGREE
    accuracy = accuracy_of(np.array(by_degree), v.time[at + 1] - v.time[at], enough)
    method = f"interpolated between the samples of V by polynomials of degree {DEGREE}"
    return Spikes(lane, by_degree[-1], threshold, method, accuracy)


def accuracy_of(by_degree: Array, interval: Array, enough: bool) -> float:
    """How far the worst of the crossings may be off, ms.

    Polynomials of rising degree that still disagree by a fiftieth of the interval have not
    begun to converge: then all that the samples say is that V crossed between two of them.
    The same holds where there are not ``enough`` samples for every degree.
    """
    if not interval.size:
        return 0.0
    resolved = np.ptp(by_degree, axis=0) <= (interval / 50 if enough else -1)
    spread = np.ptp(by_degree[1:], axis=0) + np.spacing(np.abs(by_degree[-1]))
    return float(np.where(resolved, spread, interval / 2).max())


def _armed_crossings(values: Array, threshold: float, depth: float) -> tuple[Array, Array]:
    """(lane, sample before) of every upward crossing that counts, lane by lane.

    A crossing that comes too soon changes nothing, so one counts exactly when V was low
    after the crossing before it, counted or not.
    """
    below = values < threshold
    lane, at = np.nonzero(below[:, :-1] & ~below[:, 1:])
    low = np.cumsum(values < threshold - depth, axis=1)  # how many low samples so far
    lows = low[lane, at]
    follows = np.r_[False, lane[1:] == lane[:-1]] if lane.size else np.zeros(0, bool)
    before = np.where(follows, np.r_[0, lows[:-1]] if lane.size else lows, 0)
    counts = (lows > before) | (~follows & below[lane, 0])
    return lane[counts], at[counts]


def _locate(v: Trace, lane: Array, at: Array, level: float, degree: int) -> Array:
    pieces = v.pieces(lane, at, degree)
    return pieces.passing(0, level)
