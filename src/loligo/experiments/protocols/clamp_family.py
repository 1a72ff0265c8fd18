"""The currents of a membrane whose potential is stepped: Hodgkin & Huxley's family of curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import (
    HOLDING,
    Segment,
    clamped,
    current_of,
    membrane_of,
    one,
    varied,
)
from loligo.experiments.plan import Panel, Plan
from loligo.model import Membrane

if TYPE_CHECKING:
    import xarray

_STEPS = np.arange(-90.0, 61.0, 10.0)  # mV
_SHOWN = 1000  # samples of a step


def clamp_family(
    membrane: Membrane, voltage: Any = None, *, holding: Any = HOLDING, duration: Any = 12.0
) -> xarray.Dataset:
    """The ionic current at each of a family of potentials, stepped to from a holding potential.

    The clamp is ideal: V is the command at once, and the charge that this takes flows in no time,
    so that it hides nothing (Hodgkin & Huxley 1952, J. Physiol. 116:424,
    doi:10.1113/jphysiol.1952.sp004716).

    Parameters
    ----------
    membrane : Membrane
    voltage : sequence of float, optional
        mV; from -90 to 60 in steps of 10 if not given.
    holding : float
        mV before the step, all gates steady there.
    duration : float
        ms of the step.

    Returns
    -------
    xarray.Dataset
        ``I_ionic`` and every channel's current (uA/cm2, inward negative) over (``voltage``,
        ``time``), the step at 0 ms; ``charge`` (nC/cm2) that the step of V itself takes.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> found = lo.experiments.clamp_family(squid, voltage=[-20, 0, 20])
    >>> found.I_Na.min("time").values.round(0).tolist()
    [-1238.0, -1457.0, -1115.0]
    """
    patch = membrane_of(membrane, "clamp_family")
    row = varied(voltage, _STEPS, "mV", "voltage")
    level, lasts = one(holding, "mV", "holding"), one(duration, "ms", "duration", above=0.0)
    names = [channel.name for channel in patch.channels]
    rec = clamped(
        patch, [Segment(lasts, row)], level, [f"I_{name}" for name in names],
        lasts / _SHOWN,
    )  # fmt: skip
    dims = ("voltage", "time")
    capacitance = float(patch.parameters["C_m"].value)  # type: ignore[arg-type]
    found = {
        "I_ionic": (dims, current_of(rec, names), told("uA/cm2", "ionic current")),
        **{
            f"I_{name}": (dims, rec[f"I_{name}"].values, dict(rec[f"I_{name}"].attrs))
            for name in names
        },
        "command": (
            dims,
            np.where(rec.time.values >= 0, row.values[:, None], level),
            told("mV", "command"),
        ),
        "charge": (
            "voltage", capacitance * (row.values - level),
            told("nC/cm2", "charge of the step of V"),
        ),
    }  # fmt: skip
    return dataset(
        EXPERIMENT, "Currents under voltage clamp", found,
        {
            "voltage": ("voltage", row.values, told("mV", "command")),
            "time": ("time", rec.time.values, told("ms", "time from the step")),
        },
        patch, summary=_summary(found["I_ionic"][1], row.values),
    )  # fmt: skip


def _summary(current: np.ndarray, row: np.ndarray) -> str:
    lowest, highest = current.min(axis=1), current.max(axis=1)
    deep, high = int(lowest.argmin()), int(highest.argmax())
    return (
        f"Inward current is largest at {row[deep]:g} mV: {-lowest[deep]:.0f} µA/cm²; outward at "
        f"{row[high]:g} mV: {highest[high]:.0f} µA/cm²."
    )


EXPERIMENT = Experiment(
    clamp_family, theme="voltage clamp", model="membrane",
    chart=Plan((Panel(("I_ionic",)), Panel(("command",)))),
    facts={
        "voltage": Facts("mV", many=True), "holding": Facts("mV"), "duration": Facts("ms"),
    },
)  # fmt: skip
