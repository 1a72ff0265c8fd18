"""What a System's equations may keep constant: with what share each term enters each state's rate.

A state's rate of change is a sum of terms, each a share (a number, or an expression in parameters)
times something that depends on the states:

    dB/dt   = -k_on Ca B + k_off CaB
    dCaB/dt =  k_on Ca B - k_off CaB

A combination of states is constant if in it the shares of every term cancel, here in B + CaB. Which
ones do depends on the parameters' values where those are 0 or equal: the shares are found here, in
symbols; the combinations from the shares' values (:mod:`loligo.run.conserved`).

Terms that are not the same expression when multiplied out are taken to be independent. So what
this finds is conserved; what it may miss is a conservation that rests on an identity between
functions, and the search for steady states looks out for that.
"""

# SymPy ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import sympy as sp

from loligo.system.equations import System
from loligo.system.symbols import Expr, symbol

_MOST_TERMS = 2000  # of a rate that is multiplied out
_DIGITS = 30  # of a number that is a power

Term = Mapping[str, Expr]
"""State -> the share with which a term enters its rate."""


def shares(system: System) -> tuple[Term, ...]:
    """The terms of the rates of all states that may be part of something conserved.

    Nothing comes in from outside. A state is left out if a term that is not 0 enters its rate
    alone: nothing can cancel that. There are no terms where only V is left.

    Examples
    --------
    >>> import loligo as lo
    >>> from loligo.system.equations import build
    >>> buffer = [lo.State("B", "k_off*CaB - k_on*B", 1), lo.State("CaB", "k_on*B - k_off*CaB", 0)]
    >>> leak = lo.Channel("L", g=0.3, E=-65)
    >>> cell = lo.Membrane(channels=[leak], states=buffer, parameters={"k_on": 2, "k_off": 1})
    >>> shares(build(cell))
    ({'B': k_off, 'CaB': -k_off}, {'B': -k_on, 'CaB': k_on}, {'V': E_L*g_L/C_m}, {'V': -g_L/C_m})
    >>> shares(build(lo.load("hodgkin-huxley-1952")))
    ()
    """
    first, *others = system.states
    rates = _Terms(system)
    for state in others:
        rates.add(state)
    if not _free(rates.terms.values(), frozenset(others)):
        return ()
    rates.add(first)
    terms = tuple(
        {state: _within_range(share) for state, share in term.items()}
        for term in rates.terms.values()
    )
    left = _free(terms, frozenset(system.states))
    return _within(terms, left) if left - {first} else ()


def _within_range(share: Expr) -> Expr:
    """With numbers that floating point can hold.

    A Q10 of a temperature written in decimals is, exactly, a root of an integer of thousands of
    digits.
    """
    return share.replace(lambda e: e.is_Pow and e.is_number, lambda e: e.evalf(_DIGITS))


class _Terms:
    """The terms of rates, as they are added state by state.

    What depends on states and is no sum, product or power of them (a function, a quotient) is one
    thing, whatever stands in it.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self.terms: dict[Expr, dict[str, Expr]] = {}
        self.states = frozenset(symbol(name) for name in system.states)
        self.things: dict[Expr, Expr] = {}

    def add(self, state: str) -> None:
        nothing = {symbol(name): sp.Integer(0) for name in self.system.inputs}
        rate = self._polynomial(self.system.derivatives[state].xreplace(nothing))
        if _count(rate) <= _MOST_TERMS:
            rate = sp.expand(rate, power_base=False, power_exp=False, log=False)
        moving = (*self.states, *self.things.values())
        for each in sp.Add.make_args(rate):
            share, term = each.as_independent(*moving, as_Add=False)
            own = self.terms.setdefault(term, {})
            own[state] = own.get(state, sp.Integer(0)) + share

    def _polynomial(self, e: Expr) -> Expr:
        """In states and things."""
        if e in self.states or not e.free_symbols & self.states:
            return e
        if e.is_Add or e.is_Mul:
            return e.func(*map(self._polynomial, e.args))
        if e.is_Pow and e.exp.is_Integer:
            if e.exp.is_positive:
                return self._polynomial(e.base) ** e.exp
            content, base = sp.expand(e.base).primitive()
            return content**e.exp * self._thing(1 / base) ** -e.exp
        return self._thing(e.func(*map(sp.expand, e.args)))

    def _thing(self, e: Expr) -> Expr:
        return self.things.setdefault(e, sp.Dummy(real=True))


def _count(e: Expr) -> int:
    """How many terms there would be, multiplied out."""
    if e.is_Add:
        return sum(map(_count, e.args))
    if e.is_Mul:
        return math.prod(map(_count, e.args))
    if e.is_Pow and e.exp.is_Integer and e.exp.is_positive:
        return math.comb(_count(e.base) + int(e.exp) - 1, int(e.exp))
    return 1


def _within(terms: Iterable[Term], states: frozenset[str]) -> tuple[Term, ...]:
    """The different terms of these states."""
    some = ({s: c for s, c in term.items() if s in states and c != 0} for term in terms)
    return tuple(dict(each) for each in dict.fromkeys(tuple(term.items()) for term in some if term))


def _free(terms: Iterable[Term], states: frozenset[str]) -> frozenset[str]:
    """Without the states that a term holds alone, until there are no more of these."""
    while True:
        alone = {
            state
            for term in _within(terms, states)
            for state, share in term.items()
            if len(term) == 1 and share.is_nonzero
        }
        if not alone:
            return states
        states = states - alone
