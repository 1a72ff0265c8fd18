"""The coefficients of a power series that are known so far, and sums of products of them."""

from __future__ import annotations

from loligo.program.arithmetic import Block
from loligo.program.series.affine import AFFINE, affine_steps
from loligo.program.series.digits import TwoKinds
from loligo.program.switches import AT, SIDE

_MOST = 575.0  # of an exponential's argument: 1e250, and room for its coefficients
_HIGHEST = 5  # power of what is huge: higher ones are as rare as what is huge is meaningless


def steepest(block: Block) -> int:
    """How many exponentials are multiplied with each other at most, as in (1 + exp(z))**3: all of
    them may be huge at once. What divides by them is no longer."""
    degrees: list[int] = []
    for a in block.assignments:
        own = [degrees[i] for i in a.args]
        if a.op in ("exp", "exprel"):
            degrees.append(1)
        elif a.op in ("mul", "fma"):
            degrees.append(max(sum(own[:2]), *own[2:], 0))
        else:
            degrees.append(own[0] if a.op in ("div", "ratio") else max(own, default=0))
    return min(max(degrees, default=1) or 1, _HIGHEST)


class Terms:
    """What the recurrences of the operations work with.

    Parameters
    ----------
    derivative
        The block f of y' = f(y): states in, their derivatives out under the same names.
    builder
        Where the coefficients' assignments go.
    states
        Which of its inputs grow by the differential equation.
    order
        The highest order wanted.
    varies
        Which assignments of the block move along the step.
    guarded
        Whether an exponential that would be infinite is taken to be merely huge: what is divided
        by it is then 0, and so are the coefficients, where infinities would cancel to NaN.

    Attributes
    ----------
    values
        Of every assignment, the coefficients known so far.
    ratios
        The arguments of the quotients that may be 0/0, as they are met.
    """

    def __init__(
        self, derivative: Block, builder: TwoKinds, states: tuple[str, ...], order: int,
        varies: list[bool], guarded: bool = False,
    ) -> None:  # fmt: skip
        self.f, self.b, self.states, self.varies = derivative, builder, states, varies
        self.order, self.guarded = order, guarded
        self.degree = steepest(derivative) if guarded else 1
        self.rates = dict(derivative.outputs)
        self.zero = builder.const(0.0)
        self.values: list[list[int]] = [[] for _ in derivative.assignments]
        self.memory: dict[int, dict[str, list[int]]] = {}
        self.ratios: list[tuple[int, ...]] = []

    def begun(self, x: int) -> int:
        """What a root is taken of; at a switch, where it may begin, nothing below 0 by rounding."""
        b, at = self.b, None
        for a in self.f.assignments:
            if a.op == "input" and a.name.startswith(SIDE):
                held = b.apply("abs", b.input(a.name))
                there = b.apply("lt", b.const(AT), held)
                at = there if at is None else b.apply("or", at, there)
        return x if at is None else b.apply("where", at, b.apply("max", x, b.const(0.0)), x)

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
            factor = AFFINE[a.op](self.b, self.values, a.args, moving)
            if factor is not None:
                scale = factor if scale is None else self.b.mul(scale, factor)
            index = moving
        return index, scale

    def exponent(self, z: int) -> int:
        """The argument of an exponential, kept from where it is infinite."""
        if not self.guarded:
            return z
        most = self.b.const(_MOST / self.degree)
        return self.b.apply("where", self.b.apply("lt", most, z), most, z)

    def partner(self, index: int, name: str) -> list[int]:
        """The coefficients of a companion series, such as the cosine of a sine."""
        return self.memory.setdefault(index, {}).setdefault(name, [])
