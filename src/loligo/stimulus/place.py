"""Where along an axon a current is injected, or V clamped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

from loligo import units
from loligo.errors import StimulusError, UnitError, UsageError
from loligo.lanes import Labelled
from loligo.stimulus.base import Shape, Stimulus, refuse_played
from loligo.stimulus.clamp import Clamp
from loligo.stimulus.document import current_or_clamp


@dataclass(frozen=True, repr=False)
class Point:
    """One place and what is done there.

    Attributes
    ----------
    place
        um from the left end.
    stimulus
        A total current, nA; a conductance, uS; a charge, nC; or a clamp.
    """

    place: float
    stimulus: Stimulus | Clamp

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Of the current; none of a clamp."""
        return self.stimulus.shapes if isinstance(self.stimulus, Stimulus) else ()

    def __repr__(self) -> str:
        return f"at({self.place:g}, {self.stimulus!r})"


@dataclass(frozen=True, repr=False)
class Placed:
    """Currents and clamps at places along an axon; made by :func:`at`, and they add up."""

    points: tuple[Point, ...]

    def __add__(self, other: Any) -> Placed:
        if isinstance(other, Placed):
            return Placed((*self.points, *other.points))
        if isinstance(other, int | float) and other == 0:  # where sum([...]) begins
            return self
        if isinstance(other, Stimulus | Clamp):
            raise StimulusError(
                f"{other!r} has no place along the axon; say where: lo.at(0, {other!r})"
            )
        raise StimulusError(f"a placed stimulus cannot be added to {other!r:.80}")

    __radd__ = __add__

    def __mul__(self, factor: Any) -> Placed:
        return Placed(tuple(Point(p.place, p.stimulus * factor) for p in self.points))

    __rmul__ = __mul__

    def __neg__(self) -> Placed:
        return self * -1.0

    def __sub__(self, other: Any) -> Placed:
        return self + (-other if isinstance(other, Placed | Stimulus) else other)

    def __bool__(self) -> NoReturn:
        raise UsageError("a stimulus is neither true nor false; compare it with `is None`")

    def to_dict(self) -> dict[str, Any]:
        """Plain data that JSON keeps exactly; :meth:`from_dict` is the inverse."""
        points = [{"place": p.place, "stimulus": p.stimulus.to_dict()} for p in self.points]
        return {"kind": "placed", "points": points}

    @staticmethod
    def from_dict(document: Mapping[str, Any]) -> Placed:
        """The inverse of :meth:`to_dict`.

        Raises
        ------
        StimulusError
            If the document does not describe placed stimuli.
        """
        try:
            given = cast(list[Mapping[str, Any]], document["points"])
            points = [at(point["place"], current_or_clamp(point["stimulus"])) for point in given]
        except (KeyError, TypeError) as problem:
            raise StimulusError(
                "placed stimuli are written as points, each with a place and a stimulus, but "
                f"these cannot be read: {problem!r}"
            ) from None
        return Placed(tuple(point for placed in points for point in placed.points))

    def __repr__(self) -> str:
        return " + ".join(repr(point) for point in self.points)


def at(place: Any, stimulus: Stimulus | Clamp) -> Placed:
    """Inject a current at one place of an axon, open a conductance, or clamp V there.

    A point takes a total current: plain amplitudes are in nA here, conductances in µS, and a
    shock is a charge, such as ``lo.Shock(1, "5 nC")``. Several add up:
    ``lo.at(0, a) + lo.at("5 cm", b)``.

    Parameters
    ----------
    place : float or quantity
        um from the left end, or text such as ``"2 cm"``.
    stimulus : Stimulus or Clamp
        Such as ``Pulse(start=1, duration=1, amplitude=50e3)``: 50 uA from 1 to 2 ms; or
        ``Clamp(start=1, duration=5, voltage=0)``: V held at 0 mV from 1 to 6 ms.

    Raises
    ------
    StimulusError
        If the place is before the axon or not one number, or there is no stimulus.

    Examples
    --------
    >>> import loligo as lo
    >>> lo.at("1 cm", lo.Pulse(1, 1, 50e3))
    at(10000, Pulse(start=1, duration=1, amplitude=50000, unit='nA'))
    """
    if not isinstance(stimulus, Stimulus | Clamp):
        raise StimulusError(
            f"lo.at takes a place and a stimulus, as in lo.at(0, lo.Pulse(1, 1, 50e3)), "
            f"not {stimulus!r:.60}"
        )
    try:
        where = units.read(place, "um", "place", at_least=0)
    except (UsageError, UnitError) as problem:
        raise StimulusError(
            f"lo.at: {problem}; a place is in um from the left end, or text such as '2 cm'"
        ) from None
    if isinstance(where, Labelled):
        raise StimulusError(
            "lo.at takes one place; for several add them up: lo.at(0, a) + lo.at('5 cm', b)"
        )
    refuse_played(stimulus.shapes)
    if isinstance(stimulus, Clamp):
        if stimulus.amplifier is not None:
            raise StimulusError(
                "lo.at: an amplifier clamps a membrane, and a place of an axon is clamped through "
                "a resistance: lo.Clamp(1, 5, 0, series_resistance=0.1), in MOhm"
            )
        stimulus.refuse_at_place()
        return Placed((Point(where, stimulus),))
    total: list[Any] = [shape.at_place() for shape in stimulus.shapes]
    first, *rest = total
    return Placed((Point(where, sum(rest, start=cast(Stimulus, first))),))
