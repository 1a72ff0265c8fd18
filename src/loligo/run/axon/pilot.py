"""How much finer an axon is cut and stepped where its impulse is close to dying out.

At the edge of conduction the travelling wave meets a slower, unstable one and both are gone (a
fold: Huxley 1959, "Ion movements during nerve activity", Ann. N. Y. Acad. Sci. 81:221). There the
velocity depends ever more steeply on everything, and on what a step and a compartment do to the
equations as well: on the squid's axon the usual resolution for 1e-3 errs by 1.3e-3 at 33.0 degC
and by 2.0e-3 at 33.5.

Where that may be, one number tells that costs next to nothing: how fast the gates that end an
impulse are beside the current that drives it (:func:`lateness`). Only there, and once for the
same numbers, a pilot measures: a short uniform cable of the membrane as finely cut and stepped as
the axon would be, and again twice as finely.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from loligo.engine.coupled import Line, Patch, Points
from loligo.engine.engines import ENGINES
from loligo.engine.kernel import Kernel, Schedule
from loligo.errors import RunError
from loligo.lanes import Floats, Grid
from loligo.run.axon.resolution import (
    OFF_DT,
    OFF_DX,
    STEEP,
    conductance,
    pools_of,
)
from loligo.run.cells import Cells
from loligo.run.equilibrium import rest
from loligo.run.initial import for_equilibria, prepare
from loligo.run.recipes import coupled

# Of the library's membranes, from their usual numbers to where they conduct no more: below these
# the error is what was asked for, or less. An activation without a rate of its own is never late.
_LATE, _LATE_AT_ONCE = 0.12, 0.7
_VOLTAGES = np.arange(-120.0, 61.0, 4.0)  # mV
_COARSEST = 1e-3  # a pilot's own accuracy at best
_ACCEPTED = 0.9  # of the accuracy, as a pilot has it
# Errors go with the square of what is cut; but the nearer a fold, the more slowly a wave settles,
# and the less a short cable sees of them: twice its error is four times finer.
_MARGIN = 1.25
_FINEST = 8.0
_STEPS_OF_IT = 8  # a factor is a whole number of eighths: all engines agree on it
_CABLE = 320  # compartments of a pilot
_FROM, _TO = 0.6, 0.95  # of it, between which the velocity is measured
_LAUNCH, _SEEN = 90.0, 25.0  # mV above rest: where one end is held; what tells an impulse
_CALL = 256  # steps; without an impulse further on in so many it has died
_MOST_KNOWN = 4096

_known: dict[Any, float] = {}


def finer(
    accuracy: float, which: Sequence[tuple[Cells, Kernel]], rate: float, engine: str
) -> float:
    """By how much the step and the compartments are smaller than usual; 1 in ordinary axons.

    Parameters
    ----------
    which
        The different membranes of the axon, over its lanes, with their kernels.
    rate
        Of the fastest impulse's rise, per ms.
    engine
        That runs the pilot.
    """
    most = 1.0
    for cells, kernel in which:
        structure = json.dumps(cells.outline.key, sort_keys=True)
        mark = (structure, frozenset(cells.lanes.values.items()), rate, accuracy)
        if mark not in _known:
            if len(_known) > _MOST_KNOWN:
                _known.clear()
            _known[mark] = _finer(accuracy, cells, kernel, rate, engine)
        most = max(most, _known[mark])
    return most


def _finer(accuracy: float, cells: Cells, kernel: Kernel, rate: float, engine: str) -> float:
    late = lateness(cells, kernel)
    limit = _LATE_AT_ONCE if cells.outline.instantaneous else _LATE
    lanes = np.flatnonzero(late > limit)
    if not lanes.size:
        return 1.0
    lanes = lanes[np.argsort(late[lanes], kind="stable")]
    if "offer" not in kernel.program.blocks:  # the reference has no steps of its own
        kernel, _ = ENGINES[engine].kernel(coupled(cells.outline, ()), 1)
    asked = max(accuracy, _COARSEST)
    pilots: dict[int, Pilot] = {}

    def pilot(rank: int) -> Pilot:
        if rank not in pilots:
            alone = _lane(cells, int(lanes[rank]))
            pilots[rank] = Pilot(alone, kernel, rate, asked, ENGINES[engine].course)
        return pilots[rank]

    return pilot(_last(lanes.size, lambda rank: pilot(rank).conducts)).factor


def _last(count: int, holds: Callable[[int], bool]) -> int:
    """The last of so many for which something holds that holds up to there; or the first."""
    low, high = 0, count - 1
    while low < high:
        middle = high if high == count - 1 and low == 0 else (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low


def _lane(cells: Cells, lane: int) -> Cells:
    names = [*cells.outline.parameters, *(n for n in cells.lanes.values if n.startswith("guess."))]
    numbers = {n: float(cells.lanes.flat(n)[lane]) for n in names if n in cells.lanes.values}
    return Cells(cells.outline, Grid((), (), {}, numbers), cells.initial, ())


# ------------------------------------------------------------------ where it may be needed


def lateness(cells: Cells, kernel: Kernel) -> Floats:
    """How fast the gates that do not open with V's rise are, beside the rate at which the
    current that drives an impulse, through those that do, charges the membrane; 0 where none
    does. (lanes,)
    """
    outline, lanes = cells.outline, cells.lanes.size
    if not outline.gates:
        return np.zeros(lanes)
    shape = (lanes, _VOLTAGES.size)
    numbers = {n: np.repeat(v, shape[1]) for n, v in for_equilibria(cells).items()}
    numbers |= {n: np.repeat(v, shape[1]) for n, v in pools_of(cells).items()}
    voltage = np.tile(_VOLTAGES, lanes)
    none = np.zeros(voltage.size)

    def derivative(gates: dict[str, Floats]) -> dict[str, Floats]:
        return kernel.map("derivative", {**numbers, **gates, "V": voltage, "I_stim": none})

    with np.errstate(all="ignore"):
        closed = derivative(dict.fromkeys(outline.gates, none))
        opened = derivative(dict.fromkeys(outline.gates, none + 1.0))
        fast = {n: (closed[n] - opened[n]).reshape(shape) for n in outline.gates}
        steady = {n: closed[n].reshape(shape) / fast[n] for n in outline.gates}
        still = derivative({n: x.ravel() for n, x in steady.items()})["V"].reshape(shape)
        resting = np.argmax((still[:, :-1] > 0) & (still[:, 1:] <= 0), axis=1)
        rows, depolarised = np.arange(lanes), int(np.searchsorted(_VOLTAGES, 0.0))
        at_0 = np.array([x[:, depolarised] for x in fast.values()])
        drives = (at_0 >= 0.5 * at_0.max(axis=0)) & (not outline.instantaneous)
        gates = {
            n: np.where(drives[k][:, None], x, x[rows, resting][:, None]).ravel()
            for k, (n, x) in enumerate(steady.items())
        }
        drive = derivative(gates)["V"].reshape(shape)
        drive = np.where(_VOLTAGES[resting][:, None] + 4.0 < _VOLTAGES, drive, 0.0)
        ends = _VOLTAGES[shape[1] - 1 - np.argmax(drive[:, ::-1] > 0, axis=1)]
        charging = drive.max(axis=1) / (ends - _VOLTAGES[resting])
        late = np.where(drives, 0.0, at_0).max(axis=0) / charging
    return np.where(np.isfinite(late) & (charging > 0), late, 0.0)


# ------------------------------------------------------------------ what is needed


class Pilot:
    """A uniform cable of one membrane, in units of the length constant that it is cut by.

    Parameters
    ----------
    cells
        One lane.
    kernel
        With the steps of a membrane along a cable.
    accuracy
        Whose usual step and compartments are tried.
    course
        Of the engine.
    """

    def __init__(
        self, cells: Cells, kernel: Kernel, rate: float, accuracy: float, course: Any
    ) -> None:
        self.cells, self.kernel, self.accuracy, self.course = cells, kernel, accuracy, course
        self.dt = math.sqrt(0.5 * accuracy / OFF_DT) / rate
        self.dx = math.sqrt(0.5 * accuracy / OFF_DX)
        self.capacity = float(cells.lanes.flat("C_m")[0])
        self.axial = (
            float(conductance(cells.outline, cells.lanes)[0]) + STEEP * rate * self.capacity
        )
        self.found: dict[float, float] = {}

    @property
    def conducts(self) -> bool:
        return self.velocity(1.0) > 0 or self.velocity(2.0) > 0

    @cached_property
    def factor(self) -> float:
        """By how much finer it must be."""
        factor = 1.0
        while factor < _FINEST:
            usual, half = self.velocity(factor), self.velocity(2 * factor)
            if usual == half == 0:
                return 1.0
            off = 4 / 3 * abs(usual / half - 1) if half else math.inf
            if off <= _ACCEPTED * self.accuracy:
                return factor
            more = _MARGIN * max(1.0, off / self.accuracy)
            if more < 2:
                return math.ceil(_STEPS_OF_IT * factor * more) / _STEPS_OF_IT
            factor *= 2
        return _FINEST

    def velocity(self, factor: float) -> float:
        """Lengths in a ms, or 0 if nothing is conducted, so many times finer than usual."""
        if factor not in self.found:
            self.found[factor] = self._velocity(factor)
        return self.found[factor]

    def _velocity(self, factor: float) -> float:
        count, dx = round(_CABLE * factor), self.dx / factor
        passed = np.full(count, np.inf)
        first, last = round(_FROM * count), round(_TO * count)
        try:
            steps = self._begun(count, dx, self.dt / factor)
        except RunError:  # no rest
            return 0.0
        done = read = 0
        while not np.isfinite(passed[last]):
            silent = np.isinf(passed).sum()
            damped = np.zeros((_CALL, 1), dtype=np.int64)
            damped[: max(0, 2 - done)] = 1
            steps.advance(range(1), np.zeros((_CALL, 1, 1)), damped, done, done + _CALL)
            done += _CALL
            for batch in steps.spikes[read:]:
                times, where = batch.time, batch.lane
                np.minimum.at(passed, where[where >= 0], times[where >= 0])
            read = len(steps.spikes)
            if np.isinf(passed).sum() == silent or steps.lost().size:
                return 0.0
        along = np.arange(last - first) - 0.5 * (last - first - 1)
        return dx * float(along @ along) / float(along @ passed[first:last])

    def _begun(self, count: int, dx: float, dt: float) -> Any:
        states, _ = rest(self.kernel, for_equilibria(self.cells))
        resting = float(states[0, 0])
        prepared = prepare(self.kernel, self.cells.lanes.flat, 1, {".dt": dt})
        constants = prepared[: len(self.kernel.program.constants)][:, None]
        everywhere = np.ones((1, count))
        line = Line(everywhere * dx, everywhere * dx * self.capacity,
                    everywhere[:, 1:] * self.axial / dx)  # fmt: skip
        patch = Patch(
            self.kernel, np.arange(count), states[1:, :, None] * everywhere, constants,
            np.empty(0, dtype=np.int64),
        )  # fmt: skip
        held = Points(
            np.zeros(1, dtype=np.int64), np.full((1, 1), 2 * self.axial / dx),
            np.full((1, 1), resting + _LAUNCH),
        )  # fmt: skip
        endless = 1 << 40
        schedule = Schedule(dt, endless, endless, 1, resting + _SEEN, depth=1.0, grain=1e-6)
        return self.course(line, [patch], held, schedule, everywhere * resting)
