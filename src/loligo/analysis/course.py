"""What one cell did, in full: V, every current and gate, sampled finely; made again where need be.

A recording says how it was made. What it lacks, or has too few samples of, is computed once more,
and taken only if V is then the same.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.again import rerun
from loligo.analysis.crossings import crossings
from loligo.analysis.curve import Array
from loligo.analysis.spikes import spike_times
from loligo.errors import LoligoError, UsageError
from loligo.model import Membrane
from loligo.recording.door import welcome
from loligo.recording.picked import reduced
from loligo.stimulus.document import from_dict
from loligo.words import say

if TYPE_CHECKING:
    import xarray

_FINE = 0.005  # ms between samples
_MOST = 400_000  # samples
_SAME = 1e-6  # of the range of V
_NO_LANES = ("time", "spike", "event", "edge")


@dataclass(frozen=True)
class Held:
    """When V was clamped, from when to when, ms."""

    start: float
    end: float


@dataclass(frozen=True, eq=False)
class Course:
    """One cell's.

    Attributes
    ----------
    time, V, injected : (samples,)
        ms, mV, and what was injected, uA/cm2.
    currents, conductances, gates
        Of each channel, uA/cm2 and mS/cm2; of each gate.
    ions
        Channel -> what it says it carries.
    reversals
        Channel -> mV, of those that have one.
    edges
        When what was done changed its course, ms.
    shocks
        When V was displaced, ms.
    held
        When V was clamped.
    spikes
        ms.
    known
        Whether it is known what was done.
    swings
        How often V went up and down without a spike being counted, and between what.
    stimulus, done
        What was done: in words, and as its plain description, where that is known.
    """

    time: Array
    V: Array
    injected: Array
    currents: Mapping[str, Array]
    conductances: Mapping[str, Array]
    gates: Mapping[str, Array]
    ions: Mapping[str, str]
    reversals: Mapping[str, float]
    edges: Array
    shocks: tuple[float, ...]
    held: tuple[Held, ...]
    spikes: Array
    threshold: float
    swings: tuple[int, float, float]
    clamp: Array | None = None
    title: str = ""
    stimulus: str = ""
    done: Mapping[str, Any] | None = None
    known: bool = True
    ionic: Array = field(init=False)
    slope: Array = field(init=False)

    def __post_init__(self) -> None:
        total = np.zeros(self.time.size)
        for current in self.currents.values():
            total = total + current
        object.__setattr__(self, "ionic", total)
        object.__setattr__(self, "slope", self._slope())

    def _slope(self) -> Array:
        """mV/ms, at each side of an edge its own."""
        slope = np.gradient(self.V, self.time)
        for at in np.searchsorted(self.time, self.edges - 1e-9):
            if 1 < at < self.time.size - 1:
                step = np.diff(self.V) / np.diff(self.time)
                slope[at - 1], slope[at] = step[at - 2], step[at]
        return slope

    def at(self, time: float) -> int:
        """The sample at a time, or just after it."""
        return int(min(np.searchsorted(self.time, time - 1e-9), self.time.size - 1))


def course_of(rec: Any) -> Course:
    """Of a recording of one cell.

    Raises
    ------
    UsageError
        If it is of several, or along an axon, or V was not recorded, or is not known.
    """
    rec = _one(welcome(rec))
    told = _told(rec)
    full = _full(rec, told)
    V = np.asarray(full["V"].values, dtype=float)
    if V.size < 3 or not np.isfinite(V).all():
        raise UsageError("V is not known everywhere in the recording, so there is no story to tell")
    time = np.asarray(full["time"].values, dtype=float)
    stimulus = None if told is None else told.get("stimulus")
    edges, shocks, held = _done(stimulus, time)
    return Course(
        time=time, V=V,
        injected=np.asarray(full["I_stim"].values, dtype=float) if "I_stim" in full
        else np.zeros(time.size),
        currents=_by_channel(full, "current"), conductances=_by_channel(full, "conductance"),
        gates={str(n): np.asarray(v.values, dtype=float) for n, v in full.data_vars.items()
               if v.attrs.get("role") == "gate" and v.dims == ("time",)},
        ions={str(v.attrs.get("channel", n)): str(v.attrs.get("ion", ""))
              for n, v in full.data_vars.items() if v.attrs.get("role") == "current"},
        reversals=_reversals(told), edges=edges, shocks=shocks, held=held,
        spikes=_spikes(rec), threshold=float(_threshold(rec)), swings=_swings(rec),
        clamp=np.asarray(full["I_clamp"].values, dtype=float) if "I_clamp" in full else None,
        title=str(rec.attrs.get("title", "")), stimulus=_words(rec, told),
        done=stimulus,
        known=told is not None or "I_stim" in full,
    )  # fmt: skip


def _one(rec: xarray.Dataset) -> xarray.Dataset:
    """A recording of one cell."""
    if "position" in rec.dims or "position" in rec.coords:
        raise UsageError(
            "this recording is along an axon, where current also flows from place to place; "
            "lo.narrate tells of a membrane"
        )
    if "V" not in rec:
        raise UsageError('this needs V, which was not recorded: simulate again with record=["V"]')
    if "time" not in rec["V"].dims or "time" not in rec.coords:
        raise UsageError("V has no labelled time: this needs a recording")
    lanes = [str(d) for d in rec["V"].dims if d not in _NO_LANES]
    wide = [d for d in lanes if rec.sizes[d] != 1]
    if wide:
        sizes = ", ".join(f"{d}: {rec.sizes[d]}" for d in wide)
        chosen = ", ".join(f"{d}=0" for d in wide)
        raise UsageError(
            f"this recording is of several cells ({sizes}), and each has its own story: choose "
            f"one, as in lo.narrate(rec.isel({chosen}))"
        )
    return rec.isel(dict.fromkeys(lanes, 0))


def _told(rec: xarray.Dataset) -> dict[str, Any] | None:
    """How this lane was made, if the recording says so."""
    try:
        told = reduced(json.loads(rec.attrs["provenance"]), rec)
        return told if told["model"].get("kind") != "axon" else None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return None


def _full(rec: xarray.Dataset, told: dict[str, Any] | None) -> xarray.Dataset:
    """The recording itself if it has all, else the run made again, of the same stretch of time."""
    time = np.asarray(rec["time"].values, dtype=float)
    whole = any(v.attrs.get("role") == "current" for v in rec.data_vars.values())
    fine = time.size > 1 and float(np.diff(time).max()) <= 2 * _FINE
    if told is None or (whole and fine):
        return rec
    import xarray as xr

    interval = _interval(told, rec.attrs.get("dt"), float(time[-1] - time[0]))
    made = {**told, "record": None, "sample_interval": interval}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            again = rerun(xr.Dataset(attrs={"provenance": json.dumps(made)}), progress=False)
        part = again.sel(time=slice(time[0] - 1e-9, time[-1] + 1e-9))
        same = np.interp(time, part["time"].values, part["V"].values)
    except (LoligoError, KeyError, TypeError, ValueError):
        return rec
    off, span = np.abs(same - rec["V"].values), float(np.ptp(part["V"].values)) or 1.0
    # beside a jump a sample may lie on either side of it
    return part if np.quantile(off, 0.95) <= max(_SAME * span, 1e-3) else rec


def _interval(told: Mapping[str, Any], step: Any, lasts: float) -> float:
    """Between samples, ms: a whole part of what it was, and of the step if that is fixed."""
    asked = float(told["sample_interval"])
    parts = max(1, int(np.ceil(asked / max(_FINE, lasts / _MOST) - 1e-9)))
    if not isinstance(step, int | float) or told.get("lane_by_lane"):
        return asked / parts
    steps = round(asked / step)
    while parts > 1 and steps % parts:
        parts -= 1
    return asked / parts


def _by_channel(rec: xarray.Dataset, role: str) -> dict[str, Array]:
    return {
        str(v.attrs.get("channel", name)): np.asarray(v.values, dtype=float)
        for name, v in rec.data_vars.items()
        if v.attrs.get("role") == role and v.dims == ("time",)
    }


def _reversals(told: Mapping[str, Any] | None) -> dict[str, float]:
    """Of the model, those that stand still."""
    if told is None:
        return {}
    try:
        model = Membrane.from_dict(told["model"])
    except (LoligoError, KeyError, TypeError):
        return {}
    known = {c.name: model.parameters.get(f"E_{c.name}") for c in model.channels}
    return {name: float(p.value) for name, p in known.items()  # type: ignore[arg-type]
            if p is not None and p.name not in model.courses}  # fmt: skip


def _done(
    document: Any, time: Array
) -> tuple[Array, tuple[float, ...], tuple[Held, ...]]:  # fmt: skip
    """Edges, shocks, and when V was clamped."""
    nothing: tuple[Array, tuple[float, ...], tuple[Held, ...]] = np.zeros(0), (), ()
    if document is None:
        return nothing
    try:
        shapes = from_dict(document).shapes
        known = [each.breakpoints(float(time[-1])) for each in shapes if not each.sampled]
        edges = np.unique(np.concatenate([np.zeros(0), *known]))
    except (LoligoError, KeyError, TypeError, ValueError):
        return nothing
    windows: list[tuple[str, Any, Any]] = [(s.kind, *s.window()) for s in shapes]
    shocks = tuple(float(start) for kind, start, _ in windows if kind == "shock")
    held = sorted((float(a), float(a + lasts)) for kind, a, lasts in windows if kind == "clamp")
    inside = edges[(edges >= time[0] - 1e-9) & (edges <= time[-1] + 1e-9)]
    during = [Held(max(a, time[0]), min(b, time[-1])) for a, b in held
              if a < time[-1] and b > time[0]]  # fmt: skip
    return inside, tuple(s for s in shocks if time[0] <= s <= time[-1]), tuple(during)


def _spikes(rec: xarray.Dataset) -> Array:
    try:
        when = spike_times(rec).values.ravel()
    except UsageError:  # of spikes in one row, that of many cells
        when = crossings(rec["V"], _threshold(rec)).values.ravel()
    return np.sort(when[np.isfinite(when)])


def _threshold(rec: xarray.Dataset) -> float:
    known = rec["spike_time"].attrs.get("threshold", 0.0) if "spike_time" in rec else 0.0
    return known if isinstance(known, int | float) else 0.0


def _swings(rec: xarray.Dataset) -> tuple[int, float, float]:
    names = ("spike_uncounted", "spike_uncounted_low", "spike_uncounted_high")
    if any(name not in rec or rec[name].ndim for name in names):
        return 0, 0.0, 0.0
    count, low, high = (float(rec[name]) for name in names)
    return int(count), low, high


def _words(rec: xarray.Dataset, told: Mapping[str, Any] | None) -> str:
    """What was done, of this lane; "" where that is not said."""
    if told is not None and "stimulus" in told:
        try:
            return say("nothing is done") if told["stimulus"] is None else repr(
                from_dict(told["stimulus"])
            )  # fmt: skip
        except (LoligoError, KeyError, TypeError):
            pass
    said = str(rec.attrs.get("stimulus", ""))
    return say("nothing is done") if said == "none" else said
