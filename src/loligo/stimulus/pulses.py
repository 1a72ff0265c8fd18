"""Shapes that begin at an edge, and end or stay: pulse, step, train of pulses, ramp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from loligo.errors import StimulusError
from loligo.lanes import Floats, Labelled, Value, grid
from loligo.stimulus.applied import DURATION, ROUNDING, START, Quantity, within
from loligo.stimulus.base import (
    AMPLITUDE,
    MOST_EDGES,
    Shape,
    Times,
    cell,
    plain,
    too_many_edges,
)  # fmt: skip

# what begins, lasts and ends
BOX = {"start": START, "duration": DURATION, "amplitude": AMPLITUDE}


@dataclass(frozen=True, eq=False, repr=False)
class Pulse(Shape):
    """A constant current from `start` to `start` + `duration`.

    Parameters
    ----------
    start, duration : Value
        ms; `duration` above 0.
    amplitude : Value
        µA/cm², or nA if it says so (``"2 nA"``, or ``unit="nA"``).

    Raises
    ------
    StimulusError
        If a number cannot be (a duration of 0, NaN, a word).
    UnitError
        If a unit is unknown or of another kind.

    Examples
    --------
    >>> shock = Pulse(start=5, duration=40, amplitude=10)
    >>> shock.value(5), shock.value(45), shock.integral(0, 50)
    (10.0, 0.0, 400.0)
    >>> Pulse(5, 40, "2 nA").unit
    'nA'
    """

    kind: ClassVar[str] = "pulse"
    still: ClassVar[bool] = True
    caption: ClassVar[str] = "{current} {when}"
    example: ClassVar[str] = "Pulse(start=5, duration=40, amplitude=10)"
    quantities: ClassVar[Any] = BOX

    start: Value
    duration: Value
    amplitude: Value

    def value(self, t: Times) -> Any:
        start, duration, amplitude = self._numbers("start", "duration", "amplitude")
        t = np.asarray(t, dtype=np.float64)
        return plain(np.where((t >= start) & (t < start + duration), amplitude, 0.0))

    def integral(self, a: Times, b: Times) -> Any:
        start, duration, amplitude = self._numbers("start", "duration", "amplitude")
        return plain(amplitude * (local(b, start, duration) - local(a, start, duration)))


@dataclass(frozen=True, eq=False, repr=False)
class Step(Shape):
    """A constant current from `start` on, without end.

    Parameters
    ----------
    start : Value
        ms.
    amplitude : Value
        µA/cm² or nA.

    Raises
    ------
    StimulusError, UnitError
        As for :class:`Pulse`.

    Examples
    --------
    >>> Step(10, 5).integral(0, 30)
    100.0
    """

    kind: ClassVar[str] = "step"
    still: ClassVar[bool] = True
    caption: ClassVar[str] = "{current} from {start} on"
    example: ClassVar[str] = "Step(start=5, amplitude=10)"
    quantities: ClassVar[Any] = {"start": START, "amplitude": AMPLITUDE}

    start: Value
    amplitude: Value

    def value(self, t: Times) -> Any:
        start, amplitude = self._numbers("start", "amplitude")
        return plain(np.where(np.asarray(t, dtype=np.float64) >= start, amplitude, 0.0))

    def integral(self, a: Times, b: Times) -> Any:
        start, amplitude = self._numbers("start", "amplitude")
        # not by local(): where both lie after the start, b − a has no rounding of the start in it
        a, b = (np.maximum(np.asarray(edge, dtype=np.float64), start) for edge in (a, b))
        return plain(amplitude * (b - a))

    def breakpoints(self, duration: float) -> Floats:
        (start,) = self._numbers("start")
        return within([start], duration)

    def window(self) -> tuple[Value, Value]:
        return self.start, np.inf


@dataclass(frozen=True, eq=False, repr=False)
class PulseTrain(Shape):
    """Equal pulses, the k-th from `start` + k·`interval`, for k = 0 … `count` − 1.

    Parameters
    ----------
    start, duration : Value
        Of the first pulse, and how long each lasts; ms.
    amplitude : Value
        µA/cm² or nA.
    interval : Value
        ms from one onset to the next; at least `duration`.
    count : Value
        How many pulses; a whole number, at least 1.

    Raises
    ------
    StimulusError, UnitError
        As for :class:`Pulse`, and if pulses would overlap.

    Examples
    --------
    >>> PulseTrain(5, 1, 20, interval=10, count=3).breakpoints(50)
    array([ 5.,  6., 15., 16., 25., 26.])
    """

    kind: ClassVar[str] = "pulse_train"
    still: ClassVar[bool] = True
    caption: ClassVar[str] = (
        "{count} pulses of {current} for {duration}, every {interval} from {start}"
    )
    example: ClassVar[str] = "PulseTrain(start=5, duration=1, amplitude=20, interval=10, count=3)"
    quantities: ClassVar[Any] = {
        **BOX,
        "interval": Quantity("ms", "interval between pulses", timing=True, bounds={"above": 0.0}),
        "count": Quantity("1", timing=True, bounds={"at_least": 1.0}),
    }

    start: Value
    duration: Value
    amplitude: Value
    interval: Value
    count: Value

    def _check(self) -> None:
        counts = np.asarray(getattr(self.count, "values", self.count))
        if np.any(counts != np.floor(counts)):
            wrong = counts[counts != np.floor(counts)].flat[0]
            raise StimulusError(
                f"PulseTrain: count must be a whole number of pulses, but is {wrong:g}"
            )
        both = self._guarded(lambda: grid({"duration": self.duration, "interval": self.interval}))
        duration, interval = both.flat("duration"), both.flat("interval")
        overlap = interval < duration * (1 - ROUNDING)
        if np.any(overlap):
            lane = int(np.argmax(overlap))
            raise StimulusError(
                f"PulseTrain: the pulses overlap: each lasts {duration[lane]:g} ms, but the next "
                f"begins {interval[lane]:g} ms after it began. interval is from onset to onset; "
                f"make it at least {duration[lane]:g} ms"
            )

    def value(self, t: Times) -> Any:
        start, duration, amplitude, interval, count = self._numbers(*self.parameters)
        t = np.asarray(t, dtype=np.float64)
        k, _ = cell(t, start, interval)
        on = (k >= 0) & (k < count) & (t < start + k * interval + duration)
        return plain(np.where(on, amplitude, 0.0))

    def integral(self, a: Times, b: Times) -> Any:
        start, duration, amplitude, interval, count = self._numbers(*self.parameters)

        def pulses(t: Any) -> tuple[Any, Any]:
            """Pulses begun before the one that `t` falls to, and ms of that one."""
            k = np.clip(cell(t, start, interval)[0], 0, count - 1)
            return k, np.clip(t - (start + k * interval), 0.0, duration)

        (k_a, rest_a), (k_b, rest_b) = (
            pulses(np.asarray(edge, dtype=np.float64)) for edge in (a, b)
        )
        return plain(amplitude * ((k_b - k_a) * duration + (rest_b - rest_a)))

    def breakpoints(self, duration: float) -> Floats:
        start, length, interval, count = self._numbers("start", "duration", "interval", "count")
        first = max(np.floor((-start - length) / interval) - 1, 0)
        last = min(np.floor((duration - start) / interval) + 1, count - 1)
        if last - first > MOST_EDGES / 2:
            raise too_many_edges(self, 2 * (last - first))
        onsets = start + np.arange(first, last + 1) * interval
        return within(np.concatenate([onsets, onsets + length]), duration)

    def window(self) -> tuple[Value, Value]:
        names = ("duration", "interval", "count")
        lanes = grid({name: getattr(self, name) for name in names})
        duration, interval, count = (lanes.array(name) for name in names)
        length = (count - 1) * interval + duration
        return self.start, Labelled(lanes.dims, length, lanes.coords) if lanes.dims else float(
            length
        )


@dataclass(frozen=True, eq=False, repr=False)
class Ramp(Shape):
    """A current that grows from 0 to `amplitude` in a straight line, then is 0 again.

    Parameters
    ----------
    start, duration : Value
        ms; `duration` above 0.
    amplitude : Value
        What is reached at the end; µA/cm² or nA.

    Raises
    ------
    StimulusError, UnitError
        As for :class:`Pulse`.

    Examples
    --------
    >>> up = Ramp(0, 100, 20)
    >>> up.value(25), up.integral(0, 100)
    (5.0, 1000.0)
    """

    kind: ClassVar[str] = "ramp"
    caption: ClassVar[str] = "ramp to {current} {when}"
    example: ClassVar[str] = "Ramp(start=5, duration=40, amplitude=10)"
    quantities: ClassVar[Any] = BOX

    start: Value
    duration: Value
    amplitude: Value

    def value(self, t: Times) -> Any:
        start, duration, amplitude = self._numbers("start", "duration", "amplitude")
        t = np.asarray(t, dtype=np.float64)
        on = (t >= start) & (t < start + duration)
        return plain(np.where(on, amplitude * ((t - start) / duration), 0.0))

    def integral(self, a: Times, b: Times) -> Any:
        start, duration, amplitude = self._numbers("start", "duration", "amplitude")
        u, v = local(a, start, duration), local(b, start, duration)
        return plain(amplitude * ((v - u) * ((v + u) / (2 * duration))))


def local(t: Times, start: float, duration: float) -> Floats:
    """Time since the start, held within the shape: what lies outside has no charge."""
    return np.clip(np.asarray(t, dtype=np.float64) - start, 0.0, duration)
