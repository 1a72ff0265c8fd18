"""The least that excites: a shock, a pulse, and how all-or-none the answer is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import fired, lanes_of, membrane_of, one
from loligo.experiments.plan import panel
from loligo.experiments.search import least
from loligo.model import Membrane
from loligo.simulation import simulate
from loligo.stimulus import Shock

if TYPE_CHECKING:
    import xarray

_SMALLEST, _LARGEST = 1e-3, 300.0  # mV
_RELATIVE = 1e-9
_WAIT = 100.0  # ms
_AROUND = np.concatenate([np.linspace(0.1, 0.98, 23), np.linspace(0.985, 1.015, 31),
                          np.linspace(1.02, 2.0, 25)])  # fmt: skip


def threshold(membrane: Membrane, *, threshold: Any = 0.0, wait: Any = _WAIT) -> xarray.Dataset:
    """How far V must be displaced, at once and from rest, to excite; and what other shocks do.

    The gates stay as they are at rest while V jumps, as in figure 12 of Hodgkin & Huxley 1952
    (doi:10.1113/jphysiol.1952.sp004764). The answer is steep around the threshold, and yet no
    step: ``width`` says over what part of the threshold the peak grows from a quarter to three
    quarters of what it becomes.

    Parameters
    ----------
    membrane : Membrane
    threshold : float
        mV that V must rise through to count as excited.
    wait : float
        ms in which it may.

    Returns
    -------
    xarray.Dataset
        ``threshold`` (mV above rest) and its ``charge`` (nC/cm2); ``peak`` (mV), the highest V
        after a shock, over ``amplitude`` (mV); ``width``. NaN where no shock excites.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.threshold(lo.load("hodgkin-huxley-1952"))
    >>> round(float(found.threshold), 3)
    6.505
    """
    patch = membrane_of(membrane, "threshold")
    level, lasts = one(threshold, "mV", "threshold"), one(wait, "ms", "wait", above=0.0)

    def fires(sizes: np.ndarray) -> np.ndarray:
        # a shock beyond the threshold counts as one itself: what must rise is V after it
        return fired(patch, lambda a: Shock(0.0, a), (sizes,), level, lasts)

    found = least(fires, 1, _SMALLEST, _LARGEST, _RELATIVE)
    value = float(found.value[0])
    capacitance = float(patch.parameters["C_m"].value)  # type: ignore[arg-type]
    row = (value if np.isfinite(value) else 10.0) * _AROUND
    rec = simulate(
        patch, Shock(0.0, lanes_of("amplitude", row)), lasts, record=["V"], sample_interval=0.01,
        progress=False,
    )  # fmt: skip
    peak = rec.V.max("time").values
    return dataset(
        EXPERIMENT, "Threshold of a shock",
        {
            "peak": ("amplitude", peak, told("mV", "highest V after the shock")),
            "threshold": ((), value, told(
                "mV", "displacement of V that excites", precision=found.precision,
            )),
            "charge": ((), value * capacitance, told("nC/cm2", "threshold charge")),
            "width": ((), _width(row / value, peak), told("1", "width of the threshold")),
        },
        {"amplitude": ("amplitude", row, told("mV", "displacement of V"))},
        patch, summary=_summary(bool(found.always[0]), value),
    )  # fmt: skip


def _width(part: np.ndarray, peak: np.ndarray) -> float:
    """Over what part of the threshold the peak grows from 1/4 to 3/4 of the way."""
    if not np.isfinite(part).all():
        return float("nan")
    low, high = peak.min(), peak.max()
    grown = np.maximum.accumulate((peak - low) / (high - low))
    return float(np.interp(0.75, grown, part) - np.interp(0.25, grown, part))


def _summary(by_itself: bool, value: float) -> str:
    if by_itself:
        return "It fires by itself: there is no threshold."
    if not np.isfinite(value):
        return f"No displacement of V up to {_LARGEST:g} mV excites it."
    return f"A displacement of V by {value:.5g} mV from rest excites it."


EXPERIMENT = Experiment(
    threshold, theme="excitability", model="membrane", chart=panel("peak"),
    facts={"threshold": Facts("mV"), "wait": Facts("ms")},
)  # fmt: skip
