"""What a recording says: spikes and their shape, conduction; and what cable theory says."""

from __future__ import annotations

from loligo.analysis.conduction import conduction_velocity
from loligo.analysis.passive import input_resistance, length_constant
from loligo.analysis.shape import spike_shape
from loligo.analysis.spikes import spike_times
from loligo.analysis.travelling import travelling_wave

__all__ = [
    "conduction_velocity",
    "input_resistance",
    "length_constant",
    "spike_shape",
    "spike_times",
    "travelling_wave",
]
