"""The engine for reading and checking: the same programs, one NumPy call an operation.

Slow and plain on purpose. It shares no arithmetic with the compiled engine: exp, log and
their kin are NumPy's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from loligo.engine.kernel import Journey, Moving, Progress, Route, Schedule, Search, Streams
from loligo.engine.numpy.adaptive import adapt
from loligo.engine.resting import Equations
from loligo.lanes import Floats
from loligo.program import Block, Program
from loligo.program.arithmetic import CARRY
from loligo.program.spikes import extreme

Array = Any  # float64, float32 or bool lanes

LN_2 = math.log(2.0)


def exprel(z: Array) -> Array:
    """(exp(z) - 1)/z, and 1 at 0."""
    zero = z == 0
    return np.where(zero, 1.0, np.expm1(z) / np.where(zero, 1.0, z))


def exprel2(z: Array) -> Array:
    """(exp(z) - 1 - z)/z**2 by its series for |z| < 1/2, where it would cancel."""
    series = np.zeros_like(z)
    for k in range(16, 1, -1):
        series = (1.0 + z * series) / k
    near = np.abs(z) < 0.5
    safe = np.where(near, 1.0, z)
    return np.where(near, series, (np.expm1(safe) - safe) / (safe * safe))


def bernoulli(z: Array) -> Array:
    """z/(exp(z) - 1), and 1 at 0."""
    return 1.0 / exprel(z)


def less_one(exp: Array, z: Array) -> Array:
    """exp(z) - 1, from the exponential where z is not near 0."""
    near = np.abs(z) < 0.5
    return np.where(near, np.expm1(np.where(near, z, 0.0)), np.asarray(exp) - 1.0)


def bernoulli2(x: Array) -> Array:
    """x/(2**x - 1), and 1/ln 2 at 0."""
    return bernoulli(x * LN_2) / LN_2


def binlog(x: Array) -> Array:
    """log2 as the bits of a number tell it: exact at powers of two, linear between."""
    kind, mantissa, bias = (
        (np.int32, 23, 127) if np.asarray(x).dtype == np.float32 else (np.int64, 52, 1023)
    )
    real = np.float32 if kind is np.int32 else np.float64
    bits: Array = np.ascontiguousarray(x, dtype=real).view(kind).astype(real)
    return bits * real(2.0**-mantissa) - real(bias)


def fma(a: Array, b: Array, c: Array) -> Array:
    """a*b + c, rounded twice: NumPy has no fused form."""
    return a * b + c


FINITE = {"float64": 1e300, "float32": 1e30}  # what is larger counts as no longer finite

OPERATIONS: dict[str, Callable[..., Array]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide,
    "neg": np.negative, "fma": fma,
    "exp": np.exp, "expm1": np.expm1, "exprel": exprel,
    "exprel2": exprel2, "bernoulli": bernoulli,
    "ratio": np.divide, "less_one": less_one,
    "decay": exprel, "exp2": np.exp2, "bernoulli2": bernoulli2,
    "binlog": binlog, "log": np.log, "sqrt": np.sqrt,
    "pow": np.power, "sin": np.sin, "cos": np.cos, "tanh": np.tanh, "abs": np.abs,
    "floor": np.floor, "min": np.minimum, "max": np.maximum, "lt": np.less,
    "le": np.less_equal, "eq": np.equal, "and": np.logical_and, "or": np.logical_or,
    "not": np.logical_not, "where": np.where, "narrow": np.float32, "widen": np.float64,
}  # fmt: skip


def evaluate(block: Block, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """A block's results from arrays (or numbers) of its inputs."""
    values: list[Array] = []
    with np.errstate(all="ignore"):
        for a in block.assignments:
            if a.op == "input":
                values.append(inputs[a.name])
            elif a.op == "const":
                values.append(a.value)
            else:
                values.append(OPERATIONS[a.op](*(values[i] for i in a.args)))
    return {name: values[index] for name, index in block.outputs}


class NumpyKernel:
    """A program evaluated by NumPy, all lanes at once. ``width`` is 1: no padding."""

    width, alone, portable = 1, False, False

    def __init__(self, program: Program) -> None:
        self.program = program

    def search(self, equations: Equations, lanes: int) -> Search | None:
        """There is none."""
        return None

    def hold(self, run: Moving) -> None:
        """It lies in the processor's memory anyway."""

    def map(self, block: str, inputs: Mapping[str, Floats]) -> dict[str, Floats]:
        """See :class:`loligo.engine.kernel.Kernel`."""
        lanes = len(next(iter(inputs.values())))
        results = evaluate(self.program.blocks[block], inputs)
        return {name: np.array(np.broadcast_to(v, (lanes,))) for name, v in results.items()}

    def run(
        self,
        schedule: Schedule,
        constants: Floats,
        progress: Progress,
        streams: Streams,
        blocks: range,
        stop: int,
    ) -> None:
        """See :class:`loligo.engine.kernel.Kernel`."""
        _Walk(self.program, schedule, constants, progress, streams, blocks).until(stop)

    def adapt(
        self, route: Route, constants: Floats, journey: Journey, blocks: range, rounds: int
    ) -> None:
        """See :class:`loligo.engine.kernel.Kernel`."""
        adapt(self.program, evaluate, route, constants, journey, blocks, rounds)


class _Walk:
    """Fixed steps of some lanes: states in the program's precision, all else in float64."""

    def __init__(
        self, program: Program, schedule: Schedule, constants: Floats, progress: Progress,
        streams: Streams, blocks: range,
    ) -> None:  # fmt: skip
        self.program, self.schedule, self.progress, self.streams = (
            program, schedule, progress, streams,
        )  # fmt: skip
        self.here = slice(blocks.start, blocks.stop)
        # not np.float64(row), which in NumPy 2.0 makes a number of a row of one lane
        self.real = partial(np.array, dtype=program.precision)
        rows = zip(program.constants, constants, strict=True)
        self.constants: dict[str, Array] = {name: row[self.here] for name, row in rows}
        self.constants[".dt"] = schedule.dt
        self.fixed = {name: self.real(value) for name, value in self.constants.items()}
        names, self.extreme = program.blocks["step"].names, extreme()
        self.rows = {n: progress.states[i, self.here] for i, n in enumerate(program.states)}
        self.rows |= {
            CARRY + n: progress.carries[i, self.here]
            for i, n in enumerate(program.states) if CARRY + n in names
        }  # fmt: skip

    def until(self, stop: int) -> None:
        k = int(self.progress.step[self.here][0])
        while True:
            if self.schedule.samples_at(k):
                self.sample(k)
            if k >= stop or not self.advance(k):
                break
            k += 1
        self.progress.step[self.here] = k

    def now(self) -> dict[str, Array]:
        return {name: self.real(row) for name, row in self.rows.items()}

    def inputs(
        self, block: str, times: dict[str, float], row: int, streams: Floats
    ) -> dict[str, Array]:
        """What drives the membrane, in float64, rounded once."""
        known: dict[str, Array] = {**self.constants, **times}
        for i, name in enumerate(self.program.streams):
            known[name] = streams[i, row, self.here]
        results = evaluate(self.program.blocks[block], known)
        return {name: self.real(results[name]) for name in self.program.inputs}

    def sample(self, k: int) -> None:
        j, dt = k // self.schedule.steps_per_sample, self.schedule.dt
        inputs = {**self.fixed, **self.now(), ".lead": self.real(self.progress.lead[self.here])}
        block = self.program.blocks["sample"]
        if any(name in block.inputs for name in self.program.inputs):
            inputs |= self.inputs("value", {".t": k * dt}, j, self.streams.currents)
        for i, value in enumerate(evaluate(block, inputs).values()):
            self.progress.out[i, self.here, j] = value

    def advance(self, k: int) -> bool:
        dt, progress, here = self.schedule.dt, self.progress, self.here
        now = self.now()
        row = k - self.streams.first_step
        times = {".t0": k * dt, ".t1": (k + 1) * dt}
        driven = self.inputs("drive", times, row, self.streams.charges)
        inputs = {**self.fixed, **now, **driven}
        after = evaluate(self.program.blocks["step"], inputs)
        sums = np.abs(sum(np.asarray(after[s]) for s in self.program.states))
        broken = ~(sums <= FINITE[self.program.precision])
        if broken.any():
            progress.diverged[here] = broken
            return False
        self.watch(k, now["V"], after["V"])
        progress.lead[here] = 0.5 * dt
        for name, row_ in self.rows.items():
            row_[:] = after[name]
        return True

    def watch(self, k: int, now: Array, after: Array) -> None:
        """Note where V turned in a step, and rises through the threshold."""
        schedule, swings, first = self.schedule, self.progress.swings, self.here.start
        before, armed, way = self.progress.detector[:, self.here]
        seen: dict[str, Array] = {"before": before}
        seen |= {name: v.astype(np.float64) for name, v in (("now", now), ("after", after))}
        back = np.flatnonzero((after - now) * self.real(way) >= self.real(schedule.grain))
        if back.size:
            turned = {name: v[back] for name, v in seen.items()}
            swings.reach(back + first, evaluate(self.extreme, turned)["V"])
            way[back] = -way[back]
        above = after >= self.real(schedule.threshold)
        crossed = np.flatnonzero(above & (armed != 0))
        if crossed.size:
            inputs = {name: v[crossed] for name, v in seen.items()}
            inputs["threshold"] = schedule.threshold
            theta = evaluate(self.program.blocks["locate"], inputs)["theta"]
            times = k * schedule.dt + theta * schedule.dt
            self.progress.spikes.append(swings.spike(times, crossed + first, schedule.threshold))
        low = after < self.real(schedule.threshold) - self.real(schedule.depth)
        armed[:] = low | ((armed != 0) & ~above)
        before[:] = now
