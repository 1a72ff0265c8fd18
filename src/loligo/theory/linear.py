"""A membrane around an equilibrium, linearised: what small currents make of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loligo.lanes import Floats

_LOWEST, _HIGHEST, _PER_DECADE = 1e-6, 1e2, 60  # of the fastest mode: where a peak is looked for
_NARROWED = 12


@dataclass(frozen=True, eq=False)
class Linear:
    """The linearised equations of one membrane.

    Attributes
    ----------
    jacobian : (states, states)
        Per ms, V first.
    capacitance
        uF/cm2.
    """

    jacobian: Floats
    capacitance: float

    def impedance(self, frequency: Floats) -> np.ndarray:
        """Of V to a sinusoidal current, kOhm cm2, complex; at frequencies in Hz."""
        s = 2j * np.pi * np.atleast_1d(frequency) / 1e3
        n = len(self.jacobian)
        matrix = s[:, None, None] * np.eye(n) - self.jacobian
        drive = np.zeros((s.size, n, 1), dtype=complex)
        drive[:, 0] = 1.0
        return np.linalg.solve(matrix, drive)[:, 0, 0] / self.capacitance

    def resonance(self) -> tuple[float, float]:
        """At which frequency (Hz) the impedance is largest, and how many times that at 0 Hz it is
        there; NaN and 1 where it is largest at 0."""
        rates = np.abs(np.linalg.eigvals(self.jacobian))
        fast = float(rates.max()) * 1e3 / (2 * np.pi)
        if not fast or (rates < _LOWEST * rates.max()).any():  # something is kept constant
            return np.nan, np.nan
        count = int(np.log10(_HIGHEST / _LOWEST)) * _PER_DECADE
        grid = fast * np.logspace(np.log10(_LOWEST), np.log10(_HIGHEST), count)
        size = np.abs(self.impedance(grid))
        still = abs(complex(self.impedance(np.zeros(1))[0]))
        top = int(size.argmax())
        if top in (0, count - 1) or size[top] <= still * (1 + 1e-9):
            return np.nan, 1.0
        low, high = grid[top - 1], grid[top + 1]
        for _ in range(_NARROWED):
            fine = np.linspace(low, high, 21)
            there = np.abs(self.impedance(fine))
            top = min(max(int(there.argmax()), 1), 19)
            low, high = fine[top - 1], fine[top + 1]
        return float(fine[top]), float(there[top] / still)
