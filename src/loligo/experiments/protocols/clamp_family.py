"""The currents of a membrane whose potential is stepped: Hodgkin & Huxley's family of curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.clamps import HOLDING, Segment, level, levels, steady_at
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import membrane_of, one
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.runs import protocol
from loligo.model import Membrane
from loligo.system.outline import outline_of
from loligo.words import say

if TYPE_CHECKING:
    import xarray

_STEPS = np.arange(-90.0, 61.0, 10.0)  # mV
_SHOWN = 1000  # samples of a step,
_BEFORE = 100  # and of the holding before it


@protocol("measuring currents")
def clamp_family(
    membrane: Membrane,
    voltage: Any = None,
    *,
    holding: Any = HOLDING,
    duration: Any = 12.0,
    progress: bool | None = None,
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
        mV before the step, all gates steady there; for a model whose rest is elsewhere than near
        -65 mV give another.
    duration : float
        ms of the step.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        ``I_ionic`` and every channel's current (uA/cm2, inward negative) over (``voltage``,
        ``time``), the step at 0 ms; ``charge`` (nC/cm2) that the step of V itself takes.

    Raises
    ------
    UsageError
        If it is no membrane, or its parameters vary, or a number cannot be.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> found = lo.experiments.clamp_family(squid, voltage=[-20, 0, 20])
    >>> found.I_Na.min("time").values.round(0).tolist()
    [-1238.0, -1457.0, -1115.0]
    """
    patch = membrane_of(membrane, "clamp_family")
    row, held = levels(voltage, _STEPS), level(holding, "holding")
    lasts = one(duration, "ms", "duration", above=0.0)
    before = steady_at(patch, np.array([held]))
    course = Segment.held(patch, row, lasts, held).course(_SHOWN)
    time = np.arange(-_BEFORE, _SHOWN + 1) * (lasts / _SHOWN)
    names = [channel.name for channel in patch.channels]
    flows = {
        name: np.hstack([np.tile(before[f"I_{name}"], (row.size, _BEFORE)), course[f"I_{name}"]])
        for name in names
    }
    about = outline_of(patch).about
    total = sum(flows.values(), np.zeros((row.size, time.size)))
    command = np.where(time >= 0, row[:, None], held)
    dims = ("voltage", "time")
    capacitance = float(patch.parameters["C_m"].value)  # type: ignore[arg-type]
    return dataset(
        EXPERIMENT, "Currents under voltage clamp",
        {
            "I_ionic": (dims, total, told("uA/cm2", "ionic current")),
            **{
                f"I_{name}": (dims, flows[name], dict(about[f"I_{name}"])) for name in names
            },
            "command": (dims, command, told("mV", "command")),
            "charge": ("voltage", capacitance * (row - held), told(
                "nC/cm2", "charge of the step of V",
            )),
        },
        {
            "voltage": ("voltage", row, told("mV", "command")),
            "time": ("time", time, told("ms", "time from the step")),
        },
        patch, summary=_summary(total, row, held),
    )  # fmt: skip


def _summary(current: np.ndarray, row: np.ndarray, held: float) -> str:
    step = current[:, _BEFORE:]
    lowest, highest = step.min(axis=1), step.max(axis=1)
    deep, high = int(lowest.argmin()), int(highest.argmax())
    said = []
    if lowest[deep] < 0:
        said += [
            say(
                "inward current is largest at {row:g} mV, {lowest:.4g} µA/cm²",
                row=row[deep],
                lowest=-lowest[deep],
            )
        ]
    if highest[high] > 0:
        said += [
            say(
                "outward current at {row:g} mV, {highest:.4g} µA/cm²",
                row=row[high],
                highest=highest[high],
            )
        ]
    flows = "; ".join(said) or say("no current flows")
    return say("Held at {held:g} mV and stepped: {flows}.", held=held, flows=flows)


EXPERIMENT = Experiment(
    clamp_family, theme="voltage clamp", model="membrane",
    chart=Plan((Panel(("I_ionic",), lines="voltage", zero=True),)),
    facts={
        "voltage": Facts("mV", many=True), "holding": Facts("mV"), "duration": Facts("ms"),
    },
)  # fmt: skip
