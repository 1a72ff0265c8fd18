"""loligo: conductance-based membranes become action potentials.

The whole design in one line::

    Model ──► System ──► Program ──► Kernel ──► Recording
    paper      ODEs      one step     machine     labelled
    text     (SymPy)  (arithmetic)     code        arrays

>>> import loligo as lo
>>> squid = lo.load("hodgkin-huxley-1952")
>>> rec = lo.simulate(squid, lo.Pulse(start=5, duration=40, amplitude=10), duration=50)
>>> rec.V.dims
('time',)

Public names are imported when first used, so that ``import loligo`` stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from loligo import stimulus  # light: the names alone

if TYPE_CHECKING:  # for editors and type checkers; at run time see `__getattr__`
    from loligo import experiments
    from loligo.again import rerun
    from loligo.analysis import (
        conduction_velocity,
        crossings,
        features,
        firing_rate,
        leak_subtracted,
        narrate,
        spike_shape,
        spike_times,
    )
    from loligo.citing import cite
    from loligo.errors import LoligoError
    from loligo.explanation import explain
    from loligo.figures import animate, plot
    from loligo.lab.calling import lab
    from loligo.lab.simulation import from_link
    from loligo.many import design, rows
    from loligo.model import (
        TEA,
        TTX,
        Axon,
        Channel,
        Course,
        Drug,
        Gate,
        Membrane,
        Myelin,
        Region,
        Scheme,
        State,
        load,
        models,
    )
    from loligo.model.library import library
    from loligo.recording import open, save
    from loligo.run.until import Spikes
    from loligo.simulation import simulate
    from loligo.solvers import Exponential, Reference, Taylor
    from loligo.stimulus import *  # noqa: F403  (what it names is public)
    from loligo.stimulus.amplifier import Amplifier
    from loligo.stimulus.place import at
    from loligo.sweeps import sweep, sweep_status
    from loligo.theory import (
        input_resistance,
        length_constant,
        rest,
        steady_state,
        travelling_wave,
    )
    from loligo.words import language

__version__ = "0.1.0"

__all__ = [
    "TEA",
    "TTX",
    "Amplifier",
    "Axon",
    "Channel",
    "Course",
    "Drug",
    "Exponential",
    "Gate",
    "LoligoError",
    "Membrane",
    "Myelin",
    "Reference",
    "Region",
    "Scheme",
    "Spikes",
    "State",
    "Taylor",
    "animate",
    "at",
    "cite",
    "conduction_velocity",
    "crossings",
    "design",
    "experiments",
    "explain",
    "features",
    "firing_rate",
    "from_link",
    "input_resistance",
    "lab",
    "language",
    "leak_subtracted",
    "length_constant",
    "library",
    "load",
    "models",
    "narrate",
    "open",
    "plot",
    "rerun",
    "rest",
    "rows",
    "save",
    "simulate",
    "spike_shape",
    "spike_times",
    "steady_state",
    "sweep",
    "sweep_status",
    "travelling_wave",
]
__all__ += stimulus.__all__

# module -> the public names that it defines
_MODULES = {
    "again": ("rerun",),
    "analysis": (
        "conduction_velocity", "crossings", "features", "firing_rate", "leak_subtracted",
        "narrate", "spike_shape", "spike_times",
    ),
    "citing": ("cite",),
    "errors": ("LoligoError",),
    "explanation": ("explain",),
    "figures": ("animate", "plot"),
    "lab.calling": ("lab",),
    "lab.simulation": ("from_link",),
    "many": ("design", "rows"),
    "model": (
        "TEA", "TTX", "Axon", "Channel", "Course", "Drug", "Gate", "Membrane", "Myelin", "Region",
        "Scheme", "State", "load", "models",
    ),
    "model.library": ("library",),
    "recording": ("open", "save"),
    "run.until": ("Spikes",),
    "simulation": ("simulate",),
    "solvers": ("Exponential", "Reference", "Taylor"),
    "stimulus": stimulus.__all__,
    "stimulus.amplifier": ("Amplifier",),
    "stimulus.place": ("at",),
    "sweeps": ("sweep", "sweep_status"),
    "theory": (
        "input_resistance", "length_constant", "rest", "steady_state", "travelling_wave",
    ),
    "words": ("language",),
}  # fmt: skip
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name == "experiments":  # a part with names of its own
        return importlib.import_module("loligo.experiments")
    if name not in _HOME:
        raise AttributeError(f"module 'loligo' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"loligo.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
