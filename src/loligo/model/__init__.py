"""Models: frozen values that say what a paper says. Strings and numbers, no computing."""

from loligo.model.axon import Axon
from loligo.model.library import load, models
from loligo.model.membrane import Membrane
from loligo.model.parts import Channel, Gate, Parameter, State
from loligo.model.region import Myelin, Region
from loligo.model.scheme import Scheme

__all__ = [
    "Axon",
    "Channel",
    "Gate",
    "Membrane",
    "Myelin",
    "Parameter",
    "Region",
    "Scheme",
    "State",
    "load",
    "models",
]
