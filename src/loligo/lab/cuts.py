"""How the tabs Clamp and Axon compute what they show: one table, which Python and the page read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loligo.experiments.common import DIAMETER, RESISTIVITY, STRENGTH
from loligo.experiments.fibre import INTERNODES, NODE, PIECES
from loligo.model.region import LAYER_C, LAYER_E, LAYER_G, PERIOD

# samples of a step that is drawn: so many, and where that is too far apart, ms, more
FAMILY: Mapping[str, float] = {"samples": 240, "apart": 0.05, "most": 4000}

FIBRE: Mapping[str, Any] = {
    "squid": {"diameter": DIAMETER, "resistivity": RESISTIVITY, "strength": STRENGTH},
    "piece": 400.0,  # um of the squid's axon in a compartment,
    "fewest": 60,  # of which there are at least so many
    "most": 320,
    "node": NODE,  # um
    "internode": 100.0,  # times the fibre's diameter
    "internodes": INTERNODES,
    "pieces": PIECES,
    "channels": 10.0,  # times as many at a node
    "layer": {"C": LAYER_C, "G": LAYER_G, "thick": PERIOD, "E": LAYER_E},  # of myelin
    # a time step and a shock's duration, ms
    "bare": {"dt": 0.01, "lasts": 0.2},
    "wrapped": {"dt": 0.005, "lasts": 0.1, "strength": 0.35},  # nA for each um of the fibre
    "start": 0.2,  # ms, of the shock
    "every": 0.05,  # ms between the profiles of a wave
    "above": 25.0,  # mV above where it began: a wave passes,
    "quiet": 8.0,  # and what is left of it
    "longest": 60.0,  # ms
    "held": -65.0,  # mV, where an axon begins that rests nowhere
}
