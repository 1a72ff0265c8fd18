"""What a recording says: spikes, their shape and rate, crossings of any level, conduction."""

from __future__ import annotations

from loligo.analysis.conduction import conduction_velocity
from loligo.analysis.crossings import crossings
from loligo.analysis.rate import firing_rate
from loligo.analysis.shape import spike_shape
from loligo.analysis.spikes import spike_times

__all__ = [
    "conduction_velocity",
    "crossings",
    "firing_rate",
    "spike_shape",
    "spike_times",
]
