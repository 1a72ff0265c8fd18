"""How much of a current a prepulse leaves: Hodgkin & Huxley's h."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.clamps import (
    HOLDING,
    Segment,
    chosen,
    current_of,
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

_PREPULSES = np.arange(-120.0, 1.0, 5.0)  # mV
_TEST = 20.0  # ms


@protocol("measuring currents")
def inactivation_curve(
    membrane: Membrane, voltage: Any = None, *, ion: str | None = None, test: Any = 0.0,
    prepulse: Any = 500.0, holding: Any = HOLDING, progress: bool | None = None
) -> xarray.Dataset:  # fmt: skip
    """Peak current at a test potential against a long prepulse before it, and Boltzmann's curve.

    As in Hodgkin & Huxley 1952, J. Physiol. 116:497 (doi:10.1113/jphysiol.1952.sp004719), figure 5.

    Parameters
    ----------
    membrane : Membrane
    voltage : sequence of float, optional
        mV of the prepulse; from -120 to 0 in steps of 5 if not given.
    ion : str, optional
        The channel; ``Na`` where the membrane has one, else the first that is no leak.
    test : float
        mV of the test pulse, which lasts 20 ms.
    prepulse : float
        ms that the prepulse lasts.
    holding : float
        mV before it, all gates steady there; after a long prepulse it hardly matters.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        ``peak`` (uA/cm2) of the test pulse and ``available``, its part of the largest, over
        ``voltage``; ``boltzmann``, 1/(1 + exp(-(V - V_half)/slope)) nearest to it, with ``V_half``
        (mV), ``slope`` (mV, below 0 where prepulses inactivate) and ``misfit``, the root of the
        mean square between the two; the ``current`` of the test pulse over (``voltage``, ``time``).

    Raises
    ------
    UsageError
        If it is no membrane, or its parameters vary, or there is no such channel.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.inactivation_curve(lo.load("hodgkin-huxley-1952"))
    >>> round(float(found.V_half), 1), round(float(found.slope), 1)
    (-61.8, -7.3)
    """
    patch = membrane_of(membrane, "inactivation_curve")
    row, held = levels(voltage, _PREPULSES), level(holding, "holding")
    pulse, lasts = level(test, "test"), one(prepulse, "ms", "prepulse", above=0.0)
    channel = chosen(patch, ion)[0]
    step = Segment.held(patch, row, lasts, held).then(pulse, _TEST)
    peak = peaks(step, lambda course: current_of(course, [channel]))
    largest = float(peak.value[np.nanargmax(np.abs(peak.value))])
    part = peak.value / largest if largest else np.full(peak.value.shape, np.nan)
    fit = boltzmann(row, part)
    return dataset(
        EXPERIMENT, f"Inactivation of {channel}",
        {
            "available": ("voltage", part, told(
                "1", f"part of I_{channel} that a prepulse leaves", label="measured",
                precision=abs(peak.precision / largest) if largest else 0.0,
            )),
            "boltzmann": ("voltage", fit(row), told("1", "Boltzmann's curve", label=(
                "Boltzmann"
            ))),
            "peak": ("voltage", peak.value, told(
                "uA/cm2", "peak current of the test pulse", precision=peak.precision,
            )),
            "V_half": ((), fit.half, told("mV", "half-inactivation", label="half")),
            "slope": ((), fit.slope, told("mV", "slope of Boltzmann's curve")),
            "misfit": ((), misfit(fit(row), part), told("1", "misfit, root mean square")),
            "current": (("voltage", "time"), peak.course, told("uA/cm2", f"I_{channel}")),
        },
        {
            "voltage": ("voltage", row, told("mV", "prepulse")),
            "time": ("time", peak.time, told("ms", "time from the test pulse")),
        },
        patch, kind=channel, summary=_summary(channel, largest, part, fit),
    )  # fmt: skip


def _summary(channel: str, largest: float, part: np.ndarray, fit: Boltzmann) -> str:
    if not largest:
        return say(
            "No current flows through {channel} in the test pulse, whatever the prepulse.",
            channel=channel,
        )
    if not np.isfinite(fit.half):
        least = float(np.nanmin(part))
        return say(
            "Prepulses do not halve I_{channel}, or there are fewer than three of them: at "
            "least {least:.3g} % of the largest is left, and no curve fits it.",
            channel=channel,
            least=100 * least,
        )
    if fit.slope < 0:
        return say(
            "Prepulses to {half:.4g} mV inactivate half of {channel}; Boltzmann's slope is "
            "{slope:.4g} mV.",
            half=fit.half,
            channel=channel,
            slope=fit.slope,
        )
    return say(
        "Prepulses do not inactivate {channel}, they open it: half of the largest "
        "current is left by one to {half:.4g} mV; Boltzmann's slope is {slope:.4g} mV.",
        channel=channel,
        half=fit.half,
        slope=fit.slope,
    )


EXPERIMENT = Experiment(
    inactivation_curve, theme="voltage clamp", model="membrane",
    chart=Plan((Panel(("available",), ("boltzmann",), marks=("V_half",)),)),
    facts={
        "voltage": Facts("mV", many=True), "holding": Facts("mV"), "test": Facts("mV"),
        "prepulse": Facts("ms"), "ion": Facts(),
    },
)  # fmt: skip
