"""Models: frozen values that say what a paper says. Strings and numbers, no computing."""

from loligo.model.axon import Axon, Myelin, Region
from loligo.model.document import load, models
from loligo.model.membrane import Membrane
from loligo.model.parts import Channel, Gate, Parameter, State

__all__ = [
    "Axon",
    "Channel",
    "Gate",
    "Membrane",
    "Myelin",
    "Parameter",
    "Region",
    "State",
    "load",
    "models",
]
