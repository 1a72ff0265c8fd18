"""Conditions on what moves: held on one side of their switch for a step, and watched.

Between its switches a conditional is smooth. Each pair of values that a right-hand side compares
is a *condition*: its gap, right less left, is a series of its own beside those of the states, and
on which side of 0 it lies is handed in, the same through a whole step
(``.side0``: above 0, below, or 0 where the two are equal all along it). What ``min``, ``max`` and
``abs`` choose is chosen so too.

    V < -40        ->    0 < .side0,    .gap0 = -40 - V        (twice as far at the switch)
    V >= -40       ->    not 0 < .side0
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from loligo.program.arithmetic import Block, Builder, varying
from loligo.program.readable import spelled

SIDE = ".side"
AT = 1.5  # a side further from 0 is that of a lane at the switch
_MOST_TOLD = 80  # letters of a condition in an error


def side(condition: int) -> str:
    """What a block calls the side of a condition."""
    return f"{SIDE}{condition}"


def was(condition: int) -> str:
    """What a block calls the side on which a condition was before it changed."""
    return f".was{condition}"


def gap(condition: int) -> str:
    """What a block calls a condition's right less its left."""
    return f".gap{condition}"


def size(condition: int) -> str:
    """What a block calls the size of what a condition compares: its gap is rounded by a part of
    that."""
    return f".size{condition}"


@dataclass(frozen=True)
class Held:
    """A right-hand side whose conditions are held.

    Attributes
    ----------
    block
        With the gaps among its outputs, and the sides among its inputs.
    conditions
        How each is written.
    """

    block: Block
    conditions: tuple[str, ...] = ()


def hold(block: Block, states: Iterable[str]) -> Held:
    """The same right-hand side, every condition on what moves held; itself if there is none.

    >>> b = Builder()
    >>> leak = b.sub(b.const(-65.0), b.input("V"))
    >>> low = b.apply("lt", b.input("V"), b.const(-40.0))
    >>> held = hold(b.block({"V": b.apply("where", low, leak, b.const(0.0))}), ["V"])
    >>> held.conditions, held.block.names, held.block.inputs
    (('V < -40',), ('V', '.gap0'), ('V', '.side0'))
    """
    holder = _Holder(block, varying(block, (*states, ".t")))
    made = holder.run()
    return Held(made, tuple(holder.conditions)) if holder.conditions else Held(block)


class _Holder:
    def __init__(self, block: Block, varies: list[bool]) -> None:
        self.block, self.varies, self.b = block, varies, Builder()
        self.new: list[int] = []
        self.known: dict[tuple[int, int], tuple[int, int]] = {}
        self.gaps: list[int] = []
        self.conditions: list[str] = []

    def run(self) -> Block:
        for index, a in enumerate(self.block.assignments):
            args = tuple(self.new[i] for i in a.args)
            if not self.varies[index] or a.op not in _WRITERS:
                self.new.append(self.b.copy(a, self.new))
            else:
                self.new.append(_WRITERS[a.op](self, *args))
        outputs = {name: self.new[index] for name, index in self.block.outputs}
        return self.b.block({**outputs, **{gap(k): g for k, g in enumerate(self.gaps)}})

    def below(self, x: int, y: int) -> int:
        """Whether x < y, by the side of their gap."""
        b, none = self.b, self.b.const(0.0)
        if (y, x) in self.known:
            return b.apply("lt", self.known[y, x][0], none)
        if (x, y) not in self.known:
            number = len(self.gaps)
            self.known[x, y] = b.input(side(number)), number
            # what moves is written out here, and is rounded like what it is made of
            self.gaps.append(b.sub(y, x))
            text = f"{spelled(b, x)} < {spelled(b, y)}"
            self.conditions.append(
                text if len(text) <= _MOST_TOLD else f"{text[: _MOST_TOLD - 1]}…"
            )
        return b.apply("lt", none, self.known[x, y][0])

    def choose(self, mask: int, x: int, y: int) -> int:
        return self.b.apply("where", mask, x, y)

    def opposite(self, mask: int) -> int:
        return self.b.apply("not", mask)

    def at_most(self, x: int, y: int) -> int:
        return self.opposite(self.below(y, x))

    def least(self, x: int, y: int) -> int:
        return self.choose(self.below(x, y), x, y)

    def largest(self, x: int, y: int) -> int:
        return self.choose(self.below(y, x), x, y)

    def equal(self, x: int, y: int) -> int:
        return self.opposite(self.b.apply("or", self.below(x, y), self.below(y, x)))

    def inside(self, op: str, x: int, *rest: int) -> int:
        """An operation that is not smooth at 0, of each branch by itself: of ``max(0, x)`` one
        is 0 throughout."""
        a = self.b.assignments[x]
        if a.op != "where":
            return self.b.apply(op, x, *rest)
        mask, *branches = a.args
        return self.choose(mask, *(self.inside(op, each, *rest) for each in branches))

    def size_of(self, x: int) -> int:
        zero = self.b.const(0.0)
        return self.choose(self.below(x, zero), self.b.neg(x), x)


def _inside(op: str, h: _Holder, *args: int) -> int:
    return h.inside(op, *args)


# what is written for an operation on what moves. A pair is first met as it is written, so that on
# its switch it has the side on which what is written there does not hold: `<` is false, `<=` true.
_WRITERS: dict[str, Callable[..., int]] = {
    "lt": _Holder.below,
    "le": _Holder.at_most,
    "eq": _Holder.equal,
    "abs": _Holder.size_of,
    "min": _Holder.least,
    "max": _Holder.largest,
    **{op: partial(_inside, op) for op in ("sqrt", "log", "pow")},
}
