"""Axons in machine code: step by step, their membranes and the solve that joins them.

Axon after axon goes through all steps of a call, so that one axon's numbers stay in the cache;
axons do not touch each other, so the same bits come out in whatever order they are run.
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from loligo.engine.llvm.driver import DOUBLE, I64, POINTER, at, begin_loop, counting
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.rows import FUNCTIONS, ROW, FunctionAddress
from loligo.engine.llvm.solve import ALONG, Solve, slots
from loligo.engine.llvm.swings import SPIKE_POINTERS

Value = Any  # an ir.Value; llvmlite has no types

FUNCTION = "cable"

# What the loop knows of a patch: a row of the table `patches`.
TABLE = (
    *FUNCTIONS, "rows", "stride", "constant_stride", "constant_row", "states",
    "constants", "constants_axon", "place", "listed", "which", "out", "out_stride", "out_sample",
)  # fmt: skip
CABLE_INTEGERS = (
    "first_axon", "last_axon", "rows", "stop", "steps_per_sample", "samples", "patches",
    "points",
    "first_step", "axons", "capacity", "opens",
)  # fmt: skip
CABLE_DOUBLES = ("dt", "threshold", "depth", "grain")
CABLE_POINTERS = (
    "voltage", "before", "armed", "rising", "mass", "area", "link", "scratch", "place",
    "conductance", "potential", "injected", "opened", "loaded", "damped", "progress", "diverged",
    "table",
    *SPIKE_POINTERS,
)  # fmt: skip
# rows of an axon's length in `scratch`; the last are V and what the membrane offers, packed
SCRATCH = ("drive", "I", "G", "p", "q", "s", "start", "packed_V", "packed_I", "packed_G")


def emit_cable(e: Emitter) -> None:
    """``void cable(...)``: steps of axon after axon, up to step ``stop``.

    An axon begins at its own ``progress`` and leaves it where it stopped: at ``stop``; after a
    step in which V ceased to be finite (``diverged`` is set); or where the spike buffer was
    nearly full.
    """
    a = begin_loop(e, FUNCTION, CABLE_INTEGERS, CABLE_DOUBLES, CABLE_POINTERS)
    shared = _Shared(e, a)
    with counting(e, a["first_axon"], a["last_axon"], I64(1)) as index:
        _Axon(e, a, shared, index).course()
    e.builder.ret_void()


class _Shared:
    """What all axons of a call use one after the other."""

    def __init__(self, e: Emitter, arguments: dict[str, Value]) -> None:
        b = e.builder
        self.step = b.alloca(I64)
        self.size = b.mul(arguments["rows"], I64(ROW))
        self.scratch = {
            name: at(e, arguments["scratch"], b.mul(I64(i), self.size))
            for i, name in enumerate(SCRATCH)
        }
        self.slots = slots(e)


class _Axon:
    """Emits the steps of one axon."""

    def __init__(
        self, e: Emitter, arguments: dict[str, Value], shared: _Shared, index: Value
    ) -> None:
        self.e, self.a, self.index = e, arguments, index
        self.step, self.size, self.scratch = shared.step, shared.size, shared.scratch
        first = e.builder.mul(index, self.size)
        self.own = {name: at(e, arguments[name], first) for name in ALONG}
        self.solve = Solve(e, arguments, self.scratch, self.step, shared.slots, index, self.own)

    def course(self) -> None:
        e, b, a, index = self.e, self.e.builder, self.a, self.index
        b.store(b.load(at(e, a["progress"], index, I64), typ=I64), self.step)
        head, body, done = (b.append_basic_block(n) for n in ("step", "advance", "leave"))
        b.branch(head)
        b.position_at_end(head)
        step = b.load(self.step, typ=I64)
        per = a["steps_per_sample"]
        sample = b.sdiv(step, per)
        due = b.icmp_signed("==", b.srem(step, per), I64(0))
        # the last step may end where a sample would be that nobody asked for
        with b.if_then(b.and_(due, b.icmp_signed("<", sample, a["samples"]))):
            self._sample(sample)
        room = b.icmp_signed(
            "<=", b.add(b.load(a["spike_count"], typ=I64), self.size), a["capacity"]
        )
        more = b.icmp_signed("<", b.load(self.step, typ=I64), a["stop"])
        b.cbranch(b.and_(more, room), body, done)
        b.position_at_end(body)
        self._offer()
        self.solve.move()
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
        function = b.inttoptr(t[name], FunctionAddress())
        states = at(
            e,
            b.inttoptr(t["states"], POINTER),
            b.mul(b.mul(self.index, t["rows"]), I64(ROW)),
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
        with counting(e, I64(0), b.mul(t["rows"], I64(ROW)), I64(1)) as k:
            there = b.load(at(e, place, k, I64), typ=I64)
            for name in names:
                whole = self.own["voltage"] if name == "V" else self.scratch[name]
                packed = self.scratch[f"packed_{name}"]
                source, target = (packed, whole) if out else (whole, packed)
                i, j = (k, there) if out else (there, k)
                b.store(b.load(at(e, source, i), typ=DOUBLE), at(e, target, j))

    def _each_patch(self) -> Any:
        return counting(self.e, I64(0), self.a["patches"], I64(1))

    def _offer(self) -> None:
        b = self.e.builder
        with self._each_patch() as patch:
            t = self._entry(patch)
            whole = b.icmp_signed("==", t["place"], I64(0))
            out = b.select(whole, self.scratch["I"], self.scratch["packed_I"])
            self._run("patch_offer", t, t["rows"], self.size, self._lead(0.5, 1.0), out)
            with b.if_then(b.not_(whole)):
                self._packed(t, ("I", "G"), out=True)

    def _settle(self) -> None:
        b = self.e.builder
        with self._each_patch() as patch:
            t = self._entry(patch)
            with b.if_then(b.icmp_signed("!=", t["patch_settle"], I64(0))):
                self._run("patch_settle", t, t["rows"], I64(0), DOUBLE(0.0), self.own["voltage"])

    def _run(
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
                mine = b.mul(b.mul(self.index, t["listed"]), I64(ROW))
                place = b.add(b.mul(sample, t["out_sample"]), mine)
                out = at(e, b.inttoptr(t["out"], POINTER), place)
                self._run("patch_sample", t, t["listed"], t["out_stride"], lead, out)
