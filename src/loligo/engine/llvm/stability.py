"""Whether what is near an equilibrium comes back, seen for certain and without eigenvalues.

Of the linearised equations y' = A y, C = (s + A)/(s - A) has its eigenvalues c = (s + a)/(s - a)
inside the unit circle exactly where those of A, a, have negative real parts (Cayley's map). A power
of C that is small says that all are; one with a large trace, that some are not. C is squared
until one or the other is seen. Rates that are more than some 1e5 times slower than others are not
judged so, nor what grows much before it decays: eigenvalues are for them.
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from loligo.engine.llvm.driver import I64, at, counting
from loligo.engine.llvm.functions import Emitter
from loligo.engine.resting import SHIFT, SMALL, STABLE, UNDECIDED, UNSTABLE

Value = Any  # an ir.Value; llvmlite has no types

_SQUARES = 15  # C**(2**15) is small where |a| is 1e-5 of s or more
_SMALL, _LARGE = 0.5, 2.0  # of a power; of a trace beside the number of states
_MOST = 1e3  # a power larger than this may owe it to rounding
_VOLTS = 8.0  # mV: over so many, gates open


class Stability:
    """Judges states; the numbers of their slopes lie on the stack."""

    def __init__(self, e: Emitter, states: int) -> None:
        b = e.builder
        self.e, self.n = e, states
        self.a, self.c = (b.alloca(e.double, I64(states * states)) for _ in range(2))
        self.up, self.size = (b.alloca(e.double, I64(states)) for _ in range(2))
        self.sum, self.norm, self.trace = (b.alloca(e.double) for _ in range(3))
        self.sound, self.verdict = b.alloca(e.mask), b.alloca(e.int)

    def judge(self, x: Value, rates: Callable[[], Sequence[Value]]) -> Value:
        """Each lane's verdict on the states at ``x``, of which ``rates`` reads the rates."""
        self._slopes(x, rates)
        self._mapped()
        return self._powers()

    # ---- the matrix -----------------------------------------------------------------------

    def _at(self, array: Value, i: Value, j: Value | None = None) -> Value:
        b = self.e.builder
        return at(self.e, array, i if j is None else b.add(b.mul(i, I64(self.n)), j), self.e.double)

    def _get(self, array: Value, i: Value, j: Value | None = None) -> Value:
        return self.e.builder.load(self._at(array, i, j), typ=self.e.double)

    def _each(self, start: Value | int = 0) -> counting:
        first = I64(start) if isinstance(start, int) else start
        return counting(self.e, first, I64(self.n), I64(1))

    def _slopes(self, x: Value, rates: Callable[[], Sequence[Value]]) -> None:
        """By central differences, in units in which states are about 1."""
        e, b = self.e, self.e.builder
        with self._each() as j:
            value = self._get(x, j)
            size = e.at_least(SMALL, e.intrinsic("fabs", value))
            step = b.fmul(e.const(SHIFT), size)
            is_v = b.icmp_signed("==", j, I64(0))
            b.store(b.select(is_v, e.const(_VOLTS), size), self._at(self.size, j))
            b.store(b.fadd(value, step), self._at(x, j))
            for i, rate in enumerate(rates()):
                b.store(rate, self._at(self.up, I64(i)))
            b.store(b.fsub(value, step), self._at(x, j))
            twice = b.fmul(e.const(2.0), step)
            for i, rate in enumerate(rates()):
                change = b.fsub(self._get(self.up, I64(i)), rate)
                b.store(b.fdiv(change, twice), self._at(self.a, I64(i), j))
            b.store(value, self._at(x, j))
        with self._each() as i, self._each() as j:
            scale = b.fdiv(self._get(self.size, j), self._get(self.size, i))
            b.store(b.fmul(self._get(self.a, i, j), scale), self._at(self.a, i, j))

    def _largest(self, array: Value) -> Value:
        """The largest sum of sizes in a row."""
        e, b = self.e, self.e.builder
        b.store(e.const(0.0), self.norm)
        with self._each() as i:
            b.store(e.const(0.0), self.sum)
            with self._each() as j:
                size = e.intrinsic("fabs", self._get(array, i, j))
                b.store(b.fadd(b.load(self.sum, typ=e.double), size), self.sum)
            total, most = (b.load(s, typ=e.double) for s in (self.sum, self.norm))
            # NaN stays
            larger = b.fcmp_unordered(">", total, most)
            b.store(b.select(larger, total, most), self.norm)
        return b.load(self.norm, typ=e.double)

    def _mapped(self) -> None:
        """C by elimination of s - A, in which every number on the diagonal is larger than all
        beside it together: no pivots are sought."""
        e, b = self.e, self.e.builder
        s = b.fmul(e.const(2.0), self._largest(self.a))
        s = b.select(b.fcmp_ordered(">", s, e.const(0.0)), s, e.const(1.0))
        with self._each() as i, self._each() as j:
            a = self._get(self.a, i, j)
            own = b.select(b.icmp_signed("==", i, j), s, e.const(0.0))
            b.store(b.fadd(own, a), self._at(self.c, i, j))
            b.store(b.fsub(own, a), self._at(self.a, i, j))
        with self._each() as k:
            pivot = b.fdiv(e.const(1.0), self._get(self.a, k, k))
            for array in (self.a, self.c):
                with self._each() as j:
                    b.store(b.fmul(pivot, self._get(array, k, j)), self._at(array, k, j))
            with self._each() as i, b.if_then(b.icmp_signed("!=", i, k)):
                factor = self._get(self.a, i, k)
                for array in (self.a, self.c):
                    with self._each() as j:
                        less = b.fmul(factor, self._get(array, k, j))
                        b.store(b.fsub(self._get(array, i, j), less), self._at(array, i, j))

    # ---- its powers -----------------------------------------------------------------------

    def _powers(self) -> Value:
        """Square C until it is known what becomes of it."""
        e, b = self.e, self.e.builder
        b.store(b.not_(ir.Constant(e.mask, None)), self.sound)
        b.store(e.whole(UNDECIDED), self.verdict)
        with counting(e, I64(0), I64(_SQUARES + 1), I64(1)):
            open_ = b.and_(b.load(self.sound, typ=e.mask), self._undecided())
            with b.if_then(e.any(open_)):
                self._decide(open_)
                self._square()
        return b.load(self.verdict, typ=e.int)

    def _undecided(self) -> Value:
        e, b = self.e, self.e.builder
        return b.icmp_signed("==", b.load(self.verdict, typ=e.int), e.whole(UNDECIDED))

    def _decide(self, open_: Value) -> None:
        """What this power says of the lanes of which nothing is known yet."""
        e, b = self.e, self.e.builder
        norm = self._largest(self.c)
        b.store(e.const(0.0), self.trace)
        with self._each() as i:
            sum_ = b.fadd(b.load(self.trace, typ=e.double), self._get(self.c, i, i))
            b.store(sum_, self.trace)
        trace = e.intrinsic("fabs", b.load(self.trace, typ=e.double))
        stable = b.and_(open_, b.fcmp_ordered("<=", norm, e.const(_SMALL)))
        grows = b.and_(open_, b.fcmp_ordered(">", trace, e.const(_LARGE * self.n)))
        verdict = b.load(self.verdict, typ=e.int)
        verdict = b.select(stable, e.whole(STABLE), verdict)
        b.store(b.select(grows, e.whole(UNSTABLE), verdict), self.verdict)
        known = b.fcmp_ordered("<=", norm, e.const(_MOST))
        b.store(b.and_(b.load(self.sound, typ=e.mask), known), self.sound)

    def _square(self) -> None:
        e, b = self.e, self.e.builder
        with self._each() as i, self._each() as j:
            b.store(e.const(0.0), self.sum)
            with self._each() as k:
                product = b.fmul(self._get(self.c, i, k), self._get(self.c, k, j))
                b.store(b.fadd(b.load(self.sum, typ=e.double), product), self.sum)
            b.store(b.load(self.sum, typ=e.double), self._at(self.a, i, j))
        with self._each() as i, self._each() as j:
            b.store(self._get(self.a, i, j), self._at(self.c, i, j))
