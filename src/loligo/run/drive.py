"""What is injected, lane by lane: its different paths, their edges and their values.

Lanes with equal numbers share a path, so that an array over a model's parameters costs nothing
here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from loligo.lanes import Floats, Integers, distinct
from loligo.program.term import EDGE_TOLERANCE, ROUNDED
from loligo.run.cells import Driven
from loligo.run.problem import Problem
from loligo.stimulus.clamp import VoltageClamp
from loligo.system.driven import ON


class Drive:
    """What is done to the lanes of a problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.end = problem.times.duration

    def paths(self, each: Driven) -> tuple[list[Any], Integers]:
        """The different currents of one shape over the lanes, and which one each lane has."""
        return self._paths(each, {})

    def unit_paths(self, each: Driven) -> tuple[list[Any], Integers]:
        """The same, of amplitude 1 and without what is added to it."""
        return self._paths(each, {n: float(n == "amplitude") for n in each.shape.linear})

    def _paths(self, each: Driven, unit: dict[str, float]) -> tuple[list[Any], Integers]:
        names = [name for name in each.shape.parameters if name not in unit]
        table = np.stack([self.problem.lanes.flat(each.name(name)) for name in names])
        holds = isinstance(each.shape, VoltageClamp)
        first, which = distinct(np.vstack([table, self.problem.lasts(each)]) if holds else table)
        columns = table[:, first].T.tolist()
        paths = [each.shape.at(**unit, **dict(zip(names, c, strict=True))) for c in columns]
        if holds:
            lasts = self.problem.lasts(each)[first]
            paths = [p.lasting() if on else p for p, on in zip(paths, lasts, strict=True)]
        return paths, which

    def values(self, path: Any) -> Floats:
        """Of one path at the sample times; at an edge, the value just after it."""
        return path.value(onto(path.breakpoints(self.end), self.problem.times.grid))

    def streamed(self, path: Any) -> Floats:
        """What a kernel is handed of a path at the sample times."""
        return path.streamed(onto(path.breakpoints(self.end), self.problem.times.grid))

    def edges(self, sampled: bool = True) -> Floats:
        """(rows, lanes): each lane's breakpoints, increasing, filled up with the end.

        Parameters
        ----------
        sampled
            Whether with those of sampled shapes at which nothing jumps.
        """
        problem, end = self.problem, self.end
        some = [
            i
            for i, each in enumerate(problem.driven)
            if sampled or not each.shape.sampled or ON in each.shape.inputs
        ]
        timing = [each.name(n) for each in map(problem.driven.__getitem__, some)
                  for n in each.shape.timing]  # fmt: skip
        table = [problem.lanes.flat(name) for name in timing]
        # lanes that are stimulated at the same times have the same edges
        first, which = distinct(np.stack(table or [np.zeros(problem.lanes.size)]))
        rows = [self._own(i, first, sampled) for i in some]
        points = np.concatenate([*rows, np.full((1, first.size), end)])
        points = np.sort(np.where((points > 0) & (points <= end), points, end), axis=0)
        if problem.clamped:
            # start + duration may miss the next start by rounding: the last of them is the edge
            near = np.diff(points, axis=0) <= points[1:] * ROUNDED
            for row in np.flatnonzero(near.any(axis=1))[::-1]:
                points[row] = np.where(near[row], points[row + 1], points[row])
        again = np.diff(points, axis=0) == 0
        points[:-1] = np.where(again, end, points[:-1])
        points = np.sort(points, axis=0)
        return points[: int((points < end).sum(axis=0).max()) + 1][:, which]

    def _own(self, index: int, lanes: Integers, sampled: bool) -> Floats:
        """(rows, lanes): the edges of one shape in some lanes, filled up with the end."""
        problem, end, each = self.problem, self.end, self.problem.driven[index]
        if each.shape.marks:
            start = problem.lanes.flat(each.name("start"))[lanes]
            if "end" not in each.shape.marks:
                return start[None]
            return np.stack([start, start + problem.lanes.flat(each.name("duration"))[lanes]])
        shapes = self._in_lanes(each, lanes)
        columns = [s.breakpoints(end) if sampled else s.jumps(end) for s in shapes]
        rows = np.full((max(map(len, columns)), len(columns)), end)
        for column, points in enumerate(columns):
            rows[: len(points), column] = points
        return rows

    def _in_lanes(self, each: Driven, lanes: Integers) -> list[Any]:
        """One shape, as a density, with the numbers of each of some lanes."""
        names = each.shape.parameters
        table = np.stack([self.problem.parameter(each.name(name))[lanes] for name in names])
        return [each.shape.at(**dict(zip(names, row, strict=True))) for row in table.T.tolist()]


def onto(edges: Floats, times: Floats) -> Floats:
    """Sample times, those that miss one of the sorted edges by an ulp moved onto it.

    >>> onto(np.array([0.3, 0.7]), 0.1 * np.array([2, 3, 7])).tolist()
    [0.2, 0.30000000000000004, 0.7000000000000001]
    >>> onto(np.array([0.3]), np.array([0.1 + 0.2 - 1e-12])).tolist()
    [0.3]

    One that lies on an edge stays there, however soon the next comes.

    >>> onto(np.array([0.3, 0.3 + 1e-12]), np.array([0.1 + 0.2])).tolist()
    [0.30000000000000004]
    """
    if not edges.size:
        return times
    following = np.searchsorted(edges, times)
    nearest = edges[np.minimum(following, edges.size - 1)]
    before = edges[np.maximum(following - 1, 0)]
    there = (following > 0) & (times - before <= times * ROUNDED)
    near = (nearest > times) & (nearest - times <= EDGE_TOLERANCE)
    return np.where(near & ~there, nearest, times)
