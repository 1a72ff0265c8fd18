"""The rate at which a membrane fires, against the current that is injected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis import spike_times
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import membrane_of, one, varied
from loligo.experiments.plan import Panel, Plan
from loligo.lanes import Labelled
from loligo.model import Membrane
from loligo.simulation import simulate
from loligo.stimulus import Pulse, Step

if TYPE_CHECKING:
    import xarray

_DEFAULT = np.linspace(0.0, 20.0, 81)  # uA/cm2
_KICKED = 100.0  # ms of a current that makes it fire, before the one that is asked about
_LATE = 1.5  # intervals after which the next spike has failed to come


def fi_curve(
    membrane: Membrane, amplitude: Any = None, *, duration: Any = 1000.0, threshold: Any = 0.0
) -> xarray.Dataset:
    """Firing rate against a constant current: begun from rest, and come to from firing.

    The rate is the inverse of the last interval between spikes, so that neither the first
    intervals nor where the current ends count; it is 0 where the firing has died out. Where rest
    and firing are both stable the two rates differ: the membrane is bistable.

    Parameters
    ----------
    membrane : Membrane
    amplitude : sequence of float, optional
        uA/cm2; from 0 to 20 if not given.
    duration : float
        ms that the current lasts.
    threshold : float
        mV that V must rise through for a spike.

    Returns
    -------
    xarray.Dataset
        ``rate`` (Hz) from rest and ``rate_from_firing``, ``latency`` (ms) of the first spike from
        rest, and ``spikes`` from rest, their number, over ``amplitude``.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.fi_curve(lo.load("hodgkin-huxley-1952"), amplitude=[0, 6.25, 10])
    >>> found.rate.values.round(1).tolist(), found.rate_from_firing.values.round(1).tolist()
    ([0.0, 0.0, 68.3], [0.0, 0.0, 68.3])
    """
    patch = membrane_of(membrane, "fi_curve")
    row = varied(amplitude, _DEFAULT, "uA/cm2", "amplitude")
    lasts = one(duration, "ms", "duration", above=0.0)
    level = one(threshold, "mV", "threshold")
    times = _times(patch, Step(0.0, row), lasts, level)
    rates = np.array([_rate(each, lasts) for each in times])
    again = rates.copy()
    if rates.any():
        strong = float(row.values[_steadiest(row.values, rates)])
        kick = Labelled(row.dims, strong - row.values, row.coords)
        whole = _KICKED + lasts
        kicked = _times(patch, Step(0.0, row) + Pulse(0.0, _KICKED, kick), whole, level)
        again = np.array([_rate(each, whole) for each in kicked])
    first = np.array([each[0] if each.size else np.nan for each in times])
    return dataset(
        EXPERIMENT, "Firing rate and current",
        {
            "rate": ("amplitude", rates, told("Hz", "firing rate", label="from rest")),
            "rate_from_firing": ("amplitude", again, told(
                "Hz", "firing rate come to from firing", label="from firing",
            )),
            "latency": ("amplitude", first, told("ms", "latency of the first spike")),
            "spikes": ("amplitude", np.array([t.size for t in times]), told(
                "1", "number of spikes",
            )),
        },
        {"amplitude": ("amplitude", row.values, told("uA/cm2", "injected current"))},
        patch, summary=_summary(row.values, rates, again),
    )  # fmt: skip


def _times(membrane: Membrane, stimulus: Any, lasts: float, level: float) -> list[np.ndarray]:
    """The spikes of each lane, ms."""
    rec = simulate(
        membrane, stimulus, lasts, record=["spikes"], threshold=level, progress=False,
        sample_interval=lasts,
    )  # fmt: skip
    return [each[np.isfinite(each)] for each in np.atleast_2d(spike_times(rec).values)]


def _rate(times: np.ndarray, end: float) -> float:
    """Hz; 0 where the next spike has failed to come."""
    if times.size < 2 or end - times[-1] > _LATE * (times[-1] - times[-2]):
        return 0.0
    return float(1e3 / (times[-1] - times[-2]))


def _steadiest(row: np.ndarray, rates: np.ndarray) -> int:
    """A current in the middle of those that make it fire."""
    firing = np.flatnonzero(rates > 0)
    return int(firing[np.argsort(row[firing])[firing.size // 2]])


def _summary(row: np.ndarray, rates: np.ndarray, again: np.ndarray) -> str:
    firing = np.flatnonzero(rates > 0)
    if not firing.size:
        return f"It does not go on firing at {row.min():g} to {row.max():g} µA/cm²."
    first, fastest = firing[np.argmin(row[firing])], int(np.argmax(rates))
    said = (
        f"It goes on firing from {row[first]:g} µA/cm², at {rates[first]:.1f} Hz, and is fastest "
        f"at {row[fastest]:g} µA/cm²: {rates[fastest]:.1f} Hz"
    )
    both = (again > 0) & (rates == 0)
    if both.any():
        said += f"; from {row[both].min():g} to {row[both].max():g} µA/cm² rest is stable beside it"
    return said + "."


EXPERIMENT = Experiment(
    fi_curve, theme="firing", model="membrane",
    chart=Plan((Panel(("rate", "rate_from_firing")),)),
    facts={
        "amplitude": Facts("uA/cm2", many=True), "duration": Facts("ms"), "threshold": Facts("mV"),
    },
)  # fmt: skip
