"""Tails: the current that is left while the channels which a prepulse opened close again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.clamps import (
    HOLDING,
    Segment,
    chosen,
    crossing,
    current_of,
    level,
    levels,
    written,
)
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.fits import decay, misfit
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import membrane_of, one
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.runs import protocol
from loligo.model import Membrane
from loligo.words import say

if TYPE_CHECKING:
    import xarray

_TAILS = np.arange(-120.0, -9.0, 10.0)  # mV
_SAMPLES = 1000  # of a tail
_SHORTER = 30.0  # times, whenever a tail was over too soon
_LOOKS = 4
_SURE = 1e-7  # of the largest current


@protocol("measuring currents")
def tail_currents(
    membrane: Membrane, voltage: Any = None, *, ion: str | None = None, prepulse: Any = 20.0,
    prepulse_duration: Any = 10.0, duration: Any = 10.0, holding: Any = HOLDING,
    progress: bool | None = None,
) -> xarray.Dataset:  # fmt: skip
    """Currents after a prepulse: the instantaneous current, its reversal, and how channels close.

    At the step the channels are as the prepulse left them, so that the first current tells the
    driving force alone (Hodgkin & Huxley 1952, J. Physiol. 116:473,
    doi:10.1113/jphysiol.1952.sp004718).

    Parameters
    ----------
    membrane : Membrane
    voltage : sequence of float, optional
        mV of the tails; from -120 to -10 in steps of 10 if not given.
    ion : str, optional
        The channel; ``K`` where the membrane has one, since it stays open, else ``Na``, else the
        first that is no leak. A channel that inactivates wants a shorter ``prepulse_duration``.
    prepulse : float
        mV of the prepulse, which opens.
    prepulse_duration : float
        ms that it lasts.
    duration : float
        ms of the tails.
    holding : float
        mV before the prepulse, all gates steady there; for a model whose rest is elsewhere than
        near -65 mV give another.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        ``current`` (uA/cm2) over (``voltage``, ``time``); ``instantaneous`` (uA/cm2), how it
        begins, and ``tau`` (ms), that of the exponential nearest to it, with its ``misfit``
        (uA/cm2, root mean square) and the time ``fitted`` (ms; the whole tail unless it is over
        much sooner), over ``voltage``; ``reversal`` (mV), where the instantaneous current is 0.
        NaN where there is none.

    Raises
    ------
    UsageError
        If it is no membrane, or its parameters vary, or there is no such channel.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.tail_currents(lo.load("hodgkin-huxley-1952"))
    >>> round(float(found.reversal), 6)
    -77.0
    """
    patch = membrane_of(membrane, "tail_currents")
    row, held = levels(voltage, _TAILS), level(holding, "holding")
    before = one(prepulse_duration, "ms", "prepulse_duration", above=0.0)
    lasts = one(duration, "ms", "duration", above=0.0)
    channels = chosen(patch, ion, ("K", "Na"))[:1]
    opened = Segment.held(patch, level(prepulse, "prepulse"), before, held)
    whole = opened.then(row, lasts).course(_SAMPLES)
    tail, time = current_of(whole, channels), whole.time
    tau, off, fitted = _decays(opened.then(row, lasts), channels)
    at_once = tail[:, 0]

    def instantaneous(steps: Any) -> np.ndarray:
        return current_of(opened.then(steps, lasts).course(1), channels)[:, 0]

    turn = crossing(row, at_once, instantaneous)
    named = written(channels)
    return dataset(
        EXPERIMENT, f"Tails of {named}",
        {
            "current": (("voltage", "time"), tail, told("uA/cm2", f"{named}, tail")),
            "instantaneous": ("voltage", at_once, told(
                "uA/cm2", f"{named} at once", precision=_SURE * float(np.nanmax(np.abs(at_once))),
            )),
            "tau": ("voltage", tau, told("ms", "time constant of the tail")),
            "misfit": ("voltage", off, told(
                "uA/cm2", "misfit of the exponential, root mean square",
            )),
            "fitted": ("voltage", fitted, told("ms", "how much of the tail was fitted")),
            "reversal": ((), turn, told("mV", "reversal potential", label="reversal")),
        },
        {
            "voltage": ("voltage", row, told("mV", "potential of the tail")),
            "time": ("time", time, told("ms", "time from the end of the prepulse")),
        },
        patch, kind=channels[0], summary=_summary(channels[0], row, turn, tau),
    )  # fmt: skip


def _decays(
    tails: Segment, channels: list[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Time constant, misfit and fitted time of each tail. What is over before a hundredth of it
    has passed is looked at again, for a shorter time."""
    tau, off = np.full((2, tails.voltage.size), np.nan)
    fitted = np.full(tau.shape, tails.duration)
    which = np.arange(tau.size)
    for shorter in _SHORTER ** np.arange(_LOOKS):
        if not which.size:
            break
        lasts = tails.duration / shorter
        course = replace(tails.only(which), duration=lasts).course(_SAMPLES)
        for k, curve in zip(which, current_of(course, channels), strict=True):
            size, tau[k], rest = decay(course.time, curve)
            off[k] = misfit(rest + size * np.exp(-course.time / tau[k]), curve)
            fitted[k] = lasts
        which = which[~(tau[which] > lasts / 100)]
    fitted[np.isnan(tau)] = np.nan
    return tau, off, fitted


def _summary(channel: str, row: np.ndarray, turn: float, tau: np.ndarray) -> str:
    reverses = (
        say("The tails of {channel} reverse at {turn:.5g} mV", channel=channel, turn=turn)
        if np.isfinite(turn)
        else say(
            "The tails of {channel} do not reverse from {low:g} to {high:g} mV",
            channel=channel,
            low=row.min(),
            high=row.max(),
        )
    )
    known = np.flatnonzero(np.isfinite(tau))
    if not known.size:
        return say("{reverses}, and none of them decays.", reverses=reverses)
    first, last = known[0], known[-1]
    decays = say("decay with {tau:.3g} ms at {row:g} mV", tau=tau[first], row=row[first])
    if last != first:
        decays += say(" and {tau:.3g} ms at {row:g} mV", tau=tau[last], row=row[last])
    return say("{reverses}; they {decays}.", reverses=reverses, decays=decays)


EXPERIMENT = Experiment(
    tail_currents, theme="voltage clamp", model="membrane",
    chart=Plan((
        Panel(("current",), lines="voltage", zero=True, weight=1.5),
        Panel(("instantaneous",), marks=("reversal",), zero=True),
    )),
    facts={
        "voltage": Facts("mV", many=True), "holding": Facts("mV"), "prepulse": Facts("mV"),
        "prepulse_duration": Facts("ms"), "duration": Facts("ms"), "ion": Facts(),
    },
)  # fmt: skip
