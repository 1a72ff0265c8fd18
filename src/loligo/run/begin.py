"""Where a run begins, read from what a person wrote. Nothing is compiled here."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from loligo import units
from loligo.errors import UnitError, UsageError, callers_level, nearest
from loligo.lanes import Labelled, Value
from loligo.model import Membrane
from loligo.model.check import warn_of_volts
from loligo.run.cells import SHARE_ERROR, Initial
from loligo.run.status import lost
from loligo.system.outline import Outline


def initial_values(initial: Initial) -> dict[str, Value]:
    """What was given of the beginning, by its names in :attr:`Problem.lanes`."""
    voltage = {} if initial.voltage is None else {"initial.V": initial.voltage}
    return voltage | {f"initial.{name}": value for name, value in initial.states.items()}


def beginning(initial: Any, membrane: Membrane) -> Any:
    """What was said of the beginning; or what the model says of it; or rest."""
    return (membrane.start or "rest") if initial is None else initial


def read_initial(initial: Any, *outlines: Outline) -> Initial:
    """Where a run begins, from what a person wrote.

    Parameters
    ----------
    outlines
        Of the membrane; of the different membranes of an axon. A state counts where there is one
        of its name.
    """
    if isinstance(initial, str) and initial == "rest":
        return Initial()
    states = _states(outlines)
    if hasattr(initial, "data_vars"):
        return _given(_last(initial, states), states)
    if isinstance(initial, Mapping):
        return _given(cast(Mapping[Any, Any], initial), states)
    try:
        held = units.read(initial, "mV", "initial")
    except (UsageError, UnitError) as problem:
        raise type(problem)(
            f"{problem}. initial may be 'rest', a holding potential in mV, a mapping of states "
            "such as {'V': -60, 'h': 0.2}, or a recording to continue from"
        ) from None
    warn_of_volts({"initial": held})
    _warn_of_row(held, tuple(states))
    return Initial(held)


def _warn_of_row(held: Value, states: tuple[str, ...]) -> None:
    """Say so where a row of voltages looks like the states of one cell."""
    row = held.values.ravel() if isinstance(held, Labelled) else np.zeros(0)
    if row.size == len(states) > 1 and np.all((row[1:] >= 0) & (row[1:] <= 1)):
        warnings.warn(
            f"initial: several numbers are several runs, each held at one of them (mV). The states "
            f"of one are given by their names: initial={{'V': {row[0]:g}, '{states[1]}': "
            f"{row[1]:g}, ...}}",
            stacklevel=callers_level(),
        )


def _states(outlines: tuple[Outline, ...]) -> dict[str, Outline]:
    """Every state, and a membrane that has it."""
    owners: dict[str, Outline] = {}
    for outline in outlines:
        for name in outline.states:
            one, other = outline.about[name], owners.setdefault(name, outline).about[name]
            if one["units"] != other["units"]:
                raise UsageError(
                    f"one membrane of the axon has a state {name} in {other['units']}, another in "
                    f"{one['units']}, so that initial={{'{name}': ...}} or a recording cannot mean "
                    "both: give the states two names, or one unit"
                )
    return owners


def _given(initial: Mapping[Any, Any], owners: Mapping[str, Outline]) -> Initial:
    states: dict[str, Value] = {}
    for name, value in initial.items():
        if name == "V":
            continue
        if name not in owners:
            raise UsageError(
                f"initial: {_follows(name, owners)} in the model"
                f"{nearest(str(name), owners)}; its states are {', '.join(owners)}"
            )
        outline = owners[name]
        if name in (*outline.gates, *outline.occupancies):
            states[name] = _read_share(value, f"initial_{name}")
        else:
            states[name] = units.read(value, outline.about[name]["units"], f"initial_{name}")
    voltage = units.read(initial["V"], "mV", "initial_V") if "V" in initial else None
    warn_of_volts({"the initial V": voltage})
    return Initial(voltage, states)


def _read_share(value: Any, name: str) -> Value:
    """Of channels: between 0 and 1, but for the error of the run that it was the end of."""
    share = units.read(value, "1", name)
    numbers = share.values if isinstance(share, Labelled) else np.array(share)
    outside = (numbers < -SHARE_ERROR) | (numbers > 1 + SHARE_ERROR)
    if outside.any():
        raise UsageError(
            f"{name} is a share of channels and must be between 0 and 1, but is "
            f"{numbers[outside].flat[0]:g}"
        )
    return share


def _follows(name: object, owners: Mapping[str, Outline]) -> str:
    """Why a name is no state that can be given."""
    for outline in owners.values():
        if name in outline.records and outline.about[str(name)]["role"] == "state":
            return (
                f"{name} is 1 less the other occupancies of its scheme: leave it out. It is no "
                "state"
            )
    return f"there is no state {name!r}"


def _last(rec: Any, owners: Mapping[str, Outline]) -> dict[str, Any]:
    """The last sample of a recording."""
    missing = [name for name in owners if name not in rec.data_vars]
    if missing:
        raise UsageError(
            f"initial: the recording to continue from lacks {', '.join(missing)}; "
            f"record all states in the first run: record={list(owners)}"
        )
    timed = all("time" in rec[name].dims for name in owners)
    if timed and not rec.sizes["time"]:
        raise UsageError("initial: the recording to continue from has no samples")
    _refuse_lost(rec)
    # a recording of which one moment was selected is continued from there
    return {n: rec[n].isel(time=-1, drop=True) if timed else rec[n] for n in owners}


def _refuse_lost(rec: Any) -> None:
    status = getattr(rec.get("status"), "values", np.zeros(0, np.int8))
    gone = lost(status, status.size)
    if gone.any():
        those = f"{gone.sum():,} of its {gone.size:,} lanes" if status.ndim else "it"
        raise UsageError(
            f"initial: the recording cannot be continued, for {those} could not be run "
            "(rec.status says how it ended); select lanes that could, for example "
            "rec.where(rec.status < 2, drop=True)"
        )
