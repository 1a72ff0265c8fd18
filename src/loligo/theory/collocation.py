"""Orthogonal collocation (de Boor & Swartz 1973, doi:10.1137/0710052): over one period x(t) is a
polynomial on each interval of its own phase, which obeys the equations at the Gauss points. What is
inside an interval is eliminated there; what is left are the states between intervals, the period
and what is varied.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from loligo.lanes import Floats
from loligo.theory.field import Field

DEGREE = 4
_FINE = 33  # values of a polynomial of which the extremes are told


@dataclass(frozen=True, eq=False)
class Basis:
    """On [0, 1], of the polynomials that are 1 at one of the equidistant nodes and 0 at the others.

    Attributes
    ----------
    nodes
        The equidistant ones.
    value, slope : (points, nodes)
        At the Gauss points.
    fine : (points, nodes)
        Values at many.
    inverse : (powers, nodes)
        Coefficients.
    """

    nodes: Floats
    value: Floats
    slope: Floats
    fine: Floats
    inverse: Floats

    def at(self, places: Floats) -> Floats:
        """Their values, (places, nodes)."""
        return np.vander(places, DEGREE + 1, increasing=True) @ self.inverse


@lru_cache(maxsize=1)
def basis() -> Basis:
    """The one that all cycles are written in."""
    nodes = np.linspace(0.0, 1.0, DEGREE + 1)
    inverse = np.asarray(np.linalg.inv(np.vander(nodes, increasing=True)), dtype=float)
    gauss = (np.polynomial.legendre.leggauss(DEGREE)[0] + 1.0) / 2.0
    value, fine = (np.vander(at, DEGREE + 1, increasing=True) @ inverse
                   for at in (gauss, np.linspace(0.0, 1.0, _FINE)))  # fmt: skip
    slope = np.stack([k * gauss ** max(k - 1, 0) for k in range(DEGREE + 1)], axis=1) @ inverse
    return Basis(nodes, value, slope, fine, inverse)


@dataclass(frozen=True)
class Linear:
    """What is left of the equations between the intervals of a mesh.

    Attributes
    ----------
    maps : (intervals, states, states)
        Across each.
    sides : (intervals, states, 3)
        What a change of the period and of p adds, and what is missing.
    inner
        The same of the nodes inside: (intervals, nodes x states, …).
    """

    maps: Floats
    sides: Floats
    inner: tuple[Floats, Floats]

    def inside(self, ends: Floats, numbers: Floats) -> Floats:
        """Changes of the nodes inside, (intervals, nodes, states), of those at the ends and of the
        period and p."""
        maps, sides = self.inner
        moved = (maps @ ends[:, :, None])[:, :, 0] + sides @ np.append(numbers, 1.0)
        return moved.reshape(len(ends), DEGREE, ends.shape[1])


def linear(of: Field, mesh: Floats, states: Floats, period: float, p: float) -> Linear:
    """The equations near a cycle.

    Parameters
    ----------
    mesh : (intervals + 1,)
    states : (intervals, nodes, states)
    """
    count, _, n = states.shape
    m, known = DEGREE, basis()
    width = np.diff(mesh)[:, None, None]
    at = known.value @ states
    moves = (known.slope @ states) / width
    rates, matrix, column = of.linear(at.reshape(-1, n), np.full(count * m, p))
    rates, column = rates.reshape(count, m, n), column.reshape(count, m, n)
    matrix = matrix.reshape(count, m, n, n)
    # (interval, point, row, node, column)
    whole = matrix[:, :, :, None, :] * (-period * known.value)[:, None, :, None]
    rows = np.arange(n)
    whole[:, :, rows, :, rows] += known.slope / width
    whole = whole.reshape(count, m * n, (m + 1) * n)
    sides = np.stack([rates, period * column, period * rates - moves], axis=-1)
    right = np.concatenate([-whole[:, :, :n], sides.reshape(count, m * n, 3)], axis=2)
    solved = np.asarray(np.linalg.solve(whole[:, :, n:], right), dtype=float)
    ends = solved[:, -n:]
    return Linear(ends[:, :, :n], ends[:, :, n:], (solved[:, :, :n], solved[:, :, n:]))
