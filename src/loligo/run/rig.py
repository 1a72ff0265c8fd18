"""A membrane at an amplifier, if its clamps have one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from loligo.errors import StimulusError
from loligo.lanes import Floats
from loligo.model import Membrane
from loligo.run.cells import Driven
from loligo.run.problem import Problem
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


def coarse(problem: Problem, dt: float) -> str | None:
    """Words for who runs an amplifier by steps too long for its own times; None where they are
    not, or there is none."""
    rig = next((each for each in problem.driven if isinstance(each.shape, Amplifier)), None)
    if rig is None:
        return None
    there = [name for name in _TIMES if name in rig.shape.parameters]
    fastest = min((float(_TIMES[n](problem.lanes.flat(rig.name(n))).min()) for n in there),
                  default=np.inf)  # fmt: skip
    if dt <= _FINE * fastest:
        return None
    return (
        f"steps of {dt:g} ms are long beside the amplifier's own times, of which the shortest is "
        f"{fastest:.3g} ms: V may be tenths of a mV off, and the currents some percent. Leave the "
        f"solver out, or take solver=lo.Exponential(dt={_FINE * fastest:.1g})"
    )


# how long each number of an amplifier says that it takes, ms
_TIMES: Mapping[str, Callable[[Floats], Floats]] = {
    **dict.fromkeys(("compensation_time", "command_time", "rise_time"), lambda time: time),
    **dict.fromkeys(("filter", "second_filter"), lambda kilohertz: 1.0 / (2 * np.pi * kilohertz)),
}
_FINE = 0.1  # V is then some uV off


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
