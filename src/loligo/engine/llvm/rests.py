"""Where membranes rest: the search of :mod:`loligo.run.equilibrium` as a loop of machine code.

For a block of lanes the balance of currents is looked at along a grid of voltages, with all other
states steady; each place where it turns from inward to outward is narrowed down to the last bit,
and there it is seen whether what is near comes back. All is done as it is done there, operation by
operation. A lane for which something else is needed (states that must be moved together to stand
still, what is conserved, no balance at all) is told to be ``ELSEWHERE``.
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir

from loligo.engine.llvm.driver import (
    DOUBLE,
    I64,
    POINTER,
    Around,
    at,
    counting,
    emit_blocks,
    lanes_where,
    load_row,
    spread_whole,
)
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.printer import emit
from loligo.engine.llvm.stability import Stability
from loligo.engine.resting import (
    DOUBLED,
    ELSEWHERE,
    FIRST,
    FOREVER,
    LAST,
    PARTS,
    ROUNDS,
    SMALL,
    STILL,
    Equations,
)
from loligo.program import Block

Value = Any  # an ir.Value; llvmlite has no types

# The arguments of `rests`, in order: integers, numbers, and pointers to rows. There is room for
# ``capacity`` turns of each lane.
INTEGERS = ("first_block", "last_block", "stride", "points", "tabled", "capacity")
DOUBLES = ("lowest", "spacing")
POINTERS = ("parameters", "begin", "table", "turns", "states", "verdict")
FUNCTION, _SETTLE = "rests", "loligo_settle"


def emit_rests(e: Emitter, equations: Equations, around: Around = emit_blocks) -> None:
    """``void rests(...)``: where each lane's balance turns, and whether it is stable there."""
    _emit_settle(e, equations)

    def inside(arguments: dict[str, Value]) -> Callable[[Value], None]:
        room = _Room(e, len(equations.states))
        return lambda index: _Search(e, equations, arguments, room, index).emit()

    around(e, FUNCTION, INTEGERS, DOUBLES, POINTERS, inside)


class _Lanes:
    """Numbers of a block of lanes, and the equations of them."""

    def __init__(
        self, e: Emitter, equations: Equations, arguments: dict[str, Value], lane: Value
    ) -> None:
        self.e, self.equations, self.a, self.lane = e, equations, arguments, lane

    def results(self, block: Block, known: dict[str, Value]) -> dict[str, Value]:
        """Of a block, from states and what else is known."""
        values = dict.fromkeys(self.equations.nothing, self.e.const(0.0)) | known
        for row, name in enumerate(self.equations.parameters):
            if name in block.inputs:
                stride = self.a["stride"]
                values[name] = load_row(self.e, self.a["parameters"], row, stride, self.lane)
        return emit(self.e, block, values)

    def states(self, x: Value) -> dict[str, Value]:
        """Those that lie at an address."""
        names, b = self.equations.states, self.e.builder
        return {n: b.load(self.place(x, I64(i)), typ=self.e.double) for i, n in enumerate(names)}

    def place(self, x: Value, index: Value) -> Value:
        """Where a state lies there."""
        return at(self.e, x, index, self.e.double)

    def slope(self, x: Value) -> Value:
        """V's rate."""
        (value,) = self.results(self.equations.slope, self.states(x)).values()
        return value


# ---- the states with V held ---------------------------------------------------------------------

_ARGUMENTS = ("parameters", "begin", "stride", "lane", "x")


def _emit_settle(outer: Emitter, equations: Equations) -> None:
    """``mask loligo_settle(...)``: all states but V, which lies at ``x``, once they stand still;
    and in which lanes they do."""
    e = Emitter(outer.module, outer.width, outer.has_fma, outer.form)
    kinds = [I64 if n in ("stride", "lane") else POINTER for n in _ARGUMENTS]
    function = ir.Function(e.module, ir.FunctionType(e.mask, kinds), _SETTLE)
    function.linkage = "internal"
    function.attributes.add("noinline")
    b = e.builder = ir.IRBuilder(function.append_basic_block("entry"))
    a: dict[str, Value] = dict(zip(_ARGUMENTS, function.args, strict=True))
    settling = _Settling(_Lanes(e, equations, a, a["lane"]), a)
    settling.at_once()
    if not equations.linear:
        with b.if_then(e.any(b.not_(settling.done())), likely=False):
            settling.one_by_one()
    b.ret(settling.done())


class _Settling:
    """Relaxation steps, until all states of a lane stand still; which are then left alone."""

    def __init__(self, lanes: _Lanes, a: dict[str, Value]) -> None:
        self.lanes, self.e, self.a = lanes, lanes.e, a
        b = self.e.builder
        self.settled, self.trying = b.alloca(self.e.mask), b.alloca(self.e.mask)
        self.dt = b.alloca(DOUBLE)
        b.store(ir.Constant(self.e.mask, None), self.settled)
        self.v = b.load(lanes.place(a["x"], I64(0)), typ=self.e.double)

    def done(self) -> Value:
        return self.e.builder.load(self.settled, typ=self.e.mask)

    def at_once(self) -> None:
        """Steps without end."""
        self._begin()
        early = self._early(self.e.const(FOREVER))
        self._steps(len(self.lanes.equations.states) + 1, lambda _: early)

    def one_by_one(self) -> None:
        """Steps that grow, for the lanes that do not stand still yet."""
        e, b = self.e, self.e.builder
        self._begin()
        b.store(DOUBLE(FIRST), self.dt)

        def early(k: Value) -> dict[str, Value]:
            dt = b.load(self.dt, typ=DOUBLE)
            last = b.icmp_signed(">=", b.add(k, I64(1)), I64(DOUBLED))
            b.store(b.select(last, DOUBLE(FOREVER), b.fmul(DOUBLE(2.0), dt)), self.dt)
            return self._early(e.spread(dt))

        self._steps(DOUBLED + LAST, early, DOUBLED)

    def _begin(self) -> None:
        """Every lane that does not stand still where its search begins."""
        e, b, a = self.e, self.e.builder, self.a
        settled = self.done()
        for i in range(1, len(self.lanes.equations.states)):
            place = self.lanes.place(a["x"], I64(i))
            value = load_row(e, a["begin"], i - 1, a["stride"], a["lane"])
            b.store(b.select(settled, b.load(place, typ=e.double), value), place)

    def _early(self, dt: Value) -> dict[str, Value]:
        """What of a step does not depend on the states that it moves."""
        early = self.lanes.equations.early
        return {".dt": dt, **self.lanes.results(early, {"V": self.v, ".dt": dt})}

    def _steps(
        self, most: int, early: Callable[[Value], dict[str, Value]], growing: int = 0
    ) -> None:
        """At most so many; only after the growing ones a state can be said to stand still."""
        e, b = self.e, self.e.builder
        head, body, left = (b.append_basic_block(n) for n in ("relax", "relaxing", "relaxed"))
        before = b.block
        b.branch(head)
        b.position_at_end(head)
        k = b.phi(I64)
        k.add_incoming(I64(0), before)
        going = b.and_(b.icmp_signed("<", k, I64(most)), e.any(b.not_(self.done())))
        b.cbranch(going, body, left)
        b.position_at_end(body)
        still = self._step(early(k))
        if growing:
            late = spread_mask(e, b.icmp_signed(">=", k, I64(growing)))
            still = b.and_(still, late)
        b.store(b.or_(self.done(), still), self.settled)
        k.add_incoming(b.add(k, I64(1)), b.block)
        b.branch(head)
        b.position_at_end(left)

    def _step(self, early: dict[str, Value]) -> Value:
        """One step of the lanes that do not stand still yet; which of all hardly moved in it."""
        e, b = self.e, self.e.builder
        now, settled = self.lanes.states(self.a["x"]), self.done()
        after = self.lanes.results(self.lanes.equations.late, {**now, **early})
        still = finite(e, self.v)
        for i, name in enumerate(self.lanes.equations.states[1:], 1):
            value = after[name]
            change = e.intrinsic("fabs", b.fsub(value, now[name]))
            size = e.at_least(SMALL, e.intrinsic("fabs", value))
            near = b.fcmp_ordered("<=", change, b.fmul(e.const(STILL), size))
            still = b.and_(still, b.and_(near, finite(e, value)))
            place = self.lanes.place(self.a["x"], I64(i))
            b.store(b.select(settled, now[name], value), place)
        return still


def finite(e: Emitter, x: Value) -> Value:
    """Whether a number is neither infinite nor NaN."""
    return e.less(e.intrinsic("fabs", x), e.const(math.inf))


def spread_mask(e: Emitter, flag: Value) -> Value:
    """One truth for every lane."""
    return e.builder.select(flag, e.builder.not_(ir.Constant(e.mask, None)),
                            ir.Constant(e.mask, None))  # fmt: skip


# ---- the search ---------------------------------------------------------------------------------


class _Room:
    """Where a search keeps what it carries."""

    def __init__(self, e: Emitter, states: int) -> None:
        b = e.builder
        self.x = b.alloca(e.double, I64(states))
        self.before, self.low, self.high, self.last, self.top = (
            b.alloca(e.double) for _ in range(5)
        )
        self.elsewhere, self.seen, self.open = (b.alloca(e.mask) for _ in range(3))
        self.stability = Stability(e, states)


class _Search(_Lanes):
    """Emits what is done with one block of lanes."""

    def __init__(
        self, e: Emitter, equations: Equations, arguments: dict[str, Value], room: _Room,
        index: Value,
    ) -> None:  # fmt: skip
        super().__init__(e, equations, arguments, e.builder.mul(index, I64(e.width)))
        self.room, self.x = room, room.x
        self.nothing = ir.Constant(e.mask, None)

    def emit(self) -> None:
        e, b, room = self.e, self.e.builder, self.room
        b.store(self.nothing, room.elsewhere)
        b.store(self.nothing, room.seen)
        b.store(e.const(math.nan), room.before)
        b.store(e.whole(0), self._row("turns", I64(0)), align=8)
        with counting(e, I64(0), self.a["points"], I64(1)) as k:
            left = b.load(room.elsewhere, typ=e.mask)
            with b.if_then(e.any(b.not_(left))):
                self._look(k)
        self._leave(b.not_(b.load(room.seen, typ=e.mask)))
        count = b.load(self._row("turns", I64(0)), align=8, typ=e.int)
        self._leave(b.icmp_signed(">", count, self._whole(self.a["capacity"])))
        with counting(e, I64(0), self.a["capacity"], I64(1)) as turn:
            here = b.icmp_signed("<", self._whole(turn), count)
            here = b.and_(here, b.not_(b.load(room.elsewhere, typ=e.mask)))
            with b.if_then(e.any(here)):
                self._narrow(turn, here)
        left = b.load(room.elsewhere, typ=e.mask)
        b.store(b.select(left, e.whole(ELSEWHERE), count), self._row("turns", I64(0)), align=8)

    def _row(self, base: str, row: Value, kind: Any = I64) -> Value:
        b = self.e.builder
        return at(self.e, self.a[base], b.add(b.mul(row, self.a["stride"]), self.lane), kind)

    def _whole(self, scalar: Value) -> Value:
        return spread_whole(self.e, scalar)

    def _leave(self, lanes: Value) -> None:
        """The loop is not made for these lanes."""
        b, room = self.e.builder, self.room
        b.store(b.or_(b.load(room.elsewhere, typ=self.e.mask), lanes), room.elsewhere)

    def _settle(self, v: Value) -> Value:
        """The states at some V, in place; in which lanes they stand still."""
        b, a = self.e.builder, self.a
        b.store(v, self.place(self.x, I64(0)))
        function = self.e.module.globals[_SETTLE]
        own = {"lane": self.lane, "x": self.x}
        return b.call(function, [own[n] if n in own else a[n] for n in _ARGUMENTS])

    # ---- along the grid -------------------------------------------------------------------

    def _look(self, k: Value) -> None:
        """At the balance at one voltage of the grid, beside that before it."""
        e, b, room = self.e, self.e.builder, self.room
        along = b.fmul(b.sitofp(k, DOUBLE), self.a["spacing"])
        v = e.spread(b.fadd(self.a["lowest"], along))
        self._states_of_grid(k, v)
        now, before = self.slope(self.x), b.load(room.before, typ=e.double)
        zero = e.const(0.0)
        flat = b.and_(b.fcmp_ordered("==", now, zero), b.fcmp_ordered("==", before, zero))
        self._leave(flat)
        some = b.fcmp_ordered("ord", now, now)
        b.store(b.or_(b.load(room.seen, typ=e.mask), some), room.seen)
        turns = b.and_(b.fcmp_ordered(">", before, zero), b.fcmp_ordered("<=", now, zero))
        with b.if_then(e.any(turns), likely=False), lanes_where(e, turns) as lane:
            self._note(lane.i, lane.of(b.fsub(v, e.spread(self.a["spacing"]))))
        b.store(now, room.before)

    def _states_of_grid(self, k: Value, v: Value) -> None:
        """The steady states there: from the table, if there is one."""
        e, b = self.e, self.e.builder
        tabled = b.icmp_signed("!=", self.a["tabled"], I64(0))
        with b.if_else(tabled) as (known, unknown):
            with known:
                b.store(v, self.place(self.x, I64(0)))
                for i in range(len(self.equations.states) - 1):
                    row = b.add(b.mul(I64(i), self.a["points"]), k)
                    value = b.load(at(e, self.a["table"], row), typ=DOUBLE)
                    b.store(e.spread(value), self.place(self.x, I64(i + 1)))
            with unknown:
                self._leave(b.not_(self._settle(v)))

    def _note(self, i: Value, low: Value) -> None:
        """Of one lane, that its balance turns above a voltage."""
        e, b, a = self.e, self.e.builder, self.a
        lane = b.add(self.lane, i)
        count = at(e, a["turns"], lane, I64)
        turn = b.load(count, typ=I64)
        with b.if_then(b.icmp_signed("<", turn, a["capacity"])):
            row = b.mul(turn, I64(len(self.equations.states)))
            b.store(low, at(e, a["states"], b.add(b.mul(row, a["stride"]), lane)))
        b.store(b.add(turn, I64(1)), count)

    # ---- at a turn ------------------------------------------------------------------------

    def _narrow(self, turn: Value, here: Value) -> None:
        """To the last bit; the states there, and whether they are stable."""
        e, b, room = self.e, self.e.builder, self.room
        row = b.mul(turn, I64(len(self.equations.states)))
        noted = b.load(self._row("states", row, DOUBLE), align=8, typ=e.double)
        low = b.select(here, noted, e.spread(self.a["lowest"]))
        high = b.select(here, b.fadd(low, e.spread(self.a["spacing"])), low)
        b.store(low, room.low)
        b.store(high, room.high)
        with counting(e, I64(0), I64(ROUNDS), I64(1)):
            self._cut()
        settled = self._settle(b.load(room.high, typ=e.double))
        self._leave(b.and_(here, b.not_(settled)))
        for i in range(len(self.equations.states)):
            value = b.load(self.place(self.x, I64(i)), typ=e.double)
            b.store(value, self._row("states", b.add(row, I64(i)), DOUBLE), align=8)
        verdict = room.stability.judge(self.x, self._rates)
        b.store(verdict, self._row("verdict", turn), align=8)

    def _rates(self) -> list[Value]:
        """Of the states where they are."""
        return list(self.results(self.equations.rates, self.states(self.x)).values())

    def _cut(self) -> None:
        """The bracket of each lane to that of its parts in which the balance first turns."""
        e, b, room = self.e, self.e.builder, self.room
        low, high = (b.load(slot, typ=e.double) for slot in (room.low, room.high))
        b.store(low, room.last)
        b.store(high, room.top)
        b.store(e.less(low, high), room.open)
        with counting(e, I64(1), I64(PARTS), I64(1)) as k:
            part = b.fdiv(b.sitofp(k, DOUBLE), DOUBLE(float(PARTS)))
            v = b.fadd(low, b.fmul(e.spread(part), b.fsub(high, low)))
            self._try(v, low, high)
        b.store(b.load(room.last, typ=e.double), room.low)
        b.store(b.load(room.top, typ=e.double), room.high)

    def _try(self, v: Value, low: Value, high: Value) -> None:
        """Whether the balance has turned at one more voltage: at the ends it is known."""
        e, b, room = self.e, self.e.builder, self.room
        open_ = b.load(room.open, typ=e.mask)
        within = b.and_(b.fcmp_ordered("!=", v, low), b.fcmp_ordered("!=", v, high))
        elsewhere = b.load(room.elsewhere, typ=e.mask)
        asked = b.and_(b.and_(open_, within), b.not_(elsewhere))
        before = b.block
        with b.if_then(e.any(asked)):
            settled = self._settle(v)
            self._leave(b.and_(asked, b.not_(settled)))
            outward = b.not_(b.fcmp_ordered(">", self.slope(self.x), e.const(0.0)))
            found = b.or_(outward, b.not_(settled))
            after = b.block
        turned = b.phi(e.mask)
        turned.add_incoming(self.nothing, before)
        turned.add_incoming(found, after)
        turned = b.select(within, turned, b.fcmp_ordered("==", v, high))
        here = b.and_(open_, turned)
        b.store(b.select(here, v, b.load(room.top, typ=e.double)), room.top)
        on = b.and_(open_, b.not_(turned))
        b.store(b.select(on, v, b.load(room.last, typ=e.double)), room.last)
        b.store(on, room.open)
