"""What is done to a membrane: currents as functions of time, which add and scale.

Every stimulus takes its arguments in one order, start, duration, amplitude, in ms and
µA/cm² (or nA, total current), and every number may be an array over lanes::

    Pulse(5, 1, 20) + 0.5 * Noise(0, 100, 2, tau=3, seed=1)

What the engine and the checks ask of a shape: ``value(t)``, right-continuous;
``integral(a, b)``, exact; ``breakpoints(duration)``, where it is not smooth; and the facts that
its class declares (:class:`loligo.stimulus.applied.Applied`).

Here are only names, so that ``import loligo`` and the help of the command line stay light: a
class is imported when it is used. A new kind is its class, its name and its line here, and its
arithmetic in `program/drive.py`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for editors and type checkers; at run time see `__getattr__`
    from loligo.stimulus.clamp import Clamp, VoltageClamp
    from loligo.stimulus.noise import Noise
    from loligo.stimulus.periodic import Chirp, Sine
    from loligo.stimulus.pulses import Pulse, PulseTrain, Ramp, Step
    from loligo.stimulus.shock import Shock
    from loligo.stimulus.synapses import Alpha, Conductance
    from loligo.stimulus.waveform import Waveform

__all__ = [  # noqa: RUF022  (the order of the help)
    "Pulse",
    "Step",
    "PulseTrain",
    "Ramp",
    "Sine",
    "Chirp",
    "Noise",
    "Waveform",
    "Alpha",
    "Conductance",
    "Shock",
    "VoltageClamp",
    "Clamp",
]


class Entry:
    """Where a class is, and how the command line takes it: ``--pulse START DURATION AMPLITUDE``.

    Attributes
    ----------
    home
        Its module.
    option, usage, help
        Of the command line; in `usage`, the values in capitals, then the settings: ``[tau=…]``.
    """

    # no dataclass: importing those takes ten times as long as all of `import loligo`
    def __init__(self, home: str, option: str = "", usage: str = "", help: str = "") -> None:
        self.home, self.option, self.usage, self.help = home, option, usage, help


ENTRIES: dict[str, Entry] = {
    "Pulse": Entry(
        "pulses", "--pulse", "START DURATION AMPLITUDE",
        "A rectangular pulse.",
    ),
    "Step": Entry(
        "pulses", "--step", "START AMPLITUDE",
        "A step that stays on.",
    ),
    "PulseTrain": Entry(
        "pulses", "--train", "START DURATION AMPLITUDE INTERVAL COUNT",
        "Pulses, one every INTERVAL.",
    ),
    "Ramp": Entry(
        "pulses", "--ramp", "START DURATION AMPLITUDE",
        "From 0 to AMPLITUDE, then off.",
    ),
    "Sine": Entry(
        "periodic", "--sine", "START DURATION AMPLITUDE FREQUENCY [phase=…]",
        "FREQUENCY in Hz.",
    ),
    "Chirp": Entry(
        "periodic", "--chirp", "START DURATION AMPLITUDE FREQUENCY_START FREQUENCY_END",
        "A sine of rising frequency, in Hz.",
    ),
    "Noise": Entry(
        "noise", "--noise", "START DURATION AMPLITUDE [seed=…] [tau=…] [mean=…] [interval=…]",
        "White, or coloured with tau.",
    ),
    "Waveform": Entry(
        "waveform", "--waveform", "FILE [start=…] [amplitude=…] [hold=…]",
        "Two columns, time (ms) and current, in the units that they state; or a recording. "
        "hold=yes: steps that last until the next.",
    ),
    "Alpha": Entry(
        "synapses", "--alpha", "START TAU AMPLITUDE",
        "An alpha function that peaks after TAU.",
    ),
    "Conductance": Entry(
        "synapses", "--conductance", "START g E [duration=…] [tau=…] [rise=…]",
        "G, mS/cm², that reverses at E, mV: open for duration, or with tau and rise as a synapse, "
        "or as a FILE in place of G says.",
    ),
    "Shock": Entry("shock", "--shock", "START AMPLITUDE", "V displaced, mV; or by '5 nC/cm2'."),
    "VoltageClamp": Entry(
        "clamp", "--clamp", "START DURATION VOLTAGE [to=…] [series_resistance=…]",
        "V held at VOLTAGE, mV (several: -60:40:11), or led along a FILE in its place; moving to "
        "another with to; repeat for steps.",
    ),
    "Clamp": Entry("clamp"),
}  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in ENTRIES:
        raise AttributeError(f"module 'loligo.stimulus' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"loligo.stimulus.{ENTRIES[name].home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
