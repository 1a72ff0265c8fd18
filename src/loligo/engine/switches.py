"""Switches of an adaptive run: where a condition's gap changes its sign, a step ends.

Every engine does the same. A lane keeps for each condition of its program on which side of 0 the
gap is *held*: +1, -1, or 0 where the gap is 0 all along; twice that where the lane is *at* the
switch, so that the gap is 0 but for rounding.

Before a step, its series says whether the sides are right (``settled``): away from a switch the
gap's sign tells, at a switch the first of its derivatives that is more than rounding, by what it
moves the gap until the next is half as much. A lane that
was held on the wrong side takes the other and does not move in that round. Where that goes on, no
side is right: both push back to the switch, and the solution slides along it.

After a step is chosen, the gap's polynomial is watched (``landing``). From 0 on, each step of the
walk towards its first root is as long as its slope and the most that it bends allow: so no root
is stepped over, not even two close by, and it is come upon as quickly as by Newton's method. The
lane's step ends there, just beyond rounding on the other side. Of a lane that begins at a switch,
what is watched is its gap divided by the time.
"""

from __future__ import annotations

import math

import numpy as np

from loligo.lanes import Floats
from loligo.program import Program

CLOCK = 4  # rows of a journey's clock, before those of its switches
# of what a gap is a difference of, and of what it moves in a step: so much is rounding
ROUNDED, BLURRED = 2.0**-44, 2.0**-50
LEAST = 1e-300  # which a gap is never less exact than
# a derivative counts if it moves the gap by so many times what is rounding, and so much of all
COUNTS, SHARE = 16.0, 1e-9
LOOSE = 1e-2  # of what a gap moves: where a lane has landed, the last step's error is less
WALK, SHORTEST_WALK = 128, 2.0**-48  # steps of a walk; of the whole way
ALL_AT_ONCE = 3  # rounds in which all wrong sides are changed; then one after the other
SWITCHED = 1000  # short steps in a row, each of them ended by a switch: they come ever faster


def rows(program: Program) -> int:
    """Of a journey's clock for the switches of a program: the side of each condition, how often
    sides were changed since the lane last moved, how many short steps ended at a switch."""
    conditions = len(program.conditions)
    return conditions + 2 if conditions else 0


def straight(order: int) -> float:
    """ms that a lane goes straight on from a switch where equations may have a slope but no power
    series, as where sqrt(max(0, x)) begins.

    The series of that has no radius there, and a step that is short enough for its tolerance tells
    nothing of what follows. What is left out is of the size of this to the power of 3/2: so it is
    a small part of the tolerance from which the order followed, to the power of 2/3.
    """
    return 0.1 * math.exp(-4.0 / 3.0 * (order - 1))


def most_changes(conditions: int) -> int:
    """How often sides may be changed before a lane moves."""
    return ALL_AT_ONCE + 6 * conditions


def begin(program: Program, lanes: int) -> Floats:
    """The clock of lanes that begin: each condition as if its gap were just not above 0, where
    what is written of it does not hold."""
    clock = np.zeros((CLOCK + rows(program), lanes))
    clock[CLOCK : CLOCK + len(program.conditions)] = -1.0
    return clock


def at_switch(program: Program, clock: Floats) -> list[str]:
    """The conditions at whose switches one lane is."""
    sides = clock[CLOCK : CLOCK + len(program.conditions)]
    return [c for c, s in zip(program.conditions, sides.tolist(), strict=True) if abs(s) > 1.5]
