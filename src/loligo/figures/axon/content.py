"""An axon's recording, checked and ready to be drawn: what is where, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UsageError
from loligo.figures.axon.sites import Electrode, Stretch, electrodes, stretches
from loligo.figures.content import between, injected, labels, panels, signals
from loligo.figures.content.labels import Label
from loligo.figures.content.panels import MOST_OVERLAID
from loligo.figures.content.picture import LIMITS, Axis, padded
from loligo.figures.content.signals import Lane, Signals
from loligo.figures.content.subtitle import subtitle
from loligo.figures.content.titles import titles
from loligo.figures.style import Theme
from loligo.words import decimal

if TYPE_CHECKING:
    import xarray

STRIP, MAP, TRACES = "axon", "map", "traces"
_FRACTIONS = (0.1, 0.3, 0.5, 0.7, 0.9)  # where the wave stands in the instants of a figure
PLACES = (0.25, 0.5, 0.75)  # of the axon: where V is followed in time
_NEAR = 0.06  # of the length: as far as an electrode's own potential is seen
_BRIEF = 3.0  # ms
_SPIKE = 30.0  # mV: less is no action potential
_BRIEF_CURRENT = 0.5  # of the run: what lasts as long belongs to what happens


@dataclass(frozen=True, eq=False)
class AxonRecord:
    """One axon over time. Places are in ``unit``.

    Attributes
    ----------
    place : (places,)
    edges : (places + 1,)
        Where what is recorded at one place gives way to the next.
    length : float
        Of the whole axon.
    V : (places, time), mV
    diameter : (places,) or None
    myelin : (places,) of bool
    electrodes
        Where current is injected.
    bends
        When what is done changes its course.
    speed
        Of the action potential, in words; empty where none travelled.
    stretches
        Those that have a name of their own.
    """

    recorded: Signals
    unit: str
    per_um: float
    place: np.ndarray
    edges: np.ndarray
    length: float
    time: np.ndarray
    V: np.ndarray
    diameter: np.ndarray | None
    myelin: np.ndarray
    electrodes: tuple[Electrode, ...]
    bends: np.ndarray
    title: str
    subtitle: str
    speed: str
    stretches: tuple[Stretch, ...]

    def values(self, name: str) -> np.ndarray:
        """A variable, (places, time); 0 where the axon has no such channel."""
        variable = self.recorded.recording[name].transpose("position", "time")
        values = self.recorded.counted(name, np.asarray(variable.values, float))
        return np.where(np.isfinite(values), values, 0.0)

    def quiet(self) -> np.ndarray:
        """Which places are not close to an electrode."""
        quiet = np.ones(self.place.size, dtype=bool)
        for electrode in self.electrodes:
            quiet &= np.abs(self.place - electrode.place) > _NEAR * self.length
        return quiet

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The lowest and highest V that a figure must show."""
        return self.spread(self.V)

    def undisturbed(self) -> np.ndarray:
        """Which instants tell what the axon does by itself: not those while a brief current goes
        in, and as long after it, which is seen far along a myelinated axon."""
        on = np.zeros(self.time.size, dtype=bool)
        for electrode in self.electrodes:
            for begin, end in electrode.on:
                on |= (self.time >= begin) & (self.time <= 2 * end - begin)
        return ~on if on.mean() < _BRIEF_CURRENT else np.ones(on.size, dtype=bool)

    def free(self, t: float) -> bool:
        """Whether the axon is left to itself at an instant."""
        return bool(self.undisturbed()[np.abs(self.time - t).argmin()])

    @property
    def nodes(self) -> np.ndarray:
        """Which of the places are nodes, one of each: what is bare between myelin."""
        bare = ~self.myelin
        edges = np.flatnonzero(np.diff(np.r_[0, bare.astype(int), 0]))
        if not self.myelin.any():
            return np.empty(0, dtype=int)
        middle = [
            (first + last - 1) // 2 for first, last in zip(edges[::2], edges[1::2], strict=True)
        ]
        return np.array(middle, dtype=int)

    def arrivals(self) -> np.ndarray | None:
        """(places,): when the first action potential was there, ms; None if it is not known."""
        from loligo.analysis import spike_times

        rec = self.recorded.recording
        if "spike_count" not in rec or rec["spike_count"].dims != ("position",):
            return None
        times = spike_times(rec)
        return times.isel(spike=0).values if times.sizes["spike"] else None

    def line(self, values: np.ndarray, smooth: bool) -> tuple[np.ndarray, np.ndarray]:
        """Vertices of a line along the axon, of ``values`` (places, ...): V is smooth; what
        belongs to the membrane changes at once where the membrane does."""
        if smooth or not self.myelin.any():
            return self.place, values
        return np.repeat(self.edges, 2)[1:-1], np.repeat(values, 2, axis=0)

    def spread(self, values: np.ndarray) -> tuple[float, float]:
        """The lowest and highest of ``values`` (places, time) that a figure must show.

        Close to an electrode V goes where no action potential does; where one travels, its own
        range counts.
        """
        quiet = self.quiet()
        far = self.V[quiet]
        if not far.size or far.max() - far.min() < _SPIKE:
            return float(values.min()), float(values.max())
        part = values[quiet][:, self.undisturbed()]
        return float(part.min()), float(part.max())

    def at(self, values: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Columns of ``values`` between two samples, (places, times)."""
        return between.at(self.time, values, self.bends, times)

    def covers(self, times: np.ndarray) -> np.ndarray:
        """Which of ``times`` lie within the recording."""
        slack = 1e-9 * max(1.0, abs(float(self.time[-1])))
        return (times >= self.time[0] - slack) & (times <= self.time[-1] + slack)

    def trace(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The line in time of one place's ``values``."""
        return panels.drawable(*between.curved(self.time, values, self.bends))

    def instants(self) -> np.ndarray:
        """When the wave stands at a few places along the axon; without one, when V is moved."""
        times = []
        free, start = self.undisturbed(), float(np.median(self.V[:, 0]))
        for part in _FRACTIONS:
            row = np.where(free, self.V[self.near(part * self.length)], -np.inf)
            if row.max() > start + _SPIKE:
                times.append(float(self.time[row.argmax()]))
        apart = 0.02 * float(self.time[-1] - self.time[0])
        kept: list[float] = []
        for t in sorted(times):
            if not kept or t - kept[-1] > apart:
                kept.append(t)
        if kept:
            return np.array(kept)
        moved = np.abs(self.V - self.V[:, :1]).max(axis=0)
        there = np.flatnonzero(moved >= 0.1 * moved.max())
        first, most, last = self.time[[there[0], int(moved.argmax()), there[-1]]]
        return np.unique([(first + most) / 2, most, (most + last) / 2])

    def near(self, place: float) -> int:
        """The recorded place nearest to one that has no myelin, if there is such."""
        far = np.abs(self.place - place)
        return int(np.argmin(np.where(self.myelin, np.inf, far) if not self.myelin.all() else far))

    def followed(self) -> list[int]:
        """The places at which V is followed in time."""
        return sorted({self.near(part * self.length) for part in PLACES})

    def named(self, index: int) -> str:
        """A recorded place with its unit: ``2.5 cm``, also of a compartment at 2.49 cm."""
        place = float(self.place[index])
        round_ = [p * self.length for p in PLACES if abs(p * self.length - place) < self.slack]
        return self.short((round_ or [place])[0])

    def short(self, place: float) -> str:
        """A place with its unit, in as few digits as tell where it is."""
        digits = next(k for k in range(1, 18) if abs(float(f"{place:.{k}g}") - place) < self.slack)
        return decimal(f"{place:.{digits}g} {self.unit}")

    @property
    def slack(self) -> float:
        """How far beside a place is still that place in a label."""
        return 0.005 * self.length

    def clock(self, t: float) -> str:
        """An instant with its unit, to what tells instants apart."""
        brief = float(self.time[-1] - self.time[0]) < _BRIEF
        return f"{labels.number(t, 2 if brief else 1)} ms"


def is_axon(rec: Any) -> bool:
    """Whether a recording has more places along an axon than can be drawn as lines in time."""
    sizes = getattr(rec, "sizes", {})
    return "position" in sizes and "time" in sizes and sizes["position"] > MOST_OVERLAID


def read(rec: xarray.Dataset, unit: tuple[str, float] | None = None) -> AxonRecord:
    """Check that one axon can be drawn; its places in a ``unit`` of so many um, or in what suits
    them.

    Raises
    ------
    UsageError
        If there are several axons, or V is not recorded along the axon.
    """
    given = signals.read(rec)
    recorded, rec = given.fine, given.fine.recording
    others = [dim for dim in recorded.dims if dim not in ("position", "place", "clamp_place")]
    if others:
        raise UsageError(
            f"the recording has {rec.sizes[others[0]]} axons along {others[0]!r}, and a figure "
            f"shows one: select it, as in rec.isel({others[0]}=0)"
        )
    if "V" not in rec or "position" not in rec["V"].dims:
        raise UsageError(
            "the recording holds no V along the axon; simulate with record=None or "
            'with "V" in record'
        )
    position = np.asarray(rec["position"].values, dtype=float)
    V = recorded.counted("V", np.asarray(rec["V"].transpose("position", "time").values, float))
    if not np.isfinite(V).all():
        raise UsageError("V is not a number somewhere along the axon; nothing can be drawn")
    edges = _edges(position)
    length = float(edges[-1])
    called, um = unit or signals.places(rec)
    per_um = 1 / um
    fast = _speed(rec)
    wide = rec.coords.get("diameter")
    myelin = rec.coords.get("myelin")
    return AxonRecord(
        recorded=recorded,
        unit=called,
        per_um=per_um,
        place=position * per_um,
        edges=edges * per_um,
        length=length * per_um,
        time=recorded.time,
        V=V,
        diameter=None if wide is None or wide.dims != ("position",) else np.asarray(wide.values),
        myelin=np.zeros(position.size, bool)
        if myelin is None
        else np.asarray(myelin.values, dtype=bool),
        electrodes=electrodes(rec, recorded.time, per_um),
        bends=injected.edges(given, Lane({}, "")),
        title=titles(rec.attrs)[0],
        subtitle=": ".join(filter(None, (subtitle(rec), fast))),
        speed=fast,
        stretches=stretches(rec, edges * per_um),
    )


def _edges(centre: np.ndarray) -> np.ndarray:
    """The edges of compartments from their centres, the first at 0; half-way between places
    that are not neighbours."""
    edges = np.empty(centre.size + 1)
    edges[0] = 0.0
    for k, place in enumerate(centre):
        edges[k + 1] = 2 * place - edges[k]
    if np.all(edges[1:] > centre) and np.all(edges[:-1] < centre):
        return edges
    last = centre[-1] + (centre[-1] - centre[-2]) / 2
    return np.concatenate(([0.0], (centre[1:] + centre[:-1]) / 2, [last]))


def _speed(rec: xarray.Dataset) -> str:
    """How fast the action potential was, if one travelled."""
    from loligo.analysis import conduction_velocity

    try:
        velocity = conduction_velocity(rec)
    except UsageError:  # spikes that do not belong to these places: nothing is said of them
        return ""
    travelled = str(velocity.outcome.values) == "travelled"
    return decimal(f"{abs(float(velocity)):.3g} m/s") if travelled else ""


# ------------------------------------------------------------------------ what is shown


@dataclass(frozen=True, eq=False)
class Row:
    """Variables drawn on one axis along the axon: each with its name, colour and dashes, and the
    rank of the axon that it is ``of``; ``beside`` are the names of axons, for where nothing else
    says them."""

    axis: Axis
    names: tuple[str, ...]
    labels: tuple[Label, ...]
    colours: tuple[str, ...]
    dashes: tuple[tuple[float, ...], ...]
    of: tuple[int, ...]
    beside: tuple[Label, ...] = ()

    @property
    def smooth(self) -> bool:
        """V is; what belongs to the membrane changes where the membrane does."""
        return set(self.names) == {"V"}


def rows(
    axon: AxonRecord, chosen: Sequence[object] | str | None, last: str, theme: Theme
) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """The rows along the axon, and which of the strip, the map and the traces are shown."""
    extras = (STRIP, MAP, TRACES)
    wanted: list[object]
    if chosen is None:
        wanted = ["V", *(["currents"] if axon.recorded.names("current") else []), STRIP, last]
    else:
        wanted = panels.listed(chosen)
    if not wanted:
        raise UsageError(f"panels is empty; name at least one of {offer(axon)}.")
    made = []
    for one in wanted:
        if one in extras:
            continue
        try:
            names, kind = panels.names_of(axon.recorded, one)
        except UsageError as problem:
            said = str(problem).split("choose from")[0].split("name one of")[0].rstrip("; ")
            raise UsageError(f"{said}; choose from {offer(axon)}.") from None
        spread = tuple(n for n in names if "position" in axon.recorded.recording[n].dims)
        if not spread:
            raise UsageError(f"{one!r} is not recorded along the axon; choose from {offer(axon)}.")
        made.append(_row(axon, spread, kind, theme))
    if not made:
        raise UsageError(f"panels must name something along the axon, such as {offer(axon)}.")
    return tuple(made), tuple(e for e in extras if e in wanted)


def offer(axon: AxonRecord) -> str:
    """What a figure of an axon can show."""
    return ", ".join(filter(None, [panels.offer(axon.recorded), "'axon', 'map', 'traces'"]))


def _row(axon: AxonRecord, names: tuple[str, ...], kind: str | None, theme: Theme) -> Row:
    recorded = axon.recorded
    colours, dashes = panels.colours_of(recorded, theme), panels.dashes_of(recorded)
    return Row(
        axis=axis_of([(axon, name) for name in names]),
        names=names,
        labels=tuple(panels.label_of(recorded, n) if len(names) > 1 else Label("") for n in names),
        colours=tuple(colours[name] for name in names),
        dashes=tuple(dashes.get(name, ()) for name in names),
        of=(0,) * len(names),
    )


def axis_of(lines: Sequence[tuple[AxonRecord, str]]) -> Axis:
    """The axis of variables along axons, all in one unit."""
    first, name = lines[0]
    recorded = first.recorded
    role = str(recorded.role(name))
    ends = [axon.spread(axon.values(name)) for axon, name in lines]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    limits = LIMITS.get(role, padded)(low, high)
    if role == "voltage":  # room for an instant's name over its peak
        limits = (limits[0], limits[1] + 0.08 * (limits[1] - limits[0]))
    return Axis(
        heading=panels.heading_of(recorded, list(dict.fromkeys(name for _, name in lines))),
        unit=labels.unit(recorded.unit(name)),
        limits=limits,
        weight={"voltage": 3.2}.get(role, 2.3),
        scale=labels.exponent(max(abs(end) for end in limits)),
        rest=panels.rest_of(recorded, name) if len(lines) == 1 else None,
        zero=role in ("voltage", "current") and limits[0] < 0 < limits[1],
    )
