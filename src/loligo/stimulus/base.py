"""Currents: frozen values that add, scale, and know their own charge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeAlias, TypeVar

import numpy as np

from loligo import units
from loligo.errors import StimulusError, UnitError, UsageError
from loligo.lanes import Floats, Labelled, Value
from loligo.stimulus.applied import Applied, Quantity

# Times in, values out: a number for a number, an array for an array.
Times: TypeAlias = Any
_AnyShape = TypeVar("_AnyShape", bound="Shape")

DENSITY, TOTAL = "uA/cm2", "nA"
VOLTAGE, CONDUCTANCES = "mV", ("mS/cm2", "uS")
# What nearly every shape has, besides its times.
AMPLITUDE = Quantity(meaning="stimulus amplitude", linear=True)
# More edges than this within one run are a slip (an interval in the wrong unit).
MOST_EDGES = 10_000_000


class Stimulus:
    """A current as a function of time: one shape or a sum of shapes."""

    # so that numpy.float64(2) * stimulus asks this class instead of making an array
    __array_ufunc__ = None

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes whose sum this stimulus is."""
        raise NotImplementedError

    @property
    def unit(self) -> str:
        """``uA/cm2``, a current density; ``nA``, a total current; "" of what is no current."""
        raise NotImplementedError

    def value(self, t: Times) -> Any:
        """The current at time `t` (ms); at an edge, the value just after it."""
        return sum(shape.value(t) for shape in self.shapes)

    def integral(self, a: Times, b: Times) -> Any:
        """The charge from `a` to `b` (ms), exactly: current × ms."""
        return sum(shape.integral(a, b) for shape in self.shapes)

    def breakpoints(self, duration: float) -> Floats:
        """Times within [0, duration] at which the current is not smooth, sorted."""
        every = [shape.breakpoints(duration) for shape in self.shapes]
        return np.unique(np.concatenate(every))

    def to_dict(self) -> dict[str, Any]:
        """Plain data that JSON keeps exactly; ``from_dict`` is the inverse."""
        return {"kind": "sum", "shapes": [shape.to_dict() for shape in self.shapes]}

    def __add__(self, other: Any) -> Stimulus:
        if isinstance(other, Stimulus):
            return Sum((*self.shapes, *other.shapes))
        if isinstance(other, int | float) and other == 0:  # where sum([...]) begins
            return self
        raise StimulusError(
            f"a stimulus cannot be added to {other!r}; a constant current is "
            f"Step(start=0, amplitude=...)"
        )

    __radd__ = __add__

    def __mul__(self, factor: Any) -> Stimulus:
        number = _factor(factor)
        scaled = tuple(shape.scaled(number) for shape in self.shapes)
        for shape, old in zip(scaled, self.shapes, strict=True):
            if isinstance(old, Shape):
                shape._set("_stated", old.stated)
        return Sum(scaled) if isinstance(self, Sum) else scaled[0]

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> Stimulus:
        if divisor == 0:
            raise StimulusError("a stimulus cannot be divided by 0")
        return self * (1.0 / _factor(divisor))

    def __neg__(self) -> Stimulus:
        return self * -1.0

    def __sub__(self, other: Stimulus) -> Stimulus:
        return self + -other

    def __bool__(self) -> NoReturn:
        raise UsageError("a stimulus is neither true nor false; compare it with `is None`")


def _factor(factor: Any) -> float:
    number = None
    if not units.has_unit(factor) and not isinstance(factor, Stimulus):
        try:
            number = units.read(factor, "1", "factor")
        except UsageError:
            number = None
    if not isinstance(number, float):
        raise StimulusError(
            f"a stimulus is scaled by a plain number, not by {factor!r}; to vary it over lanes "
            "give the array as its amplitude"
        )
    return number


@dataclass(frozen=True, eq=False, repr=False)
class Shape(Applied, Stimulus):
    """One current with a name and numbers; each number may vary over lanes."""

    # what it may be: the unit of a plain number first
    kinds: ClassVar[tuple[str, ...]] = (DENSITY, TOTAL)

    unit: str = field(default="", kw_only=True)

    if TYPE_CHECKING:  # every shape declares it as a field, in its own place

        @property
        def amplitude(self) -> Any: ...

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.inputs = {"I_stim": cls.kind}

    @property
    def total(self) -> bool:
        return self.unit == TOTAL

    def put(self, name: str, t: Times) -> Any:
        return self.value(t)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """This shape alone."""
        return (self,)

    @property
    def stated(self) -> bool:
        """Whether the amplitude was written with its unit; a plain number may be a total current
        at a place along an axon."""
        return bool(getattr(self, "_stated", False))

    def __post_init__(self) -> None:
        self._set("_stated", units.has_unit(self.amplitude))
        self._read_amplitude()
        self._read_quantities()
        self._check()

    def _check(self) -> None:
        """What must hold between several numbers."""

    def unit_of(self, name: str) -> str:
        either = self._either(name)[self.kinds.index(self.unit)]
        return super().unit_of(name) or either

    def _either(self, name: str) -> tuple[str, ...]:
        """The unit of a number that is one of its `kinds`."""
        return self.kinds

    def _read_amplitude(self) -> None:
        either = self._either("amplitude")
        value, which = self._read_current(self.amplitude, "amplitude", either, self.unit)
        self._set("amplitude", value)
        self._set("unit", self.kinds[which])

    def _read_current(
        self, given: Any, name: str, candidates: tuple[str, ...], unit: str, reading: Any = None
    ) -> tuple[Any, int]:
        """A quantity that is of one of its `kinds`; and of which it was.

        `unit`, where it is given, says which is wanted and is the unit of plain numbers.
        """
        reading = reading or units.read
        if not isinstance(unit, str):
            raise self._neither(unit)
        if not unit:
            value, found = self._guarded(
                lambda: units.read_either(given, candidates, name, reading)
            )
            return value, candidates.index(found)
        which, factor = self._wanted_unit(unit)
        value = self._guarded(lambda: reading(given, candidates[which], name))
        plain = factor != 1 and not units.has_unit(given)
        return (rescaled(value, factor) if plain else value), which

    def _wanted_unit(self, unit: str) -> tuple[int, float]:
        """Which kind ``unit=`` asks for, and its size in our unit of that kind."""
        for which, own in enumerate(self.kinds):
            try:
                return which, units.convert(1.0, unit, own)
            except UnitError:
                continue
        raise self._neither(unit)

    def _neither(self, unit: object) -> StimulusError:
        others = "".join(f', or {units.called(u)} (unit="{u}")' for u in self.kinds[2:])
        return StimulusError(
            f"{type(self).__name__}: unit is {unit!r:.60}, but a stimulus is a current density "
            f'(unit="{DENSITY}") or a total current (unit="{TOTAL}"){others}'
        )

    def at_place(self: _AnyShape) -> _AnyShape:
        """The same as a total current: what a place of an axon takes.

        Raises
        ------
        StimulusError
            If it says that it is a density.
        """
        if self.unit == TOTAL:
            return self
        if self.stated:
            raise StimulusError(
                f"lo.at: {self!r} is a current density, in {self.unit}, but a place takes a total "
                "current; give the amplitude in nA, for example '10 nA' or the plain number 10"
            )
        return replace(self, unit=TOTAL)

    def scaled(self: _AnyShape, factor: float) -> _AnyShape:
        """The same shape, `factor` times as large."""
        return replace(self, **{name: getattr(self, name) * factor for name in self.linear})

    def value(self, t: Times) -> Any:
        raise NotImplementedError

    def integral(self, a: Times, b: Times) -> Any:
        raise NotImplementedError

    def streamed(self, t: Times) -> Any:
        return self.value(t)

    def cumulative(self, edges: Times) -> Floats:
        """Charge from 0 to each of `edges` of the unit path; sampled shapes only."""
        raise UsageError(f"{type(self).__name__} has a closed form; use integral(a, b)")

    def _unsaid(self) -> set[str]:
        return {"unit"} if self.unit == DENSITY else set()


@dataclass(frozen=True, repr=False)
class Sum(Stimulus):
    """Several shapes at once; made by ``+``.

    Raises
    ------
    StimulusError
        If densities and total currents are mixed.
    """

    parts: tuple[Shape, ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise StimulusError("a sum of no shapes; for no current give stimulus=None")
        refuse_played(self.parts)
        if {shape.unit for shape in self.parts} >= {DENSITY, TOTAL}:
            per_unit = {shape.unit: shape for shape in reversed(self.parts)}
            raise StimulusError(
                f"a current density and a total current cannot be added: {per_unit[DENSITY]} is "
                f"in {DENSITY}, {per_unit[TOTAL]} in {TOTAL}; give both in one of the units"
            )

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes, in the order in which they were added."""
        return self.parts

    @property
    def unit(self) -> str:
        """The unit that all the currents have."""
        return next((shape.unit for shape in self.parts if shape.unit), "")

    def __repr__(self) -> str:
        return " + ".join(repr(shape) for shape in self.parts)


def refuse_played(shapes: Iterable[Applied]) -> None:
    """Refuse, as a stimulus, what is no current but what a clamp or a conductance follows."""
    for shape in shapes:
        if isinstance(shape, Shape) and shape.unit not in ("", DENSITY, TOTAL):
            what, remedy = (
                ("a command", "lo.VoltageClamp(start=0, duration=100, voltage=...)")
                if shape.unit == VOLTAGE
                else ("the course of a conductance", "lo.Conductance(start=0, g=..., E=0)")
            )
            raise StimulusError(
                f"{shape!r} is in {shape.unit}, and no current: it may be {what}; "
                f"give it in place of the dots: {remedy}"
            )


def rescaled(value: Value, factor: float) -> Value:
    """A value in another unit; labels that are the values themselves follow it."""
    if not isinstance(value, Labelled):
        return value * factor
    coords = {
        dim: labels * factor if np.array_equal(labels, value.values) else labels
        for dim, labels in value.coords.items()
    }
    return Labelled(value.dims, value.values * factor, coords)


def plain(result: Any) -> Any:
    """A Python float where one time was asked for, an array where several were."""
    result = np.asarray(result)
    return result if result.ndim else float(result)


def too_many_edges(shape: Shape, count: float) -> StimulusError:
    """The error for a shape with more edges than a run can be stopped at."""
    return StimulusError(
        f"{shape!r} has {count:.0f} edges within the run, more than the {MOST_EDGES} that can be "
        "handled; its interval is in ms"
    )


def cell(t: Any, start: float, interval: float) -> tuple[Any, Any]:
    """Which interval after `start` the time `t` falls in, and how far into it (ms).

    The k-th begins at the float ``start + k*interval``; what rounding does to the
    quotient is put right, so that a time equal to that float falls in interval k.
    """
    k = np.floor((t - start) / interval)
    k = np.where(t < start + k * interval, k - 1, k)
    k = np.where(t >= start + (k + 1) * interval, k + 1, k)
    return k, t - (start + k * interval)
