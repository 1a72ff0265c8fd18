"""A recording's variables as panels of traces: which of them, on which axes, in which colours."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from loligo.errors import UsageError, nearest
from loligo.figures.content import between, captions, injected, labels, signals
from loligo.figures.content.labels import Label
from loligo.figures.content.picture import LIMITS, Axis, Panel, Picture, Trace, padded
from loligo.figures.content.signals import Lane, Signals
from loligo.figures.content.titles import titles
from loligo.figures.style import DASHES, Theme, channel_colours, ordered
from loligo.words import reworded, say

MOST_OVERLAID = 8  # lanes drawn over one another; more become a map
# A line of more vertices is drawn as it looks on so many columns, finer than any screen.
_MOST_VERTICES, _DRAWN_COLUMNS = 40_000, 4000


def picture(recorded: Signals, chosen: Sequence[object] | str | None, theme: Theme) -> Picture:
    """Everything that a figure of ``recorded`` shows, in ``theme``'s colours.

    Raises
    ------
    UsageError
        If a panel does not exist, or nothing is recorded for it; it says what there is.
    """
    wanted = _wanted(recorded, chosen)
    panels = _keyed_once(panel for one in wanted for panel in _panels(recorded, one, theme))
    attrs = recorded.recording.attrs
    title, membrane = titles(attrs)
    done = captions.conditions(attrs, signals.chosen(recorded.recording))
    return Picture(
        title=title,
        subtitle=", ".join(filter(None, [membrane, done])),
        start=float(recorded.time[0]),
        end=float(recorded.time[-1]),
        panels=panels,
        on=on(recorded),
    )


def _keyed_once(panels: Iterable[Panel]) -> tuple[Panel, ...]:
    """Say what lanes' labels are values of over the first panel that has them."""
    made: list[Panel] = []
    for panel in panels:
        said = any(one.key is not None for one in made)
        made.append(replace(panel, key=None) if said else panel)
    return tuple(made)


# ------------------------------------------------------------------------ which panels


def _wanted(recorded: Signals, chosen: Sequence[object] | str | None) -> Sequence[object]:
    if chosen is None:
        return _usual(recorded)
    wanted = listed(chosen)
    if not wanted:
        raise UsageError(f"panels is empty; name at least one of {offer(recorded)}.")
    return wanted


def listed(chosen: object) -> list[object]:
    """What ``panels`` names, from the top down."""
    if isinstance(chosen, str):
        return [chosen]
    try:
        return list(chosen)  # type: ignore[call-overload]
    except TypeError:
        raise UsageError(
            f"panels={chosen!r:.60} names no panel; give text, or a list of it."
        ) from None


def _usual(recorded: Signals) -> list[str]:
    if not recorded.names("voltage"):
        raise UsageError(
            'the recording holds no V; simulate with record=None or with "V" in record, '
            f"or name the panels that it does hold: panels={recorded.series()!r}."
        )
    if recorded.dims:
        electrode = ["I_clamp"] if recorded.names("clamp") else []
        return ["V", *electrode, *(["stimulus"] if recorded.names("stimulus") else [])]
    conducted = "conductances" if recorded.names("conductance") else "currents"
    kinds = ("V", "gates", "states", conducted, "stimulus")
    return [kind for kind in kinds if recorded.names(_ROLES[kind])]


_ROLES = {
    "V": "voltage",
    "gates": "gate",
    "states": "state",
    "conductances": "conductance",
    "currents": "current",
    "stimulus": "stimulus",
}


def offer(recorded: Signals) -> str:
    kinds = [kind for kind, role in _ROLES.items() if recorded.names(role)]
    return ", ".join(map(repr, dict.fromkeys([*kinds, *recorded.series()])))


def _panels(recorded: Signals, wanted: object, theme: Theme) -> Iterable[Panel]:
    names, kind = names_of(recorded, wanted)
    if not recorded.dims:
        return _kind_panels(recorded, kind, names, theme)
    return [_lanes_panel(recorded, name, theme) for name in names]


def names_of(recorded: Signals, wanted: object) -> tuple[tuple[str, ...], str | None]:
    """The variables of one entry of ``panels``, and the kind of panel if it names one."""
    if isinstance(wanted, tuple | list):
        each = [names_of(recorded, one)[0] for one in wanted]
        return tuple(dict.fromkeys(name for names in each for name in names)), None
    if not isinstance(wanted, str):
        raise UsageError(f"{wanted!r} is not a panel; name one of {offer(recorded)}.")
    if wanted in _ROLES:
        names = recorded.names(_ROLES[wanted])
        if not names:
            raise UsageError(
                f"there is nothing to show in panel {wanted!r}: the recording holds no "
                f"{_ROLES[wanted]}; simulate with record=None, or choose from {offer(recorded)}."
            )
        return names, wanted
    if wanted in recorded.series():
        return (wanted,), None
    known = [*(k for k, role in _ROLES.items() if recorded.names(role)), *recorded.series()]
    raise UsageError(
        f"{wanted!r} is not a panel{nearest(wanted, known)}; choose from {offer(recorded)}."
    )


# ------------------------------------------------------------------------ one lane


def _kind_panels(
    recorded: Signals, kind: str | None, names: tuple[str, ...], theme: Theme
) -> list[Panel]:
    if kind is not None and kind != "states":
        return [_panel(recorded, names, theme, say(_HEADINGS[kind]))]
    groups: dict[str, list[str]] = {}  # one axis cannot hold two units
    for name in names:
        groups.setdefault(recorded.unit(name), []).append(name)
    return [
        _panel(recorded, tuple(group), theme, heading_of(recorded, group))
        for group in groups.values()
    ]


_HEADINGS = {
    "V": "Membrane potential",
    "gates": "Gating variables",
    "conductances": "Conductance",
    "currents": "Ionic current",
    "stimulus": "Injected current",
}


_ALONE = {
    "gate": "Gate {name}",
    "conductance": "{channel} conductance",
    "current": "{channel} current",
}


def heading_of(recorded: Signals, names: Sequence[str]) -> str:
    channel = recorded.attribute(names[0], "channel")
    alone = _ALONE.get(str(recorded.role(names[0]))) if len(names) == 1 and channel else None
    if alone:
        return say(alone, name=names[0], channel=labels.channel(str(channel)).text)
    roles = {recorded.role(name) for name in names}
    for kind, role in _ROLES.items():
        if roles == {role} and kind in _HEADINGS:
            return say(_HEADINGS[kind])
    if len(names) == 1:
        words = reworded(str(recorded.attribute(names[0], "long_name") or names[0]))
        return words if words == names[0] else words[:1].upper() + words[1:]
    return ", ".join(names)


def _panel(recorded: Signals, names: tuple[str, ...], theme: Theme, heading: str) -> Panel:
    lane = recorded.lanes[0]
    colours = colours_of(recorded, theme)
    dashes = dashes_of(recorded)
    rest = rest_of(recorded, names[0])
    traces: list[Trace] = []
    for name in names:
        time, values = line(recorded, name, lane)
        label = label_of(recorded, name) if len(names) > 1 else Label("")
        traces.append(Trace(name, label, time, values, colours[name], dashes.get(name, ())))
    lines = tuple(traces)
    return Panel(axis_of(recorded, names, lines, heading, rest), lines)


def line(recorded: Signals, name: str, lane: Lane) -> tuple[np.ndarray, np.ndarray]:
    """The vertices of a variable's line in one lane, as many as can be seen."""
    if not np.isfinite(recorded.values(name, lane)).any():
        raise UsageError(
            f"{name} is not a number anywhere in the recording; nothing to draw. If its run "
            "failed, rec.status says how; leave it out"
        )
    if recorded.role(name) == "stimulus":
        line = injected.current(recorded, name, lane)
    else:
        source = recorded.fine if name in recorded.fine.recording else recorded
        values = source.values(name, lane)
        line = between.curved(source.time, values, injected.edges(recorded, lane))
    return drawable(*line)


def drawable(time: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A line of no more vertices than can be drawn in good time."""
    if time.size <= _MOST_VERTICES:
        return time, values
    return signals.thinned(time, values, _DRAWN_COLUMNS)


def label_of(recorded: Signals, name: str) -> Label:
    channel = recorded.attribute(name, "channel")
    if channel and recorded.role(name) in ("conductance", "current"):
        return labels.channel(str(channel))
    return labels.symbol(name)


def colours_of(recorded: Signals, theme: Theme) -> dict[str, str]:
    """Every variable's colour; the same in every panel and for every choice of panels."""
    owners = {n: str(c) for n in recorded.series() if (c := recorded.attribute(n, "channel"))}
    ions = {c: str(recorded.attribute(n, "ion", "")) for n, c in owners.items()}
    channels = channel_colours(owners.values(), theme, ions)
    free = [c for c in theme.others if c not in channels.values()] or list(theme.others)
    colours: dict[str, str] = {}
    loose = 0
    for name in recorded.series():
        channel = recorded.attribute(name, "channel")
        fixed = {"voltage": theme.voltage, "stimulus": theme.stimulus}.get(str(recorded.role(name)))
        if fixed is None and not channel:
            fixed = free[loose % len(free)]
            loose += 1
        colours[name] = fixed or channels[str(channel)]
    return colours


def dashes_of(recorded: Signals) -> dict[str, tuple[float, ...]]:
    """The first gate of a channel is solid, the next dashed, ..."""
    seen: dict[object, int] = {}
    dashes = {}
    for name in recorded.names("gate"):
        channel = recorded.attribute(name, "channel", name)
        dashes[name] = DASHES[seen.get(channel, 0) % len(DASHES)]
        seen[channel] = seen.get(channel, 0) + 1
    return dashes


# ------------------------------------------------------------------------ several lanes


def _lanes_panel(recorded: Signals, name: str, theme: Theme) -> Panel:
    lanes = recorded.lanes
    dims = [dim for dim in recorded.dims if dim in recorded.recording[name].dims]
    if not dims:  # the same in every lane
        lanes = lanes[:1]
    if len(lanes) > MOST_OVERLAID:
        raise UsageError(
            f"{name} has {len(lanes)} lanes, and lines can be told apart for {MOST_OVERLAID}; "
            f"select some, as in rec.isel({recorded.dims[0]}=[0, -1])."
        )
    coloured = list(zip(lanes, _lane_colours(len(lanes), theme), strict=True))
    # a lane that could not be run has nothing to draw; if none has, that is told
    drawn = [one for one in coloured if np.isfinite(recorded.values(name, one[0])).any()]
    traces = tuple(
        Trace(f"{name} {lane.label}", Label(lane.label), *line(recorded, name, lane), colour)
        for lane, colour in drawn or coloured
    )
    if len(traces) == 1:
        colour = colours_of(recorded, theme)[name]
        traces = (replace(traces[0], label=Label(""), colour=colour),)
    axis = axis_of(recorded, (name,), traces, heading_of(recorded, [name]), rest_of(recorded, name))
    several = len(traces) > 1
    return Panel(axis, traces, lanes=several, key=_key(recorded) if several else None)


def _key(recorded: Signals) -> tuple[Label, str]:
    if len(recorded.dims) == 1:
        return signals.dimension(recorded.recording, recorded.dims[0])
    return Label(", ".join(recorded.dims)), ""


def _lane_colours(count: int, theme: Theme) -> list[str]:
    from matplotlib.colors import to_hex

    return [to_hex(shade) for shade in ordered(np.linspace(0.0, 1.0, max(count, 1)), theme)]


# ------------------------------------------------------------------------ axes


def axis_of(
    recorded: Signals,
    names: tuple[str, ...],
    traces: tuple[Trace, ...],
    heading: str,
    rest: float | None,
) -> Axis:
    """The axis that shows ``traces`` of variables of one unit, and the resting potential."""
    role = recorded.role(names[0])
    low = min(float(np.nanmin(_finite(trace.values))) for trace in traces)
    high = max(float(np.nanmax(_finite(trace.values))) for trace in traces)
    limits = LIMITS.get(str(role), padded)(low, high)
    if rest is not None:
        rest, limits = _with_rest(rest, limits)
    return Axis(
        heading=heading,
        unit=labels.unit(recorded.unit(names[0])),
        limits=limits,
        weight=max(_WEIGHTS.get(str(role), 1.5), 0.36 * len(traces)),
        scale=labels.exponent(max(abs(limits[0]), abs(limits[1]))),
        rest=rest,
        zero=role in ("voltage", "current") and limits[0] < 0 < limits[1],
    )


def rest_of(recorded: Signals, name: str) -> float | None:
    """The resting potential that a recording tells of a voltage."""
    rest = recorded.attribute(name, "rest") if recorded.role(name) == "voltage" else None
    return None if rest is None else float(rest)


_WEIGHTS = {"voltage": 3.0, "stimulus": 0.72}


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, np.nan)


def _with_rest(rest: float, limits: tuple[float, float]) -> tuple[float | None, tuple]:
    """Show the resting line unless that would squeeze what was recorded."""
    low, high = limits
    span = high - low
    if not math.isfinite(rest) or not low - 0.5 * span <= rest <= high + 0.5 * span:
        return None, limits
    return rest, (min(low, rest - 0.06 * span), max(high, rest + 0.06 * span))


def on(recorded: Signals) -> tuple[tuple[float, float], ...]:
    """When current is injected, as far as it can be seen."""
    lanes = recorded.lanes if len(recorded.lanes) <= MOST_OVERLAID else recorded.lanes[:1]
    shortest = (recorded.time[-1] - recorded.time[0]) / 400
    return tuple(injected.stretches(injected.when_on(recorded, lanes), shortest))
