"""What experiments on equilibria and cycles share: what is varied, between what values, and the
special points in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from loligo.errors import UsageError, nearest
from loligo.experiments.found import numbers
from loligo.experiments.runs import done
from loligo.model import Membrane
from loligo.model.frozen import frozen, states_of
from loligo.run.initial import for_conserved
from loligo.system.outline import STIMULUS
from loligo.theory.continuation import Point
from loligo.theory.crossed import found_again
from loligo.theory.diagram import FOLD, Diagram, Special, diagram
from loligo.theory.field import Field
from loligo.theory.patch import Patch
from loligo.theory.starts import Starts
from loligo.words import decimal, reworded, say

CURRENT = "current"
_WIDER = (2.0, 16.0, 128.0, 1024.0)  # uA/cm2, tried one after the other
_BEYOND = 1.2  # times the last special point
_SEEN = 1.5  # times its scale, 100 mV: beyond it V is nobody's
_TOLD = 5  # places that a sentence names
_SHARE = 0.75  # of all that a call may do, for equilibria


@dataclass(frozen=True)
class Varied:
    """What is varied, and from where to where.

    Attributes
    ----------
    name, unit, meaning
        As a person calls it.
    low, high
        None where nothing was said.
    """

    name: str
    unit: str
    meaning: str
    low: float | None = None
    high: float | None = None

    @property
    def symbol(self) -> str:
        """As the equations call it."""
        return STIMULUS if self.name == CURRENT else self.name

    def between(self, low: float, high: float) -> Varied:
        return Varied(self.name, self.unit, self.meaning, low, high)

    @property
    def ends(self) -> tuple[float, float]:
        """Once both are known."""
        assert self.low is not None, "its range is known"
        assert self.high is not None, "its range is known"
        return self.low, self.high


def varied_of(membrane: Membrane, experiment: str, current: Any, values: dict[str, Any]) -> Varied:
    """What was asked for: the current, or one parameter, and two values of it.

    Raises
    ------
    UsageError
        If it is not one, or of a parameter no two values are given.
    """
    given = values | ({} if current is None else {CURRENT: current})
    known = membrane.parameters
    for name in given:
        if name != CURRENT and name not in known:
            raise UsageError(_unknown(membrane, experiment, name))
    if len(given) > 1:
        raise UsageError(
            f"{experiment} varies one thing, and {' and '.join(given)} are given; set the others "
            "in the model, model.replace(g_Na=60)"
        )
    if not given:
        return Varied(CURRENT, "uA/cm2", "injected current")
    ((name, pair),) = given.items()
    unit = "uA/cm2" if name == CURRENT else known[name].unit
    meaning = "injected current" if name == CURRENT else (known[name].meaning or name)
    row = numbers(pair, unit, name)
    if row.size != 2 or not row[0] < row[1]:
        raise UsageError(
            f"{experiment}: give {name} from where to where, {name}=(0, 100), not {pair!r:.60}"
        )
    if name != CURRENT:
        membrane.replace(**{name: row})  # which refuses what the model does
    return Varied(name, unit, meaning, float(row[0]), float(row[1]))


def _unknown(membrane: Membrane, experiment: str, name: str) -> str:
    if name == "V":
        return (
            f"{experiment} finds V, and varies something else; what becomes of the model where V "
            "is held is lo.steady_state(model, voltages)"
        )
    known = [CURRENT, *membrane.parameters, *states_of(membrane)]
    return (
        f"{experiment}: the model has no {name!r}{nearest(name, known)}; it can be "
        f"{', '.join(known)}"
    )


def with_states_held(membrane: Membrane, values: dict[str, Any]) -> Membrane:
    """The membrane, with a state that is varied as a parameter: what is left is the subsystem that
    is fast beside it."""
    if len(values) == 1:
        ((name, pair),) = values.items()
        if name in states_of(membrane):
            if name not in {state.name for state in membrane.states}:
                _check_share(name, pair)
            return frozen(membrane, name)
    return membrane


def _check_share(name: str, pair: Any) -> None:
    row = numbers(pair, "1", name)
    if (row < 0).any() or (row > 1).any():
        raise UsageError(
            f"{name} is a share of channels and must be between 0 and 1, not {pair!r:.60}"
        )


def field_of(membrane: Membrane, experiment: str, varied: Varied) -> Field:
    """Its equations.

    Raises
    ------
    UsageError
        If they keep something constant: then no equilibrium is alone.
    """
    patch = Patch.of(membrane, f"experiments.{experiment}")
    kept = for_conserved(patch.kernel, patch.numbers)
    if kept is not None:
        raise UsageError(
            f"{experiment}: the equations keep {kept} constant, so that equilibria are not alone "
            "but lie on a surface; write one of these states as the total less the others"
        )
    return Field(patch, varied.symbol)


def partly(begins: float, ends: float) -> Callable[[float], None]:
    """Tells how far a part of the whole is."""
    return lambda fraction: done(begins + (ends - begins) * fraction)


def diagram_of(field: Field, varied: Varied, advance: Any = None) -> tuple[Diagram, Varied]:
    """The equilibria; where no range was given, of currents up to beyond the last change."""
    starts = Starts(field)
    with field.work.share(_SHARE):
        if varied.low is not None:
            return diagram(starts, *varied.ends, advance), varied
        return _as_far_as_it_changes(starts, varied, advance)


def _as_far_as_it_changes(starts: Starts, varied: Varied, advance: Any) -> tuple[Diagram, Varied]:
    """From 0; one part after the other is looked at until there was a change, and rest is stable
    beyond."""
    low, changes = 0.0, list[float]()
    for high in _WIDER:
        made = diagram(starts, low, high)
        changes += [each.point.p for each in made.special if _seen(starts, each.point)]
        ends = [p for curve in made.curves for p in (curve[0], curve[-1]) if p.p == high]
        ends = [each for each in ends if _seen(starts, each)]
        if changes and all(point.stable for point in ends):
            break
        low = high
    high = float(f"{_BEYOND * max(changes, default=_WIDER[1] / _BEYOND):.2g}")
    return diagram(starts, 0.0, high, advance), varied.between(0.0, high)


def _seen(starts: Starts, at: Point) -> bool:
    """Whether V is what a membrane's may be: what equations do beyond does not set a range."""
    return bool(abs(at.x[0]) < _SEEN * starts.of.scales[0])


@dataclass(frozen=True)
class Changes:
    """Special points, and how well they are known: as two ways of finding them say."""

    special: list[Special]
    precision: list[float]

    @classmethod
    def of(cls, found: Diagram) -> Changes:
        again = [found_again(found.field, each) for each in found.special]
        pairs = zip(found.special, again, strict=True)
        precision = [abs(other - each.point.p) for each, other in pairs]
        return cls(found.special, precision)


def placed(p: float, varied: Varied) -> str:
    """A value of what is varied, with its unit, in words."""
    unit = "" if varied.unit == "1" else f" {varied.unit.replace('uA', 'µA').replace('cm2', 'cm²')}"
    return decimal(f"{p:.6g}") + unit


def left_out(found: Diagram, varied: Varied) -> list[str]:
    """What of the equilibria was not looked at, in words."""
    said: list[str] = []
    if found.cut:
        places = listed([each.p for each in found.cut], varied)
        said.append(
            say("A curve of equilibria was not followed beyond {places}.", places=places)
        )  # fmt: skip
    if found.unsought:
        places = listed(found.unsought, varied)
        said.append(
            say(
                "There may be further curves of equilibria, at {places}: what a call may take of "
                "the processor was used up.", places=places,
            )
        )  # fmt: skip
    return said


def listed(values: Sequence[float], varied: Varied) -> str:
    """Values of what is varied, one after the other; of many the first and the last."""
    places = [placed(p, varied) for p in values]
    return ", ".join(places if len(places) <= _TOLD else [places[0], "…", places[-1]])


def spoken_of(found: Changes, varied: Varied) -> str:
    parts: list[str] = []
    for each in found.special:
        place = placed(each.point.p, varied)
        if each.kind == FOLD:
            parts.append(say("a fold at {place}", place=place))
        elif each.lyapunov > 0:
            parts.append(say("a subcritical Hopf point at {place}", place=place))
        elif each.lyapunov < 0:
            parts.append(say("a supercritical Hopf point at {place}", place=place))
        else:
            parts.append(say("a Hopf point at {place}", place=place))
    if not parts:
        low, high = varied.ends
        return say(
            "Between {low:.4g} and {high:.4g} of {name} nothing changes: no fold, no Hopf point.",
            low=low, high=high, name=reworded(varied.name),
        )  # fmt: skip
    return say("With {name} rising: {parts}.", name=reworded(varied.name), parts=", ".join(parts))
