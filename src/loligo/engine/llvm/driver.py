"""The two loops around a program: ``map`` (a block over many lanes) and ``run`` (fixed steps).

Arrays are rows of lanes: a value named by a row, its lanes side by side, ``stride`` lanes to a
row, so that a vector is one load. ``run`` keeps a block of W lanes in registers from step to
step; blocks are independent, so the same bits come out in whatever order and by however many
threads they are run.

Memory holds float64 throughout. A program whose states are float32 (each of them exactly a
float64) has them so in registers, while times and the stimulus stay float64.
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from typing import Any

from llvmlite import ir

from loligo.engine.kernel import RE_ARM
from loligo.engine.llvm.formats import DOUBLE as WIDE
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.printer import emit
from loligo.program import Block, Program
from loligo.program.arithmetic import CARRY

I64 = ir.IntType(64)
DOUBLE = ir.DoubleType()
POINTER = ir.PointerType()

Value = Any  # an ir.Value; llvmlite has no types

# The arguments of `run`, in order: integers, the step, and pointers to rows.
RUN_INTEGERS = (
    "first_block", "last_block", "stride", "stop", "steps_per_sample",
    "stream_step", "stream_rows", "samples", "pitch", "capacity",
)  # fmt: skip
RUN_DOUBLES = ("dt", "threshold")
RUN_POINTERS = (
    "constants", "states", "carries", "detector", "progress", "diverged", "charges", "currents",
    "out", "spike_time", "spike_lane", "spike_count",
)  # fmt: skip


def emit_map(e: Emitter, name: str, block: Block) -> None:
    """``void map_NAME(i64 lanes, double* in, double* out)``: rows of ``lanes`` each."""
    kind = ir.FunctionType(ir.VoidType(), [I64, POINTER, POINTER])
    function = ir.Function(e.module, kind, f"map_{name}")
    lanes, source, target = function.args
    b = e.builder = ir.IRBuilder(function.append_basic_block("entry"))
    with counting(e, I64(0), lanes, I64(e.width)) as lane:
        rows = {n: load_row(e, source, i, lanes, lane) for i, n in enumerate(block.inputs)}
        results = emit(e, block, rows)
        for i, result in enumerate(results.values()):
            store(e, result, target, b.add(b.mul(I64(i), lanes), lane))
    b.ret_void()


class counting:  # noqa: N801  (used as a statement)
    """``for index in range(start, stop, step)`` in IR; leaves the builder after the loop."""

    def __init__(self, e: Emitter, start: Value, stop: Value, step: Value) -> None:
        self.e, self.start, self.stop, self.step = e, start, stop, step

    def __enter__(self) -> Value:
        b = self.e.builder
        self.head = b.append_basic_block("head")
        self.body = b.append_basic_block("body")
        self.done = b.append_basic_block("done")
        before = b.block
        b.branch(self.head)
        b.position_at_end(self.head)
        self.index = b.phi(I64)
        self.index.add_incoming(self.start, before)
        b.cbranch(b.icmp_signed("<", self.index, self.stop), self.body, self.done)
        b.position_at_end(self.body)
        return self.index

    def __exit__(self, *failure: object) -> None:
        b = self.e.builder
        self.index.add_incoming(b.add(self.index, self.step), b.block)
        b.branch(self.head)
        b.position_at_end(self.done)


def at(e: Emitter, base: Value, index: Value, kind: Any = DOUBLE) -> Value:
    return e.builder.gep(base, [index], inbounds=True, source_etype=kind)


def load_row(e: Emitter, base: Value, row: int, stride: Value, lane: Value) -> Value:
    index = e.builder.add(e.builder.mul(I64(row), stride), lane)
    return e.builder.load(at(e, base, index), align=8, typ=e.double)


def store(e: Emitter, value: Value, base: Value, index: Value) -> None:
    e.builder.store(value, at(e, base, index), align=8)


def begin_loop(
    e: Emitter, name: str, integers: tuple[str, ...], doubles: tuple[str, ...],
    pointers: tuple[str, ...],
) -> dict[str, Value]:  # fmt: skip
    """Open ``void NAME(integers, doubles, pointers)``; its arguments by name."""
    kinds = [I64] * len(integers) + [DOUBLE] * len(doubles) + [POINTER] * len(pointers)
    function = ir.Function(e.module, ir.FunctionType(ir.VoidType(), kinds), name)
    # What does not fit in registers is kept on the stack. LLVM would leave it aligned to 16
    # bytes, and every access to a vector of 64 would touch two lines of the cache.
    function.attributes.add("nounwind")  # llvmlite prints no attributes where there is no name
    function.attributes.alignstack = min(64, max(16, 8 * e.width))
    for argument in function.args[-len(pointers) :]:
        argument.add_attribute("noalias")
    e.builder = ir.IRBuilder(function.append_basic_block("entry"))
    return dict(zip((*integers, *doubles, *pointers), function.args, strict=True))


def any_lane(e: Emitter, mask: Value) -> Value:
    """Whether a mask holds in any lane."""
    return e.any(mask)


def element(e: Emitter, vector: Value, i: int) -> Value:
    """One lane of a vector."""
    return vector if e.width == 1 else e.builder.extract_element(vector, ir.IntType(32)(i))


def spread_whole(e: Emitter, scalar: Value) -> Value:
    """An integer for every lane."""
    if e.width == 1:
        return scalar
    undefined = ir.Constant(ir.VectorType(I64, e.width), ir.Undefined)
    one = e.builder.insert_element(undefined, scalar, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), e.width), [0] * e.width)
    return e.builder.shuffle_vector(one, undefined, zeros)


class lanes_where:  # noqa: N801  (used as a statement)
    """``for i in the lanes of a mask`` in IR, without a copy of the body for each lane.

    ``of`` reads a vector's value in lane i.
    """

    def __init__(self, e: Emitter, mask: Value) -> None:
        self.e, self.mask = e, mask

    def __enter__(self) -> lanes_where:
        e, b = self.e, self.e.builder
        bits = ir.IntType(e.width)
        left = self.mask if e.width == 1 else b.bitcast(self.mask, bits)
        self.head, self.body = b.append_basic_block("lanes"), b.append_basic_block("lane")
        self.done = b.append_basic_block("lanes.done")
        before = b.block
        b.branch(self.head)
        b.position_at_end(self.head)
        self.left = b.phi(bits)
        self.left.add_incoming(left, before)
        some = b.icmp_unsigned("!=", self.left, bits(0))
        b.cbranch(some, self.body, self.done)
        b.position_at_end(self.body)
        lowest = b.cttz(self.left, ir.IntType(1)(1))
        self.i = lowest if e.width == 64 else b.zext(lowest, I64)
        return self

    def of(self, vector: Value) -> Value:
        if self.e.width == 1:
            return vector
        return self.e.builder.extract_element(vector, self.i)

    def __exit__(self, *failure: object) -> None:
        b, bits = self.e.builder, ir.IntType(self.e.width)
        rest = b.and_(self.left, b.sub(self.left, bits(1)))
        self.left.add_incoming(rest, b.block)
        b.branch(self.head)
        b.position_at_end(self.done)


def append_spikes(
    e: Emitter, arguments: dict[str, Value], lane: Value, crossed: Value, times: Value
) -> None:
    """Put (time, lane) of every lane that crossed into the buffer; rare, so lane by lane."""
    b = e.builder
    with lanes_where(e, crossed) as spike:
        count = b.load(arguments["spike_count"], typ=I64)
        store(e, spike.of(times), arguments["spike_time"], count)
        b.store(b.add(lane, spike.i), at(e, arguments["spike_lane"], count, I64))
        b.store(b.add(count, I64(1)), arguments["spike_count"])


def emit_run(e: Emitter, program: Program) -> None:
    """``void run(...)``: fixed steps of blocks of lanes, up to step ``stop``.

    Each block begins at its own ``progress`` and leaves it where it stopped: at ``stop``; at a
    step after which a state would not be finite (``diverged`` is set and the states are the
    last finite ones); or where the spike buffer was nearly full. So it can be called again.
    """
    arguments = begin_loop(e, "run", RUN_INTEGERS, RUN_DOUBLES, RUN_POINTERS)
    run = _Run(e, program, arguments)
    with counting(e, run.a["first_block"], run.a["last_block"], I64(1)) as block:
        run.block(block)
    e.builder.ret_void()


class _Run:
    """Emits the inside of ``run`` for one block of lanes.

    ``e`` computes with the states' precision, ``wide`` with float64.
    """

    def __init__(self, e: Emitter, program: Program, arguments: dict[str, Value]) -> None:
        self.e, self.program, self.a = e, program, arguments
        self.wide = Emitter(e.module, e.width, e.has_fma, WIDE)
        b = self.wide.builder = e.builder
        carried = [s for s in program.states if CARRY + s in program.blocks["step"].names]
        # loop-carried values live in stack slots; LLVM moves them to registers
        self.states = {s: b.alloca(e.real) for s in program.states}
        self.carries = {CARRY + s: b.alloca(e.real) for s in carried}
        self.before = b.alloca(e.real)  # V one step ago
        self.armed = b.alloca(e.mask)
        self.step = b.alloca(I64)
        self.until_sample = b.alloca(I64)
        self.sample = b.alloca(I64)

    def _narrow(self, value: Value) -> Value:
        """float64 to the states' precision."""
        return value if self.e.form is WIDE else self.e.builder.fptrunc(value, self.e.real)

    def _widen(self, value: Value) -> Value:
        return value if self.e.form is WIDE else self.e.builder.fpext(value, self.e.double)

    def block(self, block: Value) -> None:
        e, b = self.e, self.e.builder
        self.index = block
        self.lane = b.mul(block, I64(e.width))
        self.constants = {
            name: load_row(e, self.a["constants"], i, self.a["stride"], self.lane)
            for i, name in enumerate(self.program.constants)
        }
        self.constants[".dt"] = self.wide.spread(self.a["dt"])
        self.fixed = {name: self._narrow(value) for name, value in self.constants.items()}
        self._load()
        head = b.append_basic_block("step")
        body = b.append_basic_block("advance")
        done = b.append_basic_block("leave")
        b.branch(head)
        b.position_at_end(head)
        with b.if_then(b.icmp_signed("==", b.load(self.until_sample, typ=I64), I64(0))):
            self._sample()
        room = b.icmp_signed(
            "<=",
            b.add(b.load(self.a["spike_count"], typ=I64), I64(e.width)),
            self.a["capacity"],
        )
        more = b.icmp_signed("<", b.load(self.step, typ=I64), self.a["stop"])
        b.cbranch(b.and_(more, room), body, done)
        b.position_at_end(body)
        self._advance(head, done)
        b.position_at_end(done)
        self._save()

    def _rows(self) -> list[tuple[Value, str, int]]:
        """Slots, and the rows in which they last between calls."""
        slots = [(slot, "states", i) for i, slot in enumerate(self.states.values())]
        places = (self.program.states.index(name.removeprefix(CARRY)) for name in self.carries)
        slots += zip(self.carries.values(), ["carries"] * len(self.carries), places, strict=True)
        return [*slots, (self.before, "detector", 0)]

    def _place(self, base: str, row: int) -> Value:
        b = self.e.builder
        return at(self.e, self.a[base], b.add(b.mul(I64(row), self.a["stride"]), self.lane))

    def _load(self) -> None:
        e, b = self.e, self.e.builder
        for slot, base, row in self._rows():
            wide = b.load(self._place(base, row), align=8, typ=e.double)
            b.store(self._narrow(wide), slot)
        armed = load_row(e, self.a["detector"], 1, self.a["stride"], self.lane)
        b.store(b.fcmp_ordered("!=", armed, self.wide.const(0.0)), self.armed)
        step = b.load(at(e, self.a["progress"], self.index, I64), typ=I64)
        b.store(step, self.step)
        per = self.a["steps_per_sample"]
        gone = b.srem(step, per)
        b.store(b.select(b.icmp_signed("==", gone, I64(0)), I64(0), b.sub(per, gone)),
                self.until_sample)  # fmt: skip
        b.store(b.sdiv(b.add(step, b.sub(per, I64(1))), per), self.sample)

    def _save(self) -> None:
        e, b = self.e, self.e.builder
        for slot, base, row in self._rows():
            wide = self._widen(b.load(slot, typ=e.real))
            b.store(wide, self._place(base, row), align=8)
        one, none = self.wide.const(1.0), self.wide.const(0.0)
        armed = b.select(b.load(self.armed, typ=e.mask), one, none)
        store(e, armed, self.a["detector"], b.add(self.a["stride"], self.lane))
        b.store(b.load(self.step, typ=I64), at(e, self.a["progress"], self.index, I64))

    def _now(self) -> dict[str, Value]:
        slots = {**self.states, **self.carries}
        return {name: self.e.builder.load(slot, typ=self.e.real) for name, slot in slots.items()}

    def _time(self, step: Value) -> Value:
        """k dt, not a running sum."""
        b = self.e.builder
        return self.wide.spread(b.fmul(b.sitofp(step, DOUBLE), self.a["dt"]))

    def _lead(self, at_start: float, later: float) -> Value:
        """The length of the first stage's joint move, in units of dt."""
        b = self.e.builder
        first = b.icmp_signed("==", b.load(self.step, typ=I64), I64(0))
        factor = b.select(first, DOUBLE(at_start), DOUBLE(later))
        return self._narrow(self.wide.spread(b.fmul(factor, self.a["dt"])))

    def _current(self, block: str, times: dict[str, Value], streams: dict[str, Value]) -> Value:
        """What the stimulus gives, in float64, rounded once."""
        inputs = {**self.constants, **times, **streams}
        return self._narrow(emit(self.wide, self.program.blocks[block], inputs)[".current"])

    def _streams(self, base: str, row: Value, rows: Value) -> dict[str, Value]:
        """The rows of the sampled stimuli: ``rows`` of them for each stimulus."""
        e, b = self.e, self.e.builder
        values: dict[str, Value] = {}
        for i, name in enumerate(self.program.streams):
            place = b.mul(b.add(b.mul(I64(i), rows), row), self.a["stride"])
            pointer = at(e, self.a[base], b.add(place, self.lane))
            values[name] = b.load(pointer, align=8, typ=e.double)
        return values

    def _sample(self) -> None:
        e, b = self.e, self.e.builder
        b.store(self.a["steps_per_sample"], self.until_sample)
        sample = b.load(self.sample, typ=I64)
        b.store(b.add(sample, I64(1)), self.sample)
        if not self.program.records:
            return
        inputs = {**self.fixed, **self._now(), ".lead": self._lead(0.0, 0.5)}
        if ".current" in self.program.blocks["sample"].inputs:
            times = {".t": self._time(b.load(self.step, typ=I64))}
            streams = self._streams("currents", sample, self.a["samples"])
            inputs[".current"] = self._current("value", times, streams)
        results = emit(e, self.program.blocks["sample"], inputs)
        first = b.add(b.mul(self.lane, self.a["pitch"]), sample)
        plane = b.mul(self.a["pitch"], self.a["stride"])
        for record, result in enumerate(results.values()):
            place, wide = b.add(b.mul(I64(record), plane), first), self._widen(result)
            for i in range(e.width):
                b.store(element(e, wide, i), at(e, self.a["out"], place))
                place = b.add(place, self.a["pitch"])

    def _advance(self, head: Value, done: Value) -> None:
        e, b = self.e, self.e.builder
        step = b.load(self.step, typ=I64)
        now = self._now()
        times = {".t0": self._time(step), ".t1": self._time(b.add(step, I64(1)))}
        row = b.sub(step, self.a["stream_step"])
        streams = self._streams("charges", row, self.a["stream_rows"])
        current = self._current("drive", times, streams)
        inputs = {**self.fixed, **now, ".lead": self._lead(0.5, 1.0), ".current": current}
        after = emit(e, self.program.blocks["step"], inputs)
        threshold = self._narrow(self.wide.spread(self.a["threshold"]))
        above = b.fcmp_ordered(">=", after["V"], threshold)
        armed = b.load(self.armed, typ=e.mask)
        crossed = b.and_(above, armed)
        # true for NaN as well: the sum of all states is not finite if one of them is not
        total = after["V"]
        for state in self.program.states[1:]:
            total = b.fadd(total, after[state])
        broken = b.fcmp_unordered(">", e.intrinsic("fabs", total), e.const(e.form.finite))
        with b.if_then(e.any(b.or_(crossed, broken)), likely=False):
            with b.if_then(e.any(broken), likely=False):
                flags = b.zext(broken, self.wide.int)
                b.store(flags, at(e, self.a["diverged"], self.lane, I64), align=8)
                b.branch(done)
            self._spikes(crossed, now["V"], after["V"], times[".t0"])
        for name, slot in {**self.states, **self.carries}.items():
            b.store(after[name], slot)
        b.store(now["V"], self.before)
        low = b.fcmp_ordered("<", after["V"], b.fsub(threshold, e.const(RE_ARM)))
        b.store(b.or_(low, b.and_(armed, b.not_(above))), self.armed)
        b.store(b.add(step, I64(1)), self.step)
        b.store(b.sub(b.load(self.until_sample, typ=I64), I64(1)), self.until_sample)
        b.branch(head)

    def _spikes(self, crossed: Value, now: Value, after: Value, t0: Value) -> None:
        """Append (time, lane) of every lane that crossed; rare, so lane by lane."""
        e, b = self.wide, self.e.builder
        before = b.load(self.before, typ=self.e.real)
        inputs = {
            "before": self._widen(before), "now": self._widen(now), "after": self._widen(after),
            "threshold": e.spread(self.a["threshold"]),
        }  # fmt: skip
        theta = emit(e, self.program.blocks["locate"], inputs)["theta"]
        times = b.fadd(t0, b.fmul(theta, self.constants[".dt"]))
        append_spikes(e, self.a, self.lane, crossed, times)
