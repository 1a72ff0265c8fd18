"""The cable in machine code: a membrane's blocks over rows, and the solve along the axon.

An axon of n compartments is cut into eight runs of R = ceil(n/8); a row holds one compartment
of every run, so that a vector of eight lanes is one row and all arithmetic along the runs is
lane arithmetic. The tridiagonal system is solved by the partition method of Wang (1981,
doi:10.1145/355945.355951): every run is eliminated by itself, all eight at once, which leaves
its unknowns as functions of the nearest unknown of the run before and of the run after,

    x[i] = p[i] + q[i] x[i + 1] + s[i] z,    z the last unknown of the run before;

the first and last unknowns of the runs make a small system, solved one after the other; then
all runs are substituted back at once. The number of runs is the same on every machine and for
any number of axons, so the bits are too. Pivots are formed from sums of positive numbers alone
(the diagonal's excess over its neighbours is carried along, not the diagonal), so nothing
cancels however fine the compartments are.
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from loligo.engine.kernel import RE_ARM
from loligo.engine.llvm.driver import (
    DOUBLE,
    I64,
    POINTER,
    any_lane,
    append_spikes,
    at,
    begin_loop,
    counting,
    element,
    store,
)
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.printer import emit
from loligo.program import Block, Program

Value = Any  # an ir.Value; llvmlite has no types

LANES = 8  # runs of an axon
PATCH_FUNCTIONS = ("patch_offer", "patch_settle", "patch_sample")
# The arguments of the functions of a membrane: rows of one axon.
# A constant lies every `constant_stride` numbers, and moves by `constant_row` from row to row.
PATCH_INTEGERS = ("rows", "stride", "constant_stride", "constant_row", "out_stride")
PATCH_DOUBLES = ("dt", "lead")
PATCH_POINTERS = ("which", "voltage", "states", "constants", "out")
# What the loop knows of a patch: a row of the table `patches`.
TABLE = (
    *PATCH_FUNCTIONS, "rows", "stride", "constant_stride", "constant_row", "states",
    "constants", "constants_axon", "place", "listed", "which", "out", "out_stride", "out_sample",
)  # fmt: skip
CABLE_INTEGERS = (
    "first_axon", "last_axon", "rows", "stop", "steps_per_sample", "patches", "points",
    "first_step", "point_stride", "capacity",
)  # fmt: skip
CABLE_DOUBLES = ("dt", "threshold")
CABLE_POINTERS = (
    "voltage", "before", "armed", "mass", "area", "link", "scratch", "place", "conductance",
    "potential", "injected", "progress", "diverged", "table", "spike_time", "spike_lane",
    "spike_count",
)  # fmt: skip
# rows of an axon's length in `scratch`; the last are V and what the membrane offers, packed
SCRATCH = ("drive", "I", "G", "p", "q", "s", "u", "packed_V", "packed_I", "packed_G")


def emit_membrane(e: Emitter, program: Program) -> None:
    """The functions of a membrane, each ``void NAME(...)`` over rows of one axon.

    ``patch_offer`` moves the states half a step ahead of V and puts the current and its slope
    into ``out``; ``patch_settle`` makes the half steps after V's move; ``patch_sample`` puts what
    is recorded, in the rows listed in ``which``, into ``out``.
    """
    _rows(e, program, "offer", (".I", ".G"))
    if "settle" in program.blocks:
        _rows(e, program, "settle", ())
    _emit_sample(e, program)


def _rows(e: Emitter, program: Program, name: str, offered: tuple[str, ...]) -> None:
    a = begin_loop(e, f"patch_{name}", PATCH_INTEGERS, PATCH_DOUBLES, PATCH_POINTERS)
    b = e.builder
    with counting(e, I64(0), a["rows"], I64(1)) as row:
        results = emit(e, program.blocks[name], _inputs(e, program, program.blocks[name], a, row))
        lane = b.mul(row, I64(LANES))
        for i, state in enumerate(program.states[1:]):
            if state in results:
                store(e, results[state], a["states"], b.add(b.mul(I64(i), a["stride"]), lane))
        for i, value in enumerate(offered):
            store(e, results[value], a["out"], b.add(b.mul(I64(i), a["out_stride"]), lane))
    b.ret_void()


def _emit_sample(e: Emitter, program: Program) -> None:
    a = begin_loop(e, "patch_sample", PATCH_INTEGERS, PATCH_DOUBLES, PATCH_POINTERS)
    b = e.builder
    with counting(e, I64(0), a["rows"], I64(1)) as k:
        row = b.load(at(e, a["which"], k, I64), typ=I64)
        block = program.blocks["sample"]
        results = emit(e, block, _inputs(e, program, block, a, row))
        for i, value in enumerate(results.values()):
            place = b.add(b.mul(I64(i), a["out_stride"]), b.mul(k, I64(LANES)))
            store(e, value, a["out"], place)
    b.ret_void()


def _inputs(
    e: Emitter, program: Program, block: Block, a: dict[str, Value], row: Value
) -> dict[str, Value]:
    """The values that a block reads, in one row."""
    b = e.builder
    lane = b.mul(row, I64(LANES))
    known = {".dt": lambda: e.spread(a["dt"]), ".lead": lambda: e.spread(a["lead"])}

    def load(base: str, place: Value) -> Value:
        return b.load(at(e, a[base], place), align=8, typ=e.double)

    values: dict[str, Value] = {}
    for name in block.inputs:
        if name == "V":
            values[name] = load("voltage", lane)
        elif name in program.states:
            first = b.mul(I64(program.states.index(name) - 1), a["stride"])
            values[name] = load("states", b.add(first, lane))
        elif name in program.constants:
            first = b.mul(I64(program.constants.index(name)), a["constant_stride"])
            values[name] = load("constants", b.add(first, b.mul(row, a["constant_row"])))
        else:  # `.t` comes with a stimulus, and a membrane of an axon has none of its own
            values[name] = known[name]()
    return values


def emit_cable(e: Emitter, program: Program) -> None:
    """``void cable(...)``: steps of axon after axon, up to step ``stop``.

    An axon begins at its own ``progress`` and leaves it where it stopped: at ``stop``; after a
    step in which V ceased to be finite (``diverged`` is set); or where the spike buffer was
    nearly full.
    """
    a = begin_loop(e, "cable", CABLE_INTEGERS, CABLE_DOUBLES, CABLE_POINTERS)
    axon = _Axon(e, program, a)
    with counting(e, a["first_axon"], a["last_axon"], I64(1)) as index:
        axon.course(index)
    e.builder.ret_void()


class _Callable(ir.PointerType):
    """The address of a function; llvmlite wants to know of what kind."""

    def __init__(self, pointee: Any) -> None:
        super().__init__()
        self.pointee = pointee


class _Axon:
    """Emits the steps of one axon."""

    def __init__(self, e: Emitter, program: Program, arguments: dict[str, Value]) -> None:
        self.e, self.program, self.a = e, program, arguments
        b = e.builder
        self.step = b.alloca(I64)
        self.size = b.mul(arguments["rows"], I64(LANES))
        self.slots = {name: b.alloca(e.double) for name in "abcdef"}
        self.scratch = {
            name: at(e, arguments["scratch"], b.mul(I64(i), self.size))
            for i, name in enumerate(SCRATCH)
        }
        self.patch = _Callable(ir.FunctionType(
            ir.VoidType(),
            [I64] * len(PATCH_INTEGERS) + [DOUBLE] * len(PATCH_DOUBLES)
            + [POINTER] * len(PATCH_POINTERS),
        ))  # fmt: skip

    def course(self, index: Value) -> None:
        e, b, a = self.e, self.e.builder, self.a
        self.index = index
        own = b.mul(index, self.size)
        self.row0 = b.mul(index, a["rows"])
        self.own = {n: at(e, a[n], own) for n in ("voltage", "before", "mass", "area", "link")}
        b.store(b.load(at(e, a["progress"], index, I64), typ=I64), self.step)
        head, body, done = (b.append_basic_block(n) for n in ("step", "advance", "leave"))
        b.branch(head)
        b.position_at_end(head)
        step = b.load(self.step, typ=I64)
        per = a["steps_per_sample"]
        with b.if_then(b.icmp_signed("==", b.srem(step, per), I64(0))):
            self._sample(b.sdiv(step, per))
        room = b.icmp_signed(
            "<=", b.add(b.load(a["spike_count"], typ=I64), self.size), a["capacity"]
        )
        more = b.icmp_signed("<", b.load(self.step, typ=I64), a["stop"])
        b.cbranch(b.and_(more, room), body, done)
        b.position_at_end(body)
        self._offers()
        self._points()
        self._eliminate()
        self._join()
        self._substitute()
        self._settle()
        b.store(b.add(b.load(self.step, typ=I64), I64(1)), self.step)
        lost = b.load(at(e, a["diverged"], index, I64), typ=I64)
        b.cbranch(b.icmp_signed("==", lost, I64(0)), head, done)
        b.position_at_end(done)
        b.store(b.load(self.step, typ=I64), at(e, a["progress"], index, I64))

    # -- the membranes ---------------------------------------------------------------

    def _entry(self, patch: Value) -> dict[str, Value]:
        """A patch's row of the table, by name; addresses are integers there."""
        b = self.e.builder
        first = b.mul(patch, I64(len(TABLE)))
        return {
            name: b.load(at(self.e, self.a["table"], b.add(first, I64(i)), I64), typ=I64)
            for i, name in enumerate(TABLE)
        }

    def _call(
        self, name: str, t: dict[str, Value], rows: Value, out_stride: Value, lead: Value,
        voltage: Value, out: Value,
    ) -> None:  # fmt: skip
        e, b = self.e, self.e.builder
        function = b.inttoptr(t[name], self.patch)
        states = at(
            e,
            b.inttoptr(t["states"], POINTER),
            b.mul(b.mul(self.index, t["rows"]), I64(LANES)),
        )
        constants = at(
            e, b.inttoptr(t["constants"], POINTER), b.mul(self.index, t["constants_axon"])
        )
        b.call(
            function,
            [rows, t["stride"], t["constant_stride"], t["constant_row"], out_stride, self.a["dt"],
             lead, b.inttoptr(t["which"], POINTER), voltage, states, constants, out],
        )  # fmt: skip

    def _lead(self, at_start: float, later: float) -> Value:
        """The length of the first stage's joint move."""
        b = self.e.builder
        first = b.icmp_signed("==", b.load(self.step, typ=I64), I64(0))
        return b.fmul(b.select(first, DOUBLE(at_start), DOUBLE(later)), self.a["dt"])

    def _packed(self, t: dict[str, Value], names: Sequence[str], out: bool) -> None:
        """Copy between an axon's arrays and a patch's own order, compartment by compartment."""
        e, b = self.e, self.e.builder
        place = b.inttoptr(t["place"], POINTER)
        with counting(e, I64(0), b.mul(t["rows"], I64(LANES)), I64(1)) as k:
            there = b.load(at(e, place, k, I64), typ=I64)
            for name in names:
                whole = self.own["voltage"] if name == "V" else self.scratch[name]
                packed = self.scratch[f"packed_{name}"]
                source, target = (packed, whole) if out else (whole, packed)
                i, j = (k, there) if out else (there, k)
                b.store(b.load(at(e, source, i), typ=DOUBLE), at(e, target, j))

    def _each_patch(self) -> Any:
        return counting(self.e, I64(0), self.a["patches"], I64(1))

    def _offers(self) -> None:
        b = self.e.builder
        with self._each_patch() as patch:
            t = self._entry(patch)
            whole = b.icmp_signed("==", t["place"], I64(0))
            lead = self._lead(0.5, 1.0)
            with b.if_else(whole) as (then, otherwise):
                with then:
                    self._call("patch_offer", t, t["rows"], self.size, lead, self.own["voltage"],
                               self.scratch["I"])  # fmt: skip
                with otherwise:
                    self._packed(t, ("V",), out=False)
                    self._call("patch_offer", t, t["rows"], self.size, lead, self.scratch["packed_V"],
                               self.scratch["packed_I"])  # fmt: skip
                    self._packed(t, ("I", "G"), out=True)

    def _settle(self) -> None:
        b = self.e.builder
        with self._each_patch() as patch:
            t = self._entry(patch)
            with b.if_then(b.icmp_signed("!=", t["patch_settle"], I64(0))):
                self._whole_or_packed(
                    "patch_settle", t, t["rows"], I64(0), DOUBLE(0.0), self.own["voltage"]
                )

    def _whole_or_packed(
        self,
        name: str,
        t: dict[str, Value],
        rows: Value,
        out_stride: Value,
        lead: Value,
        out: Value,
    ) -> None:
        b = self.e.builder
        whole = b.icmp_signed("==", t["place"], I64(0))
        with b.if_then(b.not_(whole)):
            self._packed(t, ("V",), out=False)
        voltage = b.select(whole, self.own["voltage"], self.scratch["packed_V"])
        self._call(name, t, rows, out_stride, lead, voltage, out)

    def _sample(self, sample: Value) -> None:
        e, b = self.e, self.e.builder
        lead = self._lead(0.0, 0.5)
        with self._each_patch() as patch:
            t = self._entry(patch)
            with b.if_then(b.icmp_signed("!=", t["listed"], I64(0))):
                mine = b.mul(b.mul(self.index, t["listed"]), I64(LANES))
                place = b.add(b.mul(sample, t["out_sample"]), mine)
                out = at(e, b.inttoptr(t["out"], POINTER), place)
                self._whole_or_packed("patch_sample", t, t["listed"], t["out_stride"], lead, out)

    # -- the solve -------------------------------------------------------------------

    def _points(self) -> None:
        """drive = the injected current and what flows in from the held ends."""
        e, b, a = self.e, self.e.builder, self.a
        since = b.sub(b.load(self.step, typ=I64), a["first_step"])
        mine = b.mul(self.index, a["points"])
        now = b.add(b.mul(since, a["point_stride"]), mine)
        with counting(e, I64(0), a["points"], I64(1)) as j:
            place = b.load(at(e, a["place"], j, I64), typ=I64)
            k = b.add(mine, j)
            v = b.load(at(e, self.own["voltage"], place), typ=DOUBLE)
            g = b.load(at(e, a["conductance"], k), typ=DOUBLE)
            held = b.load(at(e, a["potential"], k), typ=DOUBLE)
            current = b.load(at(e, a["injected"], b.add(now, j)), typ=DOUBLE)
            total = b.fadd(current, b.fmul(g, b.fsub(held, v)))
            b.store(total, at(e, self.scratch["drive"], place))

    def _load(self, base: Value, row: Value) -> Value:
        b = self.e.builder
        return b.load(at(self.e, base, b.mul(row, I64(LANES))), align=8, typ=self.e.double)

    def _shift(self, vector: Value, by: int) -> Value:
        """Each lane gets the value of the lane ``by`` before it; 0 comes in at the edge."""
        lanes = [(i - by) if 0 <= i - by < LANES else LANES for i in range(LANES)]
        mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), lanes)
        return self.e.builder.shuffle_vector(vector, self.e.const(0.0), mask)

    def _get(self, slot: str) -> Value:
        return self.e.builder.load(self.slots[slot], typ=self.e.double)

    def _set(self, **values: Value) -> None:
        for slot, value in values.items():
            self.e.builder.store(value, self.slots[slot])

    def _eliminate(self) -> None:
        """Down the runs; carried along: V, link, axial current, link x excess/pivot, p, s."""
        e, b, a = self.e, self.e.builder, self.a
        last = b.sub(a["rows"], I64(1))
        link = self._shift(self._load(self.own["link"], last), 1)
        v, v_before = self._load(self.own["voltage"], I64(0)), self._load(self.own["voltage"], last)
        flow = b.fmul(link, b.fsub(v, self._shift(v_before, 1)))
        # the first unknown of a run sees z itself: excess/pivot = 1, p = 0, s = 1
        self._set(a=v, b=link, c=flow, d=link, e=e.const(0.0), f=link)
        # beyond the end of a run lies the beginning of the next
        beyond = self._shift(v, -1)
        with counting(e, I64(0), a["rows"], I64(1)) as row:
            v, left, flow, held, lp, ls = (self._get(slot) for slot in "abcdef")
            more = b.icmp_signed("<", row, last)
            ahead = b.select(more, b.add(row, I64(1)), last)
            v_next = b.select(more, self._load(self.own["voltage"], ahead), beyond)
            link = self._load(self.own["link"], row)
            area = self._load(self.own["area"], row)
            out = b.fmul(link, b.fsub(v_next, v))
            rhs = b.fadd(self._load(self.scratch["drive"], row), b.fsub(out, flow))
            rhs = e.fma(b.fneg(area), self._load(self.scratch["I"], row), rhs)
            mass = self._load(self.own["mass"], row)
            excess = e.fma(area, self._load(self.scratch["G"], row), b.fadd(mass, held))
            inverse = b.fdiv(e.const(1.0), b.fadd(link, excess))
            q = b.fmul(link, inverse)
            p = b.fmul(b.fadd(rhs, lp), inverse)
            s = b.fmul(ls, inverse)
            for name, value in (("p", p), ("q", q), ("s", s)):
                store(e, value, self.scratch[name], b.mul(row, I64(LANES)))
            del left
            self._set(a=v_next, b=link, c=out, d=b.fmul(link, b.fmul(excess, inverse)),
                      e=b.fmul(link, p), f=b.fmul(link, s))  # fmt: skip

    def _upwards(self) -> Any:
        """The rows from the last but one to the first."""
        e, b = self.e, self.e.builder
        return counting(e, b.sub(I64(2), self.a["rows"]), I64(1), I64(1))

    def _join(self) -> None:
        """x[first] = P + Q y' + S z of every run, and the system of first and last unknowns."""
        e, b = self.e, self.e.builder
        last = b.sub(self.a["rows"], I64(1))
        ends = [self._load(self.scratch[name], last) for name in "pqs"]
        self._set(a=ends[0], b=ends[1], c=ends[2])
        with self._upwards() as minus:
            row = b.neg(minus)
            p, q, s = (self._load(self.scratch[name], row) for name in "pqs")
            self._set(
                a=e.fma(q, self._get("a"), p),
                b=b.fmul(q, self._get("b")),
                c=e.fma(q, self._get("c"), s),
            )
        firsts = [self._get(slot) for slot in "abc"]
        z, y = self._reduced(firsts, ends)
        self.z, self.y = self._shift(z, 1), self._shift(y, -1)

    def _reduced(self, firsts: list[Value], ends: list[Value]) -> tuple[Value, Value]:
        """The last and the first unknown of every run.

        Going up: z[k] = alpha + beta y[k + 1], so y[k] = A + B y[k + 1].
        """
        e, b = self.e, self.e.builder
        one = DOUBLE(1.0)
        alpha, beta = DOUBLE(0.0), DOUBLE(0.0)
        steps: list[tuple[Value, Value, Value, Value]] = []
        for k in range(LANES):
            fp, fq, fs = (element(e, vector, k) for vector in firsts)
            ep, eq, es = (element(e, vector, k) for vector in ends)
            inverse = b.fdiv(one, b.fsub(one, b.fmul(fs, beta)))
            top = b.fmul(b.fadd(fp, b.fmul(fs, alpha)), inverse)
            slope = b.fmul(fq, inverse)
            alpha, beta = (
                b.fadd(ep, b.fmul(es, b.fadd(alpha, b.fmul(beta, top)))),
                b.fadd(eq, b.fmul(es, b.fmul(beta, slope))),
            )
            steps.append((top, slope, alpha, beta))
        following = DOUBLE(0.0)
        z = y = e.const(0.0)
        for k in reversed(range(LANES)):
            top, slope, alpha, beta = steps[k]
            lane = ir.IntType(32)(k)
            z = b.insert_element(z, b.fadd(alpha, b.fmul(beta, following)), lane)
            following = b.fadd(top, b.fmul(slope, following))
            y = b.insert_element(y, following, lane)
        return z, y

    def _substitute(self) -> None:
        """Up the runs: u, then V += 2 u, watched for spikes and for what is not finite."""
        e, b, a = self.e, self.e.builder, self.a
        self._set(a=self.y, b=e.const(0.0))
        with counting(e, b.sub(I64(1), a["rows"]), I64(1), I64(1)) as minus:
            row = b.neg(minus)
            p, q, s = (self._load(self.scratch[name], row) for name in "pqs")
            u = e.fma(q, self._get("a"), e.fma(s, self.z, p))
            now = self._load(self.own["voltage"], row)
            after = e.fma(e.const(2.0), u, now)
            self._watch(row, now, after)
            lane = b.mul(row, I64(LANES))
            store(e, now, self.own["before"], lane)
            store(e, after, self.own["voltage"], lane)
            self._set(a=u, b=b.fadd(self._get("b"), e.intrinsic("fabs", after)))
        broken = b.fcmp_unordered(">", self._get("b"), e.const(1e300))
        with b.if_then(any_lane(e, broken), likely=False):
            b.store(I64(1), at(e, a["diverged"], self.index, I64))

    def _watch(self, row: Value, now: Value, after: Value) -> None:
        e, b, a = self.e, self.e.builder, self.a
        byte = ir.IntType(8)
        flag = at(e, a["armed"], b.add(self.row0, row), byte)
        armed = b.bitcast(b.load(flag, typ=byte), e.mask)
        threshold = e.spread(a["threshold"])
        above = b.fcmp_ordered(">=", after, threshold)
        crossed = b.and_(above, armed)
        low = b.fcmp_ordered("<", after, b.fsub(threshold, e.const(RE_ARM)))
        b.store(b.bitcast(b.or_(low, b.and_(armed, b.not_(above))), byte), flag)
        with b.if_then(any_lane(e, crossed), likely=False):
            inputs = {"before": self._load(self.own["before"], row), "now": now, "after": after,
                      "threshold": threshold}  # fmt: skip
            theta = emit(e, self.program.blocks["locate"], inputs)["theta"]
            step = b.sitofp(b.load(self.step, typ=I64), DOUBLE)
            times = b.fmul(b.fadd(e.spread(step), theta), e.spread(a["dt"]))
            lane = b.mul(b.add(self.row0, row), I64(LANES))
            append_spikes(e, a, lane, crossed, times)
