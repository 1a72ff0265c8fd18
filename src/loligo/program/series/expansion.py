"""Power series of a program: every operation has a recurrence for its coefficients.

A value that varies along the step is a polynomial a(s) = a_0 + a_1 s + … in the time s since
the step began. Its coefficients follow, order by order, from those of its arguments (Moore
1966; Griewank & Walther 2008, chapter 13; the forms used here are those of Jorba & Zou 2005,
*Experimental Mathematics* 14:99, doi:10.1080/10586458.2005.10128904, proposition 2.1), and
those of the states from the differential equation itself: y_{k+1} = f_k/(k + 1). So the plain
derivative, straight-line arithmetic, becomes the coefficients of the solution, straight-line
arithmetic again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from loligo.program.arithmetic import Assignment, Block, varying
from loligo.program.recipe import NotSmoothError
from loligo.program.series.digits import TwoKinds
from loligo.program.series.recurrences import RECURRENCES
from loligo.program.series.terms import Terms


def beside(block: Block, names: Iterable[str]) -> frozenset[int]:
    """The assignments that the results of these names do not need."""
    own = frozenset(names)
    wanted = {index for name, index in block.outputs if name in own}
    for index in range(len(block.assignments) - 1, -1, -1):
        if index in wanted:
            wanted.update(block.assignments[index].args)
    return frozenset(range(len(block.assignments))) - wanted


def in_quotients(block: Block) -> frozenset[int]:
    """Ratios, which may divide by little, and what they are made of: any rounding there grows
    from order to order."""
    found: set[int] = set()
    for index in range(len(block.assignments) - 1, -1, -1):
        a = block.assignments[index]
        if a.op == "ratio" or index in found:
            found |= {index, *a.args}
    return frozenset(found)


class Series(Terms):
    """Coefficients of the solution of y' = f(y), one order after the other.

    Parameters
    ----------
    derivative
        The block f: states in, their derivatives out under the same names.
    builder
        Where the coefficients' assignments go.
    start
        Input -> its coefficients known from the beginning: states have one, the value at
        s = 0; the time has two, (t, 1); everything else one, and is constant.
    states
        Which of the inputs grow by the differential equation.
    order
        The highest order wanted.
    wide
        How many coefficients of each state are float64; those of higher orders are float32.
        By default all are float64.
    guarded
        Whether an exponential that would be infinite is taken to be merely huge: what is divided
        by it is then 0, and so are the coefficients, where infinities would cancel to NaN.
    beside
        Which assignments serve no state of the series, but what is expanded beside it.
    fewer
        The highest order wanted of what obeys those, and how many of its coefficients are float64.
    """

    def __init__(
        self,
        derivative: Block,
        builder: TwoKinds,
        start: Mapping[str, tuple[int, ...]],
        states: tuple[str, ...],
        order: int,
        wide: int | None = None,
        guarded: bool = False,
        beside: frozenset[int] = frozenset(),
        fewer: tuple[int, int] = (0, 0),
    ) -> None:
        varies = varying(derivative, (*states, *(n for n in start if len(start[n]) > 1)))
        super().__init__(derivative, builder, states, order, varies, guarded)
        self.wide = order + 1 if wide is None else wide
        self.beside, self.fewer = beside, fewer
        self.exact = in_quotients(derivative)
        self.known = {name: list(values) for name, values in start.items()}

    def run(self) -> dict[str, list[int]]:
        """State -> its coefficients of orders 0 to ``order``."""
        for k in range(self.order):
            # a state's coefficient of order k + 1 comes from here
            few = k + 1 >= self.wide
            order, wide = self.fewer
            for index, a in enumerate(self.f.assignments):
                beside = index in self.beside
                if beside and k >= order:
                    continue
                less = k + 1 >= wide if beside else few
                self.b.narrow = less and index not in self.exact
                self.values[index].append(self._coefficient(index, a, k))
            self.b.narrow = few
            for state in self.states:
                rate = self.values[self.rates[state]][k]
                scaled = self.b.mul(rate, self.b.const(1.0 / (k + 1)))
                self.known[state].append(scaled)
        return {state: self.known[state] for state in self.states}

    def beyond(self, names: Iterable[str]) -> dict[str, list[int]]:
        """Other results of the right-hand side -> their coefficients up to ``order``; after
        :meth:`run`, which needs one fewer of each."""
        wanted = {self.rates[name] for name in names}
        for index in range(len(self.f.assignments) - 1, -1, -1):
            if index in wanted:
                wanted.update(self.f.assignments[index].args)
        for index in sorted(wanted):
            value = self._coefficient(index, self.f.assignments[index], self.order)
            self.values[index].append(value)
        return {name: self.values[self.rates[name]] for name in names}

    def _coefficient(self, index: int, a: Assignment, k: int) -> int:
        if a.op == "input":
            values = self.known[a.name]
            return values[k] if k < len(values) else self.zero
        if a.op == "const":
            return self.b.const(a.value) if k == 0 else self.zero
        if not self.varies[index]:
            return self.b.apply(a.op, *(self.values[i][0] for i in a.args)) if k == 0 else self.zero
        rule = RECURRENCES.get(a.op)
        if rule is None:
            raise NotSmoothError(a.op)
        return rule(self, index, a.args, k)
