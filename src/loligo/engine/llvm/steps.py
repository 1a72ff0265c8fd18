"""The loop of fixed steps: ``run``, which keeps a block of lanes in registers from step to step.

Blocks are independent, so the same bits come out in whatever order and by however many threads
they are run. A program whose states are float32 (each of them exactly a float64) has them so in
registers, while times and the stimulus stay float64.

A block's steps go round one of two loops. The inner one holds what nearly every step does, and
is left where there is more to do: for a sample, for a spike, and where a lane's numbers are not
those that its code was made for (:func:`loligo.engine.llvm.printer.emit_usual`). In the inner
loop nothing is joined that comes from elsewhere, and no state is looked at after its successor is
there: either would cost a copy of every state in every step, and stores are what the processor
has least of.
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

from llvmlite import ir

from loligo.engine.llvm.driver import (
    DOUBLE,
    I64,
    Around,
    at,
    element,
    emit_blocks,
    load_row,
    rounded,
    store,
    widened,
)
from loligo.engine.llvm.formats import DOUBLE as WIDE
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.printer import emit, emit_any, emit_usual
from loligo.engine.llvm.swings import SPIKE_POINTERS
from loligo.engine.llvm.watch import Watch, WatchSlots
from loligo.program import Program
from loligo.program.arithmetic import CARRY

Value = Any  # an ir.Value; llvmlite has no types
_BIT = ir.IntType(1)

# The arguments of `run`, in order: integers, the step, and pointers to rows.
RUN_INTEGERS = (
    "first_block", "last_block", "stride", "stop", "steps_per_sample",
    "stream_step", "stream_rows", "samples", "pitch", "capacity",
)  # fmt: skip
RUN_DOUBLES = ("dt", "threshold", "depth", "grain")
RUN_POINTERS = (
    "constants", "states", "carries", "detector", "lead", "progress", "diverged", "charges",
    "currents", "out", *SPIKE_POINTERS,
)  # fmt: skip


def emit_run(e: Emitter, program: Program, around: Around = emit_blocks) -> None:
    """``void run(...)``: fixed steps of blocks of lanes, up to step ``stop``.

    Each block begins at its own ``progress`` and leaves it where it stopped: at ``stop``; at a
    step after which a state is not finite (``diverged`` is set, and the states are those after
    it); or where the spike buffer was nearly full. So it can be called again.
    """

    def inside(arguments: dict[str, Value]) -> Callable[[Value], None]:
        slots = _Slots(e, program)
        return lambda index: _Block(e, program, arguments, slots, index).emit()

    around(e, "run", RUN_INTEGERS, RUN_DOUBLES, RUN_POINTERS, inside)


class _Slots:
    """What lasts from step to step lies in stack slots; LLVM moves them to registers."""

    def __init__(self, e: Emitter, program: Program) -> None:
        b = e.builder
        names = program.blocks["step"].names
        carried = [CARRY + state for state in program.states if CARRY + state in names]
        self.states = {name: b.alloca(e.real) for name in (*program.states, *carried)}
        # what drives the membrane, and the time up to which it stands
        self.inputs = {name: b.alloca(e.real) for name in program.inputs}
        self.until = b.alloca(DOUBLE)
        self.usual = b.alloca(_BIT)  # whether the last step was
        self.watch = WatchSlots(e)
        self.step = b.alloca(I64)
        self.until_sample = b.alloca(I64)
        self.sample = b.alloca(I64)


class _Block:
    """Emits what is done with one block of lanes.

    ``e`` computes with the states' precision, ``wide`` with float64.
    """

    def __init__(
        self, e: Emitter, program: Program, arguments: dict[str, Value], slots: _Slots,
        index: Value,
    ) -> None:  # fmt: skip
        self.e, self.program, self.a, self.slots = e, program, arguments, slots
        self.wide = Emitter(e.module, e.width, e.has_fma, WIDE)
        b = self.wide.builder = e.builder
        self.index, self.lane = index, b.mul(index, I64(e.width))
        self.watch = Watch(e, program.blocks["locate"], arguments, slots.watch, self.lane)
        self.constants = {
            name: load_row(e, self.a["constants"], i, self.a["stride"], self.lane)
            for i, name in enumerate(program.constants)
        }
        self.constants[".dt"] = self.wide.spread(self.a["dt"])
        self.fixed = {name: rounded(e, value) for name, value in self.constants.items()}
        self._load()
        self.outer, self.inner, self.any_case, self.events, self.done = (
            b.append_basic_block(name) for name in ("outer", "inner", "any_case", "events", "leave")
        )

    def emit(self) -> None:
        b = self.e.builder
        b.branch(self.outer)
        b.position_at_end(self.outer)
        self._begin()
        b.position_at_end(self.inner)
        self._usual_step()
        b.position_at_end(self.any_case)
        self._any_step()
        b.position_at_end(self.events)
        self._note_events()
        b.position_at_end(self.done)
        self._save()

    # -- the two loops ------------------------------------------------------------------------

    def _begin(self) -> None:
        """What precedes steps: a sample if one is due; leave at the end, or without room for a
        step's spikes."""
        e, b = self.e, self.e.builder
        with b.if_then(self._sample_is_due()):
            self._sample()
        room = b.icmp_signed(
            "<=",
            b.add(b.load(self.a["spike_count"], typ=I64), I64(e.width)),
            self.a["capacity"],
        )
        with b.if_then(b.or_(self._at_end(), b.not_(room))):
            b.branch(self.done)
        b.cbranch(b.load(self.slots.usual, typ=_BIT), self.inner, self.any_case)

    def _usual_step(self) -> None:
        b = self.e.builder
        block = self.program.blocks["step"]
        after = emit_usual(self.e, block, self._inputs(), self.any_case)
        self._keep(after)
        with b.if_then(self._noteworthy(after), likely=False):
            b.branch(self.events)
        b.cbranch(b.or_(self._at_end(), self._sample_is_due()), self.outer, self.inner)

    def _any_step(self) -> None:
        """The same step by code for all cases."""
        b = self.e.builder
        after, unusual = emit_any(self.e, self.program.blocks["step"], self._inputs())
        b.store(b.not_(unusual), self.slots.usual)
        self._keep(after)
        b.cbranch(self._noteworthy(after), self.events, self.outer)

    def _inputs(self) -> dict[str, Value]:
        return {**self.fixed, **self._now(), **self._mean_inputs()}

    def _now(self) -> dict[str, Value]:
        load = self.e.builder.load
        return {name: load(slot, typ=self.e.real) for name, slot in self.slots.states.items()}

    def _keep(self, after: dict[str, Value]) -> None:
        b = self.e.builder
        for name, slot in self.slots.states.items():
            b.store(after[name], slot)
        step = b.add(b.load(self.slots.step, typ=I64), I64(1))
        b.store(step, self.slots.step)
        b.store(after["V"], self.watch.past(step))
        b.store(b.sub(b.load(self.slots.until_sample, typ=I64), I64(1)), self.slots.until_sample)

    def _sample_is_due(self) -> Value:
        b = self.e.builder
        return b.icmp_signed("==", b.load(self.slots.until_sample, typ=I64), I64(0))

    def _at_end(self) -> Value:
        b = self.e.builder
        return b.icmp_signed(">=", b.load(self.slots.step, typ=I64), self.a["stop"])

    # -- between memory and registers ---------------------------------------------------------

    def _rows(self, step: Value) -> list[tuple[Value, str, int]]:
        """Slots, and the rows in which they last between calls."""
        states, b = self.program.states, self.e.builder
        rows = [
            (slot, "carries" if name.startswith(CARRY) else "states",
             states.index(name.removeprefix(CARRY)))
            for name, slot in self.slots.states.items()
        ]  # fmt: skip
        return [*rows, (self.watch.past(b.sub(step, I64(1))), "detector", 0)]

    def _place(self, base: str, row: int) -> Value:
        b = self.e.builder
        return at(self.e, self.a[base], b.add(b.mul(I64(row), self.a["stride"]), self.lane))

    def _load(self) -> None:
        e, b = self.e, self.e.builder
        step = b.load(at(e, self.a["progress"], self.index, I64), typ=I64)
        b.store(step, self.slots.step)
        for slot, base, row in self._rows(step):
            wide = b.load(self._place(base, row), align=8, typ=e.double)
            b.store(rounded(e, wide), slot)
        b.store(b.load(self.slots.states["V"], typ=e.real), self.watch.past(step))
        self.watch.load()
        per = self.a["steps_per_sample"]
        gone = b.srem(step, per)
        wait = b.select(b.icmp_signed("==", gone, I64(0)), I64(0), b.sub(per, gone))
        self._next_sample(b.sdiv(b.add(step, b.sub(per, I64(1))), per), wait)
        b.store(DOUBLE(-math.inf), self.slots.until)
        b.store(_BIT(1), self.slots.usual)

    def _save(self) -> None:
        e, b = self.e, self.e.builder
        step = b.load(self.slots.step, typ=I64)
        for slot, base, row in self._rows(step):
            wide = widened(e, b.load(slot, typ=e.real))
            b.store(wide, self._place(base, row), align=8)
        self.watch.save()
        store(e, self._lead(), self.a["lead"], self.lane)
        b.store(step, at(e, self.a["progress"], self.index, I64))

    # -- the stimulus, and samples ------------------------------------------------------------

    def _time(self, step: Value) -> Value:
        """k dt, not a running sum."""
        b = self.e.builder
        return b.fmul(b.sitofp(step, DOUBLE), self.a["dt"])

    def _mean_inputs(self) -> dict[str, Value]:
        """Over the step: computed anew only where it is not known to be the last step's in all
        lanes."""
        e, b, drive, slots = self.e, self.e.builder, self.program.blocks["drive"], self.slots
        step = b.load(slots.step, typ=I64)
        end = self._time(b.add(step, I64(1)))

        def anew() -> dict[str, Value]:
            times = {".t0": self.wide.spread(self._time(step)), ".t1": self.wide.spread(end)}
            row = b.sub(step, self.a["stream_step"])
            streams = self._streams("charges", row, self.a["stream_rows"])
            return emit(self.wide, drive, {**self.constants, **times, **streams})

        if ".until" not in drive.names:
            results = anew()
            return {name: rounded(e, results[name]) for name in slots.inputs}
        stands = b.fcmp_ordered("<=", end, b.load(slots.until, typ=DOUBLE))
        with b.if_then(b.not_(stands), likely=False):
            results = anew()
            for name, slot in slots.inputs.items():
                b.store(rounded(e, results[name]), slot)
            b.store(self.wide.least(results[".until"]), slots.until)
        return {name: b.load(slot, typ=e.real) for name, slot in slots.inputs.items()}

    def _streams(self, base: str, row: Value, rows: Value) -> dict[str, Value]:
        """The rows of the sampled stimuli: ``rows`` of them for each stimulus."""
        e, b = self.e, self.e.builder
        values: dict[str, Value] = {}
        for i, name in enumerate(self.program.streams):
            place = b.mul(b.add(b.mul(I64(i), rows), row), self.a["stride"])
            pointer = at(e, self.a[base], b.add(place, self.lane))
            values[name] = b.load(pointer, align=8, typ=e.double)
        return values

    def _lead(self) -> Value:
        """How far V is ahead of the first stage: as the call found it until a step is made."""
        e, b = self.wide, self.e.builder
        begun = b.load(at(e, self.a["progress"], self.index, I64), typ=I64)
        still = b.icmp_signed("==", b.load(self.slots.step, typ=I64), begun)
        found = b.load(at(e, self.a["lead"], self.lane), align=8, typ=e.double)
        return b.select(still, found, e.spread(b.fmul(DOUBLE(0.5), self.a["dt"])))

    def _next_sample(self, which: Value, wait: Value) -> None:
        """It is due after so many steps; never, if all are taken: the last step may end beyond
        the end of the run, where the next one would be."""
        b = self.e.builder
        left = b.icmp_signed("<", which, self.a["samples"])
        b.store(b.select(left, wait, I64(-1)), self.slots.until_sample)
        b.store(which, self.slots.sample)

    def _sample(self) -> None:
        e, b = self.e, self.e.builder
        sample = b.load(self.slots.sample, typ=I64)
        self._next_sample(b.add(sample, I64(1)), self.a["steps_per_sample"])
        if not self.program.records:
            return
        block = self.program.blocks["sample"]
        inputs = {**self.fixed, **self._now(), ".lead": rounded(e, self._lead())}
        if asked := [name for name in self.program.inputs if name in block.inputs]:
            time = self.wide.spread(self._time(b.load(self.slots.step, typ=I64)))
            streams = self._streams("currents", sample, self.a["samples"])
            given = {**self.constants, ".t": time, **streams}
            values = emit(self.wide, self.program.blocks["value"], given)
            inputs |= {name: rounded(e, values[name]) for name in asked}
        results = emit(e, block, inputs)
        first = b.add(b.mul(self.lane, self.a["pitch"]), sample)
        plane = b.mul(self.a["pitch"], self.a["stride"])
        for record, result in enumerate(results.values()):
            place, wide = b.add(b.mul(I64(record), plane), first), widened(e, result)
            for i in range(e.width):
                b.store(element(e, wide, i), at(e, self.a["out"], place))
                place = b.add(place, self.a["pitch"])

    # -- spikes and divergence ----------------------------------------------------------------

    def _size(self, after: dict[str, Value]) -> Value:
        """The sum of all states: not finite if one of them is not."""
        b = self.e.builder
        total = reduce(b.fadd, (after[state] for state in self.program.states))
        return self.e.intrinsic("fabs", total)

    def _noteworthy(self, after: dict[str, Value]) -> Value:
        """Whether, in any lane, there is something to note of V, or the sum of all states may not
        be finite: two comparisons for a whole block."""
        e, b = self.e, self.e.builder
        step = b.sub(b.load(self.slots.step, typ=I64), I64(1))
        short, highest = e.folded(self.watch.noteworthy(step, after["V"]), e.larger)
        come = b.fcmp_ordered(">=", highest, short.const(0.0))
        _, size = e.folded(self._size(after), b.fadd)
        return short.any(b.or_(come, b.fcmp_unordered(">", size, short.const(e.form.finite))))

    def _note_events(self) -> None:
        """Of the step just made: leave where a state is no longer finite; note what V did."""
        e, b = self.e, self.e.builder
        after = self._now()
        step = b.sub(b.load(self.slots.step, typ=I64), I64(1))
        broken = b.fcmp_unordered(">", self._size(after), e.const(e.form.finite))
        with b.if_then(e.any(broken), likely=False):
            flags = b.zext(broken, self.wide.int)
            b.store(flags, at(e, self.a["diverged"], self.lane, I64), align=8)
            b.store(step, self.slots.step)
            b.branch(self.done)
        self.watch.note(step, self._time(step), after["V"])
        b.branch(self.outer)
