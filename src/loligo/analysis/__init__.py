"""What a recording says: spikes and their shape, conduction, currents without leak"""

from __future__ import annotations

from loligo.analysis.conduction import conduction_velocity
from loligo.analysis.leak import leak_subtracted
from loligo.analysis.shape import spike_shape
from loligo.analysis.spikes import spike_times

__all__ = [
    "conduction_velocity",
    "leak_subtracted",
    "spike_shape",
    "spike_times",
]
