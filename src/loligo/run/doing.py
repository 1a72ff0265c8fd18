"""What is done to a membrane, all of it together: what follows from that, and what cannot be."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from loligo.errors import StimulusError
from loligo.lanes import Grid, Labelled
from loligo.model.check import warn_of_volts
from loligo.program.term import EDGE_TOLERANCE
from loligo.run.cells import Driven
from loligo.stimulus.applied import Applied
from loligo.stimulus.clamp import VoltageClamp
from loligo.system.driven import ON, SHOCK

# of the whole cell, and for each cm2
_WHOLE = {
    "conductance": ("a total conductance (uS)", "conductance in mS/cm2"),
    "shock": ("a whole charge (nC)", "charge in nC/cm2"),
    "clamp": ("held through a whole resistance (Mohm)", "series_resistance in 'ohm*cm2'"),
}


def driven_by(shapes: tuple[Applied, ...]) -> tuple[Driven, ...]:
    """Where V is held, the charge of every jump is noted: of an ideal clamp, and of a shock."""
    held = any(ON in shape.inputs for shape in shapes)
    return tuple(
        Driven(f"stimulus{i}", shape, noted=held and not {ON, SHOCK}.isdisjoint(shape.inputs))
        for i, shape in enumerate(shapes)
    )


def warn_of_clamps_in_volts(shapes: Sequence[object]) -> None:
    """Say so where a command, in mV, is as small as if it were in volts."""
    clamps = [shape for shape in shapes if isinstance(shape, VoltageClamp)]
    for name in ("voltage", "to"):
        commands = {f"the {name} of {clamp!r:.60}": getattr(clamp, name) for clamp in clamps}
        warn_of_volts({n: v for n, v in commands.items() if isinstance(v, float | Labelled)})


def refuse_two_clamps(driven: tuple[Driven, ...], lanes: Grid, duration: float) -> None:
    """V has one command at a time."""
    clamps = [each for each in driven if isinstance(each.shape, VoltageClamp)]
    for one, other in itertools.combinations(clamps, 2):
        (start, end), (again, until) = one.span(lanes), other.span(lanes)
        begins = np.maximum(start, again)
        both = np.minimum(np.minimum(end, until), duration) - begins > EDGE_TOLERANCE
        if both.any():
            raise StimulusError(
                f"{one.shape!r} and {other.shape!r} are on at the same time, from "
                f"{begins[both][0]:g} ms on; let one end where the other begins"
            )


def refuse_whole(shape: Applied) -> None:
    """Where there is no area to spread it over."""
    if shape.total:
        what, density = _WHOLE.get(shape.kind, ("a total current (nA)", "current in uA/cm2"))
        raise StimulusError(
            f"{shape!r} is {what}, but the membrane has no area to spread it "
            f"over; give one, model.replace(area=1000) in um2, or the {density}"
        )
