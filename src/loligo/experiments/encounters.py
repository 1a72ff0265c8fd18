"""What an action potential meets: another one, its own axon's other end, an obstacle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UsageError
from loligo.experiments.common import (
    LASTS,
    MEASURED,
    START,
    given,
    numbers,
    passing,
    shock,
    slenderness,
    table,
    threshold,
    told,
    uniform,
)
from loligo.model import Axon, Region
from loligo.simulation import simulate
from loligo.units import read

if TYPE_CHECKING:
    import xarray

_SLOWEST = 3.0  # m/s
_PLACES = 401
_FAR = 300  # of them: three quarters of the axon


def collision(
    axon: Axon | None = None, duration: float | None = None, *, lag: Any = 0.0
) -> xarray.Dataset:
    """Two action potentials, one from each end, which meet and vanish.

    Behind each lies membrane that cannot be excited yet, so neither can go on.

    Parameters
    ----------
    axon : Axon, optional
        The squid's of 1952 if not given.
    duration : float, optional
        ms; by default a little longer than until they meet.
    lag : float
        ms by which the right end is shocked later.

    Returns
    -------
    xarray.Dataset
        The recording of the axon; `loligo.conduction_velocity` of it says ``"collided"``.

    Examples
    --------
    >>> import loligo as lo
    >>> rec = lo.experiments.collision()
    >>> str(lo.conduction_velocity(rec).outcome.values), int(rec.spike_count.max())
    ('collided', 1)
    """
    made = given(axon)
    later = float(read(lag, "ms", "lag", at_least=0.0))  # type: ignore[arg-type]
    both = shock(made, 0.0) + shock(made, made.length, START + later)
    level = threshold(made)
    lasts = passing(made, both, level) if duration is None else duration
    rec = simulate(made, both, lasts, sample_interval=0.02, threshold=level)
    return rec.assign_attrs(title="Two action potentials meet")


def direction(axon: Axon | None = None) -> xarray.Dataset:
    """An axon conducts as well backwards (antidromic) as forwards (orthodromic).

    Returns
    -------
    xarray.Dataset
        ``arrival`` (ms) over (``direction``, ``position``) and ``velocity`` (m/s, negative
        backwards) over ``direction``.

    Examples
    --------
    >>> import loligo as lo
    >>> forth, back = lo.experiments.direction().velocity.values
    >>> bool(abs(forth + back) < 1e-3)
    True
    """
    from loligo.analysis import conduction_velocity

    made = given(axon)
    level = threshold(made)
    recs = [
        simulate(made, shock(made, place), _crossing(made), record=["spikes"], threshold=level)
        for place in (0.0, made.length)
    ]
    names = ["orthodromic", "antidromic"]
    arrival = np.array([_arrival(rec) for rec in recs])
    speeds = [float(conduction_velocity(rec)) for rec in recs]
    position = recs[0].position
    return table(
        "direction", "Orthodromic and antidromic conduction",
        {
            "arrival": (
                ("direction", "position"), arrival,
                told("ms", "arrival of the action potential", MEASURED),
            ),
            "velocity": ("direction", speeds, told("m/s", "conduction velocity")),
        },
        {
            "direction": ("direction", names),
            "position": ("position", position.values, dict(position.attrs)),
        },
        made,
    )  # fmt: skip


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
    dim, unit, meaning, build = _OBSTACLES[kind]
    base = uniform(given(axon))
    row = numbers(values, unit, "values")
    wide = float(read(extent, "um", "extent", above=0.0))  # type: ignore[arg-type]
    if wide >= 0.6 * base.length:
        raise UsageError(f"extent={wide:g} um leaves too little of an axon {base.length:g} um long")
    lasts, level = 2 * _crossing(base), threshold(base)
    free = simulate(base, shock(base), lasts, record=["spikes"], threshold=level)
    recs = []
    for value in row:
        made = build(base, float(value), wide)
        recs.append(simulate(made, shock(made), lasts, record=["spikes"], threshold=level))
    place = np.linspace(0.0, base.length, _PLACES)
    arrival = np.array([_at(rec, place) for rec in recs])
    delay = arrival[:, _FAR] - _expected(kind, row, place, _at(free, place))
    return table(
        f"obstacle: {kind}", f"An action potential meets {_SPOKEN[kind]}",
        {
            "arrival": (
                (dim, "position"), arrival,
                told("ms", "arrival of the action potential", MEASURED),
            ),
            "delay": (dim, delay, told("ms", "delay at three quarters of the axon")),
            "blocked": (dim, ~np.isfinite(delay), told("1", "whether it did not arrive")),
        },
        {
            dim: (dim, row, told(unit, meaning)),
            "position": ("position", place, told("um", "position along the axon")),
        },
        base,
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


_OBSTACLES = {
    "widening": ("widening", "1", "diameter ratio", _widened),
    "cooled": ("celsius", "degC", "temperature of the stretch", _cooled),
    "ttx": ("sodium", "1", "sodium conductance that is left", _poisoned),
}
_SPOKEN = {
    "widening": "a widening", "cooled": "a cooled stretch", "ttx": "a stretch with tetrodotoxin",
}  # fmt: skip


def _crossing(axon: Axon) -> float:
    """ms in which even a slow action potential crosses."""
    fast = _SLOWEST * slenderness(axon)
    return START + LASTS + min(axon.length / 1e3 / fast, 400.0)


def _arrival(rec: xarray.Dataset) -> np.ndarray:
    """The first spike at every place, ms; NaN where there is none."""
    from loligo.analysis import spike_times

    times = spike_times(rec)
    if not times.sizes["spike"]:
        return np.full(rec.sizes["position"], np.nan)
    return times.isel(spike=0).values


def _at(rec: xarray.Dataset, place: np.ndarray) -> np.ndarray:
    """Arrivals on a common row of places; NaN beside places that did not fire."""
    position, arrival = rec.position.values, _arrival(rec)
    return np.interp(place, position, arrival)
