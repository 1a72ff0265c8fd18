"""What is injected into axons: where, how much in each step, and what of it is recorded."""

from __future__ import annotations

from typing import Any

import numpy as np

from loligo.engine.coupled import Points
from loligo.engine.kernel import Floats, Integers, Schedule
from loligo.lanes import distinct
from loligo.run.axon.compartments import shares
from loligo.run.axon.electrodes import electrodes, timetable
from loligo.run.axon.problem import AxonProblem
from loligo.run.problem import onto

# Where a current jumps, the midpoint rule would ring along fine compartments; this many steps
# from there on are two backward Euler halves each, which damp it and leave the order at 2
# (Rannacher 1984, doi:10.1007/BF01390130; Giles & Carter 2006: four halves suffice).
_DAMPED = 2
_TABLE = 1 << 25  # bytes of injected currents handed over at once


def points_of(problem: AxonProblem) -> Points:
    """Where currents are injected, V is clamped and ends are held; all clamps are off."""
    parts, held = problem.parts, problem.axon.ends
    places = {k for p in problem.points for k in shares(parts, p.place)}
    places |= {k for electrode in electrodes(problem) for k in electrode.compartments}
    outer = (0, parts.count - 1)
    places |= {k for k, end in zip(outer, held, strict=True) if end.voltage is not None}
    place = np.array(sorted(places), dtype=np.int64)
    conductance = np.zeros((problem.axons, place.size))
    driven = np.zeros((problem.axons, place.size))
    for side, (k, end) in enumerate(zip(outer, held, strict=True)):
        if end.voltage is not None:
            column = int(np.searchsorted(place, k))
            conductance[:, column] += parts.ends[:, side]
            with np.errstate(over="ignore"):  # told later, as no rest or as a divergence
                driven[:, column] += parts.ends[:, side] * end.voltage
    potential = np.divide(driven, conductance, out=np.zeros_like(driven), where=conductance > 0)
    return Points(place, conductance, potential)


class Injected:
    """The currents into the points of :func:`points_of`, averaged over steps."""

    def __init__(self, problem: AxonProblem, schedule: Schedule) -> None:
        self.problem, self.schedule = problem, schedule
        self.place = points_of(problem).place
        self.paths = [
            (point, [paths_of(problem, i, k) for k in range(len(problem.shapes(i)))])
            for i, point in enumerate(problem.points)
        ]
        self.electrodes = electrodes(problem)
        self.clamped = timetable(self.electrodes, problem.parts, schedule.dt, problem.duration)
        self.jumps = self._jumps()
        row = 8 * problem.axons * (self.place.size + 1)
        self.most_steps = max(16, _TABLE // row)

    def _jumps(self) -> list[tuple[Integers, Integers]]:
        """The steps in which a current jumps or bends or a clamp changes, in order, and the axons
        with just these; none of a sampled current."""
        groups: dict[tuple[int, ...], list[int]] = {}
        smooth = [(p, which) for _, shapes in self.paths for p, which in shapes if not p[0].sampled]
        found = [[p.breakpoints(self.problem.duration) for p in paths] for paths, _ in smooth]
        for axon in range(self.problem.axons):
            mine = [f[which[axon]] for f, (_, which) in zip(found, smooth, strict=True)]
            times = np.concatenate([np.empty(0), *mine])
            steps = np.floor(times / self.schedule.dt + 1e-9).astype(np.int64)
            if self.electrodes:
                steps = np.concatenate([steps, self.clamped.edges[axon]])
            steps = np.unique(steps)
            groups.setdefault(tuple(steps.tolist()), []).append(axon)
        return [(np.array(k, dtype=np.int64), np.array(v)) for k, v in groups.items()]

    def given(self, first: int, stop: int) -> dict[str, Any]:
        """What a course is told about the steps from ``first`` to ``stop``."""
        return {"injected": self.between(first, stop), "damped": self.edges(first, stop)}

    def between(self, first: int, stop: int) -> Floats:
        """(steps, axons, points), nA."""
        edges = np.arange(first, stop + 1) * self.schedule.dt
        table = np.zeros((stop - first, self.problem.axons, self.place.size))
        for point, shapes in self.paths:
            total = np.zeros(table.shape[:2])
            for paths, which in shapes:
                charge = np.stack([path.integral(edges[:-1], edges[1:]) for path in paths], axis=1)
                total += charge[:, which] / self.schedule.dt
            for place, weight in shares(self.problem.parts, point.place).items():
                table[:, :, np.searchsorted(self.place, place)] += weight * total
        return table

    def edges(self, first: int, stop: int) -> Integers:
        """(steps, axons): 1 where a current has just changed its course, or the run begins."""
        steps = np.zeros((stop - first, self.problem.axons), dtype=np.int64)
        steps[: max(0, _DAMPED - first)] = 1
        for found, axons in self.jumps:
            low, high = np.searchsorted(found, [first - _DAMPED, stop])
            for k in range(_DAMPED):
                here = found[low:high] + k - first
                here = here[(here >= 0) & (here < stop - first)]
                steps[np.ix_(here, axons)] = 1
        return steps


def paths_of(problem: AxonProblem, point: int, shape: int) -> tuple[list[Any], Integers]:
    """The different currents of one shape over the axons, and which one each has."""
    own = problem.shapes(point)[shape]
    names = own.parameters
    table = np.stack([problem.lanes.flat(f"stimulus{point}.{shape}.{p}") for p in names])
    first, which = distinct(table)
    columns = table[:, first].T.tolist()
    return [own.at(**dict(zip(names, column, strict=True))) for column in columns], which


def injected(problem: AxonProblem) -> list[Floats]:
    """What each point injects at the sample times: (axons, samples) in nA."""
    found: list[Floats] = []
    for i in range(len(problem.points)):
        total = np.zeros((problem.axons, problem.samples))
        for k in range(len(problem.shapes(i))):
            paths, which = paths_of(problem, i, k)
            values = [p.value(onto(p.breakpoints(problem.duration), problem.times)) for p in paths]
            total += np.stack(values)[which]
        found.append(total)
    return found
