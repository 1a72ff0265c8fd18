"""Spikes and swings of one lane in machine code: :mod:`loligo.engine.swings` says what is kept.

All of this is rare, so lane by lane, and in memory: nothing of it is held in registers.
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from loligo.engine.llvm.driver import DOUBLE, I64, POINTER, at, lanes_where, store
from loligo.engine.llvm.functions import Emitter
from loligo.engine.swings import KEPT, SWING, Batch
from loligo.lanes import Floats, Integers

Value = Any  # an ir.Value; llvmlite has no types

_NAME = "loligo_reach"
# What every loop knows of spikes: arguments that are pointers.
SPIKE_POINTERS = (
    "swings", "spike_time", "spike_lane", "spike_peak", "spike_trough", "spike_count",
)  # fmt: skip


def reach(e: Emitter, arguments: dict[str, Value], lane: Value, where: Value, v: Value) -> None:
    """V was there in the lanes of a mask, the first of which is ``lane``: where it turned, or
    anywhere on its way."""
    with lanes_where(e, where) as one:
        reach_one(e, arguments, e.builder.add(lane, one.i), one.of(v))


def reach_one(e: Emitter, arguments: dict[str, Value], lane: Value, v: Value) -> None:
    """V was there in one lane."""
    function = e.module.globals.get(_NAME) or _reach(e)
    e.builder.call(function, [_place(e, arguments, lane, KEPT[0]), v])


def _reach(e: Emitter) -> Any:
    """``void reach(double* row, double v)``, always inlined: a call amidst wide registers would
    put all of them aside."""
    kind = ir.FunctionType(ir.VoidType(), [POINTER, DOUBLE])
    function = ir.Function(e.module, kind, _NAME)
    function.linkage = "internal"
    function.attributes.add("alwaysinline")
    row, v = function.args
    b = ir.IRBuilder(function.append_basic_block("entry"))
    places = {name: b.gep(row, [I64(i)], source_etype=DOUBLE) for i, name in enumerate(KEPT)}
    was = {name: b.load(place, typ=DOUBLE) for name, place in places.items()}
    none, one = DOUBLE(0.0), DOUBLE(1.0)

    def larger(x: Value, y: Value) -> Value:
        return b.fcmp_ordered(">", x, y)

    pivot = was["pivot"]
    up = b.fcmp_ordered("!=", was["rising"], none)
    fell = b.and_(up, larger(b.fsub(pivot, DOUBLE(SWING)), v))
    rose = b.and_(b.not_(up), larger(v, b.fadd(pivot, DOUBLE(SWING))))
    further = b.select(up, larger(v, pivot), larger(pivot, v))
    untold = b.and_(fell, b.fcmp_ordered("==", was["told"], none))
    lower = b.and_(untold, larger(was["lowest"], was["bottom"]))
    higher = b.and_(untold, larger(pivot, was["highest"]))
    begun = b.or_(fell, b.and_(b.not_(up), further))
    after = {
        "high": b.select(larger(v, was["high"]), v, was["high"]),
        "low": b.select(larger(was["low"], v), v, was["low"]),
        "pivot": b.select(b.or_(b.or_(fell, rose), further), v, pivot),
        "bottom": b.select(rose, pivot, was["bottom"]),
        "rising": b.select(rose, one, b.select(fell, none, was["rising"])),
        "told": b.select(begun, none, was["told"]),
        "count": b.fadd(was["count"], b.select(untold, one, none)),
        "lowest": b.select(lower, was["bottom"], was["lowest"]),
        "highest": b.select(higher, pivot, was["highest"]),
    }
    for name, place in places.items():
        b.store(after[name], place)
    b.ret_void()
    return function


def append_spikes(
    e: Emitter, arguments: dict[str, Value], lane: Value, crossed: Value,
    times: Value, v: Value, moved: Sequence[Value] = (),
) -> None:  # fmt: skip
    """Put every lane that crossed into the buffer, and how far the spike is ``moved`` by what is
    marked; rare, so lane by lane."""
    b = e.builder
    with lanes_where(e, crossed) as spike:
        if moved:
            count = b.load(arguments["spike_count"], typ=I64)
            first = b.mul(count, I64(len(moved)))
            for k, each in enumerate(moved):
                store(e, spike.of(each), arguments["spike_moved"], b.add(first, I64(k)))
        mine = e.builder.add(lane, spike.i)
        append_spike(e, arguments, mine, spike.of(times), spike.of(v))


def append_spike(
    e: Emitter, arguments: dict[str, Value], lane: Value, time: Value, v: Value
) -> None:
    """Put (time, lane) into the buffer, and the peak and the trough of the lane's last spike: see
    :class:`loligo.engine.swings.Batch`. V is now there."""
    b = e.builder
    count = b.load(arguments["spike_count"], typ=I64)
    store(e, time, arguments["spike_time"], count)
    if "spike_lane" in arguments:  # not where every lane has room of its own
        b.store(lane, at(e, arguments["spike_lane"], count, I64))
    b.store(b.add(count, I64(1)), arguments["spike_count"])
    for row, column in (("high", "spike_peak"), ("low", "spike_trough")):
        place = _place(e, arguments, lane, row)
        store(e, b.load(place, typ=DOUBLE), arguments[column], count)
        b.store(v, place)
    b.store(DOUBLE(1.0), _place(e, arguments, lane, "told"))


def _place(e: Emitter, arguments: dict[str, Value], lane: Value, name: str) -> Value:
    b = e.builder
    return at(e, arguments["swings"], b.add(b.mul(lane, I64(len(KEPT))), I64(KEPT.index(name))))


def spike_arrays(room: int, marked: int = 0) -> dict[str, Any]:
    """The buffer, by the names of the arguments: for so many spikes, none of them there yet, of
    each of which so much is marked."""
    numbers: dict[str, Floats] = {
        name: np.empty(room) for name in ("spike_time", "spike_peak", "spike_trough")
    }
    whole: dict[str, Integers] = {
        "spike_lane": np.empty(room, dtype=np.int64), "spike_count": np.zeros(1, dtype=np.int64)
    }  # fmt: skip
    moved = {"spike_moved": np.empty((room, marked))} if marked else {}
    return {**numbers, **whole, **moved}


def taken(buffer: Mapping[str, Any]) -> Batch:
    """The spikes in a buffer, which is empty then."""
    count = buffer["spike_count"]
    found = int(count[0])
    count[0] = 0
    kept = {name: buffer.get(f"spike_{name}") for name in Batch._fields}
    rows: dict[str, Any] = {n: None if r is None else r[:found].copy() for n, r in kept.items()}
    return Batch(**rows)
