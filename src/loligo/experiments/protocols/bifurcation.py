"""Equilibria and cycles as one number is varied: the bifurcation diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.diagrams import (
    Changes,
    Varied,
    diagram_of,
    equilibria_variables,
    field_of,
    placed,
    special_variables,
    spoken_of,
    varied_of,
    with_ends,
)
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import membrane_of
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.runs import done, protocol
from loligo.model import Membrane
from loligo.theory.flow import flow_of
from loligo.theory.orbits import DOUBLING, FOLD, HOMOCLINIC, Orbits, Turn, orbits
from loligo.words import say

if TYPE_CHECKING:
    import xarray


@protocol("following equilibria and cycles")
def bifurcation(
    membrane: Membrane, *, current: Any = None, progress: bool | None = None, **values: Any
) -> xarray.Dataset:
    """The bifurcation diagram: equilibria and cycles, stable and unstable, and where they change.

    Equilibria are followed as in ``equilibria``. From each Hopf point the cycles are followed that
    are born there, through their folds, by orthogonal collocation with exact derivatives (Doedel,
    Keller & Kernevez 1991, doi:10.1142/S0218127491000555; what AUTO does), until they die at
    another Hopf point, leave the range, or their period grows without end. Folds of cycles and
    period doublings are found on two meshes: ``cycle_precision`` says how far apart they are.

    Parameters
    ----------
    membrane : Membrane
    current : pair of float, optional
        uA/cm2, from where to where; if nothing is varied, from 0 to beyond the last change.
    progress : bool, optional
        Whether to show a bar.
    **values : pair of float
        A parameter of the membrane instead, and from where to where: ``g_Na=(0, 200)``.

    Returns
    -------
    xarray.Dataset
        What ``equilibria`` returns; over ``cycle``, what is varied along one curve of cycles after
        the other: ``V_max`` and ``V_min``, ``period`` (ms), ``cycle_frequency`` (Hz),
        ``cycle_stable``, ``multiplier_real`` and ``multiplier_imag`` (over ``mode``); over
        ``cycle_change``, what is varied where cycles change: ``cycle_kind`` (fold of cycles, period
        doubling, homoclinic, saddle-node on a cycle), its period and extremes, ``cycle_precision``.

    Raises
    ------
    UsageError
        If it is no membrane, or not one thing is varied, or equilibria are not alone.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.bifurcation(lo.load("wang-buzsaki-1996"), current=(-1, 30))
    >>> found.cycle_kind.values.tolist(), found.cycle_change.values.round(4).tolist()
    (['saddle-node on a cycle'], [0.1601])
    """
    patch = membrane_of(membrane, "bifurcation")
    varied = varied_of(patch, "bifurcation", current, values)
    found, varied = diagram_of(field_of(patch, "bifurcation", varied), varied)
    born = orbits(found, flow_of(found.field), done)
    changes = Changes.of(found)
    along, places = equilibria_variables(found, varied)
    special, coords = special_variables(changes, varied)
    cycles, cycle_places = _cycles(born, varied, len(found.field.states))
    turns, turn_places = _turns(born.turns, varied)
    unstable = any(not each.stable for trail in born.trails for each in trail.cycles)
    summary = " ".join([spoken_of(changes, varied), *_spoken(born, varied)])
    return dataset(
        EXPERIMENT, f"Bifurcation diagram against {varied.name}",
        {**along, **special, **cycles, **turns},
        {**places, **coords, **cycle_places, **turn_places}, patch, summary=summary,
        **Plan(_panels(varied.name, bool(born.trails), unstable)).attributes,
    )  # fmt: skip


def _cycles(
    born: Orbits, varied: Varied, modes: int
) -> tuple[dict[str, Any], dict[str, Any]]:  # fmt: skip
    """Variables over ``cycle``, with gaps between curves; the coordinate."""
    rows: list[np.ndarray] = []
    for number, trail in enumerate(born.trails):
        for each in trail.cycles:
            order = np.argsort(-np.abs(each.multipliers), kind="stable")
            own = each.multipliers[order]
            low, high = each.extremes()
            head = [number, each.p, each.period, low, high, each.stable]
            rows.append(np.concatenate([head, own.real, own.imag]))
        rows.append(np.full(6 + 2 * modes, np.nan))
    table = np.array(rows[:-1]) if rows else np.full((1, 6 + 2 * modes), np.nan)
    number, p, period, low, high, steady = table[:, :6].T
    real, imag = np.split(table[:, 6:], 2, axis=1)
    stable = steady == 1
    unstable = ~stable & np.isfinite(p)
    frequency = 1e3 / period
    variables: dict[str, Any] = {
        "V_max": ("cycle", high, told("mV", "highest V of a cycle")),
        "V_min": ("cycle", low, told("mV", "lowest V of a cycle")),
        "stable_V_max": ("cycle", with_ends(high, stable), told(
            "mV", "highest V of a stable cycle", label="cycles, highest V")),
        "stable_V_min": ("cycle", with_ends(low, stable), told(
            "mV", "lowest V of a stable cycle", label="cycles, lowest V")),
        "unstable_V_max": ("cycle", with_ends(high, unstable), told(
            "mV", "highest V of an unstable cycle", label="unstable")),
        "unstable_V_min": ("cycle", with_ends(low, unstable), told(
            "mV", "lowest V of an unstable cycle", label="unstable")),
        "stable_frequency": ("cycle", with_ends(frequency, stable), told(
            "Hz", "frequency", label="stable")),
        "unstable_frequency": ("cycle", with_ends(frequency, unstable), told(
            "Hz", "frequency of an unstable cycle", label="unstable")),
        "period": ("cycle", period, told("ms", "period")),
        "cycle_frequency": ("cycle", frequency, told("Hz", "frequency of a cycle")),
        "cycle_stable": ("cycle", stable.astype(np.int8), told("1", "whether a cycle is stable")),
        "cycle_curve": ("cycle", number, told("1", "number of the curve of cycles")),
        "multiplier_real": (("cycle", "mode"), real, told("1", "Floquet multiplier, real part")),
        "multiplier_imag": (("cycle", "mode"), imag, told(
            "1", "Floquet multiplier, imaginary part")),
    }  # fmt: skip
    return variables, {"cycle": ("cycle", p, told(varied.unit, varied.meaning))}


def _turns(turns: list[Turn], varied: Varied) -> tuple[dict[str, Any], dict[str, Any]]:
    """Variables over ``cycle_change``; the coordinate."""
    ends = np.array([turn.cycle.extremes() for turn in turns]).reshape(-1, 2)
    kinds = np.array([turn.kind for turn in turns], dtype=str)

    def where(kind: str) -> np.ndarray:
        return np.where(kinds == kind, ends[:, 1], np.nan) if len(turns) else ends[:, 1]

    variables: dict[str, Any] = {
        "cycle_kind": ("cycle_change", kinds, told("1", "what becomes of cycles")),
        "change_period": ("cycle_change", np.array([t.cycle.period for t in turns], dtype=float),
                          told("ms", "period where cycles change")),
        "change_V_max": ("cycle_change", ends[:, 1], told("mV", "highest V where cycles change")),
        "change_V_min": ("cycle_change", ends[:, 0], told("mV", "lowest V where cycles change")),
        "fold_V_max": ("cycle_change", where(FOLD), told(
            "mV", "highest V at a fold of cycles", label="fold of cycles")),
        "cycle_precision": ("cycle_change", np.array([t.precision for t in turns], dtype=float),
                            told(varied.unit, "how far off it is on another mesh")),
    }  # fmt: skip
    place = np.array([turn.p for turn in turns], dtype=float)
    return variables, {"cycle_change": ("cycle_change", place, told(varied.unit, varied.meaning))}


def _spoken(born: Orbits, varied: Varied) -> list[str]:
    """What becomes of cycles, in words."""
    said: list[str] = []
    of_kind: dict[str, list[str]] = {}
    for turn in born.turns:
        of_kind.setdefault(turn.kind, []).append(placed(turn.p, varied))
    for kind, every in of_kind.items():
        places = ", ".join(every if len(every) <= _TOLD else [every[0], "…", every[-1]])
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


_TOLD = 5  # places that a sentence names


def _panels(name: str, cycles: bool, unstable: bool = True) -> tuple[Panel, ...]:
    stable, dashed = ("stable_V",), ("unstable_V",)
    points = ("hopf_V", "fold_V")
    if not cycles:
        return (Panel(stable, theory=dashed, across=name, points=points),)
    both = Panel(
        (*stable, "stable_V_max", "stable_V_min"),
        theory=(*dashed, "unstable_V_max", "unstable_V_min"), across=name,
        points=(*points, "fold_V_max"), heading="Equilibria and cycles", weight=2.5,
    )  # fmt: skip
    slow = ("unstable_frequency",) if unstable else ()
    return both, Panel(("stable_frequency",), theory=slow, across="cycle")


EXPERIMENT = Experiment(
    bifurcation, theme="membrane", model="membrane",
    chart=Plan(_panels("current", cycles=True)),
    facts={"current": Facts("uA/cm2", many=True)},
)  # fmt: skip
