"""Where cycles change, by a second way that shares nothing with the first but the rates' text:
multiple shooting (Deuflhard 1980; Guckenheimer & Meloon 2000, doi:10.1137/S1064827599359278).

A cycle is cut into stretches; each is run by the compiled Taylor series, and its derivatives are
differences of fourth order of such runs, all lanes of one call. Stretches are of equal duration;
or, where differences would grow too much along them, ever shorter by halves. At a fold what is
varied turns along the curve; at a doubling the maps around the ring, which is given a twist, have a
vector that they keep (bordered matrices: Govaerts 2000).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loligo.lanes import Floats
from loligo.theory.cycles import Cycle
from loligo.theory.field import Field
from loligo.theory.flow import Flow

_STRETCHES = (24, 48, 96)  # tried one after the other
_GROWS = 30.0  # times at most, along one stretch
_SHORTEST, _MOST = 1 << 14, 640  # of a period: a part; stretches
_LARGE = 600  # numbers: more are solved for without the zeros
_INVERSE = 4  # steps of the inverse iteration
_WITHIN = 3  # places of a cycle's mesh, at most, in a stretch that is one of unequal ones
_UNEVEN, _LEAST = 1e-3, 1e-13  # of the largest: so small parts of a vector are measured by theirs
_SOLVED = 1e-10  # s that a usual core takes, for each number cubed
# steps of a state's scale, and weights: of fourth order; where rounding is felt longer ones, of
# eighth
_Differences = tuple[float, tuple[tuple[int, float], ...]]  # how far off; where, and weights
_FOURTH: _Differences = 3e-5, ((-2, 1 / 12), (-1, -8 / 12), (1, 8 / 12), (2, -1 / 12))
_EIGHTH: _Differences = 3e-4, ((-4, 1 / 280), (-3, -4 / 105), (-2, 1 / 5), (-1, -4 / 5),
                 (1, 4 / 5), (2, -1 / 5), (3, 4 / 105), (4, -1 / 280))  # fmt: skip
_NEWTON, _ROUNDS = 8, 8
_EXACT = 3e-10  # of the last of Newton's steps
_FIRST = 1e-4  # of the first step along the curve
_SAME = 1e-11  # of the range of p: the place is as well known
_ROUNDED = 1e-7  # of it: places that differ by rounding alone, where it is large


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
        for parts in _STRETCHES:
            shooting = Shooting(flow, of, cycle, wide, [(k, parts) for k in range(parts)])
            if shooting.growth().max() < _GROWS:
                found = shooting.found(doubling, rounded=False)
                if np.isfinite(found):
                    return found
                break  # more stretches would gather more rounding
        else:
            shooting = _unequal(flow, of, cycle, wide)
        shooting.differences = _EIGHTH
        return shooting.found(doubling)


def as_long_again(flow: Flow, of: Field, cycle: Cycle, wide: float) -> float:
    """What is varied at the cycle that takes as long as another, found near it; NaN where this way
    does not find it."""
    with flow.around(cycle.states[:, 0], cycle.p):
        return _unequal(flow, of, cycle, wide).as_long()


def _unequal(flow: Flow, of: Field, cycle: Cycle, wide: float) -> Shooting:
    """On stretches that are as short as the cycle is rough, and as differences grow along them."""
    cuts = [(k, _STRETCHES[0]) for k in range(_STRETCHES[0])]
    while True:
        inside = [np.diff(np.searchsorted(cycle.mesh, [k / q, (k + 1) / q]))[0] for k, q in cuts]
        finer = _halved(cuts, np.array(inside) > _WITHIN)
        if len(finer) == len(cuts):
            break
        cuts = finer
    while True:
        shooting = Shooting(flow, of, cycle, wide, cuts)
        finer = _halved(cuts, ~(shooting.growth() < _GROWS))
        if len(finer) == len(cuts):
            return shooting
        cuts = finer


def _halved(cuts: list[tuple[int, int]], which: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches, some of which are halved, unless they are many or very short then."""
    if len(cuts) + which.sum() > _MOST:
        return cuts
    made: list[tuple[int, int]] = []
    for (k, parts), halved in zip(cuts, which, strict=True):
        both = halved and parts < _SHORTEST
        made += [(2 * k, 2 * parts), (2 * k + 1, 2 * parts)] if both else [(k, parts)]
    return made


def _solved(matrix: Floats, right: Floats) -> Floats:
    """What solves the equations of the ring."""
    if len(matrix) <= _LARGE:
        return np.linalg.solve(matrix, right).astype(np.float64, copy=False)
    return np.asarray(_factors(matrix).solve(right), dtype=float)


def _nearly_kept(matrix: Floats) -> tuple[Floats, Floats]:
    """The left and the right vector of the smallest singular value."""
    if len(matrix) <= _LARGE:
        left, _, right = np.linalg.svd(matrix)
        return left[:, -1], right[-1]
    factors, right = _factors(matrix), np.ones(len(matrix))
    left = right
    for _ in range(_INVERSE):
        left = factors.solve(right, "T")
        left = left / np.linalg.norm(left)
        right = factors.solve(left)
        right = right / np.linalg.norm(right)
    return left, right


def _factors(matrix: Floats) -> Any:
    """Of a large matrix, mostly of zeros."""
    from scipy.sparse import csc_array
    from scipy.sparse.linalg import splu

    return splu(csc_array(matrix))


class Shooting:
    """Around one cycle.

    Parameters
    ----------
    wide
        What p is measured by.
    cuts
        The stretches into which it is cut: each the k-th of so many equal parts.
    """

    def __init__(
        self, flow: Flow, of: Field, cycle: Cycle, wide: float, cuts: list[tuple[int, int]]
    ) -> None:
        self.flow, self.scales, self.wide = flow, of.scales, wide
        self.period, self.count, self.n = cycle.period, len(cuts), len(of.states)
        self.parts = np.array([parts for _, parts in cuts])
        self.phases = np.array([k for k, _ in cuts]) / self.parts
        states = cycle.at(self.phases)
        rates = of.rates(states, np.full(self.count, cycle.p)) / self.scales
        self.start = np.concatenate([(states / self.scales).ravel(), [1.0, cycle.p / wide]])
        self.still = rates.ravel() / np.linalg.norm(rates)  # the phase: no move along this
        self.along = self._plane(cycle)
        self._of = of
        self.differences = _FOURTH
        self.sizes = np.ones(self.count)  # of the vector that a doubling keeps, at each stretch

    def _plane(self, cycle: Cycle) -> Floats:
        """Across which the first cycle is sought: roughly across the curve."""
        ends = cycle.ahead[:-2].reshape(-1, self.n)
        around = np.concatenate([ends, ends[:1]])
        ahead = np.stack(
            [np.interp(self.phases, cycle.mesh, column) for column in around.T], axis=1
        )
        whole = np.concatenate([ahead.ravel(), cycle.ahead[-2:]])
        return whole / np.linalg.norm(whole)

    def growth(self) -> Floats:
        """How much a difference grows along each stretch; NaN where it is lost."""
        return np.abs(self._equations(self.start, 0.0)[2]).max(axis=(1, 2))

    def as_long(self) -> float:
        """What is varied at the cycle of the same period; NaN if it is not found."""
        self.along = np.zeros(self.start.size)
        self.along[-2] = 1.0
        cycle = self._cycle(self.start, 0.0)
        return float("nan") if cycle is None else float(cycle.z[-1]) * self.wide

    def found(self, doubling: bool, rounded: bool = True) -> float:
        """What is varied where the cycles change; NaN if it is not found, or not but for rounding,
        unless that will do."""
        last = self._cycle(self.start, 0.0)
        if last is None:
            return float("nan")
        self.start, self.along = last.z, last.ahead / np.linalg.norm(last.ahead)
        before, border = self._value(last, doubling, None)
        gone, step = 0.0, _FIRST
        known = [(0.0, before, float(last.z[-1]))]
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
            known.append((gone, now, float(shot.z[-1])))
        return self._through(np.array(known)) if rounded else float("nan")

    def _through(self, known: Floats) -> float:
        """The root of what is known at several steps but for rounding: that of a parabola; NaN if
        they do not lie about one place."""
        steps, values, places = known.T
        if np.ptp(places[-_ROUNDS // 2 :]) > _ROUNDED:
            return float("nan")
        middle = steps.mean()
        roots = np.polynomial.Polynomial.fit(steps - middle, values, 2).roots()
        near = float(roots.real[np.abs(roots - (steps[-1] - middle)).argmin()])
        return float(np.polynomial.Polynomial.fit(steps - middle, places, 2)(near)) * self.wide

    # ---- one cycle

    def _cycle(self, z: Floats, step: float) -> _Shot | None:
        for _ in range(_NEWTON):
            missing, matrix, maps = self._equations(z, step)
            if not np.isfinite(matrix).all():
                return None
            self._spend(z.size)
            try:
                change, ahead = _solved(matrix, np.column_stack([missing, np.eye(z.size)[-1]])).T
            except (np.linalg.LinAlgError, RuntimeError):
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
        ends, maps, by_p = self._differences(states, p, float(z[-2] * self.period))
        rates = self._of.rates(ends * self.scales, np.full(count, p)) / self.scales
        missing = ends - np.roll(z[:-2].reshape(count, n), -1, axis=0)
        matrix = np.zeros((z.size, z.size))
        for k in range(count):
            rows, after = slice(k * n, (k + 1) * n), (k + 1) % count
            matrix[rows, rows] += maps[k]
            matrix[rows, after * n : (after + 1) * n] -= np.eye(n)
        matrix[:-2, -2] = (rates * (self.period / self.parts)[:, None]).ravel()
        matrix[:-2, -1] = by_p.ravel()
        matrix[-2, :-2] = self.still
        away = z - self.start
        matrix[-1] = self.along
        tail = [self.still @ away[:-2], self.along @ away - step]
        return np.concatenate([missing.ravel(), tail]), matrix, maps

    def _differences(
        self, states: Floats, p: float, period: float
    ) -> tuple[Floats, Floats, Floats]:
        """Where stretches end, how that changes with where they begin and with p; all scaled."""
        n, count = self.n, self.count
        width, far_off = self.differences
        moves = np.concatenate([np.eye(n + 1) * far * width for far, _ in far_off])
        moves = np.concatenate([np.zeros((1, n + 1)), moves])
        begun = states[None] + moves[:, None, :n] * self.scales
        places = np.tile((p + moves[:, n] * self.wide)[:, None], (1, count))
        made = np.empty((len(moves), count, n))
        for parts in np.unique(self.parts):
            which = self.parts == parts
            ended = self.flow(begun[:, which].reshape(-1, n).T, places[:, which].ravel(),
                              period / float(parts))  # fmt: skip
            made[:, which] = (ended.T / self.scales).reshape(len(moves), -1, n)
        weights = np.array([weight for _, weight in far_off]) / width
        slopes = np.tensordot(weights, made[1:].reshape(len(far_off), n + 1, count, n), 1)
        return made[0], slopes[:n].transpose(1, 2, 0), slopes[n]

    # ---- what changes its sign

    def _value(self, shot: _Shot, doubling: bool, border: Floats | None) -> tuple[float, Floats]:
        """At a fold how p changes along the curve; at a doubling whether a vector comes back
        turned around: by a matrix with a border, which is made where there is none."""
        if not doubling:
            return float(shot.ahead[-1] / np.linalg.norm(shot.ahead)), np.zeros(0)
        if border is None:
            left, right = _nearly_kept(self._twisted(shot.maps))
            sizes = np.linalg.norm(right.reshape(self.count, self.n), axis=1)
            if sizes.min() < _UNEVEN * sizes.max():
                self.sizes = np.maximum(sizes, _LEAST * sizes.max())
                left, right = _nearly_kept(self._twisted(shot.maps))
            border = np.stack([left, right])
        size = self.n * self.count
        matrix = np.zeros((size + 1, size + 1))
        matrix[:-1, :-1] = self._twisted(shot.maps)
        matrix[:-1, -1], matrix[-1, :-1] = border
        self._spend(size)
        return float(_solved(matrix, np.eye(1, size + 1, size)[0])[-1]), border

    def _spend(self, size: int) -> None:
        self._of.work.spend(_SOLVED * min(size, _LARGE) ** 2 * size)

    def _twisted(self, maps: Floats) -> Floats:
        """The maps around the ring, with a twist. A vector may grow a hundred million times along
        one part of a cycle and shrink by as much along another: it is measured by its size."""
        n, size = self.n, self.n * self.count
        matrix = np.zeros((size, size))
        for k in range(self.count):
            rows, after = slice(k * n, (k + 1) * n), (k + 1) % self.count
            matrix[rows, rows] += maps[k] * (self.sizes[k] / self.sizes[after])
            matrix[rows, after * n : (after + 1) * n] += np.eye(n) if after == 0 else -np.eye(n)
        return matrix
