"""Where cycles change, by a second way that shares nothing with the first but the rates' text:
multiple shooting (Deuflhard 1980; Guckenheimer & Meloon 2000, doi:10.1137/S1064827599359278).

A cycle is cut into stretches of equal duration; each is run by the compiled Taylor series, and its
derivatives are differences of fourth order of such runs, all lanes of one call. At a fold what is
varied turns along the curve; at a doubling the maps around the ring, which is given a twist, have a
vector that they keep (bordered matrices: Govaerts 2000).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loligo.lanes import Floats
from loligo.theory.cycles import Cycle
from loligo.theory.field import Field
from loligo.theory.flow import Flow

_STRETCHES = (24, 48, 96)  # tried one after the other
_GROWS = 30.0  # times at most, along one stretch
_STEP = 3e-5  # of a state's scale, of differences
_FAR = ((-2, 1.0 / 12), (-1, -8.0 / 12), (1, 8.0 / 12), (2, -1.0 / 12))
_NEWTON, _ROUNDS = 8, 8
_EXACT = 3e-10  # of the last of Newton's steps
_FIRST = 1e-4  # of the first step along the curve
_SAME = 1e-11  # of the range of p: the place is as well known


@dataclass(frozen=True)
class _Shot:
    """A cycle as its states at the ends of stretches, in scaled units, its period and p.

    Attributes
    ----------
    z : (stretches x states + 2,)
    ahead
        How it changes with a step along the curve.
    maps : (stretches, states, states)
    """

    z: Floats
    ahead: Floats
    maps: Floats


def turned_again(flow: Flow, of: Field, cycle: Cycle, wide: float, doubling: bool) -> float:
    """What is varied where cycles fold, or their period doubles, near one of them; NaN where this
    way does not find it, or takes too long.

    Parameters
    ----------
    wide
        What p is measured by.
    """
    with flow.around(cycle.states[:, 0], cycle.p):
        for stretches in _STRETCHES:
            shooting = Shooting(flow, of, cycle, wide, stretches)
            if stretches == _STRETCHES[-1] or shooting.growth() < _GROWS:
                found = shooting.found(doubling)
                if np.isfinite(found):
                    return found
    return float("nan")


class Shooting:
    """Around one cycle.

    Parameters
    ----------
    wide
        What p is measured by.
    stretches
        Into which it is cut.
    """

    def __init__(self, flow: Flow, of: Field, cycle: Cycle, wide: float, stretches: int) -> None:
        self.flow, self.scales, self.wide = flow, of.scales, wide
        self.period, self.count, self.n = cycle.period, stretches, len(of.states)
        states = cycle.at(np.arange(self.count) / self.count)
        rates = of.rates(states, np.full(self.count, cycle.p)) / self.scales
        self.start = np.concatenate([(states / self.scales).ravel(), [1.0, cycle.p / wide]])
        self.still = rates.ravel() / np.linalg.norm(rates)  # the phase: no move along this
        self.along = self._plane(cycle)
        self._of = of

    def _plane(self, cycle: Cycle) -> Floats:
        """Across which the first cycle is sought: roughly across the curve."""
        phases = np.arange(self.count) / self.count
        ends = cycle.ahead[:-2].reshape(-1, self.n)
        around = np.concatenate([ends, ends[:1]])
        ahead = np.stack([np.interp(phases, cycle.mesh, column) for column in around.T], axis=1)
        whole = np.concatenate([ahead.ravel(), cycle.ahead[-2:]])
        return whole / np.linalg.norm(whole)

    def growth(self) -> float:
        """How much a difference grows along a stretch, at most."""
        grows = float(np.abs(self._equations(self.start, 0.0)[2]).max())
        return grows if np.isfinite(grows) else float("inf")

    def found(self, doubling: bool) -> float:
        """What is varied where the cycles change; NaN if it is not found."""
        last = self._cycle(self.start, 0.0)
        if last is None:
            return float("nan")
        self.start, self.along = last.z, last.ahead / np.linalg.norm(last.ahead)
        before, border = self._value(last, doubling, None)
        gone, step = 0.0, _FIRST
        for _ in range(_ROUNDS):
            shot = self._cycle(self.start + step * self.along, step)
            if shot is None:
                return float("nan")
            now, border = self._value(shot, doubling, border)
            if now == before:
                return float("nan")
            further = step - now * (step - gone) / (now - before)
            # p moves along a parabola towards a fold: half as far as its slope says
            moves = (further - step) * float(shot.ahead[-1]) * (1.0 if doubling else 0.5)
            if abs(moves) < _SAME:
                return float(shot.z[-1] + moves) * self.wide
            gone, before, step = step, now, further
        return float("nan")

    # ---- one cycle

    def _cycle(self, z: Floats, step: float) -> _Shot | None:
        for _ in range(_NEWTON):
            missing, matrix, maps = self._equations(z, step)
            if not np.isfinite(matrix).all():
                return None
            try:
                right = np.column_stack([missing, np.eye(z.size)[-1]])
                change, ahead = np.linalg.solve(matrix, right).T
            except np.linalg.LinAlgError:
                return None
            z = z - change
            size = np.abs(change).max()
            if size < _EXACT:
                return _Shot(z, ahead, maps)
            if not size < 1.0 or z[-2] <= 0:
                return None
        return None

    def _equations(self, z: Floats, step: float) -> tuple[Floats, Floats, Floats]:
        """What is missing, its derivatives, and the maps alone."""
        n, count = self.n, self.count
        states, p = z[:-2].reshape(count, n) * self.scales, float(z[-1] * self.wide)
        duration = float(z[-2] * self.period / count)
        ends, maps, by_p = self._differences(states, p, duration)
        rates = self._of.rates(ends * self.scales, np.full(count, p)) / self.scales
        missing = ends - np.roll(z[:-2].reshape(count, n), -1, axis=0)
        matrix = np.zeros((z.size, z.size))
        for k in range(count):
            rows, after = slice(k * n, (k + 1) * n), (k + 1) % count
            matrix[rows, rows] += maps[k]
            matrix[rows, after * n : (after + 1) * n] -= np.eye(n)
        matrix[:-2, -2] = (rates * (self.period / count)).ravel()
        matrix[:-2, -1] = by_p.ravel()
        matrix[-2, :-2] = self.still
        away = z - self.start
        matrix[-1] = self.along
        tail = [self.still @ away[:-2], self.along @ away - step]
        return np.concatenate([missing.ravel(), tail]), matrix, maps

    def _differences(
        self, states: Floats, p: float, duration: float
    ) -> tuple[Floats, Floats, Floats]:
        """Where stretches end, how that changes with where they begin and with p; all scaled."""
        n, count = self.n, self.count
        moves = np.concatenate([np.eye(n + 1) * far * _STEP for far, _ in _FAR])
        moves = np.concatenate([np.zeros((1, n + 1)), moves])
        begun = states[None] + moves[:, None, :n] * self.scales
        places = p + np.repeat(moves[:, n], count) * self.wide
        made = self.flow(begun.reshape(-1, n).T, places, duration).T / self.scales
        made = made.reshape(len(moves), count, n)
        weights = np.array([weight for _, weight in _FAR]) / _STEP
        slopes = np.tensordot(weights, made[1:].reshape(len(_FAR), n + 1, count, n), 1)
        return made[0], slopes[:n].transpose(1, 2, 0), slopes[n]

    # ---- what changes its sign

    def _value(self, shot: _Shot, doubling: bool, border: Floats | None) -> tuple[float, Floats]:
        """At a fold how p changes along the curve; at a doubling whether a vector comes back
        turned around: by a matrix with a border, which is made where there is none."""
        if not doubling:
            return float(shot.ahead[-1] / np.linalg.norm(shot.ahead)), np.zeros(0)
        n, size = self.n, self.n * self.count
        matrix = np.zeros((size + 1, size + 1))
        for k in range(self.count):
            rows, after = slice(k * n, (k + 1) * n), (k + 1) % self.count
            matrix[rows, rows] += shot.maps[k]
            matrix[rows, after * n : (after + 1) * n] += np.eye(n) if after == 0 else -np.eye(n)
        if border is None:
            left, _, right = np.linalg.svd(matrix[:-1, :-1])
            border = np.stack([left[:, -1], right[-1]])
        matrix[:-1, -1], matrix[-1, :-1] = border
        return float(np.linalg.solve(matrix, np.eye(size + 1)[-1])[-1]), border
