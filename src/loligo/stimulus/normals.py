"""Normal numbers that are the same on every machine, in a browser too.

The bits come from a counter-based generator (Philox 4×64: Salmon et al. 2011, *Parallel random
numbers: as easy as 1, 2, 3*, SC '11, doi:10.1145/2063384.2063405), which NumPy keeps as it is. What
makes normal numbers of them NumPy does not promise to keep; here it is the inverse of the normal
distribution (Wichura 1988, Algorithm AS 241, *Applied Statistics* 37:477, doi:10.2307/2347330), in
additions, products, quotients and square roots, each rounded by itself, and with a logarithm of
its own. ``lab/page/engine/noise.js`` is the same in another language.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from loligo.lanes import Floats

# Numerators and denominators, the constant first: for a probability between 0.075 and 0.925; and
# beyond, for r = sqrt(-log p) up to 5, less 1.6; and from there on, less 5.
_CENTRAL = (
    (3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
     1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
     3.3430575583588128105e4, 2.5090809287301226727e3),
    (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
     2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
     5.2264952788528545610e3),
)  # fmt: skip
_OUTER = (
    (1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
     3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
     2.27238449892691845833e-2, 7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
     1.05075007164441684324e-9),
)  # fmt: skip
_FAR = (
    (6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
     2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
     2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
     2.04426310338993978564e-15),
)  # fmt: skip
_HALF_SPLIT, _SPLIT, _EDGE = 0.425, 0.180625, 5.0
# log 2 in two parts, the first so short that its products with whole numbers below 2**11 are exact
_LN2 = (0.6931471803691238, 1.9082149292705877e-10)
_ROOT_HALF = 0.7071067811865476
_ATANH = tuple(1.0 / (2 * k + 1) for k in range(12))


def normals(seed: int, block: int, count: int) -> Floats:
    """The first normal numbers of a block of a seed's sequence."""
    # the block sits in a high word of the counter: 2**64 numbers lie between two blocks
    raw = np.random.Philox(key=seed, counter=[0, block, 0, 0]).random_raw(count)
    # in the middle of one of 2**52 equal parts: never 0 nor 1
    return quantile(((raw >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52)


def quantile(p: Floats) -> Floats:
    """Below which a normal number is with probability p, 0 < p < 1; good to 1e-15."""
    q = p - 0.5
    found = q * _ratio(_CENTRAL, _SPLIT - q * q)
    tail = np.flatnonzero(np.abs(q) > _HALF_SPLIT)
    if tail.size:
        side = q[tail]
        r = np.sqrt(-log(np.where(side < 0, p[tail], 1.0 - p[tail])))
        size = _ratio(_OUTER, r - 1.6)
        far = np.flatnonzero(r > _EDGE)
        if far.size:
            size[far] = _ratio(_FAR, r[far] - _EDGE)
        found[tail] = np.where(side < 0, -size, size)
    return found


def _ratio(coefficients: tuple[Sequence[float], Sequence[float]], x: Any) -> Any:
    above, below = coefficients
    return _polynomial(above, x) / _polynomial(below, x)


def _polynomial(coefficients: Sequence[float], x: Any) -> Any:
    total = coefficients[-1] * x
    for c in coefficients[-2:0:-1]:
        total += c
        total *= x
    total += coefficients[0]
    return total


def log(x: Any) -> Any:
    """Of positive numbers with all their digits; good to a few ulp."""
    fraction, power = np.frexp(x)
    low = fraction < _ROOT_HALF
    fraction, power = np.where(low, 2.0 * fraction, fraction), (power - low).astype(np.float64)
    f = (fraction - 1.0) / (fraction + 1.0)
    series = 2.0 * f * _polynomial(_ATANH, f * f)
    return power * _LN2[0] + (power * _LN2[1] + series)


def decay(rate: float) -> float:
    """exp(-rate), rate >= 0: of a fraction by its series, and squared as often as that was halved."""
    if rate > 708.0:
        return 0.0
    halved = max(0, math.frexp(rate)[1] + 1)
    return _squared(1.0 - _lost(rate * 2.0**-halved), halved)


def lost(rate: float) -> float:
    """1 - exp(-rate), rate >= 0, to all its digits."""
    return _lost(rate) if rate < 0.5 else 1.0 - decay(rate)


def _lost(x: float) -> float:
    """By its series, x < 1/2."""
    total = 0.0
    for k in range(18, 0, -1):
        total = (1.0 - total) * (x / k)
    return total


def _squared(value: float, times: int) -> float:
    for _ in range(times):
        value *= value
    return value
