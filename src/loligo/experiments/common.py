"""What experiments on axons share: the squid's axon, a shock that excites any axon, arrivals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis import spike_times
from loligo.errors import UsageError
from loligo.lanes import Labelled
from loligo.model import Axon, load
from loligo.simulation import simulate
from loligo.stimulus import Pulse
from loligo.stimulus.place import Placed, at
from loligo.units import read

if TYPE_CHECKING:
    import xarray

# Hodgkin & Huxley 1952 (doi:10.1113/jphysiol.1952.sp004764), p. 523: the axon of their figure 15.
DIAMETER, LENGTH, RESISTIVITY, CELSIUS = 476.0, 1e5, 35.4, 18.5  # um, um, ohm cm, degC

START, LASTS, STRENGTH = 0.5, 0.2, 30e3  # ms, ms, nA: a shock that excites that axon

_ABOVE_REST = 25.0  # mV
_SLOWEST = 1.5  # m/s in the axon of 1952
_LONGEST = 400.0  # ms
_UNDECIDED = 8.0  # ms that are waited where none arrives
_AFTER = 1.5  # ms that are shown after it has arrived
_SLOW = 3.0  # m/s in the axon of 1952


def squid_axon(length: float = LENGTH) -> Axon:
    """The axon of 1952."""
    squid = load("hodgkin-huxley-1952").replace(celsius=CELSIUS)
    return Axon(squid, length, DIAMETER, RESISTIVITY)


def given(axon: Any, length: float = LENGTH) -> Axon:
    """The axon that was given, or the squid's."""
    if axon is None:
        return squid_axon(length)
    if not isinstance(axon, Axon):
        raise UsageError(
            f"axon must be lo.Axon(...), or left out for the squid's, not {axon!r:.60}"
        )
    return axon


def uniform(axon: Axon) -> Axon:
    """``axon``, which must be of one region."""
    if len(axon.regions) > 1:
        raise UsageError(
            f"this experiment is made with a uniform axon, and this one has {len(axon.regions)} "
            "regions"
        )
    return axon


def strength(axon: Axon, place: float = 0.0) -> float:
    """nA of a shock of 0.2 ms that excites an axon at an end (or, twice that, elsewhere).

    The input conductance of a cable grows as the root of diameter^3/resistivity.
    """
    begins = 0.0
    for region in axon.regions:
        begins += region.length
        if place <= begins:
            break
    wide = _largest(region.diameter) / DIAMETER
    resistive = _largest(axon.axial_resistivity) / RESISTIVITY
    arms = 1.0 if place in (0.0, axon.length) else 2.0
    return float(f"{arms * STRENGTH * wide**1.5 / resistive**0.5:.2g}")


def shock(axon: Axon, place: Any = 0.0, start: float = START) -> Placed:
    """A brief pulse at a place of an axon, strong enough to excite it there."""
    where = float(read(place, "um", "place", at_least=0.0))  # type: ignore[arg-type]
    return at(where, Pulse(start, LASTS, strength(axon, where)))


def threshold(axon: Axon) -> float:
    """mV that count as an action potential's passing: where it is warm its peak stays below 0."""
    from loligo.errors import RunError
    from loligo.run.initial import rest_of

    membrane = next(r.membrane for r in axon.regions if not r.myelin or len(axon.regions) == 1)
    numbers = {n: np.array([float(_first(p.value))]) for n, p in membrane.parameters.items()}
    try:
        found, _ = rest_of(membrane, numbers)
    except RunError:  # it fires by itself: a run of it starts from a voltage that is given
        return 0.0
    return float(round(found[0, 0] + _ABOVE_REST))


def passing(axon: Axon, stimulus: Placed, level: float) -> float:
    """ms until every place that an action potential reaches has seen it, and a little more."""
    shapes = [shape for point in stimulus.points for shape in point.shapes]
    last = max(_largest(getattr(shape, "start", 0.0)) for shape in shapes)
    crossing = min(axon.length / 1e3 / (_SLOWEST * slenderness(axon)), _LONGEST)
    first = simulate(
        axon, stimulus, last + _UNDECIDED + crossing, record=["spikes"], threshold=level
    )
    arrived = first.spike_count.values.ravel() > 0
    late = float(first.spike_time.max()) if arrived.all() else last + _UNDECIDED
    return float(f"{1.1 * late + _AFTER:.2g}")


def crossing(axon: Axon) -> float:
    """ms in which even a slow action potential crosses."""
    fast = _SLOW * slenderness(axon)
    return START + LASTS + min(axon.length / 1e3 / fast, _LONGEST)


def arrival(rec: xarray.Dataset) -> np.ndarray:
    """(lanes…, position): the first spike, ms; NaN where there is none."""
    times = spike_times(rec)
    if not times.sizes["spike"]:
        return np.full(times.shape[:-1], np.nan)
    return times.isel(spike=0).values


def _first(value: Any) -> float:
    return float(value.values.flat[0]) if isinstance(value, Labelled) else float(value)


def _largest(value: Any) -> float:
    return float(np.max(value.values)) if isinstance(value, Labelled) else float(value)


def slenderness(axon: Axon) -> float:
    """The root of diameter/resistivity beside the squid's, which velocities are proportional to:
    of the thinnest and most resistive."""
    wide = min(_smallest(region.diameter) for region in axon.regions)
    return (wide / DIAMETER * RESISTIVITY / _largest(axon.axial_resistivity)) ** 0.5


def _smallest(value: Any) -> float:
    return float(np.min(value.values)) if isinstance(value, Labelled) else float(value)
