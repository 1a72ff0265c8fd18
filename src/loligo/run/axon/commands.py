"""Commands of clamps at places along axons that move: what they are at the ends of steps.

An electrode holds V from the beginning of a step to its end, and by the midpoint rule V goes as
far beyond the mean of what drives it as it was behind. So a step is driven by the mean of the
commands at its two ends, and V is the command at each; one that is damped goes to its end. Of
commands that jump the beginning of a step is after the jump, and the end of one before it.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from loligo.lanes import Floats

BESIDE = 1e-9  # ms: a jump so near a time is at it


def commanded(path: Any, times: Floats, after: bool = True, beside: float = BESIDE) -> Floats:
    """What a clamp with the numbers of one axon commands at some times, mV: its first value before
    it goes on, and its last one after it has gone off.

    Parameters
    ----------
    after
        Whether just after a jump, or just before.
    """
    course, (when, size) = path.course, path.leaps()
    since = np.clip(times - path.start, 0.0, path.duration)
    value = course.value(np.zeros(1)) + (course.moved(since) - course.moved(np.zeros(1)))
    jumped = np.concatenate([[0.0], np.cumsum(size)])
    if after:
        return value + jumped[np.searchsorted(when, times + beside, side="right")]
    return value + jumped[np.searchsorted(when, times - beside, side="left")]


def rises(path: Any, threshold: float, end: float) -> list[tuple[float, float]]:
    """When a clamp's command goes up through a threshold while it is on, ms, and how high it goes
    until the next time, mV."""
    found = _rises(path, threshold, end)
    knots = path.breakpoints(end)
    before, after = commanded(path, knots, after=False), commanded(path, knots)
    pairs: list[tuple[float, float]] = []
    for k, time in enumerate(found):
        until = found[k + 1] if k + 1 < len(found) else float(knots[-1])
        high = [threshold, *after[(knots >= time) & (knots < until)].tolist()]
        high += before[(knots > time) & (knots <= until)].tolist()
        pairs.append((time, max(high)))
    return pairs


def _rises(path: Any, threshold: float, end: float) -> list[float]:
    knots = path.breakpoints(end)
    before, after = commanded(path, knots, after=False), commanded(path, knots)
    found = [float(knots[0])] if knots.size and after[0] >= threshold else []
    for k, following in itertools.pairwise(range(knots.size)):
        first, last = float(after[k]), float(before[following])
        if first < threshold <= last:
            share = (threshold - first) / (last - first)
            found.append(float(knots[k] + share * (knots[following] - knots[k])))
        if last < threshold <= after[following] and following < knots.size - 1:
            found.append(float(knots[following]))
    return found
