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

import math
from collections.abc import Callable, Mapping

from loligo.program.arithmetic import Assignment, Block, Builder

# Derivatives of exprel: below this |z| by the recurrence downwards, above it upwards.
_NEAR = 2.5
# How far above the highest order P the downward recurrence begins, from 0: what is left out
# arrives as 2.5**18 (P + 1)!/(P + 19)!, less than 1e-16 for P of 10 and more.
_AHEAD = 18


class NotSmoothError(Exception):
    """An operation that has no power series, such as a conditional on a state."""


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
    """

    def __init__(
        self,
        derivative: Block,
        builder: Builder,
        start: Mapping[str, tuple[int, ...]],
        states: tuple[str, ...],
        order: int,
    ) -> None:
        self.f, self.b, self.states, self.order = derivative, builder, states, order
        self.zero = builder.const(0.0)
        self.known = {name: list(values) for name, values in start.items()}
        self.values: list[list[int]] = [[] for _ in derivative.assignments]
        self.varies = self._varying(start)
        self.memory: dict[int, dict[str, list[int]]] = {}

    def _varying(self, start: Mapping[str, tuple[int, ...]]) -> list[bool]:
        """Which assignments depend on s."""
        varies: list[bool] = []
        for a in self.f.assignments:
            if a.op == "input":
                varies.append(a.name in self.states or len(start[a.name]) > 1)
            else:
                varies.append(any(varies[i] for i in a.args))
        return varies

    def run(self) -> dict[str, list[int]]:
        """State -> its coefficients of orders 0 to ``order``."""
        outputs = dict(self.f.outputs)
        for k in range(self.order):
            for index, a in enumerate(self.f.assignments):
                self.values[index].append(self._coefficient(index, a, k))
            for state in self.states:
                rate = self.values[outputs[state]][k]
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
        rule = _RECURRENCES.get(a.op)
        if rule is None:
            raise NotSmoothError(a.op)
        return rule(self, index, a.args, k)

    # ---- sums of products -------------------------------------------------------------

    def is_zero(self, value: int) -> bool:
        return value == self.zero

    def dot(self, pairs: list[tuple[int, int]], start: int | None = None) -> int:
        """start + sum of products, as a chain of fused multiply-adds, zeros left out."""
        total = start
        for x, y in pairs:
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
        """j a_j for j = k: the coefficients of s a'(s), each made once."""
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
        while True:
            a = self.f.assignments[index]
            moving = [i for i in a.args if self.varies[i]]
            if len(moving) != 1 or a.op not in _AFFINE:
                return index, scale
            factor = _AFFINE[a.op](self, a.args, moving[0])
            if factor is not None:
                scale = factor if scale is None else self.b.mul(scale, factor)
            index = moving[0]

    def partner(self, index: int, name: str) -> list[int]:
        """The coefficients of a companion series, such as the cosine of a sine."""
        return self.memory.setdefault(index, {}).setdefault(name, [])


_Rule = Callable[[Series, int, tuple[int, ...], int], int]


def _linear(op: str) -> _Rule:
    def rule(s: Series, index: int, args: tuple[int, ...], k: int) -> int:
        x, y = (s.values[i][k] for i in args)
        return s.plus(x, y) if op == "add" else s.minus(x, y)

    return rule


def _neg(s: Series, index: int, args: tuple[int, ...], k: int) -> int:
    x = s.values[args[0]][k]
    return x if s.is_zero(x) else s.b.apply("neg", x)


def _mul(s: Series, index: int, args: tuple[int, ...], k: int) -> int:
    x, y = (s.values[i] for i in args)
    if args[0] != args[1]:
        return s.convolve(x, y, k)
    # a square: every product of two different coefficients occurs twice
    half = s.dot([(x[j], x[k - j]) for j in range((k + 1) // 2)])
    doubled = half if s.is_zero(half) else s.b.add(half, half)
    return doubled if k % 2 else s.dot([(x[k // 2], x[k // 2])], doubled)


def _fma(s: Series, index: int, args: tuple[int, ...], k: int) -> int:
    x, y, z = (s.values[i] for i in args)
    return s.plus(s.convolve(x, y, k), z[k])


def _div(s: Series, index: int, args: tuple[int, ...], k: int) -> int:
    x, y = (s.values[i] for i in args)
    inverse = s.partner(index, "inverse")
    if k == 0:
        inverse.append(s.b.div(s.b.const(1.0), y[0]))
        return s.b.mul(x[0], inverse[0])
    rest = s.convolve(y, s.values[index], k, first=1)
    return _times(s, s.minus(x[k], rest), inverse[0])


def _times(s: Series, x: int, y: int) -> int:
    return x if s.is_zero(x) else s.b.mul(x, y)


def _exp(s: Series, index: int, args: tuple[int, ...], k: int) -> int:
    if k == 0:
        return s.b.apply("exp", s.values[args[0]][0])
    root, scale = s.root(args[0])
    total = s.weighted(root, s.values[index], k)
    return total if scale is None or s.is_zero(total) else s.b.mul(scale, total)


def _log(s: Series, index: int, args: tuple[int, ...], k: int) -> int:
    return _log_of(s, index, s.values[args[0]], s.values[index], k)


def _log_of(s: Series, index: int, x: list[int], own: list[int], k: int) -> int:
    """l = log x: x l' = x'."""
    inverse, b = s.partner(index, "inverse"), s.b
    if k == 0:
        inverse.append(b.div(b.const(1.0), x[0]))
        return b.apply("log", x[0])
    rest = s.dot([(_times(s, own[j], b.const(float(j))), x[k - j]) for j in range(1, k)])
    rest = _times(s, rest, b.const(1.0 / k))
    return _times(s, s.minus(x[k], rest), inverse[0])


def _sqrt(s: Series, index: int, args: tuple[int, ...], k: int) -> int:
    x, own, inverse = s.values[args[0]], s.values[index], s.partner(index, "inverse")
    if k == 0:
        root = s.b.apply("sqrt", x[0])
        inverse.append(s.b.div(s.b.const(0.5), root))
        return root
    rest = s.convolve(own, own, k, first=1, last=1)
    return _times(s, s.minus(x[k], rest), inverse[0])


def _pow(s: Series, index: int, args: tuple[int, ...], k: int) -> int:
    """x**c with c constant along the step: x p' = c p x'."""
    if s.varies[args[1]]:
        return _moving_power(s, index, args, k)
    x, c = s.values[args[0]], s.values[args[1]][0]
    inverse, b = s.partner(index, "inverse"), s.b
    if k == 0:
        inverse.append(b.div(b.const(1.0), x[0]))
        return b.apply("pow", x[0], c)
    terms: list[tuple[int, int]] = []
    for j in range(k):
        if not s.is_zero(x[k - j]):
            weight = b.sub(b.mul(c, b.const(float(k - j))), b.const(float(j)))
            terms.append((b.mul(weight, x[k - j]), s.values[index][j]))
    total = s.dot(terms)
    return _times(s, _times(s, total, inverse[0]), b.const(1.0 / k))


def _moving_power(s: Series, index: int, args: tuple[int, ...], k: int) -> int:
    """x**y with y moving: p' = p z' where z = y log x."""
    x, y = (s.values[i] for i in args)
    log, z, own = s.partner(index, "log"), s.partner(index, "z"), s.values[index]
    if s.varies[args[0]]:
        log.append(_log_of(s, index, x, log, k))
    else:
        log.append(s.b.apply("log", x[0]) if k == 0 else s.zero)
    z.append(s.convolve(y, log, k))
    if k == 0:
        return s.b.apply("pow", x[0], y[0])
    b = s.b
    total = s.dot([(_times(s, z[j], b.const(float(j))), own[k - j]) for j in range(1, k + 1)])
    return _times(s, total, b.const(1.0 / k))


def _circular(op: str, other: str, sign: float) -> _Rule:
    """sin and cos, each with the other beside it."""

    def rule(s: Series, index: int, args: tuple[int, ...], k: int) -> int:
        companion = s.partner(index, other)
        if k == 0:
            companion.append(s.b.apply(other, s.values[args[0]][0]))
            return s.b.apply(op, s.values[args[0]][0])
        mine = s.weighted(args[0], companion, k)
        theirs = s.weighted(args[0], s.values[index], k)
        companion.append(theirs if sign < 0 or s.is_zero(theirs) else s.b.apply("neg", theirs))
        return mine if sign > 0 or s.is_zero(mine) else s.b.apply("neg", mine)

    return rule


def _tanh(s: Series, index: int, args: tuple[int, ...], k: int) -> int:
    """t' = (1 - t^2) a'."""
    slope = s.partner(index, "slope")  # 1 - t^2
    own = s.values[index]
    if k == 0:
        t = s.b.apply("tanh", s.values[args[0]][0])
        slope.append(s.b.sub(s.b.const(1.0), s.b.mul(t, t)))
        return t
    new = s.weighted(args[0], slope, k)
    square = s.dot([(x, y) for x, y in zip([*own, new], [new, *own[::-1]], strict=True)])
    slope.append(square if s.is_zero(square) else s.b.apply("neg", square))
    return new


def _exprel(s: Series, index: int, args: tuple[int, ...], k: int) -> int:
    """exprel composed with its argument: sum over n of exprel^(n)(z_0)/n! (z - z_0)^n.

    Its own recurrence divides by z and fails near 0; its derivatives there are smooth.
    """
    derivatives = s.partner(index, "derivatives")
    root, scale = s.root(args[0])
    if k == 0:
        factor = s.b.const(1.0)
        for n, value in enumerate(_exprel_derivatives(s.b, s.values[args[0]][0], s.order)):
            if n and scale is not None:
                factor = s.b.mul(factor, scale)
            derivatives.append(s.b.mul(value, factor))
        return derivatives[0]
    return s.dot([(derivatives[n], _power_of_change(s, root, n, k)) for n in range(1, k + 1)])


def _exprel_derivatives(b: Builder, z: int, order: int) -> list[int]:
    """a_n = exprel^(n)(z)/n!, n = 0 … order.

    Differentiating z exprel(z) = e^z - 1 gives z a_n + a_(n-1) = e^z/n!: downwards from a
    high order it is stable near 0, upwards elsewhere.
    """
    first = b.apply("exprel", z)
    e = b.apply("fma", z, first, b.const(1.0))
    minus = b.apply("neg", z)
    size = b.apply("abs", z)
    near = b.apply("lt", size, b.const(_NEAR))
    inverse = b.div(b.const(1.0), b.apply("where", near, b.const(1.0), z))
    down = [b.const(0.0)] * (order + 1)
    value = b.mul(e, b.const(1.0 / math.factorial(order + _AHEAD + 1)))
    for n in range(order + _AHEAD, 0, -1):
        value = b.apply("fma", minus, value, b.mul(e, b.const(1.0 / math.factorial(n))))
        if n - 1 <= order:
            down[n - 1] = value
    up = [first]
    for n in range(1, order + 1):
        rest = b.sub(b.mul(e, b.const(1.0 / math.factorial(n))), up[-1])
        up.append(b.mul(rest, inverse))
    mixed = [b.apply("where", near, d, u) for d, u in zip(down, up, strict=True)]
    return [first, *mixed[1:]]


def _bernoulli(s: Series, index: int, args: tuple[int, ...], k: int) -> int:
    """1/exprel, by the series of the quotient: exprel is nowhere 0."""
    below = s.partner(index, "exprel")
    below.append(_exprel(s, index, args, k))
    if k == 0:
        return s.b.apply("bernoulli", s.values[args[0]][0])
    rest = s.convolve(below, s.values[index], k, first=1)
    return rest if s.is_zero(rest) else s.b.apply("neg", s.b.mul(rest, s.values[index][0]))


def _floor(s: Series, index: int, args: tuple[int, ...], k: int) -> int:
    """The whole turns of a phase: constant along a step, which only a whole turn could tell."""
    return s.b.apply("floor", s.values[args[0]][0]) if k == 0 else s.zero


def _where(s: Series, index: int, args: tuple[int, ...], k: int) -> int:
    mask, x, y = args
    if s.varies[mask]:
        raise NotSmoothError("where")
    x, y = s.values[x][k], s.values[y][k]
    if s.is_zero(x) and s.is_zero(y):
        return x
    return s.b.apply("where", s.values[mask][0], x, y)


def _power_of_change(s: Series, a: int, n: int, k: int) -> int:
    """The coefficient of order k of (a(s) - a_0)^n; zero below order n."""
    made = s.partner(a, f"power {n}")
    while len(made) <= k:
        j = len(made)
        if n == 1:
            made.append(s.zero if j == 0 else s.values[a][j])
        elif j < n:
            made.append(s.zero)
        else:
            parts = [
                (s.values[a][i], _power_of_change(s, a, n - 1, j - i)) for i in range(1, j - n + 2)
            ]
            made.append(s.dot(parts))
    return made[k]


_RECURRENCES: dict[str, _Rule] = {
    "add": _linear("add"),
    "sub": _linear("sub"),
    "neg": _neg,
    "mul": _mul,
    "fma": _fma,
    "div": _div,
    "exp": _exp,
    "log": _log,
    "sqrt": _sqrt,
    "pow": _pow,
    "sin": _circular("sin", "cos", +1.0),
    "cos": _circular("cos", "sin", -1.0),
    "tanh": _tanh,
    "exprel": _exprel,
    "bernoulli": _bernoulli,
    "where": _where,
    "floor": _floor,
}


def _scaled_by(s: Series, args: tuple[int, ...], moving: int) -> int:
    (constant,) = (i for i in args if i != moving)
    return s.values[constant][0]


def _shifted(s: Series, args: tuple[int, ...], moving: int) -> int | None:
    return None


def _difference(s: Series, args: tuple[int, ...], moving: int) -> int | None:
    return None if args[0] == moving else s.b.const(-1.0)


def _fused(s: Series, args: tuple[int, ...], moving: int) -> int | None:
    if moving == args[2]:
        return None
    return s.values[args[1] if args[0] == moving else args[0]][0]


# operation -> the factor by which it multiplies its one moving argument; None for 1
_AFFINE: dict[str, Callable[[Series, tuple[int, ...], int], int | None]] = {
    "mul": _scaled_by,
    "add": _shifted,
    "sub": _difference,
    "neg": lambda s, args, moving: s.b.const(-1.0),
    "fma": _fused,
}
