"""What a recording is a sample of: the same run, sampled so finely that its lines are smooth.

Between samples 0.05 ms apart no polynomial knows an upstroke that lasts as long. The recording
says how it was made, so it is made again, with more samples; and only if it then has the same
values at the same times is it drawn instead. What would take long is not done.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping
from functools import lru_cache
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis.curve import Trace
from loligo.lanes import with_arrays
from loligo.packed import unpacked
from loligo.recording.picked import reduced

if TYPE_CHECKING:
    import xarray

_FINE = 0.01  # ms between samples: an action potential's polynomials are then good to a few uV
_SMOOTH = 1e-4  # of the range: where every second sample foretells the others so well
_MOST_NUMBERS = 4_000_000
_MOST_KEPT = 2_500_000  # numbers of a run that is kept for the next figure
_MOST_SAMPLES = 200_000  # of a recording; more are drawn as they are
_MOST_FINE = 400_000
_MOST_TIME = 2e5  # ms of all lanes; a second of a cell takes some 2 ms
_MOST_STEPS = 3e7  # of all compartments
_MOST_UNPICKED = 5e3  # ms of all lanes: then all are made again, by the kernel that there is
_LONGEST = 5.0  # s; what is expected to take so long is not begun
_MOST_STATES = 24  # of a model, that may have to be compiled
_SAME = 1e-9  # of the largest value


def finer(rec: xarray.Dataset, names: tuple[str, ...]) -> xarray.Dataset | None:
    """The recording with more samples, or None where it has enough, or cannot be made again.

    Parameters
    ----------
    names
        Of the voltages.
    """
    time = np.asarray(rec["time"].values, dtype=float)
    if not names or not 4 <= time.size <= _MOST_SAMPLES or _smooth(rec, names[0], time):
        return None
    try:
        told = json.loads(rec.attrs["provenance"])
        if _lanes(told) * float(told["duration"]) > _MOST_UNPICKED:
            told = reduced(told, rec)
        told["sample_interval"], numbers = _interval(rec, told)
        made = _made_before if numbers <= _MOST_KEPT else _made
        again = _picked(made(json.dumps(told)), rec)
        at = _nearest(again["time"].values, time)
        variables = again.variables
        recorded = [
            n for n, v in rec.variables.items() if "time" in v.dims and n in again.data_vars
        ]
        same = all(_same(variables[n], rec.variables[n], at) for n in recorded)
    except Exception:  # another program's, an older version's, changed since, lost, or too long
        return None
    return again.isel(time=slice(at[0], at[-1] + 1)) if same else None


def _made(told: str) -> xarray.Dataset:
    import xarray as xr

    from loligo.again import rerun

    begun = perf_counter()

    def patience(_: float) -> None:
        if perf_counter() - begun > _LONGEST:
            raise TimeoutError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return rerun(xr.Dataset(attrs={"provenance": told}), progress=patience)


_made_before = lru_cache(maxsize=2)(_made)  # another theme, other panels, an animation


def _picked(again: xarray.Dataset, rec: xarray.Dataset) -> xarray.Dataset:
    """The lanes and places that the recording has."""
    dims = [str(d) for d in again.dims if d != "time" and d in again.coords and d in rec.coords]
    some = {d: rec[d].values for d in dims if not np.array_equal(again[d].values, rec[d].values)}
    return again.sel(some) if some else again


def _lanes(document: Any) -> int:
    """How many lanes what is told has."""
    sizes: dict[str, int] = {}

    def look(array: Mapping[str, Any]) -> None:
        sizes.update(zip(array["dims"], unpacked(array["values"]).shape, strict=True))

    with_arrays(document, look)
    return math.prod(n for d, n in sizes.items() if d not in _NO_LANES)


def _smooth(rec: xarray.Dataset, name: str, time: np.ndarray) -> bool:
    """Whether the samples tell the line: every second one tells the others."""
    values = np.asarray(rec[name].transpose(..., "time").values, dtype=float)
    rows = values.reshape(-1, time.size)[:, ::2][:, : (time.size + 1) // 2]
    whole = values.reshape(-1, time.size)
    span = float(np.ptp(whole[np.isfinite(whole)])) if np.isfinite(whole).any() else 0.0
    turn = np.abs(np.diff(whole, 2, axis=1)).max(axis=1, initial=0.0)
    worst = int(np.argmax(np.where(np.isfinite(turn), turn, 0.0)))
    at = np.arange(rows.shape[1] - 1)
    pieces = Trace(time[::2], rows[worst][None]).pieces(np.zeros(at.size, dtype=int), at)
    off = np.abs(pieces.value(time[1::2][: at.size]) - whole[worst, 1::2][: at.size])
    return bool(np.nanmax(off, initial=0.0) <= _SMOOTH * span)


def _interval(rec: xarray.Dataset, told: Mapping[str, Any]) -> tuple[float, float]:
    """Between the samples, ms, and how many numbers they are then.

    Raises
    ------
    ValueError
        If that were too much, or no finer.
    """
    asked, duration = float(told["sample_interval"]), float(told["duration"])
    axon = told["model"].get("kind") == "axon"
    membranes = told["model"]["membranes"] if axon else [told["model"]]
    lanes = _lanes(told)
    if any(_states(each) > _MOST_STATES for each in membranes):
        raise ValueError("too large a model")
    fine = min(_FINE, asked / 2)
    if "dt" in rec.attrs:
        fine = min(float(rec.attrs["dt"]), float(told["solver"]["dt"]))
        steps = lanes * duration / fine * float(rec.attrs.get("compartments", 1))
    else:
        steps = 0.0
    places = rec.sizes.get("position", 1)
    numbers = lanes * places * max(1, len(told["record"])) * duration / fine
    if told["solver"]["name"] == "reference" or steps > _MOST_STEPS:
        raise ValueError("it takes too long")
    if lanes * duration > _MOST_TIME or not asked / fine > 1.5:
        raise ValueError("it takes too long, or has enough samples")
    parts = math.floor(asked / fine + 1e-9)
    fewer = max(numbers / _MOST_NUMBERS, duration / fine / _MOST_FINE)
    if fewer > 1:
        parts = math.floor(parts / fewer) if "dt" not in rec.attrs else 1
    if parts < 2:
        raise ValueError("too many samples")
    return asked / parts, numbers * fine / (asked / parts)


_NO_LANES = ("time", "position", "event", "spike", "place", "clamp_place")


def _states(membrane: Mapping[str, Any]) -> int:
    """How many, about: each gate has an entry with its name."""
    return json.dumps(membrane).count('"name"')


def _nearest(fine: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Which of the finer samples the others are.

    Raises
    ------
    ValueError
        If some are none of them.
    """
    k = np.clip(np.searchsorted(fine, time - 1e-9), 0, fine.size - 1)
    if np.abs(fine[k] - time).max() > 1e-6:
        raise ValueError("other times")
    return k


def _same(found: xarray.Variable, drawn: xarray.Variable, at: np.ndarray) -> bool:
    """Whether a variable has the values ``drawn``, at its samples ``at``."""
    laid = found.transpose(*drawn.dims)
    one = np.take(np.asarray(laid.values, dtype=float), at, drawn.dims.index("time"))
    other = np.asarray(drawn.values, dtype=float)
    if one.shape != other.shape:
        return False
    with np.errstate(invalid="ignore"):
        off, most = np.abs(one - other).max(initial=0.0), np.abs(other).max(initial=0.0)
    if np.isfinite(off):
        return bool(off <= _SAME * most)
    both = np.isfinite(one) & np.isfinite(other)
    most = float(np.abs(other[both]).max(initial=0.0))
    return bool(
        np.array_equal(np.isfinite(one), np.isfinite(other))
        and np.abs(one[both] - other[both]).max(initial=0.0) <= _SAME * most
    )
