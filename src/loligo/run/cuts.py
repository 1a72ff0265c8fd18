"""Fixed steps of lanes whose states jump: each block of lanes stops at its own lanes' edges.

Where an edge lies at the end of a step, what is behind V is brought there, states jump, and the
lane goes on from there as at the beginning of a run. A step that an edge lies in is cut there:
the lane goes to the edge, jumps, and goes on to the end of the step, by steps of the same scheme
that begin and end with all states at one time. So the scheme keeps its second order wherever edges
lie, and what a lane does depends on no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from loligo.engine.kernel import Kernel, Progress, Schedule, Streams
from loligo.lanes import Floats, Integers
from loligo.run.jumps import Edges, Led, after_edge
from loligo.run.problem import Problem

Over = Callable[[Integers, Floats, Floats], Mapping[str, Floats]]


@dataclass
class _Cells:
    """Some lanes in the middle of a step that is cut."""

    lanes: Integers
    states: Floats
    t: Floats
    lead: Floats
    armed: Floats
    way: Floats

    def of(self, some: Integers) -> _Cells:
        rows = (self.t, self.lead, self.armed, self.way)
        return _Cells(self.lanes[some], self.states[:, some], *(row[some] for row in rows))

    def put(self, some: Integers, other: _Cells) -> None:
        self.states[:, some] = other.states
        for name in ("t", "lead", "armed", "way"):
            getattr(self, name)[some] = getattr(other, name)


class Cuts:
    """Takes blocks of lanes from step to step, and their states over the edges.

    Parameters
    ----------
    constants
        The program's, with a stride of each lane's own: (lanes, strides) -> (constants, lanes).
    parameters
        (lanes) -> the program's parameters in them.
    over
        (lanes, from, to) -> what sampled stimuli give between two times.

    Attributes
    ----------
    final : (lanes,)
        V before a jump at the very end, NaN where there is none.
    """

    def __init__(
        self, problem: Problem, kernel: Kernel, schedule: Schedule,
        constants: Callable[[Integers, Floats], Floats],
        parameters: Callable[[Integers], Mapping[str, Floats]], over: Over,
    ) -> None:  # fmt: skip
        self.kernel, self.schedule, self.end = kernel, schedule, problem.times.duration
        self.edges, self.led = Edges(problem, kernel.width, schedule.dt), Led(problem)
        self.lanes = problem.lanes.size  # what fills the last vector is a copy of the last
        self.opening, self.parameters, self.over = constants, parameters, over
        self.final = np.full(self.edges.times.shape[1], np.nan)

    @property
    def by_lane(self) -> list[Any]:
        """What it knows of each lane."""
        return [self.edges.times, self.edges.steps, *self.led.which]

    # ---- from stop to stop

    def go(
        self, progress: Progress, constants: Floats, streams: Streams, part: range, stop: int
    ) -> None:
        """Advance blocks up to a step, as :meth:`loligo.engine.kernel.Kernel.run` does."""
        mine = replace(progress, spikes=[])
        while True:
            blocks = self._left(mine, part, stop)
            if not blocks.size:
                break
            steps = mine.step[blocks]
            opens = self._by_block(mine.lead != 0.5 * self.schedule.dt)[blocks]
            target = np.minimum(self.edges.following(blocks, steps), stop)
            target = np.where(opens, steps + 1, target)
            used = self._constants(mine, constants, blocks[opens])
            cut = self._to_be_cut(blocks, steps)
            kept, known = self._keep(mine, cut), len(mine.spikes)
            for run in _alike(blocks, steps, target):
                self.kernel.run(
                    self.schedule, used, mine, streams,
                    range(int(blocks[run[0]]), int(blocks[run[-1]]) + 1), stop=int(target[run[0]]),
                )  # fmt: skip
            arrived = mine.step[blocks] == target
            _forget(mine, cut, known)
            self._cut(mine, constants, kept, cut, blocks[arrived])
            jumped = self._jump(mine, constants, blocks[arrived])
            self._last_sample(
                mine, constants, streams, np.union1d(cut // self.kernel.width, jumped)
            )
        progress.spikes.extend(mine.spikes)

    def _left(self, progress: Progress, part: range, stop: int) -> Integers:
        steps = progress.step[part.start : part.stop]
        broken = self._by_block(progress.diverged != 0)[part.start : part.stop]
        return part.start + np.flatnonzero((steps < stop) & ~broken)

    def _by_block(self, lanes: Any) -> Any:
        return lanes.reshape(-1, self.kernel.width).any(axis=1)

    def _of(self, blocks: Integers) -> Integers:
        """The lanes of blocks."""
        width = self.kernel.width
        return (blocks[:, None] * width + np.arange(width)).ravel()

    def _constants(self, progress: Progress, constants: Floats, blocks: Integers) -> Floats:
        """Where states are not half a step apart, a step moves what is behind by less."""
        if not blocks.size:
            return constants
        lanes, used = self._of(blocks), constants.copy()
        used[:, lanes] = self.opening(lanes, progress.lead[lanes] + 0.5 * self.schedule.dt)
        return used

    def _last_sample(
        self, progress: Progress, constants: Floats, streams: Streams, blocks: Integers
    ) -> None:
        """At the very end no step follows that would take the last sample again."""
        last = self.schedule.steps
        blocks = blocks[progress.step[blocks] == last]
        for run in _alike(blocks, progress.step[blocks], progress.step[blocks]):
            part = range(int(blocks[run[0]]), int(blocks[run[-1]]) + 1)
            self.kernel.run(self.schedule, constants, progress, streams, part, stop=last)

    # ---- where a step ends at an edge

    def _jump(self, progress: Progress, constants: Floats, blocks: Integers) -> Integers:
        """Let states jump in the lanes that have come to an edge; in which blocks."""
        lanes = self._of(blocks)
        steps = np.repeat(progress.step[blocks], self.kernel.width)
        edges, happened = self.edges, np.empty(0, dtype=np.int64)
        come = edges.on_grid[:, lanes] & (edges.steps[:, lanes] == steps)
        for row in np.flatnonzero(come.any(axis=1)):
            here = lanes[come[row]]
            t = edges.times[row, here]
            since = np.maximum(progress.step[here // self.kernel.width] * edges.dt - t, 0.0)
            cells = self._taken(progress, here, t, np.maximum(progress.lead[here] - since, 0.0))
            self._over_edge(progress, constants, cells, row, since)
            self._given(progress, cells, since)
            happened = np.union1d(happened, here // self.kernel.width)
        return happened

    def _taken(self, progress: Progress, lanes: Integers, t: Floats, lead: Floats) -> _Cells:
        states = progress.states[:, lanes] - progress.carries[:, lanes]
        _, armed, way = progress.detector[:, lanes]
        return _Cells(lanes, states, t, lead, armed, way)

    def _given(self, progress: Progress, cells: _Cells, lead: Floats) -> None:
        lanes, after = cells.lanes, cells.states
        progress.states[:, lanes] = after
        progress.carries[:, lanes] = after.astype(self.kernel.program.precision) - after
        progress.lead[lanes] = lead
        progress.detector[1, lanes], progress.detector[2, lanes] = cells.armed, cells.way

    def _over_edge(
        self, progress: Progress, constants: Floats, cells: _Cells, row: Any, since: Floats
    ) -> None:
        """Let states jump; V that rises through the threshold makes a spike."""
        lanes, before = cells.lanes, cells.states[0].copy()
        led = self.led.at(np.minimum(lanes, self.lanes - 1), cells.t, since)
        cells.states = after_edge(
            self.kernel, constants[:, lanes], cells.states, cells.t, self.edges.middle(row, lanes),
            cells.lead, since, led,
        )  # fmt: skip
        after = cells.states[0]
        # a spike is not located by what V was before it jumped
        seen = progress.detector[0, lanes]
        progress.detector[0, lanes] = np.where(after == before, seen, np.nan)
        inside = cells.t < self.end  # at the very end there is nothing after
        self.final[lanes[~inside]] = before[~inside]
        armed, batch = progress.swings.leap(
            cells.armed[inside] != 0, lanes[inside], cells.t[inside],
            (before[inside], after[inside]), self.schedule.threshold, self.schedule.depth,
        )  # fmt: skip
        cells.armed[inside] = armed
        progress.spikes.append(batch)

    # ---- where an edge lies in a step

    def _to_be_cut(self, blocks: Integers, steps: Integers) -> Integers:
        """The lanes that have an edge in the step that their block makes next."""
        lanes, edges = self._of(blocks), self.edges
        ends = np.repeat(steps + 1, self.kernel.width)
        there = edges.inside[:, lanes] & (edges.steps[:, lanes] == ends)
        return lanes[there.any(axis=0)]

    def _keep(self, progress: Progress, lanes: Integers) -> tuple[_Cells, Floats]:
        """What lanes are before a step, which the kernel makes as if nothing happened in it."""
        t: Any = progress.step[lanes // self.kernel.width] * self.schedule.dt
        cells = self._taken(progress, lanes, t, progress.lead[lanes].copy())
        return cells, progress.swings.table[lanes].copy()

    def _cut(
        self, progress: Progress, constants: Floats, kept: tuple[_Cells, Floats], cut: Integers,
        arrived: Integers,
    ) -> None:  # fmt: skip
        """Make the step again in the lanes that have an edge in it, in pieces."""
        fine = np.flatnonzero(np.isin(cut // self.kernel.width, arrived))
        if not fine.size:
            return
        cells, swings = kept[0].of(fine), kept[1][fine]
        progress.swings.table[cells.lanes] = swings
        ends: Any = progress.step[cells.lanes // self.kernel.width]
        edges = self.edges
        there = edges.inside[:, cells.lanes] & (edges.steps[:, cells.lanes] == ends)
        first, many = there.argmax(axis=0), there.sum(axis=0)
        for k in range(int(many.max())):
            some = np.flatnonzero(k < many)
            here, rows = cells.of(some), (first + k)[some]
            self._piece(progress, here, edges.times[rows, here.lanes])
            self._over_edge(progress, constants, here, rows, np.zeros(some.size))
            cells.put(some, here)
        self._piece(progress, cells, ends * self.schedule.dt)
        self._given(progress, cells, cells.lead)
        progress.detector[0, cells.lanes] = np.nan

    def _piece(self, progress: Progress, cells: _Cells, to: Floats) -> None:
        """Go on to a time, all states together."""
        program, lanes = self.kernel.program, cells.lanes
        inputs = {**self.parameters(lanes), **self.over(lanes, cells.t, to)}
        inputs |= dict(zip(program.states, cells.states, strict=True))
        times = {".dt": to - cells.t, ".t0": cells.t, ".t1": to, ".lead": cells.lead}
        after = self.kernel.map("part", {**inputs, **times})
        before, cells.states = cells.states[0], np.stack([after[s] for s in program.states])
        self._watch(progress, cells, before, to)
        cells.t, cells.lead = to.copy(), np.zeros(lanes.size)

    def _watch(self, progress: Progress, cells: _Cells, before: Floats, to: Floats) -> None:
        """Where V turned, and whether it rose through the threshold, in a straight line."""
        schedule, lanes, after = self.schedule, cells.lanes, cells.states[0]
        back = (after - before) * cells.way >= schedule.grain
        progress.swings.reach(lanes[back], before[back])
        cells.way = np.where(back, -cells.way, cells.way)
        above, armed = after >= schedule.threshold, cells.armed != 0
        rises = above & armed
        share = (schedule.threshold - before[rises]) / (after - before)[rises]
        when = cells.t[rises] + share * (to - cells.t)[rises]
        progress.spikes.append(progress.swings.spike(when, lanes[rises], schedule.threshold))
        low = after < schedule.threshold - schedule.depth
        cells.armed = (low | (armed & ~above)).astype(np.float64)


def _alike(blocks: Integers, steps: Integers, target: Integers) -> Iterator[Integers]:
    """Places of neighbouring blocks that go from one step to another together."""
    if not blocks.size:
        return
    new = (np.diff(blocks) != 1) | (np.diff(steps) != 0) | (np.diff(target) != 0)
    yield from np.split(np.arange(blocks.size), np.flatnonzero(new) + 1)


def _forget(progress: Progress, lanes: Integers, known: int) -> None:
    """Drop the spikes that lanes had in a step which is made again: all but the first batches."""
    for k in range(known if lanes.size else len(progress.spikes), len(progress.spikes)):
        progress.spikes[k] = progress.spikes[k].without(lanes)
