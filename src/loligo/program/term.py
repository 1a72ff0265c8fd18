"""What is done to a membrane, shape by shape, as arithmetic in a program: its vocabulary."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from loligo.program.arithmetic import Builder

# A sample counts as after an edge when it lies at most this much before it: sample times are
# products k*dt and miss a decimal edge by an ulp.
EDGE_TOLERANCE = 1e-9  # ms
# How much of its time a sample may miss an edge by, being such a product; and so the time at which
# a segment begins is still its own, though it may be shorter than the tolerance.
ROUNDED, TINY = 2.0**-50, 1e-300


@dataclass(frozen=True)
class Term:
    """One shape of a stimulus in a program: its parameters' values in the builder."""

    b: Builder
    p: Mapping[str, int]
    # a time between two edges, at which switches are decided; None: at the time asked for
    middle: int | None = None

    def const(self, value: float) -> int:
        return self.b.const(value)

    @property
    def end(self) -> int:
        """When it ends; of what may be held on beyond that, when it goes off."""
        if "off" in self.p:
            return self.p["off"]
        return self.b.add(self.p["start"], self.p["duration"])

    def when(self, t: int) -> int:
        """The time at which switches are decided: ``t``, an edge's tolerance later."""
        if self.middle is not None:
            return self.middle
        return self.b.add(t, self.const(EDGE_TOLERANCE))

    def inside(self, t: int) -> int:
        """Whether start <= t < end; at its start it is on, however soon it ends."""
        b, late, start, end = self.b, self.when(t), self.p["start"], self.end
        if self.middle is None:
            end = b.apply("max", end, b.add(start, self.const(2 * EDGE_TOLERANCE)))
        return b.apply("and", b.apply("le", start, late), b.apply("lt", late, end))

    def only_inside(self, t: int, value: int) -> int:
        return self.b.apply("where", self.inside(t), value, self.const(0.0))

    def overlap(self, t0: int, t1: int) -> tuple[int, int]:
        """The part of [t0, t1] in which the shape is on, relative to its start."""
        zero, duration, start = self.const(0.0), self.p["duration"], self.p["start"]
        a = self.b.clip(self.b.sub(t0, start), zero, duration)
        z = self.b.clip(self.b.sub(t1, start), zero, duration)
        return a, z


@dataclass(frozen=True)
class Still:
    """What a stimulus is at a time, and until when it stays so: its current, its next edge."""

    current: int
    until: int


@dataclass(frozen=True)
class Arithmetic:
    """How a program computes one kind of stimulus.

    Attributes
    ----------
    parameters
        The numbers that it reads.
    charge
        (term, t0, t1) -> the integral of the current from t0 to t1.
    value
        (term, t) -> the current just after t.
    still
        (term, t) -> the current just after t, and until when it stays; None if it is not
        constant between edges.
    sampled
        Whether it reads a path that is handed in from outside, ``stream``.
    slopes
        Whether it is how that moves, where the path is handed in as straight lines.
    """

    parameters: tuple[str, ...]
    charge: Callable[[Term, int, int], int]
    value: Callable[[Term, int], int]
    still: Callable[[Term, int], Still] | None = None
    sampled: bool = False
    slopes: bool = False

    def mean(self, term: Term, t0: int, t1: int) -> int:
        """The mean current from ``t0`` to ``t1``, exactly the current where it is constant."""
        b = term.b
        average = b.div(self.charge(term, t0, t1), b.input(".dt"))
        if self.still is None:
            return average
        still = self.still(term, t0)
        return b.apply("where", b.apply("le", t1, still.until), still.current, average)


def box_still(term: Term, t: int, size: int) -> Still:
    """Of what has one size from its start to its end."""
    b, start = term.b, term.p["start"]
    # over when its charge is given: start + duration is start for a very short one
    begun, over = b.apply("le", start, t), b.apply("le", term.p["duration"], b.sub(t, start))
    until = b.apply("where", begun, term.end, start)
    until = b.apply("where", over, term.const(math.inf), until)
    on = b.apply("and", begun, b.apply("not", over))
    return Still(b.apply("where", on, size, term.const(0.0)), until)
