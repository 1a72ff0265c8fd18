"""A membrane whose slow state stands still: what is left is its fast subsystem."""

from __future__ import annotations

from typing import Any

from loligo.errors import ModelError, nearest
from loligo.model.membrane import Membrane


def frozen(membrane: Membrane, name: str) -> Membrane:
    """The same membrane with a state or a gate as a parameter of the same name.

    Raises
    ------
    ModelError
        If there is no such state, or it is one of a scheme, whose states add up to 1.

    Examples
    --------
    >>> import loligo as lo
    >>> fast = frozen(lo.load("hindmarsh-rose-1984"), "z")
    >>> fast.parameters["z"].value, len(fast.states)
    (0.0, 1)
    """
    document = membrane.to_dict()
    if name in document.get("states", {}):
        state = document["states"].pop(name)
        value, unit = state.get("initial", 0.0), state.get("unit", "1")
        meaning = state.get("meaning", "")
    else:
        value, unit = 0.0, "1"
        meaning = _without_gate(document, name)
    document["parameters"] = {
        **document.get("parameters", {}),
        name: {"value": value, "unit": unit, "meaning": meaning or f"{name}, held"},
    }
    if name in document.get("start", {}):
        document["parameters"][name]["value"] = document["start"].pop(name)
    return Membrane.from_dict(document)


def states_of(membrane: Membrane) -> list[str]:
    """What can be frozen: its states, and its gates that are not instantaneous."""
    return _known(membrane.to_dict())


def _known(document: dict[str, Any]) -> list[str]:
    gates = [
        name
        for channel in document.get("channels", {}).values()
        for name, gate in channel.get("gates", {}).items()
        if not gate.get("instantaneous")
    ]
    return [*document.get("states", {}), *gates]


def _without_gate(document: dict[str, Any], name: str) -> str:
    """Its meaning; its channel is open as far as the number says."""
    for channel in document.get("channels", {}).values():
        gates = channel.get("gates", {})
        if name in gates and not gates[name].get("instantaneous"):
            gate = gates.pop(name)
            factor = f"{name}**{gate.get('power', 1)}"
            channel["open"] = f"({channel['open']})*{factor}" if "open" in channel else factor
            return str(gate.get("meaning", ""))
    known = _known(document)
    raise ModelError(
        f"there is no state {name!r} to hold{nearest(name, known)}; it can be {', '.join(known)}"
    )
