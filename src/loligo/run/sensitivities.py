"""What a run is differentiated by, read from what a person wrote. Nothing is compiled here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from loligo.errors import UsageError, nearest
from loligo.lanes import Grid
from loligo.program.changes import movable
from loligo.run.cells import Driven, Initial
from loligo.stimulus.amplifier import Amplifier
from loligo.stimulus.base import DENSITY, TOTAL
from loligo.system.outline import Outline
from loligo.system.tangent import INITIAL, By, per, tangent

_STEP = 1e-30  # of a complex number: what it leaves of a derivative is exact
_EXAMPLE = 'sensitivities=["g_Na", "E_K", "amplitude"]'


def refuse_sensitivities(sensitivities: Any, why: str) -> None:
    """Where there are none."""
    if sensitivities is not None:
        raise UsageError(f"sensitivities: {why}; leave sensitivities out")


def differentiated(
    outline: Outline, sensitivities: Any, driven: tuple[Driven, ...], initial: Initial
) -> tuple[Outline, tuple[By, ...]]:
    """The System with derivatives by what was asked for, and what that is.

    Parameters
    ----------
    sensitivities
        Names, or None.

    Raises
    ------
    UsageError
        If there is nothing of such a name, or nothing can be differentiated by it.
    """
    if sensitivities is None:
        return outline, ()
    names = _listed(sensitivities)
    _refuse(driven)
    known = _Known(outline, driven, initial)
    every = tuple(dict.fromkeys(map(known.read, names)))
    reach = {each.name(p): tuple(each.inputs) for each in driven for p in each.shape.parameters}
    return tangent(outline, every, reach), every


def _listed(sensitivities: Any) -> list[str]:
    if isinstance(sensitivities, str):
        return [sensitivities]
    try:
        names = list(sensitivities)
    except TypeError:
        names = [sensitivities]
    if not names or not all(isinstance(name, str) for name in names):
        raise UsageError(
            f"sensitivities must be a list of names, as in {_EXAMPLE}, not {sensitivities!r:.60}"
        )
    return names


def _refuse(driven: Iterable[Driven]) -> None:
    """What is done that has no derivative, or none that is known here."""
    for each in driven:
        if isinstance(each.shape, Amplifier):
            raise UsageError(
                "sensitivities: of a membrane at an amplifier none are computed; clamp it without "
                "one, or leave sensitivities out"
            )
        if each.shape.sampled:
            course = getattr(each.shape, "name", "")
            moves = f"{course} follows a course" if course else (
                f"{type(each.shape).__name__} follows samples"
            )  # fmt: skip
            raise UsageError(
                f"sensitivities: {moves}, and derivatives are of what has a formula; leave "
                "sensitivities out"
            )


@dataclass(frozen=True)
class _Known:
    """What a run can be differentiated by."""

    outline: Outline
    driven: tuple[Driven, ...]
    initial: Initial

    def read(self, name: str) -> By:
        """One of them, by the name that a person gives it."""
        if name in self.outline.parameters:
            return self._parameter(name)
        for each, number in self._numbers():
            if name == each.name(number) or (len(self.driven) == 1 and name == number):
                return self._number(each, number, name)
        if name.startswith(INITIAL):
            return self._initial(name)
        if name == "V" or name in self.outline.states:
            raise UsageError(
                f"sensitivities: {name} is a state, and follows from all else; derivatives can be "
                f"by where it begins, {INITIAL}{name}, where that is given"
            )
        raise UsageError(
            f"sensitivities: there is no {name!r} here{nearest(name, self._names())}; there are "
            f"{', '.join(self._names())}"
        )

    def _numbers(self) -> Iterator[tuple[Driven, str]]:
        for each in self.driven:
            for number in each.shape.parameters:
                yield each, number

    def _names(self) -> list[str]:
        alone = len(self.driven) == 1
        done = [number if alone else each.name(number) for each, number in self._numbers()]
        taken = set(self.outline.parameters)
        done = [f"stimulus0.{name}" if name in taken else name for name in done]
        return [*self.outline.parameters, *done, *self._given()]

    def _given(self) -> list[str]:
        voltage = [] if self.initial.voltage is None else [f"{INITIAL}V"]
        return [*voltage, *(f"{INITIAL}{state}" for state in self.initial.states)]

    def _parameter(self, name: str) -> By:
        numbers = tuple(
            (each.name(number), per(each.name(number), name))
            for each, number in self._numbers() if _reads(each, number, name)
        )  # fmt: skip
        return By(name, name, self.outline.parameters[name].unit, numbers)

    def _number(self, each: Driven, number: str, label: str) -> By:
        name, shape = each.name(number), each.shape
        quantity = shape.quantities[number]
        if number == "count":
            raise UsageError(
                f"sensitivities: {label} is a whole number, and nothing can be differentiated by it"
            )
        if quantity.timing and number not in movable(shape.parameters):
            raise UsageError(
                f"sensitivities: how {label} moves the edges of {type(shape).__name__} is not known"
            )
        share = per(name, name) if _reads(each, number, name) else ""
        numbers = ((name, share),)
        unit = shape.unit_of(number) or (TOTAL if shape.total else DENSITY)
        return By(name, label, unit, numbers, numbers if quantity.timing else ())

    def _initial(self, name: str) -> By:
        state = name.removeprefix(INITIAL)
        if state not in self.outline.states:
            every = [f"{INITIAL}{each}" for each in self.outline.states]
            raise UsageError(
                f"sensitivities: the model has no state {state!r}{nearest(name, every)}; it has "
                f"{', '.join(self.outline.states)}"
            )
        if name not in self._given():
            value = -65 if state == "V" else 0.5
            raise UsageError(
                f"sensitivities: {name} is not given: {state} begins where it is steady. Give it, "
                f"for example initial={{'{state}': {value}}}, or leave {name} out"
            )
        return By(name, name, str(self.outline.about[state]["units"]))


def _reads(each: Driven, number: str, name: str) -> bool:
    """Whether a shape's number, as the equations want it, is something else times what was given,
    or depends on a parameter of the membrane."""

    def read(asked: str) -> complex:
        return complex(2.0, _STEP if asked == name else 0.0)

    own = name == each.name(number)
    found = complex(each.shape.in_equations(number, read(each.name(number)), read))
    return found.imag != (_STEP if own else 0.0)


def share(each: Driven, number: str, by: str, lanes: Grid) -> Any:
    """How a shape's number, as the equations want it, changes with something, in every lane."""

    def read(asked: str) -> Any:
        return lanes.flat(asked) + 1j * (_STEP if asked == by else 0.0)

    found = each.shape.in_equations(number, read(each.name(number)), read)
    return np.ascontiguousarray(found.imag / _STEP)
