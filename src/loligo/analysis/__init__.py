"""What a recording says: spikes, their shape and rate, crossings, conduction, leak."""

from __future__ import annotations

from loligo.analysis.conduction import conduction_velocity
from loligo.analysis.crossings import crossings
from loligo.analysis.features import features
from loligo.analysis.leak import leak_subtracted
from loligo.analysis.narrate import narrate
from loligo.analysis.rate import firing_rate
from loligo.analysis.shape import spike_shape
from loligo.analysis.spikes import spike_times

__all__ = [
    "conduction_velocity",
    "crossings",
    "features",
    "firing_rate",
    "leak_subtracted",
    "narrate",
    "spike_shape",
    "spike_times",
]
