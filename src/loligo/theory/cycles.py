"""Cycles as one number is varied: orthogonal collocation (de Boor & Swartz 1973,
doi:10.1137/0710052), on meshes that follow the solution (Russell & Christiansen 1978), along curves
by pseudo-arclength (Doedel, Keller & Kernevez 1991, doi:10.1142/S0218127491000555).

A cycle is x(t) over one period T, as polynomials on intervals of its own phase; in each they obey
the equations at the Gauss points, with exact derivatives. What is inside an interval is eliminated
there; what is left are the states between intervals, T and p. The maps across the intervals, one
after the other, are the derivative of the flow over a period: its eigenvalues are the Floquet
multipliers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loligo.lanes import Floats
from loligo.theory.field import Field

Complex = NDArray[np.complex128]

_DEGREE = 4
_NEWTON = 8
_EXACT = 1e-10  # of the last of Newton's steps
_FIRST, _LONGEST, _SHORTEST = 0.01, 0.3, 1e-6  # of a step along the curve
_BORN = 0.01  # of the scales: how large cycles are that are begun with
_NEARER = 0.4  # of a cycle's breadth: no step is longer
_MOST = 300  # cycles of a curve
_LONG = 100.0  # times the shortest period: such cycles come near to a homoclinic orbit
_STILL = 1e-6  # of the range: so little p moves by there while the period doubles


@lru_cache(maxsize=1)
def _basis() -> tuple[Floats, Floats, Floats, Floats]:
    """On [0, 1], of the polynomials that are 1 at one of the equidistant nodes and 0 at the others:
    the nodes; values and slopes at the Gauss points, (points, nodes); the weights of these."""
    nodes = np.linspace(0.0, 1.0, _DEGREE + 1)
    gauss, weights = np.polynomial.legendre.leggauss(_DEGREE)
    at = (gauss + 1.0) / 2.0
    powers = np.vander(nodes, increasing=True)
    inverse = np.linalg.inv(powers)
    value = np.vander(at, _DEGREE + 1, increasing=True) @ inverse
    slope = np.stack([k * at ** max(k - 1, 0) for k in range(_DEGREE + 1)], axis=1) @ inverse
    return nodes, value, slope, weights / 2.0


@dataclass(frozen=True)
class Cycle:
    """One cycle.

    Attributes
    ----------
    mesh : (intervals + 1,)
        Of the phase, from 0 to 1.
    states : (intervals, nodes, states)
        At the nodes of each interval, both ends among them.
    period, p
        ms, and what is varied.
    ahead : (intervals + 1) x states and two more
        Along the curve, in scaled units: the states at the mesh, the period, p.
    multipliers
        Of Floquet; the trivial one, 1, among them.
    """

    mesh: Floats
    states: Floats
    period: float
    p: float
    ahead: Floats
    multipliers: Complex

    @property
    def stable(self) -> bool:
        """Whether all multipliers but the trivial one lie inside the unit circle."""
        sizes = np.abs(np.delete(self.multipliers, np.abs(self.multipliers - 1.0).argmin()))
        return bool(sizes.max(initial=0.0) < 1.0)

    def extremes(self) -> tuple[float, float]:
        """The lowest and the highest V."""
        fine = np.linspace(0.0, 1.0, 33)
        nodes = _basis()[0]
        inverse = np.linalg.inv(np.vander(nodes, increasing=True))
        V = np.vander(fine, _DEGREE + 1, increasing=True) @ inverse @ self.states[:, :, 0].T
        return float(V.min()), float(V.max())


@dataclass(frozen=True)
class _Linear:
    """What is left of the equations between the intervals of a mesh.

    Attributes
    ----------
    maps : (intervals, states, states)
        Across each.
    by_period, by_p, rest : (intervals, states)
        What a change of these adds, and what is missing.
    inner
        The same of the nodes inside, for each interval (nodes x states, …).
    """

    maps: Floats
    by_period: Floats
    by_p: Floats
    rest: Floats
    inner: tuple[Floats, Floats, Floats, Floats]


class Cycles:
    """The cycles of a field, between two values of what is varied.

    Parameters
    ----------
    intervals
        Of each mesh.
    """

    def __init__(self, of: Field, low: float, high: float, intervals: int = 40) -> None:
        self.field, self.low, self.high, self.intervals = of, low, high, intervals
        self.size = len(of.states)

    # ---- the equations

    def _linear(self, mesh: Floats, states: Floats, period: float, p: float) -> _Linear:
        _, value, slope, _ = _basis()
        n, count, m = self.size, len(states), _DEGREE
        width = np.diff(mesh)[:, None, None]
        at = np.einsum("kj,ijs->iks", value, states)
        moves = np.einsum("kj,ijs->iks", slope, states) / width
        flat, every = at.reshape(-1, n), np.full(count * m, p)
        rates = self.field.rates(flat, every).reshape(count, m, n)
        matrix, column = self.field.slopes(flat, every)
        matrix, column = matrix.reshape(count, m, n, n), column.reshape(count, m, n)
        # (interval, point, row, node, column)
        whole = -period * np.einsum("kj,ikrc->ikrjc", value, matrix)
        unit = np.eye(n)
        whole += np.einsum("ikj,rc->ikrjc", slope / width, unit)
        whole = whole.reshape(count, m * n, (m + 1) * n)
        right = np.stack([rates, period * column, period * rates - moves], axis=-1)
        right = np.concatenate([-whole[:, :, :n], right.reshape(count, m * n, 3)], axis=2)
        solved = np.linalg.solve(whole[:, :, n:], right)
        ends = solved[:, -n:]
        inner = solved[:, :, :n], solved[:, :, n], solved[:, :, n + 1], solved[:, :, n + 2]
        return _Linear(ends[:, :, :n], ends[:, :, n], ends[:, :, n + 1], ends[:, :, n + 2], inner)

    def _bordered(self, linear: _Linear, phase: Floats, ahead: Floats) -> Floats:
        """The matrix of what is left, with the rows that fix the phase and the place ahead."""
        n, count = self.size, len(linear.maps)
        matrix = np.zeros((count * n + 2, count * n + 2))
        for k in range(count):
            rows, after = slice(k * n, (k + 1) * n), (k + 1) % count
            matrix[rows, k * n : (k + 1) * n] -= linear.maps[k]
            matrix[rows, after * n : (after + 1) * n] += np.eye(n)
            matrix[rows, -2], matrix[rows, -1] = -linear.by_period[k], -linear.by_p[k]
        matrix[-2, :-2] = phase
        matrix[-1] = ahead
        return matrix

    def _weights(self, mesh: Floats) -> Floats:
        """By which products of two sets of states at the mesh are an integral over the phase."""
        width = np.diff(mesh)
        around = 0.5 * (width + np.roll(width, 1))
        return (around[:, None] / self.field.scales**2).ravel()

    def _phase(self, mesh: Floats, states: Floats, period: float, p: float) -> Floats:
        """The row that fixes the phase: no move along the cycle."""
        rates = self.field.rates(states[:, 0], np.full(len(states), p))
        row = rates.ravel() * self._weights(mesh)
        return row / np.linalg.norm(row)

    # ---- one cycle

    def corrected(self, guess: Cycle, across: Floats, step: float) -> tuple[Cycle, int] | None:
        """The cycle a step ahead of another, on the plane across ``across``.

        Parameters
        ----------
        across
            In the units of :attr:`Cycle.ahead`.
        """
        mesh, n = guess.mesh, self.size
        row = self._row(mesh, guess.period, across)
        start = self._free(guess.states, guess.period, guess.p)
        moved = self._moved(guess, guess.ahead * step)
        states, period, p = moved
        phase = self._phase(mesh, guess.states, guess.period, guess.p)
        for count in range(_NEWTON):
            linear = self._linear(mesh, states, period, p)
            missing = step - row @ (self._free(states, period, p) - start)
            right = np.concatenate([linear.rest.ravel(), [0.0, missing]])
            try:
                change = np.linalg.solve(self._bordered(linear, phase, row), right)
            except np.linalg.LinAlgError:
                return None
            if not np.isfinite(change).all():
                return None
            ends = change[:-2].reshape(-1, n)
            maps, by_period, by_p, rest = linear.inner
            inside = np.einsum("irc,ic->ir", maps, ends) + rest
            inside += by_period * change[-2] + by_p * change[-1]
            states = states + np.concatenate(
                [ends[:, None], inside.reshape(len(states), _DEGREE, n)], axis=1
            )
            period, p = period + change[-2], p + change[-1]
            size = max(np.abs(ends / self.field.scales).max(), abs(change[-2] / period),
                       abs(change[-1] / (self.high - self.low)))  # fmt: skip
            if period <= 0 or size > 10.0:
                return None
            if size < _EXACT:
                return self._made(mesh, states, period, float(p), guess.ahead), count + 1
        return None

    def _row(self, mesh: Floats, period: float, across: Floats) -> Floats:
        """A scaled direction as a row that multiplies states at the mesh, the period and p."""
        weights = self._weights(mesh) * np.tile(self.field.scales, len(mesh) - 1)
        others = [across[-2] / period, across[-1] / (self.high - self.low)]
        return np.concatenate([across[:-2] * weights, others])

    def _free(self, states: Floats, period: float, p: float) -> Floats:
        return np.concatenate([states[:, 0].ravel(), [period, p]])

    def _moved(self, guess: Cycle, by: Floats) -> tuple[Floats, float, float]:
        """States, period and p, moved by a scaled direction; inside intervals in straight lines."""
        ends = by[:-2].reshape(-1, self.size) * self.field.scales
        following = np.roll(ends, -1, axis=0)
        part = _basis()[0][None, :, None]
        inside = ends[:, None] * (1.0 - part) + following[:, None] * part
        p = guess.p + by[-1] * (self.high - self.low)
        return guess.states + inside, guess.period * (1.0 + by[-2]), p

    def _made(self, mesh: Floats, states: Floats, period: float, p: float, near: Floats) -> Cycle:
        """With its tangent, that points the way that another does, and its multipliers."""
        linear = self._linear(mesh, states, period, p)
        phase = self._phase(mesh, states, period, p)
        row = self._row(mesh, period, near)
        right = np.zeros(row.size)
        right[-1] = 1.0
        ahead: Any = np.linalg.solve(self._bordered(linear, phase, row), right)
        ahead[:-2] /= np.tile(self.field.scales, len(states))
        ahead[-2] /= period
        ahead[-1] /= self.high - self.low
        ahead /= self._length(mesh, ahead)
        whole = np.eye(self.size)
        for each in linear.maps:
            whole = each @ whole
        return Cycle(mesh, states, period, p, ahead, np.linalg.eigvals(whole).astype(complex))

    def _length(self, mesh: Floats, ahead: Floats) -> float:
        weights = self._weights(mesh) * np.tile(self.field.scales**2, len(mesh) - 1)
        return float(np.sqrt((ahead[:-2] ** 2) @ weights + ahead[-2] ** 2 + ahead[-1] ** 2))

    # ---- meshes

    def adapted(self, cycle: Cycle, intervals: int | None = None) -> Cycle:
        """The same cycle on a mesh, of so many intervals, on which it is equally smooth
        everywhere."""
        width = np.diff(cycle.mesh)
        nodes = _basis()[0]
        inverse = np.linalg.inv(np.vander(nodes, increasing=True))
        highest = np.einsum("j,ijs->is", inverse[-1], cycle.states / self.field.scales)
        highest /= width[:, None] ** _DEGREE
        beyond = np.roll(highest, -1, axis=0) - highest
        beyond /= (0.5 * (width + np.roll(width, -1)))[:, None]
        rough = np.linalg.norm(beyond, axis=1)
        rough = 0.5 * (rough + np.roll(rough, 1))
        density = rough ** (1.0 / (_DEGREE + 1))
        density += 0.05 * (density @ width) + 1e-12
        total = np.concatenate([[0.0], np.cumsum(density * width)])
        count = len(cycle.states) if intervals is None else intervals
        mesh = np.interp(np.linspace(0.0, total[-1], count + 1), total, cycle.mesh)
        mesh[0], mesh[-1] = 0.0, 1.0
        spread = mesh[:-1, None] + np.diff(mesh)[:, None] * nodes
        states = self._at(cycle, spread.ravel()).reshape(count, _DEGREE + 1, self.size)
        ends = cycle.ahead[:-2].reshape(-1, self.size)
        around = np.concatenate([ends, ends[:1]])
        ahead = np.stack([np.interp(mesh[:-1], cycle.mesh, column) for column in around.T], axis=1)
        whole = np.concatenate([ahead.ravel(), cycle.ahead[-2:]])
        whole /= self._length(mesh, whole)
        return Cycle(mesh, states, cycle.period, cycle.p, whole, cycle.multipliers)

    def _at(self, cycle: Cycle, phase: Floats) -> Floats:
        """The states at some phases."""
        which = np.clip(np.searchsorted(cycle.mesh, phase, "right") - 1, 0, len(cycle.states) - 1)
        local = (phase - cycle.mesh[which]) / np.diff(cycle.mesh)[which]
        inverse = np.linalg.inv(np.vander(_basis()[0], increasing=True))
        weights = np.vander(local, _DEGREE + 1, increasing=True) @ inverse
        return np.einsum("rj,rjs->rs", weights, cycle.states[which])

    # ---- along the curve

    def from_hopf(self, x: Floats, p: float, matrix: Floats, omega: float) -> list[Cycle]:
        """The cycles that are born at a Hopf point, as far as they go."""
        values, vectors = np.linalg.eig(matrix)
        q = vectors[:, np.argmin(np.abs(values - 1j * omega))] / 1.0
        q = q / np.linalg.norm(np.abs(q) / self.field.scales)
        mesh = np.linspace(0.0, 1.0, self.intervals + 1)
        phase = mesh[:-1, None] + np.diff(mesh)[:, None] * _basis()[0]
        shape = np.real(q * np.exp(2j * np.pi * phase[..., None]))
        ahead = np.concatenate([(shape[:, 0] / self.field.scales).ravel(), [0.0, 0.0]])
        ahead /= self._length(mesh, ahead)
        born = Cycle(mesh, np.tile(x, (*phase.shape, 1)), 2 * np.pi / omega, p, ahead,
                     np.ones(self.size, dtype=complex))  # fmt: skip
        # at the point itself any phase will do: of a small circle it is known
        small = Cycle(mesh, born.states + _BORN * shape, born.period, p, ahead, born.multipliers)
        found = self.corrected(small, ahead, 0.0)
        return [] if found is None else self._followed(found[0])

    def _followed(self, first: Cycle) -> list[Cycle]:
        cycles, step = [first], _FIRST
        while len(cycles) < _MOST:
            last = self.adapted(cycles[-1])
            # towards another Hopf point ever more slowly: beyond it the same cycles come again
            made = self._next(last, min(step, _NEARER * self._breadth(last)))
            if made is None:
                return cycles
            following, step = made
            if not self.low <= following.p <= self.high:
                ended = self.at_value(following, self.low if following.p < self.low else self.high)
                return [*cycles, ended] if ended is not None else cycles
            cycles.append(following)
            if self.endless(cycles) or self._died(following):
                return cycles
        return cycles

    def endless(self, cycles: list[Cycle]) -> bool:
        """Whether the last of a curve's cycles comes near to a homoclinic orbit: its period is
        long, and grows while what is varied stays."""
        periods = np.array([each.period for each in cycles])
        if periods[-1] > _LONG * periods.min():
            return True
        since = np.flatnonzero(periods < 0.5 * periods[-1])
        if not since.size or periods[-1] < 3.0 * periods.min():
            return False
        places = np.array([each.p for each in cycles[since[-1] :]])
        return bool(np.ptp(places) < _STILL * (self.high - self.low))

    def _died(self, cycle: Cycle) -> bool:
        """Whether it has come to another Hopf point."""
        return self._breadth(cycle) < 0.5 * _BORN

    def _breadth(self, cycle: Cycle) -> float:
        """How far a cycle goes from its middle, in the states' scales."""
        width = np.diff(cycle.mesh)
        weights = 0.5 * (width + np.roll(width, 1))
        at = cycle.states[:, 0] / self.field.scales
        away = ((at - weights @ at) ** 2).sum(axis=1)
        return float(np.sqrt(2.0 * weights @ away))

    def _next(self, last: Cycle, step: float) -> tuple[Cycle, float] | None:
        while step >= _SHORTEST:
            found = self.corrected(last, last.ahead, step)
            if found is not None:
                easy = found[1] <= 4
                return found[0], min(_LONGEST, 1.5 * step) if easy else step
            step /= 2.0
        return None

    def at_value(self, near: Cycle, p: float) -> Cycle | None:
        """The cycle at a value of what is varied."""
        across = np.zeros(near.ahead.size)
        across[-1] = 1.0
        still = Cycle(near.mesh, near.states, near.period, near.p, across, near.multipliers)
        found = self.corrected(still, across, (p - near.p) / (self.high - self.low))
        return None if found is None else found[0]

    def between(
        self, last: Cycle, following: Cycle, value: Callable[[Cycle], float], intervals: int
    ) -> Cycle | None:
        """Where something changes its sign between two cycles of the curve, on a mesh of so many
        intervals."""
        from scipy.optimize import brentq

        finer = self.adapted(last, intervals)
        fine = self.corrected(finer, finer.ahead, 0.0)
        if fine is None:
            return None
        begun = fine[0]
        found: dict[float, Cycle] = {}

        def at(step: float) -> float:
            made = self.corrected(begun, begun.ahead, step)
            if made is None:
                return float("nan")
            found[step] = made[0]
            return value(made[0])

        row = self._row(begun.mesh, begun.period, begun.ahead)
        ends = self._at(following, begun.mesh[:-1])
        gap = np.concatenate([ends.ravel(), [following.period, following.p]])
        whole = float(row @ (gap - self._free(begun.states, begun.period, begun.p)))
        try:
            step: Any = brentq(at, 0.0, 1.05 * whole, (), 1e-12, np.float64(1e-12), 40)
        except (ValueError, RuntimeError):
            return None
        return found.get(float(step)) or found[min(found, key=lambda s: abs(s - step))]
