"""V, and what else is recorded, at a place between the centres of compartments.

Along the axon V is smooth between barriers: where membranes meet, where it is clamped, at ends.
In between it is the cubic through the four nearest centres, over the axial resistance from the
left end, so that a change of diameter bends nothing (of fourth order; the compartments are of
second). A current at a place bends V there: its known kink is taken out before and put back
after. A sealed end is a mirror. V at a clamp is the electrode's own: the command less what its
series resistance takes.

Gates, currents and conductances are the cubic through centres of the same membrane, whatever is
done nearby; a time of a spike likewise.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from loligo.lanes import Floats, Integers
from loligo.model import Axon
from loligo.run.axon.compartments import around
from loligo.run.geometry import Compartments

_NEAR = 0.02  # of a compartment: a centre so near a clamp gives way to it
_SIDE = 3  # nodes looked for on each side


@dataclass
class Reading:
    """A weighted sum that is V, or something else, at a place; weights are (axons,).

    Attributes
    ----------
    centres
        Compartment -> weight.
    ends
        Side (0 left, 1 right) of an end that is held -> weight of its voltage.
    clamps
        Place of a clamp, um -> weight of what V there is more than without it.
    """

    centres: dict[int, Floats] = field(default_factory=dict[int, Floats])
    ends: dict[int, Floats] = field(default_factory=dict[int, Floats])
    clamps: dict[float, Floats] = field(default_factory=dict[float, Floats])

    def add(self, other: Reading, weight: Floats) -> None:
        pairs = ((self.centres, other.centres), (self.ends, other.ends))
        for own, more in (*pairs, (self.clamps, other.clamps)):
            for key, part in more.items():
                own[key] = own.get(key, 0.0) + weight * part  # type: ignore[index]


@dataclass(frozen=True, eq=False)
class Place:
    """Where something is recorded.

    Attributes
    ----------
    position
        um from the left end.
    inside
        The compartment that it is in.
    diameter : (axons,)
        um.
    voltage, other
        What is V there, and anything else.
    """

    position: float
    inside: int
    diameter: Floats
    voltage: Reading
    other: Reading


@dataclass(frozen=True, eq=False)
class _Node:
    """Something known of V: at which axial resistance from the left, (axons,), and what it is."""

    at: Floats
    reading: Reading


class Ladder:
    """Compartments by their axial resistance from the left end.

    Parameters
    ----------
    clamps
        Where V is clamped, um.
    """

    def __init__(self, axon: Axon, parts: Compartments, clamps: Sequence[float]) -> None:
        self.axon, self.parts, self.clamps = axon, parts, sorted(set(clamps))
        ones = np.ones((parts.area.shape[0], 1))
        self.ones = ones[:, 0]
        rungs = np.concatenate([1.0 / parts.ends[:, :1], 1.0 / parts.link], axis=1)
        self.centres = np.cumsum(rungs, axis=1)  # (axons, compartments)
        self.ends = 0.0 * self.ones, self.centres[:, -1] + 1.0 / parts.ends[:, 1]

    def at(self, place: float) -> Floats:
        """(axons,), Mohm."""
        inside, _, away = around(self.parts, place)
        right = place > self.parts.position[inside]
        return self.centres[:, inside] + (away if right else -away)

    def read(self, place: float) -> Place:
        """What is to be recorded at a place, um."""
        parts = self.parts
        inside, _, _ = around(parts, place)
        middle = parts.diameter[:, inside]
        diameter = middle + parts.slope[:, inside] * (place - float(parts.position[inside]))
        return Place(place, inside, diameter, self.voltage(place), self._other(place, inside))

    # -- V ---------------------------------------------------------------------------

    def voltage(self, place: float, free: bool = False) -> Reading:
        """V at a place; ``free``: as if nothing were clamped."""
        known = self._known(place, free)
        if known is not None:
            return known
        barriers = [*self.borders, *([] if free else self.clamps)]
        span = (
            max((b for b in barriers if b < place), default=None),
            min((b for b in barriers if b > place), default=None),
        )
        return self._through(place, [self._towards(side, place, span, free) for side in (0, 1)])

    def _known(self, place: float, free: bool) -> Reading | None:
        """V where it needs no neighbours: at a centre, a clamp, a border, an end that is held."""
        k = int(np.searchsorted(self.parts.position, place))
        if k < self.parts.count and self.parts.position[k] == place:
            return Reading({k: self.ones})
        if place in self.clamps and not free:
            reading = self.voltage(place, free=True)
            reading.clamps[place] = self.ones
            return reading
        for side, end in enumerate(self.axon.ends):
            if end.voltage is not None and place == (0.0, self.axon.length)[side]:
                return Reading(ends={side: self.ones})
        if place in self.borders:  # as much current comes as goes
            here = self.at(place)
            left, right = here - self.centres[:, k - 1], self.centres[:, k] - here
            return Reading({k - 1: right / (left + right), k: left / (left + right)})
        return None

    @cached_property
    def borders(self) -> list[float]:
        """Where V's second derivative jumps: another membrane, another diameter."""
        regions, found = self.axon.regions, list[float]()
        edges = self.parts.position + 0.5 * self.parts.length
        for i, (one, other) in enumerate(itertools.pairwise(regions)):
            wide = one.diameter if one.diameter_end is None else one.diameter_end
            if one.membrane != other.membrane or wide != other.diameter:
                found.append(float(edges[np.flatnonzero(self.parts.region == i)[-1]]))
        return found

    def _towards(
        self, side: int, place: float, span: tuple[float | None, float | None], free: bool
    ) -> list[_Node]:
        """What is known of V on the left (0) or right of a place, the nearest first."""
        position, barrier = self.parts.position, span[side]
        inside = (position > (-np.inf if span[0] is None else span[0])) & (
            position < (np.inf if span[1] is None else span[1])
        )
        own = inside & (position < place if side == 0 else position > place)
        nearest = np.flatnonzero(own)[:: -1 if side == 0 else 1]
        if barrier is not None:
            nearest = nearest[
                abs(position - barrier)[nearest] > (_NEAR * self.parts.length)[nearest]
            ]
        nodes = [self._centre(int(k)) for k in nearest[:_SIDE]]
        if len(nodes) == _SIDE:
            return nodes
        if barrier is not None:
            return [*nodes, _Node(self.at(barrier), self.voltage(barrier, free))]
        if self.axon.ends[side].voltage is not None:
            return [*nodes, _Node(self.ends[side], Reading(ends={side: self.ones}))]
        images = np.flatnonzero(inside)[:: 1 if side == 0 else -1][: _SIDE - len(nodes)]
        return nodes + [self._centre(int(k), 2 * self.ends[side]) for k in images]

    def _centre(self, k: int, mirror: Floats | None = None) -> _Node:
        """V at a centre, or of its image beyond a sealed end."""
        at = self.centres[:, k]
        return _Node(at if mirror is None else mirror - at, Reading({k: self.ones}))

    def _through(self, place: float, sides: Sequence[list[_Node]]) -> Reading:
        """The polynomial through four nodes, two of each side if there are."""
        below, above = sides
        low = min(len(below), 2 + max(0, 2 - len(above)))
        nodes = [*below[:low], *above[: 4 - low]]
        if not below or not above:  # to be continued a little way
            nodes = nodes[:2]
        at, reading = self.at(place), Reading()
        for node in nodes:
            weight = self.ones
            for other in nodes:
                if other is not node:
                    weight = weight * (at - other.at) / (node.at - other.at)
            reading.add(node.reading, weight)
        return reading

    # -- anything else ---------------------------------------------------------------

    def _other(self, place: float, inside: int) -> Reading:
        position = self.parts.position
        if position[inside] == place:
            return Reading({inside: self.ones})
        run = self._alike(inside)
        below, above = run[position[run] < place][::-1], run[position[run] > place]
        return self._through(
            place, [[self._centre(int(k)) for k in side[:_SIDE]] for side in (below, above)]
        )

    def _alike(self, inside: int) -> Integers:
        """The compartments around one that have its membrane."""
        regions = self.axon.regions
        own = first = last = int(self.parts.region[inside])
        while first > 0 and regions[first - 1].membrane == regions[own].membrane:
            first -= 1
        while last + 1 < len(regions) and regions[last + 1].membrane == regions[own].membrane:
            last += 1
        return np.flatnonzero((self.parts.region >= first) & (self.parts.region <= last))


def needed(places: Sequence[Place], ladder: Ladder) -> Integers:
    """The compartments from which places are read."""
    every: set[int] = set()
    for place in places:
        every |= {place.inside, *place.voltage.centres, *place.other.centres}
        for clamp in place.voltage.clamps:
            every |= {*ladder.voltage(clamp, free=True).centres, *joined_by(ladder.parts, clamp)}
    return np.array(sorted(every), dtype=np.int64)


def joined_by(parts: Compartments, place: float) -> tuple[int, ...]:
    """The one or two compartments whose centres an electrode at a place is joined to."""
    inside, other, _ = around(parts, place)
    return (inside,) if other is None else tuple(sorted((inside, other)))
