"""The tables of a bifurcation diagram: along equilibria, along cycles, and the special points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.diagrams import Changes, Varied
from loligo.experiments.experiment import Experiment
from loligo.experiments.found import dataset, told
from loligo.experiments.plan import Panel, Plan
from loligo.model import Membrane
from loligo.recording.tree import tree_of
from loligo.theory.cycles import Cycle
from loligo.theory.diagram import FOLD, Diagram
from loligo.theory.orbits import ON_CYCLE, Orbits

if TYPE_CHECKING:
    import xarray

_POINT, _MODE, _CYCLE, _SAMPLE = "point", "mode", "cycle", "sample"
_BETWEEN, _SAMPLES = 4, 241  # cycles of a curve that are told all around; places of each
_NOTHING = Orbits([], [])


def tree(
    experiment: Experiment, membrane: Membrane, varied: Varied, found: Diagram, changes: Changes,
    orbits: Orbits | None, summary: str, left_out: Sequence[str], panels: tuple[Panel, ...],
) -> xarray.DataTree:  # fmt: skip
    """All of them, with what a figure and a story need, and what was left out, in words."""
    title = (
        f"Equilibria against {varied.name}"
        if orbits is None
        else f"Bifurcation diagram against {varied.name}"
    )
    about = dataset(
        experiment, title, {}, {}, membrane, summary=" ".join([summary, *left_out]),
        left_out=" ".join(left_out), varied=varied.name, **Plan(panels).attributes,
    )  # fmt: skip
    nodes = {"equilibria": _equilibria(found, varied)}
    if orbits is not None:
        nodes["cycles"] = _cycles(orbits, varied, found)
        if len(found.field.states) == 2 and orbits.trails:
            nodes["orbits"] = _whole(orbits, varied, found)
    nodes["special"] = _special(changes, orbits or _NOTHING, varied)
    return tree_of(nodes, about.attrs)


def _table(variables: dict[str, Any], place: np.ndarray, varied: Varied) -> xarray.Dataset:
    import xarray as xr

    coords = {varied.name: (_POINT, place, told(varied.unit, varied.meaning))}
    return xr.Dataset(variables, coords)


def _with_gaps(curves: Sequence[list[np.ndarray]], width: int) -> np.ndarray:
    """The rows of one curve after the other, with a row of NaN between."""
    rows: list[np.ndarray] = []
    for curve in curves:
        rows += [*curve, np.full(width, np.nan)]
    return np.array(rows[:-1]) if rows else np.zeros((0, width))


def _equilibria(found: Diagram, varied: Varied) -> xarray.Dataset:
    names, outline = found.field.states, found.field.patch.outline
    modes = len(names)
    curves: list[list[np.ndarray]] = []
    for number, curve in enumerate(found.curves):
        rows: list[np.ndarray] = []
        for each in curve:
            values = each.eigenvalues[np.argsort(-each.eigenvalues.real, kind="stable")]
            head = [number, each.p, each.stable]
            rows.append(np.concatenate([head, each.x, values.real, values.imag]))
        curves.append(rows)
    table = _with_gaps(curves, 3 + 3 * modes)
    states, real, imag = np.split(table[:, 3:], 3, axis=1)
    about = {n: told(str(outline.about[n]["units"]), str(outline.about[n]["long_name"]))
             for n in names}  # fmt: skip
    variables: dict[str, Any] = {
        **{n: (_POINT, states[:, k], about[n]) for k, n in enumerate(names)},
        "stable": (_POINT, (table[:, 2] == 1).astype(np.int8), told("1", "whether it is stable")),
        "curve": (_POINT, table[:, 0], told("1", "number of the curve")),
        "eigenvalue_real": ((_POINT, _MODE), real, told("1/ms", "eigenvalue, real part")),
        "eigenvalue_imag": ((_POINT, _MODE), imag, told("1/ms", "eigenvalue, imaginary part")),
    }
    return _table(variables, table[:, 1], varied)


def _cycles(orbits: Orbits, varied: Varied, found: Diagram) -> xarray.Dataset:
    names, outline = found.field.states, found.field.patch.outline
    modes = len(names)
    curves: list[list[np.ndarray]] = []
    for number, trail in enumerate(orbits.trails):
        rows: list[np.ndarray] = []
        for each, stable in zip(trail.cycles, trail.stable, strict=True):
            own = each.multipliers[np.argsort(-np.abs(each.multipliers), kind="stable")]
            ends = [value for k in range(modes) for value in each.extremes(k)]
            head = [number, each.p, each.period, stable]
            rows.append(np.concatenate([head, ends, own.real, own.imag]))
        curves.append(rows)
    table = _with_gaps(curves, 4 + 4 * modes)
    ends = table[:, 4 : 4 + 2 * modes]
    real, imag = np.split(table[:, 4 + 2 * modes :], 2, axis=1)
    variables: dict[str, Any] = {}
    for k, name in enumerate(names):
        unit, long = str(outline.about[name]["units"]), str(outline.about[name]["long_name"])
        variables[f"{name}_max"] = (_POINT, ends[:, 2 * k + 1], told(unit, long, extreme="highest"))
        variables[f"{name}_min"] = (_POINT, ends[:, 2 * k], told(unit, long, extreme="lowest"))
    variables |= {
        "period": (_POINT, table[:, 2], told("ms", "period")),
        "frequency": (_POINT, 1e3 / table[:, 2], told("Hz", "frequency")),
        "stable": (_POINT, (table[:, 3] == 1).astype(np.int8), told("1", "whether it is stable")),
        "curve": (_POINT, table[:, 0], told("1", "number of the curve")),
        "multiplier_real": ((_POINT, _MODE), real, told("1", "Floquet multiplier, real part")),
        "multiplier_imag": ((_POINT, _MODE), imag, told("1", "Floquet multiplier, imaginary part")),
    }
    return _table(variables, table[:, 1], varied)


def _whole(orbits: Orbits, varied: Varied, found: Diagram) -> xarray.Dataset:
    """Some cycles all around: those at which something changes, and others between them."""
    import xarray as xr

    chosen: list[Cycle] = []
    said: list[bool] = []
    for number, trail in enumerate(orbits.trails):
        ends = [turn.cycle for turn in orbits.turns if turn.curve == number and turn.endless]
        turns = [turn.cycle for turn in orbits.turns if turn.curve == number and not turn.endless]
        known, stable = trail.cycles, trail.stable
        places = list(dict.fromkeys(np.linspace(0, len(known) - 1, _BETWEEN + 2).astype(int)[1:]))
        chosen += [*(known[k] for k in places), *turns, *ends]
        said += [*(stable[k] for k in places), *(each.stable for each in turns),
                 *(stable[-1] for _ in ends)]  # fmt: skip
    states = np.empty((len(chosen), _SAMPLES, len(found.field.states)))
    phase = np.empty((len(chosen), _SAMPLES))
    for k, cycle in enumerate(chosen):
        steps = np.linspace(0, len(cycle.mesh) - 1, _SAMPLES)
        phase[k] = np.interp(steps, np.arange(len(cycle.mesh)), cycle.mesh)
        states[k] = cycle.at(phase[k])
    about = found.field.patch.outline.about
    variables: dict[str, Any] = {
        name: ((_CYCLE, _SAMPLE), states[:, :, k], told(
            str(about[name]["units"]), str(about[name]["long_name"])))
        for k, name in enumerate(found.field.states)
    }  # fmt: skip
    stable = np.array(said, dtype=np.int8)
    period = np.array([each.period for each in chosen])
    variables |= {
        "stable": (_CYCLE, stable, told("1", "whether it is stable")),
        "period": (_CYCLE, period, told("ms", "period")),
    }
    place = np.array([each.p for each in chosen])
    coords = {
        varied.name: (_CYCLE, place, told(varied.unit, varied.meaning)),
        "phase": ((_CYCLE, _SAMPLE), phase, told("1", "part of the period")),
    }
    return xr.Dataset(variables, coords)


def _special(changes: Changes, orbits: Orbits, varied: Varied) -> xarray.Dataset:
    """All that changes, of equilibria and of cycles, by what is varied."""
    kinds: list[str] = []
    rows: list[list[float]] = []
    for each, off in zip(changes.special, changes.precision, strict=True):
        V, period = float(each.point.x[0]), 1.0 / each.frequency
        kinds.append(each.kind)
        rows.append([each.point.p, V, V, period, each.lyapunov, off])
    folds = {r[0]: r[-1] for kind, r in zip(kinds, rows, strict=True) if kind == FOLD}
    for turn in orbits.turns:
        low, high = turn.cycle.extremes()
        off = folds.get(turn.p, turn.precision) if turn.kind == ON_CYCLE else turn.precision
        period = float("inf") if turn.endless else turn.cycle.period
        kinds.append(turn.kind)
        rows.append([turn.p, high, low, period, float("nan"), off])
    table = np.array(rows, dtype=float).reshape(-1, 6)
    order = np.argsort(table[:, 0], kind="stable")
    place, high, low, period, lyapunov, off = table[order].T
    with np.errstate(divide="ignore"):
        frequency = 1e3 / period
    variables: dict[str, Any] = {
        "kind": (_POINT, np.array(kinds, dtype=str)[order], told("1", "kind of special point")),
        "V": (_POINT, high, told("mV", "membrane potential", extreme="highest")),
        "V_min": (_POINT, low, told("mV", "membrane potential", extreme="lowest")),
        "period": (_POINT, period, told("ms", "period")),
        "frequency": (_POINT, frequency, told("Hz", "frequency")),
        "lyapunov": (_POINT, lyapunov, told(
            "1/ms", "first Lyapunov coefficient, in the states' scales: below 0 supercritical")),
        "precision": (_POINT, off, told(varied.unit, "how far off a second way of finding it is")),
    }  # fmt: skip
    return _table(variables, place, varied)
