"""What a kernel is asked that looks for where membranes rest, and what it answers.

The search is that of :mod:`loligo.run.equilibrium`, number by number: a kernel that has a loop for
it gives the same bits, for all of its lanes that the loop is made for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from loligo.lanes import Floats, Integers
from loligo.program import Block, Program
from loligo.program.arithmetic import MASKS, Assignment, prune, varying

BEGIN = 0.5  # of a state whose search begins nowhere in particular: a gate
FOREVER = 1e12  # ms: a relaxation step that reaches the equilibrium of a linear state
FIRST, DOUBLED, LAST = 0.1, 40, 10  # ms; relaxation steps that grow from it; then FOREVER, so many
STILL, SMALL = 1e-11, 1e-3  # of a state that stands still; which is taken to be so large at least
SHIFT = 1e-5  # of a state, by which it is moved to see what its rates become
PARTS, ROUNDS = 16, 20  # into which a bracket is cut, and how often at most
TURNS = 4  # of a lane that there is room for
STABLE, UNSTABLE, UNDECIDED = 1, 0, -1
ELSEWHERE = -1  # a lane's count of turns, where the loop is not made for it


@dataclass(frozen=True)
class Equations:
    """The blocks that a search needs, of a program.

    Attributes
    ----------
    early, late
        A relaxation step, in two parts: what follows from V, the parameters and the step's length
        alone; and the states other than V, from that.
    slope
        V's rate.
    rates
        All of them.
    """

    states: tuple[str, ...]
    nothing: frozenset[str]
    early: Block
    late: Block
    slope: Block
    rates: Block

    @classmethod
    def of(cls, program: Program) -> Equations:
        """Of the program's states; what else its blocks read, but parameters, is 0."""
        states, relax = program.states, program.blocks["relax"]
        rates = program.blocks["derivative"]
        early, late = parted(_only(relax, states[1:]), states[1:])
        known = {*program.parameters, *states, ".dt"}
        read = {*relax.inputs, *rates.inputs}
        return cls(states, frozenset(read - known), early, late,
                   _only(rates, states[:1]), _only(rates, states))  # fmt: skip

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Those that are read, in the order in which their rows lie."""
        every = {name for block in (self.early, self.late, self.rates) for name in block.inputs}
        own = (*self.states, *self.nothing, ".dt")
        return tuple(sorted(n for n in every if n not in own and not n.startswith(_EARLY)))

    @cached_property
    def relaxing(self) -> frozenset[str]:
        """The parameters that steady states depend on."""
        return frozenset({*self.early.inputs, *self.late.inputs}) & frozenset(self.parameters)

    @cached_property
    def linear(self) -> bool:
        """Whether every state other than V arrives at once for sure, however it depends on others:
        what it approaches, and how, are sums and products of them."""
        return not any(a.op == "decay" for a in self.late.assignments)

    @property
    def key(self) -> list[str]:
        """What a loop around them is kept by: all that it follows from."""
        blocks = (self.early, self.late, self.slope, self.rates)
        text = "\n\n".join([" ".join(self.states), *map(str, blocks)])
        return ["where membranes rest", hashlib.sha256(text.encode()).hexdigest()]


_EARLY = ".early"


def _only(block: Block, names: tuple[str, ...]) -> Block:
    """What some outputs need."""
    return prune(replace(block, outputs=tuple(o for o in block.outputs if o[0] in names)))


def parted(block: Block, later: tuple[str, ...]) -> tuple[Block, Block]:
    """What does not depend on the inputs called ``later``, and what does and reads the former's
    results. Together they are the same operations.

    >>> from loligo.program.arithmetic import Builder
    >>> b = Builder()
    >>> block = b.block({"x": b.mul(b.input("x"), b.apply("exp", b.input("V")))})
    >>> first, then = parted(block, ("x",))
    >>> first.count(), then.count(), then.inputs == ("x", *first.names)
    ({'exp': 1}, {'mul': 1}, True)
    """
    moving = varying(block, later)
    asked: dict[int, str] = {}
    place: dict[int, int] = {}
    rest: list[Assignment] = []

    def here(index: int) -> int:
        if index not in place:
            a = block.assignments[index]
            if moving[index] or a.op in MASKS:  # a mask cannot be handed on
                a = replace(a, args=tuple(here(i) for i in a.args))
            elif a.op != "const":
                a = Assignment("input", name=asked.setdefault(index, f"{_EARLY}{index}"))
            place[index] = len(rest)
            rest.append(a)
        return place[index]

    outputs = tuple((name, here(index)) for name, index in block.outputs)
    first = prune(Block(block.assignments, tuple((n, i) for i, n in asked.items())))
    return first, Block(tuple(rest), outputs)


@dataclass(frozen=True)
class Sought:
    """Membranes of which the rest is sought.

    Attributes
    ----------
    equations
    parameters
        Name -> its values, (lanes,).
    begin : (states - 1, lanes)
        Where the search for each state other than V begins.
    lowest, spacing, points
        Voltages at which the balance is looked at, mV, mV.
    table : (states - 1, points) or None
        The steady states there, where they are the same in all lanes.
    """

    equations: Equations
    parameters: Mapping[str, Floats]
    begin: Floats
    lowest: float
    spacing: float
    points: int
    table: Floats | None = None

    def some(self, lanes: slice) -> Sought:
        """Some of the lanes."""
        rows = {name: self.parameters[name][lanes] for name in self.equations.parameters}
        return replace(self, parameters=rows, begin=self.begin[:, lanes])

    def arrays(self, multiple: int) -> tuple[dict[str, Floats | Integers], int]:
        """What a loop reads and where it leaves what it finds, and how many lanes there are, the
        last of them again until they are a multiple of a number."""
        lanes, count = self.begin.shape[1], len(self.equations.states)
        names, wide = self.equations.parameters, lanes + -lanes % multiple
        rows = np.empty((max(1, len(names)), wide))
        for row, name in zip(rows, names, strict=False):
            row[:lanes] = self.parameters[name]
        begin = np.empty((max(1, count - 1), wide))
        begin[: count - 1, :lanes] = self.begin
        for each in (rows, begin):
            each[:, lanes:] = each[:, lanes - 1 : lanes]
        table = np.zeros((1, 1)) if self.table is None else np.ascontiguousarray(self.table)
        return {
            "parameters": rows, "begin": begin, "table": table,
            "turns": np.zeros(wide, dtype=np.int64), "states": np.empty((TURNS, count, wide)),
            "verdict": np.full((TURNS, wide), UNDECIDED, dtype=np.int64),
        }, wide  # fmt: skip

    def integers(self, wide: int) -> dict[str, int]:
        """The whole numbers that a loop reads, of arrays that are so wide."""
        tabled = int(self.table is not None)
        return {"stride": wide, "points": self.points, "tabled": tabled, "capacity": TURNS}

    @property
    def doubles(self) -> dict[str, float]:
        """The other numbers that it reads."""
        return {"lowest": self.lowest, "spacing": self.spacing}


@dataclass(frozen=True)
class Turns:
    """Where the balance of each lane turns from inward to outward, and what was seen there.

    Attributes
    ----------
    count : (lanes,)
        How many such places there are; :data:`ELSEWHERE` where that is to be found in another way.
    states : (TURNS, states, lanes)
        At each, by rising V; of no use beyond the count.
    verdict : (TURNS, lanes)
        Whether they are stable; beyond the count of no use.
    """

    count: Integers
    states: Floats
    verdict: Integers

    @classmethod
    def of(cls, arrays: Mapping[str, Any], lanes: int) -> Turns:
        """Of the first lanes of a loop's arrays."""
        return cls(*(arrays[name][..., :lanes] for name in ("turns", "states", "verdict")))
