"""What every engine offers: a program that can be run.

All arrays are float64 rows of lanes, C-contiguous: shape ``(names, lanes)``, padded to whole
vectors where the engine wants that (:attr:`Kernel.width`). What is recorded alone lies the other
way, a row of samples to each lane: so a lane writes it, whenever its samples come, and so it will
be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np

from loligo.engine.resting import Equations, Sought, Turns
from loligo.engine.swings import Batch, Swings
from loligo.lanes import Floats, Integers
from loligo.program import Program

NO_STREAMS: Floats = np.empty((0, 0, 0))
NO_PLACES: Integers = np.empty((0, 0), dtype=np.int64)
SHORTEST = 1e-3  # ms: adaptive steps below it, this many in a row, mean a stiff model
STIFF_STEPS = 1000
SPIKE_PARTS = 4  # pieces of an adaptive step, in one of which a spike is looked for
PRECISION = 1e-14  # of a step, to which it is found
ROUNDING = 1e-6  # mV: more than the rounding of any V that is far from its end
# Where V would end too near a zero for the next step to reach this many times as far, the step
# is shortened to one of these parts.
NEXT_REACH, SHORTER = 1.3, (0.92, 0.84, 0.76, 0.68, 0.6, 0.5, 0.4, 0.3)
COUNTERS = ("edge", "sample", "small", "steps")  # the rows of a journey's counters
DIVERGED, STIFF, SLIDES, CHATTERS = 1, 2, 3, 4  # a journey's status
CAPACITY = 1 << 14  # spikes that one call has room for
# mV: how far below the threshold V must have been for its rise to be a spike, under noise, which
# carries it up and down many times as it passes. Without noise every rise is one that is more
# than what rounding moves V by from step to step.
RE_ARM = 5.0
GRAIN = {"float64": 1e-9, "float32": 1.2e-5}


@dataclass(frozen=True)
class Schedule:
    """When a run steps and when it samples; the same for every lane.

    Attributes
    ----------
    dt : float
        Step in ms. Step k goes from k*dt to (k + 1)*dt.
    steps : int
        How many there are.
    steps_per_sample, samples : int
        Sample j is taken at step j*steps_per_sample.
    threshold : float
        Of a spike, mV.
    depth : float
        How far below it V must have been for its rise to be one, mV.
    grain : float
        V that moves by less in a step stands still, mV.
    """

    dt: float
    steps: int
    steps_per_sample: int
    samples: int
    threshold: float
    depth: float
    grain: float

    def samples_at(self, step: int) -> bool:
        """Whether a sample is taken there: the last step may end where one too many would be."""
        sample, rest = divmod(step, self.steps_per_sample)
        return rest == 0 and sample < self.samples


class Away(Protocol):
    """A run that goes on in the memory of another machine, where what it has come to lies from
    call to call. What the course looks at after each call is at home nevertheless: of a journey
    the time, the status and whether it is finished, of a progress the step and what diverged."""

    def home(self) -> None:
        """Let all that is at home be what is true now."""
        ...

    def changed(self) -> None:
        """What is at home, all of it true, has been changed: the run goes on from there."""
        ...


class Remembering(Away, Protocol):
    """One that can also go back."""

    def keep(self, before: Progress) -> None:
        """Remember what is true now: there, or at home if that is where it is."""
        ...

    def recall(self, before: Progress) -> None:
        """Let ``before`` hold what was remembered."""
        ...


class Moving:
    """What a kernel changes, call after call.

    Attributes
    ----------
    away : Away or None
        Where the kernel holds it (:meth:`Kernel.hold`); of a progress a :class:`Remembering`.
    """

    away: Any = None

    def home(self) -> Self:
        """The same, which holds what is true now."""
        if self.away is not None:
            self.away.home()
        return self


@dataclass
class Progress(Moving):
    """How far a run has come: everything a kernel changes.

    Attributes
    ----------
    states : (states, lanes)
    carries : (states, lanes)
        What the rounding of each state's last sum took, where the program keeps it.
    detector : (3, lanes)
        V one step ago (NaN before the first); whether a spike can be seen (1 or 0); whether V
        is on its way up (-1) or down (1).
    swings
    lead : (lanes,)
        How far V is ahead of the states that are moved first, ms: half a step after any step;
        less where the run has just begun, or come to an edge.
    step : (blocks,)
        The next step of each block of ``width`` lanes.
    diverged : (lanes,)
        1 where a state ceased to be finite. The block then stands at the step after which it was
        not, and its states are of no use.
    out : (records, lanes, samples)
        Its rows may lie further apart than they are long.
    spikes
        Each batch found so far.
    """

    states: Floats
    carries: Floats
    detector: Floats
    swings: Swings
    lead: Floats
    step: Integers
    diverged: Integers
    out: Floats
    spikes: list[Batch] = field(default_factory=list[Batch])

    def copy(self) -> Progress:
        """Of all that a later call depends on; samples go to the same place, spikes to another."""
        return Progress(
            self.states.copy(), self.carries.copy(), self.detector.copy(), self.swings.copy(),
            self.lead.copy(), self.step.copy(), self.diverged.copy(), self.out,
        )  # fmt: skip

    def take(self, other: Progress) -> None:
        """Become a copy of another again."""
        for name in ("states", "carries", "detector", "lead", "step", "diverged"):
            np.copyto(getattr(self, name), getattr(other, name))
        np.copyto(self.swings.table, other.swings.table)

    def go_back(self, other: Progress, blocks: Integers, known: int) -> None:
        """Some blocks become copies of what they were, and forget the spikes that they have found
        since there were ``known`` batches."""
        width = self.lead.size // self.step.size
        lanes = (blocks[:, None] * width + np.arange(width)).ravel()
        for name in ("states", "carries", "detector", "lead", "diverged"):
            getattr(self, name)[..., lanes] = getattr(other, name)[..., lanes]
        self.swings.table[lanes] = other.swings.table[lanes]
        self.step[blocks] = other.step[blocks]
        for k in range(known, len(self.spikes)):
            self.spikes[k] = self.spikes[k].without(lanes)


@dataclass(frozen=True)
class Streams:
    """Sampled stimuli: the integral over each step from ``first_step``, the value at samples.

    ``charges`` is (streams, steps, lanes), ``currents`` (streams, samples, lanes).
    """

    first_step: int = 0
    charges: Floats = field(default_factory=lambda: NO_STREAMS)
    currents: Floats = field(default_factory=lambda: NO_STREAMS)


@dataclass(frozen=True)
class Strips:
    """Sampled stimuli as straight lines from knot to knot, for a while: lanes that have come to
    ``until`` wait there for what follows.

    Attributes
    ----------
    table : (rows, 3)
        When each piece begins, its level there, its slope; ms. Pieces of one path follow each
        other, up to the second that begins at ``until`` or after it.
    rows : (streams, lanes)
        In which row piece 0 of a lane's path would be; a lane's piece is that of
        :attr:`Journey.places`.
    until
        ms.
    """

    table: Floats
    rows: Integers
    until: float


@dataclass(frozen=True)
class Route:
    """What an adaptive run follows; the same for every lane but for the edges.

    Attributes
    ----------
    end, sample_interval, threshold, depth : float
        ms, ms, mV, mV; see :class:`Schedule`.
    samples : int
    edges : (rows, lanes)
        The edges of each lane's stimulus, increasing, filled up with ``end``.
    lines
        Its sampled stimuli, where there are any.
    """

    end: float
    sample_interval: float
    samples: int
    threshold: float
    depth: float
    edges: Floats
    lines: Strips | None = None


@dataclass
class Journey(Moving):
    """How far an adaptive run has come: everything a kernel changes.

    Attributes
    ----------
    states : (states, lanes)
    clock : (4 and more, lanes)
        The time; whether a spike can be seen (1 or 0), whether the next step is a careful one,
        whether V rises; and what is kept of switches (:mod:`loligo.engine.switches`).
    swings
    counters : (4, lanes)
        The next edge, the next sample, short steps in a row, all steps.
    status : (lanes,)
        0, or DIVERGED where a state ceased to be finite, STIFF where the steps became too short,
        SLIDES where both sides of a switch push back to it, CHATTERS where switches come ever
        faster.
    finished : (blocks,)
    out : (records, lanes, samples)
        Its rows may lie further apart than they are long.
    places : (streams, lanes)
        Which piece of each sampled stimulus the lane is in.
    spikes
        Each batch found so far.
    """

    states: Floats
    clock: Floats
    swings: Swings
    counters: Integers
    status: Integers
    finished: Integers
    out: Floats
    places: Integers = field(default_factory=lambda: NO_PLACES)
    spikes: list[Batch] = field(default_factory=list[Batch])


class Search(Protocol):
    """A loop that looks for where membranes rest.

    Attributes
    ----------
    alone
        Whether one call with all lanes keeps the whole machine busy; else each core calls it with
        some.
    """

    alone: bool

    def __call__(self, sought: Sought) -> Turns:
        """Where each lane's balance turns."""
        ...


class Kernel(Protocol):
    """A program on a machine.

    Attributes
    ----------
    width
        Lanes of a block.
    alone
        Whether one call with all lanes keeps the whole machine busy, as of a GPU; else each core
        of the processor calls it with some.
    portable
        Whether its bits are those of every machine.
    """

    program: Program
    width: int
    alone: bool
    portable: bool

    def map(self, block: str, inputs: Mapping[str, Floats]) -> dict[str, Floats]:
        """Apply one block lane by lane; arrays of equal length in, arrays out.

        So are the constants prepared, steady states sought, and the states made to jump
        (``edge``) where a run of fixed steps has come to an edge, or any run begins at one.
        """
        ...

    def search(self, equations: Equations, lanes: int) -> Search | None:
        """The loop that looks for where so many membranes rest; None where there is none, and the
        blocks are all."""
        ...

    def hold(self, run: Moving) -> None:
        """Let what a run has come to lie where the kernel is, from call to call, if that has a
        memory of its own."""
        ...

    def run(
        self,
        schedule: Schedule,
        constants: Floats,
        progress: Progress,
        streams: Streams,
        blocks: range,
        stop: int,
    ) -> None:
        """Advance ``blocks`` up to step ``stop``, in place, unless a lane diverges.

        A sample that is due where they begin or end is taken there: one that a call has taken is
        taken again by the next, after what has happened in between.
        """
        ...

    def adapt(
        self, route: Route, constants: Floats, journey: Journey, blocks: range, rounds: int
    ) -> None:
        """Advance ``blocks`` by at most ``rounds`` steps of each lane, in place.

        Where the program has a block ``edge``, a lane's states become what it says as soon as the
        lane has arrived at an edge before the end. What is recorded there is the value just after,
        at the end too; V that rises through the threshold in the jump makes a spike.

        Where it has streams, their knots are edges as well. What misses another edge by rounding
        alone is one edge with it, the last of them.
        """
        ...


def padded(rows: Floats, width: int) -> Floats:
    """Rows of lanes filled up to whole vectors with copies of the last lane."""
    lanes = rows.shape[-1]
    missing = -lanes % width
    if missing:
        rows = np.concatenate([rows, np.repeat(rows[..., -1:], missing, axis=-1)], axis=-1)
    # NumPy gives a result the layout of its operands, and engines read rows of lanes
    return np.ascontiguousarray(rows)
