"""The least current that excites however long it lasts."""

from __future__ import annotations

import numpy as np

from loligo.experiments.excited import CURRENT, Excitable, excites, lanes
from loligo.experiments.search import Threshold, least
from loligo.stimulus import Pulse
from loligo.theory import steady_state

Array = np.ndarray

LONG = 500.0  # ms: so long a pulse is, as a rule, as good as one that never ends
SMALLEST = 1e-3  # uA/cm2

LONGER = 4000.0  # ms, to see whether it is
_ABOVE_REST = 60.0  # mV within which the steady current turns, where it does
_PARTS, _CALLS = 100, 7


def rheobase(patch: Excitable) -> Threshold:
    """uA/cm2, of one row; NaN where nothing excites."""
    if patch.trouble:
        return Threshold.none(1)
    return settled(patch, _held(patch, LONG))


def settled(patch: Excitable, found: Threshold) -> Threshold:
    """The least current for ever, where that of a long pulse is known (one row).

    Where a little less excites in the end, V creeps past where rest has just ceased to exist: the
    current is that at which it does, the fold of the steady current-voltage curve.
    """
    if not np.isfinite(found.value[0]) or not _fires(patch, found.below, LONGER)[0]:
        return found
    at_fold = _fold(patch)
    if np.isfinite(at_fold[0]) and not _fires(patch, at_fold[:1], LONGER)[0]:
        return Threshold(at_fold[1:], at_fold[:1])
    return _held(patch, LONGER)


def _held(patch: Excitable, lasts: float) -> Threshold:
    """The least current that excites within a time, never switched off."""

    def fires(_: Array, sizes: Array, until: float) -> Array:
        return _fires(patch, sizes, until)

    found = least(fires, SMALLEST, np.array([CURRENT]), lasts)
    if not np.isfinite(found.value[0]):
        return found
    size = patch.surely(found.value)
    own = excites(
        patch, lambda level: patch.fired(lasts, _step(size, lasts), level=level), lambda _: size
    )
    return found.where(own)


def _fires(patch: Excitable, sizes: Array, lasts: float) -> Array:
    return patch.fired(lasts, _step(sizes, lasts)).count > 0


def _step(sizes: Array, lasts: float) -> Pulse:
    return Pulse(0.0, lasts, lanes(sizes)[0])


def _fold(patch: Excitable) -> Array:
    """(2,): a little less and a little more than the largest current with an equilibrium that is
    come to from rest; NaN where there is no such end."""
    low, high = patch.start["V"], patch.start["V"] + _ABOVE_REST
    for _ in range(_CALLS):
        V = np.linspace(low, high, _PARTS + 1)
        curve = steady_state(patch.membrane, V=V)
        falls = np.flatnonzero(curve.slope_conductance.values < 0)
        if not falls.size or falls[0] == 0:
            return np.full(2, np.nan)
        low, high = V[falls[0] - 1], V[falls[0]]
    top = float(curve.I_ionic.values.max())
    return top * np.array([1 - 1e-9, 1 + 1e-9])
