"""The solve along an axon in machine code: a tridiagonal system, eight runs at once.

An axon of n compartments is cut into eight runs of R = ceil(n/8); a row holds one compartment
of every run, so that a vector of eight lanes is one row and all arithmetic along the runs is
lane arithmetic. The tridiagonal system is solved by the partition method of Wang (1981,
doi:10.1145/355945.355951): every run is eliminated by itself, all eight at once, which leaves
its unknowns as functions of the nearest unknown of the run before and of the run after,

    x[i] = p[i] + q[i] x[i + 1] + s[i] z,    z the last unknown of the run before;

the first and last unknowns of the runs make a small system, solved one after the other; then
all runs are substituted back at once. The number of runs is the same on every machine and for
any number of axons, so the bits are too. The pivots of a run are sums of positive numbers
(the diagonal's excess over its neighbours is carried along, not the diagonal): nothing cancels.
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from loligo.engine.llvm.driver import DOUBLE, I64, at, counting, element, store
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.printer import emit
from loligo.engine.llvm.rows import ROW
from loligo.engine.llvm.swings import append_spikes, reach
from loligo.program.spikes import extreme, locate

Value = Any  # an ir.Value; llvmlite has no types
_BYTE = ir.IntType(8)

ALONG = ("voltage", "before", "mass", "area", "link")  # arrays with a value for each compartment

# what is carried from row to row
SLOTS = ("v", "flow", "held", "lp", "ls", "P", "Q", "S", "u", "size")


def slots(e: Emitter) -> dict[str, Value]:
    """Where the solve keeps what it carries."""
    return {name: e.builder.alloca(e.double) for name in SLOTS}


@dataclass(frozen=True)
class Joined:
    """What the runs need of each other: the last unknown of the run before, and the first of the
    run after."""

    z: Value
    y: Value


class Solve:
    """Emits the move of V of one axon.

    Parameters
    ----------
    arguments
        Of the loop around.
    scratch
        Arrays of an axon's length: ``drive``, ``I``, ``G``, ``p``, ``q``, ``s``, ``start``.
    step
        Where the number of the step is kept.
    slots
        See :func:`slots`.
    index, own
        Which axon it is, and its arrays by the names in :data:`ALONG`.
    """

    def __init__(
        self, e: Emitter, arguments: dict[str, Value], scratch: Mapping[str, Value], step: Value,
        slots: Mapping[str, Value], index: Value, own: Mapping[str, Value],
    ) -> None:  # fmt: skip
        self.e, self.a = e, arguments
        self.scratch, self.step, self.slots = scratch, step, slots
        self.index, self.own = index, own
        self.first_row = e.builder.mul(index, arguments["rows"])

    def move(self) -> None:
        """V by the midpoint rule, V += 2 u; or by two backward Euler halves, V += u, V += u."""
        e, b, a = self.e, self.e.builder, self.a
        since = b.sub(b.load(self.step, typ=I64), a["first_step"])
        place = b.add(b.mul(since, a["axons"]), self.index)
        damped = b.icmp_signed("!=", b.load(at(e, a["damped"], place, I64), typ=I64), I64(0))
        with b.if_then(damped, likely=False):
            self._halve(self._solve())
        joined = self._solve()
        factor = b.select(damped, DOUBLE(1.0), DOUBLE(2.0))
        start = b.select(damped, self.scratch["start"], self.own["voltage"])
        self._substitute(joined, e.spread(factor), start)

    def _solve(self) -> Joined:
        self._points()
        self._eliminate()
        return self._join()

    def _points(self) -> None:
        """drive = the injected current and what flows in from the held ends."""
        e, b, a = self.e, self.e.builder, self.a
        since = b.sub(b.load(self.step, typ=I64), a["first_step"])
        mine = b.mul(self.index, a["points"])
        now = b.add(b.mul(b.mul(since, a["axons"]), a["points"]), mine)
        with counting(e, I64(0), a["points"], I64(1)) as j:
            place = b.load(at(e, a["place"], j, I64), typ=I64)
            k = b.add(mine, j)
            v = b.load(at(e, self.own["voltage"], place), typ=DOUBLE)
            g = b.load(at(e, a["conductance"], k), typ=DOUBLE)
            held = b.load(at(e, a["potential"], k), typ=DOUBLE)
            current = b.load(at(e, a["injected"], b.add(now, j)), typ=DOUBLE)
            total = b.fadd(current, b.fmul(g, b.fsub(held, v)))
            b.store(total, at(e, self.scratch["drive"], place))
        with b.if_then(b.icmp_signed("!=", a["opens"], I64(0)), likely=False):
            self._opened(now, mine)

    def _opened(self, now: Value, mine: Value) -> None:
        """Conductances to 0 mV: what flows out through them, and their part of the diagonal."""
        e, b, a = self.e, self.e.builder, self.a
        with counting(e, I64(0), a["points"], I64(1)) as j:
            place = b.load(at(e, a["place"], j, I64), typ=I64)
            v = b.load(at(e, self.own["voltage"], place), typ=DOUBLE)
            g = b.load(at(e, a["opened"], b.add(now, j)), typ=DOUBLE)
            drive = at(e, self.scratch["drive"], place)
            b.store(b.fsub(b.load(drive, typ=DOUBLE), b.fmul(g, v)), drive)
            held = b.load(at(e, a["loaded"], b.add(mine, j)), typ=DOUBLE)
            b.store(b.fadd(held, g), at(e, self.own["mass"], place))

    def _load(self, base: Value, row: Value) -> Value:
        b = self.e.builder
        return b.load(at(self.e, base, b.mul(row, I64(ROW))), align=8, typ=self.e.double)

    def _shift(self, vector: Value, by: int) -> Value:
        """Each lane gets the value of the lane ``by`` before it; 0 comes in at the edge."""
        lanes = [(i - by) if 0 <= i - by < ROW else ROW for i in range(ROW)]
        mask = ir.Constant(ir.VectorType(ir.IntType(32), ROW), lanes)
        return self.e.builder.shuffle_vector(vector, self.e.const(0.0), mask)

    def _get(self, slot: str) -> Value:
        return self.e.builder.load(self.slots[slot], typ=self.e.double)

    def _set(self, **values: Value) -> None:
        for slot, value in values.items():
            self.e.builder.store(value, self.slots[slot])

    def _eliminate(self) -> None:
        """Down the runs, x[i] = p + q x[i + 1] + s z; and x[first] = P + Q x[i + 1] + S z."""
        e, b, a = self.e, self.e.builder, self.a
        last = b.sub(a["rows"], I64(1))
        link = self._shift(self._load(self.own["link"], last), 1)
        v, v_before = self._load(self.own["voltage"], I64(0)), self._load(self.own["voltage"], last)
        none, one = e.const(0.0), e.const(1.0)
        self._set(
            v=v,
            flow=b.fmul(link, b.fsub(v, self._shift(v_before, 1))),
            # the row before the first is z itself: excess/pivot = 1, p = 0, s = 1
            held=link, lp=none, ls=link, P=none, Q=one, S=none,
        )  # fmt: skip
        # beyond the end of a run lies the beginning of the next
        beyond = self._shift(v, -1)
        with counting(e, I64(0), a["rows"], I64(1)) as row:
            more = b.icmp_signed("<", row, last)
            ahead = b.select(more, b.add(row, I64(1)), last)
            v_next = b.select(more, self._load(self.own["voltage"], ahead), beyond)
            self._eliminate_row(row, v_next)

    def _eliminate_row(self, row: Value, v_next: Value) -> None:
        """``held`` is link x excess/pivot of the row before: what of it this row's pivot feels."""
        e, b = self.e, self.e.builder
        v, flow, held, lp, ls = (self._get(slot) for slot in ("v", "flow", "held", "lp", "ls"))
        link, area = self._load(self.own["link"], row), self._load(self.own["area"], row)
        out = b.fmul(link, b.fsub(v_next, v))
        rhs = b.fadd(self._load(self.scratch["drive"], row), b.fsub(out, flow))
        rhs = e.fma(b.fneg(area), self._load(self.scratch["I"], row), rhs)
        # what is waited for is the row before: little stands between its pivot and this one
        alone = e.fma(area, self._load(self.scratch["G"], row), self._load(self.own["mass"], row))
        excess = b.fadd(alone, held)
        inverse = b.fdiv(e.const(1.0), b.fadd(b.fadd(link, alone), held))
        q = b.fmul(link, inverse)
        p = b.fmul(b.fadd(rhs, lp), inverse)
        s = b.fmul(ls, inverse)
        for name, value in (("p", p), ("q", q), ("s", s)):
            store(e, value, self.scratch[name], b.mul(row, I64(ROW)))
        through = self._get("Q")
        self._set(
            v=v_next, flow=out, held=b.fmul(b.fmul(link, excess), inverse),
            lp=b.fmul(link, p), ls=b.fmul(link, s),
            P=e.fma(through, p, self._get("P")), Q=b.fmul(through, q),
            S=e.fma(through, s, self._get("S")),
        )  # fmt: skip

    def _join(self) -> Joined:
        """The system of first and last unknowns."""
        last = self.e.builder.sub(self.a["rows"], I64(1))
        ends = [self._load(self.scratch[name], last) for name in "pqs"]
        z, y = self._reduced([self._get(slot) for slot in "PQS"], ends)
        return Joined(self._shift(z, 1), self._shift(y, -1))

    def _reduced(self, firsts: list[Value], ends: list[Value]) -> tuple[Value, Value]:
        """The last and the first unknown of every run.

        Going up: z[k] = alpha + beta y[k + 1], so y[k] = A + B y[k + 1].
        """
        e, b = self.e, self.e.builder
        one = DOUBLE(1.0)
        alpha, beta = DOUBLE(0.0), DOUBLE(0.0)
        steps: list[tuple[Value, Value, Value, Value]] = []
        for k in range(ROW):
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
        for k in reversed(range(ROW)):
            top, slope, alpha, beta = steps[k]
            lane = ir.IntType(32)(k)
            z = b.insert_element(z, b.fadd(alpha, b.fmul(beta, following)), lane)
            following = b.fadd(top, b.fmul(slope, following))
            y = b.insert_element(y, following, lane)
        return z, y

    def _unknown(self, row: Value, joined: Joined) -> Value:
        """u in a row, from that in the row below."""
        p, q, s = (self._load(self.scratch[name], row) for name in "pqs")
        u = self.e.fma(q, self._get("u"), self.e.fma(s, joined.z, p))
        self._set(u=u)
        return u

    def _climbing(self) -> Any:
        """Minus the rows, from the last to the first."""
        return counting(self.e, self.e.builder.sub(I64(1), self.a["rows"]), I64(1), I64(1))

    def _halve(self, joined: Joined) -> None:
        """Up the runs: V += u, and the current that goes with it."""
        e, b = self.e, self.e.builder
        self._set(u=joined.y)
        with self._climbing() as minus:
            row = b.neg(minus)
            lane = b.mul(row, I64(ROW))
            u = self._unknown(row, joined)
            now = self._load(self.own["voltage"], row)
            store(e, now, self.scratch["start"], lane)
            store(e, b.fadd(now, u), self.own["voltage"], lane)
            slope, current = (self._load(self.scratch[name], row) for name in "GI")
            store(e, e.fma(slope, u, current), self.scratch["I"], lane)

    def _substitute(self, joined: Joined, factor: Value, start: Value) -> None:
        """Up the runs: V += factor u, watched for spikes and for what is not finite."""
        e, b, a = self.e, self.e.builder, self.a
        self._set(u=joined.y, size=e.const(0.0))
        with self._climbing() as minus:
            row = b.neg(minus)
            u = self._unknown(row, joined)
            now = self._load(start, row)
            after = e.fma(factor, u, self._load(self.own["voltage"], row))
            self._watch(row, now, after)
            lane = b.mul(row, I64(ROW))
            store(e, now, self.own["before"], lane)
            store(e, after, self.own["voltage"], lane)
            self._set(size=b.fadd(self._get("size"), e.intrinsic("fabs", after)))
        broken = b.fcmp_unordered(">", self._get("size"), e.const(1e300))
        with b.if_then(e.any(broken), likely=False):
            b.store(I64(1), at(e, a["diverged"], self.index, I64))

    def _watch(self, row: Value, now: Value, after: Value) -> None:
        """Note where V turned, and rises through the threshold."""
        e, b, a = self.e, self.e.builder, self.a
        (at_armed, armed), (at_rising, rising) = (self._flag(n, row) for n in ("armed", "rising"))
        moved = b.fsub(after, now)
        back = b.select(rising, b.fneg(moved), moved)
        turned = b.fcmp_ordered(">=", back, e.spread(a["grain"]))
        threshold = e.spread(a["threshold"])
        above = b.fcmp_ordered(">=", after, threshold)
        low = e.less(after, b.fsub(threshold, e.spread(a["depth"])))
        come = b.select(armed, above, low)
        with b.if_then(e.any(b.or_(turned, come)), likely=False):
            before = self._load(self.own["before"], row)
            seen = {"before": before, "now": now, "after": after}
            lane = b.mul(b.add(self.first_row, row), I64(ROW))
            reach(e, a, lane, turned, emit(e, extreme(), seen)["V"])
            theta = emit(e, locate(), {**seen, "threshold": threshold})["theta"]
            step = b.sitofp(b.load(self.step, typ=I64), DOUBLE)
            times = b.fmul(b.fadd(e.spread(step), theta), e.spread(a["dt"]))
            append_spikes(e, a, lane, b.and_(come, armed), times, threshold)
            b.store(b.bitcast(b.xor(rising, turned), _BYTE), at_rising)
            b.store(b.bitcast(b.xor(armed, come), _BYTE), at_armed)

    def _flag(self, name: str, row: Value) -> tuple[Value, Value]:
        """Where a row's flags are, and what they are."""
        b = self.e.builder
        place = at(self.e, self.a[name], b.add(self.first_row, row), _BYTE)
        return place, b.bitcast(b.load(place, typ=_BYTE), self.e.mask)
