"""The classical experiments, each one call; what they return, `loligo.plot` draws.

Each is a file of its own in ``protocols/``, found there by its name and imported when it is first
used.

Examples
--------
>>> import loligo as lo
>>> found = lo.experiments.velocity(diameter=[100, 400])
>>> found.velocity.dims
('diameter',)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from loligo.errors import nearest
from loligo.experiments.table import named, names

if TYPE_CHECKING:
    # For editors and type checkers, which cannot look into a folder. An experiment that is not
    # listed here works all the same; they then know it as a call that returns a Dataset.
    from collections.abc import Callable

    import xarray

    from loligo.experiments.fibre import myelinated as myelinated
    from loligo.experiments.fibre import node as node
    from loligo.experiments.protocols.accommodation import accommodation as accommodation
    from loligo.experiments.protocols.action_potential import action_potential as action_potential
    from loligo.experiments.protocols.activation_curve import activation_curve as activation_curve
    from loligo.experiments.protocols.adaptation import adaptation as adaptation
    from loligo.experiments.protocols.anode_break import anode_break as anode_break
    from loligo.experiments.protocols.bifurcation import bifurcation as bifurcation
    from loligo.experiments.protocols.clamp_family import clamp_family as clamp_family
    from loligo.experiments.protocols.collision import collision as collision
    from loligo.experiments.protocols.depolarisation_block import (
        depolarisation_block as depolarisation_block,
    )
    from loligo.experiments.protocols.direction import direction as direction
    from loligo.experiments.protocols.equilibria import equilibria as equilibria
    from loligo.experiments.protocols.fi_curve import fi_curve as fi_curve
    from loligo.experiments.protocols.inactivation_curve import (
        inactivation_curve as inactivation_curve,
    )
    from loligo.experiments.protocols.input_impedance import input_impedance as input_impedance
    from loligo.experiments.protocols.iv_curve import iv_curve as iv_curve
    from loligo.experiments.protocols.membrane_and_propagated import (
        membrane_and_propagated as membrane_and_propagated,
    )
    from loligo.experiments.protocols.obstacle import obstacle as obstacle
    from loligo.experiments.protocols.passive import passive as passive
    from loligo.experiments.protocols.phase_plane import phase_plane as phase_plane
    from loligo.experiments.protocols.phase_response import phase_response as phase_response
    from loligo.experiments.protocols.rate_functions import rate_functions as rate_functions
    from loligo.experiments.protocols.recovery_from_inactivation import (
        recovery_from_inactivation as recovery_from_inactivation,
    )
    from loligo.experiments.protocols.refractory_period import (
        refractory_period as refractory_period,
    )
    from loligo.experiments.protocols.resting_state import resting_state as resting_state
    from loligo.experiments.protocols.saltatory import saltatory as saltatory
    from loligo.experiments.protocols.strength_duration import (
        strength_duration as strength_duration,
    )
    from loligo.experiments.protocols.tail_currents import tail_currents as tail_currents
    from loligo.experiments.protocols.temperature_dependence import (
        temperature_dependence as temperature_dependence,
    )
    from loligo.experiments.protocols.threshold import threshold as threshold
    from loligo.experiments.protocols.velocity import velocity as velocity
    from loligo.experiments.protocols.window_current import window_current as window_current

_FIBRE = ("myelinated", "node")  # what experiments are made on

# No checker knows what lies in a folder: for those, the names are listed above.
__all__ = sorted((*_FIBRE, *names()))  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Callable[..., xarray.Dataset | xarray.DataTree]:
    if name in _FIBRE:
        value = getattr(importlib.import_module("loligo.experiments.fibre"), name)
    elif name in names():
        value = named(name).run
    else:
        close = nearest(name, __all__)
        raise AttributeError(f"module 'loligo.experiments' has no attribute {name!r}{close}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
