"""How strong a pulse must be to excite, against how long it lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import fired, membrane_of, one, varied
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.search import least
from loligo.model import Membrane
from loligo.stimulus import Pulse

if TYPE_CHECKING:
    import xarray

_DURATIONS = np.geomspace(0.05, 100.0, 23)  # ms
_SMALLEST = 1e-3  # uA/cm2
# what is tried at most: this current and, in a brief pulse, what displaces V by so much besides
_CURRENT, _DISPLACED = 500.0, 300.0  # uA/cm2, mV
_RELATIVE = 1e-7
_LONG = 500.0  # ms: a pulse whose threshold is the rheobase
_WAIT = 100.0  # ms after the end, for a spike that comes late


def strength_duration(
    membrane: Membrane, duration: Any = None, *, threshold: Any = 0.0, wait: Any = _WAIT
) -> xarray.Dataset:
    """The least pulse that excites, against its duration: rheobase and chronaxie.

    The rheobase is the least that excites however long it lasts, here for 500 ms; the chronaxie
    the duration for which twice that is needed (Lapicque 1907, J. Physiol. Pathol. Gen. 9:620).
    Beside the thresholds stand the laws of Lapicque, rheobase/(1 - exp(-d/tau)), and of Weiss
    (1901), rheobase (1 + chronaxie/d), through rheobase and chronaxie.

    Parameters
    ----------
    membrane : Membrane
    duration : sequence of float, optional
        ms; from 0.05 to 100 if not given.
    threshold : float
        mV that V must rise through to count as excited.
    wait : float
        ms after the pulse in which it may.

    Returns
    -------
    xarray.Dataset
        ``threshold`` (uA/cm2) and its ``charge`` (nC/cm2) over ``duration``; ``rheobase``
        (uA/cm2), ``chronaxie`` (ms). NaN where nothing excites: nothing up to 500
        uA/cm2 and, in a brief pulse, what displaces V by 300 mV besides.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.strength_duration(lo.load("hodgkin-huxley-1952"), duration=[1])
    >>> round(float(found.threshold[0]), 3), round(float(found.chronaxie), 3)
    (6.919, 1.654)
    """
    patch = membrane_of(membrane, "strength_duration")
    row = varied(duration, _DURATIONS, "ms", "duration")
    level, later = one(threshold, "mV", "threshold"), one(wait, "ms", "wait", above=0.0)

    def fires(lasts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        each = np.broadcast_to(lasts[:, None], sizes.shape)
        return fired(patch, lambda d, a: Pulse(0.0, d, a), (each, sizes), level, later + each.max())

    every = np.append(row.values, _LONG)
    capacitance = float(patch.parameters["C_m"].value)  # type: ignore[arg-type]
    most = _CURRENT + capacitance * _DISPLACED / every
    found = least(lambda sizes: fires(every, sizes), every.size, _SMALLEST, most, _RELATIVE)
    rheobase = float(found.value[-1])
    chronaxie = _chronaxie(lambda d: fires(d, np.full((d.size, 1), 2 * rheobase)).ravel(), rheobase)
    d, value = row.values, found.value[:-1]
    tau = chronaxie / np.log(2)
    return dataset(
        EXPERIMENT, "Strength and duration",
        {
            "threshold": ("duration", value, told(
                "uA/cm2", "threshold", label="threshold", precision=found.precision,
            )),
            "charge": ("duration", value * d, told("nC/cm2", "threshold charge")),
            "lapicque": ("duration", rheobase / -np.expm1(-d / tau), told(
                "uA/cm2", "Lapicque's law", label="Lapicque",
            )),
            "weiss": ("duration", rheobase * (1 + chronaxie / d), told(
                "uA/cm2", "Weiss's law", label="Weiss",
            )),
            "rheobase": ((), rheobase, told("uA/cm2", "rheobase")),
            "chronaxie": ((), chronaxie, told("ms", "chronaxie")),
        },
        {"duration": ("duration", d, told("ms", "duration of the pulse"))},
        patch, summary=_summary(found.always.any(), rheobase, chronaxie),
    )  # fmt: skip


def _chronaxie(fires: Any, rheobase: float) -> float:
    """The duration at which twice the rheobase excites: the least that does."""
    if not np.isfinite(rheobase):
        return float("nan")
    found = least(
        lambda sizes: fires(sizes.ravel()).reshape(sizes.shape), 1, 1e-3, _LONG, _RELATIVE
    )
    return float(found.value[0])


def _summary(by_itself: bool, rheobase: float, chronaxie: float) -> str:
    if by_itself:
        return "It fires by itself: there is no threshold."
    if not np.isfinite(rheobase):
        return f"Nothing up to {_CURRENT:g} µA/cm² excites it, however long it lasts."
    return f"Rheobase {rheobase:.4g} µA/cm², chronaxie {chronaxie:.4g} ms."


EXPERIMENT = Experiment(
    strength_duration, theme="excitability", model="membrane",
    chart=Plan((Panel(("threshold",), ("lapicque", "weiss"), log="xy"),)),
    facts={
        "duration": Facts("ms", many=True), "threshold": Facts("mV"), "wait": Facts("ms"),
    },
)  # fmt: skip
