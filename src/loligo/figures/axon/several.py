"""Several axons in one film: under one clock, on one scale of places, each with its speed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from loligo.errors import UsageError
from loligo.figures.axon.content import MAP, STRIP, TRACES, AxonRecord, Row, axis_of, read
from loligo.figures.axon.layout import Content
from loligo.figures.content import origin, panels, signals
from loligo.figures.content.labels import Label, typeset
from loligo.figures.content.overlay import Named, headed, named, names_in
from loligo.figures.content.picture import LIMITS, Axis, Panel, Picture, Trace
from loligo.figures.style import Theme
from loligo.words import say

_FOLLOWED = 0.75  # of the shortest axon: where V is followed in all


def alike(recs: Sequence[Any]) -> list[AxonRecord]:
    """Axons to be compared: places in the unit that suits the longest."""
    unit = max((signals.places(rec) for rec in recs), key=lambda unit: unit[1])
    return [read(rec, unit) for rec in recs]


def together(
    recs: Sequence[Any], labels: object, chosen: Sequence[object] | str | None, theme: Theme,
    title: str | None,
) -> Content:  # fmt: skip
    """All that a film of several axons shows: V along each, the axons below one another, and V in
    time at one place of each.

    Raises
    ------
    UsageError
        If V is not recorded along an axon, or a panel is nothing along axons.
    """
    axons = alike(recs)
    several = named([axon.recorded for axon in axons], labels, theme)
    wanted = ["V", STRIP, TRACES] if chosen is None else panels.listed(chosen)
    if MAP in wanted:
        raise UsageError("panel 'map' stands still, and is of one axon; lo.plot(rec) draws it")
    along = [want for want in wanted if want not in (STRIP, TRACES)]
    if not along:
        raise UsageError(
            "panels must name something along the axons, such as "
            f"{panels.offer(axons[0].recorded)}, 'axon', 'traces'."
        )
    names = dict.fromkeys(name for want in along for name in names_in(several, want))
    extras = tuple(extra for extra in (STRIP, TRACES) if extra in wanted)
    rows = tuple(_row(axons, several, name, labelled=STRIP not in extras) for name in names)
    followed = tuple(enumerate(_places(axons))) if TRACES in extras else ()
    words, below = headed(several, [axon.speed for axon in axons] if STRIP not in extras else ())
    words = words if title is None else title
    said = tuple((_said(*pair), pair[0].colour) for pair in zip(several, axons, strict=True))
    return Content(
        tuple(axons), rows, extras, _traces(axons, several, followed), followed, words,
        below if words else "", True, said, chosen is not None,
    )  # fmt: skip


def _said(one: Named, axon: AxonRecord) -> str:
    """Over an axon: what it is called, and how fast its action potential was."""
    return ": ".join(filter(None, (one.label, axon.speed)))


def _places(axons: Sequence[AxonRecord]) -> list[int]:
    """Of each axon the recorded place that is as far from its beginning as those of the others."""
    place = _FOLLOWED * min(axon.length for axon in axons)
    return [axon.near(place) for axon in axons]


def _row(axons: Sequence[AxonRecord], several: Sequence[Named], name: str, labelled: bool) -> Row:
    """One variable along every axon that has it."""
    having = [k for k, axon in enumerate(axons) if _along(axon, name)]
    if not having:
        raise UsageError(
            f"{name!r} is not recorded along the axons; choose from "
            f"{panels.offer(axons[0].recorded)}."
        )
    names = tuple(typeset(several[k].label) for k in having)
    return Row(
        axis=axis_of([(axons[k], name) for k in having]),
        names=(name,) * len(having),
        labels=names if labelled else (Label(""),) * len(having),
        beside=names,
        colours=tuple(several[k].colour for k in having),
        dashes=((),) * len(having),
        of=tuple(having),
    )


def _along(axon: AxonRecord, name: str) -> bool:
    recording = axon.recorded.recording
    return name in recording and "position" in recording[name].dims


def _traces(
    axons: Sequence[AxonRecord], several: Sequence[Named], followed: Sequence[tuple[int, int]]
) -> Picture:
    """V in time at one place of each; without such, when the film begins and ends."""
    traces = tuple(
        Trace(several[k].label, typeset(several[k].label), *axons[k].trace(axons[k].V[place]),
              several[k].colour)
        for k, place in followed
    )  # fmt: skip
    start = min(float(axon.time[0]) for axon in axons)
    end = max(float(axon.time[-1]) for axon in axons)
    rows = [trace.values for trace in traces] or [np.zeros(1)]
    low, high = (float(bound(np.concatenate(rows))) for bound in (np.min, np.max))
    shortest = min(axons, key=lambda axon: axon.length)
    where = shortest.short(_FOLLOWED * shortest.length)
    what = origin.heading(shortest.recorded.recording.attrs)
    heading = say("{what} at {place}", what=what, place=where)
    axis = Axis(heading, "mV", LIMITS["voltage"](low, high), 2.0, zero=low < 0 < high)
    on = [span for axon in axons for electrode in axon.electrodes for span in electrode.on]
    return Picture(start, end, (Panel(axis, traces),), tuple(sorted(set(on))))
