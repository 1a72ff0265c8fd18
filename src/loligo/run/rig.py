"""A membrane at an amplifier, if its clamps have one."""

from __future__ import annotations

from loligo.errors import StimulusError
from loligo.model import Membrane
from loligo.run.cells import Driven
from loligo.stimulus.amplifier import Amplifier
from loligo.stimulus.applied import Applied
from loligo.stimulus.clamp import VoltageClamp
from loligo.system.amplifier import OWNER, amplified
from loligo.system.outline import Outline


def at_rig(
    membrane: Membrane, outline: Outline, driven: tuple[Driven, ...]
) -> tuple[Outline, tuple[Driven, ...]]:
    """The System with the amplifier, and the amplifier's numbers beside what is done.

    Raises
    ------
    StimulusError
        If clamps have different ones, or the membrane has no area or one of a recording's names.
    """
    amplifier = _amplifier(tuple(each.shape for each in driven))
    if amplifier is None:
        return outline, driven
    if membrane.area is None:
        raise StimulusError(
            "an amplifier counts in pA, pF and MOhm, so the membrane needs an area: "
            "model.replace(area=2000) in um2"
        )
    return amplified(outline, amplifier), (*driven, Driven(OWNER, amplifier))


def _amplifier(shapes: tuple[Applied, ...]) -> Amplifier | None:
    """The one that all clamps have."""
    clamps = [shape for shape in shapes if isinstance(shape, VoltageClamp)]
    found = {clamp.amplifier: clamp for clamp in clamps}
    if len(found) > 1:
        one, other = list(found.values())[:2]
        raise StimulusError(
            f"all clamps of a run have the same amplifier or none, but {one!r} has another than "
            f"{other!r}; give each of them amplifier=rig, with rig = lo.Amplifier(...)"
        )
    return next(iter(found), None)
