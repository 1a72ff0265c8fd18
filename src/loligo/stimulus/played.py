"""What a waveform, or noise, plays: the command of a clamp, the course of a conductance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np

from loligo import units
from loligo.errors import StimulusError
from loligo.lanes import Floats, Labelled
from loligo.stimulus.applied import Applied
from loligo.stimulus.base import Shape
from loligo.stimulus.lines import Lines, Listed, Scaled
from loligo.stimulus.noise import Noise
from loligo.stimulus.waveform import Waveform

_Any = TypeVar("_Any", bound="Played")
PATHS = (Waveform, Noise)
# its times come from what plays it
_TIMES = ("start", "duration")


@dataclass(frozen=True, eq=False, repr=False)
class Played(Applied):
    """What may follow a path in place of one of its numbers; the path's numbers are then its own,
    and the path's times count from its start."""

    # the number in whose place a path may stand
    plays: ClassVar[str]
    # whether a program is handed the path in units of its size
    sized: ClassVar[bool] = False

    def most_knots(self, duration: float) -> float:
        return 0.0 if self.path is None else self.path.most_knots(duration)

    @property
    def path(self) -> Any:
        """The waveform or noise that it follows, or None."""
        given = self.__dict__.get(self.plays)
        return given if isinstance(given, PATHS) else None

    @property
    def sampled(self) -> bool:  # type: ignore[override]
        """Whether a kernel is handed its path."""
        return self.path is not None

    @property
    def of_path(self) -> tuple[str, ...]:
        """The path's own numbers."""
        path = self.path
        return () if path is None else tuple(n for n in path.parameters if n not in _TIMES)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self.of_path:
            return getattr(self.path, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _read_path(self, wanted: tuple[str, ...]) -> None:
        """Take a path in one of some units, a plain one in the first."""
        path, who = self.path, type(self).__name__
        if path is None:
            raise StimulusError(
                f"{who}: {self.plays} is a number, or follows lo.Waveform(…) (of a clamp, "
                f"lo.Noise(…) too), not {getattr(self, self.plays)!r:.80}"
            )
        times = [name for name in _TIMES if name in path.parameters]
        if any(isinstance(getattr(path, name), Labelled) for name in times):
            raise StimulusError(
                f"{who}: the times of {path!r} are the same in all lanes; give the array as the "
                f"start of the {who}, from which they count"
            )
        if path.unit not in wanted:
            if path.said:
                raise StimulusError(
                    f"{who}: {self.plays} is {units.called(wanted[0])} in "
                    f"{' or '.join(wanted)}, but {path!r} is in {path.unit}; give it "
                    f'unit="{wanted[0]}"'
                )
            self._set(self.plays, replace(path, unit=wanted[0]))
        inner = {name: self.path.quantities[name] for name in self.of_path}
        told = {
            name: replace(q, timing=False, linear=self.sized and q.linear)
            for name, q in inner.items()
        }
        self._set("quantities", {**type(self).quantities, **told})

    @property
    def course_played(self) -> Course:
        """What the path of one lane plays, made once."""
        if "_played" not in self.__dict__:
            self._set("_played", course_of(self.path))
        return self.__dict__["_played"]

    def unit_of(self, name: str) -> str:
        return self.path.unit_of(name) if name in self.of_path else super().unit_of(name)

    def at(self: _Any, **scalars: float) -> _Any:
        inner = {name: scalars[name] for name in self.of_path if name in scalars}
        self._know(scalars)
        own = {name: value for name, value in scalars.items() if name not in inner}
        chosen = super().at(**own)
        vars(chosen).pop("_played", None)
        if inner:
            chosen._set(self.plays, self.path.at(**inner))
        return chosen


def just_after(t: Any, since: Any) -> Any:
    """How long after a start a time is, ms, such that one at a knot is not before it by rounding.

    >>> 4.3 - 4 < 0.3, bool(just_after(4.3, 4.3 - 4) >= 0.3)
    (True, True)
    """
    return since + 2 * np.spacing(np.abs(t))


class Course(Protocol):
    """What is played, in one lane: a function of the time since the beginning, ms, which keeps its
    first value before and its last one after.

    Attributes
    ----------
    jumps, leaps
        When it jumps, and by how much; several at one time add up.
    knots
        When it bends or jumps, up to a time.
    """

    jumps: Floats
    leaps: Floats

    def knots(self, length: float) -> Floats: ...

    def value(self, t: Floats) -> Floats:
        """At a time; where it jumps, just after."""
        ...

    def charge(self, t: Floats) -> Floats:
        """Its integral up to a time."""
        ...

    def moved(self, t: Floats) -> Floats:
        """It, without its jumps, but for a constant."""
        ...

    def slope(self, t: Floats) -> Floats:
        """Of a straight line just after a time."""
        ...

    def lines(self) -> Lines:
        """It, from knot to knot."""
        ...


class Samples:
    """See :class:`Course`: samples at times, as straight lines or held."""

    def __init__(self, time: Floats, row: Floats, hold: bool) -> None:
        gaps, steps = np.diff(time), np.diff(row)
        with np.errstate(all="ignore"):
            slope = np.zeros(gaps.size) if hold else steps / gaps
        steep = ~np.isfinite(slope)  # also where times differ by next to nothing
        slope[steep] = 0.0
        leaps = (steps != 0) if hold else steep
        self.jumps, self.leaps = time[1:][leaps], steps[leaps]
        self._time, self._row, self._slope = time, row, np.append(slope, 0.0)
        mean = row[:-1] if hold else 0.5 * (row[1:] + row[:-1])
        self._charge = np.concatenate([[0.0], np.cumsum(mean * gaps)])
        self._moved = np.concatenate([[0.0], np.cumsum(slope * gaps)])

    def knots(self, length: float) -> Floats:
        return self._time

    def _into(self, t: Floats) -> tuple[Any, Floats]:
        k = np.searchsorted(self._time, t, side="right") - 1
        return np.maximum(k, 0), np.where(k < 0, 0.0, t - self._time[np.maximum(k, 0)])

    def value(self, t: Floats) -> Floats:
        k, since = self._into(t)
        return self._row[k] + self._slope[k] * since

    def charge(self, t: Floats) -> Floats:
        k, since = self._into(t)
        before = self._row[0] * np.minimum(t - self._time[0], 0.0)
        return before + self._charge[k] + since * (self._row[k] + 0.5 * self._slope[k] * since)

    def moved(self, t: Floats) -> Floats:
        k, since = self._into(t)
        return self._moved[k] + self._slope[k] * since

    def slope(self, t: Floats) -> Floats:
        k, _ = self._into(t)
        return np.where(t < self._time[0], 0.0, self._slope[k])

    def lines(self, less: float = 0.0) -> Lines:
        """So much below it, from knot to knot."""
        row = self._row - less
        return Listed(self._time, row, self._slope, before=float(row[0]))


class Straight:
    """See :class:`Course`: a straight line."""

    jumps: Floats = np.empty(0)
    leaps: Floats = np.empty(0)

    def __init__(self, first: float, last: float, lasts: float) -> None:
        self.first, self.each = first, (last - first) / lasts

    def knots(self, length: float) -> Floats:
        return np.empty(0)

    def value(self, t: Floats) -> Floats:
        return self.first + self.each * t

    def charge(self, t: Floats) -> Floats:
        return t * (self.first + 0.5 * self.each * t)

    def moved(self, t: Floats) -> Floats:
        return self.each * t

    def slope(self, t: Floats) -> Floats:
        return np.full(np.shape(t), self.each)

    def lines(self) -> Lines:
        return Listed(np.zeros(1), np.array([self.first]), np.array([self.each]))


class Trembling:
    """See :class:`Course`: noise, which is told nothing of beyond its ends."""

    jumps: Floats = np.empty(0)
    leaps: Floats = np.empty(0)

    def __init__(self, noise: Noise) -> None:
        self.noise = noise

    def knots(self, length: float) -> Floats:
        return self.noise.breakpoints(length)

    def value(self, t: Floats) -> Floats:
        return self.noise.held(t)[0]

    def charge(self, t: Floats) -> Floats:
        return self.noise.held(t)[1]

    def moved(self, t: Floats) -> Floats:
        return self.value(t)

    def slope(self, t: Floats) -> Floats:
        return self.noise.held(t)[2]

    def lines(self) -> Lines:
        noise: Any = self.noise
        return Scaled(noise.lines(), noise.amplitude, noise.mean)


def _waveform(path: Any) -> Samples:
    row = path.amplitude * path.values[int(path.case or 0)]
    return Samples(path.start + path.time, row, path.hold)


_COURSES: Mapping[type[Shape], Callable[[Any], Course]] = {Waveform: _waveform, Noise: Trembling}


def course_of(path: Shape) -> Course:
    """What a path with the numbers of one lane plays."""
    return _COURSES[type(path)](path)


def refuse_command(who: str, path: Any, lasts: Any, example: str) -> None:
    """Refuse noise that cannot be a command: white, or shorter than what it is the command of."""
    if not isinstance(path, Noise):
        return
    if path.tau is None:
        raise StimulusError(
            f"{who}: white noise jumps without end, and no electrode follows it; give the noise "
            f"a correlation time, as in {example}"
        )
    longest = float(np.max(lasts.values if isinstance(lasts, Labelled) else lasts))
    begins: Any = path.start
    ends = begins + path.duration
    if begins > 0 or ends < longest:
        raise StimulusError(
            f"{who}: its noise is on from {begins:g} to {ends:g} ms "
            f"after the start, and the clamp for {longest:g} ms: its command must last as "
            f"long; write it as in {example}"
        )
