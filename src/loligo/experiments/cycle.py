"""A membrane that fires regularly under a constant current: its period, its state, its spikes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis import spike_times
from loligo.experiments.runs import part, run
from loligo.lanes import Labelled
from loligo.model import Membrane
from loligo.solvers import Solver, Taylor
from loligo.stimulus import Shock, Step
from loligo.system.outline import outline_of

if TYPE_CHECKING:
    import xarray

Array = np.ndarray

_TOLERANCE = 1e-12  # of runs whose spikes are compared
_STRETCHES = (500.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)  # ms that it is given to settle
_SETTLED = 1e-9  # of the period, by which the last intervals differ once it has
_REGULAR = 1e-4  # by which they may differ at most
_COMPARED = 4  # intervals


@dataclass(frozen=True, eq=False)
class Cycle:
    """Regular firing, once it has settled.

    Attributes
    ----------
    start
        From where it goes on: the first spike comes at ``first`` ms from there.
    period, precision
        ms.
    """

    membrane: Membrane
    amplitude: float
    level: float
    solver: Solver | None
    start: xarray.Dataset
    first: float
    period: float
    precision: float

    def spikes(self, more: Any, cycles: float) -> Array:
        """(lanes, spikes): when it fires where more is done to it besides; NaN after the last.

        Parameters
        ----------
        more
            A stimulus of lanes.
        cycles
            How long it is watched, from the first spike on, in periods.
        """
        lasts = self.first + cycles * self.period
        rec = run(
            self.membrane, Step(0.0, self.amplitude) + more, lasts, solver=self.solver,
            record=list(outline_of(self.membrane).states), sample_interval=lasts,
            initial=self.start, threshold=self.level,
        )  # fmt: skip
        return np.atleast_2d(spike_times(rec).values)


def settled(membrane: Membrane, amplitude: float, level: float) -> Cycle | str:
    """The regular firing of a membrane under a constant current; or in words why there is none."""
    solver = Taylor(_TOLERANCE)
    # two lanes with shocks of nothing: then it has the kernel of `Cycle.spikes`
    nothing = Labelled(("lane",), np.zeros(2))
    current: Any = Step(0.0, amplitude) + Shock(nothing, nothing)
    record = list(outline_of(membrane).states)
    start: Any = None
    period, apart = np.nan, np.inf
    for number, lasts in enumerate(_STRETCHES):
        with part(number, len(_STRETCHES)):
            both = run(
                membrane, current, lasts, solver=solver, threshold=level, record=record,
                sample_interval=lasts, initial=start,
            )  # fmt: skip
        start = both.isel(lane=0)
        times = spike_times(start).values
        intervals = np.diff(times[np.isfinite(times)])[-_COMPARED:]
        if intervals.size:
            period, apart = float(intervals[-1]), float(np.ptp(intervals))
        if intervals.size == _COMPARED and apart <= _SETTLED * period:
            break
    times = times[np.isfinite(times)]
    under = f"at {amplitude:g} µA/cm²"
    if times.size < 2 or lasts - times[-1] > 2 * period:
        return f"It does not go on firing {under}; give another amplitude."
    if not apart <= _REGULAR * period:
        least, most = intervals.min(), intervals.max()
        return (
            f"It does not fire regularly {under}: intervals are from {least:.4g} to {most:.4g} ms."
        )
    first = float(times[-1] + period - lasts)
    return Cycle(membrane, amplitude, level, solver, start, first, period, max(apart, 0.0))
