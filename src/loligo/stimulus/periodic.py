"""Shapes that oscillate: sine and chirp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from loligo.lanes import Value
from loligo.stimulus.applied import Quantity
from loligo.stimulus.base import Shape, Times, plain
from loligo.stimulus.pulses import BOX, local

# Hz is cycles per 1000 ms.
_MS = 1000.0
_TURN = 2 * np.pi


@dataclass(frozen=True, eq=False, repr=False)
class Sine(Shape):
    """amplitude · sin(2π · frequency · (t − start) + phase) while it lasts.

    Parameters
    ----------
    start, duration : Value
        ms; `duration` above 0.
    amplitude : Value
        µA/cm² or nA.
    frequency : Value
        Hz; not negative.
    phase : Value
        Radians, or text in degrees (``"90 deg"``).

    Raises
    ------
    StimulusError, UnitError
        As for :class:`loligo.Pulse`.

    Examples
    --------
    >>> hum = Sine(0, 100, 2, frequency=50)
    >>> float(round(hum.value(5), 12)), float(round(hum.integral(0, 10), 9))
    (2.0, 12.732395447)
    """

    kind: ClassVar[str] = "sine"
    caption: ClassVar[str] = "sine of {current}, {frequency}, {when}"
    example: ClassVar[str] = "Sine(start=5, duration=100, amplitude=10, frequency=50)"
    quantities: ClassVar[Any] = {
        **BOX,
        "frequency": Quantity("Hz", "stimulus frequency", bounds={"at_least": 0.0}),
        "phase": Quantity("1", "stimulus phase", told="rad"),
    }

    start: Value
    duration: Value
    amplitude: Value
    frequency: Value
    phase: Value = 0.0

    def value(self, t: Times) -> Any:
        start, duration, amplitude, frequency, phase = self._numbers(*self.parameters)
        t = np.asarray(t, dtype=np.float64)
        on = (t >= start) & (t < start + duration)
        # whole turns are taken off before the sine, where a large argument would lose digits
        turns = frequency * (t - start) / _MS
        return plain(
            np.where(on, amplitude * np.sin(_TURN * (turns - np.floor(turns)) + phase), 0.0)
        )

    def integral(self, a: Times, b: Times) -> Any:
        start, duration, amplitude, frequency, phase = self._numbers(*self.parameters)
        u, v = local(a, start, duration), local(b, start, duration)
        # ∫ sin = (v − u) · sin(at the middle) · sinc(half the turn): no difference of cosines
        turns = frequency * (0.5 * (u + v)) / _MS
        middle = np.sin(_TURN * (turns - np.floor(turns)) + phase)
        return plain(amplitude * ((v - u) * middle * np.sinc(frequency * (v - u) / _MS)))


@dataclass(frozen=True, eq=False, repr=False)
class Chirp(Shape):
    """A sine whose frequency goes from one value to another in a straight line.

    With u = t − start, the phase is 2π (f₀ u + (f₁ − f₀) u² / (2 duration)), from 0.

    Parameters
    ----------
    start, duration : Value
        ms; `duration` above 0.
    amplitude : Value
        µA/cm² or nA.
    frequency_start, frequency_end : Value
        Hz; not negative.

    Raises
    ------
    StimulusError, UnitError
        As for :class:`loligo.Pulse`.

    Examples
    --------
    >>> zap = Chirp(0, 1000, 1, frequency_start=0, frequency_end=100)
    >>> zap.breakpoints(2000)
    array([   0., 1000.])
    """

    kind: ClassVar[str] = "chirp"
    caption: ClassVar[str] = (
        "chirp of {current}, {frequency_start.number} to {frequency_end}, {when}"
    )
    example: ClassVar[str] = (
        "Chirp(start=5, duration=1000, amplitude=2, frequency_start=0, frequency_end=100)"
    )
    quantities: ClassVar[Any] = {
        **BOX,
        "frequency_start": Quantity("Hz", bounds={"at_least": 0.0}),
        "frequency_end": Quantity("Hz", bounds={"at_least": 0.0}),
    }

    start: Value
    duration: Value
    amplitude: Value
    frequency_start: Value
    frequency_end: Value

    def value(self, t: Times) -> Any:
        start, duration, amplitude, low, high = self._numbers(*self.parameters)
        t = np.asarray(t, dtype=np.float64)
        on = (t >= start) & (t < start + duration)
        return plain(np.where(on, amplitude * _chirp(t - start, duration, low, high), 0.0))

    def integral(self, a: Times, b: Times) -> Any:
        start, duration, amplitude, low, high = self._numbers(*self.parameters)
        u, v = np.broadcast_arrays(local(a, start, duration), local(b, start, duration))
        ends = zip(u.ravel(), v.ravel(), strict=True)
        charges = [_chirp_integral(one, other, duration, low, high) for one, other in ends]
        return plain(amplitude * np.reshape(charges, u.shape))


def _chirp(u: Any, duration: float, low: float, high: float) -> Any:
    turns = u * (low + (high - low) * (u / (2 * duration))) / _MS
    return np.sin(_TURN * (turns - np.floor(turns)))


# Gauss–Legendre with 16 points is exact to rounding for half a turn of a sine.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_PANELS_AT_ONCE = 65536


def _chirp_integral(u: float, v: float, duration: float, low: float, high: float) -> float:
    """∫ from u to v, in panels of at most half a turn.

    Not by Fresnel integrals: their difference loses all digits as f₁ → f₀.
    """
    fastest = max(low, high)
    panels = int(np.ceil(2 * fastest * abs(v - u) / _MS)) or 1
    total = 0.0
    for first in range(0, panels, _PANELS_AT_ONCE):
        last = min(first + _PANELS_AT_ONCE, panels)
        ends = u + (v - u) * (np.arange(first, last + 1) / panels)
        middle, half = 0.5 * (ends[1:] + ends[:-1]), 0.5 * np.diff(ends)
        points = middle[:, None] + half[:, None] * _NODES
        total += float(np.sum(half * (_chirp(points, duration, low, high) @ _WEIGHTS)))
    return total
