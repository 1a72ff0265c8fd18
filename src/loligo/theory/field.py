"""A membrane's equations as a vector field with one number that is varied: rates and all their
derivatives, exactly."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loligo.engine.numpy.kernel import evaluate
from loligo.lanes import Floats
from loligo.program.arithmetic import Block
from loligo.program.lower import lower, lowered, slope_by
from loligo.program.recipe import NotSmoothError
from loligo.program.series.digits import TwoKinds
from loligo.program.series.expansion import Series
from loligo.system.outline import STIMULUS, Outline
from loligo.theory.patch import Patch
from loligo.theory.work import Work

Complex = NDArray[np.complex128]
_AHEAD = "ahead."  # before a state: which way it is followed
_HIGHEST = 3  # derivative of the rates that is asked for
_CALL, _ROW = 1.3e-6, 8e-9  # s that an operation takes of a usual core, and for each row


@dataclass(frozen=True, eq=False)
class Field:
    """dx/dt = f(x, p) of a membrane.

    Attributes
    ----------
    varied
        The number p, a parameter's symbol or ``I_stim``.
    work
        What was done with it.
    """

    patch: Patch
    varied: str
    work: Work = field(default_factory=Work)

    @property
    def states(self) -> tuple[str, ...]:
        return self.patch.outline.states

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: k for k, name in enumerate(self.states)}

    @cached_property
    def scales(self) -> Floats:
        """What each state's changes are measured by."""
        return np.array([self.patch.outline.scales[name] for name in self.states])

    def known(self, x: Floats, p: Floats) -> dict[str, Floats]:
        """Every number in the rows of ``x``, (rows, states), and p, (rows,)."""
        rows = len(x)
        numbers = {n: np.full(rows, row[0]) for n, row in self.patch.numbers.items()}
        numbers[STIMULUS] = np.zeros(rows)
        return {**numbers, **dict(zip(self.states, x.T, strict=True)), self.varied: p}

    @property
    def operations(self) -> int:
        """How many the rates are made of."""
        return sum(self._written.rates.count().values())

    def rates(self, x: Floats, p: Floats) -> Floats:
        """(rows, states), per ms."""
        found = self._evaluated(self._written.rates, x, p)
        return np.stack([np.broadcast_to(found[name], len(x)) for name in self.states], axis=1)

    def _evaluated(self, block: Block, x: Floats, p: Floats) -> dict[str, Floats]:
        self.work.spend(len(block.assignments) * (_CALL + _ROW * len(x)))
        return evaluate(block, self.known(x, p))

    def linear(self, x: Floats, p: Floats) -> tuple[Floats, Floats, Floats]:
        """The rates, (rows, states); df/dx, (rows, states, states); df/dp, (rows, states)."""
        names, place = self.states, self._places
        rates, column = np.zeros((2, len(x), len(names)))
        matrix = np.zeros((len(x), len(names), len(names)))
        for name, value in self._evaluated(self._written.slopes, x, p).items():
            row, _, by = name.partition("/")
            if not by:
                rates[:, place[row]] = value
            elif by == self.varied:
                column[:, place[row]] = value
            else:
                matrix[:, place[row], place[by]] = value
        return rates, matrix, column

    def along(self, x: Floats, p: float, ways: Floats, order: int) -> Floats:
        """The derivative of the rates of some order along each way from one point, (ways, states):
        d^k/ds^k f(x + s way) at s = 0.

        Raises
        ------
        NotSmoothError
            If the equations have none.
        """
        rows = len(ways)
        known = self.known(np.tile(x, (rows, 1)), np.full(rows, p))
        known |= {f"{_AHEAD}{n}": way for n, way in zip(self.states, ways.T, strict=True)}
        found = evaluate(self._written.straight, known)
        factorial = float(np.prod(np.arange(1, order + 1)))
        return np.stack(
            [factorial * np.broadcast_to(found[f"{n}/{order}"], rows) for n in self.states], axis=1
        )

    def second(self, x: Floats, p: float) -> Callable[[Any, Any], Complex]:
        """B(u, v) = sum of d^2 f/dx_i dx_j u_i v_j at a point, of complex u and v."""

        def real(u: Floats, v: Floats) -> Floats:
            both = self.along(x, p, np.stack([u + v, u - v]), 2)
            return (both[0] - both[1]) / 4.0

        def bilinear(u: Any, v: Any) -> Complex:
            (a, b), (c, d) = (np.real(u), np.imag(u)), (np.real(v), np.imag(v))
            return real(a, c) - real(b, d) + 1j * (real(a, d) + real(b, c))

        return bilinear

    def third(self, x: Floats, p: float, q: Complex) -> Complex:
        """C(q, q, conj(q)), the third derivatives likewise."""
        a, b = q.real, q.imag
        aaa, bbb, plus, minus = self.along(x, p, np.stack([a, b, a + b, a - b]), 3)
        aab, abb = (plus - minus - 2.0 * bbb) / 6.0, (plus + minus - 2.0 * aaa) / 6.0
        return aaa + abb + 1j * (aab + bbb)

    @cached_property
    def _written(self) -> _Written:
        outline = self.patch.outline
        return _written(_Structure(json.dumps(outline.key), self.varied, outline))


@dataclass(frozen=True)
class _Structure:
    """Equations apart from numbers, told by their key."""

    key: str
    varied: str
    outline: Outline = field(compare=False)


@dataclass(frozen=True, eq=False)
class _Written:
    """What is written once for all membranes of a structure."""

    rates: Block
    slopes: Block
    straight_of: Callable[[], Block]

    @cached_property
    def straight(self) -> Block:
        """The series of the rates along a straight line."""
        return self.straight_of()


@lru_cache(maxsize=8)
def _written(of: _Structure) -> _Written:
    system = of.outline.build()
    rates = lower(system)
    states = tuple(system.states)
    return _Written(
        rates,
        lowered({**system.derivatives, **slope_by(system, of.varied)}, steep=True),
        lambda: _straight(rates, states),
    )


def _straight(rates: Block, states: tuple[str, ...]) -> Block:
    b = TwoKinds()
    start: dict[str, tuple[int, ...]] = {n: (b.input(n),) for n in rates.inputs}
    start |= {n: (b.input(n), b.input(f"{_AHEAD}{n}")) for n in states}
    series = Series(rates, b, start, (), _HIGHEST)
    series.run()
    found = series.beyond(states)
    return b.block({f"{n}/{k}": row[k] for n, row in found.items() for k in range(_HIGHEST + 1)})


def lyapunov(of: Field, x: Floats, p: float, matrix: Floats, omega: float) -> float:
    """The first Lyapunov coefficient of a Hopf point (Kuznetsov 2004, *Elements of Applied
    Bifurcation Theory*, eq. 5.62): below 0 the cycles that are born there are stable in the plane
    in which they lie (supercritical), above 0 they are not. NaN where the rates have no third
    derivatives.

    Parameters
    ----------
    matrix
        df/dx there, with eigenvalues ± i ``omega``.
    """
    values, right = np.linalg.eig(matrix)
    q = right[:, np.argmin(np.abs(values - 1j * omega))]
    # measured by the states' scales: then it does not depend on units
    q = q / np.linalg.norm(q / of.scales)
    values, left = np.linalg.eig(matrix.T)
    adjoint = left[:, np.argmin(np.abs(values + 1j * omega))]
    adjoint = adjoint / np.conj(np.vdot(adjoint, q))
    unit = np.eye(len(x))
    try:
        B = of.second(x, p)
        still = np.linalg.solve(matrix, B(q, q.conj()))
        twice = np.linalg.solve(2j * omega * unit - matrix, B(q, q))
        inside = of.third(x, p, q.astype(complex)) - 2.0 * B(q, still) + B(q.conj(), twice)
    except NotSmoothError:
        return float("nan")
    return float(np.vdot(adjoint, inside).real / (2.0 * omega))
