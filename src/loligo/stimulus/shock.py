"""A shock: V displaced at once, as by a charge that flows in no time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

import numpy as np

from loligo import units
from loligo.errors import StimulusError
from loligo.lanes import Floats, Value
from loligo.stimulus.applied import START, Applied, Quantity, within
from loligo.stimulus.base import Stimulus, Times, plain

_UNITS = ("mV", "nC/cm2")


@dataclass(frozen=True, eq=False, repr=False)
class Shock(Applied, Stimulus):
    """Displace V at once: ``lo.Shock(5, 7)`` lifts it by 7 mV at 5 ms, gates as they are.

    So the threshold of Hodgkin & Huxley's 1952 figure 12 is found. (``initial={"V": -50}`` is
    something else: the gates begin at their steady values for -50 mV.) A clamped membrane does
    not move; its electrode takes the charge.

    Parameters
    ----------
    start : Value
        ms.
    amplitude : Value
        mV; or a charge, ``"5 nC/cm2"``, which displaces V by 5 mV where C_m is 1 µF/cm².

    Raises
    ------
    StimulusError
        If a number cannot be.
    UnitError
        If a unit is unknown or of another kind.

    Examples
    --------
    >>> Shock(5, 7)
    Shock(start=5, amplitude=7)
    >>> Shock(5, "5 nC/cm2").unit_of("amplitude")
    'nC/cm2'
    """

    kind: ClassVar[str] = "shock"
    unit: ClassVar[str] = ""
    still: ClassVar[bool] = True
    caption: ClassVar[str] = "V displaced by {amplitude} at {start}"
    example: ClassVar[str] = "Shock(start=5, amplitude=7)"
    inputs: ClassVar[Mapping[str, str]] = {"shock.V": "shock"}
    quantities: ClassVar[Any] = {
        "start": START,
        "amplitude": Quantity("mV", "displacement by the shock", linear=True, bounds=None),
    }

    start: Value
    amplitude: Value
    amplitude_unit: str = ""

    def __post_init__(self) -> None:
        self._read_quantities()
        either = [self.amplitude_unit] if self.amplitude_unit in _UNITS else list(_UNITS)
        value, unit = self._guarded(lambda: units.read_either(self.amplitude, either, "amplitude"))
        self._set("amplitude", value)
        self._set("amplitude_unit", unit)

    def in_equations(self, name: str, value: Any, read: Callable[[str], Any]) -> Any:
        """A charge (nC/cm2) as what it displaces V by, mV."""
        charge = name == "amplitude" and self.amplitude_unit == "nC/cm2"
        return value / read("C_m") if charge else value

    def unit_of(self, name: str) -> str:
        return self.amplitude_unit if name == "amplitude" else super().unit_of(name)

    def breakpoints(self, duration: float) -> Floats:
        return within(self._numbers("start"), duration)

    @property
    def marks(self) -> tuple[str, ...]:
        return ("start",)

    def window(self) -> tuple[Value, Value]:
        return self.start, np.inf

    @property
    def shapes(self) -> tuple[Any, ...]:
        """This shock alone."""
        return (self,)

    def put(self, name: str, t: Times) -> Any:
        """How far V is displaced at an edge; 0 at every other time."""
        start, amplitude = self._numbers("start", "amplitude")
        return plain(np.where(np.abs(np.asarray(t) - start) <= 1e-9, amplitude, 0.0))

    def value(self, t: Times) -> Any:
        """The current that is known beforehand: none."""
        return plain(np.zeros(np.shape(t)))

    def integral(self, a: Times, b: Times) -> Any:
        """The charge that flows in time: none."""
        return plain(np.zeros(np.broadcast_shapes(np.shape(a), np.shape(b))))

    def scaled(self, factor: float) -> Shock:
        """The same shock, `factor` times as large."""
        return Shock(self.start, self.amplitude * factor, self.amplitude_unit)

    @property
    def stated(self) -> NoReturn:
        raise StimulusError(f"{self!r} displaces V of a membrane, not at a place of an axon yet")

    def _unsaid(self) -> set[str]:
        return {"amplitude_unit"} if self.amplitude_unit == "mV" else set()
