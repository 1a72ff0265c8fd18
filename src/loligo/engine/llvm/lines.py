"""Sampled stimuli of an adaptive run in machine code: straight lines, whose knots are edges."""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from loligo.engine.llvm.driver import DOUBLE, I64, at, element
from loligo.engine.llvm.functions import Emitter
from loligo.program import Program
from loligo.program.scheme import slope_of
from loligo.program.term import EDGE_TOLERANCE, ROUNDED

Value = Any  # an ir.Value; llvmlite has no types

_COLUMNS = 3  # of the table of pieces: when each begins, its level, its slope


@dataclass(frozen=True)
class _Line:
    """One stream's piece in every lane: its number, and the row of piece 0; its columns; when the
    next begins, and at which level."""

    place: Value
    row: Value
    time: Value
    level: Value
    slope: Value
    knot: Value
    after: Value


class Lines:
    """The pieces that the lanes of a block are in, in stack slots; nothing without streams."""

    def __init__(self, e: Emitter, program: Program) -> None:
        self.e = e
        kinds = [e.int] * 2 + [e.double] * 5
        self.lines = {
            name: _Line(*(e.builder.alloca(kind) for kind in kinds)) for name in program.streams
        }
        self.own = e.builder.alloca(e.double) if self.lines else None

    def load(self, arguments: dict[str, Value], lane: Value) -> None:
        """Where the lanes are."""
        b = self.e.builder
        for line, places, rows in self._memory(arguments, lane):
            b.store(b.load(places, align=8, typ=self.e.int), line.place)
            b.store(b.load(rows, align=8, typ=self.e.int), line.row)
            self._look_up(line, arguments)

    def save(self, arguments: dict[str, Value], lane: Value) -> None:
        b = self.e.builder
        for line, places, _ in self._memory(arguments, lane):
            b.store(b.load(line.place, typ=self.e.int), places, align=8)

    def _memory(
        self, arguments: dict[str, Value], lane: Value
    ) -> Iterator[tuple[_Line, Value, Value]]:
        b = self.e.builder
        for stream, line in enumerate(self.lines.values()):
            index = b.add(b.mul(I64(stream), arguments["stride"]), lane)
            yield line, *(at(self.e, arguments[name], index, I64) for name in ("places", "rows"))

    def _look_up(self, line: _Line, arguments: dict[str, Value]) -> None:
        """Each lane's piece, from the table."""
        e, b = self.e, self.e.builder
        which = b.add(b.load(line.place, typ=e.int), b.load(line.row, typ=e.int))
        slots = (line.time, line.level, line.slope, line.knot, line.after)
        found = [ir.Constant(e.double, ir.Undefined) for _ in slots]
        for i in range(e.width):
            row = b.mul(element(e, which, i), I64(_COLUMNS))
            for k in range(len(slots)):
                value = b.load(at(e, arguments["table"], b.add(row, I64(k))), typ=DOUBLE)
                found[k] = (
                    value if e.width == 1 else b.insert_element(found[k], value, ir.IntType(32)(i))
                )
        for slot, value in zip(slots, found, strict=True):
            b.store(value, slot)

    def at(self, t: Value, last: Value | None = None) -> dict[str, Value]:
        """What each is at a time, and its slope; where that is the ``last`` of the run and a knot
        lies there, just after it."""
        e, b = self.e, self.e.builder
        values: dict[str, Value] = {}
        for name, line in self.lines.items():
            time, level, slope, knot, after = (
                b.load(slot, typ=e.double)
                for slot in (line.time, line.level, line.slope, line.knot, line.after)
            )
            value = e.fma(slope, b.fsub(t, time), level)
            if last is not None:
                beyond = b.fadd(t, e.const(EDGE_TOLERANCE))
                over = b.and_(last, b.fcmp_ordered("<=", knot, beyond))
                value, slope = (
                    b.select(over, after, value),
                    b.select(over, e.const(0.0), slope),
                )
            values |= {name: value, slope_of(name): slope}
        return values

    def before(self, edges: Value, end: Value) -> Value:
        """The next of each lane's own edges and knots; of what is one but for rounding the last."""
        if self.own is None:
            return edges
        e, b = self.e, self.e.builder
        b.store(edges, self.own)
        knots = [b.load(line.knot, typ=e.double) for line in self.lines.values()]
        following = edges
        for knot in knots:
            following = e.lesser(following, knot)
        near = b.fadd(following, b.fmul(following, e.const(ROUNDED)))
        for each in (edges, *knots):
            later = b.and_(b.fcmp_ordered("<=", each, near), e.less(following, each))
            following = b.select(later, each, following)
        return e.lesser(following, end)

    def passed(self, arguments: dict[str, Value], arrived: Value, edge: Value) -> Value:
        """Go on to the next piece where lanes have come to its knot; which lanes have come to an
        edge of their own."""
        if self.own is None:
            return arrived
        e, b = self.e, self.e.builder
        for line in self.lines.values():
            come = b.and_(arrived, b.fcmp_ordered("<=", b.load(line.knot, typ=e.double), edge))
            place = b.load(line.place, typ=e.int)
            b.store(b.add(place, b.select(come, e.whole(1), e.whole(0))), line.place)
            self._look_up(line, arguments)
        return b.and_(arrived, b.fcmp_ordered("<=", b.load(self.own, typ=e.double), edge))
