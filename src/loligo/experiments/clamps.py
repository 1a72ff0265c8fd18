"""What experiments under a voltage clamp share: segments of the command, and peaks of currents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from loligo.analysis.curve import highest
from loligo.errors import UsageError, nearest
from loligo.experiments.membranes import one, varied
from loligo.experiments.runs import run
from loligo.lanes import Labelled
from loligo.model import Membrane
from loligo.stimulus import VoltageClamp
from loligo.system.outline import outline_of

Array = np.ndarray

HOLDING = -65.0  # mV
_BOUNDS = {"at_least": -500.0, "below": 500.0}  # mV: what no membrane stands is a slip
_SAMPLES = 2000  # of a segment whose peaks are sought,
_TOGETHER = 16  # lanes of a run at least: as many as the widest kernel takes together
_VALUES = 2e7  # so many numbers at once at most
_REFINED = 8  # times
_SOLVED = 1e-7  # of a current's peak: the accuracy of a run
_FLAT = 1e-9  # of a curve's size: where it changes by less, no time is that of a peak
_CLOSE = 1e-9  # of the largest peak: to this it is sought between samples
_CUTS = 12  # of the interval of a crossing, at most, each around where a chord crosses
_AROUND = np.outer([-1.0, 1.0], [0.0, 1e-9, 1e-7, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 0.3]).ravel()


def level(value: Any, name: str) -> float:
    """A potential that a membrane is held at, mV."""
    return one(value, "mV", name, **_BOUNDS)


def levels(values: Any, otherwise: Array, name: str = "voltage") -> Array:
    """The potentials along which an experiment goes, mV, rising."""
    return varied(values, otherwise, "mV", name, **_BOUNDS).values


# ---- channels


def ions(membrane: Membrane) -> list[str]:
    """The names of channels that are no mere leak: they have gates, or a current of their own."""
    return [c.name for c in membrane.channels if c.gates or c.open or c.current is not None]


def chosen(membrane: Membrane, ion: Any, among: tuple[str, ...] = ("Na",)) -> list[str]:
    """The channels whose current is looked at: the one that was named, else the first of
    ``among`` that the membrane has, else all that are no leak, else all.

    Raises
    ------
    UsageError
        If there is no such channel.
    """
    names = [channel.name for channel in membrane.channels]
    if not names:
        raise UsageError("the membrane has no channels, so that no current flows through it")
    if ion is not None:
        if ion not in names:
            raise UsageError(
                f"ion={ion!r:.60}: the membrane has no such channel{nearest(str(ion), names)}; it "
                f"has {', '.join(names)}"
            )
        return [ion]
    known = [name for name in among if name in names]
    return known[:1] or ions(membrane) or names


def current_of(course: Course, channels: Iterable[str]) -> Array:
    """(lanes, time): the current through channels together, uA/cm2."""
    return sum((course[f"I_{name}"] for name in channels), np.zeros(course["V"].shape))


def written(channels: Iterable[str]) -> str:
    """Their current, as it is written: ``"I_Na + I_K"``."""
    return " + ".join(f"I_{name}" for name in channels)


def conducts(membrane: Membrane, channel: str) -> bool:
    """Whether its current is a conductance times a driving force."""
    return f"G_{channel}" in outline_of(membrane).records


# ---- segments


@dataclass(frozen=True, eq=False)
class Course:
    """What a clamped membrane does in a segment.

    Attributes
    ----------
    time : (samples,)
        ms from its beginning, where V already is the command.
    values
        States, gates, currents and conductances by their names, each (lanes, samples).
    """

    time: Array
    values: Mapping[str, Array]

    def __getitem__(self, name: str) -> Array:
        return self.values[name]


@dataclass(frozen=True, eq=False)
class Segment:
    """Part of what a clamp commands of a membrane, in lanes.

    All segments of all experiments are runs of one kernel: one clamp, everything recorded that
    one of them may want to know, and never fewer lanes than it takes together.

    Attributes
    ----------
    voltage : (lanes,)
        mV.
    duration
        ms.
    begins
        Where each lane begins: a potential at which all was steady, or all states.
    """

    membrane: Membrane
    voltage: Array
    duration: float
    begins: Array | Mapping[str, Array]

    @classmethod
    def held(
        cls, membrane: Membrane, voltage: Any, duration: float, holding: float
    ) -> Segment:  # fmt: skip
        """From a holding potential, everything steady there."""
        row = np.atleast_1d(np.asarray(voltage, dtype=float))
        return cls(membrane, row, duration, np.full(row.shape, holding))

    def course(self, samples: int) -> Course:
        """From its beginning to its end."""
        lanes = max(self.voltage.size, _TOGETHER)

        def spread(row: Array) -> Labelled:
            return Labelled(("lane",), np.resize(row, lanes))

        begins = self.begins
        initial = (
            {name: spread(row) for name, row in begins.items()}
            if isinstance(begins, Mapping)
            else spread(begins)
        )
        rec = run(
            self.membrane, VoltageClamp(0.0, self.duration, spread(self.voltage)), self.duration,
            initial=initial, record=_recorded(self.membrane),
            sample_interval=self.duration / samples,
        )  # fmt: skip
        own = slice(self.voltage.size)
        values = {n: rec[n].transpose("lane", "time").values[own] for n in _recorded(self.membrane)}
        return Course(rec.time.values, values)

    @cached_property
    def end(self) -> Mapping[str, Array]:
        """All states where it leaves the membrane."""
        course = self.course(1)
        return {name: course[name][:, -1] for name in outline_of(self.membrane).states}

    def then(self, voltage: Any, duration: float) -> Segment:
        """The segment after it: of each lane, or of many that go on from the only one."""
        row = np.atleast_1d(np.asarray(voltage, dtype=float))
        lanes = max(row.size, self.voltage.size)
        begins = {name: np.broadcast_to(values, lanes) for name, values in self.end.items()}
        return Segment(self.membrane, np.broadcast_to(row, lanes), duration, begins)

    def only(self, which: Array) -> Segment:
        """Some of its lanes."""
        begins = self.begins
        some = (
            {name: row[which] for name, row in begins.items()}
            if isinstance(begins, Mapping)
            else begins[which]
        )
        return replace(self, voltage=self.voltage[which], begins=some)


def _recorded(membrane: Membrane) -> list[str]:
    outline = outline_of(membrane)
    more = [name for name in outline.records if outline.about[name].get("role") in _ROLES]
    return [*outline.states, *(name for name in more if name not in outline.states)]


_ROLES = ("gate", "current", "conductance")


def steady_at(membrane: Membrane, voltage: Array) -> Mapping[str, Array]:
    """All that is recorded, (potentials,), where everything stands still at each."""
    course = Segment(membrane, voltage, 1.0, voltage).course(1)
    return {name: row[:, 0] for name, row in course.values.items()}


# ---- peaks


@dataclass(frozen=True, eq=False)
class Peaks:
    """Of currents or conductances in one segment, lane by lane.

    Attributes
    ----------
    value, when : (lanes,)
        When: ms from its beginning; NaN where the curve is flat.
    precision
        Of the least sure, in the unit of the values.
    time, course
        The curves: (samples,) and (lanes, samples).
    """

    value: Array
    when: Array
    precision: float
    time: Array
    course: Array


def peaks(
    segment: Segment, read: Callable[[Course], Array], inward: bool = False
) -> Peaks:  # fmt: skip
    """The extremes of curves in a segment.

    Where polynomials of two degrees through the samples do not agree on one, these lanes are
    sampled again, more finely, up to where the latest of them is.

    Parameters
    ----------
    read
        The curves (lanes, samples) in its course.
    inward
        The lowest value of each curve; else the one furthest from 0.
    """
    first = _sampled(segment, read, _SAMPLES)
    time, course = first
    value, when, unsure = _extremes(time, course, inward)
    lasts, samples = segment.duration, time.size - 1
    for _ in range(_REFINED):
        largest = np.abs(value[np.isfinite(value)]).max(initial=0.0)
        which = np.flatnonzero(unsure > _CLOSE * largest)
        if not which.size:
            break
        shorter = 1.5 * np.nanmax(when[which], initial=0.0) + 8 * lasts / samples
        samples = min(2 * samples, 8 * _SAMPLES) if shorter > lasts / 2 else samples
        lasts = min(lasts, shorter)
        some = replace(segment.only(which), duration=lasts)
        found = _extremes(*_sampled(some, read, samples), inward)
        value[which], when[which], unsure[which] = found
    known = np.isfinite(value)
    sure = np.maximum(unsure, _SOLVED * np.abs(value))[known].max(initial=0.0)
    return Peaks(value, when, float(sure), *first)


def _sampled(
    segment: Segment, read: Callable[[Course], Array], samples: int
) -> tuple[Array, Array]:
    rows = max(segment.voltage.size, _TOGETHER) * len(_recorded(segment.membrane))
    course = segment.course(int(np.clip(_VALUES / rows, 64, samples)))
    return course.time, read(course)


def _extremes(time: Array, curves: Array, inward: bool) -> tuple[Array, Array, Array]:
    """The extreme of each curve, when, and by how much it may be another."""
    lost = np.asarray(~np.isfinite(curves).all(axis=1))
    curves = np.where(lost[:, None], 0.0, curves)
    sign = np.where(curves.max(axis=1) > -curves.min(axis=1), 1.0, -1.0)
    sign = np.full(sign.shape, -1.0) if inward else sign
    value, when, unsure = highest(time, curves * sign[:, None])
    flat = np.ptp(curves, axis=1) <= _FLAT * np.abs(curves).max(axis=1)
    return np.where(lost, np.nan, value * sign), np.where(lost | flat, np.nan, when), unsure


# ---- where a curve crosses 0


def crossing(
    voltage: Array, value: Array, measure: Callable[[Array], Array]
) -> float:  # fmt: skip
    """The potential at which what is measured first rises through 0 behind its lowest value, to
    the last digits that it has; NaN if it does not.

    Parameters
    ----------
    voltage, value
        What is known, the potentials rising.
    measure
        More: called with potentials.
    """
    lowest = int(np.argmin(np.where(np.isfinite(value), value, np.inf)))
    turns = np.flatnonzero((value[lowest:-1] < 0) & (value[lowest + 1 :] >= 0)) + lowest
    if not turns.size:
        return float("nan")
    k = int(turns[0])
    low, high, at_low, at_high = voltage[k], voltage[k + 1], value[k], value[k + 1]
    for _ in range(_CUTS):
        if at_high == 0 or high - low <= 1e-11 * max(1.0, abs(high)):
            break
        guess = low - at_low * (high - low) / (at_high - at_low)
        row = np.unique(np.clip(guess + (high - low) * _AROUND, low, high))
        row = row[(row > low) & (row < high)]
        found = measure(row)
        place, there = np.r_[low, row, high], np.r_[at_low, found, at_high]
        turn = int(np.argmax(there >= 0))
        low, high, at_low, at_high = *place[turn - 1 : turn + 1], *there[turn - 1 : turn + 1]
    return float(high if at_high == 0 else low - at_low * (high - low) / (at_high - at_low))
