"""Curves through what an experiment found: Boltzmann's, an exponential's, Lapicque's, Weiss's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Boltzmann:
    """``1/(1 + exp(-(V - half)/slope))``; the slope is below 0 where it falls with V."""

    half: float
    slope: float

    def __call__(self, V: Array) -> Array:
        from scipy.special import expit

        return expit((np.asarray(V) - self.half) / self.slope)


def boltzmann(V: Array, part: Array) -> Boltzmann:
    """The curve from 0 to 1, or 1 to 0, nearest to points in the sense of least squares.

    NaN where fewer than three points are known, or they do not come half way, or the nearest curve
    goes the other way, or is halfway elsewhere, or is flatter than they could show.
    """
    from scipy.optimize import least_squares

    known = np.isfinite(part)
    V, part = V[known], part[known]
    if V.size < 3 or not part.min() < 0.5 < part.max():
        return Boltzmann(np.nan, np.nan)
    order = np.argsort(V)
    V, part = V[order], part[order]
    rises = part[-1] > part[0]
    middle = float(np.interp(0.5, *((part, V) if rises else (part[::-1], V[::-1]))))

    def misses(guess: Array) -> Array:
        return Boltzmann(*guess)(V) - part

    found = least_squares(
        misses, [middle, 8.0 if rises else -8.0], xtol=1e-14, ftol=1e-14, gtol=1e-14
    )
    half, slope = (float(each) for each in found.x)
    if not (V[0] <= half <= V[-1] and 0 < (slope if rises else -slope) < V[-1] - V[0]):
        return Boltzmann(np.nan, np.nan)
    return Boltzmann(half, slope)


def misfit(curve: Array, points: Array) -> float:
    """How far a curve is from points: the root of the mean square; NaN without a curve."""
    apart = (curve - points)[np.isfinite(points)]
    return float(np.sqrt(np.mean(apart**2))) if apart.size else float("nan")


def decay(t: Array, curve: Array) -> tuple[float, float, float]:
    """(size, tau, rest) of ``rest + size exp(-t/tau)`` nearest to a curve; NaN where it is none."""
    from scipy.optimize import least_squares

    scale = float(np.ptp(curve))
    if not np.isfinite(curve).all() or t.size < 4 or scale <= 1e-9 * np.abs(curve).max():
        return np.nan, np.nan, np.nan
    part = curve / scale

    def base(log_tau: float) -> Array:
        return np.column_stack([np.exp(-t / np.exp(log_tau)), np.ones(t.size)])

    tries = np.log(t[-1]) + np.linspace(-7.0, 2.5, 20)
    linear = [np.linalg.lstsq(base(each), part, rcond=None) for each in tries]
    misses = [
        float(np.sum((base(x) @ y[0] - part) ** 2)) for x, y in zip(tries, linear, strict=True)
    ]
    at = int(np.argmin(misses))

    def off(unknown: Array) -> Array:
        return base(unknown[1]) @ unknown[[0, 2]] - part

    def slopes(unknown: Array) -> Array:
        (size, log_tau, _), (falls, ones) = unknown, base(unknown[1]).T
        return np.column_stack([falls, size * falls * t / np.exp(log_tau), ones])

    begin = [linear[at][0][0], tries[at], linear[at][0][1]]
    # its stubs know words alone for a Jacobian
    given: Any = slopes
    found = least_squares(off, begin, given, xtol=1e-14, ftol=1e-14, gtol=1e-14).x
    if not tries[0] < found[1] < tries[-1]:
        return np.nan, np.nan, np.nan
    return scale * float(found[0]), float(np.exp(found[1])), scale * float(found[2])


def recovery(t: Array, part: Array) -> tuple[float, float]:
    """(start, tau) of ``1 - (1 - start) exp(-t/tau)`` nearest to points; NaN of too few."""
    from scipy.optimize import least_squares

    known = np.isfinite(part)
    t, part = t[known], part[known]
    if t.size < 3 or np.ptp(part) < 1e-6:
        return np.nan, np.nan
    half = part.min() + 0.5 * np.ptp(part)
    guess = [float(part.min()), float(np.log(max(np.interp(half, part, t), 1e-6) / np.log(2)))]

    def misses(unknown: Array) -> Array:
        return 1 - (1 - unknown[0]) * np.exp(-t / np.exp(unknown[1])) - part

    found = least_squares(misses, guess, xtol=1e-14, ftol=1e-14, gtol=1e-14)
    return float(found.x[0]), float(np.exp(found.x[1]))


def lapicque(duration: Array, strength: Array) -> tuple[float, float]:
    """(rheobase, tau) of ``rheobase/(1 - exp(-d/tau))`` nearest to thresholds, in parts of each
    of them; NaN of too few."""
    return _law(duration, strength, lambda d, tau: 1 / -np.expm1(-d / tau))


def weiss(duration: Array, strength: Array) -> tuple[float, float]:
    """(rheobase, chronaxie) of ``rheobase (1 + chronaxie/d)``, as :func:`lapicque`."""
    return _law(duration, strength, lambda d, chronaxie: 1 + chronaxie / d)


def _law(
    duration: Array, strength: Array, law: Callable[[Array, float], Array]
) -> tuple[float, float]:
    from scipy.optimize import least_squares

    known = np.isfinite(strength)
    d, log = duration[known], np.log(np.abs(strength[known]))
    if d.size < 3:
        return np.nan, np.nan

    def misses(unknown: Array) -> Array:
        return unknown[0] + np.log(law(d, np.exp(unknown[1]))) - log

    guess = [float(log.min()), float(np.log(np.median(d)))]
    found = least_squares(misses, guess, xtol=1e-14, ftol=1e-14, gtol=1e-14)
    sign = float(np.sign(strength[known][0]))
    return sign * float(np.exp(found.x[0])), float(np.exp(found.x[1]))
