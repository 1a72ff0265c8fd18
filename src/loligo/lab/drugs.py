"""What blocks a channel in the lab: a drug by its dose, or a share; as the page has it too"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loligo.model import TEA, TTX, Channel, Drug, Membrane
from loligo.system.outline import Outline, outline_of

_MM = {"nM": 1e-6, "mM": 1.0}  # mM
# how a drug is dosed: its unit, the least that its slider shows, and the most that there may be
_DOSED: Mapping[str, tuple[str, float, float]] = {
    "TTX": ("nM", 0.1, 1000),
    "TEA": ("mM", 0.01, 100),
}
_SHARE = {"name": "", "drug": "", "unit": "%", "half": 50.0, "least": 1, "low": 0, "high": 100}
_POTASSIUM = ("K", "KDR")  # TEA does not act on every potassium channel


def drugs(membrane: Membrane) -> dict[str, dict[str, Any]]:
    """Channel -> what blocks it, for all that have gates and a conductance; where no drug does
    alone, a share in per cent.

    >>> import loligo as lo
    >>> found = drugs(lo.load("connor-stevens-1977"))
    >>> {channel: (each["drug"], each["half"], each["unit"]) for channel, each in found.items()}
    {'Na': ('TTX', 3.3, 'nM'), 'K': ('TEA', 0.4, 'mM'), 'A': ('', 50.0, '%')}
    """
    outline = outline_of(membrane)
    return {
        channel.name: {**_dosed(channel), "name": channel.name}
        for channel in membrane.channels
        if f"g_{channel.name}" in outline.parameters and _moves(channel.name, outline)
    }


def _moves(channel: str, outline: Outline) -> bool:
    """Whether a channel is no mere leak: it has gates or states, or more than a conductance."""
    own = [name for name in outline.records if outline.about[name].get("channel") == channel]
    roles = [outline.about[name]["role"] for name in own]
    return "gate" in roles or "conductance" not in roles or any(n in outline.states for n in own)


def _dosed(channel: Channel) -> dict[str, Any]:
    drug: Drug | None = None
    if (channel.ion or channel.name) == "Na":
        drug = TTX(1e-6)
    elif channel.name in _POTASSIUM:
        drug = TEA(1.0)
    if drug is None:
        return dict(_SHARE)
    unit, least, most = _DOSED[drug.name]
    half = round(float(drug.half_dose) / _MM[unit], 9)  # type: ignore[arg-type]  (no array)
    return {"drug": drug.name, "unit": unit, "half": half, "least": least, "low": 0, "high": most}


def blocked(
    doses: Mapping[str, float], drugs: Mapping[str, Any], numbers: Mapping[str, float]
) -> dict[str, float]:
    """The conductances of channels in some doses, of all numbers of a membrane.

    >>> import loligo as lo
    >>> blocked({"Na": 3.3}, drugs(lo.load("hodgkin-huxley-1952")), {"g_Na": 120.0})
    {'g_Na': 60.0}
    """
    return {
        f"g_{channel}": numbers[f"g_{channel}"] * _left(dose, drugs[channel])
        for channel, dose in doses.items()
        if dose > 0
    }


def _left(dose: float, by: Mapping[str, Any]) -> float:
    """The share of channels that is not blocked: 1/(1 + dose/half) of a drug."""
    return 1 / (1 + dose / by["half"]) if by["drug"] else 1 - dose / 100
