"""What a recording says: when the spikes were and what they looked like."""

from __future__ import annotations

from loligo.analysis.shape import spike_shape
from loligo.analysis.spikes import spike_times

__all__ = ["spike_shape", "spike_times"]
