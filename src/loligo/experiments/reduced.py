"""A membrane of two states: what becomes of the others, as a membrane of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from loligo.errors import LoligoError, UnitError, UsageError, nearest
from loligo.lanes import Labelled
from loligo.model import Membrane
from loligo.system.outline import Outline, outline_of
from loligo.theory.patch import Patch
from loligo.units import read
from loligo.words import decimal, say

STEADY, FROZEN = "steady", "frozen"
_HELD = "_held"  # behind a gate's name: the parameter that it is held at
_SAME_PACE = 3.0  # times faster or slower


@dataclass(frozen=True, eq=False)
class Rest:
    """Where a membrane rests, or else where its currents balance.

    Attributes
    ----------
    states
        Name -> value; NaN where there is no such place.
    pace
        State -> the time constant of its own, ms.
    rising
        State -> by how much its rate grows with V, 1/ms each mV.
    """

    states: Mapping[str, float]
    pace: Mapping[str, float]
    rising: Mapping[str, float]

    @classmethod
    def of(cls, membrane: Membrane, found: Any) -> Rest:
        """From what `loligo.rest` found."""
        names = outline_of(membrane).states
        states = {name: float(found[name]) for name in names}
        row = np.array(list(states.values()))
        slopes = np.full((row.size, row.size), np.nan)
        if np.isfinite(row).all():
            slopes = Patch.of(membrane, "rest").jacobian(row[:, None])[0]
        with np.errstate(divide="ignore"):
            pace = -1 / np.diag(slopes)
        rows = (dict(zip(names, row.tolist(), strict=True)) for row in (pace, slopes[:, 0]))
        return cls(states, *rows)


@dataclass(frozen=True)
class Share:
    """That a gate is a part of what another leaves closed."""

    other: str
    part: float


Way = str | float | Share


@dataclass(frozen=True, eq=False)
class Reduced:
    """A membrane of which two states are left.

    Attributes
    ----------
    membrane
        Of the two; of V too, where that is none of them.
    ways
        Every other state -> what became of it: ``"steady"``, a number, a formula, or a share.
    """

    membrane: Membrane
    ways: Mapping[str, Way]

    @property
    def voltage(self) -> float | None:
        """Where V is held, if it is."""
        held = self.ways.get("V")
        return held if isinstance(held, float) else None

    @property
    def words(self) -> str:
        """What became of the others; empty where there are none."""
        steady = [name for name, way in self.ways.items() if way == STEADY]
        said = [say("{steady} steady", steady=_listed(steady))] if steady else []
        for name, way in self.ways.items():
            if isinstance(way, Share):
                said += [decimal(f"{name} = {way.part:.4g} (1 - {way.other})")]
            elif way != STEADY:
                said += [
                    f"{name} = {way}"
                    if isinstance(way, str)
                    else say("{name} held at {way:.4g}", name=name, way=way)
                ]
        return ", ".join(said)


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return say("{names} is", names=names[0])
    return say("{names} and {last} are", names=", ".join(names[:-1]), last=names[-1])


def reduced(membrane: Membrane, x: str, y: str, others: Any, rest: Rest) -> Reduced:
    """A membrane of two of its states.

    Gates that are steady become instantaneous, those that are held a parameter; so do other
    states that are held.

    Parameters
    ----------
    others
        ``"steady"``, ``"frozen"`` (where the membrane rests), or for each: one of these, a number,
        or a formula of the states that are left. Of what nothing is said: what is faster than
        ``y`` (``x``, where y is V) is steady, what is slower frozen; a gate of about the same pace
        that V moves the other way is as large a part of 1 - y as at rest, as h of the squid's axon
        nearly is of 1 - n
        (FitzHugh 1961, doi:10.1016/S0006-3495(61)86902-6, has 0.85 - n).

    Raises
    ------
    UsageError
        If a state cannot be what it should.
    """
    outline = outline_of(membrane)
    left = [name for name in outline.states if name not in (x, y)]
    given = _given(others, left, outline)
    slow = x if y == "V" else y
    ways = {
        name: _way(given.get(name, _by_pace(name, slow, outline, rest)), name, outline, rest)
        for name in left
    }
    document = membrane.to_dict()
    for channel in document["channels"].values():
        gates = channel.get("gates", {})
        for name in [name for name in gates if name in ways]:
            gates[name] = _gate(name, gates[name], ways[name], document)
    for name in [name for name in document.get("states", {}) if name in ways]:
        _state(name, ways[name], document)
    return Reduced(replace_named(membrane, document), ways)


def replace_named(membrane: Membrane, document: Mapping[str, Any]) -> Membrane:
    """A membrane from a document that was changed, where another is at fault than its author."""
    try:
        return Membrane.from_dict(document)
    except LoligoError as error:
        raise UsageError(f"others: with them so the equations cannot be: {error}") from None


def _given(others: Any, left: list[str], outline: Outline) -> Mapping[str, Any]:
    if others is None:
        return {}
    if isinstance(others, str) and others in (STEADY, FROZEN):
        gates = [name for name in left if name in outline.gates]
        return {name: others if name in gates else FROZEN for name in left}
    if not isinstance(others, Mapping):
        raise UsageError(
            f"others={others!r:.60} is neither {STEADY!r} nor {FROZEN!r}, nor says it for each "
            f"state, as {{{(left or ['h'])[-1]!r}: 0.5}} does"
        )
    for name in others:
        if name not in left:
            names = ", ".join(left) or "none"
            raise UsageError(
                f"others: {name!r} is no state besides the two of the plane"
                f"{nearest(str(name), left)}; there are {names}"
            )
    return others


def _by_pace(name: str, y: str, outline: Outline, rest: Rest) -> Way:
    """What a state is that nobody spoke of."""
    own, other = rest.pace[name], rest.pace[y]
    gates = name in outline.gates and y in outline.gates
    if (
        gates
        and rest.rising[name] * rest.rising[y] < 0
        and _SAME_PACE * own > other > own / _SAME_PACE
    ):
        return Share(y, rest.states[name] / (1 - rest.states[y]))
    return STEADY if name in outline.gates and own < other else FROZEN


def _way(way: Any, name: str, outline: Outline, rest: Rest) -> Way:
    """A number, a formula, or that it is steady."""
    if name in outline.occupancies:
        raise UsageError(
            f"{name} is an occupancy of a kinetic scheme, which moves with the scheme's others: it "
            "can be neither steady nor frozen; a plane is drawn of models without such"
        )
    if isinstance(way, Share):
        return way
    if isinstance(way, str) and way == FROZEN:
        if not np.isfinite(rest.states[name]):
            raise UsageError(
                f"{name} cannot be frozen where the membrane rests, for it does not rest; say "
                f"where: others={{{name!r}: ...}}"
            )
        return rest.states[name]
    if isinstance(way, str) and way == STEADY:
        if name in outline.gates:
            return STEADY
        raise UsageError(
            f"{name} is no gate, so that it cannot be {STEADY!r}; {FROZEN!r} or a number holds "
            f"it: others={{{name!r}: {FROZEN!r}}}"
        )
    try:
        value = read(way, str(outline.about[name]["units"]), name)
    except UnitError:
        if isinstance(way, str) and name != "V":
            return way  # a formula
        raise
    if isinstance(value, Labelled):
        raise UsageError(f"others: {name} is held at one number, not at {value!r}")
    return float(value)


def _gate(name: str, gate: Any, way: Way, document: dict[str, Any]) -> dict[str, Any]:
    if way == STEADY:
        gone = {"rate"} | ({"tau"} if "inf" in gate else set())
        return {key: text for key, text in gate.items() if key not in gone} | {
            "instantaneous": True
        }
    kept = {key: gate[key] for key in ("power", "meaning") if key in gate}
    if isinstance(way, str):
        return {**kept, "inf": way, "instantaneous": True}
    value, formula, meaning = way, name + _HELD, f"{name}, held"
    if isinstance(way, Share):
        value, formula = way.part, f"{name}{_HELD}*(1 - {way.other})"
        meaning = f"{name}/(1 - {way.other})"
    parameters = document.setdefault("parameters", {})
    parameters[name + _HELD] = {"value": value, "unit": "1", "meaning": meaning}
    return {**kept, "inf": formula, "instantaneous": True}


def _state(name: str, way: Way, document: dict[str, Any]) -> None:
    state = document["states"].pop(name)
    if isinstance(way, str):
        document.setdefault("helpers", {})[name] = way
    else:
        about = {"value": way, "unit": state.get("unit", "1"), "meaning": f"{name}, held"}
        document.setdefault("parameters", {})[name] = about
    if not document["states"]:
        del document["states"]
