"""The recurrence of every operation: one coefficient of a power series from those before it.

A rule is asked for the coefficient of order k of one assignment, when those of its arguments
up to k and its own up to k - 1 are known (Jorba & Zou 2005, proposition 2.1,
doi:10.1080/10586458.2005.10128904; Griewank & Walther 2008, table 13.2).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from loligo.program.arithmetic import Builder
from loligo.program.recipe import NotSmoothError
from loligo.program.series.terms import Terms

# Derivatives of exprel: below this |z| by the recurrence downwards, above it upwards.
_NEAR = 2.5
# How far above the highest order P the downward recurrence begins, from 0: what is left out
# arrives as 2.5**18 (P + 1)!/(P + 19)!, less than 1e-16 for P of 10 and more.
_AHEAD = 18


Rule = Callable[[Terms, int, tuple[int, ...], int], int]


def _linear(op: str) -> Rule:
    def rule(s: Terms, index: int, args: tuple[int, ...], k: int) -> int:
        x, y = (s.values[i][k] for i in args)
        return s.plus(x, y) if op == "add" else s.minus(x, y)

    return rule


def _neg(s: Terms, index: int, args: tuple[int, ...], k: int) -> int:
    x = s.values[args[0]][k]
    return x if s.is_zero(x) else s.b.apply("neg", x)


def _mul(s: Terms, index: int, args: tuple[int, ...], k: int) -> int:
    x, y = (s.values[i] for i in args)
    if args[0] != args[1]:
        return s.convolve(x, y, k)
    # a square: every product of two different coefficients occurs twice
    half = s.dot([(x[j], x[k - j]) for j in range((k + 1) // 2)])
    doubled = half if s.is_zero(half) else s.b.add(half, half)
    return doubled if k % 2 else s.dot([(x[k // 2], x[k // 2])], doubled)


def _fma(s: Terms, index: int, args: tuple[int, ...], k: int) -> int:
    x, y, z = (s.values[i] for i in args)
    return s.plus(s.convolve(x, y, k), z[k])


def _div(s: Terms, index: int, args: tuple[int, ...], k: int) -> int:
    x, y = (s.values[i] for i in args)
    if k == 0:
        inverse = s.b.div(s.b.const(1.0), y[0])
        s.partner(index, "inverse").append(inverse)
        return s.b.mul(x[0], inverse)
    return _quotient(s, index, args[0], args[1], k)


def _quotient(s: Terms, index: int, x: int, y: int, k: int) -> int:
    """q = x/y, k > 0: q_k = (x_k - sum of y_j q_(k-j))/y_0. What is affine in something else
    is multiplied by its factor once, with 1/y_0, and not order by order."""
    inverse, b = s.partner(index, "inverse")[0], s.b
    above, size = s.root(x) if s.varies[x] else (x, None)
    below, scale = s.root(y)
    made = s.partner(index, "factors")
    if not made:
        made.append(inverse if size is None else b.mul(inverse, size))
        made.append(b.apply("neg", inverse if scale is None else b.mul(inverse, scale)))
    rest = s.convolve(s.values[below], s.values[index], k, first=1)
    return s.plus(_times(s, s.values[above][k], made[0]), _times(s, rest, made[1]))


def _times(s: Terms, x: int, y: int) -> int:
    return x if s.is_zero(x) else s.b.mul(x, y)


def _exp(s: Terms, index: int, args: tuple[int, ...], k: int) -> int:
    if k == 0:
        return s.b.apply("exp", s.exponent(s.values[args[0]][0]))
    root, scale = s.root(args[0])
    total = s.weighted(root, s.values[index], k)
    return total if scale is None or s.is_zero(total) else s.b.mul(scale, total)


def _log(s: Terms, index: int, args: tuple[int, ...], k: int) -> int:
    return _log_of(s, index, s.values[args[0]], s.values[index], k)


def _log_of(s: Terms, index: int, x: list[int], own: list[int], k: int) -> int:
    """l = log x: x l' = x'."""
    inverse, b = s.partner(index, "inverse"), s.b
    if k == 0:
        inverse.append(b.div(b.const(1.0), x[0]))
        return b.apply("log", x[0])
    rest = s.dot([(_times(s, own[j], b.const(float(j))), x[k - j]) for j in range(1, k)])
    rest = _times(s, rest, b.const(1.0 / k))
    return _times(s, s.minus(x[k], rest), inverse[0])


def _sqrt(s: Terms, index: int, args: tuple[int, ...], k: int) -> int:
    x, own, inverse = s.values[args[0]], s.values[index], s.partner(index, "inverse")
    if k == 0:
        root = s.b.apply("sqrt", s.begun(x[0]))
        inverse.append(s.b.div(s.b.const(0.5), root))
        return root
    rest = s.convolve(own, own, k, first=1, last=1)
    return _times(s, s.minus(x[k], rest), inverse[0])


def _pow(s: Terms, index: int, args: tuple[int, ...], k: int) -> int:
    """x**c with c constant along the step: x p' = c p x'."""
    if s.varies[args[1]]:
        return _moving_power(s, index, args, k)
    x, c = s.values[args[0]], s.values[args[1]][0]
    inverse, b = s.partner(index, "inverse"), s.b
    if k == 0:
        inverse.append(b.div(b.const(1.0), x[0]))
        return b.apply("pow", s.begun(x[0]), c)
    terms: list[tuple[int, int]] = []
    for j in range(k):
        if not s.is_zero(x[k - j]):
            weight = b.sub(b.mul(c, b.const(float(k - j))), b.const(float(j)))
            terms.append((b.mul(weight, x[k - j]), s.values[index][j]))
    total = s.dot(terms)
    return _times(s, _times(s, total, inverse[0]), b.const(1.0 / k))


def _moving_power(s: Terms, index: int, args: tuple[int, ...], k: int) -> int:
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


def _circular(op: str, other: str, sign: float) -> Rule:
    """sin and cos, each with the other beside it."""

    def rule(s: Terms, index: int, args: tuple[int, ...], k: int) -> int:
        companion = s.partner(index, other)
        if k == 0:
            companion.append(s.b.apply(other, s.values[args[0]][0]))
            return s.b.apply(op, s.values[args[0]][0])
        mine = s.weighted(args[0], companion, k)
        theirs = s.weighted(args[0], s.values[index], k)
        companion.append(theirs if sign < 0 or s.is_zero(theirs) else s.b.apply("neg", theirs))
        return mine if sign > 0 or s.is_zero(mine) else s.b.apply("neg", mine)

    return rule


def _tanh(s: Terms, index: int, args: tuple[int, ...], k: int) -> int:
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


def _exprel(s: Terms, index: int, args: tuple[int, ...], k: int) -> int:
    """exprel composed with its argument: sum over n of exprel^(n)(z_0)/n! (z - z_0)^n.

    Its own recurrence divides by z and fails near 0; its derivatives there are smooth.
    """
    return _composed(s, index, args[0], k, _exprel_derivatives)


def _exprel2(s: Terms, index: int, args: tuple[int, ...], k: int) -> int:
    """exprel2 composed with its argument, likewise."""
    return _composed(s, index, args[0], k, _exprel2_derivatives)


def _composed(
    s: Terms, index: int, z: int, k: int, derivatives_at: Callable[[Builder, int, int], list[int]]
) -> int:
    """A function whose derivatives are known, f^(n)(z_0)/n!, composed with its argument."""
    derivatives = s.partner(index, "derivatives")
    root, scale = s.root(z)
    if k == 0:
        factor = s.b.const(1.0)
        for n, value in enumerate(derivatives_at(s.b, s.exponent(s.values[z][0]), s.order)):
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


def _exprel2_derivatives(b: Builder, z: int, order: int) -> list[int]:
    """b_n = exprel2^(n)(z)/n!, n = 0 … order.

    Differentiating z exprel2(z) = exprel(z) - 1 gives z b_n + b_(n-1) = a_n, those of exprel for
    n > 0: again downwards near 0 and upwards elsewhere.
    """
    known = _exprel_derivatives(b, z, order + _AHEAD)
    minus, size = b.apply("neg", z), b.apply("abs", z)
    near = b.apply("lt", size, b.const(_NEAR))
    inverse = b.div(b.const(1.0), b.apply("where", near, b.const(1.0), z))
    down = [b.const(0.0)] * (order + 1)
    value = b.mul(known[-1], b.const(1.0 / (order + _AHEAD + 1)))
    for n in range(order + _AHEAD, 0, -1):
        value = b.apply("fma", minus, value, known[n])
        if n - 1 <= order:
            down[n - 1] = value
    up = [b.apply("exprel2", z)]
    for n in range(1, order + 1):
        up.append(b.mul(b.sub(known[n], up[-1]), inverse))
    mixed = [b.apply("where", near, d, u) for d, u in zip(down, up, strict=True)]
    return [up[0], *mixed[1:]]


def _bernoulli(s: Terms, index: int, args: tuple[int, ...], k: int) -> int:
    """1/exprel, by the series of the quotient: exprel is nowhere 0."""
    below = s.partner(index, "exprel")
    below.append(_exprel(s, index, args, k))
    if k == 0:
        return s.b.apply("bernoulli", s.exponent(s.values[args[0]][0]))
    rest = s.convolve(below, s.values[index], k, first=1)
    return rest if s.is_zero(rest) else s.b.apply("neg", s.b.mul(rest, s.values[index][0]))


def _ratio(s: Terms, index: int, args: tuple[int, ...], k: int) -> int:
    """As any quotient: where both are near 0 it loses digits."""
    if k == 0:
        s.ratios.append(args)
    return _div(s, index, args, k)


def _less_one(s: Terms, index: int, args: tuple[int, ...], k: int) -> int:
    e, z = (s.values[i][k] for i in args)
    return e if k else s.b.apply("less_one", e, z)


def _floor(s: Terms, index: int, args: tuple[int, ...], k: int) -> int:
    """The whole turns of a phase: constant along a step, which only a whole turn could tell."""
    return s.b.apply("floor", s.values[args[0]][0]) if k == 0 else s.zero


def _where(s: Terms, index: int, args: tuple[int, ...], k: int) -> int:
    mask, x, y = args
    if s.varies[mask]:
        raise NotSmoothError("where")
    x, y = s.values[x][k], s.values[y][k]
    if s.is_zero(x) and s.is_zero(y):
        return x
    return s.b.apply("where", s.values[mask][0], x, y)


def _power_of_change(s: Terms, a: int, n: int, k: int) -> int:
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


RECURRENCES: dict[str, Rule] = {
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
    "exprel2": _exprel2,
    "bernoulli": _bernoulli,
    "ratio": _ratio,
    "less_one": _less_one,
    "where": _where,
    "floor": _floor,
}
