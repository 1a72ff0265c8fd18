"""The rates, steady states and time constants of a membrane's gates against the potential."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis.curve import root
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import membrane_of, varied
from loligo.experiments.runs import protocol
from loligo.model import Membrane
from loligo.theory.gates import Gating, curves
from loligo.words import say

if TYPE_CHECKING:
    import xarray

    from loligo.model.parts import Channel, Gate

Array = np.ndarray

_RANGE = np.arange(-100.0, 60.5, 0.5)  # mV
_NARROWED = 12  # times that a maximum is looked for more closely, by a factor of 10
_WHAT = {
    "inf": ("1", "steady state"),
    "tau": ("ms", "time constant"),
    "alpha": ("1/ms", "opening rate"),
    "beta": ("1/ms", "closing rate"),
}


@protocol("finding rates")
def rate_functions(
    membrane: Membrane, voltage: Any = None, *, progress: bool | None = None
) -> xarray.Dataset:
    """What a membrane's gates are given by: opening and closing rates, steady states, time
    constants, against the potential.

    Rates are at the model's own temperature. Of a gate given by its steady state and its time
    constant, the rates are what these say: inf/tau and (1 - inf)/tau. A gate that is always at its
    steady state has no time constant, and of rates that it is written with only the ratio counts.
    What rates depend on besides V, a concentration say, is at its steady state.

    Parameters
    ----------
    membrane : Membrane
    voltage : sequence of float, optional
        mV; from -100 to 60 in steps of 0.5 if not given.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        Over ``voltage``, for a gate m: ``m_inf``, ``m_tau`` (ms), ``m_alpha`` and ``m_beta`` (per
        ms); for a scheme its occupancies, ``O_inf``, and rates, ``C_to_O``. Over ``gate``:
        ``half`` (mV), where its steady state passes a half, and ``slowest`` (ms), its largest time
        constant, with ``slowest_at`` (mV); NaN where they lie beyond the voltages.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.rate_functions(lo.load("hodgkin-huxley-1952"))
    >>> found.half.values.round(2).tolist()
    [-40.02, -62.31, -53.41]
    >>> float(found.m_alpha.sel(voltage=-40)), float(found.n_alpha.sel(voltage=-55))
    (1.0, 0.1)
    """
    patch = membrane_of(membrane, "rate_functions")
    row = varied(voltage, _RANGE, "mV", "voltage").values
    gating = Gating(patch)
    found = gating.at(row)
    variables: dict[str, Any] = {}
    for channel in patch.channels:
        for gate in channel.gates:
            variables |= _of_gate(gate, channel, curves(gate, found))
    for scheme in patch.schemes:
        for state in scheme.states:
            about = told("1", f"steady occupancy of {state}", label=state, kind="inf")
            variables[f"{state}_inf"] = ("voltage", found[state], about)
        for source, target in scheme.rates:
            rate = found[f"{source}.to.{target}"]
            way = f"{source} to {target}"
            about = told("1/ms", f"rate from {way}", label=way, kind="rate")
            variables[f"{source}_to_{target}"] = ("voltage", rate, about)
    table = [_numbers(gate, row, gating) for gate in patch.gates]
    variables |= {
        name: ("gate", np.array([each[k] for each in table]), told(unit, meaning, precision=1e-9))
        for k, (name, unit, meaning) in enumerate(_NUMBERS)
    }
    names = np.array([gate.name for gate in patch.gates], dtype=str)
    return dataset(
        EXPERIMENT,
        "Gates",
        variables,
        {
            "voltage": ("voltage", row, told("mV", "membrane potential")),
            "gate": ("gate", names, {"long_name": "gate"}),
        },
        patch,
        summary=_summary(patch, table),
    )


_NUMBERS = (
    ("half", "mV", "potential of half activation"),
    ("slowest", "ms", "largest time constant"),
    ("slowest_at", "mV", "potential of the largest time constant"),
)


def _of_gate(gate: Gate, channel: Channel, found: Mapping[str, Array]) -> dict[str, Any]:
    """The curves of a gate, as variables."""
    variables = {}
    for kind, values in found.items():
        unit, meaning = _WHAT[kind]
        called = f"{meaning} of gate {gate.name} ({channel.name})"
        about = told(unit, called, label=gate.name, channel=channel.name, kind=kind)
        about |= {"ion": channel.ion} if channel.ion else {}
        variables[f"{gate.name}_{kind}"] = ("voltage", values, about)
    return variables


def _numbers(gate: Gate, row: Array, gating: Gating) -> tuple[float, float, float]:
    """Where a gate is half open, its largest time constant, and where that is."""

    def of(kind: str) -> Callable[[Array], Array]:
        return lambda V: curves(gate, gating.at(np.atleast_1d(V)))[kind]

    here = curves(gate, gating.at(row))
    order = np.argsort(row)
    V, inf = row[order], here["inf"][order] - 0.5
    turns = np.flatnonzero((inf[:-1] < 0) != (inf[1:] < 0))
    half = np.nan
    if turns.size and np.isfinite(inf).all():
        low, high = V[turns[:1]], V[turns[:1] + 1]
        half = float(root(lambda at: of("inf")(at) - 0.5, low, high)[0])
    if "tau" not in here or not np.isfinite(here["tau"]).all():
        return half, np.nan, np.nan
    slowest, at = _highest(of("tau"), V, here["tau"][order])
    return half, slowest, at


def _highest(function: Callable[[Array], Array], V: Array, values: Array) -> tuple[float, float]:
    """The largest value of a curve, and where; NaN at an end, for beyond it may be larger."""
    top = int(values.argmax())
    if top in (0, V.size - 1):
        return np.nan, np.nan
    low, high = V[top - 1], V[top + 1]
    for _ in range(_NARROWED):
        grid = np.linspace(low, high, 21)
        there = function(grid)
        top = min(max(int(there.argmax()), 1), 19)
        low, high = grid[top - 1], grid[top + 1]
        if high - low < 1e-9:
            break
    return float(there[top]), float(grid[top])


def _summary(patch: Membrane, table: list[tuple[float, float, float]]) -> str:
    if not table:
        return say(
            "The membrane has no gates but kinetic schemes." if patch.schemes
            else "The membrane has no gates."
        )  # fmt: skip
    said = []
    for gate, (half, slowest, at) in zip(patch.gates, table, strict=True):
        parts = [] if np.isnan(half) else [say("half at {half:.4g} mV", half=half)]
        if gate.instantaneous:
            parts.append(say("always at its steady state"))
        elif np.isfinite(slowest):
            parts.append(say("slowest at {at:.3g} mV ({slowest:.3g} ms)", at=at, slowest=slowest))
        said.append(f"{gate.name}: {', '.join(parts) or say('beyond the voltages shown')}")
    return "; ".join(said) + "."


EXPERIMENT = Experiment(
    rate_functions, theme="membrane", model="membrane", chart=None,
    facts={"voltage": Facts("mV", many=True)},
)  # fmt: skip
