"""How much a second pulse must be after a first: absolute, relative, supernormal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.excited import THRESHOLD, Excitable, excitable, excites, lanes, most
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import one, varied
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.rheobase import SMALLEST
from loligo.experiments.runs import part, protocol
from loligo.experiments.search import RELATIVE, Threshold, least, narrowed
from loligo.model import Membrane
from loligo.stimulus import Pulse
from loligo.words import say

if TYPE_CHECKING:
    import xarray

Array = np.ndarray

_INTERVALS = np.concatenate([np.arange(2.0, 30.0, 1.0), np.arange(30.0, 61.0, 2.5)])  # ms
_FIRST = 1.5  # times its threshold
_SOON, _WAIT = 20.0, 100.0  # ms after the second pulse
_CUT, _CUTS = 16, 2  # an interval is cut into so many, so often, for the absolute period
_EVERY = 0.1  # ms


@dataclass(frozen=True)
class _Pair:
    """Two pulses of one duration, of which the first is known."""

    patch: Excitable
    lasts: float
    first: float

    def pulses(self, after: Any, size: Any) -> tuple[Pulse, Pulse]:
        later, amplitude = lanes(after, size)
        return Pulse(0.0, self.lasts, _FIRST * self.first), Pulse(later, self.lasts, amplitude)

    def count(self, after: Any, size: Any, until: float) -> Array:
        return self.patch.fired(until, *self.pulses(after, size)).count

    def thresholds(self, after: Array) -> Threshold:
        """Of the second pulse, a row for each time after the first."""
        until, ends = after.max() + self.lasts + np.array([_SOON, _WAIT])
        alone = self.count(after.max(), 0.0, ends)[0]

        def fires(which: Array, sizes: Array, lasts: float) -> Array:
            return self.count(after[which], sizes, lasts) > alone

        limit = np.full(after.size, most(self.patch, self.lasts))
        found = least(fires, SMALLEST, limit, ends, early=until)
        known = np.isfinite(found.value)
        if not known.any():
            return found
        late, size = after[known], self.patch.surely(found.value[known])
        known[known] = excites(
            self.patch,
            lambda level: self.patch.fired(ends, *self.pulses(late, size), level=level),
            lambda t: (
                np.where(t <= self.lasts, _FIRST * self.first, 0.0)
                + np.where((t >= late) & (t <= late + self.lasts), size, 0.0)
            ),
            int(alone),
        )  # fmt: skip
        return found.where(known)


@protocol("seeking thresholds")
def refractory_period(
    membrane: Membrane, interval: Any = None, *, duration: Any = 1.0, threshold: Any = THRESHOLD,
    progress: bool | None = None,
) -> xarray.Dataset:  # fmt: skip
    """Threshold of a second pulse beside that of the first, against the time between them.

    The first is 1.5 times its threshold. While no second pulse excites, the membrane is absolutely
    refractory: V may be driven up by a strong one, but not by the membrane's own current. Then it
    is refractory relatively, while it takes more than at rest; where it takes less it is
    supernormal.

    Parameters
    ----------
    membrane : Membrane
    interval : sequence of float, optional
        ms from the beginning of the first pulse to that of the second; from 2 to 60 if not given.
    duration : float
        ms of both pulses.
    threshold : float
        mV that V must rise through, carried by the membrane's own current, to count as excited.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        ``ratio`` of the second threshold to the first over ``interval``, NaN where nothing
        excites; ``first``, the first threshold (uA/cm2); ``absolute`` and ``relative`` (ms), where
        either state ends; ``supernormal``, the least ratio where it is below 1, and ``easiest``
        (ms), where that is; ``V`` (mV), the traces at the thresholds, over (``interval``,
        ``time``).

    Raises
    ------
    UsageError
        If it is no membrane, or rests above the threshold, or the intervals do not increase.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> found = lo.experiments.refractory_period(squid, interval=[3, 10, 18])
    >>> found.ratio.values.round(4).tolist()
    [nan, 4.3134, 0.8827]
    """
    row = varied(interval, _INTERVALS, "ms", "interval", above=0.0).values
    lasts = one(duration, "ms", "duration", above=0.0)
    level = one(threshold, "mV", "threshold")
    patch = excitable(membrane, "refractory_period", level)
    with part(0, 4):
        alone = _alone(patch, lasts)
    first = float(alone.value[0])
    pair = _Pair(patch, lasts, first)
    excited = np.isfinite(first)
    with part(1, 4):
        second = pair.thresholds(row) if excited else Threshold.none(row.size)
    ratio = second.value / first
    with part(2, 4):
        absolute, sure = _absolute(pair, row, second.value)
        relative, nearly = _relative(pair, row, ratio)
    with part(3, 4):
        V, time = _traces(pair, row, second.value)
    least_of = int(np.nanargmin(ratio)) if (ratio < 1).any() else None
    return dataset(
        EXPERIMENT, "Refractory period",
        {
            "ratio": ("interval", ratio, told(
                "1", "second threshold beside the first", label="second threshold",
                precision=second.precision / first,
            )),
            "rest": ("interval", np.ones(ratio.shape), told("1", "at rest", label="at rest")),
            "V": (("interval", "time"), V, told("mV", "membrane potential at the threshold")),
            "first": ((), first, told(
                "uA/cm2", "threshold of the first pulse", precision=alone.precision,
            )),
            "absolute": ((), absolute, told("ms", "absolutely refractory until", precision=sure)),
            "relative": ((), relative, told("ms", "refractory until", precision=nearly)),
            "supernormal": ((), np.nan if least_of is None else ratio[least_of], told(
                "1", "least threshold beside the first",
            )),
            "easiest": ((), np.nan if least_of is None else row[least_of], told(
                "ms", "interval at which it takes least",
            )),
        },
        {
            "interval": ("interval", row, told("ms", "time between the pulses")),
            "time": ("time", time, told("ms", "time")),
        },
        patch.membrane, summary=_summary(pair, row, ratio, (absolute, relative)),
    )  # fmt: skip


def _alone(patch: Excitable, lasts: float) -> Threshold:
    """The threshold of a single pulse."""
    if patch.trouble:
        return Threshold.none(1)
    ends = lasts + _WAIT

    def fired(sizes: Array, until: float, **more: Any) -> Any:
        return patch.fired(until, Pulse(0.0, lasts, lanes(sizes)[0]), **more)

    limit = np.array([most(patch, lasts)])
    found = least(lambda _, sizes, until: fired(sizes, until).count > 0, SMALLEST, limit, ends)
    if not np.isfinite(found.value[0]):
        return found
    size = patch.surely(found.value)
    return found.where(
        excites(
            patch, lambda level: fired(size, ends, level=level),
            lambda t: np.where(t <= lasts, size, 0.0),
        )
    )  # fmt: skip


def _absolute(pair: _Pair, row: Array, second: Array) -> tuple[float, float]:
    """Until when nothing excites, ms, and how sure that is; NaN where the row does not show."""
    dead = np.flatnonzero(np.isfinite(second))
    if not dead.size or dead[0] == 0:
        return np.nan, np.nan
    low, high = row[dead[0] - 1], row[dead[0]]
    for k in range(_CUTS):
        inside = np.linspace(low, high, _CUT + 1)
        with part(k, _CUTS + 1):
            known = np.isfinite(pair.thresholds(inside[1:-1]).value)
        first = int(np.append(known, True).argmax())
        low, high = inside[first], inside[first + 1]
    return float(0.5 * (low + high)), float(0.5 * (high - low))


def _relative(pair: _Pair, row: Array, ratio: Array) -> tuple[float, float]:
    """When a second pulse as strong as the first threshold excites again, and how sure."""
    again = np.flatnonzero(ratio <= 1)
    if not again.size or again[0] == 0:
        return np.nan, np.nan
    ends = row.max() + pair.lasts + _WAIT
    alone = pair.count(row.max(), 0.0, ends)[0]
    with part(_CUTS, _CUTS + 1):
        low, high = narrowed(
            lambda _, after: pair.count(after, pair.first, ends) > alone,
            row[again[:1] - 1], row[again[:1]], lambda high: RELATIVE * high,
        )  # fmt: skip
    return float(high[0]), float(high[0] - low[0])


def _traces(pair: _Pair, row: Array, second: Array) -> tuple[Array, Array]:
    """V at the thresholds, the first spike alone where nothing excites; and its time."""
    lasts = float(np.ceil(row.max() + pair.lasts + _SOON))
    if not np.isfinite(pair.first):
        return np.full((row.size, 1), np.nan), np.zeros(1)
    rec = pair.patch.under(lasts, *pair.pulses(row, np.nan_to_num(second)), every=_EVERY)
    return rec.V.values, rec.time.values


def _summary(pair: _Pair, row: Array, ratio: Array, ends: tuple[float, float]) -> str:
    patch, lasts, first = pair.patch, pair.lasts, pair.first
    if patch.trouble:
        return say("{trouble}: there is no threshold.", trouble=patch.trouble)
    if not np.isfinite(first):
        return say("No pulse of {lasts:g} ms excites it: it is never refractory.", lasts=lasts)
    said = [say("The first threshold is {first:.6g} µA/cm²", first=first)]
    dead, absolute, relative = row[~np.isfinite(ratio)], *ends
    if np.isfinite(absolute):
        said.append(say("until {absolute:.4g} ms nothing excites again", absolute=absolute))
    elif dead.size:
        said.append(
            say(
                "from {first:g} to {last:g} ms nothing excites again",
                first=dead[0],
                last=dead[-1],
            )
        )
    if np.isfinite(relative):
        said.append(say("until {relative:.4g} ms it takes more than at rest", relative=relative))
    if (ratio < 1).any():
        k = int(np.nanargmin(ratio))
        said.append(
            say(
                "later less, {ratio:.4g} of it at {row:.3g} ms: it is supernormal",
                ratio=ratio[k],
                row=row[k],
            )
        )
    elif np.isfinite(ratio).any():
        said.append(say("at none of these intervals it takes less than at rest"))
    return "; ".join(said) + "."


EXPERIMENT = Experiment(
    refractory_period, theme="excitability", model="membrane",
    chart=Plan((Panel(("ratio",), ("rest",), log="y", marks=("absolute", "relative")),)),
    facts={
        "interval": Facts("ms", many=True), "duration": Facts("ms"), "threshold": Facts("mV"),
    },
)  # fmt: skip
