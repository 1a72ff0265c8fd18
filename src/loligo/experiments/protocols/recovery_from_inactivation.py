"""Two pulses with a pause between them: how a conductance recovers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.clamps import HOLDING, Segment, chosen, current_of, level, peaks
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.fits import misfit, recovery
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import membrane_of, one, varied
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.runs import protocol
from loligo.model import Membrane
from loligo.words import say

if TYPE_CHECKING:
    import xarray

_INTERVALS = np.geomspace(0.5, 100.0, 24)  # ms
_TEST = 20.0  # ms
_INACTIVATED = 0.99  # of the first peak: less is left where the first pulse inactivates


@protocol("measuring currents")
def recovery_from_inactivation(
    membrane: Membrane, interval: Any = None, *, ion: str | None = None, test: Any = 0.0,
    prepulse: Any = 50.0, holding: Any = HOLDING, progress: bool | None = None
) -> xarray.Dataset:  # fmt: skip
    """Peak current of a second pulse as a part of the first, against the pause between them.

    Parameters
    ----------
    membrane : Membrane
    interval : sequence of float, optional
        ms at the holding potential between the pulses; from 0.5 to 100 if not given.
    ion : str, optional
        The channel; ``Na`` where the membrane has one, else the first that is no leak.
    test : float
        mV of both pulses.
    prepulse : float
        ms of the first, which inactivates; the second lasts 20 ms.
    holding : float
        mV before and between them, all gates steady there before; for a model whose rest is
        elsewhere than near -65 mV give another.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        ``recovered``, the second peak as a part of the first, over ``interval``; ``exponential``,
        1 - (1 - start) exp(-interval/tau) nearest to it, with ``tau`` (ms), ``start`` and
        ``misfit``, the root of the mean square between the two; the ``current`` (uA/cm2) of the
        second pulse over (``interval``, ``time``).

    Raises
    ------
    UsageError
        If it is no membrane, or its parameters vary, or there is no such channel.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.recovery_from_inactivation(lo.load("hodgkin-huxley-1952"))
    >>> round(float(found.tau), 1)
    8.5
    """
    patch = membrane_of(membrane, "recovery_from_inactivation")
    row = varied(interval, _INTERVALS, "ms", "interval", above=0.0).values
    held, pulse = level(holding, "holding"), level(test, "test")
    lasts = one(prepulse, "ms", "prepulse", above=0.0)
    channel = chosen(patch, ion)[0]
    before = Segment.held(patch, pulse, lasts, held)
    first = peaks(before, lambda course: current_of(course, [channel]))
    paused = _paused(before, held, row)
    again = Segment(patch, np.full(row.size, pulse), _TEST, paused)
    second = peaks(again, lambda course: current_of(course, [channel]))
    size = float(first.value[0])
    part = second.value / size if size else np.full(row.size, np.nan)
    start, tau = _recovery(row, part)
    curve = 1 - (1 - start) * np.exp(-row / tau)
    return dataset(
        EXPERIMENT, f"Recovery of {channel} from inactivation",
        {
            "recovered": ("interval", part, told(
                "1", "second peak as a part of the first", label="measured",
                precision=abs(second.precision / size) if size else 0.0,
            )),
            "exponential": ("interval", curve, told("1", "exponential", label="exponential")),
            "tau": ((), tau, told("ms", "time constant of the recovery")),
            "start": ((), start, told("1", "what the exponential begins with")),
            "misfit": ((), misfit(curve, part), told("1", "misfit, root mean square")),
            "current": (("interval", "time"), second.course, told("uA/cm2", f"I_{channel}")),
        },
        {
            "interval": ("interval", row, told("ms", "pause between the pulses")),
            "time": ("time", second.time, told("ms", "time from the second pulse")),
        },
        patch, kind=channel, summary=_summary(channel, size, tau, held),
    )  # fmt: skip


def _recovery(row: np.ndarray, part: np.ndarray) -> tuple[float, float]:
    """How it begins, and the time constant; NaN where nothing was inactivated, or the pauses are
    all far from it."""
    start, tau = recovery(row, part)
    sought = np.nanmin(part, initial=1.0) < _INACTIVATED and row[0] / 100 < tau < row[-1] * 100
    return (start, tau) if sought else (float("nan"), float("nan"))


def _paused(pulse: Segment, held: float, intervals: np.ndarray) -> Mapping[str, np.ndarray]:
    """Where the membrane is after each pause: each goes on from the one before."""
    ends, last = [], pulse
    for lasts in np.diff(intervals, prepend=0.0):
        last = last.then(held, float(lasts))
        ends.append(last.end)
    return {name: np.concatenate([end[name] for end in ends]) for name in ends[0]}


def _summary(channel: str, size: float, tau: float, held: float) -> str:
    if not size:
        return say("No current flows through {channel} in the pulses.", channel=channel)
    if not np.isfinite(tau):
        return say(
            "The first pulse does not inactivate {channel}, or there are too few pauses.",
            channel=channel,
        )
    return say(
        "At {held:g} mV {channel} recovers with a time constant of {tau:.4g} ms.",
        held=held,
        channel=channel,
        tau=tau,
    )


EXPERIMENT = Experiment(
    recovery_from_inactivation, theme="voltage clamp", model="membrane",
    chart=Plan((Panel(("recovered",), ("exponential",), log="x"),)),
    facts={
        "interval": Facts("ms", many=True), "holding": Facts("mV"), "test": Facts("mV"),
        "prepulse": Facts("ms"), "ion": Facts(),
    },
)  # fmt: skip
