"""The step of each lane, found by halving: as short as makes what is recorded good to an accuracy.

All lanes are run with a first step and with half of it. A lane in which the two agree is done and
keeps the finer; the others go on to the next rung of the ladder together, each until its own
halving shows that it is good, or the ladder ends. What a lane comes to is its own: neither its
step nor its numbers depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from loligo.lanes import Floats, Integers
from loligo.memory import refuse_too_large
from loligo.run.apart import Measure, spikes_apart, voltages_apart
from loligo.run.compiled import Stopwatch, integrate, kernels_of
from loligo.run.divergence import Loss, Statuses, first_of
from loligo.run.fixed import schedule_for
from loligo.run.initial import initial_states, resting_potential
from loligo.run.loop import Advance
from loligo.run.outcome import Outcome
from loligo.run.pace import Pace
from loligo.run.parts import initials_of, part, put
from loligo.run.pose import memory_of
from loligo.run.problem import Problem
from loligo.run.status import Status, lost
from loligo.solvers import Exponential

LONGEST = 0.01  # ms: the first step, or a little less where that fits the samples
HALVINGS = 7
V_WITHIN, SPIKES_WITHIN = 0.1, 0.01  # mV, at every sample; ms
_RETRIES = 2  # halvings of a lane that diverges
_BLOCK = 1 << 27  # bytes recorded of the lanes that are run again at once, if they are several


class Ladder:
    """A membrane's lanes, which climb down from step to step.

    Parameters
    ----------
    last
        Up to which sample the runs of each lane are compared; as far as they go if not given.

    Attributes
    ----------
    dt : (lanes,)
        Of each lane's finest run, ms.
    """

    def __init__(self, problem: Problem, pace: Pace, last: Integers | None = None) -> None:
        self.asked, self.pace, self.last = problem, pace, last
        self.smooth = not any(cells.outline.conditional for cells in problem.cells)
        self.problem = _with_voltage(problem)
        self.block = _lanes_at_once(self.problem)
        self.first = schedule_for(problem, Exponential(LONGEST)).dt
        # runs are compared as far as they were asked for
        self.problem = replace(self.problem, until=None)
        self.clock = Stopwatch()
        self.kernels, origin = kernels_of(self.problem, Exponential(self.first), pace)
        self.clock.stage(f"kernel ({origin})")
        self.initials = initial_states(self.kernels[0], self.problem.cells[0])
        self.clock.stage("initial state")
        lanes = problem.lanes.size
        self.voltage = Measure.unknown(V_WITHIN, lanes)
        self.spikes = Measure.unknown(SPIKES_WITHIN, lanes)
        self.dt = np.full(lanes, self.first)
        self.status: Statuses = np.zeros(lanes, np.int8)
        self.losses: dict[int, Loss] = {}
        self.lost_at: Floats = np.full(lanes, np.nan)

    def climb(self, advance: Advance) -> Outcome:
        """Run every lane until it is good, or as good as it gets."""
        whole = np.arange(self.dt.size)
        outcome = self._run(self.problem, whole, 0, lambda done: advance(0.5 * done))
        self._note_losses(whole, outcome)
        left = np.flatnonzero(~np.isin(self.status, [Status.NO_REST, Status.NOT_STEADY]))
        for halvings in range(1, HALVINGS + 1):
            for lanes, told in self._blocks(left, halvings, advance):
                finer = self._run(part(self.problem, lanes), lanes, halvings, told)
                self._compare(outcome, lanes, finer)
                put(outcome, lanes, finer)
            left = left[self.off[left]]
            if halvings >= _RETRIES:
                left = left[~lost(self.status, self.dt.size)[left]]
            if not left.size:
                break
        self.clock.stage("steps")
        return self._concluded(outcome)

    @property
    def off(self) -> Any:
        """Which lanes are not known to be good."""
        measures = (self.voltage, self.spikes)
        return np.any([each.error > each.within for each in measures], axis=0)

    def _run(self, problem: Problem, lanes: Integers, halvings: int, advance: Advance) -> Outcome:
        solver = Exponential(self.first / 2**halvings)
        initials = initials_of(self.initials, lanes)
        return integrate(problem, solver, advance, self.pace, self.kernels, initials)

    def _blocks(
        self, lanes: Integers, halvings: int, advance: Advance
    ) -> Iterator[tuple[Integers, Advance]]:
        """Some lanes at a time, and whom to tell how much of them is done. The first run is half
        of the bar, and every rung half of what is left: they take ever longer, but are ever less
        likely."""
        whole = 1.0 - 0.5**halvings
        for a, b in pairwise([*range(0, lanes.size, self.block), lanes.size]):

            def told(done: float, a: int = a, b: int = b) -> None:
                advance(whole + 0.5 * (1.0 - whole) * (a + done * (b - a)) / lanes.size)

            yield lanes[a:b], told

    def _compare(self, outcome: Outcome, lanes: Integers, finer: Outcome) -> None:
        gone = lost(self.status, self.dt.size)[lanes]
        self._note_losses(lanes, finer)
        gone |= lost(self.status, self.dt.size)[lanes]
        last = None if self.last is None else self.last[lanes]
        end = None if last is None else self._when(last)
        voltages = voltages_apart(outcome, lanes, finer, last)
        spikes = spikes_apart(outcome, lanes, finer, end)
        for measure, apart in ((self.voltage, voltages), (self.spikes, spikes)):
            measure.note(lanes, np.where(gone, np.inf, apart), self.smooth)
        self.dt[lanes] = finer.settings["dt"]

    def _when(self, samples: Integers) -> Any:
        """Of each sample; that of the last is the end of the run."""
        grid = self.problem.times.grid
        whole = samples >= grid.size - 1
        return np.where(whole, np.inf, grid[np.minimum(samples, grid.size - 1)])

    def _note_losses(self, lanes: Integers, found: Outcome) -> None:
        self.status[lanes] = 0 if found.status is None else found.status
        self.lost_at[lanes] = np.nan if found.lost_at is None else found.lost_at
        for loss in found.first_lost:
            lane = int(lanes[loss.lane])
            self.losses[lane] = replace(loss, lane=lane)

    def _concluded(self, outcome: Outcome) -> Outcome:
        outcome.values = {name: outcome.values[name] for name in self.asked.records}
        outcome.status = self.status if self.status.any() else None
        outcome.lost_at = self.lost_at
        outcome.first_lost = first_of(self.losses.values(), self.status)
        (kernel,), (cells,) = self.kernels, self.problem.cells
        outcome.rest = resting_potential(kernel, cells, self.initials.states)
        outcome.error = self.voltage.error if self.problem.records else None
        outcome.settings, outcome.within = self._settings(), self._within()
        outcome.notes += self._told_of_inaccurate()
        self.clock.stage("rest and spikes")
        outcome.timings = self.clock.stages
        return outcome

    # -- what is told ---------------------------------------------------------------------------

    def _settings(self) -> dict[str, Any]:
        """For the recording's attributes."""
        fine = ~lost(self.status, self.dt.size)
        if not fine.any():
            return {"dt": self.first}
        steps = {"dt": float(self.dt[fine].min())}
        if self.dt[fine].max() > steps["dt"]:
            steps["dt_longest"] = float(self.dt[fine].max())
        if self.problem.records:
            steps["V_error"] = float(self.voltage.error[fine].max())
        within = self._within()
        return {**steps, "accuracy": accuracy_told(*within)} if within else steps

    def _within(self) -> tuple[float | None, float] | None:
        """What all lanes are good to that ran: V where it is known, and spikes."""
        fine = ~lost(self.status, self.dt.size)
        if not fine.any():
            return None
        voltage = _within(self.voltage, fine) if self.problem.records else None
        return voltage, _within(self.spikes, fine)

    def _told_of_inaccurate(self) -> list[str]:
        bad = np.flatnonzero(self.off & ~lost(self.status, self.dt.size))
        if not bad.size:
            return []
        lanes = f"in {bad.size:,} of {self.dt.size:,} lanes, " if self.asked.lanes.dims else ""
        first = self.asked.where(int(bad[0])).removeprefix(" in the lane ")
        which = f"the first where {first}; " if first else ""
        return [
            f"the accuracy of {V_WITHIN:g} mV that the default is to have was not reached {lanes}"
            f"{which}with dt = {self.dt[bad[0]]:.3g} ms: V is there up to "
            f"{self.voltage.error[bad].max():.2g} mV off. What the model does may hang on the last "
            "digit: where a condition is only just met, or a spike only just made"
        ]


def _within(measure: Measure, lanes: Any) -> float:
    """What all the lanes are good to."""
    return max(measure.within, float(measure.error[lanes].max()))


def accuracy_told(voltage: float | None, spikes: float) -> str:
    """What lanes are good to of which the step was chosen, mV and ms."""
    good = [] if voltage is None else [f"V within {voltage:.2g} mV at every sample"]
    good.append(f"spikes within {spikes:.2g} ms")
    return f"{' and '.join(good)}, as each lane's runs with twice dt say"


def _with_voltage(problem: Problem) -> Problem:
    """V is recorded where anything is: by it two runs are compared."""
    if not problem.records or "V" in problem.records:
        return problem
    records = ("V", *problem.records)
    cells = tuple(replace(each, records=records) for each in problem.cells)
    return replace(problem, records=records, cells=cells)


def _lanes_at_once(problem: Problem) -> int:
    """How many lanes are run again at once, beside the whole.

    Raises
    ------
    RunError
        If there is not enough memory for both.
    """
    lanes, samples, records = problem.lanes.size, problem.times.samples, len(problem.records)
    each = 8 * samples * records
    block = min(lanes, max(1, _BLOCK // each)) if each else lanes
    sampled = sum(shape.sampled for shape in problem.shapes)
    refuse_too_large(
        memory_of(lanes, problem.times, problem.records, sampled) + each * block,
        f"{lanes:,} lanes × {samples:,} samples × {records} recorded, {block:,} of the lanes twice "
        "to see how good they are",
        "take a longer sample_interval, record less, or say how: solver=lo.Exponential(dt=0.01) "
        "runs them once",
    )
    return block
