"""How much of a conductance a step of the potential opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UsageError
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

_STEPS = np.arange(-90.0, 61.0, 5.0)  # mV


def activation_curve(
    membrane: Membrane, voltage: Any = None, *, ion: str | None = None, holding: Any = HOLDING,
    duration: Any = 40.0,
) -> xarray.Dataset:  # fmt: skip
    """Peak conductance against the potential that is stepped to, and Boltzmann's curve through it.

    It is measured as in a laboratory: the peak of the current, over the driving force. Where a
    channel inactivates, its peak comes before it has opened as far as it would.

    Parameters
    ----------
    membrane : Membrane
    voltage : sequence of float, optional
        mV; from -90 to 60 in steps of 5 if not given.
    ion : str, optional
        The channel; ``Na`` where the membrane has one, else the first that has gates.
    holding : float
        mV before the step, all gates steady there.
    duration : float
        ms of the step.

    Returns
    -------
    xarray.Dataset
        ``conductance`` (mS/cm2) and the ``activation``, its part of the largest, over
        ``voltage``; ``boltzmann``, with ``half`` (mV) and ``slope`` (mV).

    Raises
    ------
    UsageError
        If the channel has no single reversal potential.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.activation_curve(lo.load("hodgkin-huxley-1952"), ion="K")
    >>> round(float(found.half), 1), round(float(found.slope), 1)
    (-19.5, 17.0)
    """
    patch = membrane_of(membrane, "activation_curve")
    row = varied(voltage, _STEPS, "mV", "voltage")
    level, lasts = one(holding, "mV", "holding"), one(duration, "ms", "duration", above=0.0)
    (channel,) = chosen(patch, ion, ("Na",))[:1]
    reversal = _reversal(patch, channel)
    value, when, precision = peaks(patch, [], Segment(lasts, row), level, [channel])
    force = row.values - reversal
    with np.errstate(divide="ignore", invalid="ignore"):
        conductance = np.where(np.abs(force) < 1e-6, np.nan, value / force)
    part = conductance / np.nanmax(conductance)
    fit = boltzmann(row.values, part)
    return dataset(
        EXPERIMENT, f"Activation of {channel}",
        {
            "activation": ("voltage", part, told(
                "1", f"part of the largest conductance of {channel}", label="measured",
            )),
            "boltzmann": ("voltage", fit(row.values), told("1", "Boltzmann's curve", label=(
                "Boltzmann"
            ))),
            "conductance": ("voltage", conductance, told(
                "mS/cm2", f"peak conductance of {channel}", precision=precision,
            )),
            "peak_time": ("voltage", when, told("ms", "time of the peak")),
            "half": ((), fit.half, told("mV", "half-activation")),
            "slope": ((), fit.slope, told("mV", "slope of Boltzmann's curve")),
        },
        {"voltage": ("voltage", row.values, told("mV", "command"))},
        patch, kind=channel, summary=_summary(channel, fit.half, fit.slope),
    )  # fmt: skip


def _reversal(membrane: Membrane, channel: str) -> float:
    known = membrane.parameters.get(f"E_{channel}")
    if known is None:
        raise UsageError(
            f"channel {channel} has no reversal potential that stands still, so its current says "
            "no conductance; choose another with ion=..."
        )
    return float(known.value)  # type: ignore[arg-type]


def _summary(channel: str, half: float, slope: float) -> str:
    if not np.isfinite(half):
        return f"The conductance of {channel} does not come half way: no curve fits it."
    return f"{channel} is half activated at {half:.1f} mV, with a slope of {slope:.1f} mV."


EXPERIMENT = Experiment(
    activation_curve, theme="voltage clamp", model="membrane",
    chart=Plan((Panel(("activation",), ("boltzmann",)),)),
    facts={
        "voltage": Facts("mV", many=True), "holding": Facts("mV"), "duration": Facts("ms"),
        "ion": Facts(),
    },
)  # fmt: skip
