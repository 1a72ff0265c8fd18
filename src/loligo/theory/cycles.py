"""One cycle after another: Newton's method on the equations of collocation, on meshes that follow
the solution (Russell & Christiansen 1978), along curves by pseudo-arclength (Doedel, Keller &
Kernevez 1991, doi:10.1142/S0218127491000555).

The maps across the intervals, one after the other, are the derivative of the flow over a period:
its eigenvalues are the Floquet multipliers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loligo.lanes import Floats
from loligo.theory.collocation import DEGREE, basis, linear
from loligo.theory.field import Field
from loligo.theory.ring import Ring, ring

Complex = NDArray[np.complex128]

_NEWTON = 8
_EXACT = 1e-10  # of the last of Newton's steps
BORN = 0.01  # of the scales: how large cycles are that are begun with
_FEWEST, _MOST, _FINE = 36, 160, 96  # intervals of a mesh; of one on which a cycle is known best
_FINEST = 200  # of one that comes near to a saddle
_ROUGH = 2e-7  # of the scales: how far a polynomial may be off inside an interval
_TOLD = 0.05  # near to 1
_ROUND = 1.2  # times the breadth
_SAME = 1e-11  # of the range of p: a root that is as well known
_ROUNDED = 1e-8  # of it: roots that differ by rounding alone
_TRIES = 12  # of a root
_STEP, _NUMBER = 5e-4, 4e-7  # s that a step of Newton's takes, and for each number, besides rates


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
    ahead : (intervals x states and two more,)
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

    @property
    def told(self) -> bool:
        """Whether multipliers can be told from rounding, as the one that is always 1 shows."""
        return bool(np.abs(self.multipliers - 1.0).min() < _TOLD)

    def extremes(self, state: int = 0) -> tuple[float, float]:
        """The lowest and the highest V, or another state."""
        found = basis().fine @ self.states[:, :, state].T
        return float(found.min()), float(found.max())

    def at(self, phases: Floats) -> Floats:
        """The states at some phases, (phases, states)."""
        which = np.clip(np.searchsorted(self.mesh, phases, "right") - 1, 0, len(self.states) - 1)
        local = (phases - self.mesh[which]) / np.diff(self.mesh)[which]
        return np.einsum("rj,rjs->rs", basis().at(local), self.states[which])


class Cycles:
    """The cycles of a field, between two values of what is varied."""

    def __init__(self, of: Field, low: float, high: float) -> None:
        self.field, self.low, self.high = of, low, high
        self.size = len(of.states)

    # ---- how far apart cycles are

    def _weights(self, mesh: Floats) -> Floats:
        """By which products of two sets of states at the mesh are an integral over the phase."""
        width = np.diff(mesh)
        around = 0.5 * (width + np.roll(width, 1))
        return (around[:, None] / self.field.scales**2).ravel()

    def _phase(self, cycle: Cycle) -> Floats:
        """The row that fixes the phase: no move along the cycle."""
        ends = cycle.states[:, 0]
        row = self.field.rates(ends, np.full(len(ends), cycle.p)).ravel()
        row *= self._weights(cycle.mesh)
        return row / np.linalg.norm(row)

    def _row(self, cycle: Cycle, across: Floats) -> Floats:
        """A scaled direction as a row that multiplies states at the mesh, the period and p."""
        weights = self._weights(cycle.mesh) * np.tile(self.field.scales, len(cycle.states))
        others = [across[-2] / cycle.period, across[-1] / (self.high - self.low)]
        return np.concatenate([across[:-2] * weights, others])

    def _length(self, mesh: Floats, ahead: Floats) -> float:
        weights = self._weights(mesh) * np.tile(self.field.scales**2, len(mesh) - 1)
        return float(np.sqrt((ahead[:-2] ** 2) @ weights + ahead[-2] ** 2 + ahead[-1] ** 2))

    def turned(self, last: Cycle, following: Cycle) -> float:
        """By how much the curve turns between two cycles on the same mesh, rad."""
        weights = self._weights(last.mesh) * np.tile(self.field.scales**2, len(last.states))
        weights = np.append(weights, [1.0, 1.0])
        product = float(last.ahead * weights @ following.ahead)
        return float(np.arccos(np.clip(product, -1.0, 1.0)))

    def breadth(self, cycle: Cycle) -> float:
        """How far a cycle goes from its middle, in the states' scales."""
        width = np.diff(cycle.mesh)
        weights = 0.5 * (width + np.roll(width, 1))
        at = cycle.states[:, 0] / self.field.scales
        away = ((at - weights @ at) ** 2).sum(axis=1)
        return float(np.sqrt(2.0 * weights @ away))

    def round(self, cycle: Cycle) -> bool:
        """Whether it is no farther from its middle anywhere than mostly, as small ones are."""
        reach = np.ptp(cycle.states.reshape(-1, self.size), axis=0) / self.field.scales / 2.0
        return bool(reach.max() < _ROUND * self.breadth(cycle))

    def waits(self, cycle: Cycle) -> float:
        """How far it would go in a period as slowly as it goes anywhere, of its breadth."""
        states = cycle.states[:, :-1].reshape(-1, self.size)
        rates = self.field.rates(states, np.full(len(states), cycle.p)) / self.field.scales
        slowest = float(np.linalg.norm(rates, axis=1).min())
        return slowest * cycle.period / self.breadth(cycle)

    def moves(self, cycle: Cycle) -> float:
        """How much of a step along the curve is a move of states and of p, 0 to 1: the rest is one
        of the period."""
        return float(np.sqrt(max(0.0, 1.0 - cycle.ahead[-2] ** 2)))

    def apart(self, one: Cycle, other: Cycle) -> float:
        """How far two cycles are apart, by V's extremes, the period and p."""
        V = (np.array(one.extremes()) - other.extremes()) / self.field.scales[0]
        period = np.log(one.period / other.period)
        return float(np.linalg.norm([*V, period, (one.p - other.p) / (self.high - self.low)]))

    # ---- one cycle

    def corrected(
        self, guess: Cycle, across: Floats, step: float, exact: bool = False
    ) -> tuple[Cycle, int] | None:
        """The cycle a step ahead of another, on the plane across ``across``, and how many steps of
        Newton's method it took.

        Parameters
        ----------
        across
            In the units of :attr:`Cycle.ahead`.
        exact
            Whether multipliers are those of the cycle itself, not of the one that Newton's method
            came from, a ten-billionth of the scales away: they may be a million times as far off.
        """
        row, phase = self._row(guess, across), self._phase(guess)
        rows = np.stack([np.append(phase, [0.0, 0.0]), row])
        start = _free(guess)
        at = self._moved(guess, step)
        for count in range(_NEWTON):
            missing = step - row @ (_free(at) - start)
            made = self._newton(at, rows, np.array([0.0, missing]))
            if made is None:
                return None
            at, size, around = made
            if at.period <= 0 or size > 10.0:
                return None
            if size < _EXACT and not exact:
                return self._made(at, around, rows), count + 1
            exact = exact and not size < _EXACT
        return None

    def _newton(self, at: Cycle, rows: Floats, missing: Floats) -> tuple[Cycle, float, Ring] | None:
        """A step of Newton's method, its size, and the equations that it solved."""
        with np.errstate(all="ignore"):
            try:
                near = linear(self.field, at.mesh, at.states, at.period, at.p)
                around = ring(near.maps, near.sides)
                ends, change = around.solved(rows, missing)
            except np.linalg.LinAlgError:
                return None
            inside = near.inside(ends, change)
        numbers = at.states.size * self.size // 4
        self.field.work.spend(_STEP + _NUMBER * numbers)
        if not np.isfinite(inside).all():
            return None
        states = at.states + np.concatenate([ends[:, None], inside], axis=1)
        size = max(np.abs(ends / self.field.scales).max(), abs(change[0] / at.period),
                   abs(change[1] / (self.high - self.low)))  # fmt: skip
        period, p = at.period + change[0], at.p + change[1]
        return replace(at, states=states, period=float(period), p=float(p)), float(size), around

    def _made(self, cycle: Cycle, around: Ring, rows: Floats) -> Cycle:
        """With its tangent, that points the way that it was sought, and its multipliers."""
        bare = Ring(around.left, around.right, around.side * [1.0, 1.0, 0.0], _bare(around.path))
        ends, change = bare.solved(rows, np.array([0.0, 1.0]))
        scaled = (ends / self.field.scales).ravel()
        numbers = [change[0] / cycle.period, change[1] / (self.high - self.low)]
        ahead = np.concatenate([scaled, numbers])
        ahead /= self._length(cycle.mesh, ahead)
        return replace(cycle, ahead=ahead, multipliers=around.multipliers())

    def _moved(self, guess: Cycle, step: float) -> Cycle:
        """Moved along its tangent; inside intervals in straight lines."""
        by = guess.ahead * step
        ends = by[:-2].reshape(-1, self.size) * self.field.scales
        following = np.roll(ends, -1, axis=0)
        part = basis().nodes[None, :, None]
        inside = ends[:, None] * (1.0 - part) + following[:, None] * part
        period, p = guess.period * (1.0 + by[-2]), guess.p + by[-1] * (self.high - self.low)
        return replace(guess, states=guess.states + inside, period=float(period), p=float(p))

    def small(self, x: Floats, p: float, matrix: Floats, omega: float) -> Cycle | None:
        """The small cycle near a Hopf point, as small as it must be to be found."""
        tried = (self._small(x, p, matrix, omega, size) for size in (BORN, BORN / 10, BORN / 100))
        return next((cycle for cycle in tried if cycle is not None), None)

    def _small(
        self, x: Floats, p: float, matrix: Floats, omega: float, size: float
    ) -> Cycle | None:
        values, vectors = np.linalg.eig(matrix)
        q = vectors[:, np.argmin(np.abs(values - 1j * omega))] / 1.0
        q = q / np.linalg.norm(np.abs(q) / self.field.scales)
        mesh = np.linspace(0.0, 1.0, _FEWEST + 1)
        phase = mesh[:-1, None] + np.diff(mesh)[:, None] * basis().nodes
        shape = np.real(q * np.exp(2j * np.pi * phase[..., None]))
        ahead = np.concatenate([(shape[:, 0] / self.field.scales).ravel(), [0.0, 0.0]])
        ahead /= self._length(mesh, ahead)
        # at the point itself any phase will do: of a small circle it is known
        born = Cycle(mesh, x + size * shape, 2 * np.pi / omega, p, ahead,
                     np.ones(self.size, dtype=complex))  # fmt: skip
        found = self.corrected(born, ahead, 0.0)
        return None if found is None else found[0]

    def at_value(self, near: Cycle, p: float) -> Cycle | None:
        """The cycle at a value of what is varied."""
        across = np.zeros(near.ahead.size)
        across[-1] = 1.0
        found = self.corrected(
            replace(near, ahead=across), across, (p - near.p) / (self.high - self.low)
        )
        return None if found is None else found[0]

    def of_period(self, near: Cycle, period: float) -> Cycle | None:
        """The cycle that takes so long, on a mesh on which it is known best."""
        finer = self.adapted(near, max(_FINEST, 2 * len(near.states)))
        across = np.zeros(finer.ahead.size)
        across[-2] = 1.0
        step = period / near.period - 1.0
        found = self.corrected(replace(finer, ahead=across), across, step)
        return None if found is None else found[0]

    # ---- meshes

    def adapted(self, cycle: Cycle, intervals: int | None = None) -> Cycle:
        """The same cycle on a mesh on which it is equally smooth everywhere, of so many intervals,
        or of as many as it needs."""
        width = np.diff(cycle.mesh)
        highest = np.einsum("j,ijs->is", basis().inverse[-1], cycle.states / self.field.scales)
        highest /= width[:, None] ** DEGREE
        beyond = np.roll(highest, -1, axis=0) - highest
        beyond /= (0.5 * (width + np.roll(width, -1)))[:, None]
        rough = np.linalg.norm(beyond, axis=1)
        rough = 0.5 * (rough + np.roll(rough, 1))
        density = rough ** (1.0 / (DEGREE + 1))
        # what a polynomial through five equidistant places is off by is 3.6/(4^5 5!) of this
        needed = density @ width * (3e-5 / _ROUGH) ** (1.0 / (DEGREE + 1))
        density += 0.05 * (density @ width) + 1e-12
        total = np.concatenate([[0.0], np.cumsum(density * width)])
        count = int(np.clip(needed, _FEWEST, _MOST)) if intervals is None else intervals
        mesh = np.interp(np.linspace(0.0, total[-1], count + 1), total, cycle.mesh)
        mesh[0], mesh[-1] = 0.0, 1.0
        spread = mesh[:-1, None] + np.diff(mesh)[:, None] * basis().nodes
        states = cycle.at(spread.ravel()).reshape(count, DEGREE + 1, self.size)
        ends = cycle.ahead[:-2].reshape(-1, self.size)
        around = np.concatenate([ends, ends[:1]])
        ahead = np.stack([np.interp(mesh[:-1], cycle.mesh, column) for column in around.T], axis=1)
        whole = np.concatenate([ahead.ravel(), cycle.ahead[-2:]])
        whole /= self._length(mesh, whole)
        return replace(cycle, mesh=mesh, states=states, ahead=whole)

    # ---- between two of a curve

    def between(
        self, last: Cycle, following: Cycle, value: Callable[[Cycle], float]
    ) -> Cycle | None:
        """Where something changes its sign between two cycles of the curve: by bisection and
        secants on the mesh of the first, then by secants on one that is much finer."""
        from scipy.optimize import brentq

        begun = self.adapted(last, len(following.states))
        row = self._row(begun, begun.ahead)
        ends = np.concatenate([following.at(begun.mesh[:-1]).ravel(),
                               [following.period, following.p]])  # fmt: skip
        whole = float(row @ (ends - _free(begun)))
        made: dict[float, Cycle] = {0.0: last, whole: following}

        def at(step: float) -> float:
            if step not in made:
                found = self.corrected(begun, begun.ahead, step)
                if found is None:
                    return float("nan")
                made[step] = found[0]
            return value(made[step])

        try:
            root: Any = brentq(at, 0.0, whole, (), 1e-5 * whole, np.float64(1e-5), 40)
        except (ValueError, RuntimeError):
            return None
        near = made[min(made, key=lambda step: abs(step - root))]
        return self.sharpened(near, value)

    def sharpened(
        self, near: Cycle, value: Callable[[Cycle], float], exact: bool = False
    ) -> Cycle | None:
        """The root near a cycle, on a mesh of its own that is twice as fine, but for rounding."""
        finer = self.adapted(near, max(_FINE, 2 * len(near.states)))
        one = self.corrected(finer, finer.ahead, 0.0, exact)
        if one is None:
            return None
        begun = one[0]
        last, step, before = begun, 1e-4, value(begun)
        gone, moved = 0.0, float("inf")
        for _ in range(_TRIES):
            following = self.corrected(begun, begun.ahead, step, exact)
            if following is None:
                return None
            now = value(following[0])
            over = now * (step - gone) / (now - before) if now != before else 0.0
            moved = abs(over) * (abs(following[0].ahead[-1]) + 1e-3)
            last, gone, before, step = following[0], step, now, step - over
            if moved < _SAME or abs(over) < 1e-12:
                return last
        return last if moved < _ROUNDED else None


def _free(cycle: Cycle) -> Floats:
    return np.concatenate([cycle.states[:, 0].ravel(), [cycle.period, cycle.p]])


def _bare(path: Floats) -> Floats:
    """Without what is missing."""
    bare = path.copy()
    bare[:, :, -1] = 0.0
    return bare
