"""How much of a conductance a step of the potential opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UsageError
from loligo.experiments.clamps import (
    HOLDING,
    Segment,
    chosen,
    conducts,
    level,
    levels,
    peaks,
)
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.fits import boltzmann, misfit
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import membrane_of, one
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.runs import protocol
from loligo.model import Membrane
from loligo.words import say

if TYPE_CHECKING:
    import xarray

    from loligo.experiments.fits import Boltzmann

_STEPS = np.arange(-90.0, 61.0, 5.0)  # mV


@protocol("measuring currents")
def activation_curve(
    membrane: Membrane, voltage: Any = None, *, ion: str | None = None, holding: Any = HOLDING,
    duration: Any = 40.0, progress: bool | None = None
) -> xarray.Dataset:  # fmt: skip
    """Peak conductance against the potential that is stepped to, and Boltzmann's curve through it.

    It is what a laboratory measures: the peak of the current over the driving force. Where a
    channel inactivates, its peak comes before it has opened as far as it would.

    Parameters
    ----------
    membrane : Membrane
    voltage : sequence of float, optional
        mV; from -90 to 60 in steps of 5 if not given.
    ion : str, optional
        The channel; ``Na`` where the membrane has one, else the first that is no leak.
    holding : float
        mV before the step, all gates steady there; for a model whose rest is elsewhere than near
        -65 mV give another.
    duration : float
        ms of the step.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        ``conductance`` (mS/cm2), its peak, and the ``activation``, its part of the largest, over
        ``voltage``; ``boltzmann``, 1/(1 + exp(-(V - V_half)/slope)) nearest to it, with ``V_half``
        (mV), ``slope`` (mV) and ``misfit``, the root of the mean square between the two;
        ``peak_time`` (ms); ``course`` of the conductance over (``voltage``, ``time``).

    Raises
    ------
    UsageError
        If it is no membrane, or its parameters vary, or the channel's current is no conductance
        times a driving force.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.activation_curve(lo.load("hodgkin-huxley-1952"), ion="K")
    >>> round(float(found.V_half), 1), round(float(found.slope), 1)
    (-19.5, 17.0)
    """
    patch = membrane_of(membrane, "activation_curve")
    row, held = levels(voltage, _STEPS), level(holding, "holding")
    lasts = one(duration, "ms", "duration", above=0.0)
    channel = chosen(patch, ion)[0]
    if not conducts(patch, channel):
        raise UsageError(
            f"channel {channel} gives its current as a formula, which says no conductance; choose "
            "another with ion=..., or look at its current with iv_curve"
        )
    step = Segment.held(patch, row, lasts, held)
    peak = peaks(step, lambda course: course[f"G_{channel}"])
    largest = np.nanmax(peak.value, initial=0.0)
    part = peak.value / largest if largest else np.full(peak.value.shape, np.nan)
    fit = boltzmann(row, part)
    return dataset(
        EXPERIMENT, f"Activation of {channel}",
        {
            "activation": ("voltage", part, told(
                "1", f"part of the largest conductance of {channel}", label="measured",
                precision=peak.precision / largest if largest else 0.0,
            )),
            "boltzmann": ("voltage", fit(row), told("1", "Boltzmann's curve", label=(
                "Boltzmann"
            ))),
            "conductance": ("voltage", peak.value, told(
                "mS/cm2", f"peak conductance of {channel}", precision=peak.precision,
            )),
            "peak_time": ("voltage", peak.when, told("ms", "time of the peak")),
            "V_half": ((), fit.half, told("mV", "half-activation", label="half")),
            "slope": ((), fit.slope, told("mV", "slope of Boltzmann's curve")),
            "misfit": ((), misfit(fit(row), part), told("1", "misfit, root mean square")),
            "course": (("voltage", "time"), peak.course, told(
                "mS/cm2", f"conductance of {channel}",
            )),
        },
        {
            "voltage": ("voltage", row, told("mV", "command")),
            "time": ("time", peak.time, told("ms", "time from the step")),
        },
        patch, kind=channel, summary=_summary(channel, largest, part, fit),
    )  # fmt: skip


def _summary(channel: str, largest: float, part: np.ndarray, fit: Boltzmann) -> str:
    if not largest:
        return say("{channel} does not conduct at any of the potentials.", channel=channel)
    if np.isfinite(fit.half):
        return say(
            "{channel} conducts up to {largest:.4g} mS/cm². Boltzmann's curve through the "
            "parts of it has its half at {half:.4g} mV and a slope of {slope:.4g} mV.",
            channel=channel,
            largest=largest,
            half=fit.half,
            slope=fit.slope,
        )
    known = part[np.isfinite(part)]
    if np.ptp(known) < 1e-6 and known.size > 1:
        return say(
            "The conductance of {channel} is the same at all potentials: {largest:.4g} mS/cm².",
            channel=channel,
            largest=largest,
        )
    return say(
        "The conductance of {channel} does not come to half of its most between these "
        "potentials, or not as Boltzmann's curve does, or there are fewer than three: "
        "no curve fits it.",
        channel=channel,
    )


EXPERIMENT = Experiment(
    activation_curve, theme="voltage clamp", model="membrane",
    chart=Plan((Panel(("activation",), ("boltzmann",), marks=("V_half",)),)),
    facts={
        "voltage": Facts("mV", many=True), "holding": Facts("mV"), "duration": Facts("ms"),
        "ion": Facts(),
    },
)  # fmt: skip
