"""The lab: the same equations, live in a browser, in one file that needs nothing else."""

from loligo.lab.calling import Lab, lab
from loligo.lab.simulation import Simulation, from_link

__all__ = ["Lab", "Simulation", "from_link", "lab"]
