"""A recording as a picture: which of its variables are drawn, one lane's or several lanes'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from loligo.errors import UsageError
from loligo.figures.content import lanes, panels
from loligo.figures.content.picture import Panel, Picture
from loligo.figures.content.signals import Signals
from loligo.figures.content.subtitle import subtitle
from loligo.figures.content.titles import titles
from loligo.figures.style import Theme, ion

_MOST_USUAL = 9  # panels of several lanes, if nobody chose
_STACKED = ("V", "I_clamp", "I_out", "stimulus")
_SPARED = {"gate": 1, "state": 1, "helper": 1, "conductance": 2, "current": 2, "stimulus": 3}
_CLAMPED = {"voltage": 1.7, "clamp": 3.0}  # weights: the current is what a clamp is about


def picture(
    recorded: Signals, chosen: Sequence[object] | str | None, theme: Theme, stacked: bool = False
) -> Picture:
    """Everything that a figure of ``recorded`` shows, in ``theme``'s colours.

    Raises
    ------
    UsageError
        If a panel does not exist, or nothing is recorded for it; it says what there is.
    """
    if stacked and not recorded.dims:
        raise UsageError("stacked=True puts lanes one above the other, and the recording has one.")
    wanted = _wanted(recorded, chosen, stacked)
    made = _keyed_once(
        replace(panel, spare=0 if chosen is not None else _spare(recorded, panel))
        for one in wanted
        for panel in _panels(recorded, one, theme, stacked)
    )
    return Picture(
        title=titles(recorded.recording.attrs)[0],
        subtitle=subtitle(recorded.recording, not recorded.dimensionless),
        start=float(recorded.time[0]),
        end=float(recorded.time[-1]),
        panels=made if chosen is not None or stacked else _weighed(recorded, made),
        on=panels.on(recorded),
        time_unit="" if recorded.dimensionless else "ms",
    )


def _keyed_once(panels: Iterable[Panel]) -> tuple[Panel, ...]:
    """Say what lanes' labels are values of over the first panel that has them."""
    made: list[Panel] = []
    for panel in panels:
        said = any(one.lanes and one.key is not None for one in made)
        made.append(replace(panel, key=None) if said and panel.lanes else panel)
    return tuple(made)


def _weighed(recorded: Signals, made: tuple[Panel, ...]) -> tuple[Panel, ...]:
    """Under a clamp V needs less room, and the current more."""
    if not recorded.names("clamp"):
        return made
    weights = {n: w for role, w in _CLAMPED.items() for n in recorded.names(role)}
    return tuple(
        replace(p, axis=replace(p.axis, weight=weights.get(name, p.axis.weight)))
        for p in made
        for name in (p.traces[0].name.split(" ")[0],)
    )


# ------------------------------------------------------------------------ which panels


def _wanted(
    recorded: Signals, chosen: Sequence[object] | str | None, stacked: bool
) -> Sequence[object]:
    if chosen is None:
        usual = _usual(recorded)
        return [one for one in usual if not stacked or one in _STACKED] or usual
    wanted = panels.listed(chosen)
    if not wanted:
        raise UsageError(f"panels is empty; name at least one of {panels.offer(recorded)}.")
    return wanted


def _usual(recorded: Signals) -> list[str]:
    """What is drawn if nobody chose: V on top, then the clamp, and what makes V what it is."""
    if not recorded.names("voltage"):
        raise UsageError(
            'the recording holds no V; simulate with record=None or with "V" in record, '
            f"or name the panels that it does hold: panels={recorded.series()!r}."
        )
    conducted = "conductances" if recorded.names("conductance") else "currents"
    if recorded.dims and recorded.names("clamp"):
        conducted = "currents"  # a clamp is there to show them
    clamp = recorded.names("clamp")
    stimulus = ["stimulus"] if _flows(recorded) else []
    if not recorded.dims:
        kinds = ["V", *clamp[-1:], "gates", "states", conducted]
        there = [kind for kind in kinds if kind in clamp or recorded.names(panels.ROLES[kind])]
        return [*there, *stimulus]
    first = ["V", *clamp[-1:]]
    for kinds in (("gates", "states", conducted), ("states", conducted), (conducted,)):
        middle = [n for kind in kinds for n in recorded.names(panels.ROLES[kind])]
        middle = [name for name in middle if not _leaks(recorded, name)]
        if len(middle) + len(first) + len(stimulus) <= _MOST_USUAL:
            return [*first, *middle, *stimulus]
    return [*first, *stimulus]


def _spare(recorded: Signals, panel: Panel) -> int:
    """When a panel is left out where there is no room for all: gates first, then currents, then
    the stimulus."""
    role = recorded.role(panel.traces[0].name.split(" ")[0])
    return _SPARED.get(str(role), 0)


def _flows(recorded: Signals) -> bool:
    """Whether any current is injected."""
    rows = [recorded.recording[name].values for name in recorded.names("stimulus")]
    return any(bool(np.nan_to_num(np.asarray(row, dtype=float)).any()) for row in rows)


def _leaks(recorded: Signals, name: str) -> bool:
    """Whether a variable is of the leak, of which there is nothing to see."""
    channel = recorded.attribute(name, "channel")
    return channel is not None and ion(str(channel)) == "leak"


def _panels(
    recorded: Signals, wanted: object, theme: Theme, stacked: bool
) -> Iterable[Panel]:  # fmt: skip
    names, kind = panels.names_of(recorded, wanted)
    if not recorded.dims:
        return panels.kind_panels(recorded, kind, names, theme)
    few = kind == "stimulus" and len(recorded.lanes) <= panels.MOST_OVERLAID
    if not stacked or few or all(lanes.alike(recorded, name) for name in names):
        return [lanes.lanes_panel(recorded, name, theme) for name in names]
    return [
        panel
        for group, heading in panels.grouped(recorded, kind, names)
        for panel in lanes.stacked(recorded, group, heading, theme)
    ]
