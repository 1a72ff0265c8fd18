"""What every engine offers for a cable: membranes along axons, and the solve that joins them.

Arrays come in their natural order, ``(…, axons, compartments)``; an engine lays them out as it
likes. The axons of a run have the same compartments and do not touch each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from loligo.engine.kernel import Schedule
from loligo.engine.swings import Batch, Swings
from loligo.lanes import Floats, Integers


@dataclass(frozen=True)
class Line:
    """The passive part of axons: trees without branches.

    What is known of how compartments hang together is :attr:`parent` and the three methods below
    it. Branches would need parents of their own, which come before their children, and link i
    joining compartment i + 1 to its parent; then :meth:`inflow` holds as it is, the system of
    :meth:`matrix` is no longer a band but is still eliminated from the last compartment to the
    first without any fill (Hines 1984, doi:10.1016/0020-7101(84)90008-4), and the compiled solve,
    which cuts a line into runs, takes another loop.

    Attributes
    ----------
    area : (axons, compartments)
        What makes uA/cm2 nA, and mS/cm2 uS: 1e-5 times the area in um2.
    capacity : (axons, compartments)
        nA ms/mV.
    link : (axons, compartments - 1)
        Axial conductance between a compartment, from the second on, and its parent, uS.
    portable
        Whether what it solves has the same bits everywhere; else LAPACK solves it.
    """

    area: Floats
    capacity: Floats
    link: Floats
    portable: bool = False

    @property
    def axons(self) -> int:
        return self.area.shape[0]

    @property
    def compartments(self) -> int:
        return self.area.shape[1]

    @cached_property
    def parent(self) -> Integers:
        """Of every compartment the one before it, nearer to the root; -1 of the first."""
        return np.arange(-1, self.compartments - 1)

    def inflow(self, axon: int, voltage: Floats, onto: Floats) -> Floats:
        """``onto``, and the current (nA) that flows into each compartment of an axon from its
        neighbours: first from those whose parent it is, then from its parent."""
        above = self.parent[1:]
        flow = self.link[axon] * (voltage[1:] - voltage[above])
        total = onto.copy()
        np.add.at(total, above, flow)
        total[1:] -= flow
        return total

    def matrix(self, axon: int, diagonal: Floats) -> Floats:
        """``diagonal`` less the coupling D of an axon, so that D V is what flows in: a band with
        one row above the diagonal and one below it."""
        link = self.link[axon]
        band = np.zeros((3, self.compartments))
        band[0, 1:] = band[2, :-1] = -link
        band[1] = diagonal
        np.add.at(band[1], self.parent[1:], link)
        band[1, 1:] += link
        return band

    def solved(self, axon: int, diagonal: Floats, right: Floats, points: Points) -> Floats:
        """The change of V of an axon that is implicit in (diagonal - D + held) dV = right."""
        band = self.matrix(axon, diagonal)
        band[1, points.place] += points.conductance[axon]
        if self.portable:
            return _eliminated(self.link[axon], band[1], right.copy())
        from scipy import linalg  # pyright: ignore[reportMissingTypeStubs]

        solve: Any = getattr(linalg, "solve_banded")  # noqa: B009  (SciPy has no types)
        return solve((1, 1), band, right, check_finite=False)


def _eliminated(link: Floats, diagonal: Floats, right: Floats) -> Floats:
    """What :meth:`Line.solved` finds, from the last compartment to the first and back, in place of
    the right side."""
    with np.errstate(all="ignore"):
        for k in range(len(link), 0, -1):
            part = link[k - 1] / diagonal[k]
            diagonal[k - 1] -= part * link[k - 1]
            right[k - 1] += part * right[k]
        right[0] /= diagonal[0]
        for k, joined in enumerate(link):
            right[k + 1] = (right[k + 1] + joined * right[k]) / diagonal[k + 1]
    return right


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

    spikes: list[Batch]

    def advance(
        self, axons: range, injected: Floats, damped: Integers, first: int, stop: int,
        opened: Floats | None = None,
    ) -> None:  # fmt: skip
        """Step ``axons`` from where they are up to ``stop``.

        ``injected`` is (steps, axons, points), nA, and ``damped`` (steps, axons), in the steps
        from ``first``; 1 makes a step of two backward Euler halves. ``opened`` (steps, axons,
        points), uS, are conductances to 0 mV, in every call of a run or in none. Ranges of axons
        that do not overlap may run at once.
        """
        ...

    def hold(self, points: Points, link: Floats) -> None:
        """From the next step on: other conductances and potentials at the same places, and other
        axial conductances, (axons, compartments - 1)."""
        ...

    def displace(self, change: Floats) -> None:
        """Another V in some compartments at once: by how much, (axons, compartments)."""
        ...

    def put(self, patch: int, states: Floats) -> None:
        """Other states of a patch, as :meth:`states` has them."""
        ...

    def lost(self) -> Integers:
        """The axons whose V has ceased to be finite."""
        ...

    def save(self) -> Any:
        """Where the run is now, for :meth:`restore`; not what was recorded."""
        ...

    def restore(self, saved: Any, axons: Any = ...) -> None:
        """Go back to where the run, or some of its axons, was."""
        ...

    def voltage(self) -> Floats:
        """(axons, compartments) now."""
        ...

    def swings(self) -> Swings:
        """Of all compartments of all axons, counted through."""
        ...

    def states(self, patch: int) -> Floats:
        """(states without V, axons, compartments of the patch) now."""
        ...

    def values(self, patch: int, record: int) -> Floats:
        """(samples, axons, recorded compartments of the patch)."""
        ...


def start_armed(voltage: Floats, schedule: Schedule) -> np.ndarray:
    """Where a spike can be seen from the beginning."""
    return voltage < schedule.threshold - schedule.grain
