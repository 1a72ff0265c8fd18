"""A voltage clamp: V held, ideally in a membrane, through a resistance at a place of an axon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

import numpy as np

from loligo.errors import StimulusError
from loligo.lanes import Value
from loligo.stimulus.applied import DURATION, START, Applied, Quantity
from loligo.stimulus.base import Stimulus, Times, plain

# 0.1 ohm, in Mohm: V at the place misses the command by series_resistance/(series_resistance +
# input resistance) of the step, 2e-5 of it on the squid's axon (5 kohm), less on a thinner one.
SERIES = 1e-7
_LEAST = 1e-9  # Mohm: below it V's own rounding is all that one would see of the current


@dataclass(frozen=True, eq=False, repr=False)
class Clamp(Applied, Stimulus):
    """Hold V: of a membrane, or at a place of an axon, ``lo.at("1 cm", lo.Clamp(1, 5, 0))``.

    In a membrane V is the command while it is on, and free before and after; clamps add up, and
    add to currents. At a place of an axon, while it is on, the electrode's current is
    (`voltage` - V)/`series_resistance`, V that of the axon at the place; before and after, no
    current flows. Commands that follow one another at one place add up:
    ``lo.at(0, lo.Clamp(0, 1, -65)) + lo.at(0, lo.Clamp(1, 5, 0))``.

    Parameters
    ----------
    start, duration : Value
        ms; `duration` above 0.
    voltage : Value
        The command, mV.
    series_resistance : Value
        Between electrode and axon, Mohm; at least 1e-9. V misses the command by
        series_resistance/(series_resistance + input resistance) of the step from rest: with
        the 0.1 ohm that it is if you do not say otherwise by 2e-5 of it on the squid's axon
        (some 2 uV), and by more only where inward current makes the axon's own slope
        resistance smaller.

    Raises
    ------
    StimulusError
        If a number cannot be.
    UnitError
        If a unit is unknown or of another kind.

    Examples
    --------
    >>> Clamp(start=1, duration=5, voltage=0)
    Clamp(start=1, duration=5, voltage=0)
    >>> Clamp(1, 5, "-20 mV", series_resistance=1e-3)
    Clamp(start=1, duration=5, voltage=-20, series_resistance=0.001)
    """

    kind: ClassVar[str] = "clamp"
    inputs: ClassVar[Any] = {"clamp.on": "window", "clamp.V": "command"}
    unit: ClassVar[str] = ""
    still: ClassVar[bool] = True
    caption: ClassVar[str] = "V held at {voltage} {when}"
    example: ClassVar[str] = "Clamp(start=1, duration=5, voltage=0)"
    quantities: ClassVar[Any] = {
        "start": START,
        "duration": DURATION,
        "voltage": Quantity("mV", "command of the clamp"),
        "series_resistance": Quantity(
            "Mohm", "series resistance of the clamp", bounds={"at_least": _LEAST}, told="MOhm"
        ),
    }

    start: Value
    duration: Value
    voltage: Value
    series_resistance: Value = SERIES

    def __post_init__(self) -> None:
        self._read_quantities()

    @property
    def shapes(self) -> tuple[Any, ...]:
        """This clamp alone."""
        return (self,)

    def put(self, name: str, t: Times) -> Any:
        start, duration, voltage = self._numbers("start", "duration", "voltage")
        t = np.asarray(t, dtype=np.float64)
        size = voltage if name == "clamp.V" else 1.0
        return plain(np.where((t >= start) & (t < start + duration), size, 0.0))

    def value(self, t: Times) -> Any:
        """The current that is known beforehand: none."""
        return plain(np.zeros(np.shape(t)))

    def integral(self, a: Times, b: Times) -> Any:
        """The charge that is known beforehand: none."""
        return plain(np.zeros(np.broadcast_shapes(np.shape(a), np.shape(b))))

    def scaled(self, factor: float) -> NoReturn:
        raise StimulusError(
            f"{self!r} is no current: it cannot be scaled; give another voltage for another command"
        )

    @property
    def stated(self) -> NoReturn:
        raise StimulusError(
            f"at a place of an axon {self!r} stands alone; add up the places: "
            f"lo.at(0, {self!r}) + lo.at(0, ...)"
        )

    def _unsaid(self) -> set[str]:
        return {"series_resistance"} if self.series_resistance == SERIES else set()
