"""The engine for reading and checking: the same programs, one NumPy call an operation.

Slow and plain on purpose. It shares no arithmetic with the compiled engine: exp, log and
their kin are NumPy's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from loligo.engine.kernel import RE_ARM, Course, Floats, Journey, Progress, Schedule, Streams
from loligo.engine.numpy_adaptive import adapt
from loligo.program import Block, Program

Array = Any  # float64 or bool lanes


def exprel(z: Array) -> Array:
    """(exp(z) - 1)/z, and 1 at 0."""
    zero = z == 0
    return np.where(zero, 1.0, np.expm1(z) / np.where(zero, 1.0, z))


def exprel2(z: Array) -> Array:
    """(exp(z) - 1 - z)/z**2 by its series for |z| < 1/2, where it would cancel."""
    z = np.asarray(z, dtype=np.float64)
    series = np.zeros_like(z)
    for k in range(16, 1, -1):
        series = (1.0 + z * series) / k
    near = np.abs(z) < 0.5
    safe = np.where(near, 1.0, z)
    return np.where(near, series, (np.expm1(safe) - safe) / (safe * safe))


def bernoulli(z: Array) -> Array:
    """z/(exp(z) - 1), and 1 at 0."""
    return 1.0 / exprel(z)


def exprel_by(z: Array, exp: Array) -> Array:
    """exprel; the exponential serves its power series alone."""
    return exprel(z)


def bernoulli_by(z: Array, exp: Array) -> Array:
    """bernoulli; the exponential serves its power series alone."""
    return bernoulli(z)


def binlog(x: Array) -> Array:
    """log2 as the bits of a double tell it: exact at powers of two, linear between."""
    bits = np.ascontiguousarray(x, dtype=np.float64).view(np.int64)
    return bits * 2.0**-52 - 1023.0


def fma(a: Array, b: Array, c: Array) -> Array:
    """a*b + c, rounded twice: NumPy has no fused form."""
    return a * b + c


OPERATIONS: dict[str, Callable[..., Array]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide,
    "neg": np.negative, "fma": fma,
    "exp": np.exp, "expm1": np.expm1, "exprel": exprel,
    "exprel2": exprel2, "bernoulli": bernoulli,
    "exprel_by": exprel_by, "bernoulli_by": bernoulli_by,
    "binlog": binlog, "log": np.log, "sqrt": np.sqrt,
    "pow": np.power, "sin": np.sin, "cos": np.cos, "tanh": np.tanh, "abs": np.abs,
    "floor": np.floor, "min": np.minimum, "max": np.maximum, "lt": np.less,
    "le": np.less_equal, "eq": np.equal, "and": np.logical_and, "or": np.logical_or,
    "not": np.logical_not, "where": np.where,
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

    width = 1

    def __init__(self, program: Program) -> None:
        self.program = program

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
        here = slice(blocks.start, blocks.stop)
        fixed: dict[str, Array] = {
            name: row[here] for name, row in zip(self.program.constants, constants, strict=True)
        }
        fixed[".dt"] = schedule.dt
        k = int(progress.step[here][0])
        while True:
            if k % schedule.steps_per_sample == 0:
                self._sample(k, schedule, fixed, progress, streams, here)
            if k >= stop or not self._advance(k, schedule, fixed, progress, streams, here):
                break
            k += 1
        progress.step[here] = k

    def adapt(
        self, course: Course, constants: Floats, journey: Journey, blocks: range, rounds: int
    ) -> None:
        """See :class:`loligo.engine.kernel.Kernel`."""
        adapt(self.program, evaluate, course, constants, journey, blocks, rounds)

    def _states(self, progress: Progress, here: slice) -> dict[str, Array]:
        rows = zip(self.program.states, progress.states, strict=True)
        return {name: row[here] for name, row in rows}

    def _sample(
        self, k: int, schedule: Schedule, fixed: Mapping[str, Array], progress: Progress,
        streams: Streams, here: slice,
    ) -> None:  # fmt: skip
        j = k // schedule.steps_per_sample
        inputs = {**fixed, **self._states(progress, here), ".t": k * schedule.dt}
        inputs[".lead"] = 0.0 if k == 0 else 0.5 * schedule.dt
        for i, name in enumerate(self.program.streams):
            if streams.currents.size:
                inputs[name] = streams.currents[i, j, here]
        results = evaluate(self.program.blocks["sample"], inputs)
        for i, value in enumerate(results.values()):
            progress.out[i, j, here] = value

    def _advance(
        self, k: int, schedule: Schedule, fixed: Mapping[str, Array], progress: Progress,
        streams: Streams, here: slice,
    ) -> bool:  # fmt: skip
        dt = schedule.dt
        now = self._states(progress, here)
        inputs = {**fixed, **now, ".t0": k * dt, ".t1": (k + 1) * dt}
        inputs[".lead"] = 0.5 * dt if k == 0 else dt
        for i, name in enumerate(self.program.streams):
            inputs[name] = streams.charges[i, k - streams.first_step, here]
        after = evaluate(self.program.blocks["step"], inputs)
        broken = ~(np.abs(sum(np.asarray(v) for v in after.values())) <= 1e300)
        if broken.any():
            progress.diverged[here] = broken
            return False
        before, armed = progress.detector[0, here], progress.detector[1, here]
        above = after["V"] >= schedule.threshold
        self._spikes(k, schedule, progress, now["V"], after["V"], above & (armed != 0), here)
        low = after["V"] < schedule.threshold - RE_ARM
        armed[:] = low | ((armed != 0) & ~above)
        before[:] = now["V"]
        for row, name in zip(progress.states, self.program.states, strict=True):
            row[here] = after[name]
        return True

    def _spikes(
        self, k: int, schedule: Schedule, progress: Progress, now: Array, after: Array,
        crossed: Array, here: slice,
    ) -> None:  # fmt: skip
        if not crossed.any():
            return
        inputs = {
            "before": progress.detector[0, here],
            "now": now,
            "after": after,
            "threshold": schedule.threshold,
        }
        theta = evaluate(self.program.blocks["locate"], inputs)["theta"]
        lanes = np.flatnonzero(crossed)
        times = k * schedule.dt + theta[lanes] * schedule.dt
        progress.spikes.append((times, lanes + here.start))
