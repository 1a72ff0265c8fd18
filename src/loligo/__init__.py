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

__version__ = "0.1.0"

# public name -> the module that defines it
_PUBLIC = {
    "Channel": "model",
    "Gate": "model",
    "Membrane": "model",
    "State": "model",
    "load": "model",
    "models": "model",
    "Chirp": "stimulus",
    "Noise": "stimulus",
    "Pulse": "stimulus",
    "PulseTrain": "stimulus",
    "Ramp": "stimulus",
    "Sine": "stimulus",
    "Step": "stimulus",
    "Waveform": "stimulus",
    "Exponential": "solvers",
    "Reference": "solvers",
    "simulate": "simulation",
    "rerun": "simulation",
    "open": "recording",
    "save": "recording",
    "spike_times": "analysis",
    "spike_shape": "analysis",
    "plot": "figures",
    "animate": "figures",
    "LoligoError": "errors",
}

__all__ = [*_PUBLIC, "__version__"]  # noqa: PLE0604  (the table above is the single list of names)


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'loligo' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"loligo.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
