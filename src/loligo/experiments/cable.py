"""The passive cable against its analytic solution; an action potential at rest and on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.common import MEASURED, THEORY, given, shock, table, told, uniform
from loligo.model import Axon, Channel, Membrane
from loligo.simulation import simulate
from loligo.stimulus import Pulse, Step, at
from loligo.theory import length_constant

if TYPE_CHECKING:
    import xarray

_LONG = 5.0  # length constants
_TIMES = (0.1, 0.3, 1.0, 6.0)  # time constants
_IMAGES = 6


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
    g_L, C_m
        mS/cm2, uF/cm2.
    diameter, axial_resistivity
        um, ohm cm.
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
    return table(
        "passive", "Passive cable: a step of current at the left end",
        {
            "V": (("time", "position"), V, told("mV", "potential from rest", MEASURED)),
            "analytic": (
                ("time", "position"), exact,
                told("mV", "analytic solution", THEORY, label="analytic"),
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


def membrane_and_propagated(axon: Axon | None = None) -> xarray.Dataset:
    """The membrane action potential (all of the axon at once) and the propagated one.

    The propagated one rises more slowly and peaks a little lower, since it must also charge what
    lies ahead (compare figures 12 and 15 of Hodgkin & Huxley 1952).

    Parameters
    ----------
    axon : Axon, optional
        A uniform one; the squid's of 1952 if not given.

    Returns
    -------
    xarray.Dataset
        ``V`` (mV) over (``action_potential``, ``time``), both at their peak at 0 ms.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.membrane_and_propagated()
    >>> found.V.max("time").values.round().tolist()
    [32.0, 26.0]
    """
    made = uniform(given(axon))
    patch = made.regions[0].membrane
    alone = simulate(patch, Pulse(0.5, 0.1, 150.0), 12.0, record=["V"], sample_interval=0.01)
    middle = made.length / 2
    rec = simulate(made, shock(made), 12.0, record=["V"], positions=[middle], sample_interval=0.01)
    time = np.arange(-1.5, 4.0, 0.01)
    rows = [_around_peak(one, time) for one in (alone.V, rec.V.isel(position=0))]
    return table(
        "membrane and propagated", "Membrane and propagated action potential",
        {"V": (("action_potential", "time"), np.array(rows),
               told("mV", "membrane potential", MEASURED))},
        {
            "action_potential": ("action_potential", ["membrane", "propagated"]),
            "time": ("time", time, told("ms", "time from the peak")),
        },
        made,
    )  # fmt: skip


def _around_peak(V: Any, time: np.ndarray) -> np.ndarray:
    """V with its peak, the vertex of the parabola through its three highest samples, at 0 ms."""
    values, when = V.values, V.time.values
    top = int(np.clip(values.argmax(), 1, values.size - 2))
    before, highest, after = values[top - 1 : top + 2]
    bend = before - 2 * highest + after
    off = 0.5 * (before - after) / bend if bend < 0 else 0.0
    peak = when[top] + off * (when[top + 1] - when[top])
    return np.interp(time, when - peak, values)
