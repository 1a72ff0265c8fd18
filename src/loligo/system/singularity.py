"""Removable singularities: x/(1 - exp(-x)) and its relatives become ``exprel``.

At the voltage where numerator and denominator vanish together (-40 and -55 mV for the squid
axon) the text gives 0/0, and beside it most digits are lost. The quotient

    f / (a + b exp(w)),   f and w affine in V,   -b/a = k > 0,

has a pole cancelled by a zero exactly where f and w' = w + log k are proportional. As
1 - exp(w') = -w' exprel(w'), it equals -(f/w') / (a exprel(w')), which is smooth.

Where numbers decide it, it is decided here; where parameters do, as in
(A + B V)/(C + exp((V + D)/F)), each lane's own decide when it runs, and both forms are written:
that one, and the quotient as it stands.
"""

# SymPy ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false, reportOperatorIssue=false

from __future__ import annotations

import sympy as sp

from loligo.system.symbols import ROUNDED, Expr, Exprel, Removable, Root, Where


def smooth(expression: Expr, v: sp.Symbol) -> Expr:
    """``expression`` with every removable singularity in ``v`` that we know rewritten."""
    done: dict[Expr, Expr] = {}

    def visit(e: Expr) -> Expr:
        if e not in done:
            if not e.args or not e.has(v):
                done[e] = e
            else:
                rebuilt = e.func(*(visit(arg) for arg in e.args))
                if isinstance(rebuilt, sp.Mul):
                    rebuilt = _decide_later(_cancel(rebuilt, v), v)
                done[e] = rebuilt
        return done[e]

    return visit(expression)


def _affine(e: Expr, v: sp.Symbol) -> tuple[Expr, Expr] | None:
    """(p, q) with e = p v + q and p not 0, or None."""
    p = sp.diff(e, v)
    if p.has(v) or p == 0:
        return None
    return p, e.xreplace({v: sp.Integer(0)})


def _exponential_sum(base: Expr, v: sp.Symbol) -> tuple[Expr, Expr, Expr] | None:
    """(a, b, w) with base = a + b exp(w), w affine in v, a and b without it; or None."""
    if not isinstance(base, sp.Add):
        return None
    constant, rest = base.as_independent(v, as_Add=True)
    factor, exponential = rest.as_independent(v, as_Add=False)
    if constant == 0 or not isinstance(exponential, sp.exp):
        return None
    w = exponential.args[0]
    return None if _affine(w, v) is None else (constant, factor, w)


def _vanishing_exponential(base: Expr, v: sp.Symbol) -> tuple[Expr, Expr] | None:
    """(a, w) with base = a (1 - exp(w)) and w affine in v, or None."""
    parts = _exponential_sum(base, v)
    if parts is None:
        return None
    constant, factor, w = parts
    k = -factor / constant
    if k == 1:
        return constant, w
    return (constant, w + sp.log(k)) if k.is_positive and k.is_number else None


def _hyperbolic(factor: Expr, power: Expr, v: sp.Symbol) -> Expr | None:
    """tanh as a quotient that :func:`_cancel` understands."""
    if isinstance(factor, sp.tanh) and power.is_negative and _affine(factor.args[0], v):
        x: Expr = factor.args[0]
        return ((1 - sp.exp(2 * x)) / (-1 - sp.exp(2 * x))) ** power
    return None


def _odd_pair(base: Expr, v: sp.Symbol) -> Expr | None:
    """c (exp(x) - exp(-x)), a hyperbolic sine, as -c exp(-x) (1 - exp(2 x))."""
    if not isinstance(base, sp.Add) or len(base.args) != 2:
        return None
    pairs: list[tuple[Expr, Expr]] = [arg.as_independent(v, as_Add=False) for arg in base.args]
    (c1, e1), (c2, e2) = pairs
    if not (isinstance(e1, sp.exp) and isinstance(e2, sp.exp)) or c1 != -c2:
        return None
    return c2 * e2 * (1 - sp.exp(e1.args[0] - e2.args[0]))


def _factors(product: Expr, v: sp.Symbol) -> list[tuple[Expr, Expr]]:
    """(base, power) of every factor, hyperbolic functions spelt out."""
    pairs: list[tuple[Expr, Expr]] = []
    for factor in sp.Mul.make_args(product):
        base, power = factor.as_base_exp() if not isinstance(factor, sp.exp) else (factor, sp.S.One)
        spelt = _hyperbolic(base, power, v)
        if spelt is None and power.is_integer and (pair := _odd_pair(base, v)) is not None:
            spelt = pair**power
        if spelt is None:
            pairs.append((base, power))
        else:
            pairs += [
                f.as_base_exp() if not isinstance(f, sp.exp) else (f, sp.S.One)
                for f in sp.Mul.make_args(spelt)
            ]
    return pairs


def _cancel(product: Expr, v: sp.Symbol) -> Expr:
    """Pair each vanishing exponential with the affine factor that vanishes with it."""
    pairs = _factors(product, v)
    changed = False
    for i, (base, power) in enumerate(pairs):
        vanishing = _vanishing_exponential(base, v)
        if vanishing is None or not power.is_integer:
            continue
        a, w = vanishing
        slope, offset = _affine(w, v) or (sp.S.Zero, sp.S.Zero)
        for j, (other, exponent) in enumerate(pairs):
            affine = _affine(other, v) if exponent.is_integer else None
            if affine is None or exponent * power >= 0:
                continue
            p, q = affine
            if sp.expand(p * offset - q * slope) != 0:
                continue
            n = min(abs(int(power)), abs(int(exponent)))
            sign = 1 if power > 0 else -1
            # (a (1-exp w))^(sign n) f^(-sign n), f = (p/slope) w:  (-a slope/p exprel(w))^(sign n)
            pairs[i] = (base, power - sign * n)
            pairs[j] = (other, exponent + sign * n)
            pairs.append((-a * slope / p, sp.Integer(sign * n)))
            pairs.append((Exprel(w), sp.Integer(sign * n)))
            changed = True
            power = pairs[i][1]
            if power == 0:
                break
    if not changed:
        return product
    return sp.Mul(*(base**power for base, power in pairs))


def _decide_later(product: Expr, v: sp.Symbol) -> Expr:
    """The same, with those quotients in two forms in which parameters decide about a 0/0."""
    pairs = _factors(product, v)
    changed = False
    for i, (base, power) in enumerate(pairs):
        parts = _exponential_sum(base, v) if power.is_integer else None
        if parts is None:
            continue
        for j in sorted(range(len(pairs)), key=lambda j: _is_driving_force(pairs[j][0])):
            other, exponent = pairs[j]
            affine = _affine(other, v) if exponent.is_integer else None
            if affine is None or exponent * power >= 0:
                continue
            quotient = _in_two_forms(other, affine, base, parts, v)
            if quotient is None:
                continue
            sign = 1 if exponent > 0 else -1
            n = sign * min(abs(int(power)), abs(int(exponent)))
            pairs[i], pairs[j] = (base, power + n), (other, exponent - n)
            pairs.append((quotient, sp.Integer(n)))
            changed = True
            break
    return sp.Mul(*(base**power for base, power in pairs)) if changed else product


def _is_driving_force(factor: Expr) -> bool:
    """V - E_K, whose zero is seldom meant to be that of a rate's divisor."""
    return any(s.name.startswith("E_") for s in factor.free_symbols)


def _in_two_forms(
    f: Expr, affine: tuple[Expr, Expr], base: Expr, parts: tuple[Expr, Expr, Expr], v: sp.Symbol
) -> Expr | None:
    """f/(a + b exp(w)) as parameters may have it; None if it is no 0/0 whatever they are."""
    (p, q), (a, b, w) = affine, parts
    slope, offset = _affine(w, v) or (sp.S.One, sp.S.Zero)
    ratio = p / slope
    if (b / a).is_number:
        if not (b / a).is_negative:
            return None
        root = sp.log(-a / b)
    else:
        root = Root(a, b)
    terms = (q, -ratio * offset, ratio * root)
    if not all(term.is_number for term in terms):
        removable = Removable(a, b, *terms)
        below = Where(removable, a, sp.S.One) * Exprel(w - root)
        return Where(removable, -ratio / below, f / Where(removable, sp.S.One, base))
    sizes = list(map(float, terms))
    if abs(sum(sizes)) > ROUNDED * sum(map(abs, sizes)):
        return None
    return -ratio / (a * Exprel(w - root))


def denominators(expression: Expr, v: sp.Symbol) -> list[Expr]:
    """What the expression divides by and what depends on ``v`` alone besides parameters."""
    below: dict[Expr, None] = {}
    for e in sp.preorder_traversal(expression):
        if isinstance(e, sp.Pow) and e.exp.is_negative and e.base.has(v):
            below[e.base] = None
    return list(below)
