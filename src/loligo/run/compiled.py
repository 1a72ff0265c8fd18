"""What all compiled runs share: the kernel, the initial states, the cores, the outcome."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.engine.kernel import Floats, Integers, Kernel, padded
from loligo.errors import RunError, UsageError
from loligo.lanes import block_width
from loligo.program import Program
from loligo.program.sources import Source
from loligo.run.equilibrium import guess, hold, rest
from loligo.run.problem import Problem

if TYPE_CHECKING:
    from loligo.system.equations import System

_MOST = 1 << 40  # of anything in one call
_SHARES = 16  # of the blocks, for each of several workers
CALL = 0.05  # s: about how long a call of a kernel takes; Ctrl-C is heard between calls


@dataclass
class Outcome:
    """What a solver found.

    Attributes
    ----------
    values
        Name -> (lanes, samples).
    spike_time, spike_lane
        By lane, then by time.
    rest : (lanes,) or None
        The resting potential, where the run began there.
    settings
        What the solver chose, for the recording's attributes.
    notes
        For the person.
    timings
        Stage -> seconds.
    clamped : (axons, electrodes, samples) or None
        The current of an axon's clamps, nA.
    """

    values: dict[str, Floats]
    spike_time: Floats
    spike_lane: Integers
    rest: Floats | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    clamped: Floats | None = None


@dataclass(frozen=True)
class Travelled:
    """What the loop of a run leaves behind.

    Attributes
    ----------
    out : (records, lanes, samples)
    spikes
        (times, lanes) of each batch.
    settings
        For the recording's attributes.
    """

    out: Floats
    spikes: list[tuple[Floats, Integers]]
    settings: dict[str, Any]


Loop = Callable[[Kernel, Floats, Floats], Travelled]


def compute(
    problem: Problem,
    engine: str,
    key: dict[str, Any],
    program: Callable[[System], Program],
    settings: Mapping[str, float],
    loop: Loop,
    registers: int = 2,
) -> Outcome:
    """The course of every compiled run: kernel, initial states, constants, loop, outcome.

    Parameters
    ----------
    key
        What the program depends on besides the model, the stimulus and the records.
    program
        Makes it from the system, if it is not known yet.
    settings
        The solver's numbers that the program reads: ``.dt`` or ``.tolerance``.
    loop
        (kernel, constants, states) -> what was found.
    registers
        How many a block of lanes may fill; see :func:`loligo.lanes.block_width`.
    """
    started = time.perf_counter()

    def make() -> Program:
        from loligo.system.equations import build

        return program(build(problem.membrane))

    kernel, origin = find_kernel(problem, engine, key, make, registers)
    compiled = time.perf_counter()
    states, notes = initial_states(kernel, problem)
    constants = padded(prepare(kernel, problem, settings), kernel.width)
    settled = time.perf_counter()
    travelled = loop(kernel, constants, states)
    arrived = time.perf_counter()
    outcome = collect(problem, travelled.out, travelled.spikes)
    outcome.notes += notes
    outcome.settings = travelled.settings
    outcome.rest = resting_potential(kernel, problem, states)
    outcome.timings = {
        f"kernel ({origin})": compiled - started,
        "initial state": settled - compiled,
        "steps": arrived - settled,
        "rest and spikes": time.perf_counter() - arrived,
    }
    return outcome


def sources(problem: Problem) -> tuple[Source, ...]:
    """What the program of a problem is written for."""
    shapes = enumerate(problem.shapes)
    return tuple(Source(s.kind, problem.prefix(i), s.sampled) for i, s in shapes)


def find_kernel(
    problem: Problem, engine: str, key: dict[str, Any], program: Callable[[], Program],
    registers: int = 1, width: int | None = None,
) -> tuple[Kernel, str]:  # fmt: skip
    """The kernel for a problem, and where it came from.

    Parameters
    ----------
    key
        What the program depends on besides the model, the stimulus and the records.
    program
        Makes it, if need be.
    width
        Lanes in a vector; by default as suits so many lanes.
    """
    if engine == "numpy":
        from loligo.engine.numpy.kernel import NumpyKernel

        return NumpyKernel(program()), "numpy"
    from loligo.engine.llvm.cache import compiled
    from loligo.engine.llvm.jit import processor

    key = {
        **key,
        "structure": problem.membrane.structure(),
        "sources": [[s.kind, s.prefix, s.sampled] for s in sources(problem)],
        "records": problem.records,
    }
    vector = processor().vector * (2 if key.get("precision") == "float32" else 1)
    return compiled(key, width or block_width(problem.lanes.size, vector, registers), program)


def empty_rows(problem: Problem, kernel: Kernel) -> Floats:
    """(records, lanes, samples) for what is recorded, of lanes that fill whole vectors.

    It is not zeroed: the pages are taken as they are written. Lanes are written side by side; if
    their samples lay a multiple of 4 kB apart, they would push each other out of the cache.
    """
    lanes, samples = -(-problem.lanes.size // kernel.width) * kernel.width, problem.samples
    pitch = samples if samples % 512 else samples + 8
    return np.empty((len(problem.records), lanes, pitch))[..., :samples]


def initial_states(kernel: Kernel, problem: Problem) -> tuple[Floats, list[str]]:
    """(states, lanes) at time 0, and notes for the person."""
    parameters = for_equilibria(problem)
    notes: list[str] = []
    given = {name: problem.lanes.flat(f"initial.{name}") for name in problem.initial.states}
    voltage = problem.initial.voltage
    if voltage is not None and len(given) == len(kernel.program.states) - 1:
        given["V"] = problem.lanes.flat("initial.V")
        return np.stack([given[name] for name in kernel.program.states]), notes
    if voltage is None:
        states, notes = rest(kernel, parameters)
    else:
        states = hold(kernel, parameters, problem.lanes.flat("initial.V"))
    for row, name in enumerate(kernel.program.states):
        if name in given:
            states[row] = given[name]
    return np.ascontiguousarray(states), notes


def for_equilibria(problem: Problem) -> dict[str, Floats]:
    """The membrane's numbers in every lane, and where to begin the search for its states'."""
    guesses = [n for n in map(guess, problem.states) if n in problem.lanes.values]
    names = (*problem.membrane.parameters, *guesses)
    return {name: problem.lanes.flat(name) for name in names}


def resting_potential(kernel: Kernel, problem: Problem, states: Floats) -> Floats | None:
    """(lanes,) where the run began at rest; for one lane whose V is recorded also where it did
    not, if there is a rest: a figure draws it."""
    if problem.initial.voltage is None and not problem.initial.states:
        return states[0]
    if problem.lanes.size > 1 or "V" not in problem.records:
        return None
    try:
        found, _ = rest(kernel, for_equilibria(problem))
    except RunError:
        return None
    return found[0]


def prepare(kernel: Kernel, problem: Problem, settings: Mapping[str, float]) -> Floats:
    """The program's constants, (constants, lanes), from its parameters and ``settings``."""
    lanes = problem.lanes.size
    given = {name: problem.parameter(name) for name in kernel.program.parameters}
    given |= {name: np.full(lanes, value) for name, value in settings.items()}
    found = kernel.map("prepare", given)
    rows = [found[name] for name in kernel.program.constants]
    return np.stack(rows) if rows else np.zeros((1, lanes))


def threads() -> int:
    """How many cores to use: ``LOLIGO_THREADS``, or all that this process may use."""
    wish = os.environ.get("LOLIGO_THREADS", "")
    if wish:
        if not wish.isdecimal() or not 1 <= int(wish) <= 4096:
            raise UsageError(f"LOLIGO_THREADS is {wish!r}; give a whole number from 1 to 4096")
        return int(wish)
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def shares(blocks: int, workers: int) -> list[range]:
    """The blocks in nearly equal runs: one for a single worker, many small ones for several, who
    take the next when they are done with one. So none waits long for another whose lanes, or
    whose core, are slower."""
    runs = 1 if workers == 1 else min(_SHARES * workers, blocks)
    edges = np.linspace(0, blocks, runs + 1).astype(int)
    return [range(a, b) for a, b in pairwise(edges) if b > a]


def crew(parts: Sequence[range]) -> ThreadPoolExecutor:
    """Who works on the parts: a thread for each core, no more than there are parts."""
    return ThreadPoolExecutor(min(threads(), len(parts)))


def everywhere(
    pool: ThreadPoolExecutor, parts: Sequence[range], work: Callable[[range], None]
) -> float:
    """Call ``work`` on every part, as many at once as there are cores, and wait; how many
    seconds it took."""
    started = time.perf_counter()
    if len(parts) == 1:  # to hand it to a thread takes longer than a cell's hundred steps
        work(parts[0])
    else:
        calls = [pool.submit(work, part) for part in parts]
        wait(calls)
        for call in calls:
            call.result()
    return time.perf_counter() - started


def paced(amount: int, took: float) -> int:
    """How much to do in the next call, if ``amount`` took that many seconds in this one."""
    return max(1, min(_MOST, int(amount * min(8.0, max(0.125, CALL / max(took, 1e-6))))))


def collect(problem: Problem, out: Floats, batches: list[tuple[Floats, Integers]]) -> Outcome:
    """The recorded rows and the spikes, without the lanes that only fill a vector."""
    lanes = problem.lanes.size
    times = np.concatenate([t for t, _ in batches]) if batches else np.empty(0)
    where = np.concatenate([w for _, w in batches]) if batches else np.empty(0, dtype=np.int64)
    real = (where < lanes) & (times <= problem.duration)
    times, where = times[real], where[real]
    order = np.lexsort((times, where))
    values = {name: out[i, :lanes] for i, name in enumerate(problem.records)}
    return Outcome(values, times[order], where[order])
