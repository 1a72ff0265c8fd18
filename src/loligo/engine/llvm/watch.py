"""Spikes of fixed steps: what V has to do before there is anything to note of it.

Two numbers tell in each step, for all lanes at once: whether V has come to a level, and whether it
moves against the way on which it was. All else happens after a branch that is seldom taken.
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from typing import Any

from loligo.engine.llvm.driver import I64, at, lanes_where, load_row, rounded, store, widened
from loligo.engine.llvm.formats import DOUBLE as WIDE
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.printer import emit
from loligo.engine.llvm.swings import append_spike, reach_one
from loligo.program import Block
from loligo.program.spikes import extreme

Value = Any  # an ir.Value; llvmlite has no types


class WatchSlots:
    """What lasts from step to step."""

    def __init__(self, e: Emitter) -> None:
        b = e.builder
        self.past = b.alloca(e.real, size=4)  # V of the last four steps, a ring
        self.armed = b.alloca(e.mask)  # whether a spike can be seen
        # where V has to come for that to change: up to `level`, or down to it where `turned`
        self.level, self.turned = b.alloca(e.real), b.alloca(e.int)
        self.way = b.alloca(e.real)  # -1 where V is on its way up, 1 where it is on its way down


class Watch:
    """Emits what is noted of V of one block of lanes.

    Parameters
    ----------
    locate
        The block of the program.
    lane
        The block's first.
    """

    def __init__(
        self, e: Emitter, locate: Block, arguments: dict[str, Value], slots: WatchSlots, lane: Value
    ) -> None:
        self.e, self.locate, self.a, self.slots, self.lane = e, locate, arguments, slots, lane
        self.wide = Emitter(e.module, e.width, e.has_fma, WIDE)
        self.wide.builder = e.builder

    def past(self, step: Value) -> Value:
        """Where V at the beginning of a step is, for three steps more."""
        return at(self.e, self.slots.past, self.e.builder.and_(step, I64(3)), self.e.real)

    # ---- between memory and registers -----------------------------------------------------

    def load(self) -> None:
        e, b = self.e, self.e.builder
        rows, stride = self.a["detector"], self.a["stride"]
        armed, way = (load_row(e, rows, i, stride, self.lane) for i in (1, 2))
        self._expect(b.fcmp_ordered("!=", armed, self.wide.const(0.0)))
        b.store(rounded(e, way), self.slots.way)

    def save(self) -> None:
        b = self.e.builder
        one, none = self.wide.const(1.0), self.wide.const(0.0)
        armed = b.select(b.load(self.slots.armed, typ=self.e.mask), one, none)
        way = widened(self.e, b.load(self.slots.way, typ=self.e.real))
        for row, value in ((1, armed), (2, way)):
            place = b.add(b.mul(I64(row), self.a["stride"]), self.lane)
            store(self.e, value, self.a["detector"], place)

    # ---- in every step --------------------------------------------------------------------

    def noteworthy(self, step: Value, after: Value) -> Value:
        """At least 0 where V, at the end of a step, has come to its level or turned."""
        e, b = self.e, self.e.builder
        above = b.bitcast(b.fsub(after, b.load(self.slots.level, typ=e.real)), e.int)
        above = b.bitcast(b.xor(above, b.load(self.slots.turned, typ=e.int)), e.real)
        return e.larger(above, self._back(step, after))

    def _back(self, step: Value, after: Value) -> Value:
        """By how much V has moved against its way, less what is no move at all."""
        e, b = self.e, self.e.builder
        moved = b.fsub(after, b.load(self.past(step), typ=e.real))
        way, grain = b.load(self.slots.way, typ=e.real), rounded(e, self._spread("grain"))
        return e.fma(moved, way, b.fneg(grain))

    # ---- where there is something to note -------------------------------------------------

    def note(self, step: Value, time: Value, after: Value) -> None:
        """What a step that begins at a time has made of V."""
        e, b, slots = self.e, self.e.builder, self.slots
        back = b.fcmp_ordered(">=", self._back(step, after), e.const(0.0))
        with b.if_then(e.any(back), likely=False):
            self._turn(step, back)
            way = b.load(slots.way, typ=e.real)
            b.store(b.select(back, b.fneg(way), way), slots.way)
        armed = b.load(slots.armed, typ=e.mask)
        above = b.fcmp_ordered(">=", after, self._threshold())
        come = b.select(armed, above, e.less(after, self._low()))
        with b.if_then(e.any(come), likely=False):
            self._spikes(step, time, b.and_(come, armed))
            self._expect(b.xor(armed, come))

    def _expect(self, armed: Value) -> None:
        """Set where V has to come before there is anything to do about spikes."""
        e, b = self.e, self.e.builder
        sign = e.whole(1 << (e.form.bits - 1))
        b.store(armed, self.slots.armed)
        b.store(b.select(armed, self._threshold(), self._low()), self.slots.level)
        b.store(b.select(armed, e.whole(0), sign), self.slots.turned)

    def _spread(self, name: str) -> Value:
        return self.wide.spread(self.a[name])

    def _threshold(self) -> Value:
        return rounded(self.e, self._spread("threshold"))

    def _low(self) -> Value:
        """Below it, a spike can be seen again."""
        depth = rounded(self.e, self._spread("depth"))
        return self.e.builder.fsub(self._threshold(), depth)

    def _turn(self, step: Value, back: Value) -> None:
        """Tell of every lane that turned; rare, so lane by lane."""
        with lanes_where(self.e, back) as one:
            v = emit(self._alone(), extreme(), self._seen(step, one.i))["V"]
            reach_one(self.e, self.a, self.e.builder.add(self.lane, one.i), v)

    def _spikes(self, step: Value, time: Value, crossed: Value) -> None:
        """Append every lane that crossed, likewise."""
        e, b = self.e, self.e.builder
        with lanes_where(e, crossed) as spike:
            inputs = {**self._seen(step, spike.i), "threshold": self.a["threshold"]}
            theta = emit(self._alone(), self.locate, inputs)["theta"]
            when = b.fadd(time, b.fmul(theta, self.a["dt"]))
            append_spike(e, self.a, b.add(self.lane, spike.i), when, self.a["threshold"])

    def _alone(self) -> Emitter:
        """For one lane, in float64."""
        one = Emitter(self.e.module, 1, self.e.has_fma, WIDE)
        one.builder = self.e.builder
        return one

    def _seen(self, step: Value, lane: Value) -> dict[str, Value]:
        """V of one lane: one step before, at the beginning and at the end of a step."""
        e, b = self.e, self.e.builder
        steps = {"before": b.sub(step, I64(1)), "now": step, "after": b.add(step, I64(1))}
        element = e.form.element
        places = {name: at(e, self.past(k), lane, element) for name, k in steps.items()}
        return {name: widened(e, b.load(p, typ=element)) for name, p in places.items()}
