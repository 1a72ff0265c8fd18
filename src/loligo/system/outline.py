"""What a System is, without SymPy: its states and their scales, parameters, what can be recorded.

Everything downstream asks the outline and not the membrane, so that a System may come from
anywhere: from a membrane as its paper wrote it, or from another System that was transformed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from loligo.lanes import Value
from loligo.model.expression import Expression
from loligo.model.membrane import Membrane
from loligo.model.ode import expressions
from loligo.model.parameter import Parameter
from loligo.model.tree import Call, walk

if TYPE_CHECKING:
    from loligo.system.equations import System

STIMULUS = "I_stim"
V_SCALE = 100.0  # mV: what a tolerance is relative to in V
# what has a kink or a jump
_CONDITIONAL = frozenset({"where", "abs", "min", "max"})
# what a channel has: first letter of the name -> units, name, role
_CHANNEL = {
    "E": ("mV", "reversal potential", "reversal"),
    "G": ("mS/cm2", "conductance", "conductance"),
    "I": ("uA/cm2", "current", "current"),
}

About = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Outline:
    """What a System is, for all who need not know its equations.

    Attributes
    ----------
    states
        V first.
    scales
        State -> what a tolerance is relative to.
    gates
        The states that lie between 0 and 1.
    instantaneous
        Gates that are no states.
    parameters
        Symbol -> value, unit, meaning.
    conductances
        The parameters that are maximal conductances (mS/cm2).
    guesses
        State -> where to begin the search for its steady value, where that was said.
    records
        Everything that can be recorded along time, in the order of a full recording.
    about
        Name in ``records`` -> its attributes: units, long_name, role, …
    inputs
        What reaches the equations from outside: the injected current.
    wholes
        What is 1 less several states, as the eliminated state of a scheme is -> those states.
    follow
        States of what is done to it that begin where V does; others of that kind begin at 0.
    tangents
        What all of it is differentiated by.
    key
        What tells this System from every other, apart from numbers; JSON-able.
    build
        Makes the System. SymPy is imported then.
    conditional
        Whether a condition is part of a formula: then steps of one length are of first order only.
    apart
        Makes the same System with what is done to it apart from its own equations, where these are
        written otherwise: a clamp that is off changes no bit then.
    """

    states: tuple[str, ...]
    scales: Mapping[str, float]
    gates: tuple[str, ...]
    instantaneous: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    conductances: tuple[str, ...]
    guesses: Mapping[str, Value]
    records: tuple[str, ...]
    about: Mapping[str, About]
    key: Any
    build: Callable[[], System]
    conditional: bool = False
    inputs: tuple[str, ...] = field(default=(STIMULUS,))
    wholes: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    follow: tuple[str, ...] = ()
    tangents: tuple[str, ...] = ()
    apart: Callable[[], Outline] | None = None

    def portable(self) -> Outline:
        """As programs in portable mode have it."""
        return self if self.apart is None else self.apart()

    @property
    def occupancies(self) -> tuple[str, ...]:
        """The states that are parts of a whole."""
        return tuple(state for parts in self.wholes.values() for state in parts)


def outline_of(membrane: Membrane) -> Outline:
    """Of a membrane under an injected current.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = outline_of(lo.load("hodgkin-huxley-1952"))
    >>> squid.states, squid.scales["V"], squid.about["G_Na"]["units"]
    (('V', 'm', 'h', 'n'), 100.0, 'mS/cm2')
    """
    moving = tuple(gate.name for gate in membrane.gates if not gate.instantaneous)
    wholes = {scheme.eliminated: scheme.kept for scheme in membrane.schemes}
    occupied = (state for parts in wholes.values() for state in parts)
    states = ("V", *moving, *occupied, *(state.name for state in membrane.states))
    scales = dict.fromkeys(states, 1.0) | {"V": V_SCALE}

    return Outline(
        states=states,
        scales=scales | {state.name: state.scale for state in membrane.states},
        gates=moving,
        wholes=wholes,
        instantaneous=tuple(gate.name for gate in membrane.gates if gate.instantaneous),
        parameters=membrane.parameters,
        conductances=tuple(f"g_{c.name}" for c in membrane.channels if c.g is not None),
        guesses=membrane.beginnings,
        records=_records(membrane),
        about=_about(membrane),
        key=membrane.structure(),
        build=partial(_built, membrane),
        conditional=any(map(_conditional, expressions(membrane))),
    )


def _built(membrane: Membrane) -> System:
    from loligo.system import equations

    return equations.build(membrane)


def _records(membrane: Membrane) -> tuple[str, ...]:
    gates = [gate.name for gate in membrane.gates]
    occupied = [state for scheme in membrane.schemes for state in scheme.states]
    states = [*occupied, *(state.name for state in membrane.states)]
    others = [name for name in membrane.quantities if name not in (*gates, *occupied)]
    return ("V", *gates, *states, *others, STIMULUS)


def _about(membrane: Membrane) -> dict[str, About]:
    about: dict[str, About] = {
        "V": {"units": "mV", "long_name": "membrane potential", "role": "voltage"},
        STIMULUS: {"units": "uA/cm2", "long_name": "injected current", "role": "stimulus"},
    }
    for name in membrane.quantities:
        about[name] = {"units": "1", "long_name": name, "role": "helper"}
    for channel in membrane.channels:
        called, mark = channel.meaning or channel.name, {"channel": channel.name}
        mark |= {"ion": channel.ion} if channel.ion else {}
        for letter, (units, name, role) in _CHANNEL.items():
            about[f"{letter}_{channel.name}"] = {
                "units": units, "long_name": f"{name} ({called})", "role": role, **mark,
            }  # fmt: skip
        for gate in channel.gates:
            about[gate.name] = {
                "units": "1", "long_name": gate.meaning or f"gate {gate.name} ({called})",
                "role": "gate", "power": gate.power, **mark,
            }  # fmt: skip
    for scheme in membrane.schemes:
        for state in scheme.states:
            name = f"occupancy of {state} ({scheme.meaning or scheme.name})"
            about[state] = {"units": "1", "long_name": name, "role": "state"}
    for state in membrane.states:
        meaning = state.meaning or state.name
        about[state.name] = {"units": state.unit, "long_name": meaning, "role": "state"}
    return about


def _conditional(text: Expression) -> bool:
    return any(isinstance(node, Call) and node.op in _CONDITIONAL for node in walk(text.tree))
