"""A membrane's equations, spelled once.

    C_m dV/dt = I_stim - I_Na - I_K - ...
    I_Na = G_Na (V - E_Na),    G_Na = g_Na m**3 h
    dm/dt = rate (alpha (1 - m) - beta m)    or    rate ((inf - m)/tau)
    dO/dt = alpha C - beta O                 of a scheme, in which C = 1 - O

(Hodgkin & Huxley 1952, doi:10.1113/jphysiol.1952.sp004764, equations 3 to 7 and 26.) They are
trees of the language in which a paper's expressions are read, and everyone reads them here: SymPy,
typesetting, checks and messages. What a gate is given by has a name with a dot, ``m.alpha``, which
nothing that a person names can have; so have the rates of a scheme, ``C.to.O``, and what of a
channel is open, ``Kr.open``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from loligo.model.expression import Expression, parse
from loligo.model.parts import RATES, Channel, Gate
from loligo.model.scheme import Scheme
from loligo.model.tree import Call, Name, Node, Number, substitute
from loligo.model.written import Written

_OHM = parse("G*(V - E)").tree
_EXCHANGE = parse("alpha*(1 - x) - beta*x").tree
_EXCHANGED = parse("alpha/(alpha + beta)").tree
_RELAXATION = parse("(inf - x)/tau").tree
_FASTER = parse("rate*change").tree
_NOWHERE = (0, 0)  # in no text


@dataclass(frozen=True)
class Equation:
    """What a name is equal to, or how it changes.

    Attributes
    ----------
    name
        What it is about: ``V``, ``m``, ``I_Na``, ``m.alpha``.
    right
        The right side.
    written
        The right side as a person wrote it; None where it follows from what the part is.
    differential
        Whether the left side is the rate of change of ``name``, per ms, instead of ``name``.
    factor
        What that rate is multiplied by, on the left.
    """

    name: str
    right: Node
    written: Expression | None = None
    differential: bool = False
    factor: str = ""


def derivatives(membrane: Written) -> Iterator[Equation]:
    """How each state changes: V, the gates that are not instantaneous, the further states."""
    yield balance(membrane)
    yield from (dynamics(gate) for gate in membrane.gates if not gate.instantaneous)
    yield from (exchange(scheme, x) for scheme in membrane.schemes for x in scheme.kept)
    yield from changes(membrane)


def balance(membrane: Written) -> Equation:
    """What is injected, less what flows out, charges the membrane."""
    right: Node = Name("I_stim", _NOWHERE)
    for channel in membrane.channels:
        right = Call("-", (right, Name(f"I_{channel.name}", _NOWHERE)), _NOWHERE)
    return Equation("V", right, differential=True, factor="C_m")


def defined(channel: Channel) -> Iterator[Equation]:
    """What is computed of a channel, from states and parameters, in this order: its instantaneous
    gates, its reversal potential where that varies, its conductance, its current."""
    yield from (dynamics(gate) for gate in channel.gates if gate.instantaneous)
    if isinstance(channel.E, Expression):
        yield as_written(f"E_{channel.name}", channel.E)
    if channel.current is None:
        yield conductance(channel)
    yield current(channel)


def current(channel: Channel) -> Equation:
    """Out of the cell, uA/cm2: by Ohm's law, unless it is written out."""
    name = f"I_{channel.name}"
    if channel.current is not None:
        return as_written(name, channel.current)
    return Equation(name, _filled(_OHM, G=f"G_{channel.name}", E=f"E_{channel.name}"))


def conductance(channel: Channel) -> Equation:
    """g times the gates, each to its power, and what is open besides."""
    right: Node = Name(f"g_{channel.name}", _NOWHERE)
    for gate in channel.gates:
        factor: Node = Name(gate.name, _NOWHERE)
        if gate.power > 1:
            power = Number(Fraction(gate.power), str(gate.power), _NOWHERE)
            factor = Call("**", (factor, power), _NOWHERE)
        right = Call("*", (right, factor), _NOWHERE)
    if channel.open is not None:
        right = Call("*", (right, Name(f"{channel.name}.open", _NOWHERE)), _NOWHERE)
    return Equation(f"G_{channel.name}", right)


def dynamics(gate: Gate) -> Equation:
    """How a gate moves; or, if it is instantaneous, where it is."""
    x, own = gate.name, {key: f"{gate.name}.{key}" for key in RATES}
    if gate.instantaneous:
        if gate.inf is not None:
            return as_written(x, gate.inf)
        return Equation(x, _filled(_EXCHANGED, **own))
    change = _filled(_EXCHANGE if gate.tau is None else _RELAXATION, x=x, **own)
    if gate.rate is not None:
        change = substitute(_filled(_FASTER, **own), {"change": change})
    return Equation(x, change, differential=True)


def rates(part: Gate | Channel | Scheme) -> dict[str, Expression]:
    """What a gate is given by, ``m.alpha``, ``m.beta`` and so on; what of a channel is open; and
    a scheme's rates, ``C.to.O``."""
    if isinstance(part, Scheme):
        return {transfer(*ends): rate for ends, rate in part.rates.items()}
    keys = RATES if isinstance(part, Gate) else ("open",)
    written = {f"{part.name}.{key}": getattr(part, key) for key in keys}
    return {name: text for name, text in written.items() if text is not None}


def given(membrane: Written) -> dict[str, Expression]:
    """All of them: of every gate, channel and scheme."""
    parts = (*membrane.gates, *membrane.channels, *membrane.schemes)
    return {name: text for part in parts for name, text in rates(part).items()}


def transfer(source: str, target: str) -> str:
    """The name of the rate from one state of a scheme to another."""
    return f"{source}.to.{target}"


def exchange(scheme: Scheme, state: str) -> Equation:
    """What comes in from the other states, less what goes out."""
    gains: list[Node] = []
    losses: list[Node] = []
    for source, target in scheme.rates:
        rate = Name(transfer(source, target), _NOWHERE)
        if target == state:
            gains.append(Call("*", (rate, Name(source, _NOWHERE)), _NOWHERE))
        elif source == state:
            losses.append(rate)
    change = _joined("+", gains)
    if losses:
        loss = Call("*", (_joined("+", losses), Name(state, _NOWHERE)), _NOWHERE)
        change = Call("-", (change, loss), _NOWHERE) if gains else Call("neg", (loss,), _NOWHERE)
    return Equation(state, change, differential=True)


def remainder(scheme: Scheme) -> Equation:
    """The occupancy that is eliminated: 1 less the others."""
    one = Number(Fraction(1), "1", _NOWHERE)
    others = [Name(state, _NOWHERE) for state in scheme.kept]
    return Equation(scheme.eliminated, _joined("-", [one, *others]))


def _joined(op: str, parts: Sequence[Node]) -> Node:
    tree: Node = parts[0] if parts else Number(Fraction(0), "0", _NOWHERE)
    for part in parts[1:]:
        tree = Call(op, (tree, part), _NOWHERE)
    return tree


def changes(membrane: Written) -> Iterator[Equation]:
    """How the further states change, which is always written out."""
    for state in membrane.states:
        text = state.derivative
        yield Equation(state.name, text.tree, text, differential=True)


def helpers(membrane: Written) -> Iterator[Equation]:
    """What several expressions share."""
    yield from map(as_written, membrane.helpers, membrane.helpers.values())


def expressions(membrane: Written) -> Iterator[Expression]:
    """Every formula that a person wrote: of gates, schemes, helpers, states and channels."""
    yield from given(membrane).values()
    yield from membrane.helpers.values()
    yield from (state.derivative for state in membrane.states)
    for channel in membrane.channels:
        for formula in (channel.current, channel.E):
            if isinstance(formula, Expression):
                yield formula


def as_written(name: str, text: Expression) -> Equation:
    """What a person says that a name is."""
    return Equation(name, text.tree, text)


def _filled(form: Node, **names: str) -> Node:
    """A form with these names in the places of its own."""
    return substitute(form, {own: Name(name, _NOWHERE) for own, name in names.items()})
