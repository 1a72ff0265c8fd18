"""Parameters that follow a time course: a drug that washes in, a temperature ramp."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np

from loligo import units
from loligo.errors import ModelError, UnitError, UsageError
from loligo.lanes import Floats, Labelled
from loligo.model.reading import UNITS, freeze

_EXAMPLE = "lo.Course([0, 50, 60], [120, 120, 0])"
_FIXED = {
    "C_m": "the charge on a capacitance that changes is another equation",
    "area": "what is divided by it was divided before the run",
}


@dataclass(frozen=True, init=False, repr=False)
class Course:
    """What a parameter is in the course of a run: straight lines from knot to knot.

    Before its first knot it has the first value, after the last knot the last. Give it in place of
    a parameter's value, ``model.replace(g_Na=lo.Course(…))``. Steady states, and whatever asks for
    the parameter as such, have its value at the start of a run (0 ms).

    Parameters
    ----------
    time : sequence of float
        ms of the run, not decreasing; where two are equal the parameter jumps.
    values : sequence of float
        In the parameter's unit, or with units: ``["120 mS/cm2", "0 mS/cm2"]``.

    Raises
    ------
    ModelError, UnitError, UsageError
        Times go back, or there are not as many as values, or a number cannot be read.

    Examples
    --------
    >>> import loligo as lo
    >>> wash_in = lo.Course([0, 50, 60], [120, 120, 0])
    >>> squid = lo.load("hodgkin-huxley-1952").replace(g_Na=wash_in)
    >>> squid.parameters["g_Na"].value, wash_in.at(55)
    (120.0, 60.0)
    >>> rec = lo.simulate(squid, lo.PulseTrain(5, 1, 20, interval=15, count=6), duration=100)
    >>> lo.spike_times(rec).size
    4
    """

    moves: ClassVar[bool] = True

    time: tuple[float, ...]
    values: tuple[float, ...]
    unit: str

    def __init__(self, time: Any, values: Any, unit: str = "") -> None:
        when = _samples(time, "ms", "time")
        amounts, counted = _amounts(values, unit)
        if when.size != amounts.size:
            raise ModelError(
                f"Course: {when.size} times for {amounts.size} values; give as many of one as of "
                f"the other, as in {_EXAMPLE}"
            )
        if when.size < 2:
            raise ModelError(
                f"Course: give at least two knots, as in {_EXAMPLE}; what has one value all along "
                "is that value"
            )
        back = np.flatnonzero(np.diff(when) < 0)
        if back.size:
            k = int(back[0])
            raise ModelError(
                f"Course: time goes back, from {when[k]:g} to {when[k + 1]:g} ms after knot {k}; "
                "sort the knots by time"
            )
        freeze(self, time=tuple(when.tolist()), values=tuple(amounts.tolist()), unit=counted)

    def at(self, t: float) -> float:
        """What it is at a time (ms); where it jumps, just after."""
        return float(self.look_up(np.array([float(t)]))[0])

    def look_up(self, t: Floats) -> Floats:
        """What it is at several times."""
        time, values = np.array(self.time), np.array(self.values)
        k = np.clip(np.searchsorted(time, t, side="right") - 1, 0, time.size - 2)
        gaps = np.diff(time)
        share = np.clip((t - time[k]) / np.where(gaps == 0, 1.0, gaps)[k], 0.0, 1.0)
        return np.where(
            t < time[0], values[0],
            np.where(t >= time[-1], values[-1], values[k] + share * np.diff(values)[k]),
        )  # fmt: skip

    def counted(self, unit: str, name: str) -> Course:
        """The same in a parameter's unit.

        Raises
        ------
        UnitError
            If its values are in one of another kind.
        """
        if self.unit in ("", unit):
            return Course(self.time, self.values, unit)
        told = [units.read(f"{value!r} {self.unit}", unit, name) for value in self.values]
        return Course(self.time, told, unit)

    def to_dict(self) -> dict[str, Any]:
        """As a document has it, in the parameter's unit."""
        return {"time": list(self.time), "values": list(self.values)}

    @staticmethod
    def from_dict(document: Any) -> Course:
        """The inverse of :meth:`to_dict`."""
        if not isinstance(document, Mapping):
            raise ModelError(
                "a course is written as time and values, each a list of numbers, not "
                f"{document!r:.60}"
            )
        entries = cast(Mapping[str, Any], document)
        for key in entries:
            if key not in ("time", "values"):
                raise ModelError(f"a course has time and values, and no {key!r:.60}")
        for key in ("time", "values"):
            if key not in entries:
                raise ModelError(f"a course: {key} is missing; it has time and values")
        return Course(entries["time"], entries["values"])

    def __repr__(self) -> str:
        return f"Course({list(self.time)}, {list(self.values)})"

    def __str__(self) -> str:
        """In words: ``120 at 0 ms, 0 at 60 ms``."""
        knots = [f"{v:g} at {t:g} ms" for t, v in zip(self.time, self.values, strict=True)]
        return ", ".join(knots if len(knots) <= 5 else [*knots[:2], "…", *knots[-2:]])


def read_courses(given: Any, parameters: Mapping[str, Any]) -> dict[str, Course]:
    """Courses by the names of parameters.

    Raises
    ------
    ModelError
        If there is no such parameter, or its value is not that of the course at the start.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ModelError(f'courses: give names and courses, as in {{"g_Na": {_EXAMPLE}}}')
    found: dict[str, Course] = {}
    for name, course in cast(Mapping[Any, Any], given).items():
        own = course if isinstance(course, Course) else Course.from_dict(course)
        if name not in parameters:
            raise ModelError(f"courses: the model has no parameter {name!r:.60}")
        refuse_fixed(name)
        parameter = parameters[name]
        own = own.counted(parameter.unit, name)
        if isinstance(parameter.value, Labelled) or parameter.value != own.at(0.0):
            raise ModelError(
                f"{name} follows a course that is {own.at(0.0):g} at 0 ms, and is "
                f"{parameter.value!r:.60} here; first give it one value, or another course: "
                f"replace({name}=...)"
            )
        found[name] = own
    return found


def refuse_fixed(name: str) -> None:
    """Refuse what stands still in every run."""
    if name in _FIXED:
        raise ModelError(f"{name} cannot follow a course: {_FIXED[name]}")


def refuse_courses(courses: Mapping[str, Course], what: str) -> None:
    """Refuse a membrane whose parameters move, where that has no meaning.

    Raises
    ------
    UsageError
        Saying what to write instead.
    """
    if courses:
        name, course = next(iter(courses.items()))
        raise UsageError(
            f"{what}: {name} of this model follows a course ({course}); give it one value, "
            f"model.replace({name}={course.at(0.0):g})"
        )


def _samples(values: Any, unit: str, name: str) -> Floats:
    try:
        if isinstance(values, list | tuple):
            each = cast(Iterable[Any], values)
            values = [units.read(v, unit, name) if isinstance(v, str) else v for v in each]
        samples = units.read_samples(values, unit, name)
    except UnitError as problem:
        raise type(problem)(f"Course: {problem}") from None
    except UsageError as problem:
        raise ModelError(f"Course: {problem}; write it as in {_EXAMPLE}") from None
    if samples.values.ndim != 1:
        raise ModelError(
            f"Course: {name} has the dimensions {', '.join(samples.dims)}; a course is the same in "
            "all lanes, and its knots are single numbers"
        )
    return samples.values


def _amounts(values: Any, unit: str) -> tuple[Floats, str]:
    """Plain numbers, or those of one kind of units that expressions count in, and which."""
    if unit or not _says(values):
        return _samples(values, unit or "1", "values"), unit
    for each in UNITS:
        try:
            return _samples(values, each, "values"), each
        except units.DimensionError:
            continue
    return _samples(values, "1", "values"), ""


def _says(values: Any) -> bool:
    """Whether any of them has a unit."""
    if units.has_unit(values):
        return True
    several = isinstance(values, Iterable) and not isinstance(values, str)
    return several and any(units.has_unit(each) for each in cast(Iterable[Any], values))
