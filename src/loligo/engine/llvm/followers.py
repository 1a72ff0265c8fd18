"""Derivatives of states in the adaptive loop: expanded one after the other, in memory.

What they obey is the same for everything that all is differentiated by, so their series is one
piece of code. A block of lanes goes through it once for each thing; a lane by itself has several
of them side by side in a vector, which is filled up with some that stay 0. Each number comes of
the same operations either way.
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from loligo.engine.llvm.driver import I64, POINTER, counting
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.polynomial import horner, widened
from loligo.engine.llvm.printer import emit
from loligo.program import Program
from loligo.program.arithmetic import Block, narrowness
from loligo.program.program import SERIES_OF, coefficient
from loligo.program.scheme import push_on, tangent_of

Value = Any  # an ir.Value; llvmlite has no types

_BESIDE = 8  # derivatives of one lane in a vector, at most


class _Rows:
    """Memory for so many rows of each turn; of a row of one turn several derivatives' numbers may
    lie beside each other."""

    def __init__(self, e: Emitter, element: Any, beside: int, rows: int, turns: int) -> None:
        self.e, self.rows, self.beside = e, rows, beside
        wide = e.width if beside == 1 else beside
        self.kind = element if wide == 1 else ir.VectorType(element, wide)
        self.one = self.kind if beside == 1 else element
        self.count = rows * turns
        room = e.builder.alloca(self.kind, max(1, self.count))
        # as a pointer to anything, which llvmlite has no other way to make of it
        never, nothing = ir.Constant(ir.IntType(1), 0), ir.Constant(POINTER, ir.Undefined)
        self.base = e.builder.select(never, nothing, room)

    def clear(self) -> None:
        """What is not written later stays 0."""
        for i in range(self.count):
            self.e.builder.store(ir.Constant(self.kind, None), self.place(I64(0), i))

    def place(self, turn: Value, row: int) -> Value:
        b = self.e.builder
        index = b.add(b.mul(turn, I64(self.rows)), I64(row))
        return b.gep(self.base, [index], inbounds=True, source_etype=self.kind)

    def load(self, turn: Value, row: int) -> Value:
        return self.e.builder.load(self.place(turn, row), typ=self.kind)

    def single(self, thing: int, row: int) -> Value:
        """Where it is of one thing that all is differentiated by."""
        turn, beside = divmod(thing, self.beside)
        place = self.place(I64(turn), row)
        if self.beside == 1:
            return place
        return self.e.builder.gep(place, [I64(beside)], inbounds=True, source_etype=self.one)


class Followers:
    """Where they lie, and what is done with them.

    Attributes
    ----------
    slots, ends
        Derivative -> where it lies, and where what it becomes in a step does.
    """

    def __init__(self, e: Emitter, program: Program) -> None:
        things, self.leaders = program.tangents, program.leaders
        self.things = things
        self.slots: dict[str, Value] = {}
        self.ends: dict[str, Value] = {}
        if not things:
            return
        self.beside = 1 if e.width > 1 else min(_BESIDE, 1 << (len(things) - 1).bit_length())
        self.turns = -(-len(things) // self.beside)
        self.e = self.inner = e
        if self.beside > 1:
            self.inner = Emitter(e.module, self.beside, e.has_fma, e.form)
            self.inner.builder = e.builder
        self.now, self.then = (self.memory(e.double, len(self.leaders)) for _ in range(2))
        self.now.clear()
        self.slots, self.ends = self._places(self.now), self._places(self.then)
        self.series = {
            SERIES_OF[name]: _Series(self, program.blocks[name])
            for name in SERIES_OF if name in program.blocks
        }  # fmt: skip
        # What comes of all turns is put together when they are over: a number that grew from turn
        # to turn would let LLVM look, for ages, whether the loop computes a checksum.
        self.told = self.memory(e.double, 1)

    def __bool__(self) -> bool:
        return bool(self.things)

    def memory(self, element: Any, rows: int) -> _Rows:
        """Room for rows of each turn."""
        element = getattr(element, "element", element)
        return _Rows(self.e, element, self.beside, rows, self.turns)

    def _places(self, rows: _Rows) -> dict[str, Value]:
        return {
            state: rows.single(thing, row)
            for thing, states in enumerate(self.things)
            for row, state in enumerate(states)
        }

    @contextmanager
    def _each_turn(self) -> Generator[Value]:
        if self.turns == 1:
            yield I64(0)
            return
        with counting(self.e, I64(0), I64(self.turns), I64(1)) as turn:
            yield turn

    def _alike(self, value: Value) -> Value:
        """A value of the lane's, for all that lies beside each other."""
        if self.beside == 1:
            return value
        undefined = ir.Constant(ir.VectorType(value.type, self.beside), ir.Undefined)
        one = self.e.builder.insert_element(undefined, value, ir.IntType(32)(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.beside), [0] * self.beside)
        return self.e.builder.shuffle_vector(one, undefined, zeros)

    def _together(self, first: Value, combine: Callable[[Value, Value], Value]) -> Value:
        """What each turn told, combined, thing by thing."""
        b = self.e.builder
        for thing in range(len(self.things)):
            told = b.load(self.told.single(thing, 0), typ=self.told.one)
            first = combine(first, told)
        return first

    def expand(
        self, name: str, results: Mapping[str, Value], fixed: Mapping[str, Value], h: Value
    ) -> Value:
        """Their series, beside one of the states with these ``results``; and the step, of ``h``
        or less, in which they may be followed."""
        series, b, inner = self.series[name], self.e.builder, self.inner
        series.push(results)
        given = {**fixed, **results}
        alike = {
            n: widened(inner, [self._alike(given[n])])[0]
            for n in series.block.inputs if n in given
        }  # fmt: skip
        with self._each_turn() as turn:
            found = emit(inner, series.block, {**alike, **series.own(turn)})
            series.keep(found, turn)
            b.store(found[".step"], self.told.place(turn, 0))
        return self._together(h, self.e.lesser)

    def straighten(self, name: str, where: Value) -> None:
        """Nothing bends them, in some lanes."""
        with self._each_turn() as turn:
            self.series[name].straighten(where, turn)

    def go(self, name: str, step: Value) -> Value:
        """Find what they become in a step; their sum, which is finite if all are."""
        b, inner, step = self.e.builder, self.inner, self._alike(step)
        with self._each_turn() as turn:
            total = inner.const(0.0)
            for row in range(len(self.leaders)):
                end = horner(inner, self.series[name].curve(row, turn), step)
                b.store(end, self.then.place(turn, row))
                total = b.fadd(total, end)
            b.store(total, self.told.place(turn, 0))
        return self._together(self.e.const(0.0), b.fadd)

    def take(self, where: Value) -> None:
        """They are what they have become, in some lanes."""
        b = self.e.builder
        with self._each_turn() as turn:
            for row in range(len(self.leaders)):
                chosen = b.select(where, self.then.load(turn, row), self.now.load(turn, row))
                b.store(chosen, self.now.place(turn, row))

    def after(self, name: str, step: Value) -> dict[str, Value]:
        """What each is so long after the step began."""
        b, step = self.e.builder, self._alike(step)
        found: dict[str, Value] = {}
        for row in range(len(self.leaders)):
            for turn in range(self.turns):
                ends = horner(self.inner, self.series[name].curve(row, I64(turn)), step)
                few = self.things[turn * self.beside : (turn + 1) * self.beside]
                for i, states in enumerate(few):
                    alone = self.beside == 1
                    end = ends if alone else b.extract_element(ends, ir.IntType(32)(i))
                    found[states[row]] = end
        return found

    def curves(self, name: str) -> list[list[Value]]:
        """The series of V's derivatives."""
        return [self.series[name].single(thing) for thing in range(len(self.things))]


class _Series:
    """The series of derivatives beside one of the states."""

    def __init__(self, followers: Followers, block: Block) -> None:
        self.f, self.block = followers, block
        names = [tangent_of(leader) for leader in followers.leaders]
        self.states = names
        pushes = {push_on(name) for name in names}
        self.pushes = [n for n in block.inputs if n.rpartition("[")[0] in pushes]
        self.order = sum(n.startswith(f"{names[0]}[") for n in block.names) - 1
        kinds = narrowness(block)
        self.narrow = {n: kinds[i] for n, i in block.outputs}
        e = followers.e
        self.pushed = followers.memory(e.double, len(self.pushes))
        self.pushed.clear()
        self.curves = {
            kind: followers.memory(element, sum(self.narrow[n] == kind for n in self._columns()))
            for kind, element in ((False, e.double), (True, e.narrow().real))
        }
        self.rows: dict[str, int] = {}
        counts = {False: 0, True: 0}
        for n in self._columns():
            self.rows[n] = counts[self.narrow[n]]
            counts[self.narrow[n]] += 1

    def _columns(self) -> list[str]:
        return [coefficient(s, k) for s in self.states for k in range(self.order + 1)]

    def _column(self, state: str) -> list[str]:
        return [coefficient(state, k) for k in range(self.order + 1)]

    def push(self, results: Mapping[str, Value]) -> None:
        """Put what drives them where each turn finds it."""
        e, b = self.f.e, self.f.e.builder
        for thing, followers in enumerate(self.f.things):
            for state, follower in zip(self.states, followers, strict=True):
                for k in range(self.order):
                    value = results.get(coefficient(push_on(follower), k))
                    if value is not None:
                        row = self.pushes.index(coefficient(push_on(state), k))
                        wide = widened(e, [value])[0]
                        b.store(wide, self.pushed.single(thing, row))

    def own(self, turn: Value) -> dict[str, Value]:
        """What the block reads that differs from turn to turn."""
        now = {n: self.f.now.load(turn, i) for i, n in enumerate(self.states)}
        return {**now, **{n: self.pushed.load(turn, i) for i, n in enumerate(self.pushes)}}

    def _place(self, name: str) -> tuple[_Rows, int]:
        return self.curves[self.narrow[name]], self.rows[name]

    def keep(self, found: Mapping[str, Value], turn: Value) -> None:
        """Put the coefficients where they are found later."""
        for name in self._columns():
            rows, row = self._place(name)
            self.f.e.builder.store(found[name], rows.place(turn, row))

    def straighten(self, where: Value, turn: Value) -> None:
        b = self.f.e.builder
        for state in self.states:
            for name in self._column(state)[2:]:
                rows, row = self._place(name)
                none = ir.Constant(rows.kind, None)
                b.store(b.select(where, none, rows.load(turn, row)), rows.place(turn, row))

    def curve(self, row: int, turn: Value) -> list[Value]:
        """The coefficients of one state's derivatives."""
        places = (self._place(name) for name in self._column(self.states[row]))
        return [rows.load(turn, i) for rows, i in places]

    def single(self, thing: int) -> list[Value]:
        """Of V's derivative by one thing."""
        b = self.f.e.builder
        places = (self._place(name) for name in self._column(self.states[0]))
        return [b.load(rows.single(thing, i), typ=rows.one) for rows, i in places]
