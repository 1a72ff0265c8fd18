"""Current against potential: the peak of the inward current, and what stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import (
    HOLDING,
    Segment,
    chosen,
    clamped,
    current_of,
    ions,
    membrane_of,
    one,
    peaks,
    varied,
)
from loligo.experiments.plan import Panel, Plan
from loligo.model import Membrane

if TYPE_CHECKING:
    import xarray

_STEPS = np.arange(-90.0, 81.0, 5.0)  # mV


def iv_curve(
    membrane: Membrane, voltage: Any = None, *, holding: Any = HOLDING, duration: Any = 40.0,
    ion: str | None = None,
) -> xarray.Dataset:  # fmt: skip
    """Peak inward and steady current against the potential that is stepped to.

    Parameters
    ----------
    membrane : Membrane
    voltage : sequence of float, optional
        mV; from -90 to 80 in steps of 5 if not given.
    holding : float
        mV before the step, all gates steady there.
    duration : float
        ms of the step; the steady current is that at its end.
    ion : str, optional
        The channel whose peak is looked for; ``Na`` where the membrane has one, else all but the
        leak together.

    Returns
    -------
    xarray.Dataset
        ``peak_inward`` (uA/cm2) of the chosen channels and ``peak_time`` (ms), ``steady`` of all
        channels but the leak, over ``voltage``; the potential at which the peak turns outward,
        ``reversal`` (mV, NaN if it does not).

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.iv_curve(lo.load("hodgkin-huxley-1952"), voltage=[0, 50])
    >>> found.peak_inward.values.round(1).tolist()
    [-1456.8, 0.0]
    """
    patch = membrane_of(membrane, "iv_curve")
    row = varied(voltage, _STEPS, "mV", "voltage")
    level, lasts = one(holding, "mV", "holding"), one(duration, "ms", "duration", above=0.0)
    channels, every = chosen(patch, ion, ("Na",)), ions(patch)
    step = Segment(lasts, row)
    value, when, precision = peaks(patch, [], step, level, channels)
    late = clamped(patch, [step], level, [f"I_{name}" for name in every], lasts)
    steady = current_of(late, every)[:, -1] if every else np.zeros(row.values.size)
    named = " + ".join(f"I_{name}" for name in channels)
    turn = _reversal(row.values, value)
    return dataset(
        EXPERIMENT, "Current and potential",
        {
            "peak_inward": ("voltage", value, told(
                "uA/cm2", f"peak of {named}", label="peak", precision=precision,
            )),
            "steady": ("voltage", steady, told(
                "uA/cm2", f"current after {lasts:g} ms", label="steady",
            )),
            "peak_time": ("voltage", when, told("ms", "time of the peak")),
            "reversal": ((), turn, told("mV", "potential at which the peak turns outward")),
        },
        {"voltage": ("voltage", row.values, told("mV", "command"))},
        patch, summary=_summary(row.values, value, turn, named),
    )  # fmt: skip


def _reversal(row: np.ndarray, value: np.ndarray) -> float:
    """Where it passes 0 on its way up, between two commands in a straight line."""
    order = np.argsort(row)
    v, i = row[order], value[order]
    least = int(i.argmin())
    turns = np.flatnonzero((i[least:-1] < 0) & (i[least + 1 :] >= 0)) + least
    if not turns.size:
        return float("nan")
    k = int(turns[0])
    return float(v[k] - i[k] * (v[k + 1] - v[k]) / (i[k + 1] - i[k]))


def _summary(row: np.ndarray, value: np.ndarray, turn: float, named: str) -> str:
    deep = int(value.argmin())
    if value[deep] >= 0:
        return f"{named} is not inward between {row.min():g} and {row.max():g} mV."
    said = f"{named} is most inward at {row[deep]:g} mV, {value[deep]:.1f} µA/cm²"
    return f"{said}, and reverses at {turn:.1f} mV." if np.isfinite(turn) else f"{said}."


EXPERIMENT = Experiment(
    iv_curve, theme="voltage clamp", model="membrane",
    chart=Plan((Panel(("peak_inward", "steady"), across="voltage"),)),
    facts={
        "voltage": Facts("mV", many=True), "holding": Facts("mV"), "duration": Facts("ms"),
        "ion": Facts(),
    },
)  # fmt: skip
