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
    BISECTIONS,
    COUNTERS,
    DIVERGED,
    RE_ARM,
    SHORTEST,
    SPIKE_PARTS,
    STIFF,
    STIFF_STEPS,
)
from loligo.engine.llvm.driver import (
    DOUBLE,
    I64,
    any_lane,
    append_spikes,
    at,
    begin_loop,
    counting,
    element,
    load_row,
    spread_whole,
)
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.printer import emit
from loligo.program import Program
from loligo.program.drive import EDGE_TOLERANCE

Value = Any  # an ir.Value; llvmlite has no types

# The arguments of `adapt`, in order: integers, numbers, and pointers to rows.
ADAPT_INTEGERS = ("first_block", "last_block", "stride", "rounds", "samples", "capacity")
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
    arguments = begin_loop(e, "adapt", ADAPT_INTEGERS, ADAPT_DOUBLES, ADAPT_POINTERS)
    run = _Adapt(e, program, arguments)
    with counting(e, run.a["first_block"], run.a["last_block"], I64(1)) as block:
        run.block(block)
    e.builder.ret_void()


class _Adapt:
    """Emits the inside of ``adapt`` for one block of lanes."""

    def __init__(self, e: Emitter, program: Program, arguments: dict[str, Value]) -> None:
        self.e, self.program, self.a = e, program, arguments
        b = e.builder
        self.order = max(int(n[2:-1]) for n in program.blocks["series"].names if n[:2] == "V[")
        # loop-carried values live in stack slots; LLVM moves them to registers
        self.states = {s: b.alloca(e.double) for s in program.states}
        self.t, self.armed = b.alloca(e.double), b.alloca(e.mask)
        self.edge = b.alloca(e.double)  # the next edge of the stimulus, or the end
        self.counters = {name: b.alloca(e.int) for name in COUNTERS}
        self.round = b.alloca(I64)
        self.low, self.high = b.alloca(e.double), b.alloca(e.double)

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
        b.cbranch(any_lane(self.e, active), choose, done)
        b.position_at_end(choose)
        room = b.icmp_signed(
            "<=",
            b.add(b.load(self.a["spike_count"], typ=I64), I64(e.width * SPIKE_PARTS)),
            self.a["capacity"],
        )
        more = b.icmp_signed("<", b.load(self.round, typ=I64), self.a["rounds"])
        b.cbranch(b.and_(more, room), body, left)
        b.position_at_end(body)
        self._advance(t, active, head, done)
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
        armed = b.load(self._place("clock", 1), align=8, typ=e.double)
        b.store(b.fcmp_ordered("!=", armed, e.const(0.0)), self.armed)
        b.store(I64(0), self.round)
        self._next_edges()

    def _save(self) -> None:
        e, b = self.e, self.e.builder
        for slot, base, row, kind in self._rows():
            b.store(b.load(slot, typ=kind), self._place(base, row), align=8)
        armed = b.select(b.load(self.armed, typ=e.mask), e.const(1.0), e.const(0.0))
        b.store(armed, self._place("clock", 1), align=8)

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

    def _advance(self, t: Value, active: Value, head: Value, done: Value) -> None:
        e, b = self.e, self.e.builder
        edge = b.load(self.edge, typ=e.double)
        self.middle = b.fmul(e.const(0.5), b.fadd(t, edge))
        now = {s: b.load(slot, typ=e.double) for s, slot in self.states.items()}
        inputs = {**self.fixed, **now, ".t": t, ".middle": self.middle}
        series = emit(e, self.program.blocks["series"], inputs)
        self.series = {s: [series[f"{s}[{k}]"] for k in range(self.order + 1)] for s in self.states}
        h, left = series[".step"], b.fsub(edge, t)
        arrives = b.fcmp_ordered(">=", h, left)
        step = b.select(active, b.select(arrives, left, h), e.const(0.0))
        after = {s: self._horner(s, step) for s in self.states}
        reached = b.select(arrives, edge, b.fadd(t, step))
        self._refuse(h, arrives, active, after, done)
        self._samples(t, b.select(active, reached, t))
        self._spikes(t, step)
        for s, slot in self.states.items():
            b.store(after[s], slot)
        b.store(b.select(active, reached, t), self.t)
        self._count("steps", active)
        arrived = b.and_(arrives, active)
        with b.if_then(any_lane(self.e, arrived), likely=False):
            inside = b.and_(arrived, e.less(edge, self.end))
            self._count("edge", inside)
            self._next_edges()
        b.store(b.add(b.load(self.round, typ=I64), I64(1)), self.round)
        b.branch(head)

    def _horner(self, state: str, s: Value) -> Value:
        total = self.series[state][-1]
        for coefficient in reversed(self.series[state][:-1]):
            total = self.e.fma(total, s, coefficient)
        return total

    def _count(self, name: str, mask: Value) -> None:
        e, b = self.e, self.e.builder
        one = b.select(mask, e.whole(1), e.whole(0))
        b.store(b.add(b.load(self.counters[name], typ=e.int), one), self.counters[name])

    def _refuse(
        self, h: Value, arrives: Value, active: Value, after: dict[str, Value], done: Value
    ) -> None:
        """Leave the block, with the states as they were, if a lane cannot go on."""
        e, b = self.e, self.e.builder
        total = after["V"]
        for s in self.program.states[1:]:
            total = b.fadd(total, after[s])
        # the sum of all states is not finite if one of them is not; true for NaN as well
        broken = b.fcmp_unordered(">", e.intrinsic("fabs", total), e.const(1e300))
        broken = b.and_(active, b.or_(broken, b.fcmp_unordered("uno", h, h)))
        short = b.and_(active, e.less(h, e.const(SHORTEST)))
        # a step that an edge cuts short says nothing
        small = b.and_(short, b.not_(arrives))
        count = b.load(self.counters["small"], typ=e.int)
        count = b.select(small, b.add(count, e.whole(1)), b.select(short, count, e.whole(0)))
        b.store(count, self.counters["small"])
        stiff = b.icmp_signed(">=", count, e.whole(STIFF_STEPS))
        with b.if_then(any_lane(self.e, b.or_(broken, stiff)), likely=False):
            flags = b.select(stiff, e.whole(STIFF), e.whole(0))
            flags = b.select(broken, e.whole(DIVERGED), flags)
            b.store(flags, self._place("status", 0, I64), align=8)
            b.branch(done)

    # ---- samples --------------------------------------------------------------------------

    def _samples(self, t: Value, reached: Value) -> None:
        """Every sample before ``reached``, and at the end the last; a sample at an edge is
        left to the segment that begins there."""
        e, b = self.e, self.e.builder
        at_end = b.fcmp_ordered(">=", reached, self.end)
        limit = b.select(at_end, e.const(math.inf), b.fsub(reached, e.const(EDGE_TOLERANCE)))
        moving = e.less(t, self.end)
        head, body, done = (b.append_basic_block(n) for n in ("due", "sample", "sampled"))
        b.branch(head)
        b.position_at_end(head)
        which = b.load(self.counters["sample"], typ=e.int)
        when = b.fmul(b.sitofp(which, e.double), e.spread(self.a["sample_interval"]))
        left = b.icmp_signed("<", which, self._whole(self.a["samples"]))
        due = b.and_(b.and_(e.less(when, limit), left), moving)
        b.cbranch(any_lane(self.e, due), body, done)
        b.position_at_end(body)
        if self.program.records:
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
        own = b.add(b.mul(which, self._whole(self.a["stride"])), self._whole(self.lane))
        steps = 0 if e.width == 1 else list(range(e.width))
        own = b.add(own, ir.Constant(e.int, steps))
        first = b.add(b.mul(own, e.whole(8)), self._whole(b.ptrtoint(self.a["out"], I64)))
        plane = b.mul(b.mul(self.a["samples"], self.a["stride"]), I64(8))
        for record, result in enumerate(results):
            place = b.add(first, self._whole(b.mul(I64(record), plane)))
            place = b.select(due, place, self._whole(void))
            for i in range(e.width):
                pointer = b.inttoptr(element(e, place, i), ir.PointerType())
                b.store(element(e, result, i), pointer)

    # ---- spikes ---------------------------------------------------------------------------

    def _spikes(self, t: Value, step: Value) -> None:
        """Rises of the polynomial through the threshold, piece by piece of the step."""
        e, b = self.e, self.e.builder
        threshold = e.spread(self.a["threshold"])
        re_arm = b.fsub(threshold, e.const(RE_ARM))
        for part in range(1, SPIKE_PARTS + 1):
            high = b.fmul(step, e.const(part / SPIKE_PARTS))
            v = self._horner("V", high)
            above = b.fcmp_ordered(">=", v, threshold)
            armed = b.load(self.armed, typ=e.mask)
            crossed = b.and_(above, armed)
            with b.if_then(any_lane(self.e, crossed), likely=False):
                self._locate(t, b.fmul(step, e.const((part - 1) / SPIKE_PARTS)), high,
                             threshold, crossed)  # fmt: skip
            armed = b.or_(e.less(v, re_arm), b.and_(armed, b.not_(above)))
            b.store(armed, self.armed)

    def _locate(self, t: Value, low: Value, high: Value, threshold: Value, crossed: Value) -> None:
        """Bisect, then append (time, lane) of every lane that crossed."""
        e, b = self.e, self.e.builder
        b.store(low, self.low)
        b.store(high, self.high)
        with counting(e, I64(0), I64(BISECTIONS), I64(1)):
            a, z = b.load(self.low, typ=e.double), b.load(self.high, typ=e.double)
            middle = b.fmul(e.const(0.5), b.fadd(a, z))
            below = e.less(self._horner("V", middle), threshold)
            b.store(b.select(below, middle, a), self.low)
            b.store(b.select(below, z, middle), self.high)
        times = b.fadd(t, b.load(self.high, typ=e.double))
        append_spikes(e, self.a, self.lane, crossed, times)
