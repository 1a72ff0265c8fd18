"""The rate at which a membrane fires, against the current that is injected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.excited import THRESHOLD, Excitable, excitable, excites, lanes
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.firing import KICKED, come_to, held, rates, shown, steadiest
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import between, one, varied
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.runs import Spikes, part, protocol
from loligo.experiments.search import narrowed
from loligo.lanes import Labelled
from loligo.model import Membrane
from loligo.stimulus import Pulse
from loligo.words import say

if TYPE_CHECKING:
    import xarray

Array = np.ndarray

_FINER = 1 / 200  # of the distance between currents: how closely the onset is found
_FEW = 6.0  # intervals: with fewer at its slowest, nothing shows that it could not be slower
_STEP = 15.0  # times so far above the onset the rate of type 1 is 4 times as large
_ALIKE = 0.75  # of the rate there: what begins at so much begins at once


@protocol("finding rates")
def fi_curve(
    membrane: Membrane, amplitude: Any = None, *, duration: Any = 1000.0,
    threshold: Any = THRESHOLD, progress: bool | None = None,
) -> xarray.Dataset:  # fmt: skip
    """Firing rate against a constant current: begun from rest, and come to from firing.

    The rate is the inverse of the last interval between spikes, so that neither the first
    intervals nor where the current ends count; it is 0 where the firing has died out. Where rest
    and firing are both stable the two rates differ: the membrane is bistable. One that begins to
    fire as slowly as one likes is of type 1, one that begins at a rate of type 2 (Hodgkin 1948,
    doi:10.1113/jphysiol.1948.sp004260).

    Parameters
    ----------
    membrane : Membrane
        One that has no rest begins at -65 mV.
    amplitude : sequence of float, optional
        uA/cm2; from 0 to 20 if not given, or as far as its own firing goes.
    duration : float
        ms that the current lasts.
    threshold : float
        mV that V must rise through for a spike.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        ``rate`` (Hz) from rest and ``rate_from_firing``, ``latency`` (ms) of the first spike from
        rest, and ``spikes`` from rest, their number, over ``amplitude``; ``onset`` (uA/cm2), from
        which on it goes on firing, ``onset_rate`` (Hz) there, ``onset_from_firing``, and
        ``onset_type``: 1, 2, or 0 where neither is clear; ``spike_time`` (ms) from rest.

    Raises
    ------
    UsageError
        If it is no membrane, or rests above the threshold, or the currents do not increase.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.fi_curve(lo.load("hodgkin-huxley-1952"), amplitude=[0, 6.25, 10])
    >>> found.rate.values.round(3).tolist(), found.rate_from_firing.values.round(3).tolist()
    ([0.0, 0.0, 68.324], [0.0, 0.0, 68.324])
    """
    given = amplitude if amplitude is None else varied(amplitude, np.ones(1), "uA/cm2", "amplitude")
    lasts = one(duration, "ms", "duration", above=0.0)
    level = one(threshold, "mV", "threshold")
    patch = excitable(membrane, "fi_curve", level)
    with part(0, 3):
        row, begun = _begun(patch, given, lasts)
        rate, sure = rates(begun, lasts)
        count, first = _own(patch, row, begun, lasts)
    with part(1, 3):
        again, nearly = _from_firing(patch, row, rate, sure, lasts)
    with part(2, 3):
        onset = _onset(patch, row, rate, again, lasts)
    return dataset(
        EXPERIMENT, "Firing rate and current",
        {
            "rate": ("amplitude", rate, told(
                "Hz", "firing rate", label="from rest", precision=_most(sure),
            )),
            "rate_from_firing": ("amplitude", again, told(
                "Hz", "firing rate come to from firing", label="from firing",
                precision=_most(nearly),
            )),
            "latency": ("amplitude", first, told("ms", "latency of the first spike")),
            "spikes": ("amplitude", count, told("1", "number of spikes")),
            "spike_time": (("amplitude", "spike"), _table(begun), told("ms", "time of spikes")),
            "onset": ((), onset.current, told(
                "uA/cm2", "it goes on firing from", precision=onset.width,
            )),
            "onset_rate": ((), onset.rate, told("Hz", "rate at which it begins")),
            "onset_from_firing": ((), onset.again, told(
                "uA/cm2", "least current at which it goes on firing", precision=onset.width,
            )),
            "onset_type": ((), onset.type, told("1", "type of excitability")),
        },
        {"amplitude": ("amplitude", row, told("uA/cm2", "injected current"))},
        patch.membrane, summary=_summary(patch, row, rate, again, onset, lasts),
    )  # fmt: skip


def _begun(patch: Excitable, given: Labelled | None, lasts: float) -> tuple[Array, Spikes]:
    """The currents, and the spikes of each from rest."""
    if given is None:
        return shown(patch, lasts)
    return given.values, held(patch, given.values, lasts)


def _own(patch: Excitable, row: Array, begun: Spikes, lasts: float) -> tuple[Array, Array]:
    """How many spikes, and when the first: one that the current alone drove is none."""
    count, first = begun.count, begun.nth(0)
    single = np.flatnonzero(count == 1)
    if single.size:
        size = row[single]
        step = Pulse(0.0, lasts, lanes(size)[0])
        driven = single[
            ~excites(patch, lambda level: patch.fired(lasts, step, level=level), lambda _: size)
        ]
        count[driven], first[driven] = 0, np.nan
    return count, first


def _from_firing(
    patch: Excitable, row: Array, rate: Array, sure: Array, lasts: float
) -> tuple[Array, Array]:  # fmt: skip
    """Rates where each current is come to from one in the middle of those that make it fire.

    The jump of the current can end a firing that would last (it may leave the membrane near rest).
    Where the current makes it fire from rest, the firing that it comes to so is the one told.
    """
    if not (rate > 0).any():
        return rate.copy(), np.zeros(rate.shape)
    again, nearly = rates(come_to(patch, row, steadiest(row, rate), lasts), KICKED + lasts)
    ended = (again == 0) & (rate > 0)
    return np.where(ended, rate, again), np.where(ended, sure, nearly)


@dataclass(frozen=True)
class _Onset:
    """Where firing begins; NaN where the currents do not show it."""

    current: float = np.nan
    rate: float = np.nan
    again: float = np.nan
    width: float = np.nan
    type: int = 0


def _onset(patch: Excitable, row: Array, rate: Array, again: Array, lasts: float) -> _Onset:
    firing, still = np.flatnonzero(rate > 0), np.flatnonzero(again > 0)
    if not firing.size or firing[0] == 0:
        return _Onset()
    first = int(firing[0])
    width = _FINER * float(row[first] - row[first - 1])

    def fires(which: Array, sizes: Array) -> Array:
        return rates(held(patch, sizes, lasts), lasts)[0] > 0

    _, high = narrowed(fires, row[[first - 1]], row[[first]], lambda _: width)
    slowest, faster = rates(held(patch, high + np.array([0.0, _STEP * width]), lasts), lasts)[0]
    lowest = float(high[0])
    if still.size and 0 < still[0] <= first:
        strong = steadiest(row, rate)

        def goes_on(which: Array, sizes: Array) -> Array:
            return rates(come_to(patch, sizes, strong, lasts), KICKED + lasts)[0] > 0

        k = int(still[0])
        lowest = float(narrowed(goes_on, row[[k - 1]], row[[k]], lambda _: width)[1][0])
    kind = 0
    if slowest * lasts < 1e3 * _FEW:
        kind = 1
    elif slowest > _ALIKE * faster:
        kind = 2
    return _Onset(float(high[0]), float(slowest), min(lowest, float(high[0])), width, kind)


def _table(spikes: Spikes) -> Array:
    """(lanes, spikes): ms, NaN where a lane has fewer."""
    count = spikes.count
    times = np.full((spikes.lanes, max(1, int(count.max(initial=0)))), np.nan)
    which = np.arange(spikes.lane.size) - (np.cumsum(count) - count)[spikes.lane]
    times[spikes.lane, which] = spikes.time
    return times


def _most(sure: Array) -> float:
    known = sure[np.isfinite(sure)]
    return float(known.max()) if known.size else np.nan


def _summary(
    patch: Excitable, row: Array, rate: Array, again: Array, onset: _Onset, lasts: float
) -> str:
    said = (
        [say("{trouble}: it was begun at {V:g} mV", trouble=patch.trouble, V=patch.start["V"])]
        if patch.trouble
        else []
    )
    firing = np.flatnonzero(rate > 0)
    lost = int(np.isnan(rate).sum())
    if lost:
        said.append(
            say("{lost} of {size} currents could not be run to the end", lost=lost, size=row.size)
        )
    if not firing.size:
        said.append(say("It does not go on firing at {row} µA/cm²", row=between(row)))
        return ". ".join(said) + "."
    fastest = int(np.nanargmax(rate))
    begins = say(
        "It goes on firing from {row:g} µA/cm², at {rate:.4g} Hz",
        row=row[firing[0]],
        rate=rate[firing[0]],
    )
    if np.isfinite(onset.current):
        begins = say(
            "It goes on firing from {current:.4g} µA/cm², at {rate:.3g} Hz",
            current=onset.current,
            rate=onset.rate,
        )
        begins += {
            1: say(", as slowly as {lasts:g} ms can tell: type 1", lasts=lasts),
            2: say(" at once: type 2"),
            0: say("; whether it could begin more slowly does not show"),
        }[onset.type]
    said.append(begins)
    said.append(
        say("The fastest is {rate:.4g} Hz, at {row:g} µA/cm²", rate=rate[fastest], row=row[fastest])
    )
    if onset.type != 1 and onset.again < onset.current - 2 * onset.width:
        said.append(
            say(
                "Come to from firing it goes on down to {again:.4g} µA/cm²: bistable",
                again=onset.again,
            )
        )
    last = firing[-1]
    if last + 1 < row.size:
        said.append(
            say(
                "Above {row:g} µA/cm² nothing rises through {level:g} mV again and again: "
                "depolarisation_block tells what becomes of it",
                row=row[last],
                level=patch.level,
            )
        )
    return ". ".join(said) + "."


EXPERIMENT = Experiment(
    fi_curve, theme="firing", model="membrane",
    chart=Plan((Panel(("rate", "rate_from_firing"), marks=("onset",)),)),
    facts={
        "amplitude": Facts("uA/cm2", many=True), "duration": Facts("ms"), "threshold": Facts("mV"),
    },
)  # fmt: skip
