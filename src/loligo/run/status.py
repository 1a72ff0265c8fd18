"""How each lane of a run ended: one lane's failure is its own."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Status(IntEnum):
    """What became of a lane.

    Attributes
    ----------
    FINE
        It ran to its end with the solver that the recording names.
    EXPONENTIAL
        It was too stiff for the default solver, and ran to its end with ``Exponential``.
    NO_REST
        It has no stable equilibrium to start from.
    NOT_STEADY
        Some state has no steady value at the potential that was given.
    DIVERGED
        A state ceased to be finite.
    STIFF
        It was too stiff for the solver that was asked for.
    SWITCHING
        It slid along the switch of a condition, or came to switches ever faster.
    """

    FINE = 0
    EXPONENTIAL = 1
    NO_REST = 2
    NOT_STEADY = 3
    DIVERGED = 4
    STIFF = 5
    SWITCHING = 6

    @property
    def lost(self) -> bool:
        """Whether the lane has no values."""
        return self > Status.EXPONENTIAL


def lost(status: NDArray[np.int8] | None, lanes: int) -> NDArray[np.bool_]:
    """Which lanes have no values; none where nothing is said."""
    return np.zeros(lanes, dtype=bool) if status is None else status > Status.EXPONENTIAL
