"""The reference's way through switches: SciPy's solver, stopped where a condition changes.

Nothing of it is shared with the compiled way (:mod:`loligo.engine.switches`): conditions are found
in the SymPy expressions (:mod:`loligo.system.conditions`), each step of the solver is looked at
through its own dense output, and the root is found by Brent's method.
"""

# SciPy ships no types: what comes out of them is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from loligo.lanes import Floats

Method = Callable[[Callable[[float, Floats], Any], float, Floats, float], Any]
_PARTS = 16  # of a step, in each of which a root is looked for
_BEGINNING = 1e-3  # of the first step: on which side it lies there tells on which it begins
_ROUNDED = 1e-12  # of what is compared
_FASTEST, _MOST = 1e-3, 1000  # ms: so many shorter pieces in a row come ever faster


class SlidesError(Exception):
    """No side of some conditions is right, or they change ever faster.

    Attributes
    ----------
    t, states
        Where.
    conditions
        Which they are, as SymPy writes them.
    fast
        Whether they change ever faster.
    """

    def __init__(self, t: float, states: Floats, conditions: list[str], fast: bool) -> None:
        super().__init__(conditions)
        self.t, self.states, self.conditions, self.fast = t, states, conditions, fast


@dataclass
class Solved:
    """The solution of one segment, as SciPy gives it."""

    t: Floats
    y: Floats
    sol: Any
    success: bool = True
    message: str = ""


@dataclass
class Way:
    """One lane's way from switch to switch.

    Parameters
    ----------
    rate
        (t, states, sides) -> how the states change.
    compared
        (t, states, sides) -> (left, right) of every condition.
    method
        (rate, from, states, to) -> a solver of SciPy.
    told
        How each condition is written.
    """

    rate: Callable[[float, Floats, Floats], Any]
    compared: Callable[[float, Floats, Floats], tuple[Floats, Floats]]
    method: Method
    told: Sequence[str]
    times: list[float] = field(default_factory=list[float])
    pieces: list[Any] = field(default_factory=list[Any])
    short: int = 0

    def __post_init__(self) -> None:
        self.sides: Floats = -np.ones(len(self.told))
        self.landed = np.zeros(len(self.told), dtype=bool)

    def solve(self, a: float, b: float, start: Floats) -> Solved:
        """From a to b."""
        from scipy.integrate import OdeSolution

        self.times, self.pieces, self.landed[:] = [a], [], False
        t, y = a, start
        while t < b:
            begun = t
            solver, at = self._begin(t, y, b)
            t, y = self._piece(solver, at, b)
            if solver.status == "failed":
                break
            self._count(t - begun, t, y)
        ends = np.array(self.times)
        sol = OdeSolution(ends, self.pieces)
        message = "" if t >= b else "its steps became too short"
        return Solved(ends, np.stack([start, y], axis=1), sol, t >= b, message)

    def _gap(self, t: float, y: Floats) -> tuple[Floats, Floats]:
        """Right less left of every condition, and what of it is rounding."""
        left, right = self.compared(t, y, self.sides)
        return right - left, _ROUNDED * (np.abs(left) + np.abs(right))

    def _begin(self, t: float, y: Floats, b: float) -> tuple[Any, Any]:
        """A solver that has made its first step with the right sides; which conditions are at
        their switch."""
        tried: set[tuple[float, ...]] = set()
        while True:
            near = self._near(t, y)
            if tuple(self.sides) in tried:
                which = [self.told[k] for k in np.flatnonzero(near).tolist()]
                raise SlidesError(t, y, which, False)
            tried.add(tuple(self.sides))
            sides = self.sides.copy()
            solver = self.method(lambda t, y, sides=sides: self.rate(t, y, sides), t, y, b)
            solver.step()
            if solver.status == "failed":
                return solver, near
            soon = t + _BEGINNING * (solver.t - t)
            there, rounded = self._gap(soon, solver.dense_output()(soon))
            known = near & (np.abs(there) > rounded)
            wrong = known & (np.sign(there) != self.sides)
            if not wrong.any():
                return solver, near
            self.sides = np.where(wrong, -self.sides, self.sides)

    def _near(self, t: float, y: Floats) -> Any:
        """Which conditions are at their switch; the others take the side on which they are."""
        near = self.landed
        for _ in self.told:  # one may stand inside another
            gap, rounded = self._gap(t, y)
            near = self.landed | (np.abs(gap) <= rounded)
            self.sides = np.where(near, self.sides, np.sign(gap))
        return near

    def _piece(self, solver: Any, at: Any, b: float) -> tuple[float, Floats]:
        """Up to the first switch, or the end."""
        first = True
        while solver.status != "failed":
            dense, last = solver.dense_output(), solver.t
            when, which = self._switch(dense, solver.t_old, last, at if first else at & False)
            if when > self.times[-1]:
                self.pieces.append(dense)
                self.times.append(when)
            if which >= 0 or solver.status == "finished":
                self.landed[:] = False
                if which >= 0:
                    self.landed[which] = True
                    self.sides[which] *= -1
                return when, np.asarray(dense(when)) if which >= 0 else solver.y
            first = False
            solver.step()
        return solver.t, solver.y

    def _switch(self, dense: Any, a: float, b: float, at: Any) -> tuple[float, int]:
        """The first switch in a step, and of which condition; the end and -1 if there is none."""
        times = np.linspace(a, b, _PARTS + 1)
        rows = [self._gap(t, dense(t)) for t in times.tolist()]
        gaps = np.stack([g for g, _ in rows]) * self.sides
        rounded = np.stack([r for _, r in rows])
        found = (b, -1)
        for k in range(len(self.told)):
            begin = a + _BEGINNING * (b - a) if at[k] else a
            own = np.concatenate([[begin], times[1:]])
            when = self._root(dense, k, own, gaps[:, k], rounded[:, k])
            if when is not None and when < found[0]:
                found = when, k
        return found

    def _root(
        self, dense: Any, k: int, times: Floats, gap: Floats, rounded: Floats
    ) -> float | None:
        from scipy.optimize import brentq, minimize_scalar

        def at(t: float) -> float:
            return float(self._gap(t, dense(t))[0][k] * self.sides[k])

        gap = np.concatenate([[at(float(times[0]))], gap[1:]])
        for j in range(1, times.size):
            low, high = float(times[j - 1]), float(times[j])
            if gap[j] < -rounded[j]:
                root: Any = low if gap[j - 1] <= 0 else brentq(at, low, high, xtol=1e-14)
                return float(root)
            dips = j + 1 < times.size and gap[j] < min(gap[j - 1], gap[j + 1])
            if dips and gap[j] < 2 * max(gap[j - 1] - gap[j], gap[j + 1] - gap[j]):
                least: Any = minimize_scalar(
                    at,
                    bounds=(low, float(times[j + 1])),
                    method="bounded",
                    options={"xatol": 1e-12},
                )
                if least.fun < -rounded[j] and gap[j - 1] > 0:
                    root = brentq(at, low, float(least.x), xtol=1e-14)
                    return float(root)
        return None

    def _count(self, length: float, t: float, y: Floats) -> None:
        self.short = self.short + 1 if length < _FASTEST and self.landed.any() else 0
        if self.short >= _MOST:
            raise SlidesError(
                t, y, [self.told[k] for k in np.flatnonzero(self.landed).tolist()], True
            )
