"""A parameter that follows a time course, as what is done to a membrane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from loligo.lanes import Floats
from loligo.stimulus.applied import START, Applied, within
from loligo.stimulus.lines import Lines
from loligo.stimulus.played import Samples


@dataclass(frozen=True, eq=False, repr=False)
class Following(Applied):
    """How far a parameter is off its value at 0 ms: straight lines from knot to knot, of which the
    first value lasts until the first knot, and the last from the last on.

    Parameters
    ----------
    name
        Of the parameter.
    time, values
        Of the knots, ms and in the parameter's unit.
    start
        0: its times are those of the run.
    """

    kind: ClassVar[str] = "course"
    caption: ClassVar[str] = "a parameter along a course"
    example: ClassVar[str] = 'Following("g_Na", (0, 50, 60), (120, 120, 0))'
    sampled: ClassVar[bool] = True
    quantities: ClassVar[Any] = {"start": START}

    name: str
    time: tuple[float, ...]
    values: tuple[float, ...]
    start: float = 0.0

    def __post_init__(self) -> None:
        self._prepare()

    def _prepare(self) -> None:
        samples = Samples(np.array(self.time), np.array(self.values), hold=False)
        self._set("_samples", samples)
        self._set("_begins", float(samples.value(np.zeros(1))[0]))

    @property
    def inputs(self) -> dict[str, str]:  # type: ignore[override]
        return {f"course.{self.name}": "course"}

    @property
    def _course(self) -> Samples:
        return self.__dict__["_samples"]

    @property
    def _first(self) -> float:
        return self.__dict__["_begins"]

    def __repr__(self) -> str:
        return f"the course of {self.name}"

    def put(self, name: str, t: Any) -> Any:
        off = self._course.value(np.asarray(t, dtype=np.float64)) - self._first
        return off if np.ndim(t) else float(off)

    def window(self) -> tuple[float, float]:
        return self.time[0], self.time[-1] - self.time[0]

    def breakpoints(self, duration: float) -> Floats:
        return within(self.time, duration)

    def most_knots(self, duration: float) -> float:
        return float(sum(0 <= t <= duration for t in self.time))

    def cumulative(self, edges: Any) -> Floats:
        """Its integral up to each edge (ms), but for a constant."""
        t = np.asarray(edges, dtype=np.float64)
        return self._course.charge(t) - self._first * t

    def streamed(self, t: Any) -> Any:
        return self.put("", t)

    def lines(self) -> Lines:
        """It, from knot to knot."""
        return self._course.lines(self._first)
