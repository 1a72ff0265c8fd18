"""The classical experiments, each one call; what they return, `loligo.plot` draws.

Examples
--------
>>> import loligo as lo
>>> found = lo.experiments.velocity(diameter=[100, 400])
>>> found.velocity.dims
('diameter',)
"""

from __future__ import annotations

from loligo.experiments.cable import membrane_and_propagated, passive
from loligo.experiments.encounters import collision, direction, obstacle
from loligo.experiments.myelin import myelinated, node, saltatory
from loligo.experiments.velocities import velocity

__all__ = [
    "collision",
    "direction",
    "membrane_and_propagated",
    "myelinated",
    "node",
    "obstacle",
    "passive",
    "saltatory",
    "velocity",
]
