"""Who may refer to whom: the names of a membrane, and what follows from what.

Gates, helpers, states, parameters and observables have one namespace. What is computed (helpers,
instantaneous gates, potentials given by expressions, conductances, currents) may use each other
in any order, but not in a circle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import NoReturn, cast

from loligo.errors import ModelError, nearest, pointing
from loligo.model.expression import Expression
from loligo.model.functions import FUNCTIONS, MAX_BITS, MAX_EXPONENT
from loligo.model.ode import Equation, defined, given, remainder
from loligo.model.parts import RATES, Channel, Gate
from loligo.model.plain import plain
from loligo.model.reading import RESERVED
from loligo.model.table import Frozen
from loligo.model.tree import Call, Name, Node, Size, evaluate, names_in, size, substitute, walk
from loligo.model.written import Written

# What can be worked with in seconds; the largest published membranes have some 2,000 parts.
MAX_EXPANDED = 5_000  # parts of one expression once all helpers are written out
MAX_EXPANDED_DEPTH = 200
MAX_TOTAL = 20_000  # parts of all of them together
MAX_PARTS = 1_000  # channels, gates, helpers, states and parameters


@dataclass(frozen=True)
class Use:
    """An expression in a membrane: what it is, and its path in the document."""

    where: str
    path: tuple[str, ...]
    expression: Expression

    def refuse(self, problem: str, span: tuple[int, int]) -> NoReturn:
        """Raise a ModelError that points at ``span``."""
        text = self.expression.text
        error = ModelError(f"{self.where}: {problem}\n{pointing(text, *span)}")
        error.path, error.excerpt = self.path, (text, span[0])
        raise error


def uses(membrane: Written) -> Iterator[Use]:
    """Every expression that a person wrote, in the order of the document."""
    for name, helper in membrane.helpers.items():
        yield Use(f"helper {name}", ("helpers", name), helper)
    for scheme in membrane.schemes:
        for place, transition in enumerate(scheme.transitions):
            path = ("schemes", scheme.name, "transitions", str(place))
            for (source, target), rate in transition.rates.items():
                yield Use(f"scheme {scheme.name}: rate from {source} to {target}", path, rate)
    for channel in membrane.channels:
        top = ("channels", channel.name)
        if isinstance(channel.E, Expression):
            yield Use(f"E_{channel.name}", (*top, "E"), channel.E)
        if channel.current is not None:
            yield Use(f"current of channel {channel.name}", (*top, "current"), channel.current)
        if channel.open is not None:
            yield Use(f"open of channel {channel.name}", (*top, "open"), channel.open)
        for gate in channel.gates:
            for key in RATES:
                expression = getattr(gate, key)
                if expression is not None:
                    path = (*top, "gates", gate.name, key)
                    yield Use(f"{key} of gate {gate.name}", path, expression)
    for state in membrane.states:
        path = ("states", state.name, "derivative")
        yield Use(f"derivative of state {state.name}", path, state.derivative)


def definitions(membrane: Written) -> Iterator[tuple[str, Expression]]:
    """Everything that is computed from states and parameters, and how."""
    yield from membrane.helpers.items()
    written = given(membrane)
    for channel in membrane.channels:
        yield from (_definition(equation, written) for equation in defined(channel))
    yield from (_definition(remainder(scheme), written) for scheme in membrane.schemes)


def _definition(equation: Equation, written: Mapping[str, Expression]) -> tuple[str, Expression]:
    return equation.name, equation.written or _typed(equation.right, written)


def _typed(right: Node, written: Mapping[str, Expression]) -> Expression:
    """What follows from a channel's form as if a person had typed it, its rates written out."""
    text = plain(right, called=lambda name: f"({written[name]})" if name in written else name)
    tree = substitute(right, {name: text.tree for name, text in written.items()})
    return Expression(text, tree, names_in(tree))


def arrange(membrane: Written) -> Frozen[Expression]:
    """Check every name, and order what is computed so that each comes after what it uses.

    Raises
    ------
    ModelError
        A name is taken twice, unknown, or defined in a circle; or helpers in helpers grow too
        large when they are written out.
    """
    _check_count(membrane)
    space = _Space(membrane)
    space.claim_all()
    for use in space.uses:
        space.check_names(use)
    _check_temperature(membrane, space)
    _check_open(membrane)
    computed = dict(definitions(membrane))
    order = _order(computed, membrane)
    _check_sizes(computed, order, space.uses, membrane)
    return Frozen((name, computed[name]) for name in order)


def _check_count(membrane: Written) -> None:
    kinds = (membrane.channels, membrane.gates, membrane.helpers, membrane.states, membrane.extra)
    schemes = (len(each.states) + len(each.transitions) for each in membrane.schemes)
    count = sum(map(len, kinds)) + sum(schemes)
    if count > MAX_PARTS:
        raise ModelError(
            f"this membrane has {count:,} channels, gates, helpers, states and parameters; "
            f"at most {MAX_PARTS:,} can be worked with"
        )


class _Space:
    """The names of one membrane, each with what it names."""

    def __init__(self, membrane: Written) -> None:
        self.membrane = membrane
        self.uses = tuple(uses(membrane))
        self.owners: dict[str, str] = {"V": "the membrane potential"}

    @cached_property
    def wants_celsius(self) -> bool:
        return any("celsius" in use.expression.names for use in self.uses)

    def claim_all(self) -> None:
        membrane = self.membrane
        self.owners["C_m"] = "the capacitance"
        if membrane.celsius is not None:
            self.owners["celsius"] = "the temperature"
        if membrane.area is not None:
            self.owners["area"] = "the area"
        seen: set[str] = set()
        for channel in membrane.channels:
            if channel.name in seen:  # in Python: a document has each once
                raise ModelError(
                    f"two channels are called {channel.name}; name them apart, as in "
                    f"{channel.name}f and {channel.name}s"
                )
            seen.add(channel.name)
        for channel in membrane.channels:
            self._claim_channel(channel)
        for parameter in membrane.extra:
            path = ("parameters", parameter.name)
            self._claim(parameter.name, f"the parameter {parameter.name}", path)
        for name in membrane.helpers:
            self._claim(name, f"the helper {name}", ("helpers", name))
        for scheme in membrane.schemes:
            for state in scheme.states:
                path = ("schemes", scheme.name, "states")
                self._claim(state, f"the state {state} of scheme {scheme.name}", path)
        for state in membrane.states:
            self._claim(state.name, f"the state {state.name}", ("states", state.name))

    def _claim_channel(self, channel: Channel) -> None:
        called, path = f"channel {channel.name}", ("channels", channel.name)
        if channel.g is not None:
            self._claim(f"g_{channel.name}", f"the maximal conductance of {called}", path)
        if channel.E is not None:
            self._claim(f"E_{channel.name}", f"the reversal potential of {called}", path)
        if channel.current is None:
            self._claim(f"G_{channel.name}", f"the conductance of {called}", path)
        self._claim(f"I_{channel.name}", f"the current of {called}", path)
        for gate in channel.gates:
            self._claim_gate(gate, channel)

    def _claim_gate(self, gate: Gate, channel: Channel) -> None:
        owner = f"the gate {gate.name} of channel {channel.name}"
        path = ("channels", channel.name, "gates", gate.name)
        before = self.owners.get(gate.name, "")
        if before.startswith("the gate "):
            other = before.rpartition(" ")[2]
            first, second = f"{gate.name}_{other}", f"{gate.name}_{channel.name}"
            remedy = f"call them {first} and {second}" if first != second else "name them apart"
            raise _placed(f"{owner} and {before} have one name; {remedy}", path)
        self._claim(gate.name, owner, path)

    def _claim(self, name: str, owner: str, path: tuple[str, ...]) -> None:
        if name in self.owners:
            before = self.owners[name]
            raise _placed(f"{name} is both {before} and {owner}; rename one of them", path)
        self.owners[name] = owner

    def check_names(self, use: Use) -> None:
        missing = use.expression.names - self.owners.keys()
        if not missing:
            return
        for node in walk(use.expression.tree):
            if isinstance(node, Name) and node.id in missing:
                use.refuse(self._about(node.id), node.span)

    def _about(self, name: str) -> str:
        if name == "celsius":
            return "the temperature is needed here; give the membrane one, celsius = 6.3"
        if name == "area":
            return "the membrane's area is needed here; give it, area = 1000 in um2"
        if name in ("t", "time", "I_stim"):
            return (
                f"{name} cannot be used here: a membrane's equations do not depend on "
                f"{'time' if name != 'I_stim' else 'the stimulus'} itself; use a stimulus"
            )
        if name in RESERVED:
            return f"{name} is reserved for {RESERVED[name]} and has no value here"
        if name in FUNCTIONS:
            return f"{name} is a function: write {FUNCTIONS[name].usage}"
        close = nearest(name[:100], self.owners)
        remedy = "" if close else "; declare it in parameters, helpers or states"
        return f"unknown name {name[:100]}{close}{remedy}"


def _check_temperature(membrane: Written, space: _Space) -> None:
    if membrane.celsius is not None and not space.wants_celsius:
        raise _placed(
            "celsius is given, but nothing in this membrane depends on temperature; leave it out, "
            'or give gates a rate such as "q10(3, 6.3)"',
            ("celsius",),
        )


def _check_open(membrane: Written) -> None:
    """A channel that has the name of a scheme is that scheme's, and not open in all its states."""
    schemes = {scheme.name: scheme.states for scheme in membrane.schemes}
    for channel in membrane.channels:
        states = schemes.get(channel.name)
        silent = channel.open is None and channel.current is None and not channel.gates
        if states is not None and silent:
            raise _placed(
                f"channel {channel.name}: nothing says in which of its scheme's states it conducts "
                f'({", ".join(states[:20])}); give open="{states[-1]}", say',
                ("channels", channel.name),
            )


def _placed(problem: str, path: tuple[str, ...]) -> ModelError:
    error = ModelError(problem)
    error.path = path
    return error


def _order(computed: dict[str, Expression], membrane: Written) -> list[str]:
    graph = {name: computed.keys() & text.names for name, text in computed.items()}
    # sorted: the order must not depend on how sets happen to be arranged
    sorter = TopologicalSorter({name: sorted(needs) for name, needs in graph.items()})
    try:
        return list(sorter.static_order())
    except CycleError as error:
        circle = cast(list[str], error.args[1])[::-1]
        if len(circle) > 8:
            circle = [*circle[:7], "...", circle[-1]]
        raise _placed(
            f"these are defined in a circle: {' uses '.join(circle)}; "
            "break it, or make one of them a state",
            _path_of(circle[0], membrane),
        ) from None


def _path_of(name: str, membrane: Written) -> tuple[str, ...]:
    """Where what is computed is written."""
    if name in membrane.helpers:
        return "helpers", name
    for channel in membrane.channels:
        if name in (gate.name for gate in channel.gates):
            return "channels", channel.name, "gates", name
        if name.partition("_")[2] == channel.name:
            return "channels", channel.name
    return next((("schemes", s.name) for s in membrane.schemes if name == s.eliminated), ())


def _check_sizes(
    computed: dict[str, Expression], order: list[str], used: tuple[Use, ...], membrane: Written
) -> None:
    """Refuse what would explode when helpers are written out inside helpers."""
    written = {use.expression.text: use for use in used}
    known: dict[str, Size] = {}
    constants: dict[str, float] = {}
    for name in order:
        expression = computed[name]
        known[name] = size(expression.tree, known)
        use = written.get(expression.text, Use(name, _path_of(name, membrane), expression))
        _refuse_large(use, known[name])
        _refuse_powers(use, constants)
        if known[name].bits is not None:
            constants[name] = float(evaluate(expression.tree, constants))
    total = 0
    for use in used:
        full = size(use.expression.tree, known)
        _refuse_large(use, full)
        _refuse_powers(use, constants)
        total += full.nodes
    if total > MAX_TOTAL:
        raise ModelError(
            f"with all helpers written out this membrane has {total:,} parts; "
            f"at most {MAX_TOTAL:,} can be worked with"
        )


def _refuse_large(use: Use, full: Size) -> None:
    everything = (0, len(use.expression.text))
    if full.nodes > MAX_EXPANDED or full.depth > MAX_EXPANDED_DEPTH:
        use.refuse(
            "with its helpers written out this expression is too large (at most "
            f"{MAX_EXPANDED:,} parts in {MAX_EXPANDED_DEPTH} levels); "
            "use fewer helpers inside helpers",
            everything,
        )
    if full.bits is not None and full.bits > MAX_BITS:
        use.refuse("this constant is too large to be meant", everything)


def _refuse_powers(use: Use, constants: dict[str, float]) -> None:
    """A helper's constant may be an exponent, but no larger one than could be written."""
    if not constants:
        return
    for node in walk(use.expression.tree):
        if isinstance(node, Call) and node.op == "**" and _constant(node.args[1], constants):
            value = abs(float(evaluate(node.args[1], constants)))
            if not value <= MAX_EXPONENT:
                use.refuse(f"an exponent is at most {MAX_EXPONENT}", node.args[1].span)


def _constant(node: Node, constants: dict[str, float]) -> bool:
    return names_in(node) <= constants.keys()
