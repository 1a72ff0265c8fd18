"""A membrane's equations in symbols: derivatives and observables in states and parameters alone.

They are spelled in :mod:`loligo.model.ode`; here every other name is written out, and what a
person wrote is made smooth where it is 0/0.
"""

# SymPy ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import sympy as sp

from loligo.lanes import Labelled
from loligo.model.expression import Expression
from loligo.model.ode import (
    Equation,
    as_written,
    defined,
    derivatives,
    given,
    helpers,
    remainder,
)
from loligo.model.tree import Call, Name, Node, Number, walk
from loligo.model.written import Written
from loligo.system.limits import refuse_huge, refuse_unknown_limits
from loligo.system.singularity import smooth
from loligo.system.symbols import Expr, symbol, to_sympy

V = symbol("V")
STIMULUS = symbol("I_stim")


@dataclass(frozen=True)
class Change:
    """An input that says how another input changes with some numbers of what is done.

    Attributes
    ----------
    of
        The other input. Of :attr:`leap` without it, how far edges move.
    numbers
        Which numbers, and the names of the parameters by which their shares are multiplied; "" for
        1. They are taken together.
    leap
        What it is at an edge: how far the input jumps there, of the shapes that these numbers are
        of; else how it changes between edges.
    """

    of: str
    numbers: tuple[tuple[str, str], ...]
    leap: bool = False


@dataclass(frozen=True)
class Variation:
    """The linear equations of derivatives of the states: ds/dt = J s + b.

    Attributes
    ----------
    leaders
        The states that they are derivatives of, in their order.
    followers
        What all is differentiated by -> what the derivatives of these states by it are called.
    slopes
        (state, other state) -> the entry of J; no other is there.
    pushes
        Derivative of a state -> its b, where there is one.
    """

    leaders: tuple[str, ...]
    followers: Mapping[str, tuple[str, ...]]
    slopes: Mapping[tuple[str, str], Expr]
    pushes: Mapping[str, Expr]


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
    variation
        Which of the states are derivatives of others, and their equations
        (:mod:`loligo.system.tangent`).
    changes
        The inputs that are made of other inputs.
    """

    parameters: tuple[str, ...]
    derivatives: Mapping[str, Expr]
    observables: Mapping[str, Expr]
    inputs: tuple[str, ...] = (STIMULUS.name,)
    jumps: Mapping[str, Expr] = field(default_factory=dict[str, Expr])
    variation: Variation | None = None
    changes: Mapping[str, Change] = field(default_factory=dict[str, Change])

    @property
    def tangents(self) -> Mapping[str, tuple[str, ...]]:
        """What all of it is differentiated by -> the states that are the derivatives of others,
        in their order."""
        return {} if self.variation is None else self.variation.followers

    @property
    def plain(self) -> System:
        """Without derivatives of others among its states."""
        if self.variation is None:
            return self
        followers = {state for states in self.tangents.values() for state in states}
        own = {s: rate for s, rate in self.derivatives.items() if s not in followers}
        jumps = {s: e for s, e in self.jumps.items() if s not in followers}
        inputs = tuple(name for name in self.inputs if name not in self.changes)
        return replace(
            self, derivatives=own, jumps=jumps, inputs=inputs, variation=None, changes={}
        )

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

    def reached(self, state: str) -> bool:
        """Whether a state's rate of change depends on what drives the equations from outside."""
        return any(s.name in self.inputs for s in self.derivatives[state].free_symbols)

    def depends(self, state: str) -> frozenset[str]:
        """The states that a state's rate of change depends on."""
        names = {s.name for s in self.derivatives[state].free_symbols}
        return frozenset(names & self.derivatives.keys())


def build(membrane: Written) -> System:
    """The equations of a membrane under a current ``I_stim`` (uA/cm2).

    Examples
    --------
    >>> import loligo as lo
    >>> build(lo.load("hodgkin-huxley-1952")).states
    ('V', 'm', 'h', 'n')
    """
    names = _Names(membrane)
    changes = {each.name: names.right(each) for each in derivatives(membrane)}
    observables = {name: names(name) for name in names.observable}
    return System(tuple(membrane.parameters), changes, observables)


@dataclass(frozen=True)
class Formula:
    """A formula that a person wrote, every name but states and parameters written out.

    Attributes
    ----------
    name
        What it is of: ``m.alpha``, ``phi``, ``I_X``.
    as_it_stands, smooth
        Before and after its removable singularities were rewritten.
    """

    name: str
    as_it_stands: Expr
    smooth: Expr

    @property
    def rewritten(self) -> bool:
        """Whether it would have been 0/0 somewhere."""
        return self.as_it_stands != self.smooth


def formulas(membrane: Written) -> Iterable[Formula]:
    """Every formula that was written, with what became of it.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> [each.name for each in formulas(squid) if each.rewritten]
    ['m.alpha', 'n.alpha']
    """
    names = _Names(membrane)
    for equation in (*names.equations.values(), *derivatives(membrane)):
        if equation.written is not None:
            tree = equation.written.tree
            yield Formula(equation.name, names.tree(tree), names.right(equation))


class _Names:
    """Every name in a membrane -> its expression in states and parameters, made when asked."""

    def __init__(self, membrane: Written) -> None:
        moving = (gate.name for gate in membrane.gates if not gate.instantaneous)
        states = (state.name for state in membrane.states)
        occupied = (state for scheme in membrane.schemes for state in scheme.kept)
        symbols = ("V", "I_stim", *membrane.parameters, *states, *moving, *occupied)
        self._done: dict[str, Expr] = {name: symbol(name) for name in symbols}
        self._numbers = {
            name: float(p.value.values.flat[0]) if isinstance(p.value, Labelled) else p.value
            for name, p in membrane.parameters.items()
        }
        of_channels = (each for channel in membrane.channels for each in defined(channel))
        rest = map(remainder, membrane.schemes)
        computed = {each.name: each for each in (*of_channels, *helpers(membrane), *rest)}
        self.observable = tuple(computed)
        computed |= {name: as_written(name, text) for name, text in given(membrane).items()}
        self.equations = computed

    def __call__(self, name: str) -> Expr:
        waiting = [name]  # not by recursion: helpers may stand on helpers two hundred deep
        while waiting:
            last = waiting[-1]
            if last not in self._done:
                equation = self.equations[last]
                missing = [each for each in _named(equation.right) if each not in self._done]
                if missing:
                    waiting += reversed(missing)
                    continue
                self._done[last] = self.right(equation)
            waiting.pop()
        return self._done[name]

    def right(self, equation: Equation) -> Expr:
        """What an equation's left side is equal to, the left side's factor divided out."""
        if equation.written is not None:
            return self._text(equation.written)
        right = self.tree(collected(equation.right))
        refuse_huge(right, equation.name)
        return right / self(equation.factor) if equation.factor else right

    def _text(self, expression: Expression) -> Expr:
        tree = self.tree(expression.tree)
        refuse_huge(tree, str(expression))
        smoothed = smooth(tree, V)
        refuse_unknown_limits(smoothed, V, self._numbers, str(expression))
        return smoothed

    def tree(self, tree: Node) -> Expr:
        return to_sympy(tree, {name: self(name) for name in _named(tree)})


def _named(tree: Node) -> Iterable[str]:
    """The names in a tree, each once, as they come: so that the first error is always the same."""
    return dict.fromkeys(node.id for node in walk(tree) if isinstance(node, Name))


def collected(node: Node) -> Node:
    """The same with products taken together, as a step is to compute them.

    a (1 - x) - b x becomes a - (a + b) x, which multiplies x once instead of twice; and
    f (a/b) becomes (f a)/b. What a person wrote is not touched: these are the forms of
    :mod:`loligo.model.ode`.
    """
    if not isinstance(node, Call):
        return node
    args = tuple(map(collected, node.args))
    match Call(node.op, args, node.span):
        case Call("-", (Call("*", (a, Call("-", (Number(one), x)))), Call("*", (b, y)))) if (
            one == 1 and x == y
        ):
            slope = Call("*", (Call("+", (a, b), node.span), x), node.span)
            return Call("-", (a, slope), node.span)
        case Call("*", (factor, Call("/", (above, below)))):
            return Call("/", (Call("*", (factor, above), node.span), below), node.span)
        case same:
            return same
