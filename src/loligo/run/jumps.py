"""Edges at which states jump, where a program says what they become there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from loligo.engine.kernel import Kernel, Progress, padded
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
    after = _after(kernel, constants[:, : lanes.size], states, now, middle, now, now, led)
    v = states[0], after[0]
    armed, batch = swings.leap(armed, lanes, now, v, threshold, depth)
    return Begun(after, armed.astype(np.float64), swings, [batch])


def _after(
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


class Jumps:
    """The edges of a run of fixed steps, each come to when the step is made that it lies in.

    What is moved first, half a step apart from V, stops exactly at the edge and goes on from there
    with V as it is then: so the scheme keeps its second order wherever edges lie, and nothing is
    moved backwards, which would be without bounds where a gate is much faster than a step.

    Parameters
    ----------
    dt
        The step, ms.
    depth
        How far below the threshold V must have been for its rise to be a spike, mV.
    """

    def __init__(self, problem: Problem, kernel: Kernel, dt: float, depth: float) -> None:
        self.kernel, self.dt, self.times, self.depth = kernel, dt, problem.times, depth
        self.lanes = problem.lanes.size  # what fills the last vector is a copy of the last
        # (rows, lanes): where a sampled current bends nothing jumps
        jumps = "edge" in kernel.program.blocks
        self.led = Led(problem)
        edges = Drive(problem).edges(sampled=False) if jumps else np.empty((0, problem.lanes.size))
        self.edges = padded(edges, kernel.width)
        self.steps: Integers = np.ceil((self.edges - EDGE_TOLERANCE) / dt).astype(np.int64)
        self.late = self.edges >= (self.steps - 0.5) * dt  # in the later half of their step
        short = self.steps[~self.late] - 1
        self.stops: Integers = np.unique(np.concatenate([self.steps.ravel(), short]))

    def following(self, step: int, last: int) -> int:
        """The next step after this one before which the run has to stop, or the last."""
        later = int(np.searchsorted(self.stops, step, side="right"))
        return min(last, int(self.stops[later])) if later < self.stops.size else last

    def interrupt(self, step: int) -> bool:
        """Whether there is an edge in the first half of a step."""
        return bool(((self.steps == step + 1) & ~self.late).any())

    def stride(self, step: int, lead: Floats) -> Floats:
        """How far what is moved first goes in a step: to its middle, or to an edge before that.

        Parameters
        ----------
        lead
            How far it is behind the beginning of the step.
        """
        early = np.where((self.steps == step + 1) & ~self.late, self.edges, np.inf)
        middle = np.full(lead.size, 0.5 * self.dt)
        return lead + np.minimum(middle, early.min(axis=0, initial=np.inf) - step * self.dt)

    def happen(self, step: int, constants: Floats, progress: Progress) -> bool:
        """Let the states jump in the lanes that have come to an edge; whether there are any."""
        come = self.steps == step
        # rows are filled up with the end
        come[1:] &= self.edges[1:] > self.edges[:-1]
        for row in np.flatnonzero(come.any(axis=1)):
            self._jump(step, int(row), np.flatnonzero(come[row]), constants, progress)
        return bool(come.any())

    def _jump(
        self, step: int, row: int, lanes: Integers, constants: Floats, progress: Progress
    ) -> None:
        t: Floats = self.edges[row, lanes]
        following: Floats = self.edges[min(row + 1, len(self.edges) - 1), lanes]
        # at an edge that is the end of the run no segment begins: what would be on just after
        middle = np.where(following > t, 0.5 * (t + following), t + EDGE_TOLERANCE)
        before = progress.states[:, lanes] - progress.carries[:, lanes]
        since = np.maximum(step * self.dt - t, 0.0)
        lead = np.maximum(progress.lead[lanes] - since, 0.0)
        led = self.led.at(np.minimum(lanes, self.lanes - 1), t, since)
        after = _after(
            self.kernel, constants[:, lanes], before, t, middle, lead, since, led
        )  # fmt: skip
        progress.lead[lanes] = since
        progress.states[:, lanes] = after
        progress.carries[:, lanes] = after.astype(self.kernel.program.precision) - after
        self._look(lanes, t, before[0], after[0], progress)

    def _look(
        self, lanes: Integers, t: Floats, before: Floats, after: Floats, progress: Progress
    ) -> None:
        """V that rises through the threshold in the jump makes a spike."""
        # a spike is not located by what V was before it jumped
        seen = progress.detector[0, lanes]
        progress.detector[0, lanes] = np.where(after == before, seen, np.nan)
        # at the very end there is nothing after
        inside = t < self.times.duration
        lanes, t, v = lanes[inside], t[inside], (before[inside], after[inside])
        armed, batch = progress.swings.leap(
            progress.detector[1, lanes] != 0, lanes, t, v, self.times.threshold, self.depth
        )
        progress.detector[1, lanes] = armed
        progress.spikes.append(batch)
