"""What is drawn: a recording's variables as panels of traces, before any drawing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from loligo.errors import UsageError, nearest
from loligo.figures.content import captions, injected, labels, signals
from loligo.figures.content.labels import Label
from loligo.figures.content.signals import Lane, Signals
from loligo.figures.style import DASHES, Theme, channel_colours

MOST_OVERLAID = 8  # lanes drawn over one another; more become a map
_DRAWN_COLUMNS = 4000  # finer than any screen


@dataclass(frozen=True, eq=False)
class Trace:
    """One line: its vertices, its look, and what its numbers mean."""

    name: str
    label: Label
    time: np.ndarray
    values: np.ndarray
    colour: str
    dashes: tuple[float, ...] = ()

    def at(self, times: np.ndarray) -> np.ndarray:
        """The line's value; where it jumps, the value after the jump."""
        after = np.searchsorted(self.time, times, side="right")
        low = np.clip(after - 1, 0, self.time.size - 1)
        high = np.clip(after, 0, self.time.size - 1)
        step = self.time[high] - self.time[low]
        part = np.where(step > 0, (times - self.time[low]) / np.where(step > 0, step, 1.0), 0.0)
        return self.values[low] + np.clip(part, 0.0, 1.0) * (self.values[high] - self.values[low])


@dataclass(frozen=True, eq=False)
class Panel:
    """Traces on one axis. ``scale`` is the power of ten taken out of its numbers."""

    heading: str
    unit: str
    traces: tuple[Trace, ...]
    limits: tuple[float, float]
    weight: float
    scale: int = 0
    rest: float | None = None
    zero: bool = False
    lanes: bool = False  # the traces are lanes of one variable
    key: tuple[Label, str] | None = None  # what the lanes' labels are values of


@dataclass(frozen=True, eq=False)
class Picture:
    """All that a figure shows. ``on`` are the intervals with injected current."""

    title: str
    subtitle: str
    start: float
    end: float
    panels: tuple[Panel, ...]
    on: tuple[tuple[float, float], ...]


def picture(found: Signals, chosen: Sequence[object] | str | None, theme: Theme) -> Picture:
    """Everything that a figure of ``found`` shows, in ``theme``'s colours.

    Raises
    ------
    UsageError
        If a panel does not exist, or nothing is recorded for it; it says what there is.
    """
    wanted = _wanted(found, chosen)
    panels = _keyed_once(panel for one in wanted for panel in _panels(found, one, theme))
    attrs = found.recording.attrs
    return Picture(
        title=str(attrs.get("title") or attrs.get("model") or ""),
        subtitle=captions.conditions(attrs, signals.chosen(found.recording)),
        start=float(found.time[0]),
        end=float(found.time[-1]),
        panels=panels,
        on=_on(found),
    )


def _keyed_once(panels: Iterable[Panel]) -> tuple[Panel, ...]:
    """Say what lanes' labels are values of over the first panel that has them."""
    made: list[Panel] = []
    for panel in panels:
        said = any(one.key is not None for one in made)
        made.append(replace(panel, key=None) if said else panel)
    return tuple(made)


# ------------------------------------------------------------------------ which panels


def _wanted(found: Signals, chosen: Sequence[object] | str | None) -> Sequence[object]:
    if chosen is None:
        return _usual(found)
    wanted = [chosen] if isinstance(chosen, str) else list(chosen)
    if not wanted:
        raise UsageError(f"panels is empty; name at least one of {offer(found)}.")
    return wanted


def _usual(found: Signals) -> list[str]:
    if not found.names("voltage"):
        raise UsageError(
            'the recording holds no V; simulate with record=None or with "V" in record, '
            f"or name the panels that it does hold: panels={found.series()!r}."
        )
    if found.dims:
        return ["V", "stimulus"] if found.names("stimulus") else ["V"]
    conducted = "conductances" if found.names("conductance") else "currents"
    kinds = ("V", "gates", "states", conducted, "stimulus")
    return [kind for kind in kinds if found.names(_ROLES[kind])]


_ROLES = {
    "V": "voltage",
    "gates": "gate",
    "states": "state",
    "conductances": "conductance",
    "currents": "current",
    "stimulus": "stimulus",
}


def offer(found: Signals) -> str:
    kinds = [kind for kind, role in _ROLES.items() if found.names(role)]
    return ", ".join(map(repr, dict.fromkeys([*kinds, *found.series()])))


def _panels(found: Signals, wanted: object, theme: Theme) -> Iterable[Panel]:
    names, kind = names_of(found, wanted)
    if not found.dims:
        return _kind_panels(found, kind, names, theme)
    return [_lanes_panel(found, name, theme) for name in names]


def names_of(found: Signals, wanted: object) -> tuple[tuple[str, ...], str | None]:
    """The variables of one entry of ``panels``, and the kind of panel if it names one."""
    if isinstance(wanted, tuple | list):
        each = [names_of(found, one)[0] for one in wanted]
        return tuple(dict.fromkeys(name for names in each for name in names)), None
    if not isinstance(wanted, str):
        raise UsageError(f"{wanted!r} is not a panel; name one of {offer(found)}.")
    if wanted in _ROLES:
        names = found.names(_ROLES[wanted])
        if not names:
            raise UsageError(
                f"there is nothing to show in panel {wanted!r}: the recording holds no "
                f"{_ROLES[wanted]}; simulate with record=None, or choose from {offer(found)}."
            )
        return names, wanted
    if wanted in found.series():
        return (wanted,), None
    known = [*(k for k, role in _ROLES.items() if found.names(role)), *found.series()]
    raise UsageError(
        f"{wanted!r} is not a panel{nearest(wanted, known)}; choose from {offer(found)}."
    )


# ------------------------------------------------------------------------ one lane


def _kind_panels(
    found: Signals, kind: str | None, names: tuple[str, ...], theme: Theme
) -> list[Panel]:
    if kind is not None and kind != "states":
        return [_panel(found, names, theme, _HEADINGS[kind])]
    groups: dict[str, list[str]] = {}  # one axis cannot hold two units
    for name in names:
        groups.setdefault(found.unit(name), []).append(name)
    return [
        _panel(found, tuple(group), theme, heading_of(found, group)) for group in groups.values()
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


def heading_of(found: Signals, names: Sequence[str]) -> str:
    channel = found.attribute(names[0], "channel")
    alone = _ALONE.get(str(found.role(names[0]))) if len(names) == 1 and channel else None
    if alone:
        return alone.format(name=names[0], channel=labels.channel(str(channel)).text)
    roles = {found.role(name) for name in names}
    for kind, role in _ROLES.items():
        if roles == {role} and kind in _HEADINGS:
            return _HEADINGS[kind]
    if len(names) == 1:
        words = str(found.attribute(names[0], "long_name") or names[0])
        return words if words == names[0] else words[:1].upper() + words[1:]
    return ", ".join(names)


def _panel(found: Signals, names: tuple[str, ...], theme: Theme, heading: str) -> Panel:
    lane = found.lanes[0]
    colours = colours_of(found, theme)
    dashes = dashes_of(found)
    traces = []
    for name in names:
        time, values = _line(found, name, lane)
        label = label_of(found, name) if len(names) > 1 else Label("")
        traces.append(Trace(name, label, time, values, colours[name], dashes.get(name, ())))
    return _finished(found, names, tuple(traces), heading)


def _line(found: Signals, name: str, lane: Lane) -> tuple[np.ndarray, np.ndarray]:
    if found.role(name) == "stimulus":
        time, values = injected.current(found, name, lane)
    else:
        time, values = found.time, found.values(name, lane)
    if not np.isfinite(values).any():
        raise UsageError(f"{name} is not a number anywhere in the recording; nothing to draw.")
    return signals.thinned(time, values, _DRAWN_COLUMNS)


def label_of(found: Signals, name: str) -> Label:
    channel = found.attribute(name, "channel")
    if channel and found.role(name) in ("conductance", "current"):
        return labels.channel(str(channel))
    return labels.symbol(name)


def colours_of(found: Signals, theme: Theme) -> dict[str, str]:
    """Every variable's colour; the same in every panel and for every choice of panels."""
    channels = channel_colours(
        [str(c) for n in found.series() if (c := found.attribute(n, "channel"))], theme
    )
    free = [c for c in theme.others if c not in channels.values()] or list(theme.others)
    colours: dict[str, str] = {}
    loose = 0
    for name in found.series():
        channel = found.attribute(name, "channel")
        fixed = {"voltage": theme.voltage, "stimulus": theme.stimulus}.get(str(found.role(name)))
        if fixed is None and not channel:
            fixed = free[loose % len(free)]
            loose += 1
        colours[name] = fixed or channels[str(channel)]
    return colours


def dashes_of(found: Signals) -> dict[str, tuple[float, ...]]:
    """The first gate of a channel is solid, the next dashed, ..."""
    seen: dict[object, int] = {}
    dashes = {}
    for name in found.names("gate"):
        channel = found.attribute(name, "channel", name)
        dashes[name] = DASHES[seen.get(channel, 0) % len(DASHES)]
        seen[channel] = seen.get(channel, 0) + 1
    return dashes


# ------------------------------------------------------------------------ several lanes


def _lanes_panel(found: Signals, name: str, theme: Theme) -> Panel:
    lanes = found.lanes
    dims = [dim for dim in found.dims if dim in found.recording[name].dims]
    if not dims:  # the same in every lane
        lanes = lanes[:1]
    if len(lanes) > MOST_OVERLAID:
        raise UsageError(
            f"{name} has {len(lanes)} lanes, and lines can be told apart for {MOST_OVERLAID}; "
            f"select some, as in rec.isel({found.dims[0]}=[0, -1])."
        )
    colours = _lane_colours(len(lanes), theme)
    traces = tuple(
        Trace(f"{name} {lane.label}", Label(lane.label), *_line(found, name, lane), colour)
        for lane, colour in zip(lanes, colours, strict=True)
    )
    if len(traces) == 1:
        colour = colours_of(found, theme)[name]
        traces = (replace(traces[0], label=Label(""), colour=colour),)
    panel = _finished(found, (name,), traces, heading_of(found, [name]))
    return replace(panel, lanes=True, key=_key(found)) if len(traces) > 1 else panel


def _key(found: Signals) -> tuple[Label, str]:
    if len(found.dims) == 1:
        return signals.dimension(found.recording, found.dims[0])
    return Label(", ".join(found.dims)), ""


def _lane_colours(count: int, theme: Theme) -> list[str]:
    import matplotlib
    from matplotlib.colors import to_hex

    colormap = matplotlib.colormaps[theme.colormap]
    low, high = theme.colormap_range
    return [to_hex(colormap(x)) for x in np.linspace(low, high, max(count, 1))]


# ------------------------------------------------------------------------ axes


def _finished(
    found: Signals, names: tuple[str, ...], traces: tuple[Trace, ...], heading: str
) -> Panel:
    role = found.role(names[0])
    low = min(float(np.nanmin(_finite(trace.values))) for trace in traces)
    high = max(float(np.nanmax(_finite(trace.values))) for trace in traces)
    limits = LIMITS.get(str(role), padded)(low, high)
    rest = found.attribute(names[0], "rest") if role == "voltage" else None
    if rest is not None:
        rest, limits = _with_rest(float(rest), limits)
    scale = labels.exponent(max(abs(limits[0]), abs(limits[1])))
    return Panel(
        heading=heading,
        unit=labels.unit(found.unit(names[0])),
        traces=traces,
        limits=limits,
        weight=max(_WEIGHTS.get(str(role), 1.5), 0.36 * len(traces)),
        scale=scale,
        rest=rest,
        zero=role in ("voltage", "current") and limits[0] < 0 < limits[1],
    )


_WEIGHTS = {"voltage": 3.0, "stimulus": 0.72}


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, np.nan)


def padded(low: float, high: float) -> tuple[float, float]:
    span = high - low
    if span <= 1e-9 * max(abs(low), abs(high), 1e-12):  # silent: an axis around the value
        span = abs(high) or 1.0
        return low - 0.5 * span, high + 0.5 * span
    return low - 0.06 * span, high + 0.06 * span


def _voltage_limits(low: float, high: float) -> tuple[float, float]:
    missing = max(0.0, 20.0 - (high - low)) / 2  # a resting membrane looks at rest
    return padded(low - missing, high + missing)


def _gate_limits(low: float, high: float) -> tuple[float, float]:
    return padded(min(low, 0.0), max(high, 1.0))


def _zero_based(low: float, high: float) -> tuple[float, float]:
    low, high = min(low, 0.0), max(high, 0.0)
    return padded(low, high) if high > low else (-0.1, 1.0)


LIMITS: dict[str, Callable[[float, float], tuple[float, float]]] = {
    "voltage": _voltage_limits,
    "gate": _gate_limits,
    "conductance": _zero_based,
    "current": _zero_based,
    "stimulus": _zero_based,
}


def _with_rest(rest: float, limits: tuple[float, float]) -> tuple[float | None, tuple]:
    """Show the resting line unless that would squeeze what was recorded."""
    low, high = limits
    span = high - low
    if not math.isfinite(rest) or not low - 0.5 * span <= rest <= high + 0.5 * span:
        return None, limits
    return rest, (min(low, rest - 0.06 * span), max(high, rest + 0.06 * span))


def _on(found: Signals) -> tuple[tuple[float, float], ...]:
    lanes = found.lanes if len(found.lanes) <= MOST_OVERLAID else found.lanes[:1]
    shortest = (found.time[-1] - found.time[0]) / 400
    return tuple(injected.stretches(injected.when_on(found, lanes), shortest))
