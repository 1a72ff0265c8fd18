"""Conductances at places along axons: what they add to the solve, and what flows through them.

A conductance g opens at a place between two centres of compartments. The current g (E - V) is that
of V at the place itself, which is off the straight line between the centres by what a current
makes of the axial resistances to them, in parallel: R. With the shares w of the centres it is

    (g E - g (w1 V1 + w2 V2))/(1 + g R),

and each centre takes its share, with its own V: of second order in the compartments' length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from loligo.errors import StimulusError
from loligo.lanes import Floats, Integers
from loligo.run.axon.compartments import around, shares
from loligo.run.cells import Driven
from loligo.run.drive import Drive, onto
from loligo.run.problem import Problem
from loligo.stimulus import Conductance


@dataclass(frozen=True, eq=False)
class Opening:
    """All conductances at one place.

    Attributes
    ----------
    place
        um from the left end.
    shares
        Compartment -> (axons,): how much of the current it takes.
    resistance : (axons,)
        R, Mohm.
    shapes
        Each with its different courses over the axons, and which of them each axon has.
    """

    place: float
    shares: dict[int, Floats]
    resistance: Floats
    shapes: list[tuple[Driven, list[Any], Integers]]

    def mean(self, first: int, stop: int, dt: float) -> tuple[Floats, Floats]:
        """g and g E in each of some steps, (steps, axons), uS and nA."""
        edges = np.arange(first, stop + 1) * dt

        def during(path: Any) -> Any:
            return path.opened(edges[:-1], edges[1:])

        return self._added(during, dt)

    def at(self, grid: Floats, end: float, before: float = 0.0) -> tuple[Floats, Floats]:
        """g and g E just after the times of a grid or, with ``before``, so long before."""

        def there(path: Any) -> Any:
            return path.conductance(onto(path.breakpoints(end), grid) - before)

        return self._added(there, 1.0)

    def of_axon(self, axon: int, t: float) -> tuple[float, float]:
        """g and g E in one axon at a time."""
        mine = [paths[which[axon]] for _, paths, which in self.shapes]
        each = [(path.conductance(t), path.E) for path in mine]
        return sum(g for g, _ in each), sum(g * reversal for g, reversal in each)

    def _added(self, read: Callable[[Any], Any], width: float) -> tuple[Floats, Floats]:
        total: Any = 0.0
        driven: Any = 0.0
        for _, paths, which in self.shapes:
            each = np.stack([read(path) for path in paths], axis=1)[:, which] / width
            total = total + each
            driven = driven + each * np.array([path.E for path in paths])[which]
        return total, driven

    def facing(self, voltage: Floats) -> Floats:
        """V between the centres in a straight line, (axons,)."""
        total = np.zeros(voltage.shape[0])
        for k, weight in self.shares.items():
            total += weight * voltage[:, k]
        return total


def openings(problem: Problem) -> list[Opening]:
    """One for each place with a conductance, in the order in which they were given.

    Raises
    ------
    StimulusError
        If V is clamped there.
    """
    groups: dict[float, list[Driven]] = {}
    for each in problem.driven:
        if isinstance(each.shape, Conductance):
            assert each.place is not None, "what is done to an axon has a place"
            groups.setdefault(each.place, []).append(each)
    clamped = {point.place for point in problem.clamps}
    if both := clamped & groups.keys():
        raise StimulusError(
            f"{groups[min(both)][0].shape!r} opens at {min(both):g} um, where V is clamped: what "
            "flows there is the electrode's alone; put one of them elsewhere"
        )
    return [_opening(problem, place, driven) for place, driven in groups.items()]


def _opening(problem: Problem, place: float, driven: list[Driven]) -> Opening:
    parts, drive = problem.along.parts, Drive(problem)
    weights = shares(parts, place)
    _, other, resistance = around(parts, place)
    # to the centre beyond the ends all of it; between two centres, in parallel: a b/(a + b)
    near = next(iter(weights.values()))
    across = resistance if other is None else resistance * near
    return Opening(place, weights, across, [(d, *drive.paths(d)) for d in driven])


def flowing(
    problem: Problem, facing: Floats | None, before: float = 0.0
) -> Iterator[tuple[float, Floats]]:
    """Each place with a conductance, um, and what flows in there at the samples, (axons, samples)
    in nA.

    Parameters
    ----------
    facing : (axons, places, samples)
        V between the centres.
    """
    times = problem.times
    if facing is None:
        return
    for i, each in enumerate(openings(problem)):
        g, driven = (rows.T for rows in each.at(times.grid, times.duration, before))
        across = 1.0 + g * each.resistance[:, None]
        yield each.place, (driven - g * facing[:, i]) / across
