"""What a recording says: spikes and their shape, conduction"""

from __future__ import annotations

from loligo.analysis.conduction import conduction_velocity
from loligo.analysis.shape import spike_shape
from loligo.analysis.spikes import spike_times

__all__ = [
    "conduction_velocity",
    "spike_shape",
    "spike_times",
]
