"""What stands in an action potential's way: a wider, a cooled, a poisoned stretch of the axon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UsageError
from loligo.experiments.common import arrival, crossing, given, shock, threshold, uniform
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, numbers, told
from loligo.experiments.plan import panel
from loligo.experiments.runs import protocol
from loligo.model import Axon, Region
from loligo.simulation import simulate
from loligo.units import read

if TYPE_CHECKING:
    import xarray

_PLACES = 401
_FAR = 300  # of them: three quarters of the axon


@protocol()
def obstacle(
    kind: str, values: Any, axon: Axon | None = None, *, extent: Any = "1 cm"
) -> xarray.Dataset:
    """A stretch of the axon that is wider, cooled or poisoned: delay and block.

    Parameters
    ----------
    kind : str
        ``"widening"``: from the middle on the axon is ``values`` times as thick. ``"cooled"``: a
        stretch in the middle is at ``values`` degC. ``"ttx"``: tetrodotoxin leaves a stretch in
        the middle ``values`` (0 to 1) of its sodium conductance.
    values : sequence of float
        How wide, how cold, or how much sodium conductance.
    axon : Axon, optional
        A uniform one; the squid's of 1952 if not given.
    extent : length
        Of the cooled or poisoned stretch.

    Returns
    -------
    xarray.Dataset
        ``arrival`` (ms) over (``values``' dimension, ``position``); ``delay`` (ms) at three
        quarters of the axon, against the axon without obstacle (at a widening: against one that
        at once conducts as its new diameter lets it), NaN where the action potential is
        ``blocked``.

    Raises
    ------
    UsageError
        For another ``kind``, or a stretch that does not fit.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.obstacle("widening", [1, 3, 10])
    >>> found.blocked.values.tolist()
    [False, False, True]
    """
    if kind not in _OBSTACLES:
        raise UsageError(f"kind={kind!r} is no obstacle; use one of {', '.join(_OBSTACLES)}")
    chosen = _OBSTACLES[kind]
    base = uniform(given(axon))
    row = numbers(values, chosen.unit, "values")
    wide = float(read(extent, "um", "extent", above=0.0))  # type: ignore[arg-type]
    if wide >= 0.6 * base.length:
        raise UsageError(f"extent={wide:g} um leaves too little of an axon {base.length:g} um long")
    lasts, level = 2 * crossing(base), threshold(base)
    free = simulate(base, shock(base), lasts, record=["spikes"], threshold=level)
    recs = []
    for value in row:
        blocking = chosen.build(base, float(value), wide)
        recs.append(simulate(blocking, shock(blocking), lasts, record=["spikes"], threshold=level))
    place = np.linspace(0.0, base.length, _PLACES)
    arrived = np.array([_at(rec, place) for rec in recs])
    delay = arrived[:, _FAR] - _expected(kind, row, place, _at(free, place))
    start = (base.length - (0.0 if kind == "widening" else wide)) / 2
    end = base.length if kind == "widening" else start + wide
    return dataset(
        EXPERIMENT, f"An action potential meets {chosen.words}",
        {
            "arrival": (
                (chosen.dim, "position"), arrived,
                told("ms", "arrival of the action potential", absent="blocked"),
            ),
            "delay": (chosen.dim, delay, told("ms", "delay at three quarters of the axon")),
            "blocked": (chosen.dim, ~np.isfinite(delay), told("1", "whether it did not arrive")),
            "obstacle_start": ((), start, told("um", "where it begins", label=chosen.label)),
            "obstacle_end": ((), end, told("um", "where it ends")),
        },
        {
            chosen.dim: (chosen.dim, row, told(chosen.unit, chosen.meaning)),
            "position": ("position", place, told("um", "position along the axon")),
        },
        base, kind=kind,
    )  # fmt: skip


def _expected(kind: str, row: np.ndarray, place: np.ndarray, free: np.ndarray) -> np.ndarray:
    """When an action potential that nothing delays is at three quarters of the axon, ms."""
    if kind != "widening":
        return np.full(row.shape, free[_FAR])
    middle = place.size // 2
    return free[middle] + (free[_FAR] - free[middle]) / np.sqrt(row)


def _widened(axon: Axon, times: float, _: float) -> Axon:
    region = axon.regions[0]
    half, wide = region.length / 2, float(region.diameter)  # type: ignore[arg-type]
    parts = [Region(region.membrane, half, wide), Region(region.membrane, half, times * wide)]
    return _of(axon, parts)


def _cooled(axon: Axon, celsius: float, extent: float) -> Axon:
    return _in_the_middle(axon, extent, celsius=celsius)


def _poisoned(axon: Axon, left: float, extent: float) -> Axon:
    if left < 0:
        raise UsageError(f"values: {left:g} of the sodium conductance cannot be left")
    conductance = axon.regions[0].membrane.parameters["g_Na"].value
    return _in_the_middle(axon, extent, g_Na=left * float(conductance))  # type: ignore[arg-type]


def _in_the_middle(axon: Axon, extent: float, **changes: float) -> Axon:
    region = axon.regions[0]
    side = (region.length - extent) / 2
    changed = region.membrane.replace(**changes)
    return _of(
        axon,
        [
            Region(region.membrane, side, region.diameter),
            Region(changed, extent, region.diameter),
            Region(region.membrane, side, region.diameter),
        ],
    )


def _of(axon: Axon, parts: list[Region]) -> Axon:
    return Axon(
        regions=parts, axial_resistivity=axon.axial_resistivity, ends=axon.ends,
        accuracy=axon.accuracy, name=axon.name,
    )  # fmt: skip


@dataclass(frozen=True)
class _Obstacle:
    """A kind of obstacle: what is varied of it, and an axon that has one."""

    words: str
    label: str
    dim: str
    unit: str
    meaning: str
    build: Callable[[Axon, float, float], Axon]


_OBSTACLES = {
    "widening": _Obstacle("a widening", "widening", "widening", "1", "diameter ratio", _widened),
    "cooled": _Obstacle(
        "a cooled stretch", "cooled", "celsius", "degC", "temperature of the stretch", _cooled
    ),
    "ttx": _Obstacle(
        "a stretch with tetrodotoxin",
        "tetrodotoxin",
        "sodium",
        "1",
        "sodium conductance that is left",
        _poisoned,
    ),
}


def _at(rec: xarray.Dataset, place: np.ndarray) -> np.ndarray:
    """Arrivals on a common row of places; NaN beside places that did not fire."""
    return np.interp(place, rec.position.values, arrival(rec))


EXPERIMENT = Experiment(
    obstacle, theme="axons", model="axon", chart=panel("arrival"),
    facts={
        "kind": Facts(choices=tuple(_OBSTACLES)), "values": Facts(many=True),
        "extent": Facts("um"),
    },
)  # fmt: skip
