"""A recording's variables as panels of traces: which of them, on which axes, in which colours."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from loligo.errors import UsageError, nearest
from loligo.figures.content import between, clamped, injected, labels, origin, signals
from loligo.figures.content.labels import Label
from loligo.figures.content.picture import LIMITS, Axis, Panel, Trace, padded, spread
from loligo.figures.content.signals import Lane, Signals
from loligo.figures.style import DASHES, Theme, channel_colours
from loligo.words import reworded, say

MOST_OVERLAID = 8  # lanes drawn over one another; more become a map
MOST_GATES = 6  # on one axis; more have an axis for each channel
_SEEN_BESIDE = 20  # times as large: what is smaller cannot be seen on the same axis
# A line of more vertices is drawn as it looks on so many columns, finer than any screen.
_MOST_VERTICES, _DRAWN_COLUMNS = 40_000, 4000


# ------------------------------------------------------------------------ which panels


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


ROLES = {
    "V": "voltage",
    "gates": "gate",
    "states": "state",
    "conductances": "conductance",
    "currents": "current",
    "clamp": "clamp",
    "stimulus": "stimulus",
}


def offer(recorded: Signals) -> str:
    kinds = [kind for kind, role in ROLES.items() if recorded.names(role)]
    return ", ".join(map(repr, dict.fromkeys([*kinds, *recorded.series()])))


def names_of(recorded: Signals, wanted: object) -> tuple[tuple[str, ...], str | None]:
    """The variables of one entry of ``panels``, and the kind of panel if it names one."""
    if isinstance(wanted, tuple | list):
        each = [names_of(recorded, one)[0] for one in wanted]
        return tuple(dict.fromkeys(name for names in each for name in names)), None
    if not isinstance(wanted, str):
        raise UsageError(f"{wanted!r} is not a panel; name one of {offer(recorded)}.")
    if wanted in ROLES:
        names = recorded.names(ROLES[wanted])
        if not names:
            raise UsageError(
                f"there is nothing to show in panel {wanted!r}: the recording holds no "
                f"{ROLES[wanted]}; simulate with record=None, or choose from {offer(recorded)}."
            )
        return names, wanted
    if wanted in recorded.series():
        return (wanted,), None
    known = [*(k for k, role in ROLES.items() if recorded.names(role)), *recorded.series()]
    raise UsageError(
        f"{wanted!r} is not a panel{nearest(wanted, known)}; choose from {offer(recorded)}."
    )


# ------------------------------------------------------------------------ one lane


def kind_panels(
    recorded: Signals, kind: str | None, names: tuple[str, ...], theme: Theme
) -> list[Panel]:
    """The panels of one entry of ``panels`` in a recording of one lane."""
    return [
        _panel(recorded, group, theme, words) for group, words in grouped(recorded, kind, names)
    ]


def grouped(
    recorded: Signals, kind: str | None, names: tuple[str, ...]
) -> list[tuple[tuple[str, ...], str]]:
    """Which variables share an axis, and what stands over it."""
    if kind == "gates" and len(names) > MOST_GATES:
        return [
            (group, _of_channel(group, str(channel)) if channel else heading_of(recorded, group))
            for channel, group in _apart(names, lambda name: recorded.attribute(name, "channel"))
        ]
    if kind is not None and kind not in ("V", "states", "clamp"):
        return [(names, say(_HEADINGS[kind]))]
    # one axis cannot hold two units, nor what is tiny beside something large
    return [
        (group, heading_of(recorded, group))
        for _, alike in _apart(names, recorded.unit)
        for group in _of_a_size(recorded, alike)
    ]


def _of_a_size(recorded: Signals, names: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    """Variables that can be seen on one axis, those of like size together."""
    if len(names) < 2:
        return [names]
    peaks = {
        name: float(np.nanmax(np.abs(recorded.recording[name].values), initial=0.0))
        for name in names
    }
    groups: list[list[str]] = []
    for name in sorted(names, key=lambda name: peaks[name]):
        if groups and peaks[name] <= _SEEN_BESIDE * max(peaks[groups[-1][0]], 1e-300):
            groups[-1].append(name)
        else:
            groups.append([name])
    ordered = [tuple(name for name in names if name in group) for group in groups]
    return sorted(ordered, key=lambda group: names.index(group[0]))


def _of_channel(gates: Sequence[str], channel: str) -> str:
    """What stands over the gates of one channel."""
    name = labels.channel(channel).text
    if len(gates) == 1:
        return say("Gate {name} of {channel}", name=labels.quoted(gates[0]), channel=name)
    return say("Gates of {channel}", channel=name)


def _apart(
    names: tuple[str, ...], by: Callable[[str], Any]
) -> Iterable[tuple[Any, tuple[str, ...]]]:
    """Names in groups, in the order in which these begin."""
    groups: dict[Any, list[str]] = {}
    for name in names:
        groups.setdefault(by(name), []).append(name)
    return [(what, tuple(group)) for what, group in groups.items()]


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
        name = labels.quoted(names[0])
        return say(alone, name=name, channel=labels.channel(str(channel)).text)
    roles = {recorded.role(name) for name in names}
    if roles == {"voltage"} and recorded.dimensionless:
        return origin.unitless_heading(recorded.recording.attrs)
    if roles == {"voltage"}:
        return origin.heading(recorded.recording.attrs)
    for kind, role in ROLES.items():
        if roles == {role} and kind in _HEADINGS:
            return say(_HEADINGS[kind])
    if len(names) == 1:
        words = reworded(str(recorded.attribute(names[0], "long_name") or names[0]))
        return words if words == names[0] else words[:1].upper() + words[1:]
    return ", ".join(map(labels.quoted, names))


def _panel(recorded: Signals, names: tuple[str, ...], theme: Theme, heading: str) -> Panel:
    lane = recorded.lanes[0]
    lines = tuple(trace(recorded, name, lane, theme) for name in names)
    if len(names) == 1:
        lines = (replace(lines[0], label=Label("")),)
    axis = axis_of(recorded, names, lines, heading, rest_of(recorded, names[0]))
    return commanded(recorded, Panel(axis, lines), names, [(lane, theme.muted)])


def trace(recorded: Signals, name: str, lane: Lane, theme: Theme) -> Trace:
    """A variable in one lane, in its own colour and dashes, and by its name."""
    dashes = dashes_of(recorded).get(name, ())
    colour = colours_of(recorded, theme)[name]
    return Trace(name, label_of(recorded, name), *line(recorded, name, lane), colour, dashes)


def commanded(
    recorded: Signals, panel: Panel, names: Sequence[str], lanes: Sequence[tuple[Lane, str]]
) -> Panel:
    """A panel of V with what a clamp asked V to be, dashed, where V is not just that."""
    if recorded.role(names[0]) != "voltage":
        return panel
    asked = [(clamped.command(recorded, lane), colour) for lane, colour in lanes]
    more = tuple(
        Trace("command", Label(""), *line, colour, clamped.ASKED, aside=True)
        for line, colour in asked
        if line
    )
    if not more:
        return panel
    heading = say("V, command dashed")
    traces = (*panel.traces, *more)
    axis = axis_of(recorded, tuple(names), traces, heading, panel.axis.rest)
    return replace(panel, axis=axis, traces=traces)


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
    limits, cut = LIMITS.get(str(role), padded)(low, high), False
    if role == "clamp":
        limits, cut = clamped.reach(recorded, traces)
    elif role == "voltage" and recorded.dimensionless:
        limits = spread(low, high, _LEAST)
    if rest is not None:
        rest, limits = _with_rest(rest, limits)
    return Axis(
        heading=say("{heading}, transients cut off", heading=heading) if cut else heading,
        unit=labels.unit(recorded.unit(names[0])),
        limits=limits,
        weight=max(_WEIGHTS.get(str(role), 1.5), 0.36 * sum(bool(t.label.text) for t in traces)),
        scale=labels.exponent(max(abs(limits[0]), abs(limits[1]))),
        rest=rest,
        zero=role in ("voltage", "current", "clamp") and limits[0] < 0 < limits[1],
        cut=cut,
    )


def rest_of(recorded: Signals, name: str) -> float | None:
    """The resting potential that a recording tells of a voltage."""
    rest = recorded.attribute(name, "rest") if recorded.role(name) == "voltage" else None
    return None if rest is None else float(rest) - origin.origin(recorded.recording.attrs)


_WEIGHTS = {"voltage": 3.0, "stimulus": 0.72}
_LEAST = 0.5  # of V without a unit: less looks like rest


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
