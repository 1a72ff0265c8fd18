"""Special points of equilibria by a second way, which shares nothing with the first but the rates:
no continuation, no exact derivatives.

Around such a point the states are made steady at some V held (by relaxation), and p is sought at
which V stands still there too (by the secant method). Through these p, and through the eigenvalues
of Jacobians by differences of fourth order, go polynomials in V: a fold is where p turns, a Hopf
point where a pair's real part is 0. Where V hardly moves with p, the equilibria at some p are found
by Powell's hybrid method, and the polynomials are those in p.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.polynomial import Chebyshev

from loligo.lanes import Floats
from loligo.run.equilibrium import swept
from loligo.run.steady import derivative
from loligo.system.outline import STIMULUS
from loligo.theory.diagram import FOLD, HOPF, Special
from loligo.theory.field import Field

_NODES = 13
_WIDE = 2.5e-3  # of V's scale, to each side
_APART = 5e-4  # of a state's scale: steps of differences
_SECANTS = 12
_UPRIGHT = 1e-3  # of the tangent's length: where V takes less of it, p does better


def found_again(of: Field, special: Special) -> float:
    """What is varied at a special point, by this way; NaN where it finds none."""
    if special.kind == HOPF and abs(special.point.tangent[0]) < _UPRIGHT:
        return _along_p(of, special)
    size = _WIDE * of.scales[0]
    centre = special.point.x[0]
    V = centre + size * np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)
    with np.errstate(all="ignore"):
        p, states = _steady(of, special, V)
        if not np.isfinite(p).all():
            return float("nan")
        over = [centre - size, centre + size]
        curve = Chebyshev.fit(V, p, _NODES - 1, domain=over)
        if special.kind == FOLD:
            zeros = curve.deriv().roots()
        else:
            omega = 2.0 * np.pi * special.frequency
            real = _pairs(_jacobians(of, states, p), omega)
            zeros = Chebyshev.fit(V, real, _NODES - 1, domain=over).roots()
    real_zeros = zeros.real[
        (np.abs(zeros.imag) < 1e-6 * size) & (np.abs(zeros.real - centre) < size)
    ]
    if not real_zeros.size:
        return float("nan")
    return float(curve(real_zeros[np.abs(real_zeros - centre).argmin()]))


def _along_p(of: Field, special: Special) -> float:
    """The same of a Hopf point past which V does not move."""
    from scipy.optimize import root

    centre = special.point.p
    size = _WIDE * max(1.0, abs(centre)) / max(abs(float(special.point.tangent[-1])), 0.1)
    p = centre + size * np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)
    start = special.point.x / of.scales
    states = np.empty((start.size, p.size))
    for k, value in enumerate(p):
        numbers = _numbers(of, np.array([value]))

        def rates(u: Floats, numbers: dict[str, Floats] = numbers) -> Floats:
            return derivative(of.patch.kernel, numbers, (u * of.scales)[:, None])[:, 0]

        states[:, k] = root(rates, start, tol=1e-13).x * of.scales
    real = _pairs(_jacobians(of, states, p), 2.0 * np.pi * special.frequency)
    zeros = Chebyshev.fit(p, real, _NODES - 1, domain=[centre - size, centre + size]).roots()
    near = zeros.real[(np.abs(zeros.imag) < 1e-6 * size) & (np.abs(zeros.real - centre) < size)]
    return float(near[np.abs(near - centre).argmin()]) if near.size else float("nan")


def _numbers(of: Field, p: Floats) -> dict[str, Floats]:
    numbers = {name: np.full(p.size, row[0]) for name, row in of.patch.numbers.items()}
    numbers[STIMULUS] = np.zeros(p.size)
    return {**numbers, of.varied: p}


def _steady(of: Field, special: Special, V: Floats) -> tuple[Floats, Floats]:
    """At each V held, p at which it would stand still, and (states, nodes)."""
    kernel = of.patch.kernel

    def balance(p: Floats) -> tuple[Floats, Floats]:
        numbers = _numbers(of, p)
        states = swept(kernel, numbers, V)
        return derivative(kernel, numbers, states)[0], states

    first = np.full(V.size, special.point.p)
    second = first + 1e-3 * max(1.0, abs(special.point.p))
    one, _ = balance(first)
    for _ in range(_SECANTS):
        other, _ = balance(second)
        change = other * (second - first) / (other - one)
        change = np.where(np.isfinite(change), change, 0.0)
        first, one, second = second, other, second - change
        if (np.abs(change) <= 1e-14 * np.abs(second)).all():
            break
    return second, balance(second)[1]


def _jacobians(of: Field, states: Floats, p: Floats) -> Floats:
    """(nodes, states, states), by differences of fourth order."""
    kernel, numbers = of.patch.kernel, _numbers(of, p)
    found = np.empty((p.size, len(states), len(states)))
    for column, scale in enumerate(of.scales):
        step = _APART * scale
        total = np.zeros(states.shape)
        for far, weight in ((-2, 1.0), (-1, -8.0), (1, 8.0), (2, -1.0)):
            moved = states.copy()
            moved[column] += far * step
            total += weight * derivative(kernel, numbers, moved)
        found[:, :, column] = (total / (12.0 * step)).T
    return found


def _pairs(matrices: Floats, omega: float) -> Floats:
    """The real part of the eigenvalue nearest to i omega, of each."""
    values: Any = np.linalg.eigvals(matrices)
    nearest = np.abs(values - 1j * omega).argmin(axis=1)
    return values[np.arange(len(values)), nearest].real
