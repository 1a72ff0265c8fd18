"""Straight-line arithmetic: what a solver writes and an engine prints.

A :class:`Block` is a list of assignments in single-assignment form: each one applies an
operation of :data:`OPERATIONS` to earlier assignments. There are no loops, no branches and
no memory; a block is a value that can be read, compared, transformed and stored as JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial, reduce

# operation -> number of arguments. Comparisons and logic give masks; `where(mask, a, b)`
# turns them back into numbers. fma(a, b, c) = a*b + c, rounded once where the processor can.
# exprel(z) = (exp(z) - 1)/z, bernoulli(z) = 1/exprel(z) and
# exprel2(z) = (exp(z) - 1 - z)/z**2 are smooth at 0. ratio(x, y) is x/y where x and y vanish
# together, and few digits are right near there. less_one(exp(z), z) is exp(z) - 1, exact near 0.
# decay(z) is exprel(z), quickest for -1/2 <= z <= 0. exp2(x) = 2**x, and bernoulli2(x) =
# x/(2**x - 1). binlog(x) is log2(x) to within 0.09, read from the bits of a positive number.
# narrow(x) is x in float32, widen(x) a float32 in float64. What is computed from narrow values
# is narrow; numbers are whatever is needed where they are used.
OPERATIONS: dict[str, int] = {
    "add": 2, "sub": 2, "mul": 2, "div": 2, "neg": 1, "fma": 3,
    "exp": 1, "expm1": 1, "exprel": 1, "exprel2": 1, "bernoulli": 1, "log": 1, "sqrt": 1, "pow": 2,
    "ratio": 2, "less_one": 2, "decay": 1, "exp2": 1, "bernoulli2": 1, "binlog": 1, "narrow": 1,
    "widen": 1,
    "sin": 1, "cos": 1, "tanh": 1, "abs": 1, "floor": 1, "min": 2, "max": 2,
    "lt": 2, "le": 2, "eq": 2, "and": 2, "or": 2, "not": 1, "where": 3,
}  # fmt: skip
MASKS = frozenset({"lt", "le", "eq", "and", "or", "not"})
FREE = MASKS | {"const"}  # neither float32 nor float64
_CONVERSIONS = {"narrow": False, "widen": True}  # of what they are
CARRY = ".carry."  # before a state's name: what the rounding of its last sum took
PRECISIONS = ("float64", "float32")
_COMMUTATIVE = frozenset({"add", "mul", "min", "max", "eq", "and", "or"})


@dataclass(frozen=True, slots=True)
class Assignment:
    """One value: an input (by name), a constant, or an operation on earlier values."""

    op: str
    args: tuple[int, ...] = ()
    name: str = ""
    value: float = 0.0


@dataclass(frozen=True)
class Block:
    """Assignments, and which of them are the block's results.

    Attributes
    ----------
    assignments
        In order; an argument is the index of an earlier assignment.
    outputs
        (name, index) pairs.
    """

    assignments: tuple[Assignment, ...]
    outputs: tuple[tuple[str, int], ...]

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        return tuple(a.name for a in self.assignments if a.op == "input")

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.outputs)

    def count(self) -> dict[str, int]:
        """How often each operation occurs (inputs and constants are free)."""
        counts: dict[str, int] = {}
        for assignment in self.assignments:
            if assignment.op not in ("input", "const"):
                counts[assignment.op] = counts.get(assignment.op, 0) + 1
        return counts

    def __str__(self) -> str:
        lines: list[str] = []
        for index, a in enumerate(self.assignments):
            what = {"input": a.name, "const": repr(a.value)}.get(a.op)
            lines.append(f"%{index} = {what or a.op + ' ' + ' '.join(f'%{i}' for i in a.args)}")
        lines += [f"{name} := %{index}" for name, index in self.outputs]
        return "\n".join(lines)


class Builder:
    """Writes a block. Equal expressions get one assignment (value numbering), unless ``shared``
    is false: then each is written as often as it occurs, inputs and numbers apart.

    >>> b = Builder()
    >>> x = b.input("x")
    >>> b.mul(x, x) == b.mul(x, x)
    True
    >>> b.block({"y": b.add(b.mul(x, x), b.const(1.0))}).count()
    {'mul': 1, 'add': 1}
    """

    def __init__(self, shared: bool = True) -> None:
        self.shared = shared
        self.assignments: list[Assignment] = []
        self._known: dict[tuple[Assignment, str], int] = {}

    def _put(self, assignment: Assignment) -> int:
        # 0.0 and -0.0 are equal, and 1/x tells them apart
        key = assignment, assignment.value.hex()
        index = self._known.get(key)
        if index is None or not (self.shared or assignment.op in ("input", "const")):
            index = len(self.assignments)
            self.assignments.append(assignment)
            self._known[key] = index
        return index

    def input(self, name: str) -> int:
        return self._put(Assignment("input", name=name))

    def const(self, value: float) -> int:
        return self._put(Assignment("const", value=float(value)))

    def apply(self, op: str, *args: int) -> int:
        if OPERATIONS[op] != len(args):
            raise TypeError(f"{op} takes {OPERATIONS[op]} arguments, not {len(args)}")
        if op in _COMMUTATIVE:
            args = tuple(sorted(args))
        return self._put(Assignment(op, args))

    def copy(self, assignment: Assignment, new: Sequence[int]) -> int:
        """An assignment of another block; ``new`` says where that block's are in this one."""
        if assignment.op == "input":
            return self.input(assignment.name)
        if assignment.op == "const":
            return self.const(assignment.value)
        return self.apply(assignment.op, *(new[i] for i in assignment.args))

    def _is(self, index: int, value: float) -> bool:
        assignment = self.assignments[index]
        return assignment.op == "const" and assignment.value == value

    # x + 0, 1*x, x/1 and 0 - x are spared; 0*x is not (x may be infinite)
    def add(self, a: int, b: int) -> int:
        if self._is(a, 0.0):
            return b
        return a if self._is(b, 0.0) else self.apply("add", a, b)

    def sub(self, a: int, b: int) -> int:
        return a if self._is(b, 0.0) else self.apply("sub", a, b)

    def neg(self, a: int) -> int:
        assignment = self.assignments[a]
        return self.const(-assignment.value) if assignment.op == "const" else self.apply("neg", a)

    def mul(self, a: int, b: int) -> int:
        if self._is(a, 1.0):
            return b
        if self._is(b, 1.0):
            return a
        x, y = self.assignments[a], self.assignments[b]
        if x.op == y.op == "const":
            return self.const(x.value * y.value)
        return self.apply("mul", a, b)

    def div(self, a: int, b: int) -> int:
        return a if self._is(b, 1.0) else self.apply("div", a, b)

    def power(self, base: int, exponent: int) -> int:
        """base**exponent for an integer >= 1, by squaring."""
        result: int | None = None
        square = base
        while exponent:
            if exponent & 1:
                result = square if result is None else self.mul(result, square)
            exponent >>= 1
            if exponent:
                square = self.mul(square, square)
        if result is None:
            return self.const(1.0)
        return result

    def clip(self, x: int, low: int, high: int) -> int:
        return self.apply("min", self.apply("max", x, low), high)

    def total(self, terms: Iterable[int]) -> int:
        """The sum, left to right (0 for no terms)."""
        result = self.const(0.0)
        for term in terms:
            result = self.add(result, term)
        return result

    def extreme(self, op: str, values: Iterable[int]) -> int:
        """The ``min`` or ``max`` of some values, of equal ones once."""
        return reduce(partial(self.apply, op), dict.fromkeys(values))

    def block(self, outputs: Mapping[str, int]) -> Block:
        """The assignments that the outputs need, in order."""
        return prune(Block(tuple(self.assignments), tuple(outputs.items())))


def uses(block: Block) -> list[int]:
    """How often each assignment is an argument or an output."""
    counts = [0] * len(block.assignments)
    for a in block.assignments:
        for i in a.args:
            counts[i] += 1
    for _, index in block.outputs:
        counts[index] += 1
    return counts


def narrowness(block: Block) -> list[bool]:
    """Which assignments are float32.

    Raises
    ------
    ValueError
        If one has arguments of both kinds.
    """
    found: list[bool] = []
    for a in block.assignments:
        found.append(narrow_result(a, block.assignments, found))
    return found


def narrow_result(a: Assignment, before: Sequence[Assignment], narrow: Sequence[bool]) -> bool:
    """Whether an assignment is float32, where those before it are ``narrow`` or not."""
    kinds = {narrow[i] for i in a.args if before[i].op not in FREE}
    if a.op in _CONVERSIONS:
        if kinds - {_CONVERSIONS[a.op]}:
            raise ValueError(f"{a.op} of what is so already")
        return a.op == "narrow"
    if len(kinds) > 1:
        raise ValueError(f"{a.op} of a float32 and a float64")
    return kinds == {True}


def varying(block: Block, names: Iterable[str]) -> list[bool]:
    """Which assignments depend on the inputs called ``names``."""
    moving = frozenset(names)
    found: list[bool] = []
    for a in block.assignments:
        found.append(a.name in moving if a.op == "input" else any(found[i] for i in a.args))
    return found


def prune(block: Block) -> Block:
    """Without the assignments that no output needs."""
    needed = {index for _, index in block.outputs}
    for index in range(len(block.assignments) - 1, -1, -1):
        if index in needed:
            needed.update(block.assignments[index].args)
    place: dict[int, int] = {}
    kept: list[Assignment] = []
    for index, a in enumerate(block.assignments):
        if index in needed:
            place[index] = len(kept)
            kept.append(Assignment(a.op, tuple(place[i] for i in a.args), a.name, a.value))
    return Block(tuple(kept), tuple((name, place[index]) for name, index in block.outputs))
