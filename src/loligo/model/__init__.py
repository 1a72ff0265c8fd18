"""Models: frozen values that say what a paper says. Strings and numbers, no computing."""

from loligo.model.axon import Axon
from loligo.model.course import Course
from loligo.model.drug import TEA, TTX, Drug
from loligo.model.library import load, models
from loligo.model.membrane import Membrane
from loligo.model.parameter import Parameter
from loligo.model.parts import Channel, Gate, State
from loligo.model.region import Myelin, Region
from loligo.model.scheme import Scheme

__all__ = [
    "TEA",
    "TTX",
    "Axon",
    "Channel",
    "Course",
    "Drug",
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
