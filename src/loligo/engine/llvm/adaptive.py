"""The adaptive loop around a program: every lane takes steps of its own length.

A block of W lanes goes round together; in each round every lane moves by the step that its own
series allows, and exactly to its own next edge of the stimulus if that is nearer. Samples and
spikes come from the same polynomial as the step. Where a program has conditions, a step ends at
the first of their switches. Where it says what the states become at an edge, they jump when a lane
has arrived there. A lane that has arrived at the end stands still
until the block is done.
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from llvmlite import ir

from loligo.engine.kernel import CHATTERS, DIVERGED, SHORTEST, SLIDES, STIFF, STIFF_STEPS
from loligo.engine.llvm.driver import (
    DOUBLE,
    I64,
    Around,
    at,
    element,
    emit_blocks,
    load_row,
    spread_whole,
)
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.moves import Expansion, Move, Moves, Slots
from loligo.engine.llvm.printer import emit
from loligo.engine.llvm.spikes import Lookout, Step, most_spikes
from loligo.engine.llvm.swings import SPIKE_POINTERS
from loligo.engine.llvm.switches import Landing
from loligo.program import Program
from loligo.program.switches import side, was
from loligo.program.term import EDGE_TOLERANCE, ROUNDED, TINY

Value = Any  # an ir.Value; llvmlite has no types

# The arguments of `adapt`, in order: integers, numbers, and pointers to rows.
ADAPT_INTEGERS = ("first_block", "last_block", "stride", "rounds", "samples", "pitch", "capacity")
ADAPT_DOUBLES = ("end", "sample_interval", "threshold", "depth")
ADAPT_POINTERS = (
    "constants", "states", "clock", "counters", "edges", "status", "finished", "out",
    *SPIKE_POINTERS,
)  # fmt: skip


# Those of a program that is handed sampled stimuli, besides.
LINE_DOUBLES, LINE_POINTERS = ("until",), ("places", "rows", "table")


def adapt_doubles(program: Program) -> tuple[str, ...]:
    """Numbers that a program's loop is handed, in this order."""
    return ADAPT_DOUBLES + (LINE_DOUBLES if program.streams else ())


def adapt_pointers(program: Program) -> tuple[str, ...]:
    """Arrays that a program's loop is handed: what is marked at a spike has a place of its own."""
    lines = LINE_POINTERS if program.streams else ()
    return (*ADAPT_POINTERS, *lines, *(["spike_moved"] if program.marked else []))


def emit_adapt(e: Emitter, program: Program, around: Around = emit_blocks) -> None:
    """``void adapt(...)``: at most ``rounds`` rounds of each block of lanes.

    A block begins where it stopped in the last call, and sets ``finished`` when all its lanes
    have arrived, or one has failed (``status``; its states are the last finite ones).
    """

    def inside(arguments: dict[str, Value]) -> Callable[[Value], None]:
        slots = Slots(e, program)
        return lambda index: _Block(e, program, arguments, slots, index).emit()

    doubles, pointers = adapt_doubles(program), adapt_pointers(program)
    around(e, "adapt", ADAPT_INTEGERS, doubles, pointers, inside)


class _Block:
    """Emits what is done with one block of lanes."""

    def __init__(
        self, e: Emitter, program: Program, arguments: dict[str, Value], slots: Slots,
        index: Value,
    ) -> None:  # fmt: skip
        self.e, self.program, self.a, self.slots = e, program, arguments, slots
        self.hasty = "careful" in program.blocks  # whether its series does not hold everywhere
        self.jumps = "edge" in program.blocks
        self.index, self.lane = index, e.builder.mul(index, I64(e.width))
        self.fixed = {
            name: load_row(e, arguments["constants"], i, arguments["stride"], self.lane)
            for i, name in enumerate(program.constants)
        }
        self.end = self.until = e.spread(arguments["end"])
        if program.streams:
            self.until = e.lesser(self.end, e.spread(arguments["until"]))
        self.moves = Moves(e, program, slots, self.fixed)
        self.lookout = Lookout(e, slots.search, arguments, self.lane, slots.armed, slots.rising)

    def emit(self) -> None:
        e, b = self.e, self.e.builder
        self._load()
        head, body = b.append_basic_block("round"), b.append_basic_block("advance")
        done, left = b.append_basic_block("arrived"), b.append_basic_block("leave")
        choose = b.append_basic_block("choose")
        b.branch(head)
        b.position_at_end(head)
        t = b.load(self.slots.t, typ=e.double)
        active = e.less(t, self.until)
        b.cbranch(e.any(active), choose, done)
        b.position_at_end(choose)
        room = b.icmp_signed(
            "<=",
            b.add(b.load(self.a["spike_count"], typ=I64), I64(e.width * most_spikes(self.program))),
            self.a["capacity"],
        )
        more = b.icmp_signed("<", b.load(self.slots.round, typ=I64), self.a["rounds"])
        b.cbranch(b.and_(more, room), body, left)
        b.position_at_end(body)
        self._rounds(t, active, head, done)
        b.position_at_end(done)
        b.store(I64(1), at(e, self.a["finished"], self.index, I64))
        b.branch(left)
        b.position_at_end(left)
        self._save()

    # ---- between memory and registers -----------------------------------------------------

    def _rows(self) -> list[tuple[Value, str, int, Any]]:
        e, slots = self.e, self.slots
        rows = [(slot, "states", i, e.double) for i, slot in enumerate(slots.states.values())]
        rows.append((slots.t, "clock", 0, e.double))
        rows += [(slot, "clock", row, e.double) for row, slot in slots.switches.rows.items()]
        rows += [(s, "counters", i, e.int) for i, s in enumerate(slots.counters.values())]
        return rows

    def _place(self, base: str, row: int, kind: Any = DOUBLE) -> Value:
        b = self.e.builder
        return at(self.e, self.a[base], b.add(b.mul(I64(row), self.a["stride"]), self.lane), kind)

    def _load(self) -> None:
        e, b = self.e, self.e.builder
        for slot, base, row, kind in self._rows():
            b.store(b.load(self._place(base, row), align=8, typ=kind), slot)
        for row, slot in self.slots.flags.items():
            flag = b.load(self._place("clock", row), align=8, typ=e.double)
            b.store(b.fcmp_ordered("!=", flag, e.const(0.0)), slot)
        b.store(I64(0), self.slots.round)
        self.slots.lines.load(self.a, self.lane)
        self._next_edges()

    def _save(self) -> None:
        e, b = self.e, self.e.builder
        for slot, base, row, kind in self._rows():
            b.store(b.load(slot, typ=kind), self._place(base, row), align=8)
        for row, slot in self.slots.flags.items():
            flag = b.select(b.load(slot, typ=e.mask), e.const(1.0), e.const(0.0))
            b.store(flag, self._place("clock", row), align=8)
        self.slots.lines.save(self.a, self.lane)

    def _next_edges(self) -> None:
        """Each lane's next edge, by its counter; rare, so lane by lane."""
        e, b = self.e, self.e.builder
        which = b.load(self.slots.counters["edge"], typ=e.int)
        edges = ir.Constant(e.double, ir.Undefined)
        for i in range(e.width):
            row = b.mul(element(e, which, i), self.a["stride"])
            place = b.add(row, b.add(self.lane, I64(i)))
            value = b.load(at(e, self.a["edges"], place), typ=DOUBLE)
            edges = value if e.width == 1 else b.insert_element(edges, value, ir.IntType(32)(i))
        b.store(self.slots.lines.before(edges, self.end), self.slots.edge)

    # ---- one round ------------------------------------------------------------------------

    def _rounds(self, t: Value, active: Value, head: Value, done: Value) -> None:
        """Careful steps of the lanes that want them, if there are any; else one of every lane."""
        e, b = self.e, self.e.builder
        if self.hasty:
            doubted = b.load(self.slots.doubted, typ=e.mask)
            with b.if_then(e.any(doubted), likely=False):
                b.store(ir.Constant(e.mask, None), self.slots.doubted)
                x = self.moves.expand("careful", t)
                doubted = self.moves.settled(x, doubted)
                self._advance(x, self.moves.whole_step(x, doubted), done)
                b.branch(head)
        x = self.moves.expand("series", t)
        move = self.moves.whole_step(x, self.moves.settled(x, active))
        if self.hasty:
            move = self.moves.trusted(move)
        if "room" in self.program.blocks:
            move = self.moves.within_room(x, move)
        self._advance(x, move, done)
        b.branch(head)

    def _advance(self, x: Expansion, move: Move, done: Value) -> None:
        e, b, slots = self.e, self.e.builder, self.slots
        landing = None
        if self.program.conditions:
            move, landing = self.moves.to_switch(x, move)
        reached = b.select(move.arrives, x.limit, b.fadd(x.t, move.length))
        reached = b.select(move.moving, reached, x.t)
        self._refuse(move, done)
        if landing is not None:
            slots.switches.take(landing, move.moving)
        self._samples(x, move, reached)
        curve, after = x.series["V"], move.after["V"]
        marked = partial(self.moves.marked, x)
        self.lookout.look(Step(x.t, move.length, move.moving, curve, after, marked))
        for s, slot in slots.own.items():
            b.store(b.select(move.moving, move.after[s], x.now[s]), slot)
        if slots.followers:
            slots.followers.take(move.moving)
        if landing is not None and "turn" in self.program.blocks:
            with b.if_then(e.any(landing.landed), likely=False):
                self._turn(x, landing, b.and_(move.moving, landing.landed), reached)
        b.store(reached, slots.t)
        self._count("steps", move.moving)
        arrived = b.and_(move.arrives, move.moving)
        with b.if_then(e.any(arrived), likely=False):
            inside = b.and_(arrived, e.less(x.limit, self.end))
            self._count("edge", slots.lines.passed(self.a, inside, x.limit))
            self._next_edges()
            if self.jumps:
                self._jump(inside, x.limit)
        b.store(b.add(b.load(slots.round, typ=I64), I64(1)), slots.round)

    def _turn(self, x: Expansion, landing: Landing, where: Value, t: Value) -> None:
        """What the states become where conditions have changed."""
        e, b, slots = self.e, self.e.builder, self.slots
        now = {s: b.load(slot, typ=e.double) for s, slot in slots.states.items()}
        were = {was(k): x.held[side(k)] for k in range(len(landing.sides))}
        held = {side(k): value for k, value in enumerate(landing.sides)}
        inputs = {**self.fixed, **now, **were, **held, ".t": t, ".middle": x.middle}
        after = emit(e, self.program.blocks["turn"], inputs)
        for s, slot in slots.states.items():
            b.store(b.select(where, after[s], now[s]), slot)

    def _jump(self, inside: Value, edge: Value) -> None:
        """What the states become at an edge, of the lanes that have arrived at one. V that rises
        through the threshold there makes a spike."""
        e, b, slots = self.e, self.e.builder, self.slots
        now = {s: b.load(slot, typ=e.double) for s, slot in slots.states.items()}
        following = b.load(slots.edge, typ=e.double)
        middle = b.fmul(e.const(0.5), b.fadd(edge, following))
        after = self._edge(now, edge, middle)
        self.lookout.jump(inside, edge, now["V"], after["V"], len(self.program.marked))
        for s, slot in slots.states.items():
            b.store(b.select(inside, after[s], now[s]), slot)

    def _edge(
        self, states: dict[str, Value], t: Value, middle: Value,
        lines: dict[str, Value] | None = None,
    ) -> dict[str, Value]:  # fmt: skip
        lines = self.slots.lines.at(t) if lines is None else lines
        inputs = {**self.fixed, **states, **lines, ".t": t, ".middle": middle}
        return emit(self.e, self.program.blocks["edge"], inputs)

    def _count(self, name: str, mask: Value) -> None:
        e, b, slot = self.e, self.e.builder, self.slots.counters[name]
        one = b.select(mask, e.whole(1), e.whole(0))
        b.store(b.add(b.load(slot, typ=e.int), one), slot)

    def _refuse(self, move: Move, done: Value) -> None:
        """Leave the block, with the states as they were, if a lane cannot go on."""
        e, b, small_steps = self.e, self.e.builder, self.slots.counters["small"]
        broken = b.and_(move.moving, self.moves.broken(move))
        short = b.and_(move.moving, e.less(move.h, e.const(SHORTEST)))
        # a step that an edge cuts short says nothing
        small = b.and_(short, b.not_(move.arrives))
        count = b.load(small_steps, typ=e.int)
        after_step = b.select(small, b.add(count, e.whole(1)), b.select(short, count, e.whole(0)))
        count = b.select(move.moving, after_step, count)
        stiff = b.icmp_signed(">=", count, e.whole(STIFF_STEPS))
        failed = {STIFF: stiff, **self._stuck(), DIVERGED: broken}
        some = broken
        for mask in failed.values():
            some = b.or_(some, mask)
        with b.if_then(e.any(some), likely=False):
            flags = e.whole(0)
            for status, mask in failed.items():
                flags = b.select(mask, e.whole(status), flags)
            b.store(flags, self._place("status", 0, I64), align=8)
            b.branch(done)
        b.store(count, small_steps)  # a step that is refused is made again

    def _stuck(self) -> dict[int, Value]:
        """The lanes that cannot go on from a switch."""
        if not self.program.conditions:
            return {}
        slides, chatters = self.slots.switches.stuck()
        return {SLIDES: slides, CHATTERS: chatters}

    # ---- samples --------------------------------------------------------------------------

    def _samples(self, x: Expansion, move: Move, reached: Value) -> None:
        """Every sample before ``reached``, and at the end the last; a sample at an edge is
        left to the segment that begins there, however short."""
        if not self.program.records:
            return
        e, b = self.e, self.e.builder
        at_end = b.fcmp_ordered(">=", reached, self.end)
        begun = b.fadd(b.fadd(x.t, b.fmul(x.t, e.const(ROUNDED))), e.const(TINY))
        early = e.const(EDGE_TOLERANCE)
        if self.program.conditions:  # what lies before a switch is not left to what follows
            early = b.select(move.arrives, early, e.const(0.0))
        limit = b.fsub(reached, early)
        short = b.and_(b.fcmp_ordered("<", limit, begun), b.fcmp_ordered("<", x.t, reached))
        limit = b.select(short, begun, limit)
        limit = b.select(at_end, e.const(math.inf), limit)
        head, body, done = (b.append_basic_block(n) for n in ("due", "sample", "sampled"))
        b.branch(head)
        b.position_at_end(head)
        which = b.load(self.slots.counters["sample"], typ=e.int)
        when = b.fmul(b.sitofp(which, e.double), e.spread(self.a["sample_interval"]))
        left = b.icmp_signed("<", which, self._whole(self.a["samples"]))
        due = b.and_(left, e.less(when, limit))
        b.cbranch(e.any(due), body, done)
        b.position_at_end(body)
        self._scatter(self._sample(x, when), which, due)
        self._count("sample", due)
        b.branch(head)
        b.position_at_end(done)

    def _whole(self, scalar: Value) -> Value:
        """An integer for every lane."""
        return spread_whole(self.e, scalar)

    def _sample(self, x: Expansion, when: Value) -> list[Value]:
        """What is recorded at a time."""
        e, b = self.e, self.e.builder
        inside = b.fsub(when, x.t)
        # at an edge that is the end of the run no segment begins: what would be on just after
        beyond = b.fadd(when, e.const(EDGE_TOLERANCE))
        last = b.fcmp_ordered(">=", beyond, self.end)
        middle = b.select(last, beyond, x.middle)
        states, lines = self.moves.after(x, inside), self.slots.lines.at(when, last)
        if self.jumps:
            after = self._edge(states, self.end, middle, lines)
            states = {s: b.select(last, after[s], v) for s, v in states.items()}
        inputs = {**self.fixed, ".t": when, ".middle": middle, **lines, **states}
        return list(emit(e, self.program.blocks["sample"], inputs).values())

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
