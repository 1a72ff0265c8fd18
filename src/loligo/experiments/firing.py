"""Trains of spikes under a lasting current: their rates, and whether they go on."""

from __future__ import annotations

import numpy as np

from loligo.experiments.excited import Excitable, lanes
from loligo.experiments.rheobase import rheobase
from loligo.experiments.runs import Spikes, part
from loligo.stimulus import Pulse

Array = np.ndarray

KICKED = 100.0  # ms of a current that makes it fire, before the one that is asked about

_USUAL = np.linspace(0.0, 20.0, 81)  # uA/cm2
_ENOUGH = 16  # of these
_TIMES = np.geomspace(0.5, 50.0, 60)  # times the rheobase, where too few of these make it fire
_FURTHER = 1.1  # times the largest of those that do
_LATE = 1.5  # of the longest late interval, after which the next spike has failed to come
_LAST = 4  # intervals that are looked at
_EVEN = 0.01  # by what part of themselves they differ at most, to be one rhythm


def shown(patch: Excitable, lasts: float) -> tuple[Array, Spikes]:
    """uA/cm2 that show how it fires, and its spikes: from 0 to 20, or as far as its own firing
    goes where these show little of it."""
    spikes = held(patch, _USUAL, lasts)
    if (rates(spikes, lasts)[0] > 0).sum() >= _ENOUGH:
        return _USUAL, spikes
    with part(0, 2):
        tried = float(rheobase(patch).value[0]) * _TIMES
    if not np.isfinite(tried[0]):
        return _USUAL, spikes
    firing = tried[rates(held(patch, tried, lasts), lasts)[0] > 0]
    if not firing.size:
        return _USUAL, spikes
    row = np.linspace(0.0, float(f"{_FURTHER * firing[-1]:.2g}"), _USUAL.size)
    with part(1, 2):
        return row, held(patch, row, lasts)


def held(patch: Excitable, current: Array, lasts: float) -> Spikes:
    """Under currents that begin at rest and last."""
    return patch.fired(lasts, Pulse(0.0, lasts, lanes(current)[0]))


def come_to(patch: Excitable, current: Array, strong: float, lasts: float) -> Spikes:
    """Under currents that are come to from a stronger, or weaker, one at which it fires."""
    whole = KICKED + lasts
    now, more = lanes(current, strong - current)
    return patch.fired(whole, Pulse(0.0, whole, now), Pulse(0.0, KICKED, more))


def rates(spikes: Spikes, end: float) -> tuple[Array, Array]:
    """(lanes,): Hz in the end, and how sure; 0 where the firing has died out, NaN of lost lanes."""
    found = np.array([_rate(spikes.of(lane), end) for lane in range(spikes.lanes)])
    found[spikes.lost] = np.nan
    return found[:, 0], found[:, 1]


def _rate(times: Array, end: float) -> tuple[float, float]:
    """The inverse of the last interval; of uneven ones their mean, over the later half."""
    between = np.diff(times)
    last = between[-_LAST:]
    if not last.size or end - times[-1] > _LATE * last.max():
        return 0.0, 0.0
    if np.ptp(last) <= _EVEN * last.max():
        before = between[-2] if between.size > 1 else np.nan
        return 1e3 / between[-1], abs(1e3 / between[-1] - 1e3 / before)
    later = between[between.size // 2 :]
    return 1e3 / later.mean(), np.nan if later.size < 2 else (
        1e3 / later.mean() ** 2 * later.std(ddof=1) / np.sqrt(later.size)
    )


def steadiest(current: Array, found: Array) -> float:
    """A current in the middle of those at which it fires."""
    firing = current[found > 0]
    return float(np.sort(firing)[firing.size // 2])
