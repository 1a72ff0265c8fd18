"""Several axons on the same axes: V in time at the same places of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from loligo.errors import UsageError
from loligo.figures.axon.content import MAP, PLACES, STRIP, TRACES, AxonRecord
from loligo.figures.axon.several import alike
from loligo.figures.content import labels, panels
from loligo.figures.content.overlay import Named, framed, named, names_in
from loligo.figures.content.picture import LIMITS, Axis, Panel, Picture, Trace, padded
from loligo.figures.style import Theme
from loligo.words import say

_SPARE = (2, 1, 0)  # which places are left out first where there is no room: never the last


@dataclass(frozen=True, eq=False)
class _NamedAxon:
    """An axon among several: its name and look, and what was recorded along it."""

    named: Named
    axon: AxonRecord


def overlaid(
    recs: Sequence[Any], labels: object, chosen: Sequence[object] | str | None, theme: Theme
) -> Picture:
    """Axons over one another: a panel for each variable at a few places, of V if none is chosen.

    Raises
    ------
    UsageError
        If V is not recorded along an axon, or a panel is not lines in time.
    """
    axons = alike(recs)
    several = named([axon.recorded for axon in axons], labels, theme)
    both = [_NamedAxon(*pair) for pair in zip(several, axons, strict=True)]
    wanted = ["V"] if chosen is None else panels.listed(chosen)
    standing = [want for want in wanted if want in (STRIP, MAP, TRACES)]
    if standing or not wanted:
        raise UsageError(
            f"{f'panel {standing[0]!r} is of one axon' if standing else 'panels is empty'}; "
            f"several are drawn in time: choose from {panels.offer(axons[0].recorded)}."
        )
    names = [name for want in wanted for name in names_in(several, want)]
    shortest = min(both, key=lambda one: one.axon.length / one.axon.per_um)
    places = _places(shortest.axon)
    made = [
        replace(_panel(both, name, place, shortest.axon), spare=0 if chosen else spare)
        for name in dict.fromkeys(names)
        for place, spare in zip(places, _SPARE[-len(places) :], strict=True)
    ]
    on = [interval for a in axons for e in a.electrodes for interval in e.on]
    return framed(several, made, on, [axon.speed for axon in axons])


def _places(axon: AxonRecord) -> list[float]:
    """Where V is compared, in um: places that were recorded, each once."""
    seen = {axon.near(part * axon.length): part * axon.length / axon.per_um for part in PLACES}
    return list(seen.values())


def _panel(both: Sequence[_NamedAxon], name: str, um: float, shortest: AxonRecord) -> Panel:
    """One variable at one place, in every axon that has it."""
    traces = []
    for one in both:
        recording = one.axon.recorded.recording
        if name not in recording or "position" not in recording[name].dims:
            continue
        row = one.axon.values(name)[one.axon.near(um * one.axon.per_um)]
        look = one.named
        line = one.axon.trace(row)
        traces.append(
            Trace(
                f"{name} {look.label}", labels.typeset(look.label), *line, look.colour, look.dashes
            )
        )
    if not traces:
        raise UsageError(
            f"{name!r} is not recorded along the axons; choose from "
            f"{panels.offer(shortest.recorded)}."
        )
    recorded = next(o.axon.recorded for o in both if name in o.axon.recorded.recording)
    role = str(recorded.role(name))
    ends = [end for t in traces for end in (float(np.min(t.values)), float(np.max(t.values)))]
    limits = LIMITS.get(role, padded)(min(ends), max(ends))
    where = shortest.short(um * shortest.per_um)
    axis = Axis(
        say("{what} at {place}", what=panels.heading_of(recorded, [name]), place=where),
        labels.unit(recorded.unit(name)),
        limits,
        weight=2.0,
        scale=labels.exponent(max(map(abs, limits))),
        zero=role in ("voltage", "current") and limits[0] < 0 < limits[1],
    )
    return Panel(axis, tuple(traces), lanes=True)
