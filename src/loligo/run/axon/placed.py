"""What was found at compartments becomes what is at the places that were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from loligo.lanes import Floats, Integers
from loligo.run.axon.currents import by_point, place_of
from loligo.run.axon.electrodes import Electrode, electrodes
from loligo.run.axon.openings import flowing
from loligo.run.axon.places import Ladder, Place, Reading
from loligo.run.drive import Drive, onto
from loligo.run.outcome import Outcome, Uncounted
from loligo.run.problem import Problem

_BEFORE = 1e-9  # ms


def at_places(problem: Problem, outcome: Outcome) -> Outcome:
    """The outcome of an axon's run at the places of its recording."""
    if problem.along.places is None:
        return outcome
    return _Reader(problem, outcome, problem.along.places).outcome()


class _Reader:
    """Reads places from compartments."""

    def __init__(self, problem: Problem, found: Outcome, places: Sequence[Place]) -> None:
        self.problem, self.found, self.places = problem, found, places
        self.recorded = problem.along.recorded
        self.axons, self.samples = problem.lanes.size, problem.times.samples
        clamps = [point.place for point in problem.clamps]
        self.ladder = Ladder(problem.along.axon, problem.along.parts, clamps)

    def outcome(self) -> Outcome:
        found = self.found
        values = {name: self._values(name, rows) for name, rows in found.values.items()}
        inside = np.array([self._column(place.inside) for place in self.places])
        changed = replace(found, values=values, **self._spikes())
        if found.uncounted is not None:
            changed.uncounted = Uncounted(
                *(self._by_axon(getattr(found.uncounted, name))[:, inside].ravel()
                  for name in ("count", "low", "high"))
            )  # fmt: skip
        if found.rest is not None:
            rest = self._by_axon(found.rest)[..., None]
            each = [self._sum(place.voltage, rest) for place in self.places]
            changed.rest = np.stack(each, axis=1).ravel()
        return changed

    def _by_axon(self, rows: np.ndarray) -> np.ndarray:
        return rows.reshape(self.axons, self.recorded.size, *rows.shape[1:])

    def _column(self, compartment: int) -> int:
        return int(np.searchsorted(self.recorded, compartment))

    # -- along time ------------------------------------------------------------------

    def _values(self, name: str, rows: Floats) -> Floats:
        """(axons x places, samples) of one variable."""
        rows = self._by_axon(rows)
        if name == "V":
            each = [self._voltage(place.position, place.voltage, rows) for place in self.places]
        else:
            each = [self._sum(place.other, rows) for place in self.places]
        return np.stack(each, axis=1).reshape(-1, self.samples)

    def _sum(self, reading: Reading, rows: Floats) -> Floats:
        """(axons, samples), without what currents and clamps do at the place itself."""
        if len(reading.centres) == 1 and not reading.ends:
            return rows[:, self._column(next(iter(reading.centres)))]
        total = np.zeros((self.axons, rows.shape[-1]))
        for k, weight in reading.centres.items():
            total += weight[:, None] * rows[:, self._column(k)]
        for side, weight in reading.ends.items():
            total += weight[:, None] * float(self.problem.along.axon.ends[side].voltage or 0.0)
        return total

    def _voltage(self, place: float, reading: Reading, rows: Floats) -> Floats:
        total = self._sum(reading, rows)
        if not _at_one(reading):
            for where, current in self.currents:
                total = total + self._bend(place, reading, where)[:, None] * current
        for where, weight in reading.clamps.items():
            total = total + weight[:, None] * self._held(where, rows, where == place)
        return total

    @property
    def currents(self) -> list[tuple[float, Floats]]:
        """Each point, um, and what it injects just before each sample, (axons, samples) in nA: V
        does not jump where a current does."""
        if not hasattr(self, "_currents"):
            drive, grid = Drive(self.problem), self.problem.times.grid
            self._currents: list[tuple[float, Floats]] = []
            for shapes in by_point(self.problem.driven):
                total = np.zeros((self.axons, self.samples))
                for each in shapes:
                    paths, which = drive.paths(each)
                    edges = [path.breakpoints(drive.end) for path in paths]
                    rows = [
                        np.broadcast_to(path.value(onto(edge, grid) - _BEFORE), grid.shape)
                        for path, edge in zip(paths, edges, strict=True)
                    ]
                    total += np.stack(rows)[which]
                self._currents.append((place_of(shapes[0]), total))
            self._currents += flowing(self.problem, self.found.facing, before=_BEFORE)
        return self._currents

    def _bend(self, place: float, reading: Reading, where: float) -> Floats:
        """mV for each nA at ``where``: how far V is off the polynomial through its nodes."""
        off = self._kink(self.ladder.at(place), where)
        for k, weight in reading.centres.items():
            off = off - weight * self._kink(self.ladder.centres[:, k], where)
        for side, weight in reading.ends.items():
            off = off - weight * self._kink(self.ladder.ends[side], where)
        return off

    def _kink(self, at: Floats, where: float) -> Floats:
        """V's bend where 1 nA is injected, and at its images in both ends, mV; and a parabola,
        which any polynomial knows, so that it is the same in every image of the axon."""
        half, source, total = self.ladder.ends[1], self.ladder.at(where), np.zeros(self.axons)
        for image in (source, -source):
            away = (at - image + half) % (2 * half) - half
            total -= 0.5 * (abs(away) - away**2 / (2 * half))
        return total

    def _held(self, where: float, rows: Floats, itself: bool) -> Floats:
        """How much more V is at a clamp than the polynomial says, while it is on; at an edge V
        jumps at the place itself alone, and only as a clamp goes on."""
        electrode = next(e for e in electrodes(self.problem) if e.place == where)
        without = self._voltage(where, self.ladder.voltage(where, free=True), rows)
        total = np.zeros((self.axons, self.samples))
        grid = self.problem.times.grid
        moved = electrode.moved(grid, after=itself)
        for k, t in enumerate(grid):
            on, after = electrode.at(float(t) - _BEFORE), electrode.at(float(t))
            if itself:
                on = np.where(after.any(axis=0), after, on)
            if on.any():
                there = np.stack([rows[:, self._column(c), k] for c in electrode.compartments])
                held = _at_the_clamp(electrode, on, there, moved[k])
                total[:, k] = np.where(on.any(axis=0), held - without[:, k], 0.0)
        return total

    # -- spikes ----------------------------------------------------------------------

    def _spikes(self) -> dict[str, np.ndarray]:
        """Of the places: times, and peaks and troughs if they are known, by lane and time."""
        found = self.found
        names = ["spike_time", "spike_peak", "spike_trough"]
        names = [name for name in names if getattr(found, name) is not None]
        count = np.bincount(found.spike_lane, minlength=self.axons * self.recorded.size)
        first = np.cumsum(count) - count
        rank = np.arange(found.spike_lane.size) - first[found.spike_lane]
        tables = np.full((len(names), count.size, int(count.max(initial=0))), np.nan)
        for table, name in zip(tables, names, strict=True):
            table[found.spike_lane, rank] = getattr(found, name)
        tables = tables.reshape(len(names), self.axons, self.recorded.size, -1)
        count = count.reshape(self.axons, self.recorded.size)
        read = np.stack([self._passing(place, tables, count) for place in self.places], axis=2)
        read = read.reshape(len(names), self.axons * len(self.places), -1)
        lane, rank = np.nonzero(read[0] <= self.problem.times.duration)
        spikes = {name: table[lane, rank] for name, table in zip(names, read, strict=True)}
        return {**spikes, "spike_lane": lane.astype(np.int64)}

    def _passing(self, place: Place, tables: Floats, count: Integers) -> Floats:
        """(names, axons, spikes): those of the compartments around, spike by spike; where these
        have not the same number, those of the one that the place is in."""
        columns = [self._column(k) for k in place.other.centres]
        here = tables[:, :, self._column(place.inside)]
        if len(columns) == 1:
            read = here
        else:
            weights = np.stack(list(place.other.centres.values()), axis=1)  # (axons, columns)
            alike = (count[:, columns] == count[:, columns[:1]]).all(axis=1)
            mean = np.einsum("ac,nacs->nas", weights, tables[:, :, columns])
            read = np.where(alike[None, :, None], mean, here)
        return self._while_held(place.position, read) if place.voltage.clamps else read

    def _while_held(self, place: float, read: Floats) -> Floats:
        """Where V is held, a spike is a command through the threshold, when it comes."""
        electrode = next((e for e in electrodes(self.problem) if e.place == place), None)
        if electrode is None:
            return read
        read, threshold = read.copy(), self.problem.times.threshold
        for k, (start, stop) in enumerate(zip(electrode.start, electrode.stop, strict=True)):
            held = (read[0] >= start[:, None]) & (read[0] < stop[:, None])
            rises = electrode.rises(k, threshold, self.problem.times.duration)
            count = np.cumsum(held, axis=1)
            which = np.clip(count - 1, 0, rises.shape[2] - 1)
            when, high = (np.take_along_axis(rows, which, axis=1) for rows in rises)
            when[count > rises.shape[2]] = np.nan
            read[0] = np.where(held & ~np.isnan(when), when, read[0])
            if len(read) > 1:  # with peaks
                read[1] = np.where(held & ~np.isnan(high), high, read[1])
            read[:, held & np.isnan(when)] = np.nan
        order = np.argsort(read[0], axis=-1)
        return np.take_along_axis(read, np.broadcast_to(order, read.shape), axis=-1)


def _at_one(reading: Reading) -> bool:
    return len(reading.centres) == 1 and not reading.ends


def _at_the_clamp(electrode: Electrode, on: Floats, voltage: Floats, moved: Floats) -> Floats:
    """V at the place itself, (axons,): between the centres (compartments, axons) and the command
    as the resistances to them have it."""
    if not np.all(electrode.resistance > 0):  # at a centre
        return voltage[0]
    to_centres = 1.0 / electrode.resistance.T
    held = on / electrode.series
    drive = (to_centres * voltage).sum(axis=0) + (held * (electrode.voltage + moved)).sum(axis=0)
    return drive / (to_centres.sum(axis=0) + held.sum(axis=0))
