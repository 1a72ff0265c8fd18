"""A voltage clamp at one place of an axon: an electrode that holds V through a resistance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, NoReturn

from loligo import units
from loligo.errors import StimulusError, UnitError, UsageError
from loligo.lanes import Value, to_plain
from loligo.stimulus.base import shown_value

# 0.1 ohm, in Mohm: V at the place misses the command by series_resistance/(series_resistance +
# input resistance) of the step, 2e-5 of it on the squid's axon (5 kohm), less on a thinner one.
SERIES = 1e-7
_LEAST = 1e-9  # Mohm: below it V's own rounding is all that one would see of the current


@dataclass(frozen=True, repr=False)
class Clamp:
    """Hold V at a place of an axon: ``lo.at("1 cm", lo.Clamp(1, 5, 0))``.

    While it is on, the electrode's current is (`voltage` - V)/`series_resistance`, V that of the
    axon at the place; before and after, no current flows. Commands that follow one another at
    one place add up: ``lo.at(0, lo.Clamp(0, 1, -65)) + lo.at(0, lo.Clamp(1, 5, 0))``.

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
    parameters: ClassVar[tuple[str, ...]] = (
        "start", "duration", "voltage", "series_resistance",
    )  # fmt: skip
    example: ClassVar[str] = "Clamp(start=1, duration=5, voltage=0)"
    quantities: ClassVar[Mapping[str, tuple[str, Mapping[str, float]]]] = {
        "start": ("ms", {}),
        "duration": ("ms", {"above": 0.0}),
        "voltage": ("mV", {}),
        "series_resistance": ("Mohm", {"at_least": _LEAST}),
    }

    start: Value
    duration: Value
    voltage: Value
    series_resistance: Value = SERIES

    def __post_init__(self) -> None:
        for name, (unit, bounds) in self.quantities.items():
            object.__setattr__(self, name, self._read(name, unit, bounds))

    def _read(self, name: str, unit: str, bounds: Any) -> Value:
        try:
            return units.read(getattr(self, name), unit, name, **bounds)
        except UnitError as problem:
            raise type(problem)(f"Clamp: {problem}") from None
        except UsageError as problem:
            raise StimulusError(f"Clamp: {problem}; write it as in {self.example}") from None

    def window(self) -> tuple[Value, Value]:
        """When it is switched on and how long it stays on, both in ms."""
        return self.start, self.duration

    def to_dict(self) -> dict[str, Any]:
        """Plain data that JSON keeps exactly; ``from_dict`` is the inverse."""
        named = {f.name: to_plain(getattr(self, f.name)) for f in fields(self)}
        return {"kind": self.kind, **named}

    def _refuse(self, other: Any) -> NoReturn:
        raise StimulusError(
            f"{self!r} is no current: it cannot be added to a stimulus or scaled; place both and "
            f"add these up: lo.at(0, {self!r}) + lo.at('1 cm', ...), and give another voltage for "
            "another command"
        )

    __add__ = __radd__ = __mul__ = __rmul__ = _refuse
    __sub__ = __rsub__ = __truediv__ = _refuse
    # so that numpy.float64(2) * clamp asks this class instead of making an array
    __array_ufunc__ = None

    def __bool__(self) -> NoReturn:
        raise UsageError("a clamp is neither true nor false; compare it with `is None`")

    def __repr__(self) -> str:
        shown = [
            f"{f.name}={shown_value(getattr(self, f.name))}"
            for f in fields(self)
            if f.name != "series_resistance" or getattr(self, f.name) != SERIES
        ]
        return f"Clamp({', '.join(shown)})"
