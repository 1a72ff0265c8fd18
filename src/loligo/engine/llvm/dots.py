"""Sums of products of series, once for many: for code that is to be small.

A series is some thousand sums of products, x_0 y_k + x_1 y_(k-1) + …; written out they are most of
a kernel. Where instructions are loaded with a page, the coefficients that they are made of are laid
side by side in memory, and a sum is a call, of one function for each pattern of products. They are
added up in the order of the block: the bits are the same.
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from llvmlite import ir

from loligo.engine.llvm.functions import Emitter
from loligo.program import Block
from loligo.program.arithmetic import narrowness, uses

Value = Any  # an ir.Value; llvmlite has no types
_LEAST = 3  # products; of fewer a call is no shorter
# bytes of WebAssembly: of a product that is added, of a call, of a value that is laid down
_PRODUCT, _CALL, _LAID, _SHAPE = 9, 14, 7, 10
_ROOM = 20_000  # bytes of a block's rows at most: they lie on a stack of 64 kB


@dataclass(frozen=True)
class Chain:
    """A sum of products: factors in the order in which they are added, to what, and all between."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    start: int | None
    within: tuple[int, ...]


Places = tuple[tuple[int, int], tuple[int, int]]  # of the factors on the left, on the right


@dataclass
class Rows:
    """Values that lie side by side, and where each of them lies."""

    rows: list[list[int]] = field(default_factory=list[list[int]])
    places: dict[int, list[tuple[int, int]]] = field(
        default_factory=lambda: defaultdict[int, list[tuple[int, int]]](list)
    )

    def place(self, column: Sequence[int]) -> tuple[int, int]:
        """Where these lie one after the other, laid there if they are not: row, and place in it."""
        for row, first in self.places[column[0]]:
            there = self.rows[row][first : first + len(column)]
            if there == list(column[: len(there)]) and first + len(there) == len(self.rows[row]):
                for value in column[len(there) :]:
                    self._append(row, value)
                return row, first
            if there == list(column):
                return row, first
        self.rows.append([])
        for value in column:
            self._append(len(self.rows) - 1, value)
        return len(self.rows) - 1, 0

    def _append(self, row: int, value: int) -> None:
        self.places[value].append((row, len(self.rows[row])))
        self.rows[row].append(value)


def chains_of(block: Block) -> dict[int, Chain]:
    """The sums of products in a block, by what they come to; none is a part of another."""
    count = uses(block)
    made = block.assignments
    follows = {a.args[2]: i for i, a in enumerate(made) if a.op == "fma"}
    found: dict[int, Chain] = {}
    for end, a in enumerate(made):
        if a.op != "fma" or (end in follows and count[end] == 1):
            continue
        terms, start = _terms(block, count, end)
        factors = [made[term].args[:2] for term in reversed(terms)]
        if len(factors) >= _LEAST and not any(made[i].op == "const" for f in factors for i in f):
            left, right = zip(*factors, strict=True)
            found[end] = Chain(left, right, start, tuple(terms[1:]))
    return _turned(found)


def _terms(block: Block, count: Sequence[int], end: int) -> tuple[list[int], int | None]:
    """What is added up to a sum, the last first; and what that begins with, but for a product."""
    made, terms = block.assignments, [end]
    while True:
        *factors, before = made[terms[-1]].args
        op = made[before].op
        if count[before] != 1 or before in factors or op not in ("fma", "mul"):
            return terms, before
        terms.append(before)
        if op == "mul":
            return terms, None


def _turned(chains: Mapping[int, Chain]) -> dict[int, Chain]:
    """With the factors of each first product, of which a block keeps no order, on the sides of
    those that they are beside elsewhere."""
    beside: Counter[tuple[int, int]] = Counter()
    for chain in chains.values():
        for column in (chain.left[1:], chain.right[1:]):
            beside.update((a, b) for a in column for b in column)
    turned: dict[int, Chain] = {}
    for end, chain in chains.items():
        (p, *left), (q, *right) = chain.left, chain.right

        def near(one: int, column: Iterable[int]) -> int:
            return sum(beside[one, other] > 0 for other in column)

        if near(q, left) + near(p, right) > near(p, left) + near(q, right):
            p, q = q, p
        turned[end] = Chain((p, *left), (q, *right), chain.start, chain.within)
    return turned


@dataclass(frozen=True)
class Plan:
    """What of a block is called, and where its values lie for that.

    Attributes
    ----------
    calls
        A sum -> itself, and where the lowest of its left and right factors lie.
    spared
        What is written nowhere: sums on the way.
    places
        A value -> where it is laid.
    sizes
        How many values there are in rows of float64 and of float32.
    """

    calls: Mapping[int, tuple[Chain, int, int]]
    spared: frozenset[int]
    places: Mapping[int, Sequence[int]]
    sizes: tuple[int, int]


def plan_of(block: Block) -> Plan:
    """What of a block is worth calling."""
    chains, narrow = chains_of(block), narrowness(block)
    while True:
        rows, used = _laid(chains)
        size = sum(4 if narrow[row[0]] else 8 for row in rows.rows for _ in row)
        poor = _poor(chains, rows, used, size - _ROOM)
        if not poor:
            return _planned(chains, rows, used, narrow)
        chains = {end: chain for end, chain in chains.items() if end not in poor}


def _planned(
    chains: Mapping[int, Chain], rows: Rows, used: Mapping[int, Places], narrow: Sequence[bool]
) -> Plan:  # fmt: skip
    begins, sizes = list[int](), [0, 0]
    for row in rows.rows:
        kind = int(narrow[row[0]])
        begins.append(sizes[kind])
        sizes[kind] += len(row)
    calls = dict[int, tuple[Chain, int, int]]()
    for end, chain in chains.items():
        left, right = (begins[row] + first for row, first in used[end])
        calls[end] = chain, left, right
    spared = frozenset(i for chain in chains.values() for i in chain.within)
    places = {
        value: [begins[row] + at for row, at in places] for value, places in rows.places.items()
    }
    return Plan(calls, spared, places, (sizes[0], sizes[1]))


def _laid(chains: Mapping[int, Chain]) -> tuple[Rows, dict[int, Places]]:
    """All factors in rows, those of the longest sums first: where shorter ones find theirs."""
    rows = Rows()
    used: dict[int, Places] = {}
    for end in sorted(chains, key=lambda end: -len(chains[end].left)):
        left, right = (sorted(set(each)) for each in (chains[end].left, chains[end].right))
        used[end] = rows.place(left), rows.place(right)
    return rows, used


def _poor(
    chains: Mapping[int, Chain], rows: Rows, used: Mapping[int, Places], excess: int
) -> set[int]:
    """The sums whose factors cost more where they are laid down than is spared; where all are too
    many, those of the rows that spare least, too."""
    worth = [-_LAID * len(row) for row in rows.rows]
    for end, places in used.items():
        spared = _PRODUCT * len(chains[end].left) - _CALL
        for row in {row for row, _ in places}:
            worth[row] += spared // 2
    of_shape: Counter[Any] = Counter()
    for chain in chains.values():
        of_shape[shape(chain)] += _PRODUCT * len(chain.left) - _CALL
    least = set[int]()  # half of what is too many: with each goes the row of the other factors
    for row in sorted(range(len(worth)), key=lambda row: worth[row]):
        if excess > 0:
            least.add(row)
            excess -= 16 * len(rows.rows[row])
    return {
        end
        for end, places in used.items()
        if all(worth[row] < 0 for row, _ in places)
        or least & {row for row, _ in places}
        or of_shape[shape(chains[end])] < _SHAPE * len(chains[end].left)
    }


class Memory:
    """Where the rows of a block lie, as its values come."""

    def __init__(self, e: Emitter, plan: Plan) -> None:
        self.e, self.plan = e, plan
        self.kinds = (e, e.narrow())
        with e.builder.goto_entry_block():
            self.bases = [
                e.builder.alloca(kind.real, size) if size else None
                for kind, size in zip(self.kinds, plan.sizes, strict=True)
            ]

    def lay(self, index: int, value: Value, narrow: bool) -> None:
        """A value that sums are made of."""
        for place in self.plan.places.get(index, ()):
            self.e.builder.store(value, self._at(place, narrow))

    def _at(self, place: int, narrow: bool) -> Value:
        base = self.bases[narrow]
        return self.e.builder.gep(base, [ir.IntType(32)(place)], True)

    def sum(self, index: int, values: Mapping[int, Value], narrow: bool) -> Value:
        """One of the plan's sums."""
        chain, left, right = self.plan.calls[index]
        e = self.kinds[narrow]
        begin = [] if chain.start is None else [_formed(e, values[chain.start])]
        function = _function(e, chain)
        return e.builder.call(function, [self._at(left, narrow), self._at(right, narrow), *begin])


def _formed(e: Emitter, value: Value) -> Value:
    return e.const(value) if isinstance(value, float) else value


def _function(e: Emitter, chain: Chain) -> Value:
    """What adds up such products, of rows that begin where the lowest factors lie."""
    *ways, begun = shape(chain)
    text = ".".join("_".join(map(str, way)) for way in ways)
    name = f"loligo_dot_{e.form.name}_{text}{'_on' if begun else ''}"
    if name in e.module.globals:
        return e.module.globals[name]
    pointer = ir.PointerType()
    function = e.called(name, e.real, [pointer, pointer, *([e.real] if begun else [])])
    own = e.beginning(function)
    b = own.builder
    total = function.args[2] if begun else None
    for places in zip(*ways, strict=True):
        x, y = (
            b.load(b.gep(base, [ir.IntType(32)(k)], True, source_etype=e.real), typ=e.real)
            for base, k in zip(function.args, places, strict=False)
        )
        total = b.fmul(x, y) if total is None else own.fma(x, y, total)
    b.ret(total)
    return function


def shape(chain: Chain) -> tuple[tuple[int, ...], tuple[int, ...], bool]:
    """What tells one function from another."""
    return _ranks(chain.left), _ranks(chain.right), chain.start is not None


def _ranks(column: Sequence[int]) -> tuple[int, ...]:
    """Which of the column's values each is, from the lowest."""
    order = {value: rank for rank, value in enumerate(sorted(set(column)))}
    return tuple(order[value] for value in column)
