"""The least current that excites however long it lasts."""

from __future__ import annotations

import numpy as np

from loligo.experiments.excited import CURRENT, Excitable, excites, lanes
from loligo.experiments.search import Threshold, least
from loligo.stimulus import Pulse

Array = np.ndarray

LONG = 500.0  # ms: so long a pulse is, as a rule, as good as one that never ends
LONGER = 8.0  # times as long, to see whether it is
SMALLEST = 1e-3  # uA/cm2


def rheobase(patch: Excitable) -> Threshold:
    """uA/cm2, of one row; NaN where nothing excites."""
    if patch.trouble:
        return Threshold.none(1)
    found = held(patch, LONG)
    late = LONG * LONGER
    if np.isfinite(found.value[0]) and _fires(patch, found.below, late)[0]:
        found = held(patch, late)
    return found


def held(patch: Excitable, lasts: float) -> Threshold:
    """The least current that excites within a time, never switched off."""

    def fires(_: Array, sizes: Array, until: float) -> Array:
        return _fires(patch, sizes, until)

    found = least(fires, SMALLEST, np.array([CURRENT]), lasts)
    if not np.isfinite(found.value[0]):
        return found
    own = excites(
        patch, lambda level: patch.fired(lasts, _step(found.value, lasts), level=level),
        lambda _: found.value,
    )  # fmt: skip
    return found.where(own)


def _fires(patch: Excitable, sizes: Array, lasts: float) -> Array:
    return patch.fired(lasts, _step(sizes, lasts)).count > 0


def _step(sizes: Array, lasts: float) -> Pulse:
    return Pulse(0.0, lasts, lanes(sizes)[0])
