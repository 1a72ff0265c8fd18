"""Where a saddle's loop closes, by a second way: no cycles, but the saddle's unstable direction,
followed by a compiled run until it comes back, and by how much it misses the stable one."""

from __future__ import annotations

from typing import Any

import numpy as np

from loligo.lanes import Floats
from loligo.theory.cycles import Cycle
from loligo.theory.field import Field
from loligo.theory.flow import Flow

_FINE = 4001  # phases of a cycle
_NEAR = 3e-5  # of the scales: so near to the saddle a run begins and ends
_APART = 1e-5  # of a state's scale: steps of differences
_ROUNDS = 12
_DIGITS = 16.0  # e-fold: what a run may lose at the end, if digits are to be left
_FIRST, _SAME = 1e-8, 1e-11  # of the range of p


def closed_again(flow: Flow, of: Field, cycle: Cycle, wide: float) -> float:
    """What is varied where a loop closes, near a cycle of long period; NaN where it is not found.

    Parameters
    ----------
    wide
        What p is measured by.
    """
    with flow.around(cycle.states[:, 0], cycle.p):
        try:
            loop = _Loop(flow, of, cycle)
            return loop.found(wide) if loop.sound else float("nan")
        except (np.linalg.LinAlgError, ValueError):
            return float("nan")


class _Loop:
    """Around one cycle."""

    def __init__(self, flow: Flow, of: Field, cycle: Cycle) -> None:
        self.flow, self.of, self.cycle = flow, of, cycle
        phases = np.linspace(0.0, 1.0, _FINE)[:-1]
        states = cycle.at(phases) / of.scales
        slow = np.abs(of.rates(states * of.scales, np.full(len(states), cycle.p)) / of.scales)
        first = int(slow.max(axis=1).argmin())
        self.guess = states[first]
        saddle, matrix = self._saddle(cycle.p)
        values = np.linalg.eigvals(matrix)
        self.sound = bool((values.real > 0).sum() == 1)
        if not self.sound:
            return
        grows = float(values.real.max())
        falls = float(-values.real[values.real < 0].max())
        away = np.linalg.norm(np.roll(states, -first, axis=0) - saddle, axis=1)
        far = min(max(3.0 * float(away.min()), 1e-3), 0.1)
        outside = np.flatnonzero(away > far)
        between = (outside[-1] - outside[0]) / (_FINE - 1) * cycle.period
        # while it comes back along the slowest of the stable directions it is driven away
        self.sound = bool(np.log(far / _NEAR) * grows / falls < _DIGITS)
        self.duration = between + np.log(far / _NEAR) * (1.0 / grows + 1.0 / falls)
        self.toward = np.roll(states, -first, axis=0)[outside[0]] - saddle

    def _saddle(self, p: float) -> tuple[Floats, Floats]:
        """The scaled states, and the matrix there, by differences."""
        from scipy.optimize import root

        def rates(u: Floats) -> Floats:
            return self.of.rates((u * self.of.scales)[None], np.array([p]))[0] / self.of.scales

        at = root(rates, self.guess, tol=1e-13).x
        steps = _APART * np.eye(at.size)
        matrix = np.stack([(rates(at + e) - rates(at - e)) / (2 * _APART) for e in steps], axis=1)
        return at, matrix

    def missed(self, p: float) -> float:
        """By how much the run misses the stable directions, along the unstable one."""
        saddle, matrix = self._saddle(p)
        values: Any
        right: Any
        left: Any
        values, right = np.linalg.eig(matrix)
        out = np.real(right[:, values.real.argmax()])
        out = out / np.linalg.norm(out)
        out = out if out @ self.toward > 0 else -out
        values, left = np.linalg.eig(matrix.T)
        across = np.real(left[:, values.real.argmax()])
        across = across / (across @ out)
        start = (saddle + _NEAR * out) * self.of.scales
        ended = self.flow(start[:, None], np.array([p]), float(self.duration))[:, 0]
        return float(across @ (ended / self.of.scales - saddle))

    def found(self, wide: float) -> float:
        """By secants."""
        last, now = self.cycle.p, self.cycle.p + _FIRST * wide
        before = self.missed(last)
        for _ in range(_ROUNDS):
            value = self.missed(now)
            if not np.isfinite(value) or value == before:
                return float("nan")
            further = now - value * (now - last) / (value - before)
            if abs(further - self.cycle.p) > 1e-3 * wide:
                return float("nan")
            if abs(further - now) < _SAME * wide:
                return further
            last, before, now = now, value, further
        return float("nan")
