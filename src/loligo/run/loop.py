"""The loop of every compiled run: call the kernel on all cores, for a short time each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from loligo.engine.swings import Batch, Swings
from loligo.lanes import Floats, Integers
from loligo.run.divergence import Losses
from loligo.run.pace import Pace, crew, everywhere

Advance = Callable[[float], None]


class Course(Protocol):
    """A run under way.

    Attributes
    ----------
    parts
        Of what is left to do; several cores may work on them at once.
    amount
        How much of it to do in the next call: steps, or rounds.
    losses
        What became of the lanes.
    facing : (axons, places, samples) or None
        V where conductances open along axons, mV.
    """

    parts: list[range]
    amount: int
    losses: Losses
    facing: Floats | None

    @property
    def fraction(self) -> float:
        """How much of it all is done, for the person who waits."""
        ...

    @property
    def over(self) -> bool:
        """Whether nothing is left to do."""
        ...

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the solver chose, for the recording's attributes."""
        ...

    @property
    def spikes(self) -> list[Batch]:
        """Those found so far, batch by batch."""
        ...

    @property
    def swings(self) -> Swings:
        """Of V, wherever there may be spikes."""
        ...

    def call(self) -> Callable[[range], None]:
        """What is done to each part in the next call."""
        ...

    def arrived(self) -> bool:
        """What the call did; and whether the time that it took says how long the next may be."""
        ...

    def taken(self) -> Integers:
        """How many samples of each lane, or axon, are final."""
        ...

    def leave(self, lanes: Integers) -> None:
        """Go no further with some lanes, if that can be."""
        ...

    def values(self) -> dict[str, Floats]:
        """What was recorded: name -> (lanes, samples)."""
        ...

    def voltage(self) -> Floats:
        """V at the end, wherever there may be spikes."""
        ...

    def noted(self) -> Floats:
        """What the states that note charges hold at the end, (jumps, lanes)."""
        ...

    def clamped(self) -> Floats | None:
        """The currents of clamps, where there are any: (axons, electrodes, samples), nA."""
        ...


def loop(course: Course, advance: Advance, pace: Pace, ending: Any = None) -> None:
    """Take a run to its end.

    Parameters
    ----------
    advance
        Called with the fraction done.
    ending
        Asked after each call whether all lanes have come to an earlier end
        (:class:`loligo.run.until.Ending`).
    """
    with crew(course.parts) as pool:
        while not course.over:
            took = everywhere(pool, course.parts, course.call())
            if course.arrived():
                course.amount = pace.next(course.amount, took)
            advance(course.fraction)
            if ending is not None and ending.reached(course):
                break
