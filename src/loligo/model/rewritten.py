"""Parts of a membrane with other formulas, and otherwise the same."""

from __future__ import annotations

from collections.abc import Callable

from loligo.model.expression import Expression
from loligo.model.parts import RATES, Gate, State
from loligo.model.reading import Formula
from loligo.model.scheme import Scheme, Transition


def gate_with(gate: Gate, text: Callable[[str, Expression | None], Formula | None]) -> Gate:
    """``text`` takes what a rate is (``alpha``) and how it was written."""
    rates = {key: text(key, getattr(gate, key)) for key in RATES}
    return Gate(gate.name, gate.power, **rates, instantaneous=gate.instantaneous,
                meaning=gate.meaning)  # fmt: skip


def scheme_with(scheme: Scheme, text: Callable[[Expression], Expression]) -> Scheme:
    """Every rate changed."""
    ways = [
        Transition(t.source, t.target, text(t.forward), t.backward and text(t.backward))
        for t in scheme.transitions
    ]
    return Scheme(scheme.name, scheme.states, ways, scheme.eliminated, scheme.initial or None,
                  scheme.meaning)  # fmt: skip


def state_with(state: State, derivative: Expression) -> State:
    """Another differential equation."""
    return State(state.name, derivative, state.initial, state.unit, state.scale, state.meaning)
