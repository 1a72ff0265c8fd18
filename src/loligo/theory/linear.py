"""A membrane around an equilibrium, linearised: what small currents make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from loligo.lanes import Floats

_LOWEST, _HIGHEST, _PER_DECADE = 1e-6, 1e2, 60  # of the fastest mode: where a peak is looked for
_NARROWED = 12
_HARDLY = 1e-9  # beyond the impedance at 0 Hz: no peak


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

    def impedance(self, frequency: Any) -> np.ndarray:
        """Of V to a sinusoidal current, kOhm cm2, complex; at frequencies in Hz."""
        size = len(self.jacobian)
        turning = 2j * np.pi * np.asarray(frequency)[..., None, None] / 1e3 * np.eye(size)
        first = np.eye(size)[:, :1]
        return np.linalg.solve(turning - self.jacobian, first)[..., 0, 0] / self.capacitance

    def resonance(self) -> tuple[float, float]:
        """At which frequency (Hz) the impedance is largest, and how many times that at 0 Hz it is
        there; NaN where it is largest at 0."""
        rates = np.abs(np.linalg.eigvals(self.jacobian))
        fast, nothing = float(rates.max()) * 1e3 / (2 * np.pi), (np.nan, np.nan)
        if not fast or (rates < _LOWEST * rates.max()).any():  # something is kept constant
            return nothing
        count = int(np.log10(_HIGHEST / _LOWEST)) * _PER_DECADE
        grid = fast * np.geomspace(_LOWEST, _HIGHEST, count)
        size, still = np.abs(self.impedance(grid)), float(np.abs(self.impedance(0.0)))
        top = int(size.argmax())
        if top in (0, count - 1) or size[top] <= still * (1 + _HARDLY):
            return nothing
        low, high, best, most = grid[top - 1], grid[top + 1], grid[top], size[top]
        for _ in range(_NARROWED):
            fine = np.linspace(low, high, 21)
            there = np.abs(self.impedance(fine))
            top = min(max(int(there.argmax()), 1), 19)
            low, high, best, most = fine[top - 1], fine[top + 1], fine[top], there[top]
        return float(best), float(most / still)
