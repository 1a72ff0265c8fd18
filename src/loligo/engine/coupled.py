"""What every engine offers for a cable: membranes along axons, and the solve that joins them.

Arrays come in their natural order, ``(…, axons, compartments)``; an engine lays them out as it
likes. The axons of a run have the same compartments and do not touch each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from loligo.engine.kernel import Schedule
from loligo.lanes import Floats, Integers


@dataclass(frozen=True)
class Line:
    """The passive part of axons.

    Attributes
    ----------
    area : (axons, compartments)
        What makes uA/cm2 nA, and mS/cm2 uS: 1e-5 times the area in um2.
    capacity : (axons, compartments)
        nA ms/mV.
    link : (axons, compartments - 1)
        Axial conductance between neighbours, uS.
    """

    area: Floats
    capacity: Floats
    link: Floats

    @property
    def axons(self) -> int:
        return self.area.shape[0]

    @property
    def compartments(self) -> int:
        return self.area.shape[1]


@dataclass(frozen=True)
class Points:
    """Compartments with something of their own: an injected current, a held end.

    Attributes
    ----------
    place : (points,)
        Which compartments; each once.
    conductance, potential : (axons, points)
        uS to a fixed potential (mV); 0 where only a current is injected.
    """

    place: Integers
    conductance: Floats
    potential: Floats


@dataclass
class Patch:
    """All compartments of one membrane structure.

    Attributes
    ----------
    kernel
        Of the membrane's program.
    place : (compartments of this patch,)
        Which they are, increasing.
    states : (states without V, axons, compartments)
    constants : (constants, axons, compartments or 1)
    sampled : (recorded compartments,)
        Which of the patch's compartments are recorded.
    """

    kernel: Any
    place: Integers
    states: Floats
    constants: Floats
    sampled: Integers


class Course(Protocol):
    """A run under way. Made from ``(line, patches, points, schedule, voltage)``."""

    spikes: list[tuple[Floats, Integers]]

    def advance(
        self, axons: range, injected: Floats, damped: Integers, first: int, stop: int
    ) -> None:
        """Step ``axons`` from where they are up to ``stop``.

        ``injected`` is (steps, axons, points), nA, and ``damped`` (steps, axons), in the steps
        from ``first``; 1 makes a step of two backward Euler halves. Ranges of axons that do not
        overlap may run at once.
        """
        ...

    def hold(self, points: Points, link: Floats) -> None:
        """From the next step on: other conductances and potentials at the same places, and other
        axial conductances, (axons, compartments - 1)."""
        ...

    def put(self, patch: int, states: Floats) -> None:
        """Other states of a patch, as :meth:`states` has them."""
        ...

    def lost(self) -> tuple[int, int, Floats] | None:
        """The first axon whose V ceased to be finite, in which step, and V before it."""
        ...

    def save(self) -> Any:
        """Where the run is now, for :meth:`restore`; not what was recorded."""
        ...

    def restore(self, saved: Any) -> None:
        """Go back to where the run was."""
        ...

    def voltage(self) -> Floats:
        """(axons, compartments) now."""
        ...

    def states(self, patch: int) -> Floats:
        """(states without V, axons, compartments of the patch) now."""
        ...

    def values(self, patch: int, record: int) -> Floats:
        """(samples, axons, recorded compartments of the patch)."""
        ...


def start_armed(voltage: Floats, schedule: Schedule) -> np.ndarray:
    """Where a spike can be seen from the beginning."""
    return voltage < schedule.threshold
