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

from collections.abc import Iterator, Mapping

from loligo.program.arithmetic import Assignment, Block, varying
from loligo.program.series.digits import TwoKinds
from loligo.program.series.recurrences import AFFINE, RECURRENCES, NotSmoothError

_MOST = 575.0  # of an exponential's argument: 1e250, and room for its coefficients


def affine_steps(block: Block, varies: list[bool], index: int) -> Iterator[tuple[Assignment, int]]:
    """From an assignment down to what it is a multiple of, but for a constant: (assignment, the
    place of its one moving argument)."""
    while True:
        a = block.assignments[index]
        # of less_one(exp(z), z) the first alone tells
        arguments = a.args[:1] if a.op == "less_one" else a.args
        moving = [i for i in arguments if varies[i]]
        if len(moving) != 1 or a.op not in AFFINE:
            return
        yield a, (index := moving[0])


def in_quotients(block: Block) -> frozenset[int]:
    """Ratios, which may divide by little, and what they are made of: any rounding there grows
    from order to order."""
    found: set[int] = set()
    for index in range(len(block.assignments) - 1, -1, -1):
        a = block.assignments[index]
        if a.op == "ratio" or index in found:
            found |= {index, *a.args}
    return frozenset(found)


class Series:
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
    ) -> None:
        self.f, self.b, self.states, self.order = derivative, builder, states, order
        self.wide = order + 1 if wide is None else wide
        self.guarded = guarded
        self.rates = dict(derivative.outputs)
        self.exact = in_quotients(derivative)
        self.zero = builder.const(0.0)
        self.known = {name: list(values) for name, values in start.items()}
        self.values: list[list[int]] = [[] for _ in derivative.assignments]
        self.varies = varying(derivative, (*states, *(n for n in start if len(start[n]) > 1)))
        self.memory: dict[int, dict[str, list[int]]] = {}
        self.ratios: list[tuple[int, ...]] = []  # their arguments

    def run(self) -> dict[str, list[int]]:
        """State -> its coefficients of orders 0 to ``order``."""
        for k in range(self.order):
            # a state's coefficient of order k + 1 comes from here
            few = k + 1 >= self.wide
            for index, a in enumerate(self.f.assignments):
                self.b.narrow = few and index not in self.exact
                self.values[index].append(self._coefficient(index, a, k))
            self.b.narrow = few
            for state in self.states:
                rate = self.values[self.rates[state]][k]
                scaled = self.b.mul(rate, self.b.const(1.0 / (k + 1)))
                self.known[state].append(scaled)
        return {state: self.known[state] for state in self.states}

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

    # ---- sums of products -------------------------------------------------------------

    def is_zero(self, value: int) -> bool:
        return value == self.zero

    def dot(self, pairs: list[tuple[int, int]], start: int | None = None) -> int:
        """start + sum of products, as a chain of fused multiply-adds, zeros left out.

        What is known longest comes first: the chain is then nearly done when its last term is.
        """
        total = start
        for x, y in sorted(pairs, key=max):
            if self.is_zero(x) or self.is_zero(y):
                continue
            if total is None or self.is_zero(total):
                total = self.b.mul(x, y)
            else:
                total = self.b.apply("fma", x, y, total)
        return self.zero if total is None else total

    def convolve(self, x: list[int], y: list[int], k: int, first: int = 0, last: int = 0) -> int:
        """Sum of x_j y_(k-j) for j from ``first`` to k - ``last``."""
        return self.dot([(x[j], y[k - j]) for j in range(first, k + 1 - last)])

    def minus(self, x: int, y: int) -> int:
        if self.is_zero(y):
            return x
        return self.b.apply("neg", y) if self.is_zero(x) else self.b.sub(x, y)

    def plus(self, x: int, y: int) -> int:
        if self.is_zero(y):
            return x
        return y if self.is_zero(x) else self.b.add(x, y)

    def scaled(self, index: int, k: int) -> int:
        """j a_j for j = k: the coefficients of s a'(s), each made once; a state's come from its
        derivative."""
        a = self.f.assignments[index]
        if a.op == "input" and a.name in self.states and k:
            return self.values[self.rates[a.name]][k - 1]
        made = self.memory.setdefault(index, {}).setdefault("scaled", [])
        while len(made) <= k:
            j = len(made)
            value = self.values[index][j]
            made.append(value if self.is_zero(value) else self.b.mul(self.b.const(float(j)), value))
        return made[k]

    def weighted(self, a: int, other: list[int], k: int) -> int:
        """(1/k) sum of j a_j other_(k-j), j = 1 … k: the recurrence of every y' = g a'."""
        total = self.dot([(self.scaled(a, j), other[k - j]) for j in range(1, k + 1)])
        if self.is_zero(total):
            return total
        return self.b.mul(self.b.const(1.0 / k), total)

    def root(self, index: int) -> tuple[int, int | None]:
        """(i, c) where the assignment is c times assignment i plus a constant along the step.

        Rates are functions of multiples of V: what they need of V's series is made once.
        """
        scale: int | None = None
        for a, moving in affine_steps(self.f, self.varies, index):
            factor = AFFINE[a.op](self, a.args, moving)
            if factor is not None:
                scale = factor if scale is None else self.b.mul(scale, factor)
            index = moving
        return index, scale

    def exponent(self, z: int) -> int:
        """The argument of an exponential, kept from where it is infinite."""
        if not self.guarded:
            return z
        most = self.b.const(_MOST)
        return self.b.apply("where", self.b.apply("lt", most, z), most, z)

    def partner(self, index: int, name: str) -> list[int]:
        """The coefficients of a companion series, such as the cosine of a sine."""
        return self.memory.setdefault(index, {}).setdefault(name, [])
