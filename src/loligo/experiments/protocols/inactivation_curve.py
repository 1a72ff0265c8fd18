"""How much of a conductance a prepulse leaves: Hodgkin & Huxley's h."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.fits import boltzmann
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

_PREPULSES = np.arange(-120.0, 1.0, 5.0)  # mV


def inactivation_curve(
    membrane: Membrane, voltage: Any = None, *, ion: str | None = None, test: Any = 0.0,
    prepulse: Any = 500.0, holding: Any = HOLDING,
) -> xarray.Dataset:  # fmt: skip
    """Peak current at a test potential against a long prepulse before it, and Boltzmann's curve.

    As in Hodgkin & Huxley 1952, J. Physiol. 116:497 (doi:10.1113/jphysiol.1952.sp004719), figure 5.

    Parameters
    ----------
    membrane : Membrane
    voltage : sequence of float, optional
        mV of the prepulse; from -120 to 0 in steps of 5 if not given.
    ion : str, optional
        The channel; ``Na`` where the membrane has one, else the first that has gates.
    test : float
        mV of the test pulse.
    prepulse : float
        ms that the prepulse lasts.
    holding : float
        mV before it.

    Returns
    -------
    xarray.Dataset
        ``available``, the part of the largest current that is left, over ``voltage``;
        ``boltzmann``, with ``half`` (mV) and ``slope`` (mV, below 0 where prepulses inactivate).

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.inactivation_curve(lo.load("hodgkin-huxley-1952"))
    >>> round(float(found.half), 1), round(float(found.slope), 1)
    (-61.8, -7.3)
    """
    patch = membrane_of(membrane, "inactivation_curve")
    row = varied(voltage, _PREPULSES, "mV", "voltage")
    level, pulse = one(holding, "mV", "holding"), one(test, "mV", "test")
    lasts = one(prepulse, "ms", "prepulse", above=0.0)
    (channel,) = chosen(patch, ion, ("Na",))[:1]
    before, step = [Segment(lasts, row)], Segment(_TEST, pulse)
    value, _, precision = peaks(patch, before, step, level, [channel])
    largest = value[np.abs(value).argmax()]
    part = value / largest if largest else np.full(value.shape, np.nan)
    fit = boltzmann(row.values, part)
    return dataset(
        EXPERIMENT, f"Inactivation of {channel}",
        {
            "available": ("voltage", part, told(
                "1", f"part of the current of {channel} that is left", label="measured",
                precision=abs(precision / largest) if largest else 0.0,
            )),
            "boltzmann": ("voltage", fit(row.values), told("1", "Boltzmann's curve", label=(
                "Boltzmann"
            ))),
            "peak": ("voltage", value, told("uA/cm2", "peak current of the test pulse")),
            "half": ((), fit.half, told("mV", "half-inactivation")),
            "slope": ((), fit.slope, told("mV", "slope of Boltzmann's curve")),
        },
        {"voltage": ("voltage", row.values, told("mV", "prepulse"))},
        patch, kind=channel, summary=_summary(channel, fit.half, fit.slope),
    )  # fmt: skip


_TEST = 20.0  # ms


def _summary(channel: str, half: float, slope: float) -> str:
    if not np.isfinite(half):
        return f"Prepulses do not halve the current of {channel}."
    what = "inactivated" if slope < 0 else "left"
    return f"{channel} is half {what} at {half:.1f} mV, with a slope of {slope:.1f} mV."


EXPERIMENT = Experiment(
    inactivation_curve, theme="voltage clamp", model="membrane",
    chart=Plan((Panel(("available",), ("boltzmann",)),)),
    facts={
        "voltage": Facts("mV", many=True), "holding": Facts("mV"), "test": Facts("mV"),
        "prepulse": Facts("ms"), "ion": Facts(),
    },
)  # fmt: skip
