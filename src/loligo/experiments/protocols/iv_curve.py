"""Current against potential: the peak of the inward current, and what stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.clamps import (
    HOLDING,
    Segment,
    chosen,
    crossing,
    current_of,
    ions,
    level,
    levels,
    peaks,
    written,
)
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import membrane_of, one
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.runs import protocol
from loligo.model import Membrane
from loligo.words import say

if TYPE_CHECKING:
    import xarray

    from loligo.experiments.clamps import Peaks

_STEPS = np.arange(-90.0, 81.0, 5.0)  # mV


@protocol("measuring currents")
def iv_curve(
    membrane: Membrane, voltage: Any = None, *, holding: Any = HOLDING, duration: Any = 40.0,
    ion: str | None = None, progress: bool | None = None
) -> xarray.Dataset:  # fmt: skip
    """Peak inward and steady current against the potential that is stepped to.

    Parameters
    ----------
    membrane : Membrane
    voltage : sequence of float, optional
        mV; from -90 to 80 in steps of 5 if not given.
    holding : float
        mV before the step, all gates steady there; for a model whose rest is elsewhere than near
        -65 mV give another.
    duration : float
        ms of the step; the steady current is that at its end.
    ion : str, optional
        The channel whose peak is looked for; ``Na`` where the membrane has one, else all but the
        leak together.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        ``peak_inward`` (uA/cm2): of one channel the current furthest from 0, outward beyond its
        reversal; of several together the lowest. ``peak_time`` (ms). ``steady``, of all channels
        but the leak, at the end. The potential at which the peak turns outward, ``reversal``
        (mV, NaN if it does not). ``current``: that whose peak it is, over (``voltage``, ``time``).

    Raises
    ------
    UsageError
        If it is no membrane, or its parameters vary, or there is no such channel.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.iv_curve(lo.load("hodgkin-huxley-1952"), voltage=[0, 50])
    >>> found.peak_inward.values.round(1).tolist()
    [-1456.8, 0.0]
    """
    patch = membrane_of(membrane, "iv_curve")
    row, held = levels(voltage, _STEPS), level(holding, "holding")
    lasts = one(duration, "ms", "duration", above=0.0)
    channels, every = chosen(patch, ion), ions(patch)

    def measured(steps: Any) -> Peaks:
        step = Segment.held(patch, steps, lasts, held)
        return peaks(step, lambda course: current_of(course, channels), inward=len(channels) > 1)

    peak = measured(row)
    steady = current_of(Segment.held(patch, row, lasts, held).course(1), every)[:, -1]
    turn = crossing(row, peak.value, lambda steps: measured(steps).value)
    named = written(channels)
    return dataset(
        EXPERIMENT, "Current and potential",
        {
            "peak_inward": ("voltage", peak.value, told(
                "uA/cm2", f"peak of {named}", label="peak", precision=peak.precision,
            )),
            "steady": ("voltage", steady, told(
                "uA/cm2", f"current after {lasts:g} ms", label="steady",
            )),
            "peak_time": ("voltage", peak.when, told("ms", "time of the peak")),
            "reversal": ((), turn, told(
                "mV", "potential at which the peak turns outward", label="reversal",
            )),
            "current": (("voltage", "time"), peak.course, told("uA/cm2", named)),
        },
        {
            "voltage": ("voltage", row, told("mV", "command")),
            "time": ("time", peak.time, told("ms", "time from the step")),
        },
        patch, summary=_summary(row, peak.value, turn, named, held),
    )  # fmt: skip


def _summary(
    row: np.ndarray, value: np.ndarray, turn: float, named: str, held: float
) -> str:  # fmt: skip
    deep = int(np.argmin(np.where(np.isfinite(value), value, np.inf)))
    start = say("From {held:g} mV, {named} is", held=held, named=named)
    if not value[deep] < 0:
        return say(
            "{start} not inward at any potential from {low:g} to {high:g} mV.",
            start=start,
            low=row.min(),
            high=row.max(),
        )
    said = say(
        "{start} most inward at {row:g} mV, {value:.6g} µA/cm²",
        start=start,
        row=row[deep],
        value=value[deep],
    )
    if np.isfinite(turn):
        return say("{said}, and turns outward at {turn:.4g} mV.", said=said, turn=turn)
    return say("{said}, and does not turn outward up to {high:g} mV.", said=said, high=row.max())


EXPERIMENT = Experiment(
    iv_curve, theme="voltage clamp", model="membrane",
    chart=Plan((
        Panel(
            ("peak_inward", "steady"), across="voltage", heading="Current", marks=("reversal",),
            zero=True,
        ),
    )),
    facts={
        "voltage": Facts("mV", many=True), "holding": Facts("mV"), "duration": Facts("ms"),
        "ion": Facts(),
    },
)  # fmt: skip
