"""A membrane and what is done to it, as symbolic differential equations.

The current balance is C_m dV/dt = I_stim - sum of the ionic currents; a gate obeys
dx/dt = alpha (1 - x) - beta x, or (x_inf - x)/tau (Hodgkin & Huxley 1952,
doi:10.1113/jphysiol.1952.sp004764, equations 7 and 26).
"""

# SymPy ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import sympy as sp

from loligo.lanes import Labelled
from loligo.model import Channel, Gate, Membrane
from loligo.model.expression import Expression
from loligo.system.limits import refuse_unknown_limits
from loligo.system.singularity import smooth
from loligo.system.symbols import Expr, symbol, to_sympy

V = symbol("V")
STIMULUS = symbol("I_stim")


@dataclass(frozen=True)
class System:
    """Ordinary differential equations with named parts.

    Attributes
    ----------
    parameters
        Names of the membrane's parameters.
    derivatives
        State -> d(state)/dt per ms, in symbols of states, parameters and ``I_stim``.
        V (mV) comes first.
    observables
        What else can be recorded -> its expression: instantaneous gates, helpers, reversal
        potentials that vary, conductances (mS/cm2), currents (uA/cm2).
    inputs
        What may drive the equations from outside.
    jumps
        State -> what it becomes at an edge of what is done to it, in symbols of states, parameters
        and inputs; as it is where nothing happens there.
    """

    parameters: tuple[str, ...]
    derivatives: Mapping[str, Expr]
    observables: Mapping[str, Expr]
    inputs: tuple[str, ...] = (STIMULUS.name,)
    jumps: Mapping[str, Expr] = field(default_factory=dict[str, Expr])

    @property
    def states(self) -> tuple[str, ...]:
        return tuple(self.derivatives)

    @property
    def current(self) -> Expr:
        """What flows out through all channels together, uA/cm2."""
        return -symbol("C_m") * self.derivatives["V"].subs(STIMULUS, 0)

    @property
    def conductance(self) -> Expr:
        """The slope of :attr:`current` with V while all other states stand still, mS/cm2."""
        return sp.diff(self.current, V)

    def slope(self, state: str) -> Expr:
        """The derivative of a state's rate with respect to the state itself."""
        return sp.diff(self.derivatives[state], symbol(state))

    def exchange(self, state: str) -> tuple[Expr, tuple[Expr, ...]] | None:
        """(a, (a, b, …)) where a state's rate is a (1 - x) - b x - …, as a gate's is; else None."""
        x = symbol(state)
        slope = self.slope(state)
        factors = sp.Mul.make_args(slope)
        sums = [factor for factor in factors if factor.is_Add]
        if x in slope.free_symbols or len(sums) != 1:
            return None
        rest = sp.Mul(*(factor for factor in factors if factor is not sums[0]))
        losses = tuple(-rest * term for term in sums[0].args)
        gain = self.derivatives[state].subs(x, 0)
        if gain not in losses:
            return None
        return gain, tuple(sorted(losses, key=lambda loss: loss != gain))

    def depends(self, state: str) -> frozenset[str]:
        """The states that a state's rate of change depends on."""
        names = {s.name for s in self.derivatives[state].free_symbols}
        return frozenset(names & self.derivatives.keys())


def build(membrane: Membrane) -> System:
    """The equations of a membrane under a current ``I_stim`` (uA/cm2).

    Examples
    --------
    >>> import loligo as lo
    >>> build(lo.load("hodgkin-huxley-1952")).states
    ('V', 'm', 'h', 'n')
    """
    names = _Names(membrane)
    total = sp.Add(*(names(f"I_{channel.name}") for channel in membrane.channels))
    derivatives: dict[str, Expr] = {"V": (STIMULUS - total) / symbol("C_m")}
    for channel in membrane.channels:
        for gate in channel.gates:
            if not gate.instantaneous:
                derivatives[gate.name] = names.gate_rate(gate)
    for state in membrane.states:
        derivatives[state.name] = names.text(state.derivative)
    observables = {name: names(name) for name in names.observable}
    return System(tuple(membrane.parameters), derivatives, observables)


class _Names:
    """Every name in a membrane -> its expression in states and parameters, made when asked."""

    def __init__(self, membrane: Membrane) -> None:
        self._done: dict[str, Expr] = {"V": V}
        self._done |= {name: symbol(name) for name in membrane.parameters}
        self._done |= {state.name: symbol(state.name) for state in membrane.states}
        self._numbers = {
            name: float(p.value.values.flat[0]) if isinstance(p.value, Labelled) else p.value
            for name, p in membrane.parameters.items()
        }
        self._makers: dict[str, Callable[[], Expr]] = {}
        for channel in membrane.channels:
            self._channel(channel)
        for name, helper in membrane.helpers.items():
            self._makers[name] = lambda helper=helper: self.text(helper)
        self.observable = tuple(self._makers)

    def _channel(self, channel: Channel) -> None:
        for gate in channel.gates:
            if gate.instantaneous:
                self._makers[gate.name] = lambda gate=gate: self.steady(gate)
            else:
                self._done[gate.name] = symbol(gate.name)
        if isinstance(channel.E, Expression):
            reversal = channel.E
            self._makers[f"E_{channel.name}"] = lambda: self.text(reversal)
        if channel.current is not None:
            current = channel.current
            self._makers[f"I_{channel.name}"] = lambda: self.text(current)
            return
        self._makers[f"G_{channel.name}"] = lambda: self._conductance(channel)
        self._makers[f"I_{channel.name}"] = lambda: (
            self(f"G_{channel.name}") * (V - self(f"E_{channel.name}"))
        )

    def __call__(self, name: str) -> Expr:
        if name not in self._done:
            self._done[name] = self._makers[name]()
        return self._done[name]

    def text(self, expression: Expression) -> Expr:
        tree = to_sympy(expression.tree, {name: self(name) for name in expression.names})
        smoothed = smooth(tree, V)
        refuse_unknown_limits(smoothed, V, self._numbers, str(expression))
        return smoothed

    def steady(self, gate: Gate) -> Expr:
        """alpha/(alpha + beta), or x_inf as given."""
        if gate.inf is not None:
            return self.text(gate.inf)
        assert gate.alpha is not None
        assert gate.beta is not None
        alpha, beta = self.text(gate.alpha), self.text(gate.beta)
        return alpha / (alpha + beta)

    def gate_rate(self, gate: Gate) -> Expr:
        x = symbol(gate.name)
        rate = sp.Integer(1) if gate.rate is None else self.text(gate.rate)
        if gate.tau is not None:
            assert gate.inf is not None
            return rate * (self.text(gate.inf) - x) / self.text(gate.tau)
        assert gate.alpha is not None
        assert gate.beta is not None
        alpha, beta = self.text(gate.alpha), self.text(gate.beta)
        # as alpha (1 - x) - beta x, with one product of x instead of two
        return rate * (alpha - (alpha + beta) * x)

    def _conductance(self, channel: Channel) -> Expr:
        gates = (self(gate.name) ** gate.power for gate in channel.gates)
        return sp.Mul(symbol(f"g_{channel.name}"), *gates)
