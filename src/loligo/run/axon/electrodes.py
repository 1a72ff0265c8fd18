"""Voltage clamps along axons: what an electrode adds to the solve, when, and its current.

The electrode joins the axon at its place, which lies between two centres of compartments, at
axial resistances a and b from them. It has no capacity there, so the place is eliminated (a
star becomes a triangle): with the series resistance s and D = a b + s (a + b), the centres see
the command through the conductances b/D and a/D, and each other through s/D in place of
1/(a + b). All are positive, and the system stays tridiagonal, for any s. A clamp at a centre, or
beyond the outermost one, is one conductance, 1/(s + a).

A step in which a clamp is on in part has these numbers in that proportion. An edge on a step's
boundary is exact; inside a step a small resistance holds V for the whole of it, as if the edge
lay at the step's own: that is of first order in the step.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from loligo.errors import StimulusError
from loligo.lanes import Floats, Integers
from loligo.run.axon.commands import BESIDE, commanded, rises
from loligo.run.axon.compartments import around
from loligo.run.cells import Driven
from loligo.run.drive import Drive
from loligo.run.geometry import Compartments
from loligo.run.problem import Problem

SNAP = 1e-6  # of a step: an edge so near a step's boundary is on it


@dataclass(frozen=True, eq=False)
class Electrode:
    """All clamps at one place.

    Attributes
    ----------
    place
        um from the left end.
    compartments
        The one or two whose centres it is joined to, increasing.
    resistance : (axons, compartments of it)
        Axial, from the place to these centres, Mohm.
    start, stop, voltage, series : (clamps, axons)
        ms, ms, mV, Mohm; of a command that moves, what it is at its start.
    moving
        For each clamp, if its command moves, the different ones over the axons and which of them
        each axon has.
    """

    place: float
    compartments: tuple[int, ...]
    resistance: Floats
    start: Floats
    stop: Floats
    voltage: Floats
    series: Floats
    moving: tuple[tuple[list[Any], Integers] | None, ...]

    @property
    def moves(self) -> bool:
        """Whether any command does."""
        return any(each is not None for each in self.moving)

    def moved(self, times: Floats, after: bool = True, beside: float = BESIDE) -> Floats:
        """(times, clamps, axons): how far commands are from their first value, mV; see
        :func:`loligo.run.axon.commands.commanded`."""
        table = np.zeros((times.size, *self.voltage.shape))
        for k, each in enumerate(self.moving):
            if each is not None:
                paths, which = each
                rows = [commanded(path, times, after, beside) for path in paths]
                table[:, k] = np.stack(rows, axis=1)[:, which] - self.voltage[k]
        return table

    def jumps(self, axon: int) -> list[float]:
        """When the commands of one axon jump while they are on, ms."""
        every = (paths[which[axon]] for paths, which in filter(None, self.moving))
        return [t for path in every for t in path.leaps()[0].tolist()]

    def rises(self, clamp: int, threshold: float, end: float) -> Floats:
        """(2, axons, rises): when a clamp's command goes up through a threshold, NaN where it does
        no more, and how high it goes, NaN where it stands still: that does where it goes on."""
        each = self.moving[clamp]
        if each is None:
            above = self.voltage[clamp] >= threshold
            times = np.where(above, np.maximum(self.start[clamp], 0.0), np.nan)
            return np.stack([times, np.full(times.shape, np.nan)])[..., None]
        found = [rises(path, threshold, end) for path in each[0]]
        table = np.full((2, len(found), max(1, *map(len, found))), np.nan)
        for k, pairs in enumerate(found):
            table[:, k, : len(pairs)] = np.array(pairs).reshape(-1, 2).T
        return table[:, each[1]]

    def bends(self, dt: float, end: float) -> list[set[int]]:
        """For each axon, the steps that begin where a command bends."""
        found: list[set[int]] = []
        for axon in range(self.start.shape[1]):
            steps = snapped(np.concatenate(self.knots(axon, end)) / dt)
            found.append({int(step) for step in steps if step == int(step)})
        return found

    def knots(self, axon: int, end: float) -> list[Floats]:
        """When the commands of one axon bend or jump, ms."""
        every = (paths[which[axon]] for paths, which in filter(None, self.moving))
        return [path.breakpoints(end) for path in every]

    def driving(self, first: int, stop: int, dt: float, damped: Any) -> Floats:
        """(steps, clamps, axons): how far from its first value the command is that drives each of
        some steps, of which some are damped, (steps, axons)."""
        times: Floats = np.arange(first, stop + 1, dtype=np.float64) * dt
        beside = SNAP * dt
        last = self.moved(times[1:], after=False, beside=beside)
        mean = 0.5 * (self.moved(times[:-1], beside=beside) + last)
        return np.where(damped[:, None, :] != 0, last, mean)

    def pushed(self, first: int, stop: int, dt: float, damped: Any) -> Floats:
        """What it adds to some steps because commands move, (steps, axons, compartments of it),
        nA."""
        on = self.during(np.arange(first, stop)[:, None, None], dt)
        moved = self.driving(first, stop, dt, damped)
        return (self._conductances(on) * moved[..., None]).sum(axis=1)

    def joined(self, on: Floats) -> tuple[Floats, Floats, Floats]:
        """What it adds while its clamps are on for a fraction of the time.

        Parameters
        ----------
        on : (clamps, axons)

        Returns
        -------
        conductance : (axons, compartments of it)
            uS.
        driven : (axons, compartments of it)
            The conductance times the command, nA.
        link : (axons,)
            How much the conductance between its two compartments changes, uS.
        """
        each = self._conductances(on)
        driven = (each * self.voltage[..., None]).sum(axis=0)
        if len(self.compartments) == 1:
            return each.sum(axis=0), driven, np.zeros(int(on.shape[1]))
        a, b = self.resistance.T
        through = a * b + self.series * (a + b)
        link = on * (self.series / through - 1.0 / (a + b))
        return each.sum(axis=0), driven, link.sum(axis=0)

    def _conductances(self, on: Floats) -> Floats:
        """Of each clamp to each of its compartments, (…, clamps, axons, compartments of it), uS."""
        if len(self.compartments) == 1:
            return on[..., None] / (self.series + self.resistance[:, 0])[..., None]
        a, b = self.resistance.T
        through = a * b + self.series * (a + b)
        return np.stack([on * b / through, on * a / through], axis=-1)

    def towards(self, on: Floats, moved: Floats) -> Floats:
        """The current that commands which have moved so far drive besides, (axons, compartments of
        it), nA."""
        return (self._conductances(on) * moved[..., None]).sum(axis=0)

    def during(self, step: Any, dt: float) -> Floats:
        """(clamps, axons): the fraction of a step of ``dt`` ms that each is on."""
        stop = np.minimum(snapped(self.stop / dt), step + 1)
        return np.clip(stop - np.maximum(snapped(self.start / dt), step), 0.0, 1.0)

    def at(self, time: float) -> Floats:
        """(clamps, axons): 1 where it is on just after a time (ms)."""
        return ((self.start <= time) & (time < self.stop)).astype(np.float64)


def electrodes(problem: Problem) -> list[Electrode]:
    """One for each place with a clamp, in the order in which they were given.

    Raises
    ------
    StimulusError
        If clamps contradict each other, or an end that is held.
    """
    groups: dict[float, list[int]] = {}
    for i, point in enumerate(problem.clamps):
        groups.setdefault(point.place, []).append(i)
    found = [_electrode(problem, place, clamps) for place, clamps in groups.items()]
    _check(problem, found)
    return found


def _electrode(problem: Problem, place: float, clamps: list[int]) -> Electrode:
    parts, lanes = problem.along.parts, problem.lanes
    inside, other, resistance = around(parts, place)
    names = ("start", "duration", "series_resistance")
    start, duration, series = (
        np.stack([lanes.flat(f"clamp{i}.{name}") for i in clamps]) for name in names
    )

    def voltage(i: int) -> Floats:
        return lanes.flat(f"clamp{i}.voltage")

    where, away = (inside,), resistance[:, None]
    if other is not None:
        rest = 1.0 / parts.link[:, min(inside, other)] - resistance
        pair = [(inside, resistance), (other, rest)]
        pair.sort(key=lambda each: each[0])
        where, away = tuple(k for k, _ in pair), np.stack([r for _, r in pair], axis=-1)
    moving = tuple(_moving(problem, i) for i in clamps)
    first = [
        voltage(i) if each is None else np.array([p.course.value(0.0) for p in each[0]])[each[1]]
        for i, each in zip(clamps, moving, strict=True)
    ]
    return Electrode(place, where, away, start, start + duration, np.stack(first), series, moving)


def _moving(problem: Problem, clamp: int) -> tuple[list[Any], Integers] | None:
    shape: Any = problem.clamps[clamp].stimulus
    return Drive(problem).paths(Driven(f"clamp{clamp}", shape)) if shape.moves else None


def _check(problem: Problem, found: list[Electrode]) -> None:
    for e in found:
        for i, k in itertools.combinations(range(len(e.start)), 2):
            both = np.minimum(e.stop[i], e.stop[k]) - np.maximum(e.start[i], e.start[k])
            if np.any(both > 1e-9):
                raise StimulusError(
                    f"two clamps at {e.place:g} um are on at the same time, from "
                    f"{np.maximum(e.start[i], e.start[k])[both > 1e-9][0]:g} ms on; let one end "
                    "where the other begins"
                )
    for one, two in itertools.combinations(found, 2):
        same_gap = len(one.compartments) == 2 and one.compartments == two.compartments
        if same_gap or _alone(one, two) or _alone(two, one):
            length = problem.along.parts.length[one.compartments[0]]
            raise StimulusError(
                f"the clamps at {one.place:g} and {two.place:g} um lie between the same centres "
                f"of compartments ({length:.4g} um long); ask for more compartments=..., or leave "
                "one out"
            )
    _check_ends(problem, found)


def _alone(one: Electrode, two: Electrode) -> bool:
    """Whether both are joined to one centre alone."""
    return len(one.compartments) == 1 and one.compartments == two.compartments


def _check_ends(problem: Problem, found: list[Electrode]) -> None:
    position, ends = problem.along.parts.position, problem.along.axon.ends
    for e in found:
        for side, end in enumerate(ends):
            beyond = e.place < position[0] if side == 0 else e.place > position[-1]
            if end.voltage is not None and beyond:
                raise StimulusError(
                    f"the clamp at {e.place:g} um is at an end that is held at "
                    f"{end.voltage:g} mV already; make that end sealed, or clamp elsewhere"
                )


@dataclass(frozen=True, eq=False)
class Timetable:
    """When, in steps, clamps change.

    Attributes
    ----------
    dt
        ms.
    edges
        For each axon, the steps that hold or begin at an edge, and those that follow an edge
        inside a step.
    on
        For each axon, the step in which each electrode is switched on or its command jumps, and
        when: (electrode, step, fraction of the step).
    """

    dt: float
    edges: list[Integers]
    on: list[list[tuple[int, int, float]]]

    @property
    def stops(self) -> Integers:
        """Every step before which the run must stop: to change or to put right something."""
        after = [k + 1 for mine in self.on for _, k, _ in mine]
        every = [*self.edges, np.array(after, dtype=np.int64)]
        return np.unique(np.concatenate(every))


def timetable(found: list[Electrode], parts: Compartments, dt: float, end: float) -> Timetable:
    """The steps of a run of ``end`` ms in which clamps change."""
    if not found:
        axons = parts.area.shape[0]
        return Timetable(dt, [np.empty(0, dtype=np.int64)] * axons, [[]] * axons)
    edges: list[Integers] = []
    on: list[list[tuple[int, int, float]]] = []
    for axon in range(parts.area.shape[0]):
        jumps = [(i, t) for i, e in enumerate(found) for t in e.jumps(axon) if 0 <= t < end]
        times = [t for e in found for t in (*e.start[:, axon], *e.stop[:, axon]) if 0 <= t < end]
        times += [t for _, t in jumps]
        steps = snapped(np.array(times, dtype=np.float64) / dt)
        both = np.concatenate([np.floor(steps), np.ceil(steps)])
        edges.append(np.unique(both).astype(np.int64))
        begun = [
            (i, max(0.0, float(t)))
            for i, e in enumerate(found)
            for t, stop in zip(e.start[:, axon], e.stop[:, axon], strict=True)
            if t < end and stop > 0
        ]
        at = [(i, float(snapped(np.array(t / dt)))) for i, t in (*begun, *jumps)]
        on.append([(i, int(s), s - int(s)) for i, s in at])
    return Timetable(dt, edges, on)


def snapped(steps: Floats) -> Floats:
    """Times in steps; those next to a step's boundary are on it."""
    whole = np.round(steps)
    return np.where(np.abs(steps - whole) < SNAP, whole, steps)
