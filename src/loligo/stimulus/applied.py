"""What is applied to a membrane, current or clamp: a frozen value that carries its own facts."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, TypeVar

import numpy as np

from loligo import units
from loligo.errors import StimulusError, UnitError, UsageError, nearest
from loligo.lanes import Floats, Labelled, Value, to_plain

_NA_PER_UM2 = 1e5  # 1 nA/um2 in uA/cm2
_Any = TypeVar("_Any", bound="Applied")
_Read = TypeVar("_Read")


@dataclass(frozen=True)
class Quantity:
    """One number of what is applied, and what everybody else has to know of it.

    Attributes
    ----------
    unit
        That of plain numbers; "" for a current, which is a density or a total current.
    meaning
        What a recording says of it where it varies, as in "stimulus start"; "" for nothing.
    linear
        Whether a current is proportional to it, all such numbers taken together.
    timing
        Whether it moves edges.
    bounds
        Of :func:`loligo.units.read`; None where the class reads the number itself.
    told
        The unit as a recording states it, if another than `unit`.
    """

    unit: str = ""
    meaning: str = ""
    linear: bool = False
    timing: bool = False
    bounds: Mapping[str, float] | None = field(default_factory=dict)
    told: str = ""

    @property
    def attributes(self) -> dict[str, str]:
        """Of a dimension along which it varies, in a recording; no unit of a current."""
        unit = self.told or self.unit
        return {**({"units": unit} if unit else {}), "long_name": self.meaning}


START = Quantity("ms", "stimulus start", timing=True)
DURATION = Quantity("ms", "stimulus duration", timing=True, bounds={"above": 0.0})


class _Called(type):
    """What is called with too few numbers, or with names that it has not, is told how it is
    written."""

    @property
    def __signature__(cls) -> inspect.Signature:
        """That of the class itself, which editors and ``help`` show."""
        own = inspect.signature(cls.__init__)  # type: ignore[misc]
        return own.replace(parameters=list(own.parameters.values())[1:])

    def __call__(cls, *given: Any, **named: Any) -> Any:
        try:
            return super().__call__(*given, **named)
        except TypeError:
            try:
                cls.__signature__.bind(*given, **named)
            except TypeError as mismatch:
                raise StimulusError(
                    f"{cls.__name__}: {mismatch}; write it as in {cls.example}"  # type: ignore[attr-defined]
                ) from None
            raise


# What rounding may make of two times that were meant to be equal, relative to them.
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False, repr=False)
class Applied(metaclass=_Called):
    """One thing that is done, with a name and numbers; each number may vary over lanes."""

    # in documents and programs
    kind: ClassVar[str]
    # its numbers, in the order in which they are written
    quantities: ClassVar[Mapping[str, Quantity]]
    # their names (of white noise: without tau)
    parameters: ClassVar[tuple[str, ...]]
    # what documents mean that were made before there was such a field
    before: ClassVar[Mapping[str, Any]] = {}
    # what it adds to, names of inputs of a System -> how, a kind of arithmetic in a program
    inputs: ClassVar[Mapping[str, str]]
    # whether a kernel is handed its path, because it has no formula
    sampled: ClassVar[bool] = False
    # whether V trembles under it, and so crosses a threshold many times as it passes
    noisy: ClassVar[bool] = False
    # whether it is constant between edges
    still: ClassVar[bool] = False
    # what a caption says: {name} is a number with its unit, {name.number} without; {current} and
    # {when} are the amplitude and the times, in words
    caption: ClassVar[str]
    # what an error shows as the right way to write it
    example: ClassVar[str]

    # so that numpy.float64(2) * stimulus asks this class instead of making an array
    __array_ufunc__ = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "quantities" in vars(cls) and "parameters" not in vars(cls):
            cls.parameters = tuple(cls.quantities)

    # ---- facts

    @property
    def total(self) -> bool:
        """Whether it is a total current, to be spread over an area."""
        return False

    def in_equations(self, name: str, value: Any, read: Callable[[str], Any]) -> Any:
        """One of its numbers as the equations want it, which are those of a unit of area.

        Parameters
        ----------
        read
            A parameter of the membrane -> its value: ``area`` in um2, ``C_m`` in uF/cm2.
        """
        if self.total and name in self.linear:
            return value * (_NA_PER_UM2 / read("area"))
        return value

    @property
    def linear(self) -> tuple[str, ...]:
        """The numbers that a current is proportional to."""
        return tuple(name for name in self.parameters if self.quantities[name].linear)

    @property
    def timing(self) -> tuple[str, ...]:
        """The numbers that move edges."""
        return tuple(name for name in self.parameters if self.quantities[name].timing)

    def unit_of(self, name: str) -> str:
        """The unit of one of the numbers, as a recording states it."""
        return self.quantities[name].told or self.quantities[name].unit

    @classmethod
    def sentence(cls, document: Mapping[str, Any]) -> str:
        """The caption of what a document describes, its numbers still to be filled in."""
        return cls.caption

    def window(self) -> tuple[Value, Value]:
        """When it begins and how long it lasts, both in ms."""
        return self.start, self.duration  # type: ignore[attr-defined]

    def put(self, name: str, t: Any) -> Any:
        """What it adds to one of its `inputs` at a time (ms); at an edge, just after it."""
        raise NotImplementedError

    def breakpoints(self, duration: float) -> Floats:
        """Times within [0, duration] at which it is not smooth, sorted."""
        start, length = self._numbers("start", "duration")
        return within([start, start + length], duration)

    @property
    def marks(self) -> tuple[str, ...]:
        """Which of "start" and "end" its breakpoints are; nothing where there may be others."""
        usual = type(self).breakpoints is Applied.breakpoints
        return ("start", "end") if usual else ()

    def jumps(self, duration: float) -> Floats:
        """Those of its breakpoints over which no step of a fixed length may go where states jump:
        none of a sampled current, whose mean is told."""
        return np.empty(0) if self.sampled else self.breakpoints(duration)

    def most_knots(self, duration: float) -> float:
        """How many knots its path has at most in a run so long (ms): the same in all lanes; of
        what is sampled."""
        return 0.0

    def streamed(self, t: Any) -> Any:
        """What a kernel is handed of its path at a time (ms); of what is sampled."""
        raise NotImplementedError

    def check_span(self, longest: float) -> None:
        """Refuse what cannot be made for so long (ms from its beginning)."""

    # ---- reading

    def _read_quantities(self) -> None:
        for name, quantity in self.quantities.items():
            if quantity.unit and quantity.bounds is not None:
                read = self._read(getattr(self, name), quantity.unit, name, **quantity.bounds)
                self._set(name, read)

    def _read(self, value: Any, unit: str, name: str, **bounds: float) -> Value:
        limits: Any = bounds
        return self._guarded(lambda: units.read(value, unit, name, **limits))

    def _units_of(self, name: str, known: Iterable[str]) -> list[str]:
        """The units that a number may be in: the one that a field names, or all if it names none.

        Raises
        ------
        StimulusError
            If it is none of them: a plain number would be taken to be in another.
        """
        known, unit = list(known), getattr(self, name)
        if isinstance(unit, str) and unit in ("", *known):
            return [unit] if unit else known
        raise StimulusError(
            f"{type(self).__name__}: {name} is {unit!r:.60}, but it may be {', '.join(known)}; "
            "write other units with the number itself, as text"
        )

    def _guarded(self, reading: Callable[[], _Read]) -> _Read:
        """Run a reading; what goes wrong is told with the class's name and an example."""
        who = type(self).__name__
        try:
            return reading()
        except UnitError as problem:
            raise type(problem)(f"{who}: {problem}") from None
        except UsageError as problem:
            raise StimulusError(f"{who}: {problem}; write it as in {self.example}") from None

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    # ---- one lane

    def _numbers(self, *names: str) -> tuple[float, ...]:
        """Fields as plain numbers, for calculations that are about one lane."""
        values = [getattr(self, name) for name in names]
        for name, value in zip(names, values, strict=True):
            if isinstance(value, Labelled):
                raise UsageError(
                    f"{type(self).__name__}: {name} varies over lanes {value!r}, and this is "
                    f"about one lane; choose it with .at({name}=...)"
                )
        return tuple(values)

    def at(self: _Any, **scalars: float) -> _Any:
        """The same shape with numbers put in, as in one lane.

        Raises
        ------
        UsageError
            If a name is not one of `parameters`.
        """
        self._know(scalars)
        if not all(self._has(name, number) for name, number in scalars.items()):
            return replace(self, **scalars)
        # numbers of its own were checked when it was made: many lanes are many calls
        chosen = copy.copy(self)
        for name, number in scalars.items():
            chosen._set(name, float(number))
        chosen._prepare()
        return chosen

    def _has(self, name: str, number: Any) -> bool:
        own = getattr(self, name)
        return bool(np.any(own.values == number) if isinstance(own, Labelled) else own == number)

    def lasting(self: _Any) -> _Any:
        """The same, still on where it ends, if it holds something."""
        return self

    def _prepare(self) -> None:
        """What can be worked out once, when the numbers are known."""

    def _know(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.parameters:
                raise UsageError(
                    f"{type(self).__name__} has no parameter {name!r}"
                    f"{nearest(name, self.parameters)}; it has {', '.join(self.parameters)}"
                )

    # ---- as a value

    def to_dict(self) -> dict[str, Any]:
        """Plain data that JSON keeps exactly; ``from_dict`` is the inverse."""
        named = {f.name: _document(getattr(self, f.name)) for f in fields(self)}
        return {"kind": self.kind, **named}

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._key() == other._key()  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((type(self), self._key()))

    def _key(self) -> tuple[Any, ...]:
        values = [getattr(self, f.name) for f in fields(self)]
        return tuple((v.shape, v.tobytes()) if isinstance(v, np.ndarray) else v for v in values)

    def __repr__(self) -> str:
        unsaid = self._unsaid()
        said = [
            f"{f.name}={_short(getattr(self, f.name))}"
            for f in sorted(fields(self), key=lambda f: f.name == "unit")
            if f.name not in unsaid
        ]
        return f"{type(self).__name__}({', '.join(said)})"

    def _unsaid(self) -> set[str]:
        """The fields that are as they are when nothing is said of them."""
        return set()


def within(points: Any, duration: float) -> Floats:
    """Points inside the run, sorted, each once."""
    points = np.asarray(points, dtype=np.float64)
    return np.unique(points[(points >= 0) & (points <= duration)])


def _short(value: Any) -> str:
    """A field's value as short as it can be read back."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, np.ndarray):
        return f"<{' × '.join(str(n) for n in value.shape)} samples>"
    return repr(value)


def _document(value: Any) -> Any:
    if isinstance(value, Applied):
        return value.to_dict()
    return value.tolist() if isinstance(value, np.ndarray) else to_plain(value)
