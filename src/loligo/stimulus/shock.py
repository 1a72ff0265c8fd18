"""A shock: V displaced at once, as by a charge that flows in no time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from loligo import units
from loligo.errors import StimulusError
from loligo.lanes import Floats, Value
from loligo.stimulus.applied import START, Applied, Quantity, within
from loligo.stimulus.base import Stimulus, Times, plain

_UNITS = ("mV", "nC/cm2", "nC")
_NC_CM2 = 1e8  # 1 nC/um2


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
        mV; or a charge, ``"5 nC/cm2"``, which displaces V by 5 mV where C_m is 1 µF/cm²; or a
        whole charge, ``"5 nC"``, into a membrane with an area. At a place of an axon,
        ``lo.at("1 cm", lo.Shock(1, "5 nC"))``, it is a whole charge.

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
        either = self._units_of("amplitude_unit", _UNITS)
        value, unit = self._guarded(lambda: units.read_either(self.amplitude, either, "amplitude"))
        self._set("amplitude", value)
        self._set("amplitude_unit", unit)

    def in_equations(self, name: str, value: Any, read: Callable[[str], Any]) -> Any:
        """A charge (nC/cm2, or nC) as what it displaces V by, mV."""
        if name != "amplitude" or self.amplitude_unit == "mV":
            return value
        density = value * (_NC_CM2 / read("area")) if self.total else value
        return density / read("C_m")

    @property
    def total(self) -> bool:
        """Whether an area is needed to say what it does to a membrane."""
        return self.amplitude_unit == "nC"

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

    def at_place(self) -> Shock:
        """The same: at a place of an axon it is a charge.

        Raises
        ------
        StimulusError
            If it is none: a point is displaced by no charge at all.
        """
        if self.amplitude_unit != "nC":
            raise StimulusError(
                f"lo.at: {self!r} displaces V of a whole membrane, in {self.amplitude_unit}; at a "
                "place of an axon a shock is a charge, which spreads at once: give it in nC, "
                'lo.Shock(1, "5 nC")'
            )
        return self

    def _unsaid(self) -> set[str]:
        return {"amplitude_unit"} if self.amplitude_unit == "mV" else set()
