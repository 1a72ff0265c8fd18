"""The travelling wave as a boundary-value problem, without a cable and without steps in time.

A wave that keeps its shape is one function of s = t - x/velocity, and the cable equation becomes
ordinary (Hodgkin & Huxley 1952, doi:10.1113/jphysiol.1952.sp004764, equations 30 and 31):

    V'' = K (V' - f(V, gates)),    K = 2 R C velocity^2 / a,

with f the membrane's own dV/dt without stimulus, R the axial resistivity and a the radius. It
leaves rest along the one direction in which rest is unstable, and returns to rest: that holds for
isolated values of K alone, the largest of which is the wave that one sees. K is first bracketed
by shooting (above it V runs away upwards, just below it downwards), then found together with
the profile by collocation. It does not depend on the geometry: velocities are as the root of
diameter/R exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from loligo.engine.kernel import Kernel
from loligo.engine.numpy.kernel import evaluate
from loligo.errors import RunError
from loligo.run.equilibrium import rest

Array = np.ndarray

# K (1/ms) is looked for on this grid, from above. The squid axon's is 10.5 at 18.5 °C.
_SCAN = np.geomspace(2e3, 0.05, 181)
_KICK = 1e-3  # mV off rest, along the unstable direction
_UP = 200.0  # mV above rest: V runs away upwards
_DOWN, _BELOW_E = 30.0, 15.0  # mV below rest and below every reversal potential: downwards
_CALM = 3.0  # mV from rest: no gate has become fast yet
_MOST_STEPS = 6_000
_NARROW = 1e-12  # relative width of the bracket: shots then agree for some 27 e-folds
_SETTLED = 9.0  # e-folds of the slowest state that the tail of the profile lasts
_LONGEST_TAIL = 60.0  # ms


class NoWaveError(RunError):
    """The membrane does not conduct."""


@dataclass(frozen=True, eq=False)
class Wave:
    """A travelling wave of a membrane.

    Attributes
    ----------
    K : float
        1/ms.
    uncertainty : float
        Of ``K``: how far a hundred times coarser tolerance moves it.
    peak : float
        ms, on the axis of ``at``.
    span : (float, float)
        ms: from rest to rest.
    at
        Times (ms) -> states, (states, times).
    """

    K: float
    uncertainty: float
    peak: float
    span: tuple[float, float]
    at: Callable[[Array], Array]


def find(kernel: Kernel, parameters: Mapping[str, float], tolerance: float) -> Wave:
    """The fastest travelling wave of the membrane in ``kernel`` with these numbers.

    Raises
    ------
    NoWaveError
        The membrane does not conduct.
    RunError
        It has no resting potential.
    """
    equations = _Equations(kernel, parameters)
    return _collocated(equations, _bracket(equations), tolerance)


class _Equations:
    """y = (V, V', other states) along s, and their linearisation at rest."""

    def __init__(self, kernel: Kernel, parameters: Mapping[str, float]) -> None:
        self.block = kernel.program.blocks["derivative"]
        self.names = kernel.program.states
        self.numbers = {**parameters, "I_stim": 0.0}
        columns = {name: np.array([float(value)]) for name, value in parameters.items()}
        states = rest(kernel, columns)[0][:, 0]
        self.rest = np.concatenate((states[:1], [0.0], states[1:]))
        self.jacobian = self._jacobian(states)
        reversals = [v for name, v in parameters.items() if name.startswith("E_")]
        low = min([states[0] - _DOWN, *(v - _BELOW_E for v in reversals)])
        self.down, self.up = float(low - states[0]), _UP
        self.fastest = self._fastest(states, np.linspace(self.down, self.up, 51))
        self.calmest = self._fastest(states, np.linspace(-_CALM, _CALM, 3))

    def membrane(self, states: Array) -> Array:
        """d(states)/dt of the membrane alone: (states, points)."""
        found = evaluate(self.block, {**self.numbers, **dict(zip(self.names, states, strict=True))})
        return np.array([np.broadcast_to(found[name], states.shape[1:]) for name in self.names])

    def __call__(self, y: Array, K: Array | float) -> Array:
        """dy/ds, (2 + gates, points)."""
        f = self.membrane(np.concatenate((y[:1], y[2:])))
        with np.errstate(all="ignore"):  # what runs away may run far
            return np.concatenate((y[1:2], (K * (y[1] - f[0]))[None], f[1:]))

    def _jacobian(self, states: Array) -> Array:
        count = states.size
        step = 1e-5 * np.maximum(np.abs(states), 1e-3)
        up, down = (states[:, None] + sign * np.diag(step) for sign in (1, -1))
        slopes = (self.membrane(up) - self.membrane(down)) / (2 * step)
        return slopes.reshape(count, count)

    def _fastest(self, states: Array, around: Array) -> float:
        """The greatest rate (1/ms) of any gate where V is so far (mV) from rest."""
        voltage = states[0] + around
        here = np.tile(states[:, None], voltage.size)
        here[0] = voltage
        before = self.membrane(here)
        fastest = 1e-3
        for row in range(1, len(states)):
            moved = here.copy()
            moved[row] += 1e-4
            slope = (self.membrane(moved)[row] - before[row]) / 1e-4
            fastest = max(fastest, float(np.abs(slope).max()))
        return fastest

    def linear(self, K: float) -> Array:
        """The Jacobian of dy/ds at rest."""
        f = self.jacobian
        matrix = np.zeros((len(f) + 1, len(f) + 1))
        kept = np.r_[0, 2 : len(f) + 1]  # V and the other states; V' stands between them
        matrix[0, 1] = 1.0
        matrix[1, kept] = -K * f[0]
        matrix[1, 1] = K
        matrix[np.ix_(kept[1:], kept)] = f[1:]
        return matrix

    def leaving(self, K: float) -> tuple[float, Array, Array]:
        """Rate, direction (1 mV of V) and left eigenvector of the way out of rest."""
        found: Any = np.linalg.eig(self.linear(K))
        rates, directions = found
        out = int(np.argmax(np.where(rates.imag == 0, rates.real, -np.inf)))
        direction = (directions[:, out] / directions[0, out]).real
        left = np.linalg.inv(directions)[out]
        return float(rates[out].real), direction, (left / left[0]).real


# ------------------------------------------------------------------------ shooting


def _bracket(equations: _Equations) -> tuple[float, float]:
    """K just below and just above that of the fastest wave."""
    trials = _SCAN
    while True:
        fate = _fates(equations, trials)
        below = np.flatnonzero(fate < 0)
        if not below.size or below[0] == 0:
            raise NoWaveError(
                "this membrane has no travelling wave: an action potential dies out on it. "
                "Cool it, or give it more sodium conductance"
            )
        high, low = trials[below[0] - 1], trials[below[0]]
        middle = np.linspace(high, low, 26)
        if high - low < _NARROW * high or (np.diff(middle) >= 0).any():
            return float(low), float(high)
        trials = middle


def _fates(equations: _Equations, trials: Array) -> Array:
    """For every K, whether V runs away upwards (1) or downwards (-1); 0 if neither is seen."""
    rates, starts = [], []
    for K in trials:
        rate, direction, _ = equations.leaving(float(K))
        rates.append(rate)
        starts.append(equations.rest + _KICK * direction)
    y, rate = np.array(starts).T, np.array(rates)
    fate = np.zeros(trials.size)
    left = np.arange(trials.size)
    for _ in range(_MOST_STEPS):
        y = _runge_kutta(equations, y, trials[left], _step(equations, rate[left], y[0]))
        off = y[0] - equations.rest[0]
        gone = ~((off < equations.up) & (off > equations.down))  # also what is no number any more
        if gone.any():
            fate[left[gone]] = np.where(off[gone] < equations.down, -1.0, 1.0)
            y, left = y[:, ~gone], left[~gone]
            # an upward fate at a higher K than a downward one is all that is asked for
            below = np.flatnonzero(fate < 0)
            if not left.size or (below.size and not (left < below[0]).any()):
                break
    return fate


def _step(equations: _Equations, rates: Array, V: Array) -> Array:
    """ms: what resolves the way out of rest, and is stable for the fastest gate there is at V."""
    calm = np.abs(V - equations.rest[0]) < _CALM
    gates = np.where(calm, equations.calmest, equations.fastest)
    return np.minimum(0.1 / rates, np.minimum(0.02, 2.0 / gates))


def _runge_kutta(equations: _Equations, y: Array, K: Array, step: Array) -> Array:
    with np.errstate(all="ignore"):
        a = equations(y, K)
        b = equations(y + 0.5 * step * a, K)
        c = equations(y + 0.5 * step * b, K)
        d = equations(y + step * c, K)
        return y + step / 6 * (a + 2 * b + 2 * c + d)


# ------------------------------------------------------------------------ collocation


def _collocated(equations: _Equations, bracket: tuple[float, float], tolerance: float) -> Wave:
    """K and the profile together, from what shooting found."""
    from scipy.integrate import solve_bvp

    times, profile = _guess(equations, *bracket)
    K = bracket[0]

    def boundary(start: Array, end: Array, unknown: Array) -> Array:
        _, direction, left = equations.leaving(float(unknown[0]))
        return np.append(start - equations.rest - _KICK * direction, left @ (end - equations.rest))

    found: Any = None
    values = []
    for finer in (100 * tolerance, tolerance):
        found = solve_bvp(
            lambda s, y, unknown: equations(y, unknown[0]),
            boundary, times, profile, p=[K], tol=finer, max_nodes=200_000,
        )  # fmt: skip
        if not found.success:
            raise RunError(f"the travelling wave was bracketed but not refined ({found.message})")
        values.append(float(found.p[0]))
        times, profile, K = found.x, found.y, values[-1]
    uncertainty = abs(values[1] - values[0])
    kept = np.r_[0, 2 : len(equations.rest)]
    peak = float(found.x[np.argmax(found.y[0])])
    return Wave(values[1], uncertainty, peak, (0.0, float(times[-1])), lambda s: found.sol(s)[kept])


def _guess(equations: _Equations, low: float, high: float) -> tuple[Array, Array]:
    """Times and states of a whole wave: shot as far as it goes, then as the membrane recovers."""
    from scipy.integrate import solve_ivp

    low, high = low * (1 - _NARROW), high * (1 + _NARROW)
    both = [equations.leaving(K) for K in (low, high)]
    y = np.stack([equations.rest + _KICK * direction for _, direction, _ in both], axis=1)
    rates = np.array([rate for rate, _, _ in both])
    rows, s = [y[:, 0]], [0.0]
    for _ in range(_MOST_STEPS):
        steps = _step(equations, rates, y[0])
        y = _runge_kutta(equations, y, np.array([low, high]), steps)
        if not np.abs(y[0, 0] - y[0, 1]) < 0.1:  # they part on either side of the wave
            break
        rows.append(y[:, 0])
        s.append(s[-1] + float(steps[0]))
    shot = np.array(rows).T
    slowest = -max(r for r in np.linalg.eigvals(equations.linear(low)).real if r < 0)
    tail = min(_SETTLED / slowest, _LONGEST_TAIL)
    last = shot[:, -1]
    after = solve_ivp(
        lambda _, x: equations.membrane(x[:, None])[:, 0],
        (0.0, tail), np.append(last[:1], last[2:]), method="LSODA", rtol=1e-6, atol=1e-8,
    )  # fmt: skip
    slope = np.array([equations.membrane(x[:, None])[0, 0] for x in after.y.T])
    recovery = np.concatenate((after.y[:1], slope[None], after.y[1:]))
    later = after.t > 1e-3  # LSODA begins with steps that are no steps here
    return (
        np.concatenate((np.array(s), s[-1] + after.t[later])),
        np.concatenate((shot, recovery[:, later]), axis=1),
    )
