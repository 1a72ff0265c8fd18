"""Two pulses with a pause between them: how a conductance recovers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.fits import recovery
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import (
    HOLDING,
    Segment,
    chosen,
    membrane_of,
    one,
    peaks,
    varied,
)
from loligo.experiments.plan import Panel, Plan
from loligo.model import Membrane

if TYPE_CHECKING:
    import xarray

_INTERVALS = np.geomspace(0.5, 100.0, 24)  # ms
_TEST = 20.0  # ms


def recovery_from_inactivation(
    membrane: Membrane, interval: Any = None, *, ion: str | None = None, test: Any = 0.0,
    prepulse: Any = 50.0, holding: Any = HOLDING,
) -> xarray.Dataset:  # fmt: skip
    """Peak current of a second pulse as a part of the first, against the pause between them.

    Parameters
    ----------
    membrane : Membrane
    interval : sequence of float, optional
        ms at the holding potential between the pulses; from 0.5 to 100 if not given.
    ion : str, optional
        The channel; ``Na`` where the membrane has one, else the first that has gates.
    test : float
        mV of both pulses.
    prepulse : float
        ms of the first, which inactivates.
    holding : float
        mV before and between them.

    Returns
    -------
    xarray.Dataset
        ``recovered`` over ``interval``, and an exponential through it with its ``tau`` (ms).

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.recovery_from_inactivation(lo.load("hodgkin-huxley-1952"))
    >>> round(float(found.tau), 1)
    8.5
    """
    patch = membrane_of(membrane, "recovery_from_inactivation")
    row = varied(interval, _INTERVALS, "ms", "interval")
    level, pulse = one(holding, "mV", "holding"), one(test, "mV", "test")
    lasts = one(prepulse, "ms", "prepulse", above=0.0)
    (channel,) = chosen(patch, ion, ("Na",))[:1]
    step = Segment(_TEST, pulse)
    first, _, _ = peaks(patch, [], step, level, [channel])
    before = [Segment(lasts, pulse), Segment(row, level)]
    second, _, precision = peaks(patch, before, step, level, [channel])
    part = second / first[0] if first[0] else np.full(second.shape, np.nan)
    start, tau = recovery(row.values, part)
    return dataset(
        EXPERIMENT, f"Recovery of {channel} from inactivation",
        {
            "recovered": ("interval", part, told(
                "1", "second peak as a part of the first", label="measured",
                precision=abs(precision / first[0]) if first[0] else 0.0,
            )),
            "exponential": (
                "interval", 1 - (1 - start) * np.exp(-row.values / tau),
                told("1", "exponential", label="exponential"),
            ),
            "tau": ((), tau, told("ms", "time constant of the recovery")),
        },
        {"interval": ("interval", row.values, told("ms", "pause between the pulses"))},
        patch, kind=channel, summary=_summary(channel, part, tau),
    )  # fmt: skip


def _summary(channel: str, part: np.ndarray, tau: float) -> str:
    if not np.isfinite(tau):
        return f"The first pulse does not inactivate {channel}."
    return f"{channel} recovers with a time constant of {tau:.3g} ms."


EXPERIMENT = Experiment(
    recovery_from_inactivation, theme="voltage clamp", model="membrane",
    chart=Plan((Panel(("recovered",), ("exponential",), log="x"),)),
    facts={
        "interval": Facts("ms", many=True), "holding": Facts("mV"), "test": Facts("mV"),
        "prepulse": Facts("ms"), "ion": Facts(),
    },
)  # fmt: skip
