"""Edges at which states jump, where a program says what they become there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from loligo.engine.kernel import Kernel, padded
from loligo.engine.swings import Batch, Swings
from loligo.lanes import Floats, Integers
from loligo.program.term import EDGE_TOLERANCE
from loligo.run.drive import Drive
from loligo.run.problem import Problem
from loligo.system.driven import ON


@dataclass(frozen=True)
class Begun:
    """Runs that have just begun.

    Attributes
    ----------
    states : (states, lanes)
    armed : (lanes,)
        Whether a spike can be seen (1 or 0).
    swings
    spikes
        Those of what is done at once.
    """

    states: Floats
    armed: Floats
    swings: Swings
    spikes: list[Batch]


def begin(
    problem: Problem, kernel: Kernel, constants: Floats, states: Floats, edges: Floats,
    depth: float, grain: float,
) -> Begun:  # fmt: skip
    """The states as a run begins: what is on from its beginning has happened.

    Parameters
    ----------
    states : (states, lanes)
    edges
        Of :meth:`loligo.run.drive.Drive.edges`.
    depth, grain
        See :class:`loligo.engine.kernel.Schedule`.
    """
    threshold = problem.times.threshold
    lanes: Integers = np.arange(states.shape[1], dtype=np.int64)
    armed, swings = states[0] < threshold - grain, Swings.begin(states[0])
    if "edge" not in kernel.program.blocks:
        return Begun(states, armed.astype(np.float64), swings, [])
    now = np.zeros(lanes.size)
    middle = 0.5 * edges[0, : lanes.size]
    led = Led(problem).at(lanes, now, now)
    after = after_edge(kernel, constants[:, : lanes.size], states, now, middle, now, now, led)
    v = states[0], after[0]
    armed, batch = swings.leap(armed, lanes, now, v, threshold, depth)
    return Begun(after, armed.astype(np.float64), swings, [batch])


def at_end(problem: Problem, kernel: Kernel, constants: Floats, states: Floats) -> Floats:
    """What states become at the end of a run, (states, lanes): what would be on just after is."""
    lanes: Integers = np.arange(problem.lanes.size, dtype=np.int64)
    end, still = np.full(lanes.size, problem.times.duration), np.zeros(lanes.size)
    led, middle = Led(problem).at(lanes, end, still), end + EDGE_TOLERANCE
    constants, states = constants[:, : lanes.size], states[:, : lanes.size]
    return after_edge(kernel, constants, states, end, middle, still, still, led)


def after_edge(
    kernel: Kernel,
    constants: Floats,
    states: Floats,
    t: Floats,
    middle: Floats,
    lead: Floats,
    since: Floats,
    led: Mapping[str, Floats],
) -> Floats:
    """What states become at an edge, all (…, lanes): see :mod:`loligo.program.scheme`."""
    program = kernel.program
    inputs = dict(zip(program.constants, constants, strict=False))
    inputs |= dict(zip(program.states, states, strict=True))
    told = {".t": t, ".middle": middle, ".lead": lead, ".since": since, **led}
    after = kernel.map("edge", {**inputs, **told})
    return np.stack([after[state] for state in program.states])


class Led:
    """The commands of ideal clamps that follow paths.

    Attributes
    ----------
    which
        For each of them, the path that each lane has.
    """

    def __init__(self, problem: Problem) -> None:
        drive = Drive(problem)
        led = [d for d in problem.driven if d.shape.sampled and ON in d.shape.inputs]
        every = [drive.paths(each) for each in led]
        self.names = [each.name("stream") for each in led]
        self.paths: list[list[Any]] = [paths for paths, _ in every]
        self.which: list[Integers] = [which for _, which in every]

    def at(self, lanes: Integers, t: Floats, since: Floats) -> dict[str, Floats]:
        """What each commands in some lanes, some time after an edge, by its stream's name."""
        return {
            name: np.array(
                [float(paths[which[lane]].entered(t[k], since[k])) for k, lane in enumerate(lanes)]
            )
            for name, paths, which in zip(self.names, self.paths, self.which, strict=True)
        }


class Edges:
    """The edges of a run of fixed steps at which states jump, lane by lane.

    Parameters
    ----------
    dt
        The step, ms.

    Attributes
    ----------
    times, steps : (rows, lanes)
        When each is, increasing and filled up with the end; the step before which it lies, or that
        it is in.
    on_grid, inside : (rows, lanes)
        Whether it lies where that step ends; whether it lies in it, which is cut there.
    """

    def __init__(self, problem: Problem, width: int, dt: float) -> None:
        self.width, self.end = width, problem.times.duration
        self.times = padded(Drive(problem).edges(sampled=False), width)
        self.steps: Integers = np.ceil((self.times - EDGE_TOLERANCE) / dt).astype(np.int64)
        self.dt = dt
        self.plan()

    def plan(self) -> None:
        """Find where each block has to stop: where a step ends at an edge, and around one that is
        cut."""
        meant = np.ones(self.times.shape, dtype=bool)
        meant[1:] = self.times[1:] > self.times[:-1]  # rows are filled up with the end
        inside = self.steps * self.dt - self.times > EDGE_TOLERANCE
        # at an end that lies inside a step nothing is recorded any more
        self.inside = meant & inside & (self.times < self.end)
        self.on_grid = meant & ~inside
        stops = np.concatenate(
            [
                np.where(self.inside | self.on_grid, self.steps, _NEVER),
                np.where(self.inside, self.steps - 1, _NEVER),
            ]
        )
        blocks = stops.reshape(len(stops), -1, self.width)
        self._stops = np.sort(blocks.transpose(0, 2, 1).reshape(-1, blocks.shape[1]), axis=0)
        self._next = np.zeros(blocks.shape[1], dtype=np.int64)

    def following(self, blocks: Integers, steps: Integers) -> Integers:
        """The step before which each block has to stop next."""
        last = len(self._stops) - 1
        here = np.minimum(self._next[blocks], last)
        # a block may have gone back
        here = np.where(self._stops[np.maximum(here - 1, 0), blocks] > steps, 0, here)
        while True:
            late = (self._stops[here, blocks] <= steps) & (here < last)
            if not late.any():
                break
            here = here + late
        self._next[blocks] = here
        found = self._stops[here, blocks]
        return np.where(found > steps, found, _NEVER)

    def middle(self, row: Any, lanes: Integers) -> Floats:
        """In the middle of the segment that begins at an edge; at the end of the run no segment
        begins: what would be on just after."""
        t = self.times[row, lanes]
        following = self.times[np.minimum(row + 1, len(self.times) - 1), lanes]
        return np.where(following > t, 0.5 * (t + following), t + EDGE_TOLERANCE)


_NEVER = 2**62
