"""DOP853 whose solution is as exact between its steps as it is at their ends.

Where a state decays much faster than the solution moves, as a gate or an electrode's current does
under a clamp, the method's error estimate allows steps up to its limit of stability, and what lies
between the ends of such steps is a polynomial through stages that are far off: of a gate of
16/ms at -90 mV it was wrong by 5.6e-9 with a tolerance of 1e-13.
"""

# SciPy ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUntypedBaseClass=false

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.integrate import DOP853

from loligo.lanes import Floats

# Steps times the fastest rate. The limit of stability is about 6; up to 4 the polynomial was no
# worse between the ends than in steps that accuracy alone decides.
_MOST = 4.0
# from step to step, of what is known of that rate
_KEPT = 0.98


class Dense(DOP853):
    """Steps are no longer than the fastest decay allows.

    It is estimated from the rates at two states at the end of a step, as in Hairer's own program
    (Hairer & Wanner, *Solving Ordinary Differential Equations II*, section IV.2).
    """

    # per ms
    decay = 0.0

    def _estimate_error_norm(self, K: Floats, h: float, scale: Floats) -> float:
        accuracy: Any = super()._estimate_error_norm(K, h, scale)
        last = self.n_stages - 1
        between = K[: last + 1].T @ self.B - K[:last].T @ self.A[last, :last]
        apart = float(np.linalg.norm(between / scale))
        # the rates' difference over the states', which is h times `between`
        rates = float(np.linalg.norm((K[last + 1] - K[last]) / scale))
        fastest = rates / (abs(h) * apart) if apart > 0 else 0.0
        # where the fastest state stands still, the two differ by what is slower
        self.decay = max(fastest, _KEPT * self.decay)
        decay = self.decay * abs(h)
        return max(float(accuracy), (decay / _MOST) ** (-1.0 / self.error_exponent))
