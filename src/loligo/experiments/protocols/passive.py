"""The passive cable against its analytic solution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.plan import panel
from loligo.experiments.runs import protocol
from loligo.model import Axon, Channel, Membrane
from loligo.simulation import simulate
from loligo.stimulus import Step
from loligo.stimulus.place import at
from loligo.theory import length_constant

if TYPE_CHECKING:
    import xarray

_LONG = 5.0  # length constants
_TIMES = (0.1, 0.3, 1.0, 6.0)  # time constants
_IMAGES = 6


@protocol()
def passive(
    g_L: float = 0.25, C_m: float = 1.0, *, diameter: float = 476.0,
    axial_resistivity: float = 35.4, voltage: float = 10.0, accuracy: float = 1e-5,
) -> xarray.Dataset:  # fmt: skip
    """A passive cable under a step of current at its left end, and the analytic solution.

    The solution is that of the cable without end (Hodgkin & Rushton 1946,
    doi:10.1098/rspb.1946.0024), folded back at both sealed ends (Rall 1969,
    doi:10.1016/S0006-3495(69)86467-2).

    Parameters
    ----------
    g_L
        Of the leak, mS/cm2.
    C_m
        uF/cm2.
    diameter
        um.
    axial_resistivity
        ohm cm.
    voltage
        mV: about how far the current moves the left end in the end.
    accuracy
        Asked of the run, relative.

    Returns
    -------
    xarray.Dataset
        ``V`` and ``analytic`` (mV from rest) over (``time``, ``position``), at 0.1, 0.3, 1 and 6
        time constants.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.passive()
    >>> bool(abs(found.V - found.analytic).max() < 1e-4 * found.analytic.max())
    True
    """
    membrane = Membrane(
        C_m=C_m, channels=[Channel("L", g=g_L, E=-65.0, meaning="leak")], title="Passive membrane"
    )
    short = Axon(membrane, 1.0, diameter, axial_resistivity)
    scale = float(length_constant(short))  # um
    axon = Axon(membrane, _LONG * scale, diameter, axial_resistivity, accuracy=accuracy)
    tau = C_m / g_L  # ms
    # of a semi-infinite cable, nA/mV: pi d lambda G
    conductance = np.pi * diameter * scale * g_L * 1e-5
    times = tau * np.array(_TIMES)
    every = tau / 10
    rec = simulate(
        axon, at(0, Step(0.0, voltage * conductance)), float(times[-1]), record=["V"],
        sample_interval=every,
    )  # fmt: skip
    V = rec.V.sel(time=times, method="nearest").transpose("time", "position").values + 65.0
    place = rec.position.values
    exact = np.array([voltage * _folded(place / scale, t / tau) for t in times])
    return dataset(
        EXPERIMENT, "Passive cable: a step of current at the left end",
        {
            "V": (("time", "position"), V, told("mV", "potential from rest")),
            "analytic": (
                ("time", "position"), exact,
                told("mV", "analytic solution", label="analytic"),
            ),
        },
        {
            "time": ("time", times, told("ms", "time")),
            "position": ("position", place, dict(rec.position.attrs)),
        },
        axon, length_constant_um=scale, time_constant_ms=tau,
    )  # fmt: skip


def _folded(X: np.ndarray, T: float) -> np.ndarray:
    """The response to a step at X = 0 of a cable sealed there and at X = _LONG."""
    total = _endless(X, T)
    for k in range(1, _IMAGES):
        total = total + _endless(2 * k * _LONG - X, T) + _endless(2 * k * _LONG + X, T)
    return total


def _endless(X: np.ndarray, T: float) -> np.ndarray:
    """(e^-X erfc(X/2sqrt(T) - sqrt(T)) - e^X erfc(X/2sqrt(T) + sqrt(T)))/2, without overflow."""
    from scipy.special import erfc, erfcx

    root = np.sqrt(T)
    far = X / (2 * root)
    second = erfcx(far + root) * np.exp(-((far + root) ** 2) + X)
    return 0.5 * (np.exp(-X) * erfc(far - root) - second)


EXPERIMENT = Experiment(
    passive, theme="axons", model=None, chart=panel("V", theory=("analytic",)),
    facts={
        "g_L": Facts("mS/cm2"), "C_m": Facts("uF/cm2"), "diameter": Facts("um"),
        "axial_resistivity": Facts("ohm*cm"), "voltage": Facts("mV"), "accuracy": Facts("1"),
    },
)  # fmt: skip
