"""V between its samples in plain loops: one polynomial at a time, compiled (engine.llvm.plain).

It is the curve of :mod:`loligo.analysis.curve`, with its bits.
"""

from __future__ import annotations

from math import inf, sqrt

from loligo.analysis.curve import CLOSE, DEGREE, HALVINGS, PREFERENCE, STEPS
from loligo.engine.arrays import array
from loligo.lanes import Floats

CORNER = 1e-3  # mV, of a fourth or fifth difference: below it a corner does not matter
ROUNDING = 2.0**-50  # of a root, beyond which it does not move


def fit(
    time: Floats, values: Floats, row: int, samples: int, interval: float, at: int, c: Floats
) -> None:
    """The coefficients ``c`` of the curve of one cell from the sample ``at`` to the next.

    The cell's samples begin at ``row``. Where they are even (``interval`` is not 0) and the curve
    through them is smooth, it is the polynomial through three on either side.
    """
    inside = interval > 0.0 and samples > DEGREE and at >= 2 and at <= samples - 4
    if inside and _fit_smooth(values, row + at - 2, c):
        return
    _fit_chosen(time, values, row, samples, at, c)


def _fit_smooth(values: Floats, first: int, c: Floats) -> bool:
    """Through six even samples, if the curve is smooth there."""
    d = array(6)
    for i in range(6):
        d[i] = values[first + i]
    value = d[2]
    for i in range(5):
        d[i] = d[i + 1] - d[i]
    one = d[2]
    for i in range(4):
        d[i] = d[i + 1] - d[i]
    two = d[1]
    for i in range(3):
        d[i] = d[i + 1] - d[i]
    three = d[1]
    for i in range(2):
        d[i] = d[i + 1] - d[i]
    four, five = d[0], d[1] - d[0]
    size = max(abs(two), abs(three))
    if max(abs(four), abs(five)) > max(0.5 * size, CORNER):
        return False
    two = two / 2.0
    three = three / 6.0
    four = four / 24.0
    five = five / 120.0
    c[0] = value  # the nodes are 0, 1, -1, 2, -2
    c[1] = one - two - three + 2.0 * four + 4.0 * five
    c[2] = two - four
    c[3] = three - 2.0 * four - 5.0 * five
    c[4] = four
    c[5] = five
    return True


def _fit_chosen(time: Floats, values: Floats, row: int, samples: int, at: int, c: Floats) -> None:
    """Through nodes chosen one by one on the smoother side."""
    degree = min(DEGREE, samples - 1)
    begin = max(0, at - degree + 1)
    count = min(samples - 1, at + degree) - begin + 1
    left, wide = time[at], time[at + 1] - time[at]
    places, d, nodes, divided = array(10), array(10), array(6), array(6)
    for i in range(count):
        places[i] = (time[begin + i] - left) / wide
        d[i] = values[row + begin + i]
    first = at - begin
    nodes[0], nodes[1] = places[first], places[first + 1]
    divided[0] = d[first]
    taken = degree
    for j in range(1, degree + 1):
        for i in range(count - j):
            d[i] = (d[i + 1] - d[i]) / (places[i + j] - places[i])
        if j == 1:
            divided[1] = d[first]
            continue
        below = abs(d[first - 1]) if first > 0 else inf
        above = abs(d[first]) if first < count - j else inf
        if below == inf and above == inf:  # there are no more samples
            taken = j - 1
            break
        go_below = below * PREFERENCE <= above if j % 2 == 0 else below < above * PREFERENCE
        if go_below:
            first = first - 1
            nodes[j] = places[first]
        else:
            nodes[j] = places[first + j]
        divided[j] = d[first]
    _powers(divided, nodes, taken, c)


def _powers(divided: Floats, nodes: Floats, degree: int, c: Floats) -> None:
    """The coefficients of the powers, of a polynomial in Newton's form."""
    for i in range(6):
        c[i] = 0.0
    c[0] = divided[degree]
    for j in range(1, degree + 1):  # times (t - node), plus the coefficient before
        k = degree - j
        for i in range(j):
            m = j - i
            c[m] = c[m - 1] - nodes[k] * c[m]
        c[0] = divided[k] - nodes[k] * c[0]


def derive(c: Floats, d: Floats) -> None:
    """The coefficients of the derivative."""
    for i in range(5):
        d[i] = c[i + 1] * float(i + 1)
    d[5] = 0.0


def at(c: Floats, part: float) -> float:
    """The polynomial there."""
    return at_with(c, part, c[0])


def at_with(c: Floats, part: float, constant: float) -> float:
    """The polynomial with another constant term."""
    result = part * c[5]
    for i in range(4):
        result = (result + c[4 - i]) * part
    return result + constant


def passing(c: Floats, left: float, wide: float, level: float, low: float, high: float) -> float:
    """When a polynomial passes ``level`` between two times, ms; where there is nothing to be
    found, the end at which it is nearer to that."""
    constant = c[0] - level
    below, above = (low - left) / wide, (high - left) / wide
    at_low, at_high = at_with(c, below, constant), at_with(c, above, constant)
    if (at_low >= 0.0) == (at_high >= 0.0):
        return low if (at_low >= 0.0) == (at_high >= at_low) else high
    part = _zero(c, constant, below, above, at_low, at_high)
    return min(max(left + part * wide, low), high)


def _zero(
    c: Floats, constant: float, low: float, high: float, at_low: float, at_high: float
) -> float:
    """By Newton's method from the chord, or by Ridders'."""
    slope = array(6)
    derive(c, slope)
    part = low + (high - low) * (at_low / (at_low - at_high))
    for _ in range(STEPS):
        step = at_with(c, part, constant) / at(slope, part)
        there = part - step
        if there >= low and there <= high:
            part = there
            if abs(step) <= CLOSE:
                return part
    return _root(c, constant, low, high, at_low, at_high)


def _root(
    c: Floats, constant: float, low: float, high: float, at_low: float, at_high: float
) -> float:
    best = low if (at_low >= 0.0) == (at_high >= at_low) else high
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        there = at_with(c, middle, constant)
        way = 1.0 if at_low > at_high else -1.0
        apart = sqrt(there * there - at_low * at_high)
        part = way * there / apart if apart > 0.0 else 0.0
        guess = middle + (middle - low) * part
        guess = min(max(guess, low), high)
        value = at_with(c, guess, constant)
        moved = abs(guess - best)
        best = guess
        if moved <= ROUNDING * abs(guess) or value == 0.0:
            break
        if low < middle and middle < high:
            if (there >= 0.0) == (at_low >= 0.0):
                low, at_low = middle, there
            else:
                high, at_high = middle, there
        if low < guess and guess < high:
            if (value >= 0.0) == (at_low >= 0.0):
                low, at_low = guess, value
            else:
                high, at_high = guess, value
    return best
