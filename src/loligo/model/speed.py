"""How fast gates and schemes are, and how that follows the temperature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loligo.errors import ModelError
from loligo.lanes import Labelled
from loligo.model.expression import Expression, parse
from loligo.model.namespace import uses
from loligo.model.parts import Channel, Gate
from loligo.model.reading import Formula, freeze, members, unknown
from loligo.model.rewritten import gate_with, scheme_with
from loligo.model.table import show_number
from loligo.model.written import Written
from loligo.units import read


def quickened(membrane: Written, factor: Any, reference: Any, gates: Any) -> dict[str, Any]:
    """The channels, schemes and temperature of a membrane with gates that warmth quickens."""
    number, at = read(factor, "1", "factor", above=0), read(reference, "degC", "reference")
    if isinstance(number, Labelled) or isinstance(at, Labelled):
        raise ModelError(
            "with_q10 takes one factor and one reference: they become part of the formulas. "
            'For several, declare a parameter and write rate="q10(Q, 36)" with its name'
        )
    speed = f"q10({show_number(number)}, {show_number(at)})"
    wanted, warm = _timed(membrane, gates), _warming(membrane)

    def faster(gate: Gate) -> Gate:
        old = gate.rate
        rate = speed if old is None or old.names & warm else f"({old})*{speed}"

        def text(key: str, written: Expression | None) -> Formula | None:
            return rate if key == "rate" else written

        return gate_with(gate, text)

    channels = [
        c.changed(gates=[faster(g) if g.name in wanted else g for g in c.gates])
        for c in membrane.channels
    ]
    schemes = [
        scheme_with(s, lambda rate: parse(f"({rate})*{speed}")) if s.name in wanted else s
        for s in membrane.schemes
    ]
    celsius = at if membrane.celsius is None else membrane.celsius
    return {"channels": channels, "schemes": schemes, "celsius": celsius}


def _timed(membrane: Written, gates: object) -> frozenset[str]:
    """The gates and schemes whose speed is meant."""
    moving = [gate.name for gate in membrane.gates if not gate.instantaneous]
    known = [*moving, *(scheme.name for scheme in membrane.schemes)]
    if gates is None:
        if not known:
            raise ModelError("nothing here has a speed: the membrane has no gates that move")
        return frozenset(known)
    named = members(gates, str, "gates")
    for name in named:
        if name in (gate.name for gate in membrane.gates if gate.instantaneous):
            raise ModelError(f"gate {name} is instantaneous: it has no speed")
        if name not in known:
            raise ModelError(f"{unknown(name, 'gate', known)}; there are {', '.join(known)}")
    return frozenset(named)


def _warming(membrane: Written) -> frozenset[str]:
    """Names that depend on the temperature: celsius, and helpers that use it."""
    warm = {"celsius"}
    for _ in membrane.helpers:
        warm |= {name for name, text in membrane.helpers.items() if text.names & warm}
    return frozenset(warm)


def warms(fields: Mapping[str, Any]) -> bool:
    """Whether something that is to be made depends on temperature."""
    draft = object.__new__(Written)
    helpers = fields["helpers"].items()
    freeze(
        draft,
        channels=members(fields["channels"], Channel, "channels"),
        helpers={k: v if isinstance(v, Expression) else parse(str(v)) for k, v in helpers},
        schemes=tuple(fields["schemes"]),
        states=tuple(fields["states"]),
    )
    return any("celsius" in use.expression.names for use in uses(draft))
