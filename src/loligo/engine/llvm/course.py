"""A cable's run in machine code, behind the interface of :mod:`loligo.engine.coupled`."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from loligo.engine.coupled import Line, Patch, Points, start_armed
from loligo.engine.kernel import CAPACITY, Schedule
from loligo.engine.llvm.cache import KERNELS
from loligo.engine.llvm.coupled import (
    CABLE_DOUBLES,
    CABLE_INTEGERS,
    CABLE_POINTERS,
    FUNCTION,
    SCRATCH,
    TABLE,
)
from loligo.engine.llvm.rows import FUNCTIONS, ROW
from loligo.engine.llvm.swings import spike_arrays, taken
from loligo.engine.swings import KEPT, Batch, Swings
from loligo.lanes import Floats, Integers

_CABLE = ctypes.CFUNCTYPE(
    None,
    *[ctypes.c_int64] * len(CABLE_INTEGERS),
    *[ctypes.c_double] * len(CABLE_DOUBLES),
    *[ctypes.c_void_p] * len(CABLE_POINTERS),
)


@dataclass(frozen=True)
class _Layout:
    """Where ``count`` compartments lie among whole rows of eight.

    ``place[i]`` is where the i-th lies, ``source[k]`` which one lies at k: what fills the last
    row or run is a copy of the last compartment.
    """

    count: int
    rows: int
    place: Integers
    source: Integers

    @classmethod
    def along(cls, count: int) -> _Layout:
        """Eight runs side by side."""
        rows = -(-count // ROW)
        at = np.arange(rows * ROW)
        run, row = at % ROW, at // ROW
        source = np.minimum(run * rows + row, count - 1)
        every = np.arange(count)
        return cls(count, rows, every % rows * ROW + every // rows, source)

    @classmethod
    def packed(cls, count: int) -> _Layout:
        """One after the other."""
        rows = -(-count // ROW)
        source = np.minimum(np.arange(rows * ROW), count - 1)
        return cls(count, rows, np.arange(count), source)

    def lay(self, values: Floats) -> Floats:
        return np.ascontiguousarray(values[..., self.source], dtype=np.float64)


class _Laid:
    """A patch's arrays as the machine code reads them."""

    def __init__(self, patch: Patch, line: _Layout, axons: int, samples: int) -> None:
        whole = patch.place.size == line.count
        self.layout = line if whole else _Layout.packed(patch.place.size)
        self.states = self.layout.lay(patch.states)
        varying = patch.constants.shape[-1] > 1
        self.constants = (
            self.layout.lay(patch.constants)
            if varying
            else np.repeat(patch.constants, ROW, axis=-1)
        )
        # where each packed compartment lies along the axon
        self.place = line.place[patch.place][self.layout.source]
        here = self.layout.place[patch.sampled]
        self.which, inverse = np.unique(here // ROW, return_inverse=True)
        self.column = inverse * ROW + here % ROW
        program = patch.kernel.program
        recorded = (len(program.records), samples, axons, self.which.size * ROW)
        # not zeroed: the pages are taken as they are written
        self.out = np.empty(recorded)
        size = self.layout.rows * ROW
        addresses = patch.kernel.code.addresses
        entries = {name: addresses[name] for name in FUNCTIONS} | {
            "rows": self.layout.rows,
            "stride": axons * size,
            "constant_stride": self.constants[0].size if len(self.constants) else 0,
            "constant_row": ROW if varying else 0,
            "states": self.states.ctypes.data,
            "constants": self.constants.ctypes.data,
            "constants_axon": size if varying else ROW,
            "place": 0 if whole else self.place.ctypes.data,
            "listed": self.which.size if program.records else 0,
            "which": self.which.ctypes.data,
            "out": self.out.ctypes.data,
            "out_stride": samples * axons * self.which.size * ROW,
            "out_sample": axons * self.which.size * ROW,
        }
        self.entry = [entries[name] for name in TABLE]


class CompiledCourse:
    """See :class:`loligo.engine.coupled.Course`.

    Parameters
    ----------
    capacity
        Spikes of one call, besides one for each compartment.
    """

    def __init__(
        self, line: Line, patches: Sequence[Patch], points: Points, schedule: Schedule,
        voltage: Floats, capacity: int = CAPACITY,
    ) -> None:  # fmt: skip
        self.capacity = capacity
        self.spikes: list[Batch] = []
        self.line, self.schedule = line, schedule
        portable = all(patch.kernel.portable for patch in patches)
        self.codes = [
            KERNELS.solve(portable),
            *(patch.kernel.code for patch in patches),
        ]  # kept alive
        self._call: Any = _CABLE(self.codes[0].addresses[FUNCTION])
        self.layout = layout = _Layout.along(line.compartments)
        axons, size = line.axons, layout.rows * ROW
        armed = layout.lay(start_armed(voltage, schedule).astype(np.float64)) != 0
        self.patches = [_Laid(patch, layout, axons, schedule.samples) for patch in patches]
        self.arrays: dict[str, Any] = {
            "voltage": layout.lay(voltage),
            "before": np.full((axons, size), np.nan),
            "armed": np.packbits(armed, axis=-1, bitorder="little"),
            "rising": np.full((axons, layout.rows), 255, dtype=np.uint8),
            "swings": Swings.begin(layout.lay(voltage).ravel()).table,
            "area": layout.lay(line.area),
            "link": np.zeros((axons, size)),
            "place": layout.place[points.place],
            "progress": np.zeros(axons, dtype=np.int64),
            "diverged": np.zeros(axons, dtype=np.int64),
            "table": np.array([patch.entry for patch in self.patches], dtype=np.int64),
        }
        self.hold(points, line.link)

    def hold(self, points: Points, link: Floats) -> None:
        mass = 2.0 / self.schedule.dt * self.line.capacity
        mass[:, points.place] += points.conductance
        self.arrays["mass"] = self.layout.lay(mass)
        self.arrays["loaded"] = np.ascontiguousarray(mass[:, points.place])
        self.arrays["conductance"] = np.ascontiguousarray(points.conductance)
        self.arrays["potential"] = np.ascontiguousarray(points.potential)
        self.arrays["link"][:, self.layout.place[:-1]] = link

    def displace(self, change: Floats) -> None:
        self.arrays["voltage"][:, self.layout.place] += change
        before = self.arrays["before"]
        # nothing is located by what V was before
        before[:, self.layout.place] = np.where(change != 0, np.nan, before[:, self.layout.place])

    def put(self, patch: int, states: Floats) -> None:
        mine = self.patches[patch]
        mine.states[:] = mine.layout.lay(states)

    def advance(
        self, axons: range, injected: Floats, damped: Integers, first: int, stop: int,
        opened: Floats | None = None,
    ) -> None:  # fmt: skip
        size = self.layout.rows * ROW
        capacity = self.capacity + size
        buffer = spike_arrays(capacity + ROW)
        scratch = np.zeros(len(SCRATCH) * size)
        open_ = injected if opened is None else opened
        given = {"injected": injected, "opened": open_, "damped": damped}
        arrays = self.arrays | {"scratch": scratch} | given | buffer
        integers = {
            "first_axon": axons.start, "last_axon": axons.stop, "rows": self.layout.rows,
            "stop": stop, "steps_per_sample": self.schedule.steps_per_sample,
            "samples": self.schedule.samples,
            "patches": len(self.patches), "points": self.arrays["place"].size,
            "first_step": first, "axons": self.line.axons, "capacity": capacity,
            "opens": int(opened is not None),
        }  # fmt: skip
        arguments = (
            *(integers[name] for name in CABLE_INTEGERS),
            *(getattr(self.schedule, name) for name in CABLE_DOUBLES),
            *(arrays[name].ctypes.data for name in CABLE_POINTERS),
        )
        here = slice(axons.start, axons.stop)
        done, lost = self.arrays["progress"][here], self.arrays["diverged"][here]
        while True:
            self._call(*arguments)
            found = taken(buffer)
            if found.time.size:
                self.spikes.append(found._replace(lane=self._natural(found.lane)))
            if np.all((done >= stop) | (lost != 0)):
                return

    def _natural(self, where: Integers) -> Integers:
        """axon x compartments + compartment; -1 for what only fills the last run."""
        rows = self.layout.rows
        axon, inside = np.divmod(where, rows * ROW)
        compartment = inside % ROW * rows + inside // ROW
        real = compartment < self.line.compartments
        return np.where(real, axon * self.line.compartments + compartment, -1)

    def lost(self) -> Integers:
        return np.flatnonzero(self.arrays["diverged"])

    def _place(self) -> list[Any]:
        names = ("voltage", "before", "armed", "rising", "swings", "progress", "diverged")
        states = [patch.states.swapaxes(0, 1) for patch in self.patches]  # axons first
        axons = self.line.axons
        return [self.arrays[name].reshape(axons, -1) for name in names] + states

    def save(self) -> Any:
        return [each.copy() for each in self._place()]

    def restore(self, saved: Any, axons: Any = ...) -> None:
        for each, then in zip(self._place(), saved, strict=True):
            each[axons] = then[axons]

    def voltage(self) -> Floats:
        return self.arrays["voltage"][:, self.layout.place]

    def swings(self) -> Swings:
        laid = self.arrays["swings"].reshape(self.line.axons, -1, len(KEPT))
        return Swings(laid[:, self.layout.place].reshape(-1, len(KEPT)))

    def states(self, patch: int) -> Floats:
        mine = self.patches[patch]
        return mine.states[:, :, mine.layout.place]

    def values(self, patch: int, record: int) -> Floats:
        mine = self.patches[patch]
        return mine.out[record][:, :, mine.column]
