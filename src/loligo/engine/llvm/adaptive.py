"""The adaptive loop around a program: every lane takes steps of its own length.

A block of W lanes goes round together; in each round every lane moves by the step that its own
series allows, and exactly to its own next edge of the stimulus if that is nearer. Samples and
spikes come from the same polynomial as the step. A lane that has arrived stands still until
the block is done.
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir

from loligo.engine.kernel import (
    COUNTERS,
    DIVERGED,
    NEXT_REACH,
    ROUNDING,
    SHORTER,
    SHORTEST,
    SPIKE_PARTS,
    STIFF,
    STIFF_STEPS,
)
from loligo.engine.llvm.driver import (
    DOUBLE,
    I64,
    at,
    element,
    emit_blocks,
    load_row,
    spread_whole,
)
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.polynomial import horner, sizes
from loligo.engine.llvm.printer import emit
from loligo.engine.llvm.spikes import Rise, Step, look_for_spikes
from loligo.program import Program
from loligo.program.drive import EDGE_TOLERANCE

Value = Any  # an ir.Value; llvmlite has no types

# The arguments of `adapt`, in order: integers, numbers, and pointers to rows.
ADAPT_INTEGERS = ("first_block", "last_block", "stride", "rounds", "samples", "pitch", "capacity")
ADAPT_DOUBLES = ("end", "sample_interval", "threshold")
ADAPT_POINTERS = (
    "constants", "states", "clock", "counters", "edges", "status", "finished", "out",
    "spike_time", "spike_lane", "spike_count",
)  # fmt: skip


def emit_adapt(e: Emitter, program: Program) -> None:
    """``void adapt(...)``: at most ``rounds`` rounds of each block of lanes.

    A block begins where it stopped in the last call, and sets ``finished`` when all its lanes
    have arrived, or one has failed (``status``; its states are the last finite ones).
    """
    emit_blocks(
        e, "adapt", ADAPT_INTEGERS, ADAPT_DOUBLES, ADAPT_POINTERS,
        lambda arguments: _Adapt(e, program, arguments).block,
    )  # fmt: skip


class _Adapt:
    """Emits the inside of ``adapt`` for one block of lanes."""

    def __init__(self, e: Emitter, program: Program, arguments: dict[str, Value]) -> None:
        self.e, self.program, self.a = e, program, arguments
        b = e.builder
        self.hasty = "careful" in program.blocks  # whether its series does not hold everywhere
        # loop-carried values live in stack slots; LLVM moves them to registers
        self.states = {s: b.alloca(e.double) for s in program.states}
        self.t = b.alloca(e.double)
        # whether a spike can be seen, and whether the next step is a careful one
        self.armed, self.doubted = b.alloca(e.mask), b.alloca(e.mask)
        self.flags = {1: self.armed, 2: self.doubted}  # by their rows of `clock`
        self.edge = b.alloca(e.double)  # the next edge of the stimulus, or the end
        self.counters = {name: b.alloca(e.int) for name in COUNTERS}
        self.step, self.way = b.alloca(e.double), b.alloca(e.double)
        self.ends = {s: b.alloca(e.double) for s in program.states}  # the states after a step
        self.round = b.alloca(I64)
        self.rise = Rise(e)

    # ---- one block ----------------------------------------------------------------------

    def block(self, index: Value) -> None:
        e, b = self.e, self.e.builder
        self.index, self.lane = index, b.mul(index, I64(e.width))
        self.fixed = {
            name: load_row(e, self.a["constants"], i, self.a["stride"], self.lane)
            for i, name in enumerate(self.program.constants)
        }
        self.end = e.spread(self.a["end"])
        self._load()
        head, body = b.append_basic_block("round"), b.append_basic_block("advance")
        done, left = b.append_basic_block("arrived"), b.append_basic_block("leave")
        choose = b.append_basic_block("choose")
        b.branch(head)
        b.position_at_end(head)
        t = b.load(self.t, typ=e.double)
        active = e.less(t, self.end)
        b.cbranch(self.e.any(active), choose, done)
        b.position_at_end(choose)
        room = b.icmp_signed(
            "<=",
            b.add(b.load(self.a["spike_count"], typ=I64), I64(e.width * SPIKE_PARTS)),
            self.a["capacity"],
        )
        more = b.icmp_signed("<", b.load(self.round, typ=I64), self.a["rounds"])
        b.cbranch(b.and_(more, room), body, left)
        b.position_at_end(body)
        self._rounds(t, active, head, done)
        b.position_at_end(done)
        b.store(I64(1), at(e, self.a["finished"], index, I64))
        b.branch(left)
        b.position_at_end(left)
        self._save()

    def _rows(self) -> list[tuple[Value, str, int, Any]]:
        slots = [(slot, "states", i, self.e.double) for i, slot in enumerate(self.states.values())]
        slots.append((self.t, "clock", 0, self.e.double))
        slots += [(s, "counters", i, self.e.int) for i, s in enumerate(self.counters.values())]
        return slots

    def _place(self, base: str, row: int, kind: Any = DOUBLE) -> Value:
        b = self.e.builder
        return at(self.e, self.a[base], b.add(b.mul(I64(row), self.a["stride"]), self.lane), kind)

    def _load(self) -> None:
        e, b = self.e, self.e.builder
        for slot, base, row, kind in self._rows():
            b.store(b.load(self._place(base, row), align=8, typ=kind), slot)
        for row, slot in self.flags.items():
            flag = b.load(self._place("clock", row), align=8, typ=e.double)
            b.store(b.fcmp_ordered("!=", flag, e.const(0.0)), slot)
        b.store(I64(0), self.round)
        self._next_edges()

    def _save(self) -> None:
        e, b = self.e, self.e.builder
        for slot, base, row, kind in self._rows():
            b.store(b.load(slot, typ=kind), self._place(base, row), align=8)
        for row, slot in self.flags.items():
            flag = b.select(b.load(slot, typ=e.mask), e.const(1.0), e.const(0.0))
            b.store(flag, self._place("clock", row), align=8)

    def _next_edges(self) -> None:
        """Each lane's next edge, by its counter; rare, so lane by lane."""
        e, b = self.e, self.e.builder
        which = b.load(self.counters["edge"], typ=e.int)
        edges = ir.Constant(e.double, ir.Undefined)
        for i in range(e.width):
            row = b.mul(element(self.e, which, i), self.a["stride"])
            place = b.add(row, b.add(self.lane, I64(i)))
            value = b.load(at(e, self.a["edges"], place), typ=DOUBLE)
            edges = value if e.width == 1 else b.insert_element(edges, value, ir.IntType(32)(i))
        b.store(edges, self.edge)

    # ---- one round ----------------------------------------------------------------------

    def _rounds(self, t: Value, active: Value, head: Value, done: Value) -> None:
        """Careful steps of the lanes that want them, if there are any; else one of every lane."""
        b = self.e.builder
        if self.hasty:
            doubted = b.load(self.doubted, typ=self.e.mask)
            with b.if_then(self.e.any(doubted), likely=False):
                b.store(ir.Constant(self.e.mask, None), self.doubted)
                self._expand("careful", t)
                step, after = self._whole_step(t, doubted)
                self._advance(t, doubted, step, after, done)
                b.branch(head)
        self._expand("series", t)
        step, after = self._whole_step(t, active)
        if self.hasty:
            active = self._trusted(active, after)
        if "room" in self.program.blocks:
            active, step, after = self._within_room(active, step, after)
        self._advance(t, active, step, after, done)
        b.branch(head)

    def _expand(self, name: str, t: Value) -> None:
        """The series of every lane, and how far it may step."""
        e, b = self.e, self.e.builder
        self.limit = b.load(self.edge, typ=e.double)
        self.middle = b.fmul(e.const(0.5), b.fadd(t, self.limit))
        self.now = {s: b.load(slot, typ=e.double) for s, slot in self.states.items()}
        inputs = {**self.fixed, **self.now, ".t": t, ".middle": self.middle}
        block = self.program.blocks[name]
        order = max(int(n[2:-1]) for n in block.names if n[:2] == "V[")
        self.kind = name
        found = emit(e, block, inputs)
        self.series = {s: [found[f"{s}[{k}]"] for k in range(order + 1)] for s in self.states}
        self.h = found[".step"]

    def _whole_step(self, t: Value, moving: Value) -> tuple[Value, dict[str, Value]]:
        """The step of every lane that moves, to its next edge at most; 0 for the others. And the
        states after it."""
        e, b = self.e, self.e.builder
        left = b.fsub(self.limit, t)
        self.arrives = b.and_(moving, b.fcmp_ordered(">=", self.h, left))
        step = b.select(moving, b.select(self.arrives, left, self.h), e.const(0.0))
        self.reach = sizes(e, self.series["V"][1:], step)
        if "most" in self.program.blocks:
            step = self._foreseen(step)
        return step, self._after(step)

    def _foreseen(self, step: Value) -> Value:
        """The step, shortened where V would move through more than the series can tell of."""
        e, b = self.e, self.e.builder
        most = emit(e, self.program.blocks["most"], self.fixed)[self.kind]
        far = e.less(most, self.reach)
        b.store(step, self.step)
        b.store(self.reach, self.way)
        with b.if_then(e.any(far), likely=False):
            # what V moves grows faster than the step
            shorter = b.fmul(step, b.fdiv(most, self.reach))
            b.store(b.select(far, shorter, step), self.step)
            b.store(b.select(far, most, self.reach), self.way)
        self.arrives = b.and_(self.arrives, b.not_(far))
        self.h = b.select(far, b.load(self.step, typ=e.double), self.h)
        self.reach = b.load(self.way, typ=e.double)
        return b.load(self.step, typ=e.double)

    def _after(self, step: Value) -> dict[str, Value]:
        return {s: self._horner(s, step) for s in self.states}

    def _advance(
        self, t: Value, moving: Value, step: Value, after: dict[str, Value], done: Value
    ) -> None:
        e, b = self.e, self.e.builder
        reached = b.select(self.arrives, self.limit, b.fadd(t, step))
        reached = b.select(moving, reached, t)
        self._refuse(moving, after, done)
        self._samples(t, reached)
        move = Step(t, step, moving, self.series["V"], self._far(1.0))
        look_for_spikes(e, self.rise, self.a, self.lane, self.armed, move)
        for s, slot in self.states.items():
            b.store(b.select(moving, after[s], self.now[s]), slot)
        b.store(reached, self.t)
        self._count("steps", moving)
        arrived = b.and_(self.arrives, moving)
        with b.if_then(self.e.any(arrived), likely=False):
            inside = b.and_(arrived, e.less(self.limit, self.end))
            self._count("edge", inside)
            self._next_edges()
        b.store(b.add(b.load(self.round, typ=I64), I64(1)), self.round)

    def _room(self, v: Value) -> Value:
        inputs = {**self.fixed, **self.now, "V": v}
        return emit(self.e, self.program.blocks["room"], inputs)[".room"]

    def _broken(self, after: dict[str, Value]) -> Value:
        """Lanes in which a state, or the step, is not finite."""
        e, b, h = self.e, self.e.builder, self.h
        total = after["V"]
        for s in self.program.states[1:]:
            total = b.fadd(total, after[s])
        # the sum of all states is not finite if one of them is not; true for NaN as well
        broken = b.fcmp_unordered(">", e.intrinsic("fabs", total), e.const(1e300))
        return b.or_(broken, b.fcmp_unordered("uno", h, h))

    def _trusted(self, moving: Value, after: dict[str, Value]) -> Value:
        """Without the lanes whose numbers were too large for float32, or too near a zero: they
        wait for a careful step."""
        b = self.e.builder
        broken = b.and_(moving, self._broken(after))
        b.store(broken, self.doubted)
        return b.and_(moving, b.not_(broken))

    def _within_room(
        self, moving: Value, step: Value, after: dict[str, Value]
    ) -> tuple[Value, Value, dict[str, Value]]:
        """Lanes whose V moves no further than its series holds; the others wait for a careful
        step. The steps, ending where there is room for another that reaches further; and the
        states after them."""
        e, b = self.e, self.e.builder
        held = b.fcmp_ordered("<=", self._far(1.0), self._room(self.now["V"]))
        doubted = b.and_(moving, b.not_(held))
        b.store(b.or_(doubted, b.load(self.doubted, typ=e.mask)), self.doubted)
        moving = b.and_(moving, held)
        step = b.select(moving, step, e.const(0.0))
        wanted = self._far(NEXT_REACH)
        free = b.and_(moving, b.not_(self.arrives))
        tight = b.and_(free, e.less(self._room(after["V"]), wanted))
        b.store(step, self.step)
        for s, slot in self.ends.items():
            b.store(after[s], slot)
        with b.if_then(e.any(tight), likely=False):
            for part in SHORTER:
                shorter = b.fmul(step, e.const(part))
                fits = b.fcmp_ordered(">=", self._room(self._horner("V", shorter)), wanted)
                take = b.and_(tight, fits)
                b.store(b.select(take, shorter, b.load(self.step, typ=e.double)), self.step)
                tight = b.and_(tight, b.not_(fits))
            for s, end in self._after(b.load(self.step, typ=e.double)).items():
                b.store(end, self.ends[s])
        ends = {s: b.load(slot, typ=e.double) for s, slot in self.ends.items()}
        return moving, b.load(self.step, typ=e.double), ends

    def _far(self, times: float) -> Value:
        """So many times what V may move in this step, and what it may be off by rounding."""
        return self.e.fma(self.reach, self.e.const(times), self.e.const(ROUNDING))

    def _horner(self, state: str, s: Value) -> Value:
        return horner(self.e, self.series[state], s)

    def _count(self, name: str, mask: Value) -> None:
        e, b = self.e, self.e.builder
        one = b.select(mask, e.whole(1), e.whole(0))
        b.store(b.add(b.load(self.counters[name], typ=e.int), one), self.counters[name])

    def _refuse(self, moving: Value, after: dict[str, Value], done: Value) -> None:
        """Leave the block, with the states as they were, if a lane cannot go on."""
        e, b, h = self.e, self.e.builder, self.h
        broken = b.and_(moving, self._broken(after))
        short = b.and_(moving, e.less(h, e.const(SHORTEST)))
        # a step that an edge cuts short says nothing
        small = b.and_(short, b.not_(self.arrives))
        count = b.load(self.counters["small"], typ=e.int)
        after_step = b.select(small, b.add(count, e.whole(1)), b.select(short, count, e.whole(0)))
        count = b.select(moving, after_step, count)
        b.store(count, self.counters["small"])
        stiff = b.icmp_signed(">=", count, e.whole(STIFF_STEPS))
        with b.if_then(self.e.any(b.or_(broken, stiff)), likely=False):
            flags = b.select(stiff, e.whole(STIFF), e.whole(0))
            flags = b.select(broken, e.whole(DIVERGED), flags)
            b.store(flags, self._place("status", 0, I64), align=8)
            b.branch(done)

    # ---- samples --------------------------------------------------------------------------

    def _samples(self, t: Value, reached: Value) -> None:
        """Every sample before ``reached``, and at the end the last; a sample at an edge is
        left to the segment that begins there."""
        if not self.program.records:
            return
        e, b = self.e, self.e.builder
        at_end = b.fcmp_ordered(">=", reached, self.end)
        limit = b.select(at_end, e.const(math.inf), b.fsub(reached, e.const(EDGE_TOLERANCE)))
        head, body, done = (b.append_basic_block(n) for n in ("due", "sample", "sampled"))
        b.branch(head)
        b.position_at_end(head)
        which = b.load(self.counters["sample"], typ=e.int)
        when = b.fmul(b.sitofp(which, e.double), e.spread(self.a["sample_interval"]))
        left = b.icmp_signed("<", which, self._whole(self.a["samples"]))
        due = b.and_(left, e.less(when, limit))
        b.cbranch(self.e.any(due), body, done)
        b.position_at_end(body)
        self._sample(t, when, which, due)
        self._count("sample", due)
        b.branch(head)
        b.position_at_end(done)

    def _whole(self, scalar: Value) -> Value:
        """An integer for every lane."""
        return spread_whole(self.e, scalar)

    def _sample(self, t: Value, when: Value, which: Value, due: Value) -> None:
        e, b = self.e, self.e.builder
        inside = b.fsub(when, t)
        # at an edge that is the end of the run no segment begins: what would be on just after
        after = b.fadd(when, e.const(EDGE_TOLERANCE))
        middle = b.select(b.fcmp_ordered(">=", after, self.end), after, self.middle)
        inputs = {**self.fixed, ".t": when, ".middle": middle}
        inputs |= {s: self._horner(s, inside) for s in self.states}
        results = list(emit(e, self.program.blocks["sample"], inputs).values())
        self._scatter(results, which, due)

    def _scatter(self, results: list[Value], which: Value, due: Value) -> None:
        """Store each lane's results at its own sample. Lanes that have none due store into the
        void: a branch for each would be guessed wrong half the time."""
        e, b = self.e, self.e.builder
        with b.goto_entry_block():
            void = b.ptrtoint(b.alloca(DOUBLE), I64)
        steps = 0 if e.width == 1 else list(range(e.width))
        lanes = b.add(self._whole(self.lane), ir.Constant(e.int, steps))
        own = b.add(b.mul(lanes, self._whole(self.a["pitch"])), which)
        first = b.add(b.mul(own, e.whole(8)), self._whole(b.ptrtoint(self.a["out"], I64)))
        plane = b.mul(b.mul(self.a["pitch"], self.a["stride"]), I64(8))
        for record, result in enumerate(results):
            place = b.add(first, self._whole(b.mul(I64(record), plane)))
            place = b.select(due, place, self._whole(void))
            for i in range(e.width):
                pointer = b.inttoptr(element(e, place, i), ir.PointerType())
                b.store(element(e, result, i), pointer)
