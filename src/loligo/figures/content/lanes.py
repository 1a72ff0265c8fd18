"""Several lanes of a recording as panels: over one another, or each on axes of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from loligo.errors import UsageError
from loligo.figures.content import labels, panels, signals
from loligo.figures.content.labels import Label
from loligo.figures.content.picture import Panel, Trace
from loligo.figures.content.signals import Lane, Signals
from loligo.figures.style import DASHES, Theme, in_order

MOST_OF_A_FAMILY = 40  # lanes of a clamp over one another
MOST_STACKED = 24  # lanes, each on axes of its own
_STACKED = 0.75  # of a usual panel's weight


@dataclass(frozen=True, eq=False)
class Looked:
    """A lane and how its line looks."""

    lane: Lane
    colour: str
    dashes: tuple[float, ...]


def varying(recorded: Signals, names: Sequence[str]) -> list[str]:
    """The dimensions along which any of some variables has lanes."""
    own = {dim for name in names for dim in recorded.recording[name].dims}
    return [dim for dim in recorded.dims if dim in own]


def looks(recorded: Signals, theme: Theme) -> list[Looked]:
    """Every lane, in the order of what tells the lanes apart, the lowest first.

    Along one dimension the colours go from lane to lane; along two, if they are few, from lane to
    lane of the longer one, and the dashes say which of the shorter one it is.
    """
    lanes, dims = recorded.lanes, recorded.dims
    ranks = [signals.ranks(recorded.recording, dim) for dim in dims]
    order = sorted(
        lanes, key=lambda one: [int(r[one.where[d]]) for d, r in zip(dims, ranks, strict=True)]
    )
    if len(dims) == 2 and min(map(len, ranks)) <= len(DASHES):
        long, short = sorted((0, 1), key=lambda k: -len(ranks[k]))
        inks = in_order(len(ranks[long]), theme)
        at = [[int(ranks[k][one.where[dims[k]]]) for k in (long, short)] for one in order]
        return [Looked(one, inks[a], DASHES[b]) for one, (a, b) in zip(order, at, strict=True)]
    inks = in_order(len(order), theme)
    return [Looked(one, ink, ()) for one, ink in zip(order, inks, strict=True)]


def key(recorded: Signals) -> tuple[Label, str]:
    """What the lanes' labels are values of, and its unit where there is one such."""
    told = [signals.dimension(recorded.recording, dim) for dim in recorded.dims]
    if len(told) == 1:
        return _plain(told[0], recorded)
    parts: list[str | Label] = []
    for label, unit in (_plain(one, recorded) for one in told):
        parts += [", " if parts else "", label, f" ({unit})" if unit else ""]
    return labels.words([part for part in parts if part]), ""


def _plain(told: tuple[Label, str], recorded: Signals) -> tuple[Label, str]:
    return (told[0], "") if recorded.dimensionless else told


# ------------------------------------------------------------------------ over one another


def lanes_panel(recorded: Signals, name: str, theme: Theme) -> Panel:
    """One variable of every lane; one line, where it is the same in all of them. Of many, some are
    named.

    Raises
    ------
    UsageError
        For more lanes than can be told apart.
    """
    several = [] if alike(recorded, name) else looks(recorded, theme)
    if not several:
        several = [Looked(_first(recorded, name), panels.colours_of(recorded, theme)[name], ())]
    most = most_overlaid(recorded)
    if len(several) > most:
        raise UsageError(
            f"{name} has {len(several)} lanes, and lines can be told apart for {most}; "
            f"select some, as in rec.isel({recorded.dims[0]}=[0, -1])."
        )
    # a lane that could not be run has nothing to draw; if none has, that is told
    drawn = [o for o in several if np.isfinite(recorded.values(name, o.lane)).any()] or several
    apart = len(several) > 1
    named = _named(len(drawn)) if apart else set()
    traces = [
        Trace(
            f"{name} {one.lane.label}", Label(one.lane.label if k in named else ""),
            *panels.line(recorded, name, one.lane), one.colour, one.dashes,
        )
        for k, one in enumerate(drawn)
    ]  # fmt: skip
    heading, rest = panels.heading_of(recorded, [name]), panels.rest_of(recorded, name)
    axis = panels.axis_of(recorded, (name,), tuple(traces), heading, rest)
    made = Panel(axis, tuple(traces), apart, key(recorded) if apart else None, ordered=apart)
    return panels.commanded(recorded, made, [name], [(one.lane, one.colour) for one in drawn])


def most_overlaid(recorded: Signals) -> int:
    """How many lanes are drawn over one another: more of a family of clamp currents, which fan
    out."""
    return MOST_OF_A_FAMILY if recorded.names("clamp") else panels.MOST_OVERLAID


def _named(count: int) -> set[int]:
    """Which of so many lines are named: the highest, and some evenly below it."""
    return set(range(count - 1, -1, count // -panels.MOST_OVERLAID))


def alike(recorded: Signals, name: str) -> bool:
    """Whether a variable is the same in every lane that has it."""
    dims = varying(recorded, [name])
    if not dims:
        return True
    rows = recorded.recording[name].transpose(*dims, "time").values.reshape(-1, recorded.time.size)
    rows = np.asarray(rows, dtype=float)
    rows = rows[np.isfinite(rows).any(axis=1)]
    return bool(rows.size and (rows == rows[0]).all())


def _first(recorded: Signals, name: str) -> Lane:
    """The first lane that has something of a variable."""
    for lane in recorded.lanes:
        if np.isfinite(recorded.values(name, lane)).any():
            return lane
    return recorded.lanes[0]


# ------------------------------------------------------------------------ one above the other


def stacked(recorded: Signals, names: tuple[str, ...], heading: str, theme: Theme) -> list[Panel]:
    """Small multiples: a panel for every lane, the highest at the top, all on axes alike.

    Raises
    ------
    UsageError
        For more lanes than there is room for.
    """
    several = looks(recorded, theme)[::-1]
    if len(several) > MOST_STACKED:
        raise UsageError(
            f"stacked=True puts up to {MOST_STACKED} lanes one above the other, and the recording "
            f"has {len(several)}; select some, as in "
            f"rec.isel({recorded.dims[0]}=slice(None, None, {-(-len(several) // MOST_STACKED)}))."
        )
    rows = [(one, _of_lane(recorded, names, one, theme)) for one in several]
    rows = [(one, traces) for one, traces in rows if traces]
    if not rows:
        raise UsageError(f"{names[0]} is not a number in any lane; nothing to draw.")
    every = tuple(trace for _, traces in rows for trace in traces)
    axis = panels.axis_of(recorded, names, every, heading, None)
    axis = replace(axis, weight=_STACKED, zero=False)
    made = []
    for k, (one, traces) in enumerate(rows):
        alone = len(names) == 1
        named = (key(recorded) if k == 0 else None) if alone else (worded(recorded, one.lane), "")
        said = heading if k == 0 else ""
        made.append(Panel(replace(axis, heading=said), traces, alone, named))
    return made


def _of_lane(
    recorded: Signals, names: tuple[str, ...], one: Looked, theme: Theme
) -> tuple[Trace, ...]:
    """What is drawn of one lane: a line in the lane's colour, or several in their own."""
    known = [name for name in names if np.isfinite(recorded.values(name, one.lane)).any()]
    if len(names) == 1:
        return tuple(
            Trace(f"{name} {one.lane.label}", Label(one.lane.label),
                  *panels.line(recorded, name, one.lane), one.colour)
            for name in known
        )  # fmt: skip
    return tuple(panels.trace(recorded, name, one.lane, theme) for name in known)


def worded(recorded: Signals, lane: Lane) -> Label:
    """Which lane it is: ``g_K = 36 mS/cm²``."""
    said: list[str | Label] = []
    for dim, k in lane.where.items():
        label, unit = _plain(signals.dimension(recorded.recording, dim), recorded)
        value = signals.coordinate(recorded.recording, dim, k)
        said += [", " if said else "", label, f" = {value}{unit and f' {unit}'}"]
    return labels.words([part for part in said if part])
