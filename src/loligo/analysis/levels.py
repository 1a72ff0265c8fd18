"""V before, during and after a stimulus: its mean over stretches of time, its extremes.

A mean is one over time, of the straight lines between the samples: it does not depend on how the
samples lie.
"""

from __future__ import annotations

import numpy as np

from loligo.analysis.curve import Array, Trace
from loligo.crew import on_all_cores

_AT_ONCE = 1 << 18  # samples that stay close to the processor
_TENTH = 0.1  # of a stimulus, or of the time before it (eFEL's defaults)


def levels(v: Trace, start: Array, end: Array) -> dict[str, Array]:
    """What V was; NaN where the stimulus, or V at the time, is not known."""
    found = {name: np.full(start.size, np.nan) for name in _LEVELS}
    pairs = np.stack([start, end])
    known = np.flatnonzero(np.isfinite(pairs).all(axis=0))
    _, first, which = np.unique(pairs[:, known], axis=1, return_index=True, return_inverse=True)
    for group, one in enumerate(known[first]):
        rows = known[np.ravel(which) == group]
        for name, values in _of_stimulus(v, rows, float(start[one]), float(end[one])).items():
            found[name][rows] = values
    return found


_LEVELS = (
    "voltage_base", "steady_state_voltage_stimend", "steady_state_voltage",
    "minimum_voltage", "maximum_voltage",
)  # fmt: skip


def _of_stimulus(v: Trace, rows: Array, start: float, end: float) -> dict[str, Array]:
    """Of cells that were stimulated at the same time."""
    low, high = (int(np.searchsorted(v.time, at)) for at in (start, np.nextafter(end, np.inf)))
    means = (
        _before(v.time, start),
        Mean.over(v.time, end - _TENTH * (end - start), end),
        Mean.over(v.time, end, float(v.time[-1])),
    )

    def look(part: Array) -> Array:
        together = part[-1] - part[0] == part.size - 1
        values = v.values[part[0] : part[-1] + 1] if together else v.values[part]
        inside = values[:, low:high]
        nothing = np.full(part.size, np.nan)
        extremes = (inside.min(axis=1), inside.max(axis=1)) if high > low else (nothing, nothing)
        return np.stack([*(mean.of(values) for mean in means), *extremes])

    step = max(1, _AT_ONCE // v.time.size)
    parts = [rows[i : i + step] for i in range(0, rows.size, step)]
    return dict(zip(_LEVELS, np.concatenate(on_all_cores(look, parts), axis=1), strict=True))


def _before(time: Array, start: float) -> Mean:
    """Over the last tenth of the time before the stimulus, and one interval at least; up to the
    last sample before it, for V may jump when it starts."""
    last = int(np.searchsorted(time, start, "left")) - 1
    if last < 1:
        return Mean(0, np.empty(0))
    return Mean.over(time, min((1 - _TENTH) * start, float(time[last - 1])), float(time[last]))


class Mean:
    """The mean over a stretch of time, as weights of the samples in and around it."""

    def __init__(self, first: int, weights: Array) -> None:
        self.first, self.weights = first, weights

    @classmethod
    def over(cls, time: Array, low: float, high: float) -> Mean:
        """From ``low`` to ``high``, as far as that was recorded."""
        low, high = max(low, float(time[0])), min(high, float(time[-1]))
        if not high > low:
            return cls(0, np.empty(0))
        first = int(np.searchsorted(time, low, "right")) - 1
        last = int(np.searchsorted(time, high, "left"))
        nodes = time[first : last + 1]
        begin, stop = np.maximum(nodes[:-1], low), np.minimum(nodes[1:], high)
        # a straight line over its part of an interval: its mean is that in the middle
        far = (0.5 * (begin + stop) - nodes[:-1]) / np.diff(nodes)
        share = (stop - begin) / (high - low)
        weights = np.zeros(nodes.size)
        weights[:-1] += share * (1 - far)
        weights[1:] += share * far
        return cls(first, weights)

    def of(self, values: Array) -> Array:
        """Of rows of samples."""
        if not self.weights.size:
            return np.full(len(values), np.nan)
        inside = values[:, self.first : self.first + self.weights.size]
        base = inside[:, :1]  # near it the weighted sum loses fewer digits
        return base[:, 0] + np.add.reduce((inside - base) * self.weights, axis=1)
