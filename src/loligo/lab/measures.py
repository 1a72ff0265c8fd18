"""What a task asks of a simulation: one number of it, as `page/tasks/measures.js` finds it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.lab.simulation import Simulation
from loligo.run.until import Spikes

if TYPE_CHECKING:
    import xarray

HIGHEST = 1000.0  # µA/cm²: no threshold is looked for above it
_HALVINGS = 40


@dataclass(frozen=True)
class Measure:
    """A number of a simulation.

    Attributes
    ----------
    unit
        "" for that of the variable that it is of.
    says
        What it is, in words.
    of
        The number of a simulation, and of the variable that is named.
    """

    unit: str
    says: str
    of: Callable[[Simulation, str], float]

    def there(self, one: Simulation, of: str) -> bool:
        """Whether there is such a number."""
        if self.of is _threshold:  # one run tells, and no halving
            return _fires(one, HIGHEST)
        return not math.isnan(self.of(one, of))


def _spike_times(rec: xarray.Dataset) -> np.ndarray[Any, Any]:
    times = np.atleast_1d(np.asarray(rec.spike_time.values, dtype=float))
    return times[~np.isnan(times)]


def _spikes(one: Simulation, of: str) -> float:
    return float(one.simulate(record=["V"]).spike_count)


def _first(one: Simulation, of: str) -> float:
    times = _spike_times(one.simulate(record=["V"]))
    return float(times[0]) if times.size else math.nan


def _rate(one: Simulation, of: str) -> float:
    times = _spike_times(one.simulate(record=["V"]))
    return 1000.0 * (times.size - 1) / float(times[-1] - times[0]) if times.size > 1 else math.nan


def _peak(one: Simulation, of: str) -> float:
    rec = one.simulate(record=["V"])
    peaks = np.atleast_1d(np.asarray(rec.spike_peak.values, dtype=float))
    return float(peaks[0]) if peaks.size else math.nan


def _rest(one: Simulation, of: str) -> float:
    still = {"stimulus": None, "initial": "rest", "duration": one.sample_interval}
    return float(one.simulate(record=["V"], **still).V[0])


def _along(reduce: Callable[[Any], Any]) -> Callable[[Simulation, str], float]:
    def of(one: Simulation, name: str) -> float:
        return float(reduce(one.simulate(record=[name])[name].values))

    return of


def _threshold(one: Simulation, of: str) -> float:
    """The smallest amplitude of the first stimulus that makes a spike, all else as it is."""
    low, high = 0.0, HIGHEST
    if not _fires(one, high):
        return math.nan
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if _fires(one, middle):
            high = middle
        else:
            low = middle
    return high


def _fires(one: Simulation, amplitude: float) -> bool:
    stimulus = one.stimulus
    assert stimulus is not None  # the sheet was checked
    first, *others = stimulus.shapes
    stronger = sum(others, first.at(amplitude=amplitude))
    rec = one.simulate(stimulus=stronger, record=["spikes"], until=Spikes(1))
    return int(rec.spike_count) > 0


MEASURES: Mapping[str, Measure] = {
    "threshold": Measure("uA/cm2", "the smallest amplitude that makes a spike", _threshold),
    "spikes": Measure("1", "the number of spikes", _spikes),
    "first spike": Measure("ms", "the time of the first spike", _first),
    "rate": Measure("Hz", "the mean rate between the first spike and the last", _rate),
    "peak": Measure("mV", "the height of the first spike", _peak),
    "rest": Measure("mV", "the resting potential", _rest),
    "maximum": Measure("", "the maximum of {of}", _along(np.max)),
    "minimum": Measure("", "the minimum of {of}", _along(np.min)),
    "last": Measure("", "{of} at the end", _along(lambda values: values[-1])),
}
