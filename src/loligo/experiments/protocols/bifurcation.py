"""Equilibria and cycles as one number is varied: the bifurcation diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loligo.experiments.diagrams import (
    Changes,
    Varied,
    diagram_of,
    field_of,
    left_out,
    listed,
    partly,
    placed,
    spoken_of,
    varied_of,
    with_states_held,
)
from loligo.experiments.drawn import panels
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.membranes import membrane_of
from loligo.experiments.nodes import tree
from loligo.experiments.plan import Plan
from loligo.experiments.runs import protocol
from loligo.model import Membrane
from loligo.theory.flow import Flow
from loligo.theory.orbits import DOUBLING, FOLD, HOMOCLINIC, Orbits, orbits
from loligo.theory.trail import LOST, RANGE, WORK
from loligo.words import say

if TYPE_CHECKING:
    import xarray

_WIDENED = 2  # times a range is made twice as wide


@protocol("following equilibria and cycles")
def bifurcation(
    membrane: Membrane, *, current: Any = None, progress: bool | None = None, **values: Any
) -> xarray.DataTree:
    """The bifurcation diagram: equilibria and cycles, stable and unstable, and where they change.

    Equilibria are followed as in ``equilibria``. From each Hopf point the cycles are followed that
    are born there, through their folds, by orthogonal collocation with exact derivatives (Doedel,
    Keller & Kernevez 1991, doi:10.1142/S0218127491000555; what AUTO does), until they die at
    another Hopf point, leave the range, or their period grows without end. Folds of cycles and
    period doublings are found again by multiple shooting with compiled runs and differences:
    ``precision`` says how far apart the two are. Where the loop of a saddle closes is the limit of
    cycles of ever longer periods, and found again by a run along its unstable direction, or by
    shooting. Where cycles take more work than is given to them, the summary, and the attribute
    ``left_out``, say from where on they were not followed.

    Parameters
    ----------
    membrane : Membrane
    current : pair of float, optional
        uA/cm2, from where to where; if nothing is varied, from 0 to beyond the last change, of
        cycles too (but at most four times that of equilibria).
    progress : bool, optional
        Whether to show a bar.
    **values : pair of float
        A parameter of the membrane instead, and from where to where: ``g_Na=(0, 200)``; or a state
        or a gate, ``Ca_i=(0, 1e-3)``, which then stands still: so a burster's fast subsystem is
        studied.

    Returns
    -------
    xarray.DataTree
        Node ``equilibria`` as of ``equilibria``. Node ``cycles``, over ``point`` along one curve of
        cycles after the other (``curve``): what is varied, every state's extremes (``V_max``,
        ``V_min``), ``period`` (ms), ``frequency`` (Hz), ``stable``, ``multiplier_real`` and
        ``multiplier_imag`` (over ``mode``). Node ``special``, over ``point``: ``kind`` (fold, Hopf,
        fold of cycles, period doubling, homoclinic, saddle-node on a cycle), what is varied, ``V``
        (of cycles the highest), ``period``, ``lyapunov``, ``precision``: how far off the second way
        is; NaN where it does not find the point. Of two states also node ``orbits``: some cycles
        all around, both states over (``cycle``, ``sample``), with what is varied, ``period``,
        ``stable`` and ``phase``.

    Raises
    ------
    UsageError
        If it is no membrane, or not one thing is varied, or equilibria are not alone.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.bifurcation(lo.load("wang-buzsaki-1996"), current=(-1, 30))
    >>> special = found["special"]
    >>> special.kind.values.tolist(), special.current.values.round(4).tolist()
    (['fold', 'saddle-node on a cycle', 'Hopf'], [0.1601, 0.1601, 25.1294])
    """
    patch = with_states_held(membrane_of(membrane, "bifurcation"), values)
    asked = varied_of(patch, "bifurcation", current, values)
    field = field_of(patch, "bifurcation", asked)
    found, varied = diagram_of(field, asked, partly(0.0, 0.3))
    born = orbits(found, Flow(field), partly(0.3, 1.0))
    for _ in range(_WIDENED):
        if asked.low is not None or not _leave(born, found.high):
            break
        found, varied = diagram_of(field, varied.between(0.0, 2.0 * found.high), partly(0.0, 0.3))
        born = orbits(found, Flow(field), partly(0.3, 1.0))
    changes = Changes.of(found)
    unstable = any(not stable for trail in born.trails for stable in trail.stable)
    summary = " ".join([spoken_of(changes, varied), *_spoken(born, varied)])
    lacking = [*left_out(found, varied), *_left_out(born, varied)]
    plane = len(found.field.states) == 2
    return tree(EXPERIMENT, patch, varied, found, changes, born, summary, lacking,
                panels(varied.name, bool(born.trails), unstable, plane))  # fmt: skip


def _leave(born: Orbits, high: float) -> bool:
    """Whether cycles are there yet at the end of a range that nobody asked for."""
    return any(each.ended == RANGE and each.cycles[-1].p == high for each in born.trails)


def _spoken(born: Orbits, varied: Varied) -> list[str]:
    """What becomes of cycles, in words."""
    said: list[str] = []
    of_kind: dict[str, list[float]] = {}
    for turn in born.turns:
        of_kind.setdefault(turn.kind, []).append(turn.p)
    for kind, every in of_kind.items():
        places = listed(every, varied)
        if kind == FOLD:
            said.append(say("Cycles fold at {places}.", places=places))
        elif kind == DOUBLING:
            said.append(say("Their period doubles at {places}.", places=places))
        elif kind == HOMOCLINIC:
            said.append(say("They end at a homoclinic orbit at {places}.", places=places))
        else:
            said.append(
                say(
                    "Their period grows without end at the fold of equilibria at {places}.",
                    places=places,
                )
            )
    return said


def _left_out(born: Orbits, varied: Varied) -> list[str]:
    """What was not done, and what is known by one way only, in words."""
    said: list[str] = []
    for trail in born.trails:
        place = placed(trail.cycles[-1].p, varied)
        if trail.ended == WORK:
            said.append(
                say("Beyond {place} cycles take more work than is given to them.", place=place)
            )
        elif trail.ended == LOST:
            said.append(say("Beyond {place} no further cycle was found.", place=place))
    if born.unborn:
        places = listed(born.unborn, varied)
        said.append(say("No cycle was found near the Hopf point at {places}.", places=places))
    if born.unfollowed:
        places = listed(born.unfollowed, varied)
        said.append(
            say(
                "The cycles from the Hopf point at {places} were not followed: what a call may "
                "take of the processor was used up.", places=places,
            )
        )  # fmt: skip
    if born.unsought:
        said.append(
            say(
                "{count} changes along cycles were seen but not found more closely, for the same "
                "reason.", count=born.unsought,
            )
        )  # fmt: skip
    once = [turn.p for turn in born.turns if not turn.precision < float("inf")]
    if once:
        places = listed(once, varied)
        said.append(say("By one way only, without a second: what lies at {places}.", places=places))
    return said


EXPERIMENT = Experiment(
    bifurcation, theme="membrane", model="membrane",
    chart=Plan(panels("current", cycles=True)),
    facts={"current": Facts("uA/cm2", many=True)},
)  # fmt: skip
