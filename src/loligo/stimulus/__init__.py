"""What is done to a membrane: currents as functions of time, which add and scale.

Every stimulus takes its arguments in one order, start, duration, amplitude, in ms and
µA/cm² (or nA, total current), and every number may be an array over lanes::

    Pulse(5, 1, 20) + 0.5 * Noise(0, 100, 2, tau=3, seed=1)

What the engine and the checks ask of a shape: ``value(t)``, right-continuous;
``integral(a, b)``, exact; ``breakpoints(duration)``, where it is not smooth.
"""

from __future__ import annotations

from loligo.stimulus.base import Shape, Stimulus, Sum
from loligo.stimulus.clamp import Clamp
from loligo.stimulus.document import from_dict
from loligo.stimulus.noise import Noise
from loligo.stimulus.periodic import Chirp, Sine
from loligo.stimulus.place import Placed, Point, at
from loligo.stimulus.pulses import Pulse, PulseTrain, Ramp, Step
from loligo.stimulus.waveform import Waveform
from loligo.stimulus.window import check

__all__ = [
    "Chirp",
    "Clamp",
    "Noise",
    "Placed",
    "Point",
    "Pulse",
    "PulseTrain",
    "Ramp",
    "Shape",
    "Sine",
    "Step",
    "Stimulus",
    "Sum",
    "Waveform",
    "at",
    "check",
    "from_dict",
]
