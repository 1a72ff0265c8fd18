"""What is injected into axons: where, how much in each step, and what of it is recorded."""

from __future__ import annotations

from typing import Any

import numpy as np

from loligo.engine.coupled import Points
from loligo.engine.kernel import Schedule
from loligo.lanes import Floats, Integers
from loligo.run.axon.compartments import shares
from loligo.run.axon.electrodes import electrodes, timetable
from loligo.run.axon.openings import flowing, openings
from loligo.run.cells import Driven
from loligo.run.drive import Drive
from loligo.run.problem import Problem
from loligo.stimulus import Conductance, Shock

# Where a current jumps, the midpoint rule would ring along fine compartments; this many steps
# from there on are two backward Euler halves each, which damp it and leave the order at 2
# (Rannacher 1984, doi:10.1007/BF01390130; Giles & Carter 2006: four halves suffice).
_DAMPED = 2


def points_of(problem: Problem) -> Points:
    """Where currents are injected, V is clamped and ends are held; all clamps are off."""
    parts, held = problem.along.parts, problem.along.axon.ends
    axons = problem.lanes.size
    places = {k for each in problem.driven for k in shares(parts, place_of(each))}
    places |= {k for electrode in electrodes(problem) for k in electrode.compartments}
    outer = (0, parts.count - 1)
    places |= {k for k, end in zip(outer, held, strict=True) if end.voltage is not None}
    place = np.array(sorted(places), dtype=np.int64)
    conductance = np.zeros((axons, place.size))
    driven = np.zeros((axons, place.size))
    for side, (k, end) in enumerate(zip(outer, held, strict=True)):
        if end.voltage is not None:
            column = int(np.searchsorted(place, k))
            conductance[:, column] += parts.ends[:, side]
            with np.errstate(over="ignore"):  # told later, as no rest or as a divergence
                driven[:, column] += parts.ends[:, side] * end.voltage
    potential = np.divide(driven, conductance, out=np.zeros_like(driven), where=conductance > 0)
    return Points(place, conductance, potential)


def place_of(each: Driven) -> float:
    """Where along the axon it is injected, um."""
    assert each.place is not None, "what is done to an axon has a place"
    return each.place


def by_point(driven: tuple[Driven, ...]) -> list[list[Driven]]:
    """The shapes of each point, in the order in which they were given."""
    points: dict[str, list[Driven]] = {}
    for each in driven:
        points.setdefault(each.prefix.rpartition(".")[0], []).append(each)
    return list(points.values())


class Injected:
    """The currents into the points of :func:`points_of`, averaged over steps.

    Parameters
    ----------
    stream
        Bytes of them that are handed over at once.
    """

    def __init__(self, problem: Problem, schedule: Schedule, stream: int) -> None:
        self.problem, self.schedule = problem, schedule
        self.axons = problem.lanes.size
        self.place = points_of(problem).place
        drive = Drive(problem)
        # for each point the weights of its compartments, and the paths of its shapes
        self.points = [
            (shares(problem.along.parts, place_of(shapes[0])), [drive.paths(s) for s in shapes])
            for shapes in by_point(problem.driven)
        ]
        self.where = [place_of(shapes[0]) for shapes in by_point(problem.driven)]
        self.openings = openings(problem)
        self.electrodes = electrodes(problem)
        self.clamped = timetable(
            self.electrodes, problem.along.parts, schedule.dt, problem.times.duration
        )
        self.shocked = any(isinstance(each.shape, Shock) for each in problem.driven)
        self.jumps = self._jumps()
        row = 8 * self.axons * (self.place.size + 1)
        self.most_steps = max(16, stream // row)

    def _jumps(self) -> list[tuple[Integers, Integers]]:
        """The steps in which a current jumps or bends or a clamp changes, in order, and the axons
        with just these; none of a sampled current."""
        groups: dict[tuple[int, ...], list[int]] = {}
        every = [pair for _, shapes in self.points for pair in shapes]
        smooth = [(paths, which) for paths, which in every if not paths[0].sampled]
        end = self.problem.times.duration
        breakpoints = [[path.breakpoints(end) for path in paths] for paths, _ in smooth]
        for axon in range(self.axons):
            own = [b[which[axon]] for b, (_, which) in zip(breakpoints, smooth, strict=True)]
            times = np.concatenate([np.empty(0), *own])
            steps = np.floor(times / self.schedule.dt + 1e-9).astype(np.int64)
            if self.shocked:  # one inside a step comes before and after it
                steps = np.concatenate([steps, steps + 1])
            if self.electrodes:
                steps = np.concatenate([steps, self.clamped.edges[axon]])
            steps = np.unique(steps)
            groups.setdefault(tuple(steps.tolist()), []).append(axon)
        return [(np.array(k, dtype=np.int64), np.array(v)) for k, v in groups.items()]

    def given(self, first: int, stop: int) -> dict[str, Any]:
        """What a course is told about the steps from ``first`` to ``stop``."""
        told = {"injected": self.between(first, stop), "damped": self.edges(first, stop)}
        return {**told, "opened": self.opened(first, stop)} if self.openings else told

    def between(self, first: int, stop: int) -> Floats:
        """(steps, axons, points), nA."""
        edges = np.arange(first, stop + 1) * self.schedule.dt
        table = np.zeros((stop - first, self.axons, self.place.size))
        across: dict[float, Floats] = {}
        for each in self.openings:
            g, driven = each.mean(first, stop, self.schedule.dt)
            across[each.place] = 1.0 + g * each.resistance
            self._share(table, each.shares, driven / across[each.place])
        for (weights, shapes), where in zip(self.points, self.where, strict=True):
            total = np.zeros(table.shape[:2])
            for paths, which in shapes:
                charge = np.stack([path.integral(edges[:-1], edges[1:]) for path in paths], axis=1)
                total += charge[:, which] / self.schedule.dt
            if where in across:
                total /= across[where]
            self._share(table, weights, total)
        damped = self.edges(first, stop) if any(e.moves for e in self.electrodes) else None
        for electrode in self.electrodes:
            if electrode.moves:
                pushed = electrode.pushed(first, stop, self.schedule.dt, damped)
                table[:, :, np.searchsorted(self.place, electrode.compartments)] += pushed
        return table

    def opened(self, first: int, stop: int) -> Floats:
        """The conductances of the steps from ``first`` to ``stop``, (steps, axons, points), uS."""
        table = np.zeros((stop - first, self.axons, self.place.size))
        for each in self.openings:
            g, _ = each.mean(first, stop, self.schedule.dt)
            self._share(table, each.shares, g / (1.0 + g * each.resistance))
        return table

    def _share(self, table: Floats, weights: dict[int, Floats], total: Floats) -> None:
        for place, weight in weights.items():
            table[:, :, np.searchsorted(self.place, place)] += weight * total

    def edges(self, first: int, stop: int) -> Integers:
        """(steps, axons): 1 where a current has just changed its course, or the run begins."""
        steps = np.zeros((stop - first, self.axons), dtype=np.int64)
        steps[: max(0, _DAMPED - first)] = 1
        for jumps, axons in self.jumps:
            low, high = np.searchsorted(jumps, [first - _DAMPED, stop])
            for k in range(_DAMPED):
                after = jumps[low:high] + k - first
                after = after[(after >= 0) & (after < stop - first)]
                steps[np.ix_(after, axons)] = 1
        return steps


def injected(problem: Problem, facing: Floats | None) -> list[tuple[float, Floats]]:
    """Each point, um, and what it injects at the sample times: (axons, samples) in nA.

    Parameters
    ----------
    facing
        Of :func:`loligo.run.axon.openings.flowing`. What flows through conductances at a place is
        counted to the first point that has one there.
    """
    through = dict(flowing(problem, facing))
    drive = Drive(problem)
    currents: list[tuple[float, Floats]] = []
    for shapes in by_point(problem.driven):
        total = np.zeros((problem.lanes.size, problem.times.samples))
        for each in shapes:
            paths, which = drive.paths(each)
            total += np.stack([drive.values(path) for path in paths])[which]
            if isinstance(each.shape, Conductance):
                total += through.pop(place_of(each), 0.0)
        currents.append((place_of(shapes[0]), total))
    return currents
